/* What the runtime is told about prism's regions. */
#ifndef AATGS_PRISM_REGIONS_H
#define AATGS_PRISM_REGIONS_H

#include "state.h"

#define PRISM_PRIMARY(name, word)                                                                  \
  {                                                                                                \
    name, AATGS_REGION_PRIMARY, word                                                               \
  }
#define PRISM_DERIVED(name, word)                                                                  \
  {                                                                                                \
    name, AATGS_REGION_DERIVED, word                                                               \
  }
#define PRISM_CONSTANT(name, word)                                                                 \
  {                                                                                                \
    name, AATGS_REGION_CONSTANT, word                                                              \
  }

/* In the order of enum prism_region. */
static const aatgs_region prism_regions[] = {
    PRISM_CONSTANT("info", 4),         PRISM_CONSTANT("rows", 4),
    PRISM_CONSTANT("adjacency", 2),    PRISM_CONSTANT("matrix", 8),
    PRISM_CONSTANT("near", 2),         PRISM_CONSTANT("exponentials", 4),
    PRISM_CONSTANT("atoms", 4),        PRISM_CONSTANT("cells", 4),
    PRISM_PRIMARY("control", 4),       PRISM_DERIVED("tables", 4),
    PRISM_PRIMARY("best", 2),          PRISM_PRIMARY("focus", 2),
    PRISM_PRIMARY("whcr", 4),          PRISM_PRIMARY("whcr-colors", 2),
    PRISM_PRIMARY("whcr-ring", 8),     PRISM_DERIVED("whcr-gamma", 2),
    PRISM_DERIVED("whcr-own", 2),      PRISM_DERIVED("whcr-low", 2),
    PRISM_DERIVED("whcr-members", 8),  PRISM_DERIVED("whcr-due", 2),
    PRISM_DERIVED("whcr-scratch", 4),  PRISM_PRIMARY("thermo", 4),
    PRISM_PRIMARY("thermo-colors", 2), PRISM_DERIVED("thermo-gamma", 2),
    PRISM_PRIMARY("quantum", 4),       PRISM_PRIMARY("quantum-colors", 2),
    PRISM_DERIVED("quantum-gamma", 2), PRISM_DERIVED("quantum-overlap", 2),
    PRISM_DERIVED("quantum-sizes", 2), PRISM_PRIMARY("custom", 4),
    PRISM_PRIMARY("custom-colors", 2), PRISM_DERIVED("custom-scratch", 4),
    PRISM_DERIVED("scratch", 4),       PRISM_PRIMARY("lbs", 4),
    PRISM_PRIMARY("lbs-rows", 4),      PRISM_DERIVED("lbs-grid", 1),
    PRISM_DERIVED("lbs-labels", 4)};
AATGS_STATIC_ASSERT(sizeof prism_regions / sizeof prism_regions[0] == PRISM_REGIONS,
                    "a row for each region");

#endif
