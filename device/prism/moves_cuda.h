/* What a move changes in the tables of others, for a worker that is a thread block: a lane has two
 * vertices side by side, a warp 64, for which a word of the bit matrix says who is a neighbour.
 * The bounds of choose_cpu.h stay 0, which always holds. Included by search.h. */
#ifndef AATGS_PRISM_MOVES_CUDA_H
#define AATGS_PRISM_MOVES_CUDA_H

/* Two numbers of a row, of vertices 2 pair and 2 pair + 1. */
AATGS_FN uint32_t *prism_pair(const prism_view *w, uint32_t c, uint32_t pair)
{
  return (uint32_t *)(void *)(w->gamma + (uint64_t)c * w->down) + pair;
}

/* Bits 0 and 1: whether they are neighbours of v. */
AATGS_FN uint32_t prism_pair_near(const prism_view *w, uint32_t v, uint32_t pair)
{
  return (uint32_t)(w->matrix[(uint64_t)v * w->words + pair / 32] >> 2 * (pair % 32)) & 3u;
}

/* One for each of the bits. */
AATGS_FN uint32_t prism_pair_ones(uint32_t bits)
{
  return (bits & 1u) | (bits & 2u) << 15;
}

/* Bits 0 and 1: whether they have colour c. */
AATGS_FN uint32_t prism_pair_has(const uint32_t color[2], uint32_t c)
{
  return (color[0] == c ? 1u : 0u) | (color[1] == c ? 2u : 0u);
}

/* v goes from colour a to b in a whole colouring. Every lane; the caller synchronizes before and
 * after, and settles v. All is read before anything is written, so that no read waits for
 * another. */
AATGS_FN void prism_move_tables(const aatgs_task *t, const prism_view *w, uint32_t v, uint32_t a,
                                uint32_t b)
{
  aatgs_lane_for(t, pair, (w->n + 1) / 2)
  {
    uint32_t *from = prism_pair(w, a, pair), *to = prism_pair(w, b, pair);
    uint32_t *own = (uint32_t *)(void *)w->own + pair;
    const uint32_t bits = prism_pair_near(w, v, pair), last = 2 * pair + 1 < w->n;
    const uint32_t color[2] = {w->color[2 * pair], w->color[2 * pair + last]};
    const uint32_t less = *from, more = *to, mine = *own, ones = prism_pair_ones(bits);
    if (!bits)
      continue;
    *from = less - ones;
    *to = more + ones;
    *own = mine + prism_pair_ones(bits & prism_pair_has(color, b)) -
           prism_pair_ones(bits & prism_pair_has(color, a));
  }
}

/* Lists the neighbours of v that have colour c, ascending; returns how many they are, to every
 * lane. Whole warps call it; the caller synchronizes before the list is read. */
AATGS_FN uint32_t prism_partial_list(const aatgs_task *t, const prism_view *w, uint32_t v,
                                     uint32_t c, uint32_t *list)
{
  const uint64_t *near = w->matrix + (uint64_t)v * w->words;
  const uint64_t *members = w->members + (uint64_t)c * w->words;
  uint32_t out = 0;
  for (uint32_t base = 0; base < w->words; base += 32) {
    const uint32_t i = base + t->lane % 32;
    const uint64_t mine = i < w->words ? near[i] & members[i] : 0;
    uint32_t some = __ballot_sync(0xffffffffu, mine != 0);
    for (; some; some &= some - 1) {
      const uint32_t from = (uint32_t)__ffs((int)some) - 1;
      uint64_t met = __shfl_sync(0xffffffffu, mine, (int)from);
      for (; met; ++out) {
        const uint32_t u = (base + from) * 64 + prism_next_bit(&met);
        aatgs_one_lane(t) list[out] = u;
      }
    }
  }
  return out;
}

#define PRISM_PAIRS 4u /* that a lane has in hand: all are read before one is written */

/* v gets colour c, the `out` vertices listed lose it. Every lane; the caller synchronizes before
 * and after, and settles them. */
AATGS_FN void prism_partial_tables(const aatgs_task *t, const prism_view *w, uint32_t v, uint32_t c,
                                   const uint32_t *list, uint32_t out)
{
  const uint32_t pairs = w->down / 2;
  uint32_t old[PRISM_PAIRS], sum[PRISM_PAIRS];
  for (uint32_t first = t->lane; first < pairs; first += PRISM_PAIRS * t->lanes) {
    uint32_t weight = w->weight[v];
#pragma unroll
    for (uint32_t i = 0; i < PRISM_PAIRS; ++i) {
      const uint32_t pair = first + i * t->lanes;
      old[i] = pair < pairs ? *prism_pair(w, c, pair) : 0;
      sum[i] = pair < pairs ? prism_pair_ones(prism_pair_near(w, v, pair)) * weight : 0;
    }
    for (uint32_t k = 0; k < out; ++k) {
      const uint32_t u = list[k];
      weight = w->weight[u];
#pragma unroll
      for (uint32_t i = 0; i < PRISM_PAIRS; ++i) {
        const uint32_t pair = first + i * t->lanes;
        if (pair < pairs)
          sum[i] = __vsub2(sum[i], prism_pair_ones(prism_pair_near(w, u, pair)) * weight);
      }
    }
#pragma unroll
    for (uint32_t i = 0; i < PRISM_PAIRS; ++i)
      if (sum[i])
        *prism_pair(w, c, first + i * t->lanes) = __vadd2(old[i], sum[i]);
  }
}

#endif
