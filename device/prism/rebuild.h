/* Rebuilds every derived region from the primary ones: at the start and after a
 * snapshot was put back. */
#ifndef AATGS_PRISM_REBUILD_H
#define AATGS_PRISM_REBUILD_H

#include "lbs.h"
#include "quantum.h"
#include "upload.h"
#include "whcr.h"

AATGS_FN void prism_rebuild_graph(aatgs_task *t)
{
  uint32_t individuals = PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS);
  uint32_t chains = PRISM_COOLING(individuals) * PRISM_GET(t, PRISM_INFO, PRISM_CHAINS);
  for (uint32_t i = 0; i < individuals + chains; ++i)
    prism_whcr_tabulate(t, i);
  for (uint32_t i = 0; i < PRISM_REPLICAS_MAX; ++i) {
    prism_view w = prism_thermo_view(t, i);
    if (w.k)
      prism_tabulate(t, &w);
  }
  for (uint32_t i = 0; i < PRISM_SLICES_MAX; ++i) {
    /* The ring that it was counted on; 0: it counts anew before it moves. */
    uint32_t ring = PRISM_GET(t, PRISM_QUANTUM, prism_quantum_head(i) + PRISM_Q_RING);
    prism_slice s = prism_slice_of(t, i, ring ? ring : PRISM_GET(t, PRISM_TABLES, PRISM_T_SLICES));
    prism_tabulate(t, &s.w);
    if (ring)
      prism_slice_count(t, &s);
  }
}

AATGS_FN void prism_rebuild(aatgs_task *t)
{
  prism_derive(t);
  if (PRISM_GET(t, PRISM_INFO, PRISM_N))
    prism_rebuild_graph(t);
  if (PRISM_GET(t, PRISM_INFO, PRISM_ATOM_COUNT))
    prism_lbs_rebuild(t);
}

#endif
