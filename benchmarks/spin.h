/* The work of a task in benchmarks: the same for the runtime and for its rivals on a GPU. */
#ifndef AATGS_BENCH_SPIN_H
#define AATGS_BENCH_SPIN_H

#include "port.h"

/* A chain of `steps` dependent 64-bit multiplications; every lane runs all of it. Never 0, but the
 * compiler does not know. */
AATGS_FN uint64_t bench_spin(uint64_t seed, uint32_t steps)
{
  uint64_t x = seed + 1;
  for (uint32_t i = 0; i < steps; i++)
    x = aatgs_mix64(x + i);
  return x;
}

#endif
