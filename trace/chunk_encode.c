#include "trace/chunk_builder.h"
#include "trace/links.h"

/* ---- Columns --------------------------------------------------------------------- */

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

/* Works out where the values of record k begin in a column of the timings: record by record, each
 * with its iterations in order. Behind these places is room for as many. */
static bool find_places(aatgs_chunk_builder *b, uint32_t most)
{
  uint32_t *place = room_for(&b->places, 2 * ((size_t)most + 1), sizeof *place);
  if (!place)
    return false;
  memset(place, 0, ((size_t)most + 1) * sizeof *place);
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
  return true;
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

/* The timings of iteration `i`, the first of which is number `at`, as far as links look at them. */
static void sample_timings(const aatgs_chunk_builder *b, uint32_t i, size_t at, aatgs_timing *to)
{
  const uint64_t *start = (const uint64_t *)(const void *)b->start_ns.data + at;
  const uint32_t *duration = (const uint32_t *)(const void *)b->durations.data + at;
  for (uint32_t k = 0; k < b->columns[AATGS_COLUMN_TIMINGS][i]; k++)
    to[k] = (aatgs_timing){.start_ns = start[k], .duration_ns = duration[k]};
}

/* Learns a table for the graph of iteration `i`, whose first timing is number `at`, if it comes
 * often enough; the table is appended to raw. */
static bool learn_table(aatgs_chunk_builder *b, uint32_t i, size_t at, link_set *set)
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
  const size_t table = b->raw.size;
  aatgs_timing *t = room_for(&b->cells, AATGS_LINK_SAMPLES * timings, sizeof *t);
  aatgs_links *l =
      (aatgs_links *)(void *)aatgs_bytes_extend(&b->raw, sizeof *l + timings * sizeof l->link[0]);
  if (!t || !l)
    return false;
  seen = 0;
  for (uint32_t j = i; j < b->count && count < AATGS_LINK_SAMPLES; j++) {
    if (same_shape(b, j, graph, timings) && seen++ % every == 0) {
      sample_timings(b, j, at, t);
      samples[count++] = (aatgs_link_sample){b->columns[AATGS_COLUMN_START][j], t};
      t += timings;
    }
    at += b->columns[AATGS_COLUMN_TIMINGS][j];
  }
  l->graph = (uint32_t)graph;
  l->timings = (uint32_t)timings;
  aatgs_links_learn(samples, count, (uint32_t)timings, l->link);
  set->at[set->count++] = table;
  return true;
}

static bool learn_links(aatgs_chunk_builder *b, link_set *set)
{
  size_t at = 0;
  uint32_t tries = 2 * AATGS_LINK_TABLES_MAX; /* a chunk of many graphs must not cost n * n */
  set->count = 0;
  for (uint32_t i = 0; i < b->count && tries && set->count < AATGS_LINK_TABLES_MAX; i++) {
    uint64_t timings = b->columns[AATGS_COLUMN_TIMINGS][i];
    bool known = i > 0 && same_shape(b, i - 1, b->columns[AATGS_COLUMN_GRAPH][i], timings);
    if (timings > 1 && timings <= AATGS_LINK_TIMINGS_MAX && !known &&
        !table_of(b, set, b->columns[AATGS_COLUMN_GRAPH][i], timings)) {
      tries--;
      if (!learn_table(b, i, at, set))
        return false;
    }
    at += timings;
  }
  return true;
}

/* ---- Timings --------------------------------------------------------------------- */

/* Iterations whose timings are spread together: a line of the cache in the column of each record.
 */
#define SPREAD_ROWS 16u

/* A few iterations of one shape. */
typedef struct block {
  uint32_t first; /* of the iterations */
  uint32_t rows;
  uint32_t timings; /* of each */
  size_t at;        /* number of the first timing */
} block;

/* The block behind `k`, a block of no rows being before the first. */
static bool next_block(const aatgs_chunk_builder *b, block *k)
{
  k->first += k->rows;
  k->at += (size_t)k->rows * k->timings;
  if (k->first == b->count)
    return false;
  const uint64_t graph = b->columns[AATGS_COLUMN_GRAPH][k->first];
  k->timings = (uint32_t)b->columns[AATGS_COLUMN_TIMINGS][k->first];
  for (k->rows = 1; k->rows < SPREAD_ROWS && k->first + k->rows < b->count; k->rows++)
    if (!same_shape(b, k->first + k->rows, graph, k->timings))
      break;
  return true;
}

/* Spreads a column record by record; `to` are the places of the records, which move on. */
static void spread_who(const aatgs_chunk_builder *b, aatgs_timing_column column, uint32_t *cells,
                       uint32_t *to)
{
  static const unsigned shift[] = {
      [AATGS_TIMING_TASK] = 0, [AATGS_TIMING_PART] = 32, [AATGS_TIMING_WORKER] = 48};
  const uint32_t mask = column == AATGS_TIMING_TASK ? UINT32_MAX : UINT16_MAX;
  const uint64_t *timings = b->columns[AATGS_COLUMN_TIMINGS];
  for (uint32_t i = 0, rows; i < b->count; i += rows) {
    const uint64_t *who = (const uint64_t *)(const void *)b->who.data + b->who_at[i];
    for (rows = 1; i + rows < b->count && b->who_at[i + rows] == b->who_at[i]; rows++)
      if (timings[i + rows] != timings[i])
        break;
    for (uint32_t k = 0; k < timings[i]; k++) {
      const uint32_t v = (uint32_t)(who[k] >> shift[column]) & mask;
      uint32_t *cell = cells + to[k];
      for (uint32_t r = 0; r < rows; r++)
        cell[r] = v;
      to[k] += rows;
    }
  }
}

/* The same for one block. */
static void spread_numbers(const block *k, const uint32_t *from, uint32_t *cells, uint32_t *to)
{
  const uint32_t n = k->timings;
  from += k->at;
  for (uint32_t record = 0; record < n; record++, from++) {
    uint32_t *cell = cells + to[record];
    for (uint32_t r = 0; r < k->rows; r++)
      cell[r] = from[(size_t)r * n];
    to[record] += k->rows;
  }
}

/* The distances of the starts from what they are predicted from. */
static void spread_starts(const aatgs_chunk_builder *b, const block *k, const aatgs_links *links,
                          uint64_t *cells, uint32_t *to)
{
  const uint64_t *starts = (const uint64_t *)(const void *)b->start_ns.data + k->at;
  const uint32_t *durations = (const uint32_t *)(const void *)b->durations.data + k->at;
  const uint64_t *own = b->columns[AATGS_COLUMN_START] + k->first;
  for (uint32_t n = 0; n < k->timings; n++) {
    const aatgs_link link = links ? links->link[n] : aatgs_link_default(n);
    uint64_t *cell = cells + to[link.record];
    for (uint32_t r = 0; r < k->rows; r++) {
      const size_t row = (size_t)r * k->timings, from = row + link.from;
      const uint64_t base = link.from == AATGS_LINK_START ? own[r] : starts[from] + durations[from];
      cell[r] = starts[row + link.record] - base;
    }
    to[link.record] += k->rows;
  }
}

/* Puts the values of a column, record by record, into cells; false when out of memory. */
static bool spread(aatgs_chunk_builder *b, aatgs_timing_column column, const link_set *set,
                   uint32_t most)
{
  void *cells = room_for(&b->cells, b->timing_count + 1,
                         column == AATGS_TIMING_START ? sizeof(uint64_t) : sizeof(uint32_t));
  uint32_t *place = (uint32_t *)(void *)b->places.data, *to = place + most + 1;
  block k = {0, 0, 0, 0};
  if (!cells)
    return false;
  memcpy(to, place, most * sizeof *to);
  if (column < AATGS_TIMING_DURATION)
    spread_who(b, column, cells, to);
  while (column >= AATGS_TIMING_DURATION && next_block(b, &k)) {
    if (column == AATGS_TIMING_START)
      spread_starts(b, &k, table_of(b, set, b->columns[AATGS_COLUMN_GRAPH][k.first], k.timings),
                    cells, to);
    else if (column == AATGS_TIMING_DURATION)
      spread_numbers(&k, (const uint32_t *)(const void *)b->durations.data, cells, to);
    else
      spread_numbers(&k, (const uint32_t *)(const void *)b->digests.data, cells, to);
  }
  return true;
}

static bool put_timings(aatgs_chunk_builder *b, uint32_t column, const link_set *set)
{
  const uint32_t most = most_timings(b);
  bool ok = find_places(b, most);
  for (int c = 0; ok && c < AATGS_TIMING_COLUMNS; c++)
    ok = spread(b, (aatgs_timing_column)c, set, most) &&
         put_column(b, column + (uint32_t)c, b->cells.data, NULL, b->timing_count,
                    c == AATGS_TIMING_START ? 8 : 4);
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
    b->raw.failed = b->ends.failed = b->places.failed = b->cells.failed = b->scratch.failed = false;
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
