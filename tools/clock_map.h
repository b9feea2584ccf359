/* The device's clock on the host's: `cpu` has one clock, a GPU has its own. */
#ifndef AATGS_TOOLS_CLOCK_MAP_H
#define AATGS_TOOLS_CLOCK_MAP_H

#include <stdint.h>

#include "trace/trace.h"

/* host = device + offset + drift * (device - origin). */
typedef struct aatgs_clock_map {
  uint64_t origin;
  int64_t offset;
  double drift;
} aatgs_clock_map;

/* Works the map out of iterations first..last (0: the end). A config is posted before the device
 * starts and telemetry is seen after it ended, which bounds the offset from both sides: where 0
 * lies between the bounds the clocks are one, else the middle is taken, once at the start of the
 * range and once at its end, with a straight line between. An error is the reader's. */
int aatgs_clock_map_from(aatgs_trace *trace, uint64_t first, uint64_t last, aatgs_clock_map *map);

static inline uint64_t aatgs_clock_to_host(const aatgs_clock_map *map, uint64_t device_ns)
{
  int64_t since = (int64_t)(device_ns - map->origin);
  return device_ns + (uint64_t)map->offset + (uint64_t)(int64_t)(map->drift * (double)since);
}

#endif
