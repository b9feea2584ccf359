#include "tools/path.h"

#include <stdlib.h>
#include <string.h>

/* When and by whom a region was used last. */
typedef struct region_use {
  uint64_t write_end_ns;
  uint64_t touch_end_ns;
  uint64_t writer; /* iterations */
  uint64_t toucher;
} region_use;

/* A task in the iteration that is looked at. */
typedef struct task_times {
  uint64_t end_ns;    /* of its last record; 0: it has none */
  uint64_t parts_ns;  /* end of its last part, finish apart */
  uint32_t last;      /* record that ended last */
  uint32_t last_part; /* the same, finish apart */
} task_times;

struct aatgs_paths {
  aatgs_trace *trace;
  const aatgs_trace_graph *graph; /* of the last iteration */
  task_times *tasks;
  aatgs_path_step *steps;
  uint32_t room; /* tasks; steps have twice that */
  region_use regions[AATGS_REGIONS_MAX];
};

const char *aatgs_spent_name(aatgs_spent kind)
{
  static const char *const names[] = {"bus", "dependencies", "workers", "computing"};
  return names[kind];
}

int aatgs_paths_open(aatgs_trace *trace, aatgs_paths **out)
{
  *out = calloc(1, sizeof **out);
  if (!*out)
    return AATGS_ENOMEM;
  (*out)->trace = trace;
  return 0;
}

void aatgs_paths_close(aatgs_paths *paths)
{
  if (!paths)
    return;
  free(paths->tasks);
  free(paths->steps);
  free(paths);
}

void aatgs_paths_reset(aatgs_paths *paths)
{
  memset(paths->regions, 0, sizeof paths->regions);
}

uint64_t aatgs_paths_begin(const aatgs_trace_info *info, uint64_t first)
{
  return first > info->command_slots ? first - info->command_slots : 1;
}

static int use_graph(aatgs_paths *p, uint32_t number)
{
  if (p->graph && p->graph->number == number)
    return 0;
  int rc = aatgs_trace_get_graph(p->trace, number, &p->graph);
  uint32_t count = rc ? 0 : p->graph->task_count;
  if (rc)
    p->graph = NULL;
  if (rc || count <= p->room)
    return rc;
  free(p->tasks);
  free(p->steps);
  p->tasks = calloc(count, sizeof *p->tasks);
  p->steps = calloc(2 * (size_t)count, sizeof *p->steps);
  p->room = p->tasks && p->steps ? count : 0;
  p->graph = p->room ? p->graph : NULL;
  return p->room ? 0 : AATGS_ENOMEM;
}

static inline uint64_t end_of(const aatgs_timing *t)
{
  return t->start_ns + t->duration_ns;
}

static void time_tasks(aatgs_paths *p, const aatgs_iteration *it)
{
  memset(p->tasks, 0, p->graph->task_count * sizeof *p->tasks);
  for (uint32_t i = 0; i < it->timing_count; i++) {
    const aatgs_timing *t = &it->timings[i];
    if (t->task >= p->graph->task_count)
      continue;
    task_times *k = &p->tasks[t->task];
    uint64_t end = end_of(t);
    if (end >= k->end_ns) {
      k->end_ns = end;
      k->last = i;
    }
    if (t->part < p->graph->tasks[t->task].parts && end >= k->parts_ns) {
      k->parts_ns = end;
      k->last_part = i;
    }
  }
}

/* The task that ended last of the `count` in `list` (NULL: of all); UINT32_MAX: none ran. */
static uint32_t last_of(const aatgs_paths *p, const uint32_t *list, uint32_t count)
{
  uint32_t last = UINT32_MAX;
  uint64_t end = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t task = list ? list[i] : i;
    if (task < p->graph->task_count && p->tasks[task].end_ns > end) {
      end = p->tasks[task].end_ns;
      last = task;
    }
  }
  return last;
}

/* Until when earlier iterations held a region that `task` needs. */
static uint64_t held_until(const aatgs_paths *p, const aatgs_trace_task *task,
                           aatgs_path_step *step)
{
  uint64_t until = 0;
  for (uint64_t left = task->reads | task->writes; left; left &= left - 1) {
    uint32_t region = (uint32_t)__builtin_ctzll(left);
    const region_use *use = &p->regions[region];
    bool writes = task->writes >> region & 1;
    uint64_t end = writes ? use->touch_end_ns : use->write_end_ns;
    if (end > until) {
      until = end;
      step->waited_for = writes ? use->toucher : use->writer;
      step->region = region;
    }
  }
  return until;
}

static uint64_t least(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
  return a > b ? a : b;
}

/* Fills in the step of record `t`, ready at `ready`, of which the time up to `until` is not yet
 * accounted for. */
static void account(const aatgs_paths *p, const aatgs_timing *t, uint64_t origin, uint64_t ready,
                    uint64_t until, bool finish, aatgs_path_step *step)
{
  uint64_t start = least(most(t->start_ns, ready), until);
  *step = (aatgs_path_step){.task = t->task, .part = t->part, .worker = t->worker};
  step->ready_ns = ready > origin ? ready - origin : 0;
  uint64_t held = finish ? 0 : least(held_until(p, &p->graph->tasks[t->task], step), start);
  step->ns[AATGS_SPENT_DEPENDENCIES] = held > ready ? held - ready : 0;
  step->ns[AATGS_SPENT_WORKERS] = start - most(ready, held);
  step->ns[AATGS_SPENT_COMPUTING] = until - start;
  if (step->ns[AATGS_SPENT_DEPENDENCIES] == 0)
    step->waited_for = step->region = 0;
}

/* Walks back from the end; steps come out last first. */
static uint32_t walk(aatgs_paths *p, const aatgs_iteration *it)
{
  const aatgs_trace_graph *g = p->graph;
  uint32_t count = 0, task = last_of(p, NULL, g->task_count);
  uint64_t until = task == UINT32_MAX ? 0 : most(p->tasks[task].end_ns, it->start_ns);
  while (task != UINT32_MAX && count + 2 <= 2 * g->task_count) {
    const task_times *k = &p->tasks[task];
    const aatgs_trace_task *about = &g->tasks[task];
    if (k->last != k->last_part && k->parts_ns) {
      uint64_t ready = least(most(k->parts_ns, it->start_ns), until);
      account(p, &it->timings[k->last], it->start_ns, ready, until, true, &p->steps[count++]);
      until = ready;
    }
    uint32_t before = last_of(p, about->dependencies, about->dependency_count);
    uint64_t ready = before == UINT32_MAX ? it->start_ns : p->tasks[before].end_ns;
    ready = least(most(ready, it->start_ns), until);
    account(p, &it->timings[k->parts_ns ? k->last_part : k->last], it->start_ns, ready, until,
            false, &p->steps[count++]);
    until = ready;
    task = before;
  }
  return count;
}

static void turn_round(aatgs_path_step *steps, uint32_t count)
{
  for (uint32_t i = 0; i + 1 < count - i; i++) {
    aatgs_path_step swap = steps[i];
    steps[i] = steps[count - 1 - i];
    steps[count - 1 - i] = swap;
  }
}

/* Later iterations wait for what this one did with the regions. */
static void leave_regions(aatgs_paths *p, const aatgs_iteration *it)
{
  for (uint32_t i = 0; i < p->graph->task_count; i++) {
    const aatgs_trace_task *task = &p->graph->tasks[i];
    uint64_t end = p->tasks[i].end_ns;
    for (uint64_t left = task->reads | task->writes; end && left; left &= left - 1) {
      uint32_t region = (uint32_t)__builtin_ctzll(left);
      region_use *use = &p->regions[region];
      if (end > use->touch_end_ns) {
        use->touch_end_ns = end;
        use->toucher = it->iteration;
      }
      if ((task->writes >> region & 1) && end > use->write_end_ns) {
        use->write_end_ns = end;
        use->writer = it->iteration;
      }
    }
  }
}

int aatgs_paths_find(aatgs_paths *paths, const aatgs_iteration *it, aatgs_path *out)
{
  int rc = use_graph(paths, it->graph);
  if (rc)
    return rc;
  time_tasks(paths, it);
  *out = (aatgs_path){.steps = paths->steps};
  out->step_count = walk(paths, it);
  turn_round(paths->steps, out->step_count);
  leave_regions(paths, it);
  out->round_trip_ns = it->seen_ns > it->posted_ns ? it->seen_ns - it->posted_ns : 0;
  out->end_to_end_ns = it->end_ns > it->start_ns ? it->end_ns - it->start_ns : 0;
  out->one_clock = it->posted_ns <= it->start_ns && it->end_ns <= it->seen_ns;
  if (out->one_clock) {
    out->to_device_ns = it->start_ns - it->posted_ns;
    out->to_host_ns = it->seen_ns - it->end_ns;
  }
  uint64_t on_path = 0;
  for (uint32_t i = 0; i < out->step_count; i++)
    for (int k = AATGS_SPENT_DEPENDENCIES; k < AATGS_SPENT_KINDS; k++) {
      out->ns[k] += paths->steps[i].ns[k];
      on_path += paths->steps[i].ns[k];
    }
  if (out->round_trip_ns > on_path)
    out->ns[AATGS_SPENT_BUS] = out->round_trip_ns - on_path;
  return 0;
}
