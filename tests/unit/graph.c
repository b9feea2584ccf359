#include "host/graph.h"
#include "support/check.h"
#include "support/fake_workload.h"

#include <stdlib.h>
#include <time.h>

static aatgs_graph *open_graph(void)
{
  aatgs_graph *graph;
  assert_int_equal(aatgs_graph_open(&fake_workload, &graph), 0);
  return graph;
}

static uint32_t add(aatgs_graph *graph, const char *type, const char *name, size_t count,
                    const uint32_t *dependencies)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint32_t id;
  o.type = type;
  o.name = name;
  assert_int_equal(aatgs_graph_add_task(graph, &o, dependencies, count, &id), 0);
  return id;
}

static aatgs_task_state status(const aatgs_graph *graph, uint32_t task)
{
  aatgs_task_state state;
  assert_int_equal(aatgs_graph_task_status(graph, task, &state), 0);
  return state;
}

static void defaults_come_from_the_type(void **state)
{
  aatgs_graph *g = open_graph();
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  aatgs_task_info info;
  uint32_t id;
  (void)state;

  assert_true(aatgs_graph_is_empty(g));
  id = add(g, "WhcrKernel", NULL, 0, NULL);
  assert_int_equal(id, 0);
  assert_int_equal(aatgs_graph_task_info(g, id, &info), 0);
  assert_int_equal(info.id, 0);
  assert_int_equal(info.type, FAKE_WHCR);
  assert_string_equal(info.name, "WhcrKernel");
  assert_string_equal(info.type_name, "WhcrKernel");
  assert_int_equal(info.parts, 4);
  assert_int_equal(info.estimate_ns, 5000000);
  assert_int_equal(info.state, AATGS_TASK_READY);
  assert_false(info.once);
  o.type = "Custom";
  o.parts = 65535;
  o.arg = 77;
  o.estimate_ns = 12;
  o.once = true;
  assert_int_equal(aatgs_graph_add_task(g, &o, &id, 1, &id), 0);
  assert_int_equal(aatgs_graph_task_info(g, id, &info), 0);
  assert_int_equal(info.parts, 65535);
  assert_int_equal(info.arg, 77);
  assert_int_equal(info.estimate_ns, 12);
  assert_int_equal(info.state, AATGS_TASK_PENDING);
  assert_true(info.once);
  assert_int_equal(aatgs_graph_len(g), 2);
  aatgs_graph_close(g);
  aatgs_graph_close(NULL);
}

static void wrong_tasks_are_refused_with_a_sentence(void **state)
{
  aatgs_graph *g = open_graph();
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint32_t id, missing[] = {0, 7};
  (void)state;

  o.type = "NoSuchType";
  assert_int_equal(aatgs_graph_add_task(g, &o, NULL, 0, &id), AATGS_ENOTFOUND);
  assert_contains(aatgs_graph_error(g)->text, "NoSuchType");
  assert_contains(aatgs_graph_error(g)->text, "ConfigUpload");
  o.type = NULL;
  assert_int_equal(aatgs_graph_add_task(g, &o, NULL, 0, &id), AATGS_EINVAL);
  add(g, "Custom", "a", 0, NULL);
  o.type = "Custom";
  assert_int_equal(aatgs_graph_add_task(g, &o, missing, 2, &id), AATGS_ENOTFOUND);
  assert_contains(aatgs_graph_error(g)->text, "7");
  o.name = "a";
  assert_int_equal(aatgs_graph_add_task(g, &o, NULL, 0, &id), AATGS_EINVAL);
  assert_contains(aatgs_graph_error(g)->text, "\"a\" is taken");
  o.name = "";
  assert_int_equal(aatgs_graph_add_task(g, &o, NULL, 0, &id), AATGS_EINVAL);
  o.name = NULL;
  o.parts = 65536;
  assert_int_equal(aatgs_graph_add_task(g, &o, NULL, 0, &id), AATGS_EINVAL);
  o.parts = 0;
  o.size = sizeof o + 8;
  assert_int_equal(aatgs_graph_add_task(g, &o, NULL, 0, &id), AATGS_EINVAL);
  assert_int_equal(aatgs_graph_len(g), 1);
  assert_int_equal(aatgs_graph_edges(g), 0);
  aatgs_graph_close(g);
}

static void only_one_repeating_download(void **state)
{
  aatgs_graph *g = open_graph();
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  (void)state;

  add(g, "TelemetryDownload", NULL, 0, NULL);
  o.type = "TelemetryDownload";
  assert_int_equal(aatgs_graph_add_task(g, &o, NULL, 0, NULL), AATGS_EINVAL);
  o.once = true; /* of another iteration, perhaps: the check decides */
  assert_int_equal(aatgs_graph_add_task(g, &o, NULL, 0, NULL), 0);
  assert_int_equal(aatgs_graph_check(g), AATGS_EINVAL);
  aatgs_graph_close(g);
}

static void generated_names_are_unique(void **state)
{
  aatgs_graph *g = open_graph();
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  aatgs_task_info info;
  uint32_t id;
  (void)state;

  add(g, "Custom", "Custom-3", 0, NULL);
  for (uint32_t i = 1; i <= 4; i++) {
    static const char *const expected[] = {"", "Custom", "Custom-2", "Custom-4", "Custom-5"};
    assert_int_equal(add(g, "Custom", NULL, 0, NULL), i);
    assert_int_equal(aatgs_graph_task_info(g, i, &info), 0);
    assert_string_equal(info.name, expected[i]);
    assert_int_equal(aatgs_graph_find(g, expected[i], &id), 0);
    assert_int_equal(id, i);
  }
  o.type = "Custom";
  o.name = "Custom-4"; /* generated already */
  assert_int_equal(aatgs_graph_add_task(g, &o, NULL, 0, NULL), AATGS_EINVAL);
  o.name = "Custom-04"; /* no generated name looks like this */
  assert_int_equal(aatgs_graph_add_task(g, &o, NULL, 0, NULL), 0);
  assert_int_equal(aatgs_graph_find(g, "Custom-3", &id), 0);
  assert_int_equal(id, 0);
  assert_int_equal(aatgs_graph_find(g, "Custom-6", &id), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_graph_find(g, "nobody", &id), AATGS_ENOTFOUND);
  aatgs_graph_close(g);
}

/* Types called A and A-2: the second A and the first A-2 must not get the same name. */
static void type_names_that_look_generated(void **state)
{
  static const aatgs_task_type types[] = {
      {"A-2", "", 0, 1, 0, 0, 1, 0, -1},
      {"A", "", 0, 1, 0, 0, 1, 0, -1},
  };
  struct aatgs_workload w = fake_workload;
  aatgs_graph *g;
  aatgs_task_info info;
  uint32_t id;
  (void)state;

  w.types = types;
  w.type_count = 2;
  assert_int_equal(aatgs_graph_open(&w, &g), 0);
  add(g, "A", NULL, 0, NULL);
  add(g, "A-2", NULL, 0, NULL);
  add(g, "A", NULL, 0, NULL);
  aatgs_graph_task_info(g, 2, &info);
  assert_string_equal(info.name, "A-3");
  assert_int_equal(aatgs_graph_find(g, "A-2", &id), 0);
  assert_int_equal(id, 1);
  aatgs_graph_close(g);
}

static void states_follow_the_marks(void **state)
{
  aatgs_graph *g = open_graph();
  uint32_t a = add(g, "Custom", "a", 0, NULL), b = add(g, "Custom", "b", 0, NULL);
  uint32_t ab[] = {b, a, a}, c = add(g, "Custom", "c", 3, ab), d = add(g, "Custom", "d", 1, &c);
  uint32_t ready[4];
  uint64_t duration;
  (void)state;

  assert_int_equal(aatgs_graph_edges(g), 3); /* the repeated dependency counts once */
  assert_int_equal(aatgs_graph_ready_tasks(g, ready, 4), 2);
  assert_int_equal(ready[0], a);
  assert_int_equal(ready[1], b);
  assert_int_equal(aatgs_graph_mark_complete(g, a, 5), AATGS_EINVAL);
  assert_contains(aatgs_graph_error(g)->text, "Ready");
  assert_int_equal(aatgs_graph_mark_started(g, c), AATGS_EINVAL);
  assert_int_equal(aatgs_graph_mark_started(g, 9), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_graph_mark_started(g, b), 0);
  assert_int_equal(status(g, b), AATGS_TASK_RUNNING);
  assert_int_equal(aatgs_graph_ready_tasks(g, ready, 4), 1);
  assert_int_equal(aatgs_graph_mark_complete(g, b, 500), 0);
  assert_int_equal(aatgs_graph_task_duration(g, b, &duration), 0);
  assert_int_equal(duration, 500);
  assert_int_equal(status(g, c), AATGS_TASK_PENDING);
  assert_int_equal(aatgs_graph_mark_started(g, a), 0);
  assert_int_equal(aatgs_graph_mark_complete(g, a, 1), 0);
  assert_int_equal(status(g, c), AATGS_TASK_READY);
  assert_int_equal(aatgs_graph_mark_failed(g, c), 0);
  assert_int_equal(status(g, c), AATGS_TASK_FAILED);
  assert_int_equal(status(g, d), AATGS_TASK_PENDING); /* for good */
  assert_int_equal(aatgs_graph_ready_tasks(g, ready, 4), 0);
  assert_string_equal(aatgs_task_state_name(AATGS_TASK_FAILED), "Failed");
  aatgs_graph_close(g);
}

static void ready_tasks_come_in_the_order_they_became_ready(void **state)
{
  aatgs_graph *g = open_graph();
  uint32_t a = add(g, "Custom", "a", 0, NULL), b = add(g, "Custom", "b", 0, NULL), task;
  uint32_t c = add(g, "Custom", "c", 1, &a), d = add(g, "Custom", "d", 0, NULL);
  (void)state;

  assert_true(aatgs_graph_pop_ready_task(g, &task));
  assert_int_equal(task, a);
  assert_int_equal(status(g, a), AATGS_TASK_READY);
  aatgs_graph_mark_started(g, a);
  aatgs_graph_mark_complete(g, a, 1);
  /* b loses its place when it gets a dependency, and gets a new one when that is met. */
  assert_int_equal(aatgs_graph_add_dependency(g, b, c), 0);
  assert_int_equal(status(g, b), AATGS_TASK_PENDING);
  assert_true(aatgs_graph_pop_ready_task(g, &task));
  assert_int_equal(task, d);
  assert_true(aatgs_graph_pop_ready_task(g, &task));
  assert_int_equal(task, c);
  assert_false(aatgs_graph_pop_ready_task(g, &task));
  aatgs_graph_mark_started(g, c);
  assert_int_equal(aatgs_graph_add_dependency(g, c, d), AATGS_EINVAL);
  aatgs_graph_mark_complete(g, c, 1);
  assert_true(aatgs_graph_pop_ready_task(g, &task));
  assert_int_equal(task, b);
  assert_false(aatgs_graph_pop_ready_task(g, &task));
  aatgs_graph_close(g);
}

static int count_tasks(void *user, const aatgs_task_info *info)
{
  uint32_t *ids = user;
  ids[++ids[0]] = info->id;
  return ids[0] == 3 ? 42 : 0;
}

static void completed_tasks_are_cleared_and_ids_stay(void **state)
{
  aatgs_graph *g = open_graph();
  uint32_t a = add(g, "Custom", "a", 0, NULL), b = add(g, "Custom", "b", 1, &a), id;
  uint32_t ab[] = {a, b}, c = add(g, "Custom", "c", 2, ab), ids[8] = {0};
  aatgs_task_state s;
  (void)state;

  aatgs_graph_mark_started(g, a);
  aatgs_graph_mark_complete(g, a, 1);
  assert_int_equal(aatgs_graph_clear_completed(g), 1);
  assert_int_equal(aatgs_graph_clear_completed(g), 0);
  assert_int_equal(aatgs_graph_len(g), 2);
  assert_int_equal(aatgs_graph_edges(g), 1);
  assert_int_equal(aatgs_graph_task_status(g, a, &s), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_graph_find(g, "a", &id), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_graph_find(g, "c", &id), 0);
  assert_int_equal(id, c);
  assert_int_equal(add(g, "Custom", "a", 1, &a), 3); /* a retired dependency is met */
  assert_int_equal(status(g, 3), AATGS_TASK_READY);
  assert_int_equal(aatgs_graph_tasks(g, count_tasks, ids), 42);
  assert_int_equal(ids[1], b);
  assert_int_equal(ids[2], c);
  assert_int_equal(ids[3], 3);
  aatgs_graph_mark_started(g, b);
  aatgs_graph_mark_complete(g, b, 1);
  assert_int_equal(status(g, c), AATGS_TASK_READY);
  aatgs_graph_close(g);
}

/* A graph that is fed for ever stays small, and everything in it keeps its id. */
static void a_long_stream_of_tasks(void **state)
{
  aatgs_graph *g = open_graph();
  uint32_t previous = 0;
  (void)state;

  for (uint32_t i = 0; i < 50000; i++) {
    char name[16];
    uint32_t id, next, found;
    snprintf(name, sizeof name, "t%u", i % 100);
    id = add(g, "Custom", i % 3 ? NULL : name, i > 0, &previous);
    assert_int_equal(id, i);
    if (i > 10) {
      assert_true(aatgs_graph_pop_ready_task(g, &next));
      assert_int_equal(next, i - 11);
      aatgs_graph_mark_started(g, next);
      aatgs_graph_mark_complete(g, next, 1);
      assert_int_equal(aatgs_graph_clear_completed(g), 1);
      assert_int_equal(aatgs_graph_len(g), 11);
      assert_int_equal(aatgs_graph_edges(g), 10);
    }
    if (i % 3 == 0) {
      assert_int_equal(aatgs_graph_find(g, name, &found), 0);
      assert_int_equal(found, id);
    }
    previous = id;
  }
  assert_int_equal(aatgs_graph_check(g), 0);
  aatgs_graph_close(g);
}

/* ---- One-shot components ---- */

static void components_leave_oldest_first(void **state)
{
  aatgs_graph *g = open_graph(), *part;
  uint32_t u1 = add(g, "ConfigUpload", "u1", 0, NULL), u2 = add(g, "ConfigUpload", "u2", 0, NULL);
  uint32_t w2 = add(g, "WhcrKernel", "w2", 1, &u2), w1 = add(g, "WhcrKernel", "w1", 1, &u1);
  uint32_t lone = add(g, "Custom", "lone", 0, NULL), id;
  aatgs_task_info info;
  aatgs_task_state s;
  (void)state;

  assert_int_equal(aatgs_graph_take_component(g, &part), 0);
  assert_int_equal(aatgs_graph_len(part), 2);
  assert_int_equal(aatgs_graph_find(part, "u1", &id), 0);
  assert_int_equal(id, 0);
  assert_int_equal(aatgs_graph_find(part, "w1", &id), 0);
  assert_int_equal(id, 1);
  assert_int_equal(status(part, 0), AATGS_TASK_READY);
  assert_int_equal(status(part, 1), AATGS_TASK_PENDING);
  assert_int_equal(aatgs_graph_check(part), 0);
  aatgs_graph_close(part);
  assert_int_equal(aatgs_graph_task_status(g, u1, &s), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_graph_task_status(g, w1, &s), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_graph_task_info(g, w2, &info), 0);
  assert_string_equal(info.name, "w2");
  assert_int_equal(aatgs_graph_len(g), 3);
  assert_int_equal(aatgs_graph_take_component(g, &part), 0);
  assert_int_equal(aatgs_graph_len(part), 2);
  aatgs_graph_close(part);
  assert_int_equal(status(g, lone), AATGS_TASK_READY);
  assert_int_equal(aatgs_graph_take_component(g, &part), 0);
  assert_int_equal(aatgs_graph_len(part), 1);
  aatgs_graph_close(part);
  assert_int_equal(aatgs_graph_take_component(g, &part), AATGS_ENOTFOUND);
  assert_null(part);
  aatgs_graph_close(g);
}

/* The batch pattern, a hundred thousand times upload > work > download. */
static void many_components_in_linear_time(void **state)
{
  enum { COMPONENTS = 20000 };
  aatgs_graph *g = open_graph(), *part;
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  aatgs_task_info info;
  uint32_t id = 0;
  (void)state;

  o.once = true;
  for (uint32_t i = 0; i < 3 * COMPONENTS; i++) {
    static const char *const types[] = {"ConfigUpload", "WhcrKernel", "TelemetryDownload"};
    o.type = types[i % 3];
    assert_int_equal(aatgs_graph_add_task(g, &o, &id, i % 3 != 0, &id), 0);
  }
  for (uint32_t i = 0; i < COMPONENTS; i++) {
    assert_int_equal(aatgs_graph_take_component(g, &part), 0);
    assert_int_equal(aatgs_graph_len(part), 3);
    assert_int_equal(aatgs_graph_check(part), 0);
    aatgs_graph_task_info(part, 2, &info);
    assert_int_equal(info.type, FAKE_DOWNLOAD);
    aatgs_graph_close(part);
    if (i % 1000 == 0 && i + 1 < COMPONENTS) {
      assert_int_equal(aatgs_graph_task_info(g, 3 * i + 4, &info), 0);
      assert_int_equal(info.type, FAKE_WHCR);
    }
  }
  assert_true(aatgs_graph_is_empty(g));
  aatgs_graph_close(g);
}

static void once_tasks_can_be_left_out(void **state)
{
  aatgs_graph *g = open_graph(), *rest;
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint32_t a = add(g, "ConfigUpload", "a", 0, NULL), b, c, id;
  uint32_t order[2];
  (void)state;

  o.type = "Custom";
  o.once = true;
  o.name = "b";
  assert_int_equal(aatgs_graph_add_task(g, &o, &a, 1, &b), 0);
  o.name = "c";
  assert_int_equal(aatgs_graph_add_task(g, &o, &b, 1, &c), 0);
  add(g, "TelemetryDownload", "d", 1, &c);
  assert_int_equal(aatgs_graph_drop_once(g, &rest), 0);
  assert_int_equal(aatgs_graph_len(rest), 2);
  assert_int_equal(aatgs_graph_edges(rest), 1); /* d inherited a from c and b */
  assert_int_equal(aatgs_graph_find(rest, "d", &id), 0);
  assert_int_equal(status(rest, id), AATGS_TASK_PENDING);
  assert_int_equal(aatgs_graph_topological_sort(rest, order), 0);
  assert_int_equal(order[1], id);
  aatgs_graph_close(rest);
  aatgs_graph_close(g);
}

/* ---- Size ---- */

static double now_s(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void large_graph(uint32_t tasks)
{
  aatgs_graph *g = open_graph();
  uint32_t *order = malloc(tasks * sizeof *order);
  uint64_t seed = tasks;
  double start = now_s();
  uint32_t ran = 0, task;

  assert_non_null(order);
  for (uint32_t i = 0; i < tasks; i++) {
    uint32_t deps[4];
    for (size_t d = 0; d < 4 && i; d++)
      deps[d] = test_below(&seed, i);
    add(g, "Custom", NULL, i ? 4 : 0, deps);
  }
  assert_int_equal(aatgs_graph_topological_sort(g, order), 0);
  for (uint32_t i = 0; i < tasks; i++)
    assert_int_equal(order[i], i); /* ids are such an order, and equals go by id */
  assert_int_equal(aatgs_graph_check(g), 0);
  while (aatgs_graph_pop_ready_task(g, &task)) {
    assert_int_equal(aatgs_graph_mark_started(g, task), 0);
    assert_int_equal(aatgs_graph_mark_complete(g, task, 1), 0);
    ran++;
  }
  assert_int_equal(ran, tasks);
  assert_int_equal(aatgs_graph_clear_completed(g), tasks);
  assert_true(now_s() - start < 30); /* quadratic work would take far longer */
  print_message("%u tasks: %.3f s\n", tasks, now_s() - start);
  free(order);
  aatgs_graph_close(g);
}

static void ten_thousand_tasks(void **state)
{
  (void)state;
  large_graph(10000);
}

static void hundred_thousand_tasks(void **state)
{
  (void)state;
  large_graph(100000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_come_from_the_type),
      cmocka_unit_test(wrong_tasks_are_refused_with_a_sentence),
      cmocka_unit_test(only_one_repeating_download),
      cmocka_unit_test(generated_names_are_unique),
      cmocka_unit_test(type_names_that_look_generated),
      cmocka_unit_test(states_follow_the_marks),
      cmocka_unit_test(ready_tasks_come_in_the_order_they_became_ready),
      cmocka_unit_test(completed_tasks_are_cleared_and_ids_stay),
      cmocka_unit_test(a_long_stream_of_tasks),
      cmocka_unit_test(components_leave_oldest_first),
      cmocka_unit_test(many_components_in_linear_time),
      cmocka_unit_test(once_tasks_can_be_left_out),
      cmocka_unit_test(ten_thousand_tasks),
      cmocka_unit_test(hundred_thousand_tasks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
