/* The scheduler: policy `original` row by row, snapshots, plans. */
#include "host/scheduler.h"
#include "host/graph.h"
#include "host/log.h"
#include "support/check.h"
#include "support/fake_workload.h"

#include <stdlib.h>

#define MS UINT64_C(1000000)

static aatgs_scheduler *open_with(const char *policy, aatgs_event_receiver **events)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_scheduler *s;
  o.policy = policy;
  o.workers = 4;
  assert_int_equal(aatgs_scheduler_open(&fake_workload, &o, &s, events), 0);
  return s;
}

static uint32_t add(aatgs_scheduler *s, const char *type, size_t count, const uint32_t *deps)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint32_t id;
  o.type = type;
  assert_int_equal(aatgs_scheduler_add_task(s, &o, deps, count, &id), 0);
  return id;
}

static void queue_configs(aatgs_scheduler *s, int count)
{
  unsigned char config[256] = {0};
  for (int i = 0; i < count; i++)
    assert_true(aatgs_scheduler_queue_config(s, config));
}

/* Brings the latest snapshot's utilization to `percent`, with 4 workers. */
static void set_utilization(aatgs_scheduler *s, uint64_t *now, uint64_t percent)
{
  uint64_t window = aatgs_scheduler_snapshot_interval_ns(s);
  *now += window;
  assert_true(aatgs_scheduler_tick(s, *now, 4 * window / 100 * percent));
}

static void expect_next(aatgs_scheduler *s, uint32_t task, uint32_t priority)
{
  aatgs_scheduled_task next;
  assert_true(aatgs_scheduler_schedule_next(s, &next));
  assert_int_equal(next.task_id, task);
  assert_int_equal(next.priority_x1000, priority);
}

/* ---- The rules, one row each: which inputs, which priorities ---- */

struct rule_row {
  int configs_queued; /* of 16 */
  size_t telemetry_waiting;
  uint64_t utilization;
  uint32_t upload, download, quantum, custom;
};

static void every_row_of_the_rules(void **state)
{
  static const struct rule_row rows[] = {
      /* queue fill: 4 of 16 is 25 %, 5 of 16 is 31 % */
      {0, 0, 0, 2000, 1000, 1000, 1000},
      {4, 0, 0, 2000, 1000, 1000, 1000},
      {5, 0, 0, 1000, 1000, 1000, 1000},
      {16, 0, 0, 1000, 1000, 1000, 1000},
      /* telemetry: more than 50 */
      {5, 50, 0, 1000, 1000, 1000, 1000},
      {5, 51, 0, 1000, 1500, 1000, 1000},
      {0, 64, 0, 2000, 1500, 1000, 1000},
      /* utilization: above 80 %, only tasks above 10 ms */
      {5, 0, 80, 1000, 1000, 1000, 1000},
      {5, 0, 81, 1000, 1000, 700, 1000},
      {0, 51, 100, 2000, 1500, 700, 1000},
  };
  (void)state;

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    aatgs_scheduler *s = open_with("original", NULL);
    uint64_t now = 1000;
    uint32_t expected[FAKE_TYPES] = {0}, found = 0;
    aatgs_scheduled_task next;
    uint32_t last = UINT32_MAX;

    assert_false(aatgs_scheduler_tick(s, now, 0));
    if (rows[i].utilization)
      set_utilization(s, &now, rows[i].utilization);
    queue_configs(s, rows[i].configs_queued);
    aatgs_scheduler_set_telemetry_waiting(s, rows[i].telemetry_waiting);
    add(s, "Custom", 0, NULL);
    add(s, "QuantumOptimize", 0, NULL);
    add(s, "ThermodynamicAnneal", 0, NULL); /* 10 ms is not above 10 ms */
    add(s, "TelemetryDownload", 0, NULL);
    add(s, "ConfigUpload", 0, NULL);
    expected[FAKE_CUSTOM] = expected[FAKE_ANNEAL] = rows[i].custom;
    expected[FAKE_QUANTUM] = rows[i].quantum;
    expected[FAKE_DOWNLOAD] = rows[i].download;
    expected[FAKE_UPLOAD] = rows[i].upload;
    while (aatgs_scheduler_schedule_next(s, &next)) {
      assert_int_equal(next.priority_x1000, expected[next.task_type]);
      assert_true(next.priority_x1000 <= last);
      last = next.priority_x1000;
      found++;
    }
    assert_int_equal(found, 5);
    aatgs_scheduler_close(s);
  }
}

/* A long upload or download: the factors multiply. */
static void factors_multiply(void **state)
{
  aatgs_scheduler *s = open_with("original", NULL);
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint64_t now = 1;
  uint32_t up, down;
  (void)state;

  aatgs_scheduler_tick(s, now, 0);
  set_utilization(s, &now, 90);
  aatgs_scheduler_set_telemetry_waiting(s, 51);
  o.estimate_ns = 10 * MS + 1;
  o.type = "TelemetryDownload";
  assert_int_equal(aatgs_scheduler_add_task(s, &o, NULL, 0, &down), 0);
  o.type = "ConfigUpload";
  assert_int_equal(aatgs_scheduler_add_task(s, &o, NULL, 0, &up), 0);
  expect_next(s, up, 1400);
  expect_next(s, down, 1050);
  aatgs_scheduler_close(s);
}

/* The rules look at the moment of the decision, not at the moment a task was added. */
static void inputs_count_when_the_decision_is_made(void **state)
{
  aatgs_scheduler *s = open_with("original", NULL);
  unsigned char config[256];
  uint32_t custom = add(s, "Custom", 0, NULL), up = add(s, "ConfigUpload", 0, NULL);
  uint32_t custom2 = add(s, "Custom", 0, NULL), up2 = add(s, "ConfigUpload", 0, NULL);
  (void)state;

  queue_configs(s, 16);
  assert_false(aatgs_scheduler_queue_config(s, config));
  expect_next(s, custom, 1000);
  expect_next(s, up, 1000); /* equals: the order they became ready */
  for (int i = 0; i < 12; i++)
    assert_true(aatgs_scheduler_next_config(s, config));
  expect_next(s, up2, 2000);
  expect_next(s, custom2, 1000);
  aatgs_scheduler_close(s);
}

static void fifo_knows_no_priorities(void **state)
{
  aatgs_scheduler *s = open_with("fifo", NULL);
  uint32_t a = add(s, "QuantumOptimize", 0, NULL), b = add(s, "ConfigUpload", 0, NULL);
  uint32_t c = add(s, "Custom", 0, NULL);
  aatgs_scheduled_task next;
  (void)state;

  expect_next(s, a, 1000);
  expect_next(s, b, 1000);
  expect_next(s, c, 1000);
  assert_false(aatgs_scheduler_schedule_next(s, &next));
  aatgs_scheduler_close(s);
}

/* ---- Running by hand ---- */

static void dependents_wait_and_estimates_shrink(void **state)
{
  aatgs_event_receiver *events;
  aatgs_scheduler *s = open_with("original", &events);
  uint32_t up = add(s, "ConfigUpload", 0, NULL), work = add(s, "WhcrKernel", 1, &up);
  uint32_t down = add(s, "TelemetryDownload", 1, &work);
  uint64_t all = 100000 + 5000000 + 200000;
  aatgs_scheduled_task next;
  aatgs_event e;
  (void)state;

  assert_int_equal(aatgs_scheduler_estimate_completion_time_ns(s), all);
  expect_next(s, up, 2000);
  assert_false(aatgs_scheduler_schedule_next(s, &next));
  assert_int_equal(aatgs_scheduler_mark_task_completed(s, up, 1), AATGS_EINVAL);
  assert_int_equal(aatgs_scheduler_mark_task_started(s, up), 0);
  assert_int_equal(aatgs_scheduler_estimate_completion_time_ns(s), all - 100000);
  assert_int_equal(aatgs_scheduler_mark_task_completed(s, up, 90000), 0);
  assert_true(aatgs_event_try_recv(events, &e));
  assert_int_equal(e.kind, AATGS_EVENT_TASK_COMPLETED);
  assert_int_equal(e.u.completed.task, up);
  assert_int_equal(e.u.completed.duration_ns, 90000);
  assert_int_equal(aatgs_scheduler_mark_task_started(s, work), 0); /* not taken, started anyway */
  assert_false(aatgs_scheduler_schedule_next(s, &next));
  assert_int_equal(aatgs_scheduler_mark_task_failed(s, work, "no luck"), 0);
  assert_true(aatgs_event_try_recv(events, &e));
  assert_int_equal(e.kind, AATGS_EVENT_ERROR);
  assert_string_equal(e.u.error, "no luck");
  assert_false(aatgs_scheduler_schedule_next(s, &next));
  assert_int_equal(aatgs_scheduler_estimate_completion_time_ns(s), 200000);
  assert_int_equal(aatgs_graph_len(aatgs_scheduler_task_graph(s)), 3);
  (void)down;
  aatgs_scheduler_close(s);
}

static void ready_tasks_can_be_looked_at(void **state)
{
  aatgs_scheduler *s = open_with("original", NULL);
  uint32_t a = add(s, "Custom", 0, NULL), b = add(s, "ConfigUpload", 0, NULL);
  uint32_t c = add(s, "Custom", 1, &b), d = add(s, "Custom", 0, NULL), ready[4];
  (void)state;

  assert_int_equal(aatgs_scheduler_mark_task_started(s, b), 0);
  assert_int_equal(aatgs_scheduler_mark_task_completed(s, b, 1), 0);
  assert_int_equal(aatgs_graph_ready_tasks(aatgs_scheduler_task_graph(s), ready, 4), 3);
  assert_int_equal(ready[0], a);
  assert_int_equal(ready[1], d);
  assert_int_equal(ready[2], c);
  assert_int_equal(aatgs_graph_ready_tasks(aatgs_scheduler_task_graph(s), ready, 2), 3);
  assert_int_equal(ready[1], d);
  aatgs_scheduler_close(s);
}

static void one_shot_tasks_do_not_pile_up(void **state)
{
  aatgs_scheduler *s = open_with("original", NULL);
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint32_t kept = add(s, "Custom", 0, NULL), id = 0;
  aatgs_scheduled_task next;
  (void)state;

  o.type = "Custom";
  o.once = true;
  expect_next(s, kept, 1000);
  for (uint32_t i = 1; i <= 100000; i++) {
    assert_int_equal(aatgs_scheduler_add_task(s, &o, i > 1 ? &id : NULL, i > 1, &id), 0);
    assert_int_equal(id, i);
    if (i <= 10)
      continue;
    assert_true(aatgs_scheduler_schedule_next(s, &next));
    assert_int_equal(next.task_id, i - 10);
    assert_int_equal(aatgs_scheduler_mark_task_started(s, next.task_id), 0);
    assert_int_equal(aatgs_scheduler_mark_task_completed(s, next.task_id, 1), 0);
    assert_true(aatgs_graph_len(aatgs_scheduler_task_graph(s)) < 3000);
  }
  aatgs_scheduler_close(s);
}

/* ---- Snapshots ---- */

static void snapshots_say_what_happened(void **state)
{
  aatgs_event_receiver *events;
  aatgs_scheduler *s = open_with("original", &events);
  uint32_t a = add(s, "Custom", 0, NULL), b = add(s, "Custom", 0, NULL);
  const aatgs_performance_snapshot *h;
  aatgs_event e;
  size_t count;
  (void)state;

  assert_false(aatgs_scheduler_tick(s, 5 * MS, 0));
  queue_configs(s, 4);
  aatgs_scheduler_set_telemetry_waiting(s, 32);
  aatgs_scheduler_mark_task_started(s, a);
  aatgs_scheduler_mark_task_started(s, b);
  aatgs_scheduler_mark_task_completed(s, a, 30 * MS);
  aatgs_scheduler_mark_task_completed(s, b, 50 * MS);
  assert_false(aatgs_scheduler_tick(s, 100 * MS, 40 * MS)); /* 95 ms: not over yet */
  assert_true(aatgs_scheduler_tick(s, 105 * MS, 40 * MS));
  h = aatgs_scheduler_performance_history(s, &count);
  assert_int_equal(count, 1);
  assert_int_equal(h[0].timestamp_ns, 105 * MS);
  assert_int_equal(h[0].avg_task_duration_us, 40000);
  assert_int_equal(h[0].gpu_utilization_x1000, 200); /* 80 ms of 4 x 100 ms */
  assert_int_equal(h[0].config_buffer_util_x1000, 250);
  assert_int_equal(h[0].telemetry_buffer_util_x1000, 500);
  assert_int_equal(h[0].tasks_completed, 2);
  for (int i = 0; i < 3; i++)
    assert_true(aatgs_event_try_recv(events, &e));
  assert_int_equal(e.kind, AATGS_EVENT_GPU_METRICS);
  assert_true(e.u.gpu.utilization == 0.2f);
  assert_int_equal(e.u.gpu.kernel_duration_us, 80000);
  aatgs_scheduler_close(s);
}

static void the_interval_adapts(void **state)
{
  aatgs_scheduler *s = open_with("original", NULL);
  uint64_t now = 1;
  (void)state;

  aatgs_scheduler_tick(s, now, 0);
  assert_int_equal(aatgs_scheduler_set_snapshot_interval_ns(s, 0), AATGS_EINVAL);
  assert_int_equal(aatgs_scheduler_set_snapshot_interval_ns(s, 200 * MS), 0);
  set_utilization(s, &now, 10);
  assert_int_equal(aatgs_scheduler_snapshot_interval_ns(s), 200 * MS); /* one is not enough */
  set_utilization(s, &now, 80);                                        /* mean 45 % */
  assert_int_equal(aatgs_scheduler_snapshot_interval_ns(s), 50 * MS);
  set_utilization(s, &now, 60); /* mean 50 %: not under */
  assert_int_equal(aatgs_scheduler_snapshot_interval_ns(s), 100 * MS);
  for (int i = 0; i < 5; i++)
    set_utilization(s, &now, 49);
  assert_int_equal(aatgs_scheduler_snapshot_interval_ns(s), 50 * MS);
  set_utilization(s, &now, 53);
  assert_int_equal(aatgs_scheduler_snapshot_interval_ns(s), 50 * MS); /* 49.8 % */
  set_utilization(s, &now, 51);
  assert_int_equal(aatgs_scheduler_snapshot_interval_ns(s), 100 * MS); /* 50.2 %, the last five */
  aatgs_scheduler_close(s);
}

static void the_history_keeps_the_newest(void **state)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  const aatgs_performance_snapshot *h;
  aatgs_scheduler *s;
  uint64_t now = 0;
  size_t count;
  (void)state;

  o.history = 7;
  assert_int_equal(aatgs_scheduler_open(&fake_workload, &o, &s, NULL), 0);
  aatgs_scheduler_tick(s, now, 0);
  for (uint64_t i = 1; i <= 100; i++) {
    now += 100 * MS;
    assert_true(aatgs_scheduler_tick(s, now, UINT64_MAX / 2)); /* saturates */
    h = aatgs_scheduler_performance_history(s, &count);
    assert_int_equal(count, i < 7 ? i : 7);
    for (size_t k = 0; k < count; k++)
      assert_int_equal(h[k].timestamp_ns, now - (count - 1 - k) * 100 * MS);
    assert_int_equal(h[count - 1].gpu_utilization_x1000, 1000);
  }
  aatgs_scheduler_close(s);
}

static void bad_options_are_refused(void **state)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_scheduler *s = (void *)1;
  (void)state;

  aatgs_log_set_level(AATGS_LOG_ERROR);
  o.policy = "astrology";
  assert_int_equal(aatgs_scheduler_open(&fake_workload, &o, &s, NULL), AATGS_ENOTFOUND);
  assert_null(s);
  o.policy = "original";
  o.workers = 0;
  assert_int_equal(aatgs_scheduler_open(&fake_workload, &o, &s, NULL), AATGS_EINVAL);
  o.workers = 1;
  o.history = 0;
  assert_int_equal(aatgs_scheduler_open(&fake_workload, &o, &s, NULL), AATGS_EINVAL);
  assert_int_equal(aatgs_scheduler_open(NULL, NULL, &s, NULL), AATGS_EINVAL);
  assert_int_equal(aatgs_scheduler_open(&fake_workload, NULL, &s, NULL), 0);
  aatgs_scheduler_close(s);
  aatgs_scheduler_close(NULL);
}

/* ---- Plans ---- */

static aatgs_graph *load(const char *name)
{
  aatgs_graph *g;
  assert_int_equal(aatgs_graph_open(&fake_workload, &g), 0);
  assert_int_equal(aatgs_graph_load(g, name, 3), 0);
  assert_int_equal(aatgs_graph_check(g), 0);
  return g;
}

static void a_plan_is_the_order_of_the_rules(void **state)
{
  aatgs_scheduler *s = open_with("original", NULL);
  aatgs_graph *g = load("full");
  uint32_t task_at[7], priority[7], calm[] = {0, 1, 2, 3, 4, 5, 6}, busy[] = {0, 1, 2, 4, 3, 5, 6};
  uint64_t now = 1;
  (void)state;

  assert_int_equal(aatgs_scheduler_plan(s, g, task_at, priority), 0);
  assert_memory_equal(task_at, calm, sizeof calm);
  assert_int_equal(priority[0], 2000);
  assert_int_equal(priority[3], 1000);
  aatgs_scheduler_tick(s, now, 0);
  set_utilization(s, &now, 90);
  assert_int_equal(aatgs_scheduler_plan(s, g, task_at, priority), 0);
  assert_memory_equal(task_at, busy, sizeof busy); /* the long one steps back */
  assert_int_equal(priority[3], 700);
  aatgs_graph_close(g);
  aatgs_scheduler_close(s);
}

static void events_say_when_to_plan_again(void **state)
{
  aatgs_scheduler *s = open_with("original", NULL);
  aatgs_graph *g = load("linear");
  aatgs_timing t[] = {
      {.task = 0, .start_ns = 0, .duration_ns = 100 * 1000},
      {.task = 1, .part = 0, .start_ns = 100000, .duration_ns = 90 * 1000 * 1000},
      {.task = 1, .part = 1, .start_ns = 90000, .duration_ns = 90 * 1000 * 1000},
  };
  aatgs_sched_event e = {.kind = AATGS_SCHED_SUBMITTED};
  const aatgs_performance_snapshot *h;
  size_t count;
  (void)state;

  assert_false(aatgs_scheduler_handle(s, &e)); /* an empty queue: as it began */
  e.u.submitted.config_waiting = 5;
  assert_true(aatgs_scheduler_handle(s, &e));
  assert_false(aatgs_scheduler_handle(s, &e));
  e.u.submitted.telemetry_waiting = 51;
  assert_true(aatgs_scheduler_handle(s, &e));
  e.kind = AATGS_SCHED_TICK;
  e.u.tick.now_ns = 1;
  assert_false(aatgs_scheduler_handle(s, &e));
  for (int i = 0; i < 2; i++) {
    e.kind = AATGS_SCHED_DONE;
    e.u.done.graph = g;
    e.u.done.timings = t;
    e.u.done.count = 3;
    e.u.done.status = AATGS_STATUS_OK;
    assert_false(aatgs_scheduler_handle(s, &e));
  }
  e.kind = AATGS_SCHED_TICK;
  e.u.tick.now_ns = 100 * MS + 1;
  assert_true(aatgs_scheduler_handle(s, &e)); /* 90 % busy */
  h = aatgs_scheduler_performance_history(s, &count);
  assert_int_equal(count, 1);
  assert_int_equal(h[0].gpu_utilization_x1000, 900);
  assert_int_equal(h[0].tasks_completed, 4);
  assert_int_equal(h[0].avg_task_duration_us, (100 + 90010) / 2);
  aatgs_graph_close(g);
  aatgs_scheduler_close(s);
}

/* The same events give the same plans, on a random graph and random events. */
static void plans_are_a_function_of_the_events(void **state)
{
  enum { TASKS = 300 };
  static const char *const types[] = {"ConfigUpload", "Custom", "QuantumOptimize"};
  static uint32_t a_at[TASKS], b_at[TASKS], a_p[TASKS], b_p[TASKS];
  aatgs_scheduler *a = open_with("original", NULL), *b = open_with("original", NULL);
  aatgs_graph *g;
  uint64_t seed = 5, now = 0;
  int changes = 0;
  (void)state;

  assert_int_equal(aatgs_graph_open(&fake_workload, &g), 0);
  for (uint32_t i = 0; i < TASKS; i++) {
    aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
    uint32_t deps[] = {i ? test_below(&seed, i) : 0, i / 2};
    o.type = types[test_below(&seed, 3)];
    assert_int_equal(aatgs_graph_add_task(g, &o, deps, i ? test_below(&seed, 3) : 0, NULL), 0);
  }
  for (int round = 0; round < 500; round++) {
    aatgs_sched_event e = {.kind = AATGS_SCHED_SUBMITTED};
    if (round % 3) {
      e.u.submitted.config_waiting = test_below(&seed, 16);
      e.u.submitted.telemetry_waiting = test_below(&seed, 64);
    } else {
      e.kind = AATGS_SCHED_TICK;
      e.u.tick.now_ns = now += test_below(&seed, 200) * MS;
    }
    changes += aatgs_scheduler_handle(a, &e);
    aatgs_scheduler_handle(b, &e);
    if (round % 7 == 0) { /* planning more often changes nothing */
      assert_int_equal(aatgs_scheduler_plan(a, g, a_at, a_p), 0);
    }
  }
  assert_int_equal(aatgs_scheduler_plan(a, g, a_at, a_p), 0);
  assert_int_equal(aatgs_scheduler_plan(b, g, b_at, b_p), 0);
  assert_memory_equal(a_at, b_at, sizeof a_at);
  assert_memory_equal(a_p, b_p, sizeof a_p);
  assert_true(changes > 10);
  aatgs_graph_close(g);
  aatgs_scheduler_close(a);
  aatgs_scheduler_close(b);
}

/* ---- The log ---- */

static char logged[4096];

static void keep_line(void *user, aatgs_log_level level, const char *text)
{
  (void)user;
  assert_int_equal(level, AATGS_LOG_DEBUG);
  strncat(logged, text, sizeof logged - strlen(logged) - 2);
  strcat(logged, "\n");
}

static void decisions_are_logged(void **state)
{
  aatgs_scheduler *s = open_with("original", NULL);
  uint64_t now = 1;
  (void)state;

  aatgs_scheduler_tick(s, now, 0);
  set_utilization(s, &now, 90);
  aatgs_log_set_level(AATGS_LOG_DEBUG);
  aatgs_log_set_sink(keep_line, NULL);
  expect_next(s, add(s, "ConfigUpload", 0, NULL), 2000);
  expect_next(s, add(s, "QuantumOptimize", 0, NULL), 700);
  aatgs_log_set_sink(NULL, NULL);
  aatgs_log_set_level(AATGS_LOG_ERROR);
  assert_string_equal(logged, "Scheduling task ConfigUpload (priority: 2.0)\n"
                              "Scheduling task QuantumOptimize (priority: 0.7)\n");
  aatgs_scheduler_close(s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_row_of_the_rules),
      cmocka_unit_test(factors_multiply),
      cmocka_unit_test(inputs_count_when_the_decision_is_made),
      cmocka_unit_test(fifo_knows_no_priorities),
      cmocka_unit_test(dependents_wait_and_estimates_shrink),
      cmocka_unit_test(ready_tasks_can_be_looked_at),
      cmocka_unit_test(one_shot_tasks_do_not_pile_up),
      cmocka_unit_test(snapshots_say_what_happened),
      cmocka_unit_test(the_interval_adapts),
      cmocka_unit_test(the_history_keeps_the_newest),
      cmocka_unit_test(bad_options_are_refused),
      cmocka_unit_test(a_plan_is_the_order_of_the_rules),
      cmocka_unit_test(events_say_when_to_plan_again),
      cmocka_unit_test(plans_are_a_function_of_the_events),
      cmocka_unit_test(decisions_are_logged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
