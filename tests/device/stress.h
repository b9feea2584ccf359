/* What the workload stress and its test agree on. Everything about a task of a random graph
 * follows from the graph's seed and the task's number, so that the device can check by itself
 * what must have happened before it. */
#ifndef AATGS_TESTS_STRESS_H
#define AATGS_TESTS_STRESS_H

#include <stdint.h>

#define STRESS_REGIONS   24u
#define STRESS_TYPES     48u /* the types after them are Report, Alone and Tell */
#define STRESS_TASKS_MAX 200u
#define STRESS_PARTS_MAX 8u
#define STRESS_WINDOW    32u /* edges go at most so far back */
#define STRESS_SLOTS     64u /* most iterations in flight: a replay has so many */

/* Regions of task type `i`, as constant expressions: none, one or two written; up to two read. */
#define STRESS_HASH(i, k) ((((i)*2654435761u + (k)*2246822519u) >> 7) * 3266489917u >> 9)
#define STRESS_BIT(i, k)  (UINT64_C(1) << STRESS_HASH(i, k) % STRESS_REGIONS)
#define STRESS_WRITES(i)                                                                           \
  ((STRESS_HASH(i, 1u) % 8 < 5 ? STRESS_BIT(i, 2u) : 0) |                                          \
   (STRESS_HASH(i, 1u) % 8 < 2 ? STRESS_BIT(i, 3u) : 0))
#define STRESS_READS(i)                                                                            \
  ((STRESS_HASH(i, 4u) % 8 < 6 ? STRESS_BIT(i, 5u) : 0) |                                          \
   (STRESS_HASH(i, 4u) % 8 < 3 ? STRESS_BIT(i, 6u) : 0))
#define STRESS_FINISH(i)     ((i) % 2 == 0)
#define STRESS_REPORT_READS  UINT64_C(3)
#define STRESS_ARG(s, n)     ((s) << 8 | (n)) /* seed below 2^24, number of the task */
#define STRESS_ARG_SEED(arg) ((arg) >> 8)
#define STRESS_ARG_TASK(arg) ((arg)&255u)

/* __host__ and __device__ under nvcc. */
#if defined(__CUDACC__)
#define STRESS_FN static __host__ __device__ inline
#else
#define STRESS_FN static inline __attribute__((unused))
#endif

STRESS_FN uint32_t stress_mix(uint32_t seed, uint32_t a, uint32_t b)
{
  uint32_t h = seed * 2654435761u ^ a * 2246822519u ^ b * 3266489917u;
  h = (h ^ h >> 15) * 2246822519u;
  h = (h ^ h >> 13) * 3266489917u;
  return h ^ h >> 16;
}

STRESS_FN uint32_t stress_type(uint32_t seed, uint32_t task)
{
  return stress_mix(seed, task, 1000) % STRESS_TYPES;
}

STRESS_FN uint32_t stress_parts(uint32_t seed, uint32_t task)
{
  return 1 + stress_mix(seed, task, 1001) % STRESS_PARTS_MAX;
}

/* Whether task b waits for task a, a < b, whatever their regions. */
STRESS_FN int stress_edge(uint32_t seed, uint32_t a, uint32_t b)
{
  const uint32_t sparse = 4 + stress_mix(seed, 0, 1002) % 40;
  return b - a <= STRESS_WINDOW && stress_mix(seed, a, b) % sparse == 0;
}

#endif
