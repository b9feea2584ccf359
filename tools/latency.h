/* A histogram of durations in fixed memory: log-linear buckets, as in HDR
 * Histogram (Tene), so that any percentile is exact to 1 part in 128. */
#ifndef AATGS_TOOLS_LATENCY_H
#define AATGS_TOOLS_LATENCY_H

#include <stdint.h>

#define AATGS_LATENCY_SUB     128u /* buckets for each doubling */
#define AATGS_LATENCY_BUCKETS (58u * AATGS_LATENCY_SUB)

typedef struct aatgs_latency {
  uint64_t count;
  uint64_t max_ns;
  uint64_t bucket[AATGS_LATENCY_BUCKETS];
} aatgs_latency;

/* A zeroed histogram is an empty one. */
void aatgs_latency_add(aatgs_latency *latency, uint64_t ns);
/* The lowest duration such that `per_mille` of 1000 lie at or below it (rounded down to its
 * bucket), 0 when empty. */
uint64_t aatgs_latency_at(const aatgs_latency *latency, uint32_t per_mille);

/* The lowest duration that a bucket counts. */
uint64_t aatgs_latency_lowest(uint32_t bucket);

#endif
