/* ThermodynamicAnneal: parallel tempering of the colouring as a Potts
 * antiferromagnet; the energy is the number of conflicts (Metropolis et al.
 * 1953; swaps: Swendsen and Wang 1986, Geyer 1991). A part anneals the
 * replicas part, part + parts, ... at the temperature of the rung each stands
 * on; finish swaps rungs. */
#ifndef AATGS_PRISM_THERMO_H
#define AATGS_PRISM_THERMO_H

#include "search.h"

AATGS_FN uint32_t prism_thermo_head(uint32_t replica) { return replica * PRISM_THERMO_WORDS; }

AATGS_FN prism_view prism_thermo_view(const aatgs_task *t, uint32_t replica)
{
  uint64_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  return prism_view_of(t, PRISM_THERMO_COLORS, 2 * n * replica, PRISM_THERMO_GAMMA,
                       replica * n * stride,
                       PRISM_GET(t, PRISM_THERMO, prism_thermo_head(replica) + PRISM_H_K));
}

/* One proposal of a chain: a random vertex and another colour for it, and the random number that
 * decides. The spare bits of the products choose; k > 1. */
AATGS_FN uint32_t prism_propose(const prism_view *w, uint64_t r, uint32_t *v, uint32_t *c)
{
  uint64_t vertex = (r & 0xffffffffu) * w->n;
  uint64_t other = (r >> 32) * (w->k - 1);
  uint32_t to = (uint32_t)(other >> 32);
  *v = (uint32_t)(vertex >> 32);
  *c = to + (to >= w->color[*v]);
  return (uint32_t)other;
}

/* `count` Metropolis proposals with thresholds accept[delta]; stops at conflict 0. A worker's
 * lanes look at as many proposals ahead as they are; the first that is accepted is made and
 * those after it are looked at again: the same chain as one by one. Returns the moves made. */
AATGS_FN uint32_t prism_metropolis(aatgs_task *t, const prism_view *w, const uint32_t *accept,
                                   uint32_t count, uint64_t first, uint32_t *conflicts)
{
  uint32_t done = 0, moves = 0;
  while (done < count && *conflicts) {
    uint32_t mine = done + t->lane, v, c, u;
    uint64_t hit = UINT64_MAX;
    if (mine < count) {
      int32_t delta;
      u = prism_propose(w, aatgs_random_u64(t, first + mine), &v, &c);
      delta = prism_delta(w, v, c);
      if (delta <= 0 || ((uint32_t)delta < PRISM_DELTAS && u < accept[delta]))
        hit = mine;
    }
    hit = aatgs_reduce_min_u64(t, hit);
    if (hit == UINT64_MAX) {
      done += t->lanes;
      continue;
    }
    done = (uint32_t)hit + 1;
    prism_propose(w, aatgs_random_u64(t, first + hit), &v, &c);
    *conflicts = (uint32_t)((int32_t)*conflicts + prism_delta(w, v, c));
    prism_move(t, w, v, c);
    ++moves;
  }
  return moves;
}

/* Brings a replica to the target and obeys a reheat. */
AATGS_FN void prism_thermo_follow(aatgs_task *t, prism_view *w, uint32_t replica, uint32_t target,
                                  uint32_t *conflicts)
{
  uint32_t head = prism_thermo_head(replica);
  uint32_t reheats = PRISM_GET(t, PRISM_CONTROL, PRISM_REHEATS);
  uint32_t seen = PRISM_GET(t, PRISM_THERMO, head + PRISM_H_EPOCH);
  uint64_t salt = aatgs_random_u64(t, UINT64_MAX - 1 - replica);
  aatgs_sync(t);
  if (w->k == 0) {
    prism_copy(t, PRISM_THERMO_COLORS, w->at, aatgs_region_ptr(t, PRISM_BEST, const uint16_t));
    prism_put(t, PRISM_THERMO, head + PRISM_T_RUNG, replica);
    w->k = PRISM_GET(t, PRISM_CONTROL, PRISM_BEST_COLORS);
    aatgs_sync(t);
    *conflicts = prism_tabulate(t, w);
  }
  if (w->k != target) {
    *w = prism_shrink(t, *w, target, salt);
    w->k = target;
    *conflicts = prism_table_conflicts(t, w);
    prism_put(t, PRISM_THERMO, head + PRISM_H_K, target);
    prism_put(t, PRISM_THERMO, head + PRISM_H_BEST, UINT32_MAX);
  }
  if (seen != reheats) {
    prism_kick(t, w, salt);
    *conflicts = prism_table_conflicts(t, w);
    prism_put(t, PRISM_THERMO, head + PRISM_H_EPOCH, reheats);
  }
  aatgs_sync(t);
}

AATGS_FN void prism_thermo_one(aatgs_task *t, uint32_t replica, uint32_t target)
{
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  uint32_t head = prism_thermo_head(replica), rung, moves = 0;
  uint32_t conflicts = PRISM_GET(t, PRISM_THERMO, head + PRISM_H_CONFLICTS);
  prism_view w = prism_thermo_view(t, replica);
  prism_thermo_follow(t, &w, replica, target, &conflicts);
  rung = PRISM_GET(t, PRISM_THERMO, head + PRISM_T_RUNG);
  if (w.k > 1)
    moves = prism_metropolis(t, &w, tables + PRISM_T_ACCEPT + rung * PRISM_DELTAS,
                             tables[PRISM_T_SWEEPS] * w.n, (uint64_t)replica << 32, &conflicts);
  if ((prism_config_flags(t) & PRISM_CHECK_TABLES) && !prism_tables_hold(t, &w, conflicts))
    aatgs_fail(t, PRISM_FAIL_TABLES);
  if (conflicts < PRISM_GET(t, PRISM_THERMO, head + PRISM_H_BEST)) {
    aatgs_sync(t);
    prism_copy(t, PRISM_THERMO_COLORS, w.at + w.n, w.color);
    prism_put(t, PRISM_THERMO, head + PRISM_H_BEST, conflicts);
  }
  prism_put(t, PRISM_THERMO, head + PRISM_H_CONFLICTS, conflicts);
  prism_put(t, PRISM_THERMO, head + PRISM_H_MOVES, moves);
  prism_put(t, PRISM_THERMO, head + PRISM_H_ITERATION, (uint32_t)t->iteration);
  aatgs_sync(t);
}

AATGS_FN void prism_thermo(aatgs_task *t)
{
  uint32_t target = PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET);
  uint32_t replicas = PRISM_GET(t, PRISM_TABLES, PRISM_T_REPLICAS);
  if (target == 0)
    return;
  for (uint32_t r = t->part; r < replicas; r += t->parts)
    prism_thermo_one(t, r, target);
}

/* Swaps neighbouring rungs, even and odd pairs in turn, with probability
 * min(1, e^((1/Ti - 1/Tj)(Ei - Ej))). One lane. */
AATGS_FN void prism_thermo_swap(aatgs_task *t, uint32_t replicas, uint32_t clock)
{
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  const uint32_t *table = aatgs_region_ptr(t, PRISM_EXP, const uint32_t);
  const uint32_t *words = aatgs_region_ptr(t, PRISM_THERMO, const uint32_t);
  for (uint32_t rung = clock & 1; rung + 1 < replicas; rung += 2) {
    uint64_t r = aatgs_random_u64(t, rung);
    uint32_t cold = PRISM_REPLICAS_MAX, hot = PRISM_REPLICAS_MAX;
    int64_t x;
    for (uint32_t i = 0; i < replicas; ++i) {
      uint32_t at = words[prism_thermo_head(i) + PRISM_T_RUNG];
      cold = at == rung ? i : cold;
      hot = at == rung + 1 ? i : hot;
    }
    if (cold == PRISM_REPLICAS_MAX || hot == PRISM_REPLICAS_MAX ||
        (uint32_t)r > tables[PRISM_T_SWAP])
      continue;
    x = ((int64_t)tables[PRISM_T_LADDER + rung] - (int64_t)tables[PRISM_T_LADDER + rung + 1]) *
        ((int64_t)words[prism_thermo_head(hot) + PRISM_H_CONFLICTS] -
         (int64_t)words[prism_thermo_head(cold) + PRISM_H_CONFLICTS]);
    if (x > 0 && (uint32_t)(r >> 32) >= prism_exp_lookup(table, x))
      continue;
    aatgs_put_u32(t, PRISM_THERMO, prism_thermo_head(cold) + PRISM_T_RUNG, rung + 1);
    aatgs_put_u32(t, PRISM_THERMO, prism_thermo_head(hot) + PRISM_T_RUNG, rung);
  }
}

/* Rungs are those of the first num_replicas replicas in some order; when that number changes,
 * they start again. One lane. */
AATGS_FN void prism_thermo_seat(aatgs_task *t, uint32_t replicas)
{
  const uint32_t *words = aatgs_region_ptr(t, PRISM_THERMO, const uint32_t);
  uint32_t seen = 0;
  for (uint32_t i = 0; i < replicas; ++i)
    seen |= 1u << words[prism_thermo_head(i) + PRISM_T_RUNG];
  if (seen == (1u << replicas) - 1)
    return;
  for (uint32_t i = 0; i < replicas; ++i)
    aatgs_put_u32(t, PRISM_THERMO, prism_thermo_head(i) + PRISM_T_RUNG, i);
}

AATGS_FN void prism_thermo_finish(aatgs_task *t)
{
  uint32_t replicas = PRISM_GET(t, PRISM_TABLES, PRISM_T_REPLICAS);
  uint32_t clock = PRISM_GET(t, PRISM_THERMO, PRISM_THERMO_CLOCK);
  uint32_t every = PRISM_GET(t, PRISM_TABLES, PRISM_T_SWAP_EVERY);
  if (PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET) == 0)
    return;
  aatgs_sync(t);
  aatgs_one_lane(t)
  {
    prism_thermo_seat(t, replicas);
    if (clock % every == 0)
      prism_thermo_swap(t, replicas, clock / every);
    aatgs_put_u32(t, PRISM_THERMO, PRISM_THERMO_CLOCK, clock + 1);
  }
}

#endif
