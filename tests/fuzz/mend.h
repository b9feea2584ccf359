/* Puts the checksums of a pack right, so that what is behind them is reached. */
#ifndef AATGS_FUZZ_MEND_H
#define AATGS_FUZZ_MEND_H

#include <string.h>

#include "trace/pack.h"

/* Makes every value's checksum and the chain fit, as far as the sizes lead. */
static inline void mend(uint8_t *p, size_t size)
{
  uint64_t chain = aatgs_hash64(p, sizeof(aatgs_pack_header), 0);
  size_t at = sizeof(aatgs_pack_header);
  while (at + sizeof(aatgs_pack_entry) <= size) {
    uint64_t bytes, sum;
    uint32_t file;
    uint8_t *value = p + at + sizeof(aatgs_pack_entry);
    memcpy(&file, p + at, 4);
    memcpy(&bytes, p + at + 24, 8);
    chain = aatgs_hash64(p + at, 32, chain);
    if (file != UINT32_MAX) {
      if (bytes > size - at - sizeof(aatgs_pack_entry) || bytes < AATGS_VALUE_HEADER_BYTES)
        return;
      uint64_t stored = bytes - AATGS_VALUE_HEADER_BYTES;
      memcpy(value + 40, &stored, 8);
      sum = aatgs_hash64(value + AATGS_VALUE_HEADER_BYTES, stored, aatgs_hash64(value, 56, 0));
      memcpy(value + 56, &sum, 8);
      chain = aatgs_hash64(value, bytes, chain);
    }
    memcpy(p + at + 32, &chain, 8);
    if (file == UINT32_MAX)
      return;
    at += sizeof(aatgs_pack_entry) + bytes;
  }
}

#endif
