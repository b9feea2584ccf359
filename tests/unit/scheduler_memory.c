/* With limits given at opening the scheduler takes no memory afterwards. The linker leads every
 * allocation of the library through the counters here. */
#include "host/graph.h"
#include "host/scheduler.h"
#include "support/check.h"
#include "support/fake_workload.h"

#include <stdlib.h>

static uint64_t allocations;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t bytes)
{
  allocations++;
  return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
  allocations++;
  return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
  allocations++;
  return __real_realloc(old, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
  allocations++;
  return __real_aligned_alloc(alignment, bytes);
}

char *__wrap_strdup(const char *text)
{
  allocations++;
  return __real_strdup(text);
}

static void run_long(aatgs_scheduler *s, uint32_t tasks)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  unsigned char config[256] = {0};
  aatgs_scheduled_task next;
  uint64_t seed = 9, now = 1;
  uint32_t id = 0, added = 0;

  o.once = true;
  while (added < tasks) {
    for (uint32_t batch = 1 + test_below(&seed, 400); batch; batch--) {
      uint32_t deps[2] = {id, id - test_below(&seed, added && added < 20 ? added : 20)};
      o.type = fake_workload.types[test_below(&seed, 8)].name;
      assert_int_equal(aatgs_scheduler_add_task(s, &o, deps, added ? 2 : 0, &id), 0);
      added++;
    }
    aatgs_scheduler_queue_config(s, config);
    aatgs_scheduler_set_telemetry_waiting(s, test_below(&seed, 64));
    while (aatgs_scheduler_schedule_next(s, &next)) {
      assert_int_equal(aatgs_scheduler_mark_task_started(s, next.task_id), 0);
      assert_int_equal(aatgs_scheduler_mark_task_completed(s, next.task_id, 5000), 0);
    }
    aatgs_scheduler_next_config(s, config);
    aatgs_scheduler_tick(s, now += 60000000, 1000000);
  }
}

static void nothing_is_allocated_after_opening(void **state)
{
  static const char *const policies[] = {"fifo", "original", "critical-path", "adaptive"};
  (void)state;

  for (int i = 0; i < 4; i++) {
    aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
    aatgs_scheduler *s;
    uint64_t before;
    o.policy = policies[i];
    o.tasks_max = 500;
    assert_int_equal(aatgs_scheduler_open(&fake_workload, &o, &s, NULL), 0);
    before = allocations;
    assert_true(before > 0);
    run_long(s, 200000);
    assert_int_equal(allocations, before);
    aatgs_scheduler_close(s);
  }
}

static void iterations_allocate_nothing_once_a_graph_is_planned(void **state)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_scheduler *s;
  aatgs_graph *g;
  uint32_t task_at[16], priority[16];
  uint64_t before, seed = 1;
  (void)state;

  o.policy = "adaptive";
  o.workers = 2;
  assert_int_equal(aatgs_graph_open(&fake_workload, &g), 0);
  assert_int_equal(aatgs_graph_load(g, "full", 3), 0);
  assert_int_equal(aatgs_graph_check(g), 0);
  assert_int_equal(aatgs_scheduler_open(&fake_workload, &o, &s, NULL), 0);
  assert_int_equal(aatgs_scheduler_plan(s, g, task_at, priority), 0);
  before = allocations;
  for (int i = 0; i < 500; i++) {
    aatgs_timing t[7];
    aatgs_sched_event e = {.kind = AATGS_SCHED_DONE};
    for (uint32_t k = 0; k < 7; k++)
      t[k] = (aatgs_timing){.task = k, .duration_ns = 1000 + test_below(&seed, 100000)};
    e.u.done.graph = g;
    e.u.done.timings = t;
    e.u.done.count = 7;
    e.u.done.end_ns = 300000;
    aatgs_scheduler_handle(s, &e);
    assert_int_equal(aatgs_scheduler_plan(s, g, task_at, priority), 0);
  }
  assert_int_equal(allocations, before);
  aatgs_scheduler_close(s);
  aatgs_graph_close(g);
}

static void the_limit_is_kept(void **state)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_task_options task = AATGS_TASK_OPTIONS_INIT;
  aatgs_scheduler *s;
  aatgs_scheduled_task next;
  (void)state;

  o.tasks_max = 3;
  task.type = "Custom";
  task.once = true;
  assert_int_equal(aatgs_scheduler_open(&fake_workload, &o, &s, NULL), 0);
  for (int i = 0; i < 3; i++)
    assert_int_equal(aatgs_scheduler_add_task(s, &task, NULL, 0, NULL), 0);
  assert_int_equal(aatgs_scheduler_add_task(s, &task, NULL, 0, NULL), AATGS_ELIMIT);
  assert_true(aatgs_scheduler_schedule_next(s, &next));
  assert_int_equal(aatgs_scheduler_mark_task_started(s, next.task_id), 0);
  assert_int_equal(aatgs_scheduler_mark_task_completed(s, next.task_id, 1), 0);
  assert_int_equal(aatgs_scheduler_add_task(s, &task, NULL, 0, NULL), 0);
  assert_int_equal(aatgs_scheduler_add_task(s, &task, NULL, 0, NULL), AATGS_ELIMIT);
  aatgs_scheduler_close(s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_allocated_after_opening),
      cmocka_unit_test(iterations_allocate_nothing_once_a_graph_is_planned),
      cmocka_unit_test(the_limit_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
