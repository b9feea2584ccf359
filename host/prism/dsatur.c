/* What is known of a graph before any search: a first colouring and a clique. */
#include "host/prism/parse.h"

#include <stdlib.h>
#include <string.h>

typedef struct dsatur {
  const prism_graph *g;
  uint16_t *color;     /* UINT16_MAX: none yet */
  uint32_t *around;    /* different colours among the neighbours */
  uint32_t *uncolored; /* neighbours without a colour */
  uint64_t *seen;      /* bit c of row v: a neighbour of v has colour c */
  size_t words;
} dsatur;

static uint32_t next_vertex(const dsatur *d)
{
  uint32_t best = UINT32_MAX;
  for (uint32_t v = 0; v < d->g->n; v++) {
    if (d->color[v] != UINT16_MAX)
      continue;
    if (best == UINT32_MAX || d->around[v] > d->around[best] ||
        (d->around[v] == d->around[best] && d->uncolored[v] > d->uncolored[best]))
      best = v;
  }
  return best;
}

static uint32_t lowest_free(const uint64_t *seen)
{
  uint32_t word = 0;
  while (seen[word] == UINT64_MAX)
    word++;
  return word * 64 + (uint32_t)__builtin_ctzll(~seen[word]);
}

static void give_color(dsatur *d, uint32_t v, uint32_t c)
{
  d->color[v] = (uint16_t)c;
  for (uint32_t e = d->g->rows[v]; e < d->g->rows[v + 1]; e++) {
    uint32_t u = d->g->adj[e];
    uint64_t *word = &d->seen[u * d->words + c / 64], bit = UINT64_C(1) << (c % 64);
    d->uncolored[u]--;
    d->around[u] += !(*word & bit);
    *word |= bit;
  }
}

uint32_t prism_dsatur(const prism_graph *g, uint16_t *color)
{
  dsatur d = {.g = g, .color = color};
  uint32_t degree = 0, colors = 0;
  for (uint32_t v = 0; v < g->n; v++)
    if (g->rows[v + 1] - g->rows[v] > degree)
      degree = g->rows[v + 1] - g->rows[v];
  d.words = degree / 64 + 1; /* no vertex sees more colours than it has neighbours */
  d.around = calloc(g->n, sizeof *d.around);
  d.uncolored = malloc(g->n * sizeof *d.uncolored);
  d.seen = calloc(g->n * d.words, sizeof *d.seen);
  if (d.around && d.uncolored && d.seen) {
    for (uint32_t v = 0; v < g->n; v++) {
      color[v] = UINT16_MAX;
      d.uncolored[v] = g->rows[v + 1] - g->rows[v];
    }
    for (uint32_t i = 0; i < g->n; i++) {
      uint32_t v = next_vertex(&d), c = lowest_free(&d.seen[v * d.words]);
      give_color(&d, v, c);
      colors = c + 1 > colors ? c + 1 : colors;
    }
  }
  free(d.around);
  free(d.uncolored);
  free(d.seen);
  return colors;
}

/* Grows a clique from v: of the vertices next to all so far, the one with the most neighbours.
 * `common[u]` counts the members that u is next to. */
static uint32_t grow_clique(const prism_graph *g, uint32_t v, uint32_t *common)
{
  uint32_t size = 0;
  memset(common, 0, g->n * sizeof *common);
  while (v != UINT32_MAX) {
    uint32_t best = UINT32_MAX, first = g->rows[v], degree = 0;
    size++;
    for (uint32_t e = first; e < g->rows[v + 1]; e++) {
      uint32_t u = g->adj[e], of_u = g->rows[u + 1] - g->rows[u];
      if (++common[u] == size && (best == UINT32_MAX || of_u > degree)) {
        best = u;
        degree = of_u;
      }
    }
    v = best;
  }
  return size;
}

uint32_t prism_clique(const prism_graph *g)
{
  uint32_t *common = malloc(g->n * sizeof *common), best = 0;
  /* A start costs about the edges around the clique; at most some 50 million steps in all. */
  uint64_t per_start = 16 * ((uint64_t)g->edges * 2 / g->n + 1) + g->n;
  uint64_t starts = 50000000 / per_start + 1, step;
  if (!common)
    return 0;
  step = g->n / starts + 1;
  for (uint64_t v = 0; v < g->n; v += step) {
    uint32_t size = grow_clique(g, (uint32_t)v, common);
    best = size > best ? size : best;
  }
  free(common);
  return best;
}

uint32_t prism_count_conflicts(const prism_graph *g, const uint16_t *color)
{
  uint32_t conflicts = 0;
  for (uint32_t v = 0; v < g->n; v++)
    for (uint32_t e = g->rows[v]; e < g->rows[v + 1]; e++)
      conflicts += g->adj[e] > v && color[g->adj[e]] == color[v];
  return conflicts;
}
