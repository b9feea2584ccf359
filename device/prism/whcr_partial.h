/* Islands of partial colourings (PartialCol: Bloechliger and Zufferey 2008):
 * the classes are free of conflicts, the other vertices wait outside. A move
 * lets one of them in and puts out its neighbours of that colour.
 *
 * An attempt that finds nothing better for long starts afresh. Attempts of two
 * sorts take turns. In those at the target the vertices that are outside now and
 * then gain weight, and a move is judged by the weights of those that it lets in
 * and puts out: vertices that are hard to place come in and stay, which leads
 * out of the places where geometric graphs keep a search with a vertex or two
 * left (weighted constraints: Morris 1993; vertices, in cliques: Pullan and Hoos
 * 2006). Those without weights aim at the target or up to three colours fewer: a
 * hidden colouring is found more easily at its own number than at a higher one. */
#ifndef AATGS_PRISM_WHCR_PARTIAL_H
#define AATGS_PRISM_WHCR_PARTIAL_H

#include "whcr_tabu.h"

#define PRISM_PATIENCE 2048u /* post_smooth_iterations x n x this moves without progress */
#define PRISM_DEPTHS   4u
#define PRISM_RAISE    8u /* moves without progress from one gain of weight to the next */

/* Whether the attempt gives weight. */
AATGS_FN int prism_partial_weighs(uint32_t attempt)
{
  return attempt % 2 == 0;
}

/* Colours that an attempt aims at: those without weights at 2, 1, 2, 0 fewer than the target in
 * turn, the other individual of the island at 3, 2, 2, 2 (deeper aims take more attempts); none
 * goes below what a clique needs, nor away from target_colors. */
AATGS_FN uint32_t prism_partial_aim(const aatgs_task *t, const prism_whcr_state *s, uint32_t target,
                                    uint32_t attempt)
{
  uint32_t lower = PRISM_GET(t, PRISM_INFO, PRISM_LOWER);
  uint32_t depths = target > lower ? target - lower + 1 : 1;
  uint32_t sequence = s->individual % 2 ? 0x2323u : 0x3212u; /* first attempt in the low digit */
  uint32_t depth = sequence >> attempt / 2 % PRISM_DEPTHS * 4 & 15u;
  if (PRISM_GET(t, PRISM_CONTROL, PRISM_FIXED) || prism_partial_weighs(attempt))
    return target;
  return target - depth % (depths < PRISM_DEPTHS ? depths : PRISM_DEPTHS);
}

/* Takes colours away or brings some in, and puts half of the vertices out. Its weights are there.
 */
AATGS_FN void prism_partial_scatter(aatgs_task *t, prism_whcr_state *s, uint32_t k)
{
  uint32_t kept = k < s->w.k ? k : s->w.k; /* from here on: taken away, or out already */
  s->w.k = k;
  aatgs_lane_for(t, v, s->w.n)
  {
    if ((aatgs_random_u64(t, PRISM_DRAWS_COARSE + v) & 1) || s->w.color[v] >= kept)
      aatgs_put_u16(t, s->w.region, s->w.at + v, (uint16_t)k);
  }
  aatgs_sync(t);
  s->conflicts = prism_tabulate(t, &s->w);
  prism_put(t, PRISM_WHCR, s->head + PRISM_H_K, k);
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_SINCE, 0);
}

/* Begins an attempt with k colours, in which all vertices count 1. */
AATGS_FN void prism_partial_begin(aatgs_task *t, prism_whcr_state *s, uint32_t k)
{
  uint64_t weights = prism_whcr_slot(t, s->individual, PRISM_SLOT_WEIGHT);
  aatgs_lane_for(t, v, s->w.n) aatgs_put_u16(t, s->w.region, weights + v, 1);
  aatgs_sync(t);
  prism_partial_scatter(t, s, k);
  prism_put(t, PRISM_WHCR, s->head + PRISM_H_BEST, UINT32_MAX);
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_LEAST, UINT32_MAX);
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_WEIGHT, s->w.n);
}

/* Begins an attempt when this one has taken too long or has no weight left to give, and the same
 * one again when it is done or aims too high; true when one begins. */
AATGS_FN int prism_partial_follow(aatgs_task *t, prism_whcr_state *s, uint32_t target)
{
  uint32_t attempt = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_ATTEMPT);
  uint32_t since = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_SINCE);
  uint32_t weight = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_WEIGHT);
  uint64_t patience = (uint64_t)PRISM_GET(t, PRISM_TABLES, PRISM_T_POST) * PRISM_PATIENCE;
  int fixed = PRISM_GET(t, PRISM_CONTROL, PRISM_FIXED) != 0;
  int failed =
      s->conflicts &&
      (since > patience || (prism_partial_weighs(attempt) && weight + s->conflicts > PRISM_FAR));
  aatgs_sync(t);
  if (s->w.k <= target && s->conflicts && !failed && !(fixed && s->w.k != target))
    return 0;
  attempt += failed ? 1 : 0;
  prism_partial_begin(t, s, prism_partial_aim(t, s, target, attempt));
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_ATTEMPT, attempt);
  aatgs_sync(t);
  return 1;
}

/* The vertices outside gain weight, unless all together had too much for an entry of the table.
 * Returns what they gained. */
AATGS_FN uint32_t prism_partial_raise(aatgs_task *t, const prism_whcr_state *s, uint32_t weight)
{
  uint64_t weights = prism_whcr_slot(t, s->individual, PRISM_SLOT_WEIGHT);
  if (weight + s->conflicts > PRISM_FAR)
    return 0;
  aatgs_sync(t); /* everyone has found the move */
  aatgs_lane_for(t, v, s->w.n)
  {
    if (s->w.own[v])
      aatgs_put_u16(t, s->w.region, weights + v, ++s->w.own[v]);
  }
  aatgs_sync(t);
  return s->conflicts;
}

/* Gives v colour c and puts its neighbours of that colour out, which are listed, in all tables. The
 * caller synchronizes before and after. */
AATGS_FN void prism_partial_swap(aatgs_task *t, const prism_view *w, uint32_t v, uint32_t c,
                                 const uint32_t *list, uint32_t out)
{
  const uint64_t *near = w->matrix + (uint64_t)v * w->words;
  uint64_t *members = w->members + (uint64_t)c * w->words;
  prism_partial_tables(t, w, v, c, list, out);
  aatgs_lane_for(t, i, w->words) members[i] =
      (members[i] & ~near[i]) | (i == v / 64 ? UINT64_C(1) << v % 64 : 0);
  aatgs_lane_for(t, i, out + 1)
  {
    const uint32_t u = i ? list[i - 1] : v;
    w->own[u] = i ? w->weight[u] : 0;
    aatgs_put_u16(t, w->region, w->at + u, (uint16_t)(i ? w->k : c));
  }
}

/* A tabu move: gives v colour c and puts its neighbours of that colour out, for a while. Returns
 * how many they are. */
AATGS_FN uint32_t prism_partial_move(aatgs_task *t, prism_whcr_state *s, uint32_t v, uint32_t c,
                                     uint32_t tenure)
{
  const uint32_t held = prism_tabu_held(s, v, c);
  const uint32_t out = prism_partial_list(t, &s->w, v, c, s->scratch);
  const int forgets = prism_tabu_forgets(s, out);
  aatgs_sync(t); /* the list is complete */
  prism_partial_swap(t, &s->w, v, c, s->scratch, out);
  aatgs_sync(t); /* everyone has read the entry */
  prism_tabu_tick(t, s);
  prism_tabu_hold(t, s, v, c, held);
  for (uint32_t i = 0; i < out; ++i)
    prism_tabu_forbid(t, s, s->scratch[i], c, tenure);
  aatgs_sync(t);
  if (forgets)
    prism_tabu_reset(t, s);
  return out;
}

/* Keeps a colouring that leaves nobody outside, for all to see. */
AATGS_FN void prism_partial_keep(aatgs_task *t, const prism_whcr_state *s)
{
  if (s->conflicts)
    return;
  prism_copy(t, PRISM_WHCR_COLORS, prism_whcr_slot(t, s->individual, PRISM_SLOT_BEST), s->w.color);
  prism_put(t, PRISM_WHCR, s->head + PRISM_H_BEST, 0);
}

/* Up to `budget` moves; returns how many were made. */
AATGS_FN uint32_t prism_partial_search(aatgs_task *t, prism_whcr_state *s, uint32_t budget)
{
  uint64_t stress = PRISM_GET(t, PRISM_TABLES, PRISM_T_STRESS);
  uint32_t least = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_LEAST);
  uint32_t since = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_SINCE), moves = 0;
  uint32_t weight = PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_WEIGHT);
  int weighs = prism_partial_weighs(PRISM_GET(t, PRISM_WHCR, s->head + PRISM_W_ATTEMPT));
  uint64_t per_vertex = stress * 3 / 5; /* Bloechliger and Zufferey's 0.6 */
  least = least < s->conflicts ? least : s->conflicts;
  aatgs_sync(t);
  while (moves < budget && s->conflicts) {
    uint64_t r = aatgs_random_u64(t, moves);
    /* What a move adds in weight does not say whether it makes a new best. */
    int32_t room = weighs ? PRISM_FAR : (int32_t)(s->conflicts - least);
    uint64_t key = prism_tabu_choose(t, s, room, (uint32_t)r);
    uint32_t v = prism_key_vertex(key), c = prism_key_color(key);
    ++moves;
    ++since;
    if (key == UINT64_MAX) {
      prism_tabu_tick(t, s);
      aatgs_sync(t);
      continue;
    }
    if (weighs && since % PRISM_RAISE == 0)
      weight += prism_partial_raise(t, s, weight);
    s->conflicts +=
        prism_partial_move(t, s, v, c, prism_tenure(t, s, per_vertex, (uint32_t)(r >> 32)));
    if (--s->conflicts < least) {
      least = s->conflicts;
      since = 0;
    }
  }
  prism_partial_keep(t, s);
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_LEAST, least);
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_SINCE, since);
  prism_put(t, PRISM_WHCR, s->head + PRISM_W_WEIGHT, weight);
  return moves;
}

#endif
