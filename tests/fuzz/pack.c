/* A pack whose checksums are put right first, so that what is behind them is reached; then the
 * trace that comes out of it, read from end to end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "trace/care.h"
#include "trace/hash.h"
#include "trace/value.h"

#define HEADER 24u
#define ENTRY  40u

/* Makes every value's checksum and the chain fit, as far as the sizes lead. */
static void mend(uint8_t *p, size_t size)
{
  uint64_t chain = aatgs_hash64(p, HEADER, 0);
  size_t at = HEADER;
  while (at + ENTRY <= size) {
    uint64_t bytes, sum;
    uint32_t file;
    uint8_t *value = p + at + ENTRY;
    memcpy(&file, p + at, 4);
    memcpy(&bytes, p + at + 24, 8);
    chain = aatgs_hash64(p + at, 32, chain);
    if (file != UINT32_MAX) {
      if (bytes > size - at - ENTRY || bytes < AATGS_VALUE_HEADER_BYTES)
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
    at += ENTRY + bytes;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char out[64];
  aatgs_trace_report r;
  aatgs_error e;
  if (size < HEADER)
    return 0;
  uint8_t *copy = malloc(size);
  if (!copy)
    return 0;
  memcpy(copy, data, size);
  mend(copy, size);
  snprintf(out, sizeof out, "/dev/shm/aatgs-fuzz-%d", (int)getpid());
  aatgs_trace_remove(out, NULL);
  FILE *f = fmemopen(copy, size, "rb");
  if (f && aatgs_trace_unpack(f, "fuzz", out, &r, &e) == 0)
    aatgs_trace_verify(out, NULL, NULL, &r, &e);
  if (f)
    fclose(f);
  aatgs_trace_remove(out, NULL);
  free(copy);
  return 0;
}
