/* The tabu search of WhcrKernel: its memory, the choice of a move, tenures
 * (Hertz and de Werra 1987; dynamic tenures: Galinier and Hao 1999). */
#ifndef AATGS_PRISM_WHCR_TABU_H
#define AATGS_PRISM_WHCR_TABU_H

#include "whcr_coarse.h"

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
    /* Oldest first, so that a later tenure of the same move wins, though it be over already. */
    for (uint32_t i = 0; i < PRISM_RING; ++i) {
      uint64_t e = ring[(s.turn + i) % PRISM_RING];
      uint32_t v = (uint32_t)(e >> 16) & 0xffffu, c = (uint32_t)e & 0xffffu;
      int16_t *cell = s.tabu + (uint64_t)v * s.w.stride + c;
      uint32_t until = (uint32_t)(e >> 32);
      if (*cell != PRISM_NEVER)
        *cell = until > s.clock ? (int16_t)(until - s.clock / PRISM_EPOCH * PRISM_EPOCH) : 0;
    }
  }
  aatgs_sync(t);
}

/* Conflicts that the best admissible move of v adds (less than 0: takes away), INT16_MAX or so
 * when there is none. A tabu move is admissible when it takes away more than `room`, which makes
 * a new best. */
AATGS_FN int32_t prism_tabu_delta(const prism_whcr_state *s, uint32_t v, int32_t own, int32_t room,
                                  int16_t now, uint32_t columns)
{
  const int16_t *row = s->w.gamma + (uint64_t)v * s->w.stride;
  const int16_t *tabu = s->tabu + (uint64_t)v * s->w.stride;
  int32_t delta = prism_row_least_free(row, tabu, now, columns) - own;
  if (own > room) {
    int32_t any = prism_row_least_free(row, tabu, PRISM_NEVER - 1, columns) - own;
    delta = any < -room && any < delta ? any : delta;
  }
  return delta;
}

/* Of the admissible moves of v that add `delta`, the one that comes first by `salt`: its key, see
 * prism_tabu_choose(). */
AATGS_FN uint64_t prism_tabu_pick(const prism_whcr_state *s, uint32_t v, int32_t delta,
                                  int32_t room, int16_t now, uint32_t salt)
{
  const int16_t *row = s->w.gamma + (uint64_t)v * s->w.stride;
  const int16_t *tabu = s->tabu + (uint64_t)v * s->w.stride;
  int16_t wanted = (int16_t)((int32_t)s->w.own[v] + delta);
  uint32_t columns = prism_columns(&s->w);
  int16_t latest = delta < -room ? PRISM_NEVER - 1 : now;
  uint64_t best = UINT64_MAX, high = (uint64_t)(uint32_t)(delta + 32768) << 48;
  for (uint32_t c = 0; c < columns; c += 8) {
    uint32_t bits = prism_row_match(row, tabu, latest, wanted, c);
    while (bits) {
      uint32_t color = c + prism_next_bit(&bits);
      uint64_t key = high | (uint64_t)(prism_tie(salt, v, color) >> 12) << 28 | v << 14 | color;
      best = key < best ? key : best;
    }
  }
  return best;
}

/* The best admissible move of all vertices in conflict (that have no colour): what it adds, 16
 * bits, a tie, 20, vertex and colour, 14 each; a minimum over lanes and so the same for any number
 * of them. UINT64_MAX: there is none. */
AATGS_FN uint64_t prism_tabu_choose(const aatgs_task *t, const prism_whcr_state *s, int32_t room,
                                    uint32_t salt)
{
  uint32_t *list = s->scratch + t->lane; /* vertices with the least delta, lane by lane */
  uint32_t columns = prism_columns(&s->w), count = 0;
  int16_t now = (int16_t)(s->clock % PRISM_EPOCH);
  int32_t least = PRISM_PAD / 2;
  uint64_t best = UINT64_MAX;
  aatgs_lane_for(t, group, PRISM_OWN_STRIDE(s->w.n) / PRISM_GROUP)
  {
    uint32_t bits = prism_in_conflict(s->w.own, group * PRISM_GROUP);
    while (bits) {
      uint32_t v = group * PRISM_GROUP + prism_next_bit(&bits);
      int32_t d = prism_tabu_delta(s, v, s->w.own[v], room, now, columns);
      if (d > least)
        continue;
      count = d < least ? 0 : count;
      least = d;
      list[t->lanes * count++] = v;
    }
  }
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t key = prism_tabu_pick(s, list[t->lanes * i], least, room, now, salt);
    best = key < best ? key : best;
  }
  return aatgs_reduce_min_u64(t, best);
}

AATGS_FN int32_t prism_key_delta(uint64_t key)
{
  return (int32_t)(key >> 48) - 32768;
}

AATGS_FN uint32_t prism_key_vertex(uint64_t key)
{
  return (uint32_t)(key >> 14) & 0x3fffu;
}

AATGS_FN uint32_t prism_key_color(uint64_t key)
{
  return (uint32_t)key & 0x3fffu;
}

/* One tick of the clock. */
AATGS_FN void prism_tabu_tick(const aatgs_task *t, prism_whcr_state *s)
{
  if (++s->clock % PRISM_EPOCH == 0)
    prism_tabu_epoch(t, s);
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

/* v has lost colour c and may not have it again for a while. Returns whether a tenure that was not
 * over fell out of the ring. Every lane; the caller synchronizes. */
AATGS_FN int prism_tabu_forbid(aatgs_task *t, prism_whcr_state *s, uint32_t v, uint32_t c,
                               uint32_t tenure)
{
  uint64_t slot = (uint64_t)s->individual * PRISM_RING + s->turn % PRISM_RING;
  uint64_t old = aatgs_region_ptr(t, PRISM_WHCR_RING, const uint64_t)[slot];
  aatgs_sync(t);
  aatgs_one_lane(t)
  {
    s->tabu[(uint64_t)v * s->w.stride + c] = (int16_t)(s->clock % PRISM_EPOCH + tenure);
    aatgs_put_u64(t, PRISM_WHCR_RING, slot, (uint64_t)(s->clock + tenure) << 32 | v << 16 | c);
  }
  ++s->turn;
  return (uint32_t)(old >> 32) > s->clock;
}

#endif
