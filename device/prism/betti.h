/* The shape of what is left to repair: Betti numbers over GF(2) of the complex
 * of conflict vertices, conflict edges and their triangles. */
#ifndef AATGS_PRISM_BETTI_H
#define AATGS_PRISM_BETTI_H

#include "search.h"

#define PRISM_TRIANGLES_MAX 64u /* more are left out */

typedef struct prism_complex {
  const uint16_t *color;
  const uint32_t *rows;
  const uint16_t *adj;
  uint32_t *root; /* union-find over the vertices in conflict; the others have UINT32_MAX */
  uint32_t vertices, edges, joins, triangles;
  uint32_t corner[PRISM_TRIANGLES_MAX][3];
} prism_complex;

AATGS_FN int prism_adjacent(const prism_complex *x, uint32_t a, uint32_t b)
{
  uint32_t low = x->rows[a], high = x->rows[a + 1];
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (x->adj[middle] < b)
      low = middle + 1;
    else
      high = middle;
  }
  return low < x->rows[a + 1] && x->adj[low] == b;
}

AATGS_FN uint32_t prism_find_root(const prism_complex *x, uint32_t v)
{
  while (x->root[v] != v) {
    x->root[v] = x->root[x->root[v]];
    v = x->root[v];
  }
  return v;
}

/* Whether a neighbour of v has its colour. */
AATGS_FN int prism_in_conflict(const prism_complex *x, uint32_t v)
{
  uint32_t same = 0;
  for (uint32_t e = x->rows[v]; e < x->rows[v + 1]; ++e)
    same |= x->color[x->adj[e]] == x->color[v];
  return same != 0;
}

/* Adds v, which is in conflict, the conflict edges from v upwards and the triangles whose lowest
 * corner v is. */
AATGS_FN void prism_complex_add(prism_complex *x, uint32_t v)
{
  uint32_t end = x->rows[v + 1];
  ++x->vertices;
  for (uint32_t e = x->rows[v]; e < end; ++e) {
    uint32_t u = x->adj[e], a, b;
    if (u < v || x->color[u] != x->color[v])
      continue;
    ++x->edges;
    a = prism_find_root(x, v);
    b = prism_find_root(x, u);
    if (a != b) {
      x->root[a > b ? a : b] = a > b ? b : a;
      ++x->joins;
    }
    for (uint32_t f = e + 1; f < end && x->triangles < PRISM_TRIANGLES_MAX; ++f) {
      uint32_t w = x->adj[f];
      if (x->color[w] == x->color[v] && prism_adjacent(x, u, w)) {
        uint32_t *corner = x->corner[x->triangles++];
        corner[0] = v;
        corner[1] = u;
        corner[2] = w;
      }
    }
  }
}

/* Rank of the boundary of the triangles: each edge is the set of triangles it bounds, a 64-bit
 * row; Gaussian elimination. */
AATGS_FN uint32_t prism_boundary_rank(const prism_complex *x)
{
  uint64_t basis[PRISM_TRIANGLES_MAX];
  uint32_t rank = 0;
  for (uint32_t i = 0; i < PRISM_TRIANGLES_MAX; ++i)
    basis[i] = 0;
  for (uint32_t i = 0; i < x->triangles; ++i) {
    for (uint32_t side = 0; side < 3; ++side) {
      uint32_t a = x->corner[i][side == 2], b = x->corner[i][side == 0 ? 1 : 2];
      uint64_t row = 0;
      for (uint32_t j = 0; j < x->triangles; ++j) {
        const uint32_t *c = x->corner[j];
        uint64_t holds = (c[0] == a || c[1] == a) && (c[1] == b || c[2] == b);
        row |= holds << j;
      }
      for (uint32_t bit = 0; bit < PRISM_TRIANGLES_MAX && row; ++bit) {
        if (!(row >> bit & 1))
          continue;
        if (basis[bit] == 0) {
          basis[bit] = row;
          ++rank;
          row = 0;
        } else {
          row ^= basis[bit];
        }
      }
    }
  }
  return rank;
}

/* Puts the Betti numbers of PRISM_FOCUS into PRISM_CONTROL. */
AATGS_FN void prism_betti(aatgs_task *t)
{
  uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  prism_complex x;
  x.color = aatgs_region_ptr(t, PRISM_FOCUS, const uint16_t);
  x.rows = aatgs_region_ptr(t, PRISM_ROWS, const uint32_t);
  x.adj = aatgs_region_ptr(t, PRISM_ADJ, const uint16_t);
  x.root = aatgs_region_ptr(t, PRISM_SCRATCH, uint32_t) + 6 * stride;
  x.vertices = x.edges = x.joins = x.triangles = 0;
  aatgs_lane_for(t, v, n) x.root[v] = prism_in_conflict(&x, v) ? v : UINT32_MAX;
  aatgs_sync(t);
  aatgs_one_lane(t)
  {
    uint32_t rank;
    for (uint32_t v = 0; v < n; ++v)
      if (x.root[v] != UINT32_MAX)
        prism_complex_add(&x, v);
    rank = prism_boundary_rank(&x);
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_BETTI, x.vertices - x.joins);
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_BETTI + 1, x.edges - x.joins - rank);
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_BETTI + 2, x.triangles - rank);
  }
  aatgs_sync(t);
}

#endif
