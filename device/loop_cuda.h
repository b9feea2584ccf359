/* What a worker that is a thread block does in its own way. Included by command.h. */
#ifndef AATGS_LOOP_CUDA_H
#define AATGS_LOOP_CUDA_H

#include "state.h"

#define AATGS_WORKER_SHARED(type, name) __shared__ type name

/* Nobody stops a thread block. */
AATGS_FN void aatgs_stop_before(const aatgs_loop *loop, const aatgs_task *t)
{
  (void)loop;
  (void)t;
}

/* The lanes that look for work together: the first warp. */
#define AATGS_TEAM_LANES 32u

AATGS_FN void aatgs_worker_sync(void)
{
  __syncthreads();
}

/* Hands lane 0's value to the team, and what lane 0 wrote with it. */
AATGS_FN uint32_t aatgs_team_share(uint32_t value)
{
  __syncwarp();
  return __shfl_sync(0xffffffffu, value, 0);
}

/* One flit a lane: the whole slot in one trip over the bus. */
AATGS_FN int aatgs_team_slot_load(const aatgs_flit *slot, uint32_t flits, uint32_t tag,
                                  uint32_t *words, uint32_t lane)
{
  int complete = 1;
  if (lane < flits) {
    const aatgs_flit f = aatgs_flit_load(slot + lane);
    complete = f.tag == tag;
    words[3 * lane + 0] = f.word[0];
    words[3 * lane + 1] = f.word[1];
    words[3 * lane + 2] = f.word[2];
  }
  complete = __all_sync(0xffffffffu, complete);
  __syncwarp();
  return complete;
}

/* One wait of a worker whose last `idle` looks found nothing. */
AATGS_FN void aatgs_worker_idle(uint32_t flags, uint32_t idle)
{
  if (flags & AATGS_LOOP_POWER)
    __nanosleep(idle < 1000 ? 200 : 100000);
  else if (flags & AATGS_LOOP_BALANCED)
    __nanosleep(idle < 10000 ? 20 : 5000);
}

#endif
