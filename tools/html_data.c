#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/html.h"
#include "tools/json_text.h"
#include "tools/text.h"

/* Bars of the histogram: eight for each doubling. */
#define SUB_PER_BAR (AATGS_LATENCY_SUB / 8u)

static void put_text(FILE *out, const char *text)
{
  char *clean = aatgs_text_clean(text, 0);
  aatgs_json_text(out, clean ? clean : "");
  free(clean);
}

static void put_histogram(const aatgs_latency *l, FILE *out)
{
  bool comma = false, begun = false;
  uint64_t left = l->count;
  fputs("\"histogram\":[", out);
  for (uint32_t i = 0; i < AATGS_LATENCY_BUCKETS && left; i += SUB_PER_BAR) {
    uint64_t count = 0;
    for (uint32_t k = 0; k < SUB_PER_BAR; k++)
      count += l->bucket[i + k];
    left -= count;
    begun = begun || count;
    if (!begun)
      continue;
    uint64_t from = aatgs_latency_lowest(i), to = from;
    if (i + SUB_PER_BAR < AATGS_LATENCY_BUCKETS)
      to = aatgs_latency_lowest(i + SUB_PER_BAR);
    fprintf(out, "%s{\"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\"count\":%" PRIu64 "}",
            comma ? "," : "", from ? from : 1, to, count);
    comma = true;
  }
  fputs("],\n", out);
}

static void put_buckets(const aatgs_html *h, FILE *out)
{
  const char *const keys[] = {"count", "first", "p50", "p99", "max"};
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
    fprintf(out, "\"%s\":[", keys[k]);
    for (uint32_t i = 0; i < AATGS_HTML_BUCKETS; i++) {
      const aatgs_html_bucket *b = &h->bucket[i];
      const uint64_t values[] = {b->count, b->first, b->p50_ns, b->p99_ns, b->max_ns};
      fprintf(out, "%s%" PRIu64, i ? "," : "", values[k]);
    }
    fputs("],\n", out);
  }
}

/* Thousandths of each bucket that each worker was busy. */
static void put_busy(const aatgs_html *h, FILE *out)
{
  double bucket = (double)h->span_ns / AATGS_HTML_BUCKETS;
  fputs("\"busy\":[", out);
  for (uint32_t w = 0; w < h->worker_count; w++) {
    fputs(w ? ",\n[" : "[", out);
    for (uint32_t i = 0; i < AATGS_HTML_BUCKETS; i++)
      fprintf(out, "%s%.0f", i ? "," : "",
              1000.0 * (double)h->busy_ns[(size_t)w * AATGS_HTML_BUCKETS + i] / bucket);
    fputc(']', out);
  }
  fputs("],\n", out);
}

static void put_values(const aatgs_html *h, const char *key, const double *values, bool mean,
                       FILE *out)
{
  fprintf(out, ",\"%s\":[", key);
  for (uint32_t i = 0; i < AATGS_HTML_BUCKETS; i++) {
    double value = mean && h->bucket[i].count ? values[i] / (double)h->bucket[i].count : values[i];
    if (!h->bucket[i].count || !isfinite(value))
      fprintf(out, "%snull", i ? "," : "");
    else
      fprintf(out, "%s%.7g", i ? "," : "", value);
  }
  fputc(']', out);
}

static void put_fields(const aatgs_html *h, FILE *out)
{
  fputs("\"fields\":[", out);
  for (uint32_t i = 0; i < h->field_count; i++) {
    const aatgs_html_field *f = &h->fields[i];
    char name[256];
    if (f->field->count > 1)
      snprintf(name, sizeof name, "%s[%" PRIu32 "]", f->field->name, f->index);
    else
      snprintf(name, sizeof name, "%s", f->field->name);
    fputs(i ? ",\n{\"name\":" : "{\"name\":", out);
    put_text(out, name);
    fputs(",\"unit\":", out);
    put_text(out, f->field->unit);
    put_values(h, "min", f->minimum, false, out);
    put_values(h, "mean", f->sum, true, out);
    put_values(h, "max", f->maximum, false, out);
    fputc('}', out);
  }
  fputs("],\n", out);
}

/* ---- Windows ----------------------------------------------------------------------------- */

/* Tasks of the graphs in windows: where a graph's begin in the page's list. */
typedef struct tasks {
  aatgs_bytes graphs; /* struct known */
  uint32_t count;     /* of tasks so far */
} tasks;

typedef struct known {
  const aatgs_trace_graph *graph;
  uint32_t first;
} known;

static uint32_t first_task(tasks *t, const aatgs_trace_graph *graph)
{
  const known *all = (const known *)(const void *)t->graphs.data;
  for (size_t i = 0; i < t->graphs.size / sizeof *all; i++)
    if (all[i].graph == graph)
      return all[i].first;
  aatgs_bytes_put(&t->graphs, &(known){graph, t->count}, sizeof(known));
  t->count += graph->task_count;
  return t->count - graph->task_count;
}

static void put_tasks(const tasks *t, FILE *out)
{
  const known *all = (const known *)(const void *)t->graphs.data;
  bool comma = false;
  fputs("\"tasks\":[", out);
  for (size_t i = 0; i < t->graphs.size / sizeof *all; i++)
    for (uint32_t k = 0; k < all[i].graph->task_count; k++) {
      fputs(comma ? ",{\"name\":" : "{\"name\":", out);
      put_text(out, all[i].graph->tasks[k].name);
      fprintf(out, ",\"type\":%" PRIu32 "}", all[i].graph->tasks[k].type);
      comma = true;
    }
  fputs("]", out);
}

/* `[iteration, start, end]` and `[worker, task, start, duration, iteration, part]`, in ns after the
 * window's beginning. */
typedef struct window_text {
  FILE *iterations, *parts;
  char *text[2];
  size_t size[2];
  uint64_t begin_ns; /* device clock */
  uint64_t end_ns;
  uint64_t part_count;
  bool begun;
} window_text;

static uint64_t since(const window_text *w, uint64_t device_ns)
{
  return device_ns > w->begin_ns ? device_ns - w->begin_ns : 0;
}

static void add_iteration(window_text *w, tasks *t, const aatgs_trace_graph *graph,
                          const aatgs_iteration *it)
{
  uint32_t first = first_task(t, graph);
  fprintf(w->iterations, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]", w->begun ? "," : "",
          it->iteration, since(w, it->start_ns), since(w, it->end_ns));
  w->begun = true;
  w->end_ns = it->end_ns > w->end_ns ? it->end_ns : w->end_ns;
  for (uint32_t i = 0; i < it->timing_count && w->part_count < 2 * AATGS_HTML_PARTS; i++) {
    const aatgs_timing *p = &it->timings[i];
    if (p->task >= graph->task_count)
      continue;
    fprintf(w->parts, "%s[%u,%" PRIu32 ",%" PRIu64 ",%" PRIu32 ",%" PRIu64 ",%u]",
            w->part_count ? "," : "", p->worker, first + p->task, since(w, p->start_ns),
            p->duration_ns, it->iteration, p->part);
    w->part_count++;
  }
}

static int fill_window(aatgs_html *h, const aatgs_html_window *window, tasks *t, window_text *w)
{
  aatgs_iteration it;
  int rc = aatgs_trace_seek(h->trace, window->first);
  while (!rc && (rc = aatgs_trace_next(h->trace, &it)) > 0 && it.iteration <= window->last) {
    const aatgs_trace_graph *graph;
    if (!w->begun)
      w->begin_ns = w->end_ns = it.start_ns;
    rc = aatgs_trace_get_graph(h->trace, it.graph, &graph);
    if (!rc)
      add_iteration(w, t, graph, &it);
  }
  return rc < 0 ? rc : 0;
}

static int put_window(aatgs_html *h, const aatgs_html_window *window, tasks *t, FILE *out)
{
  window_text w = {0};
  w.iterations = open_memstream(&w.text[0], &w.size[0]);
  w.parts = open_memstream(&w.text[1], &w.size[1]);
  int rc = w.iterations && w.parts ? fill_window(h, window, t, &w) : AATGS_ENOMEM;
  const bool iterations_lost = w.iterations && fclose(w.iterations);
  const bool parts_lost = w.parts && fclose(w.parts);
  if (!rc && (iterations_lost || parts_lost))
    rc = AATGS_ENOMEM;
  if (!rc) {
    fprintf(out, "{\"iteration\":%" PRIu64 ",\"title\":\"", window->iteration);
    if (window->iteration)
      fprintf(out, "around iteration %" PRIu64, window->iteration);
    else
      fprintf(out, "iterations %" PRIu64 " to %" PRIu64 "%s", window->first, window->last,
              window->last == h->last ? "" : ", the beginning");
    fprintf(out, "\",\"span\":%" PRIu64 ",\"iterations\":[%s],\n\"parts\":[%s]}",
            w.end_ns > w.begin_ns ? w.end_ns - w.begin_ns : 1, w.text[0], w.text[1]);
  }
  free(w.text[0]);
  free(w.text[1]);
  return rc;
}

int aatgs_html_write_data(aatgs_html *h, FILE *out)
{
  tasks t = {0};
  int rc = 0;
  fprintf(out, "{\"span\":%" PRIu64 ",\"buckets\":%u,\n", h->span_ns, AATGS_HTML_BUCKETS);
  put_histogram(&h->analysis->round_trip, out);
  put_buckets(h, out);
  put_busy(h, out);
  put_fields(h, out);
  fputs("\"types\":[", out);
  for (uint32_t i = 0; i < h->info->type_count; i++) {
    if (i)
      fputc(',', out);
    put_text(out, h->info->types[i].name);
  }
  fputs("],\n\"windows\":[", out);
  for (uint32_t i = 0; i < h->window_count && !rc; i++) {
    if (i)
      fputs(",\n", out);
    rc = put_window(h, &h->windows[i], &t, out);
  }
  fputs("],\n", out);
  put_tasks(&t, out);
  fputs("}", out);
  if (t.graphs.failed)
    rc = AATGS_ENOMEM;
  aatgs_bytes_free(&t.graphs);
  return rc;
}
