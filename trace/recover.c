/* Saves what is whole of a damaged trace: values are found by their marks and believed for their
 * checksums, wherever in the files they lie. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/arena.h"
#include "trace/chunk.h"
#include "trace/copy.h"
#include "trace/info.h"
#include "trace/marks.h"
#include "trace/names.h"
#include "trace/records.h"
#include "trace/ticks.h"
#include "trace/walk.h"

/* Bytes hashed in all may be this many times the bytes of the files: values that overlap, as only
 * malice makes them, end there. */
#define HASH_TIMES 16
#define WINDOW     ((size_t)4 << 20)

/* A value that is whole. */
typedef struct found {
  aatgs_value_header h;
  uint64_t at;
  uint32_t file;
} found;

/* A graph or plan that was asked for. */
typedef struct named {
  bool any;
  bool there;
  uint32_t number;
} named;

typedef struct recovery {
  const char *dir;
  aatgs_trace_note note;
  void *user;
  aatgs_error *error;
  aatgs_trace_report *report;
  aatgs_codec *codec;
  aatgs_arena arena;
  aatgs_bytes files;  /* int: descriptors */
  aatgs_bytes values; /* found */
  aatgs_bytes window;
  aatgs_bytes value;
  aatgs_bytes raw;
  aatgs_chunk chunk;
  aatgs_trace_info info;
  aatgs_trace_input *inputs;
  aatgs_bytes *contents; /* of the inputs */
  uint64_t trace;
  uint64_t damaged;
  named graph; /* by the iteration before */
  named plan;
  aatgs_copy copy;
} recovery;

static void say(recovery *r, const char *format, uint64_t a, uint64_t b)
{
  char text[512];
  int n = snprintf(text, sizeof text, "%.300s: ", r->dir);
  if (n > 0 && (size_t)n < sizeof text)
    snprintf(text + n, sizeof text - (size_t)n, format, a, b);
  if (r->note)
    r->note(r->user, text);
}

static int no_memory(recovery *r)
{
  return aatgs_error_set(r->error, AATGS_ENOMEM, 0, "%s: out of memory", r->dir);
}

static const found *list(const recovery *r, size_t *count)
{
  *count = r->values.size / sizeof(found);
  return (const found *)(const void *)r->values.data;
}

/* ---- Finding ----------------------------------------------------------------------- */

static size_t read_at(int fd, uint8_t *to, size_t size, uint64_t at)
{
  size_t done = 0;
  while (done < size) {
    ssize_t n = pread(fd, to + done, size - done, (off_t)(at + done));
    if (n <= 0 && !(n < 0 && errno == EINTR))
      break;
    done += n > 0 ? (size_t)n : 0;
  }
  return done;
}

/* Reads the value at `at` into r->value and checks it. */
static bool whole_value(recovery *r, int fd, uint64_t at, uint64_t file_bytes, uint64_t *hashed,
                        aatgs_value_header *h)
{
  const char *why;
  if (read_at(fd, (uint8_t *)h, sizeof *h, at) != sizeof *h)
    return false;
  uint64_t cap = aatgs_kind_cap(h->kind);
  if (cap == 0 || h->stored_bytes > cap || h->stored_bytes > file_bytes - at - sizeof *h ||
      h->stored_bytes > *hashed)
    return false;
  *hashed -= h->stored_bytes;
  r->value.size = 0;
  size_t size = sizeof *h + (size_t)h->stored_bytes;
  uint8_t *to = aatgs_bytes_extend(&r->value, size);
  if (!to || read_at(fd, to, size, at) != size)
    return false;
  return aatgs_value_check(to, size, h, &why) == 0;
}

/* Looks for marks in one file. */
static int scan_file(recovery *r, uint32_t file, int fd, uint64_t file_bytes)
{
  const uint32_t mark = AATGS_VALUE_MAGIC;
  uint64_t at = 0, hashed = file_bytes * HASH_TIMES;
  r->window.size = 0;
  uint8_t *window = aatgs_bytes_extend(&r->window, WINDOW);
  if (!window)
    return no_memory(r);
  while (at < file_bytes) {
    size_t n = read_at(fd, window, WINDOW, at), skip = n > 3 ? n - 3 : n;
    const uint8_t *hit = n > 3 ? memmem(window, n, &mark, sizeof mark) : NULL;
    if (n == 0)
      break;
    if (!hit) {
      at += skip;
      continue;
    }
    at += (uint64_t)(hit - window);
    found f = {.at = at, .file = file};
    if (whole_value(r, fd, at, file_bytes, &hashed, &f.h)) {
      aatgs_bytes_put(&r->values, &f, sizeof f);
      at += sizeof f.h + f.h.stored_bytes;
    } else {
      at += sizeof mark; /* damaged, or what is left of a value that was replaced */
    }
    if (r->values.failed)
      return no_memory(r);
  }
  return 0;
}

static int scan_folder(recovery *r)
{
  DIR *d = opendir(r->dir);
  if (!d)
    return aatgs_error_set(r->error, errno == ENOENT ? AATGS_ENOTFOUND : AATGS_EIO, errno,
                           "%s: cannot open it: %s", r->dir, strerror(errno));
  int rc = 0;
  for (struct dirent *e; !rc && (e = readdir(d));) {
    struct stat st;
    size_t length = strlen(e->d_name);
    if (strcmp(e->d_name, AATGS_META_NAME) != 0 && !aatgs_name_data_number(e->d_name, length))
      continue;
    int fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
      say(r, "a file cannot be read and is left out", 0, 0);
      if (fd >= 0)
        close(fd);
      continue;
    }
    uint32_t file = (uint32_t)(r->files.size / sizeof fd);
    aatgs_bytes_put(&r->files, &fd, sizeof fd);
    if (r->files.failed) {
      close(fd);
      rc = no_memory(r);
    } else {
      rc = scan_file(r, file, fd, (uint64_t)st.st_size);
    }
  }
  closedir(d);
  if (!rc && r->files.size == 0)
    return aatgs_error_set(r->error, AATGS_EFORMAT, 0,
                           "%s: not a trace: it has neither 'meta' nor data files", r->dir);
  return rc;
}

/* By kind, number and piece; of the same, the one that reaches furthest first (a tail grows). */
static int by_key(const void *a, const void *b)
{
  const found *x = a, *y = b;
  if (x->h.kind != y->h.kind)
    return x->h.kind < y->h.kind ? -1 : 1;
  if (x->h.number != y->h.number)
    return x->h.number < y->h.number ? -1 : 1;
  if (x->h.piece != y->h.piece)
    return x->h.piece < y->h.piece ? -1 : 1;
  return x->h.raw_bytes > y->h.raw_bytes ? -1 : x->h.raw_bytes < y->h.raw_bytes;
}

static bool before_key(const found *a, const found *b)
{
  return a->h.kind != b->h.kind ? a->h.kind < b->h.kind : a->h.number < b->h.number;
}

/* Decodes value `f` into r->raw. */
static bool take(recovery *r, const found *f)
{
  const char *why;
  aatgs_value_header h;
  int fd = ((const int *)(const void *)r->files.data)[f->file];
  uint64_t hashed = UINT64_MAX;
  if (!whole_value(r, fd, f->at, UINT64_MAX, &hashed, &h))
    return false;
  return aatgs_value_unpack(r->codec, r->value.data, &h, aatgs_kind_cap(h.kind), &r->raw, &why) ==
         0;
}

/* ---- The run ----------------------------------------------------------------------- */

static int take_info(recovery *r)
{
  size_t count;
  const found *v = list(r, &count);
  int rc = AATGS_ECORRUPT;
  for (size_t i = 0; rc && i < count; i++) {
    if (v[i].h.kind != AATGS_KIND_INFO || !take(r, &v[i]))
      continue;
    aatgs_arena_free(&r->arena);
    rc =
        aatgs_info_read(r->raw.data, r->raw.size, r->dir, &r->arena, &r->info, &r->trace, r->error);
    if (rc == AATGS_EVERSION || rc == AATGS_ENOMEM)
      return rc;
    rc = !rc && r->trace != v[i].h.trace ? AATGS_ECORRUPT : rc;
  }
  if (rc)
    return aatgs_error_set(r->error, AATGS_ECORRUPT, 0,
                           "%s: the description of the run is gone; nothing can be read without it",
                           r->dir);
  return 0;
}

/* Puts the pieces from values[i] on together; false when one is missing. */
static bool take_pieces(recovery *r, size_t i, uint64_t want, aatgs_bytes *out)
{
  size_t count;
  const found *v = list(r, &count);
  uint32_t pieces = v[i].h.pieces, next = 0;
  const found first = v[i];
  out->size = 0;
  for (; next < pieces && i < count; i++) {
    if (v[i].h.kind != first.h.kind || v[i].h.number != first.h.number)
      break;
    if (v[i].h.trace != r->trace || v[i].h.piece != next)
      continue; /* an older copy of the one before */
    if (!take(r, &v[i]) || r->raw.size > want - out->size)
      return false;
    aatgs_bytes_put(out, r->raw.data, r->raw.size);
    next++;
  }
  return next == pieces && out->size == want && !out->failed;
}

static int take_inputs(recovery *r)
{
  size_t count;
  const found *v = list(r, &count);
  uint32_t n = r->info.input_count;
  r->inputs = aatgs_arena_take(&r->arena, n + 1u, sizeof *r->inputs);
  r->contents = calloc(n + 1u, sizeof *r->contents);
  if (!r->inputs || !r->contents)
    return no_memory(r);
  for (uint32_t k = 0; k < n; k++) {
    bool whole = false;
    r->inputs[k] = r->info.inputs[k];
    for (size_t i = 0; !whole && i < count; i++)
      whole = v[i].h.kind == AATGS_KIND_INPUT && v[i].h.number == k && v[i].h.piece == 0 &&
              v[i].h.trace == r->trace && take_pieces(r, i, r->inputs[k].size, &r->contents[k]);
    if (whole)
      continue;
    say(r, "input %" PRIu64 " is damaged; the new trace has it empty and cannot be replayed", k, 0);
    r->damaged++;
    r->inputs[k].size = r->contents[k].size = 0;
  }
  r->info.inputs = r->inputs;
  return 0;
}

/* Hands the graph or plan `number` in: the first copy of it that is one. 1, 0 where there is none,
 * or an error. */
static int take_table(recovery *r, uint16_t kind, uint32_t number)
{
  const char *why;
  aatgs_trace_graph g = {0};
  aatgs_trace_plan p = {0};
  size_t count;
  const found *v = list(r, &count), wanted = {.h = {.kind = kind, .number = number}};
  const bool graph = kind == AATGS_KIND_GRAPH;
  size_t low = 0, high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (before_key(&v[middle], &wanted))
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < count && v[low].h.kind == kind && v[low].h.number == number; low++) {
    aatgs_arena arena = {0};
    bool good = v[low].h.trace == r->trace && take(r, &v[low]) &&
                (graph ? aatgs_graph_read(r->raw.data, r->raw.size, &arena, &g, &why)
                       : aatgs_plan_read(r->raw.data, r->raw.size, &arena, &p, &why)) == 0 &&
                (graph ? g.number : p.number) == number;
    int rc = 0;
    if (good)
      rc = graph ? aatgs_trace_write_graph(r->copy.w, &g) : aatgs_trace_write_plan(r->copy.w, &p);
    aatgs_arena_free(&arena);
    if (good || rc)
      return rc ? rc : 1;
  }
  return 0;
}

/* ---- Iterations -------------------------------------------------------------------- */

/* Cursor over the values of one kind, which are sorted by number. */
typedef struct track {
  size_t at, end;
} track;

static track track_of(const recovery *r, uint16_t kind)
{
  size_t count;
  const found *v = list(r, &count);
  track t = {0, 0};
  while (t.at < count && v[t.at].h.kind < kind)
    t.at++;
  for (t.end = t.at; t.end < count && v[t.end].h.kind == kind;)
    t.end++;
  return t;
}

/* Snapshots are keyed by ~iteration: their track runs from the end. */
static int write_snapshots(recovery *r, track *t, uint64_t up_to)
{
  size_t count;
  const found *v = list(r, &count);
  aatgs_bytes b = {0};
  int rc = 0;
  while (!rc && t->end > t->at && ~v[t->end - 1].h.number <= up_to) {
    const found *f = &v[--t->end];
    bool newest = t->end == t->at || v[t->end - 1].h.number != f->h.number ||
                  v[t->end - 1].h.piece != f->h.piece;
    if (f->h.piece != 0 || f->h.trace != r->trace || !newest)
      continue;
    if (take_pieces(r, t->end, aatgs_info_snapshot_bytes(&r->info), &b)) {
      rc = aatgs_copy_snapshot(&r->copy, ~f->h.number, b.data, b.size);
    } else {
      say(r, "the snapshot before iteration %" PRIu64 " is damaged and left out", ~f->h.number, 0);
      r->damaged++;
    }
    b.failed = false;
  }
  aatgs_bytes_free(&b);
  return rc;
}

/* Sees to it that the copy has a table that an iteration names: 1, 0 where it is damaged, or an
 * error. Whether it is there is asked once until another one is named. */
static int has_table(recovery *r, uint16_t kind, uint32_t number, uint64_t iteration)
{
  const bool graph = kind == AATGS_KIND_GRAPH;
  named *n = graph ? &r->graph : &r->plan;
  if (n->any && n->number == number)
    return n->there;
  const int rc = take_table(r, kind, number);
  if (rc < 0)
    return rc;
  *n = (named){.any = true, .there = rc == 1, .number = number};
  r->report->graphs += n->there && graph;
  r->report->plans += n->there && !graph;
  r->damaged += !n->there;
  if (!n->there)
    say(r,
        graph ? "graph %" PRIu64 " is damaged; iterations that ran it, from %" PRIu64
                " on, are left out"
              : "plan %" PRIu64 " is damaged; iterations that ran by it, from %" PRIu64
                " on, are left out",
        number, iteration);
  return n->there;
}

/* An iteration says nothing without its graph and plan. */
static int has_tables(recovery *r, const aatgs_iteration *it)
{
  const int rc = has_table(r, AATGS_KIND_GRAPH, it->graph, it->iteration);
  return rc == 1 ? has_table(r, AATGS_KIND_PLAN, it->plan, it->iteration) : rc;
}

static int write_chunk(recovery *r, const found *f, track *snapshots)
{
  const char *why;
  aatgs_value_header h;
  uint64_t hashed = UINT64_MAX;
  int fd = ((const int *)(const void *)r->files.data)[f->file];
  if (f->h.trace != r->trace || (r->report->iterations && f->h.number <= r->report->last))
    return 0;
  if (!whole_value(r, fd, f->at, UINT64_MAX, &hashed, &h) ||
      aatgs_chunk_unpack(&r->chunk, r->codec, r->value.data, &h, r->info.config_bytes,
                         r->info.telemetry_bytes, &why)) {
    say(r, "iterations %" PRIu64 " to %" PRIu64 " do not decode and are left out", f->h.extra,
        f->h.number);
    r->damaged++;
    return 0;
  }
  r->report->chunks++;
  if (r->chunk.header.before > r->report->last && r->report->iterations) {
    say(r, "what was between iterations %" PRIu64 " and %" PRIu64 " is damaged", r->report->last,
        h.extra);
    r->damaged++;
  }
  int rc = 0;
  for (uint32_t i = 0; rc >= 0 && i < r->chunk.header.iterations; i++) {
    const aatgs_iteration *it = &r->chunk.iterations[i];
    rc = 0;
    if (r->report->iterations && it->iteration <= r->report->last)
      continue;
    rc = has_tables(r, it);
    if (rc != 1)
      continue;
    rc = write_snapshots(r, snapshots, it->iteration);
    if (!rc)
      rc = aatgs_copy_iteration(&r->copy, it);
  }
  return rc;
}

/* Tails are old states of a chunk; one matters where its chunk is not there. Both tracks are
 * sorted by last iteration, so a merge brings them in order. */
static int write_iterations(recovery *r)
{
  size_t count;
  const found *v = list(r, &count);
  track chunks = track_of(r, AATGS_KIND_CHUNK), tails = track_of(r, AATGS_KIND_TAIL);
  track snapshots = track_of(r, AATGS_KIND_SNAPSHOT);
  int rc = write_snapshots(r, &snapshots, 0);
  while (!rc && (chunks.at < chunks.end || tails.at < tails.end)) {
    const found *c = chunks.at < chunks.end ? &v[chunks.at] : NULL;
    const found *t = tails.at < tails.end ? &v[tails.at] : NULL;
    /* A chunk that begins where the tail does holds all of it. */
    bool covered = c && t && c->h.extra <= t->h.extra && t->h.number <= c->h.number;
    if (c && (!t || covered || c->h.number <= t->h.number)) {
      rc = write_chunk(r, c, &snapshots);
      chunks.at++;
    } else {
      rc = write_chunk(r, t, &snapshots);
      tails.at++;
    }
  }
  return rc;
}

static int write_ticks(recovery *r)
{
  size_t count;
  const found *v = list(r, &count);
  track t = track_of(r, AATGS_KIND_TICKS);
  aatgs_tick ticks[AATGS_TICKS_PER_BLOCK];
  int rc = 0;
  for (size_t i = t.at; !rc && i < t.end; i++) {
    uint32_t n;
    bool older = i > t.at && v[i - 1].h.number == v[i].h.number;
    if (older || v[i].h.trace != r->trace)
      continue;
    if (!take(r, &v[i]) || !aatgs_ticks_read(r->raw.data, r->raw.size, ticks, &n)) {
      r->damaged++;
      continue;
    }
    for (uint32_t k = 0; !rc && k < n; k++)
      rc = aatgs_copy_tick(&r->copy, &ticks[k]);
  }
  return rc;
}

static int write_marks(recovery *r)
{
  size_t count;
  const found *v = list(r, &count);
  track t = track_of(r, AATGS_KIND_MARK);
  aatgs_bytes text = {0};
  aatgs_trace_mark mark;
  int rc = 0;
  for (size_t i = t.at; !rc && i < t.end; i++) {
    bool older = i > t.at && v[i - 1].h.number == v[i].h.number;
    if (older || v[i].h.trace != r->trace)
      continue;
    if (take(r, &v[i]) && aatgs_mark_read(r->raw.data, r->raw.size, &text, &mark))
      rc = aatgs_copy_mark(&r->copy, &mark);
    else
      r->damaged++;
  }
  aatgs_bytes_free(&text);
  return rc;
}

/* Where the trace says that it began and ended; what is missing there is counted. */
static void check_ends(recovery *r)
{
  size_t count;
  const found *v = list(r, &count);
  uint64_t first = UINT64_MAX, last = 0;
  for (size_t i = 0; i < count; i++) {
    aatgs_state_record s;
    aatgs_closed_record c;
    bool total = v[i].h.kind == AATGS_KIND_STATE || v[i].h.kind == AATGS_KIND_CLOSED;
    if (!total || v[i].h.trace != r->trace || !take(r, &v[i]))
      continue;
    if (v[i].h.kind == AATGS_KIND_STATE && r->raw.size == sizeof s) {
      memcpy(&s, r->raw.data, sizeof s);
      first = s.iterations && s.first < first ? s.first : first;
      last = s.last > last ? s.last : last;
    } else if (v[i].h.kind == AATGS_KIND_CLOSED && r->raw.size == sizeof c) {
      memcpy(&c, r->raw.data, sizeof c);
      last = c.last > last ? c.last : last;
    }
  }
  if (last && (r->report->iterations == 0 || first < r->report->first)) {
    say(r, "what was from iteration %" PRIu64 " on, before %" PRIu64 ", is damaged", first,
        r->report->first);
    r->damaged++;
  }
  if (last > r->report->last) {
    say(r, "what was after iteration %" PRIu64 ", up to %" PRIu64 ", is damaged", r->report->last,
        last);
    r->damaged++;
    r->report->lost += last - r->report->last;
  }
}

static int write_all(recovery *r)
{
  int rc = write_iterations(r);
  if (!rc)
    check_ends(r);
  if (!rc)
    rc = write_ticks(r);
  if (!rc)
    rc = write_marks(r);
  if (rc && r->error)
    *r->error = *aatgs_trace_writer_error(r->copy.w);
  return rc;
}

static int recover(recovery *r, const char *out)
{
  const uint8_t *inputs[AATGS_INPUTS_MAX];
  if (aatgs_codec_open(3, &r->codec))
    return no_memory(r);
  int rc = scan_folder(r);
  if (rc)
    return rc;
  if (r->values.size)
    qsort(r->values.data, r->values.size / sizeof(found), sizeof(found), by_key);
  rc = take_info(r);
  if (!rc)
    rc = take_inputs(r);
  if (rc)
    return rc;
  for (uint32_t i = 0; i < r->info.input_count; i++)
    inputs[i] = r->contents[i].data;
  rc = aatgs_copy_open(&r->copy, out, &r->info, inputs, r->report, r->error);
  if (rc)
    return rc;
  rc = aatgs_copy_close(&r->copy, write_all(r), r->error);
  r->report->damaged = r->damaged;
  r->report->values = r->values.size / sizeof(found);
  return rc;
}

int aatgs_trace_recover(const char *dir, const char *out, aatgs_trace_note note, void *user,
                        aatgs_trace_report *report, aatgs_error *error)
{
  recovery r = {.dir = dir, .note = note, .user = user, .report = report, .error = error};
  *report = (aatgs_trace_report){0};
  int rc = recover(&r, out);
  for (size_t i = 0; i < r.files.size / sizeof(int); i++)
    close(((const int *)(const void *)r.files.data)[i]);
  for (uint32_t i = 0; r.contents && i < r.info.input_count; i++)
    aatgs_bytes_free(&r.contents[i]);
  free(r.contents);
  aatgs_chunk_free(&r.chunk);
  aatgs_bytes_free(&r.files);
  aatgs_bytes_free(&r.values);
  aatgs_bytes_free(&r.window);
  aatgs_bytes_free(&r.value);
  aatgs_bytes_free(&r.raw);
  aatgs_arena_free(&r.arena);
  aatgs_codec_close(r.codec);
  return rc;
}
