/* The two blocks of memory that every kind of device needs: the bus and the arena with
 * the device's own state. */
#ifndef AATGS_DEVICE_MEMORY_H
#define AATGS_DEVICE_MEMORY_H

#include "device/state.h"
#include "host/device.h"

/* How large they are, and what of. */
typedef struct aatgs_device_plan {
  aatgs_bus_layout layout;
  uint64_t region_bytes[AATGS_REGIONS_MAX];
  uint64_t primary; /* mask of primary regions */
  uint64_t staging_bytes;
  uint64_t arena_bytes;
} aatgs_device_plan;

/* Measures for `workers` workers. */
void aatgs_device_plan_make(const aatgs_device_spec *spec, uint32_t workers,
                            aatgs_device_plan *plan);
/* Fills in both blocks, zeroed, as the host sees them at `bus` and `arena`, for a device that sees
 * them at `device_bus` and `device_arena`. The loop stands first in the arena; `flags` are
 * aatgs_loop_flag beyond those that the spec asks for. The command ring lies in the bus: a device
 * that polls it elsewhere moves `loop->commands` and copies its tags. */
void aatgs_device_plan_fill(const aatgs_device_plan *plan, const aatgs_device_spec *spec,
                            uint32_t flags, uint8_t *bus, uint8_t *device_bus, uint8_t *arena,
                            uint8_t *device_arena);

#endif
