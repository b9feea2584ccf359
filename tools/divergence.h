/* What a replay found to differ, for `replay` and `run --self-check`. */
#ifndef AATGS_TOOLS_DIVERGENCE_H
#define AATGS_TOOLS_DIVERGENCE_H

#include "host/aatgs.h"
#include "tools/table.h"

/* Adds the sections of a divergence to the report: where it is, the state, what was recorded
 * around it, and the command that shows more. `workload` may be NULL. */
void aatgs_report_divergence(aatgs_report *report, const char *trace, const char *workload,
                             const aatgs_replay_report *r);

#endif
