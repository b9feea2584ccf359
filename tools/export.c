/* aatgs export: writes a trace as other programs read it. */
#include "tools/export.h"

#include "tools/ask.h"
#include "tools/output.h"
#include "tools/verbs.h"

#define VERB "export"

enum { PERFETTO, CHROME, SQLITE };

/* Reads the command line and opens the trace. */
static int begin(aatgs_ask *ask, int *format, int argc, char **argv)
{
  static const char *const formats[] = {"perfetto", "chrome", "sqlite", NULL};
  const aatgs_cli_option options[] = {
      AATGS_ASK_OUTPUT(ask),
      {"format", AATGS_CLI_CHOICE, format, "F",
       "perfetto (default), for https://ui.perfetto.dev and its trace processor; chrome, the JSON "
       "of "
       "chrome://tracing; or sqlite, a database",
       formats, 0, 0, 0},
      AATGS_ASK_RANGE(ask),
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
  return aatgs_ask_open(&command, argc, argv, ask);
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

static int export_to(aatgs_export *e, int format, const char *path)
{
  aatgs_output output;
  aatgs_error error = {0};
  int rc = aatgs_output_begin(&output, path, &error);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &error);
  rc = write_format(e, format, &output, &error);
  if (!rc)
    rc = aatgs_output_commit(&output, &error);
  else
    aatgs_output_abandon(&output);
  return rc ? aatgs_cli_fail_with(VERB, rc, &error) : AATGS_EXIT_DONE;
}

int aatgs_verb_export(int argc, char **argv)
{
  aatgs_ask ask = {.writes_file = true};
  int format = PERFETTO;
  int result = begin(&ask, &format, argc, argv);
  if (result != AATGS_CLI_GO_ON)
    return result;
  aatgs_export e = {.trace = ask.trace,
                    .info = aatgs_trace_get_info(ask.trace),
                    .range = {ask.first, ask.range.last}};
  result = export_to(&e, format, ask.output);
  aatgs_trace_close(ask.trace);
  return result;
}
