/* The runtime on the cpu device: the same results whatever the workers, limits and rings
 * that answer instead of waiting, state that goes out and comes back. */
#include "support/cm.h"

#include "device/workload.h"
#include "host/aatgs.h"

#include <stdlib.h>
#include <string.h>

#define COUNTER  AATGS_BUILD_DIR "/tests/counter.so"
#define MISCHIEF AATGS_BUILD_DIR "/tests/mischief.so"
#define WAIT_NS  UINT64_C(20000000000)

static aatgs_options options_for(const char *workload, const char *tasks)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  o.workload = workload;
  o.device = "cpu";
  o.tasks = tasks;
  o.seed = 7;
  return o;
}

static aatgs_runtime *open_runtime(const aatgs_options *o)
{
  aatgs_runtime *rt;
  aatgs_error error = {0};
  if (aatgs_open(o, &rt, &error))
    fail_msg("%s", error.text);
  return rt;
}

/* Runs iterations with a config that changes now and then; returns the run's digest. */
static uint64_t run_counter(const aatgs_options *o, uint32_t iterations)
{
  aatgs_runtime *rt = open_runtime(o);
  uint32_t config[64], telemetry[16], sent = 0, got = 0;
  aatgs_runtime_info info;
  aatgs_error error;
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  while (got < iterations) {
    int rc = 0;
    while (sent < iterations && !rc) {
      if (sent % 100 == 0)
        assert_int_equal(aatgs_set_config_field(aatgs_runtime_workload(rt), config, "hits",
                                                sent % 200 ? "3" : "20", &error),
                         0);
      rc = aatgs_submit(rt, config, NULL);
      sent += rc == 0;
    }
    assert_true(rc == 0 || rc == AATGS_EAGAIN);
    aatgs_outcome outcome;
    assert_int_equal(aatgs_wait(rt, telemetry, &outcome, WAIT_NS), 1);
    assert_int_equal(outcome.iteration, ++got);
    assert_int_equal(outcome.status, 0);
    assert_true(outcome.end_ns >= outcome.start_ns);
  }
  assert_int_equal(aatgs_drain(rt, WAIT_NS), 0);
  aatgs_get_runtime_info(rt, &info);
  assert_int_equal(aatgs_close(rt), 0);
  return info.digest;
}

static void test_same_digest_for_all_workers(void **state)
{
  (void)state;
  const uint32_t workers[] = {1, 2, 3, 7};
  const char *graphs[] = {"once", "twice"};
  for (int g = 0; g < 2; g++) {
    aatgs_options o = options_for(COUNTER, graphs[g]);
    o.workers = 1;
    const uint64_t expected = run_counter(&o, 300);
    for (int i = 0; i < 4; i++)
      for (int shuffle = 0; shuffle < 2; shuffle++) {
        o.workers = workers[i];
        o.shuffle = shuffle;
        assert_int_equal(run_counter(&o, 300), expected);
      }
    o.seed = 8;
    assert_int_not_equal(run_counter(&o, 300), expected);
  }
}

static void test_idle_policies(void **state)
{
  (void)state;
  aatgs_options o = options_for(COUNTER, "once");
  const uint64_t expected = run_counter(&o, 50);
  o.idle = AATGS_IDLE_BALANCED;
  assert_int_equal(run_counter(&o, 50), expected);
  o.idle = AATGS_IDLE_POWER;
  assert_int_equal(run_counter(&o, 50), expected);
}

/* A full ring is an answer, and what it refused was not taken. */
static void test_full_ring_answers(void **state)
{
  (void)state;
  aatgs_options o = options_for(COUNTER, "once");
  o.command_slots = 4;
  o.telemetry_slots = 8;
  aatgs_runtime *rt = open_runtime(&o);
  uint32_t config[64], telemetry[16];
  uint64_t iteration = 0, last = 0;
  double config_peak, telemetry_peak;
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  /* Nothing is read, so at most telemetry_slots are ever accepted. */
  for (int i = 0; i < 100; i++) {
    const int rc = aatgs_submit(rt, config, &iteration);
    assert_true(rc == 0 || rc == AATGS_EAGAIN);
    if (rc == 0)
      assert_int_equal(iteration, ++last);
    if (last < 8)
      assert_int_equal(aatgs_drain(rt, WAIT_NS), 0);
  }
  assert_int_equal(last, 8);
  assert_int_equal(aatgs_drain(rt, WAIT_NS), 0);
  assert_int_equal(aatgs_submit(rt, config, NULL), AATGS_EAGAIN);
  for (int i = 0; i < 8; i++)
    assert_int_equal(aatgs_poll(rt, telemetry, NULL), 1);
  assert_int_equal(aatgs_poll(rt, telemetry, NULL), 0);
  assert_int_equal(aatgs_submit(rt, config, &iteration), 0);
  assert_int_equal(iteration, 9);
  aatgs_peak_utilization(rt, &config_peak, &telemetry_peak);
  assert_true(telemetry_peak == 1.0);
  assert_true(config_peak > 0 && config_peak <= 1.0);
  assert_int_equal(aatgs_close(rt), 0);
}

/* Running on from a restored state repeats the same iterations' effect on the state. */
static void test_snapshot_and_restore(void **state)
{
  (void)state;
  aatgs_options o = options_for(MISCHIEF, "steps");
  aatgs_runtime *rt = open_runtime(&o);
  uint32_t config[64], seen[4];
  const void *bytes;
  size_t size;
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  assert_int_equal(aatgs_get_region(rt, "seen", &bytes, &size), AATGS_EINVAL);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(aatgs_submit(rt, config, NULL), 0);
    assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), 1);
  }
  assert_int_equal(seen[1], 5);
  assert_int_equal(aatgs_snapshot(rt), 0);
  assert_int_equal(aatgs_get_region(rt, "seen", &bytes, &size), 0);
  assert_int_equal(size, 64);
  assert_int_equal(((const uint32_t *)bytes)[3], 5);
  assert_int_equal(aatgs_submit(rt, config, NULL), 0);
  assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), 1);
  assert_int_equal(seen[1], 6);
  assert_int_equal(aatgs_restore(rt), 0);
  assert_int_equal(aatgs_submit(rt, config, NULL), 0);
  assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), 1);
  assert_int_equal(seen[1], 6);
  assert_int_equal(aatgs_get_region(rt, "nothing", &bytes, &size), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_close(rt), 0);
}

/* One-shot tasks: a component an iteration, oldest first, then the graph that was set. */
static void test_one_shot_tasks(void **state)
{
  (void)state;
  aatgs_options o = options_for(MISCHIEF, NULL);
  aatgs_runtime *rt = open_runtime(&o);
  uint32_t config[64], seen[4], first, second;
  aatgs_stats stats;
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  assert_int_equal(aatgs_submit(rt, config, NULL), AATGS_EINVAL);
  for (uint32_t i = 0; i < 30; i++) {
    aatgs_task_options step = AATGS_TASK_OPTIONS_INIT, report = AATGS_TASK_OPTIONS_INIT;
    step.type = "Step";
    step.arg = 1 + i % 3;
    report.type = "Report";
    assert_int_equal(aatgs_add_task(rt, &step, NULL, 0, &first), 0);
    assert_int_equal(aatgs_add_task(rt, &report, &first, 1, &second), 0);
  }
  aatgs_performance_stats(rt, &stats);
  assert_int_equal(stats.tasks_pending, 60);
  assert_true(stats.estimated_completion_ns > 0);
  for (uint32_t i = 0; i < 30; i++) {
    int rc;
    while ((rc = aatgs_submit(rt, config, NULL)) == AATGS_EAGAIN)
      continue;
    assert_int_equal(rc, 0);
    assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), 1);
    assert_int_equal(seen[1] + seen[2] + seen[3], i + 1);
  }
  assert_int_equal(aatgs_drain(rt, WAIT_NS), 0);
  aatgs_performance_stats(rt, &stats);
  assert_int_equal(stats.tasks_pending, 0);
  assert_int_equal(stats.tasks_completed, 60);
  assert_int_equal(aatgs_submit(rt, config, NULL), AATGS_EINVAL);
  assert_int_equal(aatgs_close(rt), 0);
}

/* A task marked once runs in the first iteration only. */
static void test_once_in_a_repeating_graph(void **state)
{
  (void)state;
  aatgs_options o = options_for(MISCHIEF, NULL);
  aatgs_runtime *rt = open_runtime(&o);
  aatgs_graph *graph;
  uint32_t config[64], seen[4], a, b;
  aatgs_task_options t = AATGS_TASK_OPTIONS_INIT;
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  assert_int_equal(aatgs_graph_open(aatgs_runtime_workload(rt), &graph), 0);
  t.type = "Step";
  t.arg = 1;
  t.once = true;
  assert_int_equal(aatgs_graph_add_task(graph, &t, NULL, 0, &a), 0);
  t.arg = 2;
  t.once = false;
  assert_int_equal(aatgs_graph_add_task(graph, &t, &a, 1, &b), 0);
  t.type = "Report";
  assert_int_equal(aatgs_graph_add_task(graph, &t, &b, 1, NULL), 0);
  assert_int_equal(aatgs_set_graph(rt, graph), 0);
  aatgs_graph_close(graph);
  for (uint32_t i = 1; i <= 4; i++) {
    int rc;
    while ((rc = aatgs_submit(rt, config, NULL)) == AATGS_EAGAIN)
      continue;
    assert_int_equal(rc, 0);
    assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), 1);
    assert_int_equal(seen[1], 1);
    assert_int_equal(seen[2], i);
  }
  assert_int_equal(aatgs_close(rt), 0);
}

static void test_limits_are_named(void **state)
{
  (void)state;
  aatgs_options o = options_for(COUNTER, "once");
  aatgs_runtime *rt;
  aatgs_error error;
  o.tasks_max = 2;
  assert_int_equal(aatgs_open(&o, &rt, &error), AATGS_ELIMIT);
  assert_null(rt);
  assert_non_null(strstr(error.text, "tasks_max"));
  o = options_for(COUNTER, "once");
  o.command_slots = 12;
  assert_int_equal(aatgs_open(&o, &rt, &error), AATGS_EINVAL);
  assert_non_null(strstr(error.text, "command_slots"));
  o = options_for(COUNTER, "nothing-like-it");
  assert_true(aatgs_open(&o, &rt, &error) < 0);
  assert_null(rt);
  o = options_for("no-such-workload", "once");
  assert_int_equal(aatgs_open(&o, &rt, &error), AATGS_ENOTFOUND);
  o = options_for(COUNTER, "once");
  o.device = "abacus";
  assert_int_equal(aatgs_open(&o, &rt, &error), AATGS_EINVAL);
  assert_int_equal(aatgs_close(NULL), 0);
}

/* 10,000 tasks in one graph: a chain with a wide middle. */
static void test_large_graph(void **state)
{
  (void)state;
  aatgs_options o = options_for(MISCHIEF, NULL);
  o.tasks_max = 10000;
  o.edges_max = 20000;
  o.workers = 2;
  aatgs_runtime *rt = open_runtime(&o);
  aatgs_graph *graph;
  uint32_t config[64], seen[4], previous = 0;
  aatgs_task_options t = AATGS_TASK_OPTIONS_INIT;
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  assert_int_equal(aatgs_graph_open(aatgs_runtime_workload(rt), &graph), 0);
  t.type = "Step";
  t.arg = 1;
  for (uint32_t i = 0; i < 9999; i++)
    assert_int_equal(aatgs_graph_add_task(graph, &t, &previous, i > 0, &previous), 0);
  t.type = "Report";
  assert_int_equal(aatgs_graph_add_task(graph, &t, &previous, 1, NULL), 0);
  if (aatgs_set_graph(rt, graph))
    fail_msg("%s", aatgs_last_error(rt)->text);
  aatgs_graph_close(graph);
  for (uint32_t i = 1; i <= 3; i++) {
    int rc;
    while ((rc = aatgs_submit(rt, config, NULL)) == AATGS_EAGAIN)
      continue;
    assert_int_equal(rc, 0);
    assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), 1);
    assert_int_equal(seen[1], i * 9999);
  }
  assert_int_equal(aatgs_close(rt), 0);
}

/* All telemetry is read, but that an iteration is complete was not seen yet, and its graph has the
 * only slot that is not kept: a caller that does nothing but submit finds room. */
static void test_submit_makes_room(void **state)
{
  uint32_t config[64], seen[16];
  aatgs_options o = AATGS_OPTIONS_INIT;
  (void)state;
  o.workload = MISCHIEF;
  o.device = "cpu";
  o.tasks = "steps";
  o.graphs_max = 2;
  aatgs_runtime *rt = open_runtime(&o);
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  for (uint32_t i = 0; i < 20; i++) {
    aatgs_task_options step = AATGS_TASK_OPTIONS_INIT;
    step.type = "Step";
    int rc = AATGS_EAGAIN;
    assert_int_equal(aatgs_add_task(rt, &step, NULL, 0, NULL), 0);
    for (uint32_t tries = 0; rc == AATGS_EAGAIN && tries < 10000000; tries++)
      rc = aatgs_submit(rt, config, NULL);
    assert_int_equal(rc, 0);
    while ((rc = aatgs_poll(rt, seen, NULL)) == 0)
      continue;
    assert_int_equal(rc, 1);
  }
  assert_int_equal(aatgs_close(rt), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_digest_for_all_workers),
      cmocka_unit_test(test_idle_policies),
      cmocka_unit_test(test_full_ring_answers),
      cmocka_unit_test(test_snapshot_and_restore),
      cmocka_unit_test(test_one_shot_tasks),
      cmocka_unit_test(test_submit_makes_room),
      cmocka_unit_test(test_once_in_a_repeating_graph),
      cmocka_unit_test(test_limits_are_named),
      cmocka_unit_test(test_large_graph),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
