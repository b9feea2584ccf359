/* The persistent loop. A workload's source includes this last, after defining
 *
 *   #define AATGS_TASKS(X)                  one line a task type, in the order
 *     X(0, function, finish_function)      of aatgs_workload.types
 *     X(1, function, AATGS_NO_FINISH)
 *   #define AATGS_REBUILD function          (optional) rebuilds the derived
 *                                          regions from the primary ones
 *
 * and gets aatgs_cpu_loop and AATGS_CUDA_LAUNCH for its struct aatgs_workload.
 * The tasks are called from a switch, so that each is compiled into the loop:
 * a table of pointers would cost every task the registers of the worst. */
#ifndef AATGS_LOOP_H
#define AATGS_LOOP_H

#include "chain.h"
#include "command.h"
#include "part.h"
#include "workload.h"

AATGS_FN void aatgs_rebuild_run(const aatgs_loop *loop, uint32_t lane, uint32_t lanes)
{
  aatgs_task t = {0};
  t.regions = loop->regions;
  t.region_bytes = loop->region_bytes;
  t.parts = 1;
  t.lane = lane;
  t.lanes = lanes;
  AATGS_REBUILD(&t);
  aatgs_sync(&t);
}

/* Obeys the command that the step stands for; every lane takes part. `own` is this worker's frame
 * for chains. */
AATGS_FN void aatgs_command_run(aatgs_loop *loop, aatgs_worker *w, aatgs_step *step,
                                aatgs_chain *chain, uint32_t lane, uint32_t lanes)
{
  const uint32_t kind = step->kind; /* the leading lane overwrites it at the end */
  switch (kind) {
  case AATGS_STEP_CHAIN: aatgs_chain_run(loop, w, chain, lane, lanes); break;
  case AATGS_STEP_ADMIT: aatgs_frame_fill(loop, step->frame, &w->u.command, lane, lanes); break;
  case AATGS_STEP_GRAPH: aatgs_take_graph(loop, w, lane, lanes); break;
  case AATGS_STEP_PLAN: aatgs_take_plan(loop, w, lane, lanes); break;
  case AATGS_STEP_SNAPSHOT: aatgs_copy_state(loop, 0, lane, lanes); break;
  case AATGS_STEP_RESTORE: aatgs_copy_state(loop, 1, lane, lanes); break;
  default: break;
  }
  aatgs_worker_sync();
  if (kind == AATGS_STEP_RESTORE || kind == AATGS_STEP_REBUILD)
    aatgs_rebuild_run(loop, lane, lanes);
  if (lane != 0)
    return;
  aatgs_step next = {AATGS_STEP_NONE, 0, 0, w->id, NULL};
  if (kind == AATGS_STEP_ADMIT) {
    w->now_ns = aatgs_clock_ns();
    aatgs_frame_start(loop, w, step->frame, w->u.command.header.iteration, &next);
    aatgs_keep(&next);
  }
  aatgs_command_done(loop, w, step);
  *step = next;
}

typedef enum aatgs_look { AATGS_LOOK_FOUND, AATGS_LOOK_LEAVE, AATGS_LOOK_POLL } aatgs_look;

#define AATGS_POLLS_PER_LOOK 8u

/* A ready part, else the end of the loop, else a look at the command ring. Who polls leaves
 * ready parts to others, if there are any, most of the time. */
AATGS_FN uint32_t aatgs_look_inside(aatgs_loop *loop, aatgs_worker *w, aatgs_step *step)
{
  step->worker = w->id;
  if (w->polls && loop->workers > 1 && w->idle % AATGS_POLLS_PER_LOOK)
    return AATGS_LOOK_POLL;
  if (aatgs_claim(loop, w, step)) {
    aatgs_token_give(loop, w);
    w->now_ns = aatgs_clock_ns();
    return AATGS_LOOK_FOUND;
  }
  if (!aatgs_dev_load_acquire_u32(&loop->shared->stop))
    return AATGS_LOOK_POLL;
  step->kind = AATGS_STEP_LEAVE;
  return AATGS_LOOK_LEAVE;
}

/* What the worker does next when its last step led to nothing. Run by the lanes of its team. */
AATGS_FN void aatgs_step_find(aatgs_loop *loop, aatgs_worker *w, aatgs_step *step, uint32_t lane)
{
  uint32_t look = 0;
  if (lane == 0)
    look = aatgs_look_inside(loop, w, step);
  if (aatgs_team_share(look) == AATGS_LOOK_POLL)
    aatgs_command_poll(loop, w, step, lane);
  if (lane != 0)
    return;
  if (step->kind != AATGS_STEP_NONE) {
    w->idle = 0;
    return;
  }
  if (w->idle++ == 0)
    aatgs_bus_store_relaxed(&loop->running[w->id], 0); /* B7 */
  aatgs_worker_idle(loop->flags, w->idle);
}

AATGS_FN void aatgs_worker_run(aatgs_loop *loop, uint32_t id, uint32_t lane, uint32_t lanes)
{
  AATGS_WORKER_SHARED(aatgs_worker, w);
  AATGS_WORKER_SHARED(aatgs_step, step);
  AATGS_WORKER_SHARED(aatgs_chain, chain);
  if (lane == 0) {
    const aatgs_step nothing = {AATGS_STEP_NONE, 0, 0, id, NULL};
    step = nothing;
    w.id = id;
    w.idle = 0;
    w.polls = 0;
    w.alone = 0;
    chain.graph = chain.plan = 0;
    w.oldest = loop->first_iteration;
    w.shuffled = id;
  }
  for (;;) {
    aatgs_worker_sync();
    if (lane < AATGS_TEAM_LANES) {
      const uint32_t kind = step.kind;
      aatgs_team_share(0); /* the whole team has read before the leading lane writes */
      if (kind == AATGS_STEP_NONE)
        aatgs_step_find(loop, &w, &step, lane);
    }
    aatgs_worker_sync();
    if (step.kind == AATGS_STEP_LEAVE)
      return;
    if (step.kind == AATGS_STEP_PART)
      aatgs_part_run(loop, &w, &step, lane, lanes);
    else if (step.kind != AATGS_STEP_NONE)
      aatgs_command_run(loop, &w, &step, &chain, lane, lanes);
  }
}

#if defined(__CUDACC__)
#include "entry_cuda.h"
#else
static void aatgs_cpu_loop(struct aatgs_loop *loop, uint32_t worker)
{
  aatgs_worker_run(loop, worker, 0, 1);
}
#endif

#endif
