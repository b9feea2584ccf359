#include "tools/info_columns.h"

#include <stdio.h>

#include "device/bus.h"
#include "trace/field.h"
#include "trace/sizes.h"

typedef struct sheet {
  aatgs_report *report;
  double iterations;
  double disk;
  double shown; /* bytes in the rows so far */
} sheet;

/* To three places behind the point: what is below is of no interest. */
static aatgs_cell rounded(double value)
{
  return aatgs_cell_real((double)(uint64_t)(value * 1000 + 0.5) / 1000);
}

static void row(sheet *s, const char *of, const char *name, double bytes)
{
  s->shown += bytes;
  aatgs_report_row(s->report,
                   (aatgs_cell[]){aatgs_cell_text(of), aatgs_cell_text(name),
                                  aatgs_cell_bytes((uint64_t)(bytes + 0.5)),
                                  rounded(bytes / s->iterations), rounded(100 * bytes / s->disk)});
}

/* The names of the fields in a word of the telemetry, "a b"; its number where there is none. */
static const char *word_name(const aatgs_trace_info *info, uint32_t word, char *out, size_t size)
{
  size_t length = 0;
  snprintf(out, size, "word %u", word);
  for (uint32_t i = 0; i < info->telemetry_field_count; i++) {
    const aatgs_field *f = &info->telemetry_fields[i];
    const uint32_t bytes = (uint32_t)aatgs_field_type_bytes(f->type) * f->count;
    if (f->offset / 4 > word || (f->offset + bytes - 1) / 4 < word || length >= size)
      continue;
    length +=
        (size_t)snprintf(out + length, size - length, f->count > 1 ? "%s%s[%u]" : "%s%s",
                         length ? " " : "", f->name, (word * 4 - f->offset) / (bytes / f->count));
  }
  return out;
}

static void report_chunks(sheet *s, const aatgs_trace_info *info, const aatgs_trace_sizes *z)
{
  static const char *const own[AATGS_ITERATION_COLUMNS] = {
      "iteration", "graph",     "plan",    "status",      "detail",         "posted_ns",
      "start_ns",  "end_ns",    "seen_ns", "done_before", "config_waiting", "telemetry_waiting",
      "timings",   "config row"};
  static const char *const timing[AATGS_TIMING_COLUMNS] = {"task",        "part",     "worker",
                                                           "duration_ns", "start_ns", "digest"};
  const uint32_t telemetry = info->telemetry_bytes / 4;
  const uint32_t first_telemetry = AATGS_ITERATION_COLUMNS + info->config_bytes / 4;
  double config = 0;
  char name[128];
  for (uint32_t c = 0; c < AATGS_ITERATION_COLUMNS; c++)
    row(s, "iteration", own[c], z->stored[c]);
  for (uint32_t c = AATGS_ITERATION_COLUMNS; c < first_telemetry; c++)
    config += z->stored[c];
  row(s, "config", "all fields", config);
  for (uint32_t w = 0; w < telemetry; w++)
    row(s, "telemetry", word_name(info, w, name, sizeof name), z->stored[first_telemetry + w]);
  for (uint32_t c = 0; c < AATGS_TIMING_COLUMNS; c++)
    row(s, "timing record", timing[c], z->stored[first_telemetry + telemetry + c]);
  row(s, "chunk", "headers and link tables", z->chunk_headers);
}

int aatgs_info_columns(aatgs_report *report, aatgs_trace *trace, const aatgs_trace_state *state)
{
  static const aatgs_column columns[] = {{"of", "of", false},
                                         {"column", "column", false},
                                         {"bytes", "size", true},
                                         {"bytes_per_iteration", "bytes an iteration", true},
                                         {"share_percent", "share %", true}};
  static const struct {
    aatgs_kind kind;
    const char *name;
  } kinds[] = {{AATGS_KIND_SNAPSHOT, "state snapshots"},
               {AATGS_KIND_INPUT, "inputs"},
               {AATGS_KIND_INFO, "description"},
               {AATGS_KIND_GRAPH, "graphs"},
               {AATGS_KIND_PLAN, "plans"},
               {AATGS_KIND_TICKS, "ticks"},
               {AATGS_KIND_MARK, "marks"}};
  aatgs_trace_sizes z;
  const int rc = aatgs_trace_measure(trace, &z);
  if (rc)
    return rc;
  sheet s = {report, z.iterations ? (double)z.iterations : 1.0, (double)state->disk_bytes, 0};
  aatgs_report_table(report, "columns", "Bytes by column", columns, 5);
  if (z.columns)
    report_chunks(&s, aatgs_trace_get_info(trace), &z);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    row(&s, "run", kinds[i].name, (double)z.kinds[kinds[i].kind]);
  row(&s, "files", "pages, locks, totals", s.disk > s.shown ? s.disk - s.shown : 0);
  return 0;
}
