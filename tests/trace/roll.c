/* Data files that follow one another, and the window of a flight recorder. */
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "trace/care.h"
#include "trace/cm.h"
#include "trace/small.h"

static uint64_t disk_bytes(const char *dir, unsigned *files)
{
  uint64_t bytes = 0;
  DIR *d = opendir(dir);
  *files = 0;
  for (struct dirent *e; (e = readdir(d));) {
    struct stat st;
    if (fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISREG(st.st_mode)) {
      bytes += (uint64_t)st.st_blocks * 512;
      *files += strncmp(e->d_name, "data-", 5) == 0 && !strstr(e->d_name, "lock");
    }
  }
  closedir(d);
  return bytes;
}

static void check_snapshots(aatgs_trace *t, uint64_t first, uint64_t last)
{
  uint8_t want[512];
  for (uint64_t i = first; i <= last; i += 1 + (last - first) / 40) {
    const uint8_t *bytes;
    size_t size;
    uint64_t at;
    small_ok(aatgs_trace_get_snapshot(t, i, &at, &bytes, &size), aatgs_trace_error(t));
    assert_true(at <= i);
    make_snapshot(at, small_options.seed, want, sizeof want);
    assert_int_equal(size, sizeof want);
    assert_memory_equal(bytes, want, sizeof want);
  }
}

static void roll_with_lateness(unsigned lateness)
{
  const char *dir = make_path("roll");
  aatgs_trace_writer_options wo = small_writer_options(dir);
  small_run r;
  unsigned files;
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_error e;
  small_begin(&r, &small_options, &wo);
  for (uint32_t i = 0; i < small_options.iterations; i++)
    small_ok(small_step(&r, lateness), aatgs_trace_writer_error(r.w));
  small_ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  disk_bytes(dir, &files);
  assert_true(files > 4);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_int_equal(s.iterations, small_options.iterations);
  assert_int_equal(s.snapshots, r.delivered + 1);
  assert_int_equal(s.lost, s.last - s.iterations);
  make_verify_iterations(&small_options, t, 0, UINT64_MAX);
  make_verify_iterations(&small_options, t, s.last / 2, UINT64_MAX);
  check_snapshots(t, 1, s.last);
  aatgs_trace_close(t);
  make_remove(dir);
}

static void test_rolling(void **state)
{
  (void)state;
  roll_with_lateness(0);
  roll_with_lateness(40);
  roll_with_lateness(700);
  roll_with_lateness(1000000); /* never: files begin without */
}

static void test_ticks_go_on(void **state)
{
  (void)state;
  const char *dir = make_path("rollticks");
  aatgs_trace_writer_options wo = small_writer_options(dir);
  small_run r;
  aatgs_trace *t;
  aatgs_tick tick;
  aatgs_error e;
  uint64_t ticks = 0;
  small_begin(&r, &small_options, &wo);
  for (uint32_t i = 0; i < small_options.iterations; i++) {
    if (i % 13 == 0) {
      tick = (aatgs_tick){i + 1, i, ticks++, AATGS_TICK_TIME, 0};
      small_ok(aatgs_trace_write_tick(r.w, &tick), aatgs_trace_writer_error(r.w));
    }
    small_ok(small_step(&r, 3), aatgs_trace_writer_error(r.w));
  }
  small_ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  for (uint64_t i = 0; i < ticks; i++) {
    assert_int_equal(aatgs_trace_get_tick(t, i, &tick), 1);
    assert_int_equal(tick.now_ns, i);
  }
  assert_int_equal(aatgs_trace_get_tick(t, ticks, &tick), 0);
  aatgs_trace_close(t);
  make_remove(dir);
}

static void test_window(void **state)
{
  (void)state;
  const char *dir = make_path("window");
  aatgs_trace_writer_options wo = small_writer_options(dir);
  small_run r;
  unsigned files;
  aatgs_trace *t, *live;
  aatgs_trace_state s;
  aatgs_iteration it;
  aatgs_error e;
  uint64_t most = 0, least = UINT64_MAX;
  const uint64_t window = 2 << 20, slack = window / 10;
  wo.window_bytes = window;
  small_begin(&r, &small_options, &wo);
  small_ok(aatgs_trace_open(dir, &live, &e), &e);
  for (uint32_t i = 0; i < small_options.iterations * 3; i++) {
    small_ok(small_step(&r, 5), aatgs_trace_writer_error(r.w));
    uint64_t bytes = i % 500 ? 0 : disk_bytes(dir, &files);
    most = bytes > most ? bytes : most;
    if (bytes && most > window - slack)
      least = bytes < least ? bytes : least;
    if (i % 20000 == 0)
      small_ok(aatgs_trace_refresh(live), aatgs_trace_error(live));
  }
  small_ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  print_message("window of %" PRIu64 " bytes: %" PRIu64 " to %" PRIu64 " on the disk once filled\n",
                window, least, most);
  assert_true(most <= window + slack && least >= window - slack);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_true(s.closed && s.first > small_options.iterations);
  assert_true(disk_bytes(dir, &files) > window / 2);
  /* Everything in the window can be replayed: a snapshot stands at its beginning. */
  check_snapshots(t, s.first, s.last);
  uint64_t at;
  small_ok(aatgs_trace_get_snapshot(t, s.first, &at, &(const uint8_t *){NULL}, &(size_t){0}),
           aatgs_trace_error(t));
  assert_true(at > 1);
  make_options longer = small_options;
  longer.iterations *= 3;
  make_verify_iterations(&longer, t, s.first, UINT64_MAX);
  small_ok(aatgs_trace_refresh(live), aatgs_trace_error(live));
  small_ok(aatgs_trace_seek(live, s.first), NULL);
  assert_int_equal(aatgs_trace_next(live, &it), 1);
  assert_int_equal(it.iteration, s.first);
  aatgs_trace_close(live);
  aatgs_trace_close(t);
  make_remove(dir);
}

static void test_window_of_time(void **state)
{
  (void)state;
  const char *dir = make_path("windowtime");
  aatgs_trace_writer_options wo = small_writer_options(dir);
  small_run r;
  unsigned files;
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_iteration it;
  aatgs_error e;
  wo.window_ns = 30000000; /* about 5,500 iterations */
  small_begin(&r, &small_options, &wo);
  for (uint32_t i = 0; i < small_options.iterations; i++)
    small_ok(small_step(&r, 0), aatgs_trace_writer_error(r.w));
  small_ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  disk_bytes(dir, &files);
  assert_true(files > 1 && files < 12);
  assert_true(s.first > 1 && s.duration_ns >= wo.window_ns && s.duration_ns < 2 * wo.window_ns);
  assert_int_equal(aatgs_trace_next(t, &it), 1);
  assert_int_equal(it.iteration, s.first);
  aatgs_trace_close(t);
  make_remove(dir);
}

/* ---- Graphs and plans that come without end -------------------------------------------- */

#define SLOTS 4u

/* Graph 1 repeats; between, each iteration runs one of its own, in the slots of the others. */
static void next_tables(small_run *r, uint32_t *last, aatgs_iteration *it)
{
  if (it->iteration % 10 == 0) {
    it->graph = it->plan = 1;
    return;
  }
  *last += 1 + ((*last + 1) % SLOTS == 1);
  aatgs_trace_graph graph = *make_graph(&r->m, 1);
  aatgs_trace_plan plan = *make_plan(&r->m, 1);
  graph.number = plan.number = plan.graph = it->graph = it->plan = *last;
  small_ok(aatgs_trace_write_graph(r->w, &graph), aatgs_trace_writer_error(r->w));
  small_ok(aatgs_trace_write_plan(r->w, &plan), aatgs_trace_writer_error(r->w));
}

static uint64_t file_bytes(const char *dir, const char *name)
{
  char path[1024];
  struct stat st;
  snprintf(path, sizeof path, "%s/%s", dir, name);
  assert_int_equal(stat(path, &st), 0);
  return (uint64_t)st.st_size;
}

static void check_tables(aatgs_trace *t, uint64_t *first, uint64_t *last)
{
  aatgs_iteration it;
  int rc;
  *first = *last = 0;
  while ((rc = aatgs_trace_next(t, &it)) == 1) {
    const aatgs_trace_graph *g;
    const aatgs_trace_plan *p;
    small_ok(aatgs_trace_get_graph(t, it.graph, &g), aatgs_trace_error(t));
    small_ok(aatgs_trace_get_plan(t, it.plan, &p), aatgs_trace_error(t));
    assert_int_equal(p->graph, it.graph);
    *first = *first ? *first : it.iteration;
    *last = it.iteration;
  }
  small_ok(rc, aatgs_trace_error(t));
}

static void test_window_of_tables(void **state)
{
  (void)state;
  const char *dir = make_path("windowtables");
  aatgs_trace_writer_options wo = small_writer_options(dir);
  make_options o = small_options;
  o.graphs = 1;
  o.gap_every = 0;
  wo.window_bytes = 2 << 20;
  wo.graphs_max = wo.plans_max = SLOTS;
  small_run r;
  aatgs_trace *t, *behind = NULL;
  aatgs_trace_state s;
  aatgs_trace_report report;
  aatgs_iteration it;
  aatgs_error e;
  unsigned files;
  uint32_t last_number = 1;
  uint64_t first, last, meta = 0, most = 0;
  small_begin(&r, &o, &wo);
  for (uint32_t i = 0; i < 60000; i++) {
    small_ok(small_offer_snapshot(&r, 100), aatgs_trace_writer_error(r.w));
    make_iteration(&r.m, &it);
    next_tables(&r, &last_number, &it);
    small_ok(aatgs_trace_write_iteration(r.w, &it), aatgs_trace_writer_error(r.w));
    const uint64_t bytes = i % 500 ? 0 : disk_bytes(dir, &files);
    most = bytes > most ? bytes : most;
    if (i == 20000) {
      small_ok(aatgs_trace_open(dir, &behind, &e), &e);
      meta = file_bytes(dir, "meta");
    }
  }
  assert_true(most <= wo.window_bytes + wo.window_bytes / 10);
  assert_int_equal(file_bytes(dir, "meta"), meta);
  small_ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);

  /* Who reads on in files that are gone by now has the tables, too. */
  aatgs_trace_get_state(behind, &s);
  assert_true(s.last > 10000 && s.last < 30000);
  check_tables(behind, &first, &last);
  assert_true(first == s.first && last >= s.last); /* its newest file went on */
  aatgs_trace_close(behind);

  small_ok(aatgs_trace_verify(dir, NULL, NULL, &report, &e), &e);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  check_tables(t, &first, &last);
  assert_true(first == s.first && first > 30000 && last == 60000);
  uint64_t graphs = 0;
  const aatgs_trace_graph *g;
  for (uint32_t number = 0; aatgs_trace_next_graph(t, number, &g) == 1; number = g->number + 1) {
    assert_true(g->number >= number);
    graphs++;
  }
  assert_int_equal(graphs, report.graphs);
  aatgs_trace_close(t);
  make_remove(dir);
}

/* A graph as large as a data file of the window: files get longer, not more. */
static void test_window_of_a_large_graph(void **state)
{
  (void)state;
  enum { TASKS = 3000 };
  const char *dir = make_path("windowlarge");
  aatgs_trace_writer_options wo = small_writer_options(dir);
  make_options o = small_options;
  o.graphs = 1;
  wo.window_bytes = 4 << 20;
  small_run r;
  unsigned files;
  aatgs_error e;
  uint64_t random = 5;
  aatgs_trace_task *tasks = calloc(TASKS, sizeof *tasks);
  for (uint32_t k = 0; k < TASKS; k++)
    tasks[k] = (aatgs_trace_task){.name = "t",
                                  .parts = 1,
                                  .first_record = k,
                                  .estimate_ns = make_random(&random),
                                  .reads = make_random(&random),
                                  .writes = make_random(&random)};
  const aatgs_trace_graph graph = {1, TASKS, TASKS, tasks};
  small_begin(&r, &o, &wo);
  small_ok(aatgs_trace_write_graph(r.w, &graph), aatgs_trace_writer_error(r.w));
  for (uint32_t i = 0; i < 20000; i++) {
    small_ok(small_step(&r, 20), aatgs_trace_writer_error(r.w));
    if (i % 50 == 0)
      small_ok(aatgs_trace_writer_flush(r.w), aatgs_trace_writer_error(r.w));
  }
  small_ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  disk_bytes(dir, &files);
  print_message("%u snapshots ordered, %u files left\n", r.delivered, files);
  assert_true(r.delivered < 60 && files > 4);
  free(tasks);
  make_remove(dir);
}

/* A snapshot that comes after what follows it was committed begins no file: that would have to be
 * taken from the old one. */
static void test_late_snapshot_after_a_commit(void **state)
{
  (void)state;
  const char *dir = make_path("rolllate");
  aatgs_trace_writer_options wo = small_writer_options(dir);
  uint8_t bytes[512];
  small_run r;
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_error e;
  unsigned files;
  small_begin(&r, &small_options, &wo);
  while (!aatgs_trace_writer_wants_snapshot(r.w))
    small_ok(small_step(&r, UINT_MAX), aatgs_trace_writer_error(r.w));
  for (unsigned i = 0; i < 10; i++)
    small_ok(small_step(&r, UINT_MAX), aatgs_trace_writer_error(r.w));
  small_ok(aatgs_trace_writer_flush(r.w), aatgs_trace_writer_error(r.w));
  const uint64_t committed = aatgs_trace_writer_committed(r.w);
  assert_int_equal(committed, r.m.iteration);
  make_snapshot(committed - 3, r.m.o.seed, bytes, sizeof bytes);
  small_ok(aatgs_trace_write_snapshot(r.w, committed - 3, bytes, sizeof bytes),
           aatgs_trace_writer_error(r.w));
  assert_true(aatgs_trace_writer_wants_snapshot(r.w));
  assert_int_equal(aatgs_trace_writer_committed(r.w), committed);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_int_equal(s.last, committed);
  aatgs_trace_close(t);
  disk_bytes(dir, &files);
  assert_int_equal(files, 1);
  make_snapshot(committed + 1, r.m.o.seed, bytes, sizeof bytes);
  small_ok(aatgs_trace_write_snapshot(r.w, committed + 1, bytes, sizeof bytes),
           aatgs_trace_writer_error(r.w));
  disk_bytes(dir, &files);
  assert_int_equal(files, 2);
  small_ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  make_remove(dir);
}

/* What ran between snapshot 0 and a window that has none is gone, and so is its use. */
static void test_window_without_snapshots(void **state)
{
  (void)state;
  const char *dir = make_path("windowbare");
  aatgs_trace_writer_options wo = small_writer_options(dir);
  wo.window_bytes = 2 << 20;
  small_run r;
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_error e;
  const uint8_t *bytes;
  size_t size;
  uint64_t at;
  small_begin(&r, &small_options, &wo);
  for (uint32_t i = 0; i < small_options.iterations; i++)
    small_ok(small_step(&r, UINT_MAX), aatgs_trace_writer_error(r.w));
  small_ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_true(s.first > 1);
  assert_int_equal(aatgs_trace_get_snapshot(t, s.last, &at, &bytes, &size), AATGS_ENOTFOUND);
  aatgs_trace_close(t);
  make_remove(dir);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rolling),
      cmocka_unit_test(test_ticks_go_on),
      cmocka_unit_test(test_window),
      cmocka_unit_test(test_window_of_time),
      cmocka_unit_test(test_window_of_tables),
      cmocka_unit_test(test_window_of_a_large_graph),
      cmocka_unit_test(test_late_snapshot_after_a_commit),
      cmocka_unit_test(test_window_without_snapshots),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
