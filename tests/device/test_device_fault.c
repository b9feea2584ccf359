/* Tasks that fail, hang or do not exist: a clear end, never a hang. */
#include "support/cm.h"

#include "device/workload.h"
#include "host/aatgs.h"

#include <string.h>

#define MISCHIEF AATGS_BUILD_DIR "/tests/mischief.so"
#define WAIT_NS  UINT64_C(10000000000)

static aatgs_runtime *open_mischief(const char *tasks, uint32_t workers, uint64_t timeout_ns)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error = {0};
  o.workload = MISCHIEF;
  o.device = "cpu";
  o.tasks = tasks;
  o.workers = workers;
  o.timeout_ns = timeout_ns;
  if (aatgs_open(&o, &rt, &error))
    fail_msg("%s", error.text);
  return rt;
}

static void set(aatgs_runtime *rt, void *config, const char *key, const char *value)
{
  aatgs_error error;
  if (aatgs_set_config_field(aatgs_runtime_workload(rt), config, key, value, &error))
    fail_msg("%s", error.text);
}

/* The failed task's dependents are skipped, the status names it, and the next iteration is as if
 * nothing had been. */
static void test_failed_task(void **state)
{
  (void)state;
  for (uint32_t workers = 1; workers <= 3; workers++) {
    aatgs_runtime *rt = open_mischief("steps", workers, WAIT_NS);
    uint32_t config[64], seen[4];
    aatgs_outcome outcome;
    aatgs_default_config(aatgs_runtime_workload(rt), config);
    set(rt, config, "fail", "2");
    assert_int_equal(aatgs_submit(rt, config, NULL), 0);
    assert_int_equal(aatgs_wait(rt, seen, &outcome, WAIT_NS), 1);
    assert_int_equal(outcome.status, 1);
    assert_int_equal(outcome.detail, 1);              /* the second task */
    assert_int_equal(seen[1] + seen[2] + seen[3], 0); /* Report was skipped: zeros */
    set(rt, config, "fail", "0");
    assert_int_equal(aatgs_submit(rt, config, NULL), 0);
    assert_int_equal(aatgs_wait(rt, seen, &outcome, WAIT_NS), 1);
    assert_int_equal(outcome.status, 0);
    assert_int_equal(seen[1], 2);
    assert_int_equal(seen[2], 2);
    assert_int_equal(seen[3], 1);
    assert_int_equal(aatgs_close(rt), 0);
  }
}

/* A task that does not return in time: the wait ends and the sentence says which it is. */
static void test_stuck_task(void **state)
{
  (void)state;
  aatgs_runtime *rt = open_mischief("hang", 1, 300000000);
  uint32_t config[64], telemetry[16];
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  set(rt, config, "hang_ms", "1500");
  assert_int_equal(aatgs_submit(rt, config, NULL), 0);
  assert_int_equal(aatgs_wait(rt, telemetry, NULL, WAIT_NS), AATGS_EDEVICE);
  assert_non_null(strstr(aatgs_last_error(rt)->text, "task number 0 of iteration 1"));
  assert_int_equal(aatgs_submit(rt, config, NULL), AATGS_EDEVICE);
  assert_int_equal(aatgs_close(rt), AATGS_EDEVICE);
}

static void test_type_without_code(void **state)
{
  (void)state;
  aatgs_runtime *rt = open_mischief("missing", 1, WAIT_NS);
  uint32_t config[64], telemetry[16];
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  assert_int_equal(aatgs_submit(rt, config, NULL), 0);
  assert_true(aatgs_wait(rt, telemetry, NULL, WAIT_NS) != AATGS_ETIMEOUT);
  int rc = 0;
  for (int i = 0; i < 1000 && rc >= 0; i++)
    rc = aatgs_poll(rt, telemetry, NULL);
  assert_int_equal(rc, AATGS_EDEVICE);
  assert_non_null(strstr(aatgs_last_error(rt)->text, "type 3"));
  assert_int_equal(aatgs_close(rt), AATGS_EDEVICE);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_failed_task),
      cmocka_unit_test(test_stuck_task),
      cmocka_unit_test(test_type_without_code),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
