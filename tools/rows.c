/* Rows of the relations, read as they are asked for. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/decisions.h"
#include "tools/path.h"
#include "tools/relation.h"
#include "trace/field.h"
#include "trace/info.h"

struct aatgs_rows {
  aatgs_relations *relations;
  aatgs_trace *trace;
  const aatgs_trace_info *info;
  const aatgs_relation *relation;
  aatgs_relation_kind kind;
  uint64_t first;
  uint64_t last;
  /* Iterations. */
  aatgs_trace_stream *stream;
  const aatgs_iteration *rows; /* of the block */
  size_t count;
  size_t at;
  const aatgs_iteration *it; /* the row's; NULL before the first and after the last */
  aatgs_paths *paths;        /* NULL: not wanted */
  aatgs_path path;
  uint64_t before; /* the iteration read before, 0: none */
  /* By kind. */
  uint32_t record; /* task: the timing record */
  const aatgs_trace_graph *graph;
  aatgs_decisions watch; /* decision */
  uint32_t plan_before;
  const aatgs_trace_plan *plan;
  char *order;
  int table; /* schema: what the row is about */
  uint32_t column;
  uint64_t snapshot;
  /* event: */
  const char *event;
  uint64_t event_iteration;
  uint64_t event_time;
  int64_t event_value;
  const char *event_text;
  bool has_time, has_value;
  aatgs_tick tick;
  bool tick_ready, marks_done, gap_due, failure_due, iterations_done;
  uint64_t next_tick;
  uint64_t next_mark;
};

/* ---- What is wanted ------------------------------------------------------------------- */

static uint32_t members_of(uint32_t id)
{
  switch (id) {
  case AATGS_COL_GRAPH: return AATGS_WANT_GRAPH;
  case AATGS_COL_PLAN: return AATGS_WANT_PLAN;
  case AATGS_COL_STATUS: return AATGS_WANT_STATUS;
  case AATGS_COL_DETAIL: return AATGS_WANT_DETAIL;
  case AATGS_COL_POSTED: return AATGS_WANT_POSTED_NS;
  case AATGS_COL_START: return AATGS_WANT_START_NS;
  case AATGS_COL_END:
  case AATGS_COL_END_TO_END: return AATGS_WANT_END_NS;
  case AATGS_COL_SEEN:
  case AATGS_COL_ROUND_TRIP: return AATGS_WANT_SEEN_NS;
  case AATGS_COL_BUS:
  case AATGS_COL_DEPENDENCIES:
  case AATGS_COL_WORKERS:
  case AATGS_COL_COMPUTING: return AATGS_PATH_WANT;
  case AATGS_COL_DONE_BEFORE: return AATGS_WANT_DONE_BEFORE;
  case AATGS_COL_CONFIG_WAITING: return AATGS_WANT_CONFIG_WAITING;
  case AATGS_COL_TELEMETRY_WAITING: return AATGS_WANT_TELEMETRY_WAITING;
  case AATGS_COL_RECORDS: return AATGS_WANT_TIMING_COUNT;
  case AATGS_COL_NAME:
  case AATGS_COL_TYPE:
  case AATGS_COL_TASK: return AATGS_WANT_TASK | AATGS_WANT_GRAPH;
  case AATGS_COL_FINISH: return AATGS_WANT_PART | AATGS_WANT_TASK | AATGS_WANT_GRAPH;
  case AATGS_COL_PART: return AATGS_WANT_PART;
  case AATGS_COL_WORKER: return AATGS_WANT_WORKER;
  case AATGS_COL_TASK_START:
  case AATGS_COL_TASK_END:
  case AATGS_COL_OFFSET: return AATGS_WANT_TIMING_START_NS;
  case AATGS_COL_DURATION: return AATGS_WANT_DURATION_NS;
  case AATGS_COL_DIGEST: return AATGS_WANT_DIGEST;
  default: return 0;
  }
}

static bool is_path(uint32_t id)
{
  return id >= AATGS_COL_BUS && id <= AATGS_COL_COMPUTING;
}

static bool reads_iterations(aatgs_relation_kind kind)
{
  return kind <= AATGS_REL_EVENT;
}

static aatgs_trace_want want_of(const aatgs_rows *r, const bool *wanted, bool *paths)
{
  aatgs_trace_want want = {0};
  for (uint32_t i = 0; i < r->relation->count; i++) {
    const aatgs_relation_column *c = &r->relation->columns[i];
    if (!wanted[i])
      continue;
    if (c->field)
      aatgs_trace_want_field(&want, c->field, c->index, c->config);
    else
      want.members |= members_of(c->id);
    *paths |= r->kind == AATGS_REL_ITERATION && is_path(c->id);
  }
  if (r->kind == AATGS_REL_TASK)
    want.members |= AATGS_WANT_TIMING_COUNT;
  if (r->kind == AATGS_REL_DECISION)
    want.members |= AATGS_DECISIONS_WANT;
  if (r->kind == AATGS_REL_EVENT)
    want.members |= AATGS_WANT_STATUS | AATGS_WANT_DETAIL | AATGS_WANT_GRAPH;
  return want;
}

/* Iterations before the range that must be looked at too. */
static uint64_t begin_of(const aatgs_rows *r)
{
  bool early = r->paths || r->kind == AATGS_REL_DECISION;
  return early ? aatgs_paths_begin(r->info, r->first) : r->first;
}

/* ---- Opening, closing ------------------------------------------------------------------- */

static void restart(aatgs_rows *r, uint64_t first, uint64_t last)
{
  r->first = first;
  r->last = last;
  r->it = NULL;
  r->count = r->at = r->record = 0;
  r->before = 0;
  r->watch = (aatgs_decisions){0};
  r->table = 0;
  r->column = UINT32_MAX;
  r->snapshot = first ? first - 1 : 0;
  r->tick_ready = r->marks_done = r->gap_due = r->failure_due = r->iterations_done = false;
  r->next_tick = r->next_mark = 0;
}

int aatgs_rows_open(aatgs_relations *relations, aatgs_relation_kind kind, const bool *wanted,
                    uint64_t first, uint64_t last, uint32_t threads, aatgs_rows **out)
{
  aatgs_rows *r = *out = calloc(1, sizeof *r);
  bool paths = false;
  int rc = 0;
  if (!r)
    return AATGS_ENOMEM;
  r->relations = relations;
  r->trace = relations->trace;
  r->info = aatgs_trace_get_info(r->trace);
  r->relation = &relations->at[kind];
  r->kind = kind;
  const aatgs_trace_want want = want_of(r, wanted, &paths);
  if (paths)
    rc = aatgs_paths_open(r->trace, &r->paths);
  restart(r, first, last);
  if (!rc && reads_iterations(kind))
    rc = aatgs_trace_stream_open(r->trace, &want, begin_of(r), last, threads, &r->stream);
  if (rc) {
    aatgs_rows_close(r);
    *out = NULL;
  }
  return rc;
}

int aatgs_rows_seek(aatgs_rows *rows, uint64_t first, uint64_t last)
{
  restart(rows, first, last);
  if (rows->paths)
    aatgs_paths_reset(rows->paths);
  return rows->stream ? aatgs_trace_stream_seek(rows->stream, begin_of(rows), last) : 0;
}

void aatgs_rows_close(aatgs_rows *rows)
{
  if (!rows)
    return;
  aatgs_trace_stream_close(rows->stream);
  aatgs_paths_close(rows->paths);
  free(rows->order);
  free(rows);
}

/* ---- Iterations and tasks ----------------------------------------------------------------- */

/* Moves to the next iteration, in the range or before it. */
static int any_iteration(aatgs_rows *r)
{
  r->before = r->it ? r->it->iteration : 0;
  if (r->at >= r->count) {
    r->it = NULL;
    r->at = 0;
    int rc = aatgs_trace_stream_next(r->stream, &r->rows, &r->count);
    if (rc != 1)
      return rc;
  }
  r->it = &r->rows[r->at++];
  return r->paths ? aatgs_paths_find(r->paths, r->it, &r->path) == 0 ? 1 : AATGS_ECORRUPT : 1;
}

static int next_iteration(aatgs_rows *r)
{
  int rc;
  do
    rc = any_iteration(r);
  while (rc == 1 && r->it->iteration < r->first);
  return rc;
}

static int use_graph(aatgs_rows *r)
{
  if (!r->it->graph || (r->graph && r->graph->number == r->it->graph))
    return 0;
  int rc = aatgs_trace_get_graph(r->trace, r->it->graph, &r->graph);
  if (rc)
    r->graph = NULL;
  return rc;
}

static int next_record(aatgs_rows *r)
{
  if (r->it && r->record + 1 < r->it->timing_count) {
    r->record++;
    return 1;
  }
  r->record = 0;
  int rc;
  do
    rc = next_iteration(r);
  while (rc == 1 && r->it->timing_count == 0);
  if (rc == 1 && (rc = use_graph(r)) == 0)
    rc = 1;
  return rc;
}

/* ---- Decisions ------------------------------------------------------------------------------ */

static int list_order(aatgs_rows *r)
{
  size_t size = 0;
  free(r->order);
  r->order = NULL;
  FILE *out = open_memstream(&r->order, &size);
  if (!out)
    return AATGS_ENOMEM;
  for (uint32_t i = 0; i < r->plan->task_count; i++) {
    uint32_t task = r->plan->task_at[i];
    fprintf(out, "%s%s", i ? " > " : "",
            task < r->graph->task_count ? r->graph->tasks[task].name : "?");
  }
  return fclose(out) ? AATGS_ENOMEM : 0;
}

static int next_decision(aatgs_rows *r)
{
  int rc;
  while ((rc = any_iteration(r)) == 1) {
    rc = aatgs_decisions_see(&r->watch, r->trace, r->it, &r->plan_before);
    if (rc < 0 || (rc && r->it->iteration >= r->first))
      break;
  }
  if (rc != 1)
    return rc;
  rc = aatgs_trace_get_plan(r->trace, r->it->plan, &r->plan);
  if (!rc)
    rc = use_graph(r);
  if (rc)
    return rc;
  rc = list_order(r);
  return rc ? rc : 1;
}

/* ---- Events ------------------------------------------------------------------------------------
 */

static int64_t clamp(uint64_t v)
{
  return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

static int emit(aatgs_rows *r, const char *kind, uint64_t iteration, uint64_t value)
{
  r->event = kind;
  r->event_iteration = iteration;
  r->event_value = clamp(value);
  r->has_value = true;
  r->has_time = false;
  r->event_text = NULL;
  return 1;
}

static int emit_tick(aatgs_rows *r)
{
  const aatgs_tick *t = &r->tick;
  r->tick_ready = false;
  emit(r, aatgs_tick_name(t->kind), t->before,
       t->kind == AATGS_TICK_TIME ? t->done_before : t->value);
  r->event_time = t->now_ns;
  r->has_time = true;
  return 1;
}

/* Loads the next tick of the range, if one is left. */
static int load_tick(aatgs_rows *r)
{
  while (!r->tick_ready) {
    int rc = aatgs_trace_get_tick(r->trace, r->next_tick, &r->tick);
    if (rc != 1)
      return rc;
    r->next_tick++;
    r->tick_ready = r->tick.before >= r->first;
  }
  r->tick_ready = r->tick.before <= r->last;
  return 0;
}

static int next_mark(aatgs_rows *r)
{
  aatgs_trace_mark mark;
  int rc;
  while ((rc = aatgs_trace_get_mark(r->trace, r->next_mark, &mark)) == 1) {
    r->next_mark++;
    if (mark.iteration && (mark.iteration < r->first || mark.iteration > r->last))
      continue;
    emit(r, aatgs_trace_mark_name(mark.kind), mark.iteration, mark.value);
    r->event_time = mark.at_ns;
    r->has_time = true;
    r->event_text = mark.text;
    return 1;
  }
  return rc;
}

static int emit_failure(aatgs_rows *r)
{
  int rc = use_graph(r);
  r->failure_due = false;
  if (rc)
    return rc;
  emit(r, "failed", r->it->iteration, r->it->detail);
  if (r->graph && r->it->detail < r->graph->task_count)
    r->event_text = r->graph->tasks[r->it->detail].name;
  return 1;
}

/* Marks first, then the rest in the order of iterations: ticks, gap, failure. */
static int next_event(aatgs_rows *r)
{
  int rc = r->marks_done ? 0 : next_mark(r);
  if (rc)
    return rc;
  r->marks_done = true;
  for (;;) {
    rc = load_tick(r);
    if (rc < 0)
      return rc;
    if (r->tick_ready && (r->iterations_done || (r->it && r->tick.before <= r->it->iteration)))
      return emit_tick(r);
    if (r->gap_due) {
      r->gap_due = false;
      return emit(r, "gap", r->before + 1, r->it->iteration - r->before - 1);
    }
    if (r->failure_due)
      return emit_failure(r);
    if (r->iterations_done)
      return 0;
    rc = next_iteration(r);
    if (rc < 0)
      return rc;
    r->iterations_done = rc == 0;
    r->gap_due = rc && r->before && r->it->iteration > r->before + 1;
    r->failure_due = rc && r->it->status != 0;
  }
}

/* ---- Snapshots and schema ---------------------------------------------------------------------
 */

static int next_snapshot(aatgs_rows *r)
{
  int rc = aatgs_trace_next_snapshot(r->trace, r->snapshot + 1, &r->snapshot);
  return rc == 1 && r->snapshot > r->last ? 0 : rc;
}

static int next_column(aatgs_rows *r)
{
  r->column++;
  if (r->column >= r->relations->at[r->table].count) {
    r->column = 0;
    r->table++;
  }
  return r->table < AATGS_RELATIONS;
}

int aatgs_rows_next(aatgs_rows *rows)
{
  switch (rows->kind) {
  case AATGS_REL_ITERATION: return next_iteration(rows);
  case AATGS_REL_TASK: return next_record(rows);
  case AATGS_REL_DECISION: return next_decision(rows);
  case AATGS_REL_EVENT: return next_event(rows);
  case AATGS_REL_SNAPSHOT: return next_snapshot(rows);
  default: return next_column(rows);
  }
}

/* ---- Values
 * --------------------------------------------------------------------------------------- */

static aatgs_datum null(void)
{
  return (aatgs_datum){.kind = AATGS_DATUM_NULL};
}

static aatgs_datum real(double v)
{
  return isnan(v) ? null() : (aatgs_datum){.kind = AATGS_DATUM_REAL, .real = v};
}

static aatgs_datum number(uint64_t v)
{
  if (v > INT64_MAX)
    return real((double)v);
  return (aatgs_datum){.kind = AATGS_DATUM_INTEGER, .integer = (int64_t)v};
}

static aatgs_datum text(const char *v)
{
  return v ? (aatgs_datum){.kind = AATGS_DATUM_TEXT, .text = v} : null();
}

static aatgs_datum field_datum(const aatgs_relation_column *c, const aatgs_iteration *it)
{
  const uint8_t *payload = c->config ? it->config : it->telemetry;
  if (!payload)
    return null();
  if (c->field->type == AATGS_U64) {
    uint64_t v;
    memcpy(&v, payload + c->field->offset + 8 * c->index, sizeof v);
    return number(v);
  }
  double v = aatgs_field_get(c->field, payload, c->index);
  if (c->field->type == AATGS_F32)
    return real(v);
  return (aatgs_datum){.kind = AATGS_DATUM_INTEGER, .integer = (int64_t)v};
}

static aatgs_datum iteration_datum(const aatgs_rows *r, uint32_t id)
{
  const aatgs_iteration *it = r->it;
  switch (id) {
  case AATGS_COL_ITERATION: return number(it->iteration);
  case AATGS_COL_GRAPH: return number(it->graph);
  case AATGS_COL_PLAN: return number(it->plan);
  case AATGS_COL_STATUS: return number(it->status);
  case AATGS_COL_DETAIL: return number(it->detail);
  case AATGS_COL_POSTED: return number(it->posted_ns);
  case AATGS_COL_START: return number(it->start_ns);
  case AATGS_COL_END: return number(it->end_ns);
  case AATGS_COL_SEEN: return number(it->seen_ns);
  case AATGS_COL_ROUND_TRIP:
    return number(it->seen_ns > it->posted_ns ? it->seen_ns - it->posted_ns : 0);
  case AATGS_COL_END_TO_END:
    return number(it->end_ns > it->start_ns ? it->end_ns - it->start_ns : 0);
  case AATGS_COL_BUS:
  case AATGS_COL_DEPENDENCIES:
  case AATGS_COL_WORKERS:
  case AATGS_COL_COMPUTING: return number(r->path.ns[id - AATGS_COL_BUS]);
  case AATGS_COL_DONE_BEFORE: return number(it->done_before);
  case AATGS_COL_CONFIG_WAITING: return number(it->config_waiting);
  case AATGS_COL_TELEMETRY_WAITING: return number(it->telemetry_waiting);
  case AATGS_COL_RECORDS: return number(it->timing_count);
  default: return null();
  }
}

static aatgs_datum task_datum(const aatgs_rows *r, uint32_t id)
{
  const aatgs_timing *t = &r->it->timings[r->record];
  const aatgs_trace_task *task =
      r->graph && t->task < r->graph->task_count ? &r->graph->tasks[t->task] : NULL;
  switch (id) {
  case AATGS_COL_TASK: return number(t->task);
  case AATGS_COL_NAME: return text(task ? task->name : NULL);
  case AATGS_COL_TYPE:
    return text(task && task->type < r->info->type_count ? r->info->types[task->type].name : NULL);
  case AATGS_COL_PART: return number(t->part);
  case AATGS_COL_FINISH: return number(task && t->part >= task->parts);
  case AATGS_COL_WORKER: return number(t->worker);
  case AATGS_COL_TASK_START: return number(t->start_ns);
  case AATGS_COL_DURATION: return number(t->duration_ns);
  case AATGS_COL_TASK_END: return number(t->start_ns + t->duration_ns);
  case AATGS_COL_OFFSET:
    return (aatgs_datum){.kind = AATGS_DATUM_INTEGER,
                         .integer = (int64_t)(t->start_ns - r->it->start_ns)};
  case AATGS_COL_DIGEST: return number(t->digest);
  default: return iteration_datum(r, id);
  }
}

static aatgs_datum decision_datum(const aatgs_rows *r, uint32_t id)
{
  switch (id) {
  case AATGS_COL_PLAN_BEFORE: return r->plan_before ? number(r->plan_before) : null();
  case AATGS_COL_RULE: return text(aatgs_decisions_rule(&r->watch, r->it->graph));
  case AATGS_COL_ORDER: return text(r->order);
  default: return iteration_datum(r, id);
  }
}

static aatgs_datum event_datum(const aatgs_rows *r, uint32_t id)
{
  switch (id) {
  case AATGS_COL_ITERATION: return number(r->event_iteration);
  case AATGS_COL_KIND: return text(r->event);
  case AATGS_COL_TIME: return r->has_time ? number(r->event_time) : null();
  case AATGS_COL_VALUE:
    return (aatgs_datum){.kind = AATGS_DATUM_INTEGER, .integer = r->event_value};
  default: return text(r->event_text);
  }
}

static aatgs_datum schema_datum(const aatgs_rows *r, uint32_t id)
{
  static const char *const types[] = {"NULL", "INTEGER", "REAL", "TEXT"};
  const aatgs_relation_column *c = &r->relations->at[r->table].columns[r->column];
  switch (id) {
  case AATGS_COL_TABLE: return text(r->relations->at[r->table].name);
  case AATGS_COL_COLUMN: return text(c->name);
  case AATGS_COL_SQL_TYPE: return text(types[c->kind]);
  case AATGS_COL_UNIT: return text(c->unit);
  case AATGS_COL_HELP: return text(c->help);
  case AATGS_COL_SOURCE: return text(!c->field ? "run" : c->config ? "config" : "telemetry");
  case AATGS_COL_MINIMUM: return c->field ? real(c->field->minimum) : null();
  case AATGS_COL_MAXIMUM: return c->field ? real(c->field->maximum) : null();
  default: return c->field && c->config ? real(c->field->initial) : null();
  }
}

aatgs_datum aatgs_rows_datum(const aatgs_rows *rows, uint32_t column)
{
  const aatgs_relation_column *c = &rows->relation->columns[column];
  if (c->field)
    return field_datum(c, rows->it);
  switch (rows->kind) {
  case AATGS_REL_ITERATION: return iteration_datum(rows, c->id);
  case AATGS_REL_TASK: return task_datum(rows, c->id);
  case AATGS_REL_DECISION: return decision_datum(rows, c->id);
  case AATGS_REL_EVENT: return event_datum(rows, c->id);
  case AATGS_REL_SNAPSHOT:
    return number(c->id == AATGS_COL_BYTES ? aatgs_info_snapshot_bytes(rows->info)
                                           : rows->snapshot);
  default: return schema_datum(rows, c->id);
  }
}
