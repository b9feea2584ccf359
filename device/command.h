/* Taking commands off the ring. One worker at a time holds the polling token; it
 * looks at the next slot and says what is to be done. */
#ifndef AATGS_COMMAND_H
#define AATGS_COMMAND_H

#include "frame.h"
#if defined(__CUDACC__)
#include "loop_cuda.h"
#else
#include "loop_cpu.h"
#endif

#define AATGS_POLLS_PER_BEAT 64u
#define AATGS_IDLE_PER_LOOK  4096u
#define AATGS_SILENT_STEP_NS UINT64_C(100000000)

/* Ends the loop, leaving what was seen in the fault record; the first fault wins. */
AATGS_FN void aatgs_fault_post(aatgs_loop *loop, aatgs_fault fault)
{
  if (aatgs_dev_add_u32(&loop->shared->faulted, 1))
    return;
  loop->bus->device.fault = fault;
  aatgs_bus_store_release(&loop->bus->device.state, AATGS_DEVICE_FAULT); /* B5 */
  aatgs_dev_store_release_u32(&loop->shared->stop, 1);
}

AATGS_FN void aatgs_fault_command(aatgs_loop *loop, const aatgs_worker *w, uint32_t code,
                                  uint64_t wanted, uint64_t seen)
{
  aatgs_fault fault = {code, w->id, w->u.command.header.iteration, 0, 0, wanted, seen};
  aatgs_fault_post(loop, fault);
}

/* Shows that the device lives, and looks whether the host does. */
AATGS_FN void aatgs_beat(aatgs_loop *loop, const aatgs_worker *w)
{
  if (++loop->shared->beat % AATGS_POLLS_PER_BEAT)
    return;
  aatgs_bus_store_relaxed(&loop->bus->device.beat, loop->shared->beat); /* B7 */
  if (aatgs_bus_load_relaxed(&loop->bus->host.abandon)) {
    aatgs_fault_command(loop, w, AATGS_FAULT_ABANDONED, 0, 1);
    return;
  }
  if (!loop->host_timeout_ns)
    return;
  const uint64_t host_beat = aatgs_bus_load_relaxed(&loop->bus->host.beat); /* B8 */
  const uint64_t now = aatgs_clock_ns();
  const uint64_t step = now - loop->shared->looked_ns;
  loop->shared->looked_ns = now;
  if (host_beat != loop->shared->host_beat) {
    loop->shared->host_beat = host_beat;
    loop->shared->host_silent_ns = 0;
    return;
  }
  /* A stopped process (a debugger) makes one long step, which does not count as silence. */
  loop->shared->host_silent_ns += step < AATGS_SILENT_STEP_NS ? step : AATGS_SILENT_STEP_NS;
  if (loop->shared->host_silent_ns > loop->host_timeout_ns)
    aatgs_fault_command(loop, w, AATGS_FAULT_HOST_LOST, loop->host_timeout_ns,
                        loop->shared->host_silent_ns);
}

/* Who has the token may be inside a task that does not return: the others look now and then for
 * themselves whether the host has given up. */
AATGS_FN void aatgs_look_for_abandon(aatgs_loop *loop, const aatgs_worker *w)
{
  if (w->idle % AATGS_IDLE_PER_LOOK == AATGS_IDLE_PER_LOOK - 1 &&
      aatgs_bus_load_relaxed(&loop->bus->host.abandon)) { /* B8 */
    const aatgs_fault fault = {AATGS_FAULT_ABANDONED, w->id, 0, 0, 0, 0, 1};
    aatgs_fault_post(loop, fault);
  }
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

AATGS_FN int aatgs_token_take(aatgs_loop *loop, aatgs_worker *w)
{
  uint32_t free = 0;
  if (!w->polls && !aatgs_dev_load_relaxed_u32(&loop->shared->token))
    w->polls = (uint32_t)aatgs_dev_cas_u32(&loop->shared->token, &free, 1); /* D8 */
  return (int)w->polls;
}

AATGS_FN void aatgs_token_give(aatgs_loop *loop, aatgs_worker *w)
{
  if (!w->polls)
    return;
  w->polls = 0;
  w->alone = 0;
  aatgs_dev_store_release_u32(&loop->shared->token, 0); /* D7 */
}

/* After a look that found nothing to run. A worker that may be taken off its core must not sit on
 * the token. */
AATGS_FN void aatgs_token_rest(aatgs_loop *loop, aatgs_worker *w)
{
  if (loop->flags & AATGS_LOOP_CROWDED)
    aatgs_token_give(loop, w);
}

AATGS_FN int aatgs_quiescent(const aatgs_loop *loop)
{
  return aatgs_dev_load_acquire_u64(&loop->shared->completed) == /* D4 */
         aatgs_dev_load_acquire_u64(&loop->shared->admitted);
}

/* Says in step->kind what the command asks for, or NONE when it has to wait for the iterations in
 * flight: it is then looked at again. */
AATGS_FN void aatgs_command_decode(aatgs_loop *loop, aatgs_worker *w, aatgs_step *step)
{
  const aatgs_command_header *h = &w->u.command.header;
  switch (h->opcode) {
  case AATGS_OP_ITERATE:
    /* The host's word is not enough: the acquire in aatgs_quiescent() is what makes the earlier
     * iterations' writes seen here, unless they were this worker's own. */
    if ((h->flags & AATGS_COMMAND_CHAIN) && (w->alone || aatgs_quiescent(loop))) {
      step->kind = AATGS_STEP_CHAIN;
      break;
    }
    step->kind = AATGS_STEP_ADMIT;
    step->frame = aatgs_frame_of(loop, h->iteration);
    if (aatgs_dev_load_acquire_u32(&step->frame->live)) {
      step->kind = AATGS_STEP_NONE;
      aatgs_fault_command(loop, w, AATGS_FAULT_WAIT, 0, step->frame->iteration);
    }
    break;
  case AATGS_OP_NOP: step->kind = AATGS_STEP_NOP; break;
  case AATGS_OP_GRAPH: step->kind = AATGS_STEP_GRAPH; break;
  case AATGS_OP_PLAN: step->kind = AATGS_STEP_PLAN; break;
  case AATGS_OP_SNAPSHOT:
    step->kind = aatgs_quiescent(loop) ? AATGS_STEP_SNAPSHOT : AATGS_STEP_NONE;
    break;
  case AATGS_OP_RESTORE:
    step->kind = aatgs_quiescent(loop) ? AATGS_STEP_RESTORE : AATGS_STEP_NONE;
    break;
  case AATGS_OP_STOP: step->kind = aatgs_quiescent(loop) ? AATGS_STEP_STOP : AATGS_STEP_NONE; break;
  default: aatgs_fault_command(loop, w, AATGS_FAULT_OPCODE, AATGS_OP_STOP, h->opcode);
  }
}

/* Before the slot is looked at: takes the token, beats, shakes hands. 1: look at the slot; 0: no
 * need, with step->kind saying what else is to be done. */
AATGS_FN int aatgs_poll_begin(aatgs_loop *loop, aatgs_worker *w, aatgs_step *step)
{
  if (!aatgs_token_take(loop, w)) {
    aatgs_look_for_abandon(loop, w);
    return 0;
  }
  aatgs_beat(loop, w);
  if (loop->shared->rebuilt)
    return 1;
  if (aatgs_handshake(loop))
    step->kind = AATGS_STEP_REBUILD;
  return 0;
}

AATGS_FN void aatgs_poll_end(aatgs_loop *loop, aatgs_worker *w, aatgs_step *step, int complete)
{
  if (complete)
    aatgs_command_decode(loop, w, step);
  if (step->kind == AATGS_STEP_NONE)
    aatgs_token_rest(loop, w);
}

/* Looks at the next command slot once; the lanes of the worker's team together. With step->kind
 * other than NONE the worker keeps the token until aatgs_command_done(). */
AATGS_FN void aatgs_command_poll(aatgs_loop *loop, aatgs_worker *w, aatgs_step *step, uint32_t lane)
{
  uint32_t look = 0;
  if (lane == 0)
    look = (uint32_t)aatgs_poll_begin(loop, w, step);
  if (!aatgs_team_share(look))
    return;
  const uint64_t n = loop->shared->next_command;
  const int complete =
      aatgs_team_slot_load(loop->commands + (n & loop->command_mask) * AATGS_COMMAND_FLITS,
                           AATGS_COMMAND_FLITS, (uint32_t)n, w->u.words, lane);
  if (lane == 0)
    aatgs_poll_end(loop, w, step, complete);
}

/* The command was obeyed: counts it, and acknowledges all but iterations. After ADMIT another
 * worker may poll while this one runs the first task. */
AATGS_FN void aatgs_command_done(aatgs_loop *loop, aatgs_worker *w, const aatgs_step *step)
{
  if (step->kind == AATGS_STEP_REBUILD) {
    loop->shared->rebuilt = 1;
    aatgs_bus_store_release(&loop->bus->device.state, AATGS_DEVICE_RUNNING); /* B5 */
    return;
  }
  loop->shared->next_command++;
  if (step->kind == AATGS_STEP_ADMIT)
    aatgs_token_give(loop, w);
  else if (step->kind != AATGS_STEP_CHAIN)
    aatgs_bus_store_release(&loop->bus->device.ordered_done, loop->shared->next_command); /* B5 */
  if (step->kind == AATGS_STEP_STOP) {
    aatgs_bus_store_release(&loop->bus->device.state, AATGS_DEVICE_STOPPED); /* B5 */
    aatgs_dev_store_release_u32(&loop->shared->stop, 1);
  }
}

/* ---- What commands do; every lane takes part ------------------------------------------ */

AATGS_FN void aatgs_copy_words(uint8_t *to, const uint8_t *from, uint64_t bytes, uint32_t lane,
                               uint32_t lanes)
{
  const uint64_t words = bytes / 4;
  for (uint64_t i = lane; i < words; i += lanes)
    ((uint32_t *)(void *)to)[i] = ((const uint32_t *)(const void *)from)[i];
  for (uint64_t i = words * 4 + lane; i < bytes; i += lanes)
    to[i] = from[i];
}

AATGS_FN void aatgs_take_graph(aatgs_loop *loop, const aatgs_worker *w, uint32_t lane,
                               uint32_t lanes)
{
  const uint32_t number = w->u.command.header.graph;
  const uint64_t at = number % loop->graphs_max * loop->graph_bytes;
  const aatgs_graph_table *table = (const aatgs_graph_table *)(const void *)(loop->bus_graphs + at);
  aatgs_bus_fence_acquire(); /* B4 */
  const uint64_t bytes =
      sizeof *table + table->tasks * sizeof(aatgs_task_entry) + table->edges * sizeof(uint32_t);
  if (table->number == number && bytes <= loop->graph_bytes)
    aatgs_copy_words(loop->graphs + at, loop->bus_graphs + at, bytes, lane, lanes);
  else if (lane == 0)
    aatgs_fault_command(loop, w, AATGS_FAULT_TABLE, number, table->number);
}

AATGS_FN void aatgs_take_plan(aatgs_loop *loop, const aatgs_worker *w, uint32_t lane,
                              uint32_t lanes)
{
  const uint32_t number = w->u.command.header.plan;
  const uint64_t at = number % loop->plans_max * loop->plan_bytes;
  const aatgs_plan_table *table = (const aatgs_plan_table *)(const void *)(loop->bus_plans + at);
  aatgs_bus_fence_acquire(); /* B4 */
  const uint64_t bytes = sizeof *table + table->tasks * 2 * sizeof(uint32_t);
  if (table->number == number && bytes <= loop->plan_bytes)
    aatgs_copy_words(loop->plans + at, loop->bus_plans + at, bytes, lane, lanes);
  else if (lane == 0)
    aatgs_fault_command(loop, w, AATGS_FAULT_TABLE, number, table->number);
}

/* Primary regions to staging, or back. */
AATGS_FN void aatgs_copy_state(aatgs_loop *loop, int restore, uint32_t lane, uint32_t lanes)
{
  uint8_t *staging = loop->staging;
  if (restore)
    aatgs_bus_fence_acquire(); /* B4 */
  for (uint32_t r = 0; r < loop->region_count; r++) {
    if (!(loop->primary >> r & 1))
      continue;
    aatgs_copy_words(restore ? loop->regions[r] : staging, restore ? staging : loop->regions[r],
                     loop->region_bytes[r], lane, lanes);
    staging += AATGS_ALIGN64(loop->region_bytes[r]);
  }
}

#endif
