#include "tools/decisions.h"

#include <stdio.h>
#include <string.h>

bool aatgs_decisions_see(aatgs_decisions *d, const aatgs_iteration *it, uint32_t *before)
{
  uint32_t at = it->graph % 64;
  bool known = d->plan[at] && d->graph[at] == it->graph;
  *before = known ? d->plan[at] : 0;
  d->graph[at] = it->graph;
  d->plan[at] = it->plan;
  return !known || *before != it->plan;
}

/* Factors of the original's rules, x 1000: upload 2.0, download 1.5, a long task 0.7. */
void aatgs_rule_name(const aatgs_trace_info *info, const aatgs_trace_plan *plan,
                     char out[AATGS_RULE_BYTES])
{
  bool low = false, high = false, busy = false;
  if (strcmp(info->policy, "original") != 0 && strcmp(info->policy, "fifo") != 0) {
    snprintf(out, AATGS_RULE_BYTES, "%s", info->policy);
    return;
  }
  for (uint32_t i = 0; i < plan->task_count; i++) {
    uint32_t factor = plan->priority_x1000[i];
    low |= factor == 2000 || factor == 1400;
    high |= factor == 1500 || factor == 1050;
    busy |= factor == 700 || factor == 1400 || factor == 1050;
  }
  snprintf(out, AATGS_RULE_BYTES, "%s%s%s%s%s", low ? "config_low" : "",
           high ? low ? "+telemetry_high" : "telemetry_high" : "", busy && (low || high) ? "+" : "",
           busy ? "device_busy" : "", low || high || busy ? "" : "base");
}
