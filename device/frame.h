/* The dataflow of an iteration: admission, readiness, claiming, completion. All
 * of it is run by a worker's leading lane.
 *
 * Edges inside a graph are counted down in `waiting`. Edges between iterations
 * follow from the regions: a frame shows which regions its tasks may still
 * touch or write, and a task whose regions an earlier frame still holds is
 * parked in `blocked` until that frame lets go. */
#ifndef AATGS_FRAME_H
#define AATGS_FRAME_H

#include "state.h"

#if defined(__CUDACC__)
#define AATGS_LOW_BIT(word) ((uint32_t)__ffsll((long long)(word)) - 1u)
#else
#include <time.h>
#define AATGS_LOW_BIT(word) ((uint32_t)__builtin_ctzll(word))
#endif

typedef enum aatgs_step_kind {
  AATGS_STEP_NONE = 0,
  AATGS_STEP_PART,     /* run a part (or finish) of a task */
  AATGS_STEP_PROGRAM,  /* run this worker's share of an iteration, see program.h */
  AATGS_STEP_SPREAD,   /* the same where any worker may run all of it */
  AATGS_STEP_ADMIT,    /* fill in a frame, then start its first tasks */
  AATGS_STEP_REBUILD,  /* rebuild the derived regions */
  AATGS_STEP_NOP,      /* acknowledge */
  AATGS_STEP_GRAPH,    /* take over a graph table */
  AATGS_STEP_PLAN,     /* take over a plan table */
  AATGS_STEP_SNAPSHOT, /* regions to staging */
  AATGS_STEP_RESTORE,  /* staging to regions, then rebuild */
  AATGS_STEP_STOP,     /* say so and end the loop */
  AATGS_STEP_LEAVE     /* the loop has ended */
} aatgs_step_kind;

/* What a worker does next. */
typedef struct aatgs_step {
  uint32_t kind;
  uint32_t task;
  uint32_t part;
  aatgs_frame *frame;
} aatgs_step;

/* What was found in a slot. */
typedef enum aatgs_slot_state {
  AATGS_SLOT_EARLIER = 0, /* what was asked for is not there yet, or not all of it */
  AATGS_SLOT_WHOLE = 1,
  AATGS_SLOT_LATER = 2 /* something that was put there later */
} aatgs_slot_state;

/* A worker's own memory. */
typedef struct aatgs_worker {
  uint32_t id;
  uint32_t idle;     /* looks in a row that found nothing */
  uint64_t now_ns;   /* clock at the end of the last step */
  uint64_t oldest;   /* iterations before this one are complete */
  uint64_t relayed;  /* sequence number of the next relayed command to take */
  uint32_t dealt;    /* cuda: number of the next deal to take, see aatgs_deal_take() */
  uint64_t shuffled; /* state of the generator behind SHUFFLE */
} aatgs_worker;

typedef union aatgs_command_words {
  aatgs_command command;
  uint32_t words[AATGS_COMMAND_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
} aatgs_command_words;

/* Device clock, ns: CLOCK_MONOTONIC on cpu, the global timer on cuda. Tasks have no clock. */
AATGS_FN uint64_t aatgs_clock_ns(void)
{
#if defined(__CUDACC__)
  uint64_t t = 0;
#if defined(__CUDA_ARCH__)
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(t));
#endif
  return t;
#else
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
#endif
}

AATGS_FN uint32_t aatgs_shuffle_below(aatgs_worker *w, uint32_t n)
{
  w->shuffled += UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)((aatgs_mix64(w->shuffled) >> 32) * n >> 32);
}

/* ---- Readiness ------------------------------------------------------------------- */

/* Moves w->oldest up to the first iteration before `end`, all of which were admitted, that is not
 * complete. Iterations may complete out of order, so a count of them would not tell. */
AATGS_FN uint64_t aatgs_oldest(const aatgs_loop *loop, aatgs_worker *w, uint64_t end)
{
  if (w->oldest + loop->command_mask + 1 < end)
    w->oldest = end - loop->command_mask - 1; /* the host's credits: no more are in flight */
  while (w->oldest < end) {
    const aatgs_frame *f = aatgs_frame_of(loop, w->oldest);
    if (aatgs_dev_load_acquire_u32(&f->live) &&                 /* D4 */
        aatgs_dev_load_acquire_u64(&f->iteration) == w->oldest) /* else taken again */
      break;
    w->oldest++;
  }
  return w->oldest;
}

/* Whether an earlier iteration still holds a region that the task wants. */
AATGS_FN int aatgs_task_blocked(const aatgs_loop *loop, aatgs_worker *w, const aatgs_frame *frame,
                                const aatgs_task_entry *entry)
{
  const uint64_t mine = frame->iteration;
  for (uint64_t i = aatgs_oldest(loop, w, mine); i < mine; i++) {
    const aatgs_frame *f = aatgs_frame_of(loop, i);
    const uint64_t touch = aatgs_dev_load_seq_u64(&f->touch_busy); /* D6 */
    const uint64_t write = aatgs_dev_load_seq_u64(&f->write_busy);
    if (aatgs_dev_load_seq_u64(&f->iteration) != i)
      continue; /* complete, and its slot taken again */
    if ((write & (entry->reads | entry->writes)) || (touch & entry->writes))
      return 1;
  }
  return 0;
}

/* Lets any worker claim the last `count` parts of the task. */
AATGS_FN void aatgs_publish(aatgs_frame *frame, uint32_t task, uint32_t count)
{
  const uint32_t rank = aatgs_rank_of(frame->plan)[task];
  aatgs_dev_add_u32(&frame->ready_count, 1);
  aatgs_dev_store_release_u32(&frame->unclaimed[rank], count); /* D1 */
  aatgs_dev_or_seq_u64(&frame->ready[rank / 64], UINT64_C(1) << rank % 64);
}

/* A ready task: part 0 stays on this worker when it has nothing else to do and nothing more
 * urgent is waiting; everything else is published. */
AATGS_FN void aatgs_offer(const aatgs_loop *loop, aatgs_frame *frame, uint32_t task,
                          aatgs_step *next)
{
  const aatgs_task_entry *entries = aatgs_entries(frame->graph);
  if (!next || (loop->flags & AATGS_LOOP_SHUFFLE)) {
    aatgs_publish(frame, task, entries[task].parts);
  } else if (next->kind == AATGS_STEP_PART) {
    const uint32_t *rank_of = aatgs_rank_of(frame->plan);
    const uint32_t kept = rank_of[next->task] < rank_of[task] ? next->task : task;
    const uint32_t given = kept == task ? next->task : task;
    next->task = kept;
    aatgs_publish(frame, given, entries[given].parts);
  } else if (aatgs_dev_load_relaxed_u32(&frame->ready_count)) {
    aatgs_publish(frame, task, entries[task].parts);
  } else {
    next->kind = AATGS_STEP_PART;
    next->frame = frame;
    next->task = task;
    next->part = 0;
  }
}

/* Publishes what is left of a task of which this worker keeps part 0. */
AATGS_FN void aatgs_keep(const aatgs_step *next)
{
  if (next->kind == AATGS_STEP_PART && next->part == 0) {
    const uint32_t parts = aatgs_entries(next->frame->graph)[next->task].parts;
    if (parts > 1)
      aatgs_publish(next->frame, next->task, parts - 1);
  }
}

/* The task's dependencies are done. `next` NULL: this worker keeps nothing. */
AATGS_FN void aatgs_task_satisfied(const aatgs_loop *loop, aatgs_worker *w, aatgs_frame *frame,
                                   uint32_t task, aatgs_step *next)
{
  const aatgs_task_entry *entry = aatgs_entries(frame->graph) + task;
  if (aatgs_task_blocked(loop, w, frame, entry)) {
    const uint32_t rank = aatgs_rank_of(frame->plan)[task];
    uint64_t *word = &frame->blocked[rank / 64];
    const uint64_t bit = UINT64_C(1) << rank % 64;
    aatgs_dev_add_seq_u32(&frame->blocked_count, 1);
    aatgs_dev_or_seq_u64(word, bit); /* D6: parked, then look again */
    if (aatgs_task_blocked(loop, w, frame, entry))
      return;
    if (!(aatgs_dev_and_seq_u64(word, ~bit) & bit))
      return; /* somebody else has woken it */
    aatgs_dev_sub_u32(&frame->blocked_count, 1);
  }
  aatgs_offer(loop, frame, task, next);
}

/* After iteration `i` let go of a region: looks again at the parked tasks of later ones. A
 * task's bit is taken before its frame is read, so the frame cannot be reused meanwhile. */
AATGS_FN void aatgs_wake_later(const aatgs_loop *loop, aatgs_worker *w, uint64_t i)
{
  const uint64_t end =
      loop->first_iteration + aatgs_dev_load_seq_u64(&loop->shared->admitted); /* D5 */
  while (++i < end) {
    aatgs_frame *frame = aatgs_frame_of(loop, i);
    if (!aatgs_dev_load_seq_u32(&frame->blocked_count))
      continue;
    const uint32_t words = aatgs_dev_load_relaxed_u32(&frame->words);
    for (uint32_t k = 0; k < words; k++) {
      uint64_t bits = aatgs_dev_load_seq_u64(&frame->blocked[k]);
      for (; bits; bits &= bits - 1) {
        const uint64_t bit = bits & (~bits + 1);
        if (!(aatgs_dev_and_seq_u64(&frame->blocked[k], ~bit) & bit))
          continue;
        aatgs_dev_sub_u32(&frame->blocked_count, 1);
        aatgs_task_satisfied(loop, w, frame,
                             aatgs_task_at(frame->plan)[k * 64 + AATGS_LOW_BIT(bit)], NULL);
      }
    }
  }
}

/* ---- Admission ---------------------------------------------------------------------- */

/* Fills in the frame for the command; every lane takes part. */
AATGS_COLD void aatgs_frame_fill(const aatgs_loop *loop, aatgs_frame *frame,
                                 const aatgs_command *command, uint32_t lane, uint32_t lanes)
{
  const aatgs_graph_table *graph = aatgs_graph_at(loop, command->header.graph);
  const aatgs_task_entry *entries = aatgs_entries(graph);
  for (uint32_t i = lane; i < graph->tasks; i += lanes) {
    frame->waiting[i] = entries[i].dependencies;
    frame->parts_left[i] = entries[i].parts;
    frame->skip[i] = 0;
    aatgs_dev_store_relaxed_u32(&frame->unclaimed[i], 0);
  }
  for (uint32_t i = lane; i < AATGS_CONFIG_BYTES_MAX / 4; i += lanes)
    frame->config[i] = command->config[i];
  for (uint32_t i = lane; i < AATGS_TELEMETRY_BYTES_MAX / 4; i += lanes)
    frame->telemetry[i] = 0;
  for (uint32_t i = lane; i < AATGS_REGIONS_MAX; i += lanes)
    frame->last_readers[i] = graph->last_readers[i];
  if (lane == 0) {
    frame->timing_base = command->header.timing_base;
    frame->graph = graph;
    frame->plan = aatgs_plan_at(loop, command->header.plan);
    frame->failed_task = UINT32_MAX;
    aatgs_dev_store_relaxed_u32(&frame->tasks_left, graph->tasks);
    aatgs_dev_store_relaxed_u32(&frame->words, AATGS_BITMAP_WORDS(graph->tasks));
  }
}

/* Makes the filled frame the newest one and starts the tasks that wait for nothing. */
AATGS_COLD void aatgs_frame_start(aatgs_loop *loop, aatgs_worker *w, aatgs_frame *frame,
                                  uint64_t iteration, aatgs_step *next)
{
  frame->start_ns = w->now_ns;
  /* The iteration before the masks: a reader that finds new masks finds the new iteration. */
  aatgs_dev_store_release_u64(&frame->iteration, iteration);
  aatgs_dev_store_release_u64(&frame->touch_busy, frame->graph->touched);
  aatgs_dev_store_release_u64(&frame->write_busy, frame->graph->written);
  aatgs_dev_store_release_u32(&frame->live, 1);
  aatgs_dev_add_seq_u64(&loop->shared->admitted, 1); /* D6: then the masks of earlier frames */
  const aatgs_task_entry *entries = aatgs_entries(frame->graph);
  for (uint32_t rank = 0; rank < frame->graph->tasks; rank++) {
    const uint32_t task = aatgs_task_at(frame->plan)[rank];
    if (!entries[task].dependencies)
      aatgs_task_satisfied(loop, w, frame, task, next);
  }
}

/* ---- Claiming ------------------------------------------------------------------------- */

/* Takes one part of the task at `rank`. The count alone admits: whatever iteration the slot holds
 * by now, a part taken from it is a part of that iteration, which cannot end before. */
AATGS_FN int aatgs_claim_rank(const aatgs_loop *loop, aatgs_worker *w, aatgs_frame *frame,
                              uint32_t rank, aatgs_step *step)
{
  uint32_t v = aatgs_dev_load_relaxed_u32(&frame->unclaimed[rank]);
  while (v) {
    if (!aatgs_dev_cas_u32(&frame->unclaimed[rank], &v, v - 1)) /* D2 */
      continue;
    if (v == 1) {
      aatgs_dev_and_seq_u64(&frame->ready[rank / 64], ~(UINT64_C(1) << rank % 64));
      aatgs_dev_sub_u32(&frame->ready_count, 1);
    }
    const uint32_t task = aatgs_task_at(frame->plan)[rank];
    const uint32_t parts = aatgs_entries(frame->graph)[task].parts;
    step->kind = AATGS_STEP_PART;
    step->frame = frame;
    step->task = task;
    step->part = parts - v;
    if (loop->flags & AATGS_LOOP_SHUFFLE) /* a rotation that all parts of the task agree on */
      step->part = (step->part + (uint32_t)aatgs_mix64(frame->iteration ^ task) % parts) % parts;
    (void)w;
    return 1;
  }
  return 0;
}

AATGS_FN int aatgs_claim_frame(const aatgs_loop *loop, aatgs_worker *w, aatgs_frame *frame,
                               aatgs_step *step)
{
  const uint32_t words = aatgs_dev_load_relaxed_u32(&frame->words);
  const uint32_t skew =
      loop->flags & AATGS_LOOP_SHUFFLE && words ? aatgs_shuffle_below(w, words * 64) : 0;
  for (uint32_t i = 0; i < words; i++) {
    const uint32_t k = (i + skew / 64) % words;
    uint64_t bits = aatgs_dev_load_relaxed_u64(&frame->ready[k]);
    /* Shuffled: the bits from a random one on come first. */
    for (int pass = 0; pass < 2 && bits; pass++) {
      uint64_t some = pass ? bits : bits & (~UINT64_C(0) << skew % 64);
      for (; some; some &= some - 1)
        if (aatgs_claim_rank(loop, w, frame, k * 64 + AATGS_LOW_BIT(some), step))
          return 1;
      if (!(skew % 64))
        break;
    }
  }
  return 0;
}

/* Takes the most urgent ready part of the oldest iteration that has one. */
AATGS_COLD int aatgs_claim(const aatgs_loop *loop, aatgs_worker *w, aatgs_step *step)
{
  const uint64_t end = loop->first_iteration + aatgs_dev_load_acquire_u64(&loop->shared->admitted);
  for (uint64_t i = aatgs_oldest(loop, w, end); i < end; i++) {
    aatgs_frame *frame = aatgs_frame_of(loop, i);
    if (aatgs_dev_load_relaxed_u32(&frame->ready_count) && aatgs_claim_frame(loop, w, frame, step))
      return 1;
  }
  return 0;
}

/* ---- Completion ---------------------------------------------------------------------------- */

/* What a timing record says besides the digest. */
typedef struct aatgs_timing_head {
  uint64_t sequence;
  uint32_t iteration;
  uint32_t task;
  uint32_t part;
  uint32_t worker;
  uint64_t start_ns;
  uint64_t end_ns;
} aatgs_timing_head;

AATGS_FN uint32_t aatgs_duration_ns(uint64_t start_ns, uint64_t end_ns)
{
  const uint64_t duration = end_ns - start_ns;
  return duration > UINT32_MAX ? UINT32_MAX : (uint32_t)duration;
}

/* What posting timing records needs of the loop. */
typedef struct aatgs_timing_ring {
  aatgs_flit *slots;
  uint32_t mask;
  uint32_t digests; /* 0: records carry none, else all bits set */
} aatgs_timing_ring;

AATGS_FN aatgs_timing_ring aatgs_timing_ring_of(const aatgs_loop *loop)
{
  const aatgs_timing_ring ring = {loop->timings, loop->timing_mask,
                                  loop->flags & AATGS_LOOP_DIGEST_OFF ? 0 : UINT32_MAX};
  return ring;
}

AATGS_FN aatgs_flit *aatgs_timing_slot(const aatgs_timing_ring *ring, uint64_t sequence)
{
  return ring->slots + (sequence & ring->mask) * AATGS_TIMING_FLITS;
}

AATGS_FN void aatgs_post_timing(const aatgs_timing_ring *ring, const aatgs_timing_head *h,
                                uint32_t digest)
{
  union {
    aatgs_timing_record record;
    uint32_t words[AATGS_TIMING_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
  } u;
  u.record.iteration = h->iteration;
  u.record.task = h->task;
  u.record.part = (uint16_t)h->part;
  u.record.worker = (uint16_t)h->worker;
  u.record.start = (uint32_t)h->start_ns;
  u.record.duration_ns = aatgs_duration_ns(h->start_ns, h->end_ns);
  u.record.digest = digest & ring->digests;
  aatgs_slot_store(aatgs_timing_slot(ring, h->sequence), AATGS_TIMING_FLITS, (uint32_t)h->sequence,
                   u.words);
}

/* The header of a telemetry record. */
typedef struct aatgs_telemetry_head {
  uint64_t iteration;
  uint32_t status;
  uint32_t detail;
  uint64_t start_ns;
  uint64_t end_ns;
} aatgs_telemetry_head;

/* `failed`: the lowest AATGS_FAILED() of the failed tasks, UINT32_MAX: none. */
AATGS_FN void aatgs_telemetry_verdict(aatgs_telemetry_head *h, uint32_t failed)
{
  h->status = failed == UINT32_MAX            ? AATGS_STATUS_OK
              : failed & AATGS_FAILED_GOES_ON ? AATGS_STATUS_TASK_FAILED
                                              : AATGS_STATUS_STOPPED;
  h->detail = failed == UINT32_MAX ? 0 : failed & ~AATGS_FAILED_GOES_ON;
}

AATGS_FN aatgs_flit *aatgs_telemetry_slot(const aatgs_loop *loop, uint64_t iteration)
{
  return loop->telemetry + (iteration & loop->telemetry_mask) * AATGS_TELEMETRY_FLITS;
}

AATGS_FN void aatgs_post_telemetry(aatgs_flit *slot, const aatgs_telemetry_head *h,
                                   const uint32_t *telemetry)
{
  union {
    aatgs_telemetry_record record;
    uint32_t words[AATGS_TELEMETRY_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
  } u;
  u.record.iteration = h->iteration;
  u.record.status = h->status;
  u.record.detail = h->detail;
  u.record.start_ns = h->start_ns;
  u.record.end_ns = h->end_ns;
  for (uint32_t i = 0; i < AATGS_TELEMETRY_BYTES_MAX / 4; i++)
    u.record.telemetry[i] = telemetry[i];
  aatgs_slot_store(slot, AATGS_TELEMETRY_FLITS, (uint32_t)h->iteration, u.words);
}

/* The last task is done. The slot is taken again only after the host has seen the telemetry, so
 * the frame must not be live any more when that is posted. */
AATGS_FN void aatgs_frame_done(aatgs_loop *loop, aatgs_frame *frame, uint64_t now_ns)
{
  const uint32_t failed = aatgs_dev_load_relaxed_u32(&frame->failed_task);
  aatgs_telemetry_head head = {frame->iteration, 0, 0, frame->start_ns, now_ns};
  aatgs_telemetry_verdict(&head, failed);
  aatgs_dev_store_release_u32(&frame->live, 0);
  aatgs_dev_add_u64(&loop->shared->completed, 1); /* D3 */
  aatgs_post_telemetry(aatgs_telemetry_slot(loop, head.iteration), &head, frame->telemetry);
}

/* Lets go of the regions that nobody in the iteration needs after this task. */
AATGS_FN void aatgs_release_regions(aatgs_loop *loop, aatgs_worker *w, aatgs_frame *frame,
                                    const aatgs_task_entry *entry)
{
  uint64_t touch = entry->touch_release;
  for (uint64_t bits = entry->touch_count; bits; bits &= bits - 1)
    if (aatgs_dev_sub_u32(&frame->last_readers[AATGS_LOW_BIT(bits)], 1) == 1) /* D3, D4 */
      touch |= bits & (~bits + 1);
  if (!touch && !entry->write_release)
    return;
  if (entry->write_release)
    aatgs_dev_and_seq_u64(&frame->write_busy, ~entry->write_release); /* D5 */
  if (touch)
    aatgs_dev_and_seq_u64(&frame->touch_busy, ~touch);
  aatgs_wake_later(loop, w, frame->iteration);
}

AATGS_FN void aatgs_task_done(aatgs_loop *loop, aatgs_worker *w, aatgs_frame *frame, uint32_t task,
                              aatgs_step *next)
{
  const aatgs_task_entry *entry = aatgs_entries(frame->graph) + task;
  const uint32_t *dependents = aatgs_dependents(frame->graph) + entry->first_dependent;
  const uint32_t skip = aatgs_dev_load_relaxed_u32(&frame->skip[task]);
  aatgs_release_regions(loop, w, frame, entry);
  for (uint32_t i = 0; i < entry->dependents; i++) {
    if (skip)
      aatgs_dev_store_relaxed_u32(&frame->skip[dependents[i]], AATGS_SKIP_BLOCKED);
    if (aatgs_dev_sub_u32(&frame->waiting[dependents[i]], 1) == 1) /* D3, D4 */
      aatgs_task_satisfied(loop, w, frame, dependents[i], next);
  }
  if (aatgs_dev_sub_u32(&frame->tasks_left, 1) == 1) /* D3, D4 */
    aatgs_frame_done(loop, frame, w->now_ns);
}

AATGS_FN void aatgs_task_failed(aatgs_frame *frame, uint32_t task)
{
  const uint32_t failed = AATGS_FAILED(task, aatgs_entries(frame->graph)[task].flags);
  uint32_t lowest = aatgs_dev_load_relaxed_u32(&frame->failed_task);
  aatgs_dev_store_relaxed_u32(&frame->skip[task], AATGS_SKIP_FAILED);
  while (failed < lowest && !aatgs_dev_cas_u32(&frame->failed_task, &lowest, failed))
    continue;
}

/* A part (or finish) of a task has run. Says in *step what this worker does next. */
AATGS_COLD void aatgs_part_done(aatgs_loop *loop, aatgs_worker *w, aatgs_step *step,
                                uint32_t digest, uint32_t failed)
{
  aatgs_frame *frame = step->frame;
  const uint32_t task = step->task;
  const aatgs_task_entry *entry = aatgs_entries(frame->graph) + task;
  const uint64_t start_ns = w->now_ns;
  w->now_ns = aatgs_clock_ns();
  const aatgs_timing_head head = {frame->timing_base + entry->first_record + step->part,
                                  (uint32_t)frame->iteration,
                                  task,
                                  step->part,
                                  w->id,
                                  start_ns,
                                  w->now_ns};
  const aatgs_timing_ring ring = aatgs_timing_ring_of(loop);
  aatgs_post_timing(&ring, &head, digest);
  if (failed)
    aatgs_task_failed(frame, task);
  if (step->part < entry->parts) {
    if (aatgs_dev_sub_u32(&frame->parts_left[task], 1) != 1) { /* D3, D4 */
      step->kind = AATGS_STEP_NONE;
      return;
    }
    if (entry->flags & AATGS_TASK_FINISH) {
      step->part = entry->parts;
      return;
    }
  }
  step->kind = AATGS_STEP_NONE;
  aatgs_task_done(loop, w, frame, task, step);
  aatgs_keep(step);
}

#endif
