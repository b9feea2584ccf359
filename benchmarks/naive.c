#include "naive.h"

#include <stdlib.h>

static const naive_task *sorted; /* what compare() looks at */
static uint64_t clock_now;

void naive_add(naive_task *tasks, uint32_t index, const aatgs_task_type *type,
               const uint32_t *dependencies, uint32_t count)
{
  tasks[index] =
      (naive_task){.type = type, .dependencies = dependencies, .dependency_count = count};
}

static bool is_ready(const naive_task *tasks, naive_task *task)
{
  task->ready_since = 0;
  for (uint32_t i = 0; i < task->dependency_count; i++) {
    uint64_t finished = tasks[task->dependencies[i]].finished;
    if (!finished)
      return false;
    task->ready_since = finished > task->ready_since ? finished : task->ready_since;
  }
  return !task->taken;
}

static int compare(const void *a, const void *b)
{
  const naive_task *x = &sorted[*(const uint32_t *)a], *y = &sorted[*(const uint32_t *)b];
  if (x->priority_x1000 != y->priority_x1000)
    return x->priority_x1000 < y->priority_x1000 ? 1 : -1;
  if (x->ready_since != y->ready_since)
    return x->ready_since > y->ready_since ? 1 : -1;
  return x > y ? 1 : -1; /* one task's dependents in the order of their ids */
}

uint32_t naive_next(naive_task *tasks, uint32_t count, uint32_t *ready)
{
  uint32_t found = 0;

  for (uint32_t i = 0; i < count; i++) {
    naive_task *task = &tasks[i];
    if (!is_ready(tasks, task))
      continue;
    task->priority_x1000 = task->type->role == AATGS_ROLE_UPLOAD ? 2000 : 1000;
    ready[found++] = i;
  }
  if (!found)
    return UINT32_MAX;
  sorted = tasks;
  qsort(ready, found, sizeof *ready, compare);
  tasks[ready[0]].taken = true;
  return ready[0];
}

void naive_finish(naive_task *tasks, uint32_t index)
{
  tasks[index].finished = ++clock_now;
}
