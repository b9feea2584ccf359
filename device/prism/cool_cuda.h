/* The next step of an annealer that is taken, for a team that is a warp: a lane looks at several
 * steps ahead. Included by whcr_cool.h. */
#ifndef AATGS_PRISM_COOL_CUDA_H
#define AATGS_PRISM_COOL_CUDA_H

#define PRISM_COOL_AHEAD 2u /* steps that a lane looks at together */

AATGS_FN int prism_cool_next(const aatgs_task *t, const prism_whcr_state *s, int64_t inverse,
                             uint64_t first, uint64_t end, prism_cool_step *step)
{
  uint32_t *last = prism_cool_last(s), at[PRISM_COOL_AHEAD], c[PRISM_COOL_AHEAD];
  uint32_t taken = 0, which = 0;
  aatgs_sync(t);
  for (;; first += 32 * PRISM_COOL_AHEAD) {
    uint32_t good[PRISM_COOL_AHEAD];
    if (first >= end) {
      step->after = end;
      return 0;
    }
#pragma unroll
    for (uint32_t i = 0; i < PRISM_COOL_AHEAD; ++i) {
      const uint64_t mine = first + 32 * i + t->lane;
      good[i] = prism_cool_offer(t, s, inverse, mine, &at[i], &c[i]) && mine < end;
    }
    for (which = 0; which < PRISM_COOL_AHEAD && !taken; ++which)
      taken = __ballot_sync(~0u, good[which]);
    if (taken)
      break;
  }
  const int lane = __ffs((int)taken) - 1;
  const uint32_t place = __shfl_sync(~0u, which == 1 ? at[0] : at[1], lane);
  step->c = __shfl_sync(~0u, which == 1 ? c[0] : c[1], lane);
  step->after = first + 32 * (which - 1) + (uint32_t)lane + 1;
  step->v = s->scratch[place];
  aatgs_sync(t); /* everyone has read it */
  aatgs_one_lane(t) s->scratch[place] = *last;
  step->out = prism_partial_list(t, &s->w, step->v, step->c, last);
  aatgs_sync(t);
  return 1;
}

#endif
