/* What a decision and an added task cost, with a thousand tasks and with a million, and what the
 * same rules cost when every decision scans the tasks and sorts the ready ones. */
#include "bench.h"
#include "naive.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "device/workload.h"

static const aatgs_task_type types[] = {
    {"upload", "", AATGS_ROLE_UPLOAD, 1, 0, 0, 100000, 0, -1},
    {"short", "", AATGS_ROLE_NONE, 1, 0, 0, 5000000, 0, -1},
    {"long", "", AATGS_ROLE_NONE, 1, 0, 0, 15000000, 0, -1},
    {"download", "", AATGS_ROLE_DOWNLOAD, 1, 0, 0, 200000, 0, -1},
};
#define TYPES (sizeof types / sizeof *types)

static const struct aatgs_workload workload = {
    .abi = AATGS_WORKLOAD_ABI,
    .size = sizeof(struct aatgs_workload),
    .name = "bench",
    .config_bytes = 256,
    .telemetry_bytes = 64,
    .types = types,
    .type_count = TYPES,
};

/* Two dependencies each among the few thousand tasks before, so that thousands are ready. */
typedef struct shape {
  uint32_t tasks;
  uint32_t *dependencies; /* two a task */
  uint8_t *type;
} shape;

#define WINDOW 5000u

/* Of this thread's time on a core: what else runs on the machine does not count. */
static uint64_t now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static uint32_t below(uint64_t *seed, uint32_t n)
{
  uint64_t x = *seed += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)(((x >> 32) * n) >> 32);
}

static void make_shape(const bench *b, uint32_t tasks, shape *s)
{
  uint64_t seed = tasks;
  s->tasks = tasks;
  s->dependencies = malloc(2 * (size_t)tasks * sizeof *s->dependencies);
  s->type = malloc(tasks);
  if (!s->dependencies || !s->type)
    bench_fail(b, "out of memory for %u tasks", tasks);
  for (uint32_t i = 0; i < tasks; i++) {
    uint32_t window = i < WINDOW ? i : WINDOW;
    s->type[i] = (uint8_t)below(&seed, TYPES);
    for (uint32_t k = 0; k < 2; k++)
      s->dependencies[2 * i + k] = i ? i - 1 - below(&seed, window) : 0;
  }
}

static uint32_t dependency_count(uint32_t task)
{
  return task < WINDOW / 10 ? 0 : 2;
}

typedef struct cost {
  uint64_t add_ns; /* of all tasks together, and so on */
  uint64_t decide_ns;
  uint64_t finish_ns;
  uint64_t bytes;
  uint64_t page_faults; /* after opening */
} cost;

static uint64_t page_faults(void)
{
  struct rusage u;
  getrusage(RUSAGE_THREAD, &u);
  return (uint64_t)(u.ru_minflt + u.ru_majflt);
}

static uint64_t allocated(void)
{
  struct mallinfo2 m = mallinfo2();
  return m.uordblks + m.hblkhd;
}

static void add_all(const bench *b, const shape *s, aatgs_scheduler *scheduler)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  for (uint32_t i = 0; i < s->tasks; i++) {
    o.type = types[s->type[i]].name;
    if (aatgs_scheduler_add_task(scheduler, &o, &s->dependencies[2 * i], dependency_count(i), NULL))
      bench_fail(b, "task %u was refused", i);
  }
}

/* Takes what is ready, then finishes it, until nothing is left; keeps the order. */
static void drain(const bench *b, const shape *s, aatgs_scheduler *scheduler, uint32_t *order,
                  cost *c)
{
  uint32_t done = 0;
  while (done < s->tasks) {
    uint32_t taken = done;
    aatgs_scheduled_task next;
    uint64_t start = now_ns(), middle;
    while (aatgs_scheduler_schedule_next(scheduler, &next))
      order[taken++] = next.task_id;
    middle = now_ns();
    if (taken == done)
      bench_fail(b, "the scheduler forgot %u tasks", s->tasks - done);
    for (; done < taken; done++)
      if (aatgs_scheduler_mark_task_started(scheduler, order[done]) ||
          aatgs_scheduler_mark_task_completed(scheduler, order[done], 1000))
        bench_fail(b, "task %u could not be finished", order[done]);
    c->decide_ns += middle - start;
    c->finish_ns += now_ns() - middle;
  }
}

static void run_ours(const bench *b, const shape *s, const char *policy, uint32_t *order, cost *c)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_scheduler *scheduler;
  uint64_t before, start;

  *c = (cost){0};
  o.policy = policy;
  o.tasks_max = s->tasks; /* memory is taken here, none afterwards */
  o.edges_max = 2 * s->tasks;
  before = allocated();
  if (aatgs_scheduler_open(&workload, &o, &scheduler, NULL))
    bench_fail(b, "no scheduler with policy %s", policy);
  c->bytes = allocated() - before;
  before = page_faults();
  start = now_ns();
  add_all(b, s, scheduler);
  c->add_ns = now_ns() - start;
  drain(b, s, scheduler, order, c);
  c->page_faults = page_faults() - before;
  aatgs_scheduler_close(scheduler);
}

/* The rival makes `decisions` of them; they must be ours. */
static void run_naive(const bench *b, const shape *s, const uint32_t *order, uint32_t decisions,
                      cost *c)
{
  naive_task *tasks = calloc(s->tasks, sizeof *tasks);
  uint32_t *ready = malloc(s->tasks * sizeof *ready), batch = 0;
  uint64_t start = now_ns();

  *c = (cost){0};
  if (!tasks || !ready)
    bench_fail(b, "out of memory for %u tasks", s->tasks);
  for (uint32_t i = 0; i < s->tasks; i++)
    naive_add(tasks, i, &types[s->type[i]], &s->dependencies[2 * i], dependency_count(i));
  c->add_ns = now_ns() - start;
  start = now_ns();
  for (uint32_t i = 0; i < decisions; i++) {
    uint32_t task = naive_next(tasks, s->tasks, ready);
    if (task == UINT32_MAX) { /* as in drain(): finish what was taken, then go on */
      for (; batch < i; batch++)
        naive_finish(tasks, order[batch]);
      task = naive_next(tasks, s->tasks, ready);
    }
    if (task != order[i])
      bench_fail(b, "decision %u: the rival took task %u, we took %u", i, task, order[i]);
  }
  c->decide_ns = now_ns() - start;
  free(tasks);
  free(ready);
}

static void put(bench *b, const char *name, bool rival, const shape *s, const cost *c,
                uint32_t decisions)
{
  json_t *row = bench_row(b, name, rival);
  bench_count(row, "tasks", s->tasks);
  bench_real(row, "decision_ns", (double)c->decide_ns / decisions);
  bench_real(row, "add_ns", (double)c->add_ns / s->tasks);
  if (rival)
    return;
  bench_real(row, "start_and_complete_ns", (double)c->finish_ns / s->tasks);
  bench_real(row, "bytes_a_task", (double)c->bytes / s->tasks);
  bench_count(row, "page_faults", c->page_faults);
}

static void compare(bench *b, uint32_t tasks, uint32_t rounds, uint32_t naive_decisions)
{
  static const char *const policies[] = {"fifo", "critical-path", "adaptive", "original"};
  uint32_t *order = malloc(tasks * sizeof *order);
  shape s;
  cost c;

  if (!order)
    bench_fail(b, "out of memory for %u tasks", tasks);
  memset(order, 0, tasks * sizeof *order); /* pages come now */
  make_shape(b, tasks, &s);
  for (uint32_t p = 0; p < 4; p++) {
    cost best = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 0, 0};
    for (uint32_t r = 0; r < rounds; r++) {
      run_ours(b, &s, policies[p], order, &c);
      best.add_ns = c.add_ns < best.add_ns ? c.add_ns : best.add_ns;
      best.decide_ns = c.decide_ns < best.decide_ns ? c.decide_ns : best.decide_ns;
      best.finish_ns = c.finish_ns < best.finish_ns ? c.finish_ns : best.finish_ns;
      best.bytes = c.bytes;
      best.page_faults = c.page_faults;
    }
    put(b, policies[p], false, &s, &best, tasks);
  }
  run_naive(b, &s, order, naive_decisions, &c); /* `order` is that of policy original */
  put(b, "scan and sort", true, &s, &c, naive_decisions);
  free(order);
  free(s.dependencies);
  free(s.type);
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "scheduler",
      "What does a decision cost, and an added task, with 1,000 and with 1,000,000 of them?", 5,
      "one run of each size; the quickest is reported"};
  bench b;
  bench_start(&program, argc, argv, &b);
  compare(&b, 1000, b.rounds * 20, 1000);
  compare(&b, 1000000, b.rounds, 20);
  return bench_finish(&b);
}
