#include "host/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Graphs ------------------------------------------------------------------------------ */

int aatgs_replay_add_graph(aatgs_replay_state *s, const aatgs_trace_graph *description)
{
  aatgs_replay_graph_entry *more = realloc(s->graphs, (s->graph_count + 1) * sizeof *s->graphs);
  if (!more)
    return aatgs_error_set(s->error, AATGS_ENOMEM, 0, "out of memory");
  s->graphs = more;
  size_t at = s->graph_count++;
  for (; at > 0 && more[at - 1].number > description->number; at--)
    more[at] = more[at - 1];
  more[at] = (aatgs_replay_graph_entry){.number = description->number};
  if (description->task_count > s->tasks_max)
    s->tasks_max = description->task_count;
  uint32_t edges = 0;
  for (uint32_t i = 0; i < description->task_count; i++)
    edges += description->tasks[i].dependency_count;
  if (edges > s->edges_max)
    s->edges_max = edges;
  if (description->records > s->records_max)
    s->records_max = description->records;
  return 0;
}

/* Those behind the last one that is known. */
static int list_graphs(aatgs_replay_state *s)
{
  const aatgs_trace_graph *description;
  uint64_t number = s->graph_count ? s->graphs[s->graph_count - 1].number + UINT64_C(1) : 0;
  int rc = 0;
  while (number <= UINT32_MAX &&
         (rc = aatgs_trace_next_graph(s->trace, (uint32_t)number, &description)) == 1) {
    number = description->number + UINT64_C(1);
    rc = aatgs_replay_add_graph(s, description);
    if (rc)
      return rc;
  }
  if (rc < 0)
    *s->error = *aatgs_trace_error(s->trace);
  return rc < 0 ? rc : 0;
}

int aatgs_replay_graph(aatgs_replay_state *s, uint32_t number, aatgs_graph **out)
{
  const aatgs_trace_graph *description;
  *out = NULL;
  int rc = aatgs_trace_get_graph(s->trace, number, &description);
  if (rc)
    return aatgs_error_set(s->error, AATGS_ECORRUPT, 0, "%s: graph %u is missing",
                           s->options->trace, number);
  rc = aatgs_graph_from_trace(s->workload, description, out);
  if (!rc)
    rc = aatgs_graph_check(*out);
  if (rc) {
    aatgs_graph_close(*out);
    *out = NULL;
    return aatgs_error_set(s->error, AATGS_EVERSION, 0,
                           "%s: graph %u does not fit workload %s as it is built here",
                           s->options->trace, number, s->workload->name);
  }
  return 0;
}

void aatgs_replay_limits(const aatgs_replay_state *s, aatgs_options *o)
{
  o->tasks_max = s->tasks_max ? s->tasks_max : 1;
  o->edges_max = s->edges_max ? s->edges_max : 1;
  o->timing_slots = 16384;
  while (o->timing_slots < s->records_max * UINT64_C(4) && o->timing_slots < 1u << 26)
    o->timing_slots *= 2;
}

/* ---- Workload and inputs -------------------------------------------------------------------- */

static bool same_fields(const aatgs_field *a, uint32_t count_a, const aatgs_field *b,
                        uint32_t count_b)
{
  if (count_a != count_b)
    return false;
  for (uint32_t i = 0; i < count_a; i++)
    if (strcmp(a[i].name, b[i].name) != 0 || a[i].type != b[i].type || a[i].count != b[i].count ||
        a[i].offset != b[i].offset)
      return false;
  return true;
}

static bool same_types(const aatgs_trace_info *info, const struct aatgs_workload *w)
{
  if (info->type_count != w->type_count || info->region_count != w->region_count)
    return false;
  for (uint32_t i = 0; i < w->type_count; i++)
    if (strcmp(info->types[i].name, w->types[i].name) != 0)
      return false;
  for (uint32_t i = 0; i < w->region_count; i++)
    if (strcmp(info->regions[i].name, w->regions[i].name) != 0 ||
        info->regions[i].kind != w->regions[i].kind)
      return false;
  return true;
}

static int check_workload(aatgs_replay_state *s)
{
  const aatgs_trace_info *i = s->info;
  const struct aatgs_workload *w = s->workload;
  if (i->config_bytes != w->config_bytes || i->telemetry_bytes != w->telemetry_bytes ||
      !same_fields(i->config_fields, i->config_field_count, w->config_fields,
                   w->config_field_count) ||
      !same_fields(i->telemetry_fields, i->telemetry_field_count, w->telemetry_fields,
                   w->telemetry_field_count) ||
      !same_types(i, w))
    return aatgs_error_set(s->error, AATGS_EVERSION, 0,
                           "%s: recorded with another version of workload %s (its config, "
                           "telemetry, regions or task types differ): replay it with that one",
                           s->options->trace, i->workload);
  if (i->workload_source_digest != w->source_digest)
    snprintf(s->report->warning, sizeof s->report->warning,
             "workload %s was built from other sources than at recording (%016" PRIx64
             " then, %016" PRIx64 " now): a divergence may be its change",
             w->name, i->workload_source_digest, w->source_digest);
  return 0;
}

int aatgs_replay_inputs(aatgs_replay_state *s, aatgs_input *inputs)
{
  for (uint32_t i = 0; i < s->info->input_count; i++) {
    uint32_t k = 0;
    while (k < s->workload->input_kind_count &&
           strcmp(s->workload->input_kinds[k].name, s->info->inputs[i].kind) != 0)
      k++;
    if (k == s->workload->input_kind_count)
      return aatgs_error_set(s->error, AATGS_EVERSION, 0,
                             "%s: workload %s has no input \"%s\" any more", s->options->trace,
                             s->workload->name, s->info->inputs[i].kind);
    const int rc = aatgs_trace_get_input(s->trace, i, &inputs[k].bytes, &inputs[k].size);
    if (rc) {
      *s->error = *aatgs_trace_error(s->trace);
      return rc;
    }
    inputs[k].path = s->info->inputs[i].path;
  }
  return 0;
}

/* ---- Range, snapshot, scheduler
 * ------------------------------------------------------------------ */

/* A flight recorder's window may begin before its first snapshot; a device can replay it from there
 * on. */
static int skip_to_snapshot(aatgs_replay_state *s, uint64_t trace_first)
{
  const uint8_t *bytes;
  size_t size;
  uint64_t at;
  if (s->options->first || !(s->check & (AATGS_CHECK_DEVICE | AATGS_CHECK_STATE)))
    return 0;
  int rc = aatgs_trace_get_snapshot(s->trace, trace_first, &at, &bytes, &size);
  if (rc == 0 && at == trace_first)
    return 0;
  rc = aatgs_trace_next_snapshot(s->trace, trace_first, &at);
  if (rc < 0)
    return *s->error = *aatgs_trace_error(s->trace), rc;
  if (rc == 1 && at <= s->last) {
    s->first = at;
    snprintf(s->report->warning, sizeof s->report->warning,
             "iterations before %" PRIu64 ", the first snapshot, are not replayed", at);
  }
  return 0;
}

static int find_range(aatgs_replay_state *s)
{
  aatgs_trace_state state;
  aatgs_trace_get_state(s->trace, &state);
  s->closed = state.closed;
  s->trace_first = s->next_expected = state.first;
  s->first = s->options->first ? s->options->first : state.first;
  s->last = s->options->last ? s->options->last : state.last;
  if (s->options->follow && !state.iterations)
    return 0; /* the run ended before it began */
  if (!state.iterations || s->first > s->last || s->first > state.last || s->last < state.first)
    return aatgs_error_set(s->error, s->options->first ? AATGS_EINVAL : AATGS_ENOTFOUND, 0,
                           "%s: it holds iterations %" PRIu64 " to %" PRIu64
                           ", none of the range asked for",
                           s->options->trace, state.first, state.last);
  if (s->first < state.first)
    s->first = state.first;
  if (s->last > state.last)
    s->last = state.last;
  const int rc = skip_to_snapshot(s, state.first);
  if (rc)
    return rc;
  s->total = s->last - s->first + 1;
  return 0;
}

static int list_snapshots(aatgs_replay_state *s)
{
  uint64_t at = 0;
  size_t room = 0;
  int rc;
  s->mark_count = 0;
  while ((rc = aatgs_trace_next_snapshot(s->trace, at, &at)) == 1) {
    if (s->mark_count == room) {
      room = room ? 2 * room : 16;
      uint64_t *more = realloc(s->marks, room * sizeof *more);
      if (!more)
        return aatgs_error_set(s->error, AATGS_ENOMEM, 0, "out of memory");
      s->marks = more;
    }
    s->marks[s->mark_count++] = at++;
  }
  if (rc)
    *s->error = *aatgs_trace_error(s->trace);
  return rc;
}

/* Iterations that must be kept: in flight here, or not yet complete for the recorded scheduler. */
static int make_room(aatgs_replay_state *s)
{
  s->kept_count = 128;
  while (s->kept_count < 2u * s->info->command_slots)
    s->kept_count *= 2;
  s->kept = calloc(s->kept_count, sizeof *s->kept);
  return s->kept ? 0 : aatgs_error_set(s->error, AATGS_ENOMEM, 0, "out of memory");
}

static int open_scheduler(aatgs_replay_state *s)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_event_receiver *events;
  o.config_slots = s->info->command_slots;
  o.telemetry_slots = s->info->telemetry_slots;
  o.history = s->info->history;
  o.snapshot_interval_ns = s->info->snapshot_interval_ns;
  o.policy = s->info->policy;
  o.deadline_ns = s->info->deadline_ns;
  o.workers = s->info->workers;
  s->epoch = 1;
  const int rc = aatgs_scheduler_open(s->workload, &o, &s->scheduler, &events);
  if (rc)
    return aatgs_error_set(s->error, rc, 0, "%s: no scheduler with its policy \"%s\": %s",
                           s->options->trace, s->info->policy, aatgs_strerror(rc));
  return 0;
}

/* A trace that is followed may just have been begun. */
static int open_trace(aatgs_replay_state *s)
{
  const struct timespec pause = {0, 5000000};
  aatgs_trace_state state = {0};
  int rc = aatgs_trace_open(s->options->trace, &s->trace, s->error);
  for (bool writing = true; !rc && s->options->follow;) {
    aatgs_trace_get_state(s->trace, &state);
    if (state.closed || state.iterations || !writing)
      break;
    nanosleep(&pause, NULL);
    writing = s->options->follow(s->options->user);
    rc = aatgs_trace_refresh(s->trace);
    if (rc)
      *s->error = *aatgs_trace_error(s->trace);
  }
  return rc;
}

/* Says what of the checks that were asked for there is nothing to check by. */
static void resolve_checks(aatgs_replay_state *s)
{
  if (s->trace_first > 1 && (s->check & AATGS_CHECK_SCHEDULER)) {
    s->check &= ~(uint32_t)AATGS_CHECK_SCHEDULER;
    snprintf(s->report->warning, sizeof s->report->warning,
             "decisions are not checked: the trace begins at iteration %" PRIu64
             ", and what the scheduler was told before is not in it",
             s->trace_first);
  }
  if (s->info->digest != AATGS_DIGEST_OFF || !(s->check & AATGS_CHECK_STATE))
    return;
  s->check &= ~(uint32_t)AATGS_CHECK_STATE;
  snprintf(s->report->warning, sizeof s->report->warning,
           "the state is not checked: the trace was recorded with digests off");
}

int aatgs_replay_open(aatgs_replay_state *s)
{
  int rc = open_trace(s);
  if (rc)
    return rc;
  s->info = aatgs_trace_get_info(s->trace);
  rc = aatgs_workload_load(s->options->workload ? s->options->workload : s->info->workload,
                           &s->workload, s->error);
  if (!rc)
    rc = check_workload(s);
  if (!rc)
    rc = find_range(s);
  if (!rc)
    rc = list_graphs(s);
  if (!rc)
    rc = list_snapshots(s);
  if (!rc)
    rc = make_room(s);
  if (!rc)
    resolve_checks(s);
  if (!rc && (s->check & AATGS_CHECK_SCHEDULER))
    rc = open_scheduler(s);
  s->report->checked = s->check;
  return rc;
}

int aatgs_replay_refresh(aatgs_replay_state *s)
{
  aatgs_trace_state state;
  const bool writing = s->options->follow(s->options->user);
  int rc = aatgs_trace_refresh(s->trace);
  if (rc) {
    *s->error = *aatgs_trace_error(s->trace);
    return rc;
  }
  aatgs_trace_get_state(s->trace, &state);
  s->closed = state.closed || !writing;
  if (!s->options->last && state.iterations) {
    s->last = state.last;
    s->total = s->last - s->first + 1;
  }
  rc = list_graphs(s);
  return rc ? rc : list_snapshots(s);
}

void aatgs_replay_close(aatgs_replay_state *s)
{
  for (size_t i = 0; i < s->graph_count; i++) {
    aatgs_graph_close(s->graphs[i].graph);
    free(s->graphs[i].task_at);
    free(s->graphs[i].priority_x1000);
  }
  free(s->graphs);
  for (uint64_t i = 0; s->kept && i < s->kept_count; i++)
    free(s->kept[i].timings);
  free(s->kept);
  free(s->staging);
  free(s->marks);
  aatgs_scheduler_close(s->scheduler);
  aatgs_trace_close(s->trace);
}
