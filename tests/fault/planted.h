/* The fault that the workload `planted` is to make: set by a test in the same process. */
#ifndef AATGS_TEST_PLANTED_H
#define AATGS_TEST_PLANTED_H

#include <stdint.h>

typedef enum planted_kind {
  PLANTED_NONE = 0,
  PLANTED_STATE,     /* flip a bit of region keep behind the back of a task */
  PLANTED_TELEMETRY, /* flip a bit of the telemetry */
  PLANTED_OFF,       /* one part of mix counts one too many */
  PLANTED_THRESHOLD  /* side counts from another value on */
} planted_kind;

enum { PLANTED_ACCEPT, PLANTED_MIX, PLANTED_SIDE, PLANTED_REPORT };
#define PLANTED_PARTS           4u
#define PLANTED_CELLS           64u
#define PLANTED_KEEP            128u
#define PLANTED_THRESHOLD_RIGHT 60000u

typedef struct planted_fault {
  planted_kind kind;
  uint64_t iteration;
  uint32_t task; /* STATE: PLANTED_ACCEPT or PLANTED_REPORT */
  uint32_t part;
  uint32_t word;
  uint32_t bit;
  uint32_t threshold;
  uint64_t first_hit; /* THRESHOLD: the first iteration in which it made a difference */
} planted_fault;

#endif
