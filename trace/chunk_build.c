#include "trace/chunk_builder.h"

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
  b->who_at = calloc(n, sizeof *b->who_at);
  bool ok = b->configs && b->telemetry && b->who_at;
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
  free(b->who_at);
  aatgs_bytes_free(&b->who);
  aatgs_bytes_free(&b->start_ns);
  aatgs_bytes_free(&b->durations);
  aatgs_bytes_free(&b->digests);
  aatgs_bytes_free(&b->raw);
  aatgs_bytes_free(&b->ends);
  aatgs_bytes_free(&b->places);
  aatgs_bytes_free(&b->cells);
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

static void drop_front(aatgs_bytes *b, size_t bytes)
{
  b->size -= bytes;
  memmove(b->data, b->data + bytes, b->size);
}

static void drop_timings(aatgs_chunk_builder *b, uint32_t rows, size_t timings)
{
  const uint32_t who = b->who_at[rows];
  drop_front(&b->who, who * sizeof(uint64_t));
  drop_front(&b->start_ns, timings * sizeof(uint64_t));
  drop_front(&b->durations, timings * sizeof(uint32_t));
  drop_front(&b->digests, timings * sizeof(uint32_t));
  b->timing_count -= timings;
  for (uint32_t i = rows; i < b->count; i++)
    b->who_at[i - rows] = b->who_at[i] - who;
}

void aatgs_chunk_drop(aatgs_chunk_builder *b, uint32_t rows)
{
  if (rows >= b->count) {
    b->count = b->rows = 0;
    b->timing_count = 0;
    b->bytes = 0;
    b->who.size = b->start_ns.size = b->durations.size = b->digests.size = 0;
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
  drop_timings(b, rows, timings);
  b->count = left;
  b->bytes = left * (b->limits.telemetry_bytes + AATGS_ITERATION_COLUMNS * UINT64_C(8)) +
             (uint64_t)b->rows * b->limits.config_bytes + b->timing_count * sizeof(aatgs_timing);
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

static bool reserve_timings(aatgs_chunk_builder *b, size_t n)
{
  const bool ok = aatgs_bytes_reserve(&b->who, n * sizeof(uint64_t)) &&
                  aatgs_bytes_reserve(&b->start_ns, n * sizeof(uint64_t)) &&
                  aatgs_bytes_reserve(&b->durations, n * sizeof(uint32_t)) &&
                  aatgs_bytes_reserve(&b->digests, n * sizeof(uint32_t));
  if (!ok)
    b->who.failed = b->start_ns.failed = b->durations.failed = b->digests.failed = false;
  return ok;
}

AATGS_STATIC_ASSERT(offsetof(aatgs_timing, start_ns) == sizeof(uint64_t), "who comes first");

/* There is room for them. */
static void add_timings(aatgs_chunk_builder *b, const aatgs_timing *t, uint32_t n)
{
  const uint32_t i = b->count;
  uint64_t *start = (uint64_t *)(void *)aatgs_bytes_extend(&b->start_ns, n * sizeof *start);
  uint32_t *duration = (uint32_t *)(void *)aatgs_bytes_extend(&b->durations, n * sizeof *duration);
  uint32_t *digest = (uint32_t *)(void *)aatgs_bytes_extend(&b->digests, n * sizeof *digest);
  uint64_t *who = (uint64_t *)(void *)(b->who.data + b->who.size);
  const bool comparable = i > 0 && b->columns[AATGS_COLUMN_TIMINGS][i - 1] == n;
  const uint64_t *before = comparable ? who - n : who;
  uint64_t differ = !comparable;
  for (uint32_t k = 0; k < n; k++) {
    memcpy(&who[k], &t[k], sizeof *who);
    differ |= who[k] ^ before[k];
    start[k] = t[k].start_ns;
    duration[k] = t[k].duration_ns;
    digest[k] = t[k].digest;
  }
  b->timing_count += n;
  b->who_at[i] = (uint32_t)(b->who.size / sizeof *who);
  if (differ)
    b->who.size += n * sizeof *who;
  else
    b->who_at[i] -= n;
}

int aatgs_chunk_add(aatgs_chunk_builder *b, const aatgs_iteration *it)
{
  uint32_t i = b->count;
  if (!aatgs_chunk_fits(b, it->timing_count))
    return AATGS_ELIMIT;
  if (!reserve_timings(b, it->timing_count))
    return AATGS_ENOMEM;
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
  add_timings(b, it->timings, it->timing_count);
  b->count++;
  b->bytes += b->limits.telemetry_bytes + AATGS_ITERATION_COLUMNS * 8 +
              it->timing_count * sizeof(aatgs_timing);
  return 0;
}
