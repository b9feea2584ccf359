/* One column of a trace, without decoding the others. */
#include "trace/field.h"
#include "trace/reader.h"

typedef struct scanner {
  aatgs_trace *t;
  const aatgs_trace_column *column;
  aatgs_chunk chunk;
  aatgs_bytes numbers; /* room for the two arrays that are handed out */
} scanner;

static bool is_field(const aatgs_trace_column *c)
{
  return c->source == AATGS_SOURCE_CONFIG || c->source == AATGS_SOURCE_TELEMETRY;
}

static aatgs_trace_want want_of(const aatgs_trace_column *c)
{
  static const uint32_t members[] = {
      [AATGS_SOURCE_GRAPH] = AATGS_WANT_GRAPH,
      [AATGS_SOURCE_PLAN] = AATGS_WANT_PLAN,
      [AATGS_SOURCE_STATUS] = AATGS_WANT_STATUS,
      [AATGS_SOURCE_POSTED_NS] = AATGS_WANT_POSTED_NS,
      [AATGS_SOURCE_START_NS] = AATGS_WANT_START_NS,
      [AATGS_SOURCE_END_NS] = AATGS_WANT_END_NS,
      [AATGS_SOURCE_SEEN_NS] = AATGS_WANT_SEEN_NS,
      [AATGS_SOURCE_TIMINGS] = AATGS_WANT_TIMING_COUNT,
  };
  aatgs_trace_want want = {0};
  if (is_field(c))
    aatgs_trace_want_field(&want, c->field, c->index, c->source == AATGS_SOURCE_CONFIG);
  else
    want.members = members[c->source];
  return want;
}

static double value_of(const aatgs_trace_column *c, const aatgs_iteration *it)
{
  switch (c->source) {
  case AATGS_SOURCE_GRAPH: return it->graph;
  case AATGS_SOURCE_PLAN: return it->plan;
  case AATGS_SOURCE_STATUS: return it->status;
  case AATGS_SOURCE_POSTED_NS: return (double)it->posted_ns;
  case AATGS_SOURCE_START_NS: return (double)it->start_ns;
  case AATGS_SOURCE_END_NS: return (double)it->end_ns;
  case AATGS_SOURCE_SEEN_NS: return (double)it->seen_ns;
  case AATGS_SOURCE_TIMINGS: return it->timing_count;
  case AATGS_SOURCE_CONFIG: return aatgs_field_get(c->field, it->config, c->index);
  case AATGS_SOURCE_TELEMETRY: return aatgs_field_get(c->field, it->telemetry, c->index);
  }
  return 0;
}

/* Hands out the rows of the chunk that lie in first..last. */
static int hand_out(scanner *s, uint64_t first, uint64_t last, aatgs_trace_visit visit, void *user)
{
  const aatgs_iteration *rows = s->chunk.iterations;
  size_t from = 0, to = s->chunk.header.iterations;
  while (from < to && rows[from].iteration < first)
    from++;
  while (to > from && rows[to - 1].iteration > last)
    to--;
  size_t n = to - from;
  s->numbers.size = 0;
  uint64_t *iterations = (void *)aatgs_bytes_extend(&s->numbers, 2 * n * sizeof *iterations);
  if (!iterations)
    return aatgs_trace_failed(s->t, AATGS_ENOMEM, "no memory to scan a column");
  double *values = (double *)(void *)(iterations + n);
  for (size_t i = 0; i < n; i++) {
    iterations[i] = rows[from + i].iteration;
    values[i] = value_of(s->column, &rows[from + i]);
  }
  return n ? visit(user, iterations, values, n) : 0;
}

static int scan(scanner *s, uint64_t first, uint64_t last, aatgs_trace_visit visit, void *user)
{
  aatgs_trace *t = s->t;
  uint64_t previous = 0;
  while (first <= last) {
    aatgs_value_header h;
    const char *why;
    int rc = aatgs_trace_find_chunk(t, first, &h);
    if (rc != 1 || h.extra > last)
      return rc < 0 ? rc : 0;
    rc = aatgs_chunk_unpack(&s->chunk, t->codec, t->value.data, &h, t->info.config_bytes,
                            t->info.telemetry_bytes, &why);
    if (rc)
      return aatgs_trace_chunk_failed(t, rc, &h, why);
    rc = aatgs_trace_check_order(t, previous, &s->chunk.header, h.extra);
    if (!rc)
      rc = hand_out(s, first, last, visit, user);
    if (rc || h.number == UINT64_MAX)
      return rc;
    previous = h.kind == AATGS_KIND_TAIL ? 0 : h.number;
    first = h.number + 1;
  }
  return 0;
}

int aatgs_trace_scan(aatgs_trace *trace, const aatgs_trace_column *column, uint64_t first,
                     uint64_t last, aatgs_trace_visit visit, void *user)
{
  if (column->source < AATGS_SOURCE_GRAPH || column->source > AATGS_SOURCE_TELEMETRY ||
      (is_field(column) && (!column->field || column->index >= column->field->count)))
    return aatgs_trace_failed(trace, AATGS_EINVAL, "there is no such column");
  const aatgs_trace_want want = want_of(column);
  scanner s = {.t = trace, .column = column, .chunk.want = &want};
  int rc = scan(&s, first ? first : 1, last, visit, user);
  aatgs_bytes_free(&s.numbers);
  aatgs_chunk_free(&s.chunk);
  return rc;
}
