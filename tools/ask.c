#include "tools/ask.h"

#include <inttypes.h>

#include "tools/output.h"

int aatgs_ask_open(const aatgs_cli_command *command, int argc, char **argv, aatgs_ask *ask)
{
  aatgs_error error = {0};
  aatgs_trace_state state;
  int result = aatgs_cli_parse(command, argc, argv, &ask->operand_count);
  if (result != AATGS_CLI_GO_ON)
    return result;
  ask->operands = argv;
  ask->dir = argv[0];
  if (ask->writes_file && !ask->output)
    return aatgs_cli_fail(command->verb, AATGS_EXIT_USAGE,
                          "say where to write it: -o FILE (see 'aatgs %s --help')", command->verb);
  int rc = ask->writes_file ? aatgs_output_check(ask->output, &error) : 0;
  if (!rc)
    rc = aatgs_trace_open(ask->dir, &ask->trace, &error);
  if (rc)
    return aatgs_cli_fail_with(command->verb, rc, &error);
  aatgs_trace_get_state(ask->trace, &state);
  ask->first = ask->range.first ? ask->range.first : 1;
  ask->last = ask->range.last ? ask->range.last : UINT64_MAX;
  if (!ask->range.first ||
      (state.iterations && ask->first <= state.last && ask->last >= state.first))
    return AATGS_CLI_GO_ON;
  aatgs_trace_close(ask->trace);
  ask->trace = NULL;
  if (!state.iterations)
    return aatgs_cli_fail(command->verb, AATGS_EXIT_USAGE, "%s holds no iterations yet", ask->dir);
  return aatgs_cli_fail(command->verb, AATGS_EXIT_USAGE,
                        "--range lies outside the trace: %s holds iterations %" PRIu64
                        " to %" PRIu64,
                        ask->dir, state.first, state.last);
}
