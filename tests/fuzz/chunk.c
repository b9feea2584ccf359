/* The inside of a chunk, its checksum and compression taken as passed. The first two bytes choose
 * the sizes of config and telemetry, the next 16 the first and last iteration. */
#include "trace/chunk.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static aatgs_codec *codec;
  static aatgs_chunk chunk;
  aatgs_bytes value = {0};
  aatgs_value_header h = {.kind = AATGS_KIND_CHUNK, .pieces = 1};
  const char *why;
  if (size < 18 || (!codec && aatgs_codec_open(1, &codec)))
    return 0;
  memcpy(&h.extra, data + 2, 8);
  memcpy(&h.number, data + 10, 8);
  if (aatgs_value_pack(codec, &h, data + 18, size - 18, &value) == 0 &&
      aatgs_value_check(value.data, value.size, &h, &why) == 0 &&
      aatgs_chunk_unpack(&chunk, codec, value.data, &h, data[0] % 65 * 4u, data[1] % 17 * 4u,
                         &why) == 0) {
    uint64_t sum = 0; /* everything that it hands out can be read */
    for (uint32_t i = 0; i < chunk.header.iterations; i++) {
      const aatgs_iteration *it = &chunk.iterations[i];
      for (uint32_t k = 0; k < it->timing_count; k++)
        sum += it->timings[k].digest + it->timings[k].start_ns;
      for (uint32_t k = 0; k < chunk.config_bytes; k++)
        sum += it->config[k];
      for (uint32_t k = 0; k < chunk.telemetry_bytes; k++)
        sum += it->telemetry[k];
    }
    if (chunk.iterations[0].iteration != chunk.first || sum == 1)
      __builtin_trap();
  }
  aatgs_bytes_free(&value);
  return 0;
}
