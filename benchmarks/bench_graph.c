/* What does a graph of empty tasks take, beside the same graph as a CUDA graph; and how short may
 * tasks be before scheduling takes half of the time (Task Bench's METG, Slaughter et al. 2020)? */
#include "bench.h"
#include "gpu.h"
#include "shapes.h"

#include "device/workload.h"
#include "host/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS       100u /* measured in a round, of each graph and side */
#define WARM_UP    20u
#define WARM_UP_NS UINT64_C(100000000) /* cuda: until the GPU's clocks are up */
#define WAIT_NS    UINT64_C(10000000000)
#define TASKS_MAX  16384u
#define EDGES_MAX  65536u
#define STEP_NS    35u /* about what a step of bench_spin() takes; tasks are estimated by it */

/* Samples of one row of the report. */
typedef struct figure {
  char name[96];
  bool rival;
  uint32_t tasks;
  bench_samples latency; /* from submit to telemetry, or from launch to synchronized */
  bench_samples period;  /* of iterations one after the other, all bookkeeping included */
} figure;

static bool on_gpu(const bench *b)
{
  return strcmp(b->device, "cuda") == 0;
}

/* ---- Both sides ------------------------------------------------------------------------- */

static aatgs_runtime *open_runtime(const bench *b, const char *workload, const char *type,
                                   const shape *s, uint32_t arg)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error;
  o.workload = workload;
  o.device = b->device;
  o.tasks_max = TASKS_MAX;
  o.edges_max = EDGES_MAX;
  bench_unpin();
  if (aatgs_open(&o, &rt, &error))
    bench_fail(b, "%s", error.text);
  bench_pin(bench_host_core());
  bench_pin_workers(bench_cores() - 1);
  aatgs_graph *graph = shape_graph(s, aatgs_runtime_workload(rt), type, arg, arg * STEP_NS);
  if (!graph)
    bench_fail(b, "the graph could not be made");
  if (aatgs_set_graph(rt, graph))
    bench_fail(b, "%s", aatgs_last_error(rt)->text);
  aatgs_graph_close(graph);
  return rt;
}

/* One iteration; the bookkeeping that aatgs_drain() does is not part of what it took. */
static uint64_t iterate(const bench *b, aatgs_runtime *rt)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4] = {0}, telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  const uint64_t start = aatgs_now_ns();
  int rc = aatgs_submit(rt, config, NULL);
  while (!rc && !(rc = aatgs_poll(rt, telemetry, NULL)))
    __builtin_ia32_pause();
  const uint64_t ns = aatgs_now_ns() - start;
  if (rc < 0 || aatgs_drain(rt, WAIT_NS))
    bench_fail(b, "%s", aatgs_last_error(rt)->text);
  return ns;
}

static uint64_t launch(gpu_graph *g)
{
  const uint64_t start = aatgs_now_ns();
  gpu_graph_launch(g);
  gpu_graph_wait(g);
  return aatgs_now_ns() - start;
}

/* `rt` or `g`: one of them. */
static void measure(const bench *b, aatgs_runtime *rt, gpu_graph *g, uint32_t runs, figure *f)
{
  const uint64_t begin = aatgs_now_ns();
  for (uint32_t i = 0; i < WARM_UP || (on_gpu(b) && aatgs_now_ns() - begin < WARM_UP_NS); i++)
    (void)(g ? launch(g) : iterate(b, rt));
  uint64_t before = aatgs_now_ns();
  for (uint32_t i = 0; i < runs; i++) {
    bench_sample(&f->latency, g ? launch(g) : iterate(b, rt));
    const uint64_t now = aatgs_now_ns();
    if (!g)
      bench_sample(&f->period, now - before);
    before = now;
  }
  if (!g)
    return;
  for (uint32_t i = 0; i < runs; i++)
    gpu_graph_launch(g);
  gpu_graph_wait(g);
  bench_sample(&f->period, (aatgs_now_ns() - before) / runs);
}

/* ---- Graphs of empty tasks ---------------------------------------------------------------- */

typedef struct question {
  const char *name;
  shape *(*make)(uint32_t size);
  uint32_t size;
  const char *form_names[3]; /* of the rivals, by gpu_graph_form; NULL: none */
} question;

static shape *make_stencil(uint32_t width)
{
  return shape_stencil(width, width);
}

static const question questions[] = {
    {"chain of 50",
     shape_chain,
     50,
     {NULL, "CUDA graph of 50 kernels", "the same, programmatic dependent launch"}},
    {"fork-join of 130",
     shape_fork_join,
     128,
     {"CUDA graph of 130 nodes", "CUDA graph of three kernels", NULL}},
    {"stencil 64 x 64",
     make_stencil,
     64,
     {"CUDA graph, a node per task", "CUDA graph, a kernel per row",
      "the same, programmatic dependent launch"}},
    {"FFT of 64 points", shape_fft, 6, {"CUDA graph, a node per task", NULL, NULL}},
    {"binary tree of 8 rows", shape_tree, 8, {"CUDA graph, a node per task", NULL, NULL}},
};
#define QUESTIONS   (sizeof questions / sizeof *questions)
#define FIGURES_MAX (QUESTIONS * 4)

static figure *find_figure(const bench *b, figure *figures, const char *graph, const char *side,
                           uint32_t tasks)
{
  char name[sizeof figures->name];
  snprintf(name, sizeof name, "%s: %s", graph, side ? side : "aatgs");
  figure *f = figures;
  while (f->name[0] && strcmp(f->name, name))
    f++;
  if (!f->name[0]) {
    memcpy(f->name, name, sizeof name);
    f->rival = side != NULL;
    f->tasks = tasks;
    bench_samples_open(b, &f->latency, (size_t)b->rounds * RUNS);
    bench_samples_open(b, &f->period, (size_t)b->rounds * RUNS);
  }
  return f;
}

static void answer(const bench *b, const question *q, figure *figures)
{
  shape *s = q->make(q->size);
  if (!s)
    bench_fail(b, "out of memory");
  for (int form = 0; on_gpu(b) && form < 3; form++) {
    if (!q->form_names[form])
      continue;
    gpu_graph *g = gpu_graph_open(b, s, (gpu_graph_form)form, 0, 0);
    if (!g)
      continue;
    measure(b, NULL, g, RUNS, find_figure(b, figures, q->name, q->form_names[form], s->tasks));
    gpu_graph_close(g);
  }
  aatgs_runtime *rt = open_runtime(b, "empty", "Nothing", s, 0);
  measure(b, rt, NULL, RUNS, find_figure(b, figures, q->name, NULL, s->tasks));
  if (aatgs_close(rt))
    bench_fail(b, "the runtime did not close");
  shape_close(s);
}

static void report(bench *b, figure *figures)
{
  for (figure *f = figures; f->name[0]; f++) {
    json_t *row = bench_row(b, f->name, f->rival);
    bench_count(row, "tasks", f->tasks);
    bench_latency(row, &f->latency);
    bench_count(row, "back_to_back_ns", bench_percentile(&f->period, 500));
    bench_samples_close(&f->latency);
    bench_samples_close(&f->period);
  }
}

/* ---- METG(50 %) of the stencil --------------------------------------------------------------- */

#define METG_ROWS  64u
#define METG_RUNS  20u
#define METG_LANES 256u /* threads of a worker, on both sides */

static const uint32_t metg_steps[] = {4, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 4096, 16384};
#define METG_POINTS (sizeof metg_steps / sizeof *metg_steps)

/* Medians of the time that `rows` rows of one task a worker take, by the number of steps. */
static void metg_sweep(const bench *b, const shape *s, int form, double *ns)
{
  for (size_t i = 0; i < METG_POINTS; i++) {
    figure f = {.name = "metg"};
    bench_samples_open(b, &f.latency, METG_RUNS);
    bench_samples_open(b, &f.period, METG_RUNS);
    gpu_graph *g =
        form < 0 ? NULL : gpu_graph_open(b, s, (gpu_graph_form)form, metg_steps[i], METG_LANES);
    aatgs_runtime *rt = form < 0 ? open_runtime(b, "uneven", "Spin", s, metg_steps[i]) : NULL;
    measure(b, rt, g, METG_RUNS, &f);
    ns[i] = (double)bench_percentile(&f.latency, 500);
    gpu_graph_close(g);
    if (aatgs_close(rt))
      bench_fail(b, "the runtime did not close");
    bench_samples_close(&f.latency);
    bench_samples_close(&f.period);
  }
}

/* Efficiency is work done per time over the best that any side reached with the longest tasks.
 * METG: the granularity (time x workers / tasks) at which it is a half, between two points. */
static void metg_report(bench *b, const char *name, bool rival, const double *ns, double best)
{
  double before_granularity = 0, before_efficiency = 0, metg = 0;
  for (size_t i = 0; i < METG_POINTS; i++) {
    const double granularity = ns[i] / METG_ROWS;
    const double efficiency = (double)metg_steps[i] / ns[i] / best;
    json_t *row = bench_row(b, name, rival);
    bench_count(row, "steps", metg_steps[i]);
    bench_count(row, "granularity_ns", (uint64_t)(granularity + 0.5));
    bench_real(row, "efficiency", efficiency);
    if (!metg && efficiency >= 0.5)
      metg = i ? before_granularity + (granularity - before_granularity) *
                                          (0.5 - before_efficiency) /
                                          (efficiency - before_efficiency)
               : granularity;
    before_granularity = granularity;
    before_efficiency = efficiency;
  }
  char metg_name[96];
  snprintf(metg_name, sizeof metg_name, "METG(50 %%), %s", name);
  json_t *row = bench_row(b, metg_name, rival);
  bench_count(row, "granularity_ns", (uint64_t)(metg + 0.5));
}

static void metg(bench *b, uint32_t workers)
{
  static const struct {
    const char *name;
    int form; /* gpu_graph_form, or -1: the runtime */
  } sides[] = {{"stencil: CUDA graph, a kernel per row", GPU_GRAPH_ROWS},
               {"stencil: the same, programmatic dependent launch", GPU_GRAPH_ROWS_EARLY},
               {"stencil: aatgs", -1}};
  double ns[3][METG_POINTS], best = 0;
  shape *s = shape_stencil(workers, METG_ROWS);
  if (!s)
    bench_fail(b, "out of memory");
  const size_t first = on_gpu(b) && gpu_trip_count ? 0 : 2;
  for (size_t i = first; i < 3; i++)
    metg_sweep(b, s, sides[i].form, ns[i]);
  for (size_t i = first; i < 3; i++) {
    const double rate = metg_steps[METG_POINTS - 1] / ns[i][METG_POINTS - 1];
    best = rate > best ? rate : best;
  }
  for (size_t i = first; i < 3; i++)
    metg_report(b, sides[i].name, i < 2, ns[i], best);
  shape_close(s);
}

static uint32_t count_workers(const bench *b)
{
  aatgs_runtime_info info;
  shape *s = shape_chain(1);
  if (!s)
    bench_fail(b, "out of memory");
  aatgs_runtime *rt = open_runtime(b, "empty", "Nothing", s, 0);
  aatgs_get_runtime_info(rt, &info);
  aatgs_close(rt);
  shape_close(s);
  return info.workers;
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "graph",
      "What a graph of empty tasks takes, with a timing record for each: a chain, a fork and join, "
      "a\n"
      "3-point stencil, an FFT, a tree; on cuda beside CUDA graphs. Then the stencil with one task "
      "a\n"
      "worker and tasks of growing length: efficiency over granularity, and METG(50 %).",
      5, "rounds of 100 iterations of each graph"};
  figure figures[FIGURES_MAX + 1] = {0};
  bench b;
  bench_start(&program, argc, argv, &b);
  const uint32_t workers = count_workers(&b);
  for (uint32_t round = 0; round < b.rounds; round++)
    for (size_t q = 0; q < QUESTIONS; q++)
      answer(&b, &questions[q], figures);
  report(&b, figures);
  metg(&b, workers);
  return bench_finish(&b);
}
