/* What each part of a trace takes on the disk. */
#ifndef AATGS_TRACE_SIZES_H
#define AATGS_TRACE_SIZES_H

#include "trace/chunk.h"

/* Kinds of values are numbered below this. */
#define AATGS_SIZES_KINDS 32u

typedef struct aatgs_trace_sizes {
  /* By column of a chunk, as in its directory: bytes before zstd and after. zstd takes small
   * columns together: what it makes of them is shared out by their bytes before. */
  uint32_t columns;
  uint64_t raw[AATGS_CHUNK_COLUMNS_MAX];
  double stored[AATGS_CHUNK_COLUMNS_MAX];
  double chunk_headers; /* headers, directories, link tables, frames; after zstd */
  uint64_t chunks;
  uint64_t iterations;
  uint64_t timings;
  uint64_t kinds[AATGS_SIZES_KINDS]; /* bytes of all values, by aatgs_kind; 0: of others */
} aatgs_trace_sizes;

/* Reads the trace from end to end. AATGS_ECORRUPT, AATGS_EIO, AATGS_ENOMEM; the sentence is
 * aatgs_trace_error()'s. */
int aatgs_trace_measure(aatgs_trace *trace, aatgs_trace_sizes *out);

#endif
