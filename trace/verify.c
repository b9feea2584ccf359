#include <inttypes.h>
#include <stdarg.h>

#include "trace/care.h"
#include "trace/digest.h"
#include "trace/reader.h"
#include "trace/walk.h"

uint64_t aatgs_kind_cap(uint16_t kind)
{
  switch (kind) {
  case AATGS_KIND_INFO: return AATGS_INFO_BYTES_MAX;
  case AATGS_KIND_INPUT:
  case AATGS_KIND_SNAPSHOT: return AATGS_PIECE_BYTES;
  case AATGS_KIND_GRAPH:
  case AATGS_KIND_PLAN: return AATGS_TABLE_BYTES_MAX;
  case AATGS_KIND_CLOSED: return sizeof(aatgs_closed_record);
  case AATGS_KIND_MARK: return AATGS_MARK_BYTES_MAX;
  case AATGS_KIND_STATE: return sizeof(aatgs_state_record);
  case AATGS_KIND_CHUNK:
  case AATGS_KIND_TAIL: return AATGS_CHUNK_BYTES_MAX;
  case AATGS_KIND_TICKS: return 65536;
  default: return 0;
  }
}

typedef struct verifier {
  aatgs_trace *t;
  aatgs_trace_note note;
  void *user;
  aatgs_trace_report *report;
  aatgs_error first;
} verifier;

static void wrong(verifier *v, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

static void wrong(verifier *v, const char *format, ...)
{
  aatgs_error e = {AATGS_ECORRUPT, 0, ""};
  va_list args;
  va_start(args, format);
  vsnprintf(e.text, sizeof e.text, format, args);
  va_end(args);
  v->report->damaged++;
  if (!v->first.code)
    v->first = e;
  if (v->note)
    v->note(v->user, e.text);
}

/* ---- Values ------------------------------------------------------------------------ */

static void count_value(aatgs_trace_report *r, const aatgs_key *key)
{
  r->values++;
  r->chunks += key->kind == AATGS_KIND_CHUNK || key->kind == AATGS_KIND_TAIL;
  r->snapshots += key->kind == AATGS_KIND_SNAPSHOT && key->piece == 0;
  r->inputs += key->kind == AATGS_KIND_INPUT && key->piece == 0;
}

/* Decodes the value in t->value, all the way. */
static int decode(aatgs_trace *t, const aatgs_key *key)
{
  aatgs_value_header h;
  const char *why;
  aatgs_chunk chunk = {0};
  uint64_t cap = aatgs_kind_cap(key->kind);
  int rc = aatgs_trace_check_value(t, key, &h);
  if (rc || cap == 0)
    return rc; /* a kind of the future */
  if (key->kind == AATGS_KIND_CHUNK || key->kind == AATGS_KIND_TAIL)
    rc = aatgs_chunk_unpack(&chunk, t->codec, t->value.data, &h, t->info.config_bytes,
                            t->info.telemetry_bytes, &why);
  else
    rc = aatgs_value_unpack(t->codec, t->value.data, &h, cap, &t->raw, &why);
  t->raw.failed = false;
  aatgs_chunk_free(&chunk);
  if (rc)
    return aatgs_error_set(&t->error, rc, 0, "%s: value %u.%" PRIu64 ".%u: %s", t->dir, key->kind,
                           key->number, key->piece, why);
  return 0;
}

static int verify_file(verifier *v, aatgs_pages *pages, const char *name)
{
  aatgs_trace *t = v->t;
  aatgs_key key = {0, 0, 0};
  unsigned metas = aatgs_pages_metas(pages);
  if (metas < 2)
    wrong(v, "%s/%s: one of the two meta pages is damaged; the last commit may be missing", t->dir,
          name);
  do {
    int rc = aatgs_pages_seek(pages, &key, &t->value, AATGS_VALUE_BYTES_MAX, &t->error);
    if (rc == AATGS_ECORRUPT) {
      wrong(v, "%s", t->error.text);
      return 0; /* what comes behind it cannot be reached */
    }
    if (rc != 1)
      return rc;
    count_value(v->report, &key);
    v->report->bytes += t->value.size;
    rc = decode(t, &key);
    if (rc == AATGS_ECORRUPT)
      wrong(v, "%s", t->error.text);
    else if (rc)
      return rc;
  } while (aatgs_key_next(&key));
  return 0;
}

/* ---- The whole --------------------------------------------------------------------- */

static int check_tables(verifier *v, const aatgs_iteration *it, uint32_t *graph, uint32_t *plan)
{
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  if (it->graph != *graph) {
    int rc = aatgs_trace_get_graph(v->t, it->graph, &g);
    if (rc == AATGS_ENOTFOUND || rc == AATGS_ECORRUPT)
      wrong(v, "%s: iteration %" PRIu64 " ran graph %u, which is not there", v->t->dir,
            it->iteration, it->graph);
    else if (rc)
      return rc;
    *graph = it->graph;
  }
  if (it->plan != *plan) {
    int rc = aatgs_trace_get_plan(v->t, it->plan, &p);
    if (rc == AATGS_ENOTFOUND || rc == AATGS_ECORRUPT)
      wrong(v, "%s: iteration %" PRIu64 " ran by plan %u, which is not there", v->t->dir,
            it->iteration, it->plan);
    else if (rc)
      return rc;
    *plan = it->plan;
  }
  return 0;
}

static int verify_iterations(verifier *v)
{
  aatgs_iteration it;
  aatgs_trace_report *r = v->report;
  uint32_t graph = 0, plan = 0;
  int rc;
  while ((rc = aatgs_trace_next(v->t, &it)) == 1) {
    r->first = r->iterations ? r->first : it.iteration;
    r->last = it.iteration;
    r->iterations++;
    r->timings += it.timing_count;
    r->digest = aatgs_digest_iteration(r->digest, &it, v->t->info.telemetry_bytes);
    rc = check_tables(v, &it, &graph, &plan);
    if (rc)
      return rc;
  }
  if (rc == AATGS_ECORRUPT) {
    wrong(v, "%s", v->t->error.text);
    return 0;
  }
  return rc;
}

static int verify_rest(verifier *v)
{
  aatgs_trace *t = v->t;
  const uint8_t *bytes;
  size_t size;
  aatgs_tick tick;
  aatgs_trace_mark mark;
  int rc = 0;
  for (uint32_t i = 0; i < t->info.input_count && (!rc || rc == AATGS_ECORRUPT); i++) {
    rc = aatgs_trace_get_input(t, i, &bytes, &size);
    if (rc == AATGS_ECORRUPT)
      wrong(v, "%s", t->error.text);
    aatgs_bytes_free(&t->inputs[i]);
  }
  while ((rc = aatgs_trace_get_tick(t, v->report->ticks, &tick)) == 1)
    v->report->ticks++;
  if (rc == AATGS_ECORRUPT)
    wrong(v, "%s", t->error.text);
  while (rc >= 0 && (rc = aatgs_trace_get_mark(t, v->report->marks, &mark)) == 1)
    v->report->marks++;
  if (rc == AATGS_ECORRUPT && t->error.code == rc)
    wrong(v, "%s", t->error.text);
  return rc == AATGS_ECORRUPT ? 0 : rc;
}

static void verify_totals(verifier *v)
{
  const aatgs_trace_state *s = &v->t->state;
  const aatgs_trace_report *r = v->report;
  bool live = !s->closed && r->iterations > s->iterations;
  if (v->first.code || live)
    return;
  if (r->iterations != s->iterations || r->timings != s->timings || r->last != s->last)
    wrong(v,
          "%s: it holds %" PRIu64 " iterations up to %" PRIu64 ", but says %" PRIu64
          " up to %" PRIu64,
          v->t->dir, r->iterations, r->last, s->iterations, s->last);
}

static int verify_all(verifier *v)
{
  char name[32];
  aatgs_trace *t = v->t;
  int rc = verify_file(v, t->meta, AATGS_META_NAME);
  for (uint32_t i = 0; !rc && i < t->env_count; i++) {
    snprintf(name, sizeof name, AATGS_DATA_PREFIX "%0*u", AATGS_DATA_DIGITS, t->envs[i].number);
    rc = verify_file(v, t->envs[i].pages, name);
  }
  /* With values damaged, the rest would only say so again. */
  if (!rc && !v->first.code)
    rc = verify_iterations(v);
  v->report->graphs = t->graphs.size / sizeof(void *);
  v->report->plans = t->plans.size / sizeof(void *);
  if (!rc && !v->first.code)
    rc = verify_rest(v);
  verify_totals(v);
  return rc;
}

int aatgs_trace_verify(const char *dir, aatgs_trace_note note, void *user,
                       aatgs_trace_report *report, aatgs_error *error)
{
  verifier v = {.note = note, .user = user, .report = report};
  *report = (aatgs_trace_report){0};
  int rc = aatgs_trace_open(dir, &v.t, &v.first);
  if (!rc) {
    rc = verify_all(&v);
    report->closed = v.t->state.closed;
    report->lost = v.t->state.lost;
    if (rc)
      v.first = v.t->error;
    else
      rc = v.first.code;
  } else {
    report->damaged = rc == AATGS_ECORRUPT;
    if (note)
      note(user, v.first.text);
  }
  aatgs_trace_close(v.t);
  if (error)
    *error = v.first;
  return rc;
}
