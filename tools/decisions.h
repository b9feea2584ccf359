/* The scheduler's decisions, as a trace shows them: the iterations from which a graph's tasks ran
 * by another plan, and the rule that made the plan. */
#ifndef AATGS_TOOLS_DECISIONS_H
#define AATGS_TOOLS_DECISIONS_H

#include "trace/trace.h"

#define AATGS_RULE_BYTES 48u

#define AATGS_DECISIONS_WANT (AATGS_WANT_GRAPH | AATGS_WANT_PLAN)

/* Which plan each graph ran by last. A zeroed one knows nothing. */
typedef struct aatgs_decisions {
  uint32_t graph[64];
  uint32_t plan[64];
} aatgs_decisions;

/* Whether `it` is the first of its graph, or runs by another plan than the one before; *before is
 * that plan, 0: none. */
bool aatgs_decisions_see(aatgs_decisions *d, const aatgs_iteration *it, uint32_t *before);

/* The rule behind a plan. The priorities of policies `original` and `fifo` say it: "base", or
 * what held of "config_low", "telemetry_high" and "device_busy", joined by "+". Other policies
 * rank tasks by what they have learned: the rule is then the policy's name. */
void aatgs_rule_name(const aatgs_trace_info *info, const aatgs_trace_plan *plan,
                     char out[AATGS_RULE_BYTES]);

#endif
