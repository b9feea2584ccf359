#include "trace/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "trace/names.h"

int aatgs_trace_failed(aatgs_trace *t, int code, const char *what)
{
  return aatgs_error_set(&t->error, code, 0, "%s: %s", t->dir, what);
}

/* ---- Values ------------------------------------------------------------------------ */

int aatgs_trace_check_value(aatgs_trace *t, const aatgs_key *key, aatgs_value_header *header)
{
  const char *why;
  if (aatgs_value_check(t->value.data, t->value.size, header, &why))
    return aatgs_error_set(&t->error, AATGS_ECORRUPT, 0,
                           "%s: value %u.%" PRIu64 ".%u is damaged: %s; `aatgs recover` saves "
                           "what is whole",
                           t->dir, key->kind, key->number, key->piece, why);
  bool same = header->kind == key->kind && header->piece == key->piece &&
              (header->number == key->number || key->kind == AATGS_KIND_TAIL);
  if (!same || (t->trace && header->trace != t->trace))
    return aatgs_error_set(&t->error, AATGS_ECORRUPT, 0,
                           "%s: value %u.%" PRIu64 ".%u is another one, of this trace or of a "
                           "different one",
                           t->dir, key->kind, key->number, key->piece);
  return 0;
}

int aatgs_trace_fetch(aatgs_trace *t, aatgs_pages *pages, const aatgs_key *key, uint64_t cap,
                      aatgs_value_header *header)
{
  const char *why;
  int rc = aatgs_pages_get(pages, key, &t->value, cap + AATGS_VALUE_HEADER_BYTES, &t->error);
  if (rc != 1)
    return rc;
  rc = aatgs_trace_check_value(t, key, header);
  if (rc)
    return rc;
  rc = aatgs_value_unpack(t->codec, t->value.data, header, cap, &t->raw, &why);
  t->raw.failed = false;
  if (rc)
    return aatgs_error_set(&t->error, rc, 0, "%s: value %u.%" PRIu64 ".%u: %s", t->dir, key->kind,
                           key->number, key->piece, why);
  return 1;
}

int aatgs_trace_fetch_pieces(aatgs_trace *t, aatgs_pages *pages, aatgs_key key, uint64_t want,
                             aatgs_bytes *out)
{
  aatgs_value_header h = {.pieces = 1};
  out->size = 0;
  for (uint32_t p = 0; p < h.pieces; p++) {
    uint32_t pieces = h.pieces;
    key.piece = p;
    int rc = aatgs_trace_fetch(t, pages, &key, AATGS_PIECE_BYTES, &h);
    if (rc < 0)
      return rc;
    if (rc == 0 && p == 0)
      return 0;
    if (rc == 0 || (p > 0 && h.pieces != pieces) || h.extra != want ||
        t->raw.size > want - out->size)
      return aatgs_error_set(&t->error, AATGS_ECORRUPT, 0,
                             "%s: value %u.%" PRIu64 " is not whole: piece %u does not fit", t->dir,
                             key.kind, key.number, p);
    aatgs_bytes_put(out, t->raw.data, t->raw.size);
    if (out->failed) {
      out->failed = false;
      return aatgs_trace_failed(t, AATGS_ENOMEM, "no memory for a value in pieces");
    }
  }
  if (out->size != want)
    return aatgs_trace_failed(t, AATGS_ECORRUPT, "a value in pieces is too short");
  return 1;
}

/* ---- Environments -------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* Numbers of the data environments in the folder, sorted. */
static int list_data(aatgs_trace *t, aatgs_bytes *numbers)
{
  DIR *d = opendir(t->dir);
  if (!d)
    return aatgs_error_set(&t->error, AATGS_EIO, errno, "%s: cannot list the folder: %s", t->dir,
                           strerror(errno));
  numbers->size = 0;
  for (struct dirent *e; (e = readdir(d));)
    if (aatgs_name_data_number(e->d_name, strlen(e->d_name)))
      aatgs_bytes_u32(numbers, aatgs_name_data_number(e->d_name, strlen(e->d_name)));
  closedir(d);
  if (numbers->failed) {
    numbers->failed = false;
    return aatgs_trace_failed(t, AATGS_ENOMEM, "out of memory");
  }
  if (numbers->size)
    qsort(numbers->data, numbers->size / 4, 4, by_number);
  return 0;
}

/* 1: the file holds nothing yet, as a crash right after its creation leaves it. */
static bool is_blank(const char *path)
{
  uint8_t bytes[512];
  bool blank = true;
  FILE *f = fopen(path, "rb");
  for (size_t n; f && blank && (n = fread(bytes, 1, sizeof bytes, f)) > 0;)
    for (size_t i = 0; blank && i < n; i++)
      blank = bytes[i] == 0;
  if (f)
    fclose(f);
  return blank;
}

/* Opens data environment `number`; *env stays closed when it is the newest and blank. */
static int open_env(aatgs_trace *t, uint32_t number, bool newest, aatgs_env *env)
{
  char path[4096];
  *env = (aatgs_env){.number = number};
  snprintf(path, sizeof path, "%s/" AATGS_DATA_PREFIX "%0*u", t->dir, AATGS_DATA_DIGITS, number);
  int rc = aatgs_pages_open(path, &env->pages, &t->error);
  if (rc == AATGS_ENOTFOUND || (rc == AATGS_EFORMAT && newest && is_blank(path)))
    return 0; /* rolled away meanwhile; or nothing was written to it */
  return rc == AATGS_EFORMAT ? (t->error.code = AATGS_ECORRUPT) : rc;
}

static int read_state(aatgs_trace *t, aatgs_env *env)
{
  const aatgs_key key = {AATGS_KIND_STATE, 0, 0};
  aatgs_value_header h;
  int rc = aatgs_trace_fetch(t, env->pages, &key, 4096, &h);
  if (rc < 0)
    return rc;
  env->state = (aatgs_state_record){0};
  if (rc == 0)
    return 0;
  if (t->raw.size != sizeof env->state)
    return aatgs_trace_failed(t, AATGS_ECORRUPT, "the state of a data file has the wrong size");
  memcpy(&env->state, t->raw.data, sizeof env->state);
  const aatgs_state_record *s = &env->state;
  if (s->first > s->last || (s->iterations && s->last - s->first < s->iterations - 1))
    return aatgs_trace_failed(t, AATGS_ECORRUPT, "the state of a data file contradicts itself");
  return 0;
}

static void close_envs(aatgs_env *envs, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    aatgs_pages_close(envs[i].pages);
  free(envs);
}

/* Brings t->envs in line with the folder: handles that are open stay open. */
static int find_envs(aatgs_trace *t)
{
  int rc = list_data(t, &t->raw);
  uint32_t count = rc ? 0 : (uint32_t)(t->raw.size / 4), kept = 0, old = 0;
  if (rc)
    return rc;
  aatgs_env *envs = calloc(count + 1u, sizeof *envs);
  uint32_t *numbers = malloc(t->raw.size + 1);
  if (!envs || !numbers) {
    free(envs);
    free(numbers);
    return aatgs_trace_failed(t, AATGS_ENOMEM, "out of memory");
  }
  memcpy(numbers, t->raw.data, count * sizeof *numbers);
  for (uint32_t i = 0; !rc && i < count; i++) {
    while (old < t->env_count && t->envs[old].number < numbers[i])
      aatgs_pages_close(t->envs[old++].pages);
    if (old < t->env_count && t->envs[old].number == numbers[i])
      envs[kept] = t->envs[old++];
    else
      rc = open_env(t, numbers[i], i + 1 == count, &envs[kept]);
    kept += envs[kept].pages != NULL;
  }
  while (old < t->env_count)
    aatgs_pages_close(t->envs[old++].pages);
  free(t->envs);
  free(numbers);
  t->envs = envs;
  t->env_count = kept;
  return rc;
}

/* ---- State ------------------------------------------------------------------------- */

static uint64_t disk_bytes(const char *dir)
{
  uint64_t bytes = 0;
  DIR *d = opendir(dir);
  for (struct dirent *e; d && (e = readdir(d));) {
    struct stat st;
    if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
      bytes += (uint64_t)st.st_blocks * 512;
  }
  if (d)
    closedir(d);
  return bytes;
}

static int read_closed(aatgs_trace *t, aatgs_closed_record *closed)
{
  const aatgs_key key = {AATGS_KIND_CLOSED, 0, 0};
  aatgs_value_header h;
  int rc = aatgs_trace_fetch(t, t->meta, &key, 4096, &h);
  if (rc == 1 && t->raw.size != sizeof *closed)
    return aatgs_trace_failed(t, AATGS_ECORRUPT, "the record of its end has the wrong size");
  if (rc == 1)
    memcpy(closed, t->raw.data, sizeof *closed);
  return rc;
}

static void add_up(aatgs_trace *t, aatgs_trace_state *s)
{
  uint64_t posted = 0, seen = 0;
  for (uint32_t i = 0; i < t->env_count; i++) {
    const aatgs_state_record *e = &t->envs[i].state;
    s->lost += e->lost;
    s->snapshots += e->snapshots;
    if (e->iterations == 0)
      continue;
    if (s->iterations == 0) {
      s->first = e->first;
      posted = e->first_posted_ns;
    }
    s->last = e->last;
    s->iterations += e->iterations;
    s->timings += e->timings;
    seen = e->last_seen_ns;
  }
  s->duration_ns = seen > posted ? seen - posted : 0;
}

int aatgs_trace_refresh(aatgs_trace *trace)
{
  aatgs_trace *t = trace;
  aatgs_closed_record closed = {0};
  aatgs_trace_state s = {0};
  /* Closed is read first: what it promises was written before it. */
  int rc = read_closed(t, &closed);
  s.closed = rc == 1;
  if (rc >= 0)
    rc = find_envs(t);
  for (uint32_t i = 0; rc >= 0 && i < t->env_count; i++)
    rc = read_state(t, &t->envs[i]);
  if (rc < 0)
    return rc;
  const aatgs_key first_snapshot = {AATGS_KIND_SNAPSHOT, 0, 0};
  aatgs_key found = first_snapshot;
  rc = aatgs_pages_seek(t->meta, &found, NULL, 0, &t->error);
  if (rc < 0)
    return rc;
  s.snapshots = rc == 1 && found.kind == AATGS_KIND_SNAPSHOT;
  add_up(t, &s);
  if (s.closed) {
    s.digest = closed.digest;
    s.lost = closed.lost > s.lost ? closed.lost : s.lost;
  }
  if (s.closed && closed.last && s.last != closed.last)
    return aatgs_error_set(&t->error, AATGS_ECORRUPT, 0,
                           "%s: it ends at iteration %" PRIu64 ", but was closed at %" PRIu64
                           ": a data file is missing or damaged",
                           t->dir, s.last, closed.last);
  rc = aatgs_trace_find_ticks(t);
  if (rc)
    return rc;
  s.disk_bytes = disk_bytes(t->dir);
  t->state = s;
  return 0;
}

/* ---- Opening ----------------------------------------------------------------------- */

static int open_meta(aatgs_trace *t)
{
  char path[4096];
  struct stat st;
  if (stat(t->dir, &st))
    return aatgs_error_set(&t->error, errno == ENOENT ? AATGS_ENOTFOUND : AATGS_EIO, errno,
                           "%s: cannot open it: %s", t->dir, strerror(errno));
  if (!S_ISDIR(st.st_mode))
    return aatgs_trace_failed(
        t, AATGS_EFORMAT, "not a trace: a trace is a folder; `aatgs unpack` makes one of a pack");
  snprintf(path, sizeof path, "%s/" AATGS_META_NAME, t->dir);
  int rc = aatgs_pages_open(path, &t->meta, &t->error);
  if (rc == AATGS_ENOTFOUND)
    return aatgs_trace_failed(t, AATGS_EFORMAT,
                              "not a trace: there is no file 'meta' in the folder");
  return rc;
}

static int read_run(aatgs_trace *t)
{
  const aatgs_key key = {AATGS_KIND_INFO, 0, 0};
  aatgs_value_header h;
  uint64_t trace;
  int rc = aatgs_trace_fetch(t, t->meta, &key, AATGS_INFO_BYTES_MAX, &h);
  if (rc == 0)
    return aatgs_trace_failed(t, AATGS_EFORMAT,
                              "not a trace, or its recording ended before it began: it does not "
                              "describe a run");
  if (rc == 1)
    rc = aatgs_info_read(t->raw.data, t->raw.size, t->dir, &t->arena, &t->info, &trace, &t->error);
  if (rc)
    return rc;
  if (trace != h.trace)
    return aatgs_trace_failed(t, AATGS_ECORRUPT, "the description of the run is another trace's");
  t->trace = trace;
  t->inputs = calloc(t->info.input_count + 1u, sizeof *t->inputs);
  return t->inputs ? 0 : aatgs_trace_failed(t, AATGS_ENOMEM, "out of memory");
}

int aatgs_trace_open(const char *dir, aatgs_trace **out, aatgs_error *error)
{
  *out = NULL;
  aatgs_trace *t = calloc(1, sizeof *t);
  if (!t)
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "%s: out of memory", dir);
  int rc = 0;
  if (strlen(dir) >= sizeof t->dir)
    rc = aatgs_error_set(&t->error, AATGS_EINVAL, ENAMETOOLONG, "%.200s...: the path is too long",
                         dir);
  else
    strcpy(t->dir, dir);
  if (!rc && aatgs_codec_open(3, &t->codec))
    rc = aatgs_trace_failed(t, AATGS_ENOMEM, "out of memory");
  if (!rc)
    rc = open_meta(t);
  if (!rc)
    rc = read_run(t);
  if (!rc)
    rc = aatgs_trace_refresh(t);
  if (rc) {
    if (error)
      *error = t->error;
    aatgs_trace_close(t);
    return rc;
  }
  *out = t;
  return 0;
}

void aatgs_trace_close(aatgs_trace *trace)
{
  if (!trace)
    return;
  for (uint32_t i = 0; trace->inputs && i < trace->info.input_count; i++)
    aatgs_bytes_free(&trace->inputs[i]);
  free(trace->inputs);
  close_envs(trace->envs, trace->env_count);
  aatgs_pages_close(trace->meta);
  aatgs_chunk_free(&trace->chunk);
  aatgs_codec_close(trace->codec);
  aatgs_bytes_free(&trace->value);
  aatgs_bytes_free(&trace->raw);
  aatgs_bytes_free(&trace->snapshot);
  aatgs_bytes_free(&trace->mark_text);
  aatgs_bytes_free(&trace->graphs);
  aatgs_bytes_free(&trace->plans);
  aatgs_arena_free(&trace->arena);
  free(trace);
}

const aatgs_error *aatgs_trace_error(const aatgs_trace *trace)
{
  return &trace->error;
}

const aatgs_trace_info *aatgs_trace_get_info(const aatgs_trace *trace)
{
  return &trace->info;
}

void aatgs_trace_get_state(const aatgs_trace *trace, aatgs_trace_state *state)
{
  *state = trace->state;
}
