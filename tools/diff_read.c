#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/diff_content.h"

const char *const aatgs_aspect_names[AATGS_ASPECTS + 1] = {"configs", "decisions", "telemetry",
                                                           "digests", "time",      NULL};

/* Of each `stride` iterations one is timed, chosen by chance so that nothing periodic hides. */
typedef struct timing {
  uint64_t first;
  uint64_t stride;
  double *sum; /* by diff->types: ns of the iteration at hand; NaN: did not run */
} timing;

/* ---- Time ---------------------------------------------------------------------------- */

static bool timing_open(timing *t, aatgs_diff *d)
{
  uint64_t first = d->range.first, last = d->range.last ? d->range.last : UINT64_MAX;
  for (int side = 0; side < 2; side++) {
    first = d->state[side].first > first ? d->state[side].first : first;
    last = d->state[side].last < last ? d->state[side].last : last;
  }
  t->first = first;
  t->stride = last >= first ? (last - first) / AATGS_TIME_SAMPLES + 1 : 1;
  d->samples = last >= first ? (size_t)((last - first) / t->stride + 1) : 0;
  t->sum = calloc(d->type_count + 1, sizeof *t->sum);
  return t->sum != NULL;
}

/* The index of an iteration's values in a series; false: it is not timed. */
static bool sampled(const timing *t, const aatgs_diff *d, uint64_t iteration, size_t *index)
{
  if (iteration < t->first || (iteration - t->first) / t->stride >= d->samples)
    return false;
  *index = (size_t)((iteration - t->first) / t->stride);
  /* A multiplicative hash (Knuth, The Art of Computer Programming 3, 6.4). */
  uint64_t hash = (*index + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
  return (iteration - t->first) % t->stride == (hash >> 32) % t->stride;
}

static float *new_series(size_t count)
{
  float *series = malloc(count * sizeof *series);
  for (size_t i = 0; series && i < count; i++)
    series[i] = NAN;
  return series;
}

/* Adds one run's iteration to its series. An iteration that failed skipped tasks: it is left out.
 */
static bool add_times(aatgs_diff *d, const aatgs_diff_content *c, timing *t, int side,
                      const aatgs_iteration *it, size_t index)
{
  const aatgs_trace_graph *graph;
  if (it->status != AATGS_STATUS_OK || aatgs_trace_get_graph(d->trace[side], it->graph, &graph))
    return true;
  for (size_t i = 0; i < d->type_count; i++)
    t->sum[i] = (double)NAN;
  for (uint32_t i = 0; i < it->timing_count; i++) {
    uint32_t task = it->timings[i].task;
    if (task >= graph->task_count || graph->tasks[task].type >= d->info[side]->type_count)
      continue;
    double *sum = &t->sum[c->type_of[side][graph->tasks[task].type]];
    *sum = (isnan(*sum) ? 0.0 : *sum) + it->timings[i].duration_ns;
  }
  for (size_t i = 0; i < d->type_count; i++) {
    aatgs_diff_type *type = &d->types[i];
    if (isnan(t->sum[i]))
      continue;
    if (!type->a)
      type->a = new_series(d->samples);
    if (!type->b)
      type->b = new_series(d->samples);
    if (!type->a || !type->b)
      return false;
    (side ? type->b : type->a)[index] = (float)t->sum[i];
  }
  return true;
}

/* ---- Side by side -------------------------------------------------------------------- */

/* The next iteration of a trace within the range: 1, 0 or an error. */
static int advance(aatgs_diff *d, int side, aatgs_iteration *it)
{
  int rc = aatgs_trace_next(d->trace[side], it);
  return rc > 0 && d->range.last && it->iteration > d->range.last ? 0 : rc;
}

static int compare_both(aatgs_diff *d, aatgs_diff_content *c, timing *t, const aatgs_iteration *a,
                        const aatgs_iteration *b)
{
  size_t index;
  int rc = aatgs_diff_content_compare(c, a, b);
  d->compared++;
  if (!rc && d->wanted[AATGS_ASPECT_TIME] && sampled(t, d, a->iteration, &index) &&
      (!add_times(d, c, t, 0, a, index) || !add_times(d, c, t, 1, b, index)))
    rc = AATGS_ENOMEM;
  return rc;
}

static int go(aatgs_diff *d, aatgs_diff_content *c, timing *t, int *failed_side)
{
  aatgs_iteration it[2];
  int have[2] = {-1, -1}; /* -1: to be read */
  for (;;) {
    for (int side = 0; side < 2; side++) {
      *failed_side = side;
      if (have[side] < 0 && (have[side] = advance(d, side, &it[side])) < 0)
        return have[side];
    }
    if (!have[0] && !have[1])
      return 0;
    if (have[0] && have[1] && it[0].iteration == it[1].iteration) {
      int rc = compare_both(d, c, t, &it[0], &it[1]);
      if (rc)
        return rc;
      have[0] = have[1] = -1;
    } else {
      int lone = !have[1] || (have[0] && it[0].iteration < it[1].iteration) ? 0 : 1;
      d->alone[lone]++;
      have[lone] = -1;
    }
  }
}

int aatgs_diff_read(aatgs_diff *diff, aatgs_error *error)
{
  aatgs_diff_content content;
  timing t = {0};
  int rc = 0, side = 0;
  if (!aatgs_diff_content_open(&content, diff) || !timing_open(&t, diff))
    rc = AATGS_ENOMEM;
  for (int i = 0; i < 2 && !rc; i++) {
    side = i;
    rc = aatgs_trace_seek(diff->trace[i], diff->range.first);
  }
  if (!rc)
    rc = go(diff, &content, &t, &side);
  if (rc == AATGS_ENOMEM)
    aatgs_error_set(error, rc, 0, "out of memory");
  else if (rc && error)
    *error = *aatgs_trace_error(diff->trace[side]);
  aatgs_diff_content_close(&content);
  free(t.sum);
  return rc;
}

void aatgs_diff_free(aatgs_diff *diff)
{
  aatgs_difference *all = (aatgs_difference *)(void *)diff->differences.data;
  for (size_t i = 0; i < diff->differences.size / sizeof *all; i++) {
    free(all[i].field);
    free(all[i].a);
    free(all[i].b);
  }
  aatgs_bytes_free(&diff->differences);
  for (size_t i = 0; i < diff->type_count; i++) {
    free(diff->types[i].a);
    free(diff->types[i].b);
  }
  free(diff->types);
}

bool aatgs_diff_differs(const aatgs_diff *diff, aatgs_aspect aspect)
{
  bool differs = diff->differ[aspect] != 0;
  if (aspect == AATGS_ASPECT_TIME)
    for (size_t i = 0; i < diff->type_count; i++)
      differs = differs || diff->types[i].result.verdict != AATGS_TIME_NO_EVIDENCE;
  return diff->wanted[aspect] && differs;
}
