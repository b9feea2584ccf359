#include "host/replay.h"
#include "trace/field.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int diverged(aatgs_replay_state *s, const char *what, uint64_t iteration)
{
  s->report->diverged = true;
  s->report->iteration = iteration;
  snprintf(s->report->what, sizeof s->report->what, "%s", what);
  return aatgs_error_set(s->error, AATGS_EDIVERGED, 0,
                         "the replay diverged at iteration %" PRIu64 ": %s", iteration, what);
}

static void values(aatgs_replay_state *s, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Field, and from one format the two values "expected|found". */
static void values(aatgs_replay_state *s, const char *field, const char *format, ...)
{
  char both[128];
  va_list args;
  va_start(args, format);
  vsnprintf(both, sizeof both, format, args);
  va_end(args);
  char *bar = strchr(both, '|');
  if (bar)
    *bar++ = '\0';
  snprintf(s->report->field, sizeof s->report->field, "%s", field);
  snprintf(s->report->expected, sizeof s->report->expected, "%.63s", both);
  snprintf(s->report->found, sizeof s->report->found, "%.63s", bar ? bar : "");
}

static void name_task(aatgs_replay_state *s, uint32_t graph, uint32_t task, uint32_t part)
{
  const aatgs_trace_graph *g;
  s->report->has_task = true;
  s->report->part = part;
  if (!aatgs_trace_get_graph(s->trace, graph, &g) && task < g->task_count)
    snprintf(s->report->task, sizeof s->report->task, "%s", g->tasks[task].name);
  else
    snprintf(s->report->task, sizeof s->report->task, "%u", task);
}

/* ---- Device ---------------------------------------------------------------------------- */

/* The first record, in the order of the plan, whose digests differ. */
static int compare_digests(aatgs_replay_state *s, const aatgs_iteration *expected,
                           const aatgs_iteration *found)
{
  const aatgs_trace_plan *plan;
  uint32_t worst = UINT32_MAX, worst_rank = UINT32_MAX;
  bool differ = false;
  for (uint32_t i = 0; i < expected->timing_count; i++)
    differ |= expected->timings[i].digest != found->timings[i].digest;
  if (!differ)
    return 0;
  if (aatgs_trace_get_plan(s->trace, expected->plan, &plan))
    plan = NULL;
  for (uint32_t i = 0; i < expected->timing_count; i++) {
    uint32_t rank = i;
    if (expected->timings[i].digest == found->timings[i].digest)
      continue;
    for (uint32_t k = 0; plan && k < plan->task_count; k++)
      if (plan->task_at[k] == expected->timings[i].task)
        rank = k;
    if (rank < worst_rank) {
      worst_rank = rank;
      worst = i;
    }
  }
  name_task(s, expected->graph, expected->timings[worst].task, expected->timings[worst].part);
  values(s, "digest", "%08" PRIx32 "|%08" PRIx32, expected->timings[worst].digest,
         found->timings[worst].digest);
  return diverged(s, "digest", expected->iteration);
}

static int compare_telemetry(aatgs_replay_state *s, const aatgs_iteration *expected,
                             const aatgs_iteration *found)
{
  if (memcmp(expected->telemetry, found->telemetry, s->info->telemetry_bytes) == 0)
    return 0;
  for (uint32_t i = 0; i < s->info->telemetry_field_count; i++) {
    const aatgs_field *f = &s->info->telemetry_fields[i];
    for (uint32_t e = 0; e < f->count; e++) {
      const size_t bytes = aatgs_field_type_bytes(f->type);
      const size_t at = f->offset + e * bytes;
      char a[32], b[32], name[64];
      if (memcmp(expected->telemetry + at, found->telemetry + at, bytes) == 0)
        continue;
      aatgs_field_format(f, expected->telemetry, e, a, sizeof a);
      aatgs_field_format(f, found->telemetry, e, b, sizeof b);
      if (f->count > 1)
        snprintf(name, sizeof name, "%.48s[%u]", f->name, e);
      else
        snprintf(name, sizeof name, "%.60s", f->name);
      values(s, name, "%s|%s", a, b);
      return diverged(s, "telemetry", expected->iteration);
    }
  }
  values(s, "(padding)", "|");
  return diverged(s, "telemetry", expected->iteration);
}

int aatgs_replay_compare(aatgs_replay_state *s, const aatgs_iteration *expected,
                         const aatgs_iteration *found)
{
  if (expected->timing_count != found->timing_count) {
    values(s, "timing records", "%u|%u", expected->timing_count, found->timing_count);
    return diverged(s, "digest", expected->iteration);
  }
  int rc = compare_digests(s, expected, found);
  if (!rc && (expected->status != found->status || expected->detail != found->detail)) {
    values(s, "status", "%u (task %u)|%u (task %u)", expected->status, expected->detail,
           found->status, found->detail);
    rc = diverged(s, "status", expected->iteration);
  }
  return rc ? rc : compare_telemetry(s, expected, found);
}

/* ---- Scheduler --------------------------------------------------------------------------- */

static int graph_entry(aatgs_replay_state *s, uint32_t number, aatgs_replay_graph_entry **out)
{
  size_t low = 0, high = s->graph_count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (s->graphs[middle].number < number)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == s->graph_count || s->graphs[low].number != number)
    return aatgs_error_set(s->error, AATGS_ECORRUPT, 0, "%s: graph %u is missing",
                           s->options->trace, number);
  aatgs_replay_graph_entry *g = *out = &s->graphs[low];
  if (g->graph)
    return 0;
  const int rc = aatgs_replay_graph(s, number, &g->graph);
  if (rc)
    return rc;
  g->task_at = calloc(aatgs_graph_len(g->graph) + 1, sizeof *g->task_at);
  g->priority_x1000 = calloc(aatgs_graph_len(g->graph) + 1, sizeof *g->priority_x1000);
  return g->task_at && g->priority_x1000
             ? 0
             : aatgs_error_set(s->error, AATGS_ENOMEM, 0, "out of memory");
}

/* Without every event before it, a decision cannot be checked. */
static void give_up_scheduler(aatgs_replay_state *s, const char *why)
{
  aatgs_scheduler_close(s->scheduler);
  s->scheduler = NULL;
  if (!s->report->warning[0])
    snprintf(s->report->warning, sizeof s->report->warning,
             "scheduler decisions are not checked from iteration %" PRIu64 " on: %s",
             s->next_expected, why);
}

static int show_done(aatgs_replay_state *s, uint64_t count)
{
  for (; s->scheduler && s->done < count; s->done++) {
    const aatgs_kept *k = aatgs_replay_kept(s, s->trace_first + s->done);
    aatgs_replay_graph_entry *g;
    if (!k) {
      give_up_scheduler(s, "the trace has a gap");
      return 0;
    }
    const int rc = graph_entry(s, k->it.graph, &g);
    if (rc)
      return rc;
    aatgs_sched_event event = {.kind = AATGS_SCHED_DONE};
    event.u.done.graph = g->graph;
    event.u.done.timings = k->it.timings;
    event.u.done.count = k->it.timing_count;
    event.u.done.status = k->it.status;
    event.u.done.detail = k->it.detail;
    event.u.done.start_ns = k->it.start_ns;
    event.u.done.end_ns = k->it.end_ns;
    s->epoch += aatgs_scheduler_handle(s->scheduler, &event);
  }
  return 0;
}

/* Hands the scheduler what it was told besides iterations. */
static void show_event(aatgs_replay_state *s, const aatgs_tick *tick)
{
  aatgs_sched_event event;
  memset(&event, 0, sizeof event);
  switch (tick->kind) {
  case AATGS_TICK_TIME:
    event.kind = AATGS_SCHED_TICK;
    event.u.tick.now_ns = tick->now_ns;
    break;
  case AATGS_TICK_INTERVAL:
    event.kind = AATGS_SCHED_INTERVAL;
    event.u.interval.ns = tick->value;
    break;
  case AATGS_TICK_CANCEL: event.kind = AATGS_SCHED_CANCELLED; break;
  case AATGS_TICK_RESUME: event.kind = AATGS_SCHED_RESUMED; break;
  case AATGS_TICK_LOST: event.kind = AATGS_SCHED_LOST; break;
  default: return;
  }
  s->epoch += aatgs_scheduler_handle(s->scheduler, &event);
}

static const char *decision_name(uint64_t kind)
{
  switch (kind) {
  case AATGS_TICK_GIVE_UP: return "give up task";
  case AATGS_TICK_STOP: return "stop for task";
  case AATGS_TICK_ADAPT: return "interval, ns:";
  case AATGS_TICK_OVERRUN: return "overrun, ns:";
  default: return "nothing";
  }
}

/* The next decision must be the recorded one; `tick` NULL: there must be none. */
static int compare_decision(aatgs_replay_state *s, const aatgs_tick *tick, uint64_t iteration)
{
  aatgs_decision d;
  uint64_t kind = 0, value = 0, wanted = tick ? tick->kind : 0,
           wanted_value = tick ? tick->value : 0;
  if (!s->info->decisions)
    return 0;
  if (aatgs_scheduler_next_decision(s->scheduler, &d))
    kind = aatgs_tick_of_decision(&d, &value);
  if (kind == wanted && value == wanted_value)
    return 0;
  values(s, "decision", "%s %" PRIu64 "|%s %" PRIu64, decision_name(wanted), wanted_value,
         decision_name(kind), value);
  return diverged(s, "scheduler", iteration);
}

static int show_ticks(aatgs_replay_state *s, uint64_t iteration)
{
  aatgs_tick tick;
  while (s->scheduler && aatgs_trace_get_tick(s->trace, s->next_tick, &tick) == 1 &&
         tick.before <= iteration) {
    int rc = show_done(s, tick.done_before);
    if (rc || !s->scheduler)
      return rc;
    if (tick.kind < AATGS_TICK_GIVE_UP)
      show_event(s, &tick);
    else if (tick.kind <= AATGS_TICK_OVERRUN)
      rc = compare_decision(s, &tick, iteration);
    if (rc)
      return rc;
    s->next_tick++;
  }
  return 0;
}

static int compare_plan(aatgs_replay_state *s, const aatgs_iteration *it)
{
  aatgs_replay_graph_entry *g;
  const aatgs_trace_plan *plan;
  int rc = graph_entry(s, it->graph, &g);
  if (rc)
    return rc;
  if (g->epoch != s->epoch) {
    rc = aatgs_scheduler_plan(s->scheduler, g->graph, g->task_at, g->priority_x1000);
    if (rc)
      return aatgs_error_set(s->error, rc, 0, "graph %u could not be planned: %s", it->graph,
                             aatgs_strerror(rc));
    g->epoch = s->epoch;
  }
  rc = aatgs_trace_get_plan(s->trace, it->plan, &plan);
  if (rc || plan->task_count != aatgs_graph_len(g->graph))
    return aatgs_error_set(s->error, AATGS_ECORRUPT, 0,
                           "%s: plan %u is missing or does not fit its graph", s->options->trace,
                           it->plan);
  for (uint32_t rank = 0; rank < plan->task_count; rank++) {
    const uint32_t expected = plan->task_at[rank], found = g->task_at[rank];
    if (expected == found && plan->priority_x1000[expected] == g->priority_x1000[expected])
      continue;
    name_task(s, it->graph, expected, 0);
    values(s, "plan", "rank %u: task %u, priority %u|rank %u: task %u, priority %u", rank, expected,
           plan->priority_x1000[expected], rank, found, g->priority_x1000[found]);
    return diverged(s, "scheduler", it->iteration);
  }
  return 0;
}

int aatgs_replay_schedule(aatgs_replay_state *s, const aatgs_iteration *it)
{
  if (!s->scheduler)
    return 0;
  if (it->iteration != s->next_expected) {
    give_up_scheduler(s, "the trace has a gap");
    return 0;
  }
  s->next_expected++;
  int rc = show_ticks(s, it->iteration);
  if (!rc)
    rc = show_done(s, it->done_before);
  if (rc || !s->scheduler)
    return rc;
  rc = compare_decision(s, NULL, it->iteration);
  if (!rc)
    rc = compare_plan(s, it);
  if (rc)
    return rc;
  aatgs_sched_event event = {.kind = AATGS_SCHED_SUBMITTED};
  event.u.submitted.config_waiting = it->config_waiting;
  event.u.submitted.telemetry_waiting = it->telemetry_waiting;
  s->epoch += aatgs_scheduler_handle(s->scheduler, &event);
  return 0;
}
