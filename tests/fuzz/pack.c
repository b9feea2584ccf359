/* A pack with its checksums put right is read from front to end, and all its values decoded. */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "fuzz/mend.h"
#include "trace/chunk.h"
#include "trace/info.h"
#include "trace/ticks.h"
#include "trace/walk.h"

typedef struct decoder {
  aatgs_codec *codec;
  aatgs_bytes raw;
  aatgs_chunk chunk;
  aatgs_arena arena;
  uint32_t config_bytes;
  uint32_t telemetry_bytes;
} decoder;

static void decode_raw(decoder *d, uint16_t kind)
{
  static aatgs_tick ticks[AATGS_TICKS_PER_BLOCK];
  aatgs_trace_info info = {0};
  aatgs_trace_graph graph;
  aatgs_trace_plan plan;
  aatgs_error e;
  const char *why;
  uint64_t trace;
  uint32_t count;
  switch (kind) {
  case AATGS_KIND_INFO:
    if (aatgs_info_read(d->raw.data, d->raw.size, "fuzz", &d->arena, &info, &trace, &e) == 0) {
      d->config_bytes = info.config_bytes;
      d->telemetry_bytes = info.telemetry_bytes;
    }
    break;
  case AATGS_KIND_GRAPH: aatgs_graph_read(d->raw.data, d->raw.size, &d->arena, &graph, &why); break;
  case AATGS_KIND_PLAN: aatgs_plan_read(d->raw.data, d->raw.size, &d->arena, &plan, &why); break;
  case AATGS_KIND_TICKS: aatgs_ticks_read(d->raw.data, d->raw.size, ticks, &count); break;
  default: break;
  }
}

static int decode(void *user, const aatgs_pack_value *v)
{
  decoder *d = user;
  const char *why;
  if (v->header.kind == AATGS_KIND_CHUNK || v->header.kind == AATGS_KIND_TAIL)
    aatgs_chunk_unpack(&d->chunk, d->codec, v->bytes, &v->header, d->config_bytes,
                       d->telemetry_bytes, &why);
  else if (aatgs_value_unpack(d->codec, v->bytes, &v->header, aatgs_kind_cap(v->header.kind),
                              &d->raw, &why) == 0)
    decode_raw(d, v->header.kind);
  d->raw.failed = false;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static aatgs_codec *codec;
  aatgs_trace_report report = {0};
  aatgs_error e;
  if (size < sizeof(aatgs_pack_header) || (!codec && aatgs_codec_open(3, &codec)))
    return 0;
  decoder d = {.codec = codec};
  uint8_t *copy = malloc(size);
  if (!copy)
    return 0;
  memcpy(copy, data, size);
  mend(copy, size);
  FILE *f = fmemopen(copy, size, "rb");
  if (f) {
    aatgs_pack_read(f, "fuzz", decode, &d, &report, &e);
    fclose(f);
  }
  aatgs_bytes_free(&d.raw);
  aatgs_chunk_free(&d.chunk);
  aatgs_arena_free(&d.arena);
  free(copy);
  return 0;
}
