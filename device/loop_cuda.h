/* How a worker that is a thread block waits. Included by loop.h. */
#ifndef AATGS_LOOP_CUDA_H
#define AATGS_LOOP_CUDA_H

#include "state.h"

#define AATGS_WORKER_SHARED(type, name) __shared__ type name

AATGS_FN void aatgs_worker_sync(void)
{
  __syncthreads();
}

/* One wait of a block whose last `idle` looks found nothing. Its leading lane alone calls this; the
 * others wait at the barrier. */
AATGS_FN void aatgs_worker_idle(uint32_t flags, uint32_t idle)
{
  if (flags & AATGS_LOOP_POWER && idle > 1000)
    __nanosleep(1000000);
  else if (flags & AATGS_LOOP_BALANCED && idle > 20000)
    __nanosleep(50000);
}

#endif
