/* The expression grammar of the project, over the fields of a schema:
 *
 *   conflicts == 0 && colors_used < 12
 *   iteration % 100 == 0 || status != 0
 *   config.sweeps > 10 && betti_numbers[1] >= 2
 *
 * By rising strength: ||  &&  == !=  < <= > >=  + -  * / %  unary ! -  ( ). Numbers are decimal,
 * with fraction and exponent, or 0x integers. Names are `iteration`, `status`, and fields, with
 * [i] when they have elements; a name that config and telemetry share means telemetry, and
 * `config.x` or `telemetry.x` is explicit. All values are doubles; true is 1; a comparison with
 * what is not a number (0/0) is false, but for !=; not a number counts as false. */
#ifndef AATGS_TRACE_EXPR_H
#define AATGS_TRACE_EXPR_H

#include <stdbool.h>

#include "trace/trace.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct aatgs_expr aatgs_expr;

typedef struct aatgs_expr_schema {
  const aatgs_field *config_fields;
  const aatgs_field *telemetry_fields;
  uint32_t config_field_count;
  uint32_t telemetry_field_count;
} aatgs_expr_schema;

/* Compiles `text`; the fields are copied as far as needed. AATGS_EINVAL (syntax), AATGS_ENOTFOUND
 * (no such field), AATGS_ELIMIT (too long), AATGS_ENOMEM; the sentence names the column,
 * counted from 1. *out is NULL on failure. Free with aatgs_expr_free(). */
int aatgs_expr_compile(const char *text, const aatgs_expr_schema *schema, aatgs_expr **out,
                       aatgs_error *error);
/* The same with the schema of a trace. */
int aatgs_expr_compile_for(const char *text, const aatgs_trace_info *info, aatgs_expr **out,
                           aatgs_error *error);
void aatgs_expr_free(aatgs_expr *expr);

/* The value for one iteration; `config` and `telemetry` may be NULL when the expression does
 * not name them (aatgs_expr_uses). No allocation; any number of threads may share `expr`. */
double aatgs_expr_value(const aatgs_expr *expr, uint64_t iteration, uint32_t status,
                        const void *config, const void *telemetry);
bool aatgs_expr_match(const aatgs_expr *expr, uint64_t iteration, uint32_t status,
                      const void *config, const void *telemetry);
bool aatgs_expr_match_iteration(const aatgs_expr *expr, const aatgs_iteration *it);

/* What an expression names: a sum of these. */
#define AATGS_EXPR_CONFIG    1u
#define AATGS_EXPR_TELEMETRY 2u
#define AATGS_EXPR_STATUS    4u
#define AATGS_EXPR_ITERATION 8u
uint32_t aatgs_expr_uses(const aatgs_expr *expr);

#if defined(__cplusplus)
}
#endif
#endif
