/* The choice of a tabu move for a worker that is a thread: bounds on the best move of each vertex
 * say which vertices need looking at. Included by whcr_tabu.h. */
#ifndef AATGS_PRISM_CHOOSE_CPU_H
#define AATGS_PRISM_CHOOSE_CPU_H

/* The smallest of the bits `mask` of v's entries. */
AATGS_FN int32_t prism_tabu_least(const prism_whcr_state *s, uint32_t v, int16_t mask)
{
  const int16_t *entry = prism_entry(&s->w, v, 0);
  int32_t least = INT16_MAX;
  for (uint32_t c = 0; c < s->w.k; ++c, entry += s->w.down)
    least = (*entry & mask) < least ? *entry & mask : least;
  return least;
}

/* Of v's colours whose bits `mask` are `wanted`, the one that comes first by `salt`. */
AATGS_FN uint32_t prism_tabu_pick(const prism_whcr_state *s, uint32_t v, int16_t mask,
                                  int32_t wanted, uint32_t salt)
{
  const int16_t *entry = prism_entry(&s->w, v, 0);
  uint32_t first = UINT32_MAX, color = 0;
  for (uint32_t c = 0; c < s->w.k; ++c, entry += s->w.down) {
    if ((*entry & mask) == wanted) {
      uint32_t tie = prism_tie(salt, v, c);
      color = tie <= first ? c : color;
      first = tie < first ? tie : first;
    }
  }
  return color;
}

/* Lists the vertices first..end-1 in conflict (without a colour) whose `bound` less their conflicts
 * is `delta`: a number drawn for each, 18 bits, and the vertex, 14. Returns how many they are. */
AATGS_FN uint32_t prism_tabu_list(const prism_whcr_state *s, const int16_t *bound, int32_t delta,
                                  uint32_t first, uint32_t end, uint32_t salt, uint32_t *list)
{
  uint32_t count = 0;
  for (uint32_t v = first; v < end; v += PRISM_GROUP) {
    uint64_t bits = prism_group_match(s->w.own, bound, v, (int16_t)delta);
    while (bits) {
      uint32_t u = v + prism_next_bit(&bits);
      list[count++] = prism_draw(salt, u);
    }
  }
  return count;
}

/* Takes the smallest number out of a list, which is not empty. */
AATGS_FN uint32_t prism_tabu_next(uint32_t *list, uint32_t *count)
{
  uint32_t at = 0, next;
  for (uint32_t i = 1; i < *count; ++i)
    at = list[i] < list[at] ? i : at;
  next = list[at];
  list[at] = list[--*count];
  return next;
}

/* The best move of the vertices first..end-1 if it adds less than `limit`: its key, see
 * prism_tabu_choose(); UINT64_MAX: there is none. What a move adds are the bits `mask` of an entry
 * less the vertex's conflicts; `bound` is at most the least of each vertex, and only where that
 * looks best are the entries looked up. */
AATGS_FN uint64_t prism_tabu_find(const prism_whcr_state *s, int16_t *bound, int16_t mask,
                                  int32_t limit, uint32_t first, uint32_t end, uint32_t salt)
{
  uint32_t *list = s->scratch + first;
  for (;;) {
    int32_t least = prism_vertices_least(s->w.own, bound, (int16_t)limit, first, end);
    uint32_t count;
    if (least >= limit)
      return UINT64_MAX;
    count = prism_tabu_list(s, bound, least, first, end, salt, list);
    while (count) {
      uint32_t next = prism_tabu_next(list, &count), v = next & 0x3fffu;
      bound[v] = (int16_t)prism_tabu_least(s, v, mask);
      if (bound[v] - s->w.own[v] == least)
        return prism_key(least, next, prism_tabu_pick(s, v, mask, bound[v], salt));
    }
  }
}

/* The key of the best admissible move, see whcr_tabu.h. */
AATGS_FN uint64_t prism_tabu_choose(const aatgs_task *t, const prism_whcr_state *s, int32_t room,
                                    uint32_t salt)
{
  const uint32_t span = s->w.down;
  uint32_t share = (span / PRISM_GROUP + t->lanes - 1) / t->lanes * PRISM_GROUP;
  uint32_t first = share * t->lane < span ? share * t->lane : span;
  uint32_t end = first + share < span ? first + share : span;
  uint64_t key = prism_tabu_find(s, s->w.deep, PRISM_CLASHES, -room, first, end, salt);
  if (key == UINT64_MAX)
    key = prism_tabu_find(s, s->w.low, -1, PRISM_FAR, first, end, salt);
  return aatgs_reduce_min_u64(t, key);
}

#endif
