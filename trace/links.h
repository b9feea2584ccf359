/* Finds out, for each timing of a graph, which other one's end best predicts its start. */
#ifndef AATGS_TRACE_LINKS_H
#define AATGS_TRACE_LINKS_H

#include "trace/chunk.h"

/* Timings an iteration may have to get a link table. */
#define AATGS_LINK_TIMINGS_MAX 256u
/* Iterations of one graph that a chunk must have for it. */
#define AATGS_LINK_ITERATIONS_MIN 8u
/* Tables in a chunk. */
#define AATGS_LINK_TABLES_MAX 8u

/* Iterations looked at to learn one table. */
#define AATGS_LINK_SAMPLES 8u

typedef struct aatgs_link_sample {
  uint64_t start_ns; /* of the iteration */
  const aatgs_timing *timings;
} aatgs_link_sample;

/* Fills `link` (one entry for each of `timings` records) from the samples, at least one. */
void aatgs_links_learn(const aatgs_link_sample *samples, uint32_t count, uint32_t timings,
                       aatgs_link *link);

/* What the start of the timing that `link` is about is predicted from. */
static inline uint64_t aatgs_link_base(const aatgs_link *link, const aatgs_timing *timings,
                                       uint64_t iteration_start_ns)
{
  if (link->from == AATGS_LINK_START)
    return iteration_start_ns;
  return timings[link->from].start_ns + timings[link->from].duration_ns;
}

/* The link of record `k` where there is no table. */
static inline aatgs_link aatgs_link_default(uint32_t k)
{
  return (aatgs_link){k, k ? k - 1 : AATGS_LINK_START};
}

#endif
