/* Fields: found by name, read, printed, set within their range. */
#include "trace/field.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "trace/cm.h"

static const aatgs_field fields[] = {
    {"mode", "", "", AATGS_U8, 1, 0, 0, 0, 7, 3},
    {"steps", "", "", AATGS_U16, 2, 2, 0, 1, 65535, 10},
    {"sweeps", "", "", AATGS_U32, 1, 8, 0, 0, 4294967295.0, 100},
    {"shift", "K", "", AATGS_I32, 1, 12, 0, -5, 5, -1},
    {"serial", "", "", AATGS_U64, 1, 16, 0, 0, 18446744073709551615.0, 0},
    {"tau_decay", "s", "", AATGS_F32, 4, 24, 0, 0.1, 0.9, 0.5},
    {"number", "", "", AATGS_U32, 1, 40, AATGS_FIELD_ITERATION, 0, 0, 0},
};
#define COUNT 7
#define BYTES 44

static const aatgs_field *get(const char *key, uint32_t *index)
{
  const aatgs_field *f = NULL;
  aatgs_error e;
  assert_int_equal(aatgs_field_find(fields, COUNT, key, &f, index, &e), 0);
  return f;
}

static void set_ok(void *payload, const char *key, const char *text, const char *want)
{
  uint32_t index;
  char out[48];
  aatgs_error e = {0, 0, ""};
  const aatgs_field *f = get(key, &index);
  if (aatgs_field_set(f, payload, index, text, &e))
    fail_msg("%s", e.text);
  assert_int_equal(aatgs_field_format(f, payload, index, out, sizeof out), strlen(want));
  assert_string_equal(out, want);
}

static void set_bad(void *payload, const char *key, const char *text, const char *says)
{
  uint32_t index;
  uint8_t before[BYTES];
  aatgs_error e = {0, 0, ""};
  const aatgs_field *f = get(key, &index);
  memcpy(before, payload, BYTES);
  assert_int_equal(aatgs_field_set(f, payload, index, text, &e), AATGS_EINVAL);
  assert_memory_equal(before, payload, BYTES);
  if (!strstr(e.text, says) || !strstr(e.text, f->name))
    fail_msg("'%s' does not say '%s' and '%s'", e.text, says, f->name);
}

static void test_defaults(void **state)
{
  uint8_t p[BYTES];
  (void)state;
  memset(p, 0xff, sizeof p);
  aatgs_fields_defaults(fields, COUNT, p, sizeof p);
  const uint8_t want[] = {3, 0, 10, 0, 10, 0, 0, 0, 100, 0, 0, 0, 255, 255, 255, 255};
  assert_memory_equal(p, want, sizeof want);
  assert_true(aatgs_field_get(&fields[5], p, 3) == 0.5);
  assert_int_equal(aatgs_fields_in_range(fields, COUNT, p, NULL), 0);
}

static void test_set_and_format(void **state)
{
  uint8_t p[BYTES];
  (void)state;
  aatgs_fields_defaults(fields, COUNT, p, sizeof p);
  set_ok(p, "mode", "7", "7");
  set_ok(p, "steps[1]", "65535", "65535");
  set_ok(p, "steps[0]", "0x10", "16");
  set_ok(p, "sweeps", "4294967295", "4294967295");
  set_ok(p, "shift", "-5", "-5");
  set_ok(p, "shift", "+4", "4");
  set_ok(p, "serial", "18446744073709551615", "18446744073709551615");
  set_ok(p, "tau_decay[2]", "0.1", "0.1");
  set_ok(p, "tau_decay[3]", "0.333333343", "0.33333334");
  set_ok(p, "tau_decay[0]", "8e-1", "0.8");
  assert_int_equal(p[2], 16);
  assert_int_equal(aatgs_fields_in_range(fields, COUNT, p, NULL), 0);
}

static void test_set_refused(void **state)
{
  uint8_t p[BYTES];
  (void)state;
  aatgs_fields_defaults(fields, COUNT, p, sizeof p);
  set_bad(p, "mode", "8", "0 to 7");
  set_bad(p, "mode", "300", "out of range");
  set_bad(p, "mode", "-1", "out of range");
  set_bad(p, "mode", "", "not a whole number");
  set_bad(p, "mode", "1.5", "not a whole number");
  set_bad(p, "mode", "3x", "not a whole number");
  set_bad(p, "mode", " 3", "not a whole number");
  set_bad(p, "steps[0]", "0", "1 to 65535");
  set_bad(p, "sweeps", "4294967296", "out of range");
  set_bad(p, "sweeps", "99999999999999999999999", "out of range");
  set_bad(p, "shift", "-2147483649", "out of range");
  set_bad(p, "shift", "6", "-5 to 5 K");
  set_bad(p, "tau_decay[1]", "1", "out of range");
  set_bad(p, "tau_decay[1]", "nan", "not a number");
  set_bad(p, "tau_decay[1]", "0.5 ", "not a number");
  set_bad(p, "tau_decay[1]", "inf", "out of range");
}

static void find_bad(const char *key, int code, const char *says)
{
  const aatgs_field *f;
  uint32_t index;
  aatgs_error e = {0, 0, ""};
  assert_int_equal(aatgs_field_find(fields, COUNT, key, &f, &index, &e), code);
  if (!strstr(e.text, says))
    fail_msg("'%s' does not say '%s'", e.text, says);
}

static void test_find(void **state)
{
  uint32_t index;
  (void)state;
  assert_ptr_equal(get("mode", &index), &fields[0]);
  assert_ptr_equal(get("mode[0]", &index), &fields[0]);
  assert_ptr_equal(get("tau_decay[3]", &index), &fields[5]);
  assert_int_equal(index, 3);
  find_bad("sweep", AATGS_ENOTFOUND, "did you mean 'sweeps'");
  find_bad("zzz", AATGS_ENOTFOUND, "no field 'zzz'");
  find_bad("", AATGS_ENOTFOUND, "no field");
  find_bad("tau_decay", AATGS_EINVAL, "tau_decay[3]");
  find_bad("tau_decay[4]", AATGS_EINVAL, "4 elements");
  find_bad("tau_decay[-1]", AATGS_EINVAL, "cannot read");
  find_bad("tau_decay[1", AATGS_EINVAL, "cannot read");
  find_bad("tau_decay[1]x", AATGS_EINVAL, "cannot read");
  find_bad("tau_decay[]", AATGS_EINVAL, "cannot read");
  find_bad("mode[1]", AATGS_EINVAL, "1 element");
  find_bad("steps[99999999999999999999]", AATGS_EINVAL, "2 elements");
}

static void test_range_of_payload(void **state)
{
  uint8_t p[BYTES];
  aatgs_error e = {0, 0, ""};
  float nan_value = NAN;
  (void)state;
  aatgs_fields_defaults(fields, COUNT, p, sizeof p);
  p[0] = 9;
  assert_int_equal(aatgs_fields_in_range(fields, COUNT, p, &e), AATGS_EINVAL);
  assert_non_null(strstr(e.text, "'mode'"));
  p[0] = 1;
  memcpy(p + 28, &nan_value, 4);
  assert_int_equal(aatgs_fields_in_range(fields, COUNT, p, &e), AATGS_EINVAL);
  assert_non_null(strstr(e.text, "'tau_decay'"));
}

static void check_bad(aatgs_field f, const char *says)
{
  aatgs_error e = {0, 0, ""};
  aatgs_field both[2] = {{"first", "", "", AATGS_U8, 1, 0, 0, 0, 1, 0}, f};
  assert_int_equal(aatgs_fields_check(both, 2, 16, "config", &e), AATGS_EFORMAT);
  if (!strstr(e.text, says))
    fail_msg("'%s' does not say '%s'", e.text, says);
}

static void test_schema(void **state)
{
  (void)state;
  assert_int_equal(aatgs_fields_check(fields, COUNT, BYTES, "config", NULL), 0);
  check_bad((aatgs_field){"", "", "", AATGS_U8, 1, 0, 0, 0, 0, 0}, "usable name");
  check_bad((aatgs_field){"a-b", "", "", AATGS_U8, 1, 0, 0, 0, 0, 0}, "usable name");
  check_bad((aatgs_field){"a", "", "", 99, 1, 0, 0, 0, 0, 0}, "unknown type");
  check_bad((aatgs_field){"a", "", "", AATGS_U32, 0, 0, 0, 0, 0, 0}, "does not fit");
  check_bad((aatgs_field){"a", "", "", AATGS_U32, 1, 2, 0, 0, 0, 0}, "does not fit");
  check_bad((aatgs_field){"a", "", "", AATGS_U32, 5, 0, 0, 0, 0, 0}, "does not fit");
  check_bad((aatgs_field){"first", "", "", AATGS_U8, 1, 1, 0, 0, 0, 0}, "twice");
}

static void test_types(void **state)
{
  (void)state;
  for (uint16_t t = AATGS_U8; t <= AATGS_F32; t++)
    assert_int_equal(aatgs_field_type_of(aatgs_field_type_name(t)), t);
  assert_int_equal(aatgs_field_type_of("f64"), 0);
  assert_int_equal(aatgs_field_type_bytes(0), 0);
  assert_int_equal(aatgs_field_type_bytes(77), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),    cmocka_unit_test(test_set_and_format),
      cmocka_unit_test(test_set_refused), cmocka_unit_test(test_find),
      cmocka_unit_test(test_schema),      cmocka_unit_test(test_range_of_payload),
      cmocka_unit_test(test_types),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
