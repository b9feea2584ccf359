/* The traces in a folder. */
#ifndef AATGS_TOOLS_TRACE_LIST_H
#define AATGS_TOOLS_TRACE_LIST_H

#include "trace/trace.h"

typedef struct aatgs_listed {
  char *path;
  char workload[32];
  char device[16];
  int code; /* why it could not be opened, or 0 */
  uint64_t started_unix_ns;
  aatgs_trace_state state;
} aatgs_listed;

typedef struct aatgs_trace_list {
  aatgs_listed *at; /* oldest first; those that do not open first of all */
  size_t count;
} aatgs_trace_list;

/* Lists folders in `dir` that look like traces (they hold a file 'meta' and data files), whole or
 * not. AATGS_ENOTFOUND, AATGS_EIO, AATGS_ENOMEM. */
int aatgs_trace_list_open(const char *dir, aatgs_trace_list *out, aatgs_error *error);
void aatgs_trace_list_close(aatgs_trace_list *list);

#endif
