/* Inside of a chunk that is being gathered: shared by chunk_build.c (taking iterations) and
 * chunk_encode.c (making a value of them). */
#ifndef AATGS_TRACE_CHUNK_BUILDER_H
#define AATGS_TRACE_CHUNK_BUILDER_H

#include "trace/chunk.h"

struct aatgs_chunk_builder {
  aatgs_chunk_limits limits;
  uint32_t config_words;
  uint32_t telemetry_words;
  uint32_t count; /* iterations */
  uint32_t rows;  /* distinct configs in a row */
  size_t timing_count;
  uint64_t bytes;
  uint64_t *columns[AATGS_ITERATION_COLUMNS];
  uint32_t *configs; /* rows x config_words, the iteration's number taken out */
  uint32_t *telemetry;
  /* The members of the timings, those of an iteration side by side. */
  uint32_t *who_at;      /* by iteration: where in `who` its row begins */
  aatgs_bytes who;       /* uint64_t: task, part, worker; a row that repeats is kept once */
  aatgs_bytes start_ns;  /* uint64_t */
  aatgs_bytes durations; /* uint32_t */
  aatgs_bytes digests;   /* uint32_t */
  aatgs_column_choice choices[AATGS_CHUNK_COLUMNS_MAX];
  /* Working memory of pack. */
  aatgs_column_entry entries[AATGS_CHUNK_COLUMNS_MAX];
  uint32_t entry_count;
  aatgs_bytes raw;
  aatgs_bytes ends;
  aatgs_bytes places;  /* uint32_t: where the column of a record begins, and how far it is */
  aatgs_bytes cells;   /* uint32_t or uint64_t: columns side by side */
  aatgs_bytes scratch; /* of a column */
};

#endif
