/* aatgs export: writes a trace as other programs read it. */
#include "tools/export.h"

#include <inttypes.h>

#include "tools/output.h"
#include "tools/verbs.h"

#define VERB "export"

enum { PERFETTO, CHROME, SQLITE };

typedef struct request {
  const char *dir;
  const char *path;
  int format;
  aatgs_cli_range range;
} request;

static int parse(request *r, int argc, char **argv)
{
  static const char *const formats[] = {"perfetto", "chrome", "sqlite", NULL};
  const aatgs_cli_option options[] = {
      {"output", AATGS_CLI_TEXT, &r->path, "FILE", "where to write it", NULL, 0, 0, 'o'},
      {"format", AATGS_CLI_CHOICE, &r->format, "F",
       "perfetto (default), for https://ui.perfetto.dev and its trace processor; chrome, the JSON "
       "of "
       "chrome://tracing; or sqlite, a database",
       formats, 0, 0, 0},
      {"range", AATGS_CLI_RANGE, &r->range, "A-B", "these iterations alone (default: all)", NULL, 0,
       0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR -o FILE [options]",
      .summary = "Writes the trace in folder DIR as a file that other programs read: as a timeline "
                 "of workers, rings and scheduler with counters and with flows along the "
                 "dependencies, or as tables.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
      .epilogue = "FILE is there whole or not at all.",
  };
  size_t operands;
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  r->dir = argv[0];
  if (!r->path)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "say where to write it: -o FILE (see 'aatgs export --help')");
  return AATGS_CLI_GO_ON;
}

/* Writes to output->stream, or to the file beneath it. */
static int write_format(aatgs_export *e, int format, const aatgs_output *output, aatgs_error *error)
{
  e->out = output->stream;
  if (format != SQLITE)
    return aatgs_export_walk(e, format == CHROME ? &aatgs_export_chrome : &aatgs_export_perfetto,
                             error);
  if (output->through)
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "a database cannot be written to a pipe or device: name a file");
  return aatgs_export_sqlite(e, output->temporary, error);
}

static int export_to(aatgs_export *e, const request *r)
{
  aatgs_output output;
  aatgs_error error = {0};
  int rc = aatgs_output_begin(&output, r->path, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  rc = write_format(e, r->format, &output, &error);
  if (!rc)
    rc = aatgs_output_commit(&output, &error);
  else
    aatgs_output_abandon(&output);
  return rc ? aatgs_cli_fail_with(VERB, rc, &error) : AATGS_EXIT_DONE;
}

/* A range with nothing in it is a mistake, unless the trace itself is empty. */
static int check_range(const aatgs_export *e, const char *dir, aatgs_error *error)
{
  aatgs_trace_state state;
  aatgs_trace_get_state(e->trace, &state);
  if (!state.iterations ||
      (e->range.first <= state.last && (!e->range.last || e->range.last >= state.first)))
    return 0;
  return aatgs_error_set(error, AATGS_ENOTFOUND, 0,
                         "%s holds iterations %" PRIu64 "-%" PRIu64 ", and none of --range", dir,
                         state.first, state.last);
}

int aatgs_verb_export(int argc, char **argv)
{
  request r = {.range = {1, 0}};
  aatgs_export e = {0};
  aatgs_error error = {0};
  int result = parse(&r, argc, argv);
  if (result != AATGS_CLI_GO_ON)
    return result;
  int rc = aatgs_output_check(r.path, &error);
  if (!rc)
    rc = aatgs_trace_open(r.dir, &e.trace, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  e.info = aatgs_trace_get_info(e.trace);
  e.range = r.range;
  rc = check_range(&e, r.dir, &error);
  result = rc ? aatgs_cli_fail_with(VERB, rc, &error) : export_to(&e, &r);
  aatgs_trace_close(e.trace);
  return result;
}
