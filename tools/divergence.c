#include "tools/divergence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

/* The command that shows more; free() it. */
static char *closer_look(const char *trace, const char *workload, const aatgs_replay_report *r)
{
  char *path = aatgs_text_quote(trace), *name = workload ? aatgs_text_quote(workload) : NULL;
  char *command = NULL, script[160];
  if (!strcmp(r->what, "scheduler"))
    snprintf(script, sizeof script, "goto %" PRIu64 "\\nlist\\nprint plan\\nprint ready\\n",
             r->iteration);
  else
    snprintf(script, sizeof script, "goto %" PRIu64 "\\nprint telemetry\\nlist\\n", r->iteration);
  if (path && asprintf(&command, "printf '%s' | aatgs debug %s%s%s", script, path,
                       name ? " --workload " : "", name ? name : "") < 0)
    command = NULL;
  free(path);
  free(name);
  return command;
}

static const char *again_name(aatgs_again again)
{
  switch (again) {
  case AATGS_AGAIN_SAME: return "the same difference";
  case AATGS_AGAIN_OTHER: return "another difference: what is computed depends on chance";
  case AATGS_AGAIN_NONE: return "no difference: the first time was disturbed";
  case AATGS_AGAIN_NOT_TRIED: break;
  }
  return "not tried";
}

static void report_state(aatgs_report *report, const aatgs_replay_report *r)
{
  if (!r->has_word && strcmp(r->what, "digest") != 0)
    return;
  aatgs_report_section(report, "state", "First word of the state that differs");
  if (!r->has_word) {
    aatgs_report_fact(
        report, "source", "not known",
        aatgs_cell_text("no snapshot right after, a replay on one cpu worker does not "
                        "repeat the record, and no single element changed by a bit "
                        "or by one explains the digest"));
    return;
  }
  aatgs_report_fact(report, "region", "region", aatgs_cell_text(r->region));
  aatgs_report_fact(report, "word", "word", aatgs_cell_count(r->word));
  aatgs_report_fact(report, "expected", "expected", aatgs_cell_text(r->word_expected));
  aatgs_report_fact(report, "found", "found", aatgs_cell_text(r->word_found));
  aatgs_report_fact(report, "source", "known from", aatgs_cell_text(r->word_source));
}

static void report_around(aatgs_report *report, const aatgs_replay_report *r)
{
  static const aatgs_column columns[] = {
      {"iteration", "iteration", true}, {"graph", "graph", true},  {"plan", "plan", true},
      {"status", "status", true},       {"order", "order", false}, {"config", "config", false}};
  aatgs_report_section(report, NULL, NULL);
  aatgs_report_table(report, "around", "As it was recorded around it", columns,
                     sizeof columns / sizeof *columns);
  for (uint32_t i = 0; i < r->near_count; i++) {
    const aatgs_replay_near *n = &r->near[i];
    const aatgs_cell cells[] = {
        aatgs_cell_count(n->iteration), aatgs_cell_count(n->graph),
        aatgs_cell_count(n->plan),      aatgs_cell_count(n->status),
        aatgs_cell_text(n->order),      aatgs_cell_text(n->config[0] ? n->config : "as before")};
    aatgs_report_row(report, cells);
  }
}

void aatgs_report_divergence(aatgs_report *report, const char *trace, const char *workload,
                             const aatgs_replay_report *r)
{
  char *command = closer_look(trace, workload, r);
  aatgs_report_section(report, "divergence", "First difference");
  aatgs_report_fact(report, "what", "in", aatgs_cell_text(r->what));
  aatgs_report_fact(report, "iteration", "iteration", aatgs_cell_count(r->iteration));
  if (r->has_task) {
    aatgs_report_fact(report, "task", "task", aatgs_cell_text(r->task));
    aatgs_report_fact(report, "part", "part", aatgs_cell_count(r->part));
  }
  aatgs_report_fact(report, "field", "field", aatgs_cell_text(r->field));
  aatgs_report_fact(report, "expected", "expected", aatgs_cell_text(r->expected));
  aatgs_report_fact(report, "found", "found", aatgs_cell_text(r->found));
  if (r->ready_expected[0]) {
    aatgs_report_fact(report, "ready_expected", "ready, expected",
                      aatgs_cell_text(r->ready_expected));
    aatgs_report_fact(report, "ready_found", "ready, found", aatgs_cell_text(r->ready_found));
  }
  aatgs_report_fact(report, "again", "replayed again", aatgs_cell_text(again_name(r->again)));
  aatgs_report_fact(report, "command", "look closer", aatgs_cell_text(command));
  report_state(report, r);
  report_around(report, r);
  free(command);
}
