#include "trace/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trace/field.h"

/* Compiled form: postfix operations for a stack of doubles. */
#define OPS_MAX   256
#define STACK_MAX 64
#define DEPTH_MAX 64 /* of parentheses and signs */

typedef enum op_code {
  OP_NUMBER,
  OP_ITERATION,
  OP_STATUS,
  OP_CONFIG,
  OP_TELEMETRY,
  OP_NOT,
  OP_NEGATE,
  OP_OR, /* from here on: two operands */
  OP_AND,
  OP_EQ,
  OP_NE,
  OP_LT,
  OP_LE,
  OP_GT,
  OP_GE,
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DIV,
  OP_MOD
} op_code;

typedef struct op {
  op_code code;
  uint32_t index;    /* element of the field */
  double number;     /* OP_NUMBER */
  aatgs_field field; /* OP_CONFIG, OP_TELEMETRY: its texts are not kept */
} op;

struct aatgs_expr {
  uint32_t count;
  uint32_t uses;
  op ops[];
};

typedef struct parser {
  const char *text;
  const char *at;
  const aatgs_expr_schema *schema;
  aatgs_error *error;
  uint32_t depth; /* of the recursion */
  uint32_t stack; /* values on the stack at this point */
  uint32_t count;
  uint32_t uses;
  op ops[OPS_MAX];
} parser;

/* Operators, weakest level first. Within a level, longer spellings come first. */
static const struct {
  const char *text;
  int level;
  op_code code;
} operators[] = {
    {"||", 0, OP_OR}, {"&&", 1, OP_AND}, {"==", 2, OP_EQ}, {"!=", 2, OP_NE}, {"<=", 3, OP_LE},
    {">=", 3, OP_GE}, {"<", 3, OP_LT},   {">", 3, OP_GT},  {"+", 4, OP_ADD}, {"-", 4, OP_SUB},
    {"*", 5, OP_MUL}, {"/", 5, OP_DIV},  {"%", 5, OP_MOD},
};
#define LEVELS 6

static unsigned column(const parser *p)
{
  return (unsigned)(p->at - p->text) + 1;
}

static int syntax(parser *p, const char *why)
{
  return aatgs_error_set(p->error, AATGS_EINVAL, 0, "column %u of '%.200s': %s", column(p), p->text,
                         why);
}

static void skip_space(parser *p)
{
  while (isspace((unsigned char)*p->at))
    p->at++;
}

static int emit(parser *p, op o)
{
  if (o.code >= OP_OR)
    p->stack--;
  else if (o.code < OP_NOT)
    p->stack++;
  if (p->count == OPS_MAX || p->stack > STACK_MAX)
    return aatgs_error_set(p->error, AATGS_ELIMIT, 0,
                           "column %u of '%.200s': too long; at most %d numbers, names and "
                           "operators, %d of them nested",
                           column(p), p->text, OPS_MAX, STACK_MAX);
  p->ops[p->count++] = o;
  return 0;
}

/* ---- Names -------------------------------------------------------------------- */

static bool name_char(char c)
{
  return isalnum((unsigned char)c) || c == '_';
}

/* Reads [i] after the name of a field. */
static int element_index(parser *p, const aatgs_field *field, const char *start, op *o)
{
  unsigned long value = 0;
  skip_space(p);
  if (*p->at != '[') {
    p->at = field->count > 1 ? start : p->at;
    return field->count > 1 ? syntax(p, "this field has several elements; add an index like [0]")
                            : 0;
  }
  p->at++;
  skip_space(p);
  if (!isdigit((unsigned char)*p->at))
    return syntax(p, "an index is a plain number, like [0]");
  const char *digits = p->at;
  while (isdigit((unsigned char)*p->at)) {
    value = value < 65536 ? value * 10 + (unsigned long)(*p->at - '0') : value;
    p->at++;
  }
  if (value >= field->count) {
    p->at = digits;
    return aatgs_error_set(p->error, AATGS_EINVAL, 0,
                           "column %u of '%.200s': field '%.64s' has %u element%s, counted from 0",
                           column(p), p->text, field->name, field->count,
                           field->count == 1 ? "" : "s");
  }
  skip_space(p);
  if (*p->at != ']')
    return syntax(p, "expected ] after the index");
  p->at++;
  o->index = (uint32_t)value;
  return 0;
}

static int unknown_name(parser *p, const char *start, size_t length)
{
  aatgs_error near;
  char name[65];
  const aatgs_field *field;
  uint32_t index;
  size_t shown = length < sizeof name - 1 ? length : sizeof name - 1;
  memcpy(name, start, shown);
  name[shown] = '\0';
  p->at = start;
  const aatgs_expr_schema *s = p->schema;
  aatgs_field_find(s->telemetry_fields, s->telemetry_field_count, name, &field, &index, &near);
  if (!strstr(near.text, "did you mean"))
    aatgs_field_find(s->config_fields, s->config_field_count, name, &field, &index, &near);
  const char *hint = strstr(near.text, "did you mean");
  return aatgs_error_set(p->error, AATGS_ENOTFOUND, 0,
                         "column %u of '%.200s': no field '%s'; %.120s", column(p), p->text, name,
                         hint ? hint : "neither config nor telemetry has one by that name");
}

static int field_name(parser *p, const char *start, size_t length, bool in_config,
                      bool in_telemetry)
{
  const aatgs_expr_schema *s = p->schema;
  const aatgs_field *field = NULL;
  op o = {.code = OP_TELEMETRY};
  if (in_telemetry)
    field = aatgs_field_named(s->telemetry_fields, s->telemetry_field_count, start, length);
  if (!field && in_config) {
    field = aatgs_field_named(s->config_fields, s->config_field_count, start, length);
    o.code = OP_CONFIG;
  }
  if (!field)
    return unknown_name(p, start, length);
  o.field = *field;
  int rc = element_index(p, field, start, &o);
  if (rc)
    return rc;
  o.field.name = o.field.unit = o.field.help = NULL;
  p->uses |= o.code == OP_CONFIG ? AATGS_EXPR_CONFIG : AATGS_EXPR_TELEMETRY;
  return emit(p, o);
}

static bool spelled(const char *start, size_t length, const char *word)
{
  return strlen(word) == length && memcmp(start, word, length) == 0;
}

static int name(parser *p)
{
  const char *start = p->at;
  while (name_char(*p->at))
    p->at++;
  size_t length = (size_t)(p->at - start);
  bool config = spelled(start, length, "config"), telemetry = spelled(start, length, "telemetry");
  if (*p->at == '.' && (config || telemetry)) {
    start = ++p->at;
    while (name_char(*p->at))
      p->at++;
    return field_name(p, start, (size_t)(p->at - start), config, telemetry);
  }
  if (spelled(start, length, "iteration")) {
    p->uses |= AATGS_EXPR_ITERATION;
    return emit(p, (op){.code = OP_ITERATION});
  }
  if (spelled(start, length, "status")) {
    p->uses |= AATGS_EXPR_STATUS;
    return emit(p, (op){.code = OP_STATUS});
  }
  return field_name(p, start, length, true, true);
}

/* ---- Grammar ------------------------------------------------------------------ */

static int binary(parser *p, int level);

static int number(parser *p)
{
  char *end = NULL;
  double value = strtod(p->at, &end);
  if (end == p->at)
    return syntax(p, "not a number");
  if (name_char(*end)) {
    p->at = end;
    return syntax(p, "unexpected letters after a number");
  }
  p->at = end;
  return emit(p, (op){.code = OP_NUMBER, .number = value});
}

static int operand(parser *p)
{
  char c = *p->at;
  int rc;
  if (c == '!' || c == '-') {
    p->at++;
    if (++p->depth > DEPTH_MAX)
      return syntax(p, "nested too deeply");
    skip_space(p);
    rc = operand(p);
    p->depth--;
    return rc ? rc : emit(p, (op){.code = c == '!' ? OP_NOT : OP_NEGATE});
  }
  if (c == '(') {
    p->at++;
    if (++p->depth > DEPTH_MAX)
      return syntax(p, "nested too deeply");
    rc = binary(p, 0);
    p->depth--;
    if (rc)
      return rc;
    if (*p->at != ')')
      return syntax(p, *p->at ? "expected an operator or )" : "a ( is not closed");
    p->at++;
    return 0;
  }
  if (isdigit((unsigned char)c) || c == '.')
    return number(p);
  if (name_char(c))
    return name(p);
  return syntax(p, c ? "expected a number, a field or (" : "the expression ends too early");
}

/* The operator of this level at the parser's place, or -1. */
static int operator_at(parser *p, int level)
{
  for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
    size_t length = strlen(operators[i].text);
    if (strncmp(p->at, operators[i].text, length) == 0) {
      if (operators[i].level != level)
        return -1;
      p->at += length;
      return (int)operators[i].code;
    }
  }
  return -1;
}

static int binary(parser *p, int level)
{
  int rc, code;
  skip_space(p);
  rc = level < LEVELS ? binary(p, level + 1) : operand(p);
  skip_space(p);
  while (rc == 0 && level < LEVELS && (code = operator_at(p, level)) >= 0) {
    rc = binary(p, level + 1);
    if (rc == 0)
      rc = emit(p, (op){.code = (op_code)code});
  }
  return rc;
}

static const char *leftover(const parser *p)
{
  switch (*p->at) {
  case '=': return "expected an operator; equality is written ==";
  case '&': return "expected an operator; 'and' is written &&";
  case '|': return "expected an operator; 'or' is written ||";
  case ')': return "this ) has no (";
  default: return "expected an operator or the end";
  }
}

int aatgs_expr_compile(const char *text, const aatgs_expr_schema *schema, aatgs_expr **out,
                       aatgs_error *error)
{
  *out = NULL;
  parser *p = calloc(1, sizeof *p);
  if (!p)
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "no memory to compile '%.200s'", text);
  p->text = p->at = text;
  p->schema = schema;
  p->error = error;
  int rc = binary(p, 0);
  if (rc == 0 && *p->at)
    rc = syntax(p, leftover(p));
  if (rc == 0) {
    aatgs_expr *e = malloc(sizeof *e + p->count * sizeof e->ops[0]);
    if (!e) {
      rc = aatgs_error_set(error, AATGS_ENOMEM, 0, "no memory to compile '%.200s'", text);
    } else {
      e->count = p->count;
      e->uses = p->uses;
      memcpy(e->ops, p->ops, p->count * sizeof e->ops[0]);
      *out = e;
    }
  }
  free(p);
  return rc;
}

int aatgs_expr_compile_for(const char *text, const aatgs_trace_info *info, aatgs_expr **out,
                           aatgs_error *error)
{
  const aatgs_expr_schema schema = {info->config_fields, info->telemetry_fields,
                                    info->config_field_count, info->telemetry_field_count};
  return aatgs_expr_compile(text, &schema, out, error);
}

void aatgs_expr_free(aatgs_expr *expr)
{
  free(expr);
}

uint32_t aatgs_expr_uses(const aatgs_expr *expr)
{
  return expr->uses;
}

/* ---- Evaluation --------------------------------------------------------------- */

static bool truth(double x)
{
  return x != 0 && !isnan(x);
}

static double apply(op_code code, double a, double b)
{
  switch (code) {
  case OP_OR: return truth(a) || truth(b);
  case OP_AND: return truth(a) && truth(b);
  case OP_EQ: return a == b;
  case OP_NE: return a != b;
  case OP_LT: return a < b;
  case OP_LE: return a <= b;
  case OP_GT: return a > b;
  case OP_GE: return a >= b;
  case OP_ADD: return a + b;
  case OP_SUB: return a - b;
  case OP_MUL: return a * b;
  case OP_DIV: return b != 0 ? a / b : a > 0 ? INFINITY : a < 0 ? -INFINITY : NAN;
  case OP_MOD: return b != 0 ? fmod(a, b) : NAN;
  default: return NAN;
  }
}

double aatgs_expr_value(const aatgs_expr *expr, uint64_t iteration, uint32_t status,
                        const void *config, const void *telemetry)
{
  double stack[STACK_MAX + 1];
  size_t top = 0; /* values on the stack */
  for (uint32_t i = 0; i < expr->count; i++) {
    const op *o = &expr->ops[i];
    switch (o->code) {
    case OP_NUMBER: stack[top++] = o->number; break;
    case OP_ITERATION: stack[top++] = (double)iteration; break;
    case OP_STATUS: stack[top++] = status; break;
    case OP_CONFIG: stack[top++] = aatgs_field_get(&o->field, config, o->index); break;
    case OP_TELEMETRY: stack[top++] = aatgs_field_get(&o->field, telemetry, o->index); break;
    case OP_NOT: stack[top - 1] = !truth(stack[top - 1]); break;
    case OP_NEGATE: stack[top - 1] = -stack[top - 1]; break;
    default:
      top--;
      stack[top - 1] = apply(o->code, stack[top - 1], stack[top]);
      break;
    }
  }
  return stack[0];
}

bool aatgs_expr_match(const aatgs_expr *expr, uint64_t iteration, uint32_t status,
                      const void *config, const void *telemetry)
{
  return truth(aatgs_expr_value(expr, iteration, status, config, telemetry));
}

bool aatgs_expr_match_iteration(const aatgs_expr *expr, const aatgs_iteration *it)
{
  return aatgs_expr_match(expr, it->iteration, it->status, it->config, it->telemetry);
}
