/* Marks as bytes. FORMAT.md, section "The run". */
#ifndef AATGS_TRACE_MARKS_H
#define AATGS_TRACE_MARKS_H

#include "trace/bytes.h"
#include "trace/trace.h"

/* A text that is too long is cut. */
void aatgs_mark_write(const aatgs_trace_mark *mark, aatgs_bytes *out);
/* out->text is in `text`. */
bool aatgs_mark_read(const uint8_t *bytes, size_t size, aatgs_bytes *text, aatgs_trace_mark *out);

#endif
