#include "rivals.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <lmdb.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

static void *checked(const bench *b, void *p)
{
  if (!p)
    bench_fail(b, "%s", "out of memory");
  return p;
}

/* ---- SQLite ---------------------------------------------------------------------------- */

typedef struct sqlite {
  const bench *b;
  sqlite3 *db;
  sqlite3_stmt *iteration;
  sqlite3_stmt *timing;
} sqlite;

static void sqlite_run(const sqlite *s, const char *sql)
{
  if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    bench_fail(s->b, "SQLite: %s", sqlite3_errmsg(s->db));
}

static void *sqlite_open(const bench *b, const char *path)
{
  sqlite *s = checked(b, calloc(1, sizeof *s));
  s->b = b;
  if (sqlite3_open(path, &s->db) != SQLITE_OK)
    bench_fail(b, "%s", "SQLite does not open");
  sqlite_run(s,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
             "CREATE TABLE iterations(iteration INTEGER PRIMARY KEY, graph, plan, status, detail,"
             " posted, started, ended, seen, done, waiting, telemetry_waiting, config BLOB,"
             " telemetry BLOB);"
             "CREATE TABLE timings(iteration, task, part, worker, start, duration, digest);"
             "BEGIN;");
  if (sqlite3_prepare_v2(s->db, "INSERT INTO iterations VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1,
                         &s->iteration, NULL) ||
      sqlite3_prepare_v2(s->db, "INSERT INTO timings VALUES(?,?,?,?,?,?,?)", -1, &s->timing, NULL))
    bench_fail(b, "SQLite: %s", sqlite3_errmsg(s->db));
  return s;
}

static void sqlite_step(const sqlite *s, sqlite3_stmt *statement)
{
  if (sqlite3_step(statement) != SQLITE_DONE)
    bench_fail(s->b, "SQLite: %s", sqlite3_errmsg(s->db));
  sqlite3_reset(statement);
}

static void sqlite_write(void *rival, const aatgs_iteration *it)
{
  sqlite *s = rival;
  const uint64_t v[] = {it->iteration, it->graph,       it->plan,           it->status,
                        it->detail,    it->posted_ns,   it->start_ns,       it->end_ns,
                        it->seen_ns,   it->done_before, it->config_waiting, it->telemetry_waiting};
  for (int i = 0; i < 12; i++)
    sqlite3_bind_int64(s->iteration, i + 1, (sqlite3_int64)v[i]);
  sqlite3_bind_blob(s->iteration, 13, it->config, 256, SQLITE_STATIC);
  sqlite3_bind_blob(s->iteration, 14, it->telemetry, 64, SQLITE_STATIC);
  sqlite_step(s, s->iteration);
  for (uint32_t k = 0; k < it->timing_count; k++) {
    const aatgs_timing *t = &it->timings[k];
    const uint64_t w[] = {it->iteration, t->task,        t->part,  t->worker,
                          t->start_ns,   t->duration_ns, t->digest};
    for (int i = 0; i < 7; i++)
      sqlite3_bind_int64(s->timing, i + 1, (sqlite3_int64)w[i]);
    sqlite_step(s, s->timing);
  }
}

static void sqlite_commit(void *rival)
{
  sqlite_run(rival, "COMMIT; BEGIN;");
}

static void sqlite_close(void *rival)
{
  sqlite *s = rival;
  sqlite_run(s, "COMMIT;");
  sqlite3_finalize(s->iteration);
  sqlite3_finalize(s->timing);
  sqlite3_close(s->db);
  free(s);
}

static const rival_kind rival_sqlite = {sqlite_open, sqlite_write, sqlite_commit, sqlite_close};

/* ---- JSON and zstd ----------------------------------------------------------------------- */

typedef struct lines {
  const bench *b;
  int fd;
  ZSTD_CCtx *zstd;
  char text[16384];
  uint8_t out[1 << 17];
} lines;

static void *lines_open(const bench *b, const char *path)
{
  lines *l = checked(b, calloc(1, sizeof *l));
  l->b = b;
  l->fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
  l->zstd = ZSTD_createCCtx();
  if (l->fd < 0 || !l->zstd)
    bench_fail(b, "%s", "cannot write JSON");
  ZSTD_CCtx_setParameter(l->zstd, ZSTD_c_compressionLevel, 3);
  return l;
}

static void lines_put(lines *l, const char *text, size_t size, ZSTD_EndDirective how)
{
  ZSTD_inBuffer in = {text, size, 0};
  size_t left;
  do {
    ZSTD_outBuffer out = {l->out, sizeof l->out, 0};
    left = ZSTD_compressStream2(l->zstd, &out, &in, how);
    if (ZSTD_isError(left) || write(l->fd, l->out, out.pos) != (ssize_t)out.pos)
      bench_fail(l->b, "%s", "cannot write JSON");
  } while (how == ZSTD_e_continue ? in.pos < in.size : left > 0);
}

static void lines_write(void *rival, const aatgs_iteration *it)
{
  lines *l = rival;
  size_t room = sizeof l->text;
  int n = snprintf(l->text, room,
                   "{\"iteration\":%" PRIu64
                   ",\"graph\":%u,\"plan\":%u,\"status\":%u,\"posted\":%" PRIu64
                   ",\"start\":%" PRIu64 ",\"end\":%" PRIu64 ",\"seen\":%" PRIu64
                   ",\"done\":%" PRIu64 ",\"waiting\":%u,\"config\":[",
                   it->iteration, it->graph, it->plan, it->status, it->posted_ns, it->start_ns,
                   it->end_ns, it->seen_ns, it->done_before, it->telemetry_waiting);
  for (int w = 0; w < 80; w++) {
    uint32_t v;
    memcpy(&v, w < 64 ? it->config + 4 * w : it->telemetry + 4 * (w - 64), 4);
    n += snprintf(l->text + n, room - (size_t)n, "%s%u",
                  w == 64 ? "],\"telemetry\":["
                  : w     ? ","
                          : "",
                  v);
  }
  n += snprintf(l->text + n, room - (size_t)n, "],\"timings\":[");
  for (uint32_t k = 0; k < it->timing_count; k++) {
    const aatgs_timing *t = &it->timings[k];
    n += snprintf(l->text + n, room - (size_t)n, "%s[%u,%u,%u,%" PRIu64 ",%u,%u]", k ? "," : "",
                  t->task, t->part, t->worker, t->start_ns, t->duration_ns, t->digest);
  }
  n += snprintf(l->text + n, room - (size_t)n, "]}\n");
  lines_put(l, l->text, (size_t)n, ZSTD_e_continue);
}

static void lines_commit(void *rival)
{
  lines *l = rival;
  lines_put(l, "", 0, ZSTD_e_flush);
  if (fdatasync(l->fd))
    bench_fail(l->b, "%s", "cannot sync JSON");
}

static void lines_close(void *rival)
{
  lines *l = rival;
  lines_put(l, "", 0, ZSTD_e_end);
  fdatasync(l->fd);
  close(l->fd);
  ZSTD_freeCCtx(l->zstd);
  free(l);
}

static const rival_kind rival_json = {lines_open, lines_write, lines_commit, lines_close};

/* ---- LMDB, record by record ---------------------------------------------------------------- */

typedef struct plain {
  const bench *b;
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi dbi;
} plain;

static void plain_check(const plain *p, int rc)
{
  if (rc)
    bench_fail(p->b, "LMDB: %s", mdb_strerror(rc));
}

static void *plain_open(const bench *b, const char *path)
{
  plain *p = checked(b, calloc(1, sizeof *p));
  p->b = b;
  plain_check(p, mdb_env_create(&p->env));
  plain_check(p, mdb_env_set_mapsize(p->env, (size_t)64 << 30));
  plain_check(p, mdb_env_open(p->env, path, MDB_NOSUBDIR, 0644));
  plain_check(p, mdb_txn_begin(p->env, NULL, 0, &p->txn));
  plain_check(p, mdb_dbi_open(p->txn, NULL, 0, &p->dbi));
  return p;
}

static void plain_write(void *rival, const aatgs_iteration *it)
{
  plain *p = rival;
  uint8_t value[88 + 320 + RIVAL_RECORDS * sizeof(aatgs_timing)];
  uint64_t key = __builtin_bswap64(it->iteration);
  const size_t timings = it->timing_count * sizeof(aatgs_timing);
  memcpy(value, it, 88);
  memcpy(value + 88, it->config, 256);
  memcpy(value + 344, it->telemetry, 64);
  memcpy(value + 408, it->timings, timings);
  MDB_val k = {sizeof key, &key}, v = {408 + timings, value};
  plain_check(p, mdb_put(p->txn, p->dbi, &k, &v, MDB_APPEND));
}

static void plain_commit(void *rival)
{
  plain *p = rival;
  plain_check(p, mdb_txn_commit(p->txn));
  plain_check(p, mdb_txn_begin(p->env, NULL, 0, &p->txn));
}

static void plain_close(void *rival)
{
  plain *p = rival;
  plain_check(p, mdb_txn_commit(p->txn));
  mdb_env_close(p->env);
  free(p);
}

static const rival_kind rival_lmdb = {plain_open, plain_write, plain_commit, plain_close};

/* ---- All ------------------------------------------------------------------------------- */

const rival rivals[] = {
    {"SQLite, WAL, synchronous=FULL", &rival_sqlite},
    {"JSON lines through zstd -3, fdatasync", &rival_json},
    {"LMDB, one value a record", &rival_lmdb},
#if defined(BENCH_LTTNG)
    {"LTTng-UST, an event an iteration, not synced", &rival_lttng},
#endif
};
const size_t rival_count = sizeof rivals / sizeof *rivals;

void rival_say_missing(const bench *b)
{
#if defined(BENCH_LTTNG)
  (void)b;
#else
  fprintf(stderr, "bench_%s: LTTng-UST is left out: it was not here when this was built\n",
          b->program->name);
#endif
}

void rival_write(const bench *b, const rival_kind *kind, const char *path, stream *s,
                 bench_samples *ticks)
{
  aatgs_iteration it;
  void *rival = kind->open(b, path);
  for (uint32_t i = 1; i <= b->rounds; i++) {
    stream_next(s, &it);
    const uint64_t start = tsc_now();
    kind->write(rival, &it);
    bench_sample(ticks, tsc_now() - start);
    if (i % RIVAL_COMMIT == 0)
      kind->commit(rival);
  }
  kind->close(rival);
}

static uint64_t total;

static int add_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
  (void)path;
  (void)ftw;
  total += flag == FTW_F ? (uint64_t)st->st_blocks * 512 : 0;
  return 0;
}

uint64_t rival_bytes(const char *folder)
{
  total = 0;
  nftw(folder, add_file, 8, FTW_PHYS);
  return total;
}
