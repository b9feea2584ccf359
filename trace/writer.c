#include "trace/writer.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "trace/chunk.h"
#include "trace/info.h"
#include "trace/records.h"
#include "trace/store.h"
#include "trace/ticks.h"

#define CHUNK_ITERATIONS 4096u
#define CHUNK_BYTES      (UINT64_C(1) << 20)
#define COMMIT_BYTES     (UINT64_C(4) << 20)
#define COMMIT_NS        UINT64_C(100000000)

struct aatgs_trace_writer {
  aatgs_error error; /* sticky */
  char dir[4000];
  uint64_t trace; /* identity */
  uint64_t commit_bytes;
  uint64_t commit_ns;
  uint64_t snapshot_bytes;
  aatgs_codec *codec;
  aatgs_store *meta;
  aatgs_store *data;
  uint32_t data_number;
  aatgs_chunk_builder *chunk;
  aatgs_bytes scratch;
  aatgs_arena arena;         /* for checks of what is written; emptied each time */
  uint64_t expected;         /* the next iteration without a gap; 0: not known */
  uint64_t before;           /* last iteration of the chunk sealed last */
  uint64_t chunk_lost;       /* gaps of the open chunk */
  uint64_t written;          /* iterations in all */
  uint64_t lost;             /* gaps in all */
  aatgs_state_record now;    /* with the open chunk */
  aatgs_state_record sealed; /* without it */
  bool tail_stored;
  bool dirty;              /* something is not committed */
  uint64_t dirty_since_ns; /* when pump() noticed; 0: not yet */
  uint64_t committed;
  uint64_t tick_block;
  uint32_t tick_count;
  bool tick_dirty;
  aatgs_tick ticks[AATGS_TICKS_PER_BLOCK];
};

static int fail(aatgs_trace_writer *w, int code, const char *what)
{
  if (!w->error.code)
    aatgs_error_set(&w->error, code, 0, "%s: %s: %s", w->dir, what, aatgs_strerror(code));
  return w->error.code;
}

/* ---- Values ------------------------------------------------------------------------ */

static int put(aatgs_trace_writer *w, aatgs_store *store, const aatgs_key *key, uint32_t pieces,
               uint64_t extra, const void *raw, size_t size)
{
  aatgs_value_header h = {.kind = key->kind,
                          .trace = w->trace,
                          .number = key->number,
                          .piece = key->piece,
                          .pieces = pieces,
                          .extra = extra};
  aatgs_bytes *out = aatgs_store_put(store, key);
  int rc = out ? aatgs_value_pack(w->codec, &h, raw, size, out) : AATGS_ENOMEM;
  if (rc) {
    if (out)
      aatgs_store_put_cancel(store);
    return fail(w, rc, "cannot gather what is to be written");
  }
  aatgs_store_put_end(store);
  w->dirty = true;
  return 0;
}

static int commit_store(aatgs_trace_writer *w, aatgs_store *store)
{
  aatgs_error e;
  if (aatgs_store_commit(store, &e) && !w->error.code)
    w->error = e;
  return w->error.code;
}

/* Something large in pieces, the first one last: when it is there, all are. */
static int put_pieces(aatgs_trace_writer *w, aatgs_store *store, aatgs_kind kind, uint64_t number,
                      const uint8_t *bytes, size_t size)
{
  uint32_t pieces = (uint32_t)((size + AATGS_PIECE_BYTES - 1) / AATGS_PIECE_BYTES);
  pieces = pieces ? pieces : 1;
  int rc = 0;
  for (uint32_t p = pieces; !rc && p-- > 0;) {
    size_t at = (size_t)p * AATGS_PIECE_BYTES;
    size_t n = size - at < AATGS_PIECE_BYTES ? size - at : AATGS_PIECE_BYTES;
    const aatgs_key key = {(uint8_t)kind, number, p};
    rc = put(w, store, &key, pieces, size, bytes + at, n);
    if (!rc && aatgs_store_pending(store) >= w->commit_bytes)
      rc = commit_store(w, store);
  }
  return rc;
}

/* ---- Opening ----------------------------------------------------------------------- */

static bool folder_is_empty(const char *dir)
{
  DIR *d = opendir(dir);
  bool empty = d != NULL;
  for (struct dirent *e; d && empty && (e = readdir(d));)
    empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
  if (d)
    closedir(d);
  return empty;
}

static int make_folder(const char *dir, bool *made, aatgs_error *error)
{
  *made = mkdir(dir, 0777) == 0;
  if (*made)
    return 0;
  int rc = errno;
  if (rc == EEXIST && folder_is_empty(dir))
    return 0;
  if (rc == EEXIST)
    return aatgs_error_set(
        error, AATGS_EEXIST, 0,
        "%s: it is there already and not an empty folder; choose another name or "
        "remove it",
        dir);
  return aatgs_error_set(error,
                         rc == ENOENT   ? AATGS_ENOTFOUND
                         : rc == ENOSPC ? AATGS_ENOSPC
                                        : AATGS_EIO,
                         rc, "%s: cannot create the folder: %s", dir, strerror(rc));
}

static void data_name(uint32_t number, char name[32])
{
  snprintf(name, 32, AATGS_DATA_PREFIX "%0*u", AATGS_DATA_DIGITS, number);
}

static void remove_files(const char *dir, bool folder)
{
  static const char *const names[] = {AATGS_META_NAME, AATGS_META_NAME AATGS_LOCK_SUFFIX,
                                      AATGS_DATA_PREFIX "00000001",
                                      AATGS_DATA_PREFIX "00000001" AATGS_LOCK_SUFFIX};
  char path[4096];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", dir, names[i]);
    unlink(path);
  }
  if (folder)
    rmdir(dir);
}

static int open_data(aatgs_trace_writer *w)
{
  char name[32];
  aatgs_error e;
  data_name(w->data_number + 1, name);
  if (aatgs_store_create(w->dir, name, &w->data, &e)) {
    if (!w->error.code)
      w->error = e;
    return w->error.code;
  }
  w->data_number++;
  return 0;
}

static int write_run(aatgs_trace_writer *w, const aatgs_trace_writer_options *o)
{
  aatgs_trace_info check = {0};
  aatgs_trace_info info = *o->info;
  uint64_t trace;
  for (uint32_t i = 0; i < info.input_count; i++) {
    int rc = put_pieces(w, w->meta, AATGS_KIND_INPUT, i, o->inputs[i], info.inputs[i].size);
    if (rc)
      return rc;
  }
  w->scratch.size = 0;
  if (aatgs_info_write(&info, w->trace, &w->scratch))
    return fail(w, AATGS_ENOMEM, "cannot describe the run");
  /* What cannot be read back must not be recorded. */
  aatgs_info_read(w->scratch.data, w->scratch.size, w->dir, &w->arena, &check, &trace, &w->error);
  aatgs_arena_free(&w->arena);
  const aatgs_key key = {AATGS_KIND_INFO, 0, 0};
  if (w->error.code || put(w, w->meta, &key, 1, 0, w->scratch.data, w->scratch.size))
    return w->error.code;
  return commit_store(w, w->meta);
}

static int open_parts(aatgs_trace_writer *w, const aatgs_trace_writer_options *o)
{
  const aatgs_chunk_limits limits = {
      .config_bytes = o->info->config_bytes,
      .telemetry_bytes = o->info->telemetry_bytes,
      .iteration_word = aatgs_info_iteration_word(o->info),
      .iterations = o->chunk_iterations ? o->chunk_iterations : CHUNK_ITERATIONS,
      .bytes = o->chunk_bytes ? o->chunk_bytes : CHUNK_BYTES,
  };
  if (limits.iterations > AATGS_CHUNK_ITERATIONS_MAX || limits.bytes > AATGS_CHUNK_BYTES_MAX / 4 ||
      o->zstd_level < 1 || o->zstd_level > 19)
    return fail(w, AATGS_EINVAL,
                "a zstd level of 1 to 19, chunks of at most 65536 iterations and 64 MiB");
  w->commit_bytes = o->commit_bytes ? o->commit_bytes : COMMIT_BYTES;
  w->commit_ns = o->commit_ns ? o->commit_ns : COMMIT_NS;
  w->snapshot_bytes = aatgs_info_snapshot_bytes(o->info);
  if (aatgs_codec_open(o->zstd_level, &w->codec) || aatgs_chunk_builder_open(&limits, &w->chunk))
    return fail(w, AATGS_ENOMEM, "cannot start recording");
  if (getrandom(&w->trace, sizeof w->trace, 0) != (ssize_t)sizeof w->trace)
    w->trace = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
  if (aatgs_store_create(w->dir, AATGS_META_NAME, &w->meta, &w->error))
    return w->error.code;
  int rc = open_data(w);
  return rc ? rc : write_run(w, o);
}

static void free_writer(aatgs_trace_writer *w)
{
  aatgs_store_close(w->meta);
  aatgs_store_close(w->data);
  aatgs_chunk_builder_close(w->chunk);
  aatgs_codec_close(w->codec);
  aatgs_bytes_free(&w->scratch);
  aatgs_arena_free(&w->arena);
  free(w);
}

int aatgs_trace_writer_open(const aatgs_trace_writer_options *options, aatgs_trace_writer **out,
                            aatgs_error *error)
{
  bool made = false;
  *out = NULL;
  int rc = aatgs_info_check(options->info, error);
  if (rc)
    return rc;
  aatgs_trace_writer *w = calloc(1, sizeof *w);
  if (!w)
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "%s: out of memory", options->dir);
  if (strlen(options->dir) >= sizeof w->dir) {
    free(w);
    return aatgs_error_set(error, AATGS_EINVAL, ENAMETOOLONG, "%.200s...: the path is too long",
                           options->dir);
  }
  strcpy(w->dir, options->dir);
  rc = make_folder(w->dir, &made, error);
  if (rc) {
    free(w);
    return rc;
  }
  rc = open_parts(w, options);
  if (rc) {
    if (error)
      *error = w->error;
    remove_files(w->dir, made);
    free_writer(w);
    return rc;
  }
  w->dirty = false;
  *out = w;
  return 0;
}

/* ---- Committing -------------------------------------------------------------------- */

static int put_ticks(aatgs_trace_writer *w)
{
  if (!w->tick_dirty)
    return 0;
  const aatgs_key key = {AATGS_KIND_TICKS, w->tick_block, 0};
  w->scratch.size = 0;
  if (!aatgs_ticks_write(w->ticks, w->tick_count, &w->scratch))
    return fail(w, AATGS_ENOMEM, "cannot gather what is to be written");
  w->tick_dirty = false;
  return put(w, w->data, &key, 1, 0, w->scratch.data, w->scratch.size);
}

/* The open chunk as a value of this kind. */
static int put_chunk(aatgs_trace_writer *w, const aatgs_key *key)
{
  aatgs_bytes *out = aatgs_store_put(w->data, key);
  int rc =
      out ? aatgs_chunk_pack(w->chunk, w->codec, key->kind, w->trace, w->before, w->chunk_lost, out)
          : AATGS_ENOMEM;
  if (rc) {
    if (out)
      aatgs_store_put_cancel(w->data);
    return fail(w, rc, "cannot encode a chunk");
  }
  aatgs_store_put_end(w->data);
  w->dirty = true;
  return 0;
}

static const aatgs_key tail_key = {AATGS_KIND_TAIL, 0, 0};
static const aatgs_key state_key = {AATGS_KIND_STATE, 0, 0};

/* Writes what is sealed, and the open chunk if `tail`, and waits until it is safe. Graphs and plans
 * go first, so that no iteration names one that is not there. */
static int commit(aatgs_trace_writer *w, bool tail)
{
  if (w->error.code)
    return w->error.code;
  tail = tail && aatgs_chunk_iterations(w->chunk) > 0;
  const aatgs_state_record *state = tail ? &w->now : &w->sealed;
  int rc = put_ticks(w);
  if (!rc && tail) {
    rc = put_chunk(w, &tail_key);
    w->tail_stored = true;
  }
  if (!rc)
    rc = put(w, w->data, &state_key, 1, 0, state, sizeof *state);
  if (!rc)
    rc = commit_store(w, w->meta);
  if (!rc)
    rc = commit_store(w, w->data);
  if (rc)
    return rc;
  if (state->last)
    w->committed = state->last;
  w->dirty = !tail && aatgs_chunk_iterations(w->chunk) > 0;
  w->dirty_since_ns = 0;
  return 0;
}

static int commit_when_much(aatgs_trace_writer *w)
{
  if (aatgs_store_pending(w->data) + aatgs_store_pending(w->meta) < w->commit_bytes)
    return 0;
  return commit(w, false);
}

static int seal(aatgs_trace_writer *w)
{
  if (aatgs_chunk_iterations(w->chunk) == 0)
    return 0;
  const aatgs_key key = {AATGS_KIND_CHUNK, w->now.last, 0};
  int rc = put_chunk(w, &key);
  if (!rc && w->tail_stored && aatgs_store_delete(w->data, &tail_key))
    rc = fail(w, AATGS_ENOMEM, "cannot gather what is to be written");
  if (rc)
    return rc;
  w->tail_stored = false;
  w->before = w->now.last;
  w->chunk_lost = 0;
  w->sealed = w->now;
  aatgs_chunk_clear(w->chunk);
  return commit_when_much(w);
}

int aatgs_trace_writer_flush(aatgs_trace_writer *w)
{
  return w->dirty || w->error.code ? commit(w, true) : 0;
}

int aatgs_trace_writer_pump(aatgs_trace_writer *w, uint64_t now_ns)
{
  if (w->error.code || !w->dirty)
    return w->error.code;
  if (w->dirty_since_ns == 0 || w->dirty_since_ns > now_ns)
    w->dirty_since_ns = now_ns;
  if (now_ns - w->dirty_since_ns >= w->commit_ns)
    return commit(w, true);
  return commit_when_much(w);
}

/* ---- Writing ----------------------------------------------------------------------- */

static int refuse(aatgs_trace_writer *w, const char *what, uint64_t number, const char *why)
{
  if (!w->error.code)
    aatgs_error_set(&w->error, AATGS_EINVAL, 0, "%s: cannot record %s %" PRIu64 ": %s", w->dir,
                    what, number, why);
  return w->error.code;
}

int aatgs_trace_write_graph(aatgs_trace_writer *w, const aatgs_trace_graph *graph)
{
  const char *why;
  aatgs_trace_graph check;
  const aatgs_key key = {AATGS_KIND_GRAPH, graph->number, 0};
  if (w->error.code)
    return w->error.code;
  w->scratch.size = 0;
  int rc = aatgs_graph_write(graph, &w->scratch, &why);
  if (!rc)
    rc = aatgs_graph_read(w->scratch.data, w->scratch.size, &w->arena, &check, &why);
  aatgs_arena_free(&w->arena);
  w->scratch.failed = false;
  if (rc)
    return refuse(w, "graph", graph->number, why);
  return put(w, w->meta, &key, 1, 0, w->scratch.data, w->scratch.size);
}

int aatgs_trace_write_plan(aatgs_trace_writer *w, const aatgs_trace_plan *plan)
{
  const char *why;
  const aatgs_key key = {AATGS_KIND_PLAN, plan->number, 0};
  if (w->error.code)
    return w->error.code;
  w->scratch.size = 0;
  int rc = aatgs_plan_write(plan, &w->scratch, &why);
  w->scratch.failed = false;
  if (rc)
    return refuse(w, "plan", plan->number, why);
  return put(w, w->meta, &key, 1, 0, w->scratch.data, w->scratch.size);
}

static void count_iteration(aatgs_trace_writer *w, const aatgs_iteration *it)
{
  aatgs_state_record *s = &w->now;
  uint64_t gap = w->expected && it->iteration > w->expected ? it->iteration - w->expected : 0;
  w->expected = it->iteration + 1;
  w->chunk_lost += gap;
  w->lost += gap;
  s->lost += gap;
  if (s->iterations == 0) {
    s->first = it->iteration;
    s->first_posted_ns = it->posted_ns;
  }
  s->last = it->iteration;
  s->iterations++;
  s->timings += it->timing_count;
  s->last_seen_ns = it->seen_ns;
  w->written++;
}

int aatgs_trace_write_iteration(aatgs_trace_writer *w, const aatgs_iteration *iteration)
{
  if (w->error.code)
    return w->error.code;
  if (iteration->iteration == 0 || (w->now.last && iteration->iteration <= w->now.last))
    return refuse(w, "iteration", iteration->iteration, "they come in rising order, from 1");
  if (iteration->timing_count > AATGS_CHUNK_TIMINGS_MAX)
    return refuse(w, "iteration", iteration->iteration, "it has more timings than a chunk holds");
  if (!aatgs_chunk_fits(w->chunk, iteration->timing_count) && seal(w))
    return w->error.code;
  int rc = aatgs_chunk_add(w->chunk, iteration);
  if (rc)
    return fail(w, rc, "cannot take an iteration");
  count_iteration(w, iteration);
  w->dirty = true;
  return aatgs_chunk_full(w->chunk) ? seal(w) : 0;
}

int aatgs_trace_write_snapshot(aatgs_trace_writer *w, uint64_t at, const uint8_t *bytes,
                               size_t size)
{
  if (w->error.code)
    return w->error.code;
  if (size != w->snapshot_bytes)
    return refuse(w, "the snapshot at iteration", at,
                  "its size is not that of the primary regions");
  bool first = w->now.last == 0 && w->expected == 0;
  if (first)
    w->expected = at;
  int rc = put_pieces(w, first ? w->meta : w->data, AATGS_KIND_SNAPSHOT, ~at, bytes, size);
  if (!rc && !first) {
    w->now.snapshots++;
    w->sealed.snapshots++;
  }
  return rc;
}

int aatgs_trace_write_tick(aatgs_trace_writer *w, const aatgs_tick *tick)
{
  if (w->error.code)
    return w->error.code;
  if (w->tick_count == AATGS_TICKS_PER_BLOCK) {
    int rc = put_ticks(w);
    if (rc)
      return rc;
    w->tick_block++;
    w->tick_count = 0;
  }
  w->ticks[w->tick_count++] = *tick;
  w->now.ticks++;
  w->sealed.ticks++;
  w->tick_dirty = w->dirty = true;
  return 0;
}

uint64_t aatgs_trace_writer_committed(const aatgs_trace_writer *w)
{
  return w->committed;
}

const aatgs_error *aatgs_trace_writer_error(const aatgs_trace_writer *w)
{
  return &w->error;
}

int aatgs_trace_writer_close(aatgs_trace_writer *w, uint64_t digest, uint64_t lost,
                             aatgs_error *error)
{
  const aatgs_key key = {AATGS_KIND_CLOSED, 0, 0};
  if (error)
    *error = (aatgs_error){0, 0, ""};
  if (!w)
    return 0;
  int rc = w->error.code ? w->error.code : seal(w);
  if (!rc)
    rc = commit(w, false);
  if (!rc) {
    const aatgs_closed_record r = {digest, lost > w->lost ? lost : w->lost, w->now.last,
                                   w->written};
    rc = put(w, w->meta, &key, 1, 0, &r, sizeof r);
  }
  if (!rc)
    rc = commit_store(w, w->meta);
  if (error)
    *error = w->error;
  free_writer(w);
  return rc;
}
