/* The workload prism: graph colouring by three solvers and binding sites of a
 * protein. This file names the parts; each task is in a header of its own. */
#include "download.h"
#include "lbs.h"
#include "phase.h"
#include "quantum.h"
#include "rebuild.h"
#include "reorder.h"
#include "thermo.h"
#include "upload.h"
#include "whcr.h"

#define AATGS_TASKS(X)                                                                             \
  X(0, prism_config_upload, AATGS_NO_FINISH)                                                       \
  X(1, prism_whcr, prism_whcr_finish)                                                              \
  X(2, prism_thermo, prism_thermo_finish)                                                          \
  X(3, prism_quantum, prism_quantum_finish)                                                        \
  X(4, prism_lbs, prism_lbs_finish)                                                                \
  X(5, prism_phase, AATGS_NO_FINISH)                                                               \
  X(6, prism_download, AATGS_NO_FINISH)                                                            \
  X(7, prism_custom, AATGS_NO_FINISH)
#define AATGS_REBUILD prism_rebuild

#include "../loop.h"

#if !defined(__CUDACC__)
#include "tables.h"
#endif
