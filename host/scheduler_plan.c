/* The order of a graph's tasks under the rules of the moment: the graph is run through in
 * thought, always taking the most urgent ready task. */
#include "host/scheduler_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- Policies that know only the lanes ---- */

static int reserve_plan(aatgs_scheduler *s, uint32_t count)
{
  uint32_t *grown;

  if (count <= s->plan_capacity)
    return 0;
  grown = realloc(s->plan_waits, count * sizeof *grown);
  if (!grown)
    return AATGS_ENOMEM;
  s->plan_waits = grown;
  if (aatgs_lanes_reserve(&s->plan_ready, count) != 0)
    return AATGS_ENOMEM;
  s->plan_capacity = count;
  return 0;
}

static uint32_t lane_of(const aatgs_graph *graph, uint32_t index)
{
  const aatgs_node *node = &graph->nodes[index];
  return AATGS_LANE(aatgs_graph_type(graph, node)->role, node->estimate_ns);
}

static int plan_by_lanes(aatgs_scheduler *s, const aatgs_graph *graph, uint32_t *task_at,
                         uint32_t *priority_x1000)
{
  uint32_t rank = 0, index;
  int rc = reserve_plan(s, graph->count);

  if (rc != 0)
    return rc;
  aatgs_lanes_clear(&s->plan_ready);
  for (uint32_t i = 0; i < graph->count; i++) {
    s->plan_waits[i] = graph->nodes[i].in_count;
    if (s->plan_waits[i] == 0)
      aatgs_lanes_push(&s->plan_ready, i, lane_of(graph, i), 0);
  }
  while ((index = aatgs_lanes_pop(&s->plan_ready, s->lane_factor)) != AATGS_NONE) {
    task_at[rank++] = index;
    priority_x1000[index] = s->lane_factor[aatgs_lanes_lane(&s->plan_ready, index)];
    for (uint32_t e = graph->nodes[index].out_first; e != AATGS_NONE; e = graph->edges[e].next_out)
      if (--s->plan_waits[graph->edges[e].to] == 0)
        aatgs_lanes_push(&s->plan_ready, graph->edges[e].to, lane_of(graph, graph->edges[e].to), 0);
  }
  return rank == graph->count ? 0 : AATGS_ECYCLE;
}

/* ---- Policies that rank ---- */

uint64_t aatgs_scheduler_urgency(const aatgs_scheduler *s, const aatgs_graph *graph, uint32_t index,
                                 uint64_t rank_ns)
{
  const aatgs_custom_policy *custom = s->policy->custom;
  const aatgs_node *node = &graph->nodes[index];
  aatgs_policy_task task = {.type = node->type,
                            .role = aatgs_graph_type(graph, node)->role,
                            .parts = node->parts,
                            .estimate_ns = node->estimate_ns,
                            .rank_ns = rank_ns};
  uint64_t urgency = custom->urgency(custom->user, &task, &s->inputs);
  return urgency < 1 ? 1 : urgency > AATGS_URGENCY_MAX ? AATGS_URGENCY_MAX : urgency;
}

static uint64_t weigh(const aatgs_scheduler *s, const aatgs_graph *graph,
                      const aatgs_known_graph *k, uint32_t index)
{
  if (s->policy->custom)
    return aatgs_scheduler_urgency(s, graph, index, k->key[index]);
  return k->key[index] * s->lane_factor[lane_of(graph, index)];
}

/* Equals in the order of their ids. */
static int plan_by_rank(aatgs_scheduler *s, const aatgs_graph *graph, uint32_t *task_at,
                        uint32_t *priority_x1000)
{
  aatgs_known_graph *k;
  uint64_t highest;
  int rc = aatgs_known_get(&s->known, graph, s->policy, s->workers, &k);

  if (rc != 0)
    return rc;
  highest = k->key_max;
  for (uint32_t i = 0; i < k->tasks; i++) {
    k->weighed[i] = weigh(s, graph, k, i);
    if (s->policy->custom && (i == 0 || k->weighed[i] > highest))
      highest = k->weighed[i];
  }
  for (uint32_t i = 0; i < k->tasks; i++) {
    uint64_t priority = k->weighed[i] * (s->policy->custom ? AATGS_PRIORITY_BASE : 1) / highest;
    priority_x1000[i] = priority ? (uint32_t)priority : 1;
  }
  memcpy(k->list, k->problem->order, k->tasks * sizeof *k->list);
  aatgs_sort_by_key(k->list, k->tasks, k->weighed, k->scratch);
  aatgs_list_order(k->problem, k->list, task_at);
  return 0;
}

int aatgs_scheduler_plan(aatgs_scheduler *s, const aatgs_graph *graph, uint32_t *task_at,
                         uint32_t *priority_x1000)
{
  int rc;

  if (graph->live != graph->count || graph->workload != s->workload)
    return AATGS_EINVAL;
  rc = s->policy->ranks ? plan_by_rank(s, graph, task_at, priority_x1000)
                        : plan_by_lanes(s, graph, task_at, priority_x1000);
  for (uint32_t i = 0; rc == 0 && i < graph->count && aatgs_log_enabled(AATGS_LOG_DEBUG); i++)
    aatgs_scheduler_log_decision(graph, task_at[i], priority_x1000[task_at[i]]);
  return rc;
}
