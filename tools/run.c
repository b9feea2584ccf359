/* aatgs run: runs a workload and says what came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/graph.h"
#include "tools/log_hold.h"
#include "tools/output.h"
#include "tools/run.h"
#include "tools/self_check.h"
#include "tools/verbs.h"

#define VERB               "run"
#define DEFAULT_ITERATIONS 1000

/* Everything between the command line and the open runtime. */
typedef struct job {
  aatgs_run_args args;
  aatgs_run_plan plan;
  aatgs_options options;
  aatgs_input_file *inputs;
  aatgs_expr *until;
  aatgs_graph *graph;
  aatgs_runtime *runtime;
  aatgs_self_check *check;
  char *scratch; /* folder of a trace that only the self-check wants */
} job;

static int fail_usage(const aatgs_error *error)
{
  return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "%s", error->text);
}

/* ---- Checks, before anything is created ------------------------------------------ */

static int prepare_config(job *j, const struct aatgs_workload *workload)
{
  const char *complaint;
  aatgs_error error = {0};
  aatgs_default_config(workload, j->plan.config);
  for (size_t i = 0; i < j->args.config.count; i++) {
    const char *pair = j->args.config.at[i];
    const char *equals = strchr(pair, '=');
    char key[128];
    size_t length = equals ? (size_t)(equals - pair) : 0;
    if (!length || length >= sizeof key)
      return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                            "--config is KEY=VALUE, such as sweeps=100, not '%s'", pair);
    memcpy(key, pair, length);
    key[length] = '\0';
    if (aatgs_set_config_field(workload, j->plan.config, key, equals + 1, &error))
      return fail_usage(&error);
  }
  for (uint32_t i = 0; i < workload->shorthand_count; i++)
    if (j->args.shorthands[i] &&
        aatgs_set_config_field(workload, j->plan.config, workload->shorthands[i].field,
                               j->args.shorthands[i], &error))
      return fail_usage(&error);
  complaint = workload->check_config ? workload->check_config(j->plan.config) : NULL;
  if (complaint)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "%s", complaint);
  return AATGS_CLI_GO_ON;
}

static int prepare_limits(job *j, const struct aatgs_workload *workload)
{
  const aatgs_expr_schema schema = {workload->config_fields, workload->telemetry_fields,
                                    workload->config_field_count, workload->telemetry_field_count};
  aatgs_error error = {0};
  j->plan.iterations = j->args.iterations;
  j->plan.duration_ns = j->args.duration_ns;
  j->plan.in_flight = j->args.in_flight ? j->args.in_flight : j->options.command_slots;
  if (!j->plan.iterations && !j->plan.duration_ns && !j->args.until)
    j->plan.iterations = DEFAULT_ITERATIONS;
  if (!j->args.until)
    return AATGS_CLI_GO_ON;
  if (j->args.in_flight > 1)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "--until runs with one iteration in flight; leave out --in-flight");
  j->plan.in_flight = 1;
  if (aatgs_expr_compile(j->args.until, &schema, &j->until, &error))
    return fail_usage(&error);
  j->plan.until = j->until;
  return AATGS_CLI_GO_ON;
}

/* Raises the runtime's limits where the graph needs more than the defaults. */
static void make_room(job *j)
{
  if (j->options.digest == AATGS_DIGEST_FULL)
    aatgs_graph_seal(j->graph);
  const uint64_t records = aatgs_graph_records(j->graph);
  uint64_t slots = 16384;
  if (aatgs_graph_len(j->graph) > j->options.tasks_max)
    j->options.tasks_max = (uint32_t)aatgs_graph_len(j->graph);
  if (aatgs_graph_edges(j->graph) > j->options.edges_max)
    j->options.edges_max = aatgs_graph_edges(j->graph);
  while (slots < records * j->options.command_slots && slots < UINT64_C(1) << 26)
    slots *= 2;
  j->options.timing_slots = (uint32_t)slots;
}

/* A graph that takes configs over and gives telemetry back but does nothing in between, because
 * what the other tasks need was not given. */
static bool is_idle(const aatgs_graph *graph, const struct aatgs_workload *workload)
{
  aatgs_task_info info;
  bool needs = false;
  for (uint32_t i = 0; i < workload->type_count; i++)
    needs |= workload->types[i].needs_input >= 0;
  if (!needs)
    return false;
  for (uint32_t id = 0; aatgs_graph_task_info(graph, id, &info) == 0; id++)
    if (workload->types[info.type].role == AATGS_ROLE_NONE)
      return false;
  return true;
}

/* Nothing was given to work on: names what could be. */
static int ask_for_input(const struct aatgs_workload *workload)
{
  char options[256] = "";
  size_t used = 0;
  for (uint32_t i = 0; i < workload->input_kind_count && used < sizeof options; i++)
    used += (size_t)snprintf(options + used, sizeof options - used, "%s--%s FILE", i ? " or " : "",
                             workload->input_kinds[i].name);
  return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "%s has nothing to work on; give %s",
                        workload->name, options);
}

/* Loads the graph by name or path; NULL: the first named one that fits what was given. */
static int prepare_graph(job *j, const struct aatgs_workload *workload)
{
  uint32_t given = 0;
  const char *wanted = j->args.tasks;
  uint32_t tries = wanted ? 1 : workload->graph_count;
  int rc = AATGS_ENOTFOUND;
  aatgs_error error = {0};
  for (uint32_t i = 0; i < workload->input_kind_count; i++)
    given |= j->args.inputs[i] ? 1u << i : 0u;
  for (uint32_t i = 0; i < tries && rc; i++) {
    const char *name = wanted ? wanted : workload->graphs[i].name;
    aatgs_graph_close(j->graph);
    j->graph = NULL;
    rc = aatgs_graph_open(workload, &j->graph);
    if (!rc)
      rc = aatgs_graph_load(j->graph, name, given);
    if (!rc)
      rc = aatgs_graph_check(j->graph);
    if (rc && !error.code && j->graph)
      error = *aatgs_graph_error(j->graph);
    j->args.tasks = name;
  }
  if (!tries)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "workload %s names no task graph; give one with --tasks FILE",
                          workload->name);
  if (!rc && !given && is_idle(j->graph, workload))
    return ask_for_input(workload);
  if (!rc) {
    aatgs_graph_default_failure(j->graph, j->args.retries, (aatgs_on_failure)j->args.on_failure);
    make_room(j);
  }
  return rc ? aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "%s",
                             error.code ? error.text : aatgs_strerror(rc))
            : AATGS_CLI_GO_ON;
}

static int prepare_inputs(job *j, const struct aatgs_workload *workload)
{
  j->inputs = calloc(workload->input_kind_count + 1, sizeof *j->inputs);
  if (!j->inputs)
    return aatgs_cli_fail_with(VERB, AATGS_ENOMEM, NULL);
  for (uint32_t i = 0; i < workload->input_kind_count; i++)
    if (j->args.inputs[i])
      j->inputs[j->options.input_count++] =
          (aatgs_input_file){workload->input_kinds[i].name, j->args.inputs[i]};
  j->options.inputs = j->inputs;
  return AATGS_CLI_GO_ON;
}

static int prepare_output(job *j, const struct aatgs_workload *workload)
{
  aatgs_error error = {0};
  int rc;
  if (j->args.record && !*j->args.record)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "--record needs the name of a folder");
  if (!j->args.solution)
    return AATGS_CLI_GO_ON;
  if (!workload->solution)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "workload %s has no result to write; leave out --solution",
                          workload->name);
  rc = aatgs_output_check(j->args.solution, &error);
  return rc ? aatgs_cli_fail_with(VERB, rc, &error) : AATGS_CLI_GO_ON;
}

static int prepare_policy(const job *j, const struct aatgs_workload *workload)
{
  aatgs_scheduler_options options = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_event_receiver *events;
  aatgs_scheduler *scheduler;
  int rc;
  options.policy = j->args.policy;
  aatgs_log_hold_begin();
  rc = aatgs_scheduler_open(workload, &options, &scheduler, &events);
  aatgs_log_hold_end();
  if (!rc)
    aatgs_scheduler_close(scheduler);
  else if (aatgs_log_hold_first()[0])
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "%s", aatgs_log_hold_first());
  return rc ? aatgs_cli_fail_with(VERB, rc, NULL) : AATGS_CLI_GO_ON;
}

static int prepare_snapshots(job *j)
{
  const char *every = j->args.snapshots;
  const size_t length = every ? strlen(every) : 0;
  char number[32];
  if (!every || !strcmp(every, "auto"))
    return AATGS_CLI_GO_ON;
  if (!strcmp(every, "first")) {
    j->options.state_interval = AATGS_STATE_FIRST;
    return AATGS_CLI_GO_ON;
  }
  if (length > 1 && length < sizeof number && every[length - 1] == 's') {
    snprintf(number, sizeof number, "%.*s", (int)length - 1, every);
    if (aatgs_cli_seconds(number, &j->options.state_interval_ns))
      return AATGS_CLI_GO_ON;
  } else if (aatgs_cli_number(every, &j->options.state_interval)) {
    if (j->options.state_interval && j->options.state_interval != AATGS_STATE_FIRST)
      return AATGS_CLI_GO_ON;
  } else if (aatgs_cli_size(every, &j->options.state_interval_bytes)) {
    if (j->options.state_interval_bytes)
      return AATGS_CLI_GO_ON;
  }
  return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                        "--snapshots is auto, first, a number of iterations, or something like "
                        "0.5s or 16MiB, not '%s'",
                        every);
}

static int prepare_self_check(job *j)
{
  aatgs_error error = {0};
  if (!j->args.self_check)
    return AATGS_CLI_GO_ON;
  if (j->options.on_full == AATGS_ON_FULL_DROP)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "--self-check compares every iteration; leave out --on-full drop");
  if (j->args.record)
    return AATGS_CLI_GO_ON;
  j->scratch = aatgs_self_check_folder(&error);
  j->options.record = j->scratch;
  return j->scratch ? AATGS_CLI_GO_ON : aatgs_cli_fail_with(VERB, AATGS_EIO, &error);
}

static int prepare(job *j, const struct aatgs_workload *workload)
{
  int result;
  j->options.workload = j->args.workload;
  j->options.device = j->args.device;
  j->options.workers = j->args.workers;
  j->options.seed = j->args.seed;
  j->options.policy = j->args.policy;
  j->options.idle = (aatgs_idle)j->args.idle;
  j->options.ring = (aatgs_ring)j->args.ring;
  j->options.lanes = j->args.threads;
  j->options.on_full = (aatgs_on_full)j->args.on_full;
  j->options.deadline_ns = j->args.deadline_ns;
  j->options.shuffle = j->args.shuffle;
  j->options.record = j->args.record;
  j->options.digest = (aatgs_digest)j->args.digest;
  result = prepare_config(j, workload);
  if (result == AATGS_CLI_GO_ON)
    result = prepare_limits(j, workload);
  if (result == AATGS_CLI_GO_ON)
    result = prepare_inputs(j, workload);
  if (result == AATGS_CLI_GO_ON)
    result = prepare_output(j, workload);
  if (result == AATGS_CLI_GO_ON)
    result = prepare_policy(j, workload);
  if (result == AATGS_CLI_GO_ON)
    result = aatgs_run_flight(&j->args, workload, &j->options);
  if (result == AATGS_CLI_GO_ON)
    result = prepare_snapshots(j);
  if (result == AATGS_CLI_GO_ON)
    result = prepare_self_check(j);
  if (result == AATGS_CLI_GO_ON)
    result = prepare_graph(j, workload);
  return result;
}

/* ---- The run ------------------------------------------------------------------------ */

/* Writes the solution file; returns an exit code. */
static int write_solution(job *j, aatgs_run_summary *summary)
{
  aatgs_error error = {0};
  char *text = NULL;
  int rc = aatgs_solution(j->runtime, &text);
  if (rc)
    return aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "%s was not written: %s", j->args.solution,
                          aatgs_last_error(j->runtime)->text);
  rc = aatgs_output_write(j->args.solution, text, strlen(text), &error);
  free(text);
  if (rc)
    return aatgs_cli_fail_with(VERB, AATGS_EIO, &error);
  summary->solution_written = true;
  return AATGS_EXIT_DONE;
}

/* Collects what only an open runtime can say. */
static int gather(job *j, aatgs_run_summary *summary)
{
  int result = AATGS_EXIT_DONE;
  aatgs_get_runtime_info(j->runtime, &summary->info);
  summary->estimated = !aatgs_estimate_iteration(j->runtime, &summary->iteration) &&
                       !aatgs_estimate_completion(j->runtime, &summary->completion);
  summary->device = strdup(summary->info.device);
  summary->device_name = strdup(summary->info.device_name);
  if (!summary->device || !summary->device_name)
    return aatgs_cli_fail_with(VERB, AATGS_ENOMEM, NULL);
  if (summary->workload->summary && aatgs_summary(j->runtime, &summary->lines))
    summary->lines = NULL; /* nothing to tell is no error */
  if (j->args.solution)
    result = write_solution(j, summary);
  return result;
}

/* What the trace still holds, for the end of a sentence. */
static void what_is_left(const char *path, char *out, size_t size)
{
  aatgs_trace *trace;
  aatgs_trace_state state;
  out[0] = '\0';
  if (!path || aatgs_trace_open(path, &trace, NULL))
    return;
  aatgs_trace_get_state(trace, &state);
  snprintf(out, size, "; the trace holds %" PRIu64 " iterations", state.iterations);
  aatgs_trace_close(trace);
}

/* The run could not go on: one sentence, after the runtime is closed. */
static int say_failure(const job *j, int code, const aatgs_error *error)
{
  const char *logged = aatgs_log_hold_first();
  char left[64];
  what_is_left(j->args.record, left, sizeof left);
  return aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "%s%s",
                        logged[0]     ? logged
                        : error->code ? error->text
                                      : aatgs_strerror(code),
                        left);
}

static int begin_self_check(job *j, aatgs_error *error)
{
  aatgs_runtime_info info;
  if (!j->args.self_check)
    return 0;
  aatgs_get_runtime_info(j->runtime, &info);
  j->plan.enough = aatgs_self_check_diverged;
  const int rc = aatgs_self_check_open(j->options.record, j->args.workload, &info,
                                       j->scratch != NULL, &j->check, error);
  j->plan.enough_user = j->check;
  return rc;
}

/* The run is closed: what the self-check came to; returns the exit code that it amounts to. */
static int end_self_check(job *j, aatgs_run_summary *summary)
{
  aatgs_error error = {0};
  if (!j->check)
    return AATGS_EXIT_DONE;
  summary->check_rc =
      aatgs_self_check_finish(j->check, &summary->check, &summary->check_workers, &error);
  if (summary->check_rc == AATGS_EDIVERGED) {
    summary->trace = j->options.record; /* it stays, whoever asked for it */
    return aatgs_cli_fail(
        VERB, AATGS_EXIT_DIVERGED,
        "self-check: the replay beside the run diverged in %s at iteration %" PRIu64,
        summary->check->what, summary->check->iteration);
  }
  return summary->check_rc ? aatgs_cli_fail_with(VERB, summary->check_rc, &error) : AATGS_EXIT_DONE;
}

/* Says what went wrong along the way; returns the exit code it amounts to. */
static int judge(const aatgs_run_summary *summary)
{
  const aatgs_run_result *r = &summary->result;
  const char *logged = aatgs_log_hold_first();
  aatgs_task_info task;
  if (r->failed) {
    bool named = aatgs_graph_task_info(summary->graph, r->first_failed.detail, &task) == 0;
    return aatgs_cli_fail(VERB, AATGS_EXIT_ERROR,
                          "%" PRIu64 " of %" PRIu64
                          " iterations failed, the first was iteration %" PRIu64 " in task %s",
                          r->failed, r->iterations, r->first_failed.iteration,
                          named ? task.name : "?");
  }
  if (summary->info.lost)
    return aatgs_cli_fail(
        VERB, AATGS_EXIT_LOST, "%" PRIu64 " of %" PRIu64 " iterations are not in the trace %s%s%s",
        summary->info.lost, r->iterations, summary->args->record, logged[0] ? ": " : "", logged);
  return r->end == AATGS_RUN_SIGNAL ? 128 + r->signal : AATGS_EXIT_DONE;
}

static int run_open(job *j, aatgs_run_summary *summary)
{
  aatgs_error error;
  int result, judged;
  int rc = aatgs_run_loop(j->runtime, &j->plan, &summary->result);
  error = *aatgs_last_error(j->runtime);
  result = rc ? AATGS_EXIT_ERROR : gather(j, summary);
  if (rc) {
    aatgs_close(j->runtime);
    aatgs_log_hold_end();
    return say_failure(j, rc, &error);
  }
  error.code = 0;
  rc = aatgs_close(j->runtime);
  aatgs_log_hold_end();
  if (!summary->device)
    return result;
  if (rc && !summary->info.lost)
    result = say_failure(j, rc, &error);
  judged = judge(summary);
  if (result == AATGS_EXIT_DONE)
    result = judged;
  judged = end_self_check(j, summary);
  if (judged != AATGS_EXIT_DONE)
    result = judged;
  rc = aatgs_run_report(summary);
  return aatgs_cli_finish(VERB, rc == AATGS_EXIT_DONE ? result : rc);
}

static int run(job *j, const struct aatgs_workload *workload)
{
  aatgs_run_summary *summary;
  aatgs_error error = {0};
  int result = prepare(j, workload);
  int rc;
  if (result != AATGS_CLI_GO_ON)
    return result;
  summary = calloc(1, sizeof *summary);
  if (!summary)
    return aatgs_cli_fail_with(VERB, AATGS_ENOMEM, NULL);
  summary->workload = workload;
  summary->args = &j->args;
  summary->trace = j->args.record;
  summary->graph = j->graph;
  j->args.in_flight = j->plan.in_flight;
  aatgs_run_catch_signals();
  if (j->args.flight)
    aatgs_run_catch_triggers();
  aatgs_log_hold_begin();
  rc = aatgs_open(&j->options, &j->runtime, &error);
  if (!rc && (rc = aatgs_set_graph(j->runtime, j->graph))) {
    error = *aatgs_last_error(j->runtime);
    aatgs_close(j->runtime);
  }
  if (rc)
    aatgs_log_hold_end();
  if (!rc && (rc = begin_self_check(j, &error))) {
    aatgs_close(j->runtime);
    aatgs_log_hold_end();
  }
  result = rc ? aatgs_cli_fail_with(VERB, rc, &error) : run_open(j, summary);
  aatgs_self_check_close(j->check);
  if (j->scratch)
    rmdir(j->scratch);
  free(j->scratch);
  free(summary->device);
  free(summary->device_name);
  free(summary->lines);
  free(summary);
  return result;
}

static bool asks_for_help(int argc, char **argv)
{
  for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
    if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
      return true;
  return false;
}

int aatgs_verb_run(int argc, char **argv)
{
  job j = {.args = {.workload = "prism", .device = "auto", .policy = "adaptive"},
           .options = AATGS_OPTIONS_INIT};
  const struct aatgs_workload *workload = NULL;
  const char *name = aatgs_cli_peek("workload", argc, argv);
  aatgs_error error = {0};
  int rc = aatgs_workload_load(name ? name : j.args.workload, &workload, &error);
  int result;
  if (rc && !asks_for_help(argc, argv))
    return aatgs_cli_fail_with(VERB, rc, &error);
  j.args.config.at = calloc((size_t)argc, sizeof *j.args.config.at);
  j.args.inputs = calloc(workload ? workload->input_kind_count + 1 : 1, sizeof *j.args.inputs);
  j.args.shorthands =
      calloc(workload ? workload->shorthand_count + 1 : 1, sizeof *j.args.shorthands);
  if (!j.args.config.at || !j.args.inputs || !j.args.shorthands)
    result = aatgs_cli_fail_with(VERB, AATGS_ENOMEM, NULL);
  else
    result = aatgs_run_parse(workload, &j.args, argc, argv);
  if (result == AATGS_CLI_GO_ON && j.args.list)
    result = aatgs_run_list(workload, j.args.format);
  if (result == AATGS_CLI_GO_ON)
    result = run(&j, workload);
  aatgs_expr_free(j.until);
  aatgs_graph_close(j.graph);
  free(j.inputs);
  free(j.args.inputs);
  free(j.args.shorthands);
  free(j.args.config.at);
  return result;
}
