/* The search for an order whose list schedule is short. */
#include "host/schedule.h"

#include <stdlib.h>
#include <string.h>

#define PASSES_MAX 10u /* of one descent; each must improve, so few are ever needed */
#define SEED       UINT64_C(0x243f6a8885a308d3)

int aatgs_search_open(aatgs_problem *problem, aatgs_search **out)
{
  size_t n = problem->tasks ? problem->tasks : 1;
  aatgs_search *s = malloc(sizeof *s + n * (4 * sizeof(uint64_t) + 3 * sizeof(uint32_t)));
  uint64_t *words;

  *out = NULL;
  if (!s)
    return AATGS_ENOMEM;
  words = (uint64_t *)(void *)(s + 1);
  *s = (aatgs_search){.problem = problem,
                      .best_key = words,
                      .key = words + n,
                      .start_ns = words + 2 * n,
                      .end_ns = words + 3 * n};
  s->best = (uint32_t *)(void *)(words + 4 * n);
  s->list = s->best + n;
  s->scratch = s->list + n;
  aatgs_search_restart(s);
  *out = s;
  return 0;
}

void aatgs_search_close(aatgs_search *s)
{
  free(s);
}

void aatgs_search_restart(aatgs_search *s)
{
  s->best_ns = UINT64_MAX;
  s->evaluations = 0;
  s->random = SEED;
  s->begun = false;
}

static uint64_t next_random(aatgs_search *s)
{
  uint64_t x = s->random += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* 0 .. n - 1, by multiplication (Lemire 2019, without rejection). */
static uint64_t below(aatgs_search *s, uint64_t n)
{
  uint64_t r = next_random(s) >> 32;
  return r * (n >> 32) + (r * (n & UINT32_MAX) >> 32);
}

/* Runs `list`, which is sorted by `key`; keeps it when it is no worse than the best. */
static uint64_t evaluate(aatgs_search *s)
{
  uint32_t n = s->problem->tasks;
  uint64_t makespan = aatgs_list_schedule(s->problem, s->list, false, s->start_ns, s->end_ns);

  s->evaluations++;
  if (makespan <= s->best_ns) {
    s->best_ns = makespan;
    memcpy(s->best, s->list, n * sizeof *s->best);
    memcpy(s->best_key, s->key, n * sizeof *s->key);
  }
  return makespan;
}

/* One pass backwards by the ends, one forwards by the starts that gave. */
static uint64_t forward_backward(aatgs_search *s)
{
  aatgs_problem *p = s->problem;
  uint32_t n = p->tasks;

  aatgs_sort_by_key(s->list, n, s->end_ns, s->scratch);
  aatgs_list_schedule(p, s->list, true, s->start_ns, s->end_ns);
  s->evaluations++;
  memcpy(s->key, s->end_ns, n * sizeof *s->key);
  for (uint32_t i = 0; i < n / 2; i++) { /* backwards is nearly sorted the other way round */
    uint32_t task = s->list[i];
    s->list[i] = s->list[n - 1 - i];
    s->list[n - 1 - i] = task;
  }
  aatgs_sort_by_key(s->list, n, s->key, s->scratch);
  return evaluate(s);
}

/* Forward-backward passes from the list as sorted by the key, as long as they improve. */
static void descend(aatgs_search *s, uint64_t stop)
{
  uint64_t makespan, last;
  uint32_t passes = 0;

  aatgs_sort_by_key(s->list, s->problem->tasks, s->key, s->scratch);
  makespan = evaluate(s);
  do {
    last = makespan;
    if (s->best_ns == s->problem->bound_ns || s->evaluations >= stop)
      return;
    makespan = forward_backward(s);
  } while (makespan < last && ++passes < PASSES_MAX);
}

/* The upward ranks or the best keys so far, each shaken by up to a random amplitude. */
static void perturb(aatgs_search *s)
{
  aatgs_problem *p = s->problem;
  uint64_t amplitude = 1 + below(s, p->critical_ns / 8 + 1);
  const uint64_t *base = below(s, 3) == 0 ? p->rank : s->best_key;

  memcpy(s->list, s->best, p->tasks * sizeof *s->list);
  for (uint32_t i = 0; i < p->tasks; i++)
    s->key[i] = base[i] * 4 + below(s, amplitude * 4);
}

bool aatgs_search_run(aatgs_search *s, uint64_t evaluations)
{
  aatgs_problem *p = s->problem;
  uint64_t before = s->best_ns, stop = s->evaluations + evaluations;

  if (!s->begun) {
    s->begun = true;
    memcpy(s->list, p->order, p->tasks * sizeof *s->list);
    memcpy(s->key, p->rank, p->tasks * sizeof *s->key);
    descend(s, stop);
  }
  while (s->best_ns > p->bound_ns && s->evaluations < stop) {
    perturb(s);
    descend(s, stop);
  }
  return s->best_ns < before;
}
