/* aatgs trim: cuts a range of iterations out of a trace. */
#include "tools/care_report.h"
#include "tools/verbs.h"

#define VERB "trim"

int aatgs_verb_trim(int argc, char **argv)
{
  aatgs_format format = AATGS_TABLE;
  aatgs_cli_range range = {0, 0};
  const char *out = NULL;
  const aatgs_cli_option options[] = {
      {"range", AATGS_CLI_RANGE, &range, "A-B",
       "iterations to keep: 1000-5000, 1000-end; a start between two snapshots of the state is "
       "moved back to the first, so that the piece can be replayed",
       NULL, 0, 0, 'r'},
      {"output", AATGS_CLI_TEXT, &out, "NEW", "folder to create", NULL, 0, 0, 'o'},
      {"format", AATGS_CLI_FORMAT, &format, "F", "table, json or csv (default: table)", NULL, 0, 0,
       0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR --range A-B -o NEW [options]",
      .summary =
          "Writes a range of iterations of the trace in folder DIR as a trace of its own. DIR "
          "is not changed and may still be written.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
  };
  size_t operands;
  aatgs_trace_report report;
  aatgs_error error = {0};
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  if (!out)
    return aatgs_care_missing(VERB, "-o NEW");
  if (!range.first)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "say which iterations with --range A-B");
  int rc = aatgs_trace_trim(argv[0], range.first, range.last ? range.last : UINT64_MAX, out,
                            &report, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  return aatgs_care_print(VERB, "trace", out, NULL, &report, format,
                          report.lost ? AATGS_EXIT_LOST : AATGS_EXIT_DONE);
}
