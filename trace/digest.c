#include "trace/digest.h"

#include <string.h>

#include "trace/hash.h"

/* Digests of timings are hashed in blocks of this many. */
#define BLOCK 64u

uint64_t aatgs_digest_iteration(uint64_t running, const aatgs_iteration *it,
                                uint32_t telemetry_bytes)
{
  uint8_t head[16 + AATGS_TELEMETRY_BYTES_MAX];
  memcpy(head, &it->iteration, 8);
  memcpy(head + 8, &it->status, 4);
  memcpy(head + 12, &it->timing_count, 4);
  if (telemetry_bytes > AATGS_TELEMETRY_BYTES_MAX)
    telemetry_bytes = AATGS_TELEMETRY_BYTES_MAX;
  if (telemetry_bytes)
    memcpy(head + 16, it->telemetry, telemetry_bytes);
  running = aatgs_hash64(head, 16 + telemetry_bytes, running);
  for (uint32_t first = 0; first < it->timing_count; first += BLOCK) {
    uint32_t digests[BLOCK];
    uint32_t n = it->timing_count - first < BLOCK ? it->timing_count - first : BLOCK;
    for (uint32_t i = 0; i < n; i++)
      digests[i] = it->timings[first + i].digest;
    running = aatgs_hash64(digests, n * sizeof digests[0], running);
  }
  return running;
}
