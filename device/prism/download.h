/* TelemetryDownload: takes over what is left to take over, counts the conflicts
 * of the result edge by edge and fills in the telemetry. */
#ifndef AATGS_PRISM_DOWNLOAD_H
#define AATGS_PRISM_DOWNLOAD_H

#include "takeover.h"

/* Moves and tunnelling events of this iteration. */
AATGS_FN void prism_count_moves(const aatgs_task *t, uint32_t *moves, uint32_t *tunnels)
{
  uint32_t individuals = PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS);
  *moves = 0;
  *tunnels = 0;
  aatgs_lane_for(t, i, PRISM_SOLVERS)
  {
    prism_solver s;
    if (i >= individuals && i < PRISM_SOLVER_THERMO)
      continue;
    s = prism_solver_of(t, i);
    if (PRISM_GET(t, s.region, s.head + PRISM_H_ITERATION) != (uint32_t)t->iteration)
      continue;
    *moves += PRISM_GET(t, s.region, s.head + PRISM_H_MOVES);
    if (s.region == PRISM_QUANTUM)
      *tunnels += PRISM_GET(t, s.region, s.head + PRISM_Q_TUNNELS);
  }
  *moves = aatgs_reduce_add_u32(t, *moves);
  *tunnels = aatgs_reduce_add_u32(t, *tunnels);
}

/* Counts both colourings; false when one has not the conflicts that it is said to have. */
AATGS_FN int prism_recount_both(aatgs_task *t, struct prism_telemetry *out)
{
  const uint32_t *words = aatgs_region_ptr(t, PRISM_CONTROL, const uint32_t);
  uint64_t *classes = aatgs_region_ptr(t, PRISM_SCRATCH, uint64_t);
  uint32_t stride = PRISM_GET(t, PRISM_INFO, PRISM_STRIDE), colors = 0, focus_colors = 0;
  uint32_t fixed = words[PRISM_FIXED], claimed = words[PRISM_FOCUS_CONFLICTS];
  uint32_t conflicts =
      prism_recount(t, aatgs_region_ptr(t, PRISM_BEST, const uint16_t), stride, classes, &colors);
  int right = conflicts == 0 && colors == words[PRISM_BEST_COLORS];
  out->conflicts = conflicts;
  out->colors_used = colors;
  out->target_conflicts = claimed;
  if (claimed == UINT32_MAX)
    return right;
  out->target_conflicts = prism_recount(t, aatgs_region_ptr(t, PRISM_FOCUS, const uint16_t), stride,
                                        classes, &focus_colors);
  if (fixed && colors > fixed) {
    out->conflicts = out->target_conflicts;
    out->colors_used = focus_colors;
  }
  return right && out->target_conflicts == claimed;
}

AATGS_FN float prism_reading(const aatgs_task *t, uint32_t word)
{
  return (float)PRISM_GET(t, PRISM_CONTROL, word) / 256.0f;
}

AATGS_FN void prism_download(aatgs_task *t)
{
  const uint32_t *words = aatgs_region_ptr(t, PRISM_CONTROL, const uint32_t);
  struct prism_telemetry out;
  memset(&out, 0, sizeof out);
  if (PRISM_GET(t, PRISM_INFO, PRISM_N)) {
    prism_take_over(t);
    prism_count_moves(t, &out.moves_applied, &out.tunneling_events);
    if (!prism_recount_both(t, &out))
      aatgs_fail(t, PRISM_FAIL_RECOUNT);
    out.phase_transitions = words[PRISM_TRANSITIONS];
    for (uint32_t i = 0; i < 3; ++i)
      out.betti_numbers[i] = words[PRISM_BETTI + i];
    out.reservoir_activity = prism_reading(t, PRISM_ACTIVITY);
    out.free_energy = prism_reading(t, PRISM_FREE_ENERGY);
    out.best_replica = words[PRISM_FOCUS_SOLVER];
    out.target_colors = words[PRISM_TARGET];
  }
  if (PRISM_GET(t, PRISM_INFO, PRISM_ATOM_COUNT)) {
    const uint32_t *lbs = aatgs_region_ptr(t, PRISM_LBS, const uint32_t);
    out.pockets = lbs[PRISM_L_COUNT];
    out.pocket_score = lbs[PRISM_L_POCKET + PRISM_P_SCORE];
  }
  aatgs_one_lane(t) memcpy(t->telemetry, &out, sizeof out);
}

#endif
