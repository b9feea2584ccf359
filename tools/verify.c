/* aatgs verify: reads a trace from end to end and says whether it is whole. */
#include "tools/care_report.h"
#include "tools/verbs.h"

#define VERB "verify"

int aatgs_verb_verify(int argc, char **argv)
{
  aatgs_format format = AATGS_TABLE;
  const aatgs_cli_option options[] = {
      {"format", AATGS_CLI_FORMAT, &format, "F", "table, json or csv (default: table)", NULL, 0, 0,
       0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR [options]",
      .summary =
          "Reads the trace in folder DIR from end to end: pages, checksums, contents, order, "
          "gaps and totals. Exit status 0: whole; 1: damaged, with a line on stderr for "
          "each thing that is; 3: whole, but iterations were lost while it was recorded.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
  };
  char verb[] = VERB;
  size_t operands;
  aatgs_trace_report report;
  aatgs_error error = {0};
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  int rc = aatgs_trace_verify(argv[0], aatgs_care_note, verb, &report, &error);
  /* What is damaged was said already, sentence by sentence. */
  if (rc && rc != AATGS_ECORRUPT)
    return report.damaged ? aatgs_cli_fail_with(VERB, rc, &error) : AATGS_EXIT_ERROR;
  if (rc && !report.damaged)
    return AATGS_EXIT_ERROR;
  int exit_code = rc ? AATGS_EXIT_ERROR : report.lost ? AATGS_EXIT_LOST : AATGS_EXIT_DONE;
  const char *verdict = rc ? "damaged" : report.lost ? "whole, iterations were lost" : "whole";
  return aatgs_care_print(VERB, "trace", argv[0], verdict, &report, format, exit_code);
}
