/* Upward ranks of tasks that are added by hand: how long the longest way is from a task's start to
 * the end of what has been added so far.
 *
 * A new task makes its ancestors' ranks grow. Only the nearest few are told at once; the others are
 * told when enough of that has piled up, all together, so that an added task and a decision cost a
 * bounded number of steps on average. In between ranks are too low, never too high. */
#include "host/scheduler_internal.h"

#include <stdlib.h>
#include <string.h>

#define NEAREST     4u /* ancestors told at once */
#define RANK_MAX    (UINT64_C(1) << 52)
#define RATIO_BITS  16
#define RATIO_MAX   (UINT64_C(1) << 24) /* 256 times the estimate */
#define STALE_LEAST 64u

/* What the task is assumed to take: its estimate, scaled by how that type's estimates turned out,
 * or all types' where this one has not run yet. */
uint64_t aatgs_ranks_assumed_ns(const aatgs_scheduler *s, const aatgs_node *node)
{
  const aatgs_estimator *ratio = &s->ratios[node->type];
  uint64_t ns = node->estimate_ns < AATGS_DURATION_MAX ? node->estimate_ns : AATGS_DURATION_MAX;

  if (!s->policy->learns)
    return ns;
  if (ratio->samples == 0)
    ratio = &s->ratios[s->workload->type_count];
  if (ratio->samples)
    ns = ns * ratio->mean_ns >> RATIO_BITS;
  return ns < AATGS_DURATION_MAX ? ns : AATGS_DURATION_MAX;
}

static uint64_t rank_through(const aatgs_scheduler *s, uint32_t from, uint32_t to)
{
  uint64_t rank = aatgs_ranks_assumed_ns(s, &s->graph->nodes[from]) + s->rank[to];
  return rank < RANK_MAX ? rank : RANK_MAX;
}

static void set_rank(aatgs_scheduler *s, uint32_t index, uint64_t rank)
{
  s->rank[index] = rank;
  if (s->graph->nodes[index].flags & AATGS_NODE_QUEUED)
    aatgs_lanes_move(&s->ready, index, aatgs_ranks_key(s, index));
}

uint64_t aatgs_ranks_key(const aatgs_scheduler *s, uint32_t index)
{
  if (!s->policy->ranks)
    return 0;
  return s->policy->custom ? aatgs_scheduler_urgency(s, s->graph, index, s->rank[index])
                           : s->rank[index];
}

int aatgs_ranks_reserve(aatgs_scheduler *s, uint32_t count)
{
  uint32_t capacity = s->rank_capacity ? s->rank_capacity : 1024;
  uint64_t *grown;

  if (!s->policy->ranks || count <= s->rank_capacity)
    return 0;
  while (capacity < count)
    capacity *= 2;
  grown = realloc(s->rank, capacity * sizeof *grown);
  if (!grown)
    return AATGS_ENOMEM;
  s->rank = grown;
  s->rank_capacity = capacity;
  return 0;
}

void aatgs_ranks_add(aatgs_scheduler *s, uint32_t index)
{
  const aatgs_graph *graph = s->graph;
  uint32_t line[NEAREST], len = 0, told = 0;

  if (!s->policy->ranks)
    return;
  line[len++] = index;
  for (uint32_t i = 0; i < len; i++)
    for (uint32_t e = graph->nodes[line[i]].in_first; e != AATGS_NONE;
         e = graph->edges[e].next_in) {
      uint32_t from = graph->edges[e].from;
      uint64_t rank;
      if (graph->nodes[from].state > AATGS_TASK_READY)
        continue; /* it has started: nobody will ask */
      rank = rank_through(s, from, line[i]);
      if (rank <= s->rank[from])
        continue;
      if (told++ >= NEAREST || len == NEAREST) {
        s->ranks_stale++;
        return;
      }
      set_rank(s, from, rank);
      line[len++] = from;
    }
}

/* Ids usually rise along dependencies, so one pass from the last task to the first gets all right;
 * where they do not, the rank is a little old. */
static void refresh(aatgs_scheduler *s)
{
  const aatgs_graph *graph = s->graph;

  for (uint32_t i = graph->count; i-- > 0;) {
    const aatgs_node *node = &graph->nodes[i];
    uint64_t rank;
    if ((node->flags & AATGS_NODE_RETIRED) || node->state > AATGS_TASK_READY)
      continue;
    rank = aatgs_ranks_assumed_ns(s, node);
    for (uint32_t e = node->out_first; e != AATGS_NONE; e = graph->edges[e].next_out) {
      uint64_t through = rank_through(s, i, graph->edges[e].to);
      rank = through > rank ? through : rank;
    }
    if (rank != s->rank[i])
      set_rank(s, i, rank);
  }
  s->ranks_stale = 0;
}

void aatgs_ranks_refresh_if_stale(aatgs_scheduler *s)
{
  if (s->policy->ranks && s->ranks_stale > STALE_LEAST && s->ranks_stale > s->graph->live / 4)
    refresh(s);
}

void aatgs_ranks_learn(aatgs_scheduler *s, uint32_t type, uint64_t estimate_ns,
                       uint64_t duration_ns)
{
  aatgs_estimator *ratio = &s->ratios[type], *all = &s->ratios[s->workload->type_count];
  uint64_t sample;

  if (!s->policy->learns || estimate_ns == 0)
    return;
  if (duration_ns > AATGS_DURATION_MAX)
    duration_ns = AATGS_DURATION_MAX;
  sample = (duration_ns << RATIO_BITS) / estimate_ns;
  sample = sample < RATIO_MAX ? sample : RATIO_MAX;
  /* The first samples and a new phase change what all tasks of the type are assumed to take. */
  if (aatgs_estimator_add(ratio, sample) || ratio->samples <= 3)
    s->ranks_stale += s->graph->live / 8 + 1;
  aatgs_estimator_add(all, sample);
}

void aatgs_ranks_start(aatgs_scheduler *s, uint32_t index)
{
  if (s->policy->ranks)
    s->rank[index] = aatgs_ranks_assumed_ns(s, &s->graph->nodes[index]);
}

void aatgs_ranks_rebase(aatgs_scheduler *s, uint32_t shift, uint32_t count)
{
  if (s->policy->ranks)
    memmove(s->rank, s->rank + shift, count * sizeof *s->rank);
}
