/* What a worker that is a thread does in its own way. Included by command.h. */
#ifndef AATGS_LOOP_CPU_H
#define AATGS_LOOP_CPU_H

#include "state.h"

#include <sched.h>
#include <signal.h>
#include <time.h>

#if defined(AATGS_WORKLOAD_CUDA)
struct aatgs_launch;
int aatgs_cuda_launch(const struct aatgs_launch *launch); /* in the code that nvcc made */
#define AATGS_CUDA_LAUNCH aatgs_cuda_launch
#else
#define AATGS_CUDA_LAUNCH NULL
#endif
#define AATGS_WORKER_SHARED(type, name) type name = {0}

/* The lanes that look for work together. */
#define AATGS_TEAM_LANES 1u

AATGS_FN void aatgs_worker_sync(void) {}
AATGS_FN uint32_t aatgs_team_share(uint32_t value)
{
  return value;
}

AATGS_FN int aatgs_team_slot_load(const aatgs_flit *slot, uint32_t flits, uint32_t tag,
                                  uint32_t *words, uint32_t lane)
{
  (void)lane;
  return aatgs_slot_load(slot, flits, tag, words);
}

/* Waits here while a debugger looks at the state that the task finds. After SIGTRAP its function is
 * the next thing to be called. */
AATGS_FN void aatgs_stop_before(const aatgs_loop *loop, const aatgs_task *t)
{
  aatgs_stop *s = loop->stop;
  const struct timespec nap = {0, 1000000};
  if (!s || aatgs_bus_load_acquire(&s->state) != AATGS_STOP_ARMED || /* S2 */
      s->iteration != t->iteration || s->task != t->task)
    return;
  aatgs_bus_store_release(&s->state, AATGS_STOP_REACHED);         /* S1 */
  while (aatgs_bus_load_acquire(&s->state) == AATGS_STOP_REACHED) /* S2 */
    nanosleep(&nap, NULL);
  if (aatgs_bus_load_acquire(&s->state) == AATGS_STOP_TRAP)
    raise(SIGTRAP);
}

/* One wait of a worker whose last `idle` looks found nothing. Spinning threads that outnumber the
 * cores cost milliseconds a hand-over, hence CROWDED. */
AATGS_FN void aatgs_worker_idle(uint32_t flags, uint32_t idle)
{
  const uint32_t spins = flags & AATGS_LOOP_CROWDED    ? 64
                         : flags & AATGS_LOOP_POWER    ? 1000
                         : flags & AATGS_LOOP_BALANCED ? 20000
                                                       : UINT32_MAX;
  if (idle < spins) {
    __builtin_ia32_pause();
  } else if (!(flags & (AATGS_LOOP_POWER | AATGS_LOOP_BALANCED)) || idle < spins + 1000) {
    sched_yield();
  } else {
    const struct timespec nap = {0, flags & AATGS_LOOP_POWER ? 1000000 : 50000};
    nanosleep(&nap, NULL);
  }
}

#endif
