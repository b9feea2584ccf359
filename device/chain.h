/* The short way for a chain: a graph whose tasks follow one another with one part each, when
 * its iteration is the only one in flight. The worker that took the command runs all
 * of it with the polling token in its hand, so no other worker has to learn of anything:
 * no counters, no masks, no signals. Included by loop.h. */
#ifndef AATGS_CHAIN_H
#define AATGS_CHAIN_H

#include "part.h"

/* The frame is the worker's own: nobody else ever looks at it. */
AATGS_FN void aatgs_chain_open(aatgs_loop *loop, aatgs_worker *w, aatgs_frame *own)
{
  const aatgs_command_header *h = &w->u.command.header;
  own->iteration = h->iteration;
  own->timing_base = h->timing_base;
  own->graph = aatgs_graph_at(loop, h->graph);
  own->plan = aatgs_plan_at(loop, h->plan);
  own->failed_task = UINT32_MAX;
  w->now_ns = aatgs_clock_ns();
  own->start_ns = w->now_ns;
}

/* One task and, where it has one, its finish. Every lane takes part. */
AATGS_FN void aatgs_chain_task(aatgs_loop *loop, aatgs_worker *w, aatgs_frame *own, uint32_t task,
                               uint32_t lane, uint32_t lanes)
{
  const aatgs_task_entry *entry = aatgs_entries(own->graph) + task;
  const uint32_t records = entry->flags & AATGS_TASK_FINISH ? 2 : 1;
  for (uint32_t part = 0; part < records; part++) {
    const aatgs_step step = {AATGS_STEP_PART, task, part, w->id, own};
    const uint32_t failed = own->failed_task;
    aatgs_task t;
    aatgs_task_open(loop, &step, lane, lanes, &t);
    if (failed == UINT32_MAX)
      aatgs_task_run(loop, &t, &step, entry->type, part != 0);
    const uint32_t digest = aatgs_reduce_add_u32(&t, t.digest);
    aatgs_sync(&t); /* what the lanes wrote, before the next task reads it */
    if (lane == 0) {
      const uint64_t start_ns = w->now_ns;
      w->now_ns = aatgs_clock_ns();
      aatgs_post_timing(loop, &step, start_ns, w->now_ns, digest);
      if (t.failed)
        own->failed_task = task;
    }
    aatgs_worker_sync();
  }
}

/* The whole iteration; every lane takes part. */
AATGS_FN void aatgs_chain_run(aatgs_loop *loop, aatgs_worker *w, aatgs_frame *own, uint32_t lane,
                              uint32_t lanes)
{
  for (uint32_t i = lane; i < AATGS_CONFIG_BYTES_MAX / 4; i += lanes)
    own->config[i] = w->u.command.config[i];
  for (uint32_t i = lane; i < AATGS_TELEMETRY_BYTES_MAX / 4; i += lanes)
    own->telemetry[i] = 0;
  if (lane == 0)
    aatgs_chain_open(loop, w, own);
  aatgs_worker_sync();
  const uint32_t tasks = own->graph->tasks;
  const uint32_t *task_at = aatgs_task_at(own->plan);
  for (uint32_t rank = 0; rank < tasks; rank++)
    aatgs_chain_task(loop, w, own, task_at[rank], lane, lanes);
  if (lane != 0)
    return;
  aatgs_post_telemetry(loop, own, w->now_ns);
  /* Nothing else is in flight, so nobody else writes these; they go on with the token (D7). */
  const uint64_t count = aatgs_dev_load_relaxed_u64(&loop->admitted) + 1;
  aatgs_dev_store_relaxed_u64(&loop->admitted, count);
  aatgs_dev_store_relaxed_u64(&loop->completed, count);
}

#endif
