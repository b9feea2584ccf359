/* Islands that anneal partial colourings, at the target: a step offers a vertex
 * that is outside a colour, at the price of its neighbours of that colour and
 * less its own; each counts by its degree (impasse classes: Morgenstern 1996; the
 * rule: Metropolis et al. 1953). Vertices with few neighbours stay outside until
 * the others have found their places, which is what graphs with degrees as
 * different as Leighton's want.
 *
 * A cycle cools from 12 elevenths of the hottest temperature of the ladder, in
 * units of the mean weight, to six sevenths of it, between which places take
 * shape; few long cycles find more than many short ones. The task's argument
 * says how many chains an individual anneals: on a GPU a step takes a warp as
 * long as a thread block, so as many as it has warps take as long as one. */
#ifndef AATGS_PRISM_WHCR_COOL_H
#define AATGS_PRISM_WHCR_COOL_H

#include "whcr_partial.h"

#define PRISM_OFFERS 64u /* steps for a move of a tabu search: they take as long */

/* Chains of an individual. */
AATGS_FN uint32_t prism_cool_chains(const aatgs_task *t)
{
  const uint32_t most = PRISM_GET(t, PRISM_INFO, PRISM_CHAINS);
  return t->arg < 1 ? 1 : t->arg < most ? t->arg : most;
}

/* Moves of a cycle; those of every other individual are twice as long. */
AATGS_FN uint64_t prism_cool_length(const aatgs_task *t, uint32_t individual)
{
  uint64_t length = (uint64_t)PRISM_GET(t, PRISM_TABLES, PRISM_T_POST) * PRISM_PATIENCE;
  return individual % 2 ? 2 * length : length;
}

/* 1 / temperature, x 65536, for a unit of weight. */
AATGS_FN int64_t prism_cool_inverse(const aatgs_task *t, const prism_whcr_state *s)
{
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  uint64_t since = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_SINCE);
  uint64_t inverse = tables[PRISM_T_LADDER + tables[PRISM_T_REPLICAS] - 1];
  inverse = inverse * 11 / 12 + inverse / 4 * since / (prism_cool_length(t, s->individual) + 1);
  return (int64_t)(inverse * s->w.n /
                   PRISM_GET(t, PRISM_WHCR, prism_whcr_head(s->individual) + PRISM_W_WEIGHT));
}

/* Lists the vertices outside. */
AATGS_FN void prism_cool_list(const aatgs_task *t, const prism_whcr_state *s)
{
  aatgs_one_lane(t)
  {
    uint32_t count = 0;
    for (uint32_t v = 0; v < s->w.n; ++v)
      if (s->w.color[v] == s->w.k)
        s->scratch[count++] = v;
  }
  aatgs_sync(t);
}

/* A step that is taken: v gets colour c, and `out` vertices lose it. */
typedef struct prism_cool_step {
  uint64_t after; /* number of the step that follows */
  uint32_t v, c, out;
} prism_cool_step;

/* Step `number`: offers the vertex at *at of the list colour *c; whether it takes it. */
AATGS_FN int prism_cool_offer(const aatgs_task *t, const prism_whcr_state *s, int64_t inverse,
                              uint64_t number, uint32_t *at, uint32_t *c)
{
  const uint32_t *table = aatgs_region_ptr(t, PRISM_EXP, const uint32_t);
  const uint64_t r = aatgs_random_u64(t, number);
  *at = (uint32_t)((r & 0xffffffffu) * s->conflicts >> 32);
  *c = (uint32_t)((r >> 32) * s->w.k >> 32);
  const uint32_t v = s->scratch[*at];
  const int32_t rise = (int32_t)prism_count(&s->w, v, *c) - s->w.weight[v];
  return rise <= 0 || (uint32_t)aatgs_mix64(r) < prism_exp_lookup(table, rise * inverse);
}

/* The list where the vertices that a step puts out go: its last place gets free. */
AATGS_FN uint32_t *prism_cool_last(const prism_whcr_state *s)
{
  return s->scratch + s->conflicts - 1;
}

/* Takes the step before `after`: the vertex at `at` of the list goes off it, those that lose colour
 * c go there. */
AATGS_FN void prism_cool_take(const aatgs_task *t, const prism_whcr_state *s, uint64_t after,
                              uint32_t at, uint32_t c, prism_cool_step *step)
{
  uint32_t *last = prism_cool_last(s);
  step->after = after;
  step->v = s->scratch[at];
  step->c = c;
  aatgs_sync(t); /* everyone has read v */
  aatgs_one_lane(t) s->scratch[at] = *last;
  step->out = prism_partial_list(t, &s->w, step->v, c, last);
  aatgs_sync(t);
}

/* prism_cool_next() finds, from step `first` on, the first step before `end` that is taken, takes
 * its vertex off the list and puts those there that lose the colour. Steps are looked at ahead, and
 * again after one that is taken: the same chain as one by one. Returns 0 when there is none;
 * `after` is `end` then. It synchronizes before it reads the tables, and when it has found one
 * before the caller may change them. */
#if defined(__CUDACC__)
#include "cool_cuda.h"
#else
#include "cool_cpu.h"
#endif

/* Steps for `budget` moves; returns the moves made. */
AATGS_FN uint32_t prism_cool_search(aatgs_task *t, prism_whcr_state *s, uint32_t budget)
{
  const uint64_t end = (uint64_t)budget * PRISM_OFFERS;
  const int64_t inverse = prism_cool_inverse(t, s);
  prism_cool_step step = {0, 0, 0, 0};
  uint32_t moves = 0;
  prism_cool_list(t, s);
  while (s->conflicts && prism_cool_next(t, s, inverse, step.after, end, &step)) {
    prism_partial_swap(t, &s->w, step.v, step.c, prism_cool_last(s), step.out);
    s->conflicts += step.out - 1;
    ++moves;
  }
  aatgs_sync(t);
  return moves;
}

/* One chain; t has the lanes of a team. A cycle begins when one is over or done, or has another
 * aim. */
AATGS_FN void prism_cool_chain(aatgs_task *t, uint32_t number, uint32_t target)
{
  const uint32_t budget = prism_whcr_budget(t, aatgs_region_ptr(t, PRISM_TABLES, const uint32_t));
  prism_whcr_state s = prism_whcr_state_of(t, number);
  uint32_t since = PRISM_GET(t, PRISM_WHCR, s.head + PRISM_W_SINCE), moves;
  aatgs_sync(t); /* everyone has read the header */
  if (s.w.k == 0) {
    prism_copy(t, s.w.region, s.w.at, aatgs_region_ptr(t, PRISM_BEST, const uint16_t));
    aatgs_sync(t);
    s.w.k = PRISM_GET(t, PRISM_CONTROL, PRISM_BEST_COLORS);
  }
  if (s.w.k != target || !s.conflicts || since >= prism_cool_length(t, s.individual)) {
    prism_partial_scatter(t, &s, target);
    since = 0;
  }
  aatgs_sync(t);
  moves = prism_cool_search(t, &s, budget);
  prism_put(t, PRISM_WHCR, s.head + PRISM_W_SINCE, since + budget);
  prism_put(t, PRISM_WHCR, s.head + PRISM_H_CONFLICTS, s.conflicts);
  prism_put(t, PRISM_WHCR, s.head + PRISM_H_MOVES, moves);
}

/* First use: a vertex counts 1 and as much of what an entry of the table can hold as it has of all
 * degrees. */
AATGS_FN void prism_cool_weigh(aatgs_task *t, const prism_whcr_state *s)
{
  const uint64_t weights = prism_whcr_slot(t, s->individual, PRISM_SLOT_WEIGHT);
  const uint64_t room = s->w.n < PRISM_FAR ? PRISM_FAR - s->w.n : 0;
  uint32_t sum = 0;
  aatgs_lane_for(t, v, s->w.n)
  {
    const uint64_t degree = s->w.rows[v + 1] - s->w.rows[v];
    const uint32_t weight =
        1 + (uint32_t)(degree * room / (2 * PRISM_GET(t, PRISM_INFO, PRISM_EDGES)));
    aatgs_put_u16(t, s->w.region, weights + v, (uint16_t)weight);
    sum += weight;
  }
  sum = aatgs_reduce_add_u32(t, sum);
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_WEIGHT, sum);
  aatgs_sync(t);
}

/* Sums the chains up in the individual's header; its best is the first one without conflicts. */
AATGS_FN void prism_cool_gather(aatgs_task *t, const prism_whcr_state *individual, uint32_t chains)
{
  const uint32_t head = individual->head;
  uint32_t least = UINT32_MAX, moves = 0;
  for (uint32_t chain = 0; chain < chains; ++chain) {
    const uint32_t number = prism_chain_number(t, individual->individual, chain);
    const prism_whcr_state s = prism_whcr_state_of(t, number);
    moves += PRISM_GET(t, PRISM_WHCR, s.head + PRISM_H_MOVES);
    if ((prism_config_flags(t) & PRISM_CHECK_TABLES) && !prism_tables_hold(t, &s.w, s.conflicts))
      aatgs_fail(t, PRISM_FAIL_TABLES);
    if (s.conflicts >= least)
      continue;
    least = s.conflicts;
    if (least == 0)
      prism_copy(t, s.w.region, prism_whcr_slot(t, s.individual, PRISM_SLOT_BEST), s.w.color);
  }
  if (least == 0)
    prism_put(t, PRISM_WHCR, head + PRISM_H_BEST, 0);
  prism_put(t, PRISM_WHCR, head + PRISM_H_CONFLICTS, least);
  prism_put(t, PRISM_WHCR, head + PRISM_H_MOVES, moves);
  prism_put(t, PRISM_WHCR, head + PRISM_H_ITERATION, (uint32_t)t->iteration);
}

/* The individual anneals: its chains by as many teams as there are. */
AATGS_FN void prism_cool(aatgs_task *t, uint32_t target)
{
  const prism_whcr_state s = prism_whcr_state_of(t, t->part);
  const uint32_t chains = prism_cool_chains(t);
  aatgs_task team = aatgs_team(t);
  aatgs_sync(t); /* everyone has read the header */
  if (s.w.k == 0)
    prism_cool_weigh(t, &s);
  if (s.w.k != target) {
    prism_put(t, PRISM_WHCR, s.head + PRISM_H_K, target);
    prism_put(t, PRISM_WHCR, s.head + PRISM_H_BEST, UINT32_MAX);
  }
  for (uint32_t c = t->lane / team.lanes; c < chains; c += t->lanes / team.lanes) {
    team.key = aatgs_mix64(t->key + c);
    prism_cool_chain(&team, prism_chain_number(t, t->part, c), target);
  }
  t->digest += team.digest;
  aatgs_sync(t);
  prism_cool_gather(t, &s, chains);
}

#endif
