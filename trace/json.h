/* Reads JSON into memory of an arena. Its own, because jansson 2.14 writes past a buffer when
 * memory runs out in the middle of a string, and what is read here may be hostile. */
#ifndef AATGS_TRACE_JSON_H
#define AATGS_TRACE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/arena.h"

typedef enum aatgs_json_kind {
  AATGS_JSON_OTHER = 0, /* true, false, null */
  AATGS_JSON_NUMBER,
  AATGS_JSON_TEXT,
  AATGS_JSON_ARRAY,
  AATGS_JSON_OBJECT
} aatgs_json_kind;

typedef struct aatgs_json {
  aatgs_json_kind kind;
  bool whole;       /* the number is a whole one, not negative, below 2^64: `integer` has it */
  uint32_t count;   /* members */
  const char *key;  /* in an object */
  const char *text; /* UTF-8, no zero bytes inside */
  uint64_t integer;
  double real;
  struct aatgs_json *first; /* member */
  struct aatgs_json *next;  /* beside this one */
} aatgs_json;

/* Parses `size` bytes. NULL: not JSON, nested deeper than 8, of more than 200,000
 * values, or (*no_memory) out of memory. */
const aatgs_json *aatgs_json_parse(const uint8_t *bytes, size_t size, aatgs_arena *arena,
                                   bool *no_memory);
/* The member of that name; NULL when there is none, or `object` is none. */
const aatgs_json *aatgs_json_get(const aatgs_json *object, const char *key);

#endif
