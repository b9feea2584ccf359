/* Fields of a config or telemetry payload, as a schema describes them: find one by name, read
 * it, print it, set it. Pure functions; any thread. */
#ifndef AATGS_TRACE_FIELD_H
#define AATGS_TRACE_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "bus.h"
#include "error.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Bytes of one element of an aatgs_field_type; 0: no such type. */
size_t aatgs_field_type_bytes(uint16_t type);
/* "u8", "u16", "u32", "u64", "i32", "f32", or "?". */
const char *aatgs_field_type_name(uint16_t type);
/* The reverse; 0: no such name. */
uint16_t aatgs_field_type_of(const char *name);

/* Checks a schema: known types, names that the expression grammar can say, no name twice, every
 * field inside a payload of `bytes` bytes. AATGS_EFORMAT. `what` ("config") starts the
 * sentence. */
int aatgs_fields_check(const aatgs_field *fields, uint32_t count, size_t bytes, const char *what,
                       aatgs_error *error);

/* Element `index` (< field->count) of the field in `payload`. u64 above 2^53 is rounded. */
double aatgs_field_get(const aatgs_field *field, const void *payload, uint32_t index);
/* The same as text: integers in full, f32 with the fewest digits that read back as the same
 * value. Returns as snprintf() does; 32 bytes always suffice. */
int aatgs_field_format(const aatgs_field *field, const void *payload, uint32_t index, char *out,
                       size_t capacity);

/* Parses "name" or "name[3]" and looks it up. A name of several elements needs an index.
 * AATGS_ENOTFOUND (the sentence suggests the nearest name) or AATGS_EINVAL. */
int aatgs_field_find(const aatgs_field *fields, uint32_t count, const char *key,
                     const aatgs_field **field, uint32_t *index, aatgs_error *error);
/* The same for a name without an index of `length` bytes; NULL when there is none. */
const aatgs_field *aatgs_field_named(const aatgs_field *fields, uint32_t count, const char *name,
                                     size_t length);

/* Sets an element from text: decimal or 0x integers for integer types, any float for f32.
 * AATGS_EINVAL (not a number, not a whole number, outside minimum..maximum); the payload is
 * then as before. */
int aatgs_field_set(const aatgs_field *field, void *payload, uint32_t index, const char *text,
                    aatgs_error *error);
/* Zeroes the payload of `bytes` bytes, then writes every field's default. */
void aatgs_fields_defaults(const aatgs_field *fields, uint32_t count, void *payload, size_t bytes);
/* Checks that every element lies in its range (fields the runtime fills in itself excepted).
 * AATGS_EINVAL; the sentence names the first one that does not. */
int aatgs_fields_in_range(const aatgs_field *fields, uint32_t count, const void *payload,
                          aatgs_error *error);

#if defined(__cplusplus)
}
#endif
#endif
