/* The policies. */
#include "device/workload.h"
#include "host/policy.h"

#include <string.h>

static uint32_t fifo_priority(uint32_t lane, const aatgs_rule_inputs *inputs)
{
  (void)lane;
  (void)inputs;
  return AATGS_PRIORITY_BASE;
}

/* The original's factors: upload x 2.0, download x 1.5, long task on a busy device x 0.7. */
static uint32_t original_priority(uint32_t lane, const aatgs_rule_inputs *inputs)
{
  uint32_t priority = AATGS_PRIORITY_BASE;

  if (AATGS_LANE_ROLE(lane) == AATGS_ROLE_UPLOAD && inputs->config_low)
    priority = priority * 2;
  if (AATGS_LANE_ROLE(lane) == AATGS_ROLE_DOWNLOAD && inputs->telemetry_high)
    priority = priority * 3 / 2;
  if (AATGS_LANE_LONG(lane) && inputs->device_busy)
    priority = priority * 7 / 10;
  return priority;
}

static const aatgs_policy policies[] = {
    {"fifo", fifo_priority},
    {"original", original_priority},
};

const aatgs_policy *aatgs_policy_find(const char *name)
{
  for (size_t i = 0; name && i < sizeof policies / sizeof *policies; i++)
    if (strcmp(policies[i].name, name) == 0)
      return &policies[i];
  return NULL;
}

const char *aatgs_policy_names(void)
{
  return "fifo, original";
}
