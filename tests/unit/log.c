#include "host/log.h"
#include "support/check.h"

#include <stdlib.h>

static char seen[1024];
static aatgs_log_level seen_level;
static int lines;

static void sink(void *user, aatgs_log_level level, const char *text)
{
  assert_ptr_equal(user, &lines);
  lines++;
  seen_level = level;
  snprintf(seen, sizeof seen, "%s", text);
}

static int count_call(int *calls)
{
  return ++*calls;
}

static void the_level_decides(void **state)
{
  int calls = 0;
  (void)state;

  aatgs_log_set_sink(sink, &lines);
  aatgs_log_warn("by the environment: %d", 1);
  assert_int_equal(lines, 0); /* AATGS_LOG=error */
  aatgs_log_set_level(AATGS_LOG_INFO);
  aatgs_log_debug("not wanted, %d", count_call(&calls));
  assert_int_equal(lines, 0);
  assert_int_equal(calls, 0); /* the arguments were not even evaluated */
  aatgs_log_info("wanted, %d", count_call(&calls));
  assert_int_equal(lines, 1);
  assert_int_equal(seen_level, AATGS_LOG_INFO);
  assert_string_equal(seen, "wanted, 1");
  aatgs_log_set_sink(NULL, NULL);
  aatgs_log_set_level(AATGS_LOG_ERROR);
  aatgs_log_info("nobody hears this");
  assert_int_equal(lines, 1);
}

static void the_version_is_the_headers(void **state)
{
  char text[32];
  (void)state;
  snprintf(text, sizeof text, "%d.%d.%d", AATGS_VERSION_MAJOR, AATGS_VERSION_MINOR,
           AATGS_VERSION_PATCH);
  assert_string_equal(aatgs_version(), text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_level_decides),
      cmocka_unit_test(the_version_is_the_headers),
  };
  setenv("AATGS_LOG", "error", 1);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
