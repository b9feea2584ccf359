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

#include "command.h"
#include "part.h"
#include "program.h"
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

/* Obeys a command that moves the state; every lane takes part. */
AATGS_COLD void aatgs_state_step(aatgs_loop *loop, aatgs_step_kind kind, uint32_t lane,
                                 uint32_t lanes)
{
  aatgs_copy_state(loop, kind == AATGS_STEP_RESTORE, lane, lanes);
  aatgs_worker_sync(lanes);
  if (kind == AATGS_STEP_RESTORE)
    aatgs_rebuild_run(loop, lane, lanes);
}

AATGS_FN void aatgs_worker_open(const aatgs_loop *loop, uint32_t id, aatgs_worker *w)
{
  w->id = id;
  w->idle = 0;
  w->now_ns = 0;
  w->oldest = loop->first_iteration;
  w->relayed = 1;
  w->dealt = id;
  w->shuffled = id;
}

#if defined(__CUDACC__)
#include "entry_cuda.h"
#else
#include "entry_cpu.h"
#endif

#endif
