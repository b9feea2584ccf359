/* The verdicts of `aatgs diff` on made-up runs: series with memory, machine-wide shifts and known
 * differences. Everything is drawn from fixed seeds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tools/diff_time.h"

#define TYPES  6u
#define VALUES 4000u
#define PAIRS  20u

static double uniform(uint64_t *random)
{
  *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(*random >> 11) * 0x1p-53;
}

static double normal(uint64_t *random)
{
  double radius = sqrt(-2.0 * log(1.0 - uniform(random)));
  return radius * cos(2.0 * acos(-1.0) * uniform(random));
}

/* A run's series: log-normal with the autocorrelation 0.95 of neighbours, one value in 20 an
 * outlier, whole nanoseconds. */
static void make_series(uint64_t *random, double median, float *out)
{
  double slow = normal(random);
  for (uint32_t i = 0; i < VALUES; i++) {
    slow = 0.95 * slow + sqrt(1.0 - 0.95 * 0.95) * normal(random);
    double value = median * exp(0.05 * slow + 0.02 * normal(random));
    if (uniform(random) < 0.05)
      value *= 1.0 + 20.0 * uniform(random);
    out[i] = (float)floor(value);
  }
}

/* A pair of runs whose task types differ by the factors given, and by `jitter` from run to run. */
static void make_pair(uint64_t seed, const double *factor, double jitter,
                      aatgs_time_result results[TYPES], double *common)
{
  uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
  float *a = malloc(VALUES * sizeof *a), *b = malloc(VALUES * sizeof *b);
  assert_non_null(a);
  assert_non_null(b);
  for (uint32_t i = 0; i < TYPES; i++) {
    double median = 2000.0 * (i + 1);
    make_series(&random, median, a);
    make_series(&random, median * factor[i] * exp(jitter * normal(&random)), b);
    assert_int_equal(aatgs_time_compare(a, b, VALUES, &results[i]), 0);
  }
  assert_int_equal(aatgs_time_judge(results, TYPES, common), 0);
  free(a);
  free(b);
}

static void same_runs_are_the_same(void **state)
{
  const double factor[TYPES] = {1, 1, 1, 1, 1, 1};
  aatgs_time_result r[TYPES];
  double common;
  (void)state;
  for (uint32_t pair = 0; pair < PAIRS; pair++) {
    make_pair(pair, factor, 0.01, r, &common);
    assert_true(fabs(common) < 0.03);
    for (uint32_t i = 0; i < TYPES; i++)
      assert_int_equal(r[i].verdict, AATGS_TIME_NO_EVIDENCE);
  }
}

static void one_task_that_is_slower_is_found(void **state)
{
  uint32_t found = 0;
  (void)state;
  for (uint32_t pair = 0; pair < PAIRS; pair++) {
    double factor[TYPES] = {1, 1, 1, 1, 1, 1};
    double faster = pair % 2 ? 1.10 : 1.0 / 1.10;
    aatgs_time_result r[TYPES];
    double common;
    factor[pair % TYPES] = faster;
    make_pair(1000 + pair, factor, 0.004, r, &common);
    for (uint32_t i = 0; i < TYPES; i++) {
      aatgs_time_verdict wanted = pair % 2 ? AATGS_TIME_SLOWER : AATGS_TIME_FASTER;
      if (i != pair % TYPES)
        assert_int_equal(r[i].verdict, AATGS_TIME_NO_EVIDENCE);
      else
        found += r[i].verdict == wanted;
    }
  }
  assert_true(found * 20 >= PAIRS * 19);
}

static void small_differences_are_none(void **state)
{
  uint32_t wrong = 0;
  (void)state;
  for (uint32_t pair = 0; pair < PAIRS; pair++) {
    double factor[TYPES] = {1, 1, 1, 1, 1, 1};
    aatgs_time_result r[TYPES];
    double common;
    factor[pair % TYPES] = 1.03;
    make_pair(2000 + pair, factor, 0.0, r, &common);
    for (uint32_t i = 0; i < TYPES; i++)
      wrong += r[i].verdict != AATGS_TIME_NO_EVIDENCE;
  }
  assert_true(wrong <= 1);
}

static void a_slower_machine_is_no_slower_task(void **state)
{
  const double factor[TYPES] = {1.4, 1.3, 1.25, 1.35, 1.3, 1.45};
  aatgs_time_result r[TYPES];
  double common;
  (void)state;
  for (uint32_t pair = 0; pair < PAIRS; pair++) {
    make_pair(3000 + pair, factor, 0.0, r, &common);
    assert_true(common > 0.25 && common < 0.45);
    for (uint32_t i = 0; i < TYPES; i++)
      assert_int_equal(r[i].verdict, AATGS_TIME_NO_EVIDENCE);
  }
}

/* A machine that runs 5 % slower hides no task that got slower by more, and makes none faster that
 * stayed as it was. */
static void a_common_change_is_taken_out(void **state)
{
  uint32_t found = 0;
  (void)state;
  for (uint32_t pair = 0; pair < PAIRS; pair++) {
    double factor[TYPES] = {1.05, 1.05, 1.05, 1.05, 1.05, 1.05};
    aatgs_time_result r[TYPES];
    double common;
    factor[pair % TYPES] = pair % 2 ? 1.05 * 1.10 : 1.0;
    make_pair(5000 + pair, factor, 0.001, r, &common);
    for (uint32_t i = 0; i < TYPES; i++)
      if (i != pair % TYPES || pair % 2 == 0)
        assert_int_equal(r[i].verdict, AATGS_TIME_NO_EVIDENCE);
      else
        found += r[i].verdict == AATGS_TIME_SLOWER;
  }
  assert_true(found * 2 * 20 >= PAIRS * 19);
}

/* The interval holds the truth about as often as it says. */
static void intervals_hold_the_truth(void **state)
{
  const double factor[TYPES] = {1, 1, 1, 1, 1, 1};
  uint32_t held = 0;
  (void)state;
  for (uint32_t pair = 0; pair < PAIRS; pair++) {
    aatgs_time_result r[TYPES];
    double common;
    make_pair(4000 + pair, factor, 0.0, r, &common);
    for (uint32_t i = 0; i < TYPES; i++)
      held += r[i].low <= 0.0 && r[i].high >= 0.0;
  }
  assert_true(held * 100 >= PAIRS * TYPES * 92);
}

static void few_or_odd_values_say_nothing(void **state)
{
  float a[64], b[64], none[64];
  aatgs_time_result r;
  double common;
  (void)state;
  for (uint32_t i = 0; i < 64; i++) {
    a[i] = 1000.0f;
    b[i] = i < 15 ? 2000.0f : NAN;
    none[i] = NAN;
  }
  assert_int_equal(aatgs_time_compare(a, b, 64, &r), 0);
  assert_int_equal(r.count_b, 15);
  assert_int_equal(aatgs_time_judge(&r, 1, &common), 0);
  assert_int_equal(r.verdict, AATGS_TIME_NO_EVIDENCE);
  assert_int_equal(aatgs_time_compare(a, none, 64, &r), 0);
  assert_int_equal(aatgs_time_judge(&r, 1, &common), 0);
  assert_int_equal(r.verdict, AATGS_TIME_NO_EVIDENCE);
  assert_int_equal(aatgs_time_compare(a, a, 0, &r), 0);
  assert_int_equal(aatgs_time_judge(&r, 1, &common), 0);
  assert_int_equal(r.verdict, AATGS_TIME_NO_EVIDENCE);
  for (uint32_t i = 0; i < 64; i++)
    b[i] = 2000.0f;
  assert_int_equal(aatgs_time_compare(a, b, 64, &r), 0);
  assert_int_equal(aatgs_time_judge(&r, 1, &common), 0);
  assert_int_equal(r.verdict, AATGS_TIME_SLOWER);
}

/* Holm's procedure on p-values that are known. */
static void corrections_are_holms(void **state)
{
  const double log_ratio[3] = {0.20, 0.10, 0.0};
  aatgs_time_result r[3] = {{0}};
  double common;
  (void)state;
  for (uint32_t i = 0; i < 3; i++)
    r[i] = (aatgs_time_result){.log_ratio = log_ratio[i], .error = 0.03, .change = log_ratio[i]};
  assert_int_equal(aatgs_time_judge(r, 3, &common), 0);
  for (uint32_t i = 0; i < 3; i++)
    assert_true(r[i].p_holm >= r[i].p && r[i].p_holm <= 1.0);
  assert_true(fabs(r[0].p_holm - fmin(1.0, 3.0 * r[0].p)) < 1e-12);
  assert_true(r[1].p_holm >= r[0].p_holm && r[2].p_holm >= r[1].p_holm);
  /* Two others: their standard deviation less their errors, and half more for predicting a
   * third; and half of the squared error that their median has. */
  const double own = 0.03 * 0.03, half = own / 2.0;
  assert_true(fabs(r[0].spread - sqrt((0.01 / 2.0 - own) * 1.5 + half)) < 1e-9);
  assert_true(fabs(r[1].spread - sqrt((0.04 / 2.0 - own) * 1.5 + half)) < 1e-9);
  assert_true(fabs(r[0].common - 0.05) < 1e-12);
  assert_true(fabs(common - 0.10) < 1e-12);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_runs_are_the_same),
      cmocka_unit_test(one_task_that_is_slower_is_found),
      cmocka_unit_test(small_differences_are_none),
      cmocka_unit_test(a_slower_machine_is_no_slower_task),
      cmocka_unit_test(a_common_change_is_taken_out),
      cmocka_unit_test(intervals_hold_the_truth),
      cmocka_unit_test(few_or_odd_values_say_nothing),
      cmocka_unit_test(corrections_are_holms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
