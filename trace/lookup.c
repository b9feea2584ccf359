/* Graphs, plans, inputs, snapshots and ticks of a trace. */
#include <inttypes.h>

#include "trace/numbered.h"
#include "trace/reader.h"

/* ---- Graphs and plans ---------------------------------------------------------------- */

static int fetch_table(aatgs_trace *t, aatgs_kind kind, uint32_t number, const char *what)
{
  const aatgs_key key = {(uint8_t)kind, number, 0};
  aatgs_value_header h;
  int rc = 0;
  /* One copy that is whole will do; in an older trace it is in `meta`. */
  for (uint32_t i = t->env_count + 1; (rc == 0 || rc == AATGS_ECORRUPT) && i-- > 0;) {
    const int got =
        aatgs_trace_fetch(t, i ? t->envs[i - 1].pages : t->meta, &key, AATGS_TABLE_BYTES_MAX, &h);
    rc = got == 0 ? rc : got;
  }
  if (rc == 0)
    return aatgs_error_set(&t->error, AATGS_ENOTFOUND, 0, "%s: there is no %s %u", t->dir, what,
                           number);
  return rc < 0 ? rc : 0;
}

int aatgs_trace_get_graph(aatgs_trace *trace, uint32_t number, const aatgs_trace_graph **out)
{
  const char *why = "out of memory";
  *out = aatgs_numbered_find(&trace->graphs, number);
  if (*out)
    return 0;
  int rc = fetch_table(trace, AATGS_KIND_GRAPH, number, "graph");
  if (rc)
    return rc;
  aatgs_trace_graph *g = aatgs_arena_take(&trace->arena, 1, sizeof *g);
  rc =
      g ? aatgs_graph_read(trace->raw.data, trace->raw.size, &trace->arena, g, &why) : AATGS_ENOMEM;
  if (!rc && g->number != number) {
    why = "it has another number inside";
    rc = AATGS_ECORRUPT;
  }
  if (!rc && !aatgs_numbered_add(&trace->graphs, &g->number))
    rc = AATGS_ENOMEM;
  if (rc)
    return aatgs_error_set(&trace->error, rc, 0, "%s: graph %u: %s", trace->dir, number, why);
  *out = g;
  return 0;
}

int aatgs_trace_next_graph(aatgs_trace *trace, uint32_t number, const aatgs_trace_graph **out)
{
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i <= trace->env_count; i++) {
    aatgs_key key = {AATGS_KIND_GRAPH, number, 0};
    aatgs_pages *pages = i < trace->env_count ? trace->envs[i].pages : trace->meta;
    const int rc = aatgs_pages_seek(pages, &key, NULL, 0, &trace->error);
    if (rc < 0)
      return rc;
    if (rc == 1 && key.kind == AATGS_KIND_GRAPH && key.number < least)
      least = key.number;
  }
  *out = NULL;
  if (least > UINT32_MAX)
    return 0;
  const int rc = aatgs_trace_get_graph(trace, (uint32_t)least, out);
  return rc ? rc : 1;
}

int aatgs_trace_get_plan(aatgs_trace *trace, uint32_t number, const aatgs_trace_plan **out)
{
  const char *why = "out of memory";
  *out = aatgs_numbered_find(&trace->plans, number);
  if (*out)
    return 0;
  int rc = fetch_table(trace, AATGS_KIND_PLAN, number, "plan");
  if (rc)
    return rc;
  aatgs_trace_plan *p = aatgs_arena_take(&trace->arena, 1, sizeof *p);
  rc = p ? aatgs_plan_read(trace->raw.data, trace->raw.size, &trace->arena, p, &why) : AATGS_ENOMEM;
  if (!rc && p->number != number) {
    why = "it has another number inside";
    rc = AATGS_ECORRUPT;
  }
  if (!rc && !aatgs_numbered_add(&trace->plans, &p->number))
    rc = AATGS_ENOMEM;
  if (rc)
    return aatgs_error_set(&trace->error, rc, 0, "%s: plan %u: %s", trace->dir, number, why);
  *out = p;
  return 0;
}

/* ---- Inputs and snapshots -------------------------------------------------------------- */

int aatgs_trace_get_input(aatgs_trace *trace, uint32_t index, const uint8_t **bytes, size_t *size)
{
  *bytes = NULL;
  *size = 0;
  if (index >= trace->info.input_count)
    return aatgs_error_set(&trace->error, AATGS_ENOTFOUND, 0, "%s: there is no input %u; it has %u",
                           trace->dir, index, trace->info.input_count);
  aatgs_bytes *b = &trace->inputs[index];
  if (!b->data) {
    const aatgs_key key = {AATGS_KIND_INPUT, index, 0};
    uint64_t want = trace->info.inputs[index].size;
    /* Room for one byte even when it is empty: a pointer that is not NULL. */
    int rc = aatgs_bytes_reserve(b, 1) ? aatgs_trace_fetch_pieces(trace, trace->meta, key, want, b)
                                       : aatgs_trace_failed(trace, AATGS_ENOMEM, "out of memory");
    if (rc != 1) {
      aatgs_bytes_free(b);
      return rc < 0 ? rc : aatgs_trace_failed(trace, AATGS_ECORRUPT, "an input is missing");
    }
  }
  *bytes = b->data;
  *size = b->size;
  return 0;
}

/* The newest whole snapshot of an environment at or before `iteration`. */
static int find_snapshot(aatgs_trace *t, aatgs_pages *pages, uint64_t iteration, uint64_t *at)
{
  aatgs_key key = {AATGS_KIND_SNAPSHOT, ~iteration, 0};
  for (;;) {
    int rc = aatgs_pages_seek(pages, &key, NULL, 0, &t->error);
    if (rc != 1 || key.kind != AATGS_KIND_SNAPSHOT)
      return rc == 1 ? 0 : rc;
    if (key.piece == 0) {
      *at = ~key.number;
      return 1;
    }
    /* Its first piece, written last, is missing: it was not finished. */
    if (++key.number == 0)
      return 0;
    key.piece = 0;
  }
}

int aatgs_trace_find_snapshot(aatgs_trace *t, uint64_t iteration, aatgs_pages **pages, uint64_t *at)
{
  int rc = 0;
  for (uint32_t i = t->env_count; rc == 0 && i-- > 0;) {
    *pages = t->envs[i].pages;
    rc = find_snapshot(t, *pages, iteration, at);
  }
  if (rc == 0) {
    *pages = t->meta;
    rc = find_snapshot(t, *pages, iteration, at);
    if (rc == 1 && t->state.iterations && *at < t->state.first)
      rc = 0; /* what ran after it is gone */
  }
  if (rc == 0)
    return aatgs_error_set(&t->error, AATGS_ENOTFOUND, 0,
                           "%s: there is no snapshot before iteration %" PRIu64, t->dir, iteration);
  return rc < 0 ? rc : 0;
}

int aatgs_trace_get_snapshot(aatgs_trace *trace, uint64_t iteration, uint64_t *at,
                             const uint8_t **bytes, size_t *size)
{
  aatgs_pages *pages;
  int rc = aatgs_trace_find_snapshot(trace, iteration, &pages, at);
  if (rc)
    return rc;
  const aatgs_key key = {AATGS_KIND_SNAPSHOT, ~*at, 0};
  rc = aatgs_bytes_reserve(&trace->snapshot, 1)
           ? aatgs_trace_fetch_pieces(trace, pages, key, aatgs_info_snapshot_bytes(&trace->info),
                                      &trace->snapshot)
           : aatgs_trace_failed(trace, AATGS_ENOMEM, "out of memory");
  if (rc == 0)
    rc = aatgs_trace_failed(trace, AATGS_ECORRUPT, "a snapshot is missing");
  *bytes = trace->snapshot.data;
  *size = trace->snapshot.size;
  return rc < 0 ? rc : 0;
}

/* The oldest snapshot of an environment at or after `iteration`: between one that is before it and
 * one that is not, the middle is asked for. */
static int next_in(aatgs_trace *t, aatgs_pages *pages, uint64_t iteration, uint64_t *at)
{
  uint64_t below = iteration - 1, found, middle;
  int rc = find_snapshot(t, pages, UINT64_MAX, &found);
  if (rc != 1 || found < iteration)
    return rc == 1 ? 0 : rc;
  *at = found;
  while (*at - below > 1) {
    middle = below + (*at - below) / 2;
    rc = find_snapshot(t, pages, middle, &found);
    if (rc < 0)
      return rc;
    if (rc == 1 && found >= iteration)
      *at = found;
    else
      below = middle;
  }
  return 1;
}

int aatgs_trace_next_snapshot(aatgs_trace *trace, uint64_t iteration, uint64_t *at)
{
  uint64_t from = iteration ? iteration : 1;
  int rc = next_in(trace, trace->meta, from, at);
  for (uint32_t i = 0; rc == 0 && i < trace->env_count; i++)
    rc = next_in(trace, trace->envs[i].pages, from, at);
  return rc;
}

/* ---- Ticks --------------------------------------------------------------------------- */

int aatgs_trace_find_ticks(aatgs_trace *t)
{
  t->ticks_first = t->ticks_end = t->tick_block = 0;
  if (t->env_count)
    t->ticks_end = t->envs[t->env_count - 1].state.ticks;
  for (uint32_t i = 0; i < t->env_count; i++) {
    aatgs_key key = {AATGS_KIND_TICKS, 0, 0};
    int rc = aatgs_pages_seek(t->envs[i].pages, &key, NULL, 0, &t->error);
    if (rc < 0)
      return rc;
    if (rc == 1 && key.kind == AATGS_KIND_TICKS) {
      t->ticks_first = key.number * AATGS_TICKS_PER_BLOCK;
      return 0;
    }
  }
  return 0;
}

/* Loads a block; the newest copy is the fullest. */
static int load_block(aatgs_trace *t, uint64_t block)
{
  const aatgs_key key = {AATGS_KIND_TICKS, block, 0};
  aatgs_value_header h;
  int rc = 0;
  t->tick_block = 0;
  for (uint32_t i = t->env_count; rc == 0 && i-- > 0;)
    rc = aatgs_trace_fetch(t, t->envs[i].pages, &key, 65536, &h);
  if (rc < 0)
    return rc;
  if (rc == 0)
    return aatgs_trace_failed(t, AATGS_ECORRUPT, "a block of ticks is missing");
  if (!aatgs_ticks_read(t->raw.data, t->raw.size, t->ticks, &t->tick_count))
    return aatgs_trace_failed(t, AATGS_ECORRUPT, "a block of ticks does not decode");
  t->tick_block = block + 1;
  return 0;
}

int aatgs_trace_get_tick(aatgs_trace *trace, uint64_t index, aatgs_tick *out)
{
  if (trace->ticks_end < trace->ticks_first || index >= trace->ticks_end - trace->ticks_first)
    return 0;
  uint64_t number = trace->ticks_first + index;
  uint64_t block = number / AATGS_TICKS_PER_BLOCK;
  uint32_t at = (uint32_t)(number % AATGS_TICKS_PER_BLOCK);
  int rc = trace->tick_block == block + 1 ? 0 : load_block(trace, block);
  if (rc)
    return rc;
  if (at >= trace->tick_count)
    return aatgs_trace_failed(trace, AATGS_ECORRUPT, "a block of ticks is too short");
  *out = trace->ticks[at];
  return 1;
}
