/* The flight recorder of `aatgs run`: its options, and the windows that it saved. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/run.h"
#include "tools/text.h"
#include "trace/expr.h"

#define VERB "run"

/* "30s", "10min", "2h". */
static bool read_time(const char *text, uint64_t *ns)
{
  static const struct {
    const char *suffix;
    uint64_t factor;
  } units[] = {{"s", 1}, {"min", 60}, {"h", 3600}};
  char number[40];
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    const size_t length = strlen(text), suffix = strlen(units[i].suffix);
    if (length <= suffix || length - suffix >= sizeof number ||
        strcmp(text + length - suffix, units[i].suffix) != 0)
      continue;
    memcpy(number, text, length - suffix);
    number[length - suffix] = '\0';
    if (!aatgs_cli_seconds(number, ns) || *ns > UINT64_MAX / units[i].factor)
      return false;
    *ns *= units[i].factor;
    return true;
  }
  return false;
}

static int check_trigger(const struct aatgs_workload *w, const char *text)
{
  const aatgs_expr_schema schema = {w->config_fields, w->telemetry_fields, w->config_field_count,
                                    w->telemetry_field_count};
  aatgs_expr *expr = NULL;
  aatgs_error error = {0};
  if (aatgs_expr_compile(text, &schema, &expr, &error))
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "--trigger: %s", error.text);
  aatgs_expr_free(expr);
  return AATGS_CLI_GO_ON;
}

int aatgs_run_flight(const aatgs_run_args *args, const struct aatgs_workload *workload,
                     aatgs_options *options)
{
  if (!args->flight) {
    if (args->trigger || args->saves)
      return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                            "--%s belongs to --flight-recorder; give that, too, such as "
                            "--flight-recorder 64MiB",
                            args->trigger ? "trigger" : "saves");
    return AATGS_CLI_GO_ON;
  }
  if (!args->record)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "--flight-recorder needs --record DIR");
  if (!read_time(args->flight, &options->window_ns) &&
      (!aatgs_cli_size(args->flight, &options->window_bytes) || !options->window_bytes))
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "--flight-recorder is a size such as 64MiB or a time such as 30s, 10min "
                          "or 2h, not '%s'",
                          args->flight);
  options->trigger = args->trigger;
  options->saves_max = args->saves;
  return args->trigger ? check_trigger(workload, args->trigger) : AATGS_CLI_GO_ON;
}

/* What the window is about: its first mark after that of the window before. */
static bool find_mark(aatgs_trace *trace, uint64_t after, aatgs_trace_mark *mark)
{
  for (uint64_t i = 0; aatgs_trace_get_mark(trace, i, mark) == 1; i++)
    if (mark->iteration > after)
      return true;
  *mark = (aatgs_trace_mark){.text = ""};
  return false;
}

/* False: there is no such window. */
static bool add_window(aatgs_report *report, const char *path, uint64_t *at)
{
  aatgs_trace *trace;
  aatgs_trace_state state;
  aatgs_trace_mark mark;
  char why[600];
  if (aatgs_trace_open(path, &trace, NULL))
    return false;
  aatgs_trace_get_state(trace, &state);
  const bool known = find_mark(trace, *at, &mark);
  snprintf(why, sizeof why, "%s%s%s", known ? aatgs_trace_mark_name(mark.kind) : "",
           *mark.text ? ": " : "", mark.text);
  aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_text(path), aatgs_cell_count(mark.iteration),
                                          aatgs_cell_text(why), aatgs_cell_count(state.first),
                                          aatgs_cell_count(state.last),
                                          aatgs_cell_bytes(state.disk_bytes)});
  *at = mark.iteration;
  aatgs_trace_close(trace);
  return true;
}

void aatgs_run_report_saved(aatgs_report *report, const aatgs_run_args *args)
{
  static const aatgs_column columns[] = {
      {"path", "trace", false}, {"at", "at iteration", true}, {"why", "because of", false},
      {"first", "first", true}, {"last", "last", true},       {"disk_bytes", "size", true}};
  char path[4096];
  uint64_t at = 0;
  uint32_t i = 1;
  if (!args->flight)
    return;
  aatgs_report_table(report, "saved", "Saved windows", columns, 6);
  do
    snprintf(path, sizeof path, "%s-saved-%" PRIu32, args->record, i++);
  while (add_window(report, path, &at));
}
