/* Taking over: the solvers' results become the best legal colouring and the
 * best one at the target. PhaseTransition and TelemetryDownload both do it; the
 * second time changes nothing. */
#ifndef AATGS_PRISM_TAKEOVER_H
#define AATGS_PRISM_TAKEOVER_H

#include "upload.h"
#include "whcr_coarse.h"

/* Where a solver keeps its header and its best colouring. */
typedef struct prism_solver {
  uint32_t region, head;
  uint32_t colors_region;
  uint64_t at;
} prism_solver;

AATGS_FN prism_solver prism_solver_of(const aatgs_task *t, uint32_t number)
{
  uint64_t n = PRISM_GET(t, PRISM_INFO, PRISM_N);
  prism_solver s;
  if (number < PRISM_SOLVER_THERMO) {
    s.region = PRISM_WHCR;
    s.head = prism_whcr_head(number);
    s.colors_region = PRISM_WHCR_COLORS;
    s.at = prism_whcr_slot(t, number, PRISM_SLOT_BEST);
  } else if (number < PRISM_SOLVER_QUANTUM) {
    s.region = PRISM_THERMO;
    s.head = (number - PRISM_SOLVER_THERMO) * PRISM_THERMO_WORDS;
    s.colors_region = PRISM_THERMO_COLORS;
    s.at = (2 * (uint64_t)(number - PRISM_SOLVER_THERMO) + 1) * n;
  } else if (number < PRISM_SOLVER_CUSTOM) {
    s.region = PRISM_QUANTUM;
    s.head = (number - PRISM_SOLVER_QUANTUM) * PRISM_QUANTUM_WORDS;
    s.colors_region = PRISM_QUANTUM_COLORS;
    s.at = (2 * (uint64_t)(number - PRISM_SOLVER_QUANTUM) + 1) * n;
  } else {
    s.region = PRISM_CUSTOM;
    s.head = 0;
    s.colors_region = PRISM_CUSTOM_COLORS;
    s.at = 0;
  }
  return s;
}

/* Makes a legal colouring the best one, its colours renamed to 0..colors-1 in order of use. */
AATGS_FN void prism_adopt(aatgs_task *t, const uint16_t *color)
{
  uint32_t n = PRISM_GET(t, PRISM_INFO, PRISM_N), stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE);
  uint32_t *name = aatgs_region_ptr(t, PRISM_SCRATCH, uint32_t);
  aatgs_one_lane(t)
  {
    uint32_t used = 0;
    for (uint32_t c = 0; c < stride; ++c)
      name[c] = UINT32_MAX;
    for (uint32_t v = 0; v < n; ++v) {
      if (name[color[v]] == UINT32_MAX)
        name[color[v]] = used++;
    }
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_BEST_COLORS, used);
  }
  aatgs_sync(t);
  aatgs_lane_for(t, v, n) aatgs_put_u16(t, PRISM_BEST, v, (uint16_t)name[color[v]]);
  aatgs_sync(t);
}

/* Finds who has the fewest conflicts at the target (conflicts << 32 | number) and who has the
 * legal colouring with the fewest colours (colours << 32 | number); UINT64_MAX: nobody. */
AATGS_FN void prism_find_winners(const aatgs_task *t, uint32_t target, uint64_t *winner,
                                 uint64_t *legal)
{
  uint32_t individuals = PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS);
  uint64_t least = UINT64_MAX, fewest = UINT64_MAX;
  aatgs_lane_for(t, i, PRISM_SOLVERS)
  {
    prism_solver s;
    uint32_t k, conflicts;
    uint64_t key;
    if (i >= individuals && i < PRISM_SOLVER_THERMO)
      continue;
    s = prism_solver_of(t, i);
    k = PRISM_GET(t, s.region, s.head + PRISM_H_K);
    conflicts = PRISM_GET(t, s.region, s.head + PRISM_H_BEST);
    if (k == 0 || conflicts == UINT32_MAX)
      continue;
    key = (uint64_t)k << 32 | i;
    if (conflicts == 0 && key < fewest)
      fewest = key;
    key = (uint64_t)conflicts << 32 | i;
    if (k <= target && key < least)
      least = key;
  }
  *winner = aatgs_reduce_min_u64(t, least);
  *legal = aatgs_reduce_min_u64(t, fewest);
}

/* Takes over what the solvers found; true when the colouring at the target changed. */
AATGS_FN int prism_take_over(aatgs_task *t)
{
  uint32_t target = PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET);
  uint32_t best = PRISM_GET(t, PRISM_CONTROL, PRISM_FOCUS_CONFLICTS);
  uint32_t colors = PRISM_GET(t, PRISM_CONTROL, PRISM_BEST_COLORS);
  uint32_t taken = PRISM_GET(t, PRISM_CONTROL, PRISM_TAKEN);
  uint64_t winner, legal;
  prism_solver s;
  int better, lower;
  if (target == 0)
    return 0;
  prism_find_winners(t, target, &winner, &legal);
  better = winner >> 32 < best;
  lower = legal >> 32 < colors;
  aatgs_sync(t);
  if (better) {
    s = prism_solver_of(t, (uint32_t)winner);
    prism_copy(t, PRISM_FOCUS, 0, aatgs_region_ptr(t, s.colors_region, const uint16_t) + s.at);
    prism_put(t, PRISM_CONTROL, PRISM_FOCUS_CONFLICTS, (uint32_t)(winner >> 32));
    prism_put(t, PRISM_CONTROL, PRISM_FOCUS_SOLVER, (uint32_t)winner);
  }
  if (lower) {
    s = prism_solver_of(t, (uint32_t)legal);
    prism_adopt(t, aatgs_region_ptr(t, s.colors_region, const uint16_t) + s.at);
  }
  if (better || lower) {
    prism_put(t, PRISM_CONTROL, PRISM_TAKEN, taken + 1);
    aatgs_one_lane(t) prism_aim(t);
  }
  aatgs_sync(t);
  return better;
}

#endif
