/* Islands of partial colourings (PartialCol: Bloechliger and Zufferey 2008):
 * the classes are free of conflicts, the other vertices wait outside. A move
 * lets one of them in and puts out its neighbours of that colour.
 *
 * An attempt that finds nothing better for long starts afresh at another number
 * of colours, the target's or up to three fewer: a hidden colouring is found
 * more easily at its own number than at a higher one. */
#ifndef AATGS_PRISM_WHCR_PARTIAL_H
#define AATGS_PRISM_WHCR_PARTIAL_H

#include "whcr_tabu.h"

#define PRISM_PATIENCE 2048u /* post_smooth_iterations x n x this moves without progress */
#define PRISM_DEPTHS   4u

/* Colours that an attempt aims at: 0, 2, 1, 2 fewer than the target in turn, the other individual
 * of the island 2, 2, 3, 2 (deeper aims take more attempts); none goes below what a clique needs,
 * nor away from target_colors. */
AATGS_FN uint32_t prism_partial_aim(const aatgs_task *t, const prism_whcr_state *s, uint32_t target,
                                    uint32_t attempt)
{
  uint32_t lower = PRISM_GET(t, PRISM_INFO, PRISM_LOWER);
  uint32_t depths = target > lower ? target - lower + 1 : 1;
  uint32_t sequence = s->individual % 2 ? 0x2322u : 0x2120u; /* first attempt in the low digit */
  uint32_t depth = sequence >> attempt % PRISM_DEPTHS * 4 & 15u;
  if (PRISM_GET(t, PRISM_CONTROL, PRISM_FIXED))
    return target;
  return target - depth % (depths < PRISM_DEPTHS ? depths : PRISM_DEPTHS);
}

/* Begins an attempt with k colours: half of the vertices are put out. */
AATGS_FN void prism_partial_begin(aatgs_task *t, prism_whcr_state *s, uint32_t k)
{
  uint32_t kept = k < s->w.k ? k : s->w.k; /* from here on: taken away, or out already */
  s->w.k = k;
  aatgs_sync(t);
  aatgs_lane_for(t, v, s->w.n)
  {
    uint64_t r = aatgs_random_u64(t, PRISM_DRAWS_COARSE + v);
    if ((r & 1) || s->w.color[v] >= kept)
      aatgs_put_u16(t, s->w.region, s->w.at + v, (uint16_t)k);
  }
  aatgs_sync(t);
  s->conflicts = prism_tabulate(t, &s->w);
  prism_put(t, PRISM_WHCR, s->head + PRISM_H_K, k);
  prism_put(t, PRISM_WHCR, s->head + PRISM_H_BEST, UINT32_MAX);
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_LEAST, UINT32_MAX);
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_SINCE, 0);
}

/* Begins another attempt when this one is done, has taken too long or aims too high; true then. */
AATGS_FN int prism_partial_follow(aatgs_task *t, prism_whcr_state *s, uint32_t target)
{
  uint32_t attempt = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_ATTEMPT);
  uint32_t since = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_SINCE);
  uint64_t patience = (uint64_t)PRISM_GET(t, PRISM_TABLES, PRISM_T_POST) * PRISM_PATIENCE;
  int fixed = PRISM_GET(t, PRISM_CONTROL, PRISM_FIXED) != 0;
  aatgs_sync(t);
  if (s->w.k <= target && s->conflicts && since <= patience && !(fixed && s->w.k != target))
    return 0;
  prism_partial_begin(t, s, prism_partial_aim(t, s, target, attempt));
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_ATTEMPT, attempt + 1);
  aatgs_sync(t);
  return 1;
}

/* Gives v colour c and puts its neighbours of that colour out; returns how many. */
AATGS_FN uint32_t prism_partial_move(aatgs_task *t, prism_whcr_state *s, uint32_t v, uint32_t c,
                                     uint32_t tenure)
{
  const uint16_t *adj = s->w.adj + s->w.rows[v];
  uint32_t degree = s->w.rows[v + 1] - s->w.rows[v];
  uint32_t out = (uint32_t)s->w.gamma[(uint64_t)v * s->w.stride + c];
  int forgot = 0;
  prism_move(t, &s->w, v, c);
  aatgs_one_lane(t) s->tabu[(uint64_t)v * s->w.stride + c] = PRISM_NEVER;
  for (uint32_t i = 0; i < out; ++i) {
    uint64_t first = UINT64_MAX;
    aatgs_lane_for(t, e, degree)
    {
      if (s->w.color[adj[e]] == c) {
        first = adj[e];
        break;
      }
    }
    first = aatgs_reduce_min_u64(t, first);
    prism_move(t, &s->w, (uint32_t)first, s->w.k);
    forgot |= prism_tabu_forbid(t, s, (uint32_t)first, c, tenure);
  }
  aatgs_sync(t);
  if (forgot)
    prism_tabu_reset(t, s);
  return out;
}

/* Up to `budget` moves; returns how many were made. */
AATGS_FN uint32_t prism_partial_search(aatgs_task *t, prism_whcr_state *s, uint32_t budget)
{
  uint64_t stress = PRISM_GET(t, PRISM_TABLES, PRISM_T_STRESS);
  uint32_t least = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_LEAST);
  uint32_t since = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_SINCE), moves = 0;
  uint64_t per_vertex = stress * 3 / 5; /* Bloechliger and Zufferey's 0.6 */
  least = least < s->conflicts ? least : s->conflicts;
  aatgs_sync(t);
  while (moves < budget && s->conflicts) {
    uint64_t r = aatgs_random_u64(t, moves);
    uint64_t key = prism_tabu_choose(t, s, (int32_t)(s->conflicts - least), (uint32_t)r);
    ++moves;
    ++since;
    prism_tabu_tick(t, s);
    if (key == UINT64_MAX)
      continue;
    s->conflicts += prism_partial_move(t, s, prism_key_vertex(key), prism_key_color(key),
                                       prism_tenure(t, s, per_vertex, (uint32_t)(r >> 32)));
    if (--s->conflicts < least) {
      least = s->conflicts;
      since = 0;
    }
  }
  if (s->conflicts == 0) {
    prism_copy(t, PRISM_WHCR_COLORS, prism_whcr_slot(t, s->individual, PRISM_SLOT_BEST),
               s->w.color);
    prism_put(t, PRISM_WHCR, s->head + PRISM_H_BEST, 0);
  }
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_LEAST, least);
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_SINCE, since);
  return moves;
}

#endif
