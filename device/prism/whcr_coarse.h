/* The coarse levels of WhcrKernel: an individual's state, crossover of whole
 * classes, and groups that move as one. */
#ifndef AATGS_PRISM_WHCR_COARSE_H
#define AATGS_PRISM_WHCR_COARSE_H

#include "search.h"

#define PRISM_DRAWS_COARSE (UINT64_C(1) << 40) /* first random index of the coarse steps */

typedef struct prism_whcr_state {
  prism_view w;
  const uint64_t *ring;
  uint16_t *due;
  uint32_t *scratch;
  uint32_t individual;
  uint32_t head;
  uint32_t conflicts; /* of a partial colouring: vertices without a colour */
  uint32_t clock;
  uint32_t turn; /* entries of the ring so far */
} prism_whcr_state;

AATGS_FN uint32_t prism_whcr_head(uint32_t individual)
{
  return individual * PRISM_WHCR_WORDS;
}

/* First word of the island that the individual belongs to. */
AATGS_FN uint32_t prism_island(const aatgs_task *t, uint32_t individual)
{
  return PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS) * PRISM_WHCR_WORDS +
         individual / 2 * PRISM_ISLAND_WORDS;
}

/* What an island does, so that different graphs find an island that suits them. */
enum prism_island_kind {
  PRISM_ISLAND_PLAIN = 0, /* tenures as the config says */
  PRISM_ISLAND_PARTIAL,   /* partial colourings, no crossover: whcr_partial.h */
  PRISM_ISLAND_COOL,      /* the same, annealed, several by each individual: whcr_cool.h */
  PRISM_ISLAND_SHORT,     /* shorter ones, longer generations: graphs with a hidden colouring */
  PRISM_ISLAND_KINDS
};

/* The kinds take turns. */
AATGS_FN uint32_t prism_island_kind_of(uint32_t individual)
{
  return individual / 2 % PRISM_ISLAND_KINDS;
}

/* Whether the individual works on partial colourings. */
AATGS_FN int prism_island_partial(uint32_t individual)
{
  uint32_t kind = prism_island_kind_of(individual);
  return kind == PRISM_ISLAND_PARTIAL || kind == PRISM_ISLAND_COOL;
}

/* Number of a cooling individual's chain among all searches: those of the individuals come first.
 */
AATGS_FN uint32_t prism_chain_number(const aatgs_task *t, uint32_t individual, uint32_t chain)
{
  const uint32_t cooling = individual / (2 * PRISM_ISLAND_KINDS) * 2 + individual % 2;
  return PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS) +
         cooling * PRISM_GET(t, PRISM_INFO, PRISM_CHAINS) + chain;
}

/* The individual that search `number` belongs to. */
AATGS_FN uint32_t prism_searcher(const aatgs_task *t, uint32_t number)
{
  const uint32_t individuals = PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS);
  if (number < individuals)
    return number;
  const uint32_t cooling = (number - individuals) / PRISM_GET(t, PRISM_INFO, PRISM_CHAINS);
  return 2 * (cooling / 2 * PRISM_ISLAND_KINDS + PRISM_ISLAND_COOL) + cooling % 2;
}

/* Element of PRISM_WHCR_COLORS where a slot starts. */
AATGS_FN uint64_t prism_whcr_slot(const aatgs_task *t, uint32_t individual, uint32_t slot)
{
  return ((uint64_t)individual * PRISM_WHCR_SLOTS + slot) * PRISM_GET(t, PRISM_INFO, PRISM_N);
}

/* Tabu moves of an iteration. */
AATGS_FN uint32_t prism_whcr_budget(const aatgs_task *t, const uint32_t *tables)
{
  uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N);
  return tables[PRISM_T_SWEEPS] * (n < 16 ? 1 : n / 16);
}

/* Search `number`, see prism_chain_number(). */
AATGS_FN prism_whcr_state prism_whcr_state_of(const aatgs_task *t, uint32_t number)
{
  prism_whcr_state s;
  const uint64_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), round = PRISM_ROUND(n);
  const uint64_t stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  const uint32_t individuals = PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS);
  uint64_t colors = prism_whcr_slot(t, number, PRISM_SLOT_CURRENT);
  s.individual = prism_searcher(t, number);
  s.head = prism_whcr_head(number);
  if (number >= individuals) {
    colors = prism_whcr_slot(t, individuals, 0) + (number - individuals) * n;
    s.head += individuals / 2 * PRISM_ISLAND_WORDS;
  }
  s.w = prism_view_of(t, PRISM_WHCR_COLORS, colors, PRISM_WHCR_GAMMA, number * stride * round,
                      PRISM_GET(t, PRISM_WHCR, s.head + PRISM_H_K));
  s.w.across = 1;
  s.w.down = (uint32_t)round;
  s.w.own = aatgs_region_ptr(t, PRISM_WHCR_OWN, uint16_t) + number * round;
  s.w.low = aatgs_region_ptr(t, PRISM_WHCR_LOW, int16_t) + number * 2 * round;
  s.w.deep = s.w.low + round;
  s.w.members = aatgs_region_ptr(t, PRISM_WHCR_MEMBERS, uint64_t) + number * stride * s.w.words;
  s.scratch =
      aatgs_region_ptr(t, PRISM_WHCR_SCRATCH, uint32_t) + number * PRISM_SCRATCH_WORDS(n, stride);
  /* Only of individuals. */
  s.ring = aatgs_region_ptr(t, PRISM_WHCR_RING, const uint64_t) + (uint64_t)number * PRISM_RING;
  s.due = aatgs_region_ptr(t, PRISM_WHCR_DUE, uint16_t) + (uint64_t)number * 2 * PRISM_RING;
  s.conflicts = PRISM_GET(t, PRISM_WHCR, s.head + PRISM_H_CONFLICTS);
  s.clock = PRISM_GET(t, PRISM_WHCR, s.head + PRISM_W_CLOCK);
  s.turn = PRISM_GET(t, PRISM_WHCR, s.head + PRISM_W_TURN);
  if (prism_island_partial(s.individual))
    s.w.weight = aatgs_region_ptr(t, PRISM_WHCR_COLORS, const uint16_t) +
                 prism_whcr_slot(t, s.individual, PRISM_SLOT_WEIGHT);
  return s;
}

/* Sizes of both parents' classes, and how many of a class's vertices are in conflict. */
AATGS_FN void prism_class_counts(aatgs_task *t, const prism_whcr_state *s, const uint16_t *parent,
                                 uint32_t *size, uint32_t *stressed, uint32_t belief)
{
  const prism_view *w = &s->w;
  aatgs_lane_for(t, c, w->stride)
  {
    size[c] = 0;
    stressed[c] = 0;
  }
  aatgs_sync(t);
  aatgs_lane_for(t, v, w->n)
  {
    uint32_t c = parent[v], clash = 0;
    aatgs_add_u32(size + c, 1);
    for (uint32_t e = w->rows[v]; belief && e < w->rows[v + 1] && !clash; ++e)
      clash = parent[w->adj[e]] == c;
    if (clash)
      aatgs_add_u32(stressed + c, 1);
  }
  aatgs_sync(t);
}

/* Hands k classes on, from the parents in turn: each time the class with the most vertices that
 * are still free, less belief_weight for each of them in conflict. child[v] is UINT32_MAX where v
 * is left over; returns how many are. */
AATGS_FN uint32_t prism_hand_on(aatgs_task *t, const prism_whcr_state *s,
                                const uint16_t *const parent[2], uint32_t *child)
{
  uint32_t belief = PRISM_GET(t, PRISM_TABLES, PRISM_T_BELIEF);
  uint32_t stride = s->w.stride, left = 0;
  uint32_t *size = s->scratch, *stressed = s->scratch + 2 * stride;
  for (uint32_t side = 0; side < 2; ++side)
    prism_class_counts(t, s, parent[side], size + side * stride, stressed + side * stride, belief);
  aatgs_lane_for(t, v, s->w.n) child[v] = UINT32_MAX;
  aatgs_sync(t);
  for (uint32_t c = 0; c < s->w.k; ++c) {
    uint32_t side = c % 2, class_of;
    uint64_t best = 0;
    aatgs_lane_for(t, i, stride)
    {
      uint64_t worth = (uint64_t)size[side * stride + i] << 8;
      uint64_t cost = (uint64_t)stressed[side * stride + i] * belief;
      uint64_t key = (worth > cost ? worth - cost : 0) << 16 | (stride - 1 - i);
      best = key > best ? key : best;
    }
    best = aatgs_reduce_max_u64(t, best);
    class_of = stride - 1 - (uint32_t)(best & 0xffffu);
    aatgs_lane_for(t, v, s->w.n)
    {
      if (child[v] == UINT32_MAX && parent[side][v] == class_of) {
        child[v] = c;
        aatgs_add_u32(size + parent[0][v], UINT32_MAX); /* one less */
        aatgs_add_u32(size + stride + parent[1][v], UINT32_MAX);
      }
    }
    aatgs_sync(t);
  }
  aatgs_lane_for(t, v, s->w.n) left += child[v] == UINT32_MAX;
  return aatgs_reduce_add_u32(t, left);
}

/* Rebuilds the individual from whole classes of its own parent and its mate's. Where the two
 * have become one, the odd individual is scattered. */
AATGS_FN void prism_crossover(aatgs_task *t, prism_whcr_state *s)
{
  const uint16_t *colors = aatgs_region_ptr(t, PRISM_WHCR_COLORS, const uint16_t);
  uint32_t *child = s->scratch + 6 * s->w.stride, left;
  const uint16_t *parent[2];
  int scatter;
  if (prism_config_flags(t) & PRISM_NO_CROSSOVER)
    return;
  parent[0] = colors + prism_whcr_slot(t, s->individual, PRISM_SLOT_PARENT);
  parent[1] = colors + prism_whcr_slot(t, s->individual ^ 1u, PRISM_SLOT_PARENT);
  left = prism_hand_on(t, s, parent, child);
  scatter = left == 0 && s->individual % 2;
  aatgs_lane_for(t, v, s->w.n)
  {
    uint64_t r = aatgs_random_u64(t, PRISM_DRAWS_COARSE + v);
    uint32_t c = child[v];
    if (c == UINT32_MAX || (scatter && (r & 1)))
      c = (uint32_t)((r >> 32) * s->w.k >> 32);
    aatgs_put_u16(t, s->w.region, s->w.at + v, (uint16_t)c);
  }
  aatgs_sync(t);
  s->conflicts = prism_tabulate(t, &s->w);
}

/* Vertices sorted by (own colour, mate's colour): those that both individuals put together stand
 * side by side. Two stable counting sorts by one lane. */
AATGS_FN void prism_sort_blocks(aatgs_task *t, const prism_whcr_state *s, const uint16_t *mate,
                                uint32_t *order)
{
  uint32_t n = s->w.n, stride = s->w.stride;
  uint32_t *start = s->scratch, *half = order + n;
  aatgs_one_lane(t)
  {
    for (uint32_t pass = 0; pass < 2; ++pass) {
      const uint16_t *key = pass ? s->w.color : mate;
      uint32_t sum = 0;
      for (uint32_t c = 0; c < stride; ++c)
        start[c] = 0;
      for (uint32_t v = 0; v < n; ++v)
        ++start[key[v]];
      for (uint32_t c = 0; c < stride; ++c) {
        uint32_t size = start[c];
        start[c] = sum;
        sum += size;
      }
      for (uint32_t i = 0; i < n; ++i) {
        uint32_t v = pass ? half[i] : i;
        (pass ? order : half)[start[key[v]]++] = v;
      }
    }
  }
  aatgs_sync(t);
}

/* Moves members[0..count-1], all of one colour, to the colour where they conflict least together,
 * if that times restriction_weight is less than what they have now. */
AATGS_FN void prism_move_group(aatgs_task *t, prism_whcr_state *s, const uint32_t *members,
                               uint32_t count, uint64_t draw)
{
  const prism_view *w = &s->w;
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  uint32_t from = w->color[members[0]], stress = 0, to;
  uint64_t best = UINT64_MAX, r = aatgs_random_u64(t, draw);
  for (uint32_t i = 0; i < count; ++i)
    stress += w->own[members[i]];
  if (stress == 0 || (uint32_t)r > tables[PRISM_T_PROLONG])
    return;
  aatgs_lane_for(t, c, w->k)
  {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; ++i)
      sum += prism_count(w, members[i], c);
    sum = sum << 32 | (prism_tie((uint32_t)(r >> 32), members[0], c) >> 16) << 16 | c;
    if (c != from && sum < best)
      best = sum;
  }
  best = aatgs_reduce_min_u64(t, best);
  to = (uint32_t)best & 0xffffu;
  if (best == UINT64_MAX || (best >> 32) * tables[PRISM_T_RESTRICT] >= (uint64_t)stress << 8)
    return;
  for (uint32_t i = 0; i < count; ++i) {
    int32_t delta = prism_delta(w, members[i], to);
    aatgs_sync(t);
    prism_move(t, w, members[i], to);
    s->conflicts = (uint32_t)((int32_t)s->conflicts + delta);
  }
}

/* Group moves from the coarsest level down. */
AATGS_FN void prism_correct_groups(aatgs_task *t, prism_whcr_state *s)
{
  const uint16_t *colors = aatgs_region_ptr(t, PRISM_WHCR_COLORS, const uint16_t);
  const uint16_t *mate = colors + prism_whcr_slot(t, s->individual ^ 1u, PRISM_SLOT_PARENT);
  uint32_t ratio = PRISM_GET(t, PRISM_TABLES, PRISM_T_RATIO);
  uint32_t levels = PRISM_GET(t, PRISM_TABLES, PRISM_T_LEVELS);
  uint32_t *order = s->scratch + 6 * s->w.stride;
  for (uint32_t level = levels; level > 0; --level) {
    uint64_t group = 256;
    for (uint32_t i = 0; i < level && group < 256u * 65536u; ++i)
      group = group * ratio >> 8;
    group >>= 8;
    prism_sort_blocks(t, s, mate, order);
    for (uint32_t i = 0, end; i < s->w.n; i = end) {
      uint32_t class_of = s->w.color[order[i]], block = mate[order[i]];
      for (end = i + 1; end < s->w.n && end - i < group; ++end)
        if (s->w.color[order[end]] != class_of || mate[order[end]] != block)
          break;
      if (end - i > 1)
        prism_move_group(t, s, order + i, end - i, PRISM_DRAWS_COARSE * (1 + level) + i);
    }
    aatgs_sync(t);
  }
}

#endif
