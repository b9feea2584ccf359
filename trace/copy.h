/* Writes what came out of one trace into another, and keeps the books. */
#ifndef AATGS_TRACE_COPY_H
#define AATGS_TRACE_COPY_H

#include "trace/care.h"
#include "trace/format.h"
#include "trace/writer.h"

typedef struct aatgs_copy {
  aatgs_trace_writer *w;
  aatgs_trace_report *report;
  uint32_t telemetry_bytes;
  uint64_t expected; /* the iteration that follows without a gap; 0: not known */
} aatgs_copy;

int aatgs_copy_open(aatgs_copy *c, const char *out, const aatgs_trace_info *info,
                    const uint8_t *const *inputs, aatgs_trace_report *report, aatgs_error *error);
int aatgs_copy_iteration(aatgs_copy *c, const aatgs_iteration *it);
int aatgs_copy_tick(aatgs_copy *c, const aatgs_tick *tick);
int aatgs_copy_mark(aatgs_copy *c, const aatgs_trace_mark *mark);
int aatgs_copy_snapshot(aatgs_copy *c, uint64_t at, const uint8_t *bytes, size_t size);
/* Closes the new trace; returns `rc` if it is an error already, with its sentence kept. */
int aatgs_copy_close(aatgs_copy *c, int rc, aatgs_error *error);

#endif
