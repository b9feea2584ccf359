/* aatgs html: makes a page of a trace that opens from the disk. */
#include <inttypes.h>

#include "tools/cli.h"
#include "tools/html.h"
#include "tools/html_assets.h"
#include "tools/output.h"
#include "tools/verbs.h"

#define VERB "html"

typedef struct request {
  const char *path;
  aatgs_cli_range range;
} request;

static int parse(request *r, aatgs_html *h, int argc, char **argv)
{
  const aatgs_cli_option options[] = {
      {"output", AATGS_CLI_TEXT, &r->path, "FILE", "where to write it", NULL, 0, 0, 'o'},
      {"range", AATGS_CLI_RANGE, &r->range, "A-B", "these iterations alone (default: all)", NULL, 0,
       0, 0},
  };
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
  size_t operands;
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  h->dir = argv[0];
  if (!r->path)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "say where to write it: -o FILE (see 'aatgs html --help')");
  return AATGS_CLI_GO_ON;
}

static int open_trace(aatgs_html *h, const request *r, aatgs_error *error)
{
  int rc = aatgs_output_check(r->path, error);
  if (!rc)
    rc = aatgs_trace_open(h->dir, &h->trace, error);
  if (rc)
    return rc;
  h->info = aatgs_trace_get_info(h->trace);
  aatgs_trace_get_state(h->trace, &h->state);
  h->first = r->range.first > h->state.first ? r->range.first : h->state.first;
  h->last = r->range.last && r->range.last < h->state.last ? r->range.last : h->state.last;
  if (!h->state.iterations)
    return aatgs_error_set(error, AATGS_ENOTFOUND, 0, "%s holds no iterations yet", h->dir);
  if (h->first > h->last)
    return aatgs_error_set(error, AATGS_ENOTFOUND, 0,
                           "%s holds iterations %" PRIu64 "-%" PRIu64 ", and none of --range",
                           h->dir, h->state.first, h->state.last);
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
  request r = {.range = {1, 0}};
  aatgs_html h = {0};
  aatgs_error error = {0};
  int result = parse(&r, &h, argc, argv);
  if (result != AATGS_CLI_GO_ON)
    return result;
  int rc = open_trace(&h, &r, &error);
  if (!rc && (rc = aatgs_html_read(&h)))
    error = *aatgs_trace_error(h.trace);
  if (!rc)
    rc = write_page(&h, r.path, &error);
  result = rc ? aatgs_cli_fail_with(VERB, rc, &error) : AATGS_EXIT_DONE;
  if (!rc && !aatgs_asset_d3.size)
    fprintf(stderr, "aatgs: html: %s has no charts: this aatgs was built without D3\n", r.path);
  aatgs_html_free(&h);
  aatgs_trace_close(h.trace);
  return result;
}
