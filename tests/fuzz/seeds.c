/* Writes a first corpus below a folder: fuzz_seeds FOLDER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "trace/care.h"
#include "trace/chunk.h"
#include "trace/info.h"
#include "trace/make.h"
#include "trace/ticks.h"

static const char *folder;

static void put(const char *target, const char *name, const void *head, size_t head_size,
                const void *bytes, size_t size)
{
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, target);
  mkdir(path, 0777);
  snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(head, 1, head_size, f) != head_size || fwrite(bytes, 1, size, f) != size ||
      fclose(f))
    abort();
}

static void chunk_seed(const make_options *o, const char *name)
{
  maker m;
  aatgs_iteration it;
  aatgs_codec *codec;
  aatgs_chunk_builder *b;
  aatgs_value_header h;
  aatgs_bytes value = {0}, raw = {0};
  const char *why;
  uint8_t head[22];
  const aatgs_chunk_limits limits = {o->config_bytes, o->telemetry_bytes, 1, o->iterations,
                                     1 << 20};
  if (aatgs_codec_open(3, &codec) || aatgs_chunk_builder_open(&limits, &b))
    abort();
  make_start(&m, o);
  for (uint32_t i = 0; i < o->iterations; i++) {
    make_iteration(&m, &it);
    if (aatgs_chunk_add(b, &it))
      abort();
  }
  if (aatgs_chunk_pack(b, o->iterations, codec, AATGS_KIND_CHUNK, 1, 0, 0, &value) ||
      aatgs_value_check(value.data, value.size, &h, &why) ||
      aatgs_value_unpack(codec, value.data, &h, 1 << 26, &raw, &why))
    abort();
  head[0] = (uint8_t)(o->config_bytes / 4);
  head[1] = (uint8_t)(o->telemetry_bytes / 4);
  memcpy(head + 2, &h.extra, 8);
  memcpy(head + 10, &h.number, 8);
  if (h.coding == AATGS_CODING_FRAMES) {
    const uint32_t raw_bytes = (uint32_t)h.raw_bytes;
    head[0] |= 128;
    memcpy(head + 18, &raw_bytes, 4);
    put("chunk", name, head, sizeof head, value.data + sizeof h, h.stored_bytes);
  } else {
    put("chunk", name, head, 18, raw.data, raw.size);
  }
  aatgs_bytes_free(&value);
  aatgs_bytes_free(&raw);
  aatgs_chunk_builder_close(b);
  aatgs_codec_close(codec);
}

static void small_seeds(const make_options *o)
{
  maker m;
  const char *why;
  aatgs_bytes b = {0};
  aatgs_tick ticks[20];
  static const char *const texts[] = {"conflicts == 0 && energy < 12", "!(tau[3] + 1) * -2 % 7.5e1",
                                      "iteration >= 0x10 || status != 0", "config.wide / 3 <= 1"};
  make_start(&m, o);
  if (aatgs_graph_write(make_graph(&m, 1), &b, &why))
    abort();
  put("tables", "graph", "\0", 1, b.data, b.size);
  b.size = 0;
  if (aatgs_plan_write(make_plan(&m, 1), &b, &why))
    abort();
  put("tables", "plan", "\1", 1, b.data, b.size);
  b.size = 0;
  for (uint64_t i = 0; i < 20; i++)
    ticks[i] = (aatgs_tick){i * 3, i * i, i * 1000 + i % 7, i % 3, i / 5};
  if (!aatgs_ticks_write(ticks, 20, &b))
    abort();
  put("tables", "ticks", "\2", 1, b.data, b.size);
  b.size = 0;
  if (aatgs_info_write(make_info(o, NULL), 5, &b))
    abort();
  put("info", "info", "", 0, b.data, b.size);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char name[8];
    snprintf(name, sizeof name, "e%zu", i);
    put("expr", name, "", 0, texts[i], strlen(texts[i]));
  }
  aatgs_bytes_free(&b);
}

static void copy_file(const char *target, const char *name, const char *path)
{
  static uint8_t bytes[1 << 20];
  FILE *f = fopen(path, "rb");
  size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
  if (f)
    fclose(f);
  put(target, name, "", 0, bytes, n);
}

static void trace_seeds(make_options o)
{
  char path[1200];
  const char *dir = make_path("seed"), *pack = make_path("seedpack");
  aatgs_trace_report r;
  o.iterations = 40;
  o.chunk = 16;
  make_trace(&o, dir, NULL);
  snprintf(path, sizeof path, "%s/meta", dir);
  copy_file("pages", "meta", path);
  snprintf(path, sizeof path, "%s/data-00000001", dir);
  copy_file("pages", "data", path);
  FILE *f = fopen(pack, "wb");
  if (!f || aatgs_trace_pack(dir, f, pack, &r, NULL) || fclose(f))
    abort();
  copy_file("pack", "pack", pack);
  make_remove(dir);
  make_remove(pack);
}

int main(int argc, char **argv)
{
  make_options o = {.seed = 3,
                    .iterations = 30,
                    .config_bytes = 32,
                    .telemetry_bytes = 16,
                    .graphs = 2,
                    .records_max = 3,
                    .ticks_every = 5,
                    .small = 1};
  if (argc != 2)
    return 2;
  folder = argv[1];
  mkdir(folder, 0777);
  chunk_seed(&o, "usual");
  small_seeds(&o);
  trace_seeds(o);
  o.noise = 1;
  chunk_seed(&o, "noise");
  o.noise = 0;
  o.gap_every = 5;
  o.graphs = 6;
  chunk_seed(&o, "gaps");
  o = (make_options){.seed = 3,
                     .iterations = 1100,
                     .config_bytes = 8,
                     .telemetry_bytes = 8,
                     .graphs = 1,
                     .records_max = 1};
  chunk_seed(&o, "frames");
  return 0;
}
