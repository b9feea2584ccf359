/* aatgs unpack: makes a trace of a packed one. */
#include <errno.h>
#include <string.h>

#include "tools/care_report.h"
#include "tools/verbs.h"

#define VERB "unpack"

int aatgs_verb_unpack(int argc, char **argv)
{
  aatgs_format format = AATGS_TABLE;
  const char *out = NULL;
  const aatgs_cli_option options[] = {
      {"output", AATGS_CLI_TEXT, &out, "DIR", "folder to create", NULL, 0, 0, 'o'},
      {"format", AATGS_CLI_FORMAT, &format, "F", "table, json or csv (default: table)", NULL, 0, 0,
       0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "FILE.aatgz -o DIR [options]",
      .summary = "Makes a trace in the new folder DIR of a packed one; FILE - is stdin. A pack may "
                 "come from a stranger: nothing outside DIR is written, and a damaged one leaves "
                 "nothing behind.",
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
    return aatgs_care_missing(VERB, "-o DIR");
  bool from_stdin = !strcmp(argv[0], "-");
  FILE *from = from_stdin ? stdin : fopen(argv[0], "rb");
  if (!from)
    return aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "%s: cannot open it: %s", argv[0],
                          strerror(errno));
  int rc = aatgs_trace_unpack(from, from_stdin ? "stdin" : argv[0], out, &report, &error);
  if (!from_stdin)
    fclose(from);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  return aatgs_care_print(VERB, "trace", out, NULL, &report, format, AATGS_EXIT_DONE);
}
