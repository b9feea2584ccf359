/* What came of a run, added up iteration by iteration in fixed memory: latencies, where the time
 * went, task types, workers, rings, decisions, gaps, and the slowest iterations with the reason.
 * Percentiles are those of tools/latency.h: at most 1 part in 128 (0.8 %) below the exact one. */
#ifndef AATGS_TOOLS_ANALYSIS_H
#define AATGS_TOOLS_ANALYSIS_H

#include "tools/decisions.h"
#include "tools/latency.h"
#include "tools/path.h"

#define AATGS_SLOW_MAX   10u
#define AATGS_SLOW_STEPS 64u
#define AATGS_GAPS_SHOWN 16u
#define AATGS_RULES_MAX  16u
#define AATGS_ACT_FIRST  AATGS_TICK_GIVE_UP
#define AATGS_ACTS       (AATGS_TICK_OVERRUN - AATGS_ACT_FIRST + 1u)

/* The tasks of a type. A task lasts from the start of its first part to the end of its last. */
typedef struct aatgs_type_stats {
  const char *name; /* the trace's */
  uint64_t tasks;
  uint64_t parts;
  uint64_t busy_ns;       /* sum of the durations of parts: what workers gave to it */
  uint64_t elapsed_ns;    /* sum of the durations of tasks */
  aatgs_latency *elapsed; /* of the tasks; NULL when there are none */
} aatgs_type_stats;

/* One of the slowest iterations. */
typedef struct aatgs_slow {
  uint64_t iteration;
  uint32_t graph;
  uint32_t status;
  uint64_t in_flight; /* iterations before it that were not complete when it was submitted */
  aatgs_path path;    /* its steps are the ones here, the first AATGS_SLOW_STEPS of them */
  aatgs_path_step steps[AATGS_SLOW_STEPS];
} aatgs_slow;

typedef struct aatgs_gap {
  uint64_t first;
  uint64_t count;
} aatgs_gap;

/* What plans followed a rule. */
typedef struct aatgs_rule_stats {
  char name[AATGS_RULE_BYTES];
  uint64_t decisions;  /* times that such a plan was put in force */
  uint64_t iterations; /* that ran by one */
} aatgs_rule_stats;

typedef struct aatgs_analysis {
  aatgs_trace *trace;
  const aatgs_trace_info *info;
  uint64_t first; /* iterations seen; 0, 0: none */
  uint64_t last;
  uint64_t iterations;
  uint64_t failed;
  uint64_t timings;
  uint64_t tasks;
  uint64_t host_first_ns; /* first config posted, last telemetry seen */
  uint64_t host_last_ns;
  uint64_t device_first_ns; /* first taken up, last ended */
  uint64_t device_last_ns;
  uint64_t round_trip_sum_ns;
  uint64_t end_to_end_sum_ns;
  aatgs_latency round_trip;
  aatgs_latency end_to_end;
  aatgs_latency spent[AATGS_SPENT_KINDS];
  uint64_t spent_ns[AATGS_SPENT_KINDS];
  aatgs_type_stats *types;  /* info->type_count, and one more for types that are not known */
  uint64_t *worker_busy_ns; /* worker_count of them */
  uint32_t worker_count;
  aatgs_latency in_flight; /* when an iteration was submitted: fills, not times */
  aatgs_latency config_waiting;
  aatgs_latency telemetry_waiting;
  uint64_t decisions;
  aatgs_rule_stats rules[AATGS_RULES_MAX];
  uint32_t rule_count;
  uint64_t acts[AATGS_ACTS]; /* decided beside plans: by tick kind, less AATGS_ACT_FIRST */
  bool may_retry;            /* a task may be run again when it fails */
  uint64_t lost;             /* iterations missing from the numbering */
  uint64_t gap_count;
  aatgs_gap gaps[AATGS_GAPS_SHOWN];
  aatgs_slow slow[AATGS_SLOW_MAX + 1]; /* slowest round trip first */
  uint32_t slow_count;
  aatgs_paths *paths;
  aatgs_decisions watch;
  uint32_t rule; /* index of that of the plan in force */
} aatgs_analysis;

/* The members of an iteration that are looked at. */
#define AATGS_ANALYSIS_WANT                                                                        \
  (AATGS_PATH_WANT | AATGS_DECISIONS_WANT | AATGS_WANT_STATUS | AATGS_WANT_DONE_BEFORE |           \
   AATGS_WANT_CONFIG_WAITING | AATGS_WANT_TELEMETRY_WAITING)

/* An empty analysis; free it with aatgs_analysis_close(). AATGS_ENOMEM. */
int aatgs_analysis_open(aatgs_trace *trace, aatgs_analysis **out);
void aatgs_analysis_close(aatgs_analysis *analysis);
/* Adds an iteration; they come in rising order. An error of the trace, or AATGS_ENOMEM. */
int aatgs_analysis_add(aatgs_analysis *analysis, const aatgs_iteration *it);

/* Counts what the scheduler decided beside plans before the iterations first..last. An error of the
 * trace. */
int aatgs_analysis_acts(aatgs_analysis *analysis, uint64_t first, uint64_t last);

/* The analysis of iterations first..last. Errors are the trace's. */
int aatgs_analysis_run(aatgs_trace *trace, uint64_t first, uint64_t last, aatgs_analysis **out);

/* Where a slow iteration spent more than its like: the kind of time that exceeds its median most.
 */
aatgs_spent aatgs_analysis_blame(const aatgs_analysis *analysis, const aatgs_slow *slow);
/* The reason in a sentence without a full stop; returns `out`. */
char *aatgs_analysis_reason(const aatgs_analysis *analysis, const aatgs_slow *slow, char *out,
                            size_t size);

/* Threads that are worth having for decoding on this machine. */
uint32_t aatgs_analysis_threads(void);

#endif
