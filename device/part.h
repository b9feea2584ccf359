/* Running a part: the context a task is handed, and the choice among the workload's task
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

/* The context but for the part: key, task, part, parts, arg, lane and lanes. */
AATGS_FN void aatgs_task_open(const aatgs_loop *loop, const void *config, uint32_t *telemetry,
                              uint64_t iteration, aatgs_task *t)
{
  t->config = config;
  t->telemetry = telemetry;
  t->regions = loop->regions;
  t->region_bytes = loop->region_bytes;
  t->iteration = iteration;
  t->digest = 0;
  t->failed = 0;
  t->attempt = 0;
}

/* The choice. Returns 0 for a type that the workload does not have. */
AATGS_FN int aatgs_task_call(aatgs_task *t, uint32_t type, int finish)
{
#define AATGS_CASE(index, function, finish_function)                                               \
  if (aatgs_type_is(type, index)) {                                                                \
    if (finish)                                                                                    \
      finish_function(t);                                                                          \
    else                                                                                           \
      function(t);                                                                                 \
    return 1;                                                                                      \
  }
  AATGS_TASKS(AATGS_CASE)
#undef AATGS_CASE
  return 0;
}

/* A digest of all that the task's primary regions hold, a lane's share. Nobody else writes them
 * until the task is done; what pads them to 64 bytes is zero. */
AATGS_COLD uint32_t aatgs_digest_regions(const aatgs_loop *loop, const aatgs_graph_table *graph,
                                         uint32_t task, uint32_t lane, uint32_t lanes)
{
  const aatgs_task_entry *entry = aatgs_entries(graph) + task;
  uint32_t digest = 0;
  for (uint64_t bits = (entry->reads | entry->writes) & loop->primary; bits; bits &= bits - 1) {
    const uint32_t r = AATGS_LOW_BIT(bits);
    const uint64_t *words = (const uint64_t *)(const void *)loop->regions[r];
    const uint64_t count = (loop->region_bytes[r] + 7) / 8;
    for (uint64_t i = lane; i < count; i += lanes)
      digest += aatgs_mix_word(r, i, words[i]);
  }
  return digest;
}

/* Calls the task's function for the first time, showing in *running which task runs. Returns 0 for
 * a type that the workload does not have. */
AATGS_FN int aatgs_task_start(const aatgs_loop *loop, aatgs_task *t, uint64_t *running,
                              uint32_t type, int finish)
{
  if (t->lane == 0)
    aatgs_bus_store_relaxed(running, AATGS_RUNNING(t->iteration, t->task)); /* B7 */
  if (!finish)
    aatgs_stop_before(loop, t);
  return aatgs_task_call(t, type, finish);
}

/* What follows that call, which found the type `known`: the function is called again when it has
 * failed and has retries left, at once and by the same worker, so that how it ends is the same
 * everywhere. Every lane takes part. 0: the type has no code, which is a fault; the iteration must
 * not end. */
AATGS_FN int aatgs_task_end(aatgs_loop *loop, aatgs_task *t, uint32_t worker,
                            const aatgs_graph_table *graph, uint32_t type, uint32_t retries,
                            int finish, int known)
{
  while (AATGS_RARE(t->failed) && t->attempt < retries) {
    t->failed = 0;
    t->attempt++;
    t->key = aatgs_mix64(t->key + t->attempt); /* other random numbers, or it would fail again */
    aatgs_sync(t);
    known = aatgs_task_call(t, type, finish);
  }
  if (!AATGS_RARE((finish != 0) | !known))
    return 1;
  if (finish && (loop->flags & AATGS_LOOP_DIGEST_FULL)) {
    aatgs_sync(t); /* what finish wrote */
    t->digest += aatgs_digest_regions(loop, graph, t->task, t->lane, t->lanes);
  }
  if (!known && t->lane == 0) {
    const aatgs_fault fault = {
        AATGS_FAULT_TASK_TYPE, worker, t->iteration, t->task, t->part, 0, type};
    aatgs_fault_post(loop, fault);
  }
  return known;
}

/* Runs the part that the step names; every lane takes part. */
AATGS_FN void aatgs_part_run(aatgs_loop *loop, aatgs_worker *w, aatgs_step *step, uint32_t lane,
                             uint32_t lanes)
{
  aatgs_frame *frame = step->frame;
  const aatgs_task_entry *entry = aatgs_entries(frame->graph) + step->task;
  const int finish = step->part >= entry->parts;
  const uint32_t skip = aatgs_dev_load_relaxed_u32(&frame->skip[step->task]);
  aatgs_task t;
  aatgs_task_open(loop, frame->config, frame->telemetry, frame->iteration, &t);
  t.key = aatgs_random_key(aatgs_random_base(loop->seed, t.iteration), step->task, step->part);
  t.task = step->task;
  t.part = step->part;
  t.parts = entry->parts;
  t.arg = entry->arg;
  t.lane = lane;
  t.lanes = lanes;
  if (skip != AATGS_SKIP_BLOCKED && !(finish && skip) &&
      !aatgs_task_end(loop, &t, w->id, frame->graph, entry->type, AATGS_TASK_RETRIES(entry->flags),
                      finish,
                      aatgs_task_start(loop, &t, &loop->running[w->id], entry->type, finish))) {
    aatgs_sync(&t); /* every lane has read the kind */
    if (lane == 0)
      step->kind = AATGS_STEP_NONE;
    return;
  }
  const uint32_t digest = aatgs_reduce_add_u32(&t, t.digest);
  aatgs_sync(&t); /* every lane has written before the leading one says so */
  if (lane == 0)
    aatgs_part_done(loop, w, step, digest, t.failed);
}

#endif
