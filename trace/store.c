#include "trace/store.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "trace/key.h"

/* Address space for the map; it grows as the file does, and costs no memory or disk. */
#define MAP_FIRST  ((size_t)64 << 20)
#define MAP_LAST   ((size_t)1 << 44)
#define FULL_BYTES 65536 /* a disk with less than this is full */

struct aatgs_store {
  MDB_env *env;
  MDB_dbi dbi;
  bool dbi_open;
  size_t map;
  bool map_stays; /* it could not grow when it should have */
  bool map_gone;
  uint32_t page;
  aatgs_bytes pending; /* changes, each an entry and its value */
  size_t begun;        /* offset of the entry begun last */
  char path[4096];
};

typedef struct change {
  uint64_t size; /* of the value behind it, padded to 8 bytes there */
  uint8_t key[AATGS_KEY_BYTES];
  uint8_t remove;
  uint8_t pad[2];
} change;

/* ---- Errors ---------------------------------------------------------------------- */

/* LMDB calls a write that came out short EIO; on a disk without room that means ENOSPC. */
static int true_reason(const aatgs_store *s, int rc)
{
  struct statvfs disk;
  if (rc == EIO && statvfs(s->path, &disk) == 0 && disk.f_bavail * disk.f_frsize < FULL_BYTES)
    return ENOSPC;
  return rc;
}

static int failed(const aatgs_store *s, const char *what, int rc, aatgs_error *error)
{
  rc = true_reason(s, rc);
  switch (rc) {
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    return aatgs_error_set(error, AATGS_ENOSPC, rc, "%s: cannot %s: %s; make room on that disk",
                           s->path, what, mdb_strerror(rc));
  case MDB_MAP_FULL:
    return aatgs_error_set(error, AATGS_ENOMEM, rc,
                           "%s: cannot %s: no address space for a larger map; raise the limit that "
                           "`ulimit -v` shows",
                           s->path, what);
  case ENOMEM:
    return aatgs_error_set(error, AATGS_ENOMEM, rc, "%s: cannot %s: out of memory", s->path, what);
  default:
    return aatgs_error_set(error, AATGS_EIO, rc, "%s: cannot %s: %s", s->path, what,
                           mdb_strerror(rc));
  }
}

/* ---- Opening --------------------------------------------------------------------- */

/* A lock file that is only sparse would end a full disk in SIGBUS. */
static int allocate_lock(const aatgs_store *s, const char *lock, aatgs_error *error)
{
  int fd = open(lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0)
    return failed(s, "create its lock file", errno, error);
  int rc = posix_fallocate(fd, 0, AATGS_LOCK_BYTES);
  close(fd);
  if (rc) {
    unlink(lock);
    return failed(s, "allocate its lock file", rc, error);
  }
  return 0;
}

static int sync_folder(const char *dir)
{
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  int rc = fsync(fd) ? errno : 0;
  close(fd);
  return rc;
}

/* LMDB would take a file that is there, and follow a link. */
static int create_file(const aatgs_store *s, aatgs_error *error)
{
  int fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0)
    return failed(s, "create it", errno, error);
  close(fd);
  return 0;
}

static int open_env(aatgs_store *s, const char *dir, aatgs_error *error)
{
  MDB_stat stat;
  int rc = mdb_env_create(&s->env);
  if (!rc)
    rc = mdb_env_set_mapsize(s->env, s->map);
  if (!rc)
    rc = mdb_env_open(s->env, s->path, MDB_NOSUBDIR, 0644);
  if (!rc)
    rc = mdb_env_stat(s->env, &stat);
  if (rc)
    return failed(s, "create it", rc, error);
  s->page = stat.ms_psize;
  rc = sync_folder(dir);
  return rc ? failed(s, "sync its folder", rc, error) : 0;
}

int aatgs_store_create(const char *dir, const char *name, aatgs_store **out, aatgs_error *error)
{
  char lock[4096 + 8];
  *out = NULL;
  aatgs_store *s = calloc(1, sizeof *s);
  if (!s)
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "%s/%s: out of memory", dir, name);
  s->map = MAP_FIRST;
  int n = snprintf(s->path, sizeof s->path, "%s/%s", dir, name);
  if (n < 0 || (size_t)n >= sizeof s->path) {
    free(s);
    return aatgs_error_set(error, AATGS_EINVAL, ENAMETOOLONG, "%.200s...: the path is too long",
                           dir);
  }
  snprintf(lock, sizeof lock, "%s" AATGS_LOCK_SUFFIX, s->path);
  int rc = allocate_lock(s, lock, error);
  if (!rc) {
    rc = create_file(s, error);
    if (!rc && (rc = open_env(s, dir, error))) {
      mdb_env_close(s->env);
      unlink(s->path);
    }
    if (rc)
      unlink(lock);
  }
  if (rc) {
    free(s);
    return rc;
  }
  *out = s;
  return 0;
}

void aatgs_store_close(aatgs_store *store)
{
  if (!store)
    return;
  mdb_env_close(store->env);
  aatgs_bytes_free(&store->pending);
  free(store);
}

/* ---- Changes --------------------------------------------------------------------- */

static change *begin(aatgs_store *s, const aatgs_key *key, bool remove)
{
  if (s->pending.failed)
    return NULL;
  s->begun = s->pending.size;
  change *c = (change *)(void *)aatgs_bytes_extend(&s->pending, sizeof *c);
  if (!c) {
    s->pending.failed = false; /* what was there before is whole */
    return NULL;
  }
  *c = (change){.remove = remove};
  aatgs_key_write(key, c->key);
  return c;
}

aatgs_bytes *aatgs_store_put(aatgs_store *store, const aatgs_key *key)
{
  return begin(store, key, false) ? &store->pending : NULL;
}

void aatgs_store_put_end(aatgs_store *store)
{
  change c;
  aatgs_bytes *p = &store->pending;
  memcpy(&c, p->data + store->begun, sizeof c);
  c.size = p->size - store->begun - sizeof c;
  memcpy(p->data + store->begun, &c, sizeof c);
  /* Entries stay aligned; the padding is room that extend() already reserved or reserves now. */
  uint8_t *pad = aatgs_bytes_extend(p, -p->size & 7);
  if (pad)
    memset(pad, 0, (size_t)(p->data + p->size - pad));
}

void aatgs_store_put_cancel(aatgs_store *store)
{
  store->pending.size = store->begun;
  store->pending.failed = false;
}

int aatgs_store_delete(aatgs_store *store, const aatgs_key *key)
{
  return begin(store, key, true) ? 0 : AATGS_ENOMEM;
}

void aatgs_store_drop(aatgs_store *store)
{
  if (!store)
    return;
  store->pending.size = 0;
  store->pending.failed = false;
}

size_t aatgs_store_pending(const aatgs_store *store)
{
  return store->pending.size;
}

uint64_t aatgs_store_bytes_max(const aatgs_store *store)
{
  return store->map_stays ? store->map : UINT64_MAX;
}

uint64_t aatgs_store_bytes(const aatgs_store *store)
{
  MDB_envinfo info;
  return mdb_env_info(store->env, &info) ? 0 : ((uint64_t)info.me_last_pgno + 1) * store->page;
}

/* ---- Committing ------------------------------------------------------------------ */

static int apply(aatgs_store *s, MDB_txn *txn)
{
  int rc = s->dbi_open ? 0 : mdb_dbi_open(txn, NULL, 0, &s->dbi);
  size_t at = 0;
  while (!rc && at < s->pending.size) {
    change c;
    memcpy(&c, s->pending.data + at, sizeof c);
    at += sizeof c;
    MDB_val key = {AATGS_KEY_BYTES, c.key}, value = {c.size, s->pending.data + at};
    rc = c.remove ? mdb_del(txn, s->dbi, &key, NULL) : mdb_put(txn, s->dbi, &key, &value, 0);
    if (c.remove && rc == MDB_NOTFOUND)
      rc = 0;
    at += (c.size + 7) & ~(uint64_t)7;
  }
  return rc;
}

static int try_commit(aatgs_store *s)
{
  MDB_txn *txn;
  /* A foreign reader that died in a transaction would hold pages back for ever. */
  mdb_reader_check(s->env, NULL);
  int rc = mdb_txn_begin(s->env, NULL, 0, &txn);
  if (rc)
    return rc;
  rc = apply(s, txn);
  if (rc) {
    mdb_txn_abort(txn);
    return rc;
  }
  rc = mdb_txn_commit(txn);
  s->dbi_open = s->dbi_open || !rc;
  return rc;
}

/* LMDB lets go of the map before it asks for a larger one, and without one it is no more use: so
 * the room is asked for beforehand. */
static int grow_map(aatgs_store *s)
{
  void *room = s->map < MAP_LAST ? mmap(NULL, s->map, PROT_NONE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                                 : MAP_FAILED;
  s->map_stays = room == MAP_FAILED;
  if (s->map_stays)
    return MDB_MAP_FULL;
  munmap(room, s->map);
  int rc = mdb_env_set_mapsize(s->env, s->map * 2);
  s->map_gone = rc != 0;
  if (!rc)
    s->map *= 2;
  return rc;
}

/* LMDB calls a write that came out short, as on a full disk, an input/output error. Asking for that
 * much room says which it was. */
static int why_short(const aatgs_store *s)
{
  char dir[sizeof s->path];
  strcpy(dir, s->path);
  *strrchr(dir, '/') = '\0';
  int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0)
    return errno == ENOSPC || errno == EDQUOT ? errno : EIO;
  int rc = posix_fallocate(fd, 0, (off_t)(s->pending.size + 16 * (size_t)s->page));
  close(fd);
  return rc == ENOSPC || rc == EDQUOT ? rc : EIO;
}

int aatgs_store_commit(aatgs_store *store, aatgs_error *error)
{
  if (store->pending.failed)
    return failed(store, "gather what is to be written", ENOMEM, error);
  if (store->pending.size == 0)
    return 0;
  if (store->map_gone)
    return failed(store, "write to it", ENOMEM, error);
  /* Growing in advance spares a failed transaction, and tells in time when it is not possible. */
  int rc = 0;
  while (!rc && aatgs_store_bytes(store) + 2 * store->pending.size > store->map / 2)
    rc = grow_map(store);
  if (!rc || rc == MDB_MAP_FULL)
    rc = try_commit(store);
  while (rc == MDB_MAP_FULL && !(rc = grow_map(store)))
    rc = try_commit(store);
  if (rc)
    return failed(store, "write to it", rc == EIO ? why_short(store) : rc, error);
  store->pending.size = 0;
  return 0;
}
