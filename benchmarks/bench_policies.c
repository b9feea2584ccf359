/* What an iteration of a graph of uneven tasks takes on the device under each policy. No policy is
 * told how long the tasks take; adaptive finds out. */
#include "bench.h"

#include <stdlib.h>
#include <time.h>

#include "device/workload.h"

#define UNIT        8000u /* steps of the shortest tasks, some 10 us */
#define WARM        30u   /* iterations before it counts: adaptive learns in these */
#define ITERATIONS  60u   /* that count, in a round */
#define WAIT_NS     UINT64_C(10000000000)
#define WORKERS_CPU 2u

typedef struct builder {
  const bench *b;
  aatgs_graph *graph;
} builder;

static uint32_t add(builder *g, uint32_t units, const uint32_t *after, size_t count)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint32_t id;
  o.type = "Spin";
  o.arg = units * UNIT;
  if (aatgs_graph_add_task(g->graph, &o, after, count, &id))
    bench_fail(g->b, "%s", aatgs_graph_error(g->graph)->text);
  return id;
}

#define TILES 6

/* Right-looking tiled Cholesky: POTRF 1, TRSM 3, SYRK 3, GEMM 6 units, as their flops are. */
static void cholesky(builder *g)
{
  uint32_t owner[TILES][TILES]; /* the last task that wrote a tile */
  for (uint32_t i = 0; i < TILES; i++)
    for (uint32_t j = 0; j < TILES; j++)
      owner[i][j] = UINT32_MAX;
  for (uint32_t k = 0; k < TILES; k++) {
    owner[k][k] = add(g, 1, &owner[k][k], k > 0);
    for (uint32_t i = k + 1; i < TILES; i++) {
      uint32_t after[] = {owner[k][k], owner[i][k]};
      owner[i][k] = add(g, 3, after, 1 + (k > 0));
    }
    for (uint32_t i = k + 1; i < TILES; i++)
      for (uint32_t j = k + 1; j <= i; j++) {
        uint32_t after[] = {owner[i][k], owner[j][k], owner[i][j]};
        owner[i][j] = add(g, i == j ? 3 : 6, after, 2 + (k > 0));
      }
  }
}

#define COLUMNS 8
#define ROWS    12

/* A 3-point stencil whose last column takes six times as long as the others. */
static void stencil(builder *g)
{
  uint32_t row[COLUMNS], next[COLUMNS];
  for (uint32_t y = 0; y < ROWS; y++) {
    for (uint32_t x = 0; x < COLUMNS; x++) {
      uint32_t after[3];
      size_t count = 0;
      for (uint32_t k = x ? x - 1 : 0; y && k <= x + 1 && k < COLUMNS; k++)
        after[count++] = row[k];
      next[x] = add(g, x == COLUMNS - 1 ? 6 : 1, after, count);
    }
    for (uint32_t x = 0; x < COLUMNS; x++)
      row[x] = next[x];
  }
}

static uint32_t below(uint64_t *seed, uint32_t n)
{
  uint64_t x = *seed += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)(((x >> 32) * n) >> 32);
}

/* A random tree of 60 tasks of 1 to 20 units, long ones rare. */
static void fan_out(builder *g)
{
  uint64_t seed = 12;
  for (uint32_t i = 0; i < 60; i++) {
    uint32_t parent = i ? below(&seed, i) : 0, units = 1 + below(&seed, 4);
    add(g, below(&seed, 6) ? units : 5 * units, &parent, i > 0);
  }
}

typedef struct shape {
  const char *name;
  void (*build)(builder *g);
} shape;

static const shape shapes[] = {
    {"Cholesky, 6 x 6 tiles", cholesky},
    {"stencil with a slow column", stencil},
    {"random fan-out", fan_out},
};
static const char *const policies[] = {"fifo", "original", "critical-path", "adaptive"};
#define SHAPES   (sizeof shapes / sizeof *shapes)
#define POLICIES (sizeof policies / sizeof *policies)

/* The device's clock is what counts, so the host keeps off the workers' cores while it waits. */
static int wait_asleep(aatgs_runtime *rt, void *telemetry, aatgs_outcome *outcome)
{
  const struct timespec nap = {0, 200000};
  int rc = 0;
  for (uint64_t waited = 0; !rc && waited < WAIT_NS; waited += 200000) {
    nanosleep(&nap, NULL);
    rc = aatgs_poll(rt, telemetry, outcome);
  }
  return rc;
}

static void iterate(const bench *b, aatgs_runtime *rt, uint32_t count, bench_samples *samples)
{
  uint32_t config[64] = {0}, telemetry[16];
  aatgs_outcome outcome;
  for (uint32_t i = 0; i < count; i++) {
    if (aatgs_submit(rt, config, NULL) || wait_asleep(rt, telemetry, &outcome) != 1)
      bench_fail(b, "%s", aatgs_last_error(rt)->text);
    if (samples)
      bench_sample(samples, outcome.end_ns - outcome.start_ns);
  }
}

static void run(const bench *b, const shape *s, const char *policy, bench_samples *samples)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_error error = {0};
  builder g = {.b = b};
  aatgs_runtime *rt;
  o.workload = "uneven";
  o.device = b->device;
  o.workers = b->device[1] == 'p' ? WORKERS_CPU : 0;
  o.policy = policy;
  if (aatgs_open(&o, &rt, &error))
    bench_fail(b, "%s", error.text);
  if (aatgs_graph_open(aatgs_runtime_workload(rt), &g.graph))
    bench_fail(b, "out of memory");
  s->build(&g);
  if (aatgs_set_graph(rt, g.graph))
    bench_fail(b, "%s", aatgs_last_error(rt)->text);
  iterate(b, rt, WARM, NULL);
  iterate(b, rt, ITERATIONS, samples);
  aatgs_graph_close(g.graph);
  if (aatgs_close(rt))
    bench_fail(b, "the runtime could not be closed");
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "policies", "What does an iteration of uneven tasks take under each scheduling policy?", 5,
      "90 iterations of each graph under each policy; the first 30 do not count"};
  bench_samples samples[SHAPES][POLICIES];
  bench b;
  bench_start(&program, argc, argv, &b);
  for (size_t s = 0; s < SHAPES; s++)
    for (size_t p = 0; p < POLICIES; p++)
      bench_samples_open(&b, &samples[s][p], (size_t)b.rounds * ITERATIONS);
  for (uint32_t r = 0; r < b.rounds; r++) /* in turn, so that all meet the same weather */
    for (size_t s = 0; s < SHAPES; s++)
      for (size_t p = 0; p < POLICIES; p++)
        run(&b, &shapes[s], policies[p], &samples[s][p]);
  for (size_t s = 0; s < SHAPES; s++)
    for (size_t p = 0; p < POLICIES; p++) {
      char name[80];
      snprintf(name, sizeof name, "%s, %s", shapes[s].name, policies[p]);
      bench_latency(bench_row(&b, name, p < 2), &samples[s][p]);
      bench_samples_close(&samples[s][p]);
    }
  return bench_finish(&b);
}
