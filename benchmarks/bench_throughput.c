/* How many iterations pass in a second when they are pipelined, beside a thread pool with a queue
 * and on a GPU beside CUDA graphs? */
#include "bench.h"
#include "gpu.h"
#include "pool.h"

#include "device/workload.h"
#include "host/clock.h"

#include <stdlib.h>
#include <string.h>

#define ITERATIONS_CPU  40000u /* in a round, of each kind */
#define ITERATIONS_CUDA 200000u
#define WARM_UP         20000u
#define BATCH           1024u

typedef struct kind {
  const char *name;
  uint32_t pool;         /* workers of a thread pool, a rival */
  const gpu_stream *gpu; /* a rival on the GPU */
  uint32_t workers;      /* of the runtime; 0: all */
  const char *tasks;     /* a graph of the workload `empty` */
  uint32_t slots;        /* for commands; four times as many for telemetry */
  bool batches;          /* by aatgs_batch_step(), else by aatgs_submit() and aatgs_poll() */
  const char *record;    /* parent folder; NULL: not recorded */
} kind;

static const kind kinds_cpu[] = {
    {"thread pool, mutex and condition variables, 1 worker", 1, NULL, 0, NULL, 0, false, NULL},
    {"thread pool, mutex and condition variables, 2 workers", 2, NULL, 0, NULL, 0, false, NULL},
    {"pipelined, 1 worker", 0, NULL, 1, "one", 16, false, NULL},
    {"pipelined, 2 workers", 0, NULL, 2, "one", 16, false, NULL},
    {"pipelined, 1 worker, recorded to /tmp", 0, NULL, 1, "one", 16, false, "/tmp"},
    {"pipelined, 1 worker, recorded to /dev/shm", 0, NULL, 1, "one", 16, false, "/dev/shm"},
};
static const kind kinds_cuda[] = {
    {"pipelined, in order (a region in common)", 0, NULL, 0, "ordered", 16, false, NULL},
    {"pipelined, in order, 256 slots", 0, NULL, 0, "ordered", 256, false, NULL},
    {"pipelined, no region in common", 0, NULL, 0, "one", 16, false, NULL},
    {"pipelined, no region in common, 256 slots", 0, NULL, 0, "one", 256, false, NULL},
    {"batches of 1,024, no region in common, 256 slots", 0, NULL, 0, "one", 256, true, NULL},
    {"pipelined, in order, recorded to /dev/shm", 0, NULL, 0, "ordered", 16, false, "/dev/shm"},
};
#define KINDS_MAX 16u

static bool on_gpu(const bench *b)
{
  return strcmp(b->device, "cuda") == 0;
}

static uint32_t iterations(const bench *b)
{
  return on_gpu(b) ? ITERATIONS_CUDA : ITERATIONS_CPU;
}

/* Each returns the nanoseconds from the first config in to the last telemetry out. */

static uint64_t run_pool(const bench *b, uint32_t workers)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4] = {0}, telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  pool *p;
  bench_unpin();
  pool_open(b, workers, &p);
  const uint32_t count = iterations(b);
  const uint64_t start = aatgs_now_ns();
  for (uint32_t sent = 0, got = 0; got < count;) {
    while (sent < count && sent - got < POOL_RESULTS && pool_submit(p, config))
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

static int pipeline(aatgs_runtime *rt, const void *config, uint32_t count)
{
  uint32_t telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  for (uint32_t sent = 0, got = 0; got < count;) {
    int rc = 0;
    while (sent < count && !(rc = aatgs_submit(rt, config, NULL)))
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

static int batches(const bench *b, aatgs_runtime *rt, const uint32_t *config, uint32_t count)
{
  const size_t config_bytes = AATGS_CONFIG_BYTES_MAX, telemetry_bytes = AATGS_TELEMETRY_BYTES_MAX;
  uint8_t *configs = malloc(BATCH * config_bytes), *telemetry = malloc(BATCH * telemetry_bytes);
  int rc = 0;
  if (!configs || !telemetry)
    bench_fail(b, "out of memory");
  for (uint32_t i = 0; i < BATCH; i++)
    memcpy(configs + i * config_bytes, config, config_bytes);
  for (uint32_t i = 0; !rc && i < count; i += BATCH)
    rc = aatgs_batch_step(rt, configs, i + BATCH < count ? BATCH : count - i, telemetry);
  free(configs);
  free(telemetry);
  return rc;
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
  o.tasks = k->tasks;
  o.workers = k->workers;
  o.command_slots = k->slots;
  o.telemetry_slots = 4 * k->slots;
  if (k->record) {
    if (!bench_folder_make(k->record, &folder))
      return 0;
    o.record = folder.trace;
  }
  bench_unpin();
  if (aatgs_open(&o, &rt, &error))
    bench_fail(b, "%s", error.text);
  if (on_gpu(b))
    bench_pin(bench_host_core());
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  int rc = pipeline(rt, config, WARM_UP);
  const uint64_t start = aatgs_now_ns();
  if (!rc)
    rc = k->batches ? batches(b, rt, config, iterations(b)) : pipeline(rt, config, iterations(b));
  const uint64_t ns = aatgs_now_ns() - start;
  if (rc)
    bench_fail(b, "%s", aatgs_last_error(rt)->text);
  if (aatgs_close(rt))
    bench_fail(b, "the runtime did not close");
  if (k->record)
    bench_folder_remove(&folder);
  return ns;
}

static uint64_t run(const bench *b, const kind *k)
{
  if (k->pool)
    return run_pool(b, k->pool);
  if (!k->gpu)
    return run_runtime(b, k);
  bench_pin(bench_host_core());
  return k->gpu->run(b, iterations(b));
}

static size_t list_kinds(const bench *b, kind *kinds)
{
  const kind *fixed = on_gpu(b) ? kinds_cuda : kinds_cpu;
  size_t count = 0;
  for (size_t i = 0; on_gpu(b) && i < gpu_stream_count; i++)
    kinds[count++] = (kind){.name = gpu_streams[i].name, .gpu = &gpu_streams[i]};
  const size_t more = on_gpu(b) ? sizeof kinds_cuda : sizeof kinds_cpu;
  for (size_t i = 0; i < more / sizeof *fixed; i++)
    kinds[count++] = fixed[i];
  return count;
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "throughput",
      "Iterations per second, pipelined: configs of 256 bytes are submitted until the ring is\n"
      "full, telemetry of 64 bytes is polled until there is none; one empty task each. On cpu\n"
      "beside a thread pool with bounded queues of the same sizes and payload, on cuda beside "
      "CUDA\n"
      "graphs launched back to back. All sides take turns.",
      5, "rounds of 40,000 iterations of each kind (cuda: 200,000)"};
  bench b;
  kind kinds[KINDS_MAX];
  bench_samples samples[KINDS_MAX];
  bench_start(&program, argc, argv, &b);
  const size_t count = list_kinds(&b, kinds);
  for (size_t k = 0; k < count; k++)
    bench_samples_open(&b, &samples[k], b.rounds);
  for (uint32_t round = 0; round < b.rounds; round++)
    for (size_t k = 0; k < count; k++) {
      const uint64_t ns = run(&b, &kinds[k]);
      if (ns)
        bench_sample(&samples[k], ns);
    }
  for (size_t k = 0; k < count; k++) {
    json_t *row = bench_row(&b, kinds[k].name, kinds[k].pool || kinds[k].gpu);
    bench_rate(row, &samples[k], iterations(&b));
    bench_samples_close(&samples[k]);
  }
  return bench_finish(&b);
}
