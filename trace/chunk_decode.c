#include "trace/chunk.h"
#include "trace/field.h"
#include "trace/links.h"

/* What is being decoded. */
typedef struct decoder {
  aatgs_chunk *chunk;
  aatgs_value_reader value;
  const uint8_t *directory;
  const uint8_t *links;
  const uint8_t *at; /* the column that comes next */
  const uint8_t *end;
  uint32_t column;
  aatgs_trace_want want;
  const char *why;
} decoder;

static int bad(decoder *d, const char *why)
{
  d->why = why;
  return AATGS_ECORRUPT;
}

/* What is not wanted stays 0. */
static bool resize(void *array, size_t *room, size_t want, size_t size)
{
  void **p = array;
  if (want <= *room && *p)
    return true;
  void *q = calloc(want + 1, size);
  if (!q)
    return false;
  free(*p);
  *p = q;
  *room = want;
  return true;
}

static bool make_room(aatgs_chunk *c)
{
  size_t n = c->header.iterations, t = c->header.timings;
  size_t most = n > t ? n : t, room;
  if (n > c->room_iterations || !c->iterations) {
    room = 0;
    if (!resize(&c->iterations, &room, n, sizeof *c->iterations))
      return false;
    room = 0;
    if (!resize(&c->configs, &room, n, c->config_bytes + 1u))
      return false;
    room = 0;
    if (!resize(&c->telemetry, &room, n, c->telemetry_bytes + 1u))
      return false;
    c->room_iterations = n;
  }
  if (!resize(&c->timings, &c->room_timings, t, sizeof *c->timings))
    return false;
  if (most <= c->room_columns && c->column[0])
    return true;
  for (int i = 0; i < 4; i++) {
    room = 0;
    if (!resize(&c->column[i], &room, most, sizeof(uint64_t)))
      return false;
  }
  c->room_columns = most;
  return true;
}

/* ---- What is wanted -------------------------------------------------------------- */

#define OWN_BIT(column)    (1u << ((column)-AATGS_COLUMN_GRAPH))
#define TIMING_BIT(column) (1u << (16 + (column)))
#define ALL_MEMBERS        (AATGS_WANT_TIMINGS | ((1u << 12) - 1))

AATGS_STATIC_ASSERT(OWN_BIT(AATGS_COLUMN_TIMINGS) == AATGS_WANT_TIMING_COUNT, "own columns");
AATGS_STATIC_ASSERT(TIMING_BIT(AATGS_TIMING_DIGEST) == AATGS_WANT_DIGEST, "timing columns");

/* Adds what the wanted is derived from. */
static void complete_want(aatgs_trace_want *w)
{
  if (w->members & AATGS_WANT_TIMING_START_NS)
    w->members |= AATGS_WANT_DURATION_NS | AATGS_WANT_START_NS | AATGS_WANT_GRAPH;
  if (w->members & AATGS_WANT_TIMINGS)
    w->members |= AATGS_WANT_TIMING_COUNT;
  if (w->members & AATGS_WANT_SEEN_NS)
    w->members |= AATGS_WANT_END_NS;
  if (w->members & AATGS_WANT_END_NS)
    w->members |= AATGS_WANT_START_NS;
  if (w->members & AATGS_WANT_START_NS)
    w->members |= AATGS_WANT_POSTED_NS;
}

void aatgs_trace_want_field(aatgs_trace_want *want, const aatgs_field *field, uint32_t index,
                            bool config)
{
  size_t size = aatgs_field_type_bytes(field->type), at = field->offset + size * index;
  uint64_t words = UINT64_C(1) << (at / 4 % 64) | UINT64_C(1) << ((at + size - 1) / 4 % 64);
  if (config)
    want->config |= words;
  else
    want->telemetry |= (uint32_t)words;
}

/* ---- The parts before the columns ---------------------------------------------- */

/* Sees to it that the next `bytes` of the chunk are there, if it has as many. */
static int reach(decoder *d, size_t bytes)
{
  const uint8_t *raw = d->chunk->raw.data;
  const uint64_t from = (uint64_t)(d->at - raw);
  return aatgs_value_reach(&d->value, from, from + bytes, &d->why);
}

static int read_header(decoder *d)
{
  aatgs_chunk *c = d->chunk;
  aatgs_chunk_header *h = &c->header;
  const size_t directory =
      sizeof(aatgs_column_entry) * (AATGS_ITERATION_COLUMNS + c->config_bytes / 4 +
                                    c->telemetry_bytes / 4 + (size_t)AATGS_TIMING_COLUMNS);
  if (c->raw.size < sizeof *h + directory)
    return bad(d, "the chunk ends before its columns");
  int rc = reach(d, sizeof *h + directory);
  if (rc)
    return rc;
  memcpy(h, d->at, sizeof *h);
  if (h->iterations == 0 || h->iterations > AATGS_CHUNK_ITERATIONS_MAX ||
      h->timings > AATGS_CHUNK_TIMINGS_MAX || h->config_rows > h->iterations ||
      h->config_rows == 0 || h->links > AATGS_LINK_TABLES_MAX)
    return bad(d, "the chunk's header claims what cannot be");
  if (h->config_words != c->config_bytes / 4 || h->telemetry_words != c->telemetry_bytes / 4 ||
      (h->iteration_word != AATGS_NO_WORD && h->iteration_word >= h->config_words))
    return bad(d, "the chunk's payloads are not those of the trace");
  d->directory = d->at + sizeof *h;
  d->links = d->at = d->directory + directory;
  if (h->link_bytes > (size_t)(d->end - d->at))
    return bad(d, "the chunk ends before its columns");
  rc = reach(d, h->link_bytes);
  d->at += h->link_bytes;
  return rc;
}

/* Tables must be whole, each record once, predicted only from one that was worked out before. */
static int check_links(decoder *d)
{
  const aatgs_chunk_header *h = &d->chunk->header;
  aatgs_cursor cur = {d->links, d->links + h->link_bytes, false};
  for (uint32_t s = 0; s < h->links; s++) {
    bool done[AATGS_LINK_TIMINGS_MAX] = {false};
    aatgs_cursor_u32(&cur);
    uint32_t timings = aatgs_cursor_u32(&cur);
    if (cur.failed || timings > AATGS_LINK_TIMINGS_MAX)
      return bad(d, "a link table is too long");
    for (uint32_t k = 0; k < timings; k++) {
      uint32_t record = aatgs_cursor_u32(&cur), from = aatgs_cursor_u32(&cur);
      if (cur.failed || record >= timings || done[record] ||
          (from != AATGS_LINK_START && (from >= timings || !done[from])))
        return bad(d, "a link table is out of order");
      done[record] = true;
    }
  }
  return aatgs_cursor_left(&cur) ? bad(d, "the link tables do not fill their place") : 0;
}

static const uint8_t *table_of(const decoder *d, uint32_t graph, uint32_t timings)
{
  aatgs_cursor cur = {d->links, d->links + d->chunk->header.link_bytes, false};
  for (uint32_t s = 0; s < d->chunk->header.links; s++) {
    uint32_t g = aatgs_cursor_u32(&cur), n = aatgs_cursor_u32(&cur);
    const uint8_t *links = aatgs_cursor_take(&cur, n * sizeof(aatgs_link));
    if (g == graph && n == timings)
      return links;
  }
  return NULL;
}

/* ---- Columns --------------------------------------------------------------------- */

/* Decodes the column that comes next, or passes it by. */
static int next_column(decoder *d, bool wanted, const uint64_t *reference, size_t count,
                       unsigned width, uint64_t *values)
{
  aatgs_column_entry entry;
  memcpy(&entry, d->directory + d->column * sizeof entry, sizeof entry);
  if (entry.bytes > (size_t)(d->end - d->at))
    return bad(d, "a column reaches beyond the chunk");
  if (wanted) {
    const int rc = reach(d, entry.bytes);
    if (rc)
      return rc;
    if (!aatgs_column_decode(&entry, d->at, reference, count, width, values))
      return bad(d, "a column does not decode");
  }
  d->at += entry.bytes;
  d->column++;
  return 0;
}

static void set_u32(aatgs_iteration *it, aatgs_chunk_column column, uint64_t value)
{
  uint32_t v = (uint32_t)value;
  switch (column) {
  case AATGS_COLUMN_GRAPH: it->graph = v; break;
  case AATGS_COLUMN_PLAN: it->plan = v; break;
  case AATGS_COLUMN_STATUS: it->status = v; break;
  case AATGS_COLUMN_DETAIL: it->detail = v; break;
  case AATGS_COLUMN_CONFIG_WAITING: it->config_waiting = v; break;
  case AATGS_COLUMN_TELEMETRY_WAITING: it->telemetry_waiting = v; break;
  default: it->timing_count = v; break;
  }
}

static int u32_columns(decoder *d, aatgs_chunk_column first, aatgs_chunk_column last)
{
  aatgs_chunk *c = d->chunk;
  for (aatgs_chunk_column k = first; k <= last; k++) {
    bool wanted = d->want.members & OWN_BIT(k);
    int rc = next_column(d, wanted, NULL, c->header.iterations, 4, c->column[3]);
    if (rc)
      return rc;
    for (uint32_t i = 0; wanted && i < c->header.iterations; i++)
      set_u32(&c->iterations[i], k, c->column[3][i]);
  }
  return 0;
}

static void set_time(aatgs_iteration *it, aatgs_chunk_column column, uint64_t v)
{
  switch (column) {
  case AATGS_COLUMN_POSTED: it->posted_ns = v; break;
  case AATGS_COLUMN_START: it->start_ns = v; break;
  case AATGS_COLUMN_END: it->end_ns = v; break;
  default: it->seen_ns = v; break;
  }
}

/* POSTED, START, END, SEEN: each is the reference of the next. */
static int times(decoder *d)
{
  aatgs_chunk *c = d->chunk;
  size_t n = c->header.iterations;
  uint64_t *v = c->column[1], *before = NULL;
  for (aatgs_chunk_column k = AATGS_COLUMN_POSTED; k <= AATGS_COLUMN_SEEN; k++) {
    bool wanted = d->want.members & OWN_BIT(k);
    int rc = next_column(d, wanted, before, n, 8, v);
    if (rc)
      return rc;
    for (size_t i = 0; wanted && i < n; i++)
      set_time(&c->iterations[i], k, v[i]);
    before = v;
    v = v == c->column[1] ? c->column[2] : c->column[1];
  }
  return 0;
}

/* The iteration's own columns; column[0] keeps the numbers, column[3] ends as the rows. */
static int iteration_columns(decoder *d)
{
  aatgs_chunk *c = d->chunk;
  size_t n = c->header.iterations;
  bool done = d->want.members & AATGS_WANT_DONE_BEFORE;
  int rc = next_column(d, true, NULL, n, 8, c->column[0]);
  for (size_t i = 0; !rc && i < n; i++) {
    c->iterations[i].iteration = c->column[0][i];
    if (i > 0 && c->column[0][i] <= c->column[0][i - 1])
      return bad(d, "the iterations are out of order");
  }
  if (!rc && (c->column[0][0] != c->first || c->column[0][n - 1] != c->last))
    return bad(d, "the iterations are not those its key names");
  if (!rc)
    rc = u32_columns(d, AATGS_COLUMN_GRAPH, AATGS_COLUMN_DETAIL);
  if (!rc)
    rc = times(d);
  if (!rc)
    rc = next_column(d, done, c->column[0], n, 8, c->column[3]);
  for (size_t i = 0; !rc && done && i < n; i++)
    c->iterations[i].done_before = c->column[3][i];
  if (!rc)
    rc = u32_columns(d, AATGS_COLUMN_CONFIG_WAITING, AATGS_COLUMN_TIMINGS);
  return rc ? rc : next_column(d, d->want.config != 0, NULL, n, 4, c->column[3]);
}

static int config_columns(decoder *d)
{
  aatgs_chunk *c = d->chunk;
  size_t n = c->header.iterations, rows = c->header.config_rows;
  const uint64_t *row = c->column[3];
  for (size_t i = 0; d->want.config && i < n; i++) {
    if (row[i] >= rows)
      return bad(d, "a config row is out of range");
    c->iterations[i].config = c->configs + i * c->config_bytes;
  }
  for (uint32_t w = 0; w < c->header.config_words; w++) {
    bool wanted = d->want.config >> w & 1;
    int rc = next_column(d, wanted, NULL, rows, 4, c->column[1]);
    if (rc)
      return rc;
    uint32_t add = w == c->header.iteration_word;
    uint8_t *to = c->configs + (size_t)w * 4;
    for (size_t i = 0; wanted && i < n; i++, to += c->config_bytes) {
      uint32_t v = (uint32_t)c->column[1][row[i]] + add * (uint32_t)c->column[0][i];
      memcpy(to, &v, 4);
    }
  }
  return 0;
}

static int telemetry_columns(decoder *d)
{
  aatgs_chunk *c = d->chunk;
  size_t n = c->header.iterations;
  for (size_t i = 0; d->want.telemetry && i < n; i++)
    c->iterations[i].telemetry = c->telemetry + i * c->telemetry_bytes;
  for (uint32_t w = 0; w < c->header.telemetry_words; w++) {
    bool wanted = d->want.telemetry >> w & 1;
    int rc = next_column(d, wanted, NULL, n, 4, c->column[1]);
    if (rc)
      return rc;
    uint8_t *to = c->telemetry + (size_t)w * 4;
    for (size_t i = 0; wanted && i < n; i++, to += c->telemetry_bytes) {
      uint32_t v = (uint32_t)c->column[1][i];
      memcpy(to, &v, 4);
    }
  }
  return 0;
}

/* ---- Timings --------------------------------------------------------------------- */

/* Gives each iteration its timings. */
static int lay_out_timings(decoder *d, uint32_t *most)
{
  aatgs_chunk *c = d->chunk;
  uint64_t at = 0;
  *most = 0;
  for (uint32_t i = 0; i < c->header.iterations; i++) {
    aatgs_iteration *it = &c->iterations[i];
    it->timings = c->timings + at;
    at += it->timing_count;
    if (at > c->header.timings)
      break;
    if (it->timing_count > *most)
      *most = it->timing_count;
  }
  return at == c->header.timings ? 0 : bad(d, "the timings do not add up");
}

/* Works out in `place` where the values of record k begin in a column. */
static void find_places(const aatgs_chunk *c, uint32_t most, uint64_t *count, uint64_t *place)
{
  memset(count, 0, most * sizeof *count);
  for (uint32_t i = 0; i < c->header.iterations; i++)
    if (c->iterations[i].timing_count)
      count[c->iterations[i].timing_count - 1]++;
  for (uint32_t k = most; k-- > 1;)
    count[k - 1] += count[k];
  uint64_t at = 0;
  for (uint32_t k = 0; k < most; k++) {
    place[k] = at;
    at += count[k];
  }
}

static void set_timing(aatgs_timing *t, aatgs_timing_column column, uint64_t v)
{
  switch (column) {
  case AATGS_TIMING_TASK: t->task = (uint32_t)v; break;
  case AATGS_TIMING_PART: t->part = (uint16_t)v; break;
  case AATGS_TIMING_WORKER: t->worker = (uint16_t)v; break;
  case AATGS_TIMING_DURATION: t->duration_ns = (uint32_t)v; break;
  case AATGS_TIMING_START: t->start_ns = v; break;
  default: t->digest = (uint32_t)v; break;
  }
}

/* Turns distances into starts, in the order of the link tables. */
static void work_out_starts(decoder *d)
{
  aatgs_chunk *c = d->chunk;
  const uint8_t *links = NULL;
  uint32_t graph = 0, timings = 0;
  for (uint32_t i = 0; i < c->header.iterations; i++) {
    const aatgs_iteration *it = &c->iterations[i];
    aatgs_timing *t = c->timings + (it->timings - c->timings);
    if (i == 0 || it->graph != graph || it->timing_count != timings) {
      graph = it->graph;
      timings = it->timing_count;
      links = table_of(d, graph, timings);
    }
    for (uint32_t k = 0; k < it->timing_count; k++) {
      aatgs_link link = aatgs_link_default(k);
      if (links)
        memcpy(&link, links + k * sizeof link, sizeof link);
      t[link.record].start_ns += aatgs_link_base(&link, t, it->start_ns);
    }
  }
}

/* Iterations whose timings are set together: what lies next to one another is read together. */
#define SET_ROWS 16u

/* Puts a column into all timings, record by record; `place` says where each begins and is used up.
 * The bits of all values. */
static inline uint64_t set_column(aatgs_chunk *c, aatgs_timing_column column, const uint64_t *v,
                                  uint64_t *place)
{
  aatgs_timing *t = c->timings;
  uint64_t any = 0;
  for (uint32_t i = 0, rows; i < c->header.iterations; i += rows) {
    const uint32_t n = c->iterations[i].timing_count;
    for (rows = 1; rows < SET_ROWS && i + rows < c->header.iterations; rows++)
      if (c->iterations[i + rows].timing_count != n)
        break;
    for (uint32_t r = 0; r < n; place[r++] += rows)
      for (uint32_t j = 0; j < rows; j++) {
        const uint64_t value = v[place[r] + j];
        any |= value;
        set_timing(&t[(size_t)j * n + r], column, value);
      }
    t += (size_t)rows * n;
  }
  return any;
}

/* One loop for each column: the compiler need not choose in it. */
static uint64_t set_timings(aatgs_chunk *c, aatgs_timing_column column, const uint64_t *v,
                            uint64_t *place)
{
  switch (column) {
  case AATGS_TIMING_TASK: return set_column(c, AATGS_TIMING_TASK, v, place);
  case AATGS_TIMING_PART: return set_column(c, AATGS_TIMING_PART, v, place);
  case AATGS_TIMING_WORKER: return set_column(c, AATGS_TIMING_WORKER, v, place);
  case AATGS_TIMING_DURATION: return set_column(c, AATGS_TIMING_DURATION, v, place);
  case AATGS_TIMING_START: return set_column(c, AATGS_TIMING_START, v, place);
  default: return set_column(c, AATGS_TIMING_DIGEST, v, place);
  }
}

static int timing_columns(decoder *d)
{
  aatgs_chunk *c = d->chunk;
  uint32_t most;
  int rc = lay_out_timings(d, &most);
  for (int k = 0; !rc && k < AATGS_TIMING_COLUMNS; k++) {
    uint64_t *v = c->column[0], *place = c->column[1];
    bool wanted = d->want.members & TIMING_BIT(k);
    rc = next_column(d, wanted, NULL, c->header.timings, k == AATGS_TIMING_START ? 8 : 4, v);
    if (rc || !wanted)
      continue;
    find_places(c, most, c->column[2], place);
    const uint64_t any = set_timings(c, (aatgs_timing_column)k, v, place);
    if ((k == AATGS_TIMING_PART || k == AATGS_TIMING_WORKER) && any >> 16)
      rc = bad(d, "a part or worker is out of range");
  }
  if (!rc && (d->want.members & AATGS_WANT_TIMING_START_NS))
    work_out_starts(d);
  return rc;
}

/* ---- The whole ------------------------------------------------------------------- */

static int decode(decoder *d)
{
  int rc = read_header(d);
  if (!rc)
    rc = check_links(d);
  if (!rc && !make_room(d->chunk)) {
    d->why = "out of memory";
    return AATGS_ENOMEM;
  }
  if (!rc)
    rc = iteration_columns(d);
  if (!rc)
    rc = config_columns(d);
  if (!rc)
    rc = telemetry_columns(d);
  if (!rc && (d->want.members & AATGS_WANT_TIMINGS))
    rc = timing_columns(d);
  if (!rc && !d->chunk->want && d->at != d->end)
    rc = bad(d, "bytes are left over behind the last column");
  return rc;
}

int aatgs_chunk_unpack(aatgs_chunk *chunk, aatgs_codec *codec, const uint8_t *bytes,
                       const aatgs_value_header *header, uint32_t config_bytes,
                       uint32_t telemetry_bytes, const char **why)
{
  decoder d = {.chunk = chunk, .want = {ALL_MEMBERS, UINT32_MAX, UINT64_MAX}};
  chunk->config_bytes = config_bytes;
  chunk->telemetry_bytes = telemetry_bytes;
  chunk->first = header->extra;
  chunk->last = header->number;
  if (chunk->want) {
    d.want = *chunk->want;
    complete_want(&d.want);
  }
  int rc =
      aatgs_value_begin(&d.value, codec, bytes, header, AATGS_CHUNK_BYTES_MAX, &chunk->raw, &d.why);
  d.at = chunk->raw.data;
  d.end = d.at + chunk->raw.size;
  if (!rc && !chunk->want)
    rc = reach(&d, chunk->raw.size);
  if (!rc)
    rc = decode(&d);
  *why = d.why;
  if (rc) {
    chunk->header.iterations = 0;
    chunk->raw.failed = false;
  }
  return rc;
}

void aatgs_chunk_free(aatgs_chunk *chunk)
{
  free(chunk->iterations);
  free(chunk->configs);
  free(chunk->telemetry);
  free(chunk->timings);
  for (int i = 0; i < 4; i++)
    free(chunk->column[i]);
  aatgs_bytes_free(&chunk->raw);
  memset(chunk, 0, sizeof *chunk);
}
