/* What verbs that ask a trace begin with: a folder, a range of iterations, an open trace. */
#ifndef AATGS_TOOLS_ASK_H
#define AATGS_TOOLS_ASK_H

#include "tools/cli.h"
#include "trace/trace.h"

typedef struct aatgs_ask {
  aatgs_cli_range range; /* as given; 0, 0: not given */
  aatgs_format format;
  bool writes_file;   /* the verb wants -o FILE, see AATGS_ASK_OUTPUT */
  const char *output; /* FILE */
  const char *dir;
  char **operands; /* all of them, the folder first */
  size_t operand_count;
  aatgs_trace *trace;
  uint64_t first; /* what the range comes to; an open end is the highest number there is */
  uint64_t last;
} aatgs_ask;

#define AATGS_ASK_RANGE(ask)                                                                       \
  {                                                                                                \
    "range", AATGS_CLI_RANGE, &(ask)->range, "A-B",                                                \
        "iterations A to B alone, such as 1000-5000 or 1000-end", NULL, 0, 0, 0                    \
  }

#define AATGS_ASK_OUTPUT(ask)                                                                      \
  {                                                                                                \
    "output", AATGS_CLI_TEXT, &(ask)->output, "FILE", "where to write it", NULL, 0, 0, 'o'         \
  }

/* Reads the command line and opens the trace. AATGS_CLI_GO_ON, or an exit status; a range that
 * lies outside the trace, or a missing FILE, is wrong usage. The caller closes ask->trace. */
int aatgs_ask_open(const aatgs_cli_command *command, int argc, char **argv, aatgs_ask *ask);

#endif
