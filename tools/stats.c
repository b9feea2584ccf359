/* aatgs stats: a run's figures for a monitoring system to scrape. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/analysis.h"
#include "tools/ask.h"
#include "tools/cli.h"
#include "tools/verbs.h"
#include "trace/field.h"

#define VERB "stats"

/* Text as a label's value: backslash, quote and newline escaped, the format's own way. */
static void label(const char *name, const char *value)
{
  printf("%s=\"", name);
  for (; *value; value++) {
    if (*value == '\\' || *value == '"')
      printf("\\%c", *value);
    else if (*value == '\n')
      fputs("\\n", stdout);
    else
      putchar((unsigned char)*value < 0x20 || *value == 0x7f ? '?' : *value);
  }
  putchar('"');
}

static void head(const char *name, const char *type, const char *help)
{
  printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(const char *name, const char *type, const char *help, double value)
{
  head(name, type, help);
  printf("%s %.17g\n", name, value);
}

static double seconds(uint64_t ns)
{
  return (double)ns / 1e9;
}

/* Cumulative buckets at 1, 2, 5 of each decade from 1 us to 10 s. A bucket of the histogram
 * counts where its lowest value lies. */
static void histogram(const char *name, const char *key, const char *value, const aatgs_latency *l,
                      uint64_t sum_ns)
{
  static const uint64_t bounds[] = {
      1000,      2000,      5000,       10000,      20000,      50000,      100000,   200000,
      500000,    1000000,   2000000,    5000000,    10000000,   20000000,   50000000, 100000000,
      200000000, 500000000, 1000000000, 2000000000, 5000000000, 10000000000};
  uint64_t seen = 0;
  uint32_t at = 0;
  for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
    while (at < AATGS_LATENCY_BUCKETS && aatgs_latency_lowest(at) <= bounds[b])
      seen += l->bucket[at++];
    printf("%s_bucket{", name);
    if (key) {
      label(key, value);
      putchar(',');
    }
    printf("le=\"%.9g\"} %" PRIu64 "\n", seconds(bounds[b]), seen);
  }
  for (int k = 0; k < 3; k++) {
    static const char *const ends[] = {"bucket", "sum", "count"};
    printf("%s_%s%s", name, ends[k], key || k == 0 ? "{" : "");
    if (key)
      label(key, value);
    printf("%s%s", k == 0 ? key ? ",le=\"+Inf\"" : "le=\"+Inf\"" : "", key || k == 0 ? "}" : "");
    if (k == 1)
      printf(" %.17g\n", seconds(sum_ns));
    else
      printf(" %" PRIu64 "\n", l->count);
  }
}

static void print_run(const aatgs_analysis *a, const aatgs_trace_state *state)
{
  head("aatgs_trace_info", "gauge", "What was run; always 1.");
  fputs("aatgs_trace_info{", stdout);
  label("workload", a->info->workload);
  putchar(',');
  label("device", a->info->device);
  putchar(',');
  label("device_name", a->info->device_name);
  putchar(',');
  label("host", a->info->host_name);
  putchar(',');
  label("policy", a->info->policy);
  fputs("} 1\n", stdout);
  single("aatgs_iterations_total", "counter", "Iterations in the trace.", (double)a->iterations);
  single("aatgs_iterations_failed_total", "counter", "Iterations in which a task failed.",
         (double)a->failed);
  single("aatgs_iterations_lost_total", "counter", "Iterations that were run but not recorded.",
         (double)(state->lost > a->lost ? state->lost : a->lost));
  single("aatgs_last_iteration", "gauge", "Number of the last iteration.", (double)a->last);
  single("aatgs_trace_closed", "gauge", "1 when the recording has ended.", state->closed);
  single("aatgs_trace_disk_bytes", "gauge", "Bytes that the trace takes on disk.",
         (double)state->disk_bytes);
  single("aatgs_start_time_seconds", "gauge", "When the run began, in Unix time.",
         seconds(a->info->started_unix_ns));
  single("aatgs_run_duration_seconds", "gauge",
         "From the first config posted to the last telemetry seen.",
         seconds(a->host_last_ns > a->host_first_ns ? a->host_last_ns - a->host_first_ns : 0));
}

static void print_times(const aatgs_analysis *a)
{
  const char *name = "aatgs_round_trip_seconds";
  head(name, "histogram", "From config posted to telemetry seen, host clock.");
  histogram(name, NULL, NULL, &a->round_trip, a->round_trip_sum_ns);
  name = "aatgs_end_to_end_seconds";
  head(name, "histogram", "From config taken up to telemetry posted, device clock.");
  histogram(name, NULL, NULL, &a->end_to_end, a->end_to_end_sum_ns);
  name = "aatgs_critical_path_seconds_total";
  head(name, "counter", "Where the time of iterations went, on their critical paths.");
  for (int k = 0; k < AATGS_SPENT_KINDS; k++)
    printf("%s{where=\"%s\"} %.17g\n", name, aatgs_spent_name((aatgs_spent)k),
           seconds(a->spent_ns[k]));
  name = "aatgs_task_duration_seconds";
  head(name, "histogram", "Tasks, from the start of the first part to the end of the last.");
  for (uint32_t i = 0; i <= a->info->type_count; i++)
    if (a->types[i].tasks)
      histogram(name, "type", a->types[i].name, a->types[i].elapsed, a->types[i].elapsed_ns);
}

static void print_workers(const aatgs_analysis *a)
{
  head("aatgs_worker_busy_seconds_total", "counter", "Time that a worker ran tasks.");
  for (uint32_t i = 0; i < a->worker_count; i++)
    printf("aatgs_worker_busy_seconds_total{worker=\"%" PRIu32 "\"} %.17g\n", i,
           seconds(a->worker_busy_ns[i]));
  head("aatgs_decisions_total", "counter", "Times that a plan by a rule was put in force.");
  for (uint32_t i = 0; i < a->rule_count; i++) {
    fputs("aatgs_decisions_total{", stdout);
    label("rule", a->rules[i].name);
    printf("} %" PRIu64 "\n", a->rules[i].decisions);
  }
  head("aatgs_acts_total", "counter", "What the scheduler decided beside plans.");
  for (uint32_t i = 0; i < AATGS_ACTS; i++)
    printf("aatgs_acts_total{kind=\"%s\"} %" PRIu64 "\n", aatgs_tick_name(AATGS_ACT_FIRST + i),
           a->acts[i]);
}

/* The fields of the last iteration's telemetry. */
static int print_telemetry(const aatgs_analysis *a)
{
  aatgs_iteration it;
  int rc = aatgs_trace_seek(a->trace, a->last);
  if (!rc)
    rc = aatgs_trace_next(a->trace, &it);
  if (rc != 1)
    return rc;
  head("aatgs_telemetry", "gauge", "Telemetry of the last iteration, by field.");
  for (uint32_t i = 0; i < a->info->telemetry_field_count; i++) {
    const aatgs_field *f = &a->info->telemetry_fields[i];
    for (uint32_t k = 0; k < f->count; k++) {
      fputs("aatgs_telemetry{", stdout);
      label("field", f->name);
      if (f->count > 1)
        printf(",index=\"%" PRIu32 "\"", k);
      putchar(',');
      label("unit", f->unit);
      printf("} %.17g\n", aatgs_field_get(f, it.telemetry, k));
    }
  }
  return 0;
}

static int print(const aatgs_analysis *a)
{
  aatgs_trace_state state;
  aatgs_trace_get_state(a->trace, &state);
  print_run(a, &state);
  print_times(a);
  print_workers(a);
  int rc = a->iterations ? print_telemetry(a) : 0;
  return rc < 0 ? aatgs_cli_fail_with(VERB, rc, aatgs_trace_error(a->trace))
                : aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}

int aatgs_verb_stats(int argc, char **argv)
{
  static const char *const formats[] = {"prometheus", NULL};
  aatgs_ask ask = {0};
  int format = 0;
  const aatgs_cli_option options[] = {
      AATGS_ASK_RANGE(&ask),
      {"format", AATGS_CLI_CHOICE, &format, "F", "prometheus", formats, 0, 0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR [options]",
      .summary = "Prints the figures of trace DIR in Prometheus' text format, version 0.0.4: "
                 "counts, histograms of latencies and task durations, workers, decisions, and the "
                 "last telemetry. A trace may be asked while it is written.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
  };
  aatgs_analysis *analysis;
  int result = aatgs_ask_open(&command, argc, argv, &ask);
  if (result != AATGS_CLI_GO_ON)
    return result;
  int rc = aatgs_analysis_run(ask.trace, ask.first, ask.last, &analysis);
  result = rc ? aatgs_cli_fail_with(VERB, rc, aatgs_trace_error(ask.trace)) : print(analysis);
  if (!rc)
    aatgs_analysis_close(analysis);
  aatgs_trace_close(ask.trace);
  return result;
}
