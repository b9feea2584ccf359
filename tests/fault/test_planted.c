/* Fifty faults, planted by seed in the device's work or in the record: a replay finds each in the
 * iteration and the task where it is. */
#include "support/cm.h"

#include "fault/planted.h"
#include "host/aatgs.h"
#include "trace/care.h"
#include "trace/copy.h"
#include "trace/trace.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKLOAD   AATGS_BUILD_DIR "/tests/planted.so"
#define FAULTS     50u
#define ITERATIONS 200u
#define WAIT_NS    UINT64_C(20000000000)

static char folder[] = "/tmp/aatgs-planted-XXXXXX";
static char clean[64], edited[64];
static planted_fault *now;

static uint64_t next_random(uint64_t *state)
{
  uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static uint32_t below(uint64_t *state, uint32_t n)
{
  return (uint32_t)(next_random(state) % n);
}

static void record_clean(void)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error = {0};
  uint32_t config[64], telemetry[16];
  o.workload = WORKLOAD;
  o.device = "cpu";
  o.tasks = "diamond";
  o.policy = "original";
  o.seed = 11;
  o.record = clean;
  o.digest = AATGS_DIGEST_FULL;
  o.state_interval = 32;
  if (aatgs_open(&o, &rt, &error))
    fail_msg("%s", error.text);
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  for (uint32_t i = 0; i < ITERATIONS; i++) {
    assert_int_equal(aatgs_submit(rt, config, NULL), 0);
    assert_int_equal(aatgs_wait(rt, telemetry, NULL, WAIT_NS), 1);
  }
  assert_int_equal(aatgs_close(rt), 0);
}

/* ---- Faults in the record
 * ------------------------------------------------------------------------ */

typedef struct edit {
  uint64_t iteration;
  uint32_t config_bit; /* of word 2; 32: none */
  bool decision;       /* mix and side change places */
} edit;

static void edit_iteration(aatgs_trace *t, aatgs_copy *copy, const edit *e, aatgs_iteration *it,
                           uint8_t *config)
{
  const aatgs_trace_plan *plan;
  memcpy(config, it->config, 16);
  if (e->config_bit < 32)
    config[8 + e->config_bit / 8] ^= (uint8_t)(1u << e->config_bit % 8);
  it->config = config;
  if (!e->decision)
    return;
  assert_int_equal(aatgs_trace_get_plan(t, it->plan, &plan), 0);
  uint32_t task_at[4];
  memcpy(task_at, plan->task_at, sizeof task_at);
  task_at[1] = plan->task_at[2];
  task_at[2] = plan->task_at[1];
  const aatgs_trace_plan other = {plan->number + 100, plan->graph, 4, task_at,
                                  plan->priority_x1000};
  assert_int_equal(aatgs_trace_write_plan(copy->w, &other), 0);
  it->plan = other.number;
}

static void copy_edited(const edit *e)
{
  const uint8_t *inputs[1] = {NULL}, *bytes;
  const aatgs_trace_graph *graph;
  const aatgs_trace_plan *plan;
  aatgs_trace_report report;
  aatgs_error error = {0};
  aatgs_iteration it;
  aatgs_tick tick;
  aatgs_copy copy;
  aatgs_trace *t;
  uint64_t at, ticks = 0;
  uint8_t config[16];
  size_t size;
  (void)aatgs_trace_remove(edited, NULL);
  assert_int_equal(aatgs_trace_open(clean, &t, &error), 0);
  assert_int_equal(aatgs_copy_open(&copy, edited, aatgs_trace_get_info(t), inputs, &report, &error),
                   0);
  assert_int_equal(aatgs_trace_get_snapshot(t, 1, &at, &bytes, &size), 0);
  assert_int_equal(aatgs_copy_snapshot(&copy, at, bytes, size), 0);
  assert_int_equal(aatgs_trace_get_graph(t, 1, &graph), 0);
  assert_int_equal(aatgs_trace_write_graph(copy.w, graph), 0);
  for (uint32_t n = 1; !aatgs_trace_get_plan(t, n, &plan); n++)
    assert_int_equal(aatgs_trace_write_plan(copy.w, plan), 0);
  while (aatgs_trace_next(t, &it) == 1) {
    while (aatgs_trace_get_tick(t, ticks, &tick) == 1 && tick.before <= it.iteration) {
      assert_int_equal(aatgs_copy_tick(&copy, &tick), 0);
      ticks++;
    }
    if (it.iteration == e->iteration)
      edit_iteration(t, &copy, e, &it, config);
    assert_int_equal(aatgs_copy_iteration(&copy, &it), 0);
  }
  assert_int_equal(aatgs_copy_close(&copy, 0, &error), 0);
  aatgs_trace_close(t);
}

/* ---- One fault
 * ----------------------------------------------------------------------------------- */

/* What a replay has to say. */
typedef struct verdict {
  const char *kind;
  const char *what;
  uint64_t iteration;
  const char *task;
  uint32_t part;
  const char *region; /* NULL: the state need not be found */
  uint64_t word;
} verdict;

static verdict plant(uint64_t seed, edit *e)
{
  uint64_t random = seed * 1000 + 17;
  const uint64_t n = 2 + below(&random, ITERATIONS - 2);
  const uint32_t word = below(&random, PLANTED_KEEP), bit = below(&random, 32);
  *now = (planted_fault){.iteration = n, .word = word, .bit = bit};
  *e = (edit){.config_bit = 32};
  switch (seed % 6) {
  case 0:
    now->kind = PLANTED_STATE;
    now->task = below(&random, 2) ? PLANTED_ACCEPT : PLANTED_REPORT;
    return (verdict){"bit in the state",
                     "digest",
                     n,
                     now->task == PLANTED_ACCEPT ? "accept" : "report",
                     1,
                     "keep",
                     word};
  case 1:
    now->kind = PLANTED_TELEMETRY;
    return (verdict){"bit in telemetry", "telemetry", n, "report", 0, NULL, 0};
  case 2:
    *e = (edit){.iteration = n, .config_bit = bit};
    return (verdict){"bit in a config", "digest", n, "accept", 0, "gain", 0};
  case 3:
    *e = (edit){.iteration = n, .config_bit = 32, .decision = true};
    return (verdict){"decision", "scheduler", n, NULL, 0, NULL, 0};
  case 4:
    now->kind = PLANTED_OFF;
    now->part = below(&random, PLANTED_PARTS);
    return (verdict){"off by one",
                     "digest",
                     n,
                     "mix",
                     now->part,
                     "cell",
                     now->part * (PLANTED_CELLS / PLANTED_PARTS) +
                         word % (PLANTED_CELLS / PLANTED_PARTS)};
  default:
    now->kind = PLANTED_THRESHOLD;
    now->threshold = PLANTED_THRESHOLD_RIGHT - 500 - below(&random, 3000);
    return (verdict){"threshold", "digest", 0, "side", 0, "count", 0};
  }
}

/* The task that the changed order names first. */
static const char *second_task(void)
{
  static char name[64];
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  aatgs_trace *t;
  assert_int_equal(aatgs_trace_open(clean, &t, NULL), 0);
  assert_int_equal(aatgs_trace_get_graph(t, 1, &g), 0);
  assert_int_equal(aatgs_trace_get_plan(t, 1, &p), 0);
  snprintf(name, sizeof name, "%s", g->tasks[p->task_at[2]].name);
  aatgs_trace_close(t);
  return name;
}

static bool find(uint64_t seed)
{
  aatgs_replay_options o = AATGS_REPLAY_OPTIONS_INIT;
  aatgs_replay_report r;
  aatgs_error error = {0};
  edit e;
  verdict v = plant(seed, &e);
  if (e.iteration)
    copy_edited(&e);
  o.trace = e.iteration ? edited : clean;
  o.workload = WORKLOAD;
  o.device = "cpu";
  o.workers = 1 + (uint32_t)(seed % 3);
  const int rc = aatgs_replay(&o, &r, &error);
  if (now->kind == PLANTED_THRESHOLD)
    v.iteration = now->first_hit;
  if (!v.task)
    v.task = second_task();
  const bool right = rc == AATGS_EDIVERGED && !strcmp(r.what, v.what) &&
                     r.iteration == v.iteration && r.has_task && !strcmp(r.task, v.task) &&
                     r.part == v.part && r.again == AATGS_AGAIN_SAME &&
                     (!v.region || (r.has_word && !strcmp(r.region, v.region) && r.word == v.word));
  if (!right)
    print_message(
        "seed %u, %s: wanted %s at %u in %s part %u, word %u of %s; got %d %s at %u in %s "
        "part %u, again %d, word %u of %s %s\n",
        (unsigned)seed, v.kind, v.what, (unsigned)v.iteration, v.task, v.part, (unsigned)v.word,
        v.region ? v.region : "-", rc, r.what, (unsigned)r.iteration, r.task, r.part, (int)r.again,
        (unsigned)r.word, r.region, error.text);
  now->kind = PLANTED_NONE;
  return right;
}

static void test_faults_are_found(void **state)
{
  (void)state;
  uint32_t found = 0;
  void *workload = dlopen(WORKLOAD, RTLD_NOW);
  assert_non_null(workload);
  now = (planted_fault *)dlsym(workload, "planted_now");
  assert_non_null(now);
  assert_non_null(mkdtemp(folder));
  snprintf(clean, sizeof clean, "%s/clean", folder);
  snprintf(edited, sizeof edited, "%s/edited", folder);
  record_clean();
  for (uint64_t seed = 0; seed < FAULTS; seed++)
    found += find(seed);
  print_message("%u of %u faults found in the right iteration and task\n", found, FAULTS);
  (void)aatgs_trace_remove(clean, NULL);
  (void)aatgs_trace_remove(edited, NULL);
  rmdir(folder);
  assert_int_equal(found, FAULTS);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults_are_found)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
