/* The journal between a runtime and its trace: what was pushed comes back, whatever repeats, wraps
 * or is left out. */
#include "support/cm.h"

#include "host/recorder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS 30000u
#define JOURNAL    ((size_t)1 << 18)
#define TIMINGS    5u

static char folder[48];

static int make_folder(void **state)
{
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/aatgs-recorder-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  (void)st, (void)kind, (void)ftw;
  return remove(path);
}

static int remove_folder(void **state)
{
  (void)state;
  return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

typedef struct content {
  uint32_t config[64];
  uint32_t telemetry[16];
  aatgs_timing timings[TIMINGS];
} content;

/* Iteration `i`: a config that changes now and then, in a word at either end or in between. */
static void make(uint32_t i, bool numbered, content *c, aatgs_iteration *it)
{
  static const uint32_t words[] = {0, 63, 20};
  memset(c, 0, sizeof *c);
  for (uint32_t w = 0; w < 3; w++)
    c->config[words[w]] = (i + w * 5) / 17;
  if (numbered)
    c->config[55] = i;
  c->telemetry[3] = i * 2654435761u;
  for (uint32_t k = 0; k < TIMINGS; k++)
    c->timings[k] = (aatgs_timing){k, 0, 0, 1000 * i + 10 * k, 7, i ^ k};
  *it = (aatgs_iteration){.iteration = i,
                          .graph = 1,
                          .plan = 1,
                          .posted_ns = 1000 * i,
                          .start_ns = 1000 * i,
                          .end_ns = 1000 * i + 60,
                          .seen_ns = 1000 * i + 90,
                          .done_before = i - 1,
                          .config = (const uint8_t *)c->config,
                          .telemetry = (const uint8_t *)c->telemetry,
                          .timings = c->timings,
                          .timing_count = i % TIMINGS + 1};
}

static aatgs_recorder *open_recorder(bool numbered, aatgs_on_full on_full)
{
  static const aatgs_field field = {"i", "",  "", AATGS_U32, 1, 220, AATGS_FIELD_ITERATION,
                                    0,   1e9, 0};
  const aatgs_trace_info info = {.aatgs_version = "",
                                 .workload = "none",
                                 .device = "none",
                                 .device_name = "",
                                 .host_name = "",
                                 .policy = "original",
                                 .config_bytes = 256,
                                 .telemetry_bytes = 64,
                                 .config_fields = &field,
                                 .config_field_count = numbered};
  const aatgs_recorder_options o = {.writer = {.dir = folder, .info = &info, .zstd_level = 1},
                                    .journal_bytes = JOURNAL,
                                    .on_full = on_full,
                                    .timeout_ns = UINT64_C(60000000000)};
  aatgs_recorder *r;
  aatgs_error e;
  if (aatgs_recorder_open(&o, &r, &e))
    fail_msg("%s", e.text);
  return r;
}

/* Returns how many were left out. */
static uint64_t record(bool numbered, aatgs_on_full on_full)
{
  aatgs_recorder *r = open_recorder(numbered, on_full);
  content c;
  aatgs_iteration it;
  for (uint32_t i = 1; i <= ITERATIONS; i++) {
    make(i, numbered, &c, &it);
    const int rc = aatgs_recorder_iteration(r, &it);
    assert_true(rc == 0 || (rc == AATGS_EAGAIN && on_full == AATGS_ON_FULL_DROP));
  }
  const uint64_t lost = aatgs_recorder_lost(r);
  assert_int_equal(aatgs_recorder_close(r, 0, NULL), 0);
  return lost;
}

static void check(bool numbered, uint64_t lost)
{
  aatgs_trace *t;
  aatgs_error e;
  aatgs_iteration it, expected;
  content c;
  uint64_t count = 0;
  if (aatgs_trace_open(folder, &t, &e))
    fail_msg("%s", e.text);
  while (aatgs_trace_next(t, &it) == 1) {
    make((uint32_t)it.iteration, numbered, &c, &expected);
    assert_memory_equal(it.config, expected.config, 256);
    assert_memory_equal(it.telemetry, expected.telemetry, 64);
    assert_int_equal(it.timing_count, expected.timing_count);
    assert_memory_equal(it.timings, expected.timings, it.timing_count * sizeof *it.timings);
    assert_int_equal(it.seen_ns, expected.seen_ns);
    count++;
  }
  assert_int_equal(count, ITERATIONS - lost);
  aatgs_trace_close(t);
}

static void test_nothing_is_lost(void **state)
{
  (void)state;
  assert_int_equal(record(true, AATGS_ON_FULL_WAIT), 0);
  check(true, 0);
}

static void test_configs_without_a_number(void **state)
{
  (void)state;
  assert_int_equal(record(false, AATGS_ON_FULL_WAIT), 0);
  check(false, 0);
}

/* The journal holds a few hundred: some of what is left out brings a config that others repeat. */
static void test_what_is_left_out(void **state)
{
  (void)state;
  const uint64_t lost = record(true, AATGS_ON_FULL_DROP);
  assert_true(lost > 0 && lost < ITERATIONS);
  check(true, lost);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_nothing_is_lost, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_configs_without_a_number, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(test_what_is_left_out, make_folder, remove_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
