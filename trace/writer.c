#include "trace/writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "trace/marks.h"
#include "trace/writer_state.h"

#define CHUNK_ITERATIONS 4096u
#define CHUNK_BYTES      (UINT64_C(2) << 20)
#define COMMIT_BYTES     (UINT64_C(4) << 20)
#define ROLL_BYTES       (UINT64_C(256) << 20)
#define REPLACED_BYTES   (UINT64_C(16) << 20)
#define COMMIT_NS        UINT64_C(100000000)

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

static void remove_file(const char *dir, const char *name)
{
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  unlink(path);
}

static void remove_files(const char *dir, bool folder)
{
  static const char *const names[] = {
      AATGS_META_NAME, AATGS_META_NAME AATGS_LOCK_SUFFIX, AATGS_DATA_PREFIX "00000001",
      AATGS_DATA_PREFIX "00000001" AATGS_LOCK_SUFFIX, AATGS_RESERVE_NAME};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    remove_file(dir, names[i]);
  if (folder)
    rmdir(dir);
}

static int make_reserve(aatgs_trace_writer *w)
{
  char path[4096];
  snprintf(path, sizeof path, "%s/" AATGS_RESERVE_NAME, w->dir);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  int rc = fd < 0 ? errno : posix_fallocate(fd, 0, AATGS_RESERVE_BYTES);
  if (fd >= 0)
    close(fd);
  if (!rc)
    return 0;
  return aatgs_error_set(&w->error, rc == ENOSPC || rc == EDQUOT ? AATGS_ENOSPC : AATGS_EIO, rc,
                         "%s: cannot reserve room: %s", path, strerror(rc));
}

static int write_run(aatgs_trace_writer *w, const aatgs_trace_writer_options *o)
{
  aatgs_trace_info check = {0};
  aatgs_trace_info info = *o->info;
  uint64_t trace;
  for (uint32_t i = 0; i < info.input_count; i++) {
    int rc =
        aatgs_writer_put_pieces(w, w->meta, AATGS_KIND_INPUT, i, o->inputs[i], info.inputs[i].size);
    if (rc)
      return rc;
  }
  w->scratch.size = 0;
  if (aatgs_info_write(&info, w->trace, &w->scratch))
    return aatgs_writer_fail(w, AATGS_ENOMEM, "cannot describe the run");
  /* What cannot be read back must not be recorded. */
  aatgs_info_read(w->scratch.data, w->scratch.size, w->dir, &w->arena, &check, &trace, &w->error);
  aatgs_arena_free(&w->arena);
  const aatgs_key key = {AATGS_KIND_INFO, 0, 0};
  if (w->error.code || aatgs_writer_put(w, w->meta, &key, 1, 0, w->scratch.data, w->scratch.size))
    return w->error.code;
  return aatgs_writer_commit_store(w, w->meta);
}

/* Small files and small commits keep the bytes on the disk close to the window: what is let go of
 * at a time is a file, and a file has room for as much as a snapshot behind the one it begins with.
 */
static void divide_window(aatgs_trace_writer *w, aatgs_chunk_limits *limits)
{
  const uint64_t part = w->window_bytes / AATGS_WINDOW_PARTS;
  const uint64_t least = 2 * w->snapshot_bytes;
  const uint64_t file = part > least ? part : least;
  w->roll_bytes = file < w->roll_bytes ? file : w->roll_bytes;
  w->commit_bytes = part < w->commit_bytes ? part : w->commit_bytes;
  limits->bytes = part < limits->bytes ? part : limits->bytes;
}

/* glibc hands large blocks back to the system as they are freed, and LMDB frees its dirty pages at
 * each commit: the faults to get them again would be a third of the recorder's time. A block of
 * that size, freed once, raises glibc's own threshold; elsewhere this does nothing. */
static void keep_pages(const aatgs_trace_writer *w)
{
  void *volatile block = malloc(4 * (size_t)w->commit_bytes);
  free(block);
}

static int open_parts(aatgs_trace_writer *w, const aatgs_trace_writer_options *o)
{
  aatgs_chunk_limits limits = {
      .config_bytes = o->info->config_bytes,
      .telemetry_bytes = o->info->telemetry_bytes,
      .iteration_word = aatgs_info_iteration_word(o->info),
      .iterations = o->chunk_iterations ? o->chunk_iterations : CHUNK_ITERATIONS,
      .bytes = o->chunk_bytes ? o->chunk_bytes : CHUNK_BYTES,
  };
  if (limits.iterations > AATGS_CHUNK_ITERATIONS_MAX || limits.bytes > AATGS_CHUNK_BYTES_MAX / 4 ||
      o->zstd_level < 1 || o->zstd_level > 19)
    return aatgs_writer_fail(
        w, AATGS_EINVAL, "a zstd level of 1 to 19, chunks of at most 65536 iterations and 64 MiB");
  w->commit_bytes = o->commit_bytes ? o->commit_bytes : COMMIT_BYTES;
  w->commit_ns = o->commit_ns ? o->commit_ns : COMMIT_NS;
  w->snapshot_bytes = aatgs_info_snapshot_bytes(o->info);
  w->window_bytes = o->window_bytes;
  w->window_ns = o->window_ns;
  w->graphs.slots = o->graphs_max;
  w->plans.slots = o->plans_max;
  w->roll_bytes = o->roll_bytes ? o->roll_bytes : ROLL_BYTES;
  if (w->window_bytes)
    divide_window(w, &limits);
  if (aatgs_codec_open(o->zstd_level, &w->codec) || aatgs_chunk_builder_open(&limits, &w->chunk))
    return aatgs_writer_fail(w, AATGS_ENOMEM, "cannot start recording");
  if (getrandom(&w->trace, sizeof w->trace, 0) != (ssize_t)sizeof w->trace)
    w->trace = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
  keep_pages(w);
  if (aatgs_store_create(w->dir, AATGS_META_NAME, &w->meta, &w->error))
    return w->error.code;
  int rc = make_reserve(w);
  if (!rc)
    rc = aatgs_writer_open_data(w);
  return rc ? rc : write_run(w, o);
}

static void free_writer(aatgs_trace_writer *w)
{
  aatgs_store_close(w->meta);
  aatgs_store_close(w->data);
  aatgs_chunk_builder_close(w->chunk);
  aatgs_codec_close(w->codec);
  aatgs_bytes_free(&w->scratch);
  aatgs_bytes_free(&w->rolled);
  aatgs_kept_free(&w->graphs);
  aatgs_kept_free(&w->plans);
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

int aatgs_trace_writer_flush(aatgs_trace_writer *w)
{
  return w->dirty || w->error.code ? aatgs_writer_commit(w, true) : 0;
}

int aatgs_trace_writer_pump(aatgs_trace_writer *w, uint64_t now_ns)
{
  if (w->error.code || !w->dirty)
    return w->error.code;
  if (w->dirty_since_ns == 0 || w->dirty_since_ns > now_ns)
    w->dirty_since_ns = now_ns;
  if (now_ns - w->dirty_since_ns >= w->commit_ns)
    return aatgs_writer_commit(w, true);
  return aatgs_writer_commit_when_much(w);
}

static int seal_all(aatgs_trace_writer *w)
{
  return aatgs_writer_seal(w, aatgs_chunk_iterations(w->chunk));
}

/* ---- Writing ----------------------------------------------------------------------- */

static int refuse(aatgs_trace_writer *w, const char *what, uint64_t number, const char *why)
{
  if (!w->error.code)
    aatgs_error_set(&w->error, AATGS_EINVAL, 0, "%s: cannot record %s %" PRIu64 ": %s", w->dir,
                    what, number, why);
  return w->error.code;
}

/* Tables that only iterations of the open chunk name are not to pile up. */
static int let_go_of_replaced(aatgs_trace_writer *w)
{
  if (w->graphs.replaced_bytes + w->plans.replaced_bytes < REPLACED_BYTES)
    return w->error.code;
  const int rc = seal_all(w);
  aatgs_kept_drop_replaced(&w->graphs);
  aatgs_kept_drop_replaced(&w->plans);
  return rc;
}

int aatgs_trace_write_graph(aatgs_trace_writer *w, const aatgs_trace_graph *graph)
{
  const char *why;
  aatgs_trace_graph check;
  if (w->error.code || let_go_of_replaced(w))
    return w->error.code;
  w->scratch.size = 0;
  int rc = aatgs_graph_write(graph, &w->scratch, &why);
  if (!rc)
    rc = aatgs_graph_read(w->scratch.data, w->scratch.size, &w->arena, &check, &why);
  aatgs_arena_free(&w->arena);
  w->scratch.failed = false;
  if (rc)
    return refuse(w, "graph", graph->number, why);
  rc = aatgs_kept_add(&w->graphs, graph->number, w->scratch.data, w->scratch.size);
  return rc ? aatgs_writer_fail(w, rc, "cannot take a graph") : 0;
}

int aatgs_trace_write_plan(aatgs_trace_writer *w, const aatgs_trace_plan *plan)
{
  const char *why;
  if (w->error.code || let_go_of_replaced(w))
    return w->error.code;
  w->scratch.size = 0;
  int rc = aatgs_plan_write(plan, &w->scratch, &why);
  w->scratch.failed = false;
  if (rc)
    return refuse(w, "plan", plan->number, why);
  rc = aatgs_kept_add(&w->plans, plan->number, w->scratch.data, w->scratch.size);
  return rc ? aatgs_writer_fail(w, rc, "cannot take a plan") : 0;
}

static int take_iteration(aatgs_trace_writer *w, const aatgs_iteration *iteration)
{
  if (w->error.code)
    return w->error.code;
  if (iteration->iteration <= w->last)
    return refuse(w, "iteration", iteration->iteration, "they come in rising order, from 1");
  if (iteration->timing_count > AATGS_CHUNK_TIMINGS_MAX)
    return refuse(w, "iteration", iteration->iteration, "it has more timings than a chunk holds");
  if (!aatgs_chunk_fits(w->chunk, iteration->timing_count) && seal_all(w))
    return w->error.code;
  int rc = aatgs_chunk_add(w->chunk, iteration);
  return rc ? aatgs_writer_fail(w, rc, "cannot take an iteration") : 0;
}

int aatgs_trace_write_iteration(aatgs_trace_writer *w, const aatgs_iteration *iteration)
{
  int rc = take_iteration(w, iteration);
  if (rc) {
    w->refused++;
    return rc;
  }
  w->last = iteration->iteration;
  w->dirty = true;
  if (!aatgs_chunk_full(w->chunk))
    return 0;
  rc = seal_all(w);
  /* Nobody brings a snapshot: better without one than a file without end. */
  if (!rc && aatgs_writer_is_long(w, 2))
    rc = aatgs_writer_roll(w, w->last + 1);
  return rc;
}

bool aatgs_trace_writer_wants_snapshot(const aatgs_trace_writer *w)
{
  const bool began_without = w->data_number > 1 && w->env.snapshots == 0;
  return !w->error.code && (began_without || aatgs_writer_is_long(w, 1));
}

int aatgs_trace_write_snapshot(aatgs_trace_writer *w, uint64_t at, const uint8_t *bytes,
                               size_t size)
{
  if (w->error.code)
    return w->error.code;
  if (size != w->snapshot_bytes)
    return refuse(w, "the snapshot at iteration", at,
                  "its size is not that of the primary regions");
  bool first = w->last == 0 && w->expected == 0;
  if (first)
    w->expected = at;
  if (aatgs_writer_is_long(w, 1) && aatgs_writer_can_roll(w, at) && aatgs_writer_roll(w, at))
    return w->error.code;
  int rc =
      aatgs_writer_put_pieces(w, first ? w->meta : w->data, AATGS_KIND_SNAPSHOT, ~at, bytes, size);
  if (!rc && !first)
    w->env.snapshots++;
  return rc;
}

int aatgs_trace_write_tick(aatgs_trace_writer *w, const aatgs_tick *tick)
{
  if (w->error.code)
    return w->error.code;
  if (w->tick_count == AATGS_TICKS_PER_BLOCK) {
    int rc = aatgs_writer_put_ticks(w);
    if (rc)
      return rc;
    w->tick_block++;
    w->tick_count = 0;
  }
  w->ticks[w->tick_count++] = *tick;
  w->env.ticks++;
  w->tick_dirty = w->dirty = true;
  return 0;
}

static int put_mark(aatgs_trace_writer *w, const aatgs_trace_mark *mark)
{
  const aatgs_key key = {AATGS_KIND_MARK, w->marks, 0};
  w->scratch.size = 0;
  aatgs_mark_write(mark, &w->scratch);
  if (w->scratch.failed) {
    w->scratch.failed = false;
    return aatgs_writer_fail(w, AATGS_ENOMEM, "cannot take a mark");
  }
  int rc = aatgs_writer_put(w, w->meta, &key, 1, 0, w->scratch.data, w->scratch.size);
  w->marks += rc == 0;
  return rc;
}

int aatgs_trace_write_mark(aatgs_trace_writer *w, const aatgs_trace_mark *mark)
{
  return w->error.code ? w->error.code : put_mark(w, mark);
}

uint64_t aatgs_trace_writer_committed(const aatgs_trace_writer *w)
{
  return w->committed;
}

void aatgs_trace_writer_get_volume(const aatgs_trace_writer *w, uint64_t *bytes,
                                   uint64_t *snapshots)
{
  *bytes = w->volume;
  *snapshots = w->snapshot_volume;
}

uint64_t aatgs_trace_writer_data_bytes(const aatgs_trace_writer *w)
{
  return w->error.code ? w->rolled_bytes : w->rolled_bytes + aatgs_writer_data_bytes(w);
}

const aatgs_error *aatgs_trace_writer_error(const aatgs_trace_writer *w)
{
  return &w->error;
}

/* Recording failed: gives up what is not committed, and says so, in the room kept for that if the
 * disk is full. Where that cannot be written either, the trace stays open. */
static int last_words(aatgs_trace_writer *w, aatgs_closed_record r)
{
  const aatgs_key key = {AATGS_KIND_CLOSED, 0, 0};
  const aatgs_error why = w->error;
  uint64_t taken = w->sealed_count + aatgs_chunk_iterations(w->chunk);
  r.lost += taken + w->refused - w->committed_count;
  r.last = w->committed;
  r.iterations = w->committed_count;
  aatgs_store_drop(w->meta);
  aatgs_store_drop(w->data);
  remove_file(w->dir, AATGS_RESERVE_NAME);
  w->error.code = 0;
  const aatgs_trace_mark mark = {AATGS_MARK_STOPPED, w->committed, w->env.last_seen_ns, r.lost,
                                 why.text};
  if (!put_mark(w, &mark) && !aatgs_writer_put(w, w->meta, &key, 1, 0, &r, sizeof r))
    aatgs_writer_commit_store(w, w->meta);
  w->error = why;
  return why.code;
}

int aatgs_trace_writer_close(aatgs_trace_writer *w, uint64_t digest, uint64_t lost,
                             aatgs_error *error)
{
  const aatgs_key key = {AATGS_KIND_CLOSED, 0, 0};
  if (error)
    *error = (aatgs_error){0, 0, ""};
  if (!w)
    return 0;
  int rc = w->error.code ? w->error.code : seal_all(w);
  if (!rc)
    rc = aatgs_writer_commit(w, false);
  const aatgs_closed_record r = {digest, lost > w->sealed_lost ? lost : w->sealed_lost, w->last,
                                 w->sealed_count};
  if (!rc)
    rc = aatgs_writer_put(w, w->meta, &key, 1, 0, &r, sizeof r);
  if (!rc)
    rc = aatgs_writer_commit_store(w, w->meta);
  if (rc)
    rc = last_words(w, r);
  else
    remove_file(w->dir, AATGS_RESERVE_NAME);
  if (error)
    *error = w->error;
  free_writer(w);
  return rc;
}
