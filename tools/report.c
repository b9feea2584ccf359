/* aatgs report: what came of a recorded run. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/analysis.h"
#include "tools/ask.h"
#include "tools/cli.h"
#include "tools/table.h"
#include "tools/text.h"
#include "tools/verbs.h"

#define VERB          "report"
#define BAR           40u
#define WORKERS_SHOWN 32u

static aatgs_cell percent(uint64_t part, uint64_t whole)
{
  return whole ? aatgs_cell_real(round(1000.0 * (double)part / (double)whole) / 10.0)
               : aatgs_cell_none();
}

static const aatgs_column latency_columns[] = {
    {"what", "", false},     {"mean_ns", "mean", true}, {"p50_ns", "p50", true},
    {"p90_ns", "p90", true}, {"p99_ns", "p99", true},   {"p99_9_ns", "p99.9", true},
    {"max_ns", "max", true}, {"clock", "clock", false}, {"from", "from", false}};

static void latency_row(aatgs_report *report, const char *what, const aatgs_latency *l,
                        uint64_t sum, const char *clock, const char *from)
{
  aatgs_report_row(
      report, (aatgs_cell[]){
                  aatgs_cell_text(what), aatgs_cell_ns(l->count ? sum / l->count : 0),
                  aatgs_cell_ns(aatgs_latency_at(l, 500)), aatgs_cell_ns(aatgs_latency_at(l, 900)),
                  aatgs_cell_ns(aatgs_latency_at(l, 990)), aatgs_cell_ns(aatgs_latency_at(l, 999)),
                  aatgs_cell_ns(l->max_ns), aatgs_cell_text(clock), aatgs_cell_text(from)});
}

static void report_run(aatgs_report *report, const aatgs_analysis *a, const char *dir)
{
  uint64_t window = a->host_last_ns > a->host_first_ns ? a->host_last_ns - a->host_first_ns : 0;
  double seconds = (double)window / 1e9;
  aatgs_report_section(report, NULL, "Run");
  aatgs_report_fact(report, "trace", "trace", aatgs_cell_text(dir));
  aatgs_report_fact(report, "workload", "workload", aatgs_cell_text(a->info->workload));
  aatgs_report_fact(report, "device", "device", aatgs_cell_text(a->info->device));
  aatgs_report_fact(report, "device_name", "model", aatgs_cell_text(a->info->device_name));
  aatgs_report_fact(report, "policy", "policy", aatgs_cell_text(a->info->policy));
  aatgs_report_fact(report, "first", "first iteration", aatgs_cell_count(a->first));
  aatgs_report_fact(report, "last", "last iteration", aatgs_cell_count(a->last));
  aatgs_report_fact(report, "iterations", "iterations", aatgs_cell_count(a->iterations));
  aatgs_report_fact(report, "failed", "failed", aatgs_cell_count(a->failed));
  aatgs_report_fact(report, "duration_ns", "duration", aatgs_cell_ns(window));
  aatgs_report_fact(
      report, "per_second", "rate",
      aatgs_cell_unit(
          aatgs_cell_count(window ? (uint64_t)((double)a->iterations / seconds + 0.5) : 0),
          "iterations a second"));
}

static void report_latency(aatgs_report *report, const aatgs_analysis *a)
{
  aatgs_report_table(report, "latency", "Latency", latency_columns,
                     sizeof latency_columns / sizeof *latency_columns);
  latency_row(report, "round trip", &a->round_trip, a->round_trip_sum_ns, "host",
              "config posted to telemetry seen");
  latency_row(report, "end to end", &a->end_to_end, a->end_to_end_sum_ns, "device",
              "config taken up to telemetry posted");
}

/* Round trips by doublings; a bar is as long as its share of the fullest. */
static void report_histogram(aatgs_report *report, const aatgs_analysis *a)
{
  static const aatgs_column columns[] = {{"from_ns", "from", true},
                                         {"below_ns", "below", true},
                                         {"count", "iterations", true},
                                         {"share_percent", "share %", true},
                                         {"bar", "", false}};
  uint64_t counts[64] = {0}, fullest = 0;
  int low = 64, high = -1;
  for (uint32_t i = 0; i < AATGS_LATENCY_BUCKETS; i++) {
    uint64_t from = aatgs_latency_lowest(i);
    int bin = from ? 63 - __builtin_clzll(from) : 0;
    if (!a->round_trip.bucket[i])
      continue;
    counts[bin] += a->round_trip.bucket[i];
    fullest = counts[bin] > fullest ? counts[bin] : fullest;
    low = bin < low ? bin : low;
    high = bin > high ? bin : high;
  }
  aatgs_report_table(report, "histogram", "Round trips", columns, 5);
  for (int bin = low; bin <= high; bin++) {
    char bar[BAR + 1] = "";
    uint64_t length = (counts[bin] * BAR + fullest - 1) / fullest;
    for (uint64_t i = 0; i < length; i++)
      bar[i] = '#';
    bar[length] = '\0';
    aatgs_report_row(report,
                     (aatgs_cell[]){aatgs_cell_ns(bin ? UINT64_C(1) << bin : 0),
                                    aatgs_cell_ns(bin < 63 ? UINT64_C(2) << bin : UINT64_MAX),
                                    aatgs_cell_count(counts[bin]),
                                    percent(counts[bin], a->iterations), aatgs_cell_text(bar)});
  }
}

static void report_path(aatgs_report *report, const aatgs_analysis *a)
{
  static const char *const what[] = {"config and telemetry on the bus",
                                     "waiting for an earlier iteration to let go of a region",
                                     "ready, waiting for a worker", "computing"};
  static const aatgs_column columns[] = {{"where", "", false},
                                         {"total_ns", "total", true},
                                         {"share_percent", "share %", true},
                                         {"mean_ns", "mean", true},
                                         {"p50_ns", "p50", true},
                                         {"p99_ns", "p99", true},
                                         {"meaning", "which is", false}};
  aatgs_report_table(report, "critical_path", "Where an iteration's time goes (critical path)",
                     columns, 7);
  for (int k = 0; k < AATGS_SPENT_KINDS; k++)
    aatgs_report_row(
        report, (aatgs_cell[]){
                    aatgs_cell_text(aatgs_spent_name((aatgs_spent)k)),
                    aatgs_cell_ns(a->spent_ns[k]), percent(a->spent_ns[k], a->round_trip_sum_ns),
                    aatgs_cell_ns(a->iterations ? a->spent_ns[k] / a->iterations : 0),
                    aatgs_cell_ns(aatgs_latency_at(&a->spent[k], 500)),
                    aatgs_cell_ns(aatgs_latency_at(&a->spent[k], 990)), aatgs_cell_text(what[k])});
}

static void report_types(aatgs_report *report, const aatgs_analysis *a)
{
  static const aatgs_column columns[] = {
      {"type", "type", false},   {"tasks", "tasks", true},  {"parts", "records", true},
      {"mean_ns", "mean", true}, {"p50_ns", "p50", true},   {"p99_ns", "p99", true},
      {"max_ns", "max", true},   {"busy_ns", "busy", true}, {"share_percent", "share %", true}};
  uint64_t busy = 0;
  for (uint32_t i = 0; i <= a->info->type_count; i++)
    busy += a->types[i].busy_ns;
  aatgs_report_table(report, "types", "Task types", columns, 9);
  for (uint32_t i = 0; i <= a->info->type_count; i++) {
    const aatgs_type_stats *t = &a->types[i];
    if (!t->tasks)
      continue;
    aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_text(t->name), aatgs_cell_count(t->tasks),
                                            aatgs_cell_count(t->parts),
                                            aatgs_cell_ns(t->elapsed_ns / t->tasks),
                                            aatgs_cell_ns(aatgs_latency_at(t->elapsed, 500)),
                                            aatgs_cell_ns(aatgs_latency_at(t->elapsed, 990)),
                                            aatgs_cell_ns(t->elapsed->max_ns),
                                            aatgs_cell_ns(t->busy_ns), percent(t->busy_ns, busy)});
  }
}

static void report_workers(aatgs_report *report, const aatgs_analysis *a)
{
  static const aatgs_column columns[] = {{"worker", "worker", true},
                                         {"busy_ns", "busy", true},
                                         {"utilisation_percent", "utilisation %", true}};
  uint64_t window =
      a->device_last_ns > a->device_first_ns ? a->device_last_ns - a->device_first_ns : 0;
  uint64_t busy = 0;
  uint32_t shown = 0;
  aatgs_report_table(report, "workers", "Workers", columns, 3);
  for (uint32_t i = 0; i < a->worker_count; i++) {
    busy += a->worker_busy_ns[i];
    if (shown == WORKERS_SHOWN)
      continue;
    shown++;
    aatgs_report_row(report,
                     (aatgs_cell[]){aatgs_cell_count(i), aatgs_cell_ns(a->worker_busy_ns[i]),
                                    percent(a->worker_busy_ns[i], window)});
  }
  if (a->worker_count > shown)
    aatgs_report_hint(report, "", "%" PRIu32 " more workers are not listed",
                      a->worker_count - shown);
  aatgs_report_fact(report, "worker_count", NULL, aatgs_cell_count(a->worker_count));
  aatgs_report_fact(
      report, "utilisation_percent", "all workers",
      aatgs_cell_unit(percent(busy / (a->worker_count ? a->worker_count : 1), window), "% busy"));
}

static void fill_row(aatgs_report *report, const char *what, const aatgs_latency *l,
                     uint64_t capacity, const char *meaning)
{
  aatgs_report_row(report,
                   (aatgs_cell[]){aatgs_cell_text(what), aatgs_cell_count(aatgs_latency_at(l, 500)),
                                  aatgs_cell_count(aatgs_latency_at(l, 990)),
                                  aatgs_cell_count(l->max_ns),
                                  capacity ? aatgs_cell_count(capacity) : aatgs_cell_none(),
                                  aatgs_cell_text(meaning)});
}

static void report_rings(aatgs_report *report, const aatgs_analysis *a)
{
  static const aatgs_column columns[] = {{"ring", "", false},      {"p50", "p50", true},
                                         {"p99", "p99", true},     {"max", "max", true},
                                         {"slots", "slots", true}, {"meaning", "which is", false}};
  aatgs_report_table(report, "rings", "Rings, when a config was posted", columns, 6);
  fill_row(report, "commands", &a->in_flight, a->info->command_slots,
           "iterations posted and not complete");
  fill_row(report, "telemetry", &a->telemetry_waiting, a->info->telemetry_slots,
           "finished iterations not read yet");
  fill_row(report, "config queue", &a->config_waiting, 0, "configs the host had queued");
}

static void report_decisions(aatgs_report *report, const aatgs_analysis *a)
{
  static const aatgs_column columns[] = {{"rule", "rule", false},
                                         {"decisions", "decisions", true},
                                         {"iterations", "iterations", true},
                                         {"share_percent", "share %", true}};
  aatgs_report_table(report, "decisions", "Scheduler decisions", columns, 4);
  for (uint32_t i = 0; i < a->rule_count; i++)
    aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_text(a->rules[i].name),
                                            aatgs_cell_count(a->rules[i].decisions),
                                            aatgs_cell_count(a->rules[i].iterations),
                                            percent(a->rules[i].iterations, a->iterations)});
  for (uint32_t i = 0; i < AATGS_ACTS; i++)
    if (a->acts[i])
      aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_text(aatgs_tick_name(AATGS_ACT_FIRST + i)),
                                              aatgs_cell_count(a->acts[i]), aatgs_cell_none(),
                                              aatgs_cell_none()});
  if (a->may_retry)
    aatgs_report_hint(report, "retries",
                      "made by the device, at once; the trace does not hold them");
}

static void report_gaps(aatgs_report *report, const aatgs_analysis *a)
{
  static const aatgs_column columns[] = {{"first", "first", true}, {"count", "iterations", true}};
  aatgs_trace_state state;
  aatgs_trace_get_state(a->trace, &state);
  aatgs_report_section(report, NULL, "Losses");
  aatgs_report_fact(report, "lost", "lost in the run", aatgs_cell_count(state.lost));
  aatgs_report_fact(report, "gaps", "gaps in the range", aatgs_cell_count(a->gap_count));
  aatgs_report_fact(report, "missing", "missing in them", aatgs_cell_count(a->lost));
  aatgs_report_table(report, "gap_list", "Gaps (the first of them)", columns, 2);
  for (uint32_t i = 0; i < a->gap_count && i < AATGS_GAPS_SHOWN; i++)
    aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_count(a->gaps[i].first),
                                            aatgs_cell_count(a->gaps[i].count)});
}

static void report_slow(aatgs_report *report, const aatgs_analysis *a)
{
  static const aatgs_column columns[] = {
      {"iteration", "iteration", true}, {"round_trip_ns", "round trip", true},
      {"bus_ns", "bus", true},          {"dependencies_ns", "dependencies", true},
      {"workers_ns", "workers", true},  {"computing_ns", "computing", true},
      {"blame", NULL, false},           {"reason", "reason", false}};
  aatgs_report_table(report, "slowest", "Slowest iterations", columns, 8);
  for (uint32_t i = 0; i < a->slow_count; i++) {
    const aatgs_slow *s = &a->slow[i];
    char reason[512];
    aatgs_report_row(
        report,
        (aatgs_cell[]){aatgs_cell_count(s->iteration), aatgs_cell_ns(s->path.round_trip_ns),
                       aatgs_cell_ns(s->path.ns[AATGS_SPENT_BUS]),
                       aatgs_cell_ns(s->path.ns[AATGS_SPENT_DEPENDENCIES]),
                       aatgs_cell_ns(s->path.ns[AATGS_SPENT_WORKERS]),
                       aatgs_cell_ns(s->path.ns[AATGS_SPENT_COMPUTING]),
                       aatgs_cell_text(aatgs_spent_name(aatgs_analysis_blame(a, s))),
                       aatgs_cell_text(aatgs_analysis_reason(a, s, reason, sizeof reason))});
  }
}

static int print(const aatgs_analysis *a, const char *dir, aatgs_format format)
{
  aatgs_report *report = aatgs_report_open();
  report_run(report, a, dir);
  aatgs_report_section(report, NULL, NULL);
  report_latency(report, a);
  report_histogram(report, a);
  report_path(report, a);
  report_types(report, a);
  report_workers(report, a);
  report_rings(report, a);
  report_decisions(report, a);
  report_gaps(report, a);
  report_slow(report, a);
  int rc = aatgs_report_print(report, format, stdout);
  aatgs_report_close(report);
  return rc ? aatgs_cli_fail_with(VERB, rc, NULL) : aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}

int aatgs_verb_report(int argc, char **argv)
{
  aatgs_ask ask = {.format = AATGS_TABLE};
  const aatgs_cli_option options[] = {
      AATGS_ASK_RANGE(&ask),
      {"format", AATGS_CLI_FORMAT, &ask.format, "F", "table, json or csv (default: table)", NULL, 0,
       0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR [options]",
      .summary = "Says what came of the run in trace DIR: rate, latencies, where an iteration's "
                 "time goes, task types, workers, rings, decisions, losses, and the slowest "
                 "iterations with the reason.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
      .epilogue = "Percentiles are at most 0.8 % below the exact ones."};
  aatgs_analysis *analysis;
  int result = aatgs_ask_open(&command, argc, argv, &ask);
  if (result != AATGS_CLI_GO_ON)
    return result;
  int rc = aatgs_analysis_run(ask.trace, ask.first, ask.last, &analysis);
  result = rc ? aatgs_cli_fail_with(VERB, rc, aatgs_trace_error(ask.trace))
              : print(analysis, ask.dir, ask.format);
  if (!rc)
    aatgs_analysis_close(analysis);
  aatgs_trace_close(ask.trace);
  return result;
}
