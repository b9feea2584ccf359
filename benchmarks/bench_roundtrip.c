/* What does a round trip through the public interface cost, beside two threads that pass the same
 * payload to and fro and do nothing else? */
#include "bare.h"
#include "bench.h"

#include "device/workload.h"
#include "host/clock.h"

#include <stdio.h>
#include <string.h>

#define TRIPS   1500u /* measured in a round, of each kind */
#define WARM_UP 300u
#define WAIT_NS UINT64_C(10000000000)

typedef enum kind { BARE, BARE_RINGS, PLAIN, RECORDED, RECORDED_MEMORY, KINDS } kind;

static const char *const names[KINDS] = {"bare ping-pong, one slot", "bare ping-pong, 16 slots",
                                         "round trip", "round trip, recorded to /tmp",
                                         "round trip, recorded to /dev/shm"};

static void run_bare(const bench *b, uint32_t slots, bench_samples *samples)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4] = {0}, telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  bare *p;
  bare_open(b, slots, &p);
  for (uint32_t i = 0; i < WARM_UP + TRIPS; i++) {
    config[0] = i;
    const uint64_t start = aatgs_now_ns();
    bare_trip(p, config, telemetry);
    const uint64_t end = aatgs_now_ns();
    if (telemetry[0] != i)
      bench_fail(b, "the bare ping-pong lost its payload");
    if (i >= WARM_UP)
      bench_sample(samples, end - start);
  }
  bare_close(p);
}

static int trip(aatgs_runtime *rt, const void *config, void *telemetry)
{
  int rc = aatgs_submit(rt, config, NULL);
  if (rc)
    return rc;
  while (!(rc = aatgs_poll(rt, telemetry, NULL)))
    __builtin_ia32_pause();
  return rc < 0 ? rc : 0;
}

static void run_runtime(const bench *b, const char *record, bench_samples *samples)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4], telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error;
  o.workload = "empty";
  o.device = b->device;
  o.tasks = "one";
  o.workers = strcmp(b->device, "cpu") == 0 ? 1 : 0;
  o.record = record;
  bench_unpin();
  if (aatgs_open(&o, &rt, &error))
    bench_fail(b, "%s", error.text);
  bench_pin(0);
  bench_pin_workers(1);
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  for (uint32_t i = 0; i < WARM_UP + TRIPS; i++) {
    const uint64_t start = aatgs_now_ns();
    const int rc = trip(rt, config, telemetry);
    const uint64_t end = aatgs_now_ns();
    if (rc)
      bench_fail(b, "%s", aatgs_last_error(rt)->text);
    if (i >= WARM_UP)
      bench_sample(samples, end - start);
  }
  if (aatgs_close(rt))
    bench_fail(b, "the runtime did not close");
}

static void run_recorded(const bench *b, const char *parent, bench_samples *samples)
{
  bench_folder folder;
  if (!bench_folder_make(parent, &folder))
    return; /* the row says 0 samples */
  run_runtime(b, folder.trace, samples);
  bench_folder_remove(&folder);
}

static void run(const bench *b, kind k, bench_samples *samples)
{
  switch (k) {
  case BARE: run_bare(b, 1, samples); break;
  case BARE_RINGS: run_bare(b, 16, samples); break;
  case PLAIN: run_runtime(b, NULL, samples); break;
  case RECORDED: run_recorded(b, "/tmp", samples); break;
  default: run_recorded(b, "/dev/shm", samples);
  }
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "roundtrip",
      "One config of 256 bytes in, one empty task, 64 bytes of telemetry out, one at a time, by\n"
      "aatgs_submit() and aatgs_poll(); beside two pinned threads that pass the same payload to\n"
      "and fro. Both sides take turns, round by round.",
      40, "rounds of 1,500 trips of each kind"};
  bench b;
  bench_samples samples[KINDS];
  bench_start(&program, argc, argv, &b);
  for (int k = 0; k < KINDS; k++)
    bench_samples_open(&b, &samples[k], (size_t)b.rounds * TRIPS);
  bench_pin(0);
  for (uint32_t round = 0; round < b.rounds; round++)
    for (int k = 0; k < KINDS; k++)
      run(&b, (kind)k, &samples[k]);
  uint64_t bare_p50 = bench_percentile(&samples[BARE], 500);
  if (bench_percentile(&samples[BARE_RINGS], 500) < bare_p50)
    bare_p50 = bench_percentile(&samples[BARE_RINGS], 500);
  for (int k = 0; k < KINDS; k++) {
    json_t *row = bench_row(&b, names[k], k <= BARE_RINGS);
    bench_latency(row, &samples[k]);
    if (bare_p50)
      bench_real(row, "p50_over_bare", (double)bench_percentile(&samples[k], 500) / bare_p50);
    bench_samples_close(&samples[k]);
  }
  return bench_finish(&b);
}
