/* The short way for a chain: a graph whose tasks follow one another with one part each, when
 * its iteration is the only one in flight (AATGS_COMMAND_CHAIN). The worker that took the
 * command runs all of it with the polling token in its hand, so no other worker has to
 * learn of anything: no counters, no masks, no signals. Included by loop.h. */
#ifndef AATGS_CHAIN_H
#define AATGS_CHAIN_H

#include "part.h"

#define AATGS_CHAIN_NEAR 16u /* tasks whose description a worker keeps close by */

/* A worker's own: nobody else ever looks at it. */
typedef struct aatgs_chain {
  uint32_t graph; /* numbers that `tasks` and `entry` stand for; 0: none */
  uint32_t plan;
  uint32_t tasks;
  uint32_t at[AATGS_CHAIN_NEAR]; /* by rank */
  aatgs_task_entry entry[AATGS_CHAIN_NEAR];
  aatgs_frame frame;
} aatgs_chain;

/* The order and the entries of the chain's first tasks, unless they are there already. */
AATGS_FN void aatgs_chain_fetch(const aatgs_loop *loop, const aatgs_command_header *h,
                                aatgs_chain *chain, uint32_t lane, uint32_t lanes)
{
  const aatgs_graph_table *graph = aatgs_graph_at(loop, h->graph);
  const aatgs_plan_table *plan = aatgs_plan_at(loop, h->plan);
  if (chain->graph == h->graph && chain->plan == h->plan)
    return;
  const uint32_t tasks = graph->tasks;
  for (uint32_t i = lane; i < tasks && i < AATGS_CHAIN_NEAR; i += lanes) {
    chain->at[i] = aatgs_task_at(plan)[i];
    chain->entry[i] = aatgs_entries(graph)[chain->at[i]];
  }
  aatgs_worker_sync(); /* every lane has compared the numbers */
  if (lane == 0) {
    chain->graph = h->graph;
    chain->plan = h->plan;
    chain->tasks = tasks;
    chain->frame.graph = graph;
    chain->frame.plan = plan;
  }
  aatgs_worker_sync();
}

AATGS_FN void aatgs_chain_open(const aatgs_command_header *h, aatgs_worker *w, aatgs_frame *frame)
{
  frame->iteration = h->iteration;
  frame->timing_base = h->timing_base;
  frame->failed_task = UINT32_MAX;
  w->now_ns = aatgs_clock_ns();
  frame->start_ns = w->now_ns;
}

/* One task and, where it has one, its finish. Every lane takes part. */
AATGS_FN void aatgs_chain_task(aatgs_loop *loop, aatgs_worker *w, aatgs_frame *frame, uint32_t task,
                               const aatgs_task_entry *entry, uint32_t lane, uint32_t lanes)
{
  const uint32_t records = entry->flags & AATGS_TASK_FINISH ? 2 : 1;
  for (uint32_t part = 0; part < records; part++) {
    const aatgs_step step = {AATGS_STEP_PART, task, part, w->id, frame};
    const uint32_t failed = frame->failed_task;
    aatgs_task t;
    aatgs_task_open(loop, &step, entry, lane, lanes, &t);
    if (failed == UINT32_MAX)
      aatgs_task_run(loop, &t, &step, entry, part != 0);
    const uint32_t digest = aatgs_reduce_add_u32(&t, t.digest);
    aatgs_sync(&t); /* what the lanes wrote, before the next task reads it */
    if (lane == 0) {
      const uint64_t start_ns = w->now_ns;
      w->now_ns = aatgs_clock_ns();
      aatgs_post_timing(loop, &step, entry, start_ns, w->now_ns, digest);
      if (t.failed)
        frame->failed_task = AATGS_FAILED(task, entry->flags);
    }
    aatgs_worker_sync();
  }
}

/* The whole iteration; every lane takes part. */
AATGS_FN void aatgs_chain_run(aatgs_loop *loop, aatgs_worker *w, aatgs_chain *chain, uint32_t lane,
                              uint32_t lanes)
{
  aatgs_frame *frame = &chain->frame;
  for (uint32_t i = lane; i < AATGS_CONFIG_BYTES_MAX / 4; i += lanes)
    frame->config[i] = w->u.command.config[i];
  for (uint32_t i = lane; i < AATGS_TELEMETRY_BYTES_MAX / 4; i += lanes)
    frame->telemetry[i] = 0;
  if (lane == 0)
    aatgs_chain_open(&w->u.command.header, w, frame);
  aatgs_chain_fetch(loop, &w->u.command.header, chain, lane, lanes);
  aatgs_worker_sync();
  for (uint32_t rank = 0; rank < chain->tasks; rank++) {
    const int near = rank < AATGS_CHAIN_NEAR;
    const uint32_t task = near ? chain->at[rank] : aatgs_task_at(frame->plan)[rank];
    const aatgs_task_entry *entry = near ? &chain->entry[rank] : aatgs_entries(frame->graph) + task;
    aatgs_chain_task(loop, w, frame, task, entry, lane, lanes);
  }
  if (lane != 0)
    return;
  aatgs_post_telemetry(loop, frame, w->now_ns);
  /* Nothing else is in flight, so nobody else writes these; they go on with the token (D7), which
   * this worker gives away before anybody else runs anything. */
  const uint64_t count = aatgs_dev_load_relaxed_u64(&loop->shared->admitted) + 1;
  aatgs_dev_store_relaxed_u64(&loop->shared->admitted, count);
  aatgs_dev_store_relaxed_u64(&loop->shared->completed, count);
  w->alone = 1;
}

#endif
