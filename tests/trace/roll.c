/* Data files that follow one another, the window of a flight recorder, and full disks. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/cm.h"
#include "trace/make.h"

static const make_options options = {.seed = 77,
                                     .iterations = 30000,
                                     .config_bytes = 64,
                                     .telemetry_bytes = 64,
                                     .graphs = 2,
                                     .records_max = 6,
                                     .gap_every = 5000,
                                     .small = 1};

static void ok(int rc, const aatgs_error *e)
{
  if (rc < 0)
    fail_msg("%d: %s", rc, e->text);
}

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

typedef struct run {
  aatgs_trace_writer *w;
  maker m;
  uint64_t pending_at; /* a snapshot that was ordered and not delivered; 0: none */
  unsigned late;       /* iterations until it is delivered */
  unsigned delivered;
} run;

static void begin(run *r, const aatgs_trace_writer_options *wo)
{
  uint8_t state[512];
  aatgs_error e;
  memset(r, 0, sizeof *r);
  ok(aatgs_trace_writer_open(wo, &r->w, &e), &e);
  make_start(&r->m, &options);
  for (uint32_t g = 1; g <= options.graphs; g++)
    ok(aatgs_trace_write_graph(r->w, make_graph(&r->m, g)), aatgs_trace_writer_error(r->w));
  make_snapshot(1, options.seed, state, sizeof state);
  ok(aatgs_trace_write_snapshot(r->w, 1, state, sizeof state), aatgs_trace_writer_error(r->w));
}

/* Hands in an iteration; when the writer wants a snapshot it comes `lateness` iterations later. */
static int step(run *r, unsigned lateness)
{
  aatgs_iteration it;
  uint8_t state[512];
  if (aatgs_trace_writer_wants_snapshot(r->w) && !r->pending_at) {
    r->pending_at = r->m.iteration + 1;
    r->late = lateness;
  }
  if (r->pending_at && r->late-- == 0) {
    make_snapshot(r->pending_at, options.seed, state, sizeof state);
    int rc = aatgs_trace_write_snapshot(r->w, r->pending_at, state, sizeof state);
    if (rc)
      return rc;
    r->pending_at = 0;
    r->delivered++;
  }
  make_iteration(&r->m, &it);
  return aatgs_trace_write_iteration(r->w, &it);
}

static aatgs_trace_writer_options small_files(const char *dir)
{
  aatgs_trace_writer_options wo = make_writer_options(&options, dir);
  wo.roll_bytes = 150000;
  wo.commit_bytes = 20000;
  wo.chunk_iterations = 512;
  return wo;
}

static void check_snapshots(aatgs_trace *t, uint64_t first, uint64_t last)
{
  uint8_t want[512];
  for (uint64_t i = first; i <= last; i += 1 + (last - first) / 40) {
    const uint8_t *bytes;
    size_t size;
    uint64_t at;
    ok(aatgs_trace_get_snapshot(t, i, &at, &bytes, &size), aatgs_trace_error(t));
    assert_true(at <= i);
    make_snapshot(at, options.seed, want, sizeof want);
    assert_int_equal(size, sizeof want);
    assert_memory_equal(bytes, want, sizeof want);
  }
}

static void roll_with_lateness(unsigned lateness)
{
  const char *dir = make_path("roll");
  aatgs_trace_writer_options wo = small_files(dir);
  run r;
  unsigned files;
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_error e;
  begin(&r, &wo);
  for (uint32_t i = 0; i < options.iterations; i++)
    ok(step(&r, lateness), aatgs_trace_writer_error(r.w));
  ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  disk_bytes(dir, &files);
  assert_true(files > 4);
  ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_int_equal(s.iterations, options.iterations);
  assert_int_equal(s.snapshots, r.delivered + 1);
  assert_int_equal(s.lost, s.last - s.iterations);
  make_verify_iterations(&options, t, 0, UINT64_MAX);
  make_verify_iterations(&options, t, s.last / 2, UINT64_MAX);
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
  aatgs_trace_writer_options wo = small_files(dir);
  run r;
  aatgs_trace *t;
  aatgs_tick tick;
  aatgs_error e;
  uint64_t ticks = 0;
  begin(&r, &wo);
  for (uint32_t i = 0; i < options.iterations; i++) {
    if (i % 13 == 0) {
      tick = (aatgs_tick){i + 1, i, ticks++, AATGS_TICK_TIME, 0};
      ok(aatgs_trace_write_tick(r.w, &tick), aatgs_trace_writer_error(r.w));
    }
    ok(step(&r, 3), aatgs_trace_writer_error(r.w));
  }
  ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  ok(aatgs_trace_open(dir, &t, &e), &e);
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
  aatgs_trace_writer_options wo = small_files(dir);
  run r;
  unsigned files;
  aatgs_trace *t, *live;
  aatgs_trace_state s;
  aatgs_iteration it;
  aatgs_error e;
  uint64_t most = 0, least = UINT64_MAX;
  const uint64_t window = 2 << 20, slack = window / 10;
  wo.window_bytes = window;
  begin(&r, &wo);
  ok(aatgs_trace_open(dir, &live, &e), &e);
  for (uint32_t i = 0; i < options.iterations * 3; i++) {
    ok(step(&r, 5), aatgs_trace_writer_error(r.w));
    uint64_t bytes = i % 500 ? 0 : disk_bytes(dir, &files);
    most = bytes > most ? bytes : most;
    if (bytes && most > window - slack)
      least = bytes < least ? bytes : least;
    if (i % 20000 == 0)
      ok(aatgs_trace_refresh(live), aatgs_trace_error(live));
  }
  ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  print_message("window of %" PRIu64 " bytes: %" PRIu64 " to %" PRIu64 " on the disk once filled\n",
                window, least, most);
  assert_true(most <= window + slack && least >= window - slack);
  ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_true(s.closed && s.first > options.iterations);
  assert_true(disk_bytes(dir, &files) > window / 2);
  /* Everything in the window can be replayed: a snapshot stands at its beginning. */
  check_snapshots(t, s.first, s.last);
  uint64_t at;
  ok(aatgs_trace_get_snapshot(t, s.first, &at, &(const uint8_t *){NULL}, &(size_t){0}),
     aatgs_trace_error(t));
  assert_true(at > 1);
  make_options longer = options;
  longer.iterations *= 3;
  make_verify_iterations(&longer, t, s.first, UINT64_MAX);
  ok(aatgs_trace_refresh(live), aatgs_trace_error(live));
  ok(aatgs_trace_seek(live, s.first), NULL);
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
  aatgs_trace_writer_options wo = small_files(dir);
  run r;
  unsigned files;
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_iteration it;
  aatgs_error e;
  wo.window_ns = 30000000; /* about 5,500 iterations */
  begin(&r, &wo);
  for (uint32_t i = 0; i < options.iterations; i++)
    ok(step(&r, 0), aatgs_trace_writer_error(r.w));
  ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  disk_bytes(dir, &files);
  assert_true(files > 1 && files < 12);
  assert_true(s.first > 1 && s.duration_ns >= wo.window_ns && s.duration_ns < 2 * wo.window_ns);
  assert_int_equal(aatgs_trace_next(t, &it), 1);
  assert_int_equal(it.iteration, s.first);
  aatgs_trace_close(t);
  make_remove(dir);
}

/* ---- Full disks ------------------------------------------------------------------------- */

/* A file system of that size, seen by this process only; false where that is not allowed. */
static bool small_disk(const char *path, unsigned kib)
{
  static int own = -1;
  char options_text[32];
  if (own < 0)
    own = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
  snprintf(options_text, sizeof options_text, "size=%uk", kib);
  mkdir(path, 0777);
  return own && mount("tmpfs", path, "tmpfs", 0, options_text) == 0;
}

/* Records until the disk is full; what was reported as committed must be there, and the loss
 * counted. */
static void fill_disk(const char *disk, unsigned kib)
{
  char dir[1200];
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_error e;
  run r = {0};
  uint8_t state[512];
  snprintf(dir, sizeof dir, "%s/t", disk);
  aatgs_trace_writer_options wo = small_files(dir);
  int rc = aatgs_trace_writer_open(&wo, &r.w, &e);
  if (rc) {
    assert_int_equal(rc, AATGS_ENOSPC);
    assert_true(access(dir, F_OK) != 0);
    return;
  }
  make_start(&r.m, &options);
  make_snapshot(1, options.seed, state, sizeof state);
  rc = aatgs_trace_write_snapshot(r.w, 1, state, sizeof state);
  uint64_t accepted = 0, committed = 0;
  for (uint32_t i = 0; !rc && i < 200000; i++) {
    rc = step(&r, 0);
    accepted += rc == 0 || rc == AATGS_ENOSPC; /* the one that met the full disk was taken, too */
    committed = aatgs_trace_writer_committed(r.w);
  }
  assert_int_equal(rc, AATGS_ENOSPC);
  assert_int_equal(aatgs_trace_writer_flush(r.w), AATGS_ENOSPC);
  assert_int_equal(aatgs_trace_writer_close(r.w, 9, r.m.iteration - accepted, &e), AATGS_ENOSPC);
  assert_non_null(strstr(e.text, "make room"));
  ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_true(s.last == committed);
  make_options longer = options;
  longer.iterations = 200000;
  make_verify_iterations(&longer, t, 0, s.last);
  if (!s.closed || s.iterations + s.lost != r.m.iteration)
    fail_msg("%u KiB: closed %d, %" PRIu64 " there, %" PRIu64 " lost, %" PRIu64 " run", kib,
             s.closed, s.iterations, s.lost, r.m.iteration);
  aatgs_trace_close(t);
}

static void test_full_disk(void **state)
{
  (void)state;
  const char *disk = make_path("disk");
  unsigned tried = 0;
  for (unsigned kib = 8; kib < 1500; kib += kib < 250 ? 12 : 97, tried++) {
    if (!small_disk(disk, kib)) {
      rmdir(disk);
      print_message("skipped: this user may not mount a file system\n");
      skip();
    }
    fill_disk(disk, kib);
    assert_int_equal(umount(disk), 0);
  }
  rmdir(disk);
  print_message("%u sizes of disk filled\n", tried);
}

/* With a window, a full disk costs the oldest data and not the newest. */
static void test_full_disk_with_window(void **state)
{
  (void)state;
  const char *disk = make_path("diskwindow");
  char dir[1200];
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_error e;
  run r;
  if (!small_disk(disk, 1200)) {
    rmdir(disk);
    print_message("skipped: this user may not mount a file system\n");
    skip();
  }
  snprintf(dir, sizeof dir, "%s/t", disk);
  aatgs_trace_writer_options wo = small_files(dir);
  wo.window_bytes = 100 << 20;
  begin(&r, &wo);
  for (uint32_t i = 0; i < options.iterations; i++)
    ok(step(&r, 0), aatgs_trace_writer_error(r.w));
  ok(aatgs_trace_writer_close(r.w, 9, 0, &e), &e);
  ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_int_equal(s.last, r.m.iteration);
  assert_true(s.first > 1);
  make_verify_iterations(&options, t, s.first, UINT64_MAX);
  aatgs_trace_close(t);
  assert_int_equal(umount(disk), 0);
  rmdir(disk);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rolling),   cmocka_unit_test(test_ticks_go_on),
      cmocka_unit_test(test_window),    cmocka_unit_test(test_window_of_time),
      cmocka_unit_test(test_full_disk), cmocka_unit_test(test_full_disk_with_window),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
