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

/* Rebuilds the derived tables of a search from its colours and, unless it anneals, its ring. */
AATGS_FN void prism_whcr_tabulate(aatgs_task *t, uint32_t number)
{
  prism_whcr_state s = prism_whcr_state_of(t, number);
  const int cools = prism_island_kind_of(s.individual) == PRISM_ISLAND_COOL;
  if (s.w.k == 0 || (cools && s.individual == number)) /* not begun; has none of its own */
    return;
  prism_tabulate(t, &s.w);
  if (cools)
    return;
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

/* A number drawn for a vertex, 18 bits, and the vertex, 14. */
AATGS_FN uint32_t prism_draw(uint32_t salt, uint32_t v)
{
  return prism_tie(salt, v, 0) >> 14 << 14 | v;
}

/* A move as a number that orders moves: what it adds, 16 bits, the draw of its vertex, and the
 * colour, 14 bits. UINT64_MAX is none. */
AATGS_FN uint64_t prism_key(int32_t delta, uint32_t draw, uint32_t color)
{
  return (uint64_t)(uint32_t)(delta + 32768) << 46 | (uint64_t)draw << 14 | color;
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

/* prism_tabu_choose() returns, to every lane, the key of the best admissible move of all vertices
 * in conflict (that have no colour), the same for any number of lanes. It synchronizes before it
 * reads what others offer; the caller does before anything changes that a choice reads. A tabu move
 * is admissible when it takes away more than `room` conflicts, which makes a new best. Of a
 * vertex's colours that are as good, the one with the smallest prism_tie() is taken. */
#if defined(__CUDACC__)
#include "choose_cuda.h"
#else
#include "choose_cpu.h"
#endif

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

/* Whether a tenure that is not over at the next tick would fall out of the ring with `count` more.
 */
AATGS_FN int prism_tabu_forgets(const prism_whcr_state *s, uint32_t count)
{
  int forgets = 0;
  for (uint32_t i = 0; i < count; ++i)
    forgets |= (uint32_t)(s->ring[(s->turn + i) % PRISM_RING] >> 32) > s->clock + 1;
  return forgets;
}

/* v has lost colour c and may not have it again for a while. The caller synchronizes. */
AATGS_FN void prism_tabu_forbid(aatgs_task *t, prism_whcr_state *s, uint32_t v, uint32_t c,
                                uint32_t tenure)
{
  const uint32_t slot = s->turn++ % PRISM_RING;
  aatgs_one_lane(t)
  {
    aatgs_put_u64(t, PRISM_WHCR_RING, (uint64_t)s->individual * PRISM_RING + slot,
                  (uint64_t)(s->clock + tenure) << 32 | v << 16 | c);
    prism_tabu_link(s, slot, s->clock + tenure);
  }
}

#endif
