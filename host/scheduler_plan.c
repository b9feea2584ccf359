/* The order of a graph's tasks under the rules of the moment: the graph is run through in
 * thought, always taking the most urgent ready task. */
#include "host/scheduler_internal.h"

#include <stdlib.h>

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

static void plan_push(aatgs_scheduler *s, const aatgs_graph *graph, uint32_t index)
{
  const aatgs_node *node = &graph->nodes[index];
  aatgs_lanes_push(&s->plan_ready, index,
                   AATGS_LANE(aatgs_graph_type(graph, node)->role, node->estimate_ns));
}

int aatgs_scheduler_plan(aatgs_scheduler *s, const aatgs_graph *graph, uint32_t *task_at,
                         uint32_t *priority_x1000)
{
  uint32_t rank = 0, index;
  int rc = reserve_plan(s, graph->count);

  if (rc != 0)
    return rc;
  if (graph->live != graph->count)
    return AATGS_EINVAL;
  aatgs_lanes_clear(&s->plan_ready);
  for (uint32_t i = 0; i < graph->count; i++) {
    s->plan_waits[i] = graph->nodes[i].in_count;
    if (s->plan_waits[i] == 0)
      plan_push(s, graph, i);
  }
  while ((index = aatgs_lanes_pop(&s->plan_ready, s->lane_priority)) != AATGS_NONE) {
    task_at[rank++] = index;
    priority_x1000[index] = s->lane_priority[s->plan_ready.links[index].lane];
    aatgs_scheduler_log_decision(graph, index, priority_x1000[index]);
    for (uint32_t e = graph->nodes[index].out_first; e != AATGS_NONE; e = graph->edges[e].next_out)
      if (--s->plan_waits[graph->edges[e].to] == 0)
        plan_push(s, graph, graph->edges[e].to);
  }
  return rank == graph->count ? 0 : AATGS_ECYCLE;
}
