/* Taking commands off the ring. Whoever does it holds the front: on cpu the worker with the
 * polling token, on cuda one polling warp at a time. */
#ifndef AATGS_COMMAND_H
#define AATGS_COMMAND_H

#include "frame.h"
#if defined(__CUDACC__)
#include "loop_cuda.h"
#else
#include "loop_cpu.h"
#endif

#define AATGS_SILENT_STEP_NS UINT64_C(100000000)

/* Ends the loop, leaving what was seen in the fault record; the first fault wins. */
AATGS_COLD void aatgs_fault_post(aatgs_loop *loop, aatgs_fault fault)
{
  if (aatgs_dev_add_u32(&loop->shared->faulted, 1))
    return;
  loop->bus->device.fault = fault;
  aatgs_bus_store_release(&loop->bus->device.state, AATGS_DEVICE_FAULT); /* B5 */
  aatgs_dev_store_release_u32(&loop->shared->stop, 1);
}

AATGS_FN void aatgs_fault_command(aatgs_loop *loop, uint32_t worker, uint64_t iteration,
                                  uint32_t code, uint64_t wanted, uint64_t seen)
{
  const aatgs_fault fault = {code, worker, iteration, 0, 0, wanted, seen};
  aatgs_fault_post(loop, fault);
}

/* Shows that the device lives, and looks at what the host has shown. */
AATGS_COLD void aatgs_beat(aatgs_loop *loop, aatgs_front *front, uint32_t worker,
                           uint64_t host_beat, uint64_t abandon)
{
  aatgs_bus_store_relaxed(&loop->bus->device.beat, ++front->beat); /* B7 */
  if (abandon) {
    aatgs_fault_command(loop, worker, 0, AATGS_FAULT_ABANDONED, 0, abandon);
    return;
  }
  if (!loop->host_timeout_ns)
    return;
  const uint64_t now = aatgs_clock_ns();
  const uint64_t step = now - front->looked_ns;
  front->looked_ns = now;
  if (host_beat != front->host_beat) {
    front->host_beat = host_beat;
    front->host_silent_ns = 0;
    return;
  }
  /* A stopped process (a debugger) makes one long step, which does not count as silence. */
  front->host_silent_ns += step < AATGS_SILENT_STEP_NS ? step : AATGS_SILENT_STEP_NS;
  if (front->host_silent_ns > loop->host_timeout_ns)
    aatgs_fault_command(loop, worker, 0, AATGS_FAULT_HOST_LOST, loop->host_timeout_ns,
                        front->host_silent_ns);
}

/* Whether both sides lay the bus out alike; when not, the loop ends before the first slot. */
AATGS_FN int aatgs_handshake(aatgs_loop *loop)
{
  const aatgs_bus_layout *l = &loop->bus->layout;
  aatgs_bus_store_relaxed(&loop->bus->device.digest, AATGS_LAYOUT_DIGEST);
  if (l->magic == AATGS_BUS_MAGIC && l->version == AATGS_BUS_VERSION &&
      l->digest == AATGS_LAYOUT_DIGEST)
    return 1;
  aatgs_bus_store_release(&loop->bus->device.state, AATGS_DEVICE_REFUSED); /* B5 */
  aatgs_dev_store_release_u32(&loop->shared->stop, 1);
  return 0;
}

AATGS_FN int aatgs_quiescent(const aatgs_loop *loop)
{
  return aatgs_dev_load_acquire_u64(&loop->shared->completed) == /* D4 */
         aatgs_dev_load_acquire_u64(&loop->shared->admitted);
}

/* ---- What a command asks for -------------------------------------------------------------- */

AATGS_FN const aatgs_outline *aatgs_outline_of(const aatgs_loop *loop, aatgs_front *front,
                                               uint32_t number)
{
  if (front->known.number != number) {
    const aatgs_graph_table *graph = aatgs_graph_at(loop, number);
    const aatgs_outline known = {number, graph->workers, graph->touched, graph->written};
    front->known = known;
  }
  return &front->known;
}

/* Whether no program is in flight. The mark moves along, or it would be 2^31 steps behind one day.
 */
AATGS_FN int aatgs_programs_over(aatgs_front *front)
{
  const uint32_t ended = aatgs_front_ended(front);
  if ((int32_t)(ended - front->programs) < 0)
    return 0;
  front->programs = ended;
  return 1;
}

/* Whether the program of the outline may start beside those in flight. Programs overlap where their
 * graphs share no region, or, with one worker each, in its queue. */
AATGS_FN int aatgs_program_fits(aatgs_front *front, const aatgs_outline *g)
{
  return (front->solo && g->workers == 1) || aatgs_programs_over(front) ||
         !((front->touched & g->written) | (front->written & g->touched));
}

/* It is the next step. */
AATGS_FN void aatgs_program_starts(aatgs_front *front, const aatgs_outline *g)
{
  const int alone = aatgs_programs_over(front);
  front->solo = (alone || front->solo) && g->workers == 1;
  front->touched = (alone ? 0 : front->touched) | g->touched;
  front->written = (alone ? 0 : front->written) | g->written;
  front->dirty |= g->written != 0;
  front->programs = front->steps + 1;
}

/* Whether no dataflow is in flight. */
AATGS_FN int aatgs_dataflow_over(const aatgs_loop *loop, aatgs_front *front)
{
  if (front->dataflow && aatgs_quiescent(loop))
    front->dataflow = 0;
  return !front->dataflow;
}

/* Whether all have ended that any worker may run. */
AATGS_FN int aatgs_spread_over(const aatgs_loop *loop, aatgs_front *front)
{
  if (front->over != front->spread)
    front->over = aatgs_dev_load_relaxed_u32(&loop->shared->spread_over); /* D16 */
  return front->over == front->spread;
}

/* Whether the program may start now; it is then taken. */
AATGS_FN int aatgs_program_start(const aatgs_loop *loop, aatgs_front *front, uint32_t number)
{
  const aatgs_outline *g = aatgs_outline_of(loop, front, number);
  if (!aatgs_dataflow_over(loop, front) || !aatgs_program_fits(front, g))
    return 0;
  aatgs_program_starts(front, g);
  return 1;
}

/* The same for an iteration by dataflow. */
AATGS_FN int aatgs_dataflow_start(aatgs_loop *loop, aatgs_front *front, uint32_t worker,
                                  uint64_t iteration)
{
  if (!aatgs_programs_over(front) || !aatgs_spread_over(loop, front))
    return 0;
  if (!front->dataflow) {
    const uint64_t before = iteration - loop->first_iteration;
    aatgs_dev_store_relaxed_u64(&loop->shared->completed, before);
    aatgs_dev_store_relaxed_u64(&loop->shared->admitted, before);
    front->dataflow = 1;
    front->dirty = 1;
  }
  const aatgs_frame *frame = aatgs_frame_of(loop, iteration);
  if (!aatgs_dev_load_acquire_u32(&frame->live))
    return 1;
  aatgs_fault_command(loop, worker, iteration, AATGS_FAULT_WAIT, 0, frame->iteration);
  return 0;
}

/* Nothing is in flight. */
AATGS_FN int aatgs_all_ended(const aatgs_loop *loop, aatgs_front *front)
{
  return aatgs_programs_over(front) && (!front->dataflow || aatgs_quiescent(loop));
}

/* NONE: the command has to wait for iterations in flight, and is to be looked at again. To
 * acknowledge one gives the slots before it back to the host: no worker may have to read them yet.
 */
AATGS_COLD aatgs_step_kind aatgs_command_decode(aatgs_loop *loop, aatgs_front *front,
                                                uint32_t worker, const aatgs_command_header *h)
{
  if (h->opcode != AATGS_OP_ITERATE && !aatgs_spread_over(loop, front))
    return AATGS_STEP_NONE;
  switch (h->opcode) {
  case AATGS_OP_ITERATE:
    if (h->flags & AATGS_COMMAND_SPREAD)
      return aatgs_dataflow_over(loop, front) ? AATGS_STEP_SPREAD : AATGS_STEP_NONE;
    if (h->flags & AATGS_COMMAND_PLACED)
      return aatgs_program_start(loop, front, h->graph) ? AATGS_STEP_PROGRAM : AATGS_STEP_NONE;
    return aatgs_dataflow_start(loop, front, worker, h->iteration) ? AATGS_STEP_ADMIT
                                                                   : AATGS_STEP_NONE;
  case AATGS_OP_NOP: return AATGS_STEP_NOP;
  case AATGS_OP_GRAPH: return AATGS_STEP_GRAPH;
  case AATGS_OP_PLAN: return AATGS_STEP_PLAN;
  case AATGS_OP_SNAPSHOT:
    return aatgs_all_ended(loop, front) ? AATGS_STEP_SNAPSHOT : AATGS_STEP_NONE;
  case AATGS_OP_RESTORE: return aatgs_all_ended(loop, front) ? AATGS_STEP_RESTORE : AATGS_STEP_NONE;
  case AATGS_OP_STOP: return aatgs_all_ended(loop, front) ? AATGS_STEP_STOP : AATGS_STEP_NONE;
  default:
    aatgs_fault_command(loop, worker, h->iteration, AATGS_FAULT_OPCODE, AATGS_OP_STOP, h->opcode);
    return AATGS_STEP_NONE;
  }
}

/* The command was obeyed: counts it, and acknowledges all but iterations. */
AATGS_COLD void aatgs_command_done(aatgs_loop *loop, aatgs_front *front, aatgs_step_kind kind)
{
  front->next_command++;
  if (kind == AATGS_STEP_ADMIT || kind == AATGS_STEP_PROGRAM || kind == AATGS_STEP_SPREAD)
    return;
  front->dirty = 1;
  aatgs_bus_store_release(&loop->bus->device.ordered_done, front->next_command); /* B5 */
  if (kind != AATGS_STEP_STOP)
    return;
  aatgs_bus_store_release(&loop->bus->device.state, AATGS_DEVICE_STOPPED); /* B5 */
  aatgs_dev_store_release_u32(&loop->shared->stop, 1);
}

AATGS_FN aatgs_flit *aatgs_relay_slot(const aatgs_loop *loop, uint64_t n)
{
  return loop->relay + (n & loop->command_mask) * AATGS_COMMAND_FLITS;
}

/* The next command lies in its relay slot: counts it, and says so where workers have to acquire
 * what was written before. */
AATGS_FN void aatgs_relay_ring(aatgs_loop *loop, aatgs_front *front, uint32_t lane)
{
  if (lane != 0)
    return;
  front->next_relay++;
  if (front->dirty)
    aatgs_dev_store_release_u64(&loop->shared->bell, front->next_relay); /* D11 */
  else
    aatgs_bell_store(&loop->shared->bell, front->next_relay);
  front->dirty = front->written != 0;
}

/* ---- What commands do; every lane of a group takes part -------------------------------- */

AATGS_COLD void aatgs_take_graph(aatgs_loop *loop, uint32_t worker, uint32_t number, uint32_t lane,
                                 uint32_t lanes)
{
  const uint64_t at = number % loop->graphs_max * loop->graph_bytes;
  const aatgs_graph_table *table = (const aatgs_graph_table *)(const void *)(loop->bus_graphs + at);
  aatgs_bus_fence_acquire(); /* B4 */
  const uint64_t bytes = aatgs_graph_size(table);
  if (table->number == number && bytes <= loop->graph_bytes)
    aatgs_copy_bytes(loop->graphs + at, loop->bus_graphs + at, bytes, lane, lanes);
  else if (lane == 0)
    aatgs_fault_command(loop, worker, 0, AATGS_FAULT_TABLE, number, table->number);
}

AATGS_COLD void aatgs_take_plan(aatgs_loop *loop, uint32_t worker, uint32_t number, uint32_t lane,
                                uint32_t lanes)
{
  const uint64_t at = number % loop->plans_max * loop->plan_bytes;
  const aatgs_plan_table *table = (const aatgs_plan_table *)(const void *)(loop->bus_plans + at);
  aatgs_bus_fence_acquire(); /* B4 */
  const uint64_t bytes = sizeof *table + table->tasks * 2 * sizeof(uint32_t);
  if (table->number == number && bytes <= loop->plan_bytes)
    aatgs_copy_bytes(loop->plans + at, loop->bus_plans + at, bytes, lane, lanes);
  else if (lane == 0)
    aatgs_fault_command(loop, worker, 0, AATGS_FAULT_TABLE, number, table->number);
}

/* Primary regions to staging, or back. */
AATGS_COLD void aatgs_copy_state(aatgs_loop *loop, int restore, uint32_t lane, uint32_t lanes)
{
  uint8_t *staging = loop->staging;
  if (restore)
    aatgs_bus_fence_acquire(); /* B4 */
  for (uint32_t r = 0; r < loop->region_count; r++) {
    if (!(loop->primary >> r & 1))
      continue;
    aatgs_copy_bytes(restore ? loop->regions[r] : staging, restore ? staging : loop->regions[r],
                     loop->region_bytes[r], lane, lanes);
    staging += AATGS_ALIGN64(loop->region_bytes[r]);
  }
}

#endif
