/* What a trace says about the run, gathered from the runtime. */
#ifndef AATGS_TRACE_INFO_H
#define AATGS_TRACE_INFO_H

#include "host/runtime.h"

typedef struct aatgs_run_info aatgs_run_info;

/* Valid while the runtime is. */
int aatgs_run_info_open(const aatgs_runtime *rt, aatgs_run_info **out);
const aatgs_trace_info *aatgs_run_info_get(const aatgs_run_info *info,
                                           const uint8_t *const **inputs);
void aatgs_run_info_close(aatgs_run_info *info);

#endif
