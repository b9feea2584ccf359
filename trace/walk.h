/* Every value of a file, one after the other. */
#ifndef AATGS_TRACE_WALK_H
#define AATGS_TRACE_WALK_H

#include "trace/pages.h"
#include "trace/value.h"

/* Raw bytes that a value of this kind may have; 0: no such kind. */
uint64_t aatgs_kind_cap(uint16_t kind);

/* Moves *key past itself; false after the last key there is. */
static inline bool aatgs_key_next(aatgs_key *key)
{
  if (++key->piece != 0 || ++key->number != 0)
    return true;
  return ++key->kind != 0;
}

/* The largest value of any kind, with its header. */
#define AATGS_VALUE_BYTES_MAX ((uint64_t)AATGS_CHUNK_BYTES_MAX + AATGS_VALUE_HEADER_BYTES)

#endif
