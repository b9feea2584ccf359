/* The run's digest: what moves it and what does not. */
#include "trace/digest.h"

#include <stdlib.h>
#include <string.h>

#include "trace/cm.h"

#define RECORDS 150

static aatgs_timing timings[RECORDS];
static uint8_t telemetry[64];

static aatgs_iteration sample(void)
{
  for (uint32_t i = 0; i < RECORDS; i++)
    timings[i] = (aatgs_timing){i / 3, (uint16_t)(i % 3), 1, 1000 + i, 10, i * 2654435761u};
  for (size_t i = 0; i < sizeof telemetry; i++)
    telemetry[i] = (uint8_t)(i * 7);
  return (aatgs_iteration){
      .iteration = 42, .telemetry = telemetry, .timings = timings, .timing_count = RECORDS};
}

static void test_ignores_times_and_places(void **state)
{
  (void)state;
  aatgs_iteration it = sample();
  uint64_t want = aatgs_digest_iteration(1, &it, 64);
  it.posted_ns = it.seen_ns = it.start_ns = it.end_ns = 99;
  it.graph = it.plan = it.detail = 5;
  it.done_before = 3;
  for (uint32_t i = 0; i < RECORDS; i++) {
    timings[i].worker = (uint16_t)i;
    timings[i].start_ns += i * i;
    timings[i].duration_ns = i;
  }
  assert_true(aatgs_digest_iteration(1, &it, 64) == want);
}

static void test_sees_what_was_computed(void **state)
{
  (void)state;
  aatgs_iteration it = sample();
  uint64_t want = aatgs_digest_iteration(1, &it, 64);
  assert_true(aatgs_digest_iteration(2, &it, 64) != want);
  assert_true(aatgs_digest_iteration(1, &it, 60) != want);
  it.iteration++;
  assert_true(aatgs_digest_iteration(1, &it, 64) != want);
  it = sample();
  it.status = 1;
  assert_true(aatgs_digest_iteration(1, &it, 64) != want);
  for (uint32_t i = 0; i < RECORDS; i++) {
    it = sample();
    timings[i].digest ^= 1;
    assert_true(aatgs_digest_iteration(1, &it, 64) != want);
  }
  for (uint32_t i = 0; i < 64; i++) {
    it = sample();
    telemetry[i] ^= 128;
    assert_true(aatgs_digest_iteration(1, &it, 64) != want);
  }
  it = sample();
  it.timing_count--;
  assert_true(aatgs_digest_iteration(1, &it, 64) != want);
  it = sample();
  uint32_t first = timings[0].digest;
  timings[0].digest = timings[1].digest;
  timings[1].digest = first;
  assert_true(aatgs_digest_iteration(1, &it, 64) != want);
}

/* The number of a known iteration: readers elsewhere depend on it, it must never move. */
static void test_is_fixed(void **state)
{
  (void)state;
  aatgs_iteration it = sample();
  uint64_t empty = aatgs_digest_iteration(0, &(aatgs_iteration){.iteration = 1}, 0);
  uint64_t full = aatgs_digest_iteration(0, &it, 64);
  assert_true(empty == UINT64_C(0x26f2a1148cf52011));
  assert_true(full == UINT64_C(0x4ca462e149a24adc));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ignores_times_and_places),
      cmocka_unit_test(test_sees_what_was_computed),
      cmocka_unit_test(test_is_fixed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
