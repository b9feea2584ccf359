/* Iterated greedy (Culberson 1992): colours the vertices again, class by class.
 * The classes stay together, so the number of colours never rises, and some
 * orders make it fall. The task Custom runs it on a colouring of its own. */
#ifndef AATGS_PRISM_REORDER_H
#define AATGS_PRISM_REORDER_H

#include "search.h"

/* Ways to order the classes; Custom's arg picks one, 0 mixes them. */
enum prism_order {
  PRISM_ORDER_MIX = 0,
  PRISM_ORDER_REVERSE,
  PRISM_ORDER_RANDOM,
  PRISM_ORDER_LARGE
};

/* Sorts the vertices by class and the classes by key[class], descending. One lane. */
AATGS_FN void prism_order_classes(const aatgs_task *t, const uint16_t *color, uint32_t k,
                                  uint32_t rule, uint32_t *start, uint32_t *rank, uint32_t *order)
{
  uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), sum = 0;
  for (uint32_t c = 0; c < k; ++c)
    start[c] = 0;
  for (uint32_t v = 0; v < n; ++v)
    ++start[color[v]];
  for (uint32_t c = 0; c < k; ++c) { /* insertion sort; k is small */
    uint32_t salt = aatgs_random_u32(t, c), key, i = c;
    key = rule == PRISM_ORDER_REVERSE ? c : rule == PRISM_ORDER_LARGE ? start[c] : salt >> 8;
    for (; i > 0; --i) {
      uint32_t d = rank[i - 1];
      uint32_t other = rule == PRISM_ORDER_REVERSE ? d
                       : rule == PRISM_ORDER_LARGE ? start[d]
                                                   : aatgs_random_u32(t, d) >> 8;
      if (other >= key)
        break;
      rank[i] = d;
    }
    rank[i] = c;
  }
  for (uint32_t i = 0; i < k; ++i) {
    uint32_t size = start[rank[i]];
    start[rank[i]] = sum;
    sum += size;
  }
  for (uint32_t v = 0; v < n; ++v)
    order[start[color[v]]++] = v;
}

/* Recolours the legal colouring `color` with colours 0..k-1 and writes the result to element `at`
 * of `region` (which may be where it comes from); returns the number of colours. `scratch` has
 * PRISM_SCRATCH_WORDS words. */
AATGS_FN uint32_t prism_reorder(aatgs_task *t, const uint16_t *color, uint32_t k, uint32_t rule,
                                uint32_t region, uint64_t at, uint32_t *scratch)
{
  const uint32_t *rows = aatgs_region_ptr(t, PRISM_ROWS, const uint32_t);
  const uint16_t *adj = aatgs_region_ptr(t, PRISM_ADJ, const uint16_t);
  uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  uint32_t *mark = scratch, *rank = scratch + stride, *start = scratch + 2 * stride;
  uint32_t *order = scratch + 6 * stride, *fresh = order + n, used = 0;
  aatgs_one_lane(t) prism_order_classes(t, color, k, rule, start, rank, order);
  aatgs_lane_for(t, c, stride) mark[c] = UINT32_MAX;
  aatgs_lane_for(t, v, n) fresh[v] = UINT32_MAX;
  aatgs_sync(t);
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t v = order[i];
    uint64_t least = stride;
    aatgs_lane_for(t, e, rows[v + 1] - rows[v])
    {
      uint32_t c = fresh[adj[rows[v] + e]];
      if (c != UINT32_MAX)
        aatgs_mark_u32(mark + c, i);
    }
    aatgs_sync(t);
    aatgs_lane_for(t, c, stride)
    {
      if (mark[c] != i) {
        least = c;
        break;
      }
    }
    least = aatgs_reduce_min_u64(t, least);
    aatgs_one_lane(t) fresh[v] = (uint32_t)least;
    used = (uint32_t)least + 1 > used ? (uint32_t)least + 1 : used;
    aatgs_sync(t);
  }
  aatgs_lane_for(t, v, n) aatgs_put_u16(t, region, at + v, (uint16_t)fresh[v]);
  aatgs_sync(t);
  return used;
}

/* Which rule a pass follows: Culberson's mix of 50 : 50 : 30. */
AATGS_FN uint32_t prism_order_rule(const aatgs_task *t, uint32_t wanted)
{
  uint32_t r = aatgs_random_below(t, UINT64_C(1) << 32, 130);
  if (wanted != PRISM_ORDER_MIX && wanted <= PRISM_ORDER_LARGE)
    return wanted;
  return r < 50 ? PRISM_ORDER_LARGE : r < 100 ? PRISM_ORDER_REVERSE : PRISM_ORDER_RANDOM;
}

/* The task Custom: a pass of iterated greedy for every four sweeps, at least one. */
AATGS_FN void prism_custom(aatgs_task *t)
{
  const uint16_t *color = aatgs_region_ptr(t, PRISM_CUSTOM_COLORS, const uint16_t);
  uint32_t *scratch = aatgs_region_ptr(t, PRISM_CUSTOM_SCRATCH, uint32_t);
  uint32_t target = PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET);
  uint32_t passes = PRISM_GET(t, PRISM_TABLES, PRISM_T_SWEEPS) / 4;
  uint32_t k;
  uint32_t best = PRISM_GET(t, PRISM_CONTROL, PRISM_BEST_COLORS);
  uint64_t key = t->key;
  if (target == 0 || t->part != 0)
    return;
  k = PRISM_GET(t, PRISM_CUSTOM, PRISM_H_K);
  aatgs_sync(t);
  if (k == 0 || k > best) {
    prism_copy(t, PRISM_CUSTOM_COLORS, 0, aatgs_region_ptr(t, PRISM_BEST, const uint16_t));
    k = best;
    aatgs_sync(t);
  }
  passes = passes ? passes : 1;
  for (uint32_t i = 0; i < passes; ++i) {
    t->key = aatgs_mix64(key + i);
    k = prism_reorder(t, color, k, prism_order_rule(t, t->arg), PRISM_CUSTOM_COLORS, 0, scratch);
  }
  t->key = key;
  prism_put(t, PRISM_CUSTOM, PRISM_H_K, k);
  prism_put(t, PRISM_CUSTOM, PRISM_H_CONFLICTS, 0);
  prism_put(t, PRISM_CUSTOM, PRISM_H_BEST, 0);
  prism_put(t, PRISM_CUSTOM, PRISM_H_MOVES, passes * PRISM_GET(t, PRISM_INFO, PRISM_N));
  prism_put(t, PRISM_CUSTOM, PRISM_H_ITERATION, (uint32_t)t->iteration);
}

#endif
