/* How many iterations pass in a second when they are pipelined, beside a thread pool with a queue?
 */
#include "bench.h"
#include "pool.h"

#include "device/workload.h"
#include "host/clock.h"

#include <string.h>

#define ITERATIONS 40000u /* in a round, of each kind */

typedef struct kind {
  const char *name;
  bool rival;
  uint32_t workers;
  const char *record; /* parent folder; NULL: not recorded */
} kind;

static const kind kinds[] = {
    {"thread pool, mutex and condition variables, 1 worker", true, 1, NULL},
    {"thread pool, mutex and condition variables, 2 workers", true, 2, NULL},
    {"pipelined, 1 worker", false, 1, NULL},
    {"pipelined, 2 workers", false, 2, NULL},
    {"pipelined, 1 worker, recorded to /tmp", false, 1, "/tmp"},
    {"pipelined, 1 worker, recorded to /dev/shm", false, 1, "/dev/shm"},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* Each returns the nanoseconds from the first config in to the last telemetry out. */

static uint64_t run_pool(const bench *b, uint32_t workers)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4] = {0}, telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  pool *p;
  bench_unpin();
  pool_open(b, workers, &p);
  const uint64_t start = aatgs_now_ns();
  for (uint32_t sent = 0, got = 0; got < ITERATIONS;) {
    while (sent < ITERATIONS && sent - got < POOL_RESULTS && pool_submit(p, config))
      config[0] = ++sent;
    pool_wait(p, telemetry);
    do
      got++;
    while (pool_poll(p, telemetry));
  }
  const uint64_t ns = aatgs_now_ns() - start;
  pool_close(p);
  return ns;
}

static int pipeline(aatgs_runtime *rt, const void *config)
{
  uint32_t telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  for (uint32_t sent = 0, got = 0; got < ITERATIONS;) {
    int rc = 0;
    while (sent < ITERATIONS && !(rc = aatgs_submit(rt, config, NULL)))
      sent++;
    if (rc && rc != AATGS_EAGAIN)
      return rc;
    rc = aatgs_wait(rt, telemetry, NULL, UINT64_C(10000000000));
    while (rc > 0) {
      got++;
      rc = aatgs_poll(rt, telemetry, NULL);
    }
    if (rc)
      return rc;
  }
  return 0;
}

static uint64_t run_runtime(const bench *b, const kind *k)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4];
  aatgs_options o = AATGS_OPTIONS_INIT;
  bench_folder folder;
  aatgs_runtime *rt;
  aatgs_error error;
  o.workload = "empty";
  o.device = b->device;
  o.tasks = "one";
  o.workers = strcmp(b->device, "cpu") == 0 ? k->workers : 0;
  if (k->record) {
    if (!bench_folder_make(k->record, &folder))
      return 0;
    o.record = folder.trace;
  }
  bench_unpin();
  if (aatgs_open(&o, &rt, &error))
    bench_fail(b, "%s", error.text);
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  const uint64_t start = aatgs_now_ns();
  if (pipeline(rt, config))
    bench_fail(b, "%s", aatgs_last_error(rt)->text);
  const uint64_t ns = aatgs_now_ns() - start;
  if (aatgs_close(rt))
    bench_fail(b, "the runtime did not close");
  if (k->record)
    bench_folder_remove(&folder);
  return ns;
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "throughput",
      "Iterations per second, pipelined: configs of 256 bytes are submitted until the ring is\n"
      "full, telemetry of 64 bytes is polled until there is none; one empty task each. Beside a\n"
      "thread pool with bounded queues of the same sizes and payload. All sides take turns.",
      5, "rounds of 40,000 iterations of each kind"};
  bench b;
  bench_samples samples[KINDS];
  bench_start(&program, argc, argv, &b);
  for (size_t k = 0; k < KINDS; k++)
    bench_samples_open(&b, &samples[k], b.rounds);
  for (uint32_t round = 0; round < b.rounds; round++)
    for (size_t k = 0; k < KINDS; k++) {
      const uint64_t ns =
          kinds[k].rival ? run_pool(&b, kinds[k].workers) : run_runtime(&b, &kinds[k]);
      if (ns)
        bench_sample(&samples[k], ns);
    }
  for (size_t k = 0; k < KINDS; k++) {
    json_t *row = bench_row(&b, kinds[k].name, kinds[k].rival);
    bench_rate(row, &samples[k], ITERATIONS);
    bench_samples_close(&samples[k]);
  }
  return bench_finish(&b);
}
