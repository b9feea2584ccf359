/* Expressions: any text either compiles and has a value, or is refused with its column. */
#include "trace/expr.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const aatgs_field fields[] = {{"conflicts", "", "", AATGS_U32, 1, 0, 0, 0, 9, 0},
                                       {"energy", "", "", AATGS_F32, 1, 4, 0, 0, 9, 0},
                                       {"tau", "", "", AATGS_U8, 8, 8, 0, 0, 9, 0},
                                       {"wide", "", "", AATGS_U64, 1, 16, 0, 0, 9, 0}};
  static const uint8_t payload[24] = {1, 0, 0, 0, 0, 0, 128, 127, 3, 4, 5};
  const aatgs_expr_schema schema = {fields, fields, 4, 2};
  aatgs_expr *e;
  aatgs_error error = {0, 0, ""};
  char *text = malloc(size + 1);
  if (!text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  if (aatgs_expr_compile(text, &schema, &e, &error) == 0) {
    aatgs_expr_match(e, 7, 1, payload, payload);
    aatgs_expr_free(e);
  } else if (strncmp(error.text, "column ", 7) != 0) {
    __builtin_trap();
  }
  free(text);
  return 0;
}
