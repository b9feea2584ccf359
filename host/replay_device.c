#include "host/replay.h"
#include "trace/digest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_INTERVAL 4096u

/* ---- What comes back ------------------------------------------------------------------------ */

static int count(aatgs_replay_state *s, const aatgs_iteration *found)
{
  if (found->iteration < s->first)
    return 0;
  s->report->iterations++;
  s->report->digest = aatgs_digest_iteration(s->report->digest, found, s->info->telemetry_bytes);
  if (s->options->progress && s->report->iterations % PROGRESS_INTERVAL == 0)
    s->options->progress(s->options->user, s->report->iterations, s->total);
  return 0;
}

static int observe(void *user, const aatgs_iteration *found)
{
  aatgs_replay_state *s = user;
  const aatgs_kept *k = aatgs_replay_kept(s, found->iteration);
  if (s->report->diverged && !s->options->keep_going)
    return 0; /* the first difference stands; the rest only drains */
  if (!k)
    return aatgs_error_set(s->error, AATGS_EDEVICE, 0, "iteration %" PRIu64 " came back unasked",
                           found->iteration);
  if (s->found && aatgs_replay_keep(s->info, found, s->found))
    return aatgs_error_set(s->error, AATGS_ENOMEM, 0, "out of memory");
  const int rc = aatgs_replay_compare(s, &k->it, found);
  return rc ? rc : count(s, found);
}

int aatgs_replay_error(aatgs_replay_state *s, int rc)
{
  if (rc && rc != AATGS_EDIVERGED && !s->error->code)
    *s->error = *aatgs_last_error(s->rt);
  return rc;
}

/* ---- What goes in -----------------------------------------------------------------------------
 */

/* The table slot that holds the recorded graph, sent if it is not there. */
static int graph_slot(aatgs_replay_state *s, uint32_t number, uint32_t *slot)
{
  for (uint32_t i = 0; i < AATGS_REPLAY_GRAPHS; i++)
    if (s->slots[i].number == number && s->rt->graphs[i].number == s->slots[i].sent_as) {
      *slot = i;
      return 0;
    }
  aatgs_graph *graph;
  int rc = aatgs_replay_graph(s, number, &graph);
  if (rc)
    return rc;
  rc = aatgs_wait_graph_room(s->rt);
  if (!rc)
    rc = aatgs_send_graph(s->rt, graph, slot);
  if (rc) {
    aatgs_graph_close(graph);
    return aatgs_replay_error(s, rc);
  }
  s->slots[*slot].number = number;
  s->slots[*slot].sent_as = s->rt->graphs[*slot].number;
  s->slots[*slot].plan = 0;
  return 0;
}

static bool plan_room(aatgs_runtime *rt, uint64_t unused)
{
  (void)unused;
  const aatgs_live_plan *p = &rt->plans[rt->next_plan % rt->plans_max];
  return aatgs_command_credit(rt) && (!p->number || (p->last_iteration < rt->next_complete &&
                                                     aatgs_ordered_done(rt, p->command)));
}

static int plan_in_force(aatgs_replay_state *s, uint32_t slot, uint32_t number)
{
  const aatgs_trace_plan *plan;
  if (s->slots[slot].plan == number && s->rt->graphs[slot].plan)
    return 0;
  int rc = aatgs_trace_get_plan(s->trace, number, &plan);
  if (!rc && (plan->task_count != s->rt->graphs[slot].tasks))
    rc = AATGS_ECORRUPT;
  if (rc)
    return aatgs_error_set(s->error, AATGS_ECORRUPT, 0,
                           "%s: plan %u is missing or does not fit its graph", s->options->trace,
                           number);
  rc = aatgs_pump_until(s->rt, plan_room, 0, s->rt->options.timeout_ns);
  if (!rc)
    rc = aatgs_force_plan(s->rt, slot, plan->task_at, plan->priority_x1000);
  s->slots[slot].plan = number;
  return aatgs_replay_error(s, rc);
}

static bool iteration_room(aatgs_runtime *rt, uint64_t records)
{
  rt->next_read = rt->next_seen; /* nobody reads: what is compared is taken from `observe` */
  return aatgs_iteration_credit(rt, (uint32_t)records) == 0;
}

static int by_iteration(const void *a, const void *b)
{
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* A snapshot in the trace is a point at which the recorded state is put in force again: after a
 * restore it has to be, otherwise it changes nothing. */
static int snapshot_in_force(aatgs_replay_state *s, uint64_t iteration)
{
  const uint8_t *bytes;
  uint64_t at;
  size_t size;
  if (iteration == s->start ||
      !bsearch(&iteration, s->marks, s->mark_count, sizeof *s->marks, by_iteration))
    return 0;
  if (aatgs_trace_get_snapshot(s->trace, iteration, &at, &bytes, &size)) {
    *s->error = *aatgs_trace_error(s->trace);
    return s->error->code;
  }
  if (size != s->rt->staging_bytes)
    return aatgs_error_set(s->error, AATGS_ECORRUPT, 0,
                           "%s: the snapshot at iteration %" PRIu64 " has the wrong size",
                           s->options->trace, iteration);
  return aatgs_replay_error(s, aatgs_put_state(s->rt, bytes, size));
}

int aatgs_replay_feed(aatgs_replay_state *s, const aatgs_iteration *it)
{
  uint32_t slot;
  if (it->iteration != s->rt->next_iteration)
    return aatgs_error_set(s->error, AATGS_ENOTFOUND, 0,
                           "%s: iterations %" PRIu64 " to %" PRIu64
                           " are missing; replay a range before or, from a snapshot, after them",
                           s->options->trace, s->rt->next_iteration, it->iteration - 1);
  int rc = snapshot_in_force(s, it->iteration);
  if (!rc)
    rc = graph_slot(s, it->graph, &slot);
  if (!rc)
    rc = plan_in_force(s, slot, it->plan);
  if (rc)
    return rc;
  rc = aatgs_pump_until(s->rt, iteration_room, s->rt->graphs[slot].records,
                        s->rt->options.timeout_ns);
  if (!rc)
    aatgs_post_iteration(s->rt, slot, it->config, 0);
  return aatgs_replay_error(s, rc);
}

int aatgs_replay_drain(aatgs_replay_state *s)
{
  return aatgs_replay_error(s, aatgs_drain(s->rt, s->rt->options.timeout_ns));
}

/* ---- The runtime ------------------------------------------------------------------------------
 */

int aatgs_replay_find_start(aatgs_replay_state *s, uint64_t iteration)
{
  const uint8_t *bytes;
  size_t size;
  const int rc = aatgs_trace_get_snapshot(s->trace, iteration, &s->start, &bytes, &size);
  if (rc)
    return aatgs_error_set(s->error, rc, 0,
                           "%s: there is no snapshot at or before iteration %" PRIu64
                           " to start from",
                           s->options->trace, iteration);
  free(s->staging);
  s->staging = malloc(size + 1);
  if (!s->staging)
    return aatgs_error_set(s->error, AATGS_ENOMEM, 0, "out of memory");
  memcpy(s->staging, bytes, size);
  s->staging_bytes = size;
  return 0;
}

int aatgs_replay_start(aatgs_replay_state *s)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_input inputs[32] = {{0}};
  aatgs_replay_source source = {.inputs = inputs,
                                .first_iteration = s->start,
                                .staging = s->staging,
                                .staging_bytes = s->staging_bytes,
                                .observe = observe,
                                .observer = s,
                                .stop = s->stop};
  const int rc = aatgs_replay_inputs(s, inputs);
  if (rc)
    return rc;
  memset(s->slots, 0, sizeof s->slots);
  o.workload = s->options->workload ? s->options->workload : s->info->workload;
  o.device = s->options->device;
  o.workers = s->options->workers;
  o.lanes = s->options->lanes;
  o.shuffle = s->options->shuffle;
  o.seed = s->info->seed;
  o.digest = (aatgs_digest)s->info->digest;
  o.command_slots = s->slots_max;
  o.telemetry_slots = s->slots_max;
  o.graphs_max = AATGS_REPLAY_GRAPHS;
  aatgs_replay_limits(s, &o);
  return aatgs_runtime_open(&o, &source, &s->rt, s->error);
}

void aatgs_replay_stop(aatgs_replay_state *s)
{
  aatgs_close(s->rt);
  s->rt = NULL;
}
