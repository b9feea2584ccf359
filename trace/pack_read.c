/* Reading a pack that may come from a stranger. */
#include <errno.h>
#include <inttypes.h>

#include "trace/key.h"
#include "trace/pack.h"
#include "trace/walk.h"

/* Data files that a pack may have. */
#define FILES_MAX 99999999u
/* Memory is taken this much at a time, so that a size alone takes none. */
#define STEP_BYTES ((size_t)1 << 16)

typedef struct pack_reader {
  FILE *from;
  const char *name;
  uint64_t trace;
  uint64_t chain;
  uint32_t file; /* of the value before; AATGS_PACK_END: none yet */
  uint64_t values;
  aatgs_bytes value;
  aatgs_error *error;
} pack_reader;

static int refuse(pack_reader *r, const char *why)
{
  return aatgs_error_set(r->error, AATGS_ECORRUPT, 0, "%s: value %" PRIu64 ": %s", r->name,
                         r->values + 1, why);
}

static int read_in(pack_reader *r, void *to, size_t size)
{
  if (fread(to, 1, size, r->from) == size)
    return 0;
  if (ferror(r->from))
    return aatgs_error_set(r->error, AATGS_EIO, errno, "%s: cannot read it: %s", r->name,
                           strerror(errno));
  return refuse(r, "the pack ends too early");
}

static int read_bytes(pack_reader *r, uint64_t size)
{
  r->value.size = 0;
  while (r->value.size < size) {
    uint64_t left = size - r->value.size;
    size_t n = left < STEP_BYTES ? (size_t)left : STEP_BYTES;
    uint8_t *at = aatgs_bytes_extend(&r->value, n);
    if (!at)
      return aatgs_error_set(r->error, AATGS_ENOMEM, 0, "%s: out of memory", r->name);
    int rc = read_in(r, at, n);
    if (rc)
      return rc;
  }
  return 0;
}

/* Files come in rising order, meta first. */
static bool in_order(const pack_reader *r, uint32_t file)
{
  if (r->file == AATGS_PACK_END)
    return file == 0;
  return file >= r->file && file <= FILES_MAX;
}

/* Whether the value may stand under that key of that file. */
static bool fits(const pack_reader *r, const aatgs_pack_value *v, uint64_t cap)
{
  const aatgs_value_header *h = &v->header;
  bool tail = v->key.kind == AATGS_KIND_TAIL && v->key.number == 0;
  bool meta = v->key.kind < AATGS_KIND_CHUNK;
  bool both = v->key.kind == AATGS_KIND_GRAPH || v->key.kind == AATGS_KIND_PLAN ||
              v->key.kind == AATGS_KIND_SNAPSHOT;
  bool place = both || meta == (v->file == 0);
  return h->trace == r->trace && h->kind == v->key.kind && h->piece == v->key.piece && place &&
         (h->number == v->key.number || tail) && h->raw_bytes <= cap &&
         h->stored_bytes == v->size - sizeof *h;
}

static int read_value(pack_reader *r, const aatgs_pack_entry *e, aatgs_pack_visit visit, void *user)
{
  const char *why;
  aatgs_pack_value v = {.file = e->file, .key = aatgs_key_read(e->key), .size = e->bytes};
  const uint64_t known = aatgs_kind_cap(v.key.kind), cap = known ? known : AATGS_PIECE_BYTES;
  if (!in_order(r, e->file))
    return refuse(r, "its file is out of order");
  if (e->bytes < sizeof v.header || e->bytes > cap + sizeof v.header)
    return refuse(r, "it is larger than it may be, or smaller than it can be");
  int rc = read_bytes(r, e->bytes);
  if (rc)
    return rc;
  if (aatgs_pack_chain(e, r->value.data, e->bytes, r->chain) != e->chain)
    return refuse(r, "its checksum is wrong");
  if (aatgs_value_check(r->value.data, e->bytes, &v.header, &why))
    return refuse(r, why);
  if (!fits(r, &v, cap))
    return refuse(r, "it is not what its key says");
  v.bytes = r->value.data;
  r->chain = e->chain;
  r->file = e->file;
  r->values++;
  return known ? visit(user, &v) : 0;
}

static int read_pack(pack_reader *r, aatgs_pack_visit visit, void *user, aatgs_trace_report *report)
{
  aatgs_pack_header h;
  aatgs_pack_entry e;
  int rc = read_in(r, &h, sizeof h);
  if (rc == AATGS_ECORRUPT || (!rc && memcmp(h.magic, AATGS_PACK_MAGIC, sizeof h.magic) != 0))
    return aatgs_error_set(r->error, AATGS_EFORMAT, 0, "%s: not a pack of a trace", r->name);
  if (!rc && h.version != AATGS_PACK_VERSION)
    return aatgs_error_set(r->error, AATGS_EVERSION, 0,
                           "%s: a pack of version %u, but this aatgs reads version %u", r->name,
                           h.version, AATGS_PACK_VERSION);
  r->chain = aatgs_hash64(&h, sizeof h, 0);
  r->trace = h.trace;
  while (!rc) {
    rc = read_in(r, &e, sizeof e);
    if (!rc && e.file == AATGS_PACK_END)
      break;
    if (!rc)
      rc = read_value(r, &e, visit, user);
    if (!rc) {
      report->values++;
      report->bytes += e.bytes;
    }
  }
  if (rc)
    return rc;
  if (e.bytes != r->values || aatgs_pack_chain(&e, NULL, 0, r->chain) != e.chain)
    return refuse(r, "the end of the pack is wrong");
  return 0;
}

int aatgs_pack_read(FILE *from, const char *name, aatgs_pack_visit visit, void *user,
                    aatgs_trace_report *report, aatgs_error *error)
{
  pack_reader r = {.from = from, .name = name, .file = AATGS_PACK_END, .error = error};
  int rc = read_pack(&r, visit, user, report);
  aatgs_bytes_free(&r.value);
  return rc;
}
