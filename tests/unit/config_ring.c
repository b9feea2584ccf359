#include "host/aatgs.h"
#include "support/check.h"

static void is_a_queue(void **state)
{
  aatgs_config_ring *ring;
  uint64_t seed = 1, next_in = 0, next_out = 0;
  (void)state;

  assert_int_equal(aatgs_config_ring_open(sizeof(uint64_t), 7, &ring), 0);
  assert_true(aatgs_config_ring_is_empty(ring));
  assert_int_equal(aatgs_config_ring_capacity(ring), 7);
  for (int i = 0; i < 100000; i++) {
    uint64_t out;
    if (test_below(&seed, 2)) {
      bool room = aatgs_config_ring_len(ring) < 7;
      assert_int_equal(aatgs_config_ring_is_full(ring), !room);
      assert_int_equal(aatgs_config_ring_push(ring, &next_in), room);
      next_in += room;
    } else {
      bool any = next_in != next_out;
      assert_int_equal(aatgs_config_ring_pop(ring, &out), any);
      if (any)
        assert_int_equal(out, next_out++);
    }
    assert_int_equal(aatgs_config_ring_len(ring), next_in - next_out);
    assert_true(aatgs_config_ring_utilization(ring) == (double)(next_in - next_out) / 7);
  }
  assert_true(next_out > 10000);
  aatgs_config_ring_close(ring);
}

static void refuses_bad_sizes(void **state)
{
  aatgs_config_ring *ring = (void *)1;
  (void)state;

  assert_int_equal(aatgs_config_ring_open(0, 1, &ring), AATGS_EINVAL);
  assert_null(ring);
  assert_int_equal(aatgs_config_ring_open(65537, 1, &ring), AATGS_EINVAL);
  assert_int_equal(aatgs_config_ring_open(1, 0, &ring), AATGS_EINVAL);
  assert_int_equal(aatgs_config_ring_open(1, (1u << 20) + 1, &ring), AATGS_EINVAL);
  aatgs_config_ring_close(NULL);
}

static void holds_one_large_item(void **state)
{
  aatgs_config_ring *ring;
  static unsigned char in[65536], out[65536];
  (void)state;

  for (size_t i = 0; i < sizeof in; i++)
    in[i] = (unsigned char)(i * 7);
  assert_int_equal(aatgs_config_ring_open(sizeof in, 1, &ring), 0);
  assert_true(aatgs_config_ring_push(ring, in));
  assert_false(aatgs_config_ring_push(ring, in));
  assert_true(aatgs_config_ring_pop(ring, out));
  assert_memory_equal(in, out, sizeof in);
  aatgs_config_ring_close(ring);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_a_queue),
      cmocka_unit_test(refuses_bad_sizes),
      cmocka_unit_test(holds_one_large_item),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
