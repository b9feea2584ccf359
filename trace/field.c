#include "trace/field.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  size_t bytes;
} types[] = {
    [AATGS_U8] = {"u8", 1},   [AATGS_U16] = {"u16", 2}, [AATGS_U32] = {"u32", 4},
    [AATGS_U64] = {"u64", 8}, [AATGS_I32] = {"i32", 4}, [AATGS_F32] = {"f32", 4},
};
#define TYPE_COUNT (sizeof types / sizeof types[0])

size_t aatgs_field_type_bytes(uint16_t type)
{
  return type < TYPE_COUNT ? types[type].bytes : 0;
}

const char *aatgs_field_type_name(uint16_t type)
{
  return aatgs_field_type_bytes(type) ? types[type].name : "?";
}

uint16_t aatgs_field_type_of(const char *name)
{
  for (uint16_t t = 1; t < TYPE_COUNT; t++)
    if (strcmp(types[t].name, name) == 0)
      return t;
  return 0;
}

/* ---- Schema ------------------------------------------------------------------- */

static bool name_char(char c, bool first)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (!first && c >= '0' && c <= '9');
}

static bool name_is_sayable(const char *name)
{
  size_t length = name ? strnlen(name, 65) : 0;
  if (length == 0 || length > 64)
    return false;
  for (size_t i = 0; i < length; i++)
    if (!name_char(name[i], i == 0))
      return false;
  return true;
}

int aatgs_fields_check(const aatgs_field *fields, uint32_t count, size_t bytes, const char *what,
                       aatgs_error *error)
{
  for (uint32_t i = 0; i < count; i++) {
    const aatgs_field *f = &fields[i];
    size_t size = aatgs_field_type_bytes(f->type);
    if (!name_is_sayable(f->name))
      return aatgs_error_set(error, AATGS_EFORMAT, 0,
                             "%s field %u has no usable name; use letters, digits and _, at most "
                             "64 of them",
                             what, i);
    if (size == 0)
      return aatgs_error_set(error, AATGS_EFORMAT, 0,
                             "%s field %s has the unknown type %u; use an aatgs_field_type", what,
                             f->name, f->type);
    if (f->count == 0 || f->offset + size * f->count > bytes || f->offset % size != 0)
      return aatgs_error_set(error, AATGS_EFORMAT, 0,
                             "%s field %s (%u of %s at byte %u) does not fit a payload of %zu "
                             "bytes, aligned to its type",
                             what, f->name, f->count, types[f->type].name, f->offset, bytes);
    if (aatgs_field_named(fields, i, f->name, strlen(f->name)))
      return aatgs_error_set(error, AATGS_EFORMAT, 0,
                             "%s field %s is there twice; rename one of them", what, f->name);
  }
  return 0;
}

/* ---- Reading ------------------------------------------------------------------ */

typedef union element {
  uint8_t u8;
  uint16_t u16;
  uint32_t u32;
  uint64_t u64;
  int32_t i32;
  float f32;
} element;

static element load(const aatgs_field *field, const void *payload, uint32_t index)
{
  element e = {.u64 = 0};
  size_t size = aatgs_field_type_bytes(field->type);
  memcpy(&e, (const uint8_t *)payload + field->offset + size * index, size);
  return e;
}

double aatgs_field_get(const aatgs_field *field, const void *payload, uint32_t index)
{
  element e = load(field, payload, index);
  switch (field->type) {
  case AATGS_U8: return e.u8;
  case AATGS_U16: return e.u16;
  case AATGS_U32: return e.u32;
  case AATGS_U64: return (double)e.u64;
  case AATGS_I32: return e.i32;
  case AATGS_F32: return (double)e.f32;
  default: return 0;
  }
}

static int format_float(float value, char *out, size_t capacity)
{
  char text[48];
  for (int digits = 6; digits <= 9; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, (double)value);
    if (strtof(text, NULL) == value)
      break;
  }
  return snprintf(out, capacity, "%s", text);
}

int aatgs_field_format(const aatgs_field *field, const void *payload, uint32_t index, char *out,
                       size_t capacity)
{
  element e = load(field, payload, index);
  switch (field->type) {
  case AATGS_U8: return snprintf(out, capacity, "%u", e.u8);
  case AATGS_U16: return snprintf(out, capacity, "%u", e.u16);
  case AATGS_U32: return snprintf(out, capacity, "%" PRIu32, e.u32);
  case AATGS_U64: return snprintf(out, capacity, "%" PRIu64, e.u64);
  case AATGS_I32: return snprintf(out, capacity, "%" PRId32, e.i32);
  case AATGS_F32: return format_float(e.f32, out, capacity);
  default: return snprintf(out, capacity, "?");
  }
}

/* ---- Names -------------------------------------------------------------------- */

const aatgs_field *aatgs_field_named(const aatgs_field *fields, uint32_t count, const char *name,
                                     size_t length)
{
  for (uint32_t i = 0; i < count; i++)
    if (strlen(fields[i].name) == length && memcmp(fields[i].name, name, length) == 0)
      return &fields[i];
  return NULL;
}

/* Length of the common start plus length of the common end: enough to catch a slip. */
static size_t likeness(const char *a, const char *b, size_t b_length)
{
  size_t a_length = strlen(a), start = 0, end = 0;
  size_t least = a_length < b_length ? a_length : b_length;
  while (start < least && a[start] == b[start])
    start++;
  while (end < least - start && a[a_length - 1 - end] == b[b_length - 1 - end])
    end++;
  return start + end;
}

static int not_found(const aatgs_field *fields, uint32_t count, const char *name, size_t length,
                     aatgs_error *error)
{
  const aatgs_field *best = NULL;
  size_t best_likeness = length / 2;
  for (uint32_t i = 0; i < count; i++) {
    size_t l = likeness(fields[i].name, name, length);
    if (l > best_likeness) {
      best = &fields[i];
      best_likeness = l;
    }
  }
  if (best)
    return aatgs_error_set(error, AATGS_ENOTFOUND, 0, "no field '%.*s'; did you mean '%s'?",
                           (int)length, name, best->name);
  return aatgs_error_set(error, AATGS_ENOTFOUND, 0, "no field '%.*s'; the schema has %u fields%s%s",
                         (int)length, name, count, count ? ", the first is " : "",
                         count ? fields[0].name : "");
}

int aatgs_field_find(const aatgs_field *fields, uint32_t count, const char *key,
                     const aatgs_field **field, uint32_t *index, aatgs_error *error)
{
  size_t length = strcspn(key, "[");
  size_t shown = length > 64 ? 64 : length;
  const aatgs_field *f = aatgs_field_named(fields, count, key, length);
  if (!f)
    return not_found(fields, count, key, shown, error);
  *field = f;
  *index = 0;
  if (key[length] == '\0') {
    if (f->count == 1)
      return 0;
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "field '%s' has %u elements; write %s[0] to %s[%u]", f->name, f->count,
                           f->name, f->name, f->count - 1);
  }
  const char *digits = key + length + 1;
  char *end = NULL;
  errno = 0;
  unsigned long value = strtoul(digits, &end, 10);
  if (*digits < '0' || *digits > '9' || end[0] != ']' || end[1] != '\0')
    return aatgs_error_set(error, AATGS_EINVAL, 0, "cannot read '%.64s'; write %s[0]", key,
                           f->name);
  if (errno || value >= f->count)
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "'%.64s' is outside field '%s', which has %u element%s", key, f->name,
                           f->count, f->count == 1 ? "" : "s");
  *index = (uint32_t)value;
  return 0;
}

/* ---- Writing ------------------------------------------------------------------ */

static void store(const aatgs_field *field, void *payload, uint32_t index, element e)
{
  size_t size = aatgs_field_type_bytes(field->type);
  memcpy((uint8_t *)payload + field->offset + size * index, &e, size);
}

/* Largest value of an integer type, as the next power of two, which a double holds exactly. */
static double type_end(uint16_t type)
{
  return type == AATGS_I32 ? 2147483648.0 : ldexp(1.0, (int)(8 * aatgs_field_type_bytes(type)));
}

static element from_double(const aatgs_field *field, double value)
{
  element e = {.u64 = 0};
  if (field->type == AATGS_F32) {
    e.f32 = (float)value;
    return e;
  }
  double low = field->type == AATGS_I32 ? -2147483648.0 : 0.0;
  if (!(value >= low))
    value = low;
  bool over = value >= type_end(field->type);
  switch (field->type) {
  case AATGS_U8: e.u8 = over ? UINT8_MAX : (uint8_t)value; break;
  case AATGS_U16: e.u16 = over ? UINT16_MAX : (uint16_t)value; break;
  case AATGS_U32: e.u32 = over ? UINT32_MAX : (uint32_t)value; break;
  case AATGS_U64: e.u64 = over ? UINT64_MAX : (uint64_t)value; break;
  default: e.i32 = over ? INT32_MAX : (int32_t)value; break;
  }
  return e;
}

void aatgs_fields_defaults(const aatgs_field *fields, uint32_t count, void *payload, size_t bytes)
{
  memset(payload, 0, bytes);
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t k = 0; k < fields[i].count; k++)
      store(&fields[i], payload, k, from_double(&fields[i], fields[i].initial));
}

static int out_of_range(const aatgs_field *field, const char *text, aatgs_error *error)
{
  return aatgs_error_set(error, AATGS_EINVAL, 0,
                         "%.64s is out of range for '%s'; it takes %g to %g%s%s", text, field->name,
                         field->minimum, field->maximum, field->unit && field->unit[0] ? " " : "",
                         field->unit ? field->unit : "");
}

/* Parses a whole number into *e. Returns 0, 1 (not one) or 2 (does not fit the type). */
static int parse_integer(const aatgs_field *field, const char *text, element *e)
{
  const char *digits = text + (*text == '-' || *text == '+');
  bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
  char *end = NULL;
  if (*digits < '0' || *digits > '9')
    return 1;
  errno = 0;
  unsigned long long magnitude = strtoull(digits, &end, hex ? 16 : 10);
  if (*end != '\0')
    return 1;
  bool negative = *text == '-' && magnitude != 0;
  if (errno)
    return 2;
  if (field->type == AATGS_I32) {
    if (magnitude > (negative ? UINT64_C(2147483648) : UINT64_C(2147483647)))
      return 2;
    e->i32 = (int32_t)(negative ? -(int64_t)magnitude : (int64_t)magnitude);
    return 0;
  }
  size_t size = aatgs_field_type_bytes(field->type);
  if (negative || (size < 8 && magnitude >> (8 * size)))
    return 2;
  e->u64 = magnitude; /* little-endian: the low bytes are the narrower types */
  return 0;
}

int aatgs_field_set(const aatgs_field *field, void *payload, uint32_t index, const char *text,
                    aatgs_error *error)
{
  element e = {.u64 = 0};
  aatgs_field scalar = *field;
  double value;
  if (index >= field->count)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "element %u is outside field '%s', which has %u",
                           index, field->name, field->count);
  if (field->type == AATGS_F32) {
    char *end = NULL;
    value = strtod(text, &end);
    if (end == text || *end != '\0' || isnan(value))
      return aatgs_error_set(error, AATGS_EINVAL, 0, "'%.64s' is not a number; '%s' takes %g to %g",
                             text, field->name, field->minimum, field->maximum);
    e.f32 = (float)value;
  } else {
    int rc = parse_integer(field, text, &e);
    if (rc == 1)
      return aatgs_error_set(error, AATGS_EINVAL, 0,
                             "'%.64s' is not a whole number; '%s' takes %g to %g", text,
                             field->name, field->minimum, field->maximum);
    if (rc == 2)
      return out_of_range(field, text, error);
    scalar.offset = 0;
    value = aatgs_field_get(&scalar, &e, 0);
  }
  if (!(value >= field->minimum && value <= field->maximum))
    return out_of_range(field, text, error);
  store(field, payload, index, e);
  return 0;
}

int aatgs_fields_in_range(const aatgs_field *fields, uint32_t count, const void *payload,
                          aatgs_error *error)
{
  for (uint32_t i = 0; i < count; i++) {
    const aatgs_field *f = &fields[i];
    if (f->role != AATGS_FIELD_PLAIN)
      continue;
    for (uint32_t k = 0; k < f->count; k++) {
      double value = aatgs_field_get(f, payload, k);
      char text[48];
      /* f32 ranges are written as decimals: compare what the field can hold. */
      double low = f->type == AATGS_F32 ? (double)(float)f->minimum : f->minimum;
      double high = f->type == AATGS_F32 ? (double)(float)f->maximum : f->maximum;
      if (value >= low && value <= high)
        continue;
      aatgs_field_format(f, payload, k, text, sizeof text);
      return out_of_range(f, text, error);
    }
  }
  return 0;
}
