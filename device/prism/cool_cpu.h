/* The next step of an annealer that is taken, for a worker that is a thread: as many lanes as there
 * are look a step each ahead. Included by whcr_cool.h. */
#ifndef AATGS_PRISM_COOL_CPU_H
#define AATGS_PRISM_COOL_CPU_H

AATGS_FN int prism_cool_next(const aatgs_task *t, const prism_whcr_state *s, int64_t inverse,
                             uint64_t first, uint64_t end, prism_cool_step *step)
{
  uint32_t at, c;
  uint64_t hit = UINT64_MAX;
  aatgs_sync(t);
  for (; first < end && hit == UINT64_MAX; first += t->lanes) {
    const uint64_t mine = first + t->lane;
    if (prism_cool_offer(t, s, inverse, mine, &at, &c) && mine < end)
      hit = mine << 28 | at << 14 | c;
    hit = aatgs_reduce_min_u64(t, hit);
  }
  if (hit == UINT64_MAX) {
    step->after = end;
    return 0;
  }
  prism_cool_take(t, s, (hit >> 28) + 1, (uint32_t)(hit >> 14) & 0x3fffu, (uint32_t)hit & 0x3fffu,
                  step);
  return 1;
}

#endif
