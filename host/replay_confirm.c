#include "host/walk.h"
#include "trace/field.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Once more ------------------------------------------------------------------------------- */

bool aatgs_replay_same_difference(const aatgs_replay_report *a, const aatgs_replay_report *b)
{
  return a->iteration == b->iteration && strcmp(a->what, b->what) == 0 &&
         strcmp(a->field, b->field) == 0 && strcmp(a->found, b->found) == 0 &&
         strcmp(a->task, b->task) == 0 && a->part == b->part;
}

static void try_again(const aatgs_replay_options *options, aatgs_replay_report *r)
{
  aatgs_replay_options once = *options;
  aatgs_replay_report second;
  once.first = once.last = r->iteration;
  once.check = strcmp(r->what, "scheduler") == 0 ? AATGS_CHECK_SCHEDULER
                                                 : r->checked & ~(uint32_t)AATGS_CHECK_SCHEDULER;
  once.keep_going = once.confirm = false;
  once.follow = NULL;
  once.progress = NULL;
  const int rc = aatgs_replay(&once, &second, NULL);
  if (rc == 0)
    r->again = AATGS_AGAIN_NONE;
  else if (rc == AATGS_EDIVERGED)
    r->again = aatgs_replay_same_difference(r, &second) ? AATGS_AGAIN_SAME : AATGS_AGAIN_OTHER;
}

/* ---- The state ---------------------------------------------------------------------------------
 */

static void report_word(aatgs_replay_report *r, const aatgs_trace_info *info,
                        const aatgs_explained *e, const char *source)
{
  r->has_word = true;
  snprintf(r->region, sizeof r->region, "%s", info->regions[e->region].name);
  r->word = e->word;
  snprintf(r->word_expected, sizeof r->word_expected, "%" PRIu64, e->expected);
  snprintf(r->word_found, sizeof r->word_found, "%" PRIu64, e->found);
  snprintf(r->word_source, sizeof r->word_source, "%s", source);
}

/* The expected state from a replay on one cpu worker, if that one comes to what was recorded. */
static bool from_reference(const aatgs_replay_options *options, aatgs_replay_report *r,
                           const aatgs_trace_info *info, const uint8_t *found, size_t bytes)
{
  aatgs_replay_options reference = *options;
  aatgs_walk *w;
  const uint8_t *expected;
  size_t size;
  aatgs_explained e;
  bool ok = false;
  reference.device = "cpu";
  reference.workers = 1;
  reference.shuffle = false;
  if (aatgs_walk_open(&reference, &w, NULL))
    return false;
  if (!aatgs_walk_goto(w, r->iteration) && !aatgs_walk_report(w)->diverged &&
      !aatgs_walk_state(w, &expected, &size) && size == bytes &&
      aatgs_first_difference(info, expected, found, &e)) {
    report_word(r, info, &e, "a replay on one cpu worker, which repeats the record");
    ok = true;
  }
  aatgs_walk_close(w);
  return ok;
}

/* The expected state from a snapshot that was taken right after the iteration. */
static bool from_snapshot(aatgs_replay_report *r, aatgs_trace *t, const uint8_t *found,
                          size_t bytes)
{
  const uint8_t *expected;
  size_t size;
  uint64_t at;
  aatgs_explained e;
  if (aatgs_trace_get_snapshot(t, r->iteration + 1, &at, &expected, &size) ||
      at != r->iteration + 1 || size != bytes ||
      !aatgs_first_difference(aatgs_trace_get_info(t), expected, found, &e))
    return false;
  report_word(r, aatgs_trace_get_info(t), &e, "the recorded snapshot after the iteration");
  return true;
}

/* The one element that explains the digest. */
static bool from_digest(aatgs_replay_report *r, aatgs_trace *t, const uint8_t *found)
{
  const aatgs_trace_info *info = aatgs_trace_get_info(t);
  const aatgs_trace_graph *g;
  aatgs_explained e;
  if (!r->has_task || aatgs_trace_get_graph(t, r->graph, &g) || r->task_number >= g->task_count)
    return false;
  const aatgs_trace_task *task = &g->tasks[r->task_number];
  const bool whole = info->digest == AATGS_DIGEST_FULL && r->part == task->parts;
  if (!aatgs_explain_digest(info, found, whole ? task->reads | task->writes : task->writes, whole,
                            (uint32_t)strtoul(r->expected, NULL, 16),
                            (uint32_t)strtoul(r->found, NULL, 16), &e))
    return false;
  report_word(r, info, &e, "the digest, which one element changed by a bit or by one explains");
  return true;
}

static void look_at_state(const aatgs_replay_options *options, aatgs_replay_report *r,
                          aatgs_walk *w)
{
  const uint8_t *found;
  size_t bytes;
  if (aatgs_walk_goto(w, r->iteration) || aatgs_walk_state(w, &found, &bytes))
    return;
  if (!from_snapshot(r, aatgs_walk_trace(w), found, bytes) &&
      !from_reference(options, r, aatgs_trace_get_info(aatgs_walk_trace(w)), found, bytes) &&
      strcmp(r->what, "digest") == 0)
    from_digest(r, aatgs_walk_trace(w), found);
}

/* ---- Around it
 * ----------------------------------------------------------------------------------- */

static void describe_order(aatgs_trace *t, const aatgs_iteration *it, char *out, size_t size)
{
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  size_t used = 0;
  if (aatgs_trace_get_graph(t, it->graph, &g) || aatgs_trace_get_plan(t, it->plan, &p))
    return;
  for (uint32_t i = 0; i < p->task_count && p->task_at[i] < g->task_count && used < size; i++)
    used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " > " : "",
                             g->tasks[p->task_at[i]].name);
}

static void describe_change(const aatgs_trace_info *info, const uint8_t *before,
                            const uint8_t *after, char *out, size_t size)
{
  size_t used = 0;
  for (uint32_t i = 0; i < info->config_field_count && used < size; i++) {
    const aatgs_field *f = &info->config_fields[i];
    for (uint32_t e = 0; e < f->count && f->role == AATGS_FIELD_PLAIN && used < size; e++) {
      char a[32], b[32], index[16] = "";
      aatgs_field_format(f, before, e, a, sizeof a);
      aatgs_field_format(f, after, e, b, sizeof b);
      if (strcmp(a, b) == 0)
        continue;
      if (f->count > 1)
        snprintf(index, sizeof index, "[%u]", e);
      used += (size_t)snprintf(out + used, size - used, "%s%s%s %s, was %s", used ? "; " : "",
                               f->name, index, b, a);
    }
  }
}

/* Two iterations before, two after. */
static void look_around(aatgs_replay_report *r, aatgs_trace *t)
{
  const aatgs_trace_info *info = aatgs_trace_get_info(t);
  const uint64_t first = r->iteration > 2 ? r->iteration - 2 : 1;
  uint8_t before[AATGS_CONFIG_BYTES_MAX];
  aatgs_iteration it;
  bool have_before = false;
  if (aatgs_trace_seek(t, first > 1 ? first - 1 : first))
    return;
  while (r->near_count < AATGS_REPLAY_NEAR && aatgs_trace_next(t, &it) == 1 &&
         it.iteration <= r->iteration + 2) {
    if (it.iteration >= first) {
      aatgs_replay_near *n = &r->near[r->near_count++];
      *n = (aatgs_replay_near){
          .iteration = it.iteration, .graph = it.graph, .plan = it.plan, .status = it.status};
      describe_order(t, &it, n->order, sizeof n->order);
      if (have_before)
        describe_change(info, before, it.config, n->config, sizeof n->config);
    }
    memcpy(before, it.config, info->config_bytes);
    have_before = true;
  }
}

void aatgs_replay_confirm(const aatgs_replay_options *options, aatgs_replay_report *report)
{
  aatgs_walk *w;
  aatgs_trace *t;
  try_again(options, report);
  if (!aatgs_trace_open(options->trace, &t, NULL)) {
    look_around(report, t);
    aatgs_trace_close(t);
  }
  if (strcmp(report->what, "scheduler") == 0 || aatgs_walk_open(options, &w, NULL))
    return;
  look_at_state(options, report, w);
  aatgs_walk_close(w);
}
