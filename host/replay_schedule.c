#include "host/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static aatgs_replay_graph_entry *find_graph(const aatgs_replay_state *s, uint32_t number)
{
  size_t low = 0, high = s->graph_count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (s->graphs[middle].number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low < s->graph_count && s->graphs[low].number == number ? &s->graphs[low] : NULL;
}

static int graph_entry(aatgs_replay_state *s, uint32_t number, aatgs_replay_graph_entry **out)
{
  const aatgs_trace_graph *late;
  aatgs_replay_graph_entry *g = find_graph(s, number);
  /* In a trace that is being written a graph may come behind those with higher numbers. */
  if (!g && aatgs_trace_get_graph(s->trace, number, &late) == 0) {
    const int rc = aatgs_replay_add_graph(s, late);
    if (rc)
      return rc;
    g = find_graph(s, number);
  }
  if (!g)
    return aatgs_error_set(s->error, AATGS_ECORRUPT, 0, "%s: graph %u is missing",
                           s->options->trace, number);
  *out = g;
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
  s->report->checked &= ~(uint32_t)AATGS_CHECK_SCHEDULER;
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
  return aatgs_replay_differs(s, "scheduler", iteration, "decision", "%s %" PRIu64 "|%s %" PRIu64,
                              decision_name(wanted), wanted_value, decision_name(kind), value);
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

/* ---- The ready set at a decision --------------------------------------------------------------
 */

/* Whether all that the task waits for is among the first `rank` tasks of the order. */
static bool is_ready(const aatgs_trace_graph *g, const uint32_t *task_at, uint32_t rank,
                     uint32_t task)
{
  for (uint32_t k = 0; k < rank; k++)
    if (task_at[k] == task)
      return false; /* it has gone before */
  for (uint32_t d = 0; d < g->tasks[task].dependency_count; d++) {
    uint32_t k = 0;
    while (k < rank && task_at[k] != g->tasks[task].dependencies[d])
      k++;
    if (k == rank)
      return false;
  }
  return true;
}

/* The tasks among which the decision at `rank` was made, each with its priority. */
static void describe_ready(const aatgs_trace_graph *g, const uint32_t *task_at,
                           const uint32_t *priority_x1000, uint32_t rank, char *out, size_t size)
{
  size_t used = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < g->task_count && used < size; i++)
    if (is_ready(g, task_at, rank, i))
      used +=
          (size_t)snprintf(out + used, size - used, "%s%s %u.%03u", used ? ", " : "",
                           g->tasks[i].name, priority_x1000[i] / 1000, priority_x1000[i] % 1000);
}

/* The first rank at which the choice, or the priority of any task that was ready, differs. */
static uint32_t first_difference(const aatgs_trace_graph *g, const aatgs_trace_plan *plan,
                                 const aatgs_replay_graph_entry *found)
{
  for (uint32_t rank = 0; rank < plan->task_count; rank++) {
    if (plan->task_at[rank] != found->task_at[rank])
      return rank;
    for (uint32_t i = 0; i < plan->task_count; i++)
      if (plan->priority_x1000[i] != found->priority_x1000[i] &&
          is_ready(g, plan->task_at, rank, i))
        return rank;
  }
  return plan->task_count;
}

static int report_plan(aatgs_replay_state *s, const aatgs_iteration *it,
                       const aatgs_trace_plan *plan, const aatgs_replay_graph_entry *found)
{
  aatgs_replay_report *r = s->report;
  const aatgs_trace_graph *g;
  if (aatgs_trace_get_graph(s->trace, it->graph, &g) || g->task_count != plan->task_count)
    return aatgs_error_set(s->error, AATGS_ECORRUPT, 0, "%s: graph %u is missing",
                           s->options->trace, it->graph);
  const uint32_t rank = first_difference(g, plan, found);
  const uint32_t expected = plan->task_at[rank], chosen = found->task_at[rank];
  if (!r->diverged) {
    describe_ready(g, plan->task_at, plan->priority_x1000, rank, r->ready_expected,
                   sizeof r->ready_expected);
    describe_ready(g, found->task_at, found->priority_x1000, rank, r->ready_found,
                   sizeof r->ready_found);
  }
  aatgs_replay_name_task(s, it->graph, expected, 0);
  return aatgs_replay_differs(s, "scheduler", it->iteration, "plan",
                              "rank %u: %s, priority %u.%03u|rank %u: %s, priority %u.%03u", rank,
                              g->tasks[expected].name, plan->priority_x1000[expected] / 1000,
                              plan->priority_x1000[expected] % 1000, rank, g->tasks[chosen].name,
                              found->priority_x1000[chosen] / 1000,
                              found->priority_x1000[chosen] % 1000);
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
    g->same_plan = 0;
  }
  if (it->plan == g->same_plan)
    return 0;
  rc = aatgs_trace_get_plan(s->trace, it->plan, &plan);
  if (rc || plan->task_count != aatgs_graph_len(g->graph))
    return aatgs_error_set(s->error, AATGS_ECORRUPT, 0,
                           "%s: plan %u is missing or does not fit its graph", s->options->trace,
                           it->plan);
  const size_t bytes = plan->task_count * sizeof *plan->task_at;
  if (memcmp(plan->task_at, g->task_at, bytes) != 0 ||
      memcmp(plan->priority_x1000, g->priority_x1000, bytes) != 0)
    return report_plan(s, it, plan, g);
  g->same_plan = it->plan;
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
