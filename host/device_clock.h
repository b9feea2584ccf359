/* The device's clock in terms of the host's: device = host + offset, offset = offset at a moment +
 * drift x time since. Fitted from the iterations themselves: an iteration cannot start before it
 * was posted nor end after it was seen, so each bounds the offset from both sides; no message of
 * its own crosses the bus (Cristian 1989, with the bounds of many trips intersected). */
#ifndef AATGS_DEVICE_CLOCK_H
#define AATGS_DEVICE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A fit. All zero: the device reads the host's clock. */
typedef struct aatgs_clock_fit {
  uint64_t at_ns;     /* host clock */
  uint64_t offset_ns; /* device minus host at that moment, modulo 2^64 */
  int64_t drift_e12;  /* change of the offset over time, parts in 10^12 */
  uint64_t error_ns;  /* the offset is that far off at most: half of the interval that all
                         iterations of the window allow */
} aatgs_clock_fit;

typedef struct aatgs_device_clock {
  aatgs_clock_fit fit;
  bool fitted;
  bool fresh; /* fitted anew since the reader of this flag took it down */
  /* The window under way: bounds of the offset, beside what the fit says at their moment. */
  uint64_t window_ns; /* when it began, host clock */
  int64_t low_ns;
  int64_t high_ns;
  /* The first fit, for the drift over as long a time as there is. */
  uint64_t first_ns;
  uint64_t first_offset_ns;
} aatgs_device_clock;

/* Takes an iteration in: posted and seen by the host's clock, started and ended by the device's.
 * Fits anew at the first one and then about once a second. */
void aatgs_device_clock_take(aatgs_device_clock *clock, uint64_t posted_ns, uint64_t seen_ns,
                             uint64_t start_ns, uint64_t end_ns);
/* What is to be taken from the device's time around that moment of the host to get the host's. */
uint64_t aatgs_device_clock_offset(const aatgs_device_clock *clock, uint64_t host_ns);

#endif
