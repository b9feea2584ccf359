#include "host/device_memory.h"
#include "host/bus_init.h"

#include <string.h>

static aatgs_state_limits limits_of(const aatgs_device_plan *plan, uint32_t region_count)
{
  const aatgs_bus_layout *l = &plan->layout;
  return (aatgs_state_limits){.frames = l->command_slots,
                              .graphs_max = l->graphs_max,
                              .plans_max = l->plans_max,
                              .tasks_max = l->tasks_max,
                              .turns_max = l->turns_max,
                              .graph_bytes = l->graph_bytes,
                              .plan_bytes = l->plan_bytes,
                              .region_count = region_count,
                              .region_bytes = plan->region_bytes,
                              .primary = plan->primary};
}

void aatgs_device_plan_make(const aatgs_device_spec *spec, uint32_t workers,
                            aatgs_device_plan *plan)
{
  const struct aatgs_workload *w = spec->workload;
  memset(plan, 0, sizeof *plan);
  plan->layout = spec->layout;
  plan->layout.workers = workers;
  aatgs_bus_plan(&plan->layout);
  for (uint32_t r = 0; r < w->region_count; r++) {
    plan->region_bytes[r] = spec->regions[r].size;
    if (w->regions[r].kind == AATGS_REGION_PRIMARY) {
      plan->primary |= AATGS_REGION_BIT(r);
      plan->staging_bytes += AATGS_ALIGN64(spec->regions[r].size);
    }
  }
  const aatgs_state_limits limits = limits_of(plan, w->region_count);
  plan->arena_bytes = aatgs_state_layout(&limits, NULL, NULL);
}

static uint32_t flags_of(const aatgs_device_spec *spec)
{
  return (spec->shuffle ? AATGS_LOOP_SHUFFLE : 0u) |
         (spec->digest == AATGS_DIGEST_OFF ? AATGS_LOOP_DIGEST_OFF : 0u) |
         (spec->digest == AATGS_DIGEST_FULL ? AATGS_LOOP_DIGEST_FULL : 0u) |
         (spec->idle == AATGS_IDLE_BALANCED ? AATGS_LOOP_BALANCED : 0u) |
         (spec->idle == AATGS_IDLE_POWER ? AATGS_LOOP_POWER : 0u);
}

void aatgs_device_plan_fill(const aatgs_device_plan *plan, const aatgs_device_spec *spec,
                            uint32_t flags, uint8_t *bus, uint8_t *device_bus, uint8_t *arena,
                            uint8_t *device_arena)
{
  const aatgs_bus_layout *l = &plan->layout;
  const aatgs_state_limits limits = limits_of(plan, spec->workload->region_count);
  aatgs_loop *loop = (aatgs_loop *)(void *)arena;
  aatgs_bus_init(bus, l);
  aatgs_state_layout(&limits, arena, device_arena);
  loop->bus = (aatgs_bus *)(void *)device_bus;
  loop->commands = (aatgs_flit *)(void *)(device_bus + l->commands_at);
  loop->telemetry = (aatgs_flit *)(void *)(device_bus + l->telemetry_at);
  loop->timings = (aatgs_flit *)(void *)(device_bus + l->timings_at);
  loop->running = (uint64_t *)(void *)(device_bus + l->running_at);
  loop->bus_graphs = device_bus + l->graphs_at;
  loop->bus_plans = device_bus + l->plans_at;
  loop->graph_bytes = l->graph_bytes;
  loop->plan_bytes = l->plan_bytes;
  loop->primary = plan->primary;
  loop->seed = spec->seed;
  loop->host_timeout_ns = spec->host_timeout_ns;
  loop->first_command = l->first_command;
  loop->first_iteration = l->first_iteration;
  aatgs_shared *shared = (aatgs_shared *)(void *)(arena + ((uint8_t *)loop->shared - device_arena));
  shared->front.next_command = l->first_command;
  shared->front.next_relay = shared->bell = 1; /* 0 is what the tags are filled with */
  shared->front.dirty = 1;
  loop->region_count = spec->workload->region_count;
  loop->workers = l->workers;
  loop->command_mask = l->command_slots - 1;
  loop->telemetry_mask = l->telemetry_slots - 1;
  loop->timing_mask = l->timing_slots - 1;
  loop->graphs_max = l->graphs_max;
  loop->plans_max = l->plans_max;
  loop->turns_max = l->turns_max;
  loop->flags = flags_of(spec) | flags;
  uint8_t *const *regions =
      (uint8_t *const *)(void *)(arena + ((uint8_t *)loop->regions - device_arena));
  for (uint32_t r = 0; r < loop->region_count; r++)
    if (spec->regions[r].bytes && spec->regions[r].size)
      memcpy(arena + (regions[r] - device_arena), spec->regions[r].bytes, spec->regions[r].size);
}
