/* aatgs schedule: the scheduler in simulated time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "host/graph.h"
#include "host/policy.h"
#include "host/schedule.h"
#include "host/scheduler.h"
#include "host/stg.h"
#include "tools/cli.h"
#include "tools/schedule_chart.h"
#include "tools/table.h"
#include "tools/verbs.h"

#define VERB        "schedule"
#define NOISE_SCALE 1000u    /* steps to a unit of an .stg file's time, so that noise has room */
#define UNKNOWN_NS  1000000u /* what every task is assumed to take when nothing is known */
#define CHART_MAX   64u      /* workers drawn */

typedef struct schedule_args {
  const char *file;
  const char *policy;
  const char *workload;
  const char *noise_text;
  double noise; /* coefficient of variation; negative: durations are known and exact */
  uint32_t workers;
  uint64_t iterations;
  uint64_t seed;
  aatgs_format format;
} schedule_args;

typedef struct schedule_run {
  const struct aatgs_workload *workload;
  aatgs_graph *graph;
  aatgs_problem *problem;
  aatgs_scheduler *scheduler;
  const char **names;
  uint64_t *truth_ns; /* by task: duration of a part without noise */
  uint32_t *task_at;
  uint32_t *priority;
  aatgs_timing *timings;
  double *makespans; /* by iteration */
  uint64_t makespan_ns;
  uint64_t random;
  double unit; /* ns that count as one in what is printed */
} schedule_run;

static int parse(schedule_args *a, int argc, char **argv)
{
  const aatgs_cli_option options[] = {
      {"workers", AATGS_CLI_U32, &a->workers, "M", "workers (default: 4)", NULL, 1, 65535, 0},
      {"policy", AATGS_CLI_TEXT, &a->policy, "P",
       "fifo, original, critical-path or adaptive (default: adaptive)", NULL, 0, 0, 0},
      {"noise", AATGS_CLI_TEXT, &a->noise_text, "CV",
       "durations vary from iteration to iteration with this coefficient of variation, 0 to 1, and "
       "the scheduler knows none at the start",
       NULL, 0, 0, 0},
      {"iterations", AATGS_CLI_U64, &a->iterations, "N",
       "run the graph N times, learning (default: 1)", NULL, 1, 1000000, 'n'},
      {"seed", AATGS_CLI_U64, &a->seed, "S", "seed of the noise (default: 0)", NULL, 0, 0, 's'},
      {"workload", AATGS_CLI_TEXT, &a->workload, "NAME|PATH",
       "workload whose task types a task file names (default: prism)", NULL, 0, 0, 'w'},
      {"format", AATGS_CLI_FORMAT, &a->format, "F", "table, json or csv (default: table)", NULL, 0,
       0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "FILE [options]",
      .summary =
          "Schedules the task graph in FILE in simulated time, with the scheduler that drives "
          "a device, and says how long it takes, how long it must take at least, and whether "
          "the order is proved optimal. FILE is an .stg file of the Standard Task Graph set, "
          "a task file, or the name of a workload's task graph.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
  };
  size_t operands;
  char *end;
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  a->file = argv[0];
  if (a->noise_text) {
    a->noise = strtod(a->noise_text, &end);
    if (end == a->noise_text || *end || !(a->noise >= 0.0 && a->noise <= 1.0))
      return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "--noise %s: must be a number from 0 to 1",
                            a->noise_text);
  }
  if (!aatgs_policy_find(a->policy))
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "there is no policy '%s'; there are %s",
                          a->policy, aatgs_policy_names());
  return AATGS_CLI_GO_ON;
}

/* ---- The graph ---- */

static int load(const schedule_args *a, schedule_run *r, aatgs_error *error)
{
  const size_t length = strlen(a->file);
  int rc;

  if ((length > 4 && !strcmp(a->file + length - 4, ".stg")) || aatgs_stg_looks_like(a->file)) {
    r->unit = a->noise < 0.0 ? 1.0 : NOISE_SCALE;
    r->workload = &aatgs_stg_workload;
    return aatgs_stg_load(a->file, a->noise < 0.0 ? 1 : NOISE_SCALE, &r->graph, error);
  }
  r->unit = 1.0;
  rc = aatgs_workload_load(a->workload, &r->workload, error);
  if (!rc && (rc = aatgs_graph_open(r->workload, &r->graph)))
    return aatgs_error_set(error, rc, 0, "out of memory");
  if (rc)
    return rc;
  rc = aatgs_graph_load(r->graph, a->file, UINT32_MAX);
  if (!rc)
    rc = aatgs_graph_check(r->graph);
  if (rc)
    *error = *aatgs_graph_error(r->graph);
  return rc;
}

/* With noise the scheduler starts from nothing. */
static int forget_durations(schedule_run *r, aatgs_error *error)
{
  int rc = 0;
  for (uint32_t i = 0; !rc && i < r->problem->tasks; i++)
    rc = aatgs_graph_set_estimate(r->graph, i, UNKNOWN_NS);
  if (!rc)
    rc = aatgs_graph_check(r->graph);
  return rc ? aatgs_error_set(error, rc, 0, "%s", aatgs_graph_error(r->graph)->text) : 0;
}

static int open_run(const schedule_args *a, schedule_run *r, aatgs_error *error)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_trace_graph shape;
  uint32_t tasks, records;
  int rc = load(a, r, error);
  if (rc)
    return rc;
  tasks = (uint32_t)aatgs_graph_len(r->graph);
  records = aatgs_graph_records(r->graph);
  r->names = calloc(tasks + 1, sizeof *r->names);
  r->truth_ns = calloc(tasks + 1, sizeof *r->truth_ns);
  r->task_at = calloc(tasks + 1, sizeof *r->task_at);
  r->priority = calloc(tasks + 1, sizeof *r->priority);
  r->timings = calloc(records + 1, sizeof *r->timings);
  r->makespans = calloc(a->iterations, sizeof *r->makespans);
  o.policy = a->policy;
  o.workers = a->workers;
  if (!r->names || !r->truth_ns || !r->task_at || !r->priority || !r->timings || !r->makespans ||
      aatgs_problem_open(r->graph, a->workers, &r->problem) ||
      aatgs_scheduler_open(r->workload, &o, &r->scheduler, NULL))
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "out of memory for %u tasks", tasks);
  memcpy(r->truth_ns, r->problem->part_ns, tasks * sizeof *r->truth_ns);
  rc = a->noise < 0.0 ? 0 : forget_durations(r, error);
  if (!rc && (rc = aatgs_graph_describe(r->graph, 1, &shape)))
    rc = aatgs_error_set(error, rc, 0, "out of memory for %u tasks", tasks);
  for (uint32_t i = 0; !rc && i < tasks; i++)
    r->names[i] = shape.tasks[i].name;
  return rc;
}

static void close_run(schedule_run *r)
{
  aatgs_scheduler_close(r->scheduler);
  aatgs_problem_close(r->problem);
  aatgs_graph_close(r->graph);
  free(r->names);
  free(r->truth_ns);
  free(r->task_at);
  free(r->priority);
  free(r->timings);
  free(r->makespans);
}

/* ---- Iterations ---- */

static double uniform(schedule_run *r)
{
  uint64_t x = r->random += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

/* Durations of this iteration: normal with the given coefficient of variation, at least 5 %. */
static void draw_durations(const schedule_args *a, schedule_run *r)
{
  for (uint32_t i = 0; i < r->problem->tasks; i++) {
    double sum = -6.0, factor;
    for (int k = 0; k < 12; k++)
      sum += uniform(r);
    factor = 1.0 + sum * a->noise;
    r->problem->part_ns[i] = (uint64_t)((double)r->truth_ns[i] * (factor < 0.05 ? 0.05 : factor));
  }
  aatgs_problem_refresh(r->problem);
}

static int iterate(const schedule_args *a, schedule_run *r, aatgs_error *error)
{
  bool stale = true;
  for (uint64_t i = 0; i < a->iterations; i++) {
    aatgs_sched_event done = {.kind = AATGS_SCHED_DONE};
    int rc = 0;
    if (a->noise >= 0.0)
      draw_durations(a, r);
    if (stale)
      rc = aatgs_scheduler_plan(r->scheduler, r->graph, r->task_at, r->priority);
    if (!rc)
      rc = aatgs_simulate(r->problem, r->task_at, NULL, r->timings, &r->makespan_ns);
    if (rc)
      return aatgs_error_set(error, rc, 0, "the graph could not be scheduled: %s",
                             aatgs_strerror(rc));
    r->makespans[i] = (double)r->makespan_ns / r->unit;
    done.u.done.graph = r->graph;
    done.u.done.timings = r->timings;
    done.u.done.count = aatgs_graph_records(r->graph);
    done.u.done.end_ns = r->makespan_ns;
    stale = aatgs_scheduler_handle(r->scheduler, &done);
  }
  return 0;
}

/* ---- What is printed ---- */

/* Whole numbers as they are, the others with their fraction. */
static aatgs_cell time_cell(const schedule_run *r, uint64_t ns)
{
  return r->unit == 1.0 ? aatgs_cell_count(ns) : aatgs_cell_real((double)ns / r->unit);
}

static void report_tasks(const schedule_run *r, aatgs_report *report)
{
  static const aatgs_column columns[] = {{"id", "task", true},          {"name", "name", false},
                                         {"part", "part", true},        {"worker", "worker", true},
                                         {"start", "start", true},      {"end", "end", true},
                                         {"priority", "priority", true}};
  aatgs_report_table(report, "tasks", "Tasks", columns, 7);
  for (uint32_t i = 0; i < aatgs_graph_records(r->graph); i++) {
    const aatgs_timing *t = &r->timings[i];
    aatgs_report_row(report,
                     (aatgs_cell[]){aatgs_cell_count(t->task), aatgs_cell_text(r->names[t->task]),
                                    aatgs_cell_count(t->part), aatgs_cell_count(t->worker),
                                    time_cell(r, t->start_ns),
                                    time_cell(r, t->start_ns + t->duration_ns),
                                    aatgs_cell_real((double)r->priority[t->task] / 1000.0)});
  }
}

static void report_iterations(const schedule_args *a, const schedule_run *r, aatgs_report *report)
{
  static const aatgs_column columns[] = {{"iteration", "iteration", true},
                                         {"makespan", "makespan", true}};
  double sum = 0.0;
  for (uint64_t i = 0; i < a->iterations; i++)
    sum += r->makespans[i];
  aatgs_report_fact(report, "makespan_first", "first iteration", aatgs_cell_real(r->makespans[0]));
  aatgs_report_fact(report, "makespan_mean", "mean iteration",
                    aatgs_cell_real(sum / (double)a->iterations));
  if (a->format == AATGS_TABLE)
    return;
  aatgs_report_table(report, "iterations", "Iterations", columns, 2);
  for (uint64_t i = 0; i < a->iterations; i++)
    aatgs_report_row(report,
                     (aatgs_cell[]){aatgs_cell_count(i + 1), aatgs_cell_real(r->makespans[i])});
}

static uint32_t columns_of_terminal(void)
{
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
    return size.ws_col < 200 ? size.ws_col - 10u : 190u;
  return 70;
}

static int print(const schedule_args *a, const schedule_run *r)
{
  const uint64_t bound = r->problem->bound_ns;
  aatgs_report *report = aatgs_report_open();
  char *chart;
  int rc;
  aatgs_report_section(report, NULL, "Schedule");
  aatgs_report_fact(report, "graph", "graph", aatgs_cell_text(a->file));
  aatgs_report_fact(report, "policy", "policy", aatgs_cell_text(a->policy));
  aatgs_report_fact(report, "workers", "workers", aatgs_cell_count(a->workers));
  aatgs_report_fact(report, "task_count", "tasks", aatgs_cell_count(r->problem->tasks));
  aatgs_report_fact(report, "makespan", "makespan", time_cell(r, r->makespan_ns));
  aatgs_report_fact(report, "lower_bound", "lower bound", time_cell(r, bound));
  aatgs_report_fact(report, "critical_path", "critical path",
                    time_cell(r, r->problem->critical_ns));
  aatgs_report_fact(report, "work", "work", time_cell(r, r->problem->work_ns));
  aatgs_report_fact(report, "ratio", "ratio",
                    aatgs_cell_real(bound ? (double)r->makespan_ns / (double)bound : 1.0));
  aatgs_report_fact(report, "optimal", "proved optimal", aatgs_cell_bool(r->makespan_ns == bound));
  if (a->iterations > 1)
    report_iterations(a, r, report);
  if (a->format != AATGS_TABLE) {
    report_tasks(r, report);
  } else if (a->workers <= CHART_MAX) {
    chart = aatgs_schedule_chart(r->timings, aatgs_graph_records(r->graph), r->names, a->workers,
                                 r->makespan_ns, columns_of_terminal());
    aatgs_report_lines(report, "chart", "Workers", chart ? chart : "");
    free(chart);
  }
  rc = aatgs_report_print(report, a->format, stdout);
  aatgs_report_close(report);
  return rc ? aatgs_cli_fail_with(VERB, rc, NULL) : aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}

int aatgs_verb_schedule(int argc, char **argv)
{
  schedule_args a = {
      .policy = "adaptive", .workload = "prism", .noise = -1.0, .workers = 4, .iterations = 1};
  schedule_run r = {0};
  aatgs_error error = {0};
  int result = parse(&a, argc, argv), rc;
  if (result != AATGS_CLI_GO_ON)
    return result;
  r.random = a.seed;
  rc = open_run(&a, &r, &error);
  if (!rc)
    rc = iterate(&a, &r, &error);
  result = rc ? aatgs_cli_fail_with(VERB, rc, &error) : print(&a, &r);
  close_run(&r);
  return result;
}
