#include "trace/column.h"

#include <math.h>

/* Chunks between two measurements of a column. */
#define REMEASURE 16
/* Rows that a measurement looks at, and how many of them lie together. */
#define SAMPLE ((size_t)512)
#define WINDOW ((size_t)64)
/* Rows whose bytes are spread to their planes together. */
#define BLOCK ((size_t)1024)
/* A byte plane of at least this size gets a zstd frame, and so a Huffman table, of its own. */
#define PLANE_BLOCK_MIN ((size_t)1024)

/* ---- Encoding --------------------------------------------------------------------- */

/* What the first row stands for on its own, for coders that compare a row with the one before; the
 * residual of the first row is then 0. */
static bool has_base(aatgs_coder coder)
{
  return coder == AATGS_CODER_DELTA || coder == AATGS_CODER_DELTA2 || coder == AATGS_CODER_XOR ||
         coder == AATGS_CODER_REF_DELTA;
}

/* Bytes that hold all those bits. */
static unsigned planes_of(uint64_t any)
{
  return any ? (unsigned)(71 - __builtin_clzll(any)) / 8 : 0;
}

/* Where window `w` of several begins, the first at the front and the last at the end. */
static size_t window_at(size_t w, size_t windows, size_t rows, size_t n)
{
  return windows > 1 ? (n - rows) * w / (windows - 1) : 0;
}

static void mark_ends(aatgs_bytes *ends, size_t at, size_t n, unsigned planes)
{
  if (n < PLANE_BLOCK_MIN)
    return;
  aatgs_bytes_put(ends, &at, sizeof at);
  for (unsigned p = 0; p < planes; p++) {
    at += n;
    aatgs_bytes_put(ends, &at, sizeof at);
  }
}

#define NUMBER     uint32_t
#define ROWS(name) name##_32
#include "trace/column_rows.h"
#define NUMBER     uint64_t
#define ROWS(name) name##_64
#include "trace/column_rows.h"

bool aatgs_column_encode(const void *values, const uint64_t *reference, size_t count,
                         unsigned width, aatgs_column_choice *choice, void *scratch,
                         aatgs_bytes *out, aatgs_bytes *ends, aatgs_column_entry *entry)
{
  const size_t start = out->size;
  *entry = (aatgs_column_entry){AATGS_CODER_CONST, 0, 0, 0};
  if (width == 4)
    encode_32(values, NULL, count, choice, scratch, out, ends, entry);
  else
    encode_64(values, reference, count, choice, scratch, out, ends, entry);
  entry->bytes = (uint32_t)(out->size - start);
  return !out->failed && !ends->failed;
}

/* ---- Decoding --------------------------------------------------------------------- */

static inline uint64_t unfold(uint64_t r)
{
  return (r >> 1) ^ (~(r & 1) + 1);
}

static inline uint64_t ref_at(const uint64_t *reference, size_t i)
{
  return reference ? reference[i] : 0;
}

static void restore(aatgs_coder coder, uint64_t base, const uint64_t *ref, size_t n, uint64_t mask,
                    uint64_t *v)
{
  uint64_t last = base, step = 0;
  switch (coder) {
  case AATGS_CODER_DELTA:
    for (size_t i = 0; i < n; i++)
      v[i] = last = (last + unfold(v[i])) & mask;
    break;
  case AATGS_CODER_DELTA2:
    for (size_t i = 0; i < n; i++) {
      step += unfold(v[i]);
      v[i] = last = (last + step) & mask;
    }
    break;
  case AATGS_CODER_XOR:
    for (size_t i = 0; i < n; i++)
      v[i] = last ^= v[i];
    break;
  case AATGS_CODER_REF:
    for (size_t i = 0; i < n; i++)
      v[i] = (ref_at(ref, i) + unfold(v[i])) & mask;
    break;
  case AATGS_CODER_REF_DELTA:
    for (size_t i = 0; i < n; i++) {
      last += unfold(v[i]);
      v[i] = (ref_at(ref, i) + last) & mask;
    }
    break;
  default: break;
  }
}

static void get_planes(const uint8_t *from, size_t n, unsigned planes, uint64_t *v)
{
  switch (planes) {
  case 0: memset(v, 0, n * sizeof *v); return;
  case 1:
    for (size_t i = 0; i < n; i++)
      v[i] = from[i];
    return;
  case 2:
    for (size_t i = 0; i < n; i++)
      v[i] = from[i] | (uint64_t)from[n + i] << 8;
    return;
  default:
    for (size_t i = 0; i < n; i++)
      v[i] = from[i] | (uint64_t)from[n + i] << 8 | (uint64_t)from[2 * n + i] << 16;
    for (unsigned p = 3; p < planes; p++)
      for (size_t i = 0; i < n; i++)
        v[i] |= (uint64_t)from[p * n + i] << (8 * p);
  }
}

static uint64_t plane_number(const uint8_t *from, size_t n, unsigned planes, size_t i)
{
  uint64_t v = 0;
  for (unsigned p = 0; p < planes; p++)
    v |= (uint64_t)from[p * n + i] << (8 * p);
  return v;
}

static bool decode_changes(const aatgs_column_entry *entry, const uint8_t *bytes, size_t n,
                           uint64_t *v)
{
  aatgs_cursor c = {bytes, bytes + entry->bytes, false};
  size_t changes = aatgs_cursor_u32(&c), where = 0;
  uint32_t planes = aatgs_cursor_u32(&c);
  if (c.failed || changes > n || planes > 4)
    return false;
  const uint8_t *distances = aatgs_cursor_take(&c, changes * planes);
  const uint8_t *values = aatgs_cursor_take(&c, changes * entry->planes);
  if (!distances || !values || aatgs_cursor_left(&c))
    return false;
  uint64_t last = 0;
  size_t i = 0;
  for (size_t k = 0; k < changes; k++) {
    where += plane_number(distances, changes, planes, k);
    if (where >= n || where < i)
      return false;
    while (i < where)
      v[i++] = last;
    last = plane_number(values, changes, entry->planes, k);
  }
  while (i < n)
    v[i++] = last;
  return true;
}

bool aatgs_column_decode(const aatgs_column_entry *entry, const uint8_t *bytes,
                         const uint64_t *reference, size_t count, unsigned width, uint64_t *values)
{
  uint64_t mask = width == 4 ? UINT32_MAX : UINT64_MAX;
  if (entry->coder >= AATGS_CODERS || entry->planes > 8 || entry->pad0)
    return false;
  if (entry->coder == AATGS_CODER_CHANGES) {
    if (!decode_changes(entry, bytes, count, values))
      return false;
  } else if (entry->coder == AATGS_CODER_CONST) {
    uint64_t v = 0;
    if (entry->bytes != entry->planes)
      return false;
    memcpy(&v, bytes, entry->planes);
    for (size_t i = 0; i < count; i++)
      values[i] = v;
  } else {
    uint64_t base = 0;
    size_t head = has_base((aatgs_coder)entry->coder) ? sizeof base : 0;
    if ((uint64_t)entry->planes * count + head != entry->bytes)
      return false;
    memcpy(&base, bytes, head);
    get_planes(bytes + head, count, entry->planes, values);
    restore((aatgs_coder)entry->coder, base, reference, count, mask, values);
  }
  if (width == 4) {
    uint64_t any = 0;
    for (size_t i = 0; i < count; i++)
      any |= values[i];
    if (any >> 32)
      return false;
  }
  return true;
}
