/* The rival of the scheduler: the original's rules as one would first write them. Each decision
 * looks at every task, gives the ready ones their priorities and sorts them. */
#ifndef AATGS_BENCH_NAIVE_H
#define AATGS_BENCH_NAIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "device/workload.h"

typedef struct naive_task {
  const aatgs_task_type *type;
  const uint32_t *dependencies;
  uint32_t dependency_count;
  uint32_t priority_x1000;
  uint64_t ready_since; /* when the last dependency was finished */
  uint64_t finished;    /* running number; 0: not yet */
  bool taken;
} naive_task;

void naive_add(naive_task *tasks, uint32_t index, const aatgs_task_type *type,
               const uint32_t *dependencies, uint32_t count);
/* The most urgent ready task while the config queue is empty, no telemetry waits and the device is
 * idle; UINT32_MAX when none is ready. `ready` has room for `count`. */
uint32_t naive_next(naive_task *tasks, uint32_t count, uint32_t *ready);
void naive_finish(naive_task *tasks, uint32_t index);

#endif
