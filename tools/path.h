/* Where the time of an iteration went: the critical path through its task graph, from the timing
 * records. It is walked backwards from the part that ended last: each task was held up by the
 * dependency that ended last, then by an earlier iteration that still used a region it needs,
 * then by workers that were busy. What is left of the round trip is the bus. */
#ifndef AATGS_TOOLS_PATH_H
#define AATGS_TOOLS_PATH_H

#include "trace/trace.h"

typedef enum aatgs_spent {
  AATGS_SPENT_BUS,          /* config and telemetry in the rings, or on their way */
  AATGS_SPENT_DEPENDENCIES, /* an earlier iteration still held a region */
  AATGS_SPENT_WORKERS,      /* ready, and no worker took it yet */
  AATGS_SPENT_COMPUTING,
  AATGS_SPENT_KINDS
} aatgs_spent;

/* "bus", "dependencies", "workers", "computing" */
const char *aatgs_spent_name(aatgs_spent kind);

/* A part of a task on the critical path. */
typedef struct aatgs_path_step {
  uint32_t task; /* number in the graph */
  uint16_t part; /* == parts of the task: finish */
  uint16_t worker;
  uint64_t ready_ns;              /* after the iteration's start: what it depended on had ended */
  uint64_t ns[AATGS_SPENT_KINDS]; /* from ready to its end; [AATGS_SPENT_BUS] is 0 */
  uint64_t waited_for;            /* the earlier iteration, 0: none */
  uint32_t region;                /* that it held */
} aatgs_path_step;

typedef struct aatgs_path {
  uint64_t round_trip_ns;         /* config posted to telemetry seen */
  uint64_t end_to_end_ns;         /* on the device: taken up to posted back */
  uint64_t ns[AATGS_SPENT_KINDS]; /* add up to the round trip, where the clocks allow */
  /* Host and device read one clock (cpu): the bus, in the two directions. */
  bool one_clock;
  uint64_t to_device_ns;
  uint64_t to_host_ns;
  const aatgs_path_step *steps; /* in the order of time, valid until the next call */
  uint32_t step_count;
} aatgs_path;

typedef struct aatgs_paths aatgs_paths;

/* The members of an iteration that are looked at. */
#define AATGS_PATH_WANT                                                                            \
  (AATGS_WANT_GRAPH | AATGS_WANT_POSTED_NS | AATGS_WANT_START_NS | AATGS_WANT_END_NS |             \
   AATGS_WANT_SEEN_NS | AATGS_WANT_TASK | AATGS_WANT_PART | AATGS_WANT_WORKER |                    \
   AATGS_WANT_DURATION_NS | AATGS_WANT_TIMING_START_NS)

/* AATGS_ENOMEM. The trace must outlive it. */
int aatgs_paths_open(aatgs_trace *trace, aatgs_paths **out);
void aatgs_paths_close(aatgs_paths *paths);
/* Forgets the iterations so far. */
void aatgs_paths_reset(aatgs_paths *paths);
/* Iterations must come in rising order: each may have waited for those before it. An error of the
 * trace (a graph that is not there) or AATGS_ENOMEM. */
int aatgs_paths_find(aatgs_paths *paths, const aatgs_iteration *it, aatgs_path *out);

/* Where to begin so that what iteration `first` waited for is known too. */
uint64_t aatgs_paths_begin(const aatgs_trace_info *info, uint64_t first);

#endif
