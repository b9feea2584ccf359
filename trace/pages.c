#include "trace/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/key.h"

/* The layout of LMDB 0.9 files (data version 1) on 64-bit little-endian machines. */
#define PAGE_HEADER   16u
#define PAGE_MIN      512u
#define PAGE_MAX      65536u
#define FLAG_BRANCH   0x01u
#define FLAG_LEAF     0x02u
#define FLAG_OVERFLOW 0x04u
#define FLAG_META     0x08u
#define FLAGS_KNOWN   0x6fu /* without the marks that stay from writing */
#define NODE_HEADER   8u
#define NODE_BIG      0x01u
#define META_MAGIC    UINT32_C(0xBEEFC0DE)
#define META_VERSION  1u
#define META_BYTES    152u /* with the page header */
#define NO_PAGE       UINT64_MAX
#define DEPTH_MAX     32u
/* A search is done again when the writer committed twice meanwhile: its pages may be recycled. */
#define TRIES 100

struct aatgs_pages {
  int fd;
  uint32_t page_bytes;
  uint8_t *page; /* the page looked at */
  char path[4096];
};

/* A committed state of the file. */
typedef struct view {
  uint64_t transaction;
  uint64_t root;
  uint64_t last_page;
} view;

typedef struct found_value {
  uint64_t at; /* in the file */
  uint64_t size;
} found_value;

static int damaged(const aatgs_pages *p, uint64_t page, const char *why, aatgs_error *error)
{
  return aatgs_error_set(error, AATGS_ECORRUPT, 0,
                         "%s: page %llu %s; `aatgs recover` saves what is whole", p->path,
                         (unsigned long long)page, why);
}

static uint16_t u16_at(const uint8_t *p)
{
  uint16_t v;
  memcpy(&v, p, 2);
  return v;
}
static uint32_t u32_at(const uint8_t *p)
{
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
static uint64_t u64_at(const uint8_t *p)
{
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

/* Bytes read, fewer at the end of the file, or a negative errno. */
static ssize_t read_at(int fd, void *to, size_t size, uint64_t at)
{
  size_t done = 0;
  while (done < size) {
    ssize_t n = pread(fd, (uint8_t *)to + done, size - done, (off_t)(at + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -errno;
    if (n == 0)
      break;
    done += (size_t)n;
  }
  return (ssize_t)done;
}

/* ---- Meta pages -------------------------------------------------------------------- */

/* 1: `meta` is a meta page of this page size (or of any, when it is 0). */
static bool is_meta(const uint8_t *meta, uint64_t number, uint32_t page_bytes)
{
  uint32_t size = u32_at(meta + 40);
  return u64_at(meta) == number && (u16_at(meta + 10) & FLAG_META) &&
         u32_at(meta + 16) == META_MAGIC && u32_at(meta + 20) == META_VERSION && size >= PAGE_MIN &&
         size <= PAGE_MAX && (size & (size - 1)) == 0 && (page_bytes == 0 || size == page_bytes);
}

/* Reads one meta page; a copy torn by a writer differs the second time. */
static bool read_meta(const aatgs_pages *p, uint64_t number, uint8_t meta[META_BYTES])
{
  uint8_t again[META_BYTES];
  for (int i = 0; i < TRIES; i++) {
    if (read_at(p->fd, meta, META_BYTES, number * p->page_bytes) != META_BYTES ||
        read_at(p->fd, again, META_BYTES, number * p->page_bytes) != META_BYTES)
      return false;
    if (memcmp(meta, again, META_BYTES) == 0)
      return is_meta(meta, number, p->page_bytes);
  }
  return false;
}

static bool newest_view(const aatgs_pages *p, view *v)
{
  bool any = false;
  for (uint64_t number = 0; number < 2; number++) {
    uint8_t meta[META_BYTES];
    if (!read_meta(p, number, meta))
      continue;
    uint64_t transaction = u64_at(meta + 144);
    if (any && transaction <= v->transaction)
      continue;
    v->transaction = transaction;
    v->last_page = u64_at(meta + 136);
    v->root = u64_at(meta + 128); /* of the main database, the second of the two */
    any = true;
  }
  return any;
}

int aatgs_pages_open(const char *path, aatgs_pages **out, aatgs_error *error)
{
  uint8_t meta[META_BYTES];
  *out = NULL;
  aatgs_pages *p = calloc(1, sizeof *p);
  if (!p)
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "%s: out of memory", path);
  snprintf(p->path, sizeof p->path, "%s", path);
  p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  int rc = p->fd < 0 ? errno : 0;
  struct stat st;
  if (!rc && (fstat(p->fd, &st) || !S_ISREG(st.st_mode)))
    rc = EINVAL;
  if (rc) {
    aatgs_pages_close(p);
    return aatgs_error_set(error, rc == ENOENT ? AATGS_ENOTFOUND : AATGS_EIO, rc,
                           "%s: cannot open it: %s", path, strerror(rc));
  }
  ssize_t n = read_at(p->fd, meta, sizeof meta, 0);
  if (n == (ssize_t)sizeof meta && is_meta(meta, 0, 0))
    p->page_bytes = u32_at(meta + 40);
  /* With the first page damaged, the second one may still tell. */
  for (uint32_t size = PAGE_MIN; n >= 0 && !p->page_bytes && size <= PAGE_MAX; size *= 2)
    if (read_at(p->fd, meta, sizeof meta, size) == (ssize_t)sizeof meta && is_meta(meta, 1, size))
      p->page_bytes = size;
  if (p->page_bytes)
    p->page = malloc(p->page_bytes);
  if (!p->page) {
    rc = n < 0 ? AATGS_EIO : p->page_bytes ? AATGS_ENOMEM : AATGS_EFORMAT;
    aatgs_pages_close(p);
    return aatgs_error_set(error, rc, 0, "%s: %s", path,
                           rc == AATGS_EFORMAT ? "not an LMDB file of data version 1, or both its "
                                                 "meta pages are damaged"
                           : rc == AATGS_EIO   ? "cannot read it"
                                               : "out of memory");
  }
  *out = p;
  return 0;
}

void aatgs_pages_close(aatgs_pages *pages)
{
  if (!pages)
    return;
  if (pages->fd >= 0)
    close(pages->fd);
  free(pages->page);
  free(pages);
}

uint64_t aatgs_pages_transaction(const aatgs_pages *pages)
{
  view v;
  return newest_view(pages, &v) ? v.transaction : 0;
}

unsigned aatgs_pages_metas(const aatgs_pages *pages)
{
  uint8_t meta[META_BYTES];
  struct stat st;
  /* Shorter than both: its creation was cut off, and nothing was ever committed. */
  if (fstat(pages->fd, &st) == 0 && st.st_size < 2 * (off_t)pages->page_bytes)
    return 2;
  return (unsigned)read_meta(pages, 0, meta) + (unsigned)read_meta(pages, 1, meta);
}

/* ---- Nodes ------------------------------------------------------------------------ */

/* Reads a tree page into p->page and checks its header; *nodes of them. */
static int load_page(aatgs_pages *p, const view *v, uint64_t number, uint32_t *nodes, bool *leaf,
                     aatgs_error *error)
{
  if (number < 2 || number > v->last_page)
    return damaged(p, number, "is outside the file", error);
  ssize_t n = read_at(p->fd, p->page, p->page_bytes, number * p->page_bytes);
  if (n < 0)
    return aatgs_error_set(error, AATGS_EIO, (int)-n, "%s: cannot read page %llu: %s", p->path,
                           (unsigned long long)number, strerror((int)-n));
  if (n != (ssize_t)p->page_bytes)
    return damaged(p, number, "is missing, the file was cut short", error);
  uint16_t flags = u16_at(p->page + 10), lower = u16_at(p->page + 12), upper = u16_at(p->page + 14);
  *leaf = flags & FLAG_LEAF;
  /* upper == 0 stands for 65536 in the largest pages */
  if (u64_at(p->page) != number || (flags & FLAGS_KNOWN) != (*leaf ? FLAG_LEAF : FLAG_BRANCH) ||
      lower < PAGE_HEADER || lower % 2 || lower > p->page_bytes ||
      (upper ? upper : p->page_bytes) < lower)
    return damaged(p, number, "does not hold together", error);
  *nodes = (lower - PAGE_HEADER) / 2u;
  if (*nodes == 0)
    return damaged(p, number, "is empty", error);
  return 0;
}

typedef struct node {
  uint64_t child; /* branch: page number */
  uint32_t size;  /* leaf: of the value */
  uint16_t flags;
  uint16_t key_size;
  uint32_t at; /* of the key, in the page */
} node;

static bool read_node(const aatgs_pages *p, uint32_t index, bool leaf, node *out)
{
  uint32_t at = u16_at(p->page + PAGE_HEADER + index * 2);
  if (at < PAGE_HEADER || at % 2 || at + NODE_HEADER > p->page_bytes)
    return false;
  const uint8_t *n = p->page + at;
  uint16_t low = u16_at(n), high = u16_at(n + 2);
  out->flags = u16_at(n + 4);
  out->key_size = u16_at(n + 6);
  out->at = at + NODE_HEADER;
  out->child = low | (uint64_t)high << 16 | (uint64_t)out->flags << 32;
  out->size = low | (uint32_t)high << 16;
  uint64_t end = (uint64_t)out->at + out->key_size;
  if (leaf)
    end += out->flags & NODE_BIG ? 8 : out->size;
  return end <= p->page_bytes;
}

static bool read_key(const aatgs_pages *p, const node *n, aatgs_key *key)
{
  if (n->key_size != AATGS_KEY_BYTES)
    return false;
  *key = aatgs_key_read(p->page + n->at);
  return true;
}

/* ---- Searching -------------------------------------------------------------------- */

/* Index of the first node whose key is not below `key` (a branch's first node has no key and counts
 * as below everything). */
static int lower_bound(const aatgs_pages *p, uint64_t number, uint32_t nodes, bool leaf,
                       const uint8_t *key, uint32_t *index, bool *equal, aatgs_error *error)
{
  uint32_t low = leaf ? 0 : 1, high = nodes;
  *equal = false;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    node n;
    if (!read_node(p, middle, leaf, &n) || n.key_size != AATGS_KEY_BYTES)
      return damaged(p, number, "has a node that reaches beyond it or is none of a trace", error);
    int order = memcmp(p->page + n.at, key, AATGS_KEY_BYTES);
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
    *equal = *equal || order == 0;
  }
  *index = low;
  return 0;
}

/* The leaf at index, in p->page: its key and where its value lies. */
static int take_leaf(aatgs_pages *p, const view *v, uint64_t number, uint32_t index, aatgs_key *key,
                     found_value *value, aatgs_error *error)
{
  node n;
  if (!read_node(p, index, true, &n) || !read_key(p, &n, key))
    return damaged(p, number, "has a node that reaches beyond it or is none of a trace", error);
  value->size = n.size;
  value->at = number * p->page_bytes + n.at + n.key_size;
  if (n.flags & ~NODE_BIG)
    return damaged(p, number, "has a node of a kind that a trace does not use", error);
  if (!(n.flags & NODE_BIG))
    return 0;
  uint64_t first = u64_at(p->page + n.at + n.key_size);
  uint8_t header[PAGE_HEADER];
  uint64_t pages = ((uint64_t)n.size + PAGE_HEADER + p->page_bytes - 1) / p->page_bytes;
  if (first < 2 || first > v->last_page || pages > v->last_page - first + 1)
    return damaged(p, number, "names a value outside the file", error);
  if (read_at(p->fd, header, sizeof header, first * p->page_bytes) != (ssize_t)sizeof header ||
      u64_at(header) != first || !(u16_at(header + 10) & FLAG_OVERFLOW) ||
      u32_at(header + 12) < pages)
    return damaged(p, first, "does not hold the value that it should", error);
  value->at = first * p->page_bytes + PAGE_HEADER;
  return 0;
}

/* The leftmost leaf under page `number`. */
static int first_leaf(aatgs_pages *p, const view *v, uint64_t number, uint32_t depth,
                      aatgs_key *key, found_value *value, aatgs_error *error)
{
  for (; depth < DEPTH_MAX; depth++) {
    uint32_t nodes;
    bool leaf;
    node n;
    int rc = load_page(p, v, number, &nodes, &leaf, error);
    if (rc)
      return rc;
    if (leaf) {
      rc = take_leaf(p, v, number, 0, key, value, error);
      return rc ? rc : 1;
    }
    if (!read_node(p, 0, false, &n))
      return damaged(p, number, "has a node that reaches beyond it", error);
    number = n.child;
  }
  return damaged(p, number, "is nested too deeply", error);
}

/* As aatgs_pages_seek(), in one state. */
static int search(aatgs_pages *p, const view *v, aatgs_key *key, found_value *value,
                  aatgs_error *error)
{
  uint8_t want[AATGS_KEY_BYTES];
  uint64_t number = v->root, right = NO_PAGE; /* subtree right of the path, as deep as possible */
  uint32_t right_depth = 0;
  aatgs_key_write(key, want);
  if (number == NO_PAGE)
    return 0;
  for (uint32_t depth = 0; depth < DEPTH_MAX; depth++) {
    uint32_t nodes, index = 0;
    bool leaf, equal;
    node n;
    int rc = load_page(p, v, number, &nodes, &leaf, error);
    if (!rc)
      rc = lower_bound(p, number, nodes, leaf, want, &index, &equal, error);
    if (rc)
      return rc;
    if (leaf && index < nodes) {
      rc = take_leaf(p, v, number, index, key, value, error);
      return rc ? rc : 1;
    }
    if (leaf)
      return right == NO_PAGE ? 0 : first_leaf(p, v, right, right_depth, key, value, error);
    if (!equal)
      index--;
    if (index + 1 < nodes) {
      if (!read_node(p, index + 1, false, &n))
        return damaged(p, number, "has a node that reaches beyond it", error);
      right = n.child;
      right_depth = depth + 1;
    }
    if (!read_node(p, index, false, &n))
      return damaged(p, number, "has a node that reaches beyond it", error);
    number = n.child;
  }
  return damaged(p, number, "is nested too deeply", error);
}

static int read_value(aatgs_pages *p, const found_value *found, aatgs_bytes *value, uint64_t cap,
                      aatgs_error *error)
{
  struct stat st;
  uint64_t page = found->at / p->page_bytes;
  if (found->size > cap)
    return damaged(p, page, "holds a value that claims to be larger than it may be", error);
  if (fstat(p->fd, &st) || found->at + found->size > (uint64_t)st.st_size)
    return damaged(p, page, "is missing, the file was cut short", error);
  value->size = 0;
  uint8_t *to = aatgs_bytes_extend(value, found->size);
  if (!to) {
    value->failed = false;
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "%s: no memory for a value of %llu bytes",
                           p->path, (unsigned long long)found->size);
  }
  ssize_t n = read_at(p->fd, to, found->size, found->at);
  if (n < 0)
    return aatgs_error_set(error, AATGS_EIO, (int)-n, "%s: cannot read page %llu: %s", p->path,
                           (unsigned long long)page, strerror((int)-n));
  return n == (ssize_t)found->size ? 0
                                   : damaged(p, page, "is missing, the file was cut short", error);
}

int aatgs_pages_seek(aatgs_pages *pages, aatgs_key *key, aatgs_bytes *value, uint64_t cap,
                     aatgs_error *error)
{
  for (int i = 0; i < TRIES; i++) {
    aatgs_key k = *key;
    view v, now;
    found_value found;
    if (!newest_view(pages, &v))
      return aatgs_error_set(error, AATGS_ECORRUPT, 0,
                             "%s: both meta pages are damaged; `aatgs recover` saves what is whole",
                             pages->path);
    int rc = search(pages, &v, &k, &found, error);
    if (rc == 1 && value) {
      int read = read_value(pages, &found, value, cap, error);
      rc = read ? read : 1;
    }
    /* LMDB recycles a page no sooner than two commits after the one that let go of it. */
    if (newest_view(pages, &now) && now.transaction > v.transaction + 1)
      continue;
    if (rc == 1)
      *key = k;
    return rc;
  }
  return aatgs_error_set(error, AATGS_EBUSY, 0,
                         "%s: the writer was faster %d times in a row; try again", pages->path,
                         TRIES);
}

int aatgs_pages_get(aatgs_pages *pages, const aatgs_key *key, aatgs_bytes *value, uint64_t cap,
                    aatgs_error *error)
{
  aatgs_key k = *key;
  int rc = aatgs_pages_seek(pages, &k, value, cap, error);
  if (rc == 1 && (k.kind != key->kind || k.number != key->number || k.piece != key->piece))
    rc = 0;
  return rc;
}
