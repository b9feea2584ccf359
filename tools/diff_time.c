#include "tools/diff_time.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "trace/error.h"

#define RESAMPLES  1000u
#define VALUES_MIN 16u /* of fewer nothing is said */

/* Splitmix64 (Steele, Lea and Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* ---- Medians ------------------------------------------------------------------- */

typedef struct ranked {
  const float *value;
  uint16_t *order; /* indices of what is there, by value */
  size_t count;
} ranked;

typedef struct keyed {
  float value;
  uint16_t index;
} keyed;

static int by_value(const void *a, const void *b)
{
  const keyed *x = a, *y = b;
  if (x->value != y->value)
    return x->value < y->value ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

static bool rank(ranked *r, const float *value, size_t count)
{
  keyed *keys = malloc((count + 1) * sizeof *keys);
  r->value = value;
  r->order = malloc((count + 1) * sizeof *r->order);
  r->count = 0;
  if (!keys || !r->order) {
    free(keys);
    return false;
  }
  for (size_t i = 0; i < count; i++)
    if (!isnan(value[i]))
      keys[r->count++] = (keyed){value[i], (uint16_t)i};
  qsort(keys, r->count, sizeof *keys, by_value);
  for (size_t i = 0; i < r->count; i++)
    r->order[i] = keys[i].index;
  free(keys);
  return true;
}

/* The median when index i counts weight[i] times; NaN when nothing is left. */
static double weighted_median(const ranked *r, const uint16_t *weight)
{
  uint64_t total = 0, seen = 0;
  for (size_t i = 0; i < r->count; i++)
    total += weight[r->order[i]];
  for (size_t i = 0; i < r->count; i++) {
    seen += weight[r->order[i]];
    if (2 * seen > total)
      return (double)r->value[r->order[i]];
    if (2 * seen == total && seen) {
      double low = (double)r->value[r->order[i]];
      while (!weight[r->order[++i]])
        continue;
      return (low + (double)r->value[r->order[i]]) / 2.0;
    }
  }
  return (double)NAN;
}

/* The smallest step between two values: what the clock can tell apart. */
static double resolution(const ranked *r)
{
  double step = INFINITY;
  for (size_t i = 1; i < r->count; i++) {
    double gap = (double)r->value[r->order[i]] - (double)r->value[r->order[i - 1]];
    if (gap > 0.0 && gap < step)
      step = gap;
  }
  return isfinite(step) ? step : 1.0;
}

/* ---- The bootstrap --------------------------------------------------------------- */

/* Draws blocks with replacement until there are as many values as before. */
static void draw(uint64_t *random, size_t count, int32_t *change, uint16_t *weight)
{
  size_t length = (count + AATGS_TIME_BLOCKS - 1) / AATGS_TIME_BLOCKS;
  int32_t now = 0;
  memset(change, 0, (count + 1) * sizeof *change);
  for (size_t filled = 0; filled < count; filled += length) {
    size_t begin = (size_t)(next_random(random) % count);
    size_t end = begin + length;
    change[begin]++;
    change[end < count ? end : count]--;
    if (end > count) {
      change[0]++;
      change[end - count]--;
    }
  }
  for (size_t i = 0; i < count; i++) {
    now += change[i];
    weight[i] = (uint16_t)now;
  }
}

/* The variance of log(median b / median a). */
static int bootstrap(const ranked *a, const ranked *b, size_t count, double *variance)
{
  int32_t *change = malloc((count + 1) * sizeof *change);
  uint16_t *weight = malloc(count * sizeof *weight);
  uint64_t random = 1;
  double mean = 0.0, squares = 0.0;
  uint32_t n = 0;
  int rc = change && weight ? 0 : AATGS_ENOMEM;
  for (uint32_t i = 0; i < RESAMPLES && !rc; i++) {
    draw(&random, count, change, weight);
    double value = log(weighted_median(b, weight) / weighted_median(a, weight));
    if (!isfinite(value))
      continue;
    double off = value - mean;
    mean += off / ++n;
    squares += off * (value - mean);
  }
  *variance = n > 1 ? squares / (n - 1) : INFINITY;
  free(change);
  free(weight);
  return rc;
}

int aatgs_time_compare(const float *a, const float *b, size_t count, aatgs_time_result *out)
{
  ranked ra, rb = {0};
  uint16_t *ones = malloc((count + 1) * sizeof *ones);
  int rc = rank(&ra, a, count) && rank(&rb, b, count) && ones ? 0 : AATGS_ENOMEM;
  *out = (aatgs_time_result){.error = INFINITY};
  if (!rc) {
    double variance = INFINITY;
    for (size_t i = 0; i < count; i++)
      ones[i] = 1;
    out->count_a = ra.count;
    out->count_b = rb.count;
    out->median_a = weighted_median(&ra, ones);
    out->median_b = weighted_median(&rb, ones);
    if (ra.count >= VALUES_MIN && rb.count >= VALUES_MIN && out->median_a > 0.0 &&
        out->median_b > 0.0) {
      double step_a = resolution(&ra) / out->median_a, step_b = resolution(&rb) / out->median_b;
      rc = bootstrap(&ra, &rb, count, &variance);
      out->log_ratio = log(out->median_b / out->median_a);
      out->change = out->median_b / out->median_a - 1.0;
      out->error = sqrt(variance + (step_a * step_a + step_b * step_b) / 12.0);
    }
  }
  free(ra.order);
  free(rb.order);
  free(ones);
  return rc;
}

static int by_size(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median of values that it sorts. */
static double median_of(double *values, size_t count)
{
  qsort(values, count, sizeof *values, by_size);
  return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2.0;
}

/* What the other task types say about the difference between any two runs: what they have in
 * common, and how far they lie apart. */
static void look_at_others(aatgs_time_result *results, size_t count, size_t without,
                           double *scratch)
{
  aatgs_time_result *r = &results[without];
  double sum = 0.0, squares = 0.0;
  size_t n = 0;
  r->common = r->spread = 0.0;
  for (size_t i = 0; i < count; i++)
    if (i != without && isfinite(results[i].error))
      scratch[n++] = results[i].log_ratio;
  if (n < 2)
    return;
  for (size_t i = 0; i < n; i++)
    sum += scratch[i];
  for (size_t i = 0; i < n; i++)
    squares += (scratch[i] - sum / (double)n) * (scratch[i] - sum / (double)n);
  r->common = median_of(scratch, n);
  n = 0;
  for (size_t i = 0; i < count; i++)
    if (i != without && isfinite(results[i].error))
      scratch[n++] = results[i].error;
  const double seen = median_of(scratch, n), between = squares / (double)(n - 1) - seen * seen;
  const double share = 1.0 / (double)n;
  r->spread = sqrt(fmax(between, 0.0) * (1.0 + share) + seen * seen * share);
}

static void judge_one(aatgs_time_result *r)
{
  double error = sqrt(r->error * r->error + r->spread * r->spread);
  double apart = r->log_ratio - r->common;
  /* It must have moved itself, not only the others away from it. */
  double moved = apart * r->log_ratio > 0.0 ? fmin(fabs(apart), fabs(r->log_ratio)) : 0.0;
  double beyond = moved - log(1.0 + AATGS_TIME_EFFECT);
  r->low = exp(apart - 1.96 * error) - 1.0;
  r->high = exp(apart + 1.96 * error) - 1.0;
  r->p = isfinite(error) ? fmin(1.0, erfc(beyond / error / sqrt(2.0))) : 1.0;
}

static int by_p(const void *a, const void *b)
{
  const aatgs_time_result *const *x = a, *const *y = b;
  return ((*x)->p > (*y)->p) - ((*x)->p < (*y)->p);
}

static void correct(aatgs_time_result **sorted, size_t count)
{
  double least = 0.0;
  qsort(sorted, count, sizeof *sorted, by_p);
  for (size_t i = 0; i < count; i++) {
    aatgs_time_result *r = sorted[i];
    least = fmin(1.0, fmax(least, r->p * (double)(count - i)));
    r->p_holm = least;
    if (least >= AATGS_TIME_LEVEL)
      r->verdict = AATGS_TIME_NO_EVIDENCE;
    else
      r->verdict = r->change > 0.0 ? AATGS_TIME_SLOWER : AATGS_TIME_FASTER;
  }
}

int aatgs_time_judge(aatgs_time_result *results, size_t count, double *common_change)
{
  aatgs_time_result **sorted = malloc((count + 1) * sizeof *sorted);
  double *scratch = malloc((count + 1) * sizeof *scratch);
  size_t n = 0;
  int rc = sorted && scratch ? 0 : AATGS_ENOMEM;
  *common_change = 0.0;
  for (size_t i = 0; i < count && !rc; i++) {
    sorted[i] = &results[i];
    look_at_others(results, count, i, scratch);
    judge_one(&results[i]);
  }
  if (!rc)
    correct(sorted, count);
  for (size_t i = 0; i < count && !rc; i++)
    if (isfinite(results[i].error))
      scratch[n++] = results[i].change;
  if (n)
    *common_change = median_of(scratch, n);
  free(sorted);
  free(scratch);
  return rc;
}

const char *aatgs_time_verdict_name(aatgs_time_verdict verdict)
{
  static const char *const names[] = {"no evidence", "faster", "slower"};
  return names[verdict];
}
