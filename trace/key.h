/* The bytes of a key as LMDB has it: big-endian, so that they sort by number. */
#ifndef AATGS_TRACE_KEY_H
#define AATGS_TRACE_KEY_H

#include <string.h>

#include "trace/format.h"

static inline void aatgs_key_write(const aatgs_key *key, uint8_t bytes[AATGS_KEY_BYTES])
{
  uint64_t number = __builtin_bswap64(key->number);
  uint32_t piece = __builtin_bswap32(key->piece);
  bytes[0] = key->kind;
  memcpy(bytes + 1, &number, 8);
  memcpy(bytes + 9, &piece, 4);
}

static inline aatgs_key aatgs_key_read(const uint8_t bytes[AATGS_KEY_BYTES])
{
  aatgs_key key = {.kind = bytes[0]};
  memcpy(&key.number, bytes + 1, 8);
  memcpy(&key.piece, bytes + 9, 4);
  key.number = __builtin_bswap64(key.number);
  key.piece = __builtin_bswap32(key.piece);
  return key;
}

#endif
