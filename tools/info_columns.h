/* Where the bytes of a trace go. */
#ifndef AATGS_TOOLS_INFO_COLUMNS_H
#define AATGS_TOOLS_INFO_COLUMNS_H

#include "tools/table.h"
#include "trace/trace.h"

/* Adds a table of bytes by column; 0 or the trace's error. */
int aatgs_info_columns(aatgs_report *report, aatgs_trace *trace, const aatgs_trace_state *state);

#endif
