/* Learning from iterations. */
#include "host/scheduler_learn.h"

#include <stdlib.h>
#include <string.h>

/* The search is budgeted in list schedules, and a list schedule costs about a step for each edge
 * and four for each task. */
#define FIRST_STEPS       UINT64_C(150000)
#define FIRST_EVALUATIONS 256u
#define LOOK_STEPS        (UINT64_C(1) << 16)
#define LOOK_EVALUATIONS  64u
#define LOOK_GAP_MAX      64u
#define WORTH_CHANGING    128u /* an order must be shorter by 1 / 128 to be taken */
#define KEY_BITS          40

static void close_one(aatgs_known_graph *k)
{
  aatgs_search_close(k->search);
  aatgs_problem_close(k->problem);
  free(k->part);
  free(k->key);
  free(k->list);
  *k = (aatgs_known_graph){0};
}

void aatgs_known_close(aatgs_known_graphs *known)
{
  for (uint32_t i = 0; i < known->count; i++)
    close_one(&known->at[i]);
}

aatgs_known_graph *aatgs_known_find(aatgs_known_graphs *known, const aatgs_graph *graph)
{
  for (uint32_t i = 0; i < known->count; i++) {
    aatgs_known_graph *k = &known->at[i];
    if (k->digest == graph->digest && k->tasks == graph->live && k->edges == graph->edge_count)
      return k;
  }
  return NULL;
}

/* ---- Orders ---- */

static uint64_t evaluations(const aatgs_problem *p, uint64_t steps, uint64_t most)
{
  uint64_t count = steps / ((uint64_t)p->tasks * 4 + p->edges + 1);
  return count < 1 ? 1 : count > most ? most : count;
}

/* Puts an order in force. Keys are shifted so that they can be weighed with factors. */
static void adopt(aatgs_known_graph *k, const uint64_t *key, uint64_t predicted_ns)
{
  uint64_t highest = 1;
  int shift = 0;

  for (uint32_t i = 0; i < k->tasks; i++)
    highest = key[i] > highest ? key[i] : highest;
  while (highest >> shift >> KEY_BITS)
    shift++;
  for (uint32_t i = 0; i < k->tasks; i++)
    k->key[i] = key[i] >> shift;
  k->key_max = highest >> shift;
  k->predicted_ns = predicted_ns;
}

/* The list that the keys in force make. */
static const uint32_t *list_in_force(aatgs_known_graph *k)
{
  memcpy(k->list, k->problem->order, k->tasks * sizeof *k->list);
  aatgs_sort_by_key(k->list, k->tasks, k->key, k->scratch);
  return k->list;
}

/* True when at no time two tasks are ready: nothing to decide. */
static bool is_rigid(const aatgs_problem *p)
{
  for (uint32_t i = 0; i + 1 < p->tasks; i++) {
    uint32_t task = p->order[i], next = p->order[i + 1];
    bool linked = false;
    for (uint32_t e = p->after_at[task]; e < p->after_at[task + 1]; e++)
      linked |= p->after[e] == next;
    if (!linked)
      return false;
  }
  return true;
}

static void first_order(aatgs_known_graph *k)
{
  aatgs_problem *p = k->problem;

  if (k->search && !k->rigid) {
    aatgs_search_run(k->search, evaluations(p, FIRST_STEPS, FIRST_EVALUATIONS));
    adopt(k, k->search->best_key, k->search->best_ns);
  } else {
    adopt(k, p->rank, 0);
    k->predicted_ns = aatgs_list_schedule(p, list_in_force(k), false, NULL, NULL);
  }
}

/* ---- Entries ---- */

static int open_arrays(aatgs_known_graph *k, const aatgs_policy *policy)
{
  size_t n = k->tasks + 1;
  uint32_t *words = malloc(2 * n * sizeof *words);
  uint64_t *keys = malloc(2 * n * sizeof *keys);

  k->list = words;
  k->key = keys;
  if (policy->learns)
    k->part = calloc(2 * n, sizeof *k->part);
  if (!words || !keys || (policy->learns && !k->part))
    return AATGS_ENOMEM;
  k->scratch = words + n;
  k->weighed = keys + n;
  k->finish = policy->learns ? k->part + n : NULL;
  return policy->searches ? aatgs_search_open(k->problem, &k->search) : 0;
}

int aatgs_known_get(aatgs_known_graphs *known, const aatgs_graph *graph, const aatgs_policy *policy,
                    uint32_t workers, aatgs_known_graph **out)
{
  aatgs_known_graph *k = aatgs_known_find(known, graph), fresh = {0};
  int rc;

  *out = k;
  if (k)
    return 0;
  fresh.digest = graph->digest;
  fresh.tasks = graph->live;
  fresh.edges = graph->edge_count;
  fresh.look_at = fresh.look_gap = 1;
  rc = aatgs_problem_open(graph, workers, &fresh.problem);
  if (rc == 0)
    rc = open_arrays(&fresh, policy);
  if (rc != 0) {
    close_one(&fresh);
    return rc;
  }
  fresh.rigid = is_rigid(fresh.problem);
  first_order(&fresh);
  if (known->count < AATGS_GRAPHS_KNOWN) {
    k = &known->at[known->count++];
  } else {
    k = &known->at[known->next++ % AATGS_GRAPHS_KNOWN];
    close_one(k);
  }
  *k = fresh;
  *out = k;
  return 0;
}

/* ---- Learning ---- */

/* Takes the durations learned so far into the problem. */
static void take_durations(aatgs_known_graph *k)
{
  for (uint32_t i = 0; i < k->tasks; i++) {
    if (k->part[i].samples)
      k->problem->part_ns[i] = k->part[i].mean_ns;
    if (k->finish[i].samples)
      k->problem->finish_ns[i] = k->finish[i].mean_ns;
  }
  aatgs_problem_refresh(k->problem);
}

/* Looks for an order that is better by the durations as they are known now. */
static bool look(aatgs_known_graph *k)
{
  aatgs_problem *p = k->problem;

  take_durations(k);
  k->predicted_ns = aatgs_list_schedule(p, list_in_force(k), false, NULL, NULL);
  if (k->rigid)
    return false;
  if (!k->search) { /* somebody else orders, by the ranks as they are now */
    adopt(k, p->rank, k->predicted_ns);
    return true;
  }
  if (k->predicted_ns == p->bound_ns)
    return false;
  aatgs_search_restart(k->search);
  aatgs_search_run(k->search, evaluations(p, LOOK_STEPS, LOOK_EVALUATIONS));
  if (k->search->best_ns >= k->predicted_ns - k->predicted_ns / WORTH_CHANGING)
    return false;
  adopt(k, k->search->best_key, k->search->best_ns);
  return true;
}

/* Adds the records of one task, which stand side by side; returns how many there were. */
static uint32_t learn_task(aatgs_known_graph *k, const aatgs_timing *t, uint32_t count,
                           bool *changed)
{
  uint32_t task = t[0].task, n = 0, parts = 0;
  uint64_t sum = 0;

  for (; n < count && t[n].task == task; n++) {
    if (task < k->tasks && t[n].part == k->problem->parts[task]) {
      aatgs_estimator_add(&k->finish[task], t[n].duration_ns);
    } else {
      sum += t[n].duration_ns;
      parts++;
    }
  }
  if (parts && task < k->tasks)
    *changed |= aatgs_estimator_add(&k->part[task], sum / parts);
  return n;
}

bool aatgs_known_learn(aatgs_known_graph *k, const aatgs_timing *timings, uint32_t count,
                       uint64_t elapsed_ns)
{
  bool changed = false;

  aatgs_ratios_add(&k->ratios, elapsed_ns, k->predicted_ns);
  for (uint32_t i = 0; i < count;)
    i += learn_task(k, timings + i, count - i, &changed);
  k->done++;
  if (changed) {
    k->look_gap = 1;
    k->look_at = k->done;
  }
  if (k->done < k->look_at)
    return false;
  changed = look(k);
  /* Often at first, then ever more rarely. */
  k->look_gap = k->done < 8 || (changed && k->search) ? 1 : k->look_gap * 2;
  if (k->look_gap > LOOK_GAP_MAX)
    k->look_gap = LOOK_GAP_MAX;
  k->look_at = k->done + k->look_gap;
  return changed;
}
