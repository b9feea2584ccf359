#include <string.h>

#include "tools/top.h"
#include "trace/field.h"

static int find(const aatgs_top *t, const char *name, aatgs_top_field *out, aatgs_error *error)
{
  const aatgs_trace_info *info = t->info;
  aatgs_error unused;
  if (!strncmp(name, "config.", 7)) {
    out->config = true;
    return aatgs_field_find(info->config_fields, info->config_field_count, name + 7, &out->field,
                            &out->index, error);
  }
  if (!strncmp(name, "telemetry.", 10))
    name += 10;
  out->config = false;
  int rc = aatgs_field_find(info->telemetry_fields, info->telemetry_field_count, name, &out->field,
                            &out->index, error);
  if (rc == AATGS_ENOTFOUND && !aatgs_field_find(info->config_fields, info->config_field_count,
                                                 name, &out->field, &out->index, &unused)) {
    out->config = true;
    return 0;
  }
  return rc;
}

static void choose_first(aatgs_top *t)
{
  for (uint32_t i = 0; i < t->info->telemetry_field_count; i++) {
    const aatgs_field *field = &t->info->telemetry_fields[i];
    for (uint32_t k = 0; k < field->count && field->role == AATGS_FIELD_PLAIN; k++)
      if (t->field_count < 8)
        t->fields[t->field_count++] = (aatgs_top_field){.field = field, .index = k};
  }
}

int aatgs_top_choose(aatgs_top *t, const char *list, aatgs_error *error)
{
  if (!list)
    return choose_first(t), 0;
  while (*list) {
    char name[256];
    size_t length = strcspn(list, ",");
    if (!length || length >= sizeof name)
      return aatgs_error_set(error, AATGS_EINVAL, 0,
                             "--fields is a list of fields with commas between them, not '%s'",
                             list);
    if (t->field_count == AATGS_TOP_FIELDS)
      return aatgs_error_set(error, AATGS_EINVAL, 0, "--fields names more than %u fields",
                             AATGS_TOP_FIELDS);
    memcpy(name, list, length);
    name[length] = '\0';
    int rc = find(t, name, &t->fields[t->field_count], error);
    if (rc)
      return rc == AATGS_ENOTFOUND ? AATGS_EINVAL : rc; /* the command line is wrong */
    t->field_count++;
    list += length + (list[length] == ',');
  }
  return 0;
}

/* ---- A moment ------------------------------------------------------------------------- */

static void push(double *history, uint32_t moments, double value)
{
  if (moments == AATGS_TOP_HISTORY)
    memmove(history, history + 1, (AATGS_TOP_HISTORY - 1) * sizeof *history);
  history[moments < AATGS_TOP_HISTORY ? moments : AATGS_TOP_HISTORY - 1] = value;
}

static int look_at_fields(aatgs_top *t)
{
  aatgs_iteration it;
  int rc = aatgs_trace_seek(t->trace, t->state.last);
  if (!rc)
    rc = aatgs_trace_next(t->trace, &it);
  if (rc <= 0)
    return rc;
  for (uint32_t i = 0; i < t->field_count; i++) {
    aatgs_top_field *f = &t->fields[i];
    f->latest = aatgs_field_get(f->field, f->config ? it.config : it.telemetry, f->index);
  }
  return 0;
}

/* Replaces the analysis by one of what came. */
static int analyse(aatgs_top *t)
{
  uint64_t first = t->shown_last + 1;
  if (t->state.last - first >= AATGS_TOP_ITERATIONS)
    first = t->state.last - AATGS_TOP_ITERATIONS + 1;
  aatgs_analysis_close(t->analysis);
  t->analysis = NULL;
  return aatgs_analysis_run(t->trace, first, t->state.last, &t->analysis);
}

static double own_rate(const aatgs_analysis *a)
{
  uint64_t ns = a->host_last_ns - a->host_first_ns;
  return ns ? (double)a->iterations / ((double)ns / 1e9) : 0.0;
}

int aatgs_top_look(aatgs_top *t, double seconds)
{
  bool first = !t->shown_last;
  int rc = aatgs_trace_refresh(t->trace);
  if (rc)
    return rc;
  aatgs_trace_get_state(t->trace, &t->state);
  t->arrived = t->state.last > t->shown_last ? t->state.last - t->shown_last : 0;
  if (t->arrived) {
    rc = analyse(t);
    if (!rc)
      rc = look_at_fields(t);
    t->shown_last = t->state.last;
  }
  if (rc)
    return rc;
  bool fresh = t->arrived && t->analysis;
  t->rate = fresh && (first || seconds <= 0.0) ? own_rate(t->analysis)
            : fresh                            ? (double)t->arrived / seconds
                                               : 0.0;
  push(t->rates, t->moments, t->rate);
  push(t->p50_ns, t->moments, fresh ? (double)aatgs_latency_at(&t->analysis->round_trip, 500) : 0);
  push(t->p99_ns, t->moments, fresh ? (double)aatgs_latency_at(&t->analysis->round_trip, 990) : 0);
  for (uint32_t i = 0; i < t->field_count; i++)
    push(t->fields[i].history, t->moments, t->fields[i].latest);
  t->moments += t->moments < AATGS_TOP_HISTORY;
  return 0;
}
