/* What all verbs of the command line share: exit codes, error lines, options,
 * numbers and ranges. A verb describes itself in an aatgs_cli_command and gets
 * its parsing, its checks and its --help from that one description. */
#ifndef AATGS_TOOLS_CLI_H
#define AATGS_TOOLS_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/error.h"

typedef enum aatgs_exit {
  AATGS_EXIT_DONE = 0,
  AATGS_EXIT_ERROR = 1,
  AATGS_EXIT_USAGE = 2,   /* the command line itself is wrong */
  AATGS_EXIT_LOST = 3,    /* done, but something was lost */
  AATGS_EXIT_DIVERGED = 4 /* a replay did not repeat what was recorded */
} aatgs_exit;

/* Prints `aatgs: VERB: sentence` on stderr (without VERB when it is NULL) and returns
 * `exit_code`. */
int aatgs_cli_fail(const char *verb, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the sentence of a library call that returned `code`; `error` may be NULL or
 * empty. Returns AATGS_EXIT_USAGE for AATGS_EINVAL, else AATGS_EXIT_ERROR. */
int aatgs_cli_fail_with(const char *verb, int code, const aatgs_error *error);
/* Flushes stdout; a failure there (a full disk, a closed pipe) turns `exit_code` into
 * AATGS_EXIT_ERROR with a sentence. Every verb that prints ends with it. */
int aatgs_cli_finish(const char *verb, int exit_code);

typedef enum aatgs_format { AATGS_TABLE = 0, AATGS_JSON = 1, AATGS_CSV = 2 } aatgs_format;

/* Iterations, both ends included; last 0: the end. */
typedef struct aatgs_cli_range {
  uint64_t first;
  uint64_t last;
} aatgs_cli_range;

/* The values of an option that may be repeated; `at` has room for argc of them. */
typedef struct aatgs_cli_list {
  const char **at;
  size_t count;
} aatgs_cli_list;

typedef enum aatgs_cli_kind {
  AATGS_CLI_HEADING, /* no option: a heading in the help */
  AATGS_CLI_FLAG,    /* bool */
  AATGS_CLI_TEXT,    /* const char * */
  AATGS_CLI_LIST,    /* aatgs_cli_list */
  AATGS_CLI_U32,     /* uint32_t within minimum..maximum */
  AATGS_CLI_U64,     /* uint64_t within minimum..maximum */
  AATGS_CLI_SECONDS, /* uint64_t nanoseconds from "0.5" */
  AATGS_CLI_CHOICE,  /* int: index into choices */
  AATGS_CLI_DEVICE,  /* const char *: auto, cpu, cuda or cuda:N */
  AATGS_CLI_FORMAT,  /* aatgs_format */
  AATGS_CLI_RANGE    /* aatgs_cli_range */
} aatgs_cli_kind;

typedef struct aatgs_cli_option {
  const char *name; /* without the dashes */
  aatgs_cli_kind kind;
  void *target;         /* of the type that the kind names; keeps its value when not given */
  const char *argument; /* as the help shows it; NULL for a flag */
  const char *help;
  const char *const *choices; /* ends with NULL */
  uint64_t minimum;
  uint64_t maximum;
  char letter; /* short form, or 0 */
} aatgs_cli_option;

typedef struct aatgs_cli_command {
  const char *verb;
  const char *synopsis; /* what follows `aatgs VERB` */
  const char *summary;  /* one or two sentences */
  const aatgs_cli_option *options;
  size_t option_count;
  size_t operands_min;
  size_t operands_max;
  const char *epilogue; /* further help after the options, or NULL */
} aatgs_cli_command;

/* The command line is fine: go on. Any other result of aatgs_cli_parse() is an exit code. */
#define AATGS_CLI_GO_ON (-1)

/* Reads argv[1..argc). Options and operands may be mixed; `--` ends the options; --help
 * prints the help on stdout. Operands are moved to the front of argv, *operands counts them.
 * Strings stored in targets point into argv. */
int aatgs_cli_parse(const aatgs_cli_command *command, int argc, char **argv, size_t *operands);
/* The value of option --NAME before the rest is parsed, the last one given, or NULL. */
const char *aatgs_cli_peek(const char *name, int argc, char **argv);

/* Whole numbers, decimal or 0x...: no sign, no blanks, nothing behind, no overflow. */
bool aatgs_cli_number(const char *text, uint64_t *out);
/* A whole number with an optional K, M, G or T (times 1024; "64M", "64MiB", "64 MiB" alike). */
bool aatgs_cli_size(const char *text, uint64_t *out);
/* Positive decimal seconds, at most 10^9, to nanoseconds, at least 1. */
bool aatgs_cli_seconds(const char *text, uint64_t *ns);
/* "1000-5000", "1000-end", "1000" (that one alone). Iterations count from 1. */
bool aatgs_cli_range_from(const char *text, aatgs_cli_range *out);

/* The word of `words` (ends with NULL) that `text` may have meant, or NULL. */
const char *aatgs_cli_nearest(const char *text, const char *const *words);

#endif
