/* Protocol Buffers' wire format, as far as `aatgs export` writes it: varints, 64-bit words and what
 * has a length. See "Encoding" in the Protocol Buffers documentation. */
#ifndef AATGS_TOOLS_PROTOBUF_H
#define AATGS_TOOLS_PROTOBUF_H

#include "trace/bytes.h"

enum { AATGS_PB_VARINT = 0, AATGS_PB_I64 = 1, AATGS_PB_LEN = 2 };

static inline void aatgs_pb_varint(aatgs_bytes *b, uint64_t value)
{
  uint8_t bytes[10];
  size_t n = 0;
  for (; value > 0x7f; value >>= 7)
    bytes[n++] = (uint8_t)(value | 0x80);
  bytes[n++] = (uint8_t)value;
  aatgs_bytes_put(b, bytes, n);
}

static inline void aatgs_pb_key(aatgs_bytes *b, uint32_t field, uint32_t type)
{
  aatgs_pb_varint(b, (uint64_t)field << 3 | type);
}

static inline void aatgs_pb_u64(aatgs_bytes *b, uint32_t field, uint64_t value)
{
  aatgs_pb_key(b, field, AATGS_PB_VARINT);
  aatgs_pb_varint(b, value);
}

static inline void aatgs_pb_fixed64(aatgs_bytes *b, uint32_t field, uint64_t value)
{
  aatgs_pb_key(b, field, AATGS_PB_I64);
  aatgs_bytes_u64(b, value);
}

static inline void aatgs_pb_double(aatgs_bytes *b, uint32_t field, double value)
{
  aatgs_pb_key(b, field, AATGS_PB_I64);
  aatgs_bytes_put(b, &value, sizeof value);
}

static inline void aatgs_pb_text(aatgs_bytes *b, uint32_t field, const char *text)
{
  size_t length = strlen(text);
  aatgs_pb_key(b, field, AATGS_PB_LEN);
  aatgs_pb_varint(b, length);
  aatgs_bytes_put(b, text, length);
}

/* A message in a message: what is appended between begin and end. */
static inline size_t aatgs_pb_begin(aatgs_bytes *b, uint32_t field)
{
  aatgs_pb_key(b, field, AATGS_PB_LEN);
  aatgs_bytes_put(b, "", 1); /* most lengths take one byte */
  return b->size;
}

static inline void aatgs_pb_end(aatgs_bytes *b, size_t begin)
{
  uint64_t length = b->size - begin;
  size_t more = 0;
  if (b->failed)
    return;
  for (uint64_t rest = length >> 7; rest; rest >>= 7)
    more++;
  if (!aatgs_bytes_extend(b, more))
    return;
  memmove(b->data + begin + more, b->data + begin, (size_t)length);
  for (size_t i = 0; i <= more; i++)
    b->data[begin - 1 + i] = (uint8_t)((length >> (7 * i) & 0x7f) | (i < more ? 0x80 : 0));
}

#endif
