/* The vocabulary of device code: one source for the C compiler (a worker is a
 * thread, one lane) and for nvcc (a worker is a thread block, a lane a thread
 * of it).
 *
 * The determinism contract: what a task writes is a function of the config,
 * the state it declares, the seed and the part's number alone; never of how
 * many lanes, workers or parts in flight there were. So: integer or
 * fixed-point reductions, float arithmetic in a fixed order by one lane, random
 * numbers from the counter-based generator below, and nothing that C leaves
 * open. */
#ifndef AATGS_PORT_H
#define AATGS_PORT_H

#include "bus.h"

#if defined(__CUDACC__)
#define AATGS_FN    static __device__ inline
#define AATGS_CONST static __constant__ const
/* What is off the path of an empty task: kept out of line, because instructions that were not run
 * lately have to be fetched. */
#define AATGS_COLD static __device__ __noinline__
#else
#define AATGS_COLD  AATGS_FN
#define AATGS_FN    static inline __attribute__((unused))
#define AATGS_CONST static const
#endif

/* Lanes of a team: those that look for work, or post, or do a piece of a task's work together. On
 * cuda a warp; tests that run warps as C say so, too. */
#if defined(__CUDACC__)
#define AATGS_TEAM_LANES 32u
#elif !defined(AATGS_TEAM_LANES)
#define AATGS_TEAM_LANES 1u
#endif

/* A condition that hardly ever holds: what it leads to is kept out of the way. */
#define AATGS_RARE(condition) __builtin_expect(!!(condition), 0)

/* What a task function is handed. One copy a lane on cuda. */
typedef struct aatgs_task {
  const void *config;      /* config_bytes, 4-byte aligned, read-only */
  uint32_t *telemetry;     /* telemetry words; only the DOWNLOAD task may write them */
  uint8_t *const *regions; /* region bases, in the workload's order */
  const uint64_t *region_bytes;
  uint64_t iteration;
  uint64_t key;  /* random key of (seed, iteration, task, part) */
  uint32_t task; /* number in the graph */
  uint32_t part; /* 0..parts-1; == parts inside finish */
  uint32_t parts;
  uint32_t arg;  /* as given when the task was added */
  uint32_t lane; /* 0..lanes-1 */
  uint32_t lanes;
  uint32_t digest;  /* of this lane's writes so far */
  uint32_t failed;  /* code handed to aatgs_fail(), or 0 */
  uint32_t attempt; /* 0, then 1, 2 ... when the part failed and is run again */
} aatgs_task;

/* ---- Regions and writes --------------------------------------------------- */

#if defined(__CUDACC__)
/* Tells the compiler that a region lies in the GPU's memory. */
AATGS_FN void *aatgs_in_device(void *region)
{
  __builtin_assume(__isGlobal(region));
  return region;
}
#else
#define aatgs_in_device(region) ((void *)(region))
#endif

/* Base of a region, to read from. Writes to primary regions go through
 * aatgs_put_*(), so that the digest sees them; derived ones may be written
 * plainly. */
#define aatgs_region_ptr(t, index, type) ((type *)aatgs_in_device((t)->regions[index]))
#define aatgs_region_len(t, index, type) ((t)->region_bytes[index] / sizeof(type))

AATGS_FN uint32_t aatgs_mix_write(uint32_t region, uint64_t index, uint64_t value)
{
  uint64_t h = (index + 1) * UINT64_C(0x9e3779b97f4a7c15) + region;
  h = (h ^ value) * UINT64_C(0xbf58476d1ce4e5b9);
  h = (h ^ (h >> 31)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)(h >> 32);
}

/* The same for 64 bits of a region as they lie there; the fold lets the highest bits count in full.
 */
AATGS_FN uint32_t aatgs_mix_word(uint32_t region, uint64_t index, uint64_t value)
{
  return aatgs_mix_write(region, index, value ^ value >> 32);
}

/* Writes one element of a region and adds it to the part's digest. */
#define AATGS_DEFINE_PUT(suffix, type, bits)                                                       \
  AATGS_FN void aatgs_put_##suffix(aatgs_task *t, uint32_t region, uint64_t index, type value)     \
  {                                                                                                \
    aatgs_region_ptr(t, region, type)[index] = value;                                              \
    t->digest += aatgs_mix_write(region, index, (bits)value);                                      \
  }
AATGS_DEFINE_PUT(u8, uint8_t, uint8_t)
AATGS_DEFINE_PUT(u16, uint16_t, uint16_t)
AATGS_DEFINE_PUT(u32, uint32_t, uint32_t)
AATGS_DEFINE_PUT(u64, uint64_t, uint64_t)
AATGS_DEFINE_PUT(i32, int32_t, uint32_t)

/* Reports that the part cannot do its work. While its task has retries left it
 * is called again at once, with `attempt` one higher, other random numbers, and
 * what it has written in place. After that the task has failed: what depends
 * on it is skipped, and the iteration ends with AATGS_STATUS_TASK_FAILED or
 * AATGS_STATUS_STOPPED. Every lane must agree. `code` is not 0. */
AATGS_FN void aatgs_fail(aatgs_task *t, uint32_t code)
{
  t->failed = code;
}

/* ---- Worker-wide loops, barriers, reductions ------------------------------ */

/* Runs the body for i = 0..n-1, shared among the worker's lanes. */
#define aatgs_lane_for(t, i, n)                                                                    \
  for (uint32_t i = (t)->lane, i##_end = (n); i < i##_end; i += (t)->lanes)

/* Only one lane runs the statement that follows. */
#define aatgs_one_lane(t) if ((t)->lane == 0)

/* Only one lane runs the statement that follows: for different numbers, lanes of different teams
 * where the worker has enough of them. */
#define aatgs_lane_of(t, number) if ((t)->lane == (number)*AATGS_TEAM_LANES % (t)->lanes)

/* The task as one team sees it, which can do a piece of work by itself, side by side with others:
 * a copy for the team of the calling lane, whose number is lane / team.lanes and of which there are
 * lanes / team.lanes. Its digest begins with 0 and is to be added to the task's. */
AATGS_FN aatgs_task aatgs_team(const aatgs_task *t)
{
  aatgs_task team = *t;
  team.lane %= AATGS_TEAM_LANES;
  team.lanes = AATGS_TEAM_LANES;
  team.digest = 0;
  return team;
}

/* All lanes of the worker, or of the team, reach this before any goes on; what they wrote before
 * it is seen after it. Every lane must call it. */
AATGS_FN void aatgs_sync(const aatgs_task *t);

#if defined(__CUDACC__)
#include "port_cuda.h"
#else
AATGS_FN void aatgs_sync(const aatgs_task *t)
{
  (void)t;
}

/* Sum, minimum or maximum over the worker's (the team's) lanes, handed to every lane. Every
 * lane must call it. */
AATGS_FN uint32_t aatgs_reduce_add_u32(const aatgs_task *t, uint32_t v)
{
  (void)t;
  return v;
}
AATGS_FN uint64_t aatgs_reduce_add_u64(const aatgs_task *t, uint64_t v)
{
  (void)t;
  return v;
}
AATGS_FN uint64_t aatgs_reduce_min_u64(const aatgs_task *t, uint64_t v)
{
  (void)t;
  return v;
}
AATGS_FN uint64_t aatgs_reduce_max_u64(const aatgs_task *t, uint64_t v)
{
  (void)t;
  return v;
}

/* Adds to a word that other lanes or parts add to as well. The sum is
 * deterministic, the moment is not, so nothing is returned. */
AATGS_FN void aatgs_add_u32(uint32_t *p, uint32_t v)
{
  __atomic_fetch_add(p, v, __ATOMIC_RELAXED);
}
AATGS_FN void aatgs_add_u64(uint64_t *p, uint64_t v)
{
  __atomic_fetch_add(p, v, __ATOMIC_RELAXED);
}

/* Writes a word that other lanes of the worker may write the same value to at the same time. */
AATGS_FN void aatgs_mark_u32(uint32_t *p, uint32_t v)
{
  __atomic_store_n(p, v, __ATOMIC_RELAXED);
}
#endif

/* ---- Random numbers ------------------------------------------------------- */

/* Finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom
 * number generators, OOPSLA 2014). */
AATGS_FN uint64_t aatgs_mix64(uint64_t x)
{
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* The generator: a function of (seed, iteration, task, part, index), so any lane
 * may draw any number in any order. */
AATGS_FN uint64_t aatgs_random_base(uint64_t seed, uint64_t iteration)
{
  const uint64_t k = aatgs_mix64(seed + UINT64_C(0x9e3779b97f4a7c15));
  return aatgs_mix64(k ^ iteration * UINT64_C(0xd1342543de82ef95));
}

AATGS_FN uint64_t aatgs_random_key(uint64_t base, uint32_t task, uint32_t part)
{
  return aatgs_mix64(base ^ ((uint64_t)task << 32 | part));
}

AATGS_FN uint64_t aatgs_random_u64(const aatgs_task *t, uint64_t index)
{
  return aatgs_mix64(t->key + (index + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

AATGS_FN uint32_t aatgs_random_u32(const aatgs_task *t, uint64_t index)
{
  return (uint32_t)(aatgs_random_u64(t, index) >> 32);
}

/* Uniform in 0..n-1 (n > 0) by multiplication (Lemire 2019, without rejection:
 * the bias is at most n / 2^32). */
AATGS_FN uint32_t aatgs_random_below(const aatgs_task *t, uint64_t index, uint32_t n)
{
  return (uint32_t)(((uint64_t)aatgs_random_u32(t, index) * n) >> 32);
}

#endif
