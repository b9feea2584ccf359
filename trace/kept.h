/* Graphs or plans that iterations handed in from now on may name. A data file gets a copy of each
 * that its iterations do name. */
#ifndef AATGS_TRACE_KEPT_H
#define AATGS_TRACE_KEPT_H

#include "trace/bytes.h"

typedef struct aatgs_kept {
  uint32_t number;
  uint32_t file; /* data file that got it last; 0: none */
  bool replaced;
  size_t size;
  uint8_t bytes[];
} aatgs_kept;

typedef struct aatgs_kept_tables {
  uint32_t slots; /* one is replaced by another whose number differs by a multiple; 0: none is */
  aatgs_bytes list;
  uint64_t replaced_bytes;
} aatgs_kept_tables;

/* Copies the bytes. AATGS_ENOMEM. */
int aatgs_kept_add(aatgs_kept_tables *tables, uint32_t number, const uint8_t *bytes, size_t size);
/* Those that are replaced, too. NULL: there is none. */
aatgs_kept *aatgs_kept_find(const aatgs_kept_tables *tables, uint32_t number);
/* Forgets those that are replaced: what names them is in a data file. */
void aatgs_kept_drop_replaced(aatgs_kept_tables *tables);
void aatgs_kept_free(aatgs_kept_tables *tables);

#endif
