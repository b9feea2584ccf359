/* The parts of the command line that can be had without a run: numbers, ranges, options, texts,
 * tables, result files, percentiles. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/cm.h"

#include "tools/cli.h"
#include "tools/latency.h"
#include "tools/output.h"
#include "tools/table.h"
#include "tools/text.h"

/* ---- Numbers ---- */

static void numbers(void **state)
{
  static const char *const wrong[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "0x",
                                      "0xg",
                                      "x1",
                                      "1.0",
                                      "1e3",
                                      "--",
                                      "18446744073709551616",
                                      "0x10000000000000000"};
  uint64_t n = 77;
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_false(aatgs_cli_number(wrong[i], &n));
  assert_int_equal(n, 77);
  assert_true(aatgs_cli_number("0", &n) && n == 0);
  assert_true(aatgs_cli_number("007", &n) && n == 7);
  assert_true(aatgs_cli_number("18446744073709551615", &n) && n == UINT64_MAX);
  assert_true(aatgs_cli_number("0xFFFFffffFFFFffff", &n) && n == UINT64_MAX);
}

static void sizes(void **state)
{
  static const char *const wrong[] = {"",   "K",   "-1K", "1KK",  "1Kx",       "1 ",
                                      "1i", "1 x", "1iB", "1.5M", "16777216T", "18014398509481984K",
                                      "1P", "1KBB"};
  uint64_t n = 77;
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_false(aatgs_cli_size(wrong[i], &n));
  assert_int_equal(n, 77);
  assert_true(aatgs_cli_size("0", &n) && n == 0);
  assert_true(aatgs_cli_size("12B", &n) && n == 12);
  assert_true(aatgs_cli_size("64M", &n) && n == UINT64_C(64) << 20);
  assert_true(aatgs_cli_size("64MiB", &n) && n == UINT64_C(64) << 20);
  assert_true(aatgs_cli_size("64 MB", &n) && n == UINT64_C(64) << 20);
  assert_true(aatgs_cli_size("2g", &n) && n == UINT64_C(2) << 30);
  assert_true(aatgs_cli_size("16777215T", &n) && n == UINT64_C(16777215) << 40);
}

static void seconds(void **state)
{
  static const char *const wrong[] = {"",    ".",     "0",  "0.0",        "-1",  "1e3", "inf",
                                      "1..", "1.2.3", "1s", "1000000001", "0x1", " 1"};
  uint64_t ns = 77;
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_false(aatgs_cli_seconds(wrong[i], &ns));
  assert_int_equal(ns, 77);
  assert_true(aatgs_cli_seconds("0.5", &ns) && ns == 500000000);
  assert_true(aatgs_cli_seconds(".25", &ns) && ns == 250000000);
  assert_true(aatgs_cli_seconds("3.", &ns) && ns == UINT64_C(3000000000));
  assert_true(aatgs_cli_seconds("0.0000000001", &ns) && ns == 1);
  assert_true(aatgs_cli_seconds("1000000000", &ns) && ns == UINT64_C(1000000000000000000));
}

static void ranges(void **state)
{
  static const char *const wrong[] = {"",     "0",      "0-5",   "5-4",  "-5",
                                      "5-",   "end",    "1-END", "1,2",  "1-2-3",
                                      "1 -2", "1-end ", "a-b",   "1-0x", "1-18446744073709551616"};
  aatgs_cli_range r = {77, 78};
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_false(aatgs_cli_range_from(wrong[i], &r));
  assert_true(r.first == 77 && r.last == 78);
  assert_true(aatgs_cli_range_from("1000-5000", &r) && r.first == 1000 && r.last == 5000);
  assert_true(aatgs_cli_range_from("1000-end", &r) && r.first == 1000 && r.last == 0);
  assert_true(aatgs_cli_range_from("9", &r) && r.first == 9 && r.last == 9);
  assert_true(aatgs_cli_range_from("9-9", &r) && r.first == 9 && r.last == 9);
  assert_true(aatgs_cli_range_from("1-18446744073709551615", &r) && r.last == UINT64_MAX);
}

/* ---- Options ---- */

typedef struct sample {
  bool flag;
  const char *text;
  aatgs_cli_list list;
  uint32_t small;
  uint64_t large;
  int choice;
  aatgs_cli_range range;
} sample;

/* Parses the words, a NULL at the end, and says how it ended. */
static int parse(sample *s, size_t *operands, char **words)
{
  static const char *const colors[] = {"red", "green", NULL};
  const aatgs_cli_option options[] = {
      {.kind = AATGS_CLI_HEADING, .name = "", .help = "Options"},
      {"flag", AATGS_CLI_FLAG, &s->flag, NULL, "a flag", NULL, 0, 0, 'f'},
      {"text", AATGS_CLI_TEXT, &s->text, "T", "a text", NULL, 0, 0, 't'},
      {"list", AATGS_CLI_LIST, &s->list, "L", "a list", NULL, 0, 0, 0},
      {"small", AATGS_CLI_U32, &s->small, "N", "a number", NULL, 2, 0, 0},
      {"large", AATGS_CLI_U64, &s->large, "N", "a number", NULL, 0, 0, 0},
      {"choice", AATGS_CLI_CHOICE, &s->choice, "C", "a choice", colors, 0, 0, 0},
      {"range", AATGS_CLI_RANGE, &s->range, "A-B", "a range", NULL, 0, 0, 0},
  };
  const aatgs_cli_command command = {.verb = "sample",
                                     .synopsis = "FILE [options]",
                                     .summary = "A sample.",
                                     .options = options,
                                     .option_count = sizeof options / sizeof *options,
                                     .operands_min = 1,
                                     .operands_max = 2};
  int argc = 0;
  while (words[argc])
    argc++;
  return aatgs_cli_parse(&command, argc, words, operands);
}

#define WORDS(...)                                                                                 \
  (char *[])                                                                                       \
  {                                                                                                \
    "sample", __VA_ARGS__, NULL                                                                    \
  }

static void options_taken(void **state)
{
  const char *room[16];
  sample s = {.list.at = room};
  size_t operands = 0;
  char **words = WORDS("one", "--flag", "--text", "--flag", "--list=a=b", "--list", "", "--small=2",
                       "--choice", "green", "--range", "3-end", "--", "--large");
  (void)state;
  assert_int_equal(parse(&s, &operands, words), AATGS_CLI_GO_ON);
  assert_int_equal(operands, 2);
  assert_string_equal(words[0], "one");
  assert_string_equal(words[1], "--large");
  assert_true(s.flag && s.choice == 1 && s.small == 2 && s.large == 0);
  assert_string_equal(s.text, "--flag");
  assert_int_equal(s.list.count, 2);
  assert_string_equal(s.list.at[0], "a=b");
  assert_string_equal(s.list.at[1], "");
  assert_true(s.range.first == 3 && s.range.last == 0);
  words = WORDS("-f", "-tx", "-", "-t", "y");
  assert_int_equal(parse(&s, &operands, words), AATGS_CLI_GO_ON);
  assert_string_equal(words[0], "-");
  assert_string_equal(s.text, "y");
}

static void options_refused(void **state)
{
  const char *room[16];
  sample s = {.list.at = room};
  size_t operands = 99;
  char **cases[] = {
      WORDS("--flag"),          WORDS("a", "b", "c"),       WORDS("a", "--flagg"),
      WORDS("a", "--fla"),      WORDS("a", "--text"),       WORDS("a", "--flag=1"),
      WORDS("a", "-x"),         WORDS("a", "--small", "1"), WORDS("a", "--large", "-"),
      WORDS("a", "--choice=b"), WORDS("a", "--range=0-1"),  WORDS("a", "--small", "4294967296")};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(parse(&s, &operands, cases[i]), AATGS_EXIT_USAGE);
  assert_int_equal(operands, 99);
}

static void options_peeked(void **state)
{
  char *words[] = {"run", "--workload=a", "--workloads", "--workload",
                   "b",   "--",           "--workload",  "c"};
  (void)state;
  assert_string_equal(aatgs_cli_peek("workload", 8, words), "b");
  assert_string_equal(aatgs_cli_peek("workload", 3, words), "a");
  assert_null(aatgs_cli_peek("work", 8, words));
  assert_null(aatgs_cli_peek("workload", 1, words));
}

static void suggestions(void **state)
{
  static const char *const words[] = {"run", "replay", "info", "doctor", NULL};
  (void)state;
  assert_string_equal(aatgs_cli_nearest("rnu", words), "run");
  assert_string_equal(aatgs_cli_nearest("rn", words), "run");
  assert_string_equal(aatgs_cli_nearest("repaly", words), "replay");
  assert_null(aatgs_cli_nearest("frobnicate", words));
  assert_int_equal(aatgs_text_distance("", "abc"), 3);
  assert_int_equal(aatgs_text_distance("kitten", "sitting"), 3);
}

/* ---- Texts ---- */

static void texts_for_people(void **state)
{
  char out[32];
  (void)state;
  assert_string_equal(aatgs_text_count(out, sizeof out, 0), "0");
  assert_string_equal(aatgs_text_count(out, sizeof out, 999), "999");
  assert_string_equal(aatgs_text_count(out, sizeof out, 1000), "1,000");
  assert_string_equal(aatgs_text_count(out, sizeof out, UINT64_MAX), "18,446,744,073,709,551,615");
  assert_string_equal(aatgs_text_ns(out, sizeof out, 999), "999 ns");
  assert_string_equal(aatgs_text_ns(out, sizeof out, 1000), "1.00 us");
  assert_string_equal(aatgs_text_ns(out, sizeof out, 9996), "10.0 us");
  assert_string_equal(aatgs_text_ns(out, sizeof out, 999600), "1.00 ms");
  assert_string_equal(aatgs_text_ns(out, sizeof out, UINT64_C(123456789012)), "123 s");
  assert_string_equal(aatgs_text_bytes(out, sizeof out, 1023), "1023 bytes");
  assert_string_equal(aatgs_text_bytes(out, sizeof out, 1024), "1.00 KiB");
  assert_string_equal(aatgs_text_bytes(out, sizeof out, UINT64_C(1023) << 10), "1.00 MiB");
  assert_string_equal(aatgs_text_bytes(out, sizeof out, UINT64_MAX), "16384 PiB");
}

static void check_clean(const char *from, int lines, const char *to)
{
  char *clean = aatgs_text_clean(from, lines);
  assert_string_equal(clean, to);
  free(clean);
}

static void texts_made_safe(void **state)
{
  char *quoted;
  (void)state;
  check_clean("plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x99\x82", 0,
              "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x99\x82");
  check_clean("a\nb\tc\x1b[2J\x7f", 0, "a\\x0ab\\x09c\\x1b[2J\\x7f");
  check_clean("a\nb\r", 1, "a\nb\\x0d");
  check_clean("\xff\xc0\x80\xe2\x82", 0, "\\xff\\xc0\\x80\\xe2\\x82");
  check_clean("\xed\xa0\x80 \xf4\x90\x80\x80", 0, "\\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80");
  check_clean("\xe2\x80\xae", 0, "\\xe2\\x80\\xae"); /* right-to-left override */
  check_clean("\xc2\x9b", 0, "\\xc2\\x9b");          /* a C1 control */
  quoted = aatgs_text_quote("/tmp/a-b_c.1");
  assert_string_equal(quoted, "/tmp/a-b_c.1");
  free(quoted);
  quoted = aatgs_text_quote("it's $1");
  assert_string_equal(quoted, "'it'\\''s $1'");
  free(quoted);
  quoted = aatgs_text_quote("");
  assert_string_equal(quoted, "''");
  free(quoted);
  assert_int_equal(aatgs_text_width("\xe2\x82\xac"
                                    "1"),
                   2);
}

/* ---- Tables ---- */

static void print_as(const aatgs_report *report, aatgs_format format, const char *expected)
{
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  assert_non_null(f);
  assert_int_equal(aatgs_report_print(report, format, f), 0);
  fclose(f);
  assert_string_equal(text, expected);
  free(text);
}

static void report_in_three_forms(void **state)
{
  static const aatgs_column columns[] = {{"name", "name", false}, {"n", "count", true}};
  aatgs_report *r = aatgs_report_open();
  (void)state;
  aatgs_report_section(r, NULL, "Run");
  aatgs_report_fact(r, "n", "iterations", aatgs_cell_count(3000));
  aatgs_report_fact(r, "digest", "digest", aatgs_cell_hex(0xabc));
  aatgs_report_fact(r, "hidden_ns", NULL, aatgs_cell_ns(1500));
  aatgs_report_section(r, "inner", "Inner");
  aatgs_report_fact(r, "rate", "rate", aatgs_cell_unit(aatgs_cell_real(0.5), "Hz"));
  aatgs_report_fact(r, "none", "none", aatgs_cell_text(NULL));
  aatgs_report_facts(
      r, "three", "three",
      (aatgs_cell[]){aatgs_cell_integer(-1), aatgs_cell_count(2), aatgs_cell_text("a,\"b\"")}, 3);
  aatgs_report_section(r, NULL, NULL);
  aatgs_report_table(r, "rows", "Rows", columns, 2);
  aatgs_report_row(r, (aatgs_cell[]){aatgs_cell_text("x\033[m"), aatgs_cell_count(10)});
  aatgs_report_row(r, (aatgs_cell[]){aatgs_cell_text("yy"), aatgs_cell_count(UINT64_MAX)});
  aatgs_report_lines(r, "lines", "Lines", "one\n\ntwo\n");
  aatgs_report_hint(r, "hint", "for %s", "people");
  print_as(r, AATGS_TABLE,
           "Run\n"
           "  iterations  3,000\n"
           "  digest      0000000000000abc\n"
           "\nInner\n"
           "  rate        0.5 Hz\n"
           "  none        -\n"
           "  three       -1  2  a,\"b\"\n"
           "\nRows\n"
           "  name                          count\n"
           "  x\\x1b[m                          10\n"
           "  yy       18,446,744,073,709,551,615\n"
           "\nLines\n"
           "  one\n"
           "  \n"
           "  two\n"
           "  hint        for people\n");
  print_as(r, AATGS_JSON,
           "{\n"
           "  \"n\": 3000,\n"
           "  \"digest\": \"0000000000000abc\",\n"
           "  \"hidden_ns\": 1500,\n"
           "  \"inner\": {\n"
           "    \"rate\": 0.5,\n"
           "    \"none\": null,\n"
           "    \"three\": [\n"
           "      -1,\n"
           "      2,\n"
           "      \"a,\\\"b\\\"\"\n"
           "    ]\n"
           "  },\n"
           "  \"rows\": [\n"
           "    {\n"
           "      \"name\": \"x\\\\x1b[m\",\n"
           "      \"n\": 10\n"
           "    },\n"
           "    {\n"
           "      \"name\": \"yy\",\n"
           "      \"n\": \"18446744073709551615\"\n"
           "    }\n"
           "  ],\n"
           "  \"lines\": [\n"
           "    \"one\",\n"
           "    \"two\"\n"
           "  ]\n"
           "}\n");
  print_as(r, AATGS_CSV,
           "key,value\n"
           "n,3000\n"
           "digest,0000000000000abc\n"
           "hidden_ns,1500\n"
           "inner.rate,0.5\n"
           "inner.none,\n"
           "inner.three.0,-1\n"
           "inner.three.1,2\n"
           "inner.three.2,\"a,\"\"b\"\"\"\n"
           "rows.0.name,x\\x1b[m\n"
           "rows.0.n,10\n"
           "rows.1.name,yy\n"
           "rows.1.n,18446744073709551615\n"
           "lines.0,one\n"
           "lines.1,two\n");
  aatgs_report_close(r);
}

static void report_of_one_table(void **state)
{
  static const aatgs_column columns[] = {{"a", "A", false}, {"b", "B", true}};
  aatgs_report *r = aatgs_report_open();
  (void)state;
  aatgs_report_table(r, "rows", "Rows", columns, 2);
  aatgs_report_row(r, (aatgs_cell[]){aatgs_cell_text("1,5"), aatgs_cell_real(0.0 / 0.0)});
  print_as(r, AATGS_CSV, "a,b\n\"1,5\",\n");
  aatgs_report_close(r);
  aatgs_report_close(NULL);
  assert_int_equal(aatgs_report_print(NULL, AATGS_TABLE, stdout), AATGS_ENOMEM);
}

/* ---- Result files ---- */

static char folder[] = "/tmp/aatgs-cli-XXXXXX";

static int make_folder(void **state)
{
  (void)state;
  return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
  (void)state;
  unlink("file");
  unlink("link");
  rmdir("inner");
  return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1; /* fails if something was left over */
}

static void check_content(const char *path, const char *expected)
{
  char text[64] = "";
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  text[fread(text, 1, sizeof text - 1, f)] = '\0';
  fclose(f);
  assert_string_equal(text, expected);
}

static void output_files(void **state)
{
  aatgs_error error = {0};
  struct stat st;
  (void)state;
  assert_int_equal(mkdir("inner", 0700), 0);
  assert_int_equal(aatgs_output_check("file", &error), 0);
  assert_int_equal(access("file", F_OK), -1);
  assert_int_equal(aatgs_output_write("file", "one\n", 4, &error), 0);
  check_content("file", "one\n");
  assert_int_equal(chmod("file", 0640), 0);
  assert_int_equal(symlink("file", "link"), 0);
  assert_int_equal(aatgs_output_write("link", "two\n", 4, &error), 0);
  check_content("file", "two\n");
  assert_int_equal(lstat("link", &st), 0);
  assert_true(S_ISLNK(st.st_mode));
  assert_int_equal(stat("file", &st), 0);
  assert_int_equal(st.st_mode & 0777, 0640);
  assert_int_equal(aatgs_output_write("/dev/null", "x", 1, &error), 0);
  assert_int_equal(stat("/dev/null", &st), 0);
  assert_true(S_ISCHR(st.st_mode));
}

static void output_refusals(void **state)
{
  aatgs_error error = {0};
  (void)state;
  assert_int_equal(aatgs_output_check("", &error), AATGS_EINVAL);
  assert_int_equal(aatgs_output_check("inner", &error), AATGS_EINVAL);
  assert_int_equal(aatgs_output_check("nowhere/file", &error), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_output_check("file/file", &error), AATGS_ENOTFOUND);
  assert_int_equal(aatgs_output_write("nowhere/file", "x", 1, &error), AATGS_ENOTFOUND);
  assert_non_null(strstr(error.text, "nowhere/file"));
  assert_int_equal(aatgs_output_write("/dev/full", "x", 1, &error), AATGS_ENOSPC);
}

/* ---- Percentiles ---- */

static void percentiles(void **state)
{
  aatgs_latency *l = calloc(1, sizeof *l);
  (void)state;
  assert_non_null(l);
  assert_int_equal(aatgs_latency_at(l, 500), 0);
  for (uint64_t ns = 1; ns <= 1000; ns++)
    aatgs_latency_add(l, ns * 1000);
  assert_int_equal(l->count, 1000);
  assert_int_equal(l->max_ns, 1000000);
  assert_in_range(aatgs_latency_at(l, 500), 496000, 500000);
  assert_in_range(aatgs_latency_at(l, 990), 982000, 990000);
  assert_in_range(aatgs_latency_at(l, 1000), 992000, 1000000);
  memset(l, 0, sizeof *l);
  aatgs_latency_add(l, 0);
  aatgs_latency_add(l, 255);
  aatgs_latency_add(l, UINT64_MAX);
  assert_int_equal(aatgs_latency_at(l, 1), 0);
  assert_int_equal(aatgs_latency_at(l, 500), 255);
  assert_in_range(aatgs_latency_at(l, 1000), UINT64_MAX / 128 * 127, UINT64_MAX);
  free(l);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers),
      cmocka_unit_test(sizes),
      cmocka_unit_test(seconds),
      cmocka_unit_test(ranges),
      cmocka_unit_test(options_taken),
      cmocka_unit_test(options_refused),
      cmocka_unit_test(options_peeked),
      cmocka_unit_test(suggestions),
      cmocka_unit_test(texts_for_people),
      cmocka_unit_test(texts_made_safe),
      cmocka_unit_test(report_in_three_forms),
      cmocka_unit_test(report_of_one_table),
      cmocka_unit_test_setup_teardown(output_files, make_folder, NULL),
      cmocka_unit_test_teardown(output_refusals, remove_folder),
      cmocka_unit_test(percentiles),
  };
  return cmocka_run_group_tests_name("cli_core", tests, NULL, NULL);
}
