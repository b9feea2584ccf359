/* ThermodynamicAnneal: parallel tempering of the colouring as a Potts
 * antiferromagnet; the energy is the number of conflicts. Each step gives a
 * random vertex a colour drawn from the heat bath (Gibbs sampling: Geman and
 * Geman 1984; swaps: Swendsen and Wang 1986, Geyer 1991). A part anneals the
 * replicas part, part + parts, ... at the temperature of the rung each stands
 * on; finish swaps rungs. */
#ifndef AATGS_PRISM_THERMO_H
#define AATGS_PRISM_THERMO_H

#include "search.h"

AATGS_FN uint32_t prism_thermo_head(uint32_t replica)
{
  return replica * PRISM_THERMO_WORDS;
}

AATGS_FN prism_view prism_thermo_view(const aatgs_task *t, uint32_t replica)
{
  uint64_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  return prism_view_of(t, PRISM_THERMO_COLORS, 2 * n * replica, PRISM_THERMO_GAMMA,
                       replica * n * stride,
                       PRISM_GET(t, PRISM_THERMO, prism_thermo_head(replica) + PRISM_H_K));
}

/* The vertex that step `draw` looks at. */
AATGS_FN uint32_t prism_visit(const aatgs_task *t, const prism_view *w, uint64_t draw, uint64_t *r)
{
  *r = aatgs_random_u64(t, draw);
  return (uint32_t)((*r & 0xffffffffu) * w->n >> 32);
}

/* The colour that v takes from the heat bath: c with probability e^(-gamma[v][c] / T) over the sum
 * of all. weight[i] is e^(-i / T) x 2^26; the upper bits of r decide. */
AATGS_FN uint32_t prism_heat_bath(const prism_view *w, const uint32_t *weight, uint32_t v,
                                  uint64_t r)
{
  const int16_t *row = w->gamma + (uint64_t)v * w->stride;
  int32_t least = prism_row_least(row, prism_columns(w));
  uint32_t own = w->color[v], c;
  uint64_t sum = 0, at;
  for (c = 0; c < w->k; ++c) {
    uint32_t rise = (uint32_t)(row[c] - least);
    sum += weight[rise < PRISM_RISES ? rise : PRISM_RISES - 1];
  }
  at = (r >> 40) * sum >> 24;
  c = own; /* the likeliest first */
  for (uint32_t next = 0;; c = next++) {
    uint32_t rise = (uint32_t)(row[c] - least);
    uint64_t part = weight[rise < PRISM_RISES ? rise : PRISM_RISES - 1];
    if (at < part)
      return c;
    at -= part;
    next += next == own;
  }
}

/* `count` steps; stops at conflict 0. A worker's lanes look at as many steps ahead as they are;
 * the first that changes a colour is made and those after it are looked at again: the same chain
 * as one by one. Returns the moves made. */
AATGS_FN uint32_t prism_anneal(aatgs_task *t, const prism_view *w, const uint32_t *weight,
                               uint32_t count, uint64_t first, uint32_t *conflicts)
{
  uint32_t done = 0, moves = 0;
  while (done < count && *conflicts) {
    uint32_t mine = done + t->lane, v, c;
    uint64_t hit = UINT64_MAX, r;
    if (mine < count) {
      v = prism_visit(t, w, first + mine, &r);
      c = prism_heat_bath(w, weight, v, r);
      if (c != w->color[v])
        hit = (uint64_t)mine << 32 | v << 16 | c;
    }
    hit = aatgs_reduce_min_u64(t, hit);
    if (hit == UINT64_MAX) {
      done += t->lanes;
      continue;
    }
    done = (uint32_t)(hit >> 32) + 1;
    v = (uint32_t)(hit >> 16) & 0xffffu;
    c = (uint32_t)hit & 0xffffu;
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
    *conflicts = prism_retarget(t, w, target, salt);
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

/* Steps of a replica or slice in an iteration. */
AATGS_FN uint32_t prism_anneal_budget(const aatgs_task *t, const uint32_t *tables)
{
  uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N);
  return tables[PRISM_T_SWEEPS] * (n < 16 ? 1 : n / 16);
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
    moves = prism_anneal(t, &w, tables + PRISM_T_WEIGHT + rung * PRISM_RISES,
                         prism_anneal_budget(t, tables), (uint64_t)replica << 32, &conflicts);
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

/* Whether the task has its turn: with arg N it works in every Nth iteration. */
AATGS_FN int prism_has_turn(const aatgs_task *t)
{
  return t->arg < 2 || t->iteration % t->arg == 0;
}

AATGS_FN void prism_thermo(aatgs_task *t)
{
  uint32_t target = PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET);
  uint32_t replicas = PRISM_GET(t, PRISM_TABLES, PRISM_T_REPLICAS);
  if (target == 0 || !prism_has_turn(t))
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
  uint32_t every = PRISM_GET(t, PRISM_TABLES, PRISM_T_SWAP_EVERY), clock;
  if (PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET) == 0 || !prism_has_turn(t))
    return;
  clock = PRISM_GET(t, PRISM_THERMO, PRISM_THERMO_CLOCK);
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
