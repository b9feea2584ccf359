/* Writers that die, disks that lose power, calls that fail: what was reported as committed is there
 * afterwards, whole, and nothing crashes. With the argument `long`: thousands of times. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/care.h"
#include "trace/cm.h"
#include "trace/inject.h"
#include "trace/make.h"

static bool thorough;

static const make_options options = {.seed = 5,
                                     .iterations = 100000,
                                     .config_bytes = 64,
                                     .telemetry_bytes = 32,
                                     .graphs = 2,
                                     .records_max = 4,
                                     .small = 1};

/* Told by the writer to whoever looks at what it left. */
typedef struct news {
  uint64_t committed;
  uint64_t handed_in;
  int result;
} news;

/* A flight recorder's window, so that files are removed, too. */
#define WINDOW_NS UINT64_C(4000000)

static aatgs_trace_writer_options writer_options(const char *dir, uint64_t window_ns)
{
  aatgs_trace_writer_options wo = make_writer_options(&options, dir);
  wo.commit_bytes = 8000;
  wo.chunk_iterations = 100;
  wo.roll_bytes = 60000;
  wo.window_ns = window_ns;
  return wo;
}

/* Records `iterations`, with flushes at odd moments, then closes. Returns the first error. */
static int record(const char *dir, uint32_t iterations, uint64_t window_ns, volatile news *n,
                  uint64_t seed)
{
  aatgs_trace_writer_options wo = writer_options(dir, window_ns);
  aatgs_trace_writer *w;
  maker m;
  aatgs_iteration it;
  uint8_t state[512];
  uint64_t random = seed;
  int rc = aatgs_trace_writer_open(&wo, &w, NULL);
  if (rc)
    return rc;
  make_start(&m, &options);
  for (uint32_t g = 1; !rc && g <= options.graphs; g++) {
    rc = aatgs_trace_write_graph(w, make_graph(&m, g));
    if (!rc)
      rc = aatgs_trace_write_plan(w, make_plan(&m, g));
  }
  make_snapshot(1, options.seed, state, sizeof state);
  if (!rc)
    rc = aatgs_trace_write_snapshot(w, 1, state, sizeof state);
  for (uint32_t i = 0; !rc && i < iterations; i++) {
    if (aatgs_trace_writer_wants_snapshot(w)) {
      make_snapshot(m.iteration + 1, options.seed, state, sizeof state);
      rc = aatgs_trace_write_snapshot(w, m.iteration + 1, state, sizeof state);
    }
    const aatgs_tick tick = {m.iteration + 1, m.iteration, i, AATGS_TICK_TIME, 0};
    if (!rc && i % 50 == 0)
      rc = aatgs_trace_write_tick(w, &tick);
    make_iteration(&m, &it);
    if (!rc)
      rc = aatgs_trace_write_iteration(w, &it);
    if (!rc && make_random(&random) % 40 == 0)
      rc = aatgs_trace_writer_flush(w);
    n->handed_in = it.iteration;
    n->committed = aatgs_trace_writer_committed(w);
    inject_mark(n->committed);
  }
  int closed = aatgs_trace_writer_close(w, 1, 0, NULL);
  return rc ? rc : closed;
}

/* The trace is whole and holds all that was committed, a window all of its end; nothing is wrong in
 * what it holds. */
static void inspect(const char *dir, uint64_t window_ns, const volatile news *n, const char *when)
{
  aatgs_trace *t;
  aatgs_trace_report r;
  aatgs_error e;
  int rc = aatgs_trace_verify(dir, NULL, NULL, &r, &e);
  if (rc && n->committed == 0)
    return; /* it died before there was anything */
  if (rc)
    fail_msg("%s: %s", when, e.text);
  if (r.last < n->committed)
    fail_msg("%s: committed %" PRIu64 ", there %" PRIu64, when, n->committed, r.last);
  if (aatgs_trace_open(dir, &t, &e))
    fail_msg("%s: %s", when, e.text);
  if (window_ns == 0 && r.iterations && r.first != 1)
    fail_msg("%s: it begins with %" PRIu64, when, r.first);
  make_verify_iterations(&options, t, r.first, r.last);
  aatgs_trace_close(t);
}

static volatile news *shared_news(void)
{
  void *p = mmap(NULL, sizeof(news), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(p != MAP_FAILED);
  return p;
}

/* ---- Death ------------------------------------------------------------------------------ */

static void test_killed_at_any_moment(void **state)
{
  (void)state;
  volatile news *n = shared_news();
  uint64_t random = 17, committed = 0;
  const unsigned kills = thorough ? 2000 : 40;
  for (unsigned i = 0; i < kills; i++) {
    const uint64_t window_ns = i % 4 ? 0 : WINDOW_NS;
    const char *dir = make_path("killed");
    memset((void *)n, 0, sizeof *n);
    pid_t child = fork();
    if (child == 0) {
      record(dir, options.iterations, window_ns, n, i);
      _exit(0);
    }
    usleep((useconds_t)(make_random(&random) % 40000));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    inspect(dir, window_ns, n, "killed");
    committed += n->committed;
    make_remove(dir);
  }
  print_message("%u kills at random moments, %" PRIu64
                " iterations committed before them, none missing\n",
                kills, committed);
  assert_true(committed > 0);
  munmap((void *)n, sizeof *n);
}

static const inject_action ways[] = {INJECT_DIE_BEFORE, INJECT_DIE_IN, INJECT_DIE_AFTER};
#define WAYS (sizeof ways / sizeof *ways)

/* Dies at call `at` of a kind. Returns whether it came to that call. */
static bool kill_at(unsigned kind, const char *name, uint64_t at, size_t way, uint64_t seed,
                    uint64_t window_ns, volatile news *n)
{
  const char *dir = make_path("cut");
  char when[80];
  int status;
  memset((void *)n, 0, sizeof *n);
  pid_t child = fork();
  if (child == 0) {
    inject_start(kind, at, ways[way], 0);
    record(dir, 1500, window_ns, n, seed);
    _exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  snprintf(when, sizeof when, "%s %" PRIu64 ", way %zu, seed %" PRIu64, name, at, way, seed);
  inspect(dir, window_ns, n, when);
  make_remove(dir);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static uint64_t count_calls(unsigned kind, uint64_t seed, uint64_t window_ns, volatile news *n)
{
  const char *dir = make_path("counted");
  inject_start(kind, UINT64_MAX, INJECT_NOTHING, 0);
  assert_int_equal(record(dir, 1500, window_ns, n, seed), 0);
  uint64_t calls = inject_stop();
  make_remove(dir);
  return calls;
}

/* At least `wanted` deaths, spread over all calls of the kind, every second recording with a
 * window; each way of dying as often. */
static void kill_at_kind(unsigned kind, const char *name, unsigned wanted)
{
  volatile news *n = shared_news();
  unsigned kills = 0;
  uint64_t committed = 0, reached = 0;
  for (uint64_t seed = 1; kills < wanted; seed++) {
    const uint64_t window_ns = seed % 2 ? WINDOW_NS : 0;
    uint64_t calls = count_calls(kind, seed, window_ns, n);
    uint64_t step = 1 + calls * WAYS / wanted;
    for (uint64_t at = (seed - 1) / 2 % step; at < calls; at += step)
      for (size_t way = 0; way < WAYS; way++, reached++) {
        kills += kill_at(kind, name, at, way, seed, window_ns, n);
        committed += n->committed;
      }
  }
  print_message("%5u kills at a %s, %" PRIu64 " iterations committed before them, none missing\n",
                kills, name, committed);
  if (kills != reached)
    fail_msg("%s: %" PRIu64 " calls, %u deaths", name, reached, kills);
  munmap((void *)n, sizeof *n);
}

static void test_killed_at_every_call(void **state)
{
  (void)state;
  const unsigned wanted = thorough ? 500 : 12;
  kill_at_kind(INJECT_WRITE, "write of pages", wanted);
  kill_at_kind(INJECT_COMMIT, "commit (write of a meta page)", wanted);
  kill_at_kind(INJECT_SYNC, "sync", wanted);
  kill_at_kind(INJECT_SPACE, "allocation of disk space", wanted);
  kill_at_kind(INJECT_MAP, "mmap of a file", wanted);
  kill_at_kind(INJECT_OPEN, "creation or opening of a file", wanted);
  kill_at_kind(INJECT_REMOVE, "removal of a file", wanted);
}

/* ---- Power loss --------------------------------------------------------------------------- */

static void apply(const char *dir, const inject_entry *e, size_t size)
{
  char path[1200];
  snprintf(path, sizeof path, "%s/%s", dir, e->name);
  int fd = open(path, O_WRONLY | O_CREAT, 0666);
  assert_true(fd >= 0);
  assert_int_equal(pwrite(fd, e->bytes, size, (off_t)e->at), size);
  close(fd);
}

/* Last entry before `end` that made this write safe; a meta page is written through. */
static bool is_safe(const inject_entry *log, size_t i, size_t end)
{
  if (log[i].at < INJECT_META_BYTES)
    return true;
  for (size_t k = i + 1; k < end; k++)
    if (log[k].sync && strcmp(log[k].name, log[i].name) == 0)
      return true;
  return false;
}

/* The disk as it may be after entry `end`: what was synced is there, of the rest any part. */
static void after_power_loss(const char *dir, const inject_entry *log, size_t end, uint64_t *random,
                             bool torn)
{
  make_remove(dir);
  mkdir(dir, 0777);
  for (size_t i = 0; i < end; i++) {
    if (log[i].sync || !log[i].size)
      continue;
    bool safe = !torn || is_safe(log, i, end);
    if (safe)
      apply(dir, &log[i], log[i].size);
    else if (make_random(random) % 3)
      apply(dir, &log[i], log[i].size - make_random(random) % log[i].size);
  }
}

static void check_after_loss(const char *dir, uint64_t committed, unsigned *recovered,
                             const char *when)
{
  aatgs_trace_report r;
  aatgs_error e;
  const char *out = make_path("saved");
  int rc = aatgs_trace_verify(dir, NULL, NULL, &r, &e);
  if (rc && committed) {
    rc = aatgs_trace_recover(dir, out, NULL, NULL, &r, &e);
    ++*recovered;
    make_remove(out);
  }
  if (rc == 0 ? r.last < committed : committed > 0)
    fail_msg("%s: committed %" PRIu64 ", there %" PRIu64 ": %s", when, committed, rc ? 0 : r.last,
             rc ? e.text : "");
}

static void test_power_loss(void **state)
{
  (void)state;
  news n = {0};
  size_t count;
  uint64_t random = 4;
  unsigned states = 0, recovered = 0;
  char dir[1024], disk[1024];
  strcpy(dir, make_path("power"));
  strcpy(disk, make_path("disk"));
  inject_log_start(dir);
  assert_int_equal(record(dir, thorough ? 3000 : 700, 0, &n, 2), 0);
  const inject_entry *log = inject_log_stop(&count);
  for (size_t end = 0; end <= count; end++) {
    uint64_t committed = end == count ? n.committed : log[end].mark;
    for (int variant = 0; variant < (thorough ? 6 : 3); variant++) {
      char when[64];
      after_power_loss(disk, log, end, &random, variant > 0);
      if (variant == 0 && end < count && log[end].size > 1) { /* the next write came half through */
        apply(disk, &log[end], log[end].size / 2);
      }
      snprintf(when, sizeof when, "entry %zu of %zu, variant %d", end, count, variant);
      check_after_loss(disk, committed, &recovered, when);
      states++;
    }
  }
  print_message("%u states of the disk after a power loss, %u needed recover\n", states, recovered);
  inject_log_free();
  make_remove(disk);
  make_remove(dir);
}

/* ---- Failing calls -------------------------------------------------------------------------- */

/* Everything that is done with a trace; the first error. */
static int whole_life(const char *dir, uint64_t window_ns, news *n)
{
  aatgs_trace_report r;
  aatgs_error e;
  aatgs_trace *t;
  aatgs_iteration it;
  char out[1200], pack[1200];
  snprintf(out, sizeof out, "%s-out", dir);
  snprintf(pack, sizeof pack, "%s-pack", dir);
  int rc = record(dir, 500, window_ns, n, 3);
  if (!rc)
    rc = aatgs_trace_verify(dir, NULL, NULL, &r, &e);
  if (!rc)
    rc = aatgs_trace_open(dir, &t, &e);
  if (!rc) {
    const uint8_t *bytes;
    size_t size;
    uint64_t at;
    while ((rc = aatgs_trace_next(t, &it)) == 1)
      ;
    if (!rc)
      rc = aatgs_trace_get_snapshot(t, 450, &at, &bytes, &size);
    if (!rc)
      rc = aatgs_trace_get_input(t, 0, &bytes, &size);
    aatgs_trace_close(t);
  }
  if (!rc)
    rc = aatgs_trace_recover(dir, out, NULL, NULL, &r, &e);
  aatgs_trace_remove(out, NULL);
  if (!rc)
    rc = aatgs_trace_trim(dir, 350, 450, out, &r, &e);
  aatgs_trace_remove(out, NULL);
  FILE *f = rc ? NULL : fopen(pack, "w+b");
  if (f) {
    rc = aatgs_trace_pack(dir, f, pack, &r, &e);
    rewind(f);
    if (!rc)
      rc = aatgs_trace_unpack(f, pack, out, &r, &e);
    fclose(f);
  } else if (!rc) {
    rc = AATGS_EIO;
  }
  aatgs_trace_remove(out, NULL);
  unlink(pack);
  return rc;
}

static void fail_each(unsigned kinds, int error, const char *what)
{
  /* Files are removed where there is a window; what cannot be removed stays, for the time being. */
  const uint64_t window_ns = kinds == INJECT_REMOVE ? 1000000 : 0;
  news n = {0};
  char dir[1024];
  uint64_t tried = 0, noticed = 0;
  strcpy(dir, make_path("failing"));
  inject_start(kinds, UINT64_MAX, INJECT_NOTHING, 0);
  assert_int_equal(whole_life(dir, window_ns, &n), 0);
  uint64_t calls = inject_stop();
  make_remove(dir);
  uint64_t step = thorough ? 1 : 1 + calls / 150;
  for (uint64_t at = 0; at < calls; at += step, tried++) {
    char when[64];
    n = (news){0};
    inject_start(kinds, at, INJECT_FAIL, error);
    int rc = whole_life(dir, window_ns, &n);
    inject_stop();
    noticed += rc != 0;
    snprintf(when, sizeof when, "%s %" PRIu64 " failed", what, at);
    if (rc > 0)
      fail_msg("%s: result %d", when, rc);
    inspect(dir, window_ns, &n, when);
    make_remove(dir);
  }
  print_message("%s: %" PRIu64 " of %" PRIu64 " calls made to fail, %" PRIu64
                " ended in an error\n",
                what, tried, calls, noticed);
  assert_true(calls == 0 || noticed > 0 || kinds == INJECT_REMOVE);
}

static void test_failing_calls(void **state)
{
  (void)state;
  fail_each(INJECT_WRITE, EIO, "write");
  fail_each(INJECT_WRITE, ENOSPC, "write on a full disk");
  fail_each(INJECT_COMMIT, EIO, "commit");
  fail_each(INJECT_SYNC, EIO, "sync");
  fail_each(INJECT_SPACE, ENOSPC, "allocation of disk space");
  fail_each(INJECT_MAP, ENOMEM, "mmap");
  fail_each(INJECT_OPEN, EMFILE, "open");
  fail_each(INJECT_REMOVE, EIO, "unlink");
}

static void test_failing_memory(void **state)
{
  (void)state;
  fail_each(INJECT_MALLOC, ENOMEM, "malloc");
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_killed_at_any_moment), cmocka_unit_test(test_killed_at_every_call),
      cmocka_unit_test(test_power_loss),           cmocka_unit_test(test_failing_calls),
      cmocka_unit_test(test_failing_memory),
  };
  make_paths_in_memory();
  thorough = argc > 1 && strcmp(argv[1], "long") == 0;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
