/* What a move changes in the tables of others, for a worker that is a thread: rows of the conflict
 * table by vectors, with bounds that tell a tabu search which vertices to look at (choose_cpu.h).
 * Included by search.h. */
#ifndef AATGS_PRISM_MOVES_CPU_H
#define AATGS_PRISM_MOVES_CPU_H

/* In a whole colouring the neighbours of v in class a have a conflict less, those in class b one
 * more. */
AATGS_FN void prism_move_class(const aatgs_task *t, const prism_view *w, uint32_t v, uint32_t a,
                               uint32_t b)
{
  const uint64_t *near = w->matrix + (uint64_t)v * w->words;
  const uint64_t *from = w->members + (uint64_t)a * w->words;
  const uint64_t *to = w->members + (uint64_t)b * w->words;
  aatgs_lane_for(t, i, w->words)
  {
    uint64_t left = near[i] & from[i], met = near[i] & to[i];
    while (left)
      --w->own[i * 64 + prism_next_bit(&left)];
    while (met)
      ++w->own[i * 64 + prism_next_bit(&met)];
  }
}

/* For the neighbours of v colour a counts less by the weight of v and colour b more, of which k is
 * none. Where v has many, it is less work to go over all vertices. */
AATGS_FN void prism_move_neighbours(const aatgs_task *t, const prism_view *w, uint32_t v,
                                    uint32_t a, uint32_t b)
{
  const uint16_t *adj = w->adj + w->rows[v];
  uint32_t degree = w->rows[v + 1] - w->rows[v];
  int16_t weight = (int16_t)prism_weight(w, v);
  int16_t *from = w->gamma + (uint64_t)a * w->down, *to = w->gamma + (uint64_t)b * w->down;
  if (w->near && degree * 8 > w->n) {
    const int16_t *near = w->near + (uint64_t)v * w->down;
    uint32_t share = (w->down + t->lanes - 1) / t->lanes, first = share * t->lane;
    uint32_t end = first + share < w->down ? first + share : w->down;
    if (a < w->k)
      prism_vertices_less(near, weight, from, w->low, w->deep, first, end);
    if (b < w->k)
      prism_vertices_more(near, weight, to, first, end);
    return;
  }
  aatgs_lane_for(t, i, degree)
  {
    if (a < w->k)
      prism_vertex_less(weight, from, w->low, w->deep, adj[i]);
    if (b < w->k)
      to[adj[i]] = (int16_t)(to[adj[i]] + weight);
  }
}

/* v goes from colour a to b, of which k is none. Every lane; the caller synchronizes before and
 * after, and settles v. */
AATGS_FN void prism_move_tables(const aatgs_task *t, const prism_view *w, uint32_t v, uint32_t a,
                                uint32_t b)
{
  prism_move_neighbours(t, w, v, a, b);
  if (!w->weight)
    prism_move_class(t, w, v, a, b);
}

/* Lists the neighbours of v that have colour c, ascending; returns how many they are, to every
 * lane. The caller synchronizes before the list is read. */
AATGS_FN uint32_t prism_partial_list(const aatgs_task *t, const prism_view *w, uint32_t v,
                                     uint32_t c, uint32_t *list)
{
  const uint64_t *near = w->matrix + (uint64_t)v * w->words;
  const uint64_t *members = w->members + (uint64_t)c * w->words;
  uint32_t out = 0;
  for (uint32_t i = 0; i < w->words; ++i) {
    uint64_t met = near[i] & members[i];
    for (; met; ++out) {
      uint32_t u = i * 64 + prism_next_bit(&met);
      aatgs_one_lane(t) list[out] = u;
    }
  }
  return out;
}

/* v gets colour c, the `out` vertices listed lose it. Every lane; the caller synchronizes before
 * and after, and settles them. */
AATGS_FN void prism_partial_tables(const aatgs_task *t, const prism_view *w, uint32_t v, uint32_t c,
                                   const uint32_t *list, uint32_t out)
{
  prism_move_tables(t, w, v, w->k, c);
  for (uint32_t i = 0; i < out; ++i) {
    aatgs_sync(t); /* the same row again */
    prism_move_tables(t, w, list[i], c, w->k);
  }
}

#endif
