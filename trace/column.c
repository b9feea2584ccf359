#include "trace/column.h"

#include <math.h>

/* Chunks between two measurements of a column. */
#define REMEASURE 16
/* Rows that a measurement looks at. */
#define SAMPLE ((size_t)512)
/* A byte plane of at least this size gets a zstd block, and so a Huffman table, of its own. */
#define PLANE_BLOCK_MIN ((size_t)1024)

/* ---- Residuals ------------------------------------------------------------------- */

/* Numbers of `width` bytes are differences modulo 2^(8 width), signs folded into the low bit. */
static inline uint64_t fold(uint64_t difference, unsigned width)
{
  int64_t d = width == 4 ? (int32_t)(uint32_t)difference : (int64_t)difference;
  return ((uint64_t)d << 1) ^ (uint64_t)(d >> 63);
}

static inline uint64_t unfold(uint64_t r)
{
  return (r >> 1) ^ (~(r & 1) + 1);
}

static inline uint64_t ref_at(const uint64_t *reference, size_t i)
{
  return reference ? reference[i] : 0;
}

/* What the first row stands for on its own, for coders that compare a row with the one before; the
 * residual of the first row is then 0. */
static bool has_base(aatgs_coder coder)
{
  return coder == AATGS_CODER_DELTA || coder == AATGS_CODER_DELTA2 || coder == AATGS_CODER_XOR ||
         coder == AATGS_CODER_REF_DELTA;
}

static uint64_t base_of(aatgs_coder coder, const uint64_t *v, const uint64_t *ref)
{
  return coder == AATGS_CODER_REF_DELTA ? v[0] - ref_at(ref, 0) : v[0];
}

static void residuals(aatgs_coder coder, const uint64_t *v, const uint64_t *ref, size_t n,
                      unsigned width, uint64_t *out)
{
  uint64_t last = base_of(coder, v, ref), step = 0;
  switch (coder) {
  case AATGS_CODER_DELTA:
    for (size_t i = 0; i < n; last = v[i++])
      out[i] = fold(v[i] - last, width);
    break;
  case AATGS_CODER_DELTA2:
    for (size_t i = 0; i < n; i++) {
      out[i] = fold(v[i] - last - step, width);
      step = v[i] - last;
      last = v[i];
    }
    break;
  case AATGS_CODER_XOR:
    for (size_t i = 0; i < n; last = v[i++])
      out[i] = v[i] ^ last;
    break;
  case AATGS_CODER_REF:
    for (size_t i = 0; i < n; i++)
      out[i] = fold(v[i] - ref_at(ref, i), width);
    break;
  case AATGS_CODER_REF_DELTA:
    for (size_t i = 0; i < n; i++) {
      out[i] = fold(v[i] - ref_at(ref, i) - last, width);
      last = v[i] - ref_at(ref, i);
    }
    break;
  default: memcpy(out, v, n * sizeof *out); break;
  }
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

/* ---- Byte planes ------------------------------------------------------------------- */

static unsigned planes_of(const uint64_t *v, size_t n)
{
  uint64_t any = 0;
  for (size_t i = 0; i < n; i++)
    any |= v[i];
  return any ? (unsigned)(71 - __builtin_clzll(any)) / 8 : 0;
}

static bool put_planes(const uint64_t *v, size_t n, unsigned planes, aatgs_bytes *out)
{
  uint8_t *to = aatgs_bytes_extend(out, n * planes);
  if (!to)
    return false;
  for (unsigned p = 0; p < planes; p++, to += n)
    for (size_t i = 0; i < n; i++)
      to[i] = (uint8_t)(v[i] >> (8 * p));
  return true;
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

/* ---- Changes ---------------------------------------------------------------------- */

static size_t changes_of(const uint64_t *v, size_t n)
{
  size_t changes = 0;
  uint64_t last = 0;
  for (size_t i = 0; i < n; last = v[i++])
    changes += v[i] != last;
  return changes;
}

/* u32 changes, u32 planes of a distance, distances, new values (entry->planes each). */
static bool encode_changes(const uint64_t *v, size_t n, uint64_t *scratch, aatgs_bytes *out,
                           aatgs_column_entry *entry)
{
  size_t changes = 0, where = 0;
  uint64_t last = 0;
  for (size_t i = 0; i < n; last = v[i++]) {
    if (v[i] == last)
      continue;
    scratch[changes++] = i - where;
    where = i;
  }
  unsigned planes = planes_of(scratch, changes);
  aatgs_bytes_u32(out, (uint32_t)changes);
  aatgs_bytes_u32(out, planes);
  put_planes(scratch, changes, planes, out);
  changes = 0;
  last = 0;
  for (size_t i = 0; i < n; last = v[i++])
    if (v[i] != last)
      scratch[changes++] = v[i];
  entry->planes = (uint8_t)planes_of(scratch, changes);
  return put_planes(scratch, changes, entry->planes, out);
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

/* ---- Measuring ---------------------------------------------------------------------- */

/* Bits that an order-0 coder needs for the residuals of a sample, by byte plane. */
static double entropy_bits(const uint64_t *r, size_t n)
{
  unsigned planes = planes_of(r, n);
  double bits = 0;
  for (unsigned p = 0; p < planes; p++) {
    uint32_t seen[256] = {0};
    for (size_t i = 0; i < n; i++)
      seen[(uint8_t)(r[i] >> (8 * p))]++;
    for (unsigned b = 0; b < 256; b++)
      if (seen[b])
        bits -= seen[b] * log2((double)seen[b] / (double)n);
  }
  return bits;
}

static aatgs_coder measure(const uint64_t *v, const uint64_t *ref, size_t n, unsigned width,
                           uint64_t *scratch)
{
  size_t first = n > SAMPLE ? (n - SAMPLE) / 2 : 0;
  size_t rows = n > SAMPLE ? SAMPLE : n;
  aatgs_coder best = AATGS_CODER_RAW;
  double least = INFINITY;
  for (aatgs_coder c = AATGS_CODER_RAW; c < AATGS_CODERS; c++) {
    double bits;
    if (c == AATGS_CODER_CHANGES) {
      /* A change costs a distance and the value with its byte planes. */
      bits = (double)changes_of(v + first, rows) * (10 + 8 * planes_of(v + first, rows));
    } else {
      residuals(c, v + first, ref ? ref + first : NULL, rows, width, scratch);
      if (rows > 2) /* the second row has no step to differ from */
        scratch[1] = scratch[2];
      bits = entropy_bits(scratch, rows);
    }
    if (bits < least * 0.99) {
      least = bits;
      best = c;
    }
  }
  return best;
}

/* ---- Encoding and decoding ------------------------------------------------------------ */

static bool is_constant(const uint64_t *v, size_t n)
{
  uint64_t differ = 0;
  for (size_t i = 1; i < n; i++)
    differ |= v[i] ^ v[0];
  return differ == 0;
}

bool aatgs_column_encode(const uint64_t *values, const uint64_t *reference, size_t count,
                         unsigned width, aatgs_column_choice *choice, uint64_t *scratch,
                         aatgs_bytes *out, aatgs_bytes *ends, aatgs_column_entry *entry)
{
  size_t start = out->size;
  *entry = (aatgs_column_entry){AATGS_CODER_CONST, 0, 0, 0};
  if (is_constant(values, count)) {
    entry->planes = (uint8_t)(count ? planes_of(values, 1) : 0);
    aatgs_bytes_put(out, values, entry->planes);
  } else {
    if (choice->age == 0) {
      choice->coder = (uint8_t)measure(values, reference, count, width, scratch);
      choice->age = REMEASURE;
    }
    choice->age--;
    entry->coder = choice->coder;
    if (entry->coder == AATGS_CODER_CHANGES) {
      encode_changes(values, count, scratch, out, entry);
    } else {
      residuals((aatgs_coder)entry->coder, values, reference, count, width, scratch);
      entry->planes = (uint8_t)planes_of(scratch, count);
      if (has_base((aatgs_coder)entry->coder))
        aatgs_bytes_u64(out, base_of((aatgs_coder)entry->coder, values, reference));
      size_t planes_at = out->size;
      put_planes(scratch, count, entry->planes, out);
      mark_ends(ends, planes_at, count, entry->planes);
    }
  }
  entry->bytes = (uint32_t)(out->size - start);
  return !out->failed && !ends->failed;
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
