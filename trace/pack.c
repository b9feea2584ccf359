/* A trace as one flat stream, and back. FORMAT.md, section "Packs". */
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/care.h"
#include "trace/hash.h"
#include "trace/key.h"
#include "trace/reader.h"
#include "trace/store.h"
#include "trace/walk.h"

#define PACK_MAGIC   "AATGSPAK"
#define PACK_VERSION 1u
#define PACK_END     UINT32_MAX
/* Data files that a pack may have. */
#define PACK_FILES_MAX 99999999u
/* What is gathered before it is written to the new trace. */
#define GATHER_BYTES ((size_t)4 << 20)

typedef struct pack_header {
  char magic[8];
  uint32_t version;
  uint32_t pad0;
  uint64_t trace;
} pack_header;

/* Before each value; `file` is 0 for meta, n for data file n, PACK_END for the end. */
typedef struct pack_entry {
  uint32_t file;
  uint8_t key[AATGS_KEY_BYTES];
  uint8_t pad0[7];
  uint64_t bytes; /* of the value; at the end: the number of values */
  uint64_t chain; /* hash64(the 32 bytes before and the value, seed: the chain before) */
} pack_entry;

_Static_assert(sizeof(pack_header) == 24, "pack header");
_Static_assert(sizeof(pack_entry) == 40, "pack entry");

static uint64_t chained(const pack_entry *e, const uint8_t *value, uint64_t size, uint64_t chain)
{
  chain = aatgs_hash64(e, offsetof(pack_entry, chain), chain);
  return size ? aatgs_hash64(value, size, chain) : chain;
}

/* ---- Packing ----------------------------------------------------------------------- */

typedef struct packer {
  aatgs_trace *t;
  FILE *to;
  const char *name;
  uint64_t chain;
  aatgs_trace_report *report;
  aatgs_error *error;
} packer;

static int write_failed(packer *p)
{
  return aatgs_error_set(p->error, errno == ENOSPC || errno == EDQUOT ? AATGS_ENOSPC : AATGS_EIO,
                         errno, "%s: cannot write to it: %s", p->name, strerror(errno));
}

static int write_out(packer *p, const void *bytes, size_t size)
{
  p->report->bytes += size;
  return fwrite(bytes, 1, size, p->to) == size ? 0 : write_failed(p);
}

static int pack_value(packer *p, uint32_t file, const aatgs_key *key)
{
  aatgs_trace *t = p->t;
  aatgs_value_header h;
  pack_entry e = {.file = file};
  int rc = aatgs_trace_check_value(t, key, &h);
  if (rc) {
    if (p->error)
      *p->error = t->error;
    return rc;
  }
  aatgs_key_write(key, e.key);
  e.bytes = sizeof h + h.stored_bytes;
  e.chain = p->chain = chained(&e, t->value.data, e.bytes, p->chain);
  p->report->values++;
  rc = write_out(p, &e, sizeof e);
  return rc ? rc : write_out(p, t->value.data, e.bytes);
}

static int pack_file(packer *p, uint32_t file, aatgs_pages *pages)
{
  aatgs_trace *t = p->t;
  aatgs_key key = {0, 0, 0};
  const uint64_t transaction = aatgs_pages_transaction(pages);
  do {
    int rc = aatgs_pages_seek(pages, &key, &t->value, AATGS_VALUE_BYTES_MAX, &t->error);
    if (rc < 0 && p->error)
      *p->error = t->error;
    if (rc < 0)
      return rc;
    if (rc == 0)
      break;
    if (aatgs_kind_cap(key.kind) && (rc = pack_value(p, file, &key)))
      return rc;
  } while (aatgs_key_next(&key));
  /* A tail that became a chunk meanwhile would be a hole. */
  if (aatgs_pages_transaction(pages) != transaction)
    return aatgs_error_set(p->error, AATGS_EBUSY, 0,
                           "%s: it is being written; cut a piece out with `aatgs trim`, which can "
                           "be packed",
                           t->dir);
  return 0;
}

static int pack(packer *p)
{
  aatgs_trace *t = p->t;
  pack_header h = {.version = PACK_VERSION, .trace = t->trace};
  memcpy(h.magic, PACK_MAGIC, sizeof h.magic);
  p->chain = aatgs_hash64(&h, sizeof h, 0);
  int rc = write_out(p, &h, sizeof h);
  if (!rc)
    rc = pack_file(p, 0, t->meta);
  for (uint32_t i = 0; !rc && i < t->env_count; i++)
    rc = pack_file(p, t->envs[i].number, t->envs[i].pages);
  if (rc)
    return rc;
  pack_entry end = {.file = PACK_END, .bytes = p->report->values};
  end.chain = chained(&end, NULL, 0, p->chain);
  rc = write_out(p, &end, sizeof end);
  return !rc && fflush(p->to) ? write_failed(p) : rc;
}

static void take_state(aatgs_trace_report *r, const aatgs_trace *t)
{
  r->closed = t->state.closed;
  r->first = t->state.first;
  r->last = t->state.last;
  r->iterations = t->state.iterations;
  r->lost = t->state.lost;
  r->timings = t->state.timings;
  r->snapshots = t->state.snapshots;
  r->digest = t->state.digest;
}

int aatgs_trace_pack(const char *dir, FILE *to, const char *name, aatgs_trace_report *report,
                     aatgs_error *error)
{
  packer p = {.to = to, .name = name, .report = report, .error = error};
  *report = (aatgs_trace_report){0};
  int rc = aatgs_trace_open(dir, &p.t, error);
  if (rc)
    return rc;
  take_state(report, p.t);
  rc = pack(&p);
  aatgs_trace_close(p.t);
  return rc;
}

/* ---- Unpacking --------------------------------------------------------------------- */

typedef struct unpacker {
  FILE *from;
  const char *name;
  const char *out;
  uint64_t trace;
  uint64_t chain;
  uint32_t file; /* being written; PACK_END: none yet */
  aatgs_store *store;
  aatgs_trace_report *report;
  aatgs_error *error;
} unpacker;

static int refuse(unpacker *u, const char *why)
{
  return aatgs_error_set(u->error, AATGS_ECORRUPT, 0, "%s: value %" PRIu64 ": %s", u->name,
                         u->report->values + 1, why);
}

static int read_in(unpacker *u, void *to, size_t size)
{
  if (fread(to, 1, size, u->from) == size)
    return 0;
  if (ferror(u->from))
    return aatgs_error_set(u->error, AATGS_EIO, errno, "%s: cannot read it: %s", u->name,
                           strerror(errno));
  return refuse(u, "the pack ends too early");
}

static int end_file(unpacker *u)
{
  int rc = u->store ? aatgs_store_commit(u->store, u->error) : 0;
  aatgs_store_close(u->store);
  u->store = NULL;
  return rc;
}

/* Files come in rising order, from 0. */
static int begin_file(unpacker *u, uint32_t file)
{
  char name[32];
  int rc = end_file(u);
  if (rc)
    return rc;
  if (u->file == PACK_END ? file != 0 : file <= u->file || file > PACK_FILES_MAX)
    return refuse(u, "its file is out of order");
  snprintf(name, sizeof name, AATGS_DATA_PREFIX "%0*u", AATGS_DATA_DIGITS, file);
  u->file = file;
  return aatgs_store_create(u->out, file ? name : AATGS_META_NAME, &u->store, u->error);
}

/* Whether a value with that header may stand under that key of that file. */
static bool fits(const unpacker *u, const aatgs_value_header *h, const aatgs_key *key)
{
  bool tail = key->kind == AATGS_KIND_TAIL && key->number == 0;
  bool meta = key->kind < AATGS_KIND_CHUNK;
  bool place = key->kind == AATGS_KIND_SNAPSHOT || meta == (u->file == 0);
  return h->trace == u->trace && h->kind == key->kind && h->piece == key->piece && place &&
         (h->number == key->number || tail) && h->raw_bytes <= aatgs_kind_cap(h->kind);
}

/* Reads a value of `size` bytes a little at a time, so that memory is taken only for what is
 * really there. */
static int read_value(unpacker *u, aatgs_bytes *to, uint64_t size)
{
  while (size > 0) {
    size_t n = size < GATHER_BYTES ? (size_t)size : GATHER_BYTES;
    uint8_t *at = aatgs_bytes_extend(to, n);
    if (!at)
      return aatgs_error_set(u->error, AATGS_ENOMEM, 0, "%s: out of memory", u->name);
    int rc = read_in(u, at, n);
    if (rc)
      return rc;
    size -= n;
  }
  return 0;
}

static int unpack_value(unpacker *u, const pack_entry *e)
{
  const char *why;
  aatgs_value_header h;
  const aatgs_key key = aatgs_key_read(e->key);
  uint64_t cap = aatgs_kind_cap(key.kind);
  if (cap == 0 || e->bytes < sizeof h || e->bytes > cap + sizeof h)
    return refuse(u, "it is of no known kind or larger than it may be");
  int rc = e->file == u->file ? 0 : begin_file(u, e->file);
  if (rc)
    return rc;
  aatgs_bytes *b = aatgs_store_put(u->store, &key);
  if (!b)
    return aatgs_error_set(u->error, AATGS_ENOMEM, 0, "%s: out of memory", u->name);
  size_t start = b->size;
  rc = read_value(u, b, e->bytes);
  if (rc)
    return rc;
  if (chained(e, b->data + start, e->bytes, u->chain) != e->chain)
    return refuse(u, "its checksum is wrong");
  if (aatgs_value_check(b->data + start, e->bytes, &h, &why))
    return refuse(u, why);
  if (h.stored_bytes != e->bytes - sizeof h || !fits(u, &h, &key))
    return refuse(u, "it is not what its key says");
  aatgs_store_put_end(u->store);
  u->chain = e->chain;
  u->report->values++;
  u->report->bytes += e->bytes;
  return aatgs_store_pending(u->store) < GATHER_BYTES ? 0 : aatgs_store_commit(u->store, u->error);
}

static int unpack(unpacker *u)
{
  pack_header h;
  pack_entry e;
  int rc = read_in(u, &h, sizeof h);
  if (rc == AATGS_ECORRUPT || (!rc && memcmp(h.magic, PACK_MAGIC, sizeof h.magic) != 0))
    return aatgs_error_set(u->error, AATGS_EFORMAT, 0, "%s: not a pack of a trace", u->name);
  if (!rc && h.version != PACK_VERSION)
    return aatgs_error_set(u->error, AATGS_EVERSION, 0,
                           "%s: a pack of version %u, but this aatgs reads version %u", u->name,
                           h.version, PACK_VERSION);
  u->chain = aatgs_hash64(&h, sizeof h, 0);
  u->trace = h.trace;
  while (!rc) {
    rc = read_in(u, &e, sizeof e);
    if (!rc && e.file == PACK_END)
      break;
    if (!rc)
      rc = unpack_value(u, &e);
  }
  if (rc)
    return rc;
  if (e.bytes != u->report->values || chained(&e, NULL, 0, u->chain) != e.chain)
    return refuse(u, "the end of the pack is wrong");
  return end_file(u);
}

int aatgs_trace_unpack(FILE *from, const char *name, const char *out, aatgs_trace_report *report,
                       aatgs_error *error)
{
  unpacker u = {
      .from = from, .name = name, .out = out, .file = PACK_END, .report = report, .error = error};
  *report = (aatgs_trace_report){0};
  if (mkdir(out, 0777))
    return aatgs_error_set(error, errno == EEXIST ? AATGS_EEXIST : AATGS_EIO, errno,
                           "%s: cannot create the folder: %s", out, strerror(errno));
  aatgs_trace *t = NULL;
  int rc = unpack(&u);
  aatgs_store_close(u.store);
  if (!rc)
    rc = aatgs_trace_open(out, &t, error);
  if (rc) {
    aatgs_trace_remove(out, NULL);
    rmdir(out);
    return rc;
  }
  take_state(report, t);
  aatgs_trace_close(t);
  return 0;
}
