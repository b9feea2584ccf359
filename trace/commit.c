/* How a writer's values reach the disk: gathering, transactions, rolling, the window. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "trace/writer_state.h"

int aatgs_writer_fail(aatgs_trace_writer *w, int code, const char *what)
{
  if (!w->error.code)
    aatgs_error_set(&w->error, code, 0, "%s: %s: %s", w->dir, what, aatgs_strerror(code));
  return w->error.code;
}

/* ---- Gathering --------------------------------------------------------------------- */

int aatgs_writer_put(aatgs_trace_writer *w, aatgs_store *store, const aatgs_key *key,
                     uint32_t pieces, uint64_t extra, const void *raw, size_t size)
{
  const aatgs_value_header h = {.kind = key->kind,
                                .trace = w->trace,
                                .number = key->number,
                                .piece = key->piece,
                                .pieces = pieces,
                                .extra = extra};
  aatgs_bytes *out = aatgs_store_put(store, key);
  const size_t before = out ? out->size : 0;
  int rc = out ? aatgs_value_pack(w->codec, &h, raw, size, out) : AATGS_ENOMEM;
  if (rc) {
    if (out)
      aatgs_store_put_cancel(store);
    return aatgs_writer_fail(w, rc, "cannot gather what is to be written");
  }
  aatgs_store_put_end(store);
  w->volume += out->size - before;
  if (key->kind == AATGS_KIND_SNAPSHOT)
    w->snapshot_volume += out->size - before;
  w->dirty = true;
  return 0;
}

/* The first piece goes last: when it is there, all are. */
int aatgs_writer_put_pieces(aatgs_trace_writer *w, aatgs_store *store, aatgs_kind kind,
                            uint64_t number, const uint8_t *bytes, size_t size)
{
  uint32_t pieces = (uint32_t)((size + AATGS_PIECE_BYTES - 1) / AATGS_PIECE_BYTES);
  pieces = pieces ? pieces : 1;
  int rc = 0;
  for (uint32_t p = pieces; !rc && p-- > 0;) {
    size_t at = (size_t)p * AATGS_PIECE_BYTES;
    size_t n = size - at < AATGS_PIECE_BYTES ? size - at : AATGS_PIECE_BYTES;
    const aatgs_key key = {(uint8_t)kind, number, p};
    rc = aatgs_writer_put(w, store, &key, pieces, size, bytes + at, n);
    if (!rc && aatgs_store_pending(store) >= w->commit_bytes)
      rc = aatgs_writer_commit_store(w, store);
  }
  return rc;
}

int aatgs_writer_put_ticks(aatgs_trace_writer *w)
{
  if (!w->tick_dirty)
    return 0;
  const aatgs_key key = {AATGS_KIND_TICKS, w->tick_block, 0};
  w->scratch.size = 0;
  if (!aatgs_ticks_write(w->ticks, w->tick_count, &w->scratch)) {
    w->scratch.failed = false;
    return aatgs_writer_fail(w, AATGS_ENOMEM, "cannot gather what is to be written");
  }
  w->tick_dirty = false;
  return aatgs_writer_put(w, w->data, &key, 1, 0, w->scratch.data, w->scratch.size);
}

static const aatgs_key tail_key = {AATGS_KIND_TAIL, 0, 0};
static const aatgs_key state_key = {AATGS_KIND_STATE, 0, 0};

static int put_table(aatgs_trace_writer *w, aatgs_kind kind, aatgs_kept_tables *tables,
                     uint32_t number)
{
  aatgs_kept *t = aatgs_kept_find(tables, number);
  const aatgs_key key = {(uint8_t)kind, number, 0};
  if (!t || t->file == w->data_number)
    return 0;
  const uint64_t before = w->volume;
  const int rc = aatgs_writer_put(w, w->data, &key, 1, 0, t->bytes, t->size);
  w->copies_bytes += t->file ? w->volume - before : 0;
  t->file = w->data_number;
  return rc;
}

/* The data file has what its iterations name, so that it goes with them. */
static int put_tables(aatgs_trace_writer *w, uint32_t rows)
{
  uint32_t graph, plan, graph_before = 0, plan_before = 0;
  int rc = 0;
  for (uint32_t i = 0; !rc && i < rows; i++) {
    aatgs_chunk_get_tables(w->chunk, i, &graph, &plan);
    if (i == 0 || graph != graph_before)
      rc = put_table(w, AATGS_KIND_GRAPH, &w->graphs, graph);
    if (!rc && (i == 0 || plan != plan_before))
      rc = put_table(w, AATGS_KIND_PLAN, &w->plans, plan);
    graph_before = graph;
    plan_before = plan;
  }
  return rc;
}

static int put_chunk(aatgs_trace_writer *w, const aatgs_key *key, uint32_t rows)
{
  if (put_tables(w, rows))
    return w->error.code;
  aatgs_bytes *out = aatgs_store_put(w->data, key);
  const size_t before = out ? out->size : 0;
  int rc = out ? aatgs_chunk_pack(w->chunk, rows, w->codec, key->kind, w->trace, w->before,
                                  w->expected, out)
               : AATGS_ENOMEM;
  if (rc) {
    if (out)
      aatgs_store_put_cancel(w->data);
    return aatgs_writer_fail(w, rc, "cannot encode a chunk");
  }
  aatgs_store_put_end(w->data);
  if (key->kind == AATGS_KIND_CHUNK)
    w->volume += out->size - before;
  w->dirty = true;
  return 0;
}

static void add_to_state(aatgs_state_record *s, const aatgs_chunk_summary *c)
{
  if (s->iterations == 0) {
    s->first = c->first;
    s->first_posted_ns = c->first_posted_ns;
  }
  s->last = c->last;
  s->last_seen_ns = c->last_seen_ns;
  s->iterations += c->iterations;
  s->timings += c->timings;
  s->lost += c->lost;
}

/* ---- Transactions ------------------------------------------------------------------ */

static bool remove_data(aatgs_trace_writer *w, uint32_t number)
{
  char path[4096];
  snprintf(path, sizeof path, "%s/" AATGS_DATA_PREFIX "%0*u", w->dir, AATGS_DATA_DIGITS, number);
  if (unlink(path) && errno != ENOENT)
    return false;
  strcat(path, AATGS_LOCK_SUFFIX);
  unlink(path);
  return true;
}

/* False when there is none, or when it cannot go: then it stays the oldest, so that no hole comes
 * behind it, and the window is too long until it goes. */
static bool remove_oldest(aatgs_trace_writer *w)
{
  if (w->rolled.size == 0 ||
      !remove_data(w, ((const aatgs_rolled *)(const void *)w->rolled.data)->number))
    return false;
  w->rolled.size -= sizeof(aatgs_rolled);
  memmove(w->rolled.data, w->rolled.data + sizeof(aatgs_rolled), w->rolled.size);
  return true;
}

int aatgs_writer_commit_store(aatgs_trace_writer *w, aatgs_store *store)
{
  aatgs_error e;
  if (w->error.code)
    return w->error.code;
  int rc = aatgs_store_commit(store, &e);
  /* A flight recorder makes room by letting go of what is oldest. */
  while (rc == AATGS_ENOSPC && (w->window_bytes || w->window_ns) && remove_oldest(w))
    rc = aatgs_store_commit(store, &e);
  if (rc)
    w->error = e;
  return rc;
}

int aatgs_writer_commit(aatgs_trace_writer *w, bool tail)
{
  aatgs_state_record state = w->env;
  uint32_t rows = aatgs_chunk_iterations(w->chunk);
  if (w->error.code)
    return w->error.code;
  tail = tail && rows > 0;
  int rc = aatgs_writer_put_ticks(w);
  if (!rc && tail) {
    aatgs_chunk_summary s;
    aatgs_chunk_summarize(w->chunk, rows, w->expected, &s);
    add_to_state(&state, &s);
    w->tail_stored = true;
    rc = put_chunk(w, &tail_key, rows);
  }
  if (!rc)
    rc = aatgs_writer_put(w, w->data, &state_key, 1, 0, &state, sizeof state);
  if (rc)
    return rc;
  aatgs_writer_trim_window(w);
  rc = aatgs_writer_commit_store(w, w->meta);
  if (!rc)
    rc = aatgs_writer_commit_store(w, w->data);
  if (rc)
    return rc;
  if (state.iterations) {
    w->committed = state.last;
    w->committed_count = w->sealed_count + (tail ? rows : 0);
  }
  w->dirty = !tail && rows > 0;
  w->dirty_since_ns = 0;
  return 0;
}

int aatgs_writer_commit_when_much(aatgs_trace_writer *w)
{
  if (aatgs_store_pending(w->data) + aatgs_store_pending(w->meta) < w->commit_bytes)
    return w->error.code;
  return aatgs_writer_commit(w, false);
}

int aatgs_writer_seal(aatgs_trace_writer *w, uint32_t rows)
{
  aatgs_chunk_summary s;
  if (rows == 0)
    return w->error.code;
  aatgs_chunk_summarize(w->chunk, rows, w->expected, &s);
  const aatgs_key key = {AATGS_KIND_CHUNK, s.last, 0};
  int rc = put_chunk(w, &key, rows);
  if (!rc && w->tail_stored && aatgs_store_delete(w->data, &tail_key))
    rc = aatgs_writer_fail(w, AATGS_ENOMEM, "cannot gather what is to be written");
  if (rc)
    return rc;
  w->tail_stored = false;
  w->before = s.last;
  w->expected = s.last + 1;
  w->sealed_count += rows;
  w->sealed_lost += s.lost;
  add_to_state(&w->env, &s);
  aatgs_chunk_drop(w->chunk, rows);
  if (aatgs_chunk_iterations(w->chunk) == 0) {
    aatgs_kept_drop_replaced(&w->graphs);
    aatgs_kept_drop_replaced(&w->plans);
  }
  return aatgs_writer_commit_when_much(w);
}

/* ---- Rolling ----------------------------------------------------------------------- */

uint64_t aatgs_writer_data_bytes(const aatgs_trace_writer *w)
{
  return aatgs_store_bytes(w->data) + aatgs_store_pending(w->data);
}

int aatgs_writer_open_data(aatgs_trace_writer *w)
{
  char name[32];
  aatgs_error e;
  aatgs_store *data;
  snprintf(name, sizeof name, AATGS_DATA_PREFIX "%0*u", AATGS_DATA_DIGITS, w->data_number + 1);
  int rc = aatgs_store_create(w->dir, name, &data, &e);
  while (rc == AATGS_ENOSPC && (w->window_bytes || w->window_ns) && remove_oldest(w))
    rc = aatgs_store_create(w->dir, name, &data, &e);
  if (rc) {
    if (!w->error.code)
      w->error = e;
    return w->error.code;
  }
  w->data = data;
  w->data_number++;
  w->copies_bytes = 0;
  return 0;
}

bool aatgs_writer_is_long(const aatgs_trace_writer *w, uint64_t times)
{
  uint64_t ns = w->env.iterations ? w->env.last_seen_ns - w->env.first_posted_ns : 0;
  /* A map that cannot grow is too long before it is full. */
  const uint64_t most = aatgs_store_bytes_max(w->data) / 8 * 3;
  /* Where the tables are large, a file is worth its copies of them. */
  const uint64_t worth = w->roll_bytes > 2 * w->copies_bytes ? w->roll_bytes : 2 * w->copies_bytes;
  const uint64_t bytes = worth < most ? worth : most;
  return aatgs_writer_data_bytes(w) > bytes * times ||
         (w->window_ns && ns > w->window_ns / AATGS_WINDOW_TIMES * times);
}

bool aatgs_writer_can_roll(const aatgs_trace_writer *w, uint64_t at)
{
  /* What is committed stays where it is: a tail is not split between files. */
  return w->env.iterations + aatgs_chunk_iterations(w->chunk) > 0 && at > w->before &&
         !(w->tail_stored && at <= w->committed);
}

int aatgs_writer_roll(aatgs_trace_writer *w, uint64_t at)
{
  int rc = aatgs_writer_seal(w, aatgs_chunk_rows_below(w->chunk, at));
  if (!rc)
    rc = aatgs_writer_commit(w, false);
  if (rc)
    return rc;
  const aatgs_rolled r = {w->data_number, aatgs_store_bytes(w->data), w->env.last_seen_ns};
  aatgs_bytes_put(&w->rolled, &r, sizeof r);
  if (w->rolled.failed) {
    w->rolled.failed = false;
    return aatgs_writer_fail(w, AATGS_ENOMEM, "cannot begin a new data file");
  }
  w->rolled_bytes += r.bytes + AATGS_LOCK_BYTES;
  aatgs_store_close(w->data);
  w->data = NULL;
  rc = aatgs_writer_open_data(w);
  if (rc)
    return rc;
  w->env = (aatgs_state_record){.ticks = w->env.ticks};
  /* The block of ticks goes on here; readers take the newest copy. */
  w->tick_dirty = w->tick_count > 0;
  return 0;
}

/* Bytes of all files. */
static uint64_t total_bytes(const aatgs_trace_writer *w)
{
  const size_t count = w->rolled.size / sizeof(aatgs_rolled);
  const aatgs_rolled *r = (const aatgs_rolled *)(const void *)w->rolled.data;
  uint64_t bytes = aatgs_store_bytes(w->meta) + aatgs_store_bytes(w->data) + AATGS_RESERVE_BYTES +
                   (count + 2) * AATGS_LOCK_BYTES;
  for (size_t i = 0; i < count; i++)
    bytes += r[i].bytes;
  return bytes;
}

void aatgs_writer_trim_window(aatgs_trace_writer *w)
{
  const uint64_t more = aatgs_store_pending(w->data) + aatgs_store_pending(w->meta);
  while (w->window_bytes && total_bytes(w) + more > w->window_bytes && remove_oldest(w))
    ;
  uint64_t newest = w->env.last_seen_ns;
  while (w->window_ns && w->rolled.size && newest > w->window_ns &&
         ((const aatgs_rolled *)(const void *)w->rolled.data)->last_seen_ns <
             newest - w->window_ns &&
         remove_oldest(w))
    ;
}
