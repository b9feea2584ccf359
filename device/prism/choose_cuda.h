/* The choice of a tabu move for a worker that is a thread block: it goes over all entries of the
 * vertices in conflict, two vertices a lane. Included by whcr_tabu.h. */
#ifndef AATGS_PRISM_CHOOSE_CUDA_H
#define AATGS_PRISM_CHOOSE_CUDA_H

/* The key of v's best move, without its colour. `low` is the least of its entries, `deep` the least
 * count in one. */
AATGS_FN uint64_t prism_tabu_offer(uint32_t v, uint32_t own, uint32_t low, uint32_t deep,
                                   int32_t room, uint32_t salt)
{
  const int32_t bold = (int32_t)deep - (int32_t)own, plain = (int32_t)low - (int32_t)own;
  const int32_t delta = bold < -room ? bold : plain;
  return !own || delta >= PRISM_FAR ? UINT64_MAX : prism_key(delta, prism_draw(salt, v), 0);
}

/* The key of the best move of this lane's vertices, without its colour. */
AATGS_FN uint64_t prism_tabu_best(const aatgs_task *t, const prism_whcr_state *s, int32_t room,
                                  uint32_t salt)
{
  const uint32_t *own = (const uint32_t *)(const void *)s->w.own;
  const uint32_t columns = prism_columns(&s->w), row = s->w.down / 2;
  uint64_t best = UINT64_MAX;
  aatgs_lane_for(t, pair, row)
  {
    const uint32_t mine = own[pair], *entry = prism_pair(&s->w, 0, pair);
    uint32_t low = 0x7fff7fffu, deep = 0x7fff7fffu;
    if (!mine)
      continue;
    for (uint32_t c = 0; c < columns; c += 8, entry += 8 * row) {
#pragma unroll
      for (uint32_t i = 0; i < 8; ++i) {
        const uint32_t x = entry[i * row];
        low = __vmins2(low, x);
        deep = __vmins2(deep, x & (uint32_t)PRISM_CLASHES * 0x10001u);
      }
    }
    const uint64_t first =
        prism_tabu_offer(2 * pair, mine & 0xffffu, low & 0xffffu, deep & 0xffffu, room, salt);
    const uint64_t second =
        prism_tabu_offer(2 * pair + 1, mine >> 16, low >> 16, deep >> 16, room, salt);
    best = first < best ? first : best;
    best = second < best ? second : best;
  }
  return best;
}

/* The colour of the move that `key` names but for that. Each warp finds it for itself. */
AATGS_FN uint32_t prism_tabu_pick(const aatgs_task *t, const prism_whcr_state *s, uint64_t key,
                                  int32_t room, uint32_t salt)
{
  const uint32_t v = prism_key_vertex(key);
  const int32_t delta = prism_key_delta(key), own = s->w.own[v];
  const int16_t mask = delta < -room ? PRISM_CLASHES : (int16_t)-1;
  uint32_t first = UINT32_MAX, color = UINT32_MAX;
  for (uint32_t c = t->lane % 32; c < s->w.k; c += 32) {
    const uint32_t tie = prism_tie(salt, v, c);
    if ((*prism_entry(&s->w, v, c) & mask) - own == delta && tie <= first) {
      first = tie;
      color = c;
    }
  }
  const uint32_t least = __reduce_min_sync(~0u, first);
  const uint32_t who = __ballot_sync(~0u, first == least && color != UINT32_MAX);
  return __shfl_sync(~0u, color, __ffs((int)who) - 1);
}

/* The key of the best admissible move, see whcr_tabu.h. */
AATGS_FN uint64_t prism_tabu_choose(const aatgs_task *t, const prism_whcr_state *s, int32_t room,
                                    uint32_t salt)
{
  __shared__ uint64_t offer[32];
  const uint64_t mine = aatgs_warp_min_u64(prism_tabu_best(t, s, room, salt));
  if (t->lane % 32 == 0)
    offer[t->lane / 32] = mine;
  aatgs_sync(t);
  const uint64_t key =
      aatgs_warp_min_u64(t->lane % 32 < t->lanes / 32 ? offer[t->lane % 32] : UINT64_MAX);
  return key == UINT64_MAX ? key : key | prism_tabu_pick(t, s, key, room, salt);
}

#endif
