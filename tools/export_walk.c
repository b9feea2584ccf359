#include <stdlib.h>
#include <string.h>

#include "tools/clock_map.h"
#include "tools/export.h"
#include "tools/export_order.h"
#include "tools/text.h"
#include "trace/field.h"

typedef struct walk {
  const aatgs_export *e;
  aatgs_order order;
  aatgs_clock_map clock;
  aatgs_bytes graphs;  /* aatgs_export_graph *, by number */
  uint32_t names;      /* told so far */
  uint64_t flow;       /* edges drawn so far */
  uint64_t tick;       /* index of the next one */
  uint64_t plan_since; /* ns; 0: none in force yet */
  uint64_t plan_iteration;
  uint32_t plan;
  uint64_t last_ns; /* the latest end */
} walk;

const char *aatgs_track_group_name(uint32_t group)
{
  static const char *const names[] = {"Workers",      "Iterations on the device",
                                      "Command ring", "Telemetry ring",
                                      "Scheduler",    "Queues",
                                      "Telemetry",    "Config"};
  return names[group];
}

bool aatgs_track_is_counter(uint32_t group)
{
  return group >= AATGS_TRACK_QUEUES;
}

/* ---- Graphs ------------------------------------------------------------------- */

static void free_graph(aatgs_export_graph *g)
{
  if (!g)
    return;
  free(g->first_edge);
  free(g->first_out);
  free(g->out);
  free(g);
}

/* Numbers the edges and sorts them by where they begin. */
static bool lay_out(aatgs_export_graph *g)
{
  const aatgs_trace_graph *graph = g->graph;
  uint32_t tasks = graph->task_count;
  for (uint32_t i = 0; i < tasks; i++)
    g->edge_count += graph->tasks[i].dependency_count;
  g->first_edge = calloc((size_t)tasks + 1, sizeof *g->first_edge);
  g->first_out = calloc((size_t)tasks + 2, sizeof *g->first_out);
  g->out = calloc((size_t)g->edge_count + 1, sizeof *g->out);
  if (!g->first_edge || !g->first_out || !g->out)
    return false;
  for (uint32_t i = 0, edge = 0; i < tasks; edge += graph->tasks[i++].dependency_count) {
    g->first_edge[i] = edge;
    for (uint32_t d = 0; d < graph->tasks[i].dependency_count; d++)
      if (graph->tasks[i].dependencies[d] < tasks)
        g->first_out[graph->tasks[i].dependencies[d] + 2]++;
  }
  for (uint32_t i = 2; i <= tasks; i++)
    g->first_out[i] += g->first_out[i - 1];
  for (uint32_t i = 0, edge = 0; i < tasks; i++)
    for (uint32_t d = 0; d < graph->tasks[i].dependency_count; d++, edge++)
      if (graph->tasks[i].dependencies[d] < tasks)
        g->out[g->first_out[graph->tasks[i].dependencies[d] + 1]++] = edge;
  return true;
}

static bool tell_names(walk *w, aatgs_export_graph *g)
{
  const aatgs_trace_info *info = w->e->info;
  bool ok = true;
  g->first_name = w->names;
  for (uint32_t i = 0; i < g->graph->task_count && ok; i++) {
    const aatgs_trace_task *task = &g->graph->tasks[i];
    char *name = aatgs_text_clean(task->name, 0);
    char *type =
        aatgs_text_clean(task->type < info->type_count ? info->types[task->type].name : "", 0);
    ok = name && type;
    if (ok)
      w->order.sink->name(w->order.self, w->names++, name, type);
    free(name);
    free(type);
  }
  return ok;
}

/* The graph with that number; NULL: the trace has none, or out of memory (order.failed). */
static const aatgs_export_graph *find_graph(walk *w, uint32_t number)
{
  const aatgs_trace_graph *graph;
  if (aatgs_trace_get_graph(w->e->trace, number, &graph))
    return NULL;
  size_t known = w->graphs.size / sizeof(aatgs_export_graph *);
  if (number >= known) {
    size_t grow = (number + (size_t)1 - known) * sizeof(aatgs_export_graph *);
    uint8_t *at = aatgs_bytes_extend(&w->graphs, grow);
    if (!at) {
      w->order.failed = true;
      return NULL;
    }
    memset(at, 0, grow);
  }
  aatgs_export_graph **slot = (aatgs_export_graph **)(void *)w->graphs.data + number;
  if (*slot)
    return *slot;
  aatgs_export_graph *g = calloc(1, sizeof *g);
  if (g)
    g->graph = graph;
  if (!g || !lay_out(g) || !tell_names(w, g)) {
    free_graph(g);
    w->order.failed = true;
    return NULL;
  }
  *slot = g;
  return g;
}

/* ---- An iteration --------------------------------------------------------------- */

/* Of each task of the iteration the record that starts first and the one that ends last; the
 * records of a task follow each other. */
static void put_parts(walk *w, const aatgs_iteration *it, const aatgs_export_graph *g)
{
  for (uint32_t begin = 0, end; begin < it->timing_count; begin = end) {
    uint32_t task = it->timings[begin].task, first = begin, last = begin;
    for (end = begin + 1; end < it->timing_count && it->timings[end].task == task; end++) {
      const aatgs_timing *t = &it->timings[end], *l = &it->timings[last];
      if (t->start_ns < it->timings[first].start_ns)
        first = end;
      if (t->start_ns + t->duration_ns >= l->start_ns + l->duration_ns)
        last = end;
    }
    if (task >= g->graph->task_count)
      continue;
    for (uint32_t i = begin; i < end; i++) {
      const aatgs_timing *t = &it->timings[i];
      uint64_t start = aatgs_clock_to_host(&w->clock, t->start_ns);
      aatgs_order_slice(&w->order, &(aatgs_export_slice){.track = {AATGS_TRACK_WORKERS, t->worker},
                                                         .start_ns = start,
                                                         .end_ns = start + t->duration_ns,
                                                         .iteration = it->iteration,
                                                         .name = g->first_name + task,
                                                         .number = t->part,
                                                         .graph = g,
                                                         .flow = w->flow,
                                                         .task = task,
                                                         .first = i == first,
                                                         .last = i == last});
    }
  }
  w->flow += g->edge_count;
}

static void put_stage(walk *w, const aatgs_iteration *it, uint32_t group, uint64_t start,
                      uint64_t end)
{
  aatgs_order_slice(&w->order, &(aatgs_export_slice){.track = {group, 0},
                                                     .start_ns = start,
                                                     .end_ns = end,
                                                     .iteration = it->iteration,
                                                     .name = AATGS_NAME_ITERATION,
                                                     .number = it->status});
}

static void put_fields(walk *w, uint32_t group, const aatgs_field *fields, uint32_t count,
                       const uint8_t *payload, uint64_t at_ns)
{
  uint32_t index = 0;
  for (uint32_t i = 0; i < count; index += fields[i++].count)
    for (uint32_t k = 0; fields[i].role == AATGS_FIELD_PLAIN && k < fields[i].count; k++)
      aatgs_order_counter(&w->order, (aatgs_track){group, index + k}, at_ns,
                          aatgs_field_get(&fields[i], payload, k));
}

static void put_plan(walk *w, uint64_t until_ns)
{
  if (w->plan_since)
    aatgs_order_slice(&w->order, &(aatgs_export_slice){.track = {AATGS_TRACK_SCHEDULER, 0},
                                                       .start_ns = w->plan_since,
                                                       .end_ns = until_ns,
                                                       .iteration = w->plan_iteration,
                                                       .name = AATGS_NAME_PLAN,
                                                       .number = w->plan});
}

/* Ticks up to `until_ns`; those before `from_ns` are passed over. */
static int put_ticks(walk *w, uint64_t from_ns, uint64_t until_ns)
{
  aatgs_tick tick;
  int rc;
  while ((rc = aatgs_trace_get_tick(w->e->trace, w->tick, &tick)) > 0 && tick.now_ns <= until_ns) {
    w->tick++;
    if (tick.now_ns >= from_ns)
      aatgs_order_slice(&w->order, &(aatgs_export_slice){.track = {AATGS_TRACK_SCHEDULER, 1},
                                                         .start_ns = tick.now_ns,
                                                         .end_ns = tick.now_ns,
                                                         .iteration = tick.before,
                                                         .name = AATGS_NAME_TICK});
  }
  return rc < 0 ? rc : 0;
}

static int put_iteration(walk *w, const aatgs_iteration *it)
{
  const aatgs_trace_info *info = w->e->info;
  const aatgs_export_graph *g = find_graph(w, it->graph);
  uint64_t start = aatgs_clock_to_host(&w->clock, it->start_ns);
  uint64_t end = aatgs_clock_to_host(&w->clock, it->end_ns);
  /* The clocks are only that exact. */
  start = start > it->posted_ns ? start : it->posted_ns;
  end = end > start ? end : start;
  int rc = put_ticks(w, w->plan_since ? 0 : it->posted_ns, it->posted_ns);
  aatgs_order_flush(&w->order, it->posted_ns);
  if (!w->plan_since || it->plan != w->plan) {
    put_plan(w, it->posted_ns);
    w->plan_since = it->posted_ns;
    w->plan_iteration = it->iteration;
    w->plan = it->plan;
  }
  put_stage(w, it, AATGS_TRACK_COMMAND_RING, it->posted_ns, start);
  put_stage(w, it, AATGS_TRACK_ITERATIONS, start, end);
  put_stage(w, it, AATGS_TRACK_TELEMETRY_RING, end, it->seen_ns);
  aatgs_order_counter(&w->order, (aatgs_track){AATGS_TRACK_QUEUES, 0}, it->posted_ns,
                      it->config_waiting);
  aatgs_order_counter(&w->order, (aatgs_track){AATGS_TRACK_QUEUES, 1}, it->posted_ns,
                      it->telemetry_waiting);
  put_fields(w, AATGS_TRACK_CONFIG, info->config_fields, info->config_field_count, it->config,
             it->posted_ns);
  put_fields(w, AATGS_TRACK_TELEMETRY, info->telemetry_fields, info->telemetry_field_count,
             it->telemetry, end);
  if (g)
    put_parts(w, it, g);
  if (it->seen_ns > w->last_ns)
    w->last_ns = it->seen_ns;
  return rc;
}

static int go(walk *w)
{
  aatgs_trace *trace = w->e->trace;
  aatgs_iteration it;
  uint64_t last = w->e->range.last ? w->e->range.last : UINT64_MAX;
  int rc = aatgs_trace_seek(trace, w->e->range.first);
  while (!rc && (rc = aatgs_trace_next(trace, &it)) > 0 && it.iteration <= last)
    rc = put_iteration(w, &it);
  if (rc < 0)
    return rc;
  put_plan(w, w->last_ns);
  aatgs_order_flush(&w->order, UINT64_MAX);
  return w->order.failed ? AATGS_ENOMEM : 0;
}

int aatgs_export_walk(const aatgs_export *e, const aatgs_export_sink *sink, aatgs_error *error)
{
  walk *w = calloc(1, sizeof *w);
  int rc =
      w ? aatgs_clock_map_from(e->trace, e->range.first, e->range.last, &w->clock) : AATGS_ENOMEM;
  if (!rc) {
    w->e = e;
    w->order.e = e;
    w->order.sink = sink;
    w->order.self = sink->open(e);
    rc = w->order.self ? go(w) : AATGS_ENOMEM;
    if (w->order.self && sink->close(w->order.self) && !rc)
      rc = AATGS_ENOMEM;
  }
  if (rc == AATGS_ENOMEM)
    aatgs_error_set(error, rc, 0, "out of memory");
  else if (rc && error)
    *error = *aatgs_trace_error(e->trace);
  if (w) {
    for (size_t i = 0; i < w->graphs.size / sizeof(aatgs_export_graph *); i++)
      free_graph(((aatgs_export_graph **)(void *)w->graphs.data)[i]);
    aatgs_bytes_free(&w->graphs);
    aatgs_order_free(&w->order);
    free(w);
  }
  return rc;
}
