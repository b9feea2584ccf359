/* Replay: the recorded configs through a device again, the recorded events through a
 * scheduler again, and a comparison of what comes out, iteration by iteration. */
#include "host/replay.h"
#include "host/log.h"
#include "host/runtime.h"
#include "trace/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY_SLOTS      64u /* iterations in flight */
#define GRAPHS_MAX        64u
#define PROGRESS_INTERVAL 4096u

/* ---- What was recorded, kept until it is compared and the scheduler has seen it ------------- */

static int keep_iteration(aatgs_replay_state *s, const aatgs_iteration *it)
{
  aatgs_kept *k = &s->kept[it->iteration & (s->kept_count - 1)];
  if (k->capacity < it->timing_count) {
    aatgs_timing *more = realloc(k->timings, it->timing_count * sizeof *more);
    if (!more)
      return aatgs_error_set(s->error, AATGS_ENOMEM, 0, "out of memory");
    k->timings = more;
    k->capacity = it->timing_count;
  }
  k->it = *it;
  if (it->timing_count)
    memcpy(k->timings, it->timings, it->timing_count * sizeof *k->timings);
  memcpy(k->telemetry, it->telemetry, s->info->telemetry_bytes);
  memcpy(k->config, it->config, s->info->config_bytes);
  k->it.timings = k->timings;
  k->it.telemetry = k->telemetry;
  k->it.config = k->config;
  return 0;
}

aatgs_kept *aatgs_replay_kept(aatgs_replay_state *s, uint64_t iteration)
{
  aatgs_kept *k = &s->kept[iteration & (s->kept_count - 1)];
  return k->it.iteration == iteration ? k : NULL;
}

/* ---- The device's verdict --------------------------------------------------------------- */

static int observe(void *user, const aatgs_iteration *found)
{
  aatgs_replay_state *s = user;
  const aatgs_kept *k = aatgs_replay_kept(s, found->iteration);
  if (s->report->diverged)
    return 0; /* the first difference stands; the rest only drains */
  if (!k)
    return aatgs_error_set(s->error, AATGS_EDEVICE, 0, "iteration %" PRIu64 " came back unasked",
                           found->iteration);
  const int rc = aatgs_replay_compare(s, &k->it, found);
  if (rc)
    return rc;
  if (found->iteration >= s->first) {
    s->report->iterations++;
    s->report->digest = aatgs_digest_iteration(s->report->digest, found, s->info->telemetry_bytes);
  }
  if (s->options->progress && s->report->iterations % PROGRESS_INTERVAL == 0)
    s->options->progress(s->options->user, s->report->iterations, s->total);
  return 0;
}

/* The runtime's error, unless the replay has set its own. */
static int runtime_error(aatgs_replay_state *s, int rc)
{
  if (rc && rc != AATGS_EDIVERGED && !s->error->code)
    *s->error = *aatgs_last_error(s->rt);
  return rc;
}

/* ---- Feeding the device --------------------------------------------------------------------- */

/* The table slot that holds the recorded graph, sent if it is not there. */
static int graph_slot(aatgs_replay_state *s, uint32_t number, uint32_t *slot)
{
  for (uint32_t i = 0; i < GRAPHS_MAX; i++)
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
    return runtime_error(s, rc);
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
  return runtime_error(s, rc);
}

static bool iteration_room(aatgs_runtime *rt, uint64_t records)
{
  rt->next_read = rt->next_seen; /* nobody reads: what is compared is taken from `observe` */
  return aatgs_iteration_credit(rt, (uint32_t)records) == 0;
}

/* A snapshot in the trace is a point at which the recorded state is put in force again: after a
 * restore it has to be, otherwise it changes nothing. */
static int snapshot_in_force(aatgs_replay_state *s, uint64_t iteration)
{
  const uint8_t *bytes;
  uint64_t at;
  size_t size;
  if (s->snapshots < 2 || iteration == s->start ||
      aatgs_trace_get_snapshot(s->trace, iteration, &at, &bytes, &size) || at != iteration)
    return 0;
  if (size != s->rt->staging_bytes)
    return aatgs_error_set(s->error, AATGS_ECORRUPT, 0,
                           "%s: the snapshot at iteration %" PRIu64 " has the wrong size",
                           s->options->trace, iteration);
  return runtime_error(s, aatgs_put_state(s->rt, bytes, size));
}

static int feed(aatgs_replay_state *s, const aatgs_iteration *it)
{
  uint32_t slot;
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
    aatgs_post_iteration(s->rt, slot, it->config);
  return runtime_error(s, rc);
}

/* ---- The run through the trace ------------------------------------------------------------------
 */

static int one_iteration(aatgs_replay_state *s, const aatgs_iteration *it)
{
  int rc = keep_iteration(s, it);
  if (!rc)
    rc = aatgs_replay_schedule(s, it);
  if (rc || it->iteration < s->start)
    return rc;
  if (it->iteration != s->rt->next_iteration)
    return aatgs_error_set(s->error, AATGS_ENOTFOUND, 0,
                           "%s: iterations %" PRIu64 " to %" PRIu64
                           " are missing; replay a range before or, from a snapshot, after them",
                           s->options->trace, s->rt->next_iteration, it->iteration - 1);
  return feed(s, it);
}

static int all_iterations(aatgs_replay_state *s)
{
  aatgs_iteration it;
  int rc = aatgs_trace_seek(s->trace, 0), more = 1;
  while (!rc && (more = aatgs_trace_next(s->trace, &it)) == 1 && it.iteration <= s->last)
    rc = one_iteration(s, &it);
  if (more < 0) {
    *s->error = *aatgs_trace_error(s->trace);
    return more;
  }
  if (!rc)
    rc = runtime_error(s, aatgs_drain(s->rt, s->rt->options.timeout_ns));
  return rc;
}

static int open_runtime(aatgs_replay_state *s)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_input inputs[32] = {{0}};
  aatgs_replay_source source = {.inputs = inputs,
                                .first_iteration = s->start,
                                .staging = s->staging,
                                .staging_bytes = s->staging_bytes,
                                .observe = observe,
                                .observer = s};
  int rc = aatgs_replay_inputs(s, inputs);
  if (rc)
    return rc;
  o.workload = s->options->workload ? s->options->workload : s->info->workload;
  o.device = s->options->device;
  o.workers = s->options->workers;
  o.shuffle = s->options->shuffle;
  o.seed = s->info->seed;
  o.digest = (aatgs_digest)s->info->digest;
  o.command_slots = REPLAY_SLOTS;
  o.telemetry_slots = REPLAY_SLOTS;
  o.graphs_max = GRAPHS_MAX;
  aatgs_replay_limits(s, &o);
  return aatgs_runtime_open(&o, &source, &s->rt, s->error);
}

static int run_replay(aatgs_replay_state *s)
{
  int rc = aatgs_replay_open(s);
  if (!rc)
    rc = open_runtime(s);
  if (!rc)
    rc = all_iterations(s);
  if (!rc && s->report->iterations + s->report->lost < s->total)
    s->report->lost = s->total - s->report->iterations;
  return rc;
}

int aatgs_replay(const aatgs_replay_options *options, aatgs_replay_report *report,
                 aatgs_error *error)
{
  aatgs_error local;
  aatgs_replay_state s = {.options = options, .report = report, .error = error ? error : &local};
  memset(report, 0, sizeof *report);
  memset(s.error, 0, sizeof *s.error);
  if (options->size != sizeof *options || !options->trace)
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "aatgs_replay_options: begin with AATGS_REPLAY_OPTIONS_INIT and name a "
                           "trace");
  const int rc = run_replay(&s);
  aatgs_close(s.rt);
  aatgs_replay_close(&s);
  return rc;
}
