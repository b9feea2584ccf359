/* The JSON reader: what is JSON, what is not. */
#include "trace/json.h"

#include <stdlib.h>
#include <string.h>

#include "trace/cm.h"

static aatgs_arena arena;

static const aatgs_json *parse(const char *text)
{
  bool no_memory;
  const aatgs_json *j = aatgs_json_parse((const uint8_t *)text, strlen(text), &arena, &no_memory);
  assert_false(no_memory);
  return j;
}

static void test_values(void **state)
{
  (void)state;
  const aatgs_json *j =
      parse(" {\"a\" : [1, -2.5e3,\"x\" ,true,null,{}], \"b\":18446744073709551615 }\n");
  assert_non_null(j);
  assert_int_equal(j->count, 2);
  const aatgs_json *a = aatgs_json_get(j, "a");
  assert_int_equal(a->count, 6);
  assert_true(a->first->whole && a->first->integer == 1);
  assert_true(!a->first->next->whole && a->first->next->real == -2500.0);
  assert_string_equal(a->first->next->next->text, "x");
  assert_true(aatgs_json_get(j, "b")->whole && aatgs_json_get(j, "b")->integer == UINT64_MAX);
  assert_null(aatgs_json_get(j, "c"));
  assert_null(aatgs_json_get(a, "c"));
  assert_null(aatgs_json_get(NULL, "c"));
  assert_false(parse("18446744073709551616")->whole);
  assert_int_equal(parse("[]")->count, 0);
}

static void text_is(const char *json, const char *want)
{
  const aatgs_json *j = parse(json);
  assert_non_null(j);
  assert_string_equal(j->text, want);
}

static void test_text(void **state)
{
  (void)state;
  text_is("\"\"", "");
  text_is("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "a\"\\/\b\f\n\r\t");
  text_is("\"\\u0041\\u00e4\\u20AC\\uD83D\\ude00\"", "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  text_is("\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}

static void test_refused(void **state)
{
  (void)state;
  static const char *const bad[] = {
      "",
      " ",
      "{",
      "}",
      "[",
      "[1",
      "[1,",
      "[1,]",
      "{\"a\"}",
      "{\"a\":}",
      "{\"a\":1,}",
      "{a:1}",
      "{\"a\":1,\"a\":2}",
      "1 2",
      "tru",
      "nul",
      "+1",
      ".5",
      "1e",
      "--1",
      "\"",
      "\"a",
      "\"\\\"",
      "\"\\x\"",
      "\"\\u12\"",
      "\"\\u000g\"",
      "\"\\u0000\"",
      "\"\\ud800\"",
      "\"\\ud800\\u0041\"",
      "\"\\udc00\"",
      "\"\xff\"",
      "\"\xc3\"",
      "\"\xc0\x80\"",
      "\"\xed\xa0\x80\"",
      "\"\xf4\x90\x80\x80\"",
      "\"\n\"",
      "[[[[[[[[[1]]]]]]]]]",
      "1111111111111111111111111111111111111111111111111111111111111111111111111111111111"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (parse(bad[i]))
      fail_msg("'%s' was taken for JSON", bad[i]);
  assert_non_null(parse("[[[[[[[[1]]]]]]]]"));
}

static void test_too_many_values(void **state)
{
  (void)state;
  bool no_memory;
  const size_t n = 500001;
  uint8_t *text = malloc(n);
  memset(text, '1', n);
  for (size_t i = 2; i < n; i += 2)
    text[i] = ',';
  text[0] = '[';
  text[n - 1] = ']';
  assert_null(aatgs_json_parse(text, n, &arena, &no_memory));
  assert_false(no_memory);
  free(text);
}

static int end(void **state)
{
  (void)state;
  aatgs_arena_free(&arena);
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_too_many_values),
  };
  return cmocka_run_group_tests(tests, NULL, end);
}
