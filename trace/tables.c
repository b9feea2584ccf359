/* Graphs and plans, to and from bytes. */
#include "trace/info.h"

#include "trace/format.h"

static int wrong(const char **why, const char *text, int code)
{
  *why = text;
  return code;
}

#define TASK_RETRIES_MAX 127u
#define TASK_FLAGS       (7u | TASK_RETRIES_MAX << 8)

/* ---- Graphs ------------------------------------------------------------------------ */

int aatgs_graph_write(const aatgs_trace_graph *graph, aatgs_bytes *out, const char **why)
{
  if (graph->task_count > AATGS_TASKS_LIMIT || graph->records > AATGS_CHUNK_TIMINGS_MAX)
    return wrong(why, "it has more tasks or records than a trace can hold", AATGS_EINVAL);
  aatgs_bytes_u32(out, graph->number);
  aatgs_bytes_u32(out, graph->task_count);
  aatgs_bytes_u32(out, graph->records);
  for (uint32_t i = 0; i < graph->task_count; i++) {
    const aatgs_trace_task *t = &graph->tasks[i];
    size_t length = t->name ? strlen(t->name) : 0;
    if (length > UINT16_MAX || t->dependency_count > graph->task_count)
      return wrong(why, "a task's name is too long or it has too many dependencies", AATGS_EINVAL);
    aatgs_bytes_u16(out, (uint16_t)length);
    aatgs_bytes_u16(out, (uint16_t)((t->finish ? 1 : 0) | (t->once ? 2 : 0) | (t->stops ? 4 : 0) |
                                    (t->retries & TASK_RETRIES_MAX) << 8));
    aatgs_bytes_put(out, t->name, length);
    aatgs_bytes_u32(out, t->type);
    aatgs_bytes_u32(out, t->parts);
    aatgs_bytes_u32(out, t->arg);
    aatgs_bytes_u32(out, t->first_record);
    aatgs_bytes_u64(out, t->estimate_ns);
    aatgs_bytes_u64(out, t->reads);
    aatgs_bytes_u64(out, t->writes);
    aatgs_bytes_u32(out, t->dependency_count);
    for (uint32_t d = 0; d < t->dependency_count; d++) {
      if (t->dependencies[d] >= graph->task_count)
        return wrong(why, "a task depends on one that is not there", AATGS_EINVAL);
      aatgs_bytes_u32(out, t->dependencies[d]);
    }
  }
  return out->failed ? wrong(why, "out of memory", AATGS_ENOMEM) : 0;
}

/* Bytes that a task takes at least: what a claimed number of tasks must be backed by. */
#define TASK_BYTES_MIN 48u

static int read_task(aatgs_cursor *c, aatgs_arena *arena, const aatgs_trace_graph *graph,
                     aatgs_trace_task *t, const char **why)
{
  uint16_t length = aatgs_cursor_u16(c), flags = aatgs_cursor_u16(c);
  const uint8_t *name = aatgs_cursor_take(c, length);
  t->type = aatgs_cursor_u32(c);
  t->parts = aatgs_cursor_u32(c);
  t->arg = aatgs_cursor_u32(c);
  t->first_record = aatgs_cursor_u32(c);
  t->estimate_ns = aatgs_cursor_u64(c);
  t->reads = aatgs_cursor_u64(c);
  t->writes = aatgs_cursor_u64(c);
  t->dependency_count = aatgs_cursor_u32(c);
  t->finish = flags & 1;
  t->once = flags >> 1 & 1;
  t->stops = flags >> 2 & 1;
  t->retries = flags >> 8;
  const uint8_t *dependencies = aatgs_cursor_take(c, (size_t)t->dependency_count * 4);
  if (c->failed || (flags & ~TASK_FLAGS) || t->parts > AATGS_PARTS_LIMIT ||
      t->dependency_count > graph->task_count)
    return wrong(why, "a task of the graph is cut short or out of range", AATGS_ECORRUPT);
  if ((uint64_t)t->first_record + t->parts + t->finish > graph->records)
    return wrong(why, "a task of the graph has records outside it", AATGS_ECORRUPT);
  uint32_t *list = aatgs_arena_take(arena, t->dependency_count + 1u, sizeof *list);
  char *text = aatgs_arena_text(arena, (const char *)name, length);
  if (!list || !text)
    return wrong(why, "out of memory", AATGS_ENOMEM);
  if (memchr(text, 0, length))
    return wrong(why, "a task's name has a zero byte", AATGS_ECORRUPT);
  memcpy(list, dependencies, (size_t)t->dependency_count * 4);
  for (uint32_t d = 0; d < t->dependency_count; d++)
    if (list[d] >= graph->task_count)
      return wrong(why, "a task depends on one that is not there", AATGS_ECORRUPT);
  t->name = text;
  t->dependencies = list;
  return 0;
}

int aatgs_graph_read(const uint8_t *bytes, size_t size, aatgs_arena *arena,
                     aatgs_trace_graph *graph, const char **why)
{
  aatgs_cursor c = {bytes, bytes + size, false};
  graph->number = aatgs_cursor_u32(&c);
  graph->task_count = aatgs_cursor_u32(&c);
  graph->records = aatgs_cursor_u32(&c);
  if (c.failed || graph->task_count > aatgs_cursor_left(&c) / TASK_BYTES_MIN ||
      graph->task_count > AATGS_TASKS_LIMIT || graph->records > AATGS_CHUNK_TIMINGS_MAX)
    return wrong(why, "the graph claims more tasks than it holds", AATGS_ECORRUPT);
  aatgs_trace_task *tasks = aatgs_arena_take(arena, graph->task_count + 1u, sizeof *tasks);
  if (!tasks)
    return wrong(why, "out of memory", AATGS_ENOMEM);
  for (uint32_t i = 0; i < graph->task_count; i++) {
    int rc = read_task(&c, arena, graph, &tasks[i], why);
    if (rc)
      return rc;
  }
  graph->tasks = tasks;
  return aatgs_cursor_left(&c) ? wrong(why, "the graph is too long", AATGS_ECORRUPT) : 0;
}

/* ---- Plans ------------------------------------------------------------------------- */

int aatgs_plan_write(const aatgs_trace_plan *plan, aatgs_bytes *out, const char **why)
{
  if (plan->task_count > AATGS_TASKS_LIMIT)
    return wrong(why, "it has more tasks than a trace can hold", AATGS_EINVAL);
  aatgs_bytes_u32(out, plan->number);
  aatgs_bytes_u32(out, plan->graph);
  aatgs_bytes_u32(out, plan->task_count);
  for (uint32_t i = 0; i < plan->task_count; i++) {
    if (plan->task_at[i] >= plan->task_count)
      return wrong(why, "it ranks a task that is not there", AATGS_EINVAL);
    aatgs_bytes_u32(out, plan->task_at[i]);
  }
  aatgs_bytes_put(out, plan->priority_x1000, (size_t)plan->task_count * 4);
  return out->failed ? wrong(why, "out of memory", AATGS_ENOMEM) : 0;
}

int aatgs_plan_read(const uint8_t *bytes, size_t size, aatgs_arena *arena, aatgs_trace_plan *plan,
                    const char **why)
{
  aatgs_cursor c = {bytes, bytes + size, false};
  plan->number = aatgs_cursor_u32(&c);
  plan->graph = aatgs_cursor_u32(&c);
  plan->task_count = aatgs_cursor_u32(&c);
  if (c.failed || aatgs_cursor_left(&c) != (uint64_t)plan->task_count * 8)
    return wrong(why, "the plan is not as long as its tasks", AATGS_ECORRUPT);
  size_t half = (size_t)plan->task_count * 4;
  uint32_t *both = aatgs_arena_take(arena, 2 * (size_t)plan->task_count + 1, sizeof *both);
  if (!both)
    return wrong(why, "out of memory", AATGS_ENOMEM);
  memcpy(both, c.at, 2 * half);
  for (uint32_t i = 0; i < plan->task_count; i++)
    if (both[i] >= plan->task_count)
      return wrong(why, "the plan ranks a task that is not there", AATGS_ECORRUPT);
  plan->task_at = both;
  plan->priority_x1000 = both + plan->task_count;
  return 0;
}
