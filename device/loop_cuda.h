/* What a worker that is a thread block does in its own way. Included by command.h. */
#ifndef AATGS_LOOP_CUDA_H
#define AATGS_LOOP_CUDA_H

#include "frame.h"

/* Nobody stops a thread block. */
AATGS_FN void aatgs_stop_before(const aatgs_loop *loop, const aatgs_task *t)
{
  (void)loop;
  (void)t;
}

#define AATGS_ALL_LANES 0xffffffffu

AATGS_FN void aatgs_worker_sync(uint32_t lanes)
{
  aatgs_lanes_sync(lanes);
}

/* Hands lane 0's value to the team, and what lane 0 wrote with it. */
AATGS_FN uint32_t aatgs_team_share(uint32_t value)
{
  __syncwarp();
  return __shfl_sync(AATGS_ALL_LANES, value, 0);
}

/* The first lane of the team that posts the telemetry of an iteration which ended well: if there is
 * another, not the one that notes the turns. */
AATGS_FN uint32_t aatgs_end_lane(uint32_t lanes)
{
  return lanes > AATGS_TEAM_LANES ? AATGS_TEAM_LANES : 0;
}

AATGS_FN int aatgs_team_all(int condition)
{
  return __all_sync(AATGS_ALL_LANES, condition);
}

AATGS_FN int aatgs_team_any(int condition)
{
  return __any_sync(AATGS_ALL_LANES, condition);
}

AATGS_FN uint32_t aatgs_team_or(uint32_t value)
{
  return __reduce_or_sync(AATGS_ALL_LANES, value);
}

/* Adds up what the lanes hand in; *sum is good after the worker's next barrier. Lanes that have
 * nothing to hand in go past. */
AATGS_FN void aatgs_digest_gather(uint32_t *sum, uint32_t digest, uint32_t)
{
  namespace cg = cooperative_groups;
  if (!digest)
    return;
  const auto some = cg::coalesced_threads();
  const uint32_t all = cg::reduce(some, digest, cg::plus<uint32_t>());
  if (some.thread_rank() == 0)
    atomicAdd_block(sum, all);
}

/* One flit a lane: the whole slot in one trip. */
AATGS_FN aatgs_slot_state aatgs_team_slot_load(const aatgs_flit *slot, uint32_t flits, uint32_t tag,
                                               uint32_t *words, uint32_t lane)
{
  aatgs_flit f = {{0, 0, 0}, tag};
  if (lane < flits)
    f = aatgs_flit_load(slot + lane);
  if (!aatgs_team_all(f.tag == tag))
    return aatgs_team_any((int32_t)(f.tag - tag) > 0) ? AATGS_SLOT_LATER : AATGS_SLOT_EARLIER;
  if (lane < flits) {
    words[3 * lane + 0] = f.word[0];
    words[3 * lane + 1] = f.word[1];
    words[3 * lane + 2] = f.word[2];
  }
  __syncwarp();
  return AATGS_SLOT_WHOLE;
}

/* One of two values without a branch, on which each lane would wait for the others. */
AATGS_FN uint32_t aatgs_pick(int condition, uint32_t yes, uint32_t no)
{
  uint32_t picked;
  asm("{ .reg .pred p; setp.ne.s32 p, %3, 0; selp.b32 %0, %1, %2, p; }"
      : "=r"(picked)
      : "r"(yes), "r"(no), "r"(condition));
  return picked;
}

/* A jump through a table, as the compiler likes to make it of several comparisons, takes a load and
 * an indirect branch: longer than an empty task. So it is not to know that they are of one value.
 */
AATGS_FN int aatgs_type_is(uint32_t type, uint32_t index)
{
  asm volatile("" : "+r"(type));
  return type == index;
}

/* A telemetry record, a flit a lane; `telemetry` is cleared. */
AATGS_FN void aatgs_team_telemetry(aatgs_flit *slot, const aatgs_telemetry_head *h,
                                   uint32_t *telemetry, uint32_t lane)
{
  const uint32_t at = aatgs_pick(lane - 3u < AATGS_TELEMETRY_FLITS - 3u, 3 * lane - 8, 0);
  const uint32_t first = telemetry[at];
  aatgs_flit f = {{first, telemetry[at + 1], aatgs_pick(lane == 2, first, telemetry[at + 2])},
                  (uint32_t)h->iteration};
  f.word[0] = aatgs_pick(lane == 2, (uint32_t)h->end_ns, f.word[0]);
  f.word[1] = aatgs_pick(lane == 2, (uint32_t)(h->end_ns >> 32), f.word[1]);
  f.word[0] = aatgs_pick(lane == 1, h->detail, f.word[0]);
  f.word[1] = aatgs_pick(lane == 1, (uint32_t)h->start_ns, f.word[1]);
  f.word[2] = aatgs_pick(lane == 1, (uint32_t)(h->start_ns >> 32), f.word[2]);
  f.word[0] = aatgs_pick(lane == 0, (uint32_t)h->iteration, f.word[0]);
  f.word[1] = aatgs_pick(lane == 0, (uint32_t)(h->iteration >> 32), f.word[1]);
  f.word[2] = aatgs_pick(lane == 0, h->status, f.word[2]);
  aatgs_flit_store_if(lane < AATGS_TELEMETRY_FLITS, slot + lane, f);
  __syncwarp();
  if (lane < AATGS_TELEMETRY_BYTES_MAX / 4)
    telemetry[lane] = 0;
}

/* What turns leave behind for the block's scribe, a warp of its own that posts their timing
 * records: the lanes go on at once. */
#define AATGS_NOTES           32u /* a power of 2 */
#define AATGS_NOTES_PER_CHECK 8u  /* whether the scribe keeps up */

typedef struct aatgs_note {
  AATGS_ALIGNAS(16) uint32_t sequence; /* low bits */
  uint32_t iteration;
  uint32_t task;
  uint32_t part_worker;
  uint64_t start_ns;
  uint64_t end_ns;
} aatgs_note;

typedef struct aatgs_notes {
  aatgs_note note[AATGS_NOTES];
  uint64_t gate[AATGS_NOTES];   /* opens when the note is written */
  uint32_t digest[AATGS_NOTES]; /* the lanes add to it; the scribe clears it */
  uint32_t posted;              /* turns, counted up */
  uint32_t closed;              /* 1: there will be no more */
} aatgs_notes;

AATGS_FN uint32_t *aatgs_note_digest(aatgs_notes *notes, uint32_t n)
{
  return &notes->digest[n % AATGS_NOTES];
}

/* Turn n has ended. */
AATGS_FN void aatgs_note_put(const aatgs_loop *, aatgs_notes *notes, uint32_t n,
                             const aatgs_timing_head *h, uint32_t lane)
{
  if (lane != 0)
    return;
  aatgs_note *note = &notes->note[n % AATGS_NOTES];
  *(uint4 *)note =
      make_uint4((uint32_t)h->sequence, h->iteration, h->task, h->part | h->worker << 16);
  *(ulonglong2 *)&note->start_ns = make_ulonglong2(h->start_ns, h->end_ns);
  aatgs_gate_arrive(&notes->gate[n % AATGS_NOTES]); /* P1 */
}

/* How many turns after `taken` may pass before the next check. */
AATGS_FN uint32_t aatgs_note_room(uint32_t taken)
{
  return AATGS_NOTES_PER_CHECK - taken % AATGS_NOTES_PER_CHECK;
}

/* Waits until those of half a ring ago are posted, which the scribe does without waiting for
 * anybody. */
AATGS_COLD void aatgs_note_wait(const aatgs_notes *notes, uint32_t taken)
{
  while ((int32_t)(taken - AATGS_NOTES / 2 - aatgs_block_load_acquire(&notes->posted)) > 0) /* P2 */
    continue;
}

/* After so many turns: makes sure that what is written until the next check, by warps that are a
 * turn ahead too, finds room. */
AATGS_FN void aatgs_note_check(aatgs_notes *notes, uint32_t taken, uint32_t lane)
{
  if (taken % AATGS_NOTES_PER_CHECK == 0 && lane == 0)
    aatgs_note_wait(notes, taken);
}

/* D11 where there is nothing to release. */
AATGS_FN void aatgs_bell_store(uint64_t *bell, uint64_t v)
{
  aatgs_dev_store_relaxed_u64(bell, v);
}

AATGS_FN uint32_t aatgs_front_ended(aatgs_front *front)
{
  return aatgs_block_load_acquire(&front->ended); /* P2 */
}

/* Copies between 16-byte aligned places. */
AATGS_FN void aatgs_copy_bytes(uint8_t *to, const uint8_t *from, uint64_t bytes, uint32_t lane,
                               uint32_t lanes)
{
  const uint64_t quads = bytes / sizeof(uint4);
#pragma unroll 4
  for (uint64_t i = lane; i < quads; i += lanes)
    ((uint4 *)to)[i] = ((const uint4 *)from)[i];
  for (uint64_t i = quads * sizeof(uint4) + lane; i < bytes; i += lanes)
    to[i] = from[i];
}

/* One wait of a worker whose last `idle` looks found nothing. */
AATGS_FN void aatgs_worker_idle(uint32_t flags, uint32_t idle)
{
  if (flags & AATGS_LOOP_POWER)
    __nanosleep(idle < 1000 ? 200 : 100000);
  else if (flags & AATGS_LOOP_BALANCED)
    __nanosleep(idle < 10000 ? 20 : 5000);
}

/* One wait inside an iteration, where the others are at work. */
AATGS_FN void aatgs_wait_idle(uint32_t, uint32_t) {}

#endif
