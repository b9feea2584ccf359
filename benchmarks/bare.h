/* The rival of a round trip: rings, somebody at each end, and nothing else. One posts a command
 * slot, the other answers with a telemetry record of the same payload; both spin. */
#ifndef AATGS_BENCH_BARE_H
#define AATGS_BENCH_BARE_H

#include "bench.h"

#include "device/bus.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* The host's end. Rings are zeroed at first, so that no slot has the tag 1, the first number. */
typedef struct bare {
  aatgs_flit *commands;
  aatgs_flit *telemetry;
  uint32_t mask; /* slots of each ring, less one */
  uint32_t next; /* sequence number of the next command: 1 at first */
  int window;    /* 1: the commands lie in a GPU's memory, see aatgs_slot_store_lines() */
} bare;

/* Bytes of the two rings. */
#define BARE_COMMAND_BYTES(slots)   ((size_t)(slots)*AATGS_COMMAND_FLITS * sizeof(aatgs_flit))
#define BARE_TELEMETRY_BYTES(slots) ((size_t)(slots)*AATGS_TELEMETRY_FLITS * sizeof(aatgs_flit))

/* One round trip: 256 bytes there, 64 bytes back. */
void bare_trip(bare *p, const uint32_t *config, uint32_t *telemetry);
/* Tells the other end to stop. */
void bare_stop(bare *p);

/* With a thread on core 1 at the other end. `slots` (a power of two) of each ring are used. */
typedef struct bare_thread bare_thread;
bare *bare_thread_open(const bench *b, uint32_t slots, bare_thread **out);
void bare_thread_close(bare_thread *t);

#if defined(__cplusplus)
}
#endif
#endif
