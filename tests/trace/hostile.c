/* Files that somebody made to do harm: what they claim is refused before memory is taken for it,
 * and nothing is written but below the folder that was named. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "fuzz/mend.h"
#include "trace/care.h"
#include "trace/chunk.h"
#include "trace/cm.h"
#include "trace/info.h"
#include "trace/inject.h"
#include "trace/make.h"
#include "trace/store.h"
#include "trace/ticks.h"

/* What refusing may take at a time. */
#define LITTLE ((size_t)1 << 17)

static aatgs_codec *codec;

static void begin(void)
{
  inject_start(INJECT_MALLOC, UINT64_MAX, INJECT_NOTHING, 0);
}

static void refused(int rc, const char *what)
{
  inject_stop();
  if (rc != AATGS_ECORRUPT || inject_largest() > LITTLE)
    fail_msg("%s: result %d, %zu bytes were asked for at a time", what, rc, inject_largest());
}

/* ---- Values ------------------------------------------------------------------------------- */

/* A value with a right checksum over whatever it claims. */
static size_t forge(uint8_t *to, aatgs_value_header h, const void *stored, size_t size)
{
  h.magic = AATGS_VALUE_MAGIC;
  h.pieces = 1;
  h.stored_bytes = size;
  h.checksum =
      aatgs_hash64(stored, size, aatgs_hash64(&h, offsetof(aatgs_value_header, checksum), 0));
  memcpy(to, &h, sizeof h);
  memcpy(to + sizeof h, stored, size);
  return sizeof h + size;
}

static int unpack(const uint8_t *value, size_t size, uint64_t cap, uint64_t wanted)
{
  aatgs_value_header h;
  aatgs_value_reader r;
  aatgs_bytes raw = {0};
  const char *why;
  int rc = aatgs_value_check(value, size, &h, &why);
  if (!rc)
    rc = aatgs_value_begin(&r, codec, value, &h, cap, &raw, &why);
  if (!rc)
    rc = aatgs_value_reach(&r, 0, wanted < h.raw_bytes ? wanted : h.raw_bytes, &why);
  aatgs_bytes_free(&raw);
  return rc;
}

static void test_size_of_a_value(void **state)
{
  (void)state;
  uint8_t value[256], stored[64] = {0};
  const uint64_t sizes[] = {AATGS_CHUNK_BYTES_MAX + 1, UINT64_C(1) << 40, UINT64_MAX};
  for (size_t i = 0; i < 3; i++) {
    const aatgs_value_header h = {.kind = AATGS_KIND_CHUNK, .coding = 1, .raw_bytes = sizes[i]};
    size_t n = forge(value, h, stored, sizeof stored);
    begin();
    refused(unpack(value, n, AATGS_CHUNK_BYTES_MAX, UINT64_MAX), "size");
  }
}

/* No frame of so few bytes can be so large. */
static void test_ratio_of_a_value(void **state)
{
  (void)state;
  uint8_t value[256], stored[64] = {0};
  const aatgs_value_header h = {
      .kind = AATGS_KIND_CHUNK, .coding = 1, .raw_bytes = AATGS_CHUNK_BYTES_MAX};
  size_t n = forge(value, h, stored, sizeof stored);
  begin();
  refused(unpack(value, n, AATGS_CHUNK_BYTES_MAX, UINT64_MAX), "ratio");
}

/* A frame that is larger than the value says, and one whose window is. */
static void test_frames_that_lie(void **state)
{
  (void)state;
  static uint8_t zeros[1 << 22], frame[8192], value[9000];
  size_t size = ZSTD_compress(frame, sizeof frame, zeros, sizeof zeros, 3);
  assert_false(ZSTD_isError(size));
  const aatgs_value_header h = {.kind = AATGS_KIND_CHUNK, .coding = 1, .raw_bytes = 60000};
  size_t n = forge(value, h, frame, size);
  begin();
  refused(unpack(value, n, AATGS_CHUNK_BYTES_MAX, UINT64_MAX), "frame");
  /* magic, no content size, window of 2^28: one block of 60,000 zeros follows */
  const uint8_t wide[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, (28 - 10) << 3, 0x03, 0x53, 0x07, 0x00};
  n = forge(value, h, wide, sizeof wide);
  begin();
  refused(unpack(value, n, AATGS_CHUNK_BYTES_MAX, 50000), "window");
}

static size_t put_frame(uint8_t *to, size_t zeros, bool sized)
{
  static const uint8_t content[40000];
  ZSTD_CCtx *c = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, sized);
  const size_t size = ZSTD_compress2(c, to, 256, content, zeros);
  ZSTD_freeCCtx(c);
  assert_false(ZSTD_isError(size));
  return size;
}

/* Two frames that should make 60,000 bytes, and what may be wrong with the second. */
static void test_several_frames_that_lie(void **state)
{
  (void)state;
  static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
  const aatgs_value_header h = {
      .kind = AATGS_KIND_CHUNK, .coding = AATGS_CODING_FRAMES, .raw_bytes = 60000};
  uint8_t frames[1024] = {0}, value[2048];
  const size_t first = put_frame(frames, 30000, true),
               whole = put_frame(frames + first, 30000, true);
  size_t n = forge(value, h, frames, first + whole);
  assert_int_equal(unpack(value, n, AATGS_CHUNK_BYTES_MAX, UINT64_MAX), 0);
  const struct {
    const char *what;
    size_t size;
  } wrong[] = {{"too long", put_frame(frames + 200, 30001, true)},
               {"too short", put_frame(frames + 300, 29999, true)},
               {"without its size", put_frame(frames + 400, 30000, false)},
               {"empty", put_frame(frames + 500, 0, true)},
               {"cut off", whole - 1},
               {"followed by more", whole + 1},
               {"missing", 0},
               {"to be skipped", sizeof skippable}};
  memcpy(frames + 600, frames + first, whole);
  memcpy(frames + 700, frames + first, whole);
  memcpy(frames + 900, skippable, sizeof skippable);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    memmove(frames + first, frames + 200 + 100 * i, wrong[i].size);
    n = forge(value, h, frames, first + wrong[i].size);
    begin();
    refused(unpack(value, n, AATGS_CHUNK_BYTES_MAX, UINT64_MAX), wrong[i].what);
  }
}

/* ---- Counts ------------------------------------------------------------------------------- */

static void test_counts_of_a_chunk(void **state)
{
  (void)state;
  aatgs_chunk chunk = {0};
  uint8_t value[600], raw[400] = {0};
  const char *why;
  for (int i = 0; i < 4; i++) {
    aatgs_chunk_header c = {.iterations = 1, .config_rows = 1, .iteration_word = UINT32_MAX};
    uint32_t *const claim[] = {&c.iterations, &c.timings, &c.links, &c.link_bytes};
    *claim[i] = UINT32_MAX;
    memcpy(raw, &c, sizeof c);
    aatgs_value_header h = {.kind = AATGS_KIND_CHUNK, .raw_bytes = sizeof raw};
    size_t n = forge(value, h, raw, sizeof raw);
    assert_int_equal(aatgs_value_check(value, n, &h, &why), 0);
    begin();
    refused(aatgs_chunk_unpack(&chunk, codec, value, &h, 0, 0, &why), "count of a chunk");
  }
  aatgs_chunk_free(&chunk);
}

static void test_counts_of_tables(void **state)
{
  (void)state;
  aatgs_arena arena = {0};
  aatgs_trace_graph graph;
  aatgs_trace_plan plan;
  static aatgs_tick ticks[AATGS_TICKS_PER_BLOCK];
  uint32_t bytes[40] = {1, UINT32_MAX, UINT32_MAX}, count;
  const char *why;
  begin();
  refused(aatgs_graph_read((uint8_t *)bytes, sizeof bytes, &arena, &graph, &why), "tasks");
  bytes[1] = AATGS_TASKS_LIMIT;
  bytes[2] = AATGS_CHUNK_TIMINGS_MAX;
  begin();
  refused(aatgs_graph_read((uint8_t *)bytes, sizeof bytes, &arena, &graph, &why), "fewer tasks");
  bytes[2] = AATGS_TASKS_LIMIT;
  begin();
  refused(aatgs_plan_read((uint8_t *)bytes, sizeof bytes, &arena, &plan, &why), "ranks");
  bytes[0] = UINT32_MAX;
  begin();
  refused(aatgs_ticks_read((uint8_t *)bytes, sizeof bytes, ticks, &count) ? 0 : AATGS_ECORRUPT,
          "ticks");
  aatgs_arena_free(&arena);
}

/* A description of nothing but brackets, of endless members, and with regions of 2^63 bytes. */
static void test_description(void **state)
{
  (void)state;
  static char text[1 << 20];
  static const char *const units[] = {"[", "{\"a\":", "[1,", "\"\\u0041"};
  for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
    aatgs_arena arena = {0};
    aatgs_trace_info info = {0};
    aatgs_error e;
    uint64_t trace;
    size_t at = 0, length = strlen(units[k]);
    for (; at + length < sizeof text; at += length)
      memcpy(text + at, units[k], length);
    inject_start(INJECT_MALLOC, UINT64_MAX, INJECT_NOTHING, 0);
    int rc = aatgs_info_read((uint8_t *)text, at, "hostile", &arena, &info, &trace, &e);
    inject_stop();
    assert_int_equal(rc, AATGS_ECORRUPT);
    assert_true(inject_largest() <= 2 * sizeof text); /* a text is copied as it is read */
    aatgs_arena_free(&arena);
  }
}

/* ---- Packs -------------------------------------------------------------------------------- */

static uint8_t *small_pack(size_t *size)
{
  const make_options o = {.seed = 3,
                          .iterations = 60,
                          .config_bytes = 32,
                          .telemetry_bytes = 16,
                          .graphs = 1,
                          .records_max = 2,
                          .small = 1};
  const char *dir = make_path("hostile");
  char *pack;
  aatgs_trace_report r;
  make_trace(&o, dir, NULL);
  FILE *f = open_memstream(&pack, size);
  assert_int_equal(aatgs_trace_pack(dir, f, "memory", &r, NULL), 0);
  fclose(f);
  make_remove(dir);
  return (uint8_t *)pack;
}

static int unpack_bytes(uint8_t *pack, size_t size, const char *out)
{
  aatgs_trace_report r;
  FILE *f = fmemopen(pack, size, "rb");
  assert_non_null(f);
  int rc = aatgs_trace_unpack(f, "memory", out, &r, NULL);
  fclose(f);
  return rc;
}

#define ENTRY (sizeof(aatgs_pack_header))

static void test_sizes_in_a_pack(void **state)
{
  (void)state;
  size_t size;
  uint8_t *pack = small_pack(&size);
  const char *out = make_path("out");
  /* The second one could be: then memory is taken as bytes come. */
  const uint64_t sizes[] = {UINT64_MAX, AATGS_INFO_BYTES_MAX, UINT64_C(1) << 40, 0};
  for (size_t i = 0; i < 4; i++) {
    memcpy(pack + ENTRY + 24, &sizes[i], 8);
    mend(pack, size);
    begin();
    refused(unpack_bytes(pack, size, out), "size in a pack");
    assert_int_not_equal(access(out, F_OK), 0);
  }
  free(pack);
}

/* Names are made of numbers here, so a pack cannot say `..` or `/`; numbers that would not fit the
 * name, or lead back to a file that is done, are refused. */
static void test_files_of_a_pack(void **state)
{
  (void)state;
  size_t size;
  const char *out = make_path("out");
  const uint32_t files[] = {1, 100000000, UINT32_MAX - 1};
  for (size_t i = 0; i < 3; i++) {
    uint8_t *pack = small_pack(&size);
    memcpy(pack + ENTRY, &files[i], 4); /* of the first value, which belongs to meta */
    mend(pack, size);
    begin();
    refused(unpack_bytes(pack, size, out), "file of a pack");
    assert_int_not_equal(access(out, F_OK), 0);
    free(pack);
  }
}

static unsigned count_files(const char *dir)
{
  unsigned n = 0;
  DIR *d = opendir(dir);
  while (readdir(d))
    n++;
  closedir(d);
  return n;
}

/* What is in the way is not followed and not touched. */
static void test_links_in_the_way(void **state)
{
  (void)state;
  size_t size;
  uint8_t *pack = small_pack(&size);
  char top[1024], target[1100], out[1100], file[1200];
  strcpy(top, make_path("links"));
  mkdir(top, 0777);
  snprintf(target, sizeof target, "%s/target", top);
  snprintf(out, sizeof out, "%s/out", top);
  assert_int_equal(symlink(target, out), 0);
  assert_int_equal(unpack_bytes(pack, size, out), AATGS_EEXIST); /* a link to nothing */
  assert_int_not_equal(access(target, F_OK), 0);
  mkdir(target, 0777);
  assert_int_equal(unpack_bytes(pack, size, out), AATGS_EEXIST); /* a link to a folder */
  assert_int_equal(count_files(target), 2);
  struct stat st;
  assert_true(lstat(out, &st) == 0 && S_ISLNK(st.st_mode));
  unlink(out);
  assert_int_equal(unpack_bytes(pack, size, out), 0);
  assert_int_equal(count_files(top), 4); /* the two folders, . and .. */

  /* One that somebody put where a file is about to be created. */
  static const char *const names[] = {"meta", "meta-lock"};
  for (int i = 0; i < 2; i++) {
    aatgs_store *store;
    aatgs_error e;
    snprintf(file, sizeof file, "%s/%s", target, names[i]);
    snprintf(out, sizeof out, "%s/stolen", top);
    assert_int_equal(symlink(out, file), 0);
    assert_int_not_equal(aatgs_store_create(target, "meta", &store, &e), 0);
    assert_int_not_equal(access(out, F_OK), 0);
    assert_int_equal(count_files(target), 3);
    unlink(file);
  }
  free(pack);
  make_remove(top);
}

/* Packs with bytes changed at random and all checksums right: whatever comes of them, it is below
 * the folder. */
static void test_changed_packs(void **state)
{
  (void)state;
  size_t size;
  uint64_t random = 21;
  unsigned taken = 0;
  char top[1024], out[1100];
  uint8_t *pack = small_pack(&size), *copy = malloc(size);
  strcpy(top, make_path("changed"));
  mkdir(top, 0777);
  snprintf(out, sizeof out, "%s/out", top);
  for (int i = 0; i < 400; i++) {
    memcpy(copy, pack, size);
    for (uint64_t n = 1 + make_random(&random) % 4; n > 0; n--)
      copy[make_random(&random) % size] = (uint8_t)make_random(&random);
    mend(copy, size);
    taken += unpack_bytes(copy, size, out) == 0;
    aatgs_trace_remove(out, NULL);
    assert_int_equal(count_files(top), 2);
  }
  print_message("%u of 400 changed packs made a trace\n", taken);
  assert_true(taken > 0 && taken < 400);
  free(copy);
  free(pack);
  make_remove(top);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_size_of_a_value),   cmocka_unit_test(test_ratio_of_a_value),
      cmocka_unit_test(test_frames_that_lie),   cmocka_unit_test(test_several_frames_that_lie),
      cmocka_unit_test(test_counts_of_a_chunk), cmocka_unit_test(test_counts_of_tables),
      cmocka_unit_test(test_description),       cmocka_unit_test(test_sizes_in_a_pack),
      cmocka_unit_test(test_files_of_a_pack),   cmocka_unit_test(test_links_in_the_way),
      cmocka_unit_test(test_changed_packs),
  };
  make_paths_in_memory();
  if (aatgs_codec_open(3, &codec))
    return 1;
  int rc = cmocka_run_group_tests(tests, NULL, NULL);
  aatgs_codec_close(codec);
  return rc;
}
