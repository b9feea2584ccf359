/* verify, recover, trim, pack, unpack, remove. */
#include "trace/care.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/cm.h"
#include "trace/make.h"

static const make_options options = {.seed = 31,
                                     .iterations = 9000,
                                     .config_bytes = 48,
                                     .telemetry_bytes = 32,
                                     .graphs = 3,
                                     .records_max = 4,
                                     .gap_every = 3000,
                                     .ticks_every = 50,
                                     .snapshot_every = 2000,
                                     .marks_every = 700,
                                     .chunk = 256,
                                     .small = 1};

static void ok(int rc, const aatgs_error *e)
{
  if (rc < 0)
    fail_msg("%d: %s", rc, e->text);
}

static void count_note(void *user, const char *sentence)
{
  assert_true(strlen(sentence) > 10);
  ++*(unsigned *)user;
}

/* ---- Verify ---------------------------------------------------------------------------- */

static void test_verify(void **state)
{
  (void)state;
  const char *dir = make_path("verify");
  aatgs_trace_report r;
  aatgs_error e;
  unsigned notes = 0;
  make_trace(&options, dir, NULL);
  ok(aatgs_trace_verify(dir, count_note, &notes, &r, &e), &e);
  assert_int_equal(notes, 0);
  assert_int_equal(r.iterations, options.iterations);
  assert_int_equal(r.graphs, 3);
  assert_int_equal(r.plans, 3);
  assert_int_equal(r.inputs, 3);
  assert_int_equal(r.snapshots, 5);
  assert_int_equal(r.ticks, options.iterations / options.ticks_every);
  assert_true(r.closed && r.lost > 0 && r.lost == r.last - r.iterations && r.damaged == 0);
  make_remove(dir);
  assert_int_equal(aatgs_trace_verify(dir, count_note, &notes, &r, &e), AATGS_ENOTFOUND);
  assert_int_equal(notes, 1);
}

static void flip(const char *dir, const char *name, off_t at)
{
  char path[1200];
  uint8_t b = 0;
  snprintf(path, sizeof path, "%s/%s", dir, name);
  int fd = open(path, O_RDWR);
  assert_true(fd >= 0 && pread(fd, &b, 1, at) == 1);
  b ^= 0x10;
  assert_true(pwrite(fd, &b, 1, at) == 1);
  close(fd);
}

static off_t size_of(const char *dir, const char *name)
{
  char path[1200];
  struct stat st;
  snprintf(path, sizeof path, "%s/%s", dir, name);
  assert_int_equal(stat(path, &st), 0);
  return st.st_size;
}

static void test_verify_finds_damage(void **state)
{
  (void)state;
  uint64_t random = 8;
  unsigned found = 0;
  const unsigned tries = 60;
  const char *dir = make_path("verifydamage");
  make_trace(&options, dir, NULL);
  for (unsigned i = 0; i < tries; i++) {
    aatgs_trace_report r;
    aatgs_error e;
    unsigned notes = 0;
    off_t at = (off_t)(make_random(&random) % (uint64_t)size_of(dir, "data-00000001"));
    flip(dir, "data-00000001", at);
    int rc = aatgs_trace_verify(dir, count_note, &notes, &r, &e);
    assert_true(rc == 0 || rc == AATGS_ECORRUPT || rc == AATGS_EFORMAT);
    assert_true((rc != 0) == (notes > 0));
    found += rc != 0;
    flip(dir, "data-00000001", at);
  }
  assert_true(found > tries / 2);
  make_remove(dir);
}

/* ---- Recover --------------------------------------------------------------------------- */

/* All iterations of `dir` are right; how many there are. */
static uint64_t count_right(const char *dir)
{
  maker m;
  aatgs_trace *t;
  aatgs_iteration want, got;
  aatgs_error e;
  uint64_t n = 0;
  int rc;
  make_start(&m, &options);
  make_iteration(&m, &want);
  ok(aatgs_trace_open(dir, &t, &e), &e);
  while ((rc = aatgs_trace_next(t, &got)) == 1) {
    while (want.iteration < got.iteration)
      make_iteration(&m, &want);
    assert_true(make_same(&want, &got, &options));
    n++;
  }
  ok(rc, aatgs_trace_error(t));
  aatgs_trace_close(t);
  return n;
}

static void test_recover_whole(void **state)
{
  (void)state;
  const char *dir = make_path("recover"), *out = make_path("recovered");
  aatgs_trace_report r, v;
  aatgs_error e;
  unsigned notes = 0;
  make_trace(&options, dir, NULL);
  ok(aatgs_trace_recover(dir, out, count_note, &notes, &r, &e), &e);
  assert_int_equal(notes, 0);
  assert_int_equal(r.damaged, 0);
  assert_int_equal(r.iterations, options.iterations);
  make_verify(&options, out, UINT64_MAX);
  ok(aatgs_trace_verify(out, NULL, NULL, &v, &e), &e);
  assert_true(v.digest == r.digest && v.lost == r.lost);
  assert_int_equal(aatgs_trace_recover(dir, out, NULL, NULL, &r, &e), AATGS_EEXIST);
  make_remove(dir);
  make_remove(out);
}

/* With LMDB's meta pages and roots gone, everything is still there. */
static void test_recover_without_directory(void **state)
{
  (void)state;
  const char *dir = make_path("headless"), *out = make_path("headed");
  char path[1200];
  aatgs_trace_report r;
  aatgs_trace *t;
  aatgs_error e;
  static const uint8_t junk[8192] = {1, 2, 3};
  make_trace(&options, dir, NULL);
  for (int k = 0; k < 2; k++) {
    snprintf(path, sizeof path, "%s/%s", dir, k ? "meta" : "data-00000001");
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, junk, sizeof junk, 0), sizeof junk);
    close(fd);
  }
  assert_int_not_equal(aatgs_trace_open(dir, &t, &e), 0);
  ok(aatgs_trace_recover(dir, out, NULL, NULL, &r, &e), &e);
  assert_int_equal(r.iterations, options.iterations);
  make_verify(&options, out, UINT64_MAX);
  make_remove(dir);
  make_remove(out);
}

static void test_recover_unclosed(void **state)
{
  (void)state;
  const char *dir = make_path("unclosed"), *out = make_path("closed");
  aatgs_trace_writer *w;
  aatgs_trace_report r;
  aatgs_error e;
  make_trace(&options, dir, &w);
  ok(aatgs_trace_recover(dir, out, NULL, NULL, &r, &e), &e);
  assert_int_equal(r.iterations, options.iterations);
  assert_true(r.closed);
  make_verify(&options, out, UINT64_MAX);
  ok(aatgs_trace_writer_close(w, 0, 0, &e), &e);
  make_remove(dir);
  make_remove(out);
}

static void test_recover_damaged(void **state)
{
  (void)state;
  const char *dir = make_path("hurt"), *out = make_path("healed");
  uint64_t random = 99, least = UINT64_MAX;
  unsigned refused = 0;
  make_trace(&options, dir, NULL);
  for (unsigned i = 0; i < 40; i++) {
    aatgs_trace_report r, v;
    aatgs_error e;
    off_t at[6];
    const char *const names[2] = {"meta", "data-00000001"};
    for (int k = 0; k < 6; k++) {
      at[k] = (off_t)(make_random(&random) % (uint64_t)size_of(dir, names[k % 2]));
      flip(dir, names[k % 2], at[k]);
    }
    int rc = aatgs_trace_recover(dir, out, NULL, NULL, &r, &e);
    if (rc == 0) {
      uint64_t n = count_right(out);
      assert_int_equal(n, r.iterations);
      assert_true(n == options.iterations || r.damaged > 0);
      ok(aatgs_trace_verify(out, NULL, NULL, &v, &e), &e);
      least = n < least ? n : least;
      make_remove(out);
    } else {
      assert_int_equal(rc, AATGS_ECORRUPT);
      refused++;
    }
    for (int k = 5; k >= 0; k--)
      flip(dir, names[k % 2], at[k]);
  }
  print_message("at least %" PRIu64 " of %u iterations saved, %u times the description was gone\n",
                least, options.iterations, refused);
  assert_true(refused < 10 && least < options.iterations && least > options.iterations * 3 / 4);
  make_remove(dir);
}

static void test_recover_no_trace(void **state)
{
  (void)state;
  const char *dir = make_path("nothing");
  aatgs_trace_report r;
  aatgs_error e;
  assert_int_equal(aatgs_trace_recover(dir, "x", NULL, NULL, &r, &e), AATGS_ENOTFOUND);
  mkdir(dir, 0777);
  assert_int_equal(aatgs_trace_recover(dir, "x", NULL, NULL, &r, &e), AATGS_EFORMAT);
  make_remove(dir);
}

/* ---- Trim ------------------------------------------------------------------------------ */

static void test_trim(void **state)
{
  (void)state;
  const char *dir = make_path("trim"), *out = make_path("trimmed");
  aatgs_trace_report r, v;
  aatgs_trace *t;
  aatgs_error e;
  uint64_t at;
  const uint8_t *bytes;
  size_t size;
  make_trace(&options, dir, NULL);
  ok(aatgs_trace_verify(dir, NULL, NULL, &v, &e), &e);
  uint64_t middle = v.last / 2;
  ok(aatgs_trace_trim(dir, middle, middle + 500, out, &r, &e), &e);
  assert_true(r.first <= middle && r.last <= middle + 500 && r.iterations > 0);
  ok(aatgs_trace_verify(out, NULL, NULL, &v, &e), &e);
  assert_true(v.digest == r.digest && v.iterations == r.iterations);
  ok(aatgs_trace_open(out, &t, &e), &e);
  make_verify_iterations(&options, t, r.first, r.last);
  ok(aatgs_trace_get_snapshot(t, r.first, &at, &bytes, &size), aatgs_trace_error(t));
  assert_true(at == r.first);
  aatgs_trace_close(t);
  make_remove(out);
  ok(aatgs_trace_trim(dir, 0, UINT64_MAX, out, &r, &e), &e);
  make_verify(&options, out, UINT64_MAX);
  make_remove(out);
  assert_int_equal(aatgs_trace_trim(dir, UINT64_MAX - 1, UINT64_MAX, out, &r, &e), AATGS_EINVAL);
  assert_int_not_equal(access(out, F_OK), 0);
  make_remove(dir);
}

/* ---- Pack and unpack ------------------------------------------------------------------- */

static void pack_to(const char *dir, const char *file)
{
  aatgs_trace_report r;
  aatgs_error e;
  FILE *f = fopen(file, "wb");
  assert_non_null(f);
  ok(aatgs_trace_pack(dir, f, file, &r, &e), &e);
  assert_int_equal(fclose(f), 0);
  struct stat st;
  stat(file, &st);
  assert_int_equal(st.st_size, r.bytes);
}

static int unpack_from(const char *file, const char *out, aatgs_error *e)
{
  aatgs_trace_report r;
  FILE *f = fopen(file, "rb");
  assert_non_null(f);
  int rc = aatgs_trace_unpack(f, file, out, &r, e);
  fclose(f);
  return rc;
}

static void test_pack(void **state)
{
  (void)state;
  const char *dir = make_path("pack"), *file = make_path("pack.aatgz"), *out = make_path("unpack");
  aatgs_trace_report a, b;
  aatgs_error e;
  make_trace(&options, dir, NULL);
  pack_to(dir, file);
  ok(unpack_from(file, out, &e), &e);
  make_verify(&options, out, UINT64_MAX);
  ok(aatgs_trace_verify(dir, NULL, NULL, &a, &e), &e);
  ok(aatgs_trace_verify(out, NULL, NULL, &b, &e), &e);
  assert_memory_equal(&a, &b, sizeof a);
  assert_int_equal(unpack_from(file, out, &e), AATGS_EEXIST);
  make_remove(out);
  make_remove(file);
  make_remove(dir);
}

/* A pack that is damaged or cut is refused, and leaves nothing behind. */
static void test_damaged_packs(void **state)
{
  (void)state;
  make_options small = options;
  const char *dir = make_path("packs"), *file = make_path("packs.aatgz"),
             *out = make_path("unpacks");
  uint64_t random = 3;
  aatgs_error e;
  small.iterations = 500;
  make_trace(&small, dir, NULL);
  pack_to(dir, file);
  struct stat st;
  stat(file, &st);
  for (int i = 0; i < 300; i++) {
    uint8_t b;
    off_t at = (off_t)(make_random(&random) % (uint64_t)st.st_size);
    int fd = open(file, O_RDWR);
    assert_int_equal(pread(fd, &b, 1, at), 1);
    uint8_t bad = (uint8_t)(b ^ (1u << make_random(&random) % 8));
    assert_int_equal(pwrite(fd, &bad, 1, at), 1);
    int rc = unpack_from(file, out, &e);
    assert_true(rc == AATGS_ECORRUPT || rc == AATGS_EFORMAT || rc == AATGS_EVERSION);
    assert_int_not_equal(access(out, F_OK), 0);
    assert_int_equal(pwrite(fd, &b, 1, at), 1);
    close(fd);
  }
  for (off_t size = st.st_size - 1; size >= 0; size -= 1 + size / 60) {
    assert_int_equal(truncate(file, size), 0);
    int rc = unpack_from(file, out, &e);
    assert_true(rc == AATGS_ECORRUPT || rc == AATGS_EFORMAT);
    assert_int_not_equal(access(out, F_OK), 0);
  }
  make_remove(file);
  make_remove(dir);
}

/* ---- Remove ---------------------------------------------------------------------------- */

static void test_remove(void **state)
{
  (void)state;
  const char *dir = make_path("remove");
  char path[1200];
  aatgs_error e;
  make_trace(&options, dir, NULL);
  ok(aatgs_trace_remove(dir, &e), &e);
  assert_int_not_equal(access(dir, F_OK), 0);
  assert_int_equal(aatgs_trace_remove(dir, &e), AATGS_ENOTFOUND);
  make_trace(&options, dir, NULL);
  snprintf(path, sizeof path, "%s/notes.txt", dir);
  fclose(fopen(path, "w"));
  ok(aatgs_trace_remove(dir, &e), &e);
  assert_int_equal(access(path, F_OK), 0);
  assert_int_equal(aatgs_trace_remove(dir, &e), AATGS_EFORMAT);
  make_remove(dir);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_verify),
      cmocka_unit_test(test_verify_finds_damage),
      cmocka_unit_test(test_recover_whole),
      cmocka_unit_test(test_recover_without_directory),
      cmocka_unit_test(test_recover_unclosed),
      cmocka_unit_test(test_recover_damaged),
      cmocka_unit_test(test_recover_no_trace),
      cmocka_unit_test(test_trim),
      cmocka_unit_test(test_pack),
      cmocka_unit_test(test_damaged_packs),
      cmocka_unit_test(test_remove),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
