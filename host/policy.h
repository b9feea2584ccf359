/* What tells one scheduling policy from another: a small table.
 *
 * Tasks fall into a few lanes by what the original's rules look at; a policy gives each lane a
 * factor for the inputs of the moment. Policies that rank weigh the factor with the task's rank:
 * how long the longest way is from its start to the graph's end. */
#ifndef AATGS_POLICY_H
#define AATGS_POLICY_H

#include "host/aatgs.h"

#define AATGS_PRIORITY_BASE   1000u /* 1.0 */
#define AATGS_LONG_TASK_NS    UINT64_C(10000000)
#define AATGS_LANES           6u /* role x (short, long) */
#define AATGS_LANE(role, ns)  ((role)*2u + ((ns) > AATGS_LONG_TASK_NS))
#define AATGS_LANE_ROLE(lane) ((lane) / 2u)
#define AATGS_LANE_LONG(lane) ((lane) % 2u)

typedef struct aatgs_policy {
  const char *name;
  /* Factor x 1000 of the tasks in a lane. */
  uint32_t (*lane_factor)(uint32_t lane, const aatgs_rule_inputs *inputs);
  bool ranks;                        /* orders by factor x rank, else by the factor alone */
  bool learns;                       /* ranks by measured durations */
  bool searches;                     /* looks for an order better than the ranks' */
  const aatgs_custom_policy *custom; /* a user's: its urgency is the order */
} aatgs_policy;

/* Fills in what the rules look at, by how full the host's config queue is and how many finished
 * iterations nobody has read; device_busy is left as it is. */
void aatgs_rule_fills(aatgs_rule_inputs *inputs, uint64_t config_waiting, uint64_t config_slots,
                      uint64_t telemetry_waiting);

/* NULL: no policy has that name. */
const aatgs_policy *aatgs_policy_find(const char *name);
/* "fifo, original, ...", for messages. */
const char *aatgs_policy_names(void);

#endif
