/* The tabu search of WhcrKernel: its memory, the choice of a move, tenures
 * (Hertz and de Werra 1987; dynamic tenures: Galinier and Hao 1999).
 *
 * A vertex may not take a colour back before a tenure is over. The ring keeps
 * the tenures given: (end << 32 | vertex << 16 | colour), the end on the tabu
 * clock. While one lasts the entry of the conflict table is held, as is that of
 * a vertex's own colour; the lists of `due` (the first
 * entry for each end modulo PRISM_RING, then the next one of each entry) say
 * which to let go of at a tick. */
#ifndef AATGS_PRISM_WHCR_TABU_H
#define AATGS_PRISM_WHCR_TABU_H

#include "whcr_coarse.h"

#define PRISM_CLOCK_MAX 0x7ff00000u /* then the tabu clock starts again */
#define PRISM_NOBODY    0xffffu     /* no vertex; no entry of the ring */

/* Nothing is tabu but what must never be chosen. */
AATGS_FN void prism_tabu_clear(const aatgs_task *t, const prism_whcr_state *s)
{
  aatgs_lane_for(t, v, s->w.n)
  {
    for (uint32_t c = 0; c < s->w.k; ++c) {
      int16_t *entry = prism_entry(&s->w, v, c);
      *entry = (int16_t)((*entry & PRISM_CLASHES) | (c == s->w.color[v] ? PRISM_HELD : 0));
    }
    s->w.low[v] = s->w.deep[v] = 0;
  }
  aatgs_lane_for(t, i, PRISM_RING) s->due[i] = PRISM_NOBODY;
  aatgs_sync(t);
}

/* Forgets all moves: the clock jumps past every tenure given, so that the ring needs no
 * clearing. */
AATGS_FN void prism_tabu_reset(aatgs_task *t, prism_whcr_state *s)
{
  if (s->clock >= PRISM_CLOCK_MAX) {
    uint64_t base = (uint64_t)s->individual * PRISM_RING;
    aatgs_lane_for(t, i, PRISM_RING) aatgs_put_u64(t, PRISM_WHCR_RING, base + i, 0);
    s->clock = 0;
  }
  s->clock += PRISM_RING;
  prism_tabu_clear(t, s);
}

/* Puts entry `slot` of the ring where its end is looked for. One lane. */
AATGS_FN void prism_tabu_link(const prism_whcr_state *s, uint32_t slot, uint32_t end)
{
  s->due[PRISM_RING + slot] = s->due[end % PRISM_RING];
  s->due[end % PRISM_RING] = (uint16_t)slot;
}

/* Rebuilds the derived tables of an individual from its colours and its ring. */
AATGS_FN void prism_whcr_tabulate(aatgs_task *t, uint32_t individual)
{
  prism_whcr_state s = prism_whcr_state_of(t, individual);
  prism_tabulate(t, &s.w);
  prism_tabu_clear(t, &s);
  aatgs_one_lane(t)
  {
    for (uint32_t slot = 0; slot < PRISM_RING; ++slot) {
      uint32_t end = (uint32_t)(s.ring[slot] >> 32), v = (uint32_t)(s.ring[slot] >> 16) & 0xffffu;
      if (end <= s.clock || v == PRISM_NOBODY)
        continue;
      *prism_entry(&s.w, v, (uint32_t)s.ring[slot] & 0xffffu) |= PRISM_HELD;
      prism_tabu_link(&s, slot, end);
    }
  }
  aatgs_sync(t);
}

/* v may take colour c again. One lane. */
AATGS_FN void prism_tabu_release(const prism_whcr_state *s, uint32_t v, uint32_t c)
{
  int16_t *entry = prism_entry(&s->w, v, c);
  *entry &= PRISM_CLASHES;
  s->w.low[v] = *entry < s->w.low[v] ? *entry : s->w.low[v];
}

/* One tick of the clock: tenures end. The caller synchronizes. */
AATGS_FN void prism_tabu_tick(const aatgs_task *t, prism_whcr_state *s)
{
  ++s->clock;
  aatgs_one_lane(t)
  {
    uint16_t *first = s->due + s->clock % PRISM_RING;
    for (uint32_t slot = *first; slot != PRISM_NOBODY; slot = s->due[PRISM_RING + slot]) {
      uint32_t v = (uint32_t)(s->ring[slot] >> 16) & 0xffffu;
      if (v != PRISM_NOBODY)
        prism_tabu_release(s, v, (uint32_t)s->ring[slot] & 0xffffu);
    }
    *first = PRISM_NOBODY;
  }
}

/* The smallest of the bits `mask` of v's entries. */
AATGS_FN int32_t prism_tabu_least(const prism_whcr_state *s, uint32_t v, int16_t mask)
{
  const int16_t *entry = prism_entry(&s->w, v, 0);
  int32_t least = INT16_MAX;
  for (uint32_t c = 0; c < s->w.k; ++c, entry += s->w.down)
    least = (*entry & mask) < least ? *entry & mask : least;
  return least;
}

/* Of v's colours whose bits `mask` are `wanted`, the one that comes first by `salt`. */
AATGS_FN uint32_t prism_tabu_pick(const prism_whcr_state *s, uint32_t v, int16_t mask,
                                  int32_t wanted, uint32_t salt)
{
  const int16_t *entry = prism_entry(&s->w, v, 0);
  uint32_t first = UINT32_MAX, color = 0;
  for (uint32_t c = 0; c < s->w.k; ++c, entry += s->w.down) {
    if ((*entry & mask) == wanted) {
      uint32_t tie = prism_tie(salt, v, c);
      color = tie <= first ? c : color;
      first = tie < first ? tie : first;
    }
  }
  return color;
}

/* Lists the vertices first..end-1 in conflict (without a colour) whose `bound` less their conflicts
 * is `delta`: a number drawn for each, 18 bits, and the vertex, 14. Returns how many they are. */
AATGS_FN uint32_t prism_tabu_list(const prism_whcr_state *s, const int16_t *bound, int32_t delta,
                                  uint32_t first, uint32_t end, uint32_t salt, uint32_t *list)
{
  uint32_t count = 0;
  for (uint32_t v = first; v < end; v += PRISM_GROUP) {
    uint64_t bits = prism_group_match(s->w.own, bound, v, (int16_t)delta);
    while (bits) {
      uint32_t u = v + prism_next_bit(&bits);
      list[count++] = prism_tie(salt, u, 0) >> 14 << 14 | u;
    }
  }
  return count;
}

/* Takes the smallest number out of a list, which is not empty. */
AATGS_FN uint32_t prism_tabu_next(uint32_t *list, uint32_t *count)
{
  uint32_t at = 0, next;
  for (uint32_t i = 1; i < *count; ++i)
    at = list[i] < list[at] ? i : at;
  next = list[at];
  list[at] = list[--*count];
  return next;
}

/* The best move of the vertices first..end-1 if it adds less than `limit`: its key, see
 * prism_tabu_choose(); UINT64_MAX: there is none. What a move adds are the bits `mask` of an entry
 * less the vertex's conflicts; `bound` is at most the least of each vertex, and only where that
 * looks best are the entries looked up. */
AATGS_FN uint64_t prism_tabu_find(const prism_whcr_state *s, int16_t *bound, int16_t mask,
                                  int32_t limit, uint32_t first, uint32_t end, uint32_t salt)
{
  uint32_t *list = s->scratch + first;
  for (;;) {
    int32_t least = prism_vertices_least(s->w.own, bound, (int16_t)limit, first, end);
    uint32_t count;
    if (least >= limit)
      return UINT64_MAX;
    count = prism_tabu_list(s, bound, least, first, end, salt, list);
    while (count) {
      uint32_t next = prism_tabu_next(list, &count), v = next & 0x3fffu;
      bound[v] = (int16_t)prism_tabu_least(s, v, mask);
      if (bound[v] - s->w.own[v] == least)
        return (uint64_t)(uint32_t)(least + 32768) << 46 | (uint64_t)next << 14 |
               prism_tabu_pick(s, v, mask, bound[v], salt);
    }
  }
}

/* The best admissible move of all vertices in conflict (that have no colour): what it adds, 16
 * bits, a number drawn for the vertex, 18, vertex and colour, 14 each; a minimum over lanes and so
 * the same for any number of them. A tabu move is admissible when it takes away more than `room`
 * conflicts, which makes a new best. UINT64_MAX: there is none. */
AATGS_FN uint64_t prism_tabu_choose(const aatgs_task *t, const prism_whcr_state *s, int32_t room,
                                    uint32_t salt)
{
  const uint32_t span = s->w.down;
  uint32_t share = (span / PRISM_GROUP + t->lanes - 1) / t->lanes * PRISM_GROUP;
  uint32_t first = share * t->lane < span ? share * t->lane : span;
  uint32_t end = first + share < span ? first + share : span;
  uint64_t key = prism_tabu_find(s, s->w.deep, PRISM_CLASHES, -room, first, end, salt);
  if (key == UINT64_MAX)
    key = prism_tabu_find(s, s->w.low, -1, PRISM_FAR, first, end, salt);
  return aatgs_reduce_min_u64(t, key);
}

AATGS_FN int32_t prism_key_delta(uint64_t key)
{
  return (int32_t)(key >> 46) - 32768;
}

AATGS_FN uint32_t prism_key_vertex(uint64_t key)
{
  return (uint32_t)(key >> 14) & 0x3fffu;
}

AATGS_FN uint32_t prism_key_color(uint64_t key)
{
  return (uint32_t)key & 0x3fffu;
}

/* A tenure: `per_conflict` / 65536 for each conflict, and a random number of 32 bits scaled to
 * persistence_weight. */
AATGS_FN uint32_t prism_tenure(const aatgs_task *t, const prism_whcr_state *s,
                               uint64_t per_conflict, uint32_t random)
{
  uint64_t spread = PRISM_GET(t, PRISM_TABLES, PRISM_T_PERSISTENCE);
  uint64_t tenure = 1 + (per_conflict * s->conflicts >> 16) + (random * spread >> 32);
  return tenure < PRISM_RING ? (uint32_t)tenure : PRISM_RING - 1;
}

/* v has taken colour c, which was held before: its tenure no longer counts. */
AATGS_FN void prism_tabu_void(aatgs_task *t, const prism_whcr_state *s, uint32_t v, uint32_t c)
{
  aatgs_lane_for(t, i, PRISM_RING)
  {
    uint64_t e = s->ring[i];
    if ((uint32_t)e == (v << 16 | c) && (uint32_t)(e >> 32) > s->clock)
      aatgs_put_u64(t, PRISM_WHCR_RING, (uint64_t)s->individual * PRISM_RING + i,
                    e | PRISM_NOBODY << 16);
  }
  aatgs_sync(t);
}

/* Nonzero: the entry of v and colour c is held. */
AATGS_FN uint32_t prism_tabu_held(const prism_whcr_state *s, uint32_t v, uint32_t c)
{
  return (uint32_t)(*prism_entry(&s->w, v, c) & PRISM_HELD);
}

/* v has taken colour c; `held` says whether that was held. The caller synchronizes. */
AATGS_FN void prism_tabu_hold(aatgs_task *t, const prism_whcr_state *s, uint32_t v, uint32_t c,
                              uint32_t held)
{
  if (held)
    prism_tabu_void(t, s, v, c);
  aatgs_one_lane(t) * prism_entry(&s->w, v, c) |= PRISM_HELD;
}

/* v has lost colour c and may not have it again for a while. Returns whether a tenure that was not
 * over fell out of the ring. Every lane; the caller synchronizes. */
AATGS_FN int prism_tabu_forbid(aatgs_task *t, prism_whcr_state *s, uint32_t v, uint32_t c,
                               uint32_t tenure)
{
  uint32_t slot = s->turn % PRISM_RING;
  uint64_t old = s->ring[slot];
  aatgs_sync(t);
  aatgs_one_lane(t)
  {
    aatgs_put_u64(t, PRISM_WHCR_RING, (uint64_t)s->individual * PRISM_RING + slot,
                  (uint64_t)(s->clock + tenure) << 32 | v << 16 | c);
    prism_tabu_link(s, slot, s->clock + tenure);
  }
  ++s->turn;
  return (uint32_t)(old >> 32) > s->clock;
}

#endif
