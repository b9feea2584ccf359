#include "tsc.h"

#include "host/clock.h"

#include <stdio.h>

#define READINGS 10000u

tsc_scale tsc_calibrate(const bench *b)
{
  bench_samples s;
  bench_samples_open(b, &s, READINGS);
  const uint64_t start_ns = aatgs_now_ns(), start = tsc_now();
  for (uint32_t i = 0; i < READINGS; i++) {
    const uint64_t before = tsc_now();
    bench_sample(&s, tsc_now() - before);
  }
  while (aatgs_now_ns() - start_ns < UINT64_C(20000000))
    continue;
  const uint64_t ticks = tsc_now() - start;
  const tsc_scale scale = {bench_percentile(&s, 500),
                           (double)(aatgs_now_ns() - start_ns) / (double)ticks};
  bench_samples_close(&s);
  return scale;
}

static void percentile(json_t *row, const char *key, const char *suffix, uint64_t ticks,
                       const tsc_scale *scale)
{
  char name[64];
  snprintf(name, sizeof name, "%s_%s_ns", key, suffix);
  ticks = ticks > scale->overhead ? ticks - scale->overhead : 0;
  bench_real(row, name, (double)ticks * scale->ns);
}

void tsc_latency(json_t *row, const char *key, bench_samples *ticks, const tsc_scale *scale)
{
  percentile(row, key, "p50", bench_percentile(ticks, 500), scale);
  percentile(row, key, "p99", bench_percentile(ticks, 990), scale);
}
