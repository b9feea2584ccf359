/* The rule of who may include whom holds in this tree, and the check would notice if not: each
 * test plants one violation in a small tree of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/dependencies.h"

static dependencies_report report;

static void this_tree_keeps_the_rule(void **state)
{
  (void)state;
  assert_true(dependencies_check(AATGS_SOURCE_DIR, &report));
  for (size_t i = 0; i < report.violations && i < DEPENDENCIES_VIOLATIONS_MAX; i++)
    print_error("%s\n", report.violation[i]);
  assert_int_equal(report.violations, 0);
  assert_true(report.files >= 10); /* or it looked in the wrong place */
  assert_true(report.edges >= 10);
}

static char root[] = "/tmp/aatgs-dependencies-XXXXXX";

static void write_file(const char *path, const char *text)
{
  char full[512];
  snprintf(full, sizeof full, "%s/%s", root, path);
  FILE *f = fopen(full, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static const char *const folders[] = {"device",     "device/prism", "host",
                                      "host/prism", "trace",        "tools"};
static const char *const sound[][2] = {
    {"device/bus.h", "#include <stdint.h>\n"},
    {"device/port.h", "#include \"bus.h\"\n#include <cuda/atomic>\n"},
    {"device/prism/prism.h",
     "#include \"port.h\"\ntypedef struct prism_config {\n} prism_config;\n"},
    {"host/prism/parse.c", "#include \"device/prism/prism.h\"\nstatic prism_config c;\n"},
    {"host/aatgs.h", "#include \"error.h\"\n  #  include \"device/port.h\"\n"},
    {"trace/error.h", "#include \"device/bus.h\"\n"},
    {"tools/main.c", "#include \"host/aatgs.h\"\n#include \"trace/error.h\"\n"},
};

static int make_tree(void **state)
{
  (void)state;
  if (!mkdtemp(root))
    return -1;
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, folders[i]);
    if (mkdir(full, 0700) != 0)
      return -1;
  }
  for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++)
    write_file(sound[i][0], sound[i][1]);
  return 0;
}

static int remove_tree(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) {
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, sound[i][0]);
    unlink(full);
  }
  for (size_t i = sizeof folders / sizeof folders[0]; i-- > 0;) {
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, folders[i]);
    rmdir(full);
  }
  return rmdir(root);
}

static void a_sound_tree_passes(void **state)
{
  (void)state;
  assert_true(dependencies_check(root, &report));
  assert_int_equal(report.violations, 0);
  assert_int_equal(report.files, sizeof sound / sizeof sound[0]);
  assert_int_equal(report.edges, 8);
}

/* Adds a file with one violation and expects exactly this sentence about it. */
static void plant(const char *path, const char *text, const char *expected)
{
  char full[512];
  write_file(path, text);
  assert_true(dependencies_check(root, &report));
  snprintf(full, sizeof full, "%s/%s", root, path);
  unlink(full);
  assert_int_equal(report.violations, 1);
  assert_string_equal(report.violation[0], expected);
}

static void forbidden_edges_are_named(void **state)
{
  (void)state;
  plant("trace/x.c", "\n#include \"host/aatgs.h\"\n", "trace/x.c:2: must not include host/aatgs.h");
  plant("trace/x.c", "#include \"port.h\"\n", "trace/x.c:1: must not include device/port.h");
  plant("device/x.h", "#include \"error.h\"\n", "device/x.h:1: must not include trace/error.h");
  plant("device/x.h", "#include \"../host/aatgs.h\"\n",
        "device/x.h:1: must not include host/aatgs.h");
  plant("host/x.c", "#include \"../tools/main.c\"\n", "host/x.c:1: must not include tools/main.c");
}

static void headers_from_outside_are_bounded(void **state)
{
  (void)state;
  plant("device/x.h", "#include <unistd.h>\n",
        "device/x.h:1: device/ must not depend on <unistd.h>");
  plant("device/x.h", "#include <cuda_runtime.h>\n",
        "device/x.h:1: device/ must not depend on <cuda_runtime.h>");
  plant("trace/x.c", "#include <cuda/atomic>\n",
        "trace/x.c:1: trace/ must not depend on <cuda/atomic>");
  plant("tools/x.c", "#include <aatgs/aatgs.h>\n",
        "tools/x.c:1: <aatgs/aatgs.h> is for users of the installed package");
  plant("tools/x.c", "#include \"gone.h\"\n", "tools/x.c:1: \"gone.h\" is no file of this tree");
}

static void prism_stays_inside(void **state)
{
  (void)state;
  plant("tools/x.c", "#include \"device/prism/prism.h\"\n",
        "tools/x.c:1: must not include device/prism/prism.h");
  plant("device/x.h", "#include \"prism/prism.h\"\n",
        "device/x.h:1: must not include device/prism/prism.h");
  plant("host/x.c", "void f(prism_config *c);\n",
        "host/x.c:1: must not know prism_config of prism");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(this_tree_keeps_the_rule), cmocka_unit_test(a_sound_tree_passes),
      cmocka_unit_test(forbidden_edges_are_named),
      cmocka_unit_test(headers_from_outside_are_bounded), cmocka_unit_test(prism_stays_inside)};
  return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
