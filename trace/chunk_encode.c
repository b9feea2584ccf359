#include "trace/chunk.h"
#include "trace/links.h"

struct aatgs_chunk_builder {
  aatgs_chunk_limits limits;
  uint32_t config_words;
  uint32_t telemetry_words;
  uint32_t count; /* iterations */
  uint32_t rows;  /* distinct configs in a row */
  size_t timing_count;
  uint64_t bytes;
  uint64_t *columns[AATGS_ITERATION_COLUMNS];
  uint32_t *configs; /* rows x config_words, the iteration's number taken out */
  uint32_t *telemetry;
  aatgs_bytes timings; /* aatgs_timing */
  aatgs_column_choice choices[AATGS_CHUNK_COLUMNS_MAX];
  /* Working memory of pack. */
  aatgs_column_entry entries[AATGS_CHUNK_COLUMNS_MAX];
  uint32_t entry_count;
  aatgs_bytes raw;
  aatgs_bytes ends;
  aatgs_bytes places;  /* uint32_t: where the column of a record begins */
  aatgs_bytes cells;   /* uint32_t: columns side by side */
  aatgs_bytes starts;  /* uint64_t: predicted starts */
  aatgs_bytes scratch; /* of a column */
};

static unsigned width_of(uint32_t column)
{
  switch (column) {
  case AATGS_COLUMN_ITERATION:
  case AATGS_COLUMN_POSTED:
  case AATGS_COLUMN_START:
  case AATGS_COLUMN_END:
  case AATGS_COLUMN_SEEN:
  case AATGS_COLUMN_DONE_BEFORE: return 8;
  default: return 4;
  }
}

int aatgs_chunk_builder_open(const aatgs_chunk_limits *limits, aatgs_chunk_builder **out)
{
  aatgs_chunk_builder *b = calloc(1, sizeof *b);
  *out = NULL;
  if (!b)
    return AATGS_ENOMEM;
  size_t n = limits->iterations;
  b->limits = *limits;
  b->config_words = limits->config_bytes / 4;
  b->telemetry_words = limits->telemetry_bytes / 4;
  b->configs = calloc(n * b->config_words + 1, 4);
  b->telemetry = calloc(n * b->telemetry_words + 1, 4);
  bool ok = b->configs && b->telemetry;
  for (int c = 0; c < AATGS_ITERATION_COLUMNS; c++) {
    b->columns[c] = calloc(n, sizeof(uint64_t));
    ok = ok && b->columns[c];
  }
  if (!ok) {
    aatgs_chunk_builder_close(b);
    return AATGS_ENOMEM;
  }
  *out = b;
  return 0;
}

void aatgs_chunk_builder_close(aatgs_chunk_builder *b)
{
  if (!b)
    return;
  for (int c = 0; c < AATGS_ITERATION_COLUMNS; c++)
    free(b->columns[c]);
  free(b->configs);
  free(b->telemetry);
  aatgs_bytes_free(&b->timings);
  aatgs_bytes_free(&b->raw);
  aatgs_bytes_free(&b->ends);
  aatgs_bytes_free(&b->places);
  aatgs_bytes_free(&b->cells);
  aatgs_bytes_free(&b->starts);
  aatgs_bytes_free(&b->scratch);
  free(b);
}

uint32_t aatgs_chunk_iterations(const aatgs_chunk_builder *b)
{
  return b->count;
}

void aatgs_chunk_get_tables(const aatgs_chunk_builder *b, uint32_t row, uint32_t *graph,
                            uint32_t *plan)
{
  *graph = (uint32_t)b->columns[AATGS_COLUMN_GRAPH][row];
  *plan = (uint32_t)b->columns[AATGS_COLUMN_PLAN][row];
}

bool aatgs_chunk_full(const aatgs_chunk_builder *b)
{
  return b->count == b->limits.iterations || b->bytes >= b->limits.bytes;
}

void aatgs_chunk_summarize(const aatgs_chunk_builder *b, uint32_t rows, uint64_t expected,
                           aatgs_chunk_summary *out)
{
  uint64_t *const *c = b->columns;
  *out = (aatgs_chunk_summary){.first = c[AATGS_COLUMN_ITERATION][0],
                               .last = c[AATGS_COLUMN_ITERATION][rows - 1],
                               .iterations = rows,
                               .first_posted_ns = c[AATGS_COLUMN_POSTED][0],
                               .last_seen_ns = c[AATGS_COLUMN_SEEN][rows - 1]};
  for (uint32_t i = 0; i < rows; i++)
    out->timings += c[AATGS_COLUMN_TIMINGS][i];
  uint64_t from = expected && expected < out->first ? expected : out->first;
  out->lost = out->last - from + 1 - rows;
}

uint32_t aatgs_chunk_rows_below(const aatgs_chunk_builder *b, uint64_t iteration)
{
  uint32_t rows = 0;
  while (rows < b->count && b->columns[AATGS_COLUMN_ITERATION][rows] < iteration)
    rows++;
  return rows;
}

void aatgs_chunk_drop(aatgs_chunk_builder *b, uint32_t rows)
{
  if (rows >= b->count) {
    b->count = b->rows = 0;
    b->timing_count = 0;
    b->bytes = 0;
    b->timings.size = 0;
    return;
  }
  uint32_t left = b->count - rows;
  uint32_t first_row = (uint32_t)b->columns[AATGS_COLUMN_ROW][rows];
  size_t timings = 0, words = b->config_words;
  for (uint32_t i = 0; i < rows; i++)
    timings += b->columns[AATGS_COLUMN_TIMINGS][i];
  for (int c = 0; c < AATGS_ITERATION_COLUMNS; c++)
    memmove(b->columns[c], b->columns[c] + rows, left * sizeof(uint64_t));
  for (uint32_t i = 0; i < left; i++)
    b->columns[AATGS_COLUMN_ROW][i] -= first_row;
  b->rows -= first_row;
  memmove(b->configs, b->configs + first_row * words, b->rows * words * 4);
  memmove(b->telemetry, b->telemetry + (size_t)rows * b->telemetry_words,
          (size_t)left * b->telemetry_words * 4);
  b->timings.size -= timings * sizeof(aatgs_timing);
  memmove(b->timings.data, b->timings.data + timings * sizeof(aatgs_timing), b->timings.size);
  b->timing_count -= timings;
  b->count = left;
  b->bytes = left * (b->limits.telemetry_bytes + AATGS_ITERATION_COLUMNS * UINT64_C(8)) +
             (uint64_t)b->rows * b->limits.config_bytes + b->timings.size;
}

bool aatgs_chunk_fits(const aatgs_chunk_builder *b, uint32_t timings)
{
  return b->count < b->limits.iterations && b->timing_count + timings <= AATGS_CHUNK_TIMINGS_MAX;
}

/* ---- Adding ---------------------------------------------------------------------- */

/* Keeps the config when it differs from the row before; returns the index of its row. */
static uint32_t add_config(aatgs_chunk_builder *b, const aatgs_iteration *it)
{
  const aatgs_config_shape shape = {b->limits.config_bytes, b->limits.iteration_word};
  uint32_t *row = b->configs + (size_t)b->rows * b->config_words;
  if (b->rows > 0 && aatgs_config_is_row(shape, it, (const uint8_t *)(row - b->config_words)))
    return b->rows - 1;
  aatgs_config_to_row(shape, it, (uint8_t *)row);
  b->bytes += b->limits.config_bytes;
  return b->rows++;
}

int aatgs_chunk_add(aatgs_chunk_builder *b, const aatgs_iteration *it)
{
  uint32_t i = b->count;
  if (!aatgs_chunk_fits(b, it->timing_count))
    return AATGS_ELIMIT;
  size_t timing_bytes = it->timing_count * sizeof(aatgs_timing);
  if (!aatgs_bytes_reserve(&b->timings, timing_bytes)) {
    b->timings.failed = false;
    return AATGS_ENOMEM;
  }
  const uint64_t values[AATGS_ITERATION_COLUMNS] = {
      [AATGS_COLUMN_ITERATION] = it->iteration,
      [AATGS_COLUMN_GRAPH] = it->graph,
      [AATGS_COLUMN_PLAN] = it->plan,
      [AATGS_COLUMN_STATUS] = it->status,
      [AATGS_COLUMN_DETAIL] = it->detail,
      [AATGS_COLUMN_POSTED] = it->posted_ns,
      [AATGS_COLUMN_START] = it->start_ns,
      [AATGS_COLUMN_END] = it->end_ns,
      [AATGS_COLUMN_SEEN] = it->seen_ns,
      [AATGS_COLUMN_DONE_BEFORE] = it->done_before,
      [AATGS_COLUMN_CONFIG_WAITING] = it->config_waiting,
      [AATGS_COLUMN_TELEMETRY_WAITING] = it->telemetry_waiting,
      [AATGS_COLUMN_TIMINGS] = it->timing_count,
      [AATGS_COLUMN_ROW] = add_config(b, it),
  };
  for (int c = 0; c < AATGS_ITERATION_COLUMNS; c++)
    b->columns[c][i] = values[c];
  if (b->limits.telemetry_bytes)
    memcpy(b->telemetry + (size_t)i * b->telemetry_words, it->telemetry, b->limits.telemetry_bytes);
  aatgs_bytes_put(&b->timings, it->timings, timing_bytes);
  b->timing_count += it->timing_count;
  b->count++;
  b->bytes += b->limits.telemetry_bytes + AATGS_ITERATION_COLUMNS * 8 + timing_bytes;
  return 0;
}

/* ---- Columns --------------------------------------------------------------------- */

/* Working memory of `count` things of `size` bytes, in place of what it held; NULL when there is
 * none. */
static void *room_for(aatgs_bytes *memory, size_t count, size_t size)
{
  memory->size = 0;
  return aatgs_bytes_extend(memory, count * size);
}

static bool put_column(aatgs_chunk_builder *b, uint32_t column, const void *values,
                       const uint64_t *reference, size_t count, unsigned width)
{
  return aatgs_column_encode(values, reference, count, width, &b->choices[column], b->scratch.data,
                             &b->raw, &b->ends, &b->entries[column]);
}

static const uint64_t *reference_of(const aatgs_chunk_builder *b, uint32_t column)
{
  switch (column) {
  case AATGS_COLUMN_START: return b->columns[AATGS_COLUMN_POSTED];
  case AATGS_COLUMN_END: return b->columns[AATGS_COLUMN_START];
  case AATGS_COLUMN_SEEN: return b->columns[AATGS_COLUMN_END];
  case AATGS_COLUMN_DONE_BEFORE: return b->columns[AATGS_COLUMN_ITERATION];
  default: return NULL;
  }
}

static bool put_iterations(aatgs_chunk_builder *b)
{
  uint32_t *narrow = room_for(&b->cells, b->count, sizeof *narrow);
  bool ok = narrow != NULL;
  for (uint32_t column = 0; ok && column < AATGS_ITERATION_COLUMNS; column++) {
    const uint64_t *v = b->columns[column];
    const unsigned width = width_of(column);
    if (width == 4)
      for (uint32_t i = 0; i < b->count; i++)
        narrow[i] = (uint32_t)v[i];
    ok = put_column(b, column, width == 4 ? (const void *)narrow : v, reference_of(b, column),
                    b->count, width);
  }
  return ok;
}

static bool put_words(aatgs_chunk_builder *b, uint32_t column, const uint32_t *rows, size_t count,
                      uint32_t words)
{
  uint32_t *cells = room_for(&b->cells, count * words + 1, sizeof *cells);
  bool ok = cells != NULL;
  for (size_t i = 0; ok && i < count; i++)
    for (uint32_t w = 0; w < words; w++)
      cells[w * count + i] = *rows++;
  for (uint32_t w = 0; ok && w < words; w++)
    ok = put_column(b, column + w, cells + w * count, NULL, count, 4);
  return ok;
}

static uint32_t most_timings(const aatgs_chunk_builder *b)
{
  uint64_t most = 0;
  for (uint32_t i = 0; i < b->count; i++)
    if (b->columns[AATGS_COLUMN_TIMINGS][i] > most)
      most = b->columns[AATGS_COLUMN_TIMINGS][i];
  return (uint32_t)most;
}

/* Where the values of record k begin in a column of the timings: record by record, each with its
 * iterations in order. */
static uint32_t *find_places(aatgs_chunk_builder *b, uint32_t most)
{
  uint32_t *place = room_for(&b->places, (size_t)most + 1, sizeof *place);
  if (!place)
    return NULL;
  memset(place, 0, ((size_t)most + 1) * 4);
  for (uint32_t i = 0; i < b->count; i++)
    place[b->columns[AATGS_COLUMN_TIMINGS][i]]++;
  /* place[c] counts iterations with c timings; record k is in all with more than k. */
  uint32_t with_more = 0;
  for (uint32_t k = most; k-- > 0;) {
    with_more += place[k + 1];
    place[k + 1] = with_more;
  }
  place[0] = 0;
  for (uint32_t k = 1; k <= most; k++)
    place[k] += place[k - 1];
  return place;
}

/* ---- Links ----------------------------------------------------------------------- */

typedef struct link_set {
  uint32_t count;
  size_t at[AATGS_LINK_TABLES_MAX]; /* of each table, in raw */
} link_set;

static bool same_shape(const aatgs_chunk_builder *b, uint32_t i, uint64_t graph, uint64_t timings)
{
  return b->columns[AATGS_COLUMN_GRAPH][i] == graph &&
         b->columns[AATGS_COLUMN_TIMINGS][i] == timings;
}

static const aatgs_links *table_of(const aatgs_chunk_builder *b, const link_set *set,
                                   uint64_t graph, uint64_t timings)
{
  for (uint32_t s = 0; s < set->count; s++) {
    const aatgs_links *l = (const aatgs_links *)(const void *)(b->raw.data + set->at[s]);
    if (l->graph == graph && l->timings == timings)
      return l;
  }
  return NULL;
}

/* Learns a table for the graph of iteration `i`, whose first timing is `t`, if it comes often
 * enough; the table is appended to raw. */
static bool learn_table(aatgs_chunk_builder *b, uint32_t i, const aatgs_timing *t, link_set *set)
{
  uint64_t graph = b->columns[AATGS_COLUMN_GRAPH][i];
  uint64_t timings = b->columns[AATGS_COLUMN_TIMINGS][i];
  aatgs_link_sample samples[AATGS_LINK_SAMPLES];
  uint32_t seen = 0, count = 0;
  for (uint32_t j = i; j < b->count; j++)
    seen += same_shape(b, j, graph, timings);
  if (seen < AATGS_LINK_ITERATIONS_MIN)
    return true;
  uint32_t every = seen / AATGS_LINK_SAMPLES;
  seen = 0;
  for (uint32_t j = i; j < b->count && count < AATGS_LINK_SAMPLES; j++) {
    if (same_shape(b, j, graph, timings) && seen++ % every == 0)
      samples[count++] = (aatgs_link_sample){b->columns[AATGS_COLUMN_START][j], t};
    t += b->columns[AATGS_COLUMN_TIMINGS][j];
  }
  size_t at = b->raw.size;
  aatgs_links *l =
      (aatgs_links *)(void *)aatgs_bytes_extend(&b->raw, sizeof *l + timings * sizeof l->link[0]);
  if (!l)
    return false;
  l->graph = (uint32_t)graph;
  l->timings = (uint32_t)timings;
  aatgs_links_learn(samples, count, (uint32_t)timings, l->link);
  set->at[set->count++] = at;
  return true;
}

static bool learn_links(aatgs_chunk_builder *b, link_set *set)
{
  const aatgs_timing *t = (const aatgs_timing *)(const void *)b->timings.data;
  uint32_t tries = 2 * AATGS_LINK_TABLES_MAX; /* a chunk of many graphs must not cost n * n */
  set->count = 0;
  for (uint32_t i = 0; i < b->count && tries && set->count < AATGS_LINK_TABLES_MAX; i++) {
    uint64_t timings = b->columns[AATGS_COLUMN_TIMINGS][i];
    bool known = i > 0 && same_shape(b, i - 1, b->columns[AATGS_COLUMN_GRAPH][i], timings);
    if (timings > 1 && timings <= AATGS_LINK_TIMINGS_MAX && !known &&
        !table_of(b, set, b->columns[AATGS_COLUMN_GRAPH][i], timings)) {
      tries--;
      if (!learn_table(b, i, t, set))
        return false;
    }
    t += timings;
  }
  return true;
}

/* ---- Timings --------------------------------------------------------------------- */

/* Keeps columns of a power of two from falling on the same lines of the cache. */
#define TIMING_GAP ((size_t)80)
/* Iterations whose timings are spread together: a line of the cache in each column. */
#define SPREAD_ROWS 16u

static uint32_t *timing_cells(const aatgs_chunk_builder *b, aatgs_timing_column column)
{
  return (uint32_t *)(void *)b->cells.data + (size_t)column * (b->timing_count + TIMING_GAP);
}

/* Iterations of one shape from iteration `i` on, at most SPREAD_ROWS. */
static uint32_t same_rows(const aatgs_chunk_builder *b, uint32_t i, uint64_t graph,
                          uint64_t timings)
{
  uint32_t rows = 1;
  while (rows < SPREAD_ROWS && i + rows < b->count && same_shape(b, i + rows, graph, timings))
    rows++;
  return rows;
}

/* Spreads the timings of `rows` iterations, `n` of each, that begin at `t`. */
static void spread_members(const aatgs_chunk_builder *b, const aatgs_timing *t, uint32_t rows,
                           uint32_t n, const uint32_t *place)
{
  uint32_t *const task = timing_cells(b, AATGS_TIMING_TASK);
  uint32_t *const part = timing_cells(b, AATGS_TIMING_PART);
  uint32_t *const worker = timing_cells(b, AATGS_TIMING_WORKER);
  uint32_t *const duration = timing_cells(b, AATGS_TIMING_DURATION);
  uint32_t *const digest = timing_cells(b, AATGS_TIMING_DIGEST);
  for (uint32_t k = 0; k < n; k++)
    for (uint32_t r = 0, at = place[k]; r < rows; r++, at++) {
      const aatgs_timing *from = &t[(size_t)r * n + k];
      task[at] = from->task;
      part[at] = from->part;
      worker[at] = from->worker;
      duration[at] = from->duration_ns;
      digest[at] = from->digest;
    }
}

/* The same for the distances of their starts from what they are predicted from; `start` are the
 * iterations' own. */
static void spread_starts(aatgs_chunk_builder *b, const aatgs_timing *t, const uint64_t *start,
                          uint32_t rows, uint32_t n, const uint32_t *place,
                          const aatgs_links *links)
{
  uint64_t *const starts = (uint64_t *)(void *)b->starts.data;
  for (uint32_t k = 0; k < n; k++) {
    const aatgs_link link = links ? links->link[k] : aatgs_link_default(k);
    for (uint32_t r = 0, at = place[link.record]; r < rows; r++, at++) {
      const aatgs_timing *from = &t[(size_t)r * n];
      starts[at] = from[link.record].start_ns - aatgs_link_base(&link, from, start[r]);
    }
  }
}

/* Spreads the timings into columns, record by record, a few iterations at a time so that what is
 * written next to one another is written together. */
static bool spread_timings(aatgs_chunk_builder *b, const link_set *set)
{
  uint32_t *place = find_places(b, most_timings(b));
  if (!place || !room_for(&b->starts, b->timing_count + 1, sizeof(uint64_t)) ||
      !room_for(&b->cells, AATGS_TIMING_COLUMNS * (b->timing_count + TIMING_GAP), sizeof *place))
    return false;
  const aatgs_timing *t = (const aatgs_timing *)(const void *)b->timings.data;
  const aatgs_links *links = NULL;
  for (uint32_t i = 0, rows; i < b->count; i += rows) {
    const uint32_t n = (uint32_t)b->columns[AATGS_COLUMN_TIMINGS][i];
    const uint64_t graph = b->columns[AATGS_COLUMN_GRAPH][i];
    rows = same_rows(b, i, graph, n);
    if (i == 0 || !same_shape(b, i - 1, graph, n))
      links = table_of(b, set, graph, n);
    spread_members(b, t, rows, n, place);
    spread_starts(b, t, b->columns[AATGS_COLUMN_START] + i, rows, n, place, links);
    for (uint32_t k = 0; k < n; k++)
      place[k] += rows;
    t += (size_t)rows * n;
  }
  return true;
}

static bool put_timings(aatgs_chunk_builder *b, uint32_t column, const link_set *set)
{
  bool ok = spread_timings(b, set);
  for (int c = 0; ok && c < AATGS_TIMING_COLUMNS; c++) {
    const bool start = c == AATGS_TIMING_START;
    ok = put_column(b, column + (uint32_t)c,
                    start ? (const void *)b->starts.data : timing_cells(b, (aatgs_timing_column)c),
                    NULL, b->timing_count, start ? 8 : 4);
  }
  return ok;
}

/* ---- Packing --------------------------------------------------------------------- */

/* Header, directory (filled in last), links, columns, all into raw. */
static bool encode(aatgs_chunk_builder *b, uint64_t before, uint64_t lost)
{
  link_set set;
  b->raw.size = b->ends.size = 0;
  b->entry_count =
      AATGS_ITERATION_COLUMNS + b->config_words + b->telemetry_words + AATGS_TIMING_COLUMNS;
  size_t directory = b->entry_count * sizeof b->entries[0];
  aatgs_chunk_header h = {.iterations = b->count,
                          .timings = (uint32_t)b->timing_count,
                          .config_words = b->config_words,
                          .telemetry_words = b->telemetry_words,
                          .config_rows = b->rows,
                          .iteration_word = b->limits.iteration_word,
                          .before = before,
                          .lost = lost};
  const size_t most = b->timing_count > b->count ? b->timing_count : b->count;
  if (!room_for(&b->scratch, most, sizeof(uint64_t)) ||
      !aatgs_bytes_extend(&b->raw, sizeof h + directory) || !learn_links(b, &set))
    return false;
  h.links = set.count;
  h.link_bytes = (uint32_t)(b->raw.size - sizeof h - directory);
  uint32_t column = AATGS_ITERATION_COLUMNS;
  bool ok = put_iterations(b);
  ok = ok && put_words(b, column, b->configs, b->rows, b->config_words);
  column += b->config_words;
  ok = ok && put_words(b, column, b->telemetry, b->count, b->telemetry_words);
  column += b->telemetry_words;
  ok = ok && put_timings(b, column, &set);
  if (!ok)
    return false;
  memcpy(b->raw.data, &h, sizeof h);
  memcpy(b->raw.data + sizeof h, b->entries, directory);
  return true;
}

int aatgs_chunk_pack(aatgs_chunk_builder *b, uint32_t rows, aatgs_codec *codec, uint16_t kind,
                     uint64_t trace, uint64_t before, uint64_t expected, aatgs_bytes *out)
{
  aatgs_chunk_summary s;
  const aatgs_chunk_builder whole = *b;
  aatgs_chunk_summarize(b, rows, expected, &s);
  b->count = rows;
  b->timing_count = s.timings;
  b->rows = (uint32_t)b->columns[AATGS_COLUMN_ROW][rows - 1] + 1;
  bool encoded = encode(b, before, s.lost);
  b->count = whole.count;
  b->timing_count = whole.timing_count;
  b->rows = whole.rows;
  if (!encoded) {
    b->raw.failed = b->ends.failed = b->places.failed = b->cells.failed = b->starts.failed =
        b->scratch.failed = false;
    return AATGS_ENOMEM;
  }
  const aatgs_value_header h = {
      .kind = kind, .trace = trace, .number = s.last, .pieces = 1, .extra = s.first};
  if (b->raw.size > AATGS_CHUNK_BYTES_MAX)
    return AATGS_ELIMIT;
  return aatgs_value_pack_parts(codec, &h, b->raw.data, b->raw.size,
                                (const size_t *)(const void *)b->ends.data,
                                b->ends.size / sizeof(size_t), out);
}
