/* A growing buffer to write bytes to, and a bounded cursor to read them from. Both remember a
 * failure, so that a sequence of calls is checked once, at its end. All numbers little-endian. */
#ifndef AATGS_TRACE_BYTES_H
#define AATGS_TRACE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the trace is read and written by copying little-endian words"
#endif

typedef struct aatgs_bytes {
  uint8_t *data;
  size_t size;
  size_t capacity;
  bool failed; /* out of memory; the content is incomplete */
} aatgs_bytes;

static inline void aatgs_bytes_free(aatgs_bytes *b)
{
  free(b->data);
  *b = (aatgs_bytes){NULL, 0, 0, false};
}

/* Makes room for `extra` more bytes; false when out of memory. */
static inline bool aatgs_bytes_reserve(aatgs_bytes *b, size_t extra)
{
  if (b->failed || extra > SIZE_MAX / 4 - b->size) {
    b->failed = true;
    return false;
  }
  if (b->size + extra > b->capacity || !b->data) {
    size_t capacity = b->capacity ? b->capacity : 256;
    while (capacity < b->size + extra)
      capacity *= 2;
    uint8_t *data = realloc(b->data, capacity);
    if (!data) {
      b->failed = true;
      return false;
    }
    b->data = data;
    b->capacity = capacity;
  }
  return true;
}

/* Appends `size` bytes to be filled in by the caller; NULL when out of memory. */
static inline uint8_t *aatgs_bytes_extend(aatgs_bytes *b, size_t size)
{
  if (!aatgs_bytes_reserve(b, size))
    return NULL;
  uint8_t *at = b->data + b->size;
  b->size += size;
  return at;
}

static inline void aatgs_bytes_put(aatgs_bytes *b, const void *from, size_t size)
{
  uint8_t *at = aatgs_bytes_extend(b, size);
  if (at && size)
    memcpy(at, from, size);
}

static inline void aatgs_bytes_u16(aatgs_bytes *b, uint16_t v)
{
  aatgs_bytes_put(b, &v, 2);
}
static inline void aatgs_bytes_u32(aatgs_bytes *b, uint32_t v)
{
  aatgs_bytes_put(b, &v, 4);
}
static inline void aatgs_bytes_u64(aatgs_bytes *b, uint64_t v)
{
  aatgs_bytes_put(b, &v, 8);
}

typedef struct aatgs_cursor {
  const uint8_t *at;
  const uint8_t *end;
  bool failed; /* something was asked for that is not there; it read as zero */
} aatgs_cursor;

/* The next `size` bytes, or NULL. */
static inline const uint8_t *aatgs_cursor_take(aatgs_cursor *c, size_t size)
{
  if (c->failed || size > (size_t)(c->end - c->at)) {
    c->failed = true;
    return NULL;
  }
  const uint8_t *at = c->at;
  c->at += size;
  return at;
}

static inline uint64_t aatgs_cursor_number(aatgs_cursor *c, size_t size)
{
  uint64_t v = 0;
  const uint8_t *at = aatgs_cursor_take(c, size);
  if (at)
    memcpy(&v, at, size);
  return v;
}

static inline uint16_t aatgs_cursor_u16(aatgs_cursor *c)
{
  return (uint16_t)aatgs_cursor_number(c, 2);
}
static inline uint32_t aatgs_cursor_u32(aatgs_cursor *c)
{
  return (uint32_t)aatgs_cursor_number(c, 4);
}
static inline uint64_t aatgs_cursor_u64(aatgs_cursor *c)
{
  return aatgs_cursor_number(c, 8);
}
static inline size_t aatgs_cursor_left(const aatgs_cursor *c)
{
  return (size_t)(c->end - c->at);
}

#endif
