/* Packs made by every version of the format so far still read as what they were. A new version
 * adds its own: test_golden write FILE. */
#include <stdio.h>
#include <string.h>

#include "trace/care.h"
#include "trace/cm.h"
#include "trace/make.h"

static make_options options = {.seed = 1,
                               .iterations = 700,
                               .config_bytes = 64,
                               .telemetry_bytes = 32,
                               .graphs = 3,
                               .records_max = 5,
                               .gap_every = 150,
                               .ticks_every = 7,
                               .snapshot_every = 250,
                               .chunk = 128,
                               .small = 1};

static void read_golden(const char *name, uint64_t digest)
{
  char path[1024];
  aatgs_trace_report r;
  aatgs_error e;
  const char *out = make_path("golden");
  snprintf(path, sizeof path, AATGS_SOURCE_DIR "/tests/trace/golden/%s", name);
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  if (aatgs_trace_unpack(f, path, out, &r, &e))
    fail_msg("%s", e.text);
  fclose(f);
  make_verify(&options, out, UINT64_MAX);
  assert_int_equal(aatgs_trace_verify(out, NULL, NULL, &r, &e), 0);
  assert_true(r.digest == digest);
  make_remove(out);
}

#define FIRST_DIGEST UINT64_C(0x41de293eb0e9f10d)

static void test_version_1(void **state)
{
  (void)state;
  options.first_form = 1;
  read_golden("v1.aatgz", FIRST_DIGEST);
}

static void test_version_1_with_decisions(void **state)
{
  (void)state;
  options.first_form = 0;
  read_golden("v1-decisions.aatgz", FIRST_DIGEST);
}

static void test_version_1_with_marks(void **state)
{
  (void)state;
  options.first_form = 0;
  options.marks_every = 60;
  read_golden("v1-marks.aatgz", FIRST_DIGEST);
}

/* Chunks large enough for more than one frame. */
static void ask_for_frames(void)
{
  options.first_form = 0;
  options.marks_every = 60;
  options.iterations = 1200;
  options.chunk = 0;
}

static void test_version_1_with_frames(void **state)
{
  (void)state;
  ask_for_frames();
  read_golden("v1-frames.aatgz", UINT64_C(0xee62cec0784a3c6a));
}

static int write_golden(const char *path)
{
  aatgs_trace_report r;
  const char *dir = make_path("golden");
  ask_for_frames();
  make_trace(&options, dir, NULL);
  FILE *f = fopen(path, "wb");
  int rc = f ? aatgs_trace_pack(dir, f, path, &r, NULL) : 1;
  if (f && fclose(f))
    rc = 1;
  make_remove(dir);
  return rc != 0;
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_version_1),
      cmocka_unit_test(test_version_1_with_decisions),
      cmocka_unit_test(test_version_1_with_marks),
      cmocka_unit_test(test_version_1_with_frames),
  };
  if (argc == 3 && strcmp(argv[1], "write") == 0)
    return write_golden(argv[2]);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
