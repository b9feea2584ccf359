/* The one hash of the trace: XXH3, 64 bits, seeded. Checksums, content digests, run digests. */
#ifndef AATGS_TRACE_HASH_H
#define AATGS_TRACE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t aatgs_hash64(const void *bytes, size_t size, uint64_t seed);

#endif
