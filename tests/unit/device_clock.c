/* The fit of a device's clock: against clocks whose offset and drift are known. */
#include "support/cm.h"

#include "host/device_clock.h"

typedef struct world {
  uint64_t host_ns;
  uint64_t offset_ns;
  double drift;
  uint64_t seed;
} world;

static uint64_t device_of(const world *w, uint64_t host_ns)
{
  return host_ns + w->offset_ns + (uint64_t)(int64_t)((double)host_ns * w->drift);
}

static uint64_t some(world *w, uint64_t least, uint64_t spread)
{
  w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return least + (w->seed >> 33) % spread;
}

/* An iteration of `work_ns` with delays of 400 to 1,400 ns on the way there and back. */
static void iterate(world *w, aatgs_device_clock *c, uint64_t work_ns)
{
  const uint64_t posted = w->host_ns, start = posted + some(w, 400, 1000);
  const uint64_t end = start + work_ns, seen = end + some(w, 400, 1000);
  aatgs_device_clock_take(c, posted, seen, device_of(w, start), device_of(w, end));
  w->host_ns = seen + 1000;
}

static void check(const world *w, const aatgs_device_clock *c, uint64_t slack_ns)
{
  const uint64_t now = w->host_ns;
  const int64_t off = (int64_t)(aatgs_device_clock_offset(c, now) - (device_of(w, now) - now));
  assert_true((uint64_t)(off < 0 ? -off : off) <= c->fit.error_ns + slack_ns);
}

static void test_first_iteration(void **state)
{
  (void)state;
  world w = {5000, UINT64_C(1790000000000000000), 0, 1};
  aatgs_device_clock c = {0};
  iterate(&w, &c, 10000000);
  assert_true(c.fitted && c.fresh);
  assert_true(c.fit.error_ns <= 1400);
  check(&w, &c, 0);
}

static void test_drift(void **state)
{
  (void)state;
  const double drifts[] = {0, 20e-6, -35e-6};
  for (int d = 0; d < 3; d++) {
    world w = {UINT64_C(1) << 40, UINT64_C(0) - 123456789, drifts[d], 7};
    aatgs_device_clock c = {0};
    const uint64_t until = w.host_ns + UINT64_C(10000000000);
    while (w.host_ns < until) {
      iterate(&w, &c, 20000);
      w.host_ns += 200000;
    }
    check(&w, &c, 1000); /* up to a window has passed since the fit */
    assert_true(c.fit.error_ns < 1000);
    const double wrong = (double)c.fit.drift_e12 - drifts[d] * 1e12;
    assert_true(wrong < 1e6 && wrong > -1e6); /* one part in a million */
  }
}

static void test_identity(void **state)
{
  (void)state;
  const aatgs_device_clock c = {0};
  assert_int_equal(aatgs_device_clock_offset(&c, 77), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_first_iteration),
      cmocka_unit_test(test_drift),
      cmocka_unit_test(test_identity),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
