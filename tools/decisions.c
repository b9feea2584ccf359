#include "tools/decisions.h"

#include <stdio.h>
#include <string.h>

#include "host/policy.h"

/* ---- Rules ------------------------------------------------------------------------------- */

static void join(char out[AATGS_RULE_BYTES], const char *text)
{
  const size_t used = strlen(out);
  snprintf(out + used, AATGS_RULE_BYTES - used, "%s%s", used ? "+" : "", text);
}

/* Factors of the original's rules, x 1000: upload 2.0, download 1.5, a long task 0.7. */
static void rule_by_priorities(const aatgs_trace_plan *plan, char out[AATGS_RULE_BYTES])
{
  bool low = false, high = false, busy = false;
  for (uint32_t i = 0; i < plan->task_count; i++) {
    const uint32_t factor = plan->priority_x1000[i];
    low |= factor == 2000 || factor == 1400;
    high |= factor == 1500 || factor == 1050;
    busy |= factor == 700 || factor == 1400 || factor == 1050;
  }
  if (low)
    join(out, "config_low");
  if (high)
    join(out, "telemetry_high");
  if (busy)
    join(out, "device_busy");
  if (!low && !high && !busy)
    join(out, "base");
}

/* Whether a task of the graph is weighed otherwise when the inputs are these. */
static bool matters(const aatgs_policy *policy, const aatgs_trace_info *info,
                    const aatgs_trace_graph *graph, const aatgs_rule_inputs *inputs)
{
  for (uint32_t i = 0; i < graph->task_count; i++) {
    const uint32_t type = graph->tasks[i].type;
    if (type < info->type_count &&
        policy->lane_factor(AATGS_LANE(info->types[type].role, graph->tasks[i].estimate_ns),
                            inputs) != AATGS_PRIORITY_BASE)
      return true;
  }
  return false;
}

/* `told`: NULL when it is not known. */
static void rule_by_rank(const aatgs_policy *policy, const aatgs_trace_info *info,
                         const aatgs_trace_graph *graph, const aatgs_rule_inputs *told,
                         char out[AATGS_RULE_BYTES])
{
  const bool low = matters(policy, info, graph, &(aatgs_rule_inputs){.config_low = true});
  const bool high = matters(policy, info, graph, &(aatgs_rule_inputs){.telemetry_high = true});
  join(out, "critical_path");
  if (!told && (low || high))
    join(out, "?");
  if (told && told->config_low && low)
    join(out, "config_low");
  if (told && told->telemetry_high && high)
    join(out, "telemetry_high");
}

/* What the scheduler had been told when iteration `next` was planned; false: the trace does not
 * say, because the iteration before is not in it. */
static int fills_before(aatgs_decisions *d, aatgs_trace *trace, uint64_t next,
                        aatgs_rule_inputs *told)
{
  uint64_t configs = d->config_waiting;
  aatgs_tick tick;
  int rc;
  if (next != d->last + 1)
    return 0;
  while ((rc = aatgs_trace_get_tick(trace, d->next_tick, &tick)) == 1 && tick.before <= next) {
    if (tick.kind == AATGS_TICK_CANCEL && tick.before == next)
      configs = 0;
    d->next_tick++;
  }
  told->device_busy = false;
  aatgs_rule_fills(told, configs, aatgs_trace_get_info(trace)->command_slots, d->telemetry_waiting);
  return rc < 0 ? rc : 1;
}

static int find_rule(aatgs_decisions *d, aatgs_trace *trace, const aatgs_iteration *it,
                     char out[AATGS_RULE_BYTES])
{
  const aatgs_trace_info *info = aatgs_trace_get_info(trace);
  const aatgs_policy *policy = aatgs_policy_find(info->policy);
  const aatgs_trace_graph *graph;
  const aatgs_trace_plan *plan;
  aatgs_rule_inputs told;
  int rc = aatgs_trace_get_plan(trace, it->plan, &plan);
  if (!rc)
    rc = aatgs_trace_get_graph(trace, it->graph, &graph);
  if (rc)
    return rc;
  out[0] = '\0';
  if (!policy || policy->custom) {
    snprintf(out, AATGS_RULE_BYTES, "%s", info->policy);
  } else if (!policy->ranks) {
    rule_by_priorities(plan, out);
  } else {
    rc = fills_before(d, trace, it->iteration, &told);
    if (rc < 0)
      return rc;
    rule_by_rank(policy, info, graph, rc ? &told : NULL, out);
  }
  return 0;
}

/* ---- Decisions ---------------------------------------------------------------------------- */

int aatgs_decisions_see(aatgs_decisions *d, aatgs_trace *trace, const aatgs_iteration *it,
                        uint32_t *before)
{
  const uint32_t at = it->graph % AATGS_GRAPHS_WATCHED;
  const bool known = d->plan[at] && d->graph[at] == it->graph;
  const bool decided = !known || d->plan[at] != it->plan;
  int rc = 0;
  *before = known ? d->plan[at] : 0;
  if (decided || strchr(d->rule[at], '?')) /* a plan in force follows from what was told last */
    rc = find_rule(d, trace, it, d->rule[at]);
  d->graph[at] = it->graph;
  d->plan[at] = it->plan;
  d->last = it->iteration;
  d->config_waiting = it->config_waiting;
  d->telemetry_waiting = it->telemetry_waiting;
  return rc ? rc : decided;
}

const char *aatgs_decisions_rule(const aatgs_decisions *d, uint32_t graph)
{
  return d->rule[graph % AATGS_GRAPHS_WATCHED];
}

const char *aatgs_tick_name(uint64_t kind)
{
  switch (kind) {
  case AATGS_TICK_TIME: return "tick";
  case AATGS_TICK_INTERVAL: return "interval";
  case AATGS_TICK_CANCEL: return "cancel";
  case AATGS_TICK_RESUME: return "resume";
  case AATGS_TICK_LOST: return "device_lost";
  case AATGS_TICK_GIVE_UP: return "give_up";
  case AATGS_TICK_STOP: return "stop";
  case AATGS_TICK_ADAPT: return "adapt";
  case AATGS_TICK_OVERRUN: return "overrun";
  default: return "unknown";
  }
}
