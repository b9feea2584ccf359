/* The next step of an annealer that is taken, for a team that is a warp: each lane looks at two
 * steps ahead. Included by whcr_cool.h. */
#ifndef AATGS_PRISM_COOL_CUDA_H
#define AATGS_PRISM_COOL_CUDA_H

AATGS_FN int prism_cool_next(const aatgs_task *t, const prism_whcr_state *s, int64_t inverse,
                             uint64_t first, uint64_t end, prism_cool_step *step)
{
  uint32_t at, c, later_at, later_c, taken = 0;
  aatgs_sync(t);
  for (; first < end; first += 64) {
    const uint64_t mine = first + t->lane, later = mine + 32;
    const int good = prism_cool_offer(t, s, inverse, mine, &at, &c) && mine < end;
    const int later_good =
        prism_cool_offer(t, s, inverse, later, &later_at, &later_c) && later < end;
    taken = __ballot_sync(~0u, good);
    if (taken)
      break;
    taken = __ballot_sync(~0u, later_good);
    if (taken) {
      at = later_at;
      c = later_c;
      first += 32;
      break;
    }
  }
  if (!taken) {
    step->after = end;
    return 0;
  }
  const uint32_t lane = (uint32_t)__ffs((int)taken) - 1;
  prism_cool_take(t, s, first + lane + 1, __shfl_sync(~0u, at, (int)lane),
                  __shfl_sync(~0u, c, (int)lane), step);
  return 1;
}

#endif
