/* Learning: durations unknown at the start, noisy, and changed once in the middle. The gap between
 * scheduling by unit durations and by the true ones must close within 20 iterations, twice. */
#include "host/estimator.h"
#include "host/graph.h"
#include "host/schedule.h"
#include "host/scheduler.h"
#include "host/stg.h"
#include "support/check.h"

#include <glob.h>
#include <math.h>
#include <stdlib.h>

enum { PHASE = 60, LEARN = 20, TASKS_MAX = 128 };

static glob_t files;
static size_t every = 6; /* of the graphs; 1 in the long test */

/* A factor x 1000 with mean 1 and the given coefficient of variation: a sum of twelve uniform
 * numbers is close to normal. */
static uint32_t noise(uint64_t *seed, double cv)
{
  double sum = 0, factor;
  for (int i = 0; i < 12; i++)
    sum += (double)(test_random(seed) >> 11) / 9007199254740992.0;
  factor = 1 + (sum - 6) * cv;
  return factor < 0.05 ? 50 : (uint32_t)(factor * 1000);
}

/* A copy of the graph in which all tasks are estimated alike. */
static aatgs_graph *without_durations(const aatgs_graph *g)
{
  aatgs_graph *unit;
  aatgs_trace_graph t;
  aatgs_trace_task tasks[TASKS_MAX];
  assert_int_equal(aatgs_graph_describe((aatgs_graph *)g, 1, &t), 0);
  memcpy(tasks, t.tasks, t.task_count * sizeof *tasks);
  for (uint32_t i = 0; i < t.task_count; i++)
    tasks[i].estimate_ns = 1000;
  t.tasks = tasks;
  assert_int_equal(aatgs_graph_from_trace(&aatgs_stg_workload, &t, &unit), 0);
  return unit;
}

struct contest {
  aatgs_graph *unit;
  aatgs_problem *truth; /* durations as they are in this phase */
  aatgs_scheduler *adaptive;
  uint32_t learned[TASKS_MAX], unit_order[TASKS_MAX], known_order[TASKS_MAX];
  uint32_t priority[TASKS_MAX];
  uint64_t seed;
};

/* The order that a scheduler makes of the graph with these estimates when it never learns more. */
static void order_by(const aatgs_problem *durations, const aatgs_graph *unit, uint32_t workers,
                     uint32_t *order)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_trace_graph t;
  aatgs_trace_task tasks[TASKS_MAX];
  uint32_t priority[TASKS_MAX];
  aatgs_graph *g;
  aatgs_scheduler *s;

  assert_int_equal(aatgs_graph_describe((aatgs_graph *)unit, 1, &t), 0);
  memcpy(tasks, t.tasks, t.task_count * sizeof *tasks);
  for (uint32_t i = 0; i < t.task_count; i++)
    tasks[i].estimate_ns = durations ? durations->part_ns[i] : 1000;
  t.tasks = tasks;
  assert_int_equal(aatgs_graph_from_trace(&aatgs_stg_workload, &t, &g), 0);
  o.policy = "adaptive";
  o.workers = workers;
  assert_int_equal(aatgs_scheduler_open(&aatgs_stg_workload, &o, &s, NULL), 0);
  assert_int_equal(aatgs_scheduler_plan(s, g, order, priority), 0);
  aatgs_scheduler_close(s);
  aatgs_graph_close(g);
}

static double makespan(struct contest *c, const uint32_t *order, const uint32_t *factors,
                       aatgs_timing *timings)
{
  uint64_t ns;
  assert_int_equal(aatgs_simulate(c->truth, order, factors, timings, &ns), 0);
  return (double)ns;
}

/* One phase: sums of the makespans by unit, learned and known durations after LEARN iterations. */
static void run_phase(struct contest *c, double sums[3])
{
  aatgs_timing timings[TASKS_MAX];
  uint32_t factors[TASKS_MAX];
  bool stale = true;

  order_by(c->truth, c->unit, c->truth->workers, c->known_order);
  for (int i = 0; i < PHASE; i++) {
    aatgs_sched_event e = {.kind = AATGS_SCHED_DONE};
    double ns[3];
    if (stale)
      assert_int_equal(aatgs_scheduler_plan(c->adaptive, c->unit, c->learned, c->priority), 0);
    for (uint32_t t = 0; t < c->truth->tasks; t++)
      factors[t] = noise(&c->seed, 0.3);
    ns[0] = makespan(c, c->unit_order, factors, timings);
    ns[2] = makespan(c, c->known_order, factors, timings);
    ns[1] = makespan(c, c->learned, factors, timings);
    for (int k = 0; k < 3 && i >= LEARN; k++)
      sums[k] += ns[k];
    e.u.done.graph = c->unit;
    e.u.done.timings = timings;
    e.u.done.count = c->truth->tasks;
    e.u.done.end_ns = (uint64_t)ns[1];
    stale = aatgs_scheduler_handle(c->adaptive, &e);
  }
}

/* The durations of the first phase dealt out anew. */
static void change_phase(struct contest *c)
{
  for (uint32_t i = c->truth->tasks - 2; i > 1; i--) { /* the dummies stay */
    uint32_t j = 1 + test_below(&c->seed, i);
    uint64_t swap = c->truth->part_ns[i];
    c->truth->part_ns[i] = c->truth->part_ns[j];
    c->truth->part_ns[j] = swap;
  }
  aatgs_problem_refresh(c->truth);
}

static void one_graph(const char *path, uint32_t workers, double first[3], double second[3])
{
  struct contest c = {.seed = workers};
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_graph *g;

  assert_int_equal(aatgs_stg_load(path, 100000, &g, NULL), 0);
  assert_true(aatgs_graph_len(g) <= TASKS_MAX);
  c.unit = without_durations(g);
  o.policy = "adaptive";
  o.workers = workers;
  assert_int_equal(aatgs_problem_open(g, workers, &c.truth), 0);
  assert_int_equal(aatgs_scheduler_open(&aatgs_stg_workload, &o, &c.adaptive, NULL), 0);
  order_by(NULL, c.unit, workers, c.unit_order);
  run_phase(&c, first);
  change_phase(&c);
  run_phase(&c, second);
  aatgs_scheduler_close(c.adaptive);
  aatgs_problem_close(c.truth);
  aatgs_graph_close(c.unit);
  aatgs_graph_close(g);
}

static void the_gap_closes_twice(void **state)
{
  double first[3] = {0}, second[3] = {0}, closed[2];
  (void)state;

  if (files.gl_pathc == 0) {
    print_message("skipped: no task graphs below $AATGS_SHARED/data/stg\n");
    skip();
  }
  for (size_t f = 0; f < files.gl_pathc; f += every)
    for (uint32_t workers = 2; workers <= 16; workers *= 2)
      one_graph(files.gl_pathv[f], workers, first, second);
  closed[0] = (first[0] - first[1]) / (first[0] - first[2]);
  closed[1] = (second[0] - second[1]) / (second[0] - second[2]);
  print_message("unit durations %.4f of known, learned %.4f; after the change %.4f and %.4f\n",
                first[0] / first[2], first[1] / first[2], second[0] / second[2],
                second[1] / second[2]);
  print_message("closed: %.1f %% of the gap, %.1f %% after the change\n", 100 * closed[0],
                100 * closed[1]);
  assert_true(first[0] > first[2] * 1.005); /* there is a gap */
  assert_true(closed[0] >= 0.8);
  assert_true(closed[1] >= 0.8);
}

/* ---- The estimator alone ---- */

static void the_estimator_finds_the_mean(void **state)
{
  uint64_t seed = 3;
  double error = 0;
  (void)state;

  for (int round = 0; round < 1000; round++) {
    aatgs_estimator e = {0};
    for (int i = 0; i < 20; i++)
      aatgs_estimator_add(&e, 1000 * (uint64_t)noise(&seed, 0.3));
    error += fabs((double)e.mean_ns - 1e6) / 1e6;
  }
  print_message("mean error after 20 samples of CV 0.3: %.1f %%\n", error / 10);
  assert_true(error / 1000 < 0.09);
}

static void single_outliers_do_not_move_it(void **state)
{
  aatgs_estimator e = {0};
  uint64_t seed = 4;
  (void)state;

  aatgs_estimator_add(&e, 50000000); /* a cold start */
  for (int i = 1; i < 200; i++)
    aatgs_estimator_add(&e, i % 20 == 0 ? 100000000 : 1000 * (uint64_t)noise(&seed, 0.1));
  assert_true(e.mean_ns > 900000 && e.mean_ns < 1150000);
}

static void a_new_phase_is_followed(void **state)
{
  uint64_t seed = 5;
  (void)state;

  for (uint64_t factor = 1; factor <= 4; factor++) {
    static const uint64_t to_ns[] = {0, 300, 600, 1600, 10000}; /* x 1000 of before */
    aatgs_estimator e = {0};
    double level = (double)to_ns[factor] * 1000;
    for (int i = 0; i < 100; i++)
      aatgs_estimator_add(&e, 1000 * (uint64_t)noise(&seed, 0.1));
    assert_int_equal(e.phases, 0);
    for (int i = 0; i < 8; i++)
      aatgs_estimator_add(&e, to_ns[factor] * noise(&seed, 0.1));
    assert_true((double)e.mean_ns > level * 0.85 && (double)e.mean_ns < level * 1.15);
    assert_true(e.phases > 0);
  }
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_estimator_finds_the_mean),
      cmocka_unit_test(single_outliers_do_not_move_it),
      cmocka_unit_test(a_new_phase_is_followed),
      cmocka_unit_test(the_gap_closes_twice),
  };
  const char *shared = getenv("AATGS_SHARED");
  char pattern[512];
  int rc;
  if (argc == 2 && strcmp(argv[1], "all") == 0)
    every = 1;
  snprintf(pattern, sizeof pattern, "%s/data/stg/*/*.stg", shared ? shared : "../shared");
  glob(pattern, 0, NULL, &files);
  rc = cmocka_run_group_tests(tests, NULL, NULL);
  globfree(&files);
  return rc;
}
