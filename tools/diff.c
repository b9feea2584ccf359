/* aatgs diff: says in what two runs differ. */
#include "tools/diff.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/table.h"
#include "tools/text.h"
#include "tools/verbs.h"

#define VERB "diff"

/* As diff(1) and cmp(1) have it. */
enum { SAME = 0, DIFFERENT = 1, TROUBLE = 2 };

typedef struct request {
  const char *compare;
  aatgs_format format;
} request;

/* ---- The command line ----------------------------------------------------------------- */

/* "configs,time" */
static bool parse_aspects(const char *list, bool *wanted)
{
  memset(wanted, 0, AATGS_ASPECTS * sizeof *wanted);
  while (*list) {
    size_t length = strcspn(list, ",");
    int at = 0;
    while (at < AATGS_ASPECTS && (strlen(aatgs_aspect_names[at]) != length ||
                                  strncmp(aatgs_aspect_names[at], list, length) != 0))
      at++;
    if (at == AATGS_ASPECTS)
      return false;
    wanted[at] = true;
    list += length;
    list += *list == ',' && list[1];
  }
  return true;
}

static int parse(request *r, aatgs_diff *d, int argc, char **argv)
{
  const aatgs_cli_option options[] = {
      {"range", AATGS_CLI_RANGE, &d->range, "A-B", "these iterations alone (default: all)", NULL, 0,
       0, 0},
      {"compare", AATGS_CLI_TEXT, &r->compare, "LIST",
       "what counts: any of configs, decisions, telemetry, digests, time, with commas between them "
       "(default: all of them)",
       NULL, 0, 0, 0},
      {"format", AATGS_CLI_FORMAT, &r->format, "F", "table, json or csv (default: table)", NULL, 0,
       0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "A B [options]",
      .summary = "Says in what the runs in traces A and B differ: in their configs, in what the "
                 "scheduler decided, in telemetry and digests, with the first difference of each "
                 "field, and in the time that each task type takes.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 2,
      .operands_max = 2,
      .epilogue = "Exit status: 0 nothing differs, 1 something does, a proven difference in time "
                  "included, 2 trouble.",
  };
  size_t operands;
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  d->dir[0] = argv[0];
  d->dir[1] = argv[1];
  if (!parse_aspects(r->compare, d->wanted))
    return aatgs_cli_fail(VERB, TROUBLE,
                          "--compare is a list of configs, decisions, telemetry, digests and time, "
                          "such as configs,telemetry, not '%s'",
                          r->compare);
  return AATGS_CLI_GO_ON;
}

/* ---- The report ----------------------------------------------------------------------- */

/* A fact of the runs, when it differs. */
static void report_fact(aatgs_report *report, const char *key, aatgs_cell a, aatgs_cell b)
{
  bool same = a.kind == b.kind && a.number == b.number &&
              (!a.text || !b.text ? a.text == b.text : !strcmp(a.text, b.text));
  if (!same)
    aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_text(key), a, b});
}

static void report_runs(aatgs_report *report, const aatgs_diff *d)
{
  static const aatgs_column columns[] = {{"fact", "", false}, {"a", "A", false}, {"b", "B", false}};
  const aatgs_trace_info *a = d->info[0], *b = d->info[1];
  aatgs_report_table(report, "runs", "Runs, where they differ", columns, 3);
#define FACT(name, cell, member) report_fact(report, name, cell(a->member), cell(b->member))
  FACT("workload", aatgs_cell_text, workload);
  FACT("workload digest", aatgs_cell_hex, workload_source_digest);
  FACT("device", aatgs_cell_text, device);
  FACT("model", aatgs_cell_text, device_name);
  FACT("host", aatgs_cell_text, host_name);
  FACT("policy", aatgs_cell_text, policy);
  FACT("workers", aatgs_cell_count, workers);
  FACT("seed", aatgs_cell_count, seed);
  FACT("made by aatgs", aatgs_cell_text, aatgs_version);
#undef FACT
  report_fact(report, "iterations", aatgs_cell_count(d->state[0].iterations),
              aatgs_cell_count(d->state[1].iterations));
  report_fact(report, "lost", aatgs_cell_count(d->state[0].lost),
              aatgs_cell_count(d->state[1].lost));
}

static bool lone_iterations(const aatgs_diff *d)
{
  return d->wanted[AATGS_ASPECT_CONFIGS] && (d->alone[0] || d->alone[1]);
}

static bool differs(const aatgs_diff *d)
{
  bool any = lone_iterations(d);
  for (int i = 0; i < AATGS_ASPECTS; i++)
    any = any || aatgs_diff_differs(d, (aatgs_aspect)i);
  return any;
}

static const char *verdict_of(const aatgs_diff *d, aatgs_aspect aspect)
{
  if (aatgs_diff_differs(d, aspect))
    return "different";
  if (aspect == AATGS_ASPECT_TIME)
    return "no evidence of a difference";
  return !d->compared || (aspect == AATGS_ASPECT_DIGESTS && !d->digests) ? "nothing to compare"
                                                                         : "same";
}

static void report_verdict(aatgs_report *report, const aatgs_diff *d)
{
  static const aatgs_column columns[] = {{"aspect", "", false},
                                         {"verdict", "verdict", false},
                                         {"iterations", "iterations that differ", true},
                                         {"first", "first", true}};
  aatgs_report_section(report, NULL, "Comparison");
  aatgs_report_fact(report, "a", "A", aatgs_cell_text(d->dir[0]));
  aatgs_report_fact(report, "b", "B", aatgs_cell_text(d->dir[1]));
  aatgs_report_fact(report, "verdict", "verdict",
                    aatgs_cell_text(differs(d) ? "different" : "same"));
  aatgs_report_fact(report, "compared", "compared",
                    aatgs_cell_unit(aatgs_cell_count(d->compared), "iterations"));
  aatgs_report_fact(report, "only_a", d->alone[0] ? "in A alone" : NULL,
                    aatgs_cell_unit(aatgs_cell_count(d->alone[0]), "iterations"));
  aatgs_report_fact(report, "only_b", d->alone[1] ? "in B alone" : NULL,
                    aatgs_cell_unit(aatgs_cell_count(d->alone[1]), "iterations"));
  aatgs_report_table(report, "aspects", "Aspects", columns, 4);
  for (int i = 0; i < AATGS_ASPECTS; i++) {
    if (!d->wanted[i])
      continue;
    aatgs_report_row(
        report,
        (aatgs_cell[]){aatgs_cell_text(aatgs_aspect_names[i]),
                       aatgs_cell_text(verdict_of(d, (aatgs_aspect)i)),
                       i == AATGS_ASPECT_TIME ? aatgs_cell_none() : aatgs_cell_count(d->differ[i]),
                       d->first[i] ? aatgs_cell_count(d->first[i]) : aatgs_cell_none()});
  }
}

static void report_differences(aatgs_report *report, const aatgs_diff *d)
{
  static const aatgs_column columns[] = {{"aspect", "in", false},
                                         {"field", "field", false},
                                         {"iteration", "first at", true},
                                         {"a", "A", false},
                                         {"b", "B", false},
                                         {"iterations", "iterations that differ", true}};
  const aatgs_difference *all = (const aatgs_difference *)(const void *)d->differences.data;
  aatgs_report_table(report, "differences", "First differences", columns, 6);
  for (size_t i = 0; i < d->differences.size / sizeof *all; i++)
    aatgs_report_row(report,
                     (aatgs_cell[]){aatgs_cell_text(aatgs_aspect_names[all[i].aspect]),
                                    aatgs_cell_text(all[i].field),
                                    aatgs_cell_count(all[i].iteration), aatgs_cell_text(all[i].a),
                                    aatgs_cell_text(all[i].b), aatgs_cell_count(all[i].count)});
}

/* "+10.2 %" for people, the share itself elsewhere. */
static aatgs_cell percent(const request *r, double share, char *out, size_t size)
{
  if (!isfinite(share))
    return aatgs_cell_none();
  if (r->format != AATGS_TABLE)
    return aatgs_cell_real(share);
  snprintf(out, size, "%+.1f %%", 100.0 * share);
  return aatgs_cell_text(out);
}

static aatgs_cell nanoseconds(double ns)
{
  return ns >= 0.0 && ns < 0x1p63 ? aatgs_cell_ns((uint64_t)ns) : aatgs_cell_none();
}

static aatgs_cell probability(const request *r, double p, char *out, size_t size)
{
  if (r->format != AATGS_TABLE)
    return aatgs_cell_real(p);
  snprintf(out, size, p < 0.001 ? "< 0.001" : "%.3f", p);
  return aatgs_cell_text(out);
}

static void report_common(aatgs_report *report, const request *r, const aatgs_diff *d)
{
  char change[32];
  bool large = fabs(d->common_change) > AATGS_TIME_EFFECT;
  if (large && r->format == AATGS_TABLE)
    aatgs_report_section(report, NULL, "All task types together");
  aatgs_report_fact(report, "common_change", large ? "change" : NULL,
                    percent(r, d->common_change, change, sizeof change));
  if (large)
    aatgs_report_hint(report, "",
                      "a slower program or a busier machine: two runs cannot tell; record "
                      "both again, in turns");
}

static void report_time(aatgs_report *report, const request *r, const aatgs_diff *d)
{
  static const aatgs_column columns[] = {{"type", "task type", false},
                                         {"median_a_ns", "A", true},
                                         {"median_b_ns", "B", true},
                                         {"change", "change", true},
                                         {"apart_low", "apart, 95 %", true},
                                         {"apart_high", "to", true},
                                         {"p", NULL, true},
                                         {"p_corrected", "p", true},
                                         {"values", "values", true},
                                         {"verdict", "B is", false}};
  if (!d->wanted[AATGS_ASPECT_TIME])
    return;
  aatgs_report_table(report, "time", "Time an iteration, median", columns, 10);
  for (size_t i = 0; i < d->type_count; i++) {
    const aatgs_time_result *t = &d->types[i].result;
    const bool both = t->count_a && t->count_b;
    char change[32], low[32], high[32], p[32];
    if (!d->types[i].a)
      continue;
    aatgs_report_row(
        report,
        (aatgs_cell[]){
            aatgs_cell_text(d->types[i].name), nanoseconds(t->median_a), nanoseconds(t->median_b),
            both ? percent(r, t->change, change, sizeof change) : aatgs_cell_none(),
            both ? percent(r, t->low, low, sizeof low) : aatgs_cell_none(),
            both ? percent(r, t->high, high, sizeof high) : aatgs_cell_none(),
            aatgs_cell_real(t->p),
            both ? probability(r, t->p_holm, p, sizeof p) : aatgs_cell_none(),
            aatgs_cell_count(t->count_a < t->count_b ? t->count_a : t->count_b),
            aatgs_cell_text(both ? aatgs_time_verdict_name(t->verdict) : "in one run alone")});
  }
  report_common(report, r, d);
}

static int print(const request *r, const aatgs_diff *d)
{
  aatgs_report *report = aatgs_report_open();
  report_verdict(report, d);
  report_runs(report, d);
  report_differences(report, d);
  report_time(report, r, d);
  int rc = aatgs_report_print(report, r->format, stdout);
  aatgs_report_close(report);
  if (rc) {
    aatgs_cli_fail_with(VERB, rc, NULL);
    return TROUBLE;
  }
  int result = differs(d) ? DIFFERENT : SAME;
  return aatgs_cli_finish(VERB, result) == result ? result : TROUBLE;
}

/* ---- The verb ------------------------------------------------------------------------- */

static int compare_times(aatgs_diff *d)
{
  aatgs_time_result *results = calloc(d->type_count + 1, sizeof *results);
  size_t count = 0;
  int rc = results ? 0 : AATGS_ENOMEM;
  for (size_t i = 0; i < d->type_count && !rc; i++)
    if (d->types[i].a)
      rc = aatgs_time_compare(d->types[i].a, d->types[i].b, d->samples, &results[count++]);
  if (!rc)
    rc = aatgs_time_judge(results, count, &d->common_change);
  count = 0;
  for (size_t i = 0; i < d->type_count && !rc; i++)
    if (d->types[i].a)
      d->types[i].result = results[count++];
  free(results);
  return rc;
}

static int compare(const request *r, aatgs_diff *d)
{
  aatgs_error error = {0};
  int rc = 0;
  for (int i = 0; i < 2 && !rc; i++) {
    rc = aatgs_trace_open(d->dir[i], &d->trace[i], &error);
    if (rc)
      break;
    d->info[i] = aatgs_trace_get_info(d->trace[i]);
    aatgs_trace_get_state(d->trace[i], &d->state[i]);
  }
  if (!rc)
    rc = aatgs_diff_read(d, &error);
  if (!rc)
    rc = compare_times(d);
  if (rc) {
    aatgs_cli_fail_with(VERB, rc, &error);
    return TROUBLE;
  }
  return print(r, d);
}

int aatgs_verb_diff(int argc, char **argv)
{
  request r = {.compare = "configs,decisions,telemetry,digests,time"};
  aatgs_diff d = {.range = {1, 0}};
  int result = parse(&r, &d, argc, argv);
  if (result != AATGS_CLI_GO_ON)
    return result;
  result = compare(&r, &d);
  aatgs_diff_free(&d);
  aatgs_trace_close(d.trace[0]);
  aatgs_trace_close(d.trace[1]);
  return result;
}
