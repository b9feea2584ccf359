/* aatgs recover: saves what is whole of a damaged trace. */
#include "tools/care_report.h"
#include "tools/verbs.h"

#define VERB "recover"

int aatgs_verb_recover(int argc, char **argv)
{
  aatgs_format format = AATGS_TABLE;
  const char *out = NULL;
  const aatgs_cli_option options[] = {
      {"output", AATGS_CLI_TEXT, &out, "NEW", "folder to create for what is saved", NULL, 0, 0,
       'o'},
      {"format", AATGS_CLI_FORMAT, &format, "F", "table, json or csv (default: table)", NULL, 0, 0,
       0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR -o NEW [options]",
      .summary =
          "Writes everything that is whole in the trace in folder DIR, however damaged, as a "
          "new trace. DIR is not changed. Exit status 3: something could not be saved.",
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
  if (!out)
    return aatgs_care_missing(VERB, "-o NEW");
  int rc = aatgs_trace_recover(argv[0], out, aatgs_care_note, verb, &report, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  report.values = 0; /* older copies that were found count, too */
  return aatgs_care_print(VERB, "trace", out,
                          report.damaged ? "not all was saved" : "all was saved", &report, format,
                          report.damaged ? AATGS_EXIT_LOST : AATGS_EXIT_DONE);
}
