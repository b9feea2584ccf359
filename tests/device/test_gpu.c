/* What can go wrong on a GPU ends in a clear error that names iteration and task, with the trace
 * closed, and leaves the GPU to the next process. Each case runs in a process of its own, because a
 * fault spoils a CUDA context for good; this one makes no CUDA call. `test_gpu CASE [ITERATIONS]`
 * runs one case in this process, for sanitizers (sanitize.sh). */
#include "support/cm.h"

#include "device/workload.h"
#include "host/aatgs.h"
#include "host/clock.h"
#include "trace/trace.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MISCHIEF  AATGS_BUILD_DIR "/tests/mischief.so"
#define COUNTER   AATGS_BUILD_DIR "/tests/counter.so"
#define WAIT_NS   UINT64_C(10000000000)
#define LIFE_S    60 /* of a child */
#define SHARE     16u
#define NO_GPU    77
#define CHILD_BAD 99

static char folder[64];           /* for traces */
static uint32_t iterations = 300; /* to compare with the cpu device */

/* ---- Children --------------------------------------------------------------------------- */

#define CHECK(what)                                                                                \
  do {                                                                                             \
    if (!(what)) {                                                                                 \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                                   \
      exit(CHILD_BAD);                                                                             \
    }                                                                                              \
  } while (0)

static aatgs_runtime *open_on(const char *device, const char *workload, const char *tasks,
                              uint32_t workers, uint64_t timeout_ns, const char *record)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error = {0};
  o.workload = workload;
  o.device = device;
  o.tasks = tasks;
  o.workers = workers;
  o.timeout_ns = timeout_ns;
  o.record = record;
  if (!aatgs_open(&o, &rt, &error))
    return rt;
  fprintf(stderr, "%s\n", error.text);
  exit(error.code == AATGS_ENOTSUP ? NO_GPU : CHILD_BAD);
}

static void probe(void)
{
  CHECK(aatgs_close(open_on("cuda", COUNTER, NULL, 0, WAIT_NS, NULL)) == 0);
}

/* Runs the iteration and wants an error whose sentence holds all three; then the trace of the
 * iteration before must be closed and hold it. A GPU may notice a wild store when the telemetry of
 * its iteration is out already: then the next call fails, and the trace may hold that one, too. */
static void fault(const char *tasks, const char *hang_ms, uint64_t timeout_ns, const char *cause)
{
  char record[96];
  uint32_t config[64], telemetry[16];
  aatgs_error error;
  aatgs_trace *trace;
  aatgs_trace_state state;
  snprintf(record, sizeof record, "%s/%s-%s", folder, tasks, hang_ms);
  aatgs_runtime *rt = open_on("cuda", MISCHIEF, "hang", 0, timeout_ns, record);
  const struct aatgs_workload *w = aatgs_runtime_workload(rt);
  aatgs_default_config(w, config);
  CHECK(aatgs_submit(rt, config, NULL) == 0);
  CHECK(aatgs_wait(rt, telemetry, NULL, WAIT_NS) == 1);
  aatgs_graph *graph;
  CHECK(aatgs_graph_open(w, &graph) == 0 && aatgs_graph_load(graph, tasks, 0) == 0);
  CHECK(aatgs_set_graph(rt, graph) == 0);
  aatgs_graph_close(graph);
  CHECK(aatgs_set_config_field(w, config, "hang_ms", hang_ms, &error) == 0);
  CHECK(aatgs_submit(rt, config, NULL) == 0);
  int rc = aatgs_wait(rt, telemetry, NULL, WAIT_NS);
  const bool late = rc == 1;
  const uint64_t end_ns = aatgs_now_ns() + WAIT_NS;
  while (rc >= 0 && aatgs_now_ns() < end_ns)
    rc = aatgs_poll(rt, telemetry, NULL);
  CHECK(rc == AATGS_EDEVICE);
  const char *text = aatgs_last_error(rt)->text;
  fprintf(stderr, "%s: %s\n", tasks, text);
  CHECK(strstr(text, cause) && strstr(text, "iteration 2") && strstr(text, "task"));
  CHECK(aatgs_submit(rt, config, NULL) == AATGS_EDEVICE);
  CHECK(aatgs_close(rt) == AATGS_EDEVICE);
  CHECK(aatgs_trace_open(record, &trace, &error) == 0);
  aatgs_trace_get_state(trace, &state);
  CHECK(state.closed && state.iterations >= 1 && state.iterations <= 1u + late);
  aatgs_trace_close(trace);
}

static void wild(void)
{
  fault("wild", "0", WAIT_NS, "illegal memory access");
}

static void trap(void)
{
  fault("trap", "0", WAIT_NS, "the persistent kernel died");
}

static void missing(void)
{
  fault("missing", "0", WAIT_NS, "type 3");
}

static void late(void)
{
  fault("hang", "2000", 300000000, "has not returned");
}

static void never(void)
{
  fault("hang", "60000", 300000000, "has not returned");
}

/* Leaves without a word while iterations are in flight. */
static void leave(void)
{
  uint32_t config[64];
  aatgs_runtime *rt = open_on("cuda", MISCHIEF, "steps", 0, WAIT_NS, NULL);
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  for (int i = 0; i < 8; i++)
    CHECK(aatgs_submit(rt, config, NULL) == 0);
  exit(0);
}

/* Runs until it is killed. */
static void run_on(void)
{
  uint32_t config[64], telemetry[16];
  char record[96];
  snprintf(record, sizeof record, "%s/killed", folder);
  aatgs_runtime *rt = open_on("cuda", MISCHIEF, "steps", 0, WAIT_NS, record);
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  for (;;)
    CHECK(aatgs_submit(rt, config, NULL) == 0 && aatgs_wait(rt, telemetry, NULL, WAIT_NS) == 1);
}

/* The digest of iterations of the counter. */
static uint64_t count_on(const char *device, uint32_t workers, uint64_t timeout_ns)
{
  uint32_t config[64], telemetry[16];
  aatgs_runtime_info info;
  aatgs_runtime *rt = open_on(device, COUNTER, "once", workers, timeout_ns, NULL);
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  for (uint32_t i = 0; i < iterations; i++)
    CHECK(aatgs_submit(rt, config, NULL) == 0 && aatgs_wait(rt, telemetry, NULL, WAIT_NS) == 1);
  CHECK(aatgs_drain(rt, WAIT_NS) == 0);
  aatgs_get_runtime_info(rt, &info);
  CHECK(aatgs_close(rt) == 0);
  return info.digest;
}

/* The test workload's CUDA loop comes from the source that its CPU loop comes from. */
static void same_bits(void)
{
  const uint64_t wanted = count_on("cpu", 1, WAIT_NS);
  const uint32_t shares[] = {1, 7, SHARE, 0};
  for (int i = 0; i < 4; i++)
    CHECK(count_on("cuda", shares[i], WAIT_NS) == wanted);
}

/* The digest of iterations in which steps fail at different places, for good or once, and which all
 * follow each other without a pause. */
static uint64_t fail_on(const char *device, const char *tasks, uint32_t workers)
{
  uint32_t config[64], telemetry[16];
  aatgs_runtime_info info;
  aatgs_error error;
  aatgs_runtime *rt = open_on(device, MISCHIEF, tasks, workers, WAIT_NS, NULL);
  const struct aatgs_workload *w = aatgs_runtime_workload(rt);
  aatgs_default_config(w, config);
  for (uint32_t i = 0; i < iterations; i++) {
    const char digit[] = {(char)('0' + i % 5 % 4), 0}, times[] = {(char)('0' + i / 5 % 2), 0};
    CHECK(aatgs_set_config_field(w, config, "fail", digit, &error) == 0);
    CHECK(aatgs_set_config_field(w, config, "times", times, &error) == 0);
    int rc;
    while ((rc = aatgs_submit(rt, config, NULL)) == AATGS_EAGAIN)
      CHECK(aatgs_wait(rt, telemetry, NULL, WAIT_NS) == 1);
    CHECK(rc == 0);
  }
  CHECK(aatgs_drain(rt, WAIT_NS) == 0);
  aatgs_get_runtime_info(rt, &info);
  CHECK(aatgs_close(rt) == 0);
  return info.digest;
}

static void failing(void)
{
  const uint64_t chain = fail_on("cpu", "again", 1), wide = fail_on("cpu", "wide", 1);
  CHECK(fail_on("cuda", "again", 1) == chain && fail_on("cuda", "again", 0) == chain);
  CHECK(fail_on("cuda", "wide", 1) == wide && fail_on("cuda", "wide", 3) == wide);
  CHECK(fail_on("cuda", "wide", 0) == wide);
}

static void set_graph(aatgs_runtime *rt, const char *tasks)
{
  aatgs_graph *graph;
  CHECK(aatgs_graph_open(aatgs_runtime_workload(rt), &graph) == 0);
  CHECK(aatgs_graph_load(graph, tasks, 0) == 0);
  CHECK(aatgs_set_graph(rt, graph) == 0);
  aatgs_graph_close(graph);
}

/* The digest of batches that share no region, between iterations that do, with snapshots. */
static uint64_t spread_on(const char *device, uint32_t workers)
{
  enum { BATCH = 1000 };
  static uint32_t configs[BATCH * 3];
  static uint32_t telemetry[BATCH * 4];
  const char *graphs[] = {"hang", "steps", "hang", "wide", "again"};
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_runtime_info info;
  aatgs_error error;
  o.workload = MISCHIEF;
  o.device = device;
  o.tasks = "hang";
  o.workers = workers;
  o.command_slots = 256;
  o.telemetry_slots = 1024;
  CHECK(aatgs_open(&o, &rt, &error) == 0);
  for (uint32_t i = 0; i < iterations; i++) {
    set_graph(rt, graphs[i % 5]);
    CHECK(aatgs_batch_step(rt, configs, 1 + i * 7 % BATCH, telemetry) == 0);
    if (i % 3 == 0)
      CHECK(aatgs_snapshot(rt) == 0);
    if (i % 11 == 10)
      CHECK(aatgs_restore(rt) == 0);
  }
  CHECK(aatgs_drain(rt, WAIT_NS) == 0);
  aatgs_get_runtime_info(rt, &info);
  CHECK(aatgs_close(rt) == 0);
  return info.digest;
}

static void spread(void)
{
  const uint64_t wanted = spread_on("cpu", 1);
  CHECK(spread_on("cuda", 0) == wanted && spread_on("cuda", 16) == wanted);
  CHECK(spread_on("cuda", 3) == wanted);
}

/* Many iterations are in flight when the first one comes to a type without code; the kernel has to
 * end, or there is no room for the next one. */
static void flood_of(const char *tasks)
{
  uint32_t config[64], telemetry[16];
  aatgs_runtime *rt = open_on("cuda", MISCHIEF, tasks, 0, WAIT_NS, NULL);
  int rc = 0;
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  while (rc >= 0 || rc == AATGS_EAGAIN) {
    rc = aatgs_submit(rt, config, NULL);
    if (rc == AATGS_EAGAIN)
      rc = aatgs_poll(rt, telemetry, NULL);
  }
  CHECK(rc == AATGS_EDEVICE && strstr(aatgs_last_error(rt)->text, "type 3"));
  CHECK(aatgs_close(rt) == AATGS_EDEVICE);
  CHECK(aatgs_close(open_on("cuda", MISCHIEF, "steps", 0, WAIT_NS, NULL)) == 0);
}

static void flood(void)
{
  flood_of("missing-first");
  flood_of("missing-third");
  flood_of("missing-wide");
}

/* A runtime that has nothing to do for longer than a task may take is not lost. */
static void rest(void)
{
  uint32_t config[64], telemetry[16];
  const struct timespec nap = {1, 500000000};
  aatgs_runtime *rt = open_on("cuda", MISCHIEF, "steps", 0, 500000000, NULL);
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  for (int i = 0; i < 3; i++) {
    if (aatgs_submit(rt, config, NULL) || aatgs_wait(rt, telemetry, NULL, WAIT_NS) != 1)
      fprintf(stderr, "rest: %s\n", aatgs_last_error(rt)->text);
    CHECK(aatgs_last_error(rt)->code == 0);
    nanosleep(&nap, NULL);
  }
  CHECK(aatgs_close(rt) == 0);
}

static void one_iteration(aatgs_runtime *rt)
{
  uint32_t config[64], telemetry[16];
  aatgs_default_config(aatgs_runtime_workload(rt), config);
  if (aatgs_submit(rt, config, NULL) || aatgs_wait(rt, telemetry, NULL, WAIT_NS) != 1)
    fprintf(stderr, "%s\n", aatgs_last_error(rt)->text);
  CHECK(aatgs_last_error(rt)->code == 0);
}

/* Two runtimes in one process, on shares of the GPU; a third one with all of it runs beside them or
 * says that it found no room. */
static void shares(void)
{
  aatgs_runtime *a = open_on("cuda", MISCHIEF, "steps", SHARE, WAIT_NS, NULL);
  aatgs_runtime *b = open_on("cuda", MISCHIEF, "steps", SHARE, WAIT_NS, NULL);
  for (int i = 0; i < 20; i++) {
    one_iteration(a);
    one_iteration(b);
  }
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *c;
  aatgs_error error = {0};
  o.workload = MISCHIEF;
  o.device = "cuda";
  o.tasks = "steps";
  o.timeout_ns = 1000000000;
  if (aatgs_open(&o, &c, &error)) {
    CHECK(strstr(error.text, "did not start"));
  } else {
    one_iteration(c);
    CHECK(aatgs_close(c) == 0);
  }
  one_iteration(a);
  CHECK(aatgs_close(a) == 0 && aatgs_close(b) == 0);
}

/* A group opened with as many workers as there are shares the GPU out among its members. */
static void group(void)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  uint32_t config[64], telemetry[3 * 16];
  bool have[3];
  aatgs_group *g;
  aatgs_error error = {0};
  o.workload = COUNTER;
  o.device = "cuda";
  o.tasks = "once";
  CHECK(aatgs_group_open(&o, 3, &g, &error) == 0);
  aatgs_default_config(aatgs_runtime_workload(aatgs_group_at(g, 0)), config);
  for (int i = 0; i < 50; i++)
    CHECK(aatgs_group_execute_all(g, config, telemetry, have) == 0);
  CHECK(aatgs_group_close(g) == 0);
}

/* ---- The parent -------------------------------------------------------------------------- */

static pid_t start(void (*run)(void))
{
  fflush(NULL);
  const pid_t child = fork();
  if (child)
    return child;
  alarm(LIFE_S);
  run();
  exit(0);
}

static int result_of(pid_t child)
{
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void expect(void (*run)(void), double seconds_max)
{
  const uint64_t begin = aatgs_now_ns();
  assert_int_equal(result_of(start(run)), 0);
  assert_true((double)(aatgs_now_ns() - begin) / 1e9 < seconds_max);
}

#define GPU_TEST(name, seconds)                                                                    \
  static void test_##name(void **state)                                                            \
  {                                                                                                \
    (void)state;                                                                                   \
    expect(name, seconds);                                                                         \
    expect(probe, 30);                                                                             \
  }
GPU_TEST(wild, 15)
GPU_TEST(trap, 15)
GPU_TEST(missing, 15)
GPU_TEST(late, 15)
GPU_TEST(never, 15)
GPU_TEST(leave, 15)
GPU_TEST(same_bits, 30)
GPU_TEST(failing, 30)
GPU_TEST(spread, 30)
GPU_TEST(flood, 30)
GPU_TEST(rest, 30)
GPU_TEST(shares, 30)
GPU_TEST(group, 30)

static void test_killed(void **state)
{
  (void)state;
  char record[96];
  aatgs_trace *trace;
  aatgs_error error;
  const struct timespec nap = {3, 0};
  const pid_t child = start(run_on);
  nanosleep(&nap, NULL);
  kill(child, SIGKILL);
  assert_int_equal(result_of(child), 1000 + SIGKILL);
  expect(probe, 15);
  snprintf(record, sizeof record, "%s/killed", folder);
  assert_int_equal(aatgs_trace_open(record, &trace, &error), 0);
  aatgs_trace_close(trace);
}

/* Two processes with all of the GPU each: the driver gives it to them in turns. */
static void test_second_process(void **state)
{
  (void)state;
  const pid_t first = start(same_bits), second = start(same_bits);
  assert_int_equal(result_of(first), 0);
  assert_int_equal(result_of(second), 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  (void)st, (void)kind, (void)ftw;
  return remove(path);
}

/* Those that end without a fault of the GPU. */
static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {{"probe", probe}, {"same_bits", same_bits}, {"missing", missing}, {"failing", failing},
             {"flood", flood}, {"rest", rest},           {"leave", leave},     {"shares", shares},
             {"group", group}, {"spread", spread}};

static int run_case(const char *name, const char *count)
{
  if (count)
    iterations = (uint32_t)strtoul(count, NULL, 10);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (strcmp(cases[i].name, name) == 0) {
      cases[i].run();
      return 0;
    }
  fprintf(stderr, "test_gpu: there is no case %s\n", name);
  return 2;
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_bits),      cmocka_unit_test(test_wild),
      cmocka_unit_test(test_trap),           cmocka_unit_test(test_missing),
      cmocka_unit_test(test_late),           cmocka_unit_test(test_never),
      cmocka_unit_test(test_leave),          cmocka_unit_test(test_killed),
      cmocka_unit_test(test_shares),         cmocka_unit_test(test_group),
      cmocka_unit_test(test_second_process), cmocka_unit_test(test_failing),
      cmocka_unit_test(test_flood),          cmocka_unit_test(test_rest),
      cmocka_unit_test(test_spread),
  };
  if (argc == 1 && result_of(start(probe)) == NO_GPU) {
    printf("skipped: no usable GPU\n");
    return 77;
  }
  snprintf(folder, sizeof folder, "/tmp/aatgs-gpu-XXXXXX");
  if (!mkdtemp(folder))
    return 1;
  const int rc = argc > 1 ? run_case(argv[1], argc > 2 ? argv[2] : NULL)
                          : cmocka_run_group_tests(tests, NULL, NULL);
  nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  return rc;
}
