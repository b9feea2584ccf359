#include "tools/latency.h"

/* Values below 2 * SUB have a bucket each; above, each doubling has SUB buckets. */
static uint32_t bucket_of(uint64_t ns)
{
  uint32_t shift = 0;
  if (ns >= 2 * AATGS_LATENCY_SUB)
    shift = 63 - 7 - (uint32_t)__builtin_clzll(ns);
  return shift * AATGS_LATENCY_SUB + (uint32_t)(ns >> shift);
}

uint64_t aatgs_latency_lowest(uint32_t bucket)
{
  uint32_t shift = bucket < 2 * AATGS_LATENCY_SUB ? 0 : bucket / AATGS_LATENCY_SUB - 1;
  return (uint64_t)(bucket - shift * AATGS_LATENCY_SUB) << shift;
}

void aatgs_latency_add(aatgs_latency *latency, uint64_t ns)
{
  latency->bucket[bucket_of(ns)]++;
  latency->count++;
  if (ns > latency->max_ns)
    latency->max_ns = ns;
}

uint64_t aatgs_latency_at(const aatgs_latency *latency, uint32_t per_mille)
{
  /* The rank is rounded up, so that p50 of one value is that value; count stays below 2^54. */
  uint64_t rank = (latency->count * per_mille + 999) / 1000;
  uint64_t seen = 0;
  for (uint32_t i = 0; i < AATGS_LATENCY_BUCKETS; i++) {
    seen += latency->bucket[i];
    if (seen && seen >= rank)
      return aatgs_latency_lowest(i);
  }
  return 0;
}
