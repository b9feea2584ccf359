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
 *   fine       pre_smooth_iterations x n tabu moves.
 * Islands differ in kind (enum prism_island_kind): tenures, lengths of a generation; those of two
 * kinds work on partial colourings instead, each individual by itself. */
#ifndef AATGS_PRISM_WHCR_H
#define AATGS_PRISM_WHCR_H

#include "whcr_cool.h"

#define PRISM_ERA 10u /* generations between visits of the elites */

/* Keeps the current colouring as the generation's best. */
AATGS_FN void prism_whcr_keep(aatgs_task *t, const prism_whcr_state *s)
{
  prism_copy(t, PRISM_WHCR_COLORS, prism_whcr_slot(t, s->individual, PRISM_SLOT_BEST), s->w.color);
  prism_put(t, PRISM_WHCR, s->head + PRISM_H_BEST, s->conflicts);
}

/* Tenure per conflict on an island, x 65536. */
AATGS_FN uint64_t prism_island_stress(const aatgs_task *t, uint32_t individual)
{
  uint64_t stress = PRISM_GET(t, PRISM_TABLES, PRISM_T_STRESS);
  uint32_t kind = prism_island_kind_of(individual);
  return kind == PRISM_ISLAND_SHORT ? 3 * stress >> 2 : stress;
}

#define PRISM_DUE_MAX UINT64_C(0x7fffffff)

/* Moves of half a cycle. On every eighth island, which is a plain one, every 4th generation is 4
 * times as long, of these every 4th 4 times as long again, and once more: as much time goes into
 * the short ones as into those of each other length. Some graphs want many crossovers, others a
 * long descent. */
AATGS_FN uint64_t prism_island_due(const uint32_t *tables, uint32_t island, uint32_t stage,
                                   uint32_t generation)
{
  uint64_t due = stage % 2 ? tables[PRISM_T_PRE] : tables[PRISM_T_POST];
  uint32_t kind = prism_island_kind_of(2 * island);
  uint32_t longest = island % (2 * PRISM_ISLAND_KINDS) ? 1 : 64;
  if (kind != PRISM_ISLAND_PLAIN)
    due *= 8;
  else
    for (uint32_t every = 4; every <= longest && (generation + 1) % every == 0; every *= 4)
      due *= 4;
  return due < PRISM_DUE_MAX ? due : PRISM_DUE_MAX;
}

/* Up to `budget` tabu moves; returns how many were made. */
AATGS_FN uint32_t prism_tabu_search(aatgs_task *t, prism_whcr_state *s, uint32_t budget)
{
  uint64_t per_conflict = prism_island_stress(t, s->individual);
  uint32_t kept = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_H_BEST);
  uint32_t best = kept < s->conflicts ? kept : s->conflicts, moves = 0;
  aatgs_sync(t); /* everyone has read the header */
  while (moves < budget && s->conflicts) {
    uint64_t r = aatgs_random_u64(t, moves);
    uint64_t key = prism_tabu_choose(t, s, (int32_t)(s->conflicts - best), (uint32_t)r);
    uint32_t v = prism_key_vertex(key), c = prism_key_color(key), from, held;
    uint16_t own;
    int32_t delta = prism_key_delta(key);
    ++moves;
    if (key == UINT64_MAX) { /* every move is tabu: wait one tick */
      prism_tabu_tick(t, s);
      aatgs_sync(t);
      continue;
    }
    from = s->w.color[v];
    held = prism_tabu_held(s, v, c);
    own = prism_count(&s->w, v, c);
    if (delta >= 0 && s->conflicts == best && best < kept) {
      prism_whcr_keep(t, s);
      kept = best;
    }
    aatgs_sync(t); /* everyone has read v's entries, which may be written again as they are */
    prism_move_tables(t, &s->w, v, from, c);
    aatgs_sync(t); /* everyone has read the colours */
    aatgs_lane_of(t, 1) prism_settle(t, &s->w, v, from, c, own);
    prism_tabu_tick(t, s);
    prism_tabu_hold(t, s, v, c, held);
    prism_tabu_forbid(t, s, v, from, prism_tenure(t, s, per_conflict, (uint32_t)(r >> 32)));
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
    s->conflicts = prism_retarget(t, &s->w, target, t->key);
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
  uint32_t kind, budget;
  prism_whcr_state s;
  int changed;
  if (target == 0 || t->part >= PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS))
    return;
  kind = prism_island_kind_of(t->part);
  if (kind == PRISM_ISLAND_COOL) {
    prism_cool(t, target);
    return;
  }
  s = prism_whcr_state_of(t, t->part);
  aatgs_sync(t);
  if (s.w.k == 0)
    prism_whcr_begin(t, &s);
  changed = kind == PRISM_ISLAND_PARTIAL ? prism_partial_follow(t, &s, target)
                                         : prism_whcr_follow(t, &s, target);
  if (changed || s.clock >= PRISM_CLOCK_MAX)
    prism_tabu_reset(t, &s);
  budget = prism_whcr_budget(t, tables);
  moves = kind == PRISM_ISLAND_PARTIAL ? prism_partial_search(t, &s, budget)
                                       : prism_tabu_search(t, &s, budget);
  if ((prism_config_flags(t) & PRISM_CHECK_TABLES) && !prism_tables_hold(t, &s.w, s.conflicts))
    aatgs_fail(t, PRISM_FAIL_TABLES);
  prism_put(t, PRISM_WHCR, s.head + PRISM_H_CONFLICTS, s.conflicts);
  prism_put(t, PRISM_WHCR, s.head + PRISM_W_CLOCK, s.clock);
  prism_put(t, PRISM_WHCR, s.head + PRISM_W_TURN, s.turn);
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
    if (prism_island_partial(2 * island))
      continue;
    uint32_t base = prism_island(t, 2 * island);
    uint32_t stage = words[base + PRISM_I_STAGE], moves = words[base + PRISM_I_MOVES];
    uint32_t k = words[base + PRISM_I_K];
    uint64_t due = prism_island_due(tables, island, stage, words[base + PRISM_I_GENERATION]);
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
