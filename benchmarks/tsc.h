/* Times of some ten nanoseconds: the processor's time-stamp counter, and what reading it costs. */
#ifndef AATGS_BENCH_TSC_H
#define AATGS_BENCH_TSC_H

#include "bench.h"

/* What came before has been done, what comes after has not begun. Stores may still be on their way
 * to the cache: what they cost shows in the times of a whole loop. */
static inline uint64_t tsc_now(void)
{
  __builtin_ia32_lfence();
  const uint64_t ticks = __builtin_ia32_rdtsc();
  __builtin_ia32_lfence();
  return ticks;
}

/* Ticks between two readings with nothing between them (median); nanoseconds a tick. */
typedef struct tsc_scale {
  uint64_t overhead;
  double ns;
} tsc_scale;
tsc_scale tsc_calibrate(const bench *b);

/* Into the row, from samples in ticks with the overhead in them: KEY_p50_ns, KEY_p99_ns. */
void tsc_latency(json_t *row, const char *key, bench_samples *ticks, const tsc_scale *scale);

#endif
