/* The inside of a chunk, its checksum taken as passed. The first two bytes choose the sizes of
 * config and telemetry, the next 16 the first and last iteration. With the top bit of the first
 * byte set, 4 bytes of raw size and the frames it is stored in follow, else what is in them. */
#include "trace/chunk.h"

#include "fuzz/fuzz.h"
#include "trace/hash.h"

#define HEAD 18u

/* A value with a right checksum over whatever it claims. */
static void put_frames(aatgs_value_header h, const uint8_t *data, size_t size, aatgs_bytes *out)
{
  uint32_t raw;
  memcpy(&raw, data, sizeof raw);
  h.magic = AATGS_VALUE_MAGIC;
  h.coding = AATGS_CODING_FRAMES;
  h.raw_bytes = raw % (UINT32_C(1) << 22);
  h.stored_bytes = size - sizeof raw;
  h.checksum = aatgs_hash64(data + sizeof raw, h.stored_bytes,
                            aatgs_hash64(&h, offsetof(aatgs_value_header, checksum), 0));
  aatgs_bytes_put(out, &h, sizeof h);
  aatgs_bytes_put(out, data + sizeof raw, h.stored_bytes);
}

/* Everything that it hands out can be read. */
static uint64_t add_up(const aatgs_chunk *chunk)
{
  uint64_t sum = 0;
  for (uint32_t i = 0; i < chunk->header.iterations; i++) {
    const aatgs_iteration *it = &chunk->iterations[i];
    for (uint32_t k = 0; k < it->timing_count; k++)
      sum += it->timings[k].digest + it->timings[k].start_ns;
    for (uint32_t k = 0; k < chunk->config_bytes; k++)
      sum += it->config[k];
    for (uint32_t k = 0; k < chunk->telemetry_bytes; k++)
      sum += it->telemetry[k];
  }
  return sum;
}

/* What is wanted of a chunk that decodes is the same without the rest. */
static void compare(const aatgs_chunk *all, const aatgs_chunk *some)
{
  if (some->header.iterations != all->header.iterations)
    __builtin_trap();
  for (uint32_t i = 0; i < all->header.iterations; i++) {
    const aatgs_iteration *a = &all->iterations[i], *b = &some->iterations[i];
    if (a->seen_ns != b->seen_ns || a->timing_count != b->timing_count)
      __builtin_trap();
    for (uint32_t k = 0; k < a->timing_count; k++)
      if (a->timings[k].digest != b->timings[k].digest)
        __builtin_trap();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const aatgs_trace_want want = {.members = AATGS_WANT_SEEN_NS | AATGS_WANT_DIGEST};
  static aatgs_codec *codec;
  static aatgs_chunk all, some = {.want = &want};
  aatgs_bytes value = {0};
  aatgs_value_header h = {.kind = AATGS_KIND_CHUNK, .pieces = 1};
  const char *why;
  if (size < HEAD + 4 || (!codec && aatgs_codec_open(1, &codec)))
    return 0;
  const uint32_t config = (data[0] & 127) % 65 * 4u, telemetry = data[1] % 17 * 4u;
  memcpy(&h.extra, data + 2, 8);
  memcpy(&h.number, data + 10, 8);
  if (data[0] & 128)
    put_frames(h, data + HEAD, size - HEAD, &value);
  else if (aatgs_value_pack(codec, &h, data + HEAD, size - HEAD, &value))
    __builtin_trap();
  if (config != all.config_bytes || telemetry != all.telemetry_bytes) { /* a trace has one size */
    aatgs_chunk_free(&all);
    aatgs_chunk_free(&some);
    all = (aatgs_chunk){0};
    some = (aatgs_chunk){.want = &want};
  }
  if (aatgs_value_check(value.data, value.size, &h, &why) == 0) {
    const int rc = aatgs_chunk_unpack(&some, codec, value.data, &h, config, telemetry, &why);
    if (aatgs_chunk_unpack(&all, codec, value.data, &h, config, telemetry, &why) == 0) {
      if (rc || all.iterations[0].iteration != all.first || add_up(&all) == 1)
        __builtin_trap();
      compare(&all, &some);
    }
  }
  aatgs_bytes_free(&value);
  return 0;
}
