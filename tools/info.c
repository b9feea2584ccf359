/* aatgs info: says what a trace holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/cli.h"
#include "tools/info_columns.h"
#include "tools/table.h"
#include "tools/text.h"
#include "tools/verbs.h"
#include "trace/digest.h"
#include "trace/info.h"
#include "trace/trace.h"

#define VERB         "info"
#define GRAPHS_SHOWN 4u
#define MARKS_SHOWN  64

typedef struct arguments {
  const char *dir;
  aatgs_format format;
  bool columns;
} arguments;

static int parse(arguments *a, int argc, char **argv)
{
  const aatgs_cli_option options[] = {
      {"columns", AATGS_CLI_FLAG, &a->columns, NULL,
       "add a table of what each column takes on the disk", NULL, 0, 0, 0},
      {"format", AATGS_CLI_FORMAT, &a->format, "F", "table, json or csv (default: table)", NULL, 0,
       0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR [options]",
      .summary = "Says what the trace in folder DIR holds: what was run, on what, how long, its "
                 "inputs, task graphs, sizes and losses, and the digest, one number over all "
                 "telemetry and digests of the run. A trace may be looked at while it is written.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
  };
  size_t operands;
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  a->dir = result == AATGS_CLI_GO_ON ? argv[0] : NULL;
  return result;
}

static void report_run(aatgs_report *report, const char *dir, const aatgs_trace_info *info)
{
  char started[64] = "";
  time_t seconds = (time_t)(info->started_unix_ns / UINT64_C(1000000000));
  struct tm tm;
  if (gmtime_r(&seconds, &tm))
    strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &tm);
  aatgs_report_section(report, NULL, "Run");
  aatgs_report_fact(report, "trace", "trace", aatgs_cell_text(dir));
  aatgs_report_fact(report, "workload", "workload", aatgs_cell_text(info->workload));
  aatgs_report_fact(report, "workload_digest", "workload digest",
                    aatgs_cell_hex(info->workload_source_digest));
  aatgs_report_fact(report, "device", "device", aatgs_cell_text(info->device));
  aatgs_report_fact(report, "device_name", "model", aatgs_cell_text(info->device_name));
  aatgs_report_fact(report, "workers", "workers", aatgs_cell_count(info->workers));
  aatgs_report_fact(report, "host_name", "host", aatgs_cell_text(info->host_name));
  aatgs_report_fact(report, "policy", "policy", aatgs_cell_text(info->policy));
  aatgs_report_fact(report, "digests", "digests", aatgs_cell_text(aatgs_digest_name(info->digest)));
  aatgs_report_fact(report, "seed", "seed", aatgs_cell_count(info->seed));
  aatgs_report_fact(report, "started", "started", aatgs_cell_text(started));
  aatgs_report_fact(report, "aatgs_version", "aatgs version", aatgs_cell_text(info->aatgs_version));
  aatgs_report_fact(report, "format_version", "trace format",
                    aatgs_cell_count(info->format_version));
}

static void report_extent(aatgs_report *report, const aatgs_trace_state *state)
{
  double seconds = (double)state->duration_ns / 1e9;
  aatgs_report_section(report, NULL, "Extent");
  aatgs_report_fact(report, "state", "state", aatgs_cell_text(state->closed ? "closed" : "open"));
  if (!state->closed)
    aatgs_report_hint(report, "", "it is still being written, or its writer died");
  aatgs_report_fact(report, "iterations", "iterations", aatgs_cell_count(state->iterations));
  aatgs_report_fact(report, "first", "first", aatgs_cell_count(state->first));
  aatgs_report_fact(report, "last", "last", aatgs_cell_count(state->last));
  aatgs_report_fact(report, "lost", "lost", aatgs_cell_count(state->lost));
  aatgs_report_fact(report, "duration_ns", "duration", aatgs_cell_ns(state->duration_ns));
  aatgs_report_fact(
      report, "per_second", "rate",
      aatgs_cell_unit(
          aatgs_cell_count(seconds > 0.0 ? (uint64_t)((double)state->iterations / seconds) : 0),
          "iterations a second"));
  aatgs_report_fact(report, "timings", "timing records", aatgs_cell_count(state->timings));
  aatgs_report_fact(report, "snapshots", "state snapshots", aatgs_cell_count(state->snapshots));
  aatgs_report_fact(report, "disk_bytes", "on disk", aatgs_cell_bytes(state->disk_bytes));
  if (state->iterations)
    aatgs_report_fact(
        report, "disk_bytes_per_iteration", "an iteration",
        aatgs_cell_unit(aatgs_cell_real((double)state->disk_bytes / (double)state->iterations),
                        "bytes"));
}

/* What the scheduler was told and decided beside plans, as far as the trace holds it. */
static void report_decisions(aatgs_report *report, aatgs_trace *trace)
{
  static const struct {
    uint64_t kind;
    const char *key;
    const char *label;
  } shown[] = {{AATGS_TICK_OVERRUN, "overruns", "missed deadlines"},
               {AATGS_TICK_GIVE_UP, "failures", "iterations with a failed task"},
               {AATGS_TICK_STOP, "stops", "stops"},
               {AATGS_TICK_CANCEL, "cancels", "cancels of queued configs"},
               {AATGS_TICK_LOST, "lost_devices", "lost devices"}};
  const uint64_t deadline_ns = aatgs_trace_get_info(trace)->deadline_ns;
  uint64_t counts[AATGS_TICK_OVERRUN + 1] = {0};
  aatgs_tick tick;
  for (uint64_t i = 0; aatgs_trace_get_tick(trace, i, &tick) == 1; i++)
    if (tick.kind <= AATGS_TICK_OVERRUN)
      counts[tick.kind]++;
  if (deadline_ns)
    aatgs_report_fact(report, "deadline_ns", "deadline", aatgs_cell_ns(deadline_ns));
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    const uint64_t count = counts[shown[i].kind];
    aatgs_report_fact(report, shown[i].key, count ? shown[i].label : NULL, aatgs_cell_count(count));
  }
}

static void report_inputs(aatgs_report *report, const aatgs_trace_info *info)
{
  static const aatgs_column columns[] = {
      {"kind", "kind", false}, {"bytes", "size", true}, {"path", "was read from", false}};
  aatgs_report_table(report, "inputs", "Inputs (in the trace)", columns, 3);
  for (uint32_t i = 0; i < info->input_count; i++)
    aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_text(info->inputs[i].kind),
                                            aatgs_cell_bytes(info->inputs[i].size),
                                            aatgs_cell_text(info->inputs[i].path)});
}

static void report_regions(aatgs_report *report, const aatgs_trace_info *info)
{
  static const char *const kinds[] = {"primary", "derived", "constant"};
  static const aatgs_column columns[] = {
      {"name", "region", false}, {"kind", "kind", false}, {"bytes", "size", true}};
  aatgs_report_table(report, "regions", "State", columns, 3);
  for (uint32_t i = 0; i < info->region_count; i++) {
    const aatgs_trace_region *region = &info->regions[i];
    aatgs_report_row(report,
                     (aatgs_cell[]){aatgs_cell_text(region->name),
                                    aatgs_cell_text(region->kind < 3 ? kinds[region->kind] : "?"),
                                    aatgs_cell_bytes(region->size)});
  }
}

static int report_marks(aatgs_report *report, aatgs_trace *trace)
{
  static const aatgs_column columns[] = {{"kind", "kind", false},
                                         {"iteration", "iteration", true},
                                         {"value", "value", true},
                                         {"text", "text", false}};
  aatgs_trace_mark mark;
  uint64_t i;
  int rc = aatgs_trace_get_mark(trace, 0, &mark);
  if (rc <= 0)
    return rc;
  aatgs_report_table(report, "marks", "Marks", columns, 4);
  for (i = 0; (rc = aatgs_trace_get_mark(trace, i, &mark)) == 1; i++)
    if (i < MARKS_SHOWN)
      aatgs_report_row(report,
                       (aatgs_cell[]){aatgs_cell_text(aatgs_trace_mark_name(mark.kind)),
                                      aatgs_cell_count(mark.iteration),
                                      aatgs_cell_count(mark.value), aatgs_cell_text(mark.text)});
  aatgs_report_fact(report, "mark_count", i > MARKS_SHOWN ? "marks in all" : NULL,
                    aatgs_cell_count(i));
  return rc;
}

/* The names of a task's dependencies; free() it, NULL when there are none. */
static char *after(const aatgs_trace_graph *graph, const aatgs_trace_task *task)
{
  char *out = NULL;
  size_t size = 0;
  FILE *stream = task->dependency_count ? open_memstream(&out, &size) : NULL;
  if (!stream)
    return NULL;
  for (uint32_t i = 0; i < task->dependency_count; i++)
    if (task->dependencies[i] < graph->task_count)
      fprintf(stream, "%s%s", i ? " " : "", graph->tasks[task->dependencies[i]].name);
  fclose(stream);
  return out;
}

static void report_tasks(aatgs_report *report, const aatgs_trace_info *info,
                         const aatgs_trace_graph *graph)
{
  for (uint32_t i = 0; i < graph->task_count; i++) {
    const aatgs_trace_task *task = &graph->tasks[i];
    bool known = task->type < info->type_count;
    char *names = after(graph, task);
    aatgs_report_row(report,
                     (aatgs_cell[]){aatgs_cell_count(graph->number), aatgs_cell_count(i),
                                    aatgs_cell_text(task->name),
                                    aatgs_cell_text(known ? info->types[task->type].name : NULL),
                                    aatgs_cell_count(task->parts), aatgs_cell_text(names)});
    free(names);
  }
}

/* The last fit of the device's clock, and the widest error of any; nothing where the device reads
 * the host's. */
static void report_clock(aatgs_report *report, aatgs_trace *trace)
{
  uint64_t last[3] = {0}, worst_ns = 0, fits = 0;
  aatgs_tick tick;
  for (uint64_t i = 0; aatgs_trace_get_tick(trace, i, &tick) == 1; i++) {
    if (tick.kind < AATGS_TICK_CLOCK_OFFSET || tick.kind > AATGS_TICK_CLOCK_ERROR)
      continue;
    last[tick.kind - AATGS_TICK_CLOCK_OFFSET] = tick.value;
    if (tick.kind == AATGS_TICK_CLOCK_ERROR) {
      worst_ns = tick.value > worst_ns ? tick.value : worst_ns;
      fits++;
    }
  }
  if (!fits)
    return;
  aatgs_report_section(report, "clock", "Clock of the device, fitted to the host's");
  aatgs_report_fact(report, "fits", "fits", aatgs_cell_count(fits));
  aatgs_report_fact(report, "offset_ns", "ahead of the host by",
                    aatgs_cell_unit(aatgs_cell_real((double)(int64_t)last[0]), "ns"));
  aatgs_report_fact(report, "drift_ppm", "drift",
                    aatgs_cell_unit(aatgs_cell_real((double)(int64_t)last[1] / 1e6), "ppm"));
  aatgs_report_fact(report, "error_ns", "error of the last fit, at most", aatgs_cell_ns(last[2]));
  aatgs_report_fact(report, "error_max_ns", "error of any fit, at most", aatgs_cell_ns(worst_ns));
}

/* The tasks of the first few graphs are shown. */
static void report_graphs(aatgs_report *report, aatgs_trace *trace, const aatgs_trace_info *info)
{
  static const aatgs_column columns[] = {{"graph", "graph", true}, {"task", "task", true},
                                         {"name", "name", false},  {"type", "type", false},
                                         {"parts", "parts", true}, {"after", "after", false}};
  const aatgs_trace_graph *graph;
  uint64_t count = 0, number = 0;
  aatgs_report_table(report, "tasks", "Tasks", columns, 6);
  for (; number <= UINT32_MAX && aatgs_trace_next_graph(trace, (uint32_t)number, &graph) == 1;
       number = graph->number + UINT64_C(1))
    if (count++ < GRAPHS_SHOWN)
      report_tasks(report, info, graph);
  aatgs_report_fact(report, "graphs", count > GRAPHS_SHOWN ? "graphs in all" : NULL,
                    aatgs_cell_count(count));
}

/* The run's digest; of a trace that is not closed, over what is there. */
static int digest_of(aatgs_trace *trace, const aatgs_trace_info *info,
                     const aatgs_trace_state *state, uint64_t *digest)
{
  aatgs_iteration iteration;
  int rc;
  *digest = state->digest;
  if (state->closed)
    return 0;
  *digest = 0;
  rc = aatgs_trace_seek(trace, 1);
  while (!rc) {
    rc = aatgs_trace_next(trace, &iteration);
    if (rc <= 0)
      return rc;
    *digest = aatgs_digest_iteration(*digest, &iteration, info->telemetry_bytes);
    rc = 0;
  }
  return rc;
}

static int print(const arguments *a, aatgs_trace *trace)
{
  const aatgs_trace_info *info = aatgs_trace_get_info(trace);
  aatgs_trace_state state;
  aatgs_report *report;
  uint64_t digest;
  int rc;
  aatgs_trace_get_state(trace, &state);
  rc = digest_of(trace, info, &state, &digest);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, aatgs_trace_error(trace));
  report = aatgs_report_open();
  report_run(report, a->dir, info);
  report_extent(report, &state);
  report_decisions(report, trace);
  aatgs_report_fact(report, "digest", "digest", aatgs_cell_hex(digest));
  report_inputs(report, info);
  report_graphs(report, trace, info);
  report_regions(report, info);
  report_clock(report, trace);
  rc = report_marks(report, trace);
  if (!rc && a->columns)
    rc = aatgs_info_columns(report, trace, &state);
  if (rc) {
    aatgs_report_close(report);
    return aatgs_cli_fail_with(VERB, rc, aatgs_trace_error(trace));
  }
  rc = aatgs_report_print(report, a->format, stdout);
  aatgs_report_close(report);
  return rc ? aatgs_cli_fail_with(VERB, rc, NULL) : aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}

int aatgs_verb_info(int argc, char **argv)
{
  arguments a = {NULL, AATGS_TABLE, false};
  aatgs_trace *trace = NULL;
  aatgs_error error = {0};
  int result = parse(&a, argc, argv);
  int rc;
  if (result != AATGS_CLI_GO_ON)
    return result;
  rc = aatgs_trace_open(a.dir, &trace, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  result = print(&a, trace);
  aatgs_trace_close(trace);
  return result;
}
