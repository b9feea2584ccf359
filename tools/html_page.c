/* The page: its frame, its security policy, and all that can be said without a chart. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/html.h"
#include "tools/html_assets.h"
#include "tools/text.h"

/* ---- Text ------------------------------------------------------------------------------ */

/* Writes text from the trace: control characters, marks that turn the direction of writing and what
 * is not UTF-8 become visible, and nothing in it is markup. */
static void put(FILE *out, const char *text)
{
  char *clean = aatgs_text_clean(text, 0);
  for (const char *c = clean ? clean : ""; *c; c++) {
    switch (*c) {
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '&': fputs("&amp;", out); break;
    case '"': fputs("&quot;", out); break;
    case '\'': fputs("&#39;", out); break;
    default: fputc(*c, out);
    }
  }
  free(clean);
}

__attribute__((format(printf, 2, 3))) static void put_format(FILE *out, const char *format, ...)
{
  char text[2048];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  put(out, text);
}

static void put_fact(FILE *out, const char *label, bool big, const char *value)
{
  fputs("<div><dt>", out);
  put(out, label);
  fputs(big ? "</dt><dd class=\"big\">" : "</dt><dd>", out);
  put(out, value);
  fputs("</dd></div>\n", out);
}

static void fact_count(FILE *out, const char *label, bool big, uint64_t value)
{
  char text[32];
  put_fact(out, label, big, aatgs_text_count(text, sizeof text, value));
}

static void fact_ns(FILE *out, const char *label, bool big, uint64_t ns)
{
  char text[32];
  put_fact(out, label, big, aatgs_text_ns(text, sizeof text, ns));
}

static void cell(FILE *out, const char *text)
{
  fputs("<td class=\"t\">", out);
  put(out, text);
  fputs("</td>", out);
}

static void cell_count(FILE *out, uint64_t value)
{
  char text[32];
  fprintf(out, "<td class=\"n\">%s</td>", aatgs_text_count(text, sizeof text, value));
}

static void cell_ns(FILE *out, uint64_t ns)
{
  char text[32];
  fprintf(out, "<td class=\"n\">%s</td>", aatgs_text_ns(text, sizeof text, ns));
}

static void cell_share(FILE *out, uint64_t part, uint64_t whole)
{
  fprintf(out, "<td class=\"n\">%.1f %%</td>", whole ? 100.0 * (double)part / (double)whole : 0.0);
}

/* Titles that begin with '#' are of numbers. */
static void begin_table(FILE *out, const char *const *titles)
{
  fputs("<div class=\"scroll\"><table><thead><tr>", out);
  for (; *titles; titles++) {
    bool number = **titles == '#';
    fprintf(out, number ? "<th class=\"n\">%s</th>" : "<th>%s</th>", *titles + number);
  }
  fputs("</tr></thead><tbody>\n", out);
}

static void end_table(FILE *out)
{
  fputs("</tbody></table></div>\n", out);
}

/* ---- Sections ---------------------------------------------------------------------------- */

static void overview(const aatgs_html *h, FILE *out)
{
  const aatgs_analysis *a = h->analysis;
  const aatgs_trace_info *info = h->info;
  char text[128];
  double seconds = (double)h->span_ns / 1e9;
  time_t started = (time_t)(info->started_unix_ns / UINT64_C(1000000000));
  struct tm tm;
  fputs("<section id=\"overview\"><h2>Overview</h2><dl class=\"facts\">\n", out);
  fact_count(out, "iterations", true, a->iterations);
  fact_ns(out, "duration", true, h->span_ns);
  fact_count(out, "iterations a second", true, (uint64_t)((double)a->iterations / seconds));
  fact_ns(out, "round trip, median", true, aatgs_latency_at(&a->round_trip, 500));
  fact_ns(out, "round trip, p99", true, aatgs_latency_at(&a->round_trip, 990));
  fact_ns(out, "round trip, slowest", true, a->round_trip.max_ns);
  fact_count(out, "failed", false, a->failed);
  fact_count(out, "lost", false, a->lost);
  fact_count(out, "first iteration", false, a->first);
  fact_count(out, "last iteration", false, a->last);
  put_fact(out, "workload", false, info->workload);
  snprintf(text, sizeof text, "%s, %.100s", info->device, info->device_name);
  put_fact(out, "device", false, text);
  fact_count(out, "workers", false, info->workers);
  put_fact(out, "policy", false, info->policy);
  snprintf(text, sizeof text, "%" PRIu64, info->seed);
  put_fact(out, "seed", false, text);
  put_fact(out, "host", false, info->host_name);
  if (gmtime_r(&started, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm))
    put_fact(out, "started", false, text);
  put_fact(out, "trace", false, h->state.closed ? "closed" : "open: being written, or cut off");
  fputs("</dl></section>\n", out);
}

static void percentiles(const aatgs_latency *l, const char *name, FILE *out)
{
  static const uint32_t per_mille[] = {500, 900, 990, 999};
  fputs("<tr>", out);
  cell(out, name);
  for (size_t i = 0; i < sizeof per_mille / sizeof *per_mille; i++)
    cell_ns(out, aatgs_latency_at(l, per_mille[i]));
  cell_ns(out, l->max_ns);
  fputs("</tr>\n", out);
}

static void latency(const aatgs_html *h, FILE *out)
{
  static const char *const titles[] = {"", "#p50", "#p90", "#p99", "#p99.9", "#max", NULL};
  static const char *const where[] = {"where", "#share", "#median", "#p99", NULL};
  const aatgs_analysis *a = h->analysis;
  fputs("<section id=\"latencies\"><h2>Latency</h2>\n", out);
  begin_table(out, titles);
  percentiles(&a->round_trip, "round trip: posted to seen", out);
  percentiles(&a->end_to_end, "on the device: start to end", out);
  end_table(out);
  fputs(
      "<figure><h3>Round trips</h3><div id=\"histogram\"></div></figure>\n"
      "<figure><h3>Round trip over the run</h3><p class=\"legend\">"
      "<span><span class=\"swatch b0\"></span>median</span>"
      "<span><span class=\"swatch b1\"></span>p99</span>"
      "<span><span class=\"swatch b3\"></span>slowest</span></p>"
      "<div id=\"latency\"></div></figure>\n"
      "<figure><h3>Iterations a second</h3><div id=\"rate\"></div></figure>\n"
      "<h3>Where an iteration's time goes</h3>\n"
      "<p class=\"note\">Along its critical path: in the rings, waiting for an earlier iteration, "
      "waiting for a worker, computing.</p>\n",
      out);
  begin_table(out, where);
  for (int i = 0; i < AATGS_SPENT_KINDS; i++) {
    fputs("<tr>", out);
    cell(out, aatgs_spent_name((aatgs_spent)i));
    cell_share(out, a->spent_ns[i], a->round_trip_sum_ns);
    cell_ns(out, aatgs_latency_at(&a->spent[i], 500));
    cell_ns(out, aatgs_latency_at(&a->spent[i], 990));
    fputs("</tr>\n", out);
  }
  end_table(out);
  fputs("</section>\n", out);
}

static void task_types(const aatgs_html *h, FILE *out)
{
  static const char *const titles[] = {
      "task type", "#tasks", "#parts", "#mean", "#p99", "#slowest", "#share of busy time", NULL};
  const aatgs_analysis *a = h->analysis;
  uint64_t busy = 0;
  for (uint32_t i = 0; i <= h->info->type_count; i++)
    busy += a->types[i].busy_ns;
  fputs("<section id=\"tasks\"><h2>Task types</h2>\n", out);
  begin_table(out, titles);
  for (uint32_t i = 0; i <= h->info->type_count; i++) {
    const aatgs_type_stats *t = &a->types[i];
    if (!t->tasks)
      continue;
    fprintf(out, "<tr><td class=\"t\"><span class=\"swatch b%" PRIu32 "\"></span>", i % 10);
    put(out, t->name);
    fputs("</td>", out);
    cell_count(out, t->tasks);
    cell_count(out, t->parts);
    cell_ns(out, t->elapsed_ns / t->tasks);
    cell_ns(out, t->elapsed ? aatgs_latency_at(t->elapsed, 990) : 0);
    cell_ns(out, t->elapsed ? t->elapsed->max_ns : 0);
    cell_share(out, t->busy_ns, busy);
    fputs("</tr>\n", out);
  }
  end_table(out);
  fputs("</section>\n", out);
}

static void workers(const aatgs_html *h, FILE *out)
{
  fputs("<section id=\"workers\"><h2>Workers</h2>\n"
        "<figure><h3>How busy they were</h3><div id=\"heat\"></div>",
        out);
  if (h->worker_count < h->info->workers)
    fprintf(out, "<figcaption>The first %" PRIu32 " of %" PRIu32 " workers.</figcaption>",
            h->worker_count, h->info->workers);
  fputs("</figure>\n<figure><h3>What they ran</h3>\n", out);
  for (uint32_t i = 0; i < h->window_count; i++)
    if (h->windows[i].iteration)
      fprintf(out, "<span id=\"iteration-%" PRIu64 "\"></span>", h->windows[i].iteration);
  fputs("<div class=\"controls\"><label for=\"window\">Show</label> <select id=\"window\"></select>"
        "<button id=\"zoom-in\" type=\"button\">Zoom in</button>"
        "<button id=\"zoom-out\" type=\"button\">Zoom out</button>"
        "<button id=\"zoom-all\" type=\"button\">All</button>"
        "<span id=\"chart-text\" class=\"note\"></span></div>\n"
        "<p id=\"legend\" class=\"legend\"></p><div id=\"chart\"></div>"
        "<figcaption>Turn the wheel to zoom, drag to move. The iteration in question is shaded. "
        "Parts too narrow to be told apart are drawn as one.</figcaption></figure></section>\n",
        out);
}

static void slow(const aatgs_html *h, FILE *out)
{
  static const char *const titles[] = {"#iteration", "#round trip", "#times the median", "reason",
                                       NULL};
  const aatgs_analysis *a = h->analysis;
  uint64_t median = aatgs_latency_at(&a->round_trip, 500);
  fputs("<section id=\"slow\"><h2>Slowest iterations</h2>\n", out);
  begin_table(out, titles);
  for (uint32_t i = 0; i < a->slow_count && i < AATGS_SLOW_MAX; i++) {
    const aatgs_slow *s = &a->slow[i];
    char reason[512];
    fprintf(out,
            "<tr id=\"slow-%" PRIu64 "\"><td class=\"n\"><a href=\"#iteration-%" PRIu64
            "\" data-window=\"%d\">%" PRIu64 "</a></td>",
            s->iteration, s->iteration, aatgs_html_window_of(h, s->iteration), s->iteration);
    cell_ns(out, s->path.round_trip_ns);
    fprintf(out, "<td class=\"n\">%.1f</td>",
            median ? (double)s->path.round_trip_ns / (double)median : 0.0);
    cell(out, aatgs_analysis_reason(a, s, reason, sizeof reason));
    fputs("</tr>\n", out);
  }
  end_table(out);
  fputs("</section>\n", out);
}

/* The tasks of a graph in the order of a plan. */
static void put_order(const aatgs_html *h, const aatgs_html_decision *d, FILE *out)
{
  const aatgs_trace_graph *graph;
  const aatgs_trace_plan *plan;
  if (aatgs_trace_get_graph(h->trace, d->graph, &graph) ||
      aatgs_trace_get_plan(h->trace, d->plan, &plan)) {
    fputs("<td></td><td></td>", out);
    return;
  }
  cell(out, d->rule);
  fputs("<td class=\"t\">", out);
  for (uint32_t i = 0; i < plan->task_count && i < 16; i++)
    if (plan->task_at[i] < graph->task_count)
      put_format(out, "%s%s", i ? ", " : "", graph->tasks[plan->task_at[i]].name);
  fputs(plan->task_count > 16 ? ", ...</td>" : "</td>", out);
}

static void decisions(const aatgs_html *h, FILE *out)
{
  static const char *const rules[] = {"rule", "#decisions", "#iterations", NULL};
  static const char *const titles[] = {
      "#from iteration",          "#graph", "#plan", "#instead of", "rule",
      "tasks, most urgent first", NULL};
  const aatgs_analysis *a = h->analysis;
  fputs("<section id=\"decisions\"><h2>Scheduler decisions</h2>\n", out);
  begin_table(out, rules);
  for (uint32_t i = 0; i < a->rule_count; i++) {
    fputs("<tr>", out);
    cell(out, a->rules[i].name);
    cell_count(out, a->rules[i].decisions);
    cell_count(out, a->rules[i].iterations);
    fputs("</tr>\n", out);
  }
  for (uint32_t i = 0; i < AATGS_ACTS; i++)
    if (a->acts[i]) {
      fputs("<tr>", out);
      cell(out, aatgs_tick_name(AATGS_ACT_FIRST + i));
      cell_count(out, a->acts[i]);
      fputs("<td></td></tr>\n", out);
    }
  end_table(out);
  fputs("<h3>Plans put in force</h3>\n", out);
  if (a->decisions > h->decision_count)
    fprintf(out, "<p class=\"note\">The first %" PRIu32 " of %" PRIu64 ".</p>\n", h->decision_count,
            a->decisions);
  begin_table(out, titles);
  for (uint32_t i = 0; i < h->decision_count; i++) {
    const aatgs_html_decision *d = &h->decisions[i];
    fputs("<tr>", out);
    cell_count(out, d->iteration);
    cell_count(out, d->graph);
    cell_count(out, d->plan);
    if (d->before)
      cell_count(out, d->before);
    else
      fputs("<td></td>", out);
    put_order(h, d, out);
    fputs("</tr>\n", out);
  }
  end_table(out);
  fputs("</section>\n", out);
}

static void gaps(const aatgs_html *h, FILE *out)
{
  static const char *const titles[] = {"#from iteration", "#lost", NULL};
  const aatgs_analysis *a = h->analysis;
  if (!a->gap_count)
    return;
  fputs("<section id=\"gaps\"><h2>Gaps</h2>\n", out);
  begin_table(out, titles);
  for (uint32_t i = 0; i < a->gap_count && i < AATGS_GAPS_SHOWN; i++) {
    fputs("<tr>", out);
    cell_count(out, a->gaps[i].first);
    cell_count(out, a->gaps[i].count);
    fputs("</tr>\n", out);
  }
  end_table(out);
  if (a->gap_count > AATGS_GAPS_SHOWN)
    fprintf(out, "<p class=\"note\">The first %u of %" PRIu64 " gaps.</p>\n", AATGS_GAPS_SHOWN,
            a->gap_count);
  fputs("</section>\n", out);
}

/* ---- The frame --------------------------------------------------------------------------- */

/* The digest of an asset as a policy writes it: base64 (RFC 4648) of what is given in hex. */
static void put_digest(FILE *out, const aatgs_asset *asset)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  fputs("'sha256-", out);
  for (const char *hex = asset->sha256; *hex;) {
    const size_t bytes = strnlen(hex, 6) / 2;
    char three[7] = "000000";
    memcpy(three, hex, 2 * bytes);
    unsigned long bits = strtoul(three, NULL, 16);
    for (size_t i = 0; i < 4; i++)
      fputc(i <= bytes ? digits[bits >> (18 - 6 * i) & 63] : '=', out);
    hex += 2 * bytes;
  }
  fputc('\'', out);
}

static void put_asset(FILE *out, const char *element, const aatgs_asset *asset)
{
  fprintf(out, "<%s>", element);
  fwrite(asset->bytes, 1, asset->size, out);
  fprintf(out, "</%s>\n", element);
}

static void head(const aatgs_html *h, FILE *out)
{
  fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src ",
        out);
  put_digest(out, &aatgs_asset_d3);
  fputc(' ', out);
  put_digest(out, &aatgs_asset_charts);
  fputs("; style-src ", out);
  put_digest(out, &aatgs_asset_style);
  fputs("; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
        out);
  put_format(out, "%s on %s: %s", h->info->workload, h->info->device, h->dir);
  fputs("</title>\n", out);
  put_asset(out, "style", &aatgs_asset_style);
  fputs("</head>\n<body>\n<h1>", out);
  put_format(out, "%s on %s", h->info->workload, h->info->device);
  fputs("</h1>\n<p class=\"note\">", out);
  put_format(out, "%s, recorded and drawn by aatgs", h->dir);
  fputs("</p>\n<nav><a href=\"#overview\">Overview</a><a href=\"#latencies\">Latency</a>"
        "<a href=\"#slow\">Slowest iterations</a><a href=\"#tasks\">Task types</a>"
        "<a href=\"#workers\">Workers</a><a href=\"#telemetry\">Telemetry</a>"
        "<a href=\"#decisions\">Decisions</a></nav>\n",
        out);
}

static int foot(aatgs_html *h, FILE *out)
{
  fputs("<div id=\"tip\" aria-hidden=\"true\"></div>\n<footer>", out);
  if (!aatgs_asset_d3.size) {
    fputs("This page has no charts: aatgs was built without D3.</footer>\n</body>\n</html>\n", out);
    return 0;
  }
  fputs("<details><summary>Charts by D3</summary><pre>", out);
  for (size_t i = 0; i < aatgs_asset_licence.size; i++) {
    const char text[2] = {(char)aatgs_asset_licence.bytes[i], '\0'};
    if (*text == '\n')
      fputc('\n', out);
    else
      put(out, text);
  }
  fputs("</pre></details></footer>\n"
        "<noscript><p>The charts need JavaScript.</p></noscript>\n"
        "<script type=\"application/json\" id=\"data\">",
        out);
  int rc = aatgs_html_write_data(h, out);
  fputs("</script>\n", out);
  put_asset(out, "script", &aatgs_asset_d3);
  put_asset(out, "script", &aatgs_asset_charts);
  fputs("</body>\n</html>\n", out);
  return rc;
}

int aatgs_html_write_page(aatgs_html *h, FILE *out)
{
  head(h, out);
  overview(h, out);
  latency(h, out);
  slow(h, out);
  task_types(h, out);
  workers(h, out);
  fputs("<section id=\"telemetry\"><h2>Telemetry</h2>\n<p class=\"note\">The mean, and the range "
        "around it, over the run.</p><div id=\"fields\" class=\"multiples\"></div></section>\n",
        out);
  decisions(h, out);
  gaps(h, out);
  return foot(h, out);
}
