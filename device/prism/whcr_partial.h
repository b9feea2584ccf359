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

/* Gives v colour c and puts its neighbours of that colour out; returns how many. `held` says
 * whether the colour was held. */
AATGS_FN uint32_t prism_partial_move(aatgs_task *t, prism_whcr_state *s, uint32_t v, uint32_t c,
                                     uint32_t held, uint32_t tenure)
{
  const uint64_t *near = s->w.matrix + (uint64_t)v * s->w.words;
  const uint64_t *members = s->w.members + (uint64_t)c * s->w.words;
  uint32_t out = 0;
  int forgot = 0;
  prism_tabu_take(t, s, v, c, held);
  for (uint32_t i = 0; i < s->w.words; ++i) {
    uint64_t met = near[i] & members[i];
    for (; met; ++out) {
      uint32_t u = i * 64 + prism_next_bit(&met);
      prism_move(t, &s->w, u, s->w.k);
      forgot |= prism_tabu_forbid(t, s, u, c, tenure);
    }
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
    uint32_t v = prism_key_vertex(key), c = prism_key_color(key), held;
    ++moves;
    ++since;
    if (key == UINT64_MAX) {
      prism_tabu_tick(t, s);
      aatgs_sync(t);
      continue;
    }
    held = prism_tabu_held(s, v, c);
    aatgs_sync(t);
    prism_tabu_tick(t, s);
    s->conflicts +=
        prism_partial_move(t, s, v, c, held, prism_tenure(t, s, per_vertex, (uint32_t)(r >> 32)));
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
