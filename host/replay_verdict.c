#include "host/replay.h"
#include "trace/field.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int aatgs_replay_differs(aatgs_replay_state *s, const char *what, uint64_t iteration,
                         const char *field, const char *format, ...)
{
  aatgs_replay_report *r = s->report;
  char both[1100];
  va_list args;
  if (r->last_iteration != iteration)
    r->differing++;
  r->last_iteration = iteration;
  if (r->diverged)
    return 0;
  r->diverged = true;
  r->iteration = iteration;
  snprintf(r->what, sizeof r->what, "%s", what);
  snprintf(r->field, sizeof r->field, "%s", field);
  va_start(args, format);
  vsnprintf(both, sizeof both, format, args);
  va_end(args);
  char *bar = strchr(both, '|');
  if (bar)
    *bar++ = '\0';
  snprintf(r->expected, sizeof r->expected, "%.63s", both);
  snprintf(r->found, sizeof r->found, "%.63s", bar ? bar : "");
  if (s->options->keep_going)
    return 0;
  return aatgs_error_set(s->error, AATGS_EDIVERGED, 0,
                         "the replay diverged at iteration %" PRIu64 ": %s", iteration, what);
}

void aatgs_replay_name_task(aatgs_replay_state *s, uint32_t graph, uint32_t task, uint32_t part)
{
  const aatgs_trace_graph *g;
  if (s->report->diverged)
    return;
  s->report->has_task = true;
  s->report->part = part;
  s->report->graph = graph;
  s->report->task_number = task;
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
  aatgs_replay_name_task(s, expected->graph, expected->timings[worst].task,
                         expected->timings[worst].part);
  return aatgs_replay_differs(s, "digest", expected->iteration, "digest",
                              "%08" PRIx32 "|%08" PRIx32, expected->timings[worst].digest,
                              found->timings[worst].digest);
}

/* Only one task may fill in the telemetry. */
static void name_download(aatgs_replay_state *s, uint32_t graph)
{
  const aatgs_trace_graph *g;
  if (aatgs_trace_get_graph(s->trace, graph, &g))
    return;
  for (uint32_t i = 0; i < g->task_count; i++)
    if (s->info->types[g->tasks[i].type].role == AATGS_ROLE_DOWNLOAD)
      aatgs_replay_name_task(s, graph, i, 0);
}

static int compare_telemetry(aatgs_replay_state *s, const aatgs_iteration *expected,
                             const aatgs_iteration *found)
{
  if (memcmp(expected->telemetry, found->telemetry, s->info->telemetry_bytes) == 0)
    return 0;
  name_download(s, expected->graph);
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
      return aatgs_replay_differs(s, "telemetry", expected->iteration, name, "%s|%s", a, b);
    }
  }
  return aatgs_replay_differs(s, "telemetry", expected->iteration, "(padding)", "|");
}

int aatgs_replay_compare(aatgs_replay_state *s, const aatgs_iteration *expected,
                         const aatgs_iteration *found)
{
  int rc = 0;
  if (expected->timing_count != found->timing_count)
    return aatgs_replay_differs(s, "digest", expected->iteration, "timing records", "%u|%u",
                                expected->timing_count, found->timing_count);
  if (s->check & AATGS_CHECK_STATE)
    rc = compare_digests(s, expected, found);
  if (rc || !(s->check & AATGS_CHECK_DEVICE))
    return rc;
  if (expected->status != found->status || expected->detail != found->detail) {
    aatgs_replay_name_task(s, expected->graph,
                           found->status == AATGS_STATUS_OK ? expected->detail : found->detail, 0);
    rc = aatgs_replay_differs(s, "status", expected->iteration, "status",
                              "%u (task %u)|%u (task %u)", expected->status, expected->detail,
                              found->status, found->detail);
  }
  return rc ? rc : compare_telemetry(s, expected, found);
}
