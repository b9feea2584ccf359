/* Estimates of when something will be done. */
#include "host/scheduler_internal.h"

#include <stdlib.h>
#include <string.h>

#define EVIDENCE   8u /* estimates that came due before the interval follows from them */
#define GUESS      4u
#define LOW_SHARE  5u /* percentiles of the interval */
#define HIGH_SHARE 95u

static int compare_u32(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static uint64_t scaled(uint64_t ns, uint32_t x1000)
{
  return ns / 1000 * x1000 + ns % 1000 * x1000 / 1000;
}

void aatgs_ratios_add(aatgs_ratios *r, uint64_t actual_ns, uint64_t predicted_ns)
{
  uint64_t ratio =
      predicted_ns && actual_ns < UINT64_MAX / 1000 ? actual_ns * 1000 / predicted_ns : UINT32_MAX;
  r->x1000[r->count++ % AATGS_RATIOS_KEPT] = ratio < UINT32_MAX ? (uint32_t)ratio : UINT32_MAX;
}

void aatgs_ratios_estimate(const aatgs_ratios *r, uint64_t predicted_ns, aatgs_estimate *out)
{
  uint32_t ratio[AATGS_RATIOS_KEPT];
  uint32_t n = r->count < AATGS_RATIOS_KEPT ? (uint32_t)r->count : AATGS_RATIOS_KEPT;
  uint64_t error = 0;

  *out = (aatgs_estimate){predicted_ns, predicted_ns / GUESS, predicted_ns * GUESS, 0, n};
  if (n == 0)
    return;
  memcpy(ratio, r->x1000, n * sizeof *ratio);
  qsort(ratio, n, sizeof *ratio, compare_u32);
  for (uint32_t i = 0; i < n; i++)
    error += ratio[i] > ratio[n / 2] ? ratio[i] - ratio[n / 2] : ratio[n / 2] - ratio[i];
  /* What the model leaves out, such as hand-overs, shows as a constant factor. */
  out->expected_ns = scaled(predicted_ns, ratio[n / 2]);
  out->error_x1000 = ratio[n / 2] ? (uint32_t)(error * 1000 / n / ratio[n / 2]) : 0;
  if (n < EVIDENCE) {
    out->low_ns = out->expected_ns / GUESS;
    out->high_ns = out->expected_ns * GUESS;
    return;
  }
  out->low_ns = scaled(predicted_ns, ratio[n * LOW_SHARE / 100]);
  out->high_ns = scaled(predicted_ns, ratio[n * HIGH_SHARE / 100]);
}

uint64_t aatgs_scheduler_model_ns(aatgs_scheduler *s, const aatgs_graph *graph)
{
  const aatgs_known_graph *k = s->policy->ranks ? aatgs_known_find(&s->known, graph) : NULL;
  return k ? k->predicted_ns : 0;
}

/* ---- Tasks added by hand ---- */

/* Sets the byte of each task that is done, failed or waits for one that failed. Dependencies come
 * before. */
static void mark_out(const aatgs_graph *graph, uint8_t *out)
{
  for (uint32_t i = 0; i < graph->count; i++) {
    const aatgs_node *node = &graph->nodes[i];
    out[i] = (node->flags & AATGS_NODE_RETIRED) || node->state >= AATGS_TASK_COMPLETED;
    for (uint32_t e = node->in_first; e != AATGS_NONE && !out[i]; e = graph->edges[e].next_in) {
      uint32_t from = graph->edges[e].from;
      out[i] = graph->nodes[from].state != AATGS_TASK_COMPLETED && out[from];
    }
  }
}

/* The makespan of what is left, most urgent by rank first. */
static int schedule_rest(const aatgs_scheduler *s, aatgs_graph *rest, uint64_t *makespan_ns)
{
  aatgs_problem *p = NULL;
  uint32_t *list;
  int rc = aatgs_graph_put_in_order(rest);

  if (rc == 0)
    rc = aatgs_problem_open(rest, s->workers, &p);
  if (rc != 0)
    return rc;
  list = malloc(2 * (p->tasks + 1) * sizeof *list);
  if (!list) {
    aatgs_problem_close(p);
    return AATGS_ENOMEM;
  }
  for (uint32_t i = 0; i < p->tasks; i++)
    p->part_ns[i] = aatgs_ranks_assumed_ns(s, &rest->nodes[i]) / p->parts[i];
  aatgs_problem_refresh(p);
  memcpy(list, p->order, p->tasks * sizeof *list);
  aatgs_sort_by_key(list, p->tasks, p->rank, list + p->tasks + 1);
  *makespan_ns = aatgs_list_schedule(p, list, false, NULL, NULL);
  free(list);
  aatgs_problem_close(p);
  return 0;
}

static int estimate_by_hand(const aatgs_scheduler *s, aatgs_estimate *out)
{
  const aatgs_estimator *all = &s->ratios[s->workload->type_count];
  uint8_t *without = calloc(s->graph->count + 1, 1);
  aatgs_graph *rest = NULL;
  uint64_t ns = 0;
  int rc = without ? 0 : AATGS_ENOMEM;

  if (rc == 0) {
    mark_out(s->graph, without);
    rc = aatgs_graph_copy_without(s->graph, without, &rest);
  }
  if (rc == 0)
    rc = schedule_rest(s, rest, &ns);
  free(without);
  aatgs_graph_close(rest);
  if (rc != 0)
    return rc;
  *out = (aatgs_estimate){ns, ns / GUESS, ns * GUESS, 0, all->samples};
  if (all->samples >= EVIDENCE && all->mean_ns) {
    uint64_t share = all->deviation_ns * 1000 / all->mean_ns;
    out->error_x1000 = share < UINT32_MAX ? (uint32_t)share : UINT32_MAX;
    share = share < 500 ? 2 * share : 1000; /* two mean deviations */
    out->low_ns = ns - scaled(ns, (uint32_t)share);
    out->high_ns = ns + scaled(ns, (uint32_t)share);
  }
  return 0;
}

int aatgs_scheduler_estimate(aatgs_scheduler *s, const aatgs_graph *graph, aatgs_estimate *out)
{
  const aatgs_known_graph *k;

  if (!graph)
    return estimate_by_hand(s, out);
  k = s->policy->ranks ? aatgs_known_find(&s->known, graph) : NULL;
  if (!k)
    return AATGS_ENOTFOUND;
  aatgs_ratios_estimate(&k->ratios, k->predicted_ns, out);
  return 0;
}
