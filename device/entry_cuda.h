/* The persistent kernel and its launch: in block 0 polling warps take commands beside the
 * lanes that run tasks; the other blocks look into the device's memory. In each a warp beside the
 * lanes posts the timing records of programs. Included by loop.h. */
#ifndef AATGS_ENTRY_CUDA_H
#define AATGS_ENTRY_CUDA_H

#include "poller_cuda.h"

#define AATGS_LOOKS_PER_CHECK 256u
#define AATGS_REST_NS         1000000u             /* before the watch is shown that no task runs */
#define AATGS_OTHER_WARPS     (AATGS_POLLERS + 1u) /* the last one is the scribe */

/* A block, in its shared memory. */
typedef struct aatgs_block {
  aatgs_loop loop; /* constants within reach: no trip to L2 for each */
  aatgs_worker worker;
  AATGS_ALIGNAS(16) aatgs_step step; /* its first words are read as one */
  uint32_t opened;                   /* boxes, when the leading lane has searched */
  aatgs_program program;
  aatgs_command_words command; /* that another block has relayed */
  aatgs_desk desk;             /* of block 0 */
} aatgs_block;

/* Block 0, leading lane: the next box, or a ready part. A program stays in its box. */
static __device__ inline void aatgs_desk_find(aatgs_block *b, aatgs_step *step, uint32_t opened)
{
  aatgs_desk *d = &b->desk;
  b->opened = opened;
  for (uint32_t idle = 0;; idle++) {
    aatgs_box *box = aatgs_box_at(d, b->opened);
    const uint32_t dataflow = aatgs_block_load_acquire(&d->front.dataflow);
    if (aatgs_gate_open(&box->gate, aatgs_box_phase(b->opened))) { /* P2 */
      *step = box->step;
      b->worker.now_ns = box->start_ns;
      if (step->kind == AATGS_STEP_PROGRAM)
        return;
      b->opened++;
      if (step->kind != AATGS_STEP_NONE && step->kind != AATGS_STEP_PART)
        return;
      aatgs_block_store_release(&d->front.ended, b->opened); /* P1 */
      if (step->kind == AATGS_STEP_PART)
        return;
      continue;
    }
    if (dataflow && aatgs_claim(&b->loop, &b->worker, step)) {
      b->worker.now_ns = aatgs_clock_ns();
      return;
    }
    if (idle == 0)
      aatgs_bus_store_relaxed(&b->loop.running[0], 0); /* B7 */
  }
}

/* Another block: a relayed program, a deal, or a ready part. */
static __device__ inline void aatgs_block_find(aatgs_block *b, aatgs_step *step, uint32_t lane)
{
  aatgs_shared *shared = b->loop.shared;
  const uint64_t *word = lane == 0   ? &shared->admitted
                         : lane == 1 ? &shared->completed
                                     : aatgs_deal_at(&b->loop, b->worker.dealt); /* D16 */
  for (uint32_t idle = 0;; idle++) {
    const uint64_t v = aatgs_dev_load_relaxed_u64(word);
    uint32_t kind = AATGS_STEP_NONE;
    if (aatgs_relay_take(&b->loop, &b->worker, &b->command, lane) ||
        aatgs_deal_take(&b->loop, &b->worker, &b->program, __shfl_sync(AATGS_ALL_LANES, v, 2),
                        &b->command, lane))
      kind = AATGS_STEP_PROGRAM;
    else if (__shfl_sync(AATGS_ALL_LANES, v, 0) != __shfl_sync(AATGS_ALL_LANES, v, 1) &&
             lane == 0 && aatgs_claim(&b->loop, &b->worker, step))
      kind = AATGS_STEP_PART;
    if (lane == 0 && kind == AATGS_STEP_NONE &&
        idle % AATGS_LOOKS_PER_CHECK == AATGS_LOOKS_PER_CHECK - 1 &&
        aatgs_dev_load_acquire_u32(&shared->stop))
      kind = AATGS_STEP_LEAVE;
    kind = aatgs_team_share(kind);
    if (kind == AATGS_STEP_NONE) {
      if (idle == 0 && lane == 0)
        aatgs_bus_store_relaxed(&b->loop.running[b->worker.id], 0); /* B7 */
      aatgs_worker_idle(b->loop.flags, idle);
      continue;
    }
    if (lane == 0) {
      step->kind = kind;
      b->worker.now_ns = aatgs_clock_ns();
    }
    return;
  }
}

/* Runs a step that is no program. Returns 0 when the loop has ended. */
static __device__ inline int aatgs_block_step(aatgs_block *b, aatgs_step_kind kind, uint32_t lane,
                                              uint32_t lanes)
{
  if (kind == AATGS_STEP_LEAVE)
    return 0;
  if (kind == AATGS_STEP_PART)
    aatgs_part_run(&b->loop, &b->worker, &b->step, lane, lanes);
  else
    aatgs_state_step(&b->loop, kind, lane, lanes);
  aatgs_worker_sync(lanes);
  if (lane == 0 && kind != AATGS_STEP_PART) {
    b->step.kind = AATGS_STEP_NONE;
    aatgs_block_store_release(&b->desk.front.ended, b->opened); /* P1 */
  }
  __syncwarp();
  return 1;
}

/* Block 0's leading lane waits for a program. Until it has waited for a while the running word says
 * which task came last: that may be the one that a fault is about, which is noticed late. */
static __device__ inline void aatgs_rest(const aatgs_loop *loop, uint64_t *since_ns)
{
  const uint64_t now_ns = aatgs_clock_ns();
  if (*since_ns == 0)
    *since_ns = now_ns;
  if (*since_ns == UINT64_MAX || now_ns - *since_ns < AATGS_REST_NS)
    return;
  aatgs_bus_store_relaxed(&loop->running[0], 0); /* B7 */
  *since_ns = UINT64_MAX;
}

/* Block 0's lanes run programs as they come, up to box *opened, which holds something else. No
 * lane leads: each opens the boxes for itself, and they meet at the barriers of the turns. The
 * first lane of the team that posts telemetry gives the boxes back. */
static __device__ inline void aatgs_block_programs(aatgs_block *b, uint32_t *opened,
                                                   aatgs_pace *pace, uint32_t lane, uint32_t lanes)
{
  for (;; (*opened)++) {
    aatgs_box *box = aatgs_box_at(&b->desk, *opened);
    const uint32_t phase = aatgs_box_phase(*opened);
    uint64_t since_ns = 0;
    while (!aatgs_gate_wait(&box->gate, phase)) /* P2 */
      if (lane == 0)
        aatgs_rest(&b->loop, &since_ns);
    /* Read as one, so that no read waits for another. */
    const aatgs_command_header header = box->command.command.header;
    const uint64_t start_ns = box->start_ns;
    if (box->step.kind != AATGS_STEP_PROGRAM) {
      aatgs_worker_sync(lanes); /* the leading lane may give it back at once */
      return;
    }
    aatgs_program_run(&b->loop, 0, &b->program, &header, box->command.command.config, start_ns, 0,
                      pace, lane, lanes);
    if (lane == aatgs_end_lane(lanes))
      aatgs_block_store_release(&b->desk.front.ended, *opened + 1); /* P1 */
  }
}

/* The lanes of block 0. */
static __device__ inline void aatgs_lanes_first(aatgs_block *b, uint32_t lane, uint32_t lanes)
{
  uint32_t opened = 0; /* boxes */
  aatgs_pace pace = {0, 0, 0};
  for (;;) {
    if (lane == 0 && b->step.kind == AATGS_STEP_NONE)
      aatgs_desk_find(b, &b->step, opened);
    aatgs_worker_sync(lanes);
    const aatgs_step_kind kind = (aatgs_step_kind)b->step.kind;
    opened = b->opened;
    if (kind == AATGS_STEP_PROGRAM) {
      aatgs_block_programs(b, &opened, &pace, lane, lanes);
      if (lane == 0)
        b->step.kind = AATGS_STEP_NONE;
    } else if (!aatgs_block_step(b, kind, lane, lanes)) {
      return;
    }
  }
}

/* The lanes of another block. */
static __device__ inline void aatgs_lanes_other(aatgs_block *b, uint32_t lane, uint32_t lanes)
{
  const aatgs_command *command = &b->command.command;
  aatgs_pace pace = {0, 0, 0};
  for (;;) {
    if (lane < AATGS_TEAM_LANES && b->step.kind == AATGS_STEP_NONE) {
      __syncwarp();
      aatgs_block_find(b, &b->step, lane);
    }
    aatgs_worker_sync(lanes);
    const aatgs_step_kind kind = (aatgs_step_kind)b->step.kind;
    if (kind != AATGS_STEP_PROGRAM) {
      if (!aatgs_block_step(b, kind, lane, lanes))
        return;
      continue;
    }
    const uint32_t spread = command->header.flags & AATGS_COMMAND_SPREAD;
    aatgs_program_run(
        &b->loop, blockIdx.x, &b->program, &command->header, command->config, b->worker.now_ns,
        spread ? 0 : aatgs_relay_index(&b->loop, &b->worker, command), &pace, lane, lanes);
    aatgs_worker_sync(lanes);
    if (lane == 0) {
      b->step.kind = AATGS_STEP_NONE;
      if (spread)
        aatgs_dev_count_u32(&b->loop.shared->spread_over); /* D15 */
    }
    __syncwarp();
  }
}

static __device__ inline void aatgs_block_run(aatgs_block *b, uint32_t lane, uint32_t lanes)
{
  if (blockIdx.x == 0)
    aatgs_lanes_first(b, lane, lanes);
  else
    aatgs_lanes_other(b, lane, lanes);
  if (lane == 0)
    aatgs_block_store_release(&b->program.notes.closed, 1); /* P1 */
}

/* A flit of the timing record that note n is for. */
static __device__ inline aatgs_flit aatgs_note_flit(const aatgs_notes *notes, uint32_t n,
                                                    uint32_t flit, uint32_t digests)
{
  const aatgs_note *note = &notes->note[n % AATGS_NOTES];
  const uint32_t digest = notes->digest[n % AATGS_NOTES] & digests;
  const uint32_t duration_ns = aatgs_duration_ns(note->start_ns, note->end_ns);
  const aatgs_flit f = {{aatgs_pick(flit == 0, note->iteration, (uint32_t)note->start_ns),
                         aatgs_pick(flit == 0, note->task, duration_ns),
                         aatgs_pick(flit == 0, note->part_worker, digest)},
                        note->sequence};
  return f;
}

/* The scribe: a flit a lane. */
static __device__ inline void aatgs_scribe_run(const aatgs_loop *loop, aatgs_notes *notes,
                                               uint32_t lane)
{
  const aatgs_timing_ring ring = aatgs_timing_ring_of(loop);
  const uint32_t nap_ns = loop->flags & (AATGS_LOOP_BALANCED | AATGS_LOOP_POWER) ? 1000 : 40;
  const uint32_t flit = lane % AATGS_TIMING_FLITS;
  for (uint32_t posted = 0;;) {
    const uint32_t n = posted + lane / AATGS_TIMING_FLITS, at = n % AATGS_NOTES;
    const uint32_t closed = aatgs_team_share(aatgs_block_load_acquire(&notes->closed)); /* P2 */
    const uint32_t open = __ballot_sync(
        AATGS_ALL_LANES, aatgs_gate_open(&notes->gate[at], n / AATGS_NOTES & 1)); /* P2 */
    const uint32_t count = (uint32_t)(__ffsll(~(uint64_t)open) - 1) / AATGS_TIMING_FLITS;
    if (count) {
      const int mine = n - posted < count;
      const aatgs_flit f = aatgs_note_flit(notes, n, flit, ring.digests);
      aatgs_flit_store_if(mine, aatgs_timing_slot(&ring, f.tag) + flit, f);
      if (mine && flit == AATGS_TIMING_FLITS - 1)
        notes->digest[at] = 0;
      posted += count;
      __syncwarp();
      if (lane == 0)
        aatgs_block_store_release(&notes->posted, posted); /* P1 */
    } else if (closed) {
      return;
    } else {
      __nanosleep(nap_ns);
    }
  }
}

/* Block 0, before anything else: shakes hands and makes the state whole. */
static __device__ inline void aatgs_block_begin(aatgs_block *b, uint32_t lane, uint32_t lanes)
{
  if (lane == 0)
    b->step.kind = aatgs_handshake(&b->loop) ? AATGS_STEP_NONE : AATGS_STEP_LEAVE;
  aatgs_worker_sync(lanes);
  if (b->step.kind == AATGS_STEP_LEAVE)
    return;
  aatgs_rebuild_run(&b->loop, lane, lanes);
  if (lane != 0)
    return;
  aatgs_desk_open(&b->loop, &b->desk);
  aatgs_bus_store_release(&b->loop.bus->device.state, AATGS_DEVICE_RUNNING); /* B5 */
}

/* The same place, of which the compiler knows nothing but the address: that of a variable it makes
 * up again at each use, which takes longer than the use. */
static __device__ inline aatgs_block *aatgs_block_at(aatgs_block *b)
{
  uint32_t at = AATGS_SHARED_AT(b);
  asm volatile("" : "+r"(at));
  return (aatgs_block *)__cvta_shared_to_generic(at);
}

static __global__ void __launch_bounds__(AATGS_LANES_MAX + 32 * AATGS_OTHER_WARPS, 1)
    aatgs_kernel(aatgs_loop *loop)
{
  __shared__ aatgs_block block;
  aatgs_block *b = aatgs_block_at(&block);
  const uint32_t lane = threadIdx.x, lanes = blockDim.x - 32 * AATGS_OTHER_WARPS;
  for (uint32_t i = lane; i < sizeof b->loop / 4; i += blockDim.x)
    ((uint32_t *)&b->loop)[i] = ((const uint32_t *)loop)[i];
  if (lane == 0) {
    b->step.kind = AATGS_STEP_NONE;
    b->opened = 0;
  }
  for (uint32_t i = lane; i < sizeof b->program / 4; i += blockDim.x)
    ((uint32_t *)&b->program)[i] = 0;
  __syncthreads();
  if (lane < AATGS_NOTES)
    aatgs_gate_make(&b->program.notes.gate[lane], 1);
  cooperative_groups::this_grid().sync(); /* every worker lives before the first slot is taken */
  if (lane == 0)
    aatgs_worker_open(&b->loop, blockIdx.x, &b->worker);
  __syncthreads();
  int refused = 0;
  if (blockIdx.x == 0) {
    if (lane < lanes)
      aatgs_block_begin(b, lane, lanes);
    refused = __syncthreads_or(lane == 0 && b->step.kind == AATGS_STEP_LEAVE);
  }
  const uint32_t other = (lane - lanes) / 32;
  if (lane < lanes)
    aatgs_block_run(b, lane, lanes);
  else if (other == AATGS_POLLERS)
    aatgs_scribe_run(&b->loop, &b->program.notes, lane % 32);
  else if (blockIdx.x == 0 && !refused)
    aatgs_poller_run(&b->loop, &b->desk, other, lane % 32);
}

static cudaError_t aatgs_resident_blocks(uint32_t lanes, uint32_t *workers_max)
{
  int device = 0, multiprocessors = 0, blocks = 0;
  cudaError_t rc = cudaGetDevice(&device);
  if (rc == cudaSuccess)
    rc = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
  if (rc == cudaSuccess)
    rc = cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, aatgs_kernel,
                                                       (int)(lanes + 32 * AATGS_OTHER_WARPS), 0);
  *workers_max = rc == cudaSuccess ? (uint32_t)(multiprocessors * (blocks > 0 ? 1 : 0)) : 0;
  return rc;
}

/* Returns a cudaError_t. One block an SM: a second one would only share its cores. */
extern "C" int aatgs_cuda_launch(const struct aatgs_launch *launch)
{
  if (!launch->loop)
    return (int)aatgs_resident_blocks(launch->lanes, launch->workers_max);
  aatgs_loop *loop = launch->loop;
  void *arguments[] = {&loop};
  return (int)cudaLaunchCooperativeKernel((const void *)aatgs_kernel, dim3(launch->workers),
                                          dim3(launch->lanes + 32 * AATGS_OTHER_WARPS), arguments,
                                          0, (cudaStream_t)launch->stream);
}

#endif
