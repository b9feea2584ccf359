/* Ranks by hand, a policy of one's own, estimates, deadlines and decisions. */
#include "host/graph.h"
#include "host/log.h"
#include "host/scheduler.h"
#include "support/check.h"
#include "support/fake_workload.h"

#include <stdlib.h>

#define MS UINT64_C(1000000)

static aatgs_scheduler *open_with(const char *policy, uint32_t workers)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_scheduler *s;
  o.policy = policy;
  o.workers = workers;
  assert_int_equal(aatgs_scheduler_open(&fake_workload, &o, &s, NULL), 0);
  return s;
}

static uint32_t add(aatgs_scheduler *s, const char *type, uint64_t estimate_ns, size_t count,
                    const uint32_t *deps)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint32_t id;
  o.type = type;
  o.estimate_ns = estimate_ns;
  assert_int_equal(aatgs_scheduler_add_task(s, &o, deps, count, &id), 0);
  return id;
}

static void expect_next(aatgs_scheduler *s, uint32_t task)
{
  aatgs_scheduled_task next;
  assert_true(aatgs_scheduler_schedule_next(s, &next));
  assert_int_equal(next.task_id, task);
}

static void run(aatgs_scheduler *s, uint32_t task, uint64_t duration_ns)
{
  assert_int_equal(aatgs_scheduler_mark_task_started(s, task), 0);
  assert_int_equal(aatgs_scheduler_mark_task_completed(s, task, duration_ns), 0);
}

static void the_longest_way_goes_first(void **state)
{
  static const char *const policies[] = {"critical-path", "adaptive"};
  (void)state;

  for (int i = 0; i < 2; i++) {
    aatgs_scheduler *s = open_with(policies[i], 2);
    uint32_t lone = add(s, "Custom", 12 * MS, 0, NULL), head = add(s, "Custom", 1 * MS, 0, NULL);
    uint32_t mid = add(s, "Custom", 5 * MS, 1, &head), end = add(s, "Custom", 9 * MS, 1, &mid);
    expect_next(s, head); /* 15 ms lie behind it, 12 behind the other */
    expect_next(s, lone);
    run(s, head, 1 * MS);
    expect_next(s, mid);
    (void)end;
    aatgs_scheduler_close(s);
  }
}

/* Ranks of distant ancestors come late, but they come. */
static void a_long_chain_overtakes(void **state)
{
  aatgs_scheduler *s = open_with("critical-path", 2);
  uint32_t lone = add(s, "Custom", 50 * MS, 0, NULL), head = add(s, "Custom", 1 * MS, 0, NULL);
  uint32_t last = head;
  (void)state;

  for (int i = 0; i < 100; i++)
    last = add(s, "Custom", 1 * MS, 1, &last);
  expect_next(s, head);
  expect_next(s, lone);
  aatgs_scheduler_close(s);
}

static void adaptive_learns_how_types_turn_out(void **state)
{
  aatgs_scheduler *s = open_with("adaptive", 2);
  (void)state;

  for (int i = 0; i < 50; i++) { /* Custom takes a tenth of what is thought, LbsPredict all */
    uint32_t a = add(s, "Custom", 5 * MS, 0, NULL), b = add(s, "LbsPredict", 4 * MS, 0, NULL);
    aatgs_scheduled_task next;
    while (aatgs_scheduler_schedule_next(s, &next))
      run(s, next.task_id, next.task_id == a ? MS / 2 : 4 * MS);
    (void)b;
  }
  {
    uint32_t a = add(s, "Custom", 5 * MS, 0, NULL), b = add(s, "LbsPredict", 4 * MS, 0, NULL);
    expect_next(s, b);
    expect_next(s, a);
  }
  aatgs_scheduler_close(s);
}

static void uploads_are_boosted(void **state)
{
  aatgs_scheduler *s = open_with("adaptive", 2);
  uint32_t a = add(s, "Custom", 5 * MS, 0, NULL), up = add(s, "ConfigUpload", 3 * MS, 0, NULL);
  (void)state;

  expect_next(s, up); /* 3 ms x 2.0, the config queue is empty */
  expect_next(s, a);
  aatgs_scheduler_close(s);
}

/* ---- A policy of one's own: the shortest first, downloads never before the rest ---- */

static uint64_t shortest_first(void *user, const aatgs_policy_task *task,
                               const aatgs_rule_inputs *inputs)
{
  ++*(uint64_t *)user;
  if (task->role == AATGS_ROLE_DOWNLOAD && !inputs->telemetry_high)
    return 1;
  return UINT64_C(1000000000000) / (task->estimate_ns + 1);
}

static void a_user_brings_a_policy(void **state)
{
  uint64_t asked = 0;
  aatgs_custom_policy mine = {sizeof mine, "shortest-first", &asked, shortest_first};
  aatgs_scheduler *s;
  aatgs_graph *g;
  uint32_t a, b, d, task_at[7], priority[7], expected[] = {0, 1, 4, 2, 3, 5, 6};
  (void)state;

  assert_int_equal(aatgs_policy_register(&mine), 0);
  assert_int_equal(aatgs_policy_register(&mine), AATGS_EEXIST);
  mine.name = "adaptive";
  assert_int_equal(aatgs_policy_register(&mine), AATGS_EEXIST);
  mine.name = "";
  assert_int_equal(aatgs_policy_register(&mine), AATGS_EINVAL);
  s = open_with("shortest-first", 2);
  a = add(s, "Custom", 9 * MS, 0, NULL);
  d = add(s, "TelemetryDownload", 1 * MS, 0, NULL);
  b = add(s, "Custom", 2 * MS, 0, NULL);
  expect_next(s, b);
  expect_next(s, a);
  expect_next(s, d);
  assert_true(asked > 0);
  assert_int_equal(aatgs_graph_open(&fake_workload, &g), 0);
  assert_int_equal(aatgs_graph_load(g, "full", 3), 0);
  assert_int_equal(aatgs_graph_check(g), 0);
  assert_int_equal(aatgs_scheduler_plan(s, g, task_at, priority), 0);
  assert_memory_equal(task_at, expected, sizeof expected);
  assert_int_equal(priority[0], 1000);
  aatgs_graph_close(g);
  aatgs_scheduler_close(s);
}

/* ---- Estimates ---- */

static void what_is_left_is_scheduled_in_thought(void **state)
{
  aatgs_scheduler *s = open_with("original", 2);
  aatgs_estimate e;
  uint32_t a = add(s, "Custom", 4 * MS, 0, NULL), b = add(s, "Custom", 6 * MS, 0, NULL);
  uint32_t ab[] = {a, b}, c = add(s, "Custom", 3 * MS, 2, ab);
  uint32_t down = add(s, "TelemetryDownload", 1 * MS, 0, NULL);
  (void)state;

  add(s, "TelemetryDownload", 2 * MS, 1, &c);
  assert_int_equal(aatgs_scheduler_estimate(s, NULL, &e), 0);
  assert_int_equal(e.expected_ns, 11 * MS); /* 6, 3, 2 one after the other, the rest beside */
  assert_true(e.low_ns <= e.expected_ns && e.expected_ns <= e.high_ns);
  assert_int_equal(aatgs_scheduler_estimate_completion_time_ns(s), 16 * MS); /* the plain sum */
  run(s, a, 1);
  assert_int_equal(aatgs_scheduler_mark_task_failed(s, b, ""), 0);
  assert_int_equal(aatgs_scheduler_estimate(s, NULL, &e), 0);
  assert_int_equal(e.expected_ns, 1 * MS); /* what waits for b will not run */
  run(s, down, 1);
  assert_int_equal(aatgs_scheduler_estimate(s, NULL, &e), 0);
  assert_int_equal(e.expected_ns, 0);
  aatgs_scheduler_close(s);
}

/* Nine in ten iterations, about, must come out within the interval that was given before. */
static void intervals_are_honest(void **state)
{
  aatgs_scheduler *s = open_with("adaptive", 2);
  uint32_t task_at[7], priority[7], within = 0, asked = 0;
  uint64_t seed = 11;
  aatgs_estimate e;
  aatgs_graph *g;
  (void)state;

  assert_int_equal(aatgs_graph_open(&fake_workload, &g), 0);
  assert_int_equal(aatgs_graph_load(g, "full", 3), 0);
  assert_int_equal(aatgs_graph_check(g), 0);
  assert_int_equal(aatgs_scheduler_estimate(s, g, &e), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_scheduler_plan(s, g, task_at, priority), 0);
  for (int i = 0; i < 2000; i++) {
    aatgs_timing t[7] = {{0}};
    aatgs_sched_event event = {.kind = AATGS_SCHED_DONE};
    uint64_t total = 20000; /* what the model does not know */
    for (uint32_t k = 0; k < 7; k++) {
      t[k] = (aatgs_timing){
          .task = k, .start_ns = total, .duration_ns = 50000 + test_below(&seed, 100000)};
      total += t[k].duration_ns;
    }
    assert_int_equal(aatgs_scheduler_estimate(s, g, &e), 0);
    if (i >= 100) {
      asked++;
      within += total >= e.low_ns && total <= e.high_ns;
    }
    event.u.done.graph = g;
    event.u.done.timings = t;
    event.u.done.count = 7;
    event.u.done.end_ns = total;
    aatgs_scheduler_handle(s, &event);
  }
  print_message("%u of %u within the interval, error %u / 1000\n", within, asked, e.error_x1000);
  assert_true(within * 100 >= asked * 84 && within * 100 <= asked * 96);
  assert_true(e.error_x1000 > 20 && e.error_x1000 < 200);
  aatgs_graph_close(g);
  aatgs_scheduler_close(s);
}

/* ---- Decisions ---- */

static void expect_decision(aatgs_scheduler *s, aatgs_decision_kind kind, uint64_t value)
{
  aatgs_decision d;
  assert_true(aatgs_scheduler_next_decision(s, &d));
  assert_int_equal(d.kind, kind);
  assert_int_equal(d.value, value);
}

static void half_a_queue_is_to_be_flushed(void **state)
{
  aatgs_scheduler *s = open_with("original", 2);
  unsigned char config[256] = {0};
  aatgs_decision d;
  (void)state;

  for (int i = 0; i < 8; i++) {
    assert_false(aatgs_scheduler_next_decision(s, &d));
    assert_true(aatgs_scheduler_queue_config(s, config));
  }
  expect_decision(s, AATGS_DECISION_FLUSH, 8);
  assert_int_equal(aatgs_scheduler_cancel_configs(s), 8);
  assert_false(aatgs_scheduler_next_config(s, config));
  aatgs_scheduler_close(s);
}

static void late_iterations_are_overruns(void **state)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_event_receiver *events;
  aatgs_sched_event done = {.kind = AATGS_SCHED_DONE};
  aatgs_decision d;
  aatgs_event e;
  aatgs_scheduler *s;
  (void)state;

  o.deadline_ns = 1000;
  assert_int_equal(aatgs_scheduler_open(&fake_workload, &o, &s, &events), 0);
  done.u.done.start_ns = 50;
  done.u.done.end_ns = 1050;
  aatgs_scheduler_handle(s, &done);
  assert_false(aatgs_scheduler_next_decision(s, &d));
  done.u.done.end_ns = 1051;
  aatgs_scheduler_handle(s, &done);
  expect_decision(s, AATGS_DECISION_OVERRUN, 1001);
  assert_int_equal(aatgs_scheduler_overruns(s), 1);
  assert_true(aatgs_event_try_recv(events, &e));
  assert_int_equal(e.kind, AATGS_EVENT_ERROR);
  aatgs_scheduler_close(s);
}

static void the_interval_is_a_decision(void **state)
{
  aatgs_scheduler *s = open_with("original", 1);
  aatgs_decision d;
  (void)state;

  aatgs_scheduler_tick(s, 1, 0);
  assert_true(aatgs_scheduler_tick(s, 100 * MS + 1, 0));
  assert_false(aatgs_scheduler_next_decision(s, &d));
  assert_true(aatgs_scheduler_tick(s, 200 * MS + 1, 0));
  expect_decision(s, AATGS_DECISION_INTERVAL, 50 * MS);
  aatgs_scheduler_close(s);
}

static void decisions_nobody_takes_are_counted(void **state)
{
  aatgs_scheduler *s = open_with("original", 1);
  (void)state;

  for (int i = 0; i < 300; i++)
    aatgs_scheduler_device_lost(s);
  assert_int_equal(aatgs_scheduler_decisions_dropped(s), 44);
  expect_decision(s, AATGS_DECISION_STOP, 0);
  aatgs_scheduler_close(s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_longest_way_goes_first),
      cmocka_unit_test(a_long_chain_overtakes),
      cmocka_unit_test(adaptive_learns_how_types_turn_out),
      cmocka_unit_test(uploads_are_boosted),
      cmocka_unit_test(a_user_brings_a_policy),
      cmocka_unit_test(what_is_left_is_scheduled_in_thought),
      cmocka_unit_test(intervals_are_honest),
      cmocka_unit_test(half_a_queue_is_to_be_flushed),
      cmocka_unit_test(late_iterations_are_overruns),
      cmocka_unit_test(the_interval_is_a_decision),
      cmocka_unit_test(decisions_nobody_takes_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
