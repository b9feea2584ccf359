/* The digest of a run: one number for all that its iterations computed. */
#ifndef AATGS_TRACE_DIGEST_H
#define AATGS_TRACE_DIGEST_H

#include "trace/trace.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Folds one iteration into the digest of the iterations before it; a run starts with 0 and folds
 * in rising order. What counts: the iteration's number, its status, its telemetry as the device
 * posted it, the number of timings and each one's digest, in record order. What does not: times,
 * workers, the graph's and plan's numbers. Any thread; no allocation. FORMAT.md, section
 * "Digest of a run", has the bytes. */
uint64_t aatgs_digest_iteration(uint64_t running, const aatgs_iteration *it,
                                uint32_t telemetry_bytes);

#if defined(__cplusplus)
}
#endif
#endif
