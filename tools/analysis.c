#include "tools/analysis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Opening and closing ------------------------------------------------------------ */

int aatgs_analysis_open(aatgs_trace *trace, aatgs_analysis **out)
{
  aatgs_analysis *a = *out = calloc(1, sizeof *a);
  if (!a)
    return AATGS_ENOMEM;
  a->trace = trace;
  a->info = aatgs_trace_get_info(trace);
  a->worker_count = a->info->workers;
  a->types = calloc(a->info->type_count + 1u, sizeof *a->types);
  a->worker_busy_ns = calloc(a->worker_count + 1u, sizeof *a->worker_busy_ns);
  if (!a->types || !a->worker_busy_ns || aatgs_paths_open(trace, &a->paths)) {
    aatgs_analysis_close(a);
    *out = NULL;
    return AATGS_ENOMEM;
  }
  for (uint32_t i = 0; i <= a->info->type_count; i++)
    a->types[i].name = i < a->info->type_count ? a->info->types[i].name : "(unknown)";
  return 0;
}

void aatgs_analysis_close(aatgs_analysis *analysis)
{
  if (!analysis)
    return;
  for (uint32_t i = 0; analysis->types && i <= analysis->info->type_count; i++)
    free(analysis->types[i].elapsed);
  free(analysis->types);
  free(analysis->worker_busy_ns);
  aatgs_paths_close(analysis->paths);
  free(analysis);
}

/* ---- An iteration ----------------------------------------------------------------------- */

static uint64_t in_flight_before(const aatgs_iteration *it)
{
  return it->iteration > it->done_before ? it->iteration - 1 - it->done_before : 0;
}

static void note_gap(aatgs_analysis *a, const aatgs_iteration *it)
{
  uint64_t expected = a->iterations ? a->last + 1 : it->iteration;
  if (it->iteration <= expected)
    return;
  if (a->gap_count < AATGS_GAPS_SHOWN)
    a->gaps[a->gap_count] = (aatgs_gap){expected, it->iteration - expected};
  a->gap_count++;
  a->lost += it->iteration - expected;
}

static void note_extent(aatgs_analysis *a, const aatgs_iteration *it)
{
  if (a->iterations == 0) {
    a->first = it->iteration;
    a->host_first_ns = it->posted_ns;
    a->device_first_ns = it->start_ns;
  }
  if (it->start_ns < a->device_first_ns)
    a->device_first_ns = it->start_ns;
  a->last = it->iteration;
  a->iterations++;
  a->failed += it->status != 0;
  if (it->seen_ns > a->host_last_ns)
    a->host_last_ns = it->seen_ns;
  if (it->end_ns > a->device_last_ns)
    a->device_last_ns = it->end_ns;
}

static int note_task(aatgs_analysis *a, uint32_t type, uint64_t elapsed, uint64_t busy,
                     uint32_t parts)
{
  aatgs_type_stats *t = &a->types[type < a->info->type_count ? type : a->info->type_count];
  if (!t->elapsed && !(t->elapsed = calloc(1, sizeof *t->elapsed)))
    return AATGS_ENOMEM;
  t->tasks++;
  t->parts += parts;
  t->busy_ns += busy;
  t->elapsed_ns += elapsed;
  aatgs_latency_add(t->elapsed, elapsed);
  a->tasks++;
  return 0;
}

/* The records of a task stand side by side. */
static int note_tasks(aatgs_analysis *a, const aatgs_iteration *it, const aatgs_trace_graph *g)
{
  const aatgs_timing *t = it->timings;
  int rc = 0;
  a->timings += it->timing_count;
  for (uint32_t i = 0; !rc && i < it->timing_count;) {
    uint32_t task = t[i].task, first = i;
    uint64_t start = t[i].start_ns, end = start, busy = 0;
    for (; i < it->timing_count && t[i].task == task; i++) {
      uint64_t ended = t[i].start_ns + t[i].duration_ns;
      start = t[i].start_ns < start ? t[i].start_ns : start;
      end = ended > end ? ended : end;
      busy += t[i].duration_ns;
      a->worker_busy_ns[t[i].worker < a->worker_count ? t[i].worker : a->worker_count] +=
          t[i].duration_ns;
    }
    uint32_t type = task < g->task_count ? g->tasks[task].type : UINT32_MAX;
    rc = note_task(a, type, end - start, busy, i - first);
  }
  return rc;
}

static void note_path(aatgs_analysis *a, const aatgs_path *path)
{
  a->round_trip_sum_ns += path->round_trip_ns;
  a->end_to_end_sum_ns += path->end_to_end_ns;
  aatgs_latency_add(&a->round_trip, path->round_trip_ns);
  aatgs_latency_add(&a->end_to_end, path->end_to_end_ns);
  for (int k = 0; k < AATGS_SPENT_KINDS; k++) {
    a->spent_ns[k] += path->ns[k];
    aatgs_latency_add(&a->spent[k], path->ns[k]);
  }
}

/* Keeps the slowest, slowest first, the earlier of equals. */
static void note_slow(aatgs_analysis *a, const aatgs_iteration *it, const aatgs_path *path)
{
  uint32_t at = a->slow_count;
  if (at == AATGS_SLOW_MAX && path->round_trip_ns <= a->slow[at - 1].path.round_trip_ns)
    return;
  for (; at > 0 && a->slow[at - 1].path.round_trip_ns < path->round_trip_ns; at--) {
    a->slow[at] = a->slow[at - 1];
    a->slow[at].path.steps = a->slow[at].steps;
  }
  aatgs_slow *s = &a->slow[at];
  *s = (aatgs_slow){.iteration = it->iteration,
                    .graph = it->graph,
                    .status = it->status,
                    .in_flight = in_flight_before(it),
                    .path = *path};
  if (s->path.step_count > AATGS_SLOW_STEPS)
    s->path.step_count = AATGS_SLOW_STEPS;
  memcpy(s->steps, path->steps, s->path.step_count * sizeof *s->steps);
  s->path.steps = s->steps;
  a->slow_count += a->slow_count < AATGS_SLOW_MAX;
}

/* ---- Decisions ------------------------------------------------------------------------- */

/* The entry of a rule; what does not fit any more is counted as the last one. */
static uint32_t rule_index(aatgs_analysis *a, const char *name)
{
  uint32_t at = 0;
  while (at < a->rule_count && strcmp(a->rules[at].name, name) != 0)
    at++;
  if (at == AATGS_RULES_MAX)
    return at - 1;
  if (at == a->rule_count) {
    snprintf(a->rules[at].name, sizeof a->rules[at].name, "%s", name);
    a->rule_count++;
  }
  return at;
}

static void note_retries(aatgs_analysis *a, const aatgs_trace_graph *g)
{
  for (uint32_t i = 0; i < g->task_count; i++)
    a->may_retry |= g->tasks[i].retries > 0;
}

static int note_plan(aatgs_analysis *a, const aatgs_iteration *it, const aatgs_trace_graph *g)
{
  uint32_t before;
  const int decided = aatgs_decisions_see(&a->watch, a->trace, it, &before);
  if (decided < 0)
    return decided;
  const char *rule = aatgs_decisions_rule(&a->watch, it->graph);
  if (decided || a->rule_count == 0)
    note_retries(a, g);
  if (a->rule_count == 0 || strcmp(a->rules[a->rule].name, rule) != 0)
    a->rule = rule_index(a, rule);
  a->rules[a->rule].iterations++;
  a->rules[a->rule].decisions += (uint64_t)decided;
  a->decisions += (uint64_t)decided;
  return 0;
}

int aatgs_analysis_acts(aatgs_analysis *a, uint64_t first, uint64_t last)
{
  aatgs_tick tick;
  int rc;
  for (uint64_t i = 0; (rc = aatgs_trace_get_tick(a->trace, i, &tick)) == 1; i++)
    if (tick.before >= first && tick.before <= last && tick.kind >= AATGS_ACT_FIRST &&
        tick.kind - AATGS_ACT_FIRST < AATGS_ACTS)
      a->acts[tick.kind - AATGS_ACT_FIRST]++;
  return rc;
}

int aatgs_analysis_add(aatgs_analysis *analysis, const aatgs_iteration *it)
{
  aatgs_analysis *a = analysis;
  aatgs_path path;
  const aatgs_trace_graph *graph;
  int rc = aatgs_paths_find(a->paths, it, &path);
  if (!rc)
    rc = aatgs_trace_get_graph(a->trace, it->graph, &graph);
  if (!rc)
    rc = note_tasks(a, it, graph);
  if (!rc)
    rc = note_plan(a, it, graph);
  if (rc)
    return rc;
  note_gap(a, it);
  note_extent(a, it);
  note_path(a, &path);
  note_slow(a, it, &path);
  aatgs_latency_add(&a->in_flight, in_flight_before(it));
  aatgs_latency_add(&a->config_waiting, it->config_waiting);
  aatgs_latency_add(&a->telemetry_waiting, it->telemetry_waiting);
  return 0;
}

/* ---- A range ----------------------------------------------------------------------------- */

uint32_t aatgs_analysis_threads(void)
{
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores < 2 ? 0 : cores < 5 ? (uint32_t)cores - 1 : 4;
}

/* Iterations before the range only prepare: what its first ones waited for. */
static int add_rows(aatgs_analysis *a, uint64_t first, const aatgs_iteration *rows, size_t count)
{
  int rc = 0;
  for (size_t i = 0; !rc && i < count; i++) {
    aatgs_path path;
    if (rows[i].iteration >= first) {
      rc = aatgs_analysis_add(a, &rows[i]);
    } else {
      uint32_t before;
      rc = aatgs_decisions_see(&a->watch, a->trace, &rows[i], &before);
      rc = rc < 0 ? rc : aatgs_paths_find(a->paths, &rows[i], &path);
    }
  }
  return rc;
}

static int run(aatgs_analysis *a, uint64_t first, uint64_t last)
{
  const aatgs_trace_want want = {.members = AATGS_ANALYSIS_WANT};
  const aatgs_iteration *rows;
  aatgs_trace_stream *stream;
  size_t count;
  uint64_t begin = aatgs_paths_begin(a->info, first);
  int rc = aatgs_trace_stream_open(a->trace, &want, begin, last, aatgs_analysis_threads(), &stream);
  if (rc)
    return rc;
  while ((rc = aatgs_trace_stream_next(stream, &rows, &count)) == 1)
    if ((rc = add_rows(a, first, rows, count)))
      break;
  aatgs_trace_stream_close(stream);
  return rc;
}

int aatgs_analysis_run(aatgs_trace *trace, uint64_t first, uint64_t last, aatgs_analysis **out)
{
  int rc = aatgs_analysis_open(trace, out);
  if (!rc)
    rc = run(*out, first, last);
  if (!rc)
    rc = aatgs_analysis_acts(*out, first, last);
  if (rc) {
    aatgs_analysis_close(*out);
    *out = NULL;
  }
  return rc;
}
