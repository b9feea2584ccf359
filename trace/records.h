/* The two small records that say how far a run got. FORMAT.md, section "State". */
#ifndef AATGS_TRACE_RECORDS_H
#define AATGS_TRACE_RECORDS_H

#include <stdint.h>

/* Totals of one data environment, as of its last commit. */
typedef struct aatgs_state_record {
  uint64_t first; /* iterations; 0, 0: none */
  uint64_t last;
  uint64_t iterations;
  uint64_t timings;
  uint64_t lost; /* missing before or between its iterations */
  uint64_t snapshots;
  uint64_t first_posted_ns;
  uint64_t last_seen_ns;
  uint64_t ticks; /* ever written, those of older environments included */
} aatgs_state_record;

/* Totals of a run that was closed. */
typedef struct aatgs_closed_record {
  uint64_t digest;
  uint64_t lost;
  uint64_t last;       /* iteration written last; 0: none */
  uint64_t iterations; /* ever written, those rolled away included */
} aatgs_closed_record;

#endif
