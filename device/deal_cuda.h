/* Deals: iterations that any worker may run, put before the blocks other than block 0, one after
 * the other in turns. A deal says no more than which command it is: the block reads that itself
 * from where the host has put it, so that many of these reads are under way at a time. Included by
 * poller_cuda.h. */
#ifndef AATGS_DEAL_CUDA_H
#define AATGS_DEAL_CUDA_H

/* Whether a command is such an iteration, by its flit `flit`, of which only the first tells. */
static __device__ inline int aatgs_is_spread(aatgs_flit f, uint32_t flit)
{
  const uint32_t flags = AATGS_COMMAND_PLACED | AATGS_COMMAND_SPREAD;
  return (flit == 0) & (f.word[0] == (AATGS_OP_ITERATE | flags << 16));
}

/* Where deal d lies; they are numbered from 1. The host's credits keep two from wanting the same
 * place: it takes iterations in in order, so an earlier one in that place has ended. */
static __device__ inline uint64_t *aatgs_deal_at(const aatgs_loop *loop, uint32_t d)
{
  return loop->deals + (d & loop->command_mask);
}

/* Deal d is command n. */
static __device__ inline void aatgs_deal_put(const aatgs_loop *loop, uint32_t d, uint32_t n)
{
  aatgs_dev_store_relaxed_u64(aatgs_deal_at(loop, d), (uint64_t)d << 32 | n); /* D15 */
}

/* The lanes of a block's team together: `seen` lies where the block's next deal will. 1: that is
 * it, and *command is its command. 0: it is not there, or something that it takes is not, and it is
 * to be looked at again. */
static __device__ inline int aatgs_deal_take(const aatgs_loop *loop, aatgs_worker *w,
                                             const aatgs_program *p, uint64_t seen,
                                             aatgs_command_words *command, uint32_t lane)
{
  const uint32_t n = (uint32_t)seen;
  if ((uint32_t)(seen >> 32) != w->dealt)
    return 0;
  const aatgs_flit *slot = loop->commands + (n & loop->command_mask) * AATGS_COMMAND_FLITS;
  if (aatgs_team_slot_load(slot, AATGS_COMMAND_FLITS, n, command->words, lane) != AATGS_SLOT_WHOLE)
    return 0;
  const uint32_t graph = command->command.header.graph;
  if (graph != p->number &&
      aatgs_team_any((int32_t)(aatgs_dev_load_acquire_u32(&loop->shared->graph) - graph) <
                     0)) /* D14 */
    return 0;
  aatgs_team_share(0);
  if (lane == 0)
    w->dealt += loop->workers - 1;
  aatgs_team_share(0);
  return 1;
}

#endif
