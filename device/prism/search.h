/* What the colouring solvers share: a colouring with its conflict table, moves
 * on it, recounts, and taking a colour class away.
 *
 * gamma[v][c] is the number of neighbours of v that have colour c (the
 * incremental table of TabuCol: Hertz and de Werra 1987; Fleurent and Ferland
 * 1996), PRISM_PAD for colours that are not in use. A tabu search holds entries
 * (PRISM_HELD); a tabulation lets go of them. */
#ifndef AATGS_PRISM_SEARCH_H
#define AATGS_PRISM_SEARCH_H

#include "columns.h"
#include "fixed.h"
#include "state.h"

typedef struct prism_view {
  const uint32_t *rows;
  const uint16_t *adj;
  uint16_t *color;
  int16_t *gamma;
  uint16_t *own; /* gamma[v][color[v]] of every v, or NULL where nobody needs it */
  /* With own: at most the least entry of each vertex, what is held and all; at most the least
   * count in one. */
  int16_t *low, *deep;
  uint64_t *members;      /* with own: bit v of row c, `words` long: v has colour c */
  const uint64_t *matrix; /* bit u of row v, `words` long: they are neighbours */
  const int16_t *near;    /* the same, a number each, `down` long; NULL on large graphs */
  uint64_t at;            /* element of color[0] in its region */
  uint32_t region;        /* of color */
  uint32_t n;
  uint32_t stride;
  uint32_t words;
  uint32_t across, down; /* in gamma, from a vertex, a colour to the next */
  uint32_t k;            /* colours in use: 0..k-1 */
  /* Of a partial colouring what each vertex counts, NULL in a whole one, where each counts 1.
   * Vertices of colour k have none yet; own[v] is their weight, and 0 for the others. */
  const uint16_t *weight;
} prism_view;

/* The colouring at element `at` of a region, with the table at element `table_at` of another. */
AATGS_FN prism_view prism_view_of(const aatgs_task *t, uint32_t region, uint64_t at,
                                  uint32_t table_region, uint64_t table_at, uint32_t k)
{
  prism_view w;
  w.rows = aatgs_region_ptr(t, PRISM_ROWS, const uint32_t);
  w.adj = aatgs_region_ptr(t, PRISM_ADJ, const uint16_t);
  w.color = aatgs_region_ptr(t, region, uint16_t) + at;
  w.gamma = aatgs_region_ptr(t, table_region, int16_t) + table_at;
  w.own = NULL;
  w.low = w.deep = NULL;
  w.members = NULL;
  w.matrix = aatgs_region_ptr(t, PRISM_MATRIX, const uint64_t);
  w.near = t->region_bytes[PRISM_NEAR] ? aatgs_region_ptr(t, PRISM_NEAR, const int16_t) : NULL;
  w.at = at;
  w.region = region;
  w.n = PRISM_GET(t, PRISM_INFO, PRISM_N);
  w.stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  w.words = PRISM_WORDS(w.n);
  w.across = w.stride;
  w.down = 1;
  w.k = k;
  w.weight = NULL;
  return w;
}

/* Columns of a row that a scan looks at. */
AATGS_FN uint32_t prism_columns(const prism_view *w)
{
  return (w->k + 7u) & ~7u;
}

/* One lane writes a word of a header region. */
AATGS_FN void prism_put(aatgs_task *t, uint32_t region, uint64_t word, uint32_t value)
{
  aatgs_one_lane(t) aatgs_put_u32(t, region, word, value);
}

/* The entry of gamma for v and colour c. */
AATGS_FN int16_t *prism_entry(const prism_view *w, uint32_t v, uint32_t c)
{
  return w->gamma + (uint64_t)v * w->across + (uint64_t)c * w->down;
}

/* What v counts in the table. */
AATGS_FN uint16_t prism_weight(const prism_view *w, uint32_t v)
{
  return w->weight ? w->weight[v] : 1;
}

/* Neighbours of v that have colour c, in a partial colouring their weights together. */
AATGS_FN uint16_t prism_count(const prism_view *w, uint32_t v, uint32_t c)
{
  return (uint16_t)(*prism_entry(w, v, c) & PRISM_CLASHES);
}

/* A cheap 32-bit mix, to break ties between candidates. */
AATGS_FN uint32_t prism_tie(uint32_t salt, uint32_t a, uint32_t b)
{
  uint32_t h = (a << 16 | b) ^ salt;
  h *= 0x9e3779b1u;
  h ^= h >> 15;
  h *= 0x85ebca77u;
  return h ^ h >> 13;
}

#if defined(__CUDACC__)
#include "moves_cuda.h"
#else
#include "moves_cpu.h"
#endif

/* v has colour b now, not a, and `own` conflicts: what that changes for v alone. One lane. */
AATGS_FN void prism_settle(aatgs_task *t, const prism_view *w, uint32_t v, uint32_t a, uint32_t b,
                           uint16_t own)
{
  const uint64_t bit = UINT64_C(1) << v % 64;
  if (w->own) {
    w->own[v] = own;
    w->members[(uint64_t)a * w->words + v / 64] &= ~bit;
    w->members[(uint64_t)b * w->words + v / 64] |= bit;
  }
  aatgs_put_u16(t, w->region, w->at + v, (uint16_t)b);
}

/* Gives v colour b in a whole colouring and keeps the tables right. Every lane calls it with the
 * same arguments. */
AATGS_FN void prism_move(aatgs_task *t, const prism_view *w, uint32_t v, uint32_t b)
{
  const uint32_t a = w->color[v];
  const uint16_t own = prism_count(w, v, b); /* that v moves does not change it */
  aatgs_sync(t);                             /* everyone has read the tables */
  if (w->own) {
    prism_move_tables(t, w, v, a, b);
  } else {
    const uint16_t *adj = w->adj + w->rows[v];
    aatgs_lane_for(t, i, w->rows[v + 1] - w->rows[v])
    {
      int16_t *entry = prism_entry(w, adj[i], a);
      *entry = (int16_t)(*entry - 1);
      entry = prism_entry(w, adj[i], b);
      *entry = (int16_t)(*entry + 1);
    }
  }
  aatgs_sync(t); /* everyone has read the colours */
  aatgs_one_lane(t) prism_settle(t, w, v, a, b, own);
  aatgs_sync(t);
}

/* Conflicts of v with colour c less those with its own. */
AATGS_FN int32_t prism_delta(const prism_view *w, uint32_t v, uint32_t c)
{
  return (int32_t)prism_count(w, v, c) - (int32_t)prism_count(w, v, w->color[v]);
}

/* Bit v of row c, PRISM_WORDS(n) long, says whether v has colour c, for colours below `limit`. The
 * caller synchronizes. */
AATGS_FN void prism_classes_of(const aatgs_task *t, const uint16_t *color, uint32_t limit,
                               uint64_t *classes)
{
  const uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), words = PRISM_WORDS(n);
  aatgs_lane_for(t, i, words)
  {
    for (uint32_t c = 0; c < limit; ++c)
      classes[(uint64_t)c * words + i] = 0;
    for (uint32_t v = 64 * i; v < 64 * (i + 1) && v < n; ++v)
      if (color[v] < limit)
        classes[(uint64_t)color[v] * words + i] |= UINT64_C(1) << v % 64;
  }
}

/* Recomputes gamma (and own and the classes) from the colours; returns the number of conflicts, of
 * a partial colouring the number of vertices without a colour. */
AATGS_FN uint32_t prism_tabulate(const aatgs_task *t, const prism_view *w)
{
  uint32_t twice = 0, own;
  aatgs_lane_for(t, v, w->n)
  {
    for (uint32_t c = 0; c < w->stride; ++c)
      *prism_entry(w, v, c) = c < w->k ? 0 : PRISM_PAD;
    for (uint32_t e = w->rows[v]; e < w->rows[v + 1]; ++e) {
      uint32_t c = w->color[w->adj[e]];
      if (c < w->k)
        *prism_entry(w, v, c) = (int16_t)(*prism_entry(w, v, c) + prism_weight(w, w->adj[e]));
    }
    own = !w->weight ? prism_count(w, v, w->color[v]) : w->color[v] == w->k ? w->weight[v] : 0;
    if (w->own) {
      w->own[v] = (uint16_t)own;
      w->low[v] = w->deep[v] = 0;
    }
    twice += w->weight ? 2 * (w->color[v] == w->k) : own;
  }
  if (w->own)
    prism_classes_of(t, w->color, w->k, w->members);
  twice = aatgs_reduce_add_u32(t, twice);
  aatgs_sync(t);
  return twice / 2;
}

/* Conflicts as the table has them. */
AATGS_FN uint32_t prism_table_conflicts(const aatgs_task *t, const prism_view *w)
{
  uint32_t twice = 0;
  aatgs_lane_for(t, v, w->n) twice += prism_count(w, v, w->color[v]);
  return aatgs_reduce_add_u32(t, twice) / 2;
}

/* Whether what stands beside gamma for v fits it; `mine` is what own[v] should be. */
AATGS_FN uint32_t prism_beside_wrong(const prism_view *w, uint32_t v, uint32_t mine)
{
  uint32_t wrong = w->own[v] != mine;
  int16_t least = INT16_MAX, deepest = INT16_MAX;
  for (uint32_t c = 0; c < w->k; ++c) {
    int16_t entry = *prism_entry(w, v, c), count = entry & PRISM_CLASHES;
    least = entry < least ? entry : least;
    deepest = count < deepest ? count : deepest;
    wrong += (w->members[(uint64_t)c * w->words + v / 64] >> v % 64 & 1) != (w->color[v] == c);
  }
  return wrong + (w->low[v] > least) + (w->deep[v] > deepest);
}

/* Compares the tables with a recount; false: they differ. */
AATGS_FN int prism_tables_hold(const aatgs_task *t, const prism_view *w, uint32_t conflicts)
{
  uint32_t wrong = 0, twice = 0;
  aatgs_lane_for(t, v, w->n)
  {
    uint32_t mine = 0, most = w->weight ? w->k : w->k - 1;
    for (uint32_t c = 0; c < w->stride; ++c) {
      uint32_t count = 0;
      for (uint32_t e = w->rows[v]; e < w->rows[v + 1]; ++e)
        count += w->color[w->adj[e]] == c ? prism_weight(w, w->adj[e]) : 0u;
      wrong += (c < w->k ? count : (uint32_t)(PRISM_PAD & PRISM_CLASHES)) != prism_count(w, v, c);
      if (c == w->color[v])
        mine = count;
      /* The classes of a partial colouring are free of conflicts. */
      wrong += w->weight && c < w->k && c == w->color[v] && count;
    }
    if (w->weight)
      mine = w->color[v] == w->k ? w->weight[v] : 0;
    wrong += w->own ? prism_beside_wrong(w, v, mine) : 0;
    wrong += w->color[v] > most;
    twice += w->weight ? 2 * (mine != 0) : mine;
  }
  wrong = aatgs_reduce_add_u32(t, wrong);
  twice = aatgs_reduce_add_u32(t, twice);
  return wrong == 0 && twice == 2 * conflicts;
}

/* Conflicts of a colouring, counted from the edges or, where that is less work, from the classes,
 * which are left in `classes`. Returns UINT32_MAX when a vertex has a colour outside 0..limit-1;
 * *colors is the number of colours in use. */
AATGS_FN uint32_t prism_recount(const aatgs_task *t, const uint16_t *color, uint32_t limit,
                                uint64_t *classes, uint32_t *colors)
{
  const uint64_t *matrix = aatgs_region_ptr(t, PRISM_MATRIX, const uint64_t);
  const uint32_t *rows = aatgs_region_ptr(t, PRISM_ROWS, const uint32_t);
  const uint16_t *adj = aatgs_region_ptr(t, PRISM_ADJ, const uint16_t);
  const uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), words = PRISM_WORDS(n);
  const int by_classes = (uint64_t)n * words < 2 * (uint64_t)PRISM_GET(t, PRISM_INFO, PRISM_EDGES);
  uint32_t twice = 0, used = 0, wrong = 0;
  aatgs_lane_for(t, v, n) wrong += color[v] >= limit;
  wrong = aatgs_reduce_add_u32(t, wrong);
  if (wrong)
    return UINT32_MAX;
  prism_classes_of(t, color, limit, classes);
  aatgs_sync(t);
  aatgs_lane_for(t, c, limit)
  {
    uint64_t any = 0;
    for (uint32_t i = 0; i < words; ++i)
      any |= classes[(uint64_t)c * words + i];
    used += any != 0;
  }
  aatgs_lane_for(t, v, n)
  {
    if (by_classes)
      for (uint32_t i = 0; i < words; ++i)
        twice +=
            prism_bits(matrix[(uint64_t)v * words + i] & classes[(uint64_t)color[v] * words + i]);
    else
      for (uint32_t e = rows[v]; e < rows[v + 1]; ++e)
        twice += color[adj[e]] == color[v];
  }
  *colors = aatgs_reduce_add_u32(t, used);
  twice = aatgs_reduce_add_u32(t, twice);
  aatgs_sync(t);
  return twice / 2;
}

/* Copies a colouring between slots of primary regions. */
AATGS_FN void prism_copy(aatgs_task *t, uint32_t region, uint64_t at, const uint16_t *from)
{
  uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N);
  aatgs_lane_for(t, v, n) aatgs_put_u16(t, region, at + v, from[v]);
}

/* Recolours vertices at random, each with probability transition_sensitivity, one in conflict
 * hotspot_multiplier times as likely. */
AATGS_FN void prism_kick(aatgs_task *t, const prism_view *w, uint64_t salt)
{
  const uint32_t *tables = aatgs_region_ptr(t, PRISM_TABLES, const uint32_t);
  aatgs_lane_for(t, v, w->n)
  {
    uint64_t r = aatgs_mix64(salt + (v + 1) * UINT64_C(0x9e3779b97f4a7c15));
    uint64_t chance = tables[PRISM_T_SENSITIVITY];
    if (prism_count(w, v, w->color[v]) > 0)
      chance = chance * tables[PRISM_T_HOTSPOT] >> 8;
    if ((r & 0xffffffffu) < chance)
      aatgs_put_u16(t, w->region, w->at + v, (uint16_t)((r >> 32) * w->k >> 32));
  }
  aatgs_sync(t);
  prism_tabulate(t, w);
}

/* prism_config.flags of the config in force. */
AATGS_FN uint32_t prism_config_flags(const aatgs_task *t)
{
  return PRISM_GET(t, PRISM_CONTROL, PRISM_CONFIG + offsetof(struct prism_config, flags) / 4);
}

/* Takes colours away until k are left: each time the class `victim` gets the last number and its
 * vertices go where they conflict least, in order, ties by `salt`. Only colours and gamma are kept
 * right. */
AATGS_FN void prism_shrink(aatgs_task *t, prism_view w, uint32_t k, uint64_t salt)
{
  w.own = NULL;
  while (w.k > k) {
    uint32_t last = w.k - 1;
    uint32_t victim = (uint32_t)((aatgs_mix64(salt + w.k) >> 32) * w.k >> 32);
    if (victim != last) {
      aatgs_lane_for(t, v, w.n)
      {
        int16_t count = *prism_entry(&w, v, victim);
        *prism_entry(&w, v, victim) = *prism_entry(&w, v, last);
        *prism_entry(&w, v, last) = count;
        if (w.color[v] == victim)
          aatgs_put_u16(t, w.region, w.at + v, (uint16_t)last);
        else if (w.color[v] == last)
          aatgs_put_u16(t, w.region, w.at + v, (uint16_t)victim);
      }
    }
    aatgs_sync(t);
    w.k = last;
    for (uint32_t v = 0; v < w.n; ++v) {
      uint64_t best = UINT64_MAX;
      if (w.color[v] != last)
        continue;
      aatgs_lane_for(t, c, last)
      {
        uint64_t key = (uint64_t)prism_count(&w, v, c) << 48 |
                       (uint64_t)(prism_tie((uint32_t)salt, v, c) & 0xffffffu) << 16 | c;
        best = key < best ? key : best;
      }
      best = aatgs_reduce_min_u64(t, best);
      prism_move(t, &w, v, (uint32_t)(best & 0xffffu));
    }
    aatgs_lane_for(t, v, w.n) * prism_entry(&w, v, last) = PRISM_PAD;
    aatgs_sync(t);
  }
}

/* Brings a colouring to k colours, fewer or more; returns its conflicts. */
AATGS_FN uint32_t prism_retarget(aatgs_task *t, prism_view *w, uint32_t k, uint64_t salt)
{
  if (w->k > k)
    prism_shrink(t, *w, k, salt);
  w->k = k;
  return prism_tabulate(t, w);
}

#endif
