/* The policies. */
#include "device/workload.h"
#include "host/policy.h"

#include <string.h>

static uint32_t plain(uint32_t lane, const aatgs_rule_inputs *inputs)
{
  (void)lane;
  (void)inputs;
  return AATGS_PRIORITY_BASE;
}

/* The original's boosts: upload x 2.0, download x 1.5. */
static uint32_t boosted(uint32_t lane, const aatgs_rule_inputs *inputs)
{
  if (AATGS_LANE_ROLE(lane) == AATGS_ROLE_UPLOAD && inputs->config_low)
    return AATGS_PRIORITY_BASE * 2;
  if (AATGS_LANE_ROLE(lane) == AATGS_ROLE_DOWNLOAD && inputs->telemetry_high)
    return AATGS_PRIORITY_BASE * 3 / 2;
  return AATGS_PRIORITY_BASE;
}

/* And its third rule: a long task on a busy device x 0.7. */
static uint32_t original(uint32_t lane, const aatgs_rule_inputs *inputs)
{
  uint32_t factor = boosted(lane, inputs);
  return AATGS_LANE_LONG(lane) && inputs->device_busy ? factor * 7 / 10 : factor;
}

static const aatgs_policy policies[] = {
    {"fifo", plain, false, false, false},
    {"original", original, false, false, false},
    {"critical-path", plain, true, false, false},
    {"adaptive", boosted, true, true, true},
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
  return "fifo, original, critical-path, adaptive";
}
