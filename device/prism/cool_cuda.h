/* The next step of an annealer that is taken, for a worker that is a thread block: its first warp
 * looks ahead, since most steps that are taken come soon, and tells the others. Included by
 * whcr_cool.h. */
#ifndef AATGS_PRISM_COOL_CUDA_H
#define AATGS_PRISM_COOL_CUDA_H

#define PRISM_COOL_AHEAD 2u /* steps that a lane looks at together */

/* The first warp's share. */
AATGS_FN void prism_cool_find(const aatgs_task *t, const prism_whcr_state *s, int64_t inverse,
                              uint64_t first, uint64_t end, prism_cool_step *step)
{
  uint32_t *last = prism_cool_last(s), at[PRISM_COOL_AHEAD], c[PRISM_COOL_AHEAD], taken, which;
  for (;; first += 32 * PRISM_COOL_AHEAD) {
    step->after = end;
    step->c = UINT32_MAX;
    if (first >= end)
      return;
    uint32_t good[PRISM_COOL_AHEAD];
#pragma unroll
    for (uint32_t i = 0; i < PRISM_COOL_AHEAD; ++i) {
      const uint64_t mine = first + 32 * i + t->lane;
      good[i] = prism_cool_offer(t, s, inverse, mine, &at[i], &c[i]) && mine < end;
    }
    which = 0;
    taken = __ballot_sync(~0u, good[0]);
    if (!taken) {
      which = 1;
      taken = __ballot_sync(~0u, good[1]);
    }
    if (taken)
      break;
  }
  const int lane = __ffs((int)taken) - 1;
  const uint32_t place = __shfl_sync(~0u, which ? at[1] : at[0], lane);
  step->c = __shfl_sync(~0u, which ? c[1] : c[0], lane);
  step->after = first + 32 * which + (uint32_t)lane + 1;
  step->v = s->scratch[place];
  __syncwarp();
  aatgs_one_lane(t) s->scratch[place] = *last;
  step->out = prism_partial_list(t, &s->w, step->v, step->c, last);
}

AATGS_FN int prism_cool_next(const aatgs_task *t, const prism_whcr_state *s, int64_t inverse,
                             uint64_t first, uint64_t end, prism_cool_step *step)
{
  __shared__ prism_cool_step found;
  aatgs_sync(t);
  if (t->lane < 32) {
    prism_cool_find(t, s, inverse, first, end, step);
    aatgs_one_lane(t) found = *step;
  }
  aatgs_sync(t);
  *step = found;
  return step->c != UINT32_MAX;
}

#endif
