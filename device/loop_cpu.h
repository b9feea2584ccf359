/* What a worker that is a thread does in its own way. Included by command.h. */
#ifndef AATGS_LOOP_CPU_H
#define AATGS_LOOP_CPU_H

#include "frame.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#if defined(AATGS_WORKLOAD_CUDA)
struct aatgs_launch;
int aatgs_cuda_launch(const struct aatgs_launch *launch); /* in the code that nvcc made */
#define AATGS_CUDA_LAUNCH aatgs_cuda_launch
#else
#define AATGS_CUDA_LAUNCH NULL
#endif

AATGS_FN void aatgs_worker_sync(uint32_t lanes)
{
  (void)lanes;
}

AATGS_FN uint32_t aatgs_team_share(uint32_t value)
{
  return value;
}

AATGS_FN uint32_t aatgs_end_lane(uint32_t lanes)
{
  (void)lanes;
  return 0;
}

AATGS_FN int aatgs_team_all(int condition)
{
  return condition;
}

AATGS_FN int aatgs_team_any(int condition)
{
  return condition;
}

AATGS_FN uint32_t aatgs_team_or(uint32_t value)
{
  return value;
}

AATGS_FN int aatgs_type_is(uint32_t type, uint32_t index)
{
  return type == index;
}

AATGS_FN void aatgs_digest_gather(uint32_t *sum, uint32_t digest, uint32_t lane)
{
  (void)lane;
  *sum += digest;
}

AATGS_FN aatgs_slot_state aatgs_team_slot_load(const aatgs_flit *slot, uint32_t flits, uint32_t tag,
                                               uint32_t *words, uint32_t lane)
{
  (void)lane;
  if (aatgs_slot_load(slot, flits, tag, words))
    return AATGS_SLOT_WHOLE;
  return (int32_t)(aatgs_flit_load(slot).tag - tag) > 0 ? AATGS_SLOT_LATER : AATGS_SLOT_EARLIER;
}

AATGS_FN void aatgs_team_telemetry(aatgs_flit *slot, const aatgs_telemetry_head *h,
                                   uint32_t *telemetry, uint32_t lane)
{
  (void)lane;
  aatgs_post_telemetry(slot, h, telemetry);
  memset(telemetry, 0, AATGS_TELEMETRY_BYTES_MAX);
}

/* What turns leave behind until their timing records are posted: here that is at once. */
typedef struct aatgs_notes {
  uint32_t digest;
} aatgs_notes;

AATGS_FN uint32_t *aatgs_note_digest(aatgs_notes *notes, uint32_t n)
{
  (void)n;
  return &notes->digest;
}

AATGS_FN void aatgs_note_put(const aatgs_loop *loop, aatgs_notes *notes, uint32_t n,
                             const aatgs_timing_head *h, uint32_t lane)
{
  const aatgs_timing_ring ring = aatgs_timing_ring_of(loop);
  (void)n, (void)lane;
  aatgs_post_timing(&ring, h, notes->digest);
  notes->digest = 0;
}

AATGS_FN uint32_t aatgs_note_room(uint32_t taken)
{
  (void)taken;
  return UINT32_MAX;
}

AATGS_FN void aatgs_note_check(aatgs_notes *notes, uint32_t taken, uint32_t lane)
{
  (void)notes, (void)taken, (void)lane;
}

AATGS_FN void aatgs_bell_store(uint64_t *bell, uint64_t v)
{
  aatgs_dev_store_release_u64(bell, v); /* D11 */
}

AATGS_FN uint32_t aatgs_front_ended(const aatgs_front *front)
{
  return front->ended; /* goes with the token */
}

AATGS_FN void aatgs_copy_bytes(uint8_t *to, const uint8_t *from, uint64_t bytes, uint32_t lane,
                               uint32_t lanes)
{
  (void)lane, (void)lanes;
  memcpy(to, from, bytes);
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

/* One wait inside an iteration, where the others are at work. */
AATGS_FN void aatgs_wait_idle(uint32_t flags, uint32_t spins)
{
  aatgs_worker_idle(flags & AATGS_LOOP_CROWDED, spins);
}

#endif
