/* What the colouring solvers share: a colouring with its conflict table, moves
 * on it, recounts, and taking a colour class away.
 *
 * gamma[v][c] is the number of neighbours of v that have colour c (the
 * incremental table of TabuCol: Hertz and de Werra 1987; Fleurent and Ferland
 * 1996), PRISM_PAD for colours that are not in use. */
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
  uint16_t *own;   /* gamma[v][color[v]] of every v, or NULL where nobody needs it */
  uint64_t at;     /* element of color[0] in its region */
  uint32_t region; /* of color */
  uint32_t n;
  uint32_t stride;
  uint32_t k; /* colours in use: 0..k-1 */
  /* Not 0: a partial colouring. Vertices of colour k have none yet; own[v] says which they are. */
  uint32_t partial;
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
  w.at = at;
  w.region = region;
  w.n = PRISM_GET(t, PRISM_INFO, PRISM_N);
  w.stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  w.k = k;
  w.partial = 0;
  return w;
}

/* One lane writes a word of a header region. */
AATGS_FN void prism_put(aatgs_task *t, uint32_t region, uint64_t word, uint32_t value)
{
  aatgs_one_lane(t) aatgs_put_u32(t, region, word, value);
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

/* Gives v colour b and keeps the tables right. Every lane calls it with the same arguments. */
AATGS_FN void prism_move(aatgs_task *t, const prism_view *w, uint32_t v, uint32_t b)
{
  const uint16_t *adj = w->adj + w->rows[v];
  uint32_t degree = w->rows[v + 1] - w->rows[v];
  uint32_t a = w->color[v];
  aatgs_sync(t); /* everyone has read color[v] */
  if (w->partial) {
    /* In or out: one of the two is no colour. */
    uint32_t c = a < w->k ? a : b;
    int16_t step = a < w->k ? -1 : 1;
    aatgs_lane_for(t, i, degree)
    {
      int16_t *row = w->gamma + (uint64_t)adj[i] * w->stride;
      row[c] = (int16_t)(row[c] + step);
    }
  } else if (w->own) {
    aatgs_lane_for(t, i, degree)
    {
      uint32_t u = adj[i];
      int16_t *row = w->gamma + (uint64_t)u * w->stride;
      uint32_t c = w->color[u];
      row[a] = (int16_t)(row[a] - 1);
      row[b] = (int16_t)(row[b] + 1);
      if (c == a)
        --w->own[u];
      if (c == b)
        ++w->own[u];
    }
  } else {
    aatgs_lane_for(t, i, degree)
    {
      int16_t *row = w->gamma + (uint64_t)adj[i] * w->stride;
      row[a] = (int16_t)(row[a] - 1);
      row[b] = (int16_t)(row[b] + 1);
    }
  }
  aatgs_one_lane(t)
  {
    if (w->partial)
      w->own[v] = b == w->k;
    else if (w->own)
      w->own[v] = (uint16_t)w->gamma[(uint64_t)v * w->stride + b];
    aatgs_put_u16(t, w->region, w->at + v, (uint16_t)b);
  }
  aatgs_sync(t);
}

/* Conflicts of v with colour c less those with its own. */
AATGS_FN int32_t prism_delta(const prism_view *w, uint32_t v, uint32_t c)
{
  const int16_t *row = w->gamma + (uint64_t)v * w->stride;
  return (int32_t)row[c] - (int32_t)row[w->color[v]];
}

/* Recomputes gamma (and own) from the colours; returns the number of conflicts, of a partial
 * colouring the number of vertices without a colour. */
AATGS_FN uint32_t prism_tabulate(const aatgs_task *t, const prism_view *w)
{
  uint32_t twice = 0, own;
  aatgs_lane_for(t, v, w->n)
  {
    int16_t *row = w->gamma + (uint64_t)v * w->stride;
    for (uint32_t c = 0; c < w->stride; ++c)
      row[c] = c < w->k ? 0 : PRISM_PAD;
    for (uint32_t e = w->rows[v]; e < w->rows[v + 1]; ++e) {
      uint32_t c = w->color[w->adj[e]];
      if (c < w->k)
        row[c] = (int16_t)(row[c] + 1);
    }
    own = w->partial ? w->color[v] == w->k : (uint32_t)row[w->color[v]];
    if (w->own)
      w->own[v] = (uint16_t)own;
    twice += own;
  }
  twice = aatgs_reduce_add_u32(t, twice);
  aatgs_sync(t);
  return w->partial ? twice : twice / 2;
}

/* Conflicts as the table has them. */
AATGS_FN uint32_t prism_table_conflicts(const aatgs_task *t, const prism_view *w)
{
  uint32_t twice = 0;
  aatgs_lane_for(t, v, w->n) twice += (uint32_t)w->gamma[(uint64_t)v * w->stride + w->color[v]];
  return aatgs_reduce_add_u32(t, twice) / 2;
}

/* Compares the tables with a recount; false: they differ. */
AATGS_FN int prism_tables_hold(const aatgs_task *t, const prism_view *w, uint32_t conflicts)
{
  uint32_t wrong = 0, twice = 0;
  aatgs_lane_for(t, v, w->n)
  {
    const int16_t *row = w->gamma + (uint64_t)v * w->stride;
    uint32_t mine = 0, sum = 0;
    for (uint32_t c = 0; c < w->stride; ++c) {
      uint32_t count = 0;
      for (uint32_t e = w->rows[v]; e < w->rows[v + 1]; ++e)
        count += w->color[w->adj[e]] == c;
      wrong += (c < w->k ? (int32_t)count : PRISM_PAD) != row[c];
      sum += count;
      if (c == w->color[v])
        mine = count;
      /* The classes of a partial colouring are free of conflicts. */
      wrong += w->partial && c < w->k && c == w->color[v] && count;
    }
    if (w->partial)
      mine = w->color[v] == w->k;
    wrong += sum != w->rows[v + 1] - w->rows[v];
    wrong += w->own && w->own[v] != mine;
    wrong += w->color[v] >= w->k + w->partial;
    twice += mine;
  }
  wrong = aatgs_reduce_add_u32(t, wrong);
  twice = aatgs_reduce_add_u32(t, twice);
  return wrong == 0 && twice == (w->partial ? conflicts : 2 * conflicts);
}

/* Conflicts of a colouring, counted from the edges. With the bit matrix only the pairs inside
 * the classes are looked at. `scratch` has stride + 1 + n words. Returns UINT32_MAX when a vertex
 * has a colour outside 0..limit-1; *colors is the number of colours in use. */
AATGS_FN uint32_t prism_recount(aatgs_task *t, const uint16_t *color, uint32_t limit,
                                uint32_t *scratch, uint32_t *colors)
{
  const uint64_t *matrix = aatgs_region_ptr(t, PRISM_MATRIX, const uint64_t);
  const uint32_t *rows = aatgs_region_ptr(t, PRISM_ROWS, const uint32_t);
  const uint16_t *adj = aatgs_region_ptr(t, PRISM_ADJ, const uint16_t);
  uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N);
  uint32_t words = (n + 63) / 64, count = 0, used = 0, wrong = 0;
  uint32_t *start = scratch, *order = scratch + limit + 1;
  int dense = t->region_bytes[PRISM_MATRIX] != 0;

  aatgs_lane_for(t, v, n) wrong += color[v] >= limit;
  wrong = aatgs_reduce_add_u32(t, wrong);
  if (wrong)
    return UINT32_MAX;
  aatgs_one_lane(t)
  {
    uint32_t sum = 0;
    for (uint32_t c = 0; c <= limit; ++c)
      start[c] = 0;
    for (uint32_t v = 0; v < n; ++v)
      ++start[color[v]];
    for (uint32_t c = 0; c <= limit; ++c) {
      uint32_t size = start[c];
      start[c] = sum;
      sum += size;
    }
    for (uint32_t v = 0; v < n; ++v)
      order[start[color[v]]++] = v; /* start[c] ends up as the end of class c */
  }
  aatgs_sync(t);
  aatgs_lane_for(t, c, limit) used += start[c] > (c ? start[c - 1] : 0);
  if (dense) {
    aatgs_lane_for(t, i, n)
    {
      uint32_t v = order[i], c = color[v];
      for (uint32_t j = i + 1; j < start[c]; ++j)
        count += (uint32_t)(matrix[(uint64_t)v * words + order[j] / 64] >> (order[j] % 64)) & 1u;
    }
  } else {
    aatgs_lane_for(t, v, n)
    {
      for (uint32_t e = rows[v]; e < rows[v + 1]; ++e)
        count += adj[e] > v && color[adj[e]] == color[v];
    }
  }
  *colors = aatgs_reduce_add_u32(t, used);
  count = aatgs_reduce_add_u32(t, count);
  aatgs_sync(t);
  return count;
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
    if (w->gamma[(uint64_t)v * w->stride + w->color[v]] > 0)
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

/* Columns of a row that a scan looks at. */
AATGS_FN uint32_t prism_columns(const prism_view *w)
{
  return (w->k + 7u) & ~7u;
}

/* Takes colours away until k are left: each time the class `victim` gets the last number and its
 * vertices go where they conflict least, in order, ties by `salt`. Returns the new view. */
AATGS_FN prism_view prism_shrink(aatgs_task *t, prism_view w, uint32_t k, uint64_t salt)
{
  while (w.k > k) {
    uint32_t last = w.k - 1;
    uint32_t victim = (uint32_t)((aatgs_mix64(salt + w.k) >> 32) * w.k >> 32);
    if (victim != last) {
      aatgs_lane_for(t, v, w.n)
      {
        int16_t *row = w.gamma + (uint64_t)v * w.stride;
        int16_t g = row[victim];
        row[victim] = row[last];
        row[last] = g;
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
        uint64_t key = (uint64_t)(uint16_t)w.gamma[(uint64_t)v * w.stride + c] << 48 |
                       (uint64_t)(prism_tie((uint32_t)salt, v, c) & 0xffffffu) << 16 | c;
        best = key < best ? key : best;
      }
      best = aatgs_reduce_min_u64(t, best);
      prism_move(t, &w, v, (uint32_t)(best & 0xffffu));
    }
    aatgs_lane_for(t, v, w.n) w.gamma[(uint64_t)v * w.stride + last] = PRISM_PAD;
    aatgs_sync(t);
  }
  return w;
}

/* Brings a colouring to k colours, fewer or more; returns its conflicts. */
AATGS_FN uint32_t prism_retarget(aatgs_task *t, prism_view *w, uint32_t k, uint64_t salt)
{
  if (w->k > k) {
    *w = prism_shrink(t, *w, k, salt);
    return prism_table_conflicts(t, w);
  }
  w->k = k;
  return prism_tabulate(t, w);
}

#endif
