/* aatgs bisect: the first iteration at which a property holds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/walk.h"
#include "tools/cli.h"
#include "tools/table.h"
#include "tools/text.h"
#include "tools/verbs.h"
#include "trace/expr.h"

#define VERB "bisect"

typedef struct bisect {
  const char *dir;
  const char *test;
  const char *workload;
  uint64_t good;
  uint64_t bad;
  bool replay;
  aatgs_format format;
  aatgs_trace *trace;
  aatgs_walk *walk; /* NULL: by the record */
  aatgs_expr *expr;
  aatgs_report *report;
  aatgs_error error;
} bisect;

static int parse(bisect *b, int argc, char **argv)
{
  const aatgs_cli_option options[] = {
      {"good", AATGS_CLI_U64, &b->good, "A", "an iteration at which EXPR does not hold", NULL, 1,
       UINT64_MAX - 1, 'g'},
      {"bad", AATGS_CLI_U64, &b->bad, "B", "a later iteration at which it holds", NULL, 1,
       UINT64_MAX - 1, 'b'},
      {"test", AATGS_CLI_TEXT, &b->test, "EXPR",
       "the property, such as 'conflicts > 0': once it holds it holds on", NULL, 0, 0, 't'},
      {"replay", AATGS_CLI_FLAG, &b->replay, NULL,
       "test what a replay comes to at each iteration, not what was recorded", NULL, 0, 0, 0},
      {"workload", AATGS_CLI_TEXT, &b->workload, "NAME|PATH",
       "with --replay: workload to replay with (default: the one that the trace names)", NULL, 0, 0,
       'w'},
      {"format", AATGS_CLI_FORMAT, &b->format, "F", "table, json or csv (default: table)", NULL, 0,
       0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR --good A --bad B --test EXPR [options]",
      .summary = "Finds the first iteration of the trace in folder DIR at which a property holds, "
                 "halving the range from A to B at each step.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
  };
  size_t operands;
  const int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  b->dir = argv[0];
  if (!b->good || !b->bad || !b->test)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "--good, --bad and --test are all needed");
  if (b->good >= b->bad)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "--good comes before --bad");
  if (b->workload && !b->replay)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "--workload is for --replay");
  return AATGS_CLI_GO_ON;
}

/* What the command line names must be in the trace. */
static int check_place(bisect *b, const char *option, uint64_t iteration)
{
  aatgs_trace_state state;
  aatgs_trace_get_state(b->trace, &state);
  if (iteration >= state.first && iteration <= state.last)
    return 0;
  return aatgs_error_set(&b->error, AATGS_EINVAL, 0,
                         "--%s %" PRIu64 " lies outside the trace: %s holds iterations %" PRIu64
                         " to %" PRIu64,
                         option, iteration, b->dir, state.first, state.last);
}

static int compile(bisect *b)
{
  const int rc =
      aatgs_expr_compile_for(b->test, aatgs_trace_get_info(b->trace), &b->expr, &b->error);
  return rc == AATGS_ENOTFOUND ? AATGS_EINVAL : rc; /* no such field: the command line is wrong */
}

static int recorded(bisect *b, uint64_t iteration, aatgs_iteration *it)
{
  int rc = aatgs_trace_seek(b->trace, iteration);
  if (!rc)
    rc = aatgs_trace_next(b->trace, it);
  if (rc < 0)
    b->error = *aatgs_trace_error(b->trace);
  else if (rc == 0 || it->iteration != iteration)
    rc = aatgs_error_set(&b->error, AATGS_ENOTFOUND, 0, "%s: it holds no iteration %" PRIu64,
                         b->dir, iteration);
  return rc < 0 ? rc : 0;
}

/* 1: the property holds there, 0: it does not, or an error. */
static int holds(bisect *b, uint64_t iteration)
{
  aatgs_iteration it;
  int rc;
  if (b->walk) {
    rc = aatgs_walk_goto(b->walk, iteration);
    if (rc)
      b->error = *aatgs_walk_error(b->walk);
    else
      it = *aatgs_walk_found(b->walk);
  } else {
    rc = recorded(b, iteration, &it);
  }
  if (rc)
    return rc;
  const bool yes = aatgs_expr_match_iteration(b->expr, &it);
  const aatgs_cell cells[] = {aatgs_cell_count(iteration), aatgs_cell_bool(yes)};
  aatgs_report_row(b->report, cells);
  return yes;
}

static int not_so(bisect *b, uint64_t iteration, const char *what)
{
  return aatgs_error_set(&b->error, AATGS_ENOTFOUND, 0, "'%s' %s at iteration %" PRIu64, b->test,
                         what, iteration);
}

static int search(bisect *b, uint64_t *first)
{
  uint64_t low = b->good, high = b->bad;
  int rc = holds(b, low);
  if (rc > 0)
    return not_so(b, low, "holds already");
  if (!rc)
    rc = holds(b, high);
  if (rc == 0)
    return not_so(b, high, "does not hold");
  while (rc >= 0 && high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    rc = holds(b, middle);
    if (rc > 0)
      high = middle;
    else
      low = middle;
  }
  *first = high;
  return rc < 0 ? rc : 0;
}

static int open_all(bisect *b)
{
  aatgs_replay_options options = AATGS_REPLAY_OPTIONS_INIT;
  int rc = aatgs_trace_open(b->dir, &b->trace, &b->error);
  if (!rc)
    rc = compile(b);
  if (!rc)
    rc = check_place(b, "good", b->good);
  if (!rc)
    rc = check_place(b, "bad", b->bad);
  if (rc || !b->replay)
    return rc;
  options.trace = b->dir;
  options.workload = b->workload;
  options.device = "cpu";
  options.workers = 1;
  return aatgs_walk_open(&options, &b->walk, &b->error);
}

static void report_result(bisect *b, uint64_t first)
{
  char *path = aatgs_text_quote(b->dir), *name = b->workload ? aatgs_text_quote(b->workload) : NULL;
  char *command = NULL;
  if (path && asprintf(&command,
                       "printf 'goto %" PRIu64 "\\nprint telemetry\\nlist\\n' | aatgs debug %s%s%s",
                       first, path, name ? " --workload " : "", name ? name : "") < 0)
    command = NULL;
  aatgs_report_section(b->report, NULL, "Result");
  aatgs_report_fact(b->report, "test", "test", aatgs_cell_text(b->test));
  aatgs_report_fact(b->report, "last_good", "last without", aatgs_cell_count(first - 1));
  aatgs_report_fact(b->report, "first_bad", "first with", aatgs_cell_count(first));
  aatgs_report_fact(b->report, "command", "look closer", aatgs_cell_text(command));
  free(command);
  free(path);
  free(name);
}

int aatgs_verb_bisect(int argc, char **argv)
{
  static const aatgs_column columns[] = {{"iteration", "iteration", true},
                                         {"holds", "holds", false}};
  bisect b = {0};
  uint64_t first = 0;
  int result = parse(&b, argc, argv);
  if (result != AATGS_CLI_GO_ON)
    return result;
  b.report = aatgs_report_open();
  aatgs_report_table(b.report, "probes", "Looked at", columns, 2);
  int rc = open_all(&b);
  if (!rc)
    rc = search(&b, &first);
  if (!rc) {
    report_result(&b, first);
    rc = aatgs_report_print(b.report, b.format, stdout);
  }
  result = rc ? aatgs_cli_fail_with(VERB, rc, &b.error) : AATGS_EXIT_DONE;
  aatgs_report_close(b.report);
  aatgs_expr_free(b.expr);
  aatgs_walk_close(b.walk);
  aatgs_trace_close(b.trace);
  return aatgs_cli_finish(VERB, result);
}
