/* Expressions: values, precedence, names, errors with their column. */
#include "trace/expr.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "trace/cm.h"

static const aatgs_field config_fields[] = {
    {"sweeps", "", "", AATGS_U32, 1, 0, 0, 0, 1e6, 1},
    {"energy", "", "", AATGS_F32, 1, 4, 0, 0, 1e6, 1},
    {"tau", "", "", AATGS_U8, 4, 8, 0, 0, 255, 1},
};
static const aatgs_field telemetry_fields[] = {
    {"conflicts", "", "", AATGS_U32, 1, 0, 0, 0, 1e6, 1},
    {"energy", "", "", AATGS_I32, 1, 4, 0, 0, 1e6, 1},
    {"betti_numbers", "", "", AATGS_U16, 3, 8, 0, 0, 1e6, 1},
    {"colors_used", "", "", AATGS_U32, 1, 16, 0, 0, 1e6, 1},
};
static const aatgs_expr_schema schema = {config_fields, telemetry_fields, 3, 4};

static const struct {
  uint32_t sweeps;
  float energy;
  uint8_t tau[4];
} config = {100, 2.5f, {1, 2, 3, 4}};
static const struct {
  uint32_t conflicts;
  int32_t energy;
  uint16_t betti[4];
  uint32_t colors;
} telemetry = {0, -7, {5, 6, 7, 0}, 11};

static double value(const char *text)
{
  aatgs_expr *e;
  aatgs_error error = {0, 0, ""};
  if (aatgs_expr_compile(text, &schema, &e, &error))
    fail_msg("%s", error.text);
  double v = aatgs_expr_value(e, 1000, 1, &config, &telemetry);
  aatgs_expr_free(e);
  return v;
}

static void is(const char *text, double want)
{
  double got = value(text);
  if (got != want)
    fail_msg("%s is %g, not %g", text, got, want);
}

static void test_values(void **state)
{
  (void)state;
  is("1 + 2 * 3", 7);
  is("(1 + 2) * 3", 9);
  is("7 - 2 - 1", 4);
  is("8 / 4 / 2", 1);
  is("-2 * -3", 6);
  is("- - 2", 2);
  is("!0", 1);
  is("!!7", 1);
  is("!1 == 0", 1);
  is("7 % 4 + 1", 4);
  is("1 < 2 == 1", 1);
  is("1 + 1 < 3", 1);
  is("0 && 1 || 1", 1);
  is("1 || 1 && 0", 1);
  is("(1 || 1) && 0", 0);
  is("2 != 2", 0);
  is("3 >= 3 && 3 <= 3 && !(3 > 3) && !(3 < 3)", 1);
  is("0x10 + 1e2 + .5", 116.5);
  is("1<2&&2<3", 1);
  is("1 / 0 > 1e300", 1);
  is("0 / 0 == 0 / 0", 0);
  is("0 / 0 != 0", 1);
  is("0 / 0 && 1", 0);
}

static void test_names(void **state)
{
  (void)state;
  is("conflicts == 0 && colors_used < 12", 1);
  is("conflicts == 0 && colors_used < 11", 0);
  is("iteration % 100 == 0", 1);
  is("status", 1);
  is("sweeps", 100);
  is("config.sweeps", 100);
  is("energy", -7);
  is("telemetry.energy", -7);
  is("config.energy * 2", 5);
  is("betti_numbers[0] + betti_numbers[ 2 ]", 12);
  is("tau[3]", 4);
}

static void bad(const char *text, int code, unsigned column, const char *says)
{
  aatgs_expr *e = (aatgs_expr *)&config;
  aatgs_error error = {0, 0, ""};
  char where[32];
  assert_int_equal(aatgs_expr_compile(text, &schema, &e, &error), code);
  assert_null(e);
  snprintf(where, sizeof where, "column %u ", column);
  if (strncmp(error.text, where, strlen(where)) != 0 || !strstr(error.text, says))
    fail_msg("'%s' gives '%s', not '%s' and '%s'", text, error.text, where, says);
}

static void test_errors(void **state)
{
  char text[1200];
  (void)state;
  bad("", AATGS_EINVAL, 1, "too early");
  bad("1 +", AATGS_EINVAL, 4, "too early");
  bad("1 + * 2", AATGS_EINVAL, 5, "expected a number");
  bad("conflicts = 0", AATGS_EINVAL, 11, "written ==");
  bad("1 & 1", AATGS_EINVAL, 3, "written &&");
  bad("1 | 1", AATGS_EINVAL, 3, "written ||");
  bad("(1", AATGS_EINVAL, 3, "not closed");
  bad("(1 2)", AATGS_EINVAL, 4, "operator or )");
  bad("1)", AATGS_EINVAL, 2, "has no (");
  bad("1 1", AATGS_EINVAL, 3, "expected an operator");
  bad("12ab", AATGS_EINVAL, 3, "letters");
  bad(".", AATGS_EINVAL, 1, "not a number");
  bad("conflict == 0", AATGS_ENOTFOUND, 1, "did you mean 'conflicts'");
  bad("1 + sweep", AATGS_ENOTFOUND, 5, "did you mean 'sweeps'");
  bad("wibble", AATGS_ENOTFOUND, 1, "neither config nor telemetry");
  bad("telemetry.sweeps", AATGS_ENOTFOUND, 11, "no field 'sweeps'");
  bad("config.", AATGS_ENOTFOUND, 8, "no field ''");
  bad("config", AATGS_ENOTFOUND, 1, "no field 'config'");
  bad("tau", AATGS_EINVAL, 1, "index");
  bad("tau[4]", AATGS_EINVAL, 5, "4 elements");
  bad("tau[99999999999999999999]", AATGS_EINVAL, 5, "4 elements");
  bad("tau[x]", AATGS_EINVAL, 5, "plain number");
  bad("tau[1", AATGS_EINVAL, 6, "expected ]");
  bad("sweeps[1]", AATGS_EINVAL, 8, "1 element");
  bad("1 $ 2", AATGS_EINVAL, 3, "expected an operator");
  bad("a.b", AATGS_ENOTFOUND, 1, "no field 'a'");
  memset(text, '(', 1000);
  text[1000] = '\0';
  bad(text, AATGS_EINVAL, 66, "too deeply");
  memset(text, '-', 1000);
  bad(text, AATGS_EINVAL, 66, "too deeply");
  for (size_t i = 0; i + 2 < sizeof text; i += 2)
    memcpy(text + i, "1+", 3);
  assert_int_equal(aatgs_expr_compile(text, &schema, &(aatgs_expr *){NULL}, NULL), AATGS_ELIMIT);
}

static void test_uses_and_iteration(void **state)
{
  aatgs_expr *e;
  aatgs_iteration it = {.iteration = 7,
                        .status = 0,
                        .config = (const uint8_t *)&config,
                        .telemetry = (const uint8_t *)&telemetry};
  (void)state;
  assert_int_equal(aatgs_expr_compile("iteration == 7 && conflicts == 0", &schema, &e, NULL), 0);
  assert_int_equal(aatgs_expr_uses(e), AATGS_EXPR_ITERATION | AATGS_EXPR_TELEMETRY);
  assert_true(aatgs_expr_match_iteration(e, &it));
  it.iteration = 8;
  assert_false(aatgs_expr_match_iteration(e, &it));
  aatgs_expr_free(e);
  assert_int_equal(aatgs_expr_compile("status != 0", &schema, &e, NULL), 0);
  assert_int_equal(aatgs_expr_uses(e), AATGS_EXPR_STATUS);
  assert_true(aatgs_expr_match(e, 1, 1, NULL, NULL));
  aatgs_expr_free(e);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_uses_and_iteration),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
