/* Cycles and races, by name, and against a brute-force oracle. */
#include "host/graph.h"
#include "support/check.h"
#include "support/fake_workload.h"

#include <stdlib.h>

static aatgs_graph *open_graph(void)
{
  aatgs_graph *graph;
  assert_int_equal(aatgs_graph_open(&fake_workload, &graph), 0);
  return graph;
}

static uint32_t add(aatgs_graph *graph, const char *type, const char *name)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint32_t id;
  o.type = type;
  o.name = name;
  assert_int_equal(aatgs_graph_add_task(graph, &o, NULL, 0, &id), 0);
  return id;
}

static void order(aatgs_graph *graph, uint32_t task, uint32_t depends_on)
{
  assert_int_equal(aatgs_graph_add_dependency(graph, task, depends_on), 0);
}

static void a_sort_respects_dependencies_then_ids(void **state)
{
  aatgs_graph *g = open_graph();
  uint32_t a = add(g, "Custom", "a"), b = add(g, "Custom", "b"), c = add(g, "Custom", "c");
  uint32_t d = add(g, "Custom", "d"), tasks[4], expected[] = {c, a, b, d};
  (void)state;

  order(g, a, c);
  order(g, b, c);
  assert_int_equal(aatgs_graph_topological_sort(g, tasks), 0);
  assert_memory_equal(tasks, expected, sizeof expected);
  assert_int_equal(aatgs_graph_add_dependency(g, a, 99), AATGS_ENOTFOUND);
  (void)d;
  aatgs_graph_close(g);
}

static void a_cycle_is_named(void **state)
{
  aatgs_graph *g = open_graph();
  uint32_t x = add(g, "Custom", "outside"), a = add(g, "Custom", "a"), b = add(g, "Custom", "b");
  uint32_t c = add(g, "Custom", "c"), y = add(g, "Custom", "after"), tasks[5];
  (void)state;

  order(g, a, x);
  order(g, b, a);
  order(g, c, b);
  order(g, y, c);
  assert_int_equal(aatgs_graph_check(g), 0);
  order(g, a, c);
  assert_int_equal(aatgs_graph_check(g), AATGS_ECYCLE);
  assert_contains(aatgs_graph_error(g)->text, ": a -> b -> c -> a");
  assert_int_equal(aatgs_graph_topological_sort(g, tasks), AATGS_ECYCLE);
  aatgs_graph_close(g);
}

static void a_task_that_waits_for_itself(void **state)
{
  aatgs_graph *g = open_graph();
  uint32_t a = add(g, "Custom", "me");
  (void)state;

  order(g, a, a);
  assert_int_equal(aatgs_graph_check(g), AATGS_ECYCLE);
  assert_contains(aatgs_graph_error(g)->text, "me -> me");
  aatgs_graph_close(g);
}

static void a_long_cycle_is_cut_in_the_middle(void **state)
{
  aatgs_graph *g = open_graph();
  (void)state;

  for (uint32_t i = 0; i < 1000; i++) {
    add(g, "Custom", NULL);
    if (i)
      order(g, i, i - 1);
  }
  order(g, 0, 999);
  assert_int_equal(aatgs_graph_check(g), AATGS_ECYCLE);
  assert_contains(aatgs_graph_error(g)->text, "Custom -> Custom-2 -> Custom-3");
  assert_contains(aatgs_graph_error(g)->text, "-> ... 991 more ... -> Custom-1000 -> Custom");
  aatgs_graph_close(g);
}

static void races_name_both_tasks_and_the_region(void **state)
{
  aatgs_graph *g = open_graph();
  uint32_t w1 = add(g, "WriteX", "first"), w2 = add(g, "WriteX", "second"), r;
  (void)state;

  assert_int_equal(aatgs_graph_check(g), AATGS_ERACE);
  assert_contains(aatgs_graph_error(g)->text, "\"first\"");
  assert_contains(aatgs_graph_error(g)->text, "\"second\"");
  assert_contains(aatgs_graph_error(g)->text, "\"x\"");
  order(g, w2, w1);
  assert_int_equal(aatgs_graph_check(g), 0);
  r = add(g, "ReadX", "reader");
  order(g, r, w1); /* after the first, but beside the second */
  assert_int_equal(aatgs_graph_check(g), AATGS_ERACE);
  assert_contains(aatgs_graph_error(g)->text, "\"second\"");
  assert_contains(aatgs_graph_error(g)->text, "\"reader\"");
  order(g, w2, r);
  assert_int_equal(aatgs_graph_check(g), 0);
  add(g, "ReadY", "other");
  add(g, "ReadY", "other2"); /* readers do not conflict */
  assert_int_equal(aatgs_graph_check(g), 0);
  aatgs_graph_close(g);
}

/* ---- Against the definition ---- */

enum { MAX = 40 };

struct oracle {
  uint32_t n;
  uint32_t type[MAX];
  uint8_t reach[MAX][MAX];
};

static const char *const random_types[] = {"ReadX", "WriteX", "ReadY", "WriteY", "Both", "Custom"};

static void random_graph(uint64_t *seed, aatgs_graph *g, struct oracle *o)
{
  uint32_t density = 1 + test_below(seed, 60), position[MAX];

  memset(o, 0, sizeof *o);
  o->n = 1 + test_below(seed, MAX);
  for (uint32_t i = 0; i < o->n; i++) {
    uint32_t pick = test_below(seed, 100) < 60 ? 5 : test_below(seed, 6), j;
    add(g, random_types[pick], NULL);
    o->type[i] = pick == 5 ? FAKE_CUSTOM : FAKE_READ_X + pick;
    j = test_below(seed, i + 1); /* a random order for the edges to follow */
    if (j != i)
      position[i] = position[j];
    position[j] = i;
  }
  for (uint32_t i = 0; i < o->n; i++)
    for (uint32_t j = 0; j < i; j++)
      if (test_below(seed, 100) < density) {
        order(g, position[i], position[j]);
        o->reach[position[j]][position[i]] = 1;
      }
  for (uint32_t k = 0; k < o->n; k++)
    for (uint32_t i = 0; i < o->n; i++)
      for (uint32_t j = 0; j < o->n; j++)
        o->reach[i][j] |= o->reach[i][k] & o->reach[k][j];
}

static uint64_t reads(uint32_t type)
{
  return fake_workload.types[type].reads;
}
static uint64_t writes(uint32_t type)
{
  return fake_workload.types[type].writes;
}

static int has_race(const struct oracle *o)
{
  for (uint32_t i = 0; i < o->n; i++)
    for (uint32_t j = 0; j < o->n; j++)
      if (i != j && !o->reach[i][j] && !o->reach[j][i] &&
          (writes(o->type[i]) & (reads(o->type[j]) | writes(o->type[j]))))
        return 1;
  return 0;
}

static void races_match_the_definition(void **state)
{
  uint64_t seed = 2024;
  int races = 0, clean = 0;
  (void)state;

  for (int round = 0; round < 5000; round++) {
    aatgs_graph *g = open_graph();
    struct oracle o;
    random_graph(&seed, g, &o);
    if (has_race(&o)) {
      races++;
      assert_int_equal(aatgs_graph_check(g), AATGS_ERACE);
    } else {
      clean++;
      assert_int_equal(aatgs_graph_check(g), 0);
    }
    aatgs_graph_close(g);
  }
  assert_true(races > 500 && clean > 500);
}

/* The compiled table of a clean random graph against the definitions of its masks. */
static void check_masks(aatgs_graph *g, const struct oracle *o)
{
  aatgs_graph_table *t = malloc(aatgs_graph_table_bytes(g));
  const aatgs_task_entry *e = (const aatgs_task_entry *)(t + 1);
  const uint32_t *dependents = (const uint32_t *)(e + o->n);
  uint32_t edges = 0, records = 0;

  assert_non_null(t);
  aatgs_graph_compile(g, 77, t);
  assert_int_equal(t->number, 77);
  assert_int_equal(t->tasks, o->n);
  for (uint32_t i = 0; i < o->n; i++) {
    assert_int_equal(e[i].type, o->type[i]);
    assert_int_equal(e[i].first_dependent, edges);
    assert_int_equal(e[i].first_record, records);
    for (uint32_t d = 0; d < e[i].dependents; d++)
      assert_true(o->reach[i][dependents[edges + d]] &&
                  (d == 0 || dependents[edges + d - 1] < dependents[edges + d]));
    edges += e[i].dependents;
    records += e[i].parts + (e[i].flags & AATGS_TASK_FINISH);
  }
  assert_int_equal(t->edges, edges);
  assert_int_equal(aatgs_graph_edges(g), edges);
  assert_int_equal(t->records, records);
  assert_int_equal(aatgs_graph_records(g), records);

  for (uint32_t r = 0; r < AATGS_REGIONS_MAX; r++) {
    uint64_t bit = AATGS_REGION_BIT(r), touched = 0, written = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < o->n; i++) {
      uint64_t touch = (reads(o->type[i]) | writes(o->type[i])) & bit;
      uint64_t write = writes(o->type[i]) & bit;
      int later_touch = 0, later_write = 0;
      touched |= touch;
      written |= write;
      for (uint32_t j = 0; j < o->n; j++)
        if (o->reach[i][j]) {
          later_touch |= ((reads(o->type[j]) | writes(o->type[j])) & bit) != 0;
          later_write |= (writes(o->type[j]) & bit) != 0;
        }
      assert_int_equal(!!(e[i].write_release & bit), write && !later_write);
      assert_int_equal(!!((e[i].touch_release | e[i].touch_count) & bit), touch && !later_touch);
      assert_int_equal(e[i].touch_release & e[i].touch_count & bit, 0);
      last += touch && !later_touch;
    }
    for (uint32_t i = 0; i < o->n; i++)
      assert_true(!((last > 1 ? e[i].touch_release : e[i].touch_count) & bit));
    assert_int_equal(t->last_readers[r], last > 1 ? last : 0);
    assert_int_equal(!!(t->touched & bit), touched != 0);
    assert_int_equal(!!(t->written & bit), written != 0);
  }
  free(t);
}

static void masks_match_the_definition(void **state)
{
  uint64_t seed = 7;
  int compiled = 0;
  (void)state;

  while (compiled < 1000) {
    aatgs_graph *g = open_graph();
    struct oracle o;
    random_graph(&seed, g, &o);
    if (aatgs_graph_check(g) == 0) {
      check_masks(g, &o);
      compiled++;
    }
    aatgs_graph_close(g);
  }
}

/* 64 regions, everybody touching everything, in one long chain: linear work only. */
static void a_hundred_thousand_tasks_are_checked_quickly(void **state)
{
  aatgs_graph *g = open_graph();
  (void)state;

  for (uint32_t i = 0; i < 100000; i++) {
    add(g, random_types[i % 5], NULL);
    if (i)
      order(g, i, i - 1);
  }
  assert_int_equal(aatgs_graph_check(g), 0);
  aatgs_graph_close(g);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sort_respects_dependencies_then_ids),
      cmocka_unit_test(a_cycle_is_named),
      cmocka_unit_test(a_task_that_waits_for_itself),
      cmocka_unit_test(a_long_cycle_is_cut_in_the_middle),
      cmocka_unit_test(races_name_both_tasks_and_the_region),
      cmocka_unit_test(races_match_the_definition),
      cmocka_unit_test(masks_match_the_definition),
      cmocka_unit_test(a_hundred_thousand_tasks_are_checked_quickly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
