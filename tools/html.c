/* aatgs html: makes a page of a trace that opens from the disk. */
#include "tools/html.h"
#include "tools/ask.h"
#include "tools/html_assets.h"
#include "tools/output.h"
#include "tools/verbs.h"

#define VERB "html"

/* Reads the command line and opens the trace. */
static int begin(aatgs_ask *ask, int argc, char **argv)
{
  const aatgs_cli_option options[] = {AATGS_ASK_OUTPUT(ask), AATGS_ASK_RANGE(ask)};
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR -o FILE [options]",
      .summary = "Makes one page of the trace in folder DIR that opens in a browser from the disk, "
                 "without a network: latencies, the slowest iterations and why, what the workers "
                 "ran, telemetry, decisions.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
      .epilogue = "FILE is there whole or not at all.",
  };
  return aatgs_ask_open(&command, argc, argv, ask);
}

/* What the trace has of the range. */
static int take_range(aatgs_html *h, const aatgs_ask *ask, aatgs_error *error)
{
  h->info = aatgs_trace_get_info(h->trace);
  aatgs_trace_get_state(h->trace, &h->state);
  h->first = ask->first > h->state.first ? ask->first : h->state.first;
  h->last = ask->last < h->state.last ? ask->last : h->state.last;
  if (!h->state.iterations)
    return aatgs_error_set(error, AATGS_ENOTFOUND, 0, "%s holds no iterations yet", h->dir);
  return 0;
}

static int write_page(aatgs_html *h, const char *path, aatgs_error *error)
{
  aatgs_output output;
  int rc = aatgs_output_begin(&output, path, error);
  if (rc)
    return rc;
  rc = aatgs_html_write_page(h, output.stream);
  if (!rc)
    return aatgs_output_commit(&output, error);
  *error = *aatgs_trace_error(h->trace);
  aatgs_output_abandon(&output);
  return rc;
}

int aatgs_verb_html(int argc, char **argv)
{
  aatgs_ask ask = {.writes_file = true};
  aatgs_error error = {0};
  int result = begin(&ask, argc, argv);
  if (result != AATGS_CLI_GO_ON)
    return result;
  aatgs_html h = {.dir = ask.dir, .trace = ask.trace};
  int rc = take_range(&h, &ask, &error);
  if (!rc && (rc = aatgs_html_read(&h)))
    error = *aatgs_trace_error(h.trace);
  if (!rc)
    rc = write_page(&h, ask.output, &error);
  result = rc ? aatgs_cli_fail_with(VERB, rc, &error) : AATGS_EXIT_DONE;
  if (!rc && !aatgs_asset_d3.size)
    fprintf(stderr, "aatgs: html: %s has no charts: this aatgs was built without D3\n", ask.output);
  aatgs_html_free(&h);
  aatgs_trace_close(h.trace);
  return result;
}
