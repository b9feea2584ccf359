/* A disk that is full, over quota, read-only or broken from some moment of a run on: the caller who
 * may lose nothing gets the reason, the one who said drop goes on, and what is lost is counted in
 * the trace as soon as that can be written. */
#include "fault/recorded.h"

#include "support/cm.h"
#include "trace/care.h"
#include "trace/inject.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

typedef struct trouble {
  int error;
  int code;
  const char *says;
} trouble;

static const trouble troubles[] = {
    {ENOSPC, AATGS_ENOSPC, "make room"},
    {EDQUOT, AATGS_ENOSPC, "quota"},
    {EROFS, AATGS_EIO, "Read-only"},
    {EIO, AATGS_EIO, "nput/output error"},
};
#define TROUBLES (sizeof troubles / sizeof *troubles)

static void begin_trouble(const trouble *t)
{
  inject_start(INJECT_WRITE | INJECT_COMMIT | INJECT_SYNC | INJECT_SPACE, 0, INJECT_FAIL_ON,
               t->error);
}

static void test_nothing_may_be_lost(void **state)
{
  (void)state;
  for (size_t k = 0; k < TROUBLES; k++) {
    assert_int_equal(recorded_make_folder(NULL), 0);
    aatgs_runtime *rt = recorded_open(AATGS_ON_FULL_WAIT, 0);
    aatgs_trace_report r;
    aatgs_error e;
    assert_int_equal(recorded_iterate(rt, 2000), 1);
    begin_trouble(&troubles[k]);
    int rc = recorded_iterate(rt, 1000000);
    if (rc != troubles[k].code || !strstr(aatgs_last_error(rt)->text, "recorded"))
      fail_msg("%d, '%s'", rc, aatgs_last_error(rt)->text);
    assert_int_equal(aatgs_close(rt), troubles[k].code);
    inject_stop();
    if (aatgs_trace_verify(recorded_folder, NULL, NULL, &r, &e))
      fail_msg("%s", e.text);
    assert_int_equal(r.closed, false);
    assert_int_equal(recorded_remove_folder(NULL), 0);
  }
}

/* Until the recorder has met the trouble; returns how many iterations it took. */
static uint64_t iterate_until_lost(aatgs_runtime *rt)
{
  aatgs_runtime_info info = {0};
  uint64_t n = 0;
  for (; n < 1000000 && !info.lost; n += 100) {
    const struct timespec nap = {0, 1000000};
    assert_int_equal(recorded_iterate(rt, 100), 1);
    nanosleep(&nap, NULL);
    aatgs_get_runtime_info(rt, &info);
  }
  assert_true(info.lost > 0);
  return n;
}

static void test_what_does_not_fit_may_be_dropped(void **state)
{
  (void)state;
  for (size_t k = 0; k < TROUBLES; k++) {
    assert_int_equal(recorded_make_folder(NULL), 0);
    aatgs_runtime *rt = recorded_open(AATGS_ON_FULL_DROP, 0);
    aatgs_trace_report r;
    aatgs_trace *t = NULL;
    aatgs_trace_state s;
    aatgs_trace_mark mark;
    aatgs_error e;
    uint64_t run = 2000;
    assert_int_equal(recorded_iterate(rt, 2000), 1);
    begin_trouble(&troubles[k]);
    run += iterate_until_lost(rt);
    assert_int_equal(recorded_iterate(rt, 500), 1);
    run += 500;
    inject_stop(); /* somebody mends the disk while the run goes on */
    assert_int_equal(aatgs_close(rt), troubles[k].code);
    if (aatgs_trace_verify(recorded_folder, NULL, NULL, &r, &e) ||
        aatgs_trace_open(recorded_folder, &t, &e))
      fail_msg("%s", e.text);
    aatgs_trace_get_state(t, &s);
    if (!s.closed || s.iterations + s.lost != run)
      fail_msg("%s: closed %d, %" PRIu64 " there, %" PRIu64 " lost, %" PRIu64 " run",
               troubles[k].says, s.closed, s.iterations, s.lost, run);
    assert_int_equal(aatgs_trace_get_mark(t, 0, &mark), 1);
    assert_true(mark.kind == AATGS_MARK_STOPPED && strstr(mark.text, troubles[k].says));
    aatgs_trace_close(t);
    assert_int_equal(recorded_remove_folder(NULL), 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_may_be_lost),
      cmocka_unit_test(test_what_does_not_fit_may_be_dropped),
  };
  aatgs_log_set_level(AATGS_LOG_ERROR);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
