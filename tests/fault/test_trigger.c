/* A flight recorder saves the window around a moment that the program names. */
#include "fault/recorded.h"

#include "support/cm.h"
#include "trace/care.h"

#include <inttypes.h>
#include <stdio.h>

static void test_call(void **state)
{
  (void)state;
  char saved[64];
  aatgs_trace *t = NULL;
  aatgs_trace_state s;
  aatgs_trace_mark mark;
  aatgs_trace_report r;
  aatgs_error e;
  assert_int_equal(recorded_make_folder(NULL), 0);
  aatgs_runtime *rt = recorded_open(AATGS_ON_FULL_WAIT, 1 << 20);
  assert_int_equal(recorded_iterate(rt, 2500), 1);
  assert_int_equal(aatgs_trigger(rt, "the valve stuck"), 0);
  assert_int_equal(recorded_iterate(rt, 2500), 1);
  if (aatgs_close(rt))
    fail_msg("the recording failed");
  snprintf(saved, sizeof saved, "%s-saved-1", recorded_folder);
  if (aatgs_trace_verify(saved, NULL, NULL, &r, &e) || aatgs_trace_open(saved, &t, &e))
    fail_msg("%s", e.text);
  aatgs_trace_get_state(t, &s);
  if (s.first >= 2500 || s.last <= 2500 || s.lost)
    fail_msg("%" PRIu64 " to %" PRIu64 ", %" PRIu64 " lost", s.first, s.last, s.lost);
  assert_int_equal(aatgs_trace_get_mark(t, 0, &mark), 1);
  assert_int_equal(mark.kind, AATGS_MARK_CALL);
  assert_int_equal(mark.iteration, 2500);
  assert_string_equal(mark.text, "the valve stuck");
  aatgs_trace_close(t);
  aatgs_trace_remove(saved, NULL);
  assert_int_equal(recorded_remove_folder(NULL), 0);
}

/* Without a window there is nothing to save, and without a recording nobody to tell. */
static void test_no_window(void **state)
{
  (void)state;
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error e;
  o.workload = AATGS_BUILD_DIR "/empty.so";
  o.device = "cpu";
  o.tasks = "one";
  o.workers = 1;
  assert_int_equal(aatgs_open(&o, &rt, &e), 0);
  assert_int_equal(aatgs_trigger(rt, "nobody records"), AATGS_EINVAL);
  assert_int_equal(aatgs_close(rt), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_call),
      cmocka_unit_test(test_no_window),
  };
  aatgs_log_set_level(AATGS_LOG_ERROR);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
