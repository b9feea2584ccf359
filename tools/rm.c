/* aatgs rm: removes traces, by name or by age and size. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/cli.h"
#include "tools/trace_list.h"
#include "tools/verbs.h"
#include "trace/care.h"

#define VERB   "rm"
#define DAY_NS UINT64_C(86400000000000)
#define NS     UINT64_C(1000000000)

typedef struct choice {
  const char *in;
  const char *at_most;
  uint64_t days;
  bool dry_run;
  bool force;
} choice;

static int remove_one(const choice *c, const char *path)
{
  aatgs_error error = {0};
  int rc = c->dry_run ? 0 : aatgs_trace_remove(path, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  printf("%s\n", path);
  return AATGS_EXIT_DONE;
}

/* A trace that was never closed may have a writer; one that does not open may be worth recovering.
 */
static int remove_named(const choice *c, const char *path)
{
  aatgs_trace *t;
  aatgs_trace_state state;
  aatgs_error error = {0};
  if (c->force)
    return remove_one(c, path);
  int rc = aatgs_trace_open(path, &t, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  aatgs_trace_get_state(t, &state);
  aatgs_trace_close(t);
  if (!state.closed)
    return aatgs_cli_fail(VERB, AATGS_EXIT_ERROR,
                          "%s: it is not closed, and may still be written; --force removes it",
                          path);
  return remove_one(c, path);
}

/* Removes what is too old, then the oldest until the rest is small enough. */
static int remove_by_limits(const choice *c, uint64_t bytes_max)
{
  aatgs_trace_list list;
  aatgs_error error = {0};
  uint64_t bytes = 0, now = (uint64_t)time(NULL) * NS;
  int result = AATGS_EXIT_DONE;
  int rc = aatgs_trace_list_open(c->in, &list, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  for (size_t i = 0; i < list.count; i++)
    bytes += list.at[i].state.disk_bytes;
  for (size_t i = 0; i < list.count && result == AATGS_EXIT_DONE; i++) {
    const aatgs_listed *l = &list.at[i];
    bool old = c->days && now > l->started_unix_ns && now - l->started_unix_ns > c->days * DAY_NS;
    if ((l->code || !l->state.closed) && !c->force)
      continue;
    if (!old && bytes <= bytes_max)
      continue;
    result = remove_one(c, l->path);
    bytes -= l->state.disk_bytes;
  }
  aatgs_trace_list_close(&list);
  return result;
}

static int run(const choice *c, char **argv, size_t operands)
{
  uint64_t bytes_max = UINT64_MAX;
  int result = AATGS_EXIT_DONE;
  if (c->at_most && !aatgs_cli_size(c->at_most, &bytes_max))
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "'%s' is not a size; write 64M or 2G",
                          c->at_most);
  if (!c->in && (c->days || c->at_most))
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "say which folder the limits are for with --in");
  if (c->in ? operands > 0 || (!c->days && !c->at_most) : operands == 0)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "name traces, or a folder with --in and a limit with --older-than or "
                          "--at-most");
  if (c->in)
    result = remove_by_limits(c, bytes_max);
  for (size_t i = 0; i < operands && result == AATGS_EXIT_DONE; i++)
    result = remove_named(c, argv[i]);
  return aatgs_cli_finish(VERB, result);
}

int aatgs_verb_rm(int argc, char **argv)
{
  choice c = {0};
  const aatgs_cli_option options[] = {
      {"in", AATGS_CLI_TEXT, &c.in, "FOLDER", "apply the limits to the traces in FOLDER", NULL, 0,
       0, 0},
      {"older-than", AATGS_CLI_U64, &c.days, "DAYS", "remove those begun more than DAYS ago", NULL,
       1, 100000, 0},
      {"at-most", AATGS_CLI_TEXT, &c.at_most, "SIZE",
       "remove the oldest until the rest takes SIZE at most (64M, 2G)", NULL, 0, 0, 0},
      {"force", AATGS_CLI_FLAG, &c.force, NULL, "also those that are not closed, or damaged", NULL,
       0, 0, 'f'},
      {"dry-run", AATGS_CLI_FLAG, &c.dry_run, NULL, "only say what would be removed", NULL, 0, 0,
       'n'},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR... | --in FOLDER LIMITS [options]",
      .summary =
          "Removes traces, and prints the name of each. Only the files that a trace consists "
          "of are removed; a folder that holds something else stays.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 0,
      .operands_max = SIZE_MAX,
  };
  size_t operands;
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  return result == AATGS_CLI_GO_ON ? run(&c, argv, operands) : result;
}
