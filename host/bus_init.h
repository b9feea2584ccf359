/* Lays out and initializes the block that host and device share. */
#ifndef AATGS_BUS_INIT_H
#define AATGS_BUS_INIT_H

#include "device/bus.h"

/* Fills in offsets, table sizes and `bytes` from the slot counts, limits and worker count that
 * `layout` holds. */
void aatgs_bus_plan(aatgs_bus_layout *layout);
/* Writes the header into `block` (layout->bytes bytes, zeroed, 64-byte aligned) and gives every
 * slot the tag of the lap before its first, so that nothing in it can pass for complete. */
void aatgs_bus_init(void *block, const aatgs_bus_layout *layout);

#endif
