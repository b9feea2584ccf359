/* The bits must not depend on how many lanes a worker has, nor on the order in
 * which parts and solvers run. */
#include "prism/scenario.h"
#include "support/cm.h"

#define ITERATIONS 100

static void same_bits_for_any_lanes(void **state)
{
  (void)state;
  uint64_t one = scenario_run(ITERATIONS, false);
  assert_true(one == scenario_run_lanes(ITERATIONS, false));
}

static void same_bits_for_any_order(void **state)
{
  (void)state;
  uint64_t one = scenario_run(ITERATIONS, false);
  assert_true(one == scenario_run(ITERATIONS, true));
  assert_true(one != scenario_run(ITERATIONS - 1, false));
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(same_bits_for_any_lanes),
                                     cmocka_unit_test(same_bits_for_any_order)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
