/* The rival of a round trip: two threads and nothing else. One posts a command slot,
 * the other answers with a telemetry record of the same payload; both spin. */
#ifndef AATGS_BENCH_BARE_H
#define AATGS_BENCH_BARE_H

#include "bench.h"

typedef struct bare bare;

/* Starts the answering thread on core 1. `slots` (a power of two) of each ring are used in turn. */
void bare_open(const bench *b, uint32_t slots, bare **out);
void bare_close(bare *p);
/* One round trip: 256 bytes there, 64 bytes back. */
void bare_trip(bare *p, const uint32_t *config, uint32_t *telemetry);

#endif
