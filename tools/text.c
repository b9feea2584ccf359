#include "tools/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *aatgs_text_count(char *out, size_t size, uint64_t value)
{
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
  size_t used = 0;
  for (int i = 0; i < length && used + 2 < size; i++) {
    if (i && (length - i) % 3 == 0)
      out[used++] = ',';
    out[used++] = digits[i];
  }
  if (size)
    out[used] = '\0';
  return out;
}

/* Three significant digits: 1.23, 12.3, 123. */
static char *scaled(char *out, size_t size, double value, const char *unit)
{
  int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  snprintf(out, size, "%.*f %s", decimals, value, unit);
  return out;
}

char *aatgs_text_ns(char *out, size_t size, uint64_t ns)
{
  if (ns < 1000) {
    snprintf(out, size, "%" PRIu64 " ns", ns);
    return out;
  }
  if (ns < UINT64_C(999500))
    return scaled(out, size, (double)ns / 1e3, "us");
  if (ns < UINT64_C(999500000))
    return scaled(out, size, (double)ns / 1e6, "ms");
  return scaled(out, size, (double)ns / 1e9, "s");
}

char *aatgs_text_bytes(char *out, size_t size, uint64_t bytes)
{
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = (double)bytes / 1024.0;
  size_t unit = 0;
  if (bytes < 1024) {
    snprintf(out, size, "%" PRIu64 " bytes", bytes);
    return out;
  }
  while (value >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
    value /= 1024.0;
    unit++;
  }
  return scaled(out, size, value, units[unit]);
}

/* Length of the well-formed UTF-8 character at `s` and its code, or 0. */
static size_t well_formed(const unsigned char *s, uint32_t *out)
{
  size_t more;
  uint32_t code;
  *out = s[0];
  if (s[0] < 0x80)
    return 1;
  if (s[0] >= 0xc2 && s[0] <= 0xdf) {
    more = 1;
    code = s[0] & 0x1fu;
  } else if ((s[0] & 0xf0) == 0xe0) {
    more = 2;
    code = s[0] & 0x0fu;
  } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
    more = 3;
    code = s[0] & 0x07u;
  } else {
    return 0;
  }
  for (size_t i = 1; i <= more; i++) {
    if ((s[i] & 0xc0) != 0x80)
      return 0;
    code = code << 6 | (s[i] & 0x3fu);
  }
  /* Overlong forms and surrogates. */
  if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000) || code > 0x10ffff ||
      (code >= 0xd800 && code <= 0xdfff))
    return 0;
  *out = code;
  return more + 1;
}

/* The same, but 0 too for controls and marks that turn the direction of writing. */
static size_t printable(const unsigned char *s)
{
  uint32_t code;
  size_t length = well_formed(s, &code);
  if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
      (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
    return 0;
  return length;
}

char *aatgs_text_utf8(const char *text)
{
  const unsigned char *from = (const unsigned char *)text;
  char *out = malloc(3 * strlen(text) + 1);
  char *to = out;
  while (out && *from) {
    uint32_t code;
    size_t length = well_formed(from, &code);
    memcpy(to, length ? (const char *)from : "\xef\xbf\xbd", length ? length : 3);
    to += length ? length : 3;
    from += length ? length : 1;
  }
  if (out)
    *to = '\0';
  return out;
}

char *aatgs_text_clean(const char *text, int lines)
{
  const unsigned char *from = (const unsigned char *)text;
  char *out = malloc(4 * strlen(text) + 1);
  char *to = out;
  if (!out)
    return NULL;
  while (*from) {
    size_t length = lines && *from == '\n' ? 1 : printable(from);
    if (length) {
      memcpy(to, from, length);
      to += length;
      from += length;
    } else {
      to += sprintf(to, "\\x%02x", *from++);
    }
  }
  *to = '\0';
  return out;
}

char *aatgs_text_quote(const char *text)
{
  static const char safe[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
  char *out = malloc(4 * strlen(text) + 3);
  char *to = out;
  if (!out)
    return NULL;
  if (*text && strspn(text, safe) == strlen(text))
    return strcpy(out, text);
  *to++ = '\'';
  for (; *text; text++) {
    if (*text == '\'') {
      memcpy(to, "'\\''", 4);
      to += 4;
    } else {
      *to++ = *text;
    }
  }
  *to++ = '\'';
  *to = '\0';
  return out;
}

size_t aatgs_text_width(const char *text)
{
  size_t width = 0;
  for (; *text; text++)
    width += ((unsigned char)*text & 0xc0) != 0x80;
  return width;
}

size_t aatgs_text_distance(const char *a, const char *b)
{
  size_t rows = strnlen(a, 63), columns = strnlen(b, 63);
  size_t cost[3][64]; /* of this row and the two before it */
  for (size_t j = 0; j <= columns; j++)
    cost[0][j] = j;
  for (size_t i = 1; i <= rows; i++) {
    size_t *now = cost[i % 3], *before = cost[(i + 2) % 3], *earlier = cost[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= columns; j++) {
      size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
      if (before[j] + 1 < best)
        best = before[j] + 1;
      if (now[j - 1] + 1 < best)
        best = now[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
          earlier[j - 2] + 1 < best)
        best = earlier[j - 2] + 1;
      now[j] = best;
    }
  }
  return cost[rows % 3][columns];
}
