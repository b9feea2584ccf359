/* Readers beside a writer: any number of processes read a trace while it is written, what they read
 * is right, and none makes it grow, however long it holds on to the trace. */
#include <dirent.h>
#include <inttypes.h>
#include <lmdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/care.h"
#include "trace/cm.h"
#include "trace/small.h"

static const make_options options = {.seed = 12,
                                     .iterations = 20000,
                                     .config_bytes = 64,
                                     .telemetry_bytes = 64,
                                     .graphs = 2,
                                     .records_max = 6,
                                     .ticks_every = 100,
                                     .small = 1};

/* Between the processes. */
typedef struct shared {
  atomic_uint ready;
  atomic_bool done;
  atomic_ullong passes;
  atomic_ullong iterations;
} shared;

static shared *all;
static char dir[1024];

/* ---- Readers ------------------------------------------------------------------------------ */

static void must(bool holds, const char *what, const aatgs_error *e)
{
  if (holds)
    return;
  fprintf(stderr, "reader: %s: %s\n", what, e->text);
  _exit(1);
}

static aatgs_trace *open_live(void)
{
  aatgs_trace *t;
  aatgs_error e;
  int rc;
  while ((rc = aatgs_trace_open(dir, &t, &e)) != 0) {
    must(rc == AATGS_ENOTFOUND || rc == AATGS_EFORMAT, "open", &e); /* not begun yet */
    usleep(1000);
  }
  return t;
}

/* From the beginning to what is there now; the writer may be too fast, which is an answer, too. */
static void read_through(aatgs_trace *t)
{
  maker m;
  aatgs_iteration want, got;
  int rc = aatgs_trace_refresh(t);
  make_start(&m, &options);
  aatgs_trace_seek(t, 0);
  while (rc >= 0 && (rc = aatgs_trace_next(t, &got)) == 1) {
    make_iteration(&m, &want);
    must(make_same(&want, &got, &options), "an iteration is wrong", aatgs_trace_error(t));
    atomic_fetch_add(&all->iterations, 1);
  }
  must(rc == 0 || rc == AATGS_EBUSY, "read", aatgs_trace_error(t));
}

static void read_again_and_again(void)
{
  aatgs_trace *t = open_live();
  aatgs_trace_report r;
  aatgs_error e;
  atomic_fetch_add(&all->ready, 1);
  while (!atomic_load(&all->done)) {
    read_through(t);
    int rc = aatgs_trace_verify(dir, NULL, NULL, &r, &e);
    must(rc == 0 || rc == AATGS_EBUSY, "verify", &e);
    atomic_fetch_add(&all->passes, 1);
  }
  aatgs_trace_close(t);
}

/* In the middle of a trace, and in no hurry. */
static void hold_on(void)
{
  aatgs_trace *t = open_live();
  aatgs_iteration it;
  while (aatgs_trace_refresh(t) == 0 && aatgs_trace_next(t, &it) == 0)
    usleep(1000);
  atomic_fetch_add(&all->ready, 1);
  while (!atomic_load(&all->done))
    usleep(1000);
  must(aatgs_trace_next(t, &it) == 1, "read on", aatgs_trace_error(t));
  aatgs_trace_close(t);
}

/* Any LMDB reader, in a transaction that does not end. */
static void hold_transaction(void)
{
  char path[1200];
  MDB_env *env;
  MDB_txn *txn;
  struct stat st;
  aatgs_trace_close(open_live());
  snprintf(path, sizeof path, "%s/data-00000001", dir);
  while (stat(path, &st) || st.st_size < 3 * 4096) /* something was committed */
    usleep(1000);
  if (mdb_env_create(&env) || mdb_env_set_mapsize(env, (size_t)1 << 30) ||
      mdb_env_open(env, path, MDB_NOSUBDIR | MDB_RDONLY, 0) ||
      mdb_txn_begin(env, NULL, MDB_RDONLY, &txn))
    _exit(1);
  atomic_fetch_add(&all->ready, 1);
  while (!atomic_load(&all->done))
    usleep(1000);
  mdb_txn_abort(txn);
  mdb_env_close(env);
}

static void die_in_transaction(void)
{
  hold_transaction(); /* until it is killed */
}

/* ---- The writer --------------------------------------------------------------------------- */

#define READERS_MAX 16

#define ROLL_BYTES (UINT64_C(2) << 20)

static uint64_t data_bytes(void)
{
  uint64_t bytes = 0;
  struct stat st;
  for (unsigned i = 1; i < 100; i++) {
    char path[1200];
    snprintf(path, sizeof path, "%s/data-%08u", dir, i);
    bytes += stat(path, &st) ? 0 : (uint64_t)st.st_size;
  }
  return bytes;
}

/* Records beside `count` processes that run `reader`, with many commits of an open chunk, each of
 * which takes the place of one before. Returns the bytes of the data files. */
static uint64_t record_beside(void (*reader)(void), unsigned count, bool kill_them)
{
  pid_t child[READERS_MAX];
  aatgs_trace_writer *w;
  maker m;
  aatgs_iteration it;
  aatgs_error e;
  uint8_t state[512];
  strcpy(dir, make_path("readers"));
  memset(all, 0, sizeof *all);
  for (unsigned i = 0; i < count; i++) {
    child[i] = fork();
    if (child[i] == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      reader();
      _exit(0);
    }
  }
  aatgs_trace_writer_options wo = make_writer_options(&options, dir);
  wo.roll_bytes = ROLL_BYTES;
  wo.chunk_iterations = 1024;
  assert_int_equal(aatgs_trace_writer_open(&wo, &w, &e), 0);
  make_start(&m, &options);
  for (uint32_t g = 1; g <= options.graphs; g++) {
    assert_int_equal(aatgs_trace_write_graph(w, make_graph(&m, g)), 0);
    assert_int_equal(aatgs_trace_write_plan(w, make_plan(&m, g)), 0);
  }
  make_snapshot(1, options.seed, state, sizeof state);
  assert_int_equal(aatgs_trace_write_snapshot(w, 1, state, sizeof state), 0);
  for (uint32_t i = 0; i < options.iterations; i++) {
    make_iteration(&m, &it);
    assert_int_equal(aatgs_trace_write_iteration(w, &it), 0);
    if (i % 50)
      continue;
    assert_int_equal(aatgs_trace_writer_flush(w), 0);
    while (i == 50 && atomic_load(&all->ready) < count) /* all of them are at work */
      usleep(1000);
    for (unsigned k = 0; k < count && i == 100 && kill_them; k++)
      kill(child[k], SIGKILL);
    if (count)
      usleep(500);
  }
  assert_int_equal(aatgs_trace_writer_close(w, 1, 0, &e), 0);
  atomic_store(&all->done, true);
  for (unsigned i = 0; i < count; i++) {
    int status;
    assert_int_equal(waitpid(child[i], &status, 0), child[i]);
    assert_true(kill_them ? WIFSIGNALED(status) : status == 0);
  }
  const uint64_t bytes = data_bytes();
  make_remove(dir);
  return bytes;
}

static void test_readers_beside_a_writer(void **state)
{
  (void)state;
  const uint64_t alone = record_beside(NULL, 0, false);
  const uint64_t read = record_beside(read_again_and_again, 8, false);
  print_message("8 processes read %llu iterations in %llu passes beside the writer\n",
                (unsigned long long)all->iterations, (unsigned long long)all->passes);
  assert_true(all->passes >= 8);
  const uint64_t held = record_beside(hold_on, READERS_MAX, false);
  const uint64_t pinned = record_beside(hold_transaction, 1, false);
  const uint64_t dead = record_beside(die_in_transaction, 1, true);
  print_message("bytes of the data files: nobody reads %" PRIu64 ", 8 readers %" PRIu64
                ", 16 idle ones %" PRIu64 ", an LMDB transaction that does not end %" PRIu64
                ", one that died %" PRIu64 "\n",
                alone, read, held, pinned, dead);
  assert_int_equal(read, alone);
  assert_int_equal(held, alone);
  /* What pins pages shows in this figure, but only until the next file begins, or until it dies. */
  assert_true(pinned > alone + ROLL_BYTES / 2 && pinned < alone + 3 * ROLL_BYTES);
  assert_true(dead < alone + alone / 4);
}

/* ---- Windows ------------------------------------------------------------------------------ */

/* Of files that are gone from the folder and still open here. */
static uint64_t held_bytes(void)
{
  uint64_t bytes = 0;
  DIR *d = opendir("/proc/self/fd");
  for (struct dirent *e; (e = readdir(d));) {
    char target[1200];
    struct stat st;
    ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    if (strncmp(target, dir, strlen(dir)) == 0 && strstr(target, " (deleted)") &&
        fstatat(dirfd(d), e->d_name, &st, 0) == 0)
      bytes += (uint64_t)st.st_blocks * 512;
  }
  closedir(d);
  return bytes;
}

/* What a flight recorder lets go of stays for a trace that was open: a window at most, until it is
 * refreshed or closed. */
static void test_idle_reader_of_a_window(void **state)
{
  (void)state;
  const uint64_t window = 1 << 20;
  small_run r;
  aatgs_trace *t = NULL;
  aatgs_trace_state s = {0};
  aatgs_error e;
  uint64_t most = 0;
  make_options longer = small_options;
  longer.iterations *= 3;
  strcpy(dir, make_path("idle"));
  aatgs_trace_writer_options wo = small_writer_options(dir);
  wo.window_bytes = window;
  small_begin(&r, &longer, &wo);
  for (uint32_t i = 0; i < longer.iterations; i++) {
    small_ok(small_step(&r, 0), aatgs_trace_writer_error(r.w));
    if (i == longer.iterations / 2) {
      small_ok(aatgs_trace_open(dir, &t, &e), &e);
      aatgs_trace_get_state(t, &s);
    }
    const uint64_t bytes = i % 100 ? 0 : held_bytes();
    most = bytes > most ? bytes : most;
  }
  small_ok(aatgs_trace_writer_close(r.w, 1, 0, &e), &e);
  print_message("an idle reader of a window of %" PRIu64 " bytes holds %" PRIu64 " at most\n",
                window, most);
  assert_true(most > window / 2 && most <= window + window / 10);
  make_verify_iterations(&longer, t, s.first, s.last);
  small_ok(aatgs_trace_refresh(t), aatgs_trace_error(t));
  assert_int_equal(held_bytes(), 0);
  aatgs_trace_close(t);
  make_remove(dir);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_readers_beside_a_writer),
      cmocka_unit_test(test_idle_reader_of_a_window),
  };
  make_paths_in_memory();
  all = mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return all == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
