/* How good the orders are: every policy on all graphs of the Standard Task Graph set, with 2, 4, 8
 * and 16 workers and known durations. */
#include "bench.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/graph.h"
#include "host/schedule.h"
#include "host/scheduler.h"
#include "host/stg.h"

#define TASKS_MAX 4096u
#define PAIRS_MAX 16384u

static const char *const policies[] = {"fifo", "original", "critical-path", "adaptive"};
#define POLICIES (sizeof policies / sizeof *policies)

typedef struct tally {
  double ratio_sum;
  uint64_t proved;
  uint64_t pairs;
  bench_samples plan; /* ns of CPU time */
} tally;

static uint64_t cpu_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void one(const bench *b, const aatgs_graph *g, aatgs_problem *p, const char *policy,
                tally *t)
{
  static uint32_t task_at[TASKS_MAX], priority[TASKS_MAX];
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_scheduler *s;
  uint64_t start, makespan;
  o.policy = policy;
  o.workers = p->workers;
  if (aatgs_scheduler_open(&aatgs_stg_workload, &o, &s, NULL))
    bench_fail(b, "no scheduler with policy %s", policy);
  start = cpu_ns();
  if (aatgs_scheduler_plan(s, g, task_at, priority))
    bench_fail(b, "a graph could not be planned");
  bench_sample(&t->plan, cpu_ns() - start);
  makespan = aatgs_list_schedule(p, task_at, false, NULL, NULL);
  t->ratio_sum += (double)makespan / (double)p->bound_ns;
  t->proved += makespan == p->bound_ns;
  t->pairs++;
  aatgs_scheduler_close(s);
}

static void one_file(const bench *b, const char *path, tally *tallies)
{
  aatgs_graph *g;
  aatgs_error error = {0};
  if (aatgs_stg_load(path, 1, &g, &error))
    bench_fail(b, "%s", error.text);
  if (aatgs_graph_len(g) > TASKS_MAX)
    bench_fail(b, "%s has more than %u tasks", path, TASKS_MAX);
  for (uint32_t workers = 2; workers <= 16; workers *= 2) {
    aatgs_problem *p;
    if (aatgs_problem_open(g, workers, &p))
      bench_fail(b, "out of memory");
    for (size_t i = 0; i < POLICIES; i++)
      one(b, g, p, policies[i], &tallies[i]);
    aatgs_problem_close(p);
  }
  aatgs_graph_close(g);
}

static void put(bench *b, const char *name, tally *t)
{
  json_t *row = bench_row(b, name, strcmp(name, "adaptive") != 0);
  bench_count(row, "pairs", t->pairs);
  bench_real(row, "mean_above_bound_percent", 100.0 * (t->ratio_sum / (double)t->pairs - 1.0));
  bench_real(row, "proved_optimal_percent", 100.0 * (double)t->proved / (double)t->pairs);
  bench_count(row, "plan_p50_ns", bench_percentile(&t->plan, 500));
  bench_count(row, "plan_p99_ns", bench_percentile(&t->plan, 990));
  bench_count(row, "plan_max_ns", bench_percentile(&t->plan, 1000));
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "schedule",
      "How far are the policies' orders from the lower bound on the Standard Task Graphs below "
      "$AATGS_SHARED/data/stg (default: ../shared), and what does an order cost?",
      1, "a pass over all graphs; the orders are the same each time"};
  const char *shared = getenv("AATGS_SHARED");
  tally tallies[POLICIES] = {0};
  char pattern[512];
  glob_t files;
  bench b;
  bench_start(&program, argc, argv, &b);
  snprintf(pattern, sizeof pattern, "%s/data/stg/*/*.stg", shared ? shared : "../shared");
  if (glob(pattern, 0, NULL, &files))
    bench_fail(&b, "no task graph matches %s; set AATGS_SHARED", pattern);
  for (size_t i = 0; i < POLICIES; i++)
    bench_samples_open(&b, &tallies[i].plan, (size_t)b.rounds * PAIRS_MAX);
  for (uint32_t r = 0; r < b.rounds; r++)
    for (size_t f = 0; f < files.gl_pathc; f++)
      one_file(&b, files.gl_pathv[f], tallies);
  for (size_t i = 0; i < POLICIES; i++) {
    put(&b, policies[i], &tallies[i]);
    bench_samples_close(&tallies[i].plan);
  }
  globfree(&files);
  return bench_finish(&b);
}
