#include "host/bus_init.h"

#include <string.h>

static uint64_t place(uint64_t *end, uint64_t bytes)
{
  const uint64_t at = *end;
  *end += (bytes + 63) & ~UINT64_C(63);
  return at;
}

void aatgs_bus_plan(aatgs_bus_layout *l)
{
  uint64_t end = sizeof(aatgs_bus);
  l->magic = AATGS_BUS_MAGIC;
  l->version = AATGS_BUS_VERSION;
  l->digest = AATGS_LAYOUT_DIGEST;
  l->turns_max = 2 * l->tasks_max + 1;
  l->waits_max = 2 * (l->tasks_max + l->edges_max);
  l->graph_bytes = (AATGS_PROGRAM_AT(l->tasks_max, l->edges_max) +
                    AATGS_PROGRAM_BYTES(l->turns_max, l->workers, l->waits_max) + 63) &
                   ~UINT64_C(63);
  l->plan_bytes =
      (sizeof(aatgs_plan_table) + l->tasks_max * 2 * sizeof(uint32_t) + 63) & ~UINT64_C(63);
  l->commands_at = place(&end, l->command_slots * AATGS_COMMAND_FLITS * sizeof(aatgs_flit));
  l->telemetry_at = place(&end, l->telemetry_slots * AATGS_TELEMETRY_FLITS * sizeof(aatgs_flit));
  l->timings_at = place(&end, (uint64_t)l->timing_slots * AATGS_TIMING_FLITS * sizeof(aatgs_flit));
  l->running_at = place(&end, l->workers * sizeof(uint64_t));
  l->graphs_at = place(&end, l->graphs_max * l->graph_bytes);
  l->plans_at = place(&end, l->plans_max * l->plan_bytes);
  l->bytes = end;
}

/* The slot that sequence number `first` + i maps to holds the tag of one lap earlier. */
static void init_tags(aatgs_flit *ring, uint32_t slots, uint32_t flits, uint64_t first)
{
  for (uint32_t i = 0; i < slots; i++) {
    const uint64_t sequence = first + i;
    for (uint32_t f = 0; f < flits; f++)
      ring[(sequence & (slots - 1)) * flits + f].tag = (uint32_t)(sequence - slots);
  }
}

void aatgs_bus_init(void *block, const aatgs_bus_layout *l)
{
  uint8_t *base = block;
  aatgs_bus *bus = block;
  bus->layout = *l;
  init_tags((aatgs_flit *)(void *)(base + l->commands_at), l->command_slots, AATGS_COMMAND_FLITS,
            l->first_command);
  init_tags((aatgs_flit *)(void *)(base + l->telemetry_at), l->telemetry_slots,
            AATGS_TELEMETRY_FLITS, l->first_iteration);
  init_tags((aatgs_flit *)(void *)(base + l->timings_at), l->timing_slots, AATGS_TIMING_FLITS,
            l->first_timing);
}
