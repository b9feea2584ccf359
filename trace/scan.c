/* One column of a trace, without decoding the others. */
#include "trace/field.h"
#include "trace/reader.h"

typedef struct scanner {
  aatgs_trace *t;
  const aatgs_trace_column *column;
  aatgs_value_header h;
  aatgs_chunk_header header;
  uint32_t columns; /* in the directory */
  const char *why;
  /* Working memory: numbers of the rows, then three columns. */
  aatgs_bytes numbers;
  uint64_t *iterations;
  uint64_t *values[3];
  double *result;
} scanner;

static int bad(scanner *s, const char *why)
{
  s->why = why;
  return AATGS_ECORRUPT;
}

static aatgs_column_entry entry_of(const scanner *s, uint32_t column)
{
  aatgs_column_entry e;
  memcpy(&e, s->t->raw.data + sizeof s->header + column * sizeof e, sizeof e);
  return e;
}

/* ---- Loading ------------------------------------------------------------------------ */

static int unpack(scanner *s, uint64_t wanted)
{
  aatgs_trace *t = s->t;
  int rc = aatgs_value_unpack(t->codec, t->value.data, &s->h, AATGS_CHUNK_BYTES_MAX, wanted,
                              &t->raw, &s->why);
  t->raw.failed = false;
  return rc;
}

/* Header and directory first, then as much as the column asks for. */
static int load(scanner *s, uint32_t last_column)
{
  uint64_t directory = sizeof s->header + s->columns * sizeof(aatgs_column_entry);
  if (s->h.raw_bytes < directory)
    return bad(s, "the chunk ends before its columns");
  int rc = unpack(s, directory);
  if (rc)
    return rc;
  memcpy(&s->header, s->t->raw.data, sizeof s->header);
  const aatgs_chunk_header *h = &s->header;
  if (h->iterations == 0 || h->iterations > AATGS_CHUNK_ITERATIONS_MAX || h->config_rows == 0 ||
      h->config_rows > h->iterations || h->config_words != s->t->info.config_bytes / 4 ||
      h->telemetry_words != s->t->info.telemetry_bytes / 4)
    return bad(s, "the chunk's header claims what cannot be");
  uint64_t end = directory + h->link_bytes;
  for (uint32_t c = 0; c <= last_column; c++)
    end += entry_of(s, c).bytes;
  if (end > s->h.raw_bytes)
    return bad(s, "a column reaches beyond the chunk");
  return unpack(s, end);
}

static bool make_room(scanner *s)
{
  size_t n = s->header.iterations;
  s->numbers.size = 0;
  uint64_t *at = (uint64_t *)(void *)aatgs_bytes_extend(&s->numbers, 5 * n * sizeof *at);
  if (!at)
    return false;
  s->iterations = at;
  for (int i = 0; i < 3; i++)
    s->values[i] = at + (size_t)(i + 1) * n;
  s->result = (double *)(void *)(at + 4 * n);
  return true;
}

/* ---- Decoding ----------------------------------------------------------------------- */

static int decode(scanner *s, uint32_t column, const uint64_t *reference, size_t count,
                  unsigned width, uint64_t *values)
{
  uint64_t at = sizeof s->header + s->columns * sizeof(aatgs_column_entry) + s->header.link_bytes;
  for (uint32_t c = 0; c < column; c++)
    at += entry_of(s, c).bytes;
  const aatgs_column_entry e = entry_of(s, column);
  if (!aatgs_column_decode(&e, s->t->raw.data + at, reference, count, width, values))
    return bad(s, "a column does not decode");
  return 0;
}

/* A column of the iteration itself, into values[0]. */
static int decode_own(scanner *s, uint32_t column)
{
  static const struct {
    uint32_t column;
    uint32_t reference; /* the chain of times starts with POSTED */
  } times[] = {{AATGS_COLUMN_START, AATGS_COLUMN_POSTED},
               {AATGS_COLUMN_END, AATGS_COLUMN_START},
               {AATGS_COLUMN_SEEN, AATGS_COLUMN_END}};
  size_t n = s->header.iterations;
  bool time = column >= AATGS_COLUMN_POSTED && column <= AATGS_COLUMN_SEEN;
  if (!time)
    return decode(s, column, NULL, n, 4, s->values[0]);
  int rc = decode(s, AATGS_COLUMN_POSTED, NULL, n, 8, s->values[0]);
  for (size_t i = 0; !rc && i < 3 && times[i].column <= column; i++) {
    uint64_t *from = s->values[0];
    rc = decode(s, times[i].column, from, n, 8, s->values[1]);
    s->values[0] = s->values[1];
    s->values[1] = from;
  }
  return rc;
}

/* Words of a payload, into values[0]: the one at `word`, and for wide fields the next above it. */
static int decode_words(scanner *s, uint32_t first, uint32_t word, bool wide, size_t count)
{
  int rc = decode(s, first + word, NULL, count, 4, s->values[0]);
  if (rc || !wide)
    return rc;
  rc = decode(s, first + word + 1, NULL, count, 4, s->values[1]);
  for (size_t i = 0; !rc && i < count; i++)
    s->values[0][i] |= s->values[1][i] << 32;
  return rc;
}

static int config_rows(scanner *s, uint32_t word, bool wide)
{
  size_t n = s->header.iterations;
  uint64_t *row = s->values[2];
  int rc = decode(s, AATGS_COLUMN_ROW, NULL, n, 4, row);
  if (!rc)
    rc = decode_words(s, AATGS_COLUMN_CONFIG, word, wide, s->header.config_rows);
  for (size_t i = 0; !rc && i < n; i++) {
    if (row[i] >= s->header.config_rows)
      return bad(s, "a config row is out of range");
    uint64_t v = s->values[0][row[i]];
    if (word == s->header.iteration_word)
      v = (v & ~(uint64_t)UINT32_MAX) | (uint32_t)(v + s->iterations[i]);
    else if (wide && word + 1 == s->header.iteration_word)
      v += s->iterations[i] << 32;
    row[i] = v;
  }
  s->values[2] = s->values[0];
  s->values[0] = row;
  return rc;
}

static int decode_field(scanner *s)
{
  const aatgs_trace_column *c = s->column;
  size_t size = aatgs_field_type_bytes(c->field->type);
  size_t at = c->field->offset + size * c->index;
  uint32_t word = (uint32_t)(at / 4), first = AATGS_COLUMN_CONFIG + s->header.config_words;
  int rc = c->source == AATGS_SOURCE_CONFIG
               ? config_rows(s, word, size == 8)
               : decode_words(s, first, word, size == 8, s->header.iterations);
  aatgs_field alone = *c->field;
  alone.offset = (uint16_t)(at % 4);
  for (size_t i = 0; !rc && i < s->header.iterations; i++)
    s->result[i] = aatgs_field_get(&alone, &s->values[0][i], 0);
  return rc;
}

static const uint32_t own_column[] = {
    [AATGS_SOURCE_GRAPH] = AATGS_COLUMN_GRAPH,    [AATGS_SOURCE_PLAN] = AATGS_COLUMN_PLAN,
    [AATGS_SOURCE_STATUS] = AATGS_COLUMN_STATUS,  [AATGS_SOURCE_POSTED_NS] = AATGS_COLUMN_POSTED,
    [AATGS_SOURCE_START_NS] = AATGS_COLUMN_START, [AATGS_SOURCE_END_NS] = AATGS_COLUMN_END,
    [AATGS_SOURCE_SEEN_NS] = AATGS_COLUMN_SEEN,   [AATGS_SOURCE_TIMINGS] = AATGS_COLUMN_TIMINGS,
};

static bool is_field(const aatgs_trace_column *c)
{
  return c->source == AATGS_SOURCE_CONFIG || c->source == AATGS_SOURCE_TELEMETRY;
}

/* The last column of the directory that this one needs. */
static uint32_t last_needed(const aatgs_trace *t, const aatgs_trace_column *c)
{
  if (!is_field(c))
    return own_column[c->source];
  size_t size = aatgs_field_type_bytes(c->field->type);
  uint32_t word = (uint32_t)((c->field->offset + size * c->index + size - 1) / 4);
  uint32_t first = AATGS_COLUMN_CONFIG;
  if (c->source == AATGS_SOURCE_TELEMETRY)
    first += t->info.config_bytes / 4;
  return first + word;
}

static int decode_column(scanner *s)
{
  size_t n = s->header.iterations;
  int rc = decode(s, AATGS_COLUMN_ITERATION, NULL, n, 8, s->iterations);
  for (size_t i = 1; !rc && i < n; i++)
    if (s->iterations[i] <= s->iterations[i - 1])
      return bad(s, "the iterations are out of order");
  if (!rc && (s->iterations[0] != s->h.extra || s->iterations[n - 1] != s->h.number))
    return bad(s, "the iterations are not those its key names");
  if (!rc && is_field(s->column))
    return decode_field(s);
  if (!rc)
    rc = decode_own(s, own_column[s->column->source]);
  for (size_t i = 0; !rc && i < n; i++)
    s->result[i] = (double)s->values[0][i];
  return rc;
}

/* ---- The scan ----------------------------------------------------------------------- */

static int scan(scanner *s, uint64_t first, uint64_t last, aatgs_trace_visit visit, void *user)
{
  uint64_t previous = 0;
  uint32_t needed = last_needed(s->t, s->column);
  while (first <= last) {
    int rc = aatgs_trace_find_chunk(s->t, first, &s->h);
    if (rc != 1 || s->h.extra > last)
      return rc < 0 ? rc : 0;
    rc = load(s, needed);
    if (!rc && !make_room(s)) {
      s->numbers.failed = false;
      return aatgs_trace_failed(s->t, AATGS_ENOMEM, "no memory to scan a column");
    }
    if (!rc)
      rc = decode_column(s);
    if (rc)
      return aatgs_trace_chunk_failed(s->t, rc, &s->h, s->why);
    rc = aatgs_trace_check_order(s->t, previous, &s->header, s->h.extra);
    if (rc)
      return rc;
    previous = s->h.kind == AATGS_KIND_TAIL ? 0 : s->h.number;
    size_t from = 0, to = s->header.iterations;
    while (s->iterations[from] < first)
      from++;
    while (to > from && s->iterations[to - 1] > last)
      to--;
    rc = to > from ? visit(user, s->iterations + from, s->result + from, to - from) : 0;
    if (rc || s->h.number == UINT64_MAX)
      return rc;
    first = s->h.number + 1;
  }
  return 0;
}

int aatgs_trace_scan(aatgs_trace *trace, const aatgs_trace_column *column, uint64_t first,
                     uint64_t last, aatgs_trace_visit visit, void *user)
{
  scanner s = {.t = trace, .column = column};
  s.columns = AATGS_ITERATION_COLUMNS + trace->info.config_bytes / 4 +
              trace->info.telemetry_bytes / 4 + (uint32_t)AATGS_TIMING_COLUMNS;
  if (column->source < AATGS_SOURCE_GRAPH || column->source > AATGS_SOURCE_TELEMETRY ||
      (is_field(column) && (!column->field || column->index >= column->field->count)))
    return aatgs_trace_failed(trace, AATGS_EINVAL, "there is no such column");
  int rc = scan(&s, first ? first : 1, last, visit, user);
  aatgs_bytes_free(&s.numbers);
  return rc;
}
