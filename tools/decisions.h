/* The scheduler's decisions, as a trace shows them: the iterations from which a graph's tasks ran
 * by another plan, and the rule that made the plan; and what it decided beside plans. */
#ifndef AATGS_TOOLS_DECISIONS_H
#define AATGS_TOOLS_DECISIONS_H

#include "trace/trace.h"

#define AATGS_RULE_BYTES     48u
#define AATGS_GRAPHS_WATCHED 64u

#define AATGS_DECISIONS_WANT                                                                       \
  (AATGS_WANT_GRAPH | AATGS_WANT_PLAN | AATGS_WANT_CONFIG_WAITING | AATGS_WANT_TELEMETRY_WAITING)

/* Which plan each graph ran by last, and what the scheduler was told of the fills since. A zeroed
 * one knows nothing. */
typedef struct aatgs_decisions {
  uint32_t graph[AATGS_GRAPHS_WATCHED];
  uint32_t plan[AATGS_GRAPHS_WATCHED];
  char rule[AATGS_GRAPHS_WATCHED][AATGS_RULE_BYTES];
  uint64_t last; /* the iteration seen last, and the fills when it was posted */
  uint32_t config_waiting;
  uint32_t telemetry_waiting;
  uint64_t next_tick;
} aatgs_decisions;

/* Looks at the next iteration, in rising order. 1: it is the first of its graph, or runs by another
 * plan than the one before, and *before is that plan, 0: none; 0: it is not; or an error of the
 * trace. */
int aatgs_decisions_see(aatgs_decisions *d, aatgs_trace *trace, const aatgs_iteration *it,
                        uint32_t *before);

/* The rule behind the plan that the graph ran by last.
 *
 * "base" or, for policies that rank tasks by the longest way to the end, "critical_path"; then what
 * raised or lowered a task of the graph, joined by "+": "config_low" (the host's config queue was
 * nearly empty: uploads first), "telemetry_high" (much telemetry waited: downloads first),
 * "device_busy" (long tasks last). Policies that do not rank show it in their priorities; for the
 * others it follows from the fills that the scheduler had been told, and where the trace does not
 * hold those, there is a "?" until the next iteration. A user's policy is a rule of its own, by its
 * name. */
const char *aatgs_decisions_rule(const aatgs_decisions *d, uint32_t graph);

/* "give_up", "adapt", "tick" ...: what happened, or was decided, by kind (aatgs_tick_kind). */
const char *aatgs_tick_name(uint64_t kind);

#endif
