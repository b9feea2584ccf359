/* aatgs ls: lists the traces in a folder. */
#include <stdio.h>
#include <time.h>

#include "tools/cli.h"
#include "tools/table.h"
#include "tools/trace_list.h"
#include "tools/verbs.h"

#define VERB "ls"

static void add_row(aatgs_report *report, const aatgs_listed *l)
{
  char started[32] = "";
  time_t seconds = (time_t)(l->started_unix_ns / UINT64_C(1000000000));
  struct tm tm;
  if (l->started_unix_ns && gmtime_r(&seconds, &tm))
    strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &tm);
  const char *state = l->code ? aatgs_strerror(l->code) : l->state.closed ? "closed" : "open";
  const aatgs_cell cells[] = {
      aatgs_cell_text(l->path),
      aatgs_cell_text(started[0] ? started : NULL),
      aatgs_cell_text(state),
      aatgs_cell_text(l->code ? NULL : l->workload),
      aatgs_cell_text(l->code ? NULL : l->device),
      l->code ? aatgs_cell_none() : aatgs_cell_count(l->state.iterations),
      l->code ? aatgs_cell_none() : aatgs_cell_count(l->state.lost),
      l->code ? aatgs_cell_none() : aatgs_cell_bytes(l->state.disk_bytes),
  };
  aatgs_report_row(report, cells);
}

int aatgs_verb_ls(int argc, char **argv)
{
  static const aatgs_column columns[] = {
      {"trace", "trace", false},   {"started", "started", false},
      {"state", "state", false},   {"workload", "workload", false},
      {"device", "device", false}, {"iterations", "iterations", true},
      {"lost", "lost", true},      {"disk_bytes", "on disk", true},
  };
  aatgs_format format = AATGS_TABLE;
  const aatgs_cli_option options[] = {
      {"format", AATGS_CLI_FORMAT, &format, "F", "table, json or csv (default: table)", NULL, 0, 0,
       0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "[FOLDER] [options]",
      .summary = "Lists the traces in FOLDER (default: the one it is started in), oldest first.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 0,
      .operands_max = 1,
  };
  size_t operands;
  aatgs_trace_list list;
  aatgs_error error = {0};
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  int rc = aatgs_trace_list_open(operands ? argv[0] : ".", &list, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  aatgs_report *report = aatgs_report_open();
  aatgs_report_table(report, "traces", NULL, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < list.count; i++)
    add_row(report, &list.at[i]);
  rc = aatgs_report_print(report, format, stdout);
  aatgs_report_close(report);
  aatgs_trace_list_close(&list);
  return rc ? aatgs_cli_fail_with(VERB, rc, NULL) : aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}
