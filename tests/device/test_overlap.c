/* What must hold while iterations, graphs and snapshots overlap; each test is one way in which it
 * once did not. */
#include "support/cm.h"

#include "device/workload.h"
#include "host/aatgs.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define MISCHIEF AATGS_BUILD_DIR "/tests/mischief.so"
#define WAIT_NS  UINT64_C(20000000000)

typedef struct mischief_config {
  uint32_t fail;
  uint32_t hang_ms;
  uint32_t times;
} mischief_config;

static aatgs_runtime *open_mischief(uint32_t workers, uint32_t command_slots, const char *record)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error;
  o.workload = MISCHIEF;
  o.device = "cpu";
  o.workers = workers;
  o.command_slots = command_slots;
  o.record = record;
  o.state_interval = record ? 1 : 0;
  if (aatgs_open(&o, &rt, &error))
    fail_msg("%s", error.text);
  return rt;
}

static uint32_t add(aatgs_graph *graph, const char *type, uint32_t arg, const uint32_t *after)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint32_t id;
  o.type = type;
  o.arg = arg;
  assert_int_equal(aatgs_graph_add_task(graph, &o, after, after != NULL, &id), 0);
  return id;
}

/* Sets a graph of two Hangs side by side, then `type` if not NULL, and submits it once. */
static void submit_hang(aatgs_runtime *rt, uint32_t hang_ms, const char *type, uint32_t arg)
{
  const mischief_config config = {0, hang_ms, 0};
  aatgs_graph *graph;
  assert_int_equal(aatgs_graph_open(aatgs_runtime_workload(rt), &graph), 0);
  const uint32_t hang = add(graph, "Hang", 0, NULL);
  add(graph, "Hang", 0, NULL);
  if (type)
    add(graph, type, arg, &hang);
  assert_int_equal(aatgs_set_graph(rt, graph), 0);
  aatgs_graph_close(graph);
  int rc;
  while ((rc = aatgs_submit(rt, &config, NULL)) == AATGS_EAGAIN)
    continue;
  assert_int_equal(rc, 0);
}

/* Iteration 3 shares nothing with the others and is complete long before them. Iteration 2 must
 * not take that for the end of iteration 1, which writes what it reads. */
static void test_a_later_completion_counts_for_itself(void **state)
{
  (void)state;
  aatgs_runtime *rt = open_mischief(7, 16, NULL);
  uint32_t seen[4];
  submit_hang(rt, 300, "Step", 1);
  submit_hang(rt, 100, "Report", 0);
  submit_hang(rt, 0, NULL, 0);
  for (uint32_t i = 1; i <= 2; i++)
    assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), 1);
  assert_int_equal(seen[1], 1);
  assert_int_equal(aatgs_close(rt), 0);
}

/* The first has the device to itself. The others wait for it, share no region, and have a worker
 * each; there is one more to poll. */
static void test_iterations_that_share_nothing_run_side_by_side(void **state)
{
  (void)state;
  aatgs_runtime *rt = open_mischief(4, 16, NULL);
  const mischief_config config = {0, 200, 0};
  aatgs_graph *graph;
  aatgs_outcome outcome[4];
  uint32_t seen[4];
  assert_int_equal(aatgs_graph_open(aatgs_runtime_workload(rt), &graph), 0);
  add(graph, "Hang", 0, NULL);
  assert_int_equal(aatgs_set_graph(rt, graph), 0);
  aatgs_graph_close(graph);
  for (int i = 0; i < 4; i++)
    assert_int_equal(aatgs_submit(rt, &config, NULL), 0);
  submit_hang(rt, 0, "Report", 0); /* after all of them */
  for (int i = 0; i < 4; i++)
    assert_int_equal(aatgs_wait(rt, seen, &outcome[i], WAIT_NS), 1);
  for (int i = 2; i < 4; i++)
    assert_true(outcome[i].start_ns < outcome[1].end_ns);
  assert_int_equal(aatgs_wait(rt, seen, &outcome[0], WAIT_NS), 1);
  assert_true(outcome[0].start_ns >= outcome[3].end_ns);
  assert_int_equal(aatgs_close(rt), 0);
}

/* A batch is larger than the rings, or ends inside them; each telemetry stands in its place. */
static void test_a_batch_comes_back_in_order(void **state)
{
  (void)state;
  static const mischief_config configs[100];
  static uint32_t seen[100][4];
  for (uint32_t slots = 4; slots <= 64; slots *= 4) {
    aatgs_runtime *rt = open_mischief(2, slots, NULL);
    aatgs_graph *graph;
    assert_int_equal(aatgs_graph_open(aatgs_runtime_workload(rt), &graph), 0);
    assert_int_equal(aatgs_graph_load(graph, "steps", 0), 0);
    assert_int_equal(aatgs_set_graph(rt, graph), 0);
    aatgs_graph_close(graph);
    uint32_t steps = 0;
    for (uint32_t count = 1; count <= 100; count = count * 3 + 1) {
      assert_int_equal(aatgs_batch_step(rt, configs, count, seen), 0);
      for (uint32_t i = 0; i < count; i++)
        assert_int_equal(seen[i][1], ++steps);
    }
    assert_int_equal(aatgs_close(rt), 0);
  }
}

static int add_once(aatgs_runtime *rt, uint32_t arg, const uint32_t *after, uint32_t *id)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  o.type = "Step";
  o.arg = arg;
  return aatgs_add_task(rt, &o, after, after != NULL, id);
}

/* The rings fill up while components are posted: each must run all the same, once. */
static void test_no_component_is_lost_in_a_full_ring(void **state)
{
  (void)state;
  for (uint32_t slots = 4; slots <= 16; slots *= 2) {
    aatgs_runtime *rt = open_mischief(1, slots, NULL);
    const mischief_config config = {0, 0, 0};
    uint32_t seen[4];
    int again = 0;
    submit_hang(rt, 100, NULL, 0);
    for (uint32_t i = 0; i < 8; i++)
      assert_int_equal(add_once(rt, 1 + i % 2, NULL, NULL), 0);
    for (uint32_t i = 0; i < 8;) {
      const int rc = aatgs_submit(rt, &config, NULL);
      assert_true(rc == 0 || rc == AATGS_EAGAIN);
      again += rc == AATGS_EAGAIN;
      i += rc == 0;
    }
    assert_true(again > 0); /* or the ring was never full */
    submit_hang(rt, 0, "Report", 0);
    for (uint32_t i = 0; i < 10; i++)
      assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), 1);
    assert_int_equal(seen[1], 4);
    assert_int_equal(seen[2], 4);
    assert_int_equal(aatgs_close(rt), 0);
  }
}

/* Two tasks of the first component race: it is refused, the second one runs. */
static void test_a_bad_component_does_not_bar_the_next(void **state)
{
  (void)state;
  aatgs_runtime *rt = open_mischief(1, 16, NULL);
  const mischief_config config = {0, 0, 0};
  uint32_t seen[4], hang;
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  o.type = "Hang";
  assert_int_equal(aatgs_add_task(rt, &o, NULL, 0, &hang), 0);
  assert_int_equal(add_once(rt, 1, &hang, NULL), 0);
  assert_int_equal(add_once(rt, 2, &hang, NULL), 0);
  assert_int_equal(add_once(rt, 3, NULL, NULL), 0);
  assert_int_equal(aatgs_submit(rt, &config, NULL), AATGS_ERACE);
  assert_non_null(strstr(aatgs_last_error(rt)->text, "race"));
  assert_int_equal(aatgs_submit(rt, &config, NULL), 0);
  submit_hang(rt, 0, "Report", 0);
  for (int i = 0; i < 2; i++)
    assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), 1);
  assert_int_equal(seen[1] + seen[2], 0);
  assert_int_equal(seen[3], 1);
  assert_int_equal(aatgs_close(rt), 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  (void)st, (void)kind, (void)ftw;
  return remove(path);
}

/* A recording takes snapshots of its own; the caller's stays what it was. */
static void test_recording_leaves_the_callers_snapshot(void **state)
{
  (void)state;
  char folder[] = "/tmp/aatgs-overlap-XXXXXX";
  assert_non_null(mkdtemp(folder));
  aatgs_runtime *rt = open_mischief(1, 16, folder);
  uint32_t seen[4];
  const void *bytes;
  size_t size;
  submit_hang(rt, 0, "Step", 1);
  assert_int_equal(aatgs_snapshot(rt), 0);
  for (int i = 0; i < 20; i++) {
    submit_hang(rt, 0, "Step", 1);
    assert_int_equal(aatgs_drain(rt, WAIT_NS), 0);
  }
  assert_int_equal(aatgs_get_region(rt, "seen", &bytes, &size), 0);
  assert_int_equal(((const uint32_t *)bytes)[1], 1);
  assert_int_equal(aatgs_restore(rt), 0);
  submit_hang(rt, 0, "Report", 0);
  for (int i = 0; i < 22; i++)
    assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), 1);
  assert_int_equal(seen[1], 1);
  assert_int_equal(aatgs_close(rt), 0);
  nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static uint32_t worker_threads(void)
{
  DIR *tasks = opendir("/proc/self/task");
  uint32_t count = 0;
  assert_non_null(tasks);
  for (struct dirent *e; (e = readdir(tasks));) {
    char path[300], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", e->d_name);
    FILE *f = fopen(path, "r");
    if (!f)
      continue;
    if (fgets(name, sizeof name, f) && strncmp(name, "aatgs-w", 7) == 0 && name[7] != 'a')
      count++;
    fclose(f);
  }
  closedir(tasks);
  return count;
}

/* One worker is inside a task that does not return, and with it the command ring. The others must
 * not spin on when the host has given up. */
static void test_a_stuck_task_keeps_only_its_worker(void **state)
{
  (void)state;
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error;
  const mischief_config config = {0, 8000, 0};
  const struct timespec nap = {0, 10000000};
  uint32_t seen[4];
  o.workload = MISCHIEF;
  o.device = "cpu";
  o.tasks = "hang";
  o.workers = 3;
  o.timeout_ns = 300000000;
  assert_int_equal(aatgs_open(&o, &rt, &error), 0);
  assert_int_equal(aatgs_submit(rt, &config, NULL), 0);
  assert_int_equal(aatgs_wait(rt, seen, NULL, WAIT_NS), AATGS_EDEVICE);
  assert_int_equal(aatgs_close(rt), AATGS_EDEVICE);
  for (int i = 0; i < 300 && worker_threads() > 1; i++)
    nanosleep(&nap, NULL);
  assert_int_equal(worker_threads(), 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_later_completion_counts_for_itself),
      cmocka_unit_test(test_iterations_that_share_nothing_run_side_by_side),
      cmocka_unit_test(test_a_batch_comes_back_in_order),
      cmocka_unit_test(test_no_component_is_lost_in_a_full_ring),
      cmocka_unit_test(test_a_bad_component_does_not_bar_the_next),
      cmocka_unit_test(test_recording_leaves_the_callers_snapshot),
      cmocka_unit_test(test_a_stuck_task_keeps_only_its_worker),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
