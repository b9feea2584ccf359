#include "trace/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX  8
#define VALUES_MAX 200000u

typedef struct parser {
  const uint8_t *at;
  const uint8_t *end;
  aatgs_arena *arena;
  unsigned depth;
  unsigned values;
  bool no_memory;
} parser;

static bool value(parser *p, aatgs_json *out);

static void skip_space(parser *p)
{
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
    p->at++;
}

static bool take(parser *p, uint8_t c)
{
  skip_space(p);
  if (p->at == p->end || *p->at != c)
    return false;
  p->at++;
  return true;
}

/* ---- Text ------------------------------------------------------------------------- */

/* Length of the UTF-8 sequence at the parser's place, 0: none. */
static unsigned sequence(const parser *p)
{
  size_t left = (size_t)(p->end - p->at);
  const uint8_t *c = p->at;
  unsigned n = c[0] < 0x80                   ? 1
               : c[0] >= 0xc2 && c[0] < 0xe0 ? 2
               : (c[0] & 0xf0) == 0xe0       ? 3
               : c[0] >= 0xf0 && c[0] < 0xf5 ? 4
                                             : 0;
  if (n == 0 || n > left)
    return 0;
  for (unsigned i = 1; i < n; i++)
    if ((c[i] & 0xc0) != 0x80)
      return 0;
  bool overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
  bool outside = (c[0] == 0xed && c[1] >= 0xa0) || (c[0] == 0xf4 && c[1] >= 0x90);
  return overlong || outside ? 0 : n;
}

static bool four_digits(parser *p, uint32_t *out)
{
  *out = 0;
  if (p->end - p->at < 4)
    return false;
  for (int i = 0; i < 4; i++) {
    uint8_t c = *p->at++;
    uint32_t d = 16;
    if (c >= '0' && c <= '9')
      d = (uint32_t)(c - '0');
    else if ((c | 32) >= 'a' && (c | 32) <= 'f')
      d = (uint32_t)((c | 32) - 'a') + 10;
    if (d == 16)
      return false;
    *out = *out << 4 | d;
  }
  return true;
}

/* What follows \u, as UTF-8. */
static bool code_point(parser *p, char **to)
{
  uint32_t u, low;
  if (!four_digits(p, &u) || u == 0)
    return false;
  if (u >= 0xd800 && u < 0xdc00) {
    if (p->end - p->at < 2 || p->at[0] != '\\' || p->at[1] != 'u')
      return false;
    p->at += 2;
    if (!four_digits(p, &low) || low < 0xdc00 || low >= 0xe000)
      return false;
    u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
  } else if (u >= 0xdc00 && u < 0xe000) {
    return false;
  }
  if (u < 0x80) {
    *(*to)++ = (char)u;
    return true;
  }
  static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
  int tail = u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;
  *(*to)++ = (char)(lead[tail] | u >> (6 * tail));
  while (tail-- > 0)
    *(*to)++ = (char)(0x80 | (u >> (6 * tail) & 0x3f));
  return true;
}

static bool escape(parser *p, char **to)
{
  static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
  if (p->at == p->end)
    return false;
  uint8_t c = *p->at++;
  if (c == 'u')
    return code_point(p, to);
  const char *found = c ? strchr(from, c) : NULL;
  if (found)
    *(*to)++ = into[found - from];
  return found != NULL;
}

static bool text(parser *p, const char **out)
{
  if (!take(p, '"'))
    return false;
  const uint8_t *close = p->at;
  while (close < p->end && *close != '"')
    close += *close == '\\' ? 2 : 1;
  if (close >= p->end)
    return false;
  /* No escape is shorter than what it stands for. */
  char *to = aatgs_arena_take(p->arena, (size_t)(close - p->at) + 1, 1);
  p->no_memory = p->no_memory || !to;
  *out = to;
  while (to && p->at < close) {
    unsigned n = sequence(p);
    if (n == 0 || *p->at < 0x20)
      return false;
    if (*p->at == '\\') {
      p->at++;
      if (!escape(p, &to))
        return false;
      continue;
    }
    memcpy(to, p->at, n);
    to += n;
    p->at += n;
  }
  return to && take(p, '"');
}

/* ---- The rest ---------------------------------------------------------------------- */

static bool number(parser *p, aatgs_json *out)
{
  char copy[64];
  size_t n = 0;
  bool digits = true;
  while (p->at < p->end && n < sizeof copy - 1 && *p->at && strchr("+-.0123456789eE", *p->at)) {
    digits = digits && *p->at >= '0' && *p->at <= '9';
    copy[n++] = (char)*p->at++;
  }
  copy[n] = '\0';
  char *end;
  out->kind = AATGS_JSON_NUMBER;
  out->real = strtod(copy, &end);
  if (n == 0 || *end != '\0' || copy[0] == '+' || copy[0] == '.')
    return false;
  errno = 0;
  out->integer = digits ? strtoull(copy, NULL, 10) : 0;
  out->whole = digits && errno == 0;
  return true;
}

static bool word(parser *p, const char *w)
{
  size_t n = strlen(w);
  if ((size_t)(p->end - p->at) < n || memcmp(p->at, w, n) != 0)
    return false;
  p->at += n;
  return true;
}

static bool members(parser *p, aatgs_json *out, uint8_t close)
{
  aatgs_json **place = &out->first;
  out->kind = close == '}' ? AATGS_JSON_OBJECT : AATGS_JSON_ARRAY;
  p->at++;
  if (take(p, close))
    return true;
  do {
    if (++p->values > VALUES_MAX)
      return false;
    aatgs_json *m = aatgs_arena_take(p->arena, 1, sizeof *m);
    if (!m) {
      p->no_memory = true;
      return false;
    }
    if (close == '}' && (!text(p, &m->key) || !take(p, ':') || aatgs_json_get(out, m->key)))
      return false;
    if (!value(p, m))
      return false;
    *place = m;
    place = &m->next;
    out->count++;
  } while (take(p, ','));
  return take(p, close);
}

static bool value(parser *p, aatgs_json *out)
{
  skip_space(p);
  if (p->at == p->end)
    return false;
  switch (*p->at) {
  case '"': out->kind = AATGS_JSON_TEXT; return text(p, &out->text);
  case '{':
  case '[':
    if (++p->depth > DEPTH_MAX || !members(p, out, *p->at == '{' ? '}' : ']'))
      return false;
    p->depth--;
    return true;
  case 't': return word(p, "true");
  case 'f': return word(p, "false");
  case 'n': return word(p, "null");
  default: return number(p, out);
  }
}

const aatgs_json *aatgs_json_parse(const uint8_t *bytes, size_t size, aatgs_arena *arena,
                                   bool *no_memory)
{
  parser p = {.at = bytes, .end = bytes + size, .arena = arena};
  aatgs_json *root = aatgs_arena_take(arena, 1, sizeof *root);
  bool ok = root && value(&p, root);
  skip_space(&p);
  *no_memory = p.no_memory || !root;
  return ok && p.at == p.end ? root : NULL;
}

const aatgs_json *aatgs_json_get(const aatgs_json *object, const char *key)
{
  const aatgs_json *m = object && object->kind == AATGS_JSON_OBJECT ? object->first : NULL;
  while (m && strcmp(m->key, key) != 0)
    m = m->next;
  return m;
}
