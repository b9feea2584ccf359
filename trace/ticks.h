/* Scheduler ticks, a block of them as columns. FORMAT.md, section "Ticks". */
#ifndef AATGS_TRACE_TICKS_H
#define AATGS_TRACE_TICKS_H

#include "trace/bytes.h"
#include "trace/format.h"
#include "trace/trace.h"

/* Appends `count` (1..AATGS_TICKS_PER_BLOCK) ticks; false when out of memory. */
bool aatgs_ticks_write(const aatgs_tick *ticks, uint32_t count, aatgs_bytes *out);
/* Reads them back; false when the bytes are no such block. */
bool aatgs_ticks_read(const uint8_t *bytes, size_t size, aatgs_tick ticks[AATGS_TICKS_PER_BLOCK],
                      uint32_t *count);

#endif
