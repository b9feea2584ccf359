/* aatgs repro: the smallest pack that shows what happens at an iteration. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/walk.h"
#include "tools/care_report.h"
#include "tools/cli.h"
#include "tools/table.h"
#include "tools/text.h"
#include "tools/verbs.h"
#include "trace/copy.h"

#define VERB "repro"

typedef struct repro {
  const char *dir;
  const char *out;
  const char *workload;
  uint64_t at;
  aatgs_format format;
  uint64_t from; /* first iteration of the pack */
  aatgs_trace_report written;
  aatgs_replay_report verdict;
  int replayed; /* what a replay of it returned */
  uint64_t bytes;
  aatgs_error error;
} repro;

static int parse(repro *r, int argc, char **argv)
{
  const aatgs_cli_option options[] = {
      {"at", AATGS_CLI_U64, &r->at, "N", "the iteration that is to be shown", NULL, 1,
       UINT64_MAX - 1, 'n'},
      {"output", AATGS_CLI_TEXT, &r->out, "FILE", "file to create, such as bug.aatgz", NULL, 0, 0,
       'o'},
      {"workload", AATGS_CLI_TEXT, &r->workload, "NAME|PATH",
       "workload to replay with on the way (default: the one that the trace names)", NULL, 0, 0,
       'w'},
      {"format", AATGS_CLI_FORMAT, &r->format, "F", "table, json or csv (default: table)", NULL, 0,
       0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR --at N -o FILE.aatgz [options]",
      .summary = "Makes of the trace in folder DIR the smallest pack that shows what happens at "
                 "iteration N: the state that it finds, its config, graph and plan, the inputs "
                 "and the seed. Where a replay does not get as far as N without a difference, "
                 "the pack begins at the last snapshot before.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
      .epilogue = "Send the file; 'aatgs unpack' and 'aatgs replay' show it there.",
  };
  size_t operands;
  const int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  r->dir = argv[0];
  if (!r->at || !r->out)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "--at N and -o FILE are both needed");
  return AATGS_CLI_GO_ON;
}

/* ---- The small trace ------------------------------------------------------------------------- */

static int write_parts(aatgs_copy *c, aatgs_trace *t, const aatgs_iteration *it,
                       const uint8_t *state, size_t bytes)
{
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  int rc = aatgs_trace_get_graph(t, it->graph, &g);
  if (!rc)
    rc = aatgs_trace_get_plan(t, it->plan, &p);
  if (!rc)
    rc = aatgs_copy_snapshot(c, it->iteration, state, bytes);
  if (!rc)
    rc = aatgs_trace_write_graph(c->w, g);
  if (!rc)
    rc = aatgs_trace_write_plan(c->w, p);
  return rc ? rc : aatgs_copy_iteration(c, it);
}

/* One iteration, from the state that a replay finds it in. */
static int write_one(repro *r, const uint8_t *state, size_t bytes, const char *folder)
{
  const uint8_t *inputs[AATGS_INPUTS_MAX];
  aatgs_iteration it;
  aatgs_copy copy;
  aatgs_trace *t;
  size_t size;
  int rc = aatgs_trace_open(r->dir, &t, &r->error);
  if (rc)
    return rc;
  const aatgs_trace_info *info = aatgs_trace_get_info(t);
  for (uint32_t i = 0; !rc && i < info->input_count; i++)
    rc = aatgs_trace_get_input(t, i, &inputs[i], &size);
  if (!rc)
    rc = aatgs_trace_seek(t, r->at);
  if (!rc && (aatgs_trace_next(t, &it) != 1 || it.iteration != r->at))
    rc = AATGS_ENOTFOUND;
  if (rc) {
    aatgs_error_set(&r->error, rc, 0, "%s: iteration %" PRIu64 " cannot be read", r->dir, r->at);
  } else {
    rc = aatgs_copy_open(&copy, folder, info, inputs, &r->written, &r->error);
    if (!rc)
      rc = aatgs_copy_close(&copy, write_parts(&copy, t, &it, state, bytes), &r->error);
  }
  r->from = r->at;
  aatgs_trace_close(t);
  return rc;
}

/* All iterations from the nearest snapshot on. */
static int write_range(repro *r, const char *folder)
{
  const int rc = aatgs_trace_trim(r->dir, r->at, r->at, folder, &r->written, &r->error);
  r->from = r->written.first;
  return rc;
}

static int write_trace(repro *r, const aatgs_replay_options *options, const char *folder)
{
  aatgs_walk *w;
  const uint8_t *state;
  size_t bytes;
  int rc = aatgs_walk_open(options, &w, &r->error);
  if (rc)
    return rc;
  if (r->at < aatgs_walk_first(w) || r->at > aatgs_walk_last(w)) {
    rc = aatgs_error_set(&r->error, AATGS_EINVAL, 0,
                         "--at %" PRIu64 " lies outside the trace: %s holds iterations %" PRIu64
                         " to %" PRIu64,
                         r->at, r->dir, aatgs_walk_first(w), aatgs_walk_last(w));
    aatgs_walk_close(w);
    return rc;
  }
  rc = aatgs_walk_goto(w, r->at - 1);
  if (!rc)
    rc = aatgs_walk_state(w, &state, &bytes);
  if (rc)
    r->error = *aatgs_walk_error(w);
  else if (aatgs_walk_report(w)->diverged)
    rc = write_range(r, folder);
  else
    rc = write_one(r, state, bytes, folder);
  aatgs_walk_close(w);
  return rc;
}

static int make_pack(repro *r, const char *folder)
{
  aatgs_replay_options options = AATGS_REPLAY_OPTIONS_INIT;
  aatgs_trace_report packed;
  struct stat st;
  options.trace = r->dir;
  options.workload = r->workload;
  options.device = "cpu";
  options.workers = 1;
  int rc = write_trace(r, &options, folder);
  if (rc)
    return rc;
  options.trace = folder;
  options.check = AATGS_CHECK_DEVICE | AATGS_CHECK_STATE;
  options.confirm = false;
  r->replayed = aatgs_replay(&options, &r->verdict, NULL);
  rc = aatgs_pack_file(folder, r->out, &packed, &r->error);
  if (!rc && stat(r->out, &st) == 0)
    r->bytes = (uint64_t)st.st_size;
  return rc;
}

static int print(const repro *r)
{
  aatgs_report *report = aatgs_report_open();
  char *path = aatgs_text_quote(r->out);
  char *workload = r->workload ? aatgs_text_quote(r->workload) : NULL;
  aatgs_report_section(report, NULL, "Repro");
  aatgs_report_fact(report, "pack", "pack", aatgs_cell_text(r->out));
  aatgs_report_fact(report, "bytes", "size", aatgs_cell_bytes(r->bytes));
  aatgs_report_fact(report, "first", "first iteration", aatgs_cell_count(r->from));
  aatgs_report_fact(report, "last", "last iteration", aatgs_cell_count(r->at));
  aatgs_report_fact(report, "verdict", "its replay here",
                    aatgs_cell_text(r->replayed == 0                 ? "identical"
                                    : r->replayed == AATGS_EDIVERGED ? "diverged"
                                                                     : "failed"));
  aatgs_report_hint(report, "show it",
                    "aatgs unpack %s -o repro.trace && aatgs replay repro.trace%s%s",
                    path ? path : r->out, workload ? " --workload " : "", workload ? workload : "");
  const int rc = aatgs_report_print(report, r->format, stdout);
  aatgs_report_close(report);
  free(path);
  free(workload);
  return rc;
}

int aatgs_verb_repro(int argc, char **argv)
{
  repro r = {0};
  const char *tmp = getenv("TMPDIR");
  char above[4000], folder[4096];
  int result = parse(&r, argc, argv);
  if (result != AATGS_CLI_GO_ON)
    return result;
  snprintf(above, sizeof above, "%s/aatgs-repro-XXXXXX", tmp && *tmp ? tmp : "/tmp");
  if (!mkdtemp(above))
    return aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "%s: %s", above, strerror(errno));
  snprintf(folder, sizeof folder, "%s/trace", above);
  int rc = make_pack(&r, folder);
  (void)aatgs_trace_remove(folder, NULL);
  rmdir(above);
  if (!rc)
    rc = print(&r);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, &r.error);
  return aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}
