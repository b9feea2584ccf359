/* Folders that are no traces, and traces that were damaged: always one clear sentence, never a
 * crash, never wrong data. */
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/cm.h"
#include "trace/format.h"
#include "trace/make.h"
#include "trace/value.h"

static const make_options options = {.seed = 21,
                                     .iterations = 2600,
                                     .config_bytes = 32,
                                     .telemetry_bytes = 16,
                                     .graphs = 2,
                                     .records_max = 3,
                                     .ticks_every = 10,
                                     .snapshot_every = 900,
                                     .marks_every = 400,
                                     .gap_every = 900,
                                     .small = 1};

/* ---- Files ------------------------------------------------------------------------------ */

typedef struct file {
  uint8_t *bytes;
  size_t size;
  char path[1200];
} file;

static void read_file(file *f, const char *dir, const char *name)
{
  struct stat st;
  snprintf(f->path, sizeof f->path, "%s/%s", dir, name);
  int fd = open(f->path, O_RDONLY);
  assert_true(fd >= 0 && fstat(fd, &st) == 0);
  f->size = (size_t)st.st_size;
  f->bytes = malloc(f->size);
  assert_int_equal(read(fd, f->bytes, f->size), f->size);
  close(fd);
}

static void write_file(const file *f, size_t size)
{
  int fd = open(f->path, O_WRONLY | O_TRUNC);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, f->bytes, size), size);
  close(fd);
}

/* ---- Reading what may be damaged ----------------------------------------------------------- */

static bool acceptable(int rc)
{
  return rc == AATGS_ECORRUPT || rc == AATGS_EFORMAT || rc == AATGS_EVERSION ||
         rc == AATGS_ENOTFOUND;
}

static void check_refusal(int rc, const aatgs_error *e, const char *dir)
{
  if (!acceptable(rc) || e->code != rc || !strstr(e->text, dir))
    fail_msg("code %d, error %d: '%s'", rc, e->code, e->text);
}

/* Iterations until the end or an error; all that come must be right. */
static int read_iterations(aatgs_trace *t, const char *dir)
{
  maker m;
  aatgs_iteration want, got;
  aatgs_trace_state s;
  make_start(&m, &options);
  aatgs_trace_get_state(t, &s);
  for (uint64_t n = 0;; n++) {
    int rc = aatgs_trace_next(t, &got);
    if (rc < 0) {
      check_refusal(rc, aatgs_trace_error(t), dir);
      return rc;
    }
    if (rc == 0) {
      /* What does not come must not have been promised. */
      assert_int_equal(n, s.iterations);
      assert_true(!s.closed || n == options.iterations);
      return 0;
    }
    make_iteration(&m, &want);
    assert_true(make_same(&want, &got, &options));
  }
}

static int read_others(aatgs_trace *t, const char *dir)
{
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  const uint8_t *bytes, *const *inputs;
  size_t size;
  uint64_t at;
  aatgs_tick tick;
  uint8_t want[4096];
  int worst = 0, rc;
  make_info(&options, &inputs);
  for (uint32_t k = 1; k <= 2; k++) {
    rc = aatgs_trace_get_graph(t, k, &g);
    worst = rc < worst ? rc : worst;
    rc = aatgs_trace_get_plan(t, k, &p);
    worst = rc < worst ? rc : worst;
  }
  rc = aatgs_trace_get_input(t, 0, &bytes, &size);
  if (rc == 0)
    assert_memory_equal(bytes, inputs[0], size);
  worst = rc < worst ? rc : worst;
  for (uint64_t i = 1; i < 12000; i += 1000) {
    rc = aatgs_trace_get_snapshot(t, i, &at, &bytes, &size);
    worst = rc < worst ? rc : worst;
    if (rc)
      continue;
    make_snapshot(at, options.seed, want, make_snapshot_bytes(&options));
    assert_int_equal(size, make_snapshot_bytes(&options));
    assert_memory_equal(bytes, want, size);
  }
  for (uint64_t i = 0; (rc = aatgs_trace_get_tick(t, i, &tick)) == 1; i++)
    assert_int_equal(tick.now_ns, i * 10 * UINT64_C(1000003));
  worst = rc < worst ? rc : worst;
  if (worst < 0 && !acceptable(worst))
    fail_msg("code %d: %s: %s", worst, dir, aatgs_trace_error(t)->text);
  return worst;
}

/* 0: everything came back as it was written, else the refusal. */
static int read_all(const char *dir)
{
  aatgs_trace *t = (aatgs_trace *)&options;
  aatgs_error e = {0, 0, ""};
  int rc = aatgs_trace_open(dir, &t, &e);
  if (rc) {
    assert_null(t);
    check_refusal(rc, &e, dir);
    return rc;
  }
  rc = read_iterations(t, dir);
  int others = read_others(t, dir);
  aatgs_trace_close(t);
  return rc ? rc : others;
}

static const char *const files[] = {"meta", "data-00000001"};

static void test_bit_flips(void **state)
{
  (void)state;
  const char *dir = make_path("flips");
  uint64_t r = 5;
  unsigned refused = 0, tried = 0;
  make_trace(&options, dir, NULL);
  assert_int_equal(read_all(dir), 0);
  for (int k = 0; k < 2; k++) {
    file f;
    read_file(&f, dir, files[k]);
    for (size_t at = 0; at < f.size; at += 1 + make_random(&r) % 160) {
      uint8_t before = f.bytes[at];
      f.bytes[at] ^= (uint8_t)(1u << make_random(&r) % 8);
      write_file(&f, f.size);
      refused += read_all(dir) != 0;
      tried++;
      f.bytes[at] = before;
    }
    write_file(&f, f.size);
    free(f.bytes);
  }
  print_message("%u flips, %u noticed, the others hit unused bytes\n", tried, refused);
  assert_true(refused > tried / 4 && refused < tried);
  make_remove(dir);
}

/* Whole 64-byte stretches overwritten: with zeros, ones, noise. */
static void test_smears(void **state)
{
  (void)state;
  const char *dir = make_path("smears");
  uint64_t r = 6;
  make_trace(&options, dir, NULL);
  for (int k = 0; k < 2; k++) {
    file f;
    read_file(&f, dir, files[k]);
    for (int i = 0; i < 300; i++) {
      uint8_t before[64];
      size_t at = make_random(&r) % (f.size - 64);
      memcpy(before, f.bytes + at, 64);
      for (int b = 0; b < 64; b++)
        f.bytes[at + (size_t)b] = i % 3 == 0 ? 0 : i % 3 == 1 ? 255 : (uint8_t)make_random(&r);
      write_file(&f, f.size);
      read_all(dir);
      memcpy(f.bytes + at, before, 64);
    }
    write_file(&f, f.size);
    free(f.bytes);
  }
  make_remove(dir);
}

static void test_truncated(void **state)
{
  (void)state;
  const char *dir = make_path("truncated");
  make_trace(&options, dir, NULL);
  for (int k = 0; k < 2; k++) {
    file f;
    read_file(&f, dir, files[k]);
    unsigned refused = 0, tried = 0;
    /* Pages at the end of a file may be free ones: then nothing is missing. */
    for (size_t size = 0; size < f.size; size += 509, tried++) {
      write_file(&f, size);
      refused += read_all(dir) != 0;
    }
    assert_true(refused > tried * 3 / 4);
    write_file(&f, f.size);
    free(f.bytes);
  }
  assert_int_equal(read_all(dir), 0);
  make_remove(dir);
}

static void test_missing_file(void **state)
{
  (void)state;
  const char *dir = make_path("missing");
  char path[1200];
  aatgs_error e;
  aatgs_trace *t;
  make_trace(&options, dir, NULL);
  snprintf(path, sizeof path, "%s/data-00000001", dir);
  unlink(path);
  assert_int_equal(aatgs_trace_open(dir, &t, &e), AATGS_ECORRUPT);
  assert_non_null(strstr(e.text, "data file is missing"));
  make_remove(dir);
}

/* A file of another trace with the same content is noticed. */
static void test_mixed_traces(void **state)
{
  (void)state;
  const char *dir = make_path("mixed"), *other = make_path("other");
  file f;
  make_trace(&options, dir, NULL);
  make_trace(&options, other, NULL);
  read_file(&f, other, "data-00000001");
  snprintf(f.path, sizeof f.path, "%s/data-00000001", dir);
  write_file(&f, f.size);
  assert_int_equal(read_all(dir), AATGS_ECORRUPT);
  free(f.bytes);
  make_remove(dir);
  make_remove(other);
}

/* ---- Not traces ------------------------------------------------------------------------------ */

static unsigned count_files(const char *dir)
{
  char command[1200];
  unsigned n = 0;
  snprintf(command, sizeof command, "ls -A '%s' | wc -l", dir);
  FILE *p = popen(command, "r");
  assert_int_equal(fscanf(p, "%u", &n), 1);
  pclose(p);
  return n;
}

static void refuse(const char *dir, int code, const char *says)
{
  aatgs_trace *t;
  aatgs_error e = {0, 0, ""};
  assert_int_equal(aatgs_trace_open(dir, &t, &e), code);
  assert_null(t);
  if (!strstr(e.text, says) || !strstr(e.text, dir))
    fail_msg("'%s' does not say '%s'", e.text, says);
}

static void put_file(const char *dir, const char *name, const void *bytes, size_t size)
{
  char path[1200];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, size, f), size);
  fclose(f);
}

static void test_foreign_folders(void **state)
{
  (void)state;
  const char *dir = make_path("foreign");
  char path[1200];
  refuse(dir, AATGS_ENOTFOUND, "No such file");
  mkdir(dir, 0777);
  refuse(dir, AATGS_EFORMAT, "no file 'meta'");
  assert_int_equal(count_files(dir), 0);
  put_file(dir, "meta", "", 0);
  refuse(dir, AATGS_EFORMAT, "not an LMDB file");
  put_file(dir, "meta", "hello\n", 6);
  refuse(dir, AATGS_EFORMAT, "not an LMDB file");
  assert_int_equal(count_files(dir), 1);
  snprintf(path, sizeof path, "%s/meta", dir);
  refuse(path, AATGS_EFORMAT, "a trace is a folder");
  unlink(path);
  mkdir(path, 0777);
  refuse(dir, AATGS_EIO, "cannot open it");
  rmdir(path);
  mkfifo(path, 0666);
  refuse(dir, AATGS_EIO, "cannot open it");
  make_remove(dir);
}

/* Puts one value under a key into an LMDB file, as any program could. */
static void lmdb_put(const char *path, const void *key, size_t key_size, const void *value,
                     size_t size)
{
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi dbi;
  MDB_val k = {key_size, (void *)key}, v = {size, (void *)value};
  assert_int_equal(mdb_env_create(&env), 0);
  assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR, 0666), 0);
  assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
  assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
  assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
  assert_int_equal(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
}

static void test_foreign_lmdb(void **state)
{
  (void)state;
  const char *dir = make_path("lmdb");
  char path[1200];
  mkdir(dir, 0777);
  snprintf(path, sizeof path, "%s/meta", dir);
  lmdb_put(path, "somekey", 7, "value", 5);
  refuse(dir, AATGS_ECORRUPT, "none of a trace");
  make_remove(dir);
}

/* A description of the run that someone made: as JSON, in a value with a right checksum. */
static void put_info(const char *dir, const char *json)
{
  char path[1200];
  aatgs_codec *codec;
  aatgs_bytes b = {0};
  const uint8_t key[AATGS_KEY_BYTES] = {AATGS_KIND_INFO};
  const aatgs_value_header h = {.kind = AATGS_KIND_INFO, .trace = 5, .pieces = 1};
  make_remove(dir);
  mkdir(dir, 0777);
  snprintf(path, sizeof path, "%s/meta", dir);
  assert_int_equal(aatgs_codec_open(1, &codec), 0);
  assert_int_equal(aatgs_value_pack(codec, &h, (const uint8_t *)json, strlen(json), &b), 0);
  lmdb_put(path, key, sizeof key, b.data, b.size);
  aatgs_bytes_free(&b);
  aatgs_codec_close(codec);
}

static void test_versions(void **state)
{
  (void)state;
  const char *dir = make_path("version");
  put_info(dir, "{\"format_version\":2,\"must_understand\":0}");
  refuse(dir, AATGS_EVERSION, "format 2");
  put_info(dir, "{\"format_version\":1,\"must_understand\":\"0x0000000000000004\"}");
  refuse(dir, AATGS_EVERSION, "features 0x4");
  put_info(dir, "{\"format_version\":1,\"must_understand\":0}");
  refuse(dir, AATGS_ECORRUPT, "no valid");
  put_info(dir, "{\"must_understand\":0}");
  refuse(dir, AATGS_ECORRUPT, "format_version");
  put_info(dir, "[1]");
  refuse(dir, AATGS_ECORRUPT, "not JSON");
  put_info(dir, "{");
  refuse(dir, AATGS_ECORRUPT, "not JSON");
  make_remove(dir);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bit_flips),    cmocka_unit_test(test_smears),
      cmocka_unit_test(test_truncated),    cmocka_unit_test(test_missing_file),
      cmocka_unit_test(test_mixed_traces), cmocka_unit_test(test_foreign_folders),
      cmocka_unit_test(test_foreign_lmdb), cmocka_unit_test(test_versions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
