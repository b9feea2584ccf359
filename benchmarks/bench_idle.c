/* What does an idle device cost and how soon is it awake, under each idle policy; and on cuda, does
 * another kernel make progress beside one that has a share of the multiprocessors? */
#include "bench.h"
#include "gpu.h"

#include "device/workload.h"
#include "host/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRIPS     100u                 /* of each pause, in a round */
#define LONG_NS   UINT64_C(5000000)    /* a pause in which every policy falls asleep */
#define SETTLE_NS UINT64_C(2500000000) /* before power is read */
#define BLOCKS    16u
#define STEPS     20000u /* of each block of the other kernel */
#define LAUNCHES  200u
#define SHARE     100u /* multiprocessors of the runtime beside it */

static void sleep_ns(uint64_t ns)
{
  const struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
  nanosleep(&t, NULL);
}

static aatgs_runtime *open_runtime(const bench *b, aatgs_idle idle, uint32_t workers)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error;
  o.workload = "empty";
  o.device = b->device;
  o.tasks = "one";
  o.idle = idle;
  o.workers = workers;
  bench_unpin();
  if (aatgs_open(&o, &rt, &error))
    bench_fail(b, "%s", error.text);
  bench_pin(bench_host_core());
  bench_pin_workers(bench_cores() - 1);
  return rt;
}

static void trips(const bench *b, aatgs_runtime *rt, uint32_t count, uint64_t pause_ns,
                  bench_samples *samples)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4] = {0}, telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  for (uint32_t i = 0; i < count; i++) {
    if (pause_ns)
      sleep_ns(pause_ns);
    const uint64_t start = aatgs_now_ns();
    int rc = aatgs_submit(rt, config, NULL);
    while (!rc && !(rc = aatgs_poll(rt, telemetry, NULL)))
      __builtin_ia32_pause();
    if (rc < 0)
      bench_fail(b, "%s", aatgs_last_error(rt)->text);
    bench_sample(samples, aatgs_now_ns() - start);
  }
}

/* What the driver's tool reads; 0 where there is none. */
static double read_watts(const bench *b)
{
  double watts = 0;
  if (strcmp(b->device, "cuda"))
    return 0;
  FILE *tool = popen("nvidia-smi --query-gpu=power.draw --format=csv,noheader,nounits", "re");
  if (!tool)
    return 0;
  if (fscanf(tool, "%lf", &watts) != 1)
    watts = 0;
  pclose(tool);
  return watts;
}

static void report_watts(bench *b, json_t *row)
{
  sleep_ns(SETTLE_NS);
  const double watts = read_watts(b);
  if (watts > 0)
    bench_real(row, "idle_watts", watts);
}

static void measure_policy(bench *b, const char *name, aatgs_idle idle)
{
  bench_samples busy, rested;
  char title[64];
  bench_samples_open(b, &busy, (size_t)b->rounds * TRIPS);
  bench_samples_open(b, &rested, (size_t)b->rounds * TRIPS);
  aatgs_runtime *rt = open_runtime(b, idle, 0);
  for (uint32_t round = 0; round < b->rounds; round++) {
    trips(b, rt, TRIPS, 0, &busy);
    trips(b, rt, TRIPS, LONG_NS, &rested);
  }
  snprintf(title, sizeof title, "idle policy %s", name);
  json_t *row = bench_row(b, title, false);
  bench_count(row, "p50_ns", bench_percentile(&busy, 500));
  bench_count(row, "after_5_ms_p50_ns", bench_percentile(&rested, 500));
  bench_count(row, "after_5_ms_p99_ns", bench_percentile(&rested, 990));
  report_watts(b, row);
  if (aatgs_close(rt))
    bench_fail(b, "the runtime did not close");
  bench_samples_close(&busy);
  bench_samples_close(&rested);
}

/* Nanoseconds that the launches take, with round trips meanwhile where there is a runtime. */
static uint64_t launches(const bench *b, gpu_graph *g, aatgs_runtime *rt, bench_samples *samples)
{
  const uint64_t start = aatgs_now_ns();
  for (uint32_t i = 0; i < LAUNCHES; i++)
    gpu_graph_launch(g);
  if (rt)
    trips(b, rt, TRIPS, 0, samples);
  gpu_graph_wait(g);
  return aatgs_now_ns() - start;
}

static void measure_beside(bench *b)
{
  shape *s = shape_stencil(BLOCKS, 1);
  gpu_graph *g =
      s && strcmp(b->device, "cuda") == 0 ? gpu_graph_open(b, s, GPU_GRAPH_ROWS, STEPS, 256) : NULL;
  shape_close(s);
  if (!g)
    return;
  bench_samples samples;
  bench_samples_open(b, &samples, TRIPS);
  launches(b, g, NULL, NULL); /* warm-up */
  json_t *row = bench_row(b, "200 launches of a plain kernel of 16 blocks, alone", true);
  bench_count(row, "launches_ns", launches(b, g, NULL, NULL));
  aatgs_runtime *rt = open_runtime(b, AATGS_IDLE_LATENCY, SHARE);
  const uint64_t ns = launches(b, g, rt, &samples);
  row = bench_row(b, "the same beside a runtime on 100 multiprocessors", false);
  bench_count(row, "launches_ns", ns);
  bench_count(row, "p50_ns", bench_percentile(&samples, 500));
  gpu_graph_close(g);
  bench_samples_close(&samples);
  if (aatgs_close(rt))
    bench_fail(b, "the runtime did not close");
}

int main(int argc, char **argv)
{
  static const bench_program program = {"idle",
                                        "A round trip right after the last one and after 5 ms of "
                                        "rest, under each idle policy, and on\n"
                                        "cuda the power that an idle device draws; then launches "
                                        "of another kernel alone and beside a\n"
                                        "runtime that has a share of the multiprocessors.",
                                        3, "rounds of 100 round trips of each kind"};
  bench b;
  bench_start(&program, argc, argv, &b);
  report_watts(&b, bench_row(&b, "no runtime", true));
  measure_policy(&b, "latency", AATGS_IDLE_LATENCY);
  measure_policy(&b, "balanced", AATGS_IDLE_BALANCED);
  measure_policy(&b, "power", AATGS_IDLE_POWER);
  measure_beside(&b);
  return bench_finish(&b);
}
