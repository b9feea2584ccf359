/* Running a part: the context a task is handed, and the switch over the workload's task
 * types. Included by loop.h, after the workload's AATGS_TASKS. */
#ifndef AATGS_PART_H
#define AATGS_PART_H

#include "command.h"

AATGS_FN void aatgs_no_function(aatgs_task *t)
{
  (void)t;
}
#define AATGS_NO_FINISH aatgs_no_function
#if !defined(AATGS_REBUILD)
#define AATGS_REBUILD aatgs_no_function
#endif

AATGS_FN void aatgs_task_open(const aatgs_loop *loop, const aatgs_step *step,
                              const aatgs_task_entry *entry, uint32_t lane, uint32_t lanes,
                              aatgs_task *t)
{
  aatgs_frame *frame = step->frame;
  t->config = frame->config;
  t->telemetry = frame->telemetry;
  t->regions = loop->regions;
  t->region_bytes = loop->region_bytes;
  t->iteration = frame->iteration;
  t->key = aatgs_random_key(loop->seed, frame->iteration, step->task, step->part);
  t->task = step->task;
  t->part = step->part;
  t->parts = entry->parts;
  t->arg = entry->arg;
  t->lane = lane;
  t->lanes = lanes;
  t->digest = 0;
  t->failed = 0;
  t->attempt = 0;
}

/* The switch. Returns 0 for a type that the workload does not have. */
AATGS_FN int aatgs_task_call(aatgs_task *t, uint32_t type, int finish)
{
#define AATGS_CASE(index, function, finish_function)                                               \
  case index:                                                                                      \
    if (finish)                                                                                    \
      finish_function(t);                                                                          \
    else                                                                                           \
      function(t);                                                                                 \
    return 1;
  switch (type) {
    AATGS_TASKS(AATGS_CASE)
  }
#undef AATGS_CASE
  return 0;
}

/* Adds all that the task's primary regions hold to its digest. Nobody else writes them until the
 * task is done; what pads them to 64 bytes is zero. */
AATGS_FN void aatgs_digest_regions(const aatgs_loop *loop, aatgs_task *t,
                                   const aatgs_task_entry *entry)
{
  const uint64_t mask = (entry->reads | entry->writes) & loop->primary;
  aatgs_sync(t); /* what finish wrote */
  for (uint64_t bits = mask; bits; bits &= bits - 1) {
    const uint32_t r = AATGS_LOW_BIT(bits);
    const uint64_t *words = (const uint64_t *)(const void *)loop->regions[r];
    const uint64_t count = (loop->region_bytes[r] + 7) / 8;
    for (uint64_t i = t->lane; i < count; i += t->lanes)
      t->digest += aatgs_mix_word(r, i, words[i]);
  }
}

/* Calls the task's function, showing which task runs, and calls it again when it fails and has
 * retries left: at once and by the same worker, so that how it ends is the same everywhere. Every
 * lane takes part. */
AATGS_FN void aatgs_task_run(aatgs_loop *loop, aatgs_task *t, const aatgs_step *step,
                             const aatgs_task_entry *entry, int finish)
{
  if (t->lane == 0)
    aatgs_bus_store_relaxed(&loop->running[step->worker],
                            AATGS_RUNNING(t->iteration, t->task)); /* B7 */
  if (!finish)
    aatgs_stop_before(loop, t);
  int known = aatgs_task_call(t, entry->type, finish);
  while (t->failed && t->attempt < AATGS_TASK_RETRIES(entry->flags)) {
    t->failed = 0;
    t->attempt++;
    t->key = aatgs_mix64(t->key + t->attempt); /* other random numbers, or it would fail again */
    aatgs_sync(t);
    known = aatgs_task_call(t, entry->type, finish);
  }
  if (finish && (loop->flags & AATGS_LOOP_DIGEST_FULL))
    aatgs_digest_regions(loop, t, entry);
  if (known || t->lane != 0)
    return;
  const aatgs_fault fault = {
      AATGS_FAULT_TASK_TYPE, step->worker, t->iteration, t->task, t->part, 0, entry->type};
  aatgs_fault_post(loop, fault);
}

/* Runs the part that the step names; every lane takes part. */
AATGS_FN void aatgs_part_run(aatgs_loop *loop, aatgs_worker *w, aatgs_step *step, uint32_t lane,
                             uint32_t lanes)
{
  const aatgs_task_entry *entry = aatgs_entries(step->frame->graph) + step->task;
  const int finish = step->part >= entry->parts;
  const uint32_t skip = aatgs_dev_load_relaxed_u32(&step->frame->skip[step->task]);
  aatgs_task t;
  aatgs_task_open(loop, step, entry, lane, lanes, &t);
  if (skip != AATGS_SKIP_BLOCKED && !(finish && skip))
    aatgs_task_run(loop, &t, step, entry, finish);
  const uint32_t digest = aatgs_reduce_add_u32(&t, t.digest);
  aatgs_sync(&t); /* every lane has written before the leading one says so */
  if (lane == 0)
    aatgs_part_done(loop, w, step, digest, t.failed);
}

#endif
