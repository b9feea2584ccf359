#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/table.h"
#include "tools/text.h"
#include "tools/top.h"

#define SPARK_WIDTH 40u
#define BAR_WIDTH   24u

/* Lines that are cut to a window. */
typedef struct canvas {
  FILE *out;
  unsigned rows, columns;
  unsigned row;
  bool rich;
  bool colors;
} canvas;

/* Prints at most `columns` characters of a line; texts from the trace are clean by then. */
static void put_line(canvas *c, const char *text)
{
  unsigned width = 0;
  if (c->row >= c->rows)
    return;
  if (c->row++)
    fputs(c->rich ? "\r\n" : "\n", c->out);
  for (; *text; text++) {
    if (((unsigned char)*text & 0xc0) != 0x80 && ++width > c->columns)
      break;
    fputc(*text, c->out);
  }
  if (c->rich)
    fputs("\033[K", c->out);
}

__attribute__((format(printf, 2, 3))) static void line(canvas *c, const char *format, ...)
{
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  char *clean = aatgs_text_clean(text, 0);
  put_line(c, clean ? clean : "");
  free(clean);
}

static void heading(canvas *c, const char *text)
{
  line(c, "%s", "");
  if (c->colors && c->row < c->rows)
    fputs("\033[1m", c->out);
  line(c, "%s", text);
  if (c->colors)
    fputs("\033[0m", c->out);
}

static bool unicode(void)
{
  const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (value && *value)
      return strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8");
  }
  return false;
}

/* The newest values, each a block as high as it lies between `low` and the highest. */
static char *spark(const double *values, uint32_t count, double low, char *out, size_t size)
{
  static const char *const blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                       "\u2585", "\u2586", "\u2587", "\u2588"};
  static const char *const plain[] = {".", ":", "-", "=", "+", "*", "#", "@"};
  const char *const *steps = unicode() ? blocks : plain;
  uint32_t first = count > SPARK_WIDTH ? count - SPARK_WIDTH : 0;
  double high = low;
  size_t used = 0;
  out[0] = '\0';
  for (uint32_t i = first; i < count; i++)
    high = isfinite(values[i]) ? fmax(high, values[i]) : high;
  for (uint32_t i = first; i < count && used + 4 < size; i++) {
    double at = high > low && isfinite(values[i]) ? (values[i] - low) / (high - low) : 0.0;
    used += (size_t)snprintf(out + used, size - used, "%s", steps[(int)(at * 7.0 + 0.5)]);
  }
  return out;
}

static double lowest(const double *values, uint32_t count)
{
  double low = INFINITY;
  for (uint32_t i = 0; i < count; i++)
    low = fmin(low, values[i]);
  return isfinite(low) ? low : 0.0;
}

static char *bar(double share, char *out, size_t size)
{
  const char *full = unicode() ? "\u2588" : "#";
  unsigned cells = (unsigned)(fmin(fmax(share, 0.0), 1.0) * BAR_WIDTH + 0.5);
  size_t used = 0;
  out[0] = '\0';
  for (unsigned i = 0; i < BAR_WIDTH && used + 4 < size; i++)
    used += (size_t)snprintf(out + used, size - used, "%s", i < cells ? full : " ");
  return out;
}

/* ---- Figures ----------------------------------------------------------------------------- */

/* What workers gave to tasks, of what they had. */
static double utilisation(const aatgs_analysis *a)
{
  uint64_t busy = 0, window = a->device_last_ns - a->device_first_ns;
  for (uint32_t i = 0; i < a->worker_count; i++)
    busy += a->worker_busy_ns[i];
  return window && a->worker_count ? (double)busy / ((double)window * (double)a->worker_count)
                                   : 0.0;
}

static uint64_t busy_of_all(const aatgs_top *t)
{
  uint64_t busy = 0;
  for (uint32_t i = 0; i <= t->info->type_count; i++)
    busy += t->analysis->types[i].busy_ns;
  return busy;
}

static void field_name(const aatgs_top_field *f, char *out, size_t size)
{
  const char *where = f->config ? "config." : "";
  if (f->field->count > 1)
    snprintf(out, size, "%s%s[%" PRIu32 "]", where, f->field->name, f->index);
  else
    snprintf(out, size, "%s%s", where, f->field->name);
}

/* ---- The picture ------------------------------------------------------------------------- */

static void draw_head(const aatgs_top *t, canvas *c)
{
  char count[32], lost[32], disk[32];
  const aatgs_trace_info *info = t->info;
  line(c, "%s: %s on %s, %s, %u worker%s, policy %s", t->dir, info->workload, info->device,
       info->device_name, (unsigned)info->workers, info->workers == 1 ? "" : "s", info->policy);
  line(c, "%s, %s iterations, %s lost, %s on disk", t->state.closed ? "closed" : "open",
       aatgs_text_count(count, sizeof count, t->state.iterations),
       aatgs_text_count(lost, sizeof lost, t->state.lost),
       aatgs_text_bytes(disk, sizeof disk, t->state.disk_bytes));
}

static void draw_pace(const aatgs_top *t, canvas *c)
{
  const aatgs_analysis *a = t->analysis;
  char text[32], p50[32], p99[32], max[32], history[4 * SPARK_WIDTH + 8];
  heading(c, "Pace");
  line(c, "  rate         %12s /s  %s",
       aatgs_text_count(text, sizeof text, (uint64_t)(t->rate + 0.5)),
       spark(t->rates, t->moments, 0.0, history, sizeof history));
  aatgs_text_ns(p50, sizeof p50, aatgs_latency_at(&a->round_trip, 500));
  aatgs_text_ns(p99, sizeof p99, aatgs_latency_at(&a->round_trip, 990));
  aatgs_text_ns(max, sizeof max, a->round_trip.max_ns);
  line(c, "  round trip p50 %13s  %s", p50,
       spark(t->p50_ns, t->moments, 0.0, history, sizeof history));
  line(c, "             p99 %13s  %s", p99,
       spark(t->p99_ns, t->moments, 0.0, history, sizeof history));
  line(c, "             max %13s", max);
  line(c, "  workers busy   %11.1f %%  %s", 100.0 * utilisation(a),
       bar(utilisation(a), history, sizeof history));
  line(c, "  in flight      %13" PRIu64 "  at most %" PRIu64 ", of %" PRIu32 " slots",
       aatgs_latency_at(&a->in_flight, 500), a->in_flight.max_ns, t->info->command_slots);
  line(c, "  waiting: configs %11" PRIu64 "  at most %" PRIu64,
       aatgs_latency_at(&a->config_waiting, 500), a->config_waiting.max_ns);
  line(c, "           telemetry %9" PRIu64 "  at most %" PRIu64 ", of %" PRIu32 " slots",
       aatgs_latency_at(&a->telemetry_waiting, 500), a->telemetry_waiting.max_ns,
       t->info->telemetry_slots);
}

static void draw_types(const aatgs_top *t, canvas *c)
{
  uint64_t busy = busy_of_all(t);
  heading(c, "Task types: share of the busy time, mean, p99");
  for (uint32_t i = 0; i <= t->info->type_count; i++) {
    const aatgs_type_stats *type = &t->analysis->types[i];
    char mean[32], p99[32], cells[4 * BAR_WIDTH + 8];
    double share = busy ? (double)type->busy_ns / (double)busy : 0.0;
    if (!type->tasks)
      continue;
    aatgs_text_ns(mean, sizeof mean, type->elapsed_ns / type->tasks);
    aatgs_text_ns(p99, sizeof p99, type->elapsed ? aatgs_latency_at(type->elapsed, 990) : 0);
    line(c, "  %-22.22s %5.1f %% %s %9s %9s", type->name, 100.0 * share,
         bar(share, cells, sizeof cells), mean, p99);
  }
}

static void draw_fields(const aatgs_top *t, canvas *c)
{
  if (!t->field_count)
    return;
  heading(c, "Fields, of the latest iteration");
  for (uint32_t i = 0; i < t->field_count; i++) {
    const aatgs_top_field *f = &t->fields[i];
    char name[256], history[4 * SPARK_WIDTH + 8];
    field_name(f, name, sizeof name);
    line(c, "  %-22.22s %12.9g %-12.12s %s", name, f->latest, f->field->unit,
         spark(f->history, t->moments, lowest(f->history, t->moments), history, sizeof history));
  }
}

void aatgs_top_draw(const aatgs_top *t, FILE *out, unsigned rows, unsigned columns, bool rich)
{
  canvas c = {.out = out, .rows = rows ? rows - 1 : 0, .columns = columns, .rich = rich};
  c.colors = rich && aatgs_colors(out);
  if (rich)
    fputs("\033[H", out);
  draw_head(t, &c);
  if (t->analysis) {
    draw_pace(t, &c);
    draw_types(t, &c);
    draw_fields(t, &c);
  } else {
    line(&c, "no iterations yet");
  }
  if (rich) {
    c.rows = rows;
    line(&c, "%s", "q to quit");
    fputs("\033[J", out);
  }
  fflush(out);
}

/* ---- The report --------------------------------------------------------------------------- */

static void report_pace(const aatgs_top *t, aatgs_report *r)
{
  const aatgs_analysis *a = t->analysis;
  aatgs_report_section(r, NULL, "Pace");
  aatgs_report_fact(r, "looked_at", "looked at",
                    aatgs_cell_unit(aatgs_cell_count(a->iterations), "iterations, the newest"));
  aatgs_report_fact(
      r, "per_second", "rate",
      aatgs_cell_unit(aatgs_cell_count((uint64_t)(t->rate + 0.5)), "iterations a second"));
  aatgs_report_fact(r, "round_trip_p50_ns", "round trip p50",
                    aatgs_cell_ns(aatgs_latency_at(&a->round_trip, 500)));
  aatgs_report_fact(r, "round_trip_p99_ns", "round trip p99",
                    aatgs_cell_ns(aatgs_latency_at(&a->round_trip, 990)));
  aatgs_report_fact(r, "round_trip_max_ns", "round trip max", aatgs_cell_ns(a->round_trip.max_ns));
  aatgs_report_fact(r, "workers_busy", "workers busy", aatgs_cell_real(utilisation(a)));
  aatgs_report_fact(r, "in_flight_p50", "in flight p50",
                    aatgs_cell_count(aatgs_latency_at(&a->in_flight, 500)));
  aatgs_report_fact(r, "configs_waiting_p50", "configs waiting p50",
                    aatgs_cell_count(aatgs_latency_at(&a->config_waiting, 500)));
  aatgs_report_fact(r, "telemetry_waiting_p50", "telemetry waiting p50",
                    aatgs_cell_count(aatgs_latency_at(&a->telemetry_waiting, 500)));
}

static void report_types(const aatgs_top *t, aatgs_report *r)
{
  static const aatgs_column columns[] = {{"type", "task type", false},
                                         {"busy_share", "share", true},
                                         {"mean_ns", "mean", true},
                                         {"p99_ns", "p99", true}};
  uint64_t busy = busy_of_all(t);
  aatgs_report_table(r, "types", "Task types", columns, 4);
  for (uint32_t i = 0; i <= t->info->type_count; i++) {
    const aatgs_type_stats *type = &t->analysis->types[i];
    if (type->tasks)
      aatgs_report_row(
          r,
          (aatgs_cell[]){aatgs_cell_text(type->name),
                         aatgs_cell_real(busy ? (double)type->busy_ns / (double)busy : 0.0),
                         aatgs_cell_ns(type->elapsed_ns / type->tasks),
                         aatgs_cell_ns(type->elapsed ? aatgs_latency_at(type->elapsed, 990) : 0)});
  }
}

static aatgs_cell field_cell(const aatgs_top_field *f)
{
  if (f->field->type == AATGS_F32)
    return aatgs_cell_real(f->latest);
  return f->latest < 0.0 ? aatgs_cell_integer((int64_t)f->latest)
                         : aatgs_cell_count((uint64_t)f->latest);
}

int aatgs_top_report(const aatgs_top *t, aatgs_format format)
{
  static const aatgs_column columns[] = {
      {"name", "field", false}, {"value", "latest", true}, {"unit", "unit", false}};
  aatgs_report *r = aatgs_report_open();
  aatgs_report_section(r, NULL, "Run");
  aatgs_report_fact(r, "trace", "trace", aatgs_cell_text(t->dir));
  aatgs_report_fact(r, "state", "state", aatgs_cell_text(t->state.closed ? "closed" : "open"));
  aatgs_report_fact(r, "iterations", "iterations", aatgs_cell_count(t->state.iterations));
  aatgs_report_fact(r, "last", "last", aatgs_cell_count(t->state.last));
  aatgs_report_fact(r, "lost", "lost", aatgs_cell_count(t->state.lost));
  if (t->analysis) {
    report_pace(t, r);
    report_types(t, r);
    aatgs_report_table(r, "fields", "Fields, of the latest iteration", columns, 3);
    for (uint32_t i = 0; i < t->field_count; i++) {
      char name[256];
      field_name(&t->fields[i], name, sizeof name);
      aatgs_report_row(r, (aatgs_cell[]){aatgs_cell_text(name), field_cell(&t->fields[i]),
                                         aatgs_cell_text(t->fields[i].field->unit)});
    }
  }
  int rc = aatgs_report_print(r, format, stdout);
  aatgs_report_close(r);
  return rc;
}
