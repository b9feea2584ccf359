/* Schedule quality on the Standard Task Graphs, through the scheduler's own plans. */
#include "host/graph.h"
#include "host/schedule.h"
#include "host/scheduler.h"
#include "host/stg.h"
#include "support/check.h"

#include <glob.h>
#include <stdlib.h>

static glob_t files;
static double mean_ratio[4];
static uint32_t proved[4], pairs;
static const char *const policies[] = {"fifo", "original", "critical-path", "adaptive"};

/* Every start after its dependencies' ends, no worker twice at a time, nothing forgotten. */
static uint64_t checked_makespan(aatgs_problem *p, const uint32_t *task_at)
{
  aatgs_timing *t = calloc(p->tasks, sizeof *t);
  uint64_t makespan, busy_until[64] = {0}, end = 0;
  uint32_t *by_start = malloc(2 * p->tasks * sizeof *by_start);
  uint64_t *key = malloc(p->tasks * sizeof *key);

  assert_true(t && by_start && key);
  assert_int_equal(aatgs_simulate(p, task_at, NULL, t, &makespan), 0);
  for (uint32_t i = 0; i < p->tasks; i++) {
    assert_int_equal(t[i].task, i);
    assert_int_equal(t[i].duration_ns, p->part_ns[i]);
    for (uint32_t e = p->before_at[i]; e < p->before_at[i + 1]; e++) {
      const aatgs_timing *before = &t[p->before[e]];
      assert_true(t[i].start_ns >= before->start_ns + before->duration_ns);
    }
    key[i] = UINT64_MAX - t[i].start_ns * 1000 - (t[i].duration_ns > 0);
    by_start[i] = i;
  }
  aatgs_sort_by_key(by_start, p->tasks, key, by_start + p->tasks);
  for (uint32_t i = 0; i < p->tasks; i++) {
    const aatgs_timing *at = &t[by_start[i]];
    assert_true(at->worker < p->workers && at->start_ns >= busy_until[at->worker]);
    busy_until[at->worker] = at->start_ns + at->duration_ns;
    end = busy_until[at->worker] > end ? busy_until[at->worker] : end;
  }
  assert_int_equal(end, makespan);
  assert_int_equal(makespan, aatgs_list_schedule(p, task_at, false, NULL, NULL));
  free(t);
  free(by_start);
  free(key);
  return makespan;
}

static void one_pair(const aatgs_graph *g, uint32_t workers)
{
  static uint32_t task_at[512], priority[512];
  aatgs_problem *p;

  assert_int_equal(aatgs_problem_open(g, workers, &p), 0);
  for (int i = 0; i < 4; i++) {
    aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
    aatgs_scheduler *s;
    uint64_t makespan;
    o.policy = policies[i];
    o.workers = workers;
    assert_int_equal(aatgs_scheduler_open(&aatgs_stg_workload, &o, &s, NULL), 0);
    assert_int_equal(aatgs_scheduler_plan(s, g, task_at, priority), 0);
    makespan = checked_makespan(p, task_at);
    assert_true(makespan >= p->bound_ns);
    mean_ratio[i] += (double)makespan / (double)p->bound_ns;
    proved[i] += makespan == p->bound_ns;
    aatgs_scheduler_close(s);
  }
  aatgs_problem_close(p);
  pairs++;
}

static void the_bars_hold(void **state)
{
  (void)state;
  if (files.gl_pathc == 0) {
    print_message("skipped: no task graphs below $AATGS_SHARED/data/stg\n");
    skip();
  }
  for (size_t f = 0; f < files.gl_pathc; f++) {
    aatgs_graph *g;
    aatgs_error e;
    assert_int_equal(aatgs_stg_load(files.gl_pathv[f], 1, &g, &e), 0);
    for (uint32_t workers = 2; workers <= 16; workers *= 2)
      one_pair(g, workers);
    aatgs_graph_close(g);
  }
  for (int i = 0; i < 4; i++)
    print_message("%-14s ratio %.5f, proved optimal %u of %u\n", policies[i], mean_ratio[i] / pairs,
                  proved[i], pairs);
  assert_int_equal(pairs, 4 * files.gl_pathc);
  assert_true(mean_ratio[3] / pairs <= 1.0042);
  assert_true(proved[3] * 10 >= pairs * 9);
  assert_true(mean_ratio[2] / pairs <= 1.0075);
  assert_true(mean_ratio[3] < mean_ratio[2] && mean_ratio[2] < mean_ratio[0]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_bars_hold)};
  const char *shared = getenv("AATGS_SHARED");
  char pattern[512];
  int rc;
  snprintf(pattern, sizeof pattern, "%s/data/stg/*/*.stg", shared ? shared : "../shared");
  glob(pattern, 0, NULL, &files);
  rc = cmocka_run_group_tests(tests, NULL, NULL);
  globfree(&files);
  return rc;
}
