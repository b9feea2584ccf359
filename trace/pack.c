/* A trace as one flat stream, and back. FORMAT.md, section "Packs". */
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/care.h"
#include "trace/key.h"
#include "trace/pack.h"
#include "trace/reader.h"
#include "trace/store.h"
#include "trace/walk.h"

/* What is gathered before it is written to the new trace. */
#define GATHER_BYTES ((size_t)4 << 20)

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
  aatgs_pack_entry e = {.file = file};
  int rc = aatgs_trace_check_value(t, key, &h);
  if (rc) {
    if (p->error)
      *p->error = t->error;
    return rc;
  }
  aatgs_key_write(key, e.key);
  e.bytes = sizeof h + h.stored_bytes;
  e.chain = p->chain = aatgs_pack_chain(&e, t->value.data, e.bytes, p->chain);
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
  aatgs_pack_header h = {.version = AATGS_PACK_VERSION, .trace = t->trace};
  memcpy(h.magic, AATGS_PACK_MAGIC, sizeof h.magic);
  p->chain = aatgs_hash64(&h, sizeof h, 0);
  int rc = write_out(p, &h, sizeof h);
  if (!rc)
    rc = pack_file(p, 0, t->meta);
  for (uint32_t i = 0; !rc && i < t->env_count; i++)
    rc = pack_file(p, t->envs[i].number, t->envs[i].pages);
  if (rc)
    return rc;
  aatgs_pack_entry end = {.file = AATGS_PACK_END, .bytes = p->report->values};
  end.chain = aatgs_pack_chain(&end, NULL, 0, p->chain);
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
  const char *out;
  uint32_t file; /* being written; AATGS_PACK_END: none yet */
  aatgs_store *store;
  aatgs_error *error;
} unpacker;

static int end_file(unpacker *u)
{
  int rc = u->store ? aatgs_store_commit(u->store, u->error) : 0;
  aatgs_store_close(u->store);
  u->store = NULL;
  return rc;
}

static int begin_file(unpacker *u, uint32_t file)
{
  char name[32];
  int rc = end_file(u);
  if (rc)
    return rc;
  snprintf(name, sizeof name, AATGS_DATA_PREFIX "%0*u", AATGS_DATA_DIGITS, file);
  u->file = file;
  return aatgs_store_create(u->out, file ? name : AATGS_META_NAME, &u->store, u->error);
}

static int unpack_value(void *user, const aatgs_pack_value *v)
{
  unpacker *u = user;
  int rc = v->file == u->file ? 0 : begin_file(u, v->file);
  if (rc)
    return rc;
  aatgs_bytes *b = aatgs_store_put(u->store, &v->key);
  if (b)
    aatgs_bytes_put(b, v->bytes, v->size);
  if (!b || b->failed)
    return aatgs_error_set(u->error, AATGS_ENOMEM, 0, "%s: out of memory", u->out);
  aatgs_store_put_end(u->store);
  return aatgs_store_pending(u->store) < GATHER_BYTES ? 0 : aatgs_store_commit(u->store, u->error);
}

int aatgs_trace_unpack(FILE *from, const char *name, const char *out, aatgs_trace_report *report,
                       aatgs_error *error)
{
  unpacker u = {.out = out, .file = AATGS_PACK_END, .error = error};
  *report = (aatgs_trace_report){0};
  if (mkdir(out, 0777))
    return aatgs_error_set(error, errno == EEXIST ? AATGS_EEXIST : AATGS_EIO, errno,
                           "%s: cannot create the folder: %s%s", out, strerror(errno),
                           errno == EEXIST ? "; choose another name or remove it" : "");
  aatgs_trace *t = NULL;
  int rc = aatgs_pack_read(from, name, unpack_value, &u, report, error);
  if (!rc)
    rc = end_file(&u);
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
