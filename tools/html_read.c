#include <math.h>
#include <stdlib.h>

#include "tools/html.h"
#include "trace/field.h"

/* What is added up while reading. */
typedef struct reading {
  aatgs_html *h;
  aatgs_latency *latency; /* of the bucket at hand */
  uint32_t at;
} reading;

static uint32_t bucket_at(const aatgs_html *h, uint64_t host_ns)
{
  uint64_t since = host_ns > h->begin_ns ? host_ns - h->begin_ns : 0;
  double at = (double)since / (double)h->span_ns * AATGS_HTML_BUCKETS;
  return at < AATGS_HTML_BUCKETS ? (uint32_t)at : AATGS_HTML_BUCKETS - 1;
}

/* Where bucket `at` begins, after begin_ns. */
static double bucket_begin(const aatgs_html *h, uint32_t at)
{
  return (double)h->span_ns * at / AATGS_HTML_BUCKETS;
}

static void end_bucket(reading *r)
{
  aatgs_html_bucket *b = &r->h->bucket[r->at];
  if (!r->latency->count)
    return;
  b->count = r->latency->count;
  b->p50_ns = aatgs_latency_at(r->latency, 500);
  b->p99_ns = aatgs_latency_at(r->latency, 990);
  b->max_ns = r->latency->max_ns;
  *r->latency = (aatgs_latency){0};
}

static void add_fields(aatgs_html *h, const aatgs_iteration *it, uint32_t at)
{
  for (uint32_t i = 0; i < h->field_count; i++) {
    aatgs_html_field *f = &h->fields[i];
    double value = aatgs_field_get(f->field, it->telemetry, f->index);
    if (!isfinite(value))
      continue;
    f->minimum[at] = fmin(f->minimum[at], value);
    f->maximum[at] = fmax(f->maximum[at], value);
    f->sum[at] += value;
  }
}

/* A part's time is shared out among the buckets that it touches. */
static void add_part(aatgs_html *h, const aatgs_timing *t)
{
  uint64_t start = aatgs_clock_to_host(&h->clock, t->start_ns);
  double from = start > h->begin_ns ? (double)(start - h->begin_ns) : 0.0;
  double to = from + t->duration_ns;
  if (t->worker >= h->worker_count)
    return;
  for (uint32_t at = bucket_at(h, start); at < AATGS_HTML_BUCKETS && from < to; at++) {
    double end = fmin(to, bucket_begin(h, at + 1));
    if (end > from)
      h->busy_ns[(size_t)t->worker * AATGS_HTML_BUCKETS + at] += (uint64_t)(end - from);
    from = fmax(from, end);
  }
}

static int add_decision(aatgs_html *h, const aatgs_iteration *it)
{
  uint32_t before = 0;
  const int rc = aatgs_decisions_see(&h->watch, h->trace, it, &before);
  if (rc == 1 && h->decision_count < AATGS_HTML_DECISIONS) {
    aatgs_html_decision *d = &h->decisions[h->decision_count++];
    *d = (aatgs_html_decision){it->iteration, it->graph, it->plan, before, ""};
    strcpy(d->rule, aatgs_decisions_rule(&h->watch, it->graph));
  }
  return rc < 0 ? rc : 0;
}

static int add(reading *r, const aatgs_iteration *it)
{
  aatgs_html *h = r->h;
  uint32_t at = bucket_at(h, it->posted_ns);
  if (at != r->at) {
    end_bucket(r);
    r->at = at;
  }
  if (!h->bucket[at].first)
    h->bucket[at].first = it->iteration;
  aatgs_latency_add(r->latency, it->seen_ns > it->posted_ns ? it->seen_ns - it->posted_ns : 0);
  add_fields(h, it, at);
  const int rc = add_decision(h, it);
  if (rc)
    return rc;
  for (uint32_t i = 0; i < it->timing_count; i++)
    add_part(h, &it->timings[i]);
  return aatgs_analysis_add(h->analysis, it);
}

static int read_range(reading *r)
{
  aatgs_html *h = r->h;
  aatgs_trace_stream *stream;
  const aatgs_iteration *rows;
  size_t count;
  const aatgs_trace_want want = {AATGS_ANALYSIS_WANT, UINT32_MAX, 0};
  int rc = aatgs_trace_stream_open(h->trace, &want, h->first, h->last, aatgs_analysis_threads(),
                                   &stream);
  if (rc)
    return rc;
  while (!rc && (rc = aatgs_trace_stream_next(stream, &rows, &count)) > 0) {
    rc = 0;
    for (size_t i = 0; i < count && !rc; i++)
      rc = add(r, &rows[i]);
  }
  aatgs_trace_stream_close(stream);
  end_bucket(r);
  return rc;
}

/* ---- Before and after ----------------------------------------------------------------- */

/* Where the range lies in time. */
static int find_span(aatgs_html *h)
{
  aatgs_iteration it;
  int rc = aatgs_trace_seek(h->trace, h->first);
  if (!rc)
    rc = aatgs_trace_next(h->trace, &it);
  if (rc <= 0)
    return rc;
  h->first = it.iteration;
  h->begin_ns = it.posted_ns;
  uint64_t end = it.seen_ns;
  /* The last one may have been seen before its neighbours. */
  rc = aatgs_trace_seek(h->trace, h->last > 64 ? h->last - 64 : 1);
  while (!rc && (rc = aatgs_trace_next(h->trace, &it)) > 0 && it.iteration <= h->last) {
    end = it.seen_ns > end ? it.seen_ns : end;
    rc = 0;
  }
  h->span_ns = end > h->begin_ns ? end - h->begin_ns : 1;
  return rc < 0 ? rc : 0;
}

static double *fresh(double value)
{
  double *out = malloc(AATGS_HTML_BUCKETS * sizeof *out);
  for (uint32_t i = 0; out && i < AATGS_HTML_BUCKETS; i++)
    out[i] = value;
  return out;
}

static int open_fields(aatgs_html *h)
{
  const aatgs_trace_info *info = h->info;
  uint32_t most = 0;
  for (uint32_t i = 0; i < info->telemetry_field_count; i++)
    most += info->telemetry_fields[i].count;
  h->fields = calloc(most + 1u, sizeof *h->fields);
  if (!h->fields)
    return AATGS_ENOMEM;
  for (uint32_t i = 0; i < info->telemetry_field_count; i++) {
    const aatgs_field *field = &info->telemetry_fields[i];
    for (uint32_t k = 0; k < field->count && field->role == AATGS_FIELD_PLAIN; k++) {
      aatgs_html_field *f = &h->fields[h->field_count++];
      *f = (aatgs_html_field){field, k, fresh(INFINITY), fresh(-INFINITY), fresh(0.0)};
      if (!f->minimum || !f->maximum || !f->sum)
        return AATGS_ENOMEM;
    }
  }
  return 0;
}

/* All of a short run in one window; of a long one its beginning, and what surrounds each slow
 * iteration. */
static void choose_windows(aatgs_html *h)
{
  const aatgs_analysis *a = h->analysis;
  uint64_t an_iteration = a->iterations ? a->timings / a->iterations + 1 : 1;
  uint64_t fit = AATGS_HTML_PARTS / an_iteration + 1;
  h->windows[h->window_count++] =
      (aatgs_html_window){0, h->first, h->last - h->first < fit ? h->last : h->first + fit - 1};
  for (uint32_t i = 0; i < a->slow_count && i < AATGS_SLOW_MAX; i++) {
    uint64_t n = a->slow[i].iteration;
    h->windows[h->window_count++] =
        (aatgs_html_window){n, n - h->first > AATGS_HTML_AROUND ? n - AATGS_HTML_AROUND : h->first,
                            h->last - n > AATGS_HTML_AROUND ? n + AATGS_HTML_AROUND : h->last};
  }
}

int aatgs_html_read(aatgs_html *h)
{
  reading r = {.h = h, .latency = calloc(1, sizeof *r.latency)};
  int rc = r.latency ? 0 : AATGS_ENOMEM;
  h->worker_count = h->info->workers < AATGS_HTML_WORKERS ? h->info->workers : AATGS_HTML_WORKERS;
  h->busy_ns = calloc(((size_t)h->worker_count + 1) * AATGS_HTML_BUCKETS, sizeof *h->busy_ns);
  if (!h->busy_ns)
    rc = AATGS_ENOMEM;
  if (!rc)
    rc = open_fields(h);
  if (!rc)
    rc = find_span(h);
  if (!rc)
    rc = aatgs_clock_map_from(h->trace, h->first, h->last, &h->clock);
  if (!rc)
    rc = aatgs_analysis_open(h->trace, &h->analysis);
  if (!rc)
    rc = read_range(&r);
  if (!rc)
    rc = aatgs_analysis_acts(h->analysis, h->first, h->last);
  if (!rc)
    choose_windows(h);
  free(r.latency);
  return rc;
}

void aatgs_html_free(aatgs_html *h)
{
  for (uint32_t i = 0; i < h->field_count; i++) {
    free(h->fields[i].minimum);
    free(h->fields[i].maximum);
    free(h->fields[i].sum);
  }
  free(h->fields);
  free(h->busy_ns);
  aatgs_analysis_close(h->analysis);
}

int aatgs_html_window_of(const aatgs_html *h, uint64_t iteration)
{
  for (uint32_t i = 0; i < h->window_count; i++)
    if (h->windows[i].iteration == iteration)
      return (int)i;
  return -1;
}
