/* The JSON of Chrome's tracing ("Trace Event Format"): complete events, flows and counters, times
 * in microseconds with three decimals. A group of tracks is a process, a track a thread. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/export.h"
#include "tools/json_text.h"
#include "tools/text.h"
#include "trace/bytes.h"

typedef struct chrome {
  FILE *out;
  aatgs_bytes names;                        /* char *: name and type by turns */
  aatgs_bytes counters[AATGS_TRACK_GROUPS]; /* char *: name and unit by turns, by index */
  bool told_group[AATGS_TRACK_GROUPS];
  bool comma;
  bool failed;
} chrome;

static void begin_event(chrome *c)
{
  fputs(c->comma ? ",\n" : "\n", c->out);
  c->comma = true;
}

static void put_us(chrome *c, const char *key, uint64_t ns)
{
  fprintf(c->out, "\"%s\":%" PRIu64 ".%03u", key, ns / 1000, (unsigned)(ns % 1000));
}

static void put_place(chrome *c, const char *phase, aatgs_track track, uint64_t at_ns)
{
  fprintf(c->out, "{\"ph\":\"%s\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 ",", phase, track.group + 1,
          track.index + 1);
  put_us(c, "ts", at_ns);
}

/* `{"ph":"M",...}`: `what` of a track is `text`. */
static void put_metadata(chrome *c, const char *what, aatgs_track track, const char *key,
                         const char *text)
{
  begin_event(c);
  fprintf(c->out, "{\"ph\":\"M\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 ",\"name\":\"%s\",", //
          track.group + 1, track.index + 1, what);
  fprintf(c->out, "\"args\":{\"%s\":", key);
  if (text)
    aatgs_json_text(c->out, text);
  else
    fprintf(c->out, "%" PRIu32, track.index);
  fputs("}}", c->out);
}

/* Text `index` of an array that grows; a copy is kept. */
static void keep(chrome *c, aatgs_bytes *texts, uint32_t index, const char *text)
{
  size_t want = (index + (size_t)1) * sizeof(char *);
  char *copy = strdup(text);
  if (texts->size < want) {
    size_t grow = want - texts->size;
    uint8_t *at = aatgs_bytes_extend(texts, grow);
    if (at)
      memset(at, 0, grow);
  }
  if (texts->failed || !copy) {
    c->failed = true;
    free(copy);
    return;
  }
  ((char **)(void *)texts->data)[index] = copy;
}

static const char *kept(const aatgs_bytes *texts, uint32_t index)
{
  const char *text = (index + (size_t)1) * sizeof(char *) <= texts->size
                         ? ((char **)(void *)texts->data)[index]
                         : NULL;
  return text ? text : "";
}

static void forget(aatgs_bytes *texts)
{
  for (size_t i = 0; i < texts->size / sizeof(char *); i++)
    free(((char **)(void *)texts->data)[i]);
  aatgs_bytes_free(texts);
}

/* ---- The sink ------------------------------------------------------------------ */

static void put_other(chrome *c, const char *key, const char *text)
{
  char *clean = aatgs_text_clean(text, 0);
  fprintf(c->out, "\"%s\":", key);
  aatgs_json_text(c->out, clean ? clean : "");
  free(clean);
}

static void *chrome_open(const aatgs_export *e)
{
  chrome *c = calloc(1, sizeof *c);
  if (!c)
    return NULL;
  c->out = e->out;
  fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":{", c->out);
  put_other(c, "workload", e->info->workload);
  fputc(',', c->out);
  put_other(c, "device", e->info->device_name);
  fputc(',', c->out);
  put_other(c, "host", e->info->host_name);
  fputs("},\"traceEvents\":[", c->out);
  return c;
}

static void chrome_name(void *self, uint32_t index, const char *text, const char *type)
{
  chrome *c = self;
  keep(c, &c->names, 2 * index, text);
  keep(c, &c->names, 2 * index + 1, type);
}

static void chrome_track(void *self, aatgs_track track, const char *name, const char *unit)
{
  chrome *c = self;
  if (!c->told_group[track.group]) {
    put_metadata(c, "process_name", track, "name", aatgs_track_group_name(track.group));
    put_metadata(c, "process_sort_index", (aatgs_track){track.group, track.group}, "sort_index",
                 NULL);
  }
  c->told_group[track.group] = true;
  if (aatgs_track_is_counter(track.group)) {
    keep(c, &c->counters[track.group], 2 * track.index, name);
    keep(c, &c->counters[track.group], 2 * track.index + 1, *unit ? unit : "value");
    return;
  }
  put_metadata(c, "thread_name", track, "name", name);
  put_metadata(c, "thread_sort_index", track, "sort_index", NULL);
}

static void put_title(chrome *c, const aatgs_export_slice *s)
{
  fputs(",\"name\":", c->out);
  if (s->name == AATGS_NAME_ITERATION) {
    fprintf(c->out, "\"iteration %" PRIu64 "\",\"cat\":\"iteration\"", s->iteration);
  } else if (s->name == AATGS_NAME_PLAN) {
    fprintf(c->out, "\"plan %" PRIu32 "\",\"cat\":\"scheduler\"", s->number);
  } else if (s->name == AATGS_NAME_TICK) {
    fputs("\"tick\",\"cat\":\"scheduler\"", c->out);
  } else {
    aatgs_json_text(c->out, kept(&c->names, 2 * s->name));
    fputs(",\"cat\":", c->out);
    aatgs_json_text(c->out, kept(&c->names, 2 * s->name + 1));
  }
}

static void put_flow(chrome *c, const char *phase, const aatgs_export_slice *s, uint64_t id)
{
  begin_event(c);
  put_place(c, phase, s->track, s->start_ns);
  fprintf(c->out, ",\"id\":%" PRIu64 ",\"bp\":\"e\",\"name\":\"dependency\",\"cat\":\"flow\"}", id);
}

static void put_flows(chrome *c, const aatgs_export_slice *s)
{
  const aatgs_export_graph *g = s->graph;
  if (s->last)
    for (uint32_t i = g->first_out[s->task]; i < g->first_out[s->task + 1]; i++)
      put_flow(c, "s", s, 1 + s->flow + g->out[i]);
  if (s->first)
    for (uint32_t i = 0; i < g->graph->tasks[s->task].dependency_count; i++)
      put_flow(c, "f", s, 1 + s->flow + g->first_edge[s->task] + i);
}

static void chrome_slice(void *self, const aatgs_export_slice *s)
{
  chrome *c = self;
  bool instant = s->name == AATGS_NAME_TICK;
  begin_event(c);
  put_place(c, instant ? "i" : "X", s->track, s->start_ns);
  fputc(',', c->out);
  if (instant)
    fputs("\"s\":\"t\"", c->out);
  else
    put_us(c, "dur", s->end_ns - s->start_ns);
  put_title(c, s);
  fprintf(c->out, ",\"args\":{\"iteration\":%" PRIu64, s->iteration);
  if (s->graph)
    fprintf(c->out, ",\"part\":%" PRIu32, s->number);
  else if (s->name == AATGS_NAME_ITERATION && s->number)
    fprintf(c->out, ",\"status\":%" PRIu32, s->number);
  fputs("}}", c->out);
  if (s->graph)
    put_flows(c, s);
}

static void chrome_counter(void *self, aatgs_track track, uint64_t at_ns, double value)
{
  chrome *c = self;
  if (!isfinite(value)) /* JSON has no such number */
    return;
  begin_event(c);
  put_place(c, "C", track, at_ns);
  fputs(",\"name\":", c->out);
  aatgs_json_text(c->out, kept(&c->counters[track.group], 2 * track.index));
  fputs(",\"args\":{", c->out);
  aatgs_json_text(c->out, kept(&c->counters[track.group], 2 * track.index + 1));
  fprintf(c->out, ":%.17g}}", value);
}

static int chrome_close(void *self)
{
  chrome *c = self;
  int rc = c->failed ? AATGS_ENOMEM : 0;
  fputs("\n]}\n", c->out);
  forget(&c->names);
  for (uint32_t i = 0; i < AATGS_TRACK_GROUPS; i++)
    forget(&c->counters[i]);
  free(c);
  return rc;
}

const aatgs_export_sink aatgs_export_chrome = {chrome_open,  chrome_name,    chrome_track,
                                               chrome_slice, chrome_counter, chrome_close};
