/* A piece of a trace as a trace of its own. */
#include <inttypes.h>

#include "trace/care.h"
#include "trace/copy.h"
#include "trace/digest.h"
#include "trace/reader.h"

int aatgs_copy_open(aatgs_copy *c, const char *out, const aatgs_trace_info *info,
                    const uint8_t *const *inputs, aatgs_trace_report *report, aatgs_error *error)
{
  const aatgs_trace_writer_options o = {
      .dir = out, .info = info, .inputs = inputs, .zstd_level = 3, .graphs_max = 1, .plans_max = 1};
  *c = (aatgs_copy){.report = report, .telemetry_bytes = info->telemetry_bytes};
  *report = (aatgs_trace_report){.inputs = info->input_count};
  return aatgs_trace_writer_open(&o, &c->w, error);
}

int aatgs_copy_iteration(aatgs_copy *c, const aatgs_iteration *it)
{
  aatgs_trace_report *r = c->report;
  int rc = aatgs_trace_write_iteration(c->w, it);
  if (rc)
    return rc;
  r->lost += c->expected && it->iteration > c->expected ? it->iteration - c->expected : 0;
  c->expected = it->iteration + 1;
  r->first = r->iterations ? r->first : it->iteration;
  r->last = it->iteration;
  r->iterations++;
  r->timings += it->timing_count;
  r->digest = aatgs_digest_iteration(r->digest, it, c->telemetry_bytes);
  return 0;
}

int aatgs_copy_tick(aatgs_copy *c, const aatgs_tick *tick)
{
  c->report->ticks++;
  return aatgs_trace_write_tick(c->w, tick);
}

int aatgs_copy_mark(aatgs_copy *c, const aatgs_trace_mark *mark)
{
  c->report->marks++;
  return aatgs_trace_write_mark(c->w, mark);
}

int aatgs_copy_snapshot(aatgs_copy *c, uint64_t at, const uint8_t *bytes, size_t size)
{
  c->report->snapshots++;
  if (!c->expected)
    c->expected = at;
  return aatgs_trace_write_snapshot(c->w, at, bytes, size);
}

int aatgs_copy_close(aatgs_copy *c, int rc, aatgs_error *error)
{
  aatgs_error e;
  int closed = aatgs_trace_writer_close(c->w, c->report->digest, c->report->lost, &e);
  c->report->closed = true;
  if (rc == 0 && closed && error)
    *error = e;
  return rc ? rc : closed;
}

/* ---- Trimming ---------------------------------------------------------------------- */

typedef struct trimmer {
  aatgs_trace *t;
  aatgs_copy copy;
  uint64_t last;
  uint64_t snapshot; /* iteration of the next one; UINT64_MAX: none */
  uint64_t tick;     /* index of the next one */
  uint32_t graph;    /* tables copied last */
  uint32_t plan;
  aatgs_error *error;
} trimmer;

/* Keeps the writer's or the reader's sentence. */
static int from_writer(trimmer *m, int rc)
{
  if (rc < 0 && m->error)
    *m->error = *aatgs_trace_writer_error(m->copy.w);
  return rc;
}

static int from_reader(trimmer *m, int rc)
{
  if (rc < 0 && m->error)
    *m->error = *aatgs_trace_error(m->t);
  return rc;
}

/* Has the next snapshot from `iteration` on as the one to copy. */
static int find_snapshot(trimmer *m, uint64_t iteration)
{
  int rc = from_reader(m, aatgs_trace_next_snapshot(m->t, iteration, &m->snapshot));
  if (rc == 0)
    m->snapshot = UINT64_MAX;
  return rc < 0 ? rc : 0;
}

static int copy_tables(trimmer *m, const aatgs_iteration *it)
{
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  int rc = 0;
  if (it->graph != m->graph) {
    rc = from_reader(m, aatgs_trace_get_graph(m->t, it->graph, &g));
    if (!rc)
      rc = from_writer(m, aatgs_trace_write_graph(m->copy.w, g));
    m->graph = it->graph;
  }
  if (!rc && it->plan != m->plan) {
    rc = from_reader(m, aatgs_trace_get_plan(m->t, it->plan, &p));
    if (!rc)
      rc = from_writer(m, aatgs_trace_write_plan(m->copy.w, p));
    m->plan = it->plan;
  }
  return rc;
}

static int copy_snapshot(trimmer *m)
{
  const uint8_t *bytes;
  size_t size;
  uint64_t at;
  int rc = from_reader(m, aatgs_trace_get_snapshot(m->t, m->snapshot, &at, &bytes, &size));
  return rc ? rc : from_writer(m, aatgs_copy_snapshot(&m->copy, at, bytes, size));
}

/* Snapshots and ticks that belong before iteration `next`. */
static int copy_before(trimmer *m, uint64_t next, uint64_t first)
{
  aatgs_tick tick;
  int rc = 0;
  while (!rc && m->snapshot <= next) {
    rc = copy_snapshot(m);
    if (!rc)
      rc = find_snapshot(m, m->snapshot + 1);
  }
  if (rc)
    return rc;
  while ((rc = aatgs_trace_get_tick(m->t, m->tick, &tick)) == 1 && tick.before <= next) {
    rc = tick.before < first ? 0 : from_writer(m, aatgs_copy_tick(&m->copy, &tick));
    m->tick++;
    if (rc)
      return rc;
  }
  return from_reader(m, rc < 0 ? rc : 0);
}

static int copy_range(trimmer *m, uint64_t first)
{
  aatgs_iteration it;
  int rc = aatgs_trace_seek(m->t, first);
  while (!rc) {
    rc = from_reader(m, aatgs_trace_next(m->t, &it));
    if (rc != 1 || it.iteration > m->last)
      return rc < 0 ? rc : 0;
    rc = copy_before(m, it.iteration, first);
    if (!rc)
      rc = copy_tables(m, &it);
    if (!rc)
      rc = from_writer(m, aatgs_copy_iteration(&m->copy, &it));
  }
  return rc;
}

static int copy_marks(trimmer *m, uint64_t first)
{
  aatgs_trace_mark mark;
  int rc;
  for (uint64_t i = 0; (rc = from_reader(m, aatgs_trace_get_mark(m->t, i, &mark))) == 1; i++)
    if (mark.iteration >= first && mark.iteration <= m->last &&
        (rc = from_writer(m, aatgs_copy_mark(&m->copy, &mark))))
      return rc;
  return rc;
}

static int copy_all(trimmer *m, uint64_t first)
{
  int rc = find_snapshot(m, first);
  if (!rc)
    rc = copy_range(m, first);
  return rc ? rc : copy_marks(m, first);
}

static int trim(trimmer *m, uint64_t first, const char *out, aatgs_trace_report *report)
{
  const aatgs_trace_info *info = aatgs_trace_get_info(m->t);
  const uint8_t *inputs[AATGS_INPUTS_MAX];
  size_t size;
  uint64_t at;
  aatgs_pages *pages;
  aatgs_iteration it;
  int rc = 0;
  for (uint32_t i = 0; !rc && i < info->input_count; i++)
    rc = from_reader(m, aatgs_trace_get_input(m->t, i, &inputs[i], &size));
  if (!rc)
    rc = from_reader(m, aatgs_trace_seek(m->t, first));
  if (!rc)
    rc = from_reader(m, aatgs_trace_next(m->t, &it));
  if (rc < 0)
    return rc;
  if (rc == 0 || it.iteration > m->last)
    return aatgs_error_set(m->error, AATGS_EINVAL, 0,
                           "%s: there is no iteration from %" PRIu64 " to %" PRIu64
                           "; see `aatgs info`",
                           m->t->dir, first, m->last);
  rc = aatgs_trace_find_snapshot(m->t, first, &pages, &at);
  if (rc && rc != AATGS_ENOTFOUND)
    return from_reader(m, rc);
  const bool known = rc == 0;
  if (known && at < first) {
    /* What lies between may be lost: then the copy begins without. */
    rc = from_reader(m, aatgs_trace_seek(m->t, at));
    rc = rc ? rc : from_reader(m, aatgs_trace_next(m->t, &it));
    if (rc < 0)
      return rc;
    first = it.iteration == at ? at : first;
  }
  rc = aatgs_copy_open(&m->copy, out, info, inputs, report, m->error);
  if (rc)
    return rc;
  rc = aatgs_copy_close(&m->copy, copy_all(m, first), m->error);
  if (rc)
    aatgs_trace_remove(out, NULL);
  return rc;
}

int aatgs_trace_copy_range(aatgs_trace *trace, uint64_t first, uint64_t last, const char *out,
                           aatgs_trace_report *report, aatgs_error *error)
{
  trimmer m = {.t = trace, .last = last, .error = error};
  *report = (aatgs_trace_report){0};
  return trim(&m, first, out, report);
}

int aatgs_trace_trim(const char *dir, uint64_t first, uint64_t last, const char *out,
                     aatgs_trace_report *report, aatgs_error *error)
{
  aatgs_trace *t;
  *report = (aatgs_trace_report){0};
  int rc = aatgs_trace_open(dir, &t, error);
  if (!rc)
    rc = aatgs_trace_copy_range(t, first, last, out, report, error);
  aatgs_trace_close(t);
  return rc;
}
