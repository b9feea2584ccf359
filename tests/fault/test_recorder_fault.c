/* A recording that fails while the run goes on: an error that says why, a clean end. */
#include "support/cm.h"

#include "fault/recorded.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* From now on no file of this process may grow beyond what LMDB begins with. */
static void limit_files(rlim_t bytes)
{
  struct rlimit limit;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_nothing_may_be_lost(void **state)
{
  (void)state;
  aatgs_runtime *rt = recorded_open(AATGS_ON_FULL_WAIT, 0);
  aatgs_graph *graph;
  assert_int_equal(aatgs_snapshot(rt), 0);
  limit_files(1 << 20);
  assert_int_equal(recorded_iterate(rt, 100000) < 0, 1);
  assert_non_null(strstr(aatgs_last_error(rt)->text, "recorded"));
  /* A graph that cannot be recorded is not taken over, and not freed twice. */
  assert_int_equal(aatgs_graph_open(aatgs_runtime_workload(rt), &graph), 0);
  assert_int_equal(aatgs_graph_load(graph, "three", 0), 0);
  assert_int_equal(aatgs_set_graph(rt, graph) < 0, 1);
  aatgs_graph_close(graph);
  /* Nor is a state put in force that the trace would not know. */
  assert_int_equal(aatgs_restore(rt) < 0, 1);
  assert_non_null(strstr(aatgs_last_error(rt)->text, "snapshot at iteration"));
  assert_int_equal(aatgs_close(rt) < 0, 1);
  limit_files(RLIM_INFINITY);
}

/* The run goes on without its recording, and says at the end that something was lost. */
static void test_what_does_not_fit_may_be_dropped(void **state)
{
  (void)state;
  aatgs_runtime *rt = recorded_open(AATGS_ON_FULL_DROP, 0);
  aatgs_graph *graph;
  aatgs_runtime_info info;
  limit_files(1 << 20);
  assert_int_equal(recorded_iterate(rt, 20000), 1);
  assert_int_equal(aatgs_graph_open(aatgs_runtime_workload(rt), &graph), 0);
  assert_int_equal(aatgs_graph_load(graph, "three", 0), 0);
  assert_int_equal(aatgs_set_graph(rt, graph), 0);
  aatgs_graph_close(graph);
  /* The journal may still hold what the recorder has not come to. */
  info.lost = 0;
  for (int i = 0; i < 1000 && !info.lost; i++) {
    const struct timespec nap = {0, 10000000};
    nanosleep(&nap, NULL);
    assert_int_equal(recorded_iterate(rt, 100), 1);
    aatgs_get_runtime_info(rt, &info);
  }
  assert_true(info.lost > 0);
  assert_int_equal(aatgs_close(rt) < 0, 1);
  limit_files(RLIM_INFINITY);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_nothing_may_be_lost, recorded_make_folder,
                                      recorded_remove_folder),
      cmocka_unit_test_setup_teardown(test_what_does_not_fit_may_be_dropped, recorded_make_folder,
                                      recorded_remove_folder),
  };
  aatgs_log_set_level(AATGS_LOG_ERROR);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
