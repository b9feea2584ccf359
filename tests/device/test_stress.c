/* Random graphs with random regions, changed and overlapped while they run, one-shot tasks among
 * them: every worker count, shuffled or not, must do what one worker does, and so must a GPU; no
 * task may find anything out of order. */
#include "support/cm.h"

#include "device/order.h"
#include "device/workload.h"
#include "host/aatgs.h"
#include "stress.h"
#include "support/check.h"

#include <dlfcn.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#define STRESS  AATGS_BUILD_DIR "/tests/stress.so"
#define WAIT_NS UINT64_C(20000000000)
#define GRAPHS  6u

#define NO_GPU 77

static uint64_t first_seed, seeds;

/* ---- Random graphs ---------------------------------------------------------------------- */

typedef int (*add_function)(void *to, const aatgs_task_options *options, const uint32_t *deps,
                            size_t count, uint32_t *id);

static int add_to_graph(void *to, const aatgs_task_options *o, const uint32_t *deps, size_t count,
                        uint32_t *id)
{
  return aatgs_graph_add_task(to, o, deps, count, id);
}

static int add_once(void *to, const aatgs_task_options *o, const uint32_t *deps, size_t count,
                    uint32_t *id)
{
  return aatgs_add_task(to, o, deps, count, id);
}

typedef struct maker {
  uint32_t ids[STRESS_TASKS_MAX + 1];
  uint32_t writer[STRESS_REGIONS];                                /* last one, + 1 */
  uint64_t readers[STRESS_REGIONS][(STRESS_TASKS_MAX + 64) / 64]; /* since then */
  uint32_t deps[STRESS_TASKS_MAX];
  size_t dep_count;
  bool depends[STRESS_TASKS_MAX];
} maker;

static void depend(maker *m, uint32_t on)
{
  if (m->depends[on])
    return;
  m->depends[on] = true;
  m->deps[m->dep_count++] = m->ids[on];
}

/* What task `n` must wait for because of its regions; then it is the last to touch them. */
static void order_regions(maker *m, uint32_t n, uint64_t reads, uint64_t writes)
{
  for (uint32_t r = 0; r < STRESS_REGIONS; r++) {
    if (!((reads | writes) >> r & 1))
      continue;
    if (m->writer[r])
      depend(m, m->writer[r] - 1);
    if (!(writes >> r & 1)) {
      m->readers[r][n / 64] |= UINT64_C(1) << n % 64;
      continue;
    }
    for (uint32_t i = 0; i < n; i++)
      if (m->readers[r][i / 64] >> i % 64 & 1)
        depend(m, i);
    memset(m->readers[r], 0, sizeof m->readers[r]);
    m->writer[r] = n + 1;
  }
}

static void make_tasks(add_function add, void *to, uint32_t seed, uint32_t tasks)
{
  maker *m = calloc(1, sizeof *m);
  char type[8];
  assert_non_null(m);
  for (uint32_t n = 0; n < tasks; n++) {
    const uint32_t kind = stress_type(seed, n);
    aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
    snprintf(type, sizeof type, "T%u", kind);
    o.type = type;
    o.parts = stress_parts(seed, n);
    o.arg = STRESS_ARG(seed, n);
    m->dep_count = 0;
    memset(m->depends, 0, sizeof m->depends);
    for (uint32_t a = n > STRESS_WINDOW ? n - STRESS_WINDOW : 0; a < n; a++)
      if (stress_edge(seed, a, n))
        depend(m, a);
    order_regions(m, n, STRESS_READS(kind), STRESS_WRITES(kind));
    assert_int_equal(add(to, &o, m->deps, m->dep_count, &m->ids[n]), 0);
  }
  aatgs_task_options report = AATGS_TASK_OPTIONS_INIT;
  report.type = "Report";
  report.arg = STRESS_ARG(seed, tasks);
  m->dep_count = 0;
  memset(m->depends, 0, sizeof m->depends);
  for (uint32_t a = tasks > STRESS_WINDOW ? tasks - STRESS_WINDOW : 0; a < tasks; a++)
    if (stress_edge(seed, a, tasks))
      depend(m, a);
  order_regions(m, tasks, STRESS_REPORT_READS, 0);
  assert_int_equal(add(to, &report, m->deps, m->dep_count, NULL), 0);
  free(m);
}

/* A chain that touches no region. */
static void make_chain(aatgs_graph *to, uint32_t seed, uint32_t tasks)
{
  uint32_t before = 0;
  for (uint32_t n = 0; n < tasks; n++) {
    aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
    o.type = n + 1 < tasks ? "Alone" : "Tell";
    o.arg = STRESS_ARG(seed, n);
    assert_int_equal(aatgs_graph_add_task(to, &o, &before, n > 0, &before), 0);
  }
}

/* Mostly small graphs: they overlap more. */
static uint32_t random_size(uint64_t *random)
{
  const uint32_t most[] = {2, 6, 20, 60, STRESS_TASKS_MAX - 1};
  return 1 + test_below(random, most[test_below(random, 5)]);
}

/* ---- Runs ---------------------------------------------------------------------------------- */

typedef struct variant {
  const char *device;
  uint32_t workers;
  bool shuffle;
  bool record; /* and replay with another number of workers */
} variant;

typedef struct run {
  aatgs_runtime *rt;
  aatgs_graph *graphs[GRAPHS];
  uint64_t got;
  char folder[40]; /* of the trace, "": not recorded */
  bool have_snapshot;
} run;

static void check_violations(uint64_t seed, const variant *v)
{
  typedef uint32_t (*function)(const char **);
  static union {
    void *object;
    function call;
  } symbol;
  const char *text;
  if (!symbol.object) {
    void *handle = dlopen(STRESS, RTLD_NOW | RTLD_NOLOAD);
    assert_non_null(handle);
    symbol.object = dlsym(handle, "stress_violations");
    assert_non_null(symbol.object);
  }
  const uint32_t count = symbol.call(&text);
  if (count)
    fail_msg("seed %llu, %u workers%s: %u violations, the first: %s", (unsigned long long)seed,
             v->workers, v->shuffle ? ", shuffled" : "", count, text);
}

static void read_one(run *r)
{
  uint32_t telemetry[16];
  aatgs_outcome outcome;
  if (aatgs_wait(r->rt, telemetry, &outcome, WAIT_NS) != 1)
    fail_msg("%s", aatgs_last_error(r->rt)->text);
  assert_int_equal(outcome.iteration, ++r->got);
}

static void submit_one(run *r, const void *config, uint64_t number)
{
  uint64_t iteration;
  int rc;
  while ((rc = aatgs_submit(r->rt, config, &iteration)) == AATGS_EAGAIN) {
    if (r->got + 1 < number)
      read_one(r);
  }
  if (rc)
    fail_msg("%s", aatgs_last_error(r->rt)->text);
  assert_int_equal(iteration, number);
}

/* Everything but workers and shuffle follows from the seed. */
static void open_run(run *r, uint64_t *random, const variant *v)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_error error;
  o.workload = STRESS;
  o.device = v->device;
  o.seed = test_random(random);
  o.command_slots = 4u << test_below(random, 5);
  o.telemetry_slots = o.command_slots << test_below(random, 3);
  o.timing_slots = 4096; /* one large graph at a time, or several small ones */
  o.graphs_max = 2 + test_below(random, 7);
  o.workers = v->workers;
  o.shuffle = v->shuffle;
  o.state_interval = 1 + test_below(random, 20);
  memset(r, 0, sizeof *r);
  if (v->record) {
    snprintf(r->folder, sizeof r->folder, "/tmp/aatgs-stress-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    o.record = r->folder;
  }
  if (aatgs_open(&o, &r->rt, &error))
    fail_msg("%s", error.text);
  const uint32_t chains = test_below(random, 4); /* of four graphs */
  for (uint32_t g = 0; g < GRAPHS; g++) {
    assert_int_equal(aatgs_graph_open(aatgs_runtime_workload(r->rt), &r->graphs[g]), 0);
    const uint32_t graph_seed = (uint32_t)test_random(random) >> 8;
    if (test_below(random, 4) >= chains)
      make_tasks(add_to_graph, r->graphs[g], graph_seed, random_size(random));
    else
      make_chain(r->graphs[g], graph_seed, 1 + test_below(random, 4));
  }
}

static void set_graph(run *r, uint32_t which)
{
  if (aatgs_set_graph(r->rt, r->graphs[which]))
    fail_msg("%s", aatgs_last_error(r->rt)->text);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  (void)st, (void)kind, (void)ftw;
  return remove(path);
}

static void replay(const run *r, uint64_t seed, const variant *v)
{
  aatgs_replay_options o = AATGS_REPLAY_OPTIONS_INIT;
  aatgs_replay_report report;
  aatgs_error error;
  o.trace = r->folder;
  o.device = "cpu";
  o.workload = STRESS;
  o.workers = v->workers % 4 + 1;
  o.shuffle = !v->shuffle;
  const int rc = aatgs_replay(&o, &report, &error);
  if (rc == AATGS_EDIVERGED)
    fail_msg("seed %llu: the replay diverges in iteration %llu, %s of task %s: %s instead of %s",
             (unsigned long long)seed, (unsigned long long)report.iteration, report.field,
             report.task, report.found, report.expected);
  if (rc)
    fail_msg("seed %llu: %s", (unsigned long long)seed, error.text);
  assert_int_equal(report.iterations, r->got);
  nftw(r->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Sometimes the state goes back to what it was a few iterations ago. */
static void snapshot_or_restore(run *r, uint64_t *random)
{
  const uint32_t what = test_below(random, 30);
  int rc = 0;
  if (what == 0)
    rc = aatgs_snapshot(r->rt);
  else if (what == 1 && r->have_snapshot)
    rc = aatgs_restore(r->rt);
  r->have_snapshot |= what == 0;
  if (rc)
    fail_msg("%s", aatgs_last_error(r->rt)->text);
}

static uint64_t run_seed(uint64_t seed, const variant *v)
{
  uint64_t random = seed;
  run r;
  struct {
    uint64_t iteration;
    uint32_t spin, fail;
  } config = {0, 0, 0};
  aatgs_runtime_info info;
  open_run(&r, &random, v);
  config.fail = test_below(&random, 3) ? 0 : 200;
  const uint32_t iterations = 30 + test_below(&random, 120),
                 set_every = 2 + test_below(&random, 20);
  set_graph(&r, 0);
  for (uint32_t i = 1; i <= iterations; i++) {
    config.spin = test_below(&random, 4) ? 200 : 20000;
    if (test_below(&random, set_every) == 0)
      set_graph(&r, test_below(&random, GRAPHS));
    if (test_below(&random, 10) == 0)
      make_tasks(add_once, r.rt, (uint32_t)test_random(&random) >> 8, random_size(&random));
    snapshot_or_restore(&r, &random);
    submit_one(&r, &config, i);
    for (uint32_t n = test_below(&random, 4) ? 0 : test_below(&random, 3); n-- && r.got < i;)
      read_one(&r);
  }
  assert_int_equal(aatgs_drain(r.rt, WAIT_NS), 0);
  while (r.got < iterations)
    read_one(&r);
  aatgs_get_runtime_info(r.rt, &info);
  assert_int_equal(aatgs_close(r.rt), 0);
  for (uint32_t g = 0; g < GRAPHS; g++)
    aatgs_graph_close(r.graphs[g]);
  if (v->record)
    replay(&r, seed, v);
  check_violations(seed, v);
  return info.digest;
}

/* What one worker of the cpu device does, all variants must do. */
static void agree(const variant *variants, size_t count)
{
  for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++) {
    const variant one = {"cpu", 1, false, false};
    const uint64_t expected = run_seed(seed, &one);
    for (size_t i = 0; i < count; i++) {
      const variant *v = &variants[i];
      const uint64_t found = run_seed(seed, v);
      if (found != expected)
        fail_msg("seed %llu, %s, %u workers%s: digest %016llx, one worker: %016llx",
                 (unsigned long long)seed, v->device, v->workers, v->shuffle ? ", shuffled" : "",
                 (unsigned long long)found, (unsigned long long)expected);
    }
  }
}

static void test_every_worker_count_agrees(void **state)
{
  static const variant variants[] = {
      {"cpu", 1, true, false}, {"cpu", 2, false, false}, {"cpu", 2, true, true},
      {"cpu", 3, false, true}, {"cpu", 4, true, false},  {"cpu", 5, false, false},
      {"cpu", 6, true, false}, {"cpu", 7, false, false}, {"cpu", 7, true, true}};
  (void)state;
  agree(variants, sizeof variants / sizeof *variants);
}

static void test_a_gpu_agrees(void **state)
{
  static const variant variants[] = {{"cuda", 0, false, false},
                                     {"cuda", 1, false, false},
                                     {"cuda", 3, false, true},
                                     {"cuda", 7, false, false},
                                     {"cuda", 16, false, true}};
  (void)state;
  agree(variants, sizeof variants / sizeof *variants);
}

static bool have_gpu(void)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error;
  o.workload = STRESS;
  o.device = "cuda";
  const int rc = aatgs_open(&o, &rt, &error);
  if (!rc)
    aatgs_close(rt);
  return rc != AATGS_ENOTSUP;
}

/* test_stress [SEEDS [FIRST [DEVICE]]] */
int main(int argc, char **argv)
{
  const struct CMUnitTest cpu[] = {cmocka_unit_test(test_every_worker_count_agrees)};
  const struct CMUnitTest cuda[] = {cmocka_unit_test(test_a_gpu_agrees)};
#if defined(AATGS_TSAN)
  const uint64_t few = 2;
#else
  const uint64_t few = 6;
#endif
  seeds = argc > 1 ? strtoull(argv[1], NULL, 0) : few;
  first_seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
  if (argc <= 3 || strcmp(argv[3], "cuda"))
    return cmocka_run_group_tests(cpu, NULL, NULL);
  if (have_gpu())
    return cmocka_run_group_tests(cuda, NULL, NULL);
  printf("skipped: no usable GPU\n");
  return NO_GPU;
}
