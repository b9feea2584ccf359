/* Disks that are full, over quota or read-only, and maps that cannot grow: a clear state, what was
 * committed is there, the loss is counted. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/care.h"
#include "trace/cm.h"
#include "trace/inject.h"
#include "trace/small.h"

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
  small_run r = {0};
  uint8_t state[512];
  snprintf(dir, sizeof dir, "%s/t", disk);
  aatgs_trace_writer_options wo = small_writer_options(dir);
  int rc = aatgs_trace_writer_open(&wo, &r.w, &e);
  if (rc) {
    assert_int_equal(rc, AATGS_ENOSPC);
    assert_true(access(dir, F_OK) != 0);
    return;
  }
  make_start(&r.m, &small_options);
  make_snapshot(1, small_options.seed, state, sizeof state);
  rc = aatgs_trace_write_snapshot(r.w, 1, state, sizeof state);
  uint64_t accepted = 0, committed = 0;
  for (uint32_t i = 0; !rc && i < 200000; i++) {
    rc = small_step(&r, 0);
    accepted += rc == 0 || rc == AATGS_ENOSPC; /* the one that met the full disk was taken, too */
    committed = aatgs_trace_writer_committed(r.w);
  }
  assert_int_equal(rc, AATGS_ENOSPC);
  assert_int_equal(aatgs_trace_writer_flush(r.w), AATGS_ENOSPC);
  assert_int_equal(aatgs_trace_writer_close(r.w, 9, r.m.iteration - accepted, &e), AATGS_ENOSPC);
  assert_non_null(strstr(e.text, "make room"));
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_true(s.last == committed);
  make_options longer = small_options;
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
  small_run r;
  if (!small_disk(disk, 1200)) {
    rmdir(disk);
    print_message("skipped: this user may not mount a file system\n");
    skip();
  }
  snprintf(dir, sizeof dir, "%s/t", disk);
  aatgs_trace_writer_options wo = small_writer_options(dir);
  wo.window_bytes = 100 << 20;
  small_begin(&r, &small_options, &wo);
  for (uint32_t i = 0; i < small_options.iterations; i++)
    small_ok(small_step(&r, 0), aatgs_trace_writer_error(r.w));
  small_ok(aatgs_trace_writer_close(r.w, 9, 0, &e), &e);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_int_equal(s.last, r.m.iteration);
  assert_true(s.first > 1);
  make_verify_iterations(&small_options, t, s.first, UINT64_MAX);
  aatgs_trace_close(t);
  assert_int_equal(umount(disk), 0);
  rmdir(disk);
}

/* ---- Calls that fail from some moment on ---------------------------------------------------- */

typedef struct trouble {
  int error;
  int code; /* what the writer makes of it */
  const char *says;
} trouble;

static const trouble troubles[] = {
    {ENOSPC, AATGS_ENOSPC, "make room"},
    {EDQUOT, AATGS_ENOSPC, "quota"},
    {EROFS, AATGS_EIO, "Read-only"},
    {EIO, AATGS_EIO, "nput/output error"},
};

#define WRITING (INJECT_WRITE | INJECT_COMMIT | INJECT_SYNC | INJECT_SPACE)

/* All writing fails from call `at` on. With `relief` it works again when the trace is closed, as
 * when the room that is kept for that counts. Returns false when the recording never met it. */
static bool meet_trouble(const trouble *what, uint64_t at, bool relief)
{
  const char *dir = make_path("trouble");
  const make_options *o = &small_options;
  aatgs_trace_writer_options wo = small_writer_options(dir);
  uint64_t committed = 0;
  small_run r;
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_trace_report report;
  aatgs_error e;
  int rc = 0;
  small_begin(&r, o, &wo);
  inject_start(WRITING, at, INJECT_FAIL_ON, what->error);
  for (uint32_t i = 0; !rc && i < o->iterations; i++) {
    rc = small_step(&r, 0);
    committed = aatgs_trace_writer_committed(r.w);
  }
  const bool met = rc != 0;
  if (met) {
    assert_int_equal(rc, what->code);
    assert_int_equal(aatgs_trace_writer_pump(r.w, UINT64_MAX), rc); /* it stays stopped */
    assert_int_equal(aatgs_trace_writer_committed(r.w), committed);
    const char *text = aatgs_trace_writer_error(r.w)->text;
    if (!strstr(text, what->says) || !strstr(text, dir))
      fail_msg("'%s' does not name the file and say '%s'", text, what->says);
  }
  if (!met || relief)
    inject_stop();
  assert_int_equal(aatgs_trace_writer_close(r.w, 9, 0, &e), rc);
  inject_stop();
  small_ok(aatgs_trace_verify(dir, NULL, NULL, &report, &e), &e);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_int_equal(s.last, met ? committed : r.m.iteration);
  assert_int_equal(s.closed, !met || relief);
  if (s.closed && s.iterations + s.lost != r.m.iteration)
    fail_msg("%s: %" PRIu64 " there, %" PRIu64 " lost, %" PRIu64 " run", what->says, s.iterations,
             s.lost, r.m.iteration);
  make_verify_iterations(o, t, 0, s.last);
  if (met && relief) {
    aatgs_trace_mark mark;
    assert_int_equal(aatgs_trace_get_mark(t, 0, &mark), 1);
    assert_int_equal(mark.kind, AATGS_MARK_STOPPED);
    assert_int_equal(mark.value, s.lost);
    assert_non_null(strstr(mark.text, what->says));
  }
  aatgs_trace_close(t);
  make_remove(dir);
  return met;
}

static void test_trouble(void **state)
{
  (void)state;
  for (size_t k = 0; k < sizeof troubles / sizeof *troubles; k++) {
    unsigned met = 0;
    uint64_t at = 0;
    while (meet_trouble(&troubles[k], at, met % 2))
      met++, at += 1 + at / 6;
    print_message("%s: met at %u moments\n", strerror(troubles[k].error), met);
    assert_true(met > 10);
  }
}

/* With a window the oldest files go when a disk or a quota is full, and the recording goes on. */
static void test_quota_with_window(void **state)
{
  (void)state;
  const char *dir = make_path("quotawindow");
  aatgs_trace_writer_options wo = small_writer_options(dir);
  small_run r;
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_error e;
  wo.window_bytes = 100 << 20;
  small_begin(&r, &small_options, &wo);
  for (uint32_t i = 0; i < small_options.iterations; i++) {
    if (i % 4000 == 3999) /* one call fails; the file that goes makes room for it to be repeated */
      inject_start(INJECT_SPACE | INJECT_WRITE, 0, INJECT_FAIL, EDQUOT);
    small_ok(small_step(&r, 0), aatgs_trace_writer_error(r.w));
  }
  assert_true(inject_stop() > 0);
  small_ok(aatgs_trace_writer_close(r.w, 9, 0, &e), &e);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  assert_int_equal(s.last, r.m.iteration);
  assert_true(s.first > 1);
  make_verify_iterations(&small_options, t, s.first, UINT64_MAX);
  aatgs_trace_close(t);
  make_remove(dir);
}

/* ---- Maps ----------------------------------------------------------------------------------- */

#if !defined(AATGS_TEST_SANITIZED)
static rlim_t address_space(void)
{
  unsigned long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  assert_true(f && fscanf(f, "%lu", &pages) == 1);
  fclose(f);
  return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limit_address_space(rlim_t bytes)
{
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
  limit.rlim_cur = bytes;
  assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

/* Where the process may take no more address space, the map of a data file cannot grow with it: the
 * next file begins. */
static void test_map_that_cannot_grow(void **state)
{
  (void)state;
  const char *dir = make_path("map");
  const make_options noise = {.seed = 4,
                              .iterations = 60000,
                              .config_bytes = 256,
                              .telemetry_bytes = 64,
                              .graphs = 1,
                              .records_max = MAKE_RECORDS_MAX,
                              .noise = 1,
                              .small = 1};
  aatgs_trace_writer_options wo = make_writer_options(&noise, dir);
  char second[1200];
  small_run r;
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_error e;
  wo.zstd_level = 1;
  small_begin(&r, &noise, &wo);
  limit_address_space(address_space() + (48 << 20));
  for (uint32_t i = 0; i < noise.iterations; i++)
    small_ok(small_step(&r, 0), aatgs_trace_writer_error(r.w));
  small_ok(aatgs_trace_writer_close(r.w, 9, 0, &e), &e);
  limit_address_space(RLIM_INFINITY);
  snprintf(second, sizeof second, "%s/data-00000002", dir);
  assert_int_equal(access(second, F_OK), 0);
  small_ok(aatgs_trace_open(dir, &t, &e), &e);
  aatgs_trace_get_state(t, &s);
  print_message("%" PRIu64 " MiB recorded with maps of 64 MiB, %" PRIu64 " snapshots\n",
                s.disk_bytes >> 20, s.snapshots);
  assert_int_equal(s.iterations, noise.iterations);
  assert_int_equal(s.lost, 0);
  assert_true(s.snapshots == r.delivered + 1 && r.delivered > 0);
  make_verify_iterations(&noise, t, 0, UINT64_MAX);
  aatgs_trace_close(t);
  make_remove(dir);
}
#endif

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_full_disk),
    cmocka_unit_test(test_full_disk_with_window),
    cmocka_unit_test(test_trouble),
    cmocka_unit_test(test_quota_with_window),
#if !defined(AATGS_TEST_SANITIZED) /* which takes all the address space there is */
    cmocka_unit_test(test_map_that_cannot_grow),
#endif
  };
  make_paths_in_memory();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
