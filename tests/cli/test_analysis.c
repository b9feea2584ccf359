/* The analysis of a trace whose every figure is known: hand_trace.h. */
#include <stdlib.h>
#include <string.h>

#include "trace/cm.h"

#include "cli/hand_trace.h"
#include "tools/analysis.h"
#include "trace/make.h"

static aatgs_trace *open_hand(hand_kind kind)
{
  aatgs_trace *t = NULL;
  aatgs_error error = {0};
  const char *dir = make_path("analysis");
  if (hand_trace_write(dir, kind, &error) || aatgs_trace_open(dir, &t, &error))
    fail_msg("%s", error.text);
  return t;
}

/* The path of iteration `number`, after those before it. */
static void find_path(aatgs_trace *t, aatgs_paths *p, uint64_t number, aatgs_path *out)
{
  aatgs_iteration it = {0};
  assert_int_equal(aatgs_trace_seek(t, 1), 0);
  while (it.iteration < number) {
    assert_int_equal(aatgs_trace_next(t, &it), 1);
    assert_int_equal(aatgs_paths_find(p, &it, out), 0);
  }
}

static void check_spent(const aatgs_path *p, uint64_t bus, uint64_t dependencies, uint64_t workers,
                        uint64_t computing)
{
  assert_int_equal(p->ns[AATGS_SPENT_BUS], bus);
  assert_int_equal(p->ns[AATGS_SPENT_DEPENDENCIES], dependencies);
  assert_int_equal(p->ns[AATGS_SPENT_WORKERS], workers);
  assert_int_equal(p->ns[AATGS_SPENT_COMPUTING], computing);
  assert_int_equal(p->round_trip_ns, bus + dependencies + workers + computing);
}

static void paths(void **state)
{
  static const struct {
    uint32_t task, part;
    uint64_t ready, workers, computing;
  } steps[] = {{0, 0, 0, 0, 100}, {1, 1, 100, 50, 300}, {1, 2, 450, 10, 40}, {3, 0, 500, 20, 80}};
  aatgs_trace *t = open_hand(HAND_PLAIN);
  aatgs_paths *p;
  aatgs_path path;
  (void)state;
  assert_int_equal(aatgs_paths_open(t, &p), 0);
  find_path(t, p, 1, &path);
  check_spent(&path, 200, 0, 80, 520);
  assert_true(path.one_clock && path.to_device_ns == 100 && path.to_host_ns == 90);
  assert_int_equal(path.end_to_end_ns, 610);
  assert_int_equal(path.step_count, 4);
  for (size_t i = 0; i < 4; i++) {
    const aatgs_path_step *s = &path.steps[i];
    assert_true(s->task == steps[i].task && s->part == steps[i].part);
    assert_true(s->ready_ns == steps[i].ready && s->ns[AATGS_SPENT_WORKERS] == steps[i].workers);
    assert_int_equal(s->ns[AATGS_SPENT_COMPUTING], steps[i].computing);
    assert_int_equal(s->waited_for, 0);
  }
  /* `left` is ready at 200 after the post, held until 300, begins at 320. */
  find_path(t, p, 2, &path);
  check_spent(&path, 200, 100, 20 + 10 + 20, 100 + 300 + 40 + 80);
  assert_int_equal(path.steps[1].waited_for, 1);
  assert_int_equal(path.steps[1].region, 0);
  find_path(t, p, 10, &path);
  check_spent(&path, 200, 0, 80, 5520);
  find_path(t, p, 12, &path);
  check_spent(&path, 3100, 0, 80, 520);
  aatgs_paths_close(p);
  aatgs_trace_close(t);
}

static void totals(const aatgs_analysis *a)
{
  assert_int_equal(a->iterations, HAND_ITERATIONS);
  assert_true(a->first == 1 && a->last == HAND_LAST && a->failed == 1);
  assert_int_equal(a->timings, 6 * HAND_ITERATIONS);
  assert_int_equal(a->tasks, 4 * HAND_ITERATIONS);
  assert_true(a->gap_count == 1 && a->lost == 5);
  assert_true(a->gaps[0].first == 20 && a->gaps[0].count == 5);
  assert_int_equal(a->host_last_ns - a->host_first_ns, 64 * 10000 + 800);
  assert_int_equal(aatgs_latency_at(&a->round_trip, 500), 800);
  assert_int_equal(a->round_trip.max_ns, 5800);
  assert_int_equal(a->round_trip_sum_ns, 57 * 800 + 870 + 5800 + 3700);
  assert_int_equal(a->end_to_end_sum_ns, 58 * 610 + 680 + 5610);
  assert_int_equal(a->spent_ns[AATGS_SPENT_DEPENDENCIES], 100);
  assert_int_equal(a->spent_ns[AATGS_SPENT_COMPUTING], 60 * 520 + 5000);
  assert_int_equal(a->worker_count, 2);
  assert_int_equal(a->worker_busy_ns[0], 60 * 400);
  assert_int_equal(a->worker_busy_ns[1], 60 * 420 + 5000);
}

static void types(const aatgs_analysis *a)
{
  assert_string_equal(a->types[1].name, "Work");
  assert_int_equal(a->types[0].tasks, 60);
  assert_int_equal(a->types[0].busy_ns, 60 * 100);
  /* left: from 200 to 600, in iteration 2 from 320 to 670; right: 100. */
  assert_int_equal(a->types[1].tasks, 120);
  assert_int_equal(a->types[1].parts, 240);
  assert_int_equal(a->types[1].busy_ns, 60 * (200 + 300 + 40 + 100) + 5000);
  assert_int_equal(a->types[1].elapsed_ns, 58 * 400 + 350 + 5400 + 60 * 100);
  assert_int_equal(aatgs_latency_at(a->types[1].elapsed, 500), 100);
  assert_int_equal(a->types[3].tasks, 0);
  assert_null(a->types[3].elapsed);
}

static void decisions(const aatgs_analysis *a)
{
  assert_int_equal(a->decisions, 2);
  assert_int_equal(a->rule_count, 2);
  assert_string_equal(a->rules[0].name, "base");
  assert_string_equal(a->rules[1].name, "config_low");
  assert_true(a->rules[0].decisions == 1 && a->rules[0].iterations == 34);
  assert_true(a->rules[1].decisions == 1 && a->rules[1].iterations == 26);
  assert_int_equal(a->in_flight.max_ns, 1);
  assert_int_equal(a->config_waiting.max_ns, 3);
}

static void slowest(const aatgs_analysis *a)
{
  char reason[256];
  assert_int_equal(a->slow_count, AATGS_SLOW_MAX);
  assert_int_equal(a->slow[0].iteration, 10);
  assert_int_equal(aatgs_analysis_blame(a, &a->slow[0]), AATGS_SPENT_COMPUTING);
  assert_string_equal(aatgs_analysis_reason(a, &a->slow[0], reason, sizeof reason),
                      "task left computed for 5.30 us, median of its type 100 ns");
  assert_int_equal(a->slow[1].iteration, 12);
  assert_string_equal(aatgs_analysis_reason(a, &a->slow[1], reason, sizeof reason),
                      "the config lay in its ring for 3.00 us before a worker took it");
  assert_int_equal(a->slow[2].iteration, 2);
  assert_string_equal(aatgs_analysis_reason(a, &a->slow[2], reason, sizeof reason),
                      "task left waited 100 ns for iteration 1 to let go of region state");
  /* Of equals the earlier ones. */
  assert_int_equal(a->slow[3].iteration, 1);
  assert_int_equal(a->slow[4].iteration, 3);
  assert_ptr_equal(a->slow[4].path.steps, a->slow[4].steps);
}

static void whole(void **state)
{
  aatgs_trace *t = open_hand(HAND_PLAIN);
  aatgs_analysis *a;
  (void)state;
  assert_int_equal(aatgs_analysis_run(t, 1, UINT64_MAX, &a), 0);
  totals(a);
  types(a);
  decisions(a);
  slowest(a);
  aatgs_analysis_close(a);
  aatgs_trace_close(t);
}

/* What the first iteration of a range waited for lies before the range. */
static void range(void **state)
{
  aatgs_trace *t = open_hand(HAND_PLAIN);
  aatgs_analysis *a;
  (void)state;
  assert_int_equal(aatgs_analysis_run(t, 2, 4, &a), 0);
  assert_true(a->first == 2 && a->last == 4 && a->iterations == 3);
  assert_int_equal(a->spent_ns[AATGS_SPENT_DEPENDENCIES], 100);
  assert_int_equal(a->decisions, 0);
  aatgs_analysis_close(a);
  assert_int_equal(aatgs_analysis_run(t, 66, 70, &a), 0);
  assert_true(a->iterations == 0 && a->slow_count == 0 && a->lost == 0);
  aatgs_analysis_close(a);
  aatgs_trace_close(t);
}

/* What a policy that ranks went by follows from what the scheduler had been told before. */
static void adaptive(void **state)
{
  static const struct {
    const char *name;
    uint64_t decisions, iterations;
  } expected[] = {{"critical_path+config_low", 2, 19 + 14 + 12},
                  {"critical_path+?", 1, 1},
                  {"critical_path+telemetry_high", 1, 9},
                  {"critical_path+config_low+telemetry_high", 1, 5}};
  aatgs_trace *t = open_hand(HAND_ADAPTIVE);
  aatgs_analysis *a;
  (void)state;
  assert_int_equal(aatgs_analysis_run(t, 1, UINT64_MAX, &a), 0);
  assert_int_equal(a->rule_count, 4);
  for (uint32_t i = 0; i < 4; i++) {
    assert_string_equal(a->rules[i].name, expected[i].name);
    assert_int_equal(a->rules[i].decisions, expected[i].decisions);
    assert_int_equal(a->rules[i].iterations, expected[i].iterations);
  }
  assert_int_equal(a->acts[AATGS_TICK_OVERRUN - AATGS_ACT_FIRST], 1);
  assert_int_equal(a->acts[AATGS_TICK_ADAPT - AATGS_ACT_FIRST], 0);
  aatgs_analysis_close(a);
  /* A range begins by the rule of the plan that is in force. */
  assert_int_equal(aatgs_analysis_run(t, 45, 49, &a), 0);
  assert_int_equal(a->rule_count, 1);
  assert_int_equal(a->decisions, 0);
  assert_int_equal(a->rules[0].iterations, 5);
  assert_string_equal(a->rules[0].name, "critical_path+config_low");
  aatgs_analysis_close(a);
  aatgs_trace_close(t);
}

/* Whatever bits a trace holds: no time is counted twice, nothing is read out of bounds. */
static void noise(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 8; seed++) {
    const make_options o = {.seed = seed,
                            .iterations = 300,
                            .config_bytes = 32,
                            .telemetry_bytes = 16,
                            .graphs = 3,
                            .records_max = 20,
                            .gap_every = 40,
                            .noise = 0,
                            .small = 1};
    const char *dir = make_path("noise");
    aatgs_trace *t;
    aatgs_analysis *a;
    make_trace(&o, dir, NULL);
    assert_int_equal(aatgs_trace_open(dir, &t, NULL), 0);
    assert_int_equal(aatgs_analysis_run(t, 1, UINT64_MAX, &a), 0);
    uint64_t sum = 0;
    for (int k = 0; k < AATGS_SPENT_KINDS; k++)
      sum += a->spent_ns[k];
    assert_int_equal(sum, a->round_trip_sum_ns);
    assert_int_equal(a->iterations, 300);
    aatgs_analysis_close(a);
    aatgs_trace_close(t);
    make_remove(dir);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(paths), cmocka_unit_test(whole),
                                     cmocka_unit_test(range), cmocka_unit_test(adaptive),
                                     cmocka_unit_test(noise)};
  make_paths_in_memory();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
