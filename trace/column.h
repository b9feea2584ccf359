/* Columns: how a row of numbers of one kind becomes bytes that compress well, and back. Which way
 * is best is found by measuring. FORMAT.md, section "Columns". */
#ifndef AATGS_TRACE_COLUMN_H
#define AATGS_TRACE_COLUMN_H

#include <stdbool.h>

#include "trace/bytes.h"

typedef enum aatgs_coder {
  AATGS_CODER_CONST = 0,     /* the same number everywhere */
  AATGS_CODER_RAW = 1,       /* the numbers themselves */
  AATGS_CODER_DELTA = 2,     /* difference to the one before */
  AATGS_CODER_DELTA2 = 3,    /* difference of differences */
  AATGS_CODER_XOR = 4,       /* bits that differ from the one before */
  AATGS_CODER_CHANGES = 5,   /* positions where it changes, and what to */
  AATGS_CODER_REF = 6,       /* difference to the same row of another column */
  AATGS_CODER_REF_DELTA = 7, /* difference of that to the row before */
  AATGS_CODERS = 8
} aatgs_coder;

/* Written for each column, in a chunk's directory. */
typedef struct aatgs_column_entry {
  uint8_t coder;  /* aatgs_coder */
  uint8_t planes; /* bytes of a stored number */
  uint16_t pad0;  /* 0 */
  uint32_t bytes; /* of the encoded column */
} aatgs_column_entry;

/* A coder's choice, remembered from chunk to chunk and measured again now and then. */
typedef struct aatgs_column_choice {
  uint8_t coder;
  uint8_t age; /* chunks until it is measured again; 0: now */
} aatgs_column_choice;

/* Encodes `count` values, uint32_t or uint64_t by `width` (4 or 8), behind `out`. `reference`, for
 * the REF coders, may be NULL, and is where the width is 4. `scratch` holds as many numbers of that
 * width. Ends of byte planes that are worth a block of their own are appended to `ends`. False
 * when out of memory. */
bool aatgs_column_encode(const void *values, const uint64_t *reference, size_t count,
                         unsigned width, aatgs_column_choice *choice, void *scratch,
                         aatgs_bytes *out, aatgs_bytes *ends, aatgs_column_entry *entry);

/* Decodes `count` values. False when the bytes do not make such a column. */
bool aatgs_column_decode(const aatgs_column_entry *entry, const uint8_t *bytes,
                         const uint64_t *reference, size_t count, unsigned width, uint64_t *values);

#endif
