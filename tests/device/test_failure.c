/* What happens when tasks fail or iterations take too long, on the cpu device: retries, stops,
 * deadlines, cancelled configs; and that a replay comes to the same decisions. */
#include "support/cm.h"

#include "device/workload.h"
#include "host/aatgs.h"
#include "trace/trace.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNTER  AATGS_BUILD_DIR "/tests/counter.so"
#define MISCHIEF AATGS_BUILD_DIR "/tests/mischief.so"
#define WAIT_NS  UINT64_C(20000000000)

static char folder[32];
static char trace_path[48];

typedef struct mischief_config {
  uint32_t fail, hang_ms, times;
} mischief_config;

/* A runtime of mischief with steps 1, 2, 3 in a chain or side by side. */
static aatgs_runtime *open_steps(aatgs_options *o, bool chain, uint32_t retries,
                                 aatgs_on_failure on_failure)
{
  aatgs_runtime *rt;
  aatgs_graph *g;
  aatgs_error error = {0};
  uint32_t before = 0;
  o->workload = MISCHIEF;
  o->device = "cpu";
  if (aatgs_open(o, &rt, &error))
    fail_msg("%s", error.text);
  assert_int_equal(aatgs_graph_open(aatgs_runtime_workload(rt), &g), 0);
  for (uint32_t i = 1; i <= 3; i++) {
    aatgs_task_options t = AATGS_TASK_OPTIONS_INIT;
    t.type = "Step";
    t.arg = i;
    t.retries = retries;
    t.on_failure = on_failure;
    assert_int_equal(aatgs_graph_add_task(g, &t, &before, i > 1, &before), 0);
  }
  if (!chain) { /* a second way to the end */
    aatgs_task_options t = AATGS_TASK_OPTIONS_INIT;
    t.type = "Hang";
    assert_int_equal(aatgs_graph_add_task(g, &t, NULL, 0, NULL), 0);
  }
  aatgs_task_options t = AATGS_TASK_OPTIONS_INIT;
  t.type = "Report";
  assert_int_equal(aatgs_graph_add_task(g, &t, &before, 1, NULL), 0);
  assert_int_equal(aatgs_set_graph(rt, g), 0);
  aatgs_graph_close(g);
  return rt;
}

static aatgs_outcome run_one(aatgs_runtime *rt, const mischief_config *config, uint32_t seen[4])
{
  aatgs_outcome outcome;
  assert_int_equal(aatgs_submit(rt, config, NULL), 0);
  assert_int_equal(aatgs_wait(rt, seen, &outcome, WAIT_NS), 1);
  assert_int_equal(aatgs_drain(rt, WAIT_NS), 0);
  return outcome;
}

static void replays(const char *policy)
{
  aatgs_replay_options o = AATGS_REPLAY_OPTIONS_INIT;
  aatgs_replay_report report;
  aatgs_error error = {0};
  aatgs_trace *t;
  assert_int_equal(aatgs_trace_open(trace_path, &t, &error), 0);
  assert_string_equal(aatgs_trace_get_info(t)->policy, policy);
  aatgs_trace_close(t);
  o.trace = trace_path;
  o.device = "cpu";
  for (uint32_t workers = 1; workers <= 3; workers++) {
    o.workers = workers;
    if (aatgs_replay(&o, &report, &error))
      fail_msg("%s (%s: %s, %s)", error.text, report.field, report.expected, report.found);
    assert_string_equal(report.warning, "");
  }
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  (void)st, (void)kind, (void)ftw;
  return remove(path);
}

static void forget_trace(void)
{
  nftw(trace_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* How many ticks of the kind the trace has, and the value of the last one. */
static uint32_t ticks_of(uint64_t kind, uint64_t *value)
{
  aatgs_trace *t;
  aatgs_tick tick;
  uint32_t count = 0;
  assert_int_equal(aatgs_trace_open(trace_path, &t, NULL), 0);
  for (uint64_t i = 0; aatgs_trace_get_tick(t, i, &tick) == 1; i++)
    if (tick.kind == kind) {
      count++;
      if (value)
        *value = tick.value;
    }
  aatgs_trace_close(t);
  return count;
}

static void test_a_part_is_run_again(void **state)
{
  (void)state;
  for (int chain = 0; chain < 2; chain++) {
    uint64_t digest = 0;
    for (uint32_t workers = 1; workers <= 3; workers++) {
      aatgs_options o = AATGS_OPTIONS_INIT;
      aatgs_runtime_info info;
      mischief_config config = {.fail = 2, .times = 2};
      uint32_t seen[4];
      o.workers = workers;
      o.shuffle = workers == 3;
      o.record = workers == 2 ? trace_path : NULL;
      aatgs_runtime *rt = open_steps(&o, chain, 2, AATGS_FAILURE_SKIPS);
      assert_int_equal(run_one(rt, &config, seen).status, AATGS_STATUS_OK);
      assert_true(seen[1] == 1 && seen[2] == 3 && seen[3] == 1); /* twice more */
      config.times = 3; /* more often than it has retries */
      aatgs_outcome outcome = run_one(rt, &config, seen);
      assert_int_equal(outcome.status, AATGS_STATUS_TASK_FAILED);
      assert_int_equal(outcome.detail, 1); /* the second task */
      config.fail = 0;
      assert_int_equal(run_one(rt, &config, seen).status, AATGS_STATUS_OK);
      assert_true(seen[1] == 3 && seen[2] == 7 && seen[3] == 2);
      aatgs_get_runtime_info(rt, &info);
      assert_true(!digest || info.digest == digest);
      digest = info.digest;
      assert_int_equal(aatgs_close(rt), 0);
    }
    replays("adaptive");
    uint64_t task;
    assert_int_equal(ticks_of(AATGS_TICK_GIVE_UP, &task), 1);
    assert_int_equal(task, 1);
    assert_int_equal(ticks_of(AATGS_TICK_STOP, NULL), 0);
    forget_trace();
  }
}

static void test_a_failure_stops_the_run(void **state)
{
  (void)state;
  for (int chain = 0; chain < 2; chain++) {
    aatgs_options o = AATGS_OPTIONS_INIT;
    mischief_config bad = {.fail = 3}, good = {0};
    uint32_t seen[4];
    o.workers = 2;
    o.record = trace_path;
    aatgs_runtime *rt = open_steps(&o, chain, 0, AATGS_FAILURE_STOPS);
    assert_int_equal(aatgs_resume(rt), 0); /* nothing to resume from */
    assert_int_equal(run_one(rt, &good, seen).status, AATGS_STATUS_OK);
    assert_int_equal(run_one(rt, &bad, seen).status, AATGS_STATUS_STOPPED);
    for (int i = 0; i < 3; i++)
      assert_int_equal(aatgs_queue_config(rt, &good), 0);
    assert_int_equal(aatgs_submit(rt, &good, NULL), AATGS_ETASK);
    assert_non_null(strstr(aatgs_last_error(rt)->text, "task Step-3 failed in iteration 2"));
    assert_int_equal(aatgs_flush_configs(rt), AATGS_ETASK); /* they stay queued */
    assert_int_equal(aatgs_cancel_configs(rt), 3);
    assert_int_equal(aatgs_cancel_configs(rt), 0);
    assert_int_equal(aatgs_resume(rt), 0);
    assert_int_equal(run_one(rt, &good, seen).iteration, 3);
    assert_true(seen[1] == 3 && seen[3] == 3);
    assert_int_equal(aatgs_close(rt), 0);
    uint64_t value;
    assert_int_equal(ticks_of(AATGS_TICK_STOP, &value), 1);
    assert_int_equal(value, 2);
    assert_int_equal(ticks_of(AATGS_TICK_RESUME, NULL), 1);
    assert_int_equal(ticks_of(AATGS_TICK_CANCEL, &value), 1);
    assert_int_equal(value, 3);
    replays("adaptive");
    forget_trace();
  }
}

/* One-shot tasks bring their failure policies along. */
static void test_one_shot_tasks(void **state)
{
  (void)state;
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_task_options t = AATGS_TASK_OPTIONS_INIT;
  mischief_config config = {.fail = 1, .times = 4};
  uint32_t seen[4];
  o.record = trace_path;
  aatgs_runtime *rt = open_steps(&o, true, 0, AATGS_FAILURE_SKIPS);
  t.type = "Step";
  t.arg = 1;
  t.retries = 4;
  assert_int_equal(aatgs_add_task(rt, &t, NULL, 0, NULL), 0);
  t.retries = 3;
  t.on_failure = AATGS_FAILURE_STOPS;
  assert_int_equal(aatgs_add_task(rt, &t, NULL, 0, NULL), 0);
  t.retries = AATGS_RETRIES_MAX + 1;
  assert_int_equal(aatgs_add_task(rt, &t, NULL, 0, NULL), AATGS_EINVAL);
  assert_int_equal(run_one(rt, &config, seen).status, AATGS_STATUS_OK);
  assert_int_equal(run_one(rt, &config, seen).status, AATGS_STATUS_STOPPED);
  assert_int_equal(aatgs_submit(rt, &config, NULL), AATGS_ETASK);
  assert_int_equal(aatgs_close(rt), 0);
  replays("adaptive");
  forget_trace();
}

static void test_overruns_are_marked(void **state)
{
  (void)state;
  aatgs_options o = AATGS_OPTIONS_INIT;
  mischief_config config = {0};
  uint32_t seen[4], late = 0;
  uint64_t value, took = 0;
  aatgs_stats stats;
  o.deadline_ns = 2000000000; /* nothing but Hang comes near */
  o.record = trace_path;
  aatgs_runtime *rt = open_steps(&o, false, 0, AATGS_FAILURE_SKIPS);
  for (int i = 0; i < 6; i++) {
    config.hang_ms = i == 3 ? 2100 : 0;
    const aatgs_outcome outcome = run_one(rt, &config, seen);
    assert_int_equal(outcome.overrun, i == 3);
    late += outcome.overrun;
    took = outcome.overrun ? outcome.end_ns - outcome.start_ns : took;
  }
  aatgs_performance_stats(rt, &stats);
  assert_int_equal(stats.overruns, late);
  assert_int_equal(aatgs_close(rt), 0);
  assert_int_equal(ticks_of(AATGS_TICK_OVERRUN, &value), 1);
  assert_int_equal(value, took);
  replays("adaptive");
  forget_trace();
}

/* A change of the interval while recording is in the trace, so the replayed scheduler takes its
 * snapshots when the recorded one did. */
static void test_the_interval_is_recorded(void **state)
{
  (void)state;
  aatgs_options o = AATGS_OPTIONS_INIT;
  const mischief_config config = {0};
  uint32_t seen[4];
  uint64_t value;
  size_t snapshots;
  o.snapshot_interval_ns = UINT64_C(1000000000000);
  o.record = trace_path;
  o.policy = "original";
  aatgs_runtime *rt = open_steps(&o, true, 0, AATGS_FAILURE_SKIPS);
  for (int i = 0; i < 200; i++) {
    if (i == 50)
      assert_int_equal(aatgs_set_snapshot_interval_ns(rt, 1000), 0);
    run_one(rt, &config, seen);
  }
  assert_int_equal(aatgs_set_snapshot_interval_ns(rt, 0), AATGS_EINVAL);
  aatgs_performance_history(rt, &snapshots);
  assert_true(snapshots > 1);
  assert_int_equal(aatgs_close(rt), 0);
  assert_int_equal(ticks_of(AATGS_TICK_INTERVAL, &value), 1);
  assert_int_equal(value, 1000);
  assert_true(ticks_of(AATGS_TICK_ADAPT, NULL) > 0); /* the rules set it to 50 or 100 ms */
  replays("original");
  forget_trace();
}

/* What an iteration computes does not depend on the order in which its tasks are taken. */
static void test_policies_compute_the_same(void **state)
{
  static const char *const policies[] = {"fifo", "original", "critical-path", "adaptive", NULL};
  uint64_t digest = 0;
  (void)state;
  for (int i = 0; i < 5; i++) {
    aatgs_options o = AATGS_OPTIONS_INIT;
    aatgs_runtime *rt;
    aatgs_runtime_info info;
    uint32_t config[64], telemetry[16];
    o.workload = COUNTER;
    o.device = "cpu";
    o.tasks = "twice";
    o.workers = 3;
    o.record = trace_path;
    if (policies[i])
      o.policy = policies[i];
    assert_int_equal(aatgs_open(&o, &rt, NULL), 0);
    aatgs_default_config(aatgs_runtime_workload(rt), config);
    for (int k = 0; k < 300; k++) {
      assert_int_equal(aatgs_submit(rt, config, NULL), 0);
      assert_int_equal(aatgs_wait(rt, telemetry, NULL, WAIT_NS), 1);
    }
    assert_int_equal(aatgs_drain(rt, WAIT_NS), 0);
    aatgs_get_runtime_info(rt, &info);
    assert_true(i == 0 || info.digest == digest);
    digest = info.digest;
    assert_int_equal(aatgs_close(rt), 0);
    replays(policies[i] ? policies[i] : "adaptive");
    forget_trace();
  }
}

static void test_estimates(void **state)
{
  (void)state;
  aatgs_options o = AATGS_OPTIONS_INIT;
  const mischief_config config = {.hang_ms = 4};
  uint32_t seen[4];
  aatgs_estimate e;
  aatgs_runtime *rt = open_steps(&o, false, 0, AATGS_FAILURE_SKIPS);
  assert_int_equal(aatgs_estimate_iteration(rt, &e), AATGS_ENOTFOUND); /* nothing planned yet */
  for (int i = 0; i < 40; i++)
    run_one(rt, &config, seen);
  assert_int_equal(aatgs_estimate_iteration(rt, &e), 0);
  /* A busy machine stretches the 4 ms, and what it learned from that; half is wrong anywhere. */
  assert_in_range(e.expected_ns, 2000000, 4000000000);
  assert_in_range(e.expected_ns, e.low_ns, e.high_ns);
  assert_int_equal(e.samples, 32);
  assert_int_equal(aatgs_estimate_completion(rt, &e), 0);
  assert_int_equal(e.expected_ns, 0); /* nothing is in flight */
  assert_int_equal(aatgs_submit(rt, &config, NULL), 0);
  assert_int_equal(aatgs_submit(rt, &config, NULL), 0);
  assert_int_equal(aatgs_estimate_completion(rt, &e), 0);
  assert_true(e.expected_ns >= 2000000 && e.high_ns >= e.expected_ns && e.samples == 32);
  assert_int_equal(aatgs_close(rt), 0);
  o.policy = "fifo";
  rt = open_steps(&o, false, 0, AATGS_FAILURE_SKIPS);
  run_one(rt, &config, seen);
  assert_int_equal(aatgs_estimate_iteration(rt, &e), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_close(rt), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_part_is_run_again),
      cmocka_unit_test(test_a_failure_stops_the_run),
      cmocka_unit_test(test_one_shot_tasks),
      cmocka_unit_test(test_overruns_are_marked),
      cmocka_unit_test(test_the_interval_is_recorded),
      cmocka_unit_test(test_policies_compute_the_same),
      cmocka_unit_test(test_estimates),
  };
  strcpy(folder, "/tmp/aatgs-failure-XXXXXX");
  if (!mkdtemp(folder))
    return 1;
  snprintf(trace_path, sizeof trace_path, "%s/trace", folder);
  const int rc = cmocka_run_group_tests(tests, NULL, NULL);
  forget_trace();
  rmdir(folder);
  return rc;
}
