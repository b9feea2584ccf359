#include "coloring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- Graphs ------------------------------------------------------------------------------- */

typedef struct col_edge {
  uint32_t a, b;
} col_edge;

static int by_ends(const void *x, const void *y)
{
  const col_edge *e = x, *f = y;
  if (e->a != f->a)
    return e->a < f->a ? -1 : 1;
  return (e->b > f->b) - (e->b < f->b);
}

/* From both directions of every edge, sorted, without duplicates. */
static bool build(col_graph *g, col_edge *edges, size_t count)
{
  size_t kept = 0;
  qsort(edges, count, sizeof *edges, by_ends);
  for (size_t i = 0; i < count; i++)
    if (!kept || by_ends(&edges[i], &edges[kept - 1]))
      edges[kept++] = edges[i];
  g->rows = calloc(g->n + 1, sizeof *g->rows);
  g->adj = malloc((kept + 1) * sizeof *g->adj);
  if (!g->rows || !g->adj)
    return false;
  for (size_t i = 0; i < kept; i++) {
    g->rows[edges[i].a + 1]++;
    g->adj[i] = edges[i].b;
  }
  for (uint32_t v = 0; v < g->n; v++)
    g->rows[v + 1] += g->rows[v];
  return true;
}

bool col_graph_read(const char *path, col_graph *g)
{
  char line[256];
  col_edge *edges = NULL;
  size_t count = 0, capacity = 0;
  FILE *f = fopen(path, "r");
  memset(g, 0, sizeof *g);
  if (!f)
    return false;
  while (fgets(line, sizeof line, f)) {
    uint32_t a, b;
    if (line[0] == 'p')
      sscanf(line, "p %*s %u", &g->n);
    if (sscanf(line, "e %u %u", &a, &b) != 2 || a == b)
      continue;
    if (count + 2 > capacity) {
      capacity = capacity ? 2 * capacity : 4096;
      edges = realloc(edges, capacity * sizeof *edges);
      if (!edges)
        abort();
    }
    edges[count++] = (col_edge){a - 1, b - 1};
    edges[count++] = (col_edge){b - 1, a - 1};
  }
  fclose(f);
  bool good = g->n && build(g, edges, count);
  free(edges);
  return good;
}

void col_graph_free(col_graph *g)
{
  free(g->rows);
  free(g->adj);
  memset(g, 0, sizeof *g);
}

uint32_t col_graph_conflicts(const col_graph *g, const uint32_t *color)
{
  uint32_t conflicts = 0;
  for (uint32_t v = 0; v < g->n; v++)
    for (uint32_t e = g->rows[v]; e < g->rows[v + 1]; e++)
      conflicts += g->adj[e] > v && color[g->adj[e]] == color[v];
  return conflicts;
}

static void *take(size_t count, size_t size)
{
  void *p = calloc(count ? count : 1, size);
  if (!p)
    abort();
  return p;
}

/* ---- DSATUR ------------------------------------------------------------------------------- */

uint32_t col_dsatur(const col_graph *g, uint32_t *color)
{
  uint32_t colors = 0, *left = take(g->n, sizeof *left), *around = take(g->n, sizeof *around);
  bool *seen = take((size_t)g->n * (g->n + 1), sizeof *seen); /* [v][c]: a neighbour has c */
  for (uint32_t v = 0; v < g->n; v++) {
    color[v] = UINT32_MAX;
    left[v] = g->rows[v + 1] - g->rows[v];
  }
  for (uint32_t done = 0; done < g->n; done++) {
    uint32_t v = UINT32_MAX, c = 0;
    for (uint32_t u = 0; u < g->n; u++)
      if (color[u] == UINT32_MAX && (v == UINT32_MAX || around[u] > around[v] ||
                                     (around[u] == around[v] && left[u] > left[v])))
        v = u;
    while (seen[(size_t)v * (g->n + 1) + c])
      c++;
    color[v] = c;
    colors = c + 1 > colors ? c + 1 : colors;
    for (uint32_t e = g->rows[v]; e < g->rows[v + 1]; e++) {
      uint32_t u = g->adj[e];
      bool *mark = &seen[(size_t)u * (g->n + 1) + c];
      left[u]--;
      around[u] += !*mark;
      *mark = true;
    }
  }
  free(left);
  free(around);
  free(seen);
  return colors;
}

/* ---- TabuCol ------------------------------------------------------------------------------ */

typedef struct tabu {
  const col_graph *g;
  uint32_t k, stride;
  uint32_t *color;
  uint32_t *gamma; /* [v][c]: neighbours of v with colour c */
  uint64_t *until; /* [v][c]: the move is tabu up to this step */
  uint32_t *list;  /* vertices in conflict, and where each stands in it */
  uint32_t *place;
  uint32_t listed, conflicts, best;
  uint64_t step, random;
} tabu;

static uint32_t below(tabu *t, uint32_t n)
{
  uint64_t x = t->random += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)(((x ^ (x >> 31)) >> 32) * n >> 32);
}

static uint32_t *row_of(const tabu *t, uint32_t v)
{
  return t->gamma + (size_t)v * t->stride;
}

/* Puts v on the list of conflict vertices or takes it off, as its count says. */
static void relist(tabu *t, uint32_t v)
{
  bool in = t->place[v] < t->listed && t->list[t->place[v]] == v;
  bool wanted = row_of(t, v)[t->color[v]] > 0;
  if (wanted && !in) {
    t->place[v] = t->listed;
    t->list[t->listed++] = v;
  } else if (in && !wanted) {
    uint32_t last = t->list[--t->listed];
    t->list[t->place[v]] = last;
    t->place[last] = t->place[v];
  }
}

static void tabulate(tabu *t)
{
  memset(t->gamma, 0, (size_t)t->g->n * t->stride * sizeof *t->gamma);
  memset(t->until, 0, (size_t)t->g->n * t->stride * sizeof *t->until);
  t->listed = t->conflicts = 0;
  for (uint32_t v = 0; v < t->g->n; v++)
    for (uint32_t e = t->g->rows[v]; e < t->g->rows[v + 1]; e++)
      row_of(t, v)[t->color[t->g->adj[e]]]++;
  for (uint32_t v = 0; v < t->g->n; v++) {
    t->conflicts += row_of(t, v)[t->color[v]];
    relist(t, v);
  }
  t->conflicts /= 2;
  t->best = t->conflicts;
  t->step = 1;
}

static void apply(tabu *t, uint32_t v, uint32_t c)
{
  uint32_t from = t->color[v];
  t->conflicts += row_of(t, v)[c];
  t->conflicts -= row_of(t, v)[from];
  t->color[v] = c;
  for (uint32_t e = t->g->rows[v]; e < t->g->rows[v + 1]; e++) {
    uint32_t u = t->g->adj[e];
    row_of(t, u)[from]--;
    row_of(t, u)[c]++;
    if (t->color[u] == from || t->color[u] == c)
      relist(t, u);
  }
  relist(t, v);
  t->until[(size_t)v * t->stride + from] = t->step + t->listed * 6 / 10 + below(t, 10);
}

/* The best move that is not tabu or leads to a new best; ties at random. */
static bool choose(tabu *t, uint32_t *best_v, uint32_t *best_c)
{
  int32_t least = INT32_MAX;
  uint32_t ties = 0;
  for (uint32_t i = 0; i < t->listed; i++) {
    uint32_t v = t->list[i];
    const uint32_t *row = row_of(t, v);
    const uint64_t *until = t->until + (size_t)v * t->stride;
    int32_t own = (int32_t)row[t->color[v]];
    for (uint32_t c = 0; c < t->k; c++) {
      int32_t delta = (int32_t)row[c] - own;
      if (delta > least || c == t->color[v] ||
          (until[c] >= t->step && (int32_t)t->conflicts + delta >= (int32_t)t->best))
        continue;
      ties = delta < least ? 0 : ties;
      least = delta;
      if (below(t, ++ties) == 0) {
        *best_v = v;
        *best_c = c;
      }
    }
  }
  return ties > 0;
}

static uint64_t now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Repairs until there are no conflicts or the time is over. */
static bool repair(tabu *t, uint64_t end_ns)
{
  tabulate(t);
  while (t->conflicts) {
    uint32_t v = 0, c = 0;
    if (choose(t, &v, &c))
      apply(t, v, c);
    t->best = t->conflicts < t->best ? t->conflicts : t->best;
    if (++t->step % 256 == 0 && now_ns() >= end_ns)
      return false;
  }
  return true;
}

/* Number of colours in use, renamed to 0..k-1. */
static uint32_t compact(tabu *t)
{
  uint32_t *name = take(t->stride, sizeof *name), used = 0;
  for (uint32_t v = 0; v < t->g->n; v++) {
    if (!name[t->color[v]])
      name[t->color[v]] = ++used;
    t->color[v] = name[t->color[v]] - 1;
  }
  free(name);
  return used;
}

void col_tabucol(const col_graph *g, uint64_t seed, uint64_t limit_ns, col_found *found, void *user)
{
  uint64_t start = now_ns();
  tabu t = {.g = g, .random = seed};
  t.color = take(g->n, sizeof *t.color);
  t.k = t.stride = col_dsatur(g, t.color);
  t.gamma = take((size_t)g->n * t.stride, sizeof *t.gamma);
  t.until = take((size_t)g->n * t.stride, sizeof *t.until);
  t.list = take(g->n, sizeof *t.list);
  t.place = take(g->n, sizeof *t.place);
  while (found(user, t.k, now_ns() - start) && t.k > 1) {
    uint32_t victim = below(&t, t.k--);
    for (uint32_t v = 0; v < g->n; v++) {
      if (t.color[v] == victim)
        t.color[v] = below(&t, t.k);
      else if (t.color[v] == t.k)
        t.color[v] = victim;
    }
    if (!repair(&t, start + limit_ns))
      break;
    t.k = compact(&t);
  }
  free(t.color);
  free(t.gamma);
  free(t.until);
  free(t.list);
  free(t.place);
}
