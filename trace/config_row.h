/* A config with the iteration's number taken out of the word that holds it, if one does: most
 * iterations repeat the row of the one before, and it is handed on and kept once. */
#ifndef AATGS_TRACE_CONFIG_ROW_H
#define AATGS_TRACE_CONFIG_ROW_H

#include <stdbool.h>
#include <string.h>

#include "trace/trace.h"

/* `bytes` of config, a multiple of 4; `word` holds the number's low 32 bits, or is AATGS_NO_WORD.
 */
typedef struct aatgs_config_shape {
  uint32_t bytes;
  uint32_t word;
} aatgs_config_shape;
#define AATGS_NO_WORD UINT32_C(0xffffffff)

/* Adds to the word with the number; makes a config of a row. */
static inline void aatgs_config_add(aatgs_config_shape s, uint8_t *config, uint32_t number)
{
  uint32_t v;
  if (s.word == AATGS_NO_WORD)
    return;
  memcpy(&v, config + (size_t)s.word * 4, 4);
  v += number;
  memcpy(config + (size_t)s.word * 4, &v, 4);
}

static inline void aatgs_config_to_row(aatgs_config_shape s, const aatgs_iteration *it,
                                       uint8_t *row)
{
  if (s.bytes)
    memcpy(row, it->config, s.bytes);
  aatgs_config_add(s, row, 0 - (uint32_t)it->iteration);
}

/* Whether the iteration's config makes that row. */
static inline bool aatgs_config_is_row(aatgs_config_shape s, const aatgs_iteration *it,
                                       const uint8_t *row)
{
  const size_t at = (size_t)s.word * 4;
  uint32_t kept, number;
  if (s.word == AATGS_NO_WORD)
    return s.bytes == 0 || memcmp(row, it->config, s.bytes) == 0;
  memcpy(&kept, row + at, 4);
  memcpy(&number, it->config + at, 4);
  return kept == number - (uint32_t)it->iteration && memcmp(row, it->config, at) == 0 &&
         memcmp(row + at + 4, it->config + at + 4, s.bytes - at - 4) == 0;
}

#endif
