/* Task graphs of the Standard Task Graph set (Tobita and Kasahara 2002), to schedule, not to run.
 */
#ifndef AATGS_STG_H
#define AATGS_STG_H

#include "host/aatgs.h"

/* A workload whose only task type, "task", has no code and no duration of its own. */
extern const struct aatgs_workload aatgs_stg_workload;

/* Reads an .stg file: the number of tasks (without the dummies at both ends), then a line for each
 * task, dummies included: number, duration, count of predecessors, predecessors; `#` comments. A
 * task is named by its number and estimated at its duration x unit_ns. `error` may be NULL. */
int aatgs_stg_load(const char *path, uint64_t unit_ns, aatgs_graph **out, aatgs_error *error);

/* True when the file's first word is a number alone on its line, as in an .stg file. */
bool aatgs_stg_looks_like(const char *path);

#endif
