/* Task files, sound and unsound, and named graphs. */
#include "host/graph.h"
#include "support/check.h"
#include "support/fake_workload.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static int load_bytes(aatgs_graph *g, const void *bytes, size_t size)
{
  FILE *f = fopen(path, "wb");
  int rc;
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, size, f), size);
  fclose(f);
  rc = aatgs_graph_load(g, path, 0);
  unlink(path);
  return rc;
}

static int load_text(aatgs_graph *g, const char *text)
{
  return load_bytes(g, text, strlen(text));
}

static aatgs_graph *open_graph(void)
{
  aatgs_graph *g;
  assert_int_equal(aatgs_graph_open(&fake_workload, &g), 0);
  return g;
}

static void a_file_with_everything(void **state)
{
  aatgs_graph *g = open_graph();
  aatgs_task_info info;
  uint32_t id, order[4];
  (void)state;

  assert_int_equal(load_text(g, "# a comment\r\n"
                                "\n"
                                "  up ConfigUpload\t# takes it over\n"
                                "down TelemetryDownload after=w1,w2\n" /* names that follow */
                                "w1 WhcrKernel parts=7 arg=0x10 after=up\n"
                                "w2 Custom once after=up retries=3 on-failure=stop"),
                   0);
  assert_int_equal(aatgs_graph_len(g), 4);
  assert_int_equal(aatgs_graph_edges(g), 4);
  assert_int_equal(aatgs_graph_find(g, "w1", &id), 0);
  assert_int_equal(aatgs_graph_task_info(g, id, &info), 0);
  assert_int_equal(info.parts, 7);
  assert_int_equal(info.arg, 16);
  assert_int_equal(aatgs_graph_find(g, "w2", &id), 0);
  assert_int_equal(aatgs_graph_task_info(g, id, &info), 0);
  assert_true(info.once);
  assert_int_equal(info.retries, 3);
  assert_int_equal(info.on_failure, AATGS_FAILURE_STOPS);
  assert_int_equal(aatgs_graph_topological_sort(g, order), 0);
  assert_int_equal(order[3], 1);
  assert_int_equal(aatgs_graph_load(g, "linear", 3), AATGS_EINVAL); /* not empty */
  aatgs_graph_close(g);
}

struct bad {
  const char *text;
  int line;
  const char *says;
};

static void bad_lines_are_named(void **state)
{
  static const struct bad bad[] = {
      {"a Custom\nb Nonsense\n", 2, "Nonsense"},
      {"a Custom\n\nb Custom after=c\n", 3, "after=c"},
      {"a Custom\na Custom\n", 2, "\"a\" is taken"},
      {"a Custom parts=0\n", 1, "parts=0"},
      {"a Custom parts=65536\n", 1, "65535"},
      {"a Custom parts=-1\n", 1, "parts=-1"},
      {"a Custom parts=\n", 1, "parts="},
      {"a Custom parts=3x\n", 1, "3x"},
      {"a Custom arg=4294967296\n", 1, "arg=4294967296"},
      {"a Custom whenever\n", 1, "whenever"},
      {"a Custom retries=101\n", 1, "retries=101"},
      {"a Custom on-failure=panic\n", 1, "on-failure=panic"},
      {"a Custom after=a after=a\n", 1, "second after="},
      {"a\n", 1, "no type"},
      {"a,b Custom\n", 1, "a,b"},
      {"d TelemetryDownload\n#\n#\ne TelemetryDownload\n", 4, "telemetry"},
      {"a Custom\nb\x01 Custom\n", 2, "0x01"},
  };
  (void)state;

  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    aatgs_graph *g = open_graph();
    char place[80];
    assert_int_not_equal(load_text(g, bad[i].text), 0);
    snprintf(place, sizeof place, "%s:%d: ", path, bad[i].line);
    assert_contains(aatgs_graph_error(g)->text, place);
    assert_contains(aatgs_graph_error(g)->text, bad[i].says);
    assert_true(aatgs_graph_is_empty(g)); /* nothing half */
    aatgs_graph_close(g);
  }
}

static void files_that_are_none(void **state)
{
  aatgs_graph *g = open_graph();
  char *line = malloc(70000);
  (void)state;

  assert_int_equal(load_text(g, ""), AATGS_EFORMAT);
  assert_contains(aatgs_graph_error(g)->text, "no tasks");
  assert_int_equal(load_text(g, "# only words\n\n"), AATGS_EFORMAT);
  assert_int_equal(load_bytes(g, "a Custom\nb Cus\0tom\n", 19), AATGS_EFORMAT);
  assert_contains(aatgs_graph_error(g)->text, ":2: byte 0x00");
  memset(line, 'x', 69999);
  line[69999] = '\n';
  assert_int_equal(load_bytes(g, line, 70000), AATGS_EFORMAT);
  assert_contains(aatgs_graph_error(g)->text, "longer than");
  free(line);
  assert_int_equal(aatgs_graph_load(g, "/no/such/file", 0), AATGS_ENOTFOUND);
  assert_contains(aatgs_graph_error(g)->text, "/no/such/file");
  assert_contains(aatgs_graph_error(g)->text, "linear, diamond, full");
  assert_int_equal(aatgs_graph_load(g, "/", 0), AATGS_EIO);
  assert_int_equal(aatgs_graph_load(g, "/dev/null", 0), AATGS_EIO);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(aatgs_graph_load(g, path, 0), AATGS_EIO); /* and does not hang */
  unlink(path);
  assert_int_equal(aatgs_graph_load(g, NULL, 0), AATGS_EINVAL);
  aatgs_graph_close(g);
}

static void a_cycle_in_a_file_is_found_by_the_check(void **state)
{
  aatgs_graph *g = open_graph();
  (void)state;

  assert_int_equal(load_text(g, "a Custom after=b\nb Custom after=a\n"), 0);
  assert_int_equal(aatgs_graph_check(g), AATGS_ECYCLE);
  assert_contains(aatgs_graph_error(g)->text, "a -> b -> a");
  aatgs_graph_close(g);
}

static uint32_t dependency_count(aatgs_graph *g, const char *name)
{
  aatgs_trace_graph t;
  uint32_t id;
  assert_int_equal(aatgs_graph_find(g, name, &id), 0);
  assert_int_equal(aatgs_graph_describe(g, 1, &t), 0);
  return t.tasks[id].dependency_count;
}

static void named_graphs_leave_out_what_has_no_input(void **state)
{
  aatgs_graph *g = open_graph();
  uint32_t id;
  (void)state;

  assert_int_equal(aatgs_graph_load(g, "full", 3), 0);
  assert_int_equal(aatgs_graph_len(g), 7);
  assert_int_equal(dependency_count(g, "phase"), 4);
  assert_int_equal(aatgs_graph_check(g), 0);
  aatgs_graph_close(g);

  g = open_graph(); /* only the coloring graph */
  assert_int_equal(aatgs_graph_load(g, "full", 1), 0);
  assert_int_equal(aatgs_graph_len(g), 6);
  assert_int_equal(aatgs_graph_find(g, "lbs", &id), AATGS_ENOTFOUND);
  assert_int_equal(dependency_count(g, "phase"), 4); /* three solvers, and lbs's upload */
  assert_int_equal(aatgs_graph_check(g), 0);
  aatgs_graph_close(g);

  g = open_graph(); /* none: phase inherits upload once */
  assert_int_equal(aatgs_graph_load(g, "full", 0), 0);
  assert_int_equal(aatgs_graph_len(g), 3);
  assert_int_equal(dependency_count(g, "phase"), 1);
  aatgs_graph_close(g);

  g = open_graph();
  assert_int_equal(aatgs_graph_load(g, "solvers", 2), AATGS_EINVAL);
  assert_contains(aatgs_graph_error(g)->text, "solvers");
  assert_true(aatgs_graph_is_empty(g));
  aatgs_graph_close(g);
}

static void a_file_of_a_hundred_thousand_lines(void **state)
{
  enum { LINES = 100000 };
  char *text = malloc(LINES * 48), *p = text;
  aatgs_graph *g = open_graph();
  (void)state;

  assert_non_null(text);
  for (int i = 0; i < LINES; i++)
    p += sprintf(p, i ? "task%d Custom after=task%d,task0\n" : "task0 Custom\n", i, i / 2);
  assert_int_equal(load_bytes(g, text, (size_t)(p - text)), 0);
  assert_int_equal(aatgs_graph_len(g), LINES);
  assert_int_equal(aatgs_graph_check(g), 0);
  free(text);
  aatgs_graph_close(g);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_with_everything),
      cmocka_unit_test(bad_lines_are_named),
      cmocka_unit_test(files_that_are_none),
      cmocka_unit_test(a_cycle_in_a_file_is_found_by_the_check),
      cmocka_unit_test(named_graphs_leave_out_what_has_no_input),
      cmocka_unit_test(a_file_of_a_hundred_thousand_lines),
  };
  snprintf(path, sizeof path, "/tmp/aatgs-taskfile-%d.txt", (int)getpid());
  return cmocka_run_group_tests(tests, NULL, NULL);
}
