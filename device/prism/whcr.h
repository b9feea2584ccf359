/* WhcrKernel: conflict repair over a coarsening hierarchy, by islands of two
 * individuals (even and odd part).
 *
 * One cycle of an island, spread over as many iterations as it takes:
 *   coarsest   each individual is rebuilt from whole colour classes of both
 *              (greedy partition crossover: Galinier and Hao 1999; two
 *              individuals and elites: Moalic and Gondran 2018);
 *   fine       post_smooth_iterations x n tabu moves (Hertz and de Werra 1987,
 *              tenure of Galinier and Hao);
 *   levels     groups of up to coarsening_ratio^level vertices that both
 *              individuals colour alike move as one, coarse to fine;
 *   fine       pre_smooth_iterations x n tabu moves. */
#ifndef AATGS_PRISM_WHCR_H
#define AATGS_PRISM_WHCR_H

#include "whcr_coarse.h"

#define PRISM_ERA 10u /* generations between visits of the elites */

/* Rebuilds the derived tables of an individual from its colours and its ring. */
AATGS_FN void prism_whcr_tabulate(aatgs_task *t, uint32_t individual)
{
  prism_whcr_state s = prism_whcr_state_of(t, individual);
  const uint64_t *ring =
      aatgs_region_ptr(t, PRISM_WHCR_RING, const uint64_t) + (uint64_t)individual * PRISM_RING;
  prism_tabulate(t, &s.w);
  prism_tabu_clear(t, &s);
  aatgs_one_lane(t)
  {
    /* Oldest first, so that a later tenure of the same move wins. */
    for (uint32_t i = 0; i < PRISM_RING; ++i) {
      uint64_t e = ring[(s.clock + 1 + i) % PRISM_RING];
      uint32_t v = (uint32_t)(e >> 16) & 0xffffu, c = (uint32_t)e & 0xffffu;
      int32_t *cell = s.tabu + (uint64_t)v * s.w.stride + c;
      if ((int32_t)(e >> 32) > (int32_t)s.clock && *cell != PRISM_NEVER)
        *cell = (int32_t)(e >> 32);
    }
  }
  aatgs_sync(t);
}

/* Smallest gamma of a row over the moves that are not tabu. */
AATGS_FN int32_t prism_row_minimum(const int16_t *row, const int32_t *tabu, int32_t now,
                                   uint32_t columns)
{
  int16_t least = INT16_MAX;
  for (uint32_t c = 0; c < columns; ++c) {
    int16_t g = tabu[c] <= now ? row[c] : INT16_MAX;
    least = g < least ? g : least;
  }
  return least;
}

/* The best move of a vertex in conflict, ties by `salt`: delta + 2^15, tie, vertex and colour in
 * one word, so that a minimum over lanes is the same for any number of them. A tabu move counts
 * when it lowers the conflicts by more than `room` (to a new best). */
AATGS_FN uint64_t prism_tabu_choose(const aatgs_task *t, const prism_whcr_state *s, int32_t room,
                                    uint32_t salt)
{
  const prism_view *w = &s->w;
  uint32_t columns = (w->k + 7u) & ~7u;
  int32_t now = (int32_t)s->clock, least = INT32_MAX;
  uint64_t best = UINT64_MAX;
  aatgs_lane_for(t, v, w->n)
  {
    int32_t own = w->own[v];
    const int16_t *row = w->gamma + (uint64_t)v * w->stride;
    const int32_t *tabu = s->tabu + (uint64_t)v * w->stride;
    int32_t delta;
    if (own == 0)
      continue;
    delta = prism_row_minimum(row, tabu, now, columns) - own;
    if (delta > least && own <= room)
      continue;
    for (uint32_t c = 0; c < w->k; ++c) {
      int32_t d = (int32_t)row[c] - own;
      uint64_t key;
      if (d > least || tabu[c] == PRISM_NEVER || (tabu[c] > now && d >= -room))
        continue;
      least = d;
      key = (uint64_t)(uint32_t)(d + 32768) << 48 |
            (uint64_t)(prism_tie(salt, v, c) >> 14) << 30 | (uint64_t)v << 15 | c;
      best = key < best ? key : best;
    }
  }
  return aatgs_reduce_min_u64(t, best);
}

/* Keeps the current colouring as the generation's best. */
AATGS_FN void prism_whcr_keep(aatgs_task *t, const prism_whcr_state *s)
{
  prism_copy(t, PRISM_WHCR_COLORS, prism_whcr_slot(t, s->individual, PRISM_SLOT_BEST),
             s->w.color);
  prism_put(t, PRISM_WHCR, s->head + PRISM_H_BEST, s->conflicts);
}

/* Up to `budget` tabu moves; returns how many were made. */
AATGS_FN uint32_t prism_tabu_search(aatgs_task *t, prism_whcr_state *s, uint32_t budget)
{
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  uint32_t kept = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_H_BEST);
  uint32_t best = kept < s->conflicts ? kept : s->conflicts, moves = 0;
  aatgs_sync(t); /* everyone has read the header */
  while (moves < budget && s->conflicts) {
    uint64_t r = aatgs_random_u64(t, moves);
    uint64_t key = prism_tabu_choose(t, s, (int32_t)(s->conflicts - best), (uint32_t)r);
    int32_t delta = (int32_t)(key >> 48) - 32768;
    uint32_t v = (uint32_t)(key >> 15) & 0x7fffu, c = (uint32_t)key & 0x7fffu, tenure;
    uint32_t from = s->w.color[v % s->w.n];
    ++moves;
    ++s->clock;
    if (key == UINT64_MAX)
      continue; /* every move is tabu: wait one tick */
    if (delta >= 0 && s->conflicts == best && best < kept) {
      prism_whcr_keep(t, s);
      kept = best;
    }
    tenure = 1 + (uint32_t)((uint64_t)tables[PRISM_T_STRESS] * s->conflicts >> 16) +
             (uint32_t)((r >> 32) * tables[PRISM_T_PERSISTENCE] >> 32);
    tenure = tenure < PRISM_RING ? tenure : PRISM_RING - 1;
    prism_move(t, &s->w, v, c);
    aatgs_one_lane(t)
    {
      s->tabu[(uint64_t)v * s->w.stride + from] = (int32_t)(s->clock + tenure);
      s->tabu[(uint64_t)v * s->w.stride + c] = PRISM_NEVER;
      aatgs_put_u64(t, PRISM_WHCR_RING,
                    (uint64_t)s->individual * PRISM_RING + s->clock % PRISM_RING,
                    (uint64_t)(s->clock + tenure) << 32 | v << 16 | from);
    }
    aatgs_sync(t);
    s->conflicts = (uint32_t)((int32_t)s->conflicts + delta);
    best = s->conflicts < best ? s->conflicts : best;
  }
  if (s->conflicts < kept)
    prism_whcr_keep(t, s);
  return moves;
}

/* Follows the target, the island's cycle and the perturbations ordered; true when the tabu
 * memory no longer fits. */
AATGS_FN int prism_whcr_follow(aatgs_task *t, prism_whcr_state *s, uint32_t target)
{
  uint32_t stage = PRISM_GET(t, PRISM_WHCR, prism_island(t, s->individual) + PRISM_I_STAGE);
  uint32_t kicks = PRISM_GET(t, PRISM_CONTROL, PRISM_KICKS);
  uint32_t seen = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_H_EPOCH);
  uint32_t done = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_STAGE);
  int changed = 0;
  aatgs_sync(t);
  if (s->w.k != target) {
    if (s->w.k > target)
      s->w = prism_shrink(t, s->w, target, t->key);
    s->w.k = target;
    s->conflicts = prism_table_conflicts(t, &s->w);
    prism_put(t, PRISM_WHCR, s->head + PRISM_H_K, target);
    prism_put(t, PRISM_WHCR, s->head + PRISM_H_BEST, UINT32_MAX);
    changed = 1;
  } else if (stage > done) {
    if (stage % 2 == 0) {
      prism_crossover(t, s);
      prism_put(t, PRISM_WHCR, s->head + PRISM_H_BEST, UINT32_MAX);
    } else {
      prism_correct_groups(t, s);
    }
    changed = 1;
  }
  if (stage != done)
    prism_put(t, PRISM_WHCR, s->head + PRISM_W_STAGE, stage);
  if (seen != kicks) {
    if (s->individual % 2) {
      prism_kick(t, &s->w, t->key ^ UINT64_C(0x6b69636b));
      s->conflicts = prism_table_conflicts(t, &s->w);
      changed = 1;
    }
    prism_put(t, PRISM_WHCR, s->head + PRISM_H_EPOCH, kicks);
  }
  aatgs_sync(t);
  return changed;
}

/* First use: the best legal colouring. */
AATGS_FN void prism_whcr_begin(aatgs_task *t, prism_whcr_state *s)
{
  prism_copy(t, PRISM_WHCR_COLORS, s->w.at, aatgs_region_ptr(t, PRISM_BEST, const uint16_t));
  aatgs_sync(t);
  s->w.k = PRISM_GET(t, PRISM_CONTROL, PRISM_BEST_COLORS);
  s->conflicts = prism_tabulate(t, &s->w);
}

AATGS_FN void prism_whcr(aatgs_task *t)
{
  uint32_t target = PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET), moves;
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  prism_whcr_state s;
  if (target == 0 || t->part >= PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS))
    return;
  s = prism_whcr_state_of(t, t->part);
  aatgs_sync(t);
  if (s.w.k == 0)
    prism_whcr_begin(t, &s);
  if (prism_whcr_follow(t, &s, target) || s.clock >= PRISM_CLOCK_MAX)
    prism_tabu_reset(t, &s);
  moves = prism_tabu_search(t, &s, prism_whcr_budget(t, tables));
  if ((prism_config_flags(t) & PRISM_CHECK_TABLES) && !prism_tables_hold(t, &s.w, s.conflicts))
    aatgs_fail(t, PRISM_FAIL_TABLES);
  prism_put(t, PRISM_WHCR, s.head + PRISM_H_CONFLICTS, s.conflicts);
  prism_put(t, PRISM_WHCR, s.head + PRISM_W_CLOCK, s.clock);
  prism_put(t, PRISM_WHCR, s.head + PRISM_H_MOVES, moves);
  prism_put(t, PRISM_WHCR, s.head + PRISM_H_ITERATION, (uint32_t)t->iteration);
}

/* ---- Finish: the islands' cycles ------------------------------------------- */

AATGS_FN void prism_whcr_copy_slot(aatgs_task *t, uint32_t to, uint32_t to_slot, uint32_t from,
                                   uint32_t from_slot)
{
  const uint16_t *colors = aatgs_region_ptr(t, PRISM_WHCR_COLORS, const uint16_t);
  prism_copy(t, PRISM_WHCR_COLORS, prism_whcr_slot(t, to, to_slot),
             colors + prism_whcr_slot(t, from, from_slot));
  aatgs_sync(t);
}

/* The elites: the best of this era is kept; at its end the last era's comes back as a parent. */
AATGS_FN void prism_whcr_elites(aatgs_task *t, uint32_t island, uint32_t base)
{
  const uint32_t *words = aatgs_region_ptr(t, PRISM_WHCR, const uint32_t);
  uint32_t a = 2 * island, b = a + 1;
  uint32_t best_a = words[prism_whcr_head(a) + PRISM_H_BEST];
  uint32_t best_b = words[prism_whcr_head(b) + PRISM_H_BEST];
  uint32_t elite = words[base + PRISM_I_ELITE], last = words[base + PRISM_I_ELITE + 1];
  uint32_t generation = words[base + PRISM_I_GENERATION] + 1;
  uint32_t best = best_b < best_a ? best_b : best_a;
  aatgs_sync(t);
  if (best < elite) {
    prism_whcr_copy_slot(t, a, PRISM_SLOT_ELITE, best_b < best_a ? b : a, PRISM_SLOT_BEST);
    elite = best;
  }
  if (generation % PRISM_ERA == 0) {
    if (last != UINT32_MAX)
      prism_whcr_copy_slot(t, a, PRISM_SLOT_PARENT, b, PRISM_SLOT_ELITE);
    prism_whcr_copy_slot(t, b, PRISM_SLOT_ELITE, a, PRISM_SLOT_ELITE);
    last = elite;
    elite = UINT32_MAX;
  }
  prism_put(t, PRISM_WHCR, base + PRISM_I_ELITE, elite);
  prism_put(t, PRISM_WHCR, base + PRISM_I_ELITE + 1, last);
  prism_put(t, PRISM_WHCR, base + PRISM_I_GENERATION, generation);
}

/* A generation is over: its best colourings become the parents of the next one. */
AATGS_FN void prism_whcr_next_generation(aatgs_task *t, uint32_t island, uint32_t base)
{
  uint32_t a = 2 * island, b = a + 1;
  prism_whcr_copy_slot(t, a, PRISM_SLOT_PARENT, a, PRISM_SLOT_BEST);
  prism_whcr_copy_slot(t, b, PRISM_SLOT_PARENT, b, PRISM_SLOT_BEST);
  prism_whcr_elites(t, island, base);
}

AATGS_FN void prism_whcr_finish(aatgs_task *t)
{
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  const uint32_t *words = aatgs_region_ptr(t, PRISM_WHCR, const uint32_t);
  uint32_t individuals = PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS);
  uint32_t target = PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET);
  uint32_t active = t->parts < individuals ? t->parts : individuals;
  if (target == 0)
    return;
  for (uint32_t island = 0; 2 * island + 1 < active; ++island) {
    uint32_t base = prism_island(t, 2 * island);
    uint32_t stage = words[base + PRISM_I_STAGE], moves = words[base + PRISM_I_MOVES];
    uint32_t k = words[base + PRISM_I_K];
    uint32_t due = stage % 2 ? tables[PRISM_T_PRE] : tables[PRISM_T_POST];
    aatgs_sync(t);
    if (k != target) {
      prism_put(t, PRISM_WHCR, base + PRISM_I_K, target);
      prism_put(t, PRISM_WHCR, base + PRISM_I_GENERATION, 0);
      prism_put(t, PRISM_WHCR, base + PRISM_I_ELITE, UINT32_MAX);
      prism_put(t, PRISM_WHCR, base + PRISM_I_ELITE + 1, UINT32_MAX);
      stage &= ~1u;
      prism_put(t, PRISM_WHCR, base + PRISM_I_STAGE, stage);
      moves = 0;
    }
    moves += prism_whcr_budget(t, tables);
    if (moves >= due) {
      moves = 0;
      if (stage % 2)
        prism_whcr_next_generation(t, island, base);
      prism_put(t, PRISM_WHCR, base + PRISM_I_STAGE, stage + 1);
    }
    prism_put(t, PRISM_WHCR, base + PRISM_I_MOVES, moves);
    aatgs_sync(t);
  }
}

#endif
