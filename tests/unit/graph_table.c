/* The trace's form of a graph, and copies. */
#include "host/graph.h"
#include "support/check.h"
#include "support/fake_workload.h"

#include <stdlib.h>

static void assert_same_table(const aatgs_graph *a, const aatgs_graph *b)
{
  size_t bytes = aatgs_graph_table_bytes(a);
  void *x = calloc(1, bytes), *y = calloc(1, bytes);

  assert_non_null(x);
  assert_non_null(y);
  assert_int_equal(aatgs_graph_table_bytes(b), bytes);
  aatgs_graph_compile(a, 3, x);
  aatgs_graph_compile(b, 3, y);
  assert_memory_equal(x, y, bytes);
  free(x);
  free(y);
}

static aatgs_graph *full_graph(void)
{
  aatgs_graph *g;
  assert_int_equal(aatgs_graph_open(&fake_workload, &g), 0);
  assert_int_equal(aatgs_graph_load(g, "full", 3), 0);
  assert_int_equal(aatgs_graph_check(g), 0);
  return g;
}

static void a_description_comes_back_as_the_same_graph(void **state)
{
  aatgs_graph *g = full_graph(), *back;
  aatgs_trace_graph t;
  uint32_t id;
  (void)state;

  assert_int_equal(aatgs_graph_describe(g, 9, &t), 0);
  assert_int_equal(t.number, 9);
  assert_int_equal(t.task_count, 7);
  assert_int_equal(t.records, aatgs_graph_records(g));
  assert_string_equal(t.tasks[5].name, "phase");
  assert_int_equal(t.tasks[5].type, FAKE_PHASE);
  assert_int_equal(t.tasks[5].dependency_count, 4);
  for (uint32_t d = 0; d < 4; d++)
    assert_int_equal(t.tasks[5].dependencies[d], d + 1);
  assert_int_equal(t.tasks[1].finish, 1);
  assert_int_equal(t.tasks[2].first_record, t.tasks[1].first_record + t.tasks[1].parts + 1);
  assert_int_equal(aatgs_graph_from_trace(&fake_workload, &t, &back), 0);
  assert_same_table(g, back);
  assert_int_equal(aatgs_graph_find(back, "lbs", &id), 0);
  assert_int_equal(id, 4);
  aatgs_graph_close(g);
  aatgs_graph_close(back);
}

static void a_wrong_description_is_refused(void **state)
{
  uint32_t deps[] = {5}, self[] = {0};
  aatgs_trace_task task = {.name = "a", .type = 0, .parts = 1};
  aatgs_trace_graph t = {1, 1, 1, &task};
  aatgs_graph *g = (void *)1;
  (void)state;

  task.type = FAKE_TYPES;
  assert_int_equal(aatgs_graph_from_trace(&fake_workload, &t, &g), AATGS_EFORMAT);
  assert_null(g);
  task.type = 0;
  task.parts = 0;
  assert_int_equal(aatgs_graph_from_trace(&fake_workload, &t, &g), AATGS_EFORMAT);
  task.parts = 65536;
  assert_int_equal(aatgs_graph_from_trace(&fake_workload, &t, &g), AATGS_EFORMAT);
  task.parts = 1;
  task.dependencies = deps;
  task.dependency_count = 1;
  assert_int_equal(aatgs_graph_from_trace(&fake_workload, &t, &g), AATGS_EFORMAT);
  task.dependencies = self;
  assert_int_equal(aatgs_graph_from_trace(&fake_workload, &t, &g), AATGS_EFORMAT);
  task.dependency_count = 0;
  task.name = NULL;
  assert_int_equal(aatgs_graph_from_trace(&fake_workload, &t, &g), AATGS_EFORMAT);
  task.name = "a";
  assert_int_equal(aatgs_graph_from_trace(&fake_workload, &t, &g), 0);
  aatgs_graph_close(g);
}

static void a_copy_is_equal_and_starts_over(void **state)
{
  aatgs_graph *g = full_graph(), *copy;
  aatgs_task_state s;
  (void)state;

  assert_int_equal(aatgs_graph_mark_started(g, 0), 0);
  assert_int_equal(aatgs_graph_mark_complete(g, 0, 1), 0);
  assert_int_equal(aatgs_graph_copy(g, &copy), 0);
  assert_same_table(g, copy);
  assert_int_equal(aatgs_graph_task_status(copy, 0, &s), 0);
  assert_int_equal(s, AATGS_TASK_READY);
  assert_int_equal(aatgs_graph_task_status(copy, 1, &s), 0);
  assert_int_equal(s, AATGS_TASK_PENDING);
  aatgs_graph_close(g);
  aatgs_graph_close(copy);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_description_comes_back_as_the_same_graph),
      cmocka_unit_test(a_wrong_description_is_refused),
      cmocka_unit_test(a_copy_is_equal_and_starts_over),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
