/* parity: the same bits on cuda and on cpu. Records the built-in workload on one device and replays
 * on the other, both ways, over graphs, proteins, seeds, block sizes and shares of the GPU; every
 * replay must be identical. Takes minutes and real data, so it is a program of its own:
 *
 *   parity DATA ITERATIONS [SIDE_BY_SIDE]
 *
 * Half of the cases run the task graph `full`, half one in which WhcrKernel has islands of all
 * kinds. DATA holds dimacs/ and pdb/, ITERATIONS are those of one trace, SIDE_BY_SIDE runtimes (8)
 * share the GPU. Ends with 0 when all are identical, 4 when one is not, 77 without a GPU. */
#include "device/workload.h"
#include "host/aatgs.h"
#include "host/clock.h"

#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_NS      UINT64_C(60000000000)
#define SIDE_BY_SIDE 8u
#define THREADS_MAX  64u

static const char *const graphs[] = {"DSJC125.5.col", "queen8_8.col", "myciel5.col",
                                     "huck.col",      "r125.5.col",   "games120.col"};
static const char *const proteins[] = {"1UYD.pdb", "3LKF.pdb", "1nlu.pdb"};
static const uint32_t lanes_of[] = {32, 64, 128, 256, 384};
#define COUNT(a) (sizeof(a) / sizeof *(a))
#define CASES    (COUNT(graphs) * COUNT(proteins) * 2)

typedef struct parity {
  const char *data;
  uint32_t iterations;
  uint32_t side_by_side;
  char folder[64];
  char islands[96]; /* that graph */
  atomic_uint next;
  atomic_uint bad;
  atomic_ullong compared;
  int phase;
} parity;

/* Case n: what is recorded, where, and with which share and block size. */
typedef struct pick {
  char graph[512], protein[512], trace[128];
  bool on_cuda; /* recorded there, replayed on cpu; else the other way */
  uint64_t seed;
  uint32_t workers; /* on cuda */
  uint32_t lanes;
} pick;

static pick pick_case(const parity *p, uint32_t n)
{
  pick c = {.on_cuda = n % 2 == 0, .seed = 1000 + n};
  const uint32_t k = n / 2, share = 128 / p->side_by_side;
  snprintf(c.graph, sizeof c.graph, "%s/dimacs/%s", p->data, graphs[k % COUNT(graphs)]);
  snprintf(c.protein, sizeof c.protein, "%s/pdb/%s", p->data, proteins[k / COUNT(graphs)]);
  snprintf(c.trace, sizeof c.trace, "%s/%u", p->folder, n);
  c.workers = share - n % (share > 2 ? share / 2 : 1);
  c.lanes = lanes_of[k % COUNT(lanes_of)];
  return c;
}

static bool complain(parity *p, uint32_t n, const char *what, const char *why)
{
  fprintf(stderr, "parity: case %u: %s: %s\n", n, what, why);
  p->bad++;
  return false;
}

static bool record(parity *p, uint32_t n, const pick *c)
{
  const aatgs_input_file inputs[] = {{"graph", c->graph}, {"protein", c->protein}};
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4], telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_error error = {0};
  aatgs_runtime *rt;
  o.device = c->on_cuda ? "cuda" : "cpu";
  o.workers = c->on_cuda ? c->workers : 1;
  o.lanes = c->on_cuda ? c->lanes : 0;
  o.inputs = inputs;
  o.input_count = 2;
  o.tasks = n / 2 % 2 ? p->islands : "full";
  o.seed = c->seed;
  o.record = c->trace;
  o.timeout_ns = WAIT_NS;
  if (aatgs_open(&o, &rt, &error))
    return complain(p, n, "open", error.text);
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  int rc = aatgs_set_config_field(aatgs_runtime_workload(rt), config, "sweeps", "1", &error);
  for (uint32_t sent = 0, got = 0; !rc && got < p->iterations;) {
    while (sent < p->iterations && !(rc = aatgs_submit(rt, config, NULL)))
      sent++;
    if (rc && rc != AATGS_EAGAIN)
      break;
    rc = aatgs_wait(rt, telemetry, NULL, WAIT_NS);
    got += rc == 1;
    rc = rc == 1 ? 0 : rc;
  }
  if (rc)
    complain(p, n, "run", aatgs_last_error(rt)->text);
  return aatgs_close(rt) == 0 && !rc;
}

static void replay(parity *p, uint32_t n, const pick *c)
{
  aatgs_replay_options o = AATGS_REPLAY_OPTIONS_INIT;
  aatgs_replay_report report;
  aatgs_error error = {0};
  char what[256];
  o.trace = c->trace;
  o.device = c->on_cuda ? "cpu" : "cuda";
  o.workers = c->on_cuda ? 1 + n % 3 : c->workers;
  o.lanes = c->on_cuda ? 0 : c->lanes;
  const int rc = aatgs_replay(&o, &report, &error);
  if (rc == 0 && report.iterations == p->iterations) {
    p->compared += report.iterations;
    return;
  }
  snprintf(what, sizeof what, "iteration %llu, task %s, %s", (unsigned long long)report.iteration,
           report.task, report.what);
  complain(p, n, rc == AATGS_EDIVERGED ? what : "replay", error.text);
}

/* What each thread does: cases of its side until there is none left. */
static void *work(void *arg)
{
  parity *p = arg;
  for (uint32_t n; (n = p->next++) < CASES;) {
    const pick c = pick_case(p, n);
    const bool here = c.on_cuda == (p->phase == 1); /* phase 0: cpu records; 1: cuda records */
    if (p->phase < 2 && here)
      record(p, n, &c);
    if (p->phase == 2 && !c.on_cuda)
      replay(p, n, &c); /* on cuda */
    if (p->phase == 3 && c.on_cuda)
      replay(p, n, &c); /* on cpu */
  }
  return NULL;
}

static void run_phase(parity *p, int phase, uint32_t threads)
{
  static const char *const names[] = {"record on cpu", "record on cuda", "replay on cuda",
                                      "replay on cpu"};
  pthread_t thread[THREADS_MAX];
  const uint64_t start = aatgs_now_ns();
  p->phase = phase;
  p->next = 0;
  for (uint32_t i = 0; i < threads; i++)
    if (pthread_create(&thread[i], NULL, work, p))
      exit(1);
  for (uint32_t i = 0; i < threads; i++)
    pthread_join(thread[i], NULL);
  printf("%s: %.1f s\n", names[phase], (double)(aatgs_now_ns() - start) / 1e9);
  fflush(stdout);
}

static bool write_islands(parity *p)
{
  snprintf(p->islands, sizeof p->islands, "%s/islands", p->folder);
  FILE *f = fopen(p->islands, "w");
  if (!f)
    return false;
  fputs("up ConfigUpload\nwhcr WhcrKernel parts=16 arg=8 after=up\n"
        "thermo ThermodynamicAnneal arg=8 after=up\nquantum QuantumOptimize arg=8 after=up\n"
        "lbs LbsPredict after=up\nphase PhaseTransition after=whcr,thermo,quantum,lbs\n"
        "down TelemetryDownload after=phase\n",
        f);
  return fclose(f) == 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  (void)st, (void)kind, (void)ftw;
  return remove(path);
}

int main(int argc, char **argv)
{
  parity p = {.side_by_side = SIDE_BY_SIDE};
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_error error;
  aatgs_runtime *rt;
  if (argc < 3)
    return fprintf(stderr, "usage: parity DATA ITERATIONS [SIDE_BY_SIDE]\n"), 2;
  p.data = argv[1];
  p.iterations = (uint32_t)strtoul(argv[2], NULL, 10);
  if (argc > 3)
    p.side_by_side = (uint32_t)strtoul(argv[3], NULL, 10);
  if (!p.iterations || !p.side_by_side || p.side_by_side > THREADS_MAX)
    return fprintf(stderr, "parity: ITERATIONS and SIDE_BY_SIDE (1..64) must not be 0\n"), 2;
  o.workload = "empty";
  o.device = "cuda";
  if (aatgs_open(&o, &rt, &error))
    return printf("skipped: %s\n", error.text), 77;
  aatgs_close(rt);
  snprintf(p.folder, sizeof p.folder, "/tmp/aatgs-parity-XXXXXX");
  if (!mkdtemp(p.folder))
    return 1;
  if (!write_islands(&p))
    return 1;
  run_phase(&p, 0, 6);
  run_phase(&p, 1, p.side_by_side);
  run_phase(&p, 2, p.side_by_side);
  run_phase(&p, 3, 6);
  nftw(p.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  printf("%llu iterations in %u traces compared, %u bad\n", (unsigned long long)p.compared,
         (unsigned)CASES, (unsigned)p.bad);
  return p.bad ? 4 : 0;
}
