/* The policies. */
#include "device/workload.h"
#include "host/policy.h"

#include <pthread.h>
#include <string.h>

#define TELEMETRY_HIGH 50u

void aatgs_rule_fills(aatgs_rule_inputs *inputs, uint64_t config_waiting, uint64_t config_slots,
                      uint64_t telemetry_waiting)
{
  inputs->config_low = config_waiting * 10 < config_slots * 3;
  inputs->telemetry_high = telemetry_waiting > TELEMETRY_HIGH;
}

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
    {"fifo", plain, false, false, false, NULL},
    {"original", original, false, false, false, NULL},
    {"critical-path", plain, true, false, false, NULL},
    {"adaptive", boosted, true, true, true, NULL},
};
#define POLICIES (sizeof policies / sizeof *policies)

/* ---- Policies of users ---- */

#define CUSTOM_MAX 8u
#define NAME_BYTES 32u

static struct custom {
  aatgs_custom_policy given;
  aatgs_policy policy;
  char name[NAME_BYTES];
} customs[CUSTOM_MAX];
static uint32_t custom_count; /* entries below it are never changed again */
static pthread_mutex_t custom_mutex = PTHREAD_MUTEX_INITIALIZER;

static const aatgs_policy *find(const char *name)
{
  for (size_t i = 0; name && i < POLICIES; i++)
    if (strcmp(policies[i].name, name) == 0)
      return &policies[i];
  for (uint32_t i = 0; name && i < custom_count; i++)
    if (strcmp(customs[i].name, name) == 0)
      return &customs[i].policy;
  return NULL;
}

const aatgs_policy *aatgs_policy_find(const char *name)
{
  const aatgs_policy *found;
  pthread_mutex_lock(&custom_mutex);
  found = find(name);
  pthread_mutex_unlock(&custom_mutex);
  return found;
}

int aatgs_policy_register(const aatgs_custom_policy *policy)
{
  int rc = 0;

  if (!policy || policy->size != sizeof *policy || !policy->urgency || !policy->name ||
      !policy->name[0] || strlen(policy->name) >= NAME_BYTES)
    return AATGS_EINVAL;
  pthread_mutex_lock(&custom_mutex);
  if (find(policy->name)) {
    rc = AATGS_EEXIST;
  } else if (custom_count == CUSTOM_MAX) {
    rc = AATGS_ELIMIT;
  } else {
    struct custom *c = &customs[custom_count++];
    c->given = *policy;
    strcpy(c->name, policy->name);
    c->given.name = c->name;
    c->policy = (aatgs_policy){c->name, plain, true, true, false, &c->given};
  }
  pthread_mutex_unlock(&custom_mutex);
  return rc;
}

const char *aatgs_policy_names(void)
{
  return "fifo, original, critical-path, adaptive";
}
