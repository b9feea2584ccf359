/* The persistent kernel and its launch: in block 0 polling warps take commands beside the
 * lanes that run tasks; the other blocks look into the device's memory. Included by loop.h. */
#ifndef AATGS_ENTRY_CUDA_H
#define AATGS_ENTRY_CUDA_H

#include "poller_cuda.h"

#define AATGS_LANES_MAX       512u
#define AATGS_LOOKS_PER_CHECK 64u

/* A block, in its shared memory. */
typedef struct aatgs_block {
  aatgs_loop loop; /* constants within reach: no trip to L2 for each */
  aatgs_worker worker;
  aatgs_step step;
  aatgs_program program;
  aatgs_command_words command; /* that another block has relayed */
  aatgs_desk desk;             /* of block 0 */
} aatgs_block;

/* Block 0, leading lane: a box, or a ready part. */
static __device__ inline void aatgs_desk_find(aatgs_block *b, aatgs_step *step)
{
  aatgs_desk *d = &b->desk;
  for (uint32_t idle = 0; step->kind == AATGS_STEP_NONE; idle++) {
    if (aatgs_block_load_acquire(&d->filled) != d->emptied) { /* P2 */
      *step = d->box[d->emptied % AATGS_BOXES].step;
      if (step->kind == AATGS_STEP_PART)
        aatgs_block_store_release(&d->emptied, d->emptied + 1); /* P1 */
    } else if (aatgs_block_load_acquire(&d->front.dataflow) &&
               aatgs_claim(&b->loop, &b->worker, step))
      b->worker.now_ns = aatgs_clock_ns();
    else if (idle % AATGS_LOOKS_PER_CHECK == AATGS_LOOKS_PER_CHECK - 1 &&
             aatgs_dev_load_acquire_u32(&b->loop.shared->stop))
      step->kind = AATGS_STEP_LEAVE;
    else if (idle == 0)
      aatgs_bus_store_relaxed(&b->loop.running[0], 0); /* B7 */
  }
}

/* Another block: a relayed program, or a ready part. The lanes of its team look at one word each.
 */
static __device__ inline void aatgs_block_find(aatgs_block *b, aatgs_step *step, uint32_t lane)
{
  aatgs_shared *shared = b->loop.shared;
  const uint64_t *word = lane == 0   ? &shared->bell
                         : lane == 1 ? &shared->admitted
                                     : &shared->completed;
  for (uint32_t idle = 0;; idle++) {
    const uint64_t v = aatgs_dev_load_acquire_u64(word); /* D12 */
    const uint64_t bell = __shfl_sync(AATGS_ALL_LANES, v, 0);
    uint32_t kind = AATGS_STEP_NONE;
    if (aatgs_relay_take(&b->loop, &b->worker, &b->command, bell, lane))
      kind = AATGS_STEP_PROGRAM;
    else if (__shfl_sync(AATGS_ALL_LANES, v, 1) != __shfl_sync(AATGS_ALL_LANES, v, 2) &&
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

static __device__ inline void aatgs_block_step(aatgs_block *b, aatgs_step_kind kind, uint32_t lane,
                                               uint32_t lanes)
{
  aatgs_loop *loop = &b->loop;
  aatgs_worker *w = &b->worker;
  if (kind != AATGS_STEP_PROGRAM) {
    aatgs_state_step(loop, kind, lane, lanes);
    return;
  }
  const aatgs_box *box = &b->desk.box[b->desk.emptied % AATGS_BOXES];
  const aatgs_command *command = &b->command.command;
  uint64_t start_ns = w->now_ns;
  uint32_t index = 0;
  if (w->id == 0) {
    command = &box->command.command;
    start_ns = box->start_ns;
  } else {
    index = aatgs_relay_index(loop, w, command);
  }
  aatgs_program_run(loop, w, &b->program, command, start_ns, index, lane, lanes);
}

/* The box's step is done; every lane has been through it. */
static __device__ inline void aatgs_box_done(aatgs_desk *d, aatgs_step_kind kind)
{
  if (kind == AATGS_STEP_PROGRAM)
    aatgs_block_store_release(&d->front.ended, d->front.ended + 1); /* P1 */
  aatgs_block_store_release(&d->emptied, d->emptied + 1);
}

/* The lanes of a block. */
static __device__ inline void aatgs_block_run(aatgs_block *b, uint32_t lane, uint32_t lanes)
{
  for (;;) {
    if (lane < AATGS_TEAM_LANES && b->step.kind == AATGS_STEP_NONE) {
      __syncwarp();
      if (b->worker.id)
        aatgs_block_find(b, &b->step, lane);
      else if (lane == 0)
        aatgs_desk_find(b, &b->step);
    }
    aatgs_worker_sync(lanes);
    const aatgs_step_kind kind = (aatgs_step_kind)b->step.kind;
    if (kind == AATGS_STEP_LEAVE)
      return;
    if (kind == AATGS_STEP_PART)
      aatgs_part_run(&b->loop, &b->worker, &b->step, lane, lanes);
    else
      aatgs_block_step(b, kind, lane, lanes);
    aatgs_worker_sync(lanes);
    if (lane == 0 && kind != AATGS_STEP_PART) {
      if (b->worker.id == 0)
        aatgs_box_done(&b->desk, kind);
      b->step.kind = AATGS_STEP_NONE;
    }
    __syncwarp();
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

static __global__ void __launch_bounds__(AATGS_LANES_MAX + 32 * AATGS_POLLERS, 1)
    aatgs_kernel(aatgs_loop *loop)
{
  __shared__ aatgs_block b;
  const uint32_t lane = threadIdx.x, lanes = blockDim.x - 32 * AATGS_POLLERS;
  for (uint32_t i = lane; i < sizeof b.loop / 4; i += blockDim.x)
    ((uint32_t *)&b.loop)[i] = ((const uint32_t *)loop)[i];
  if (lane == 0) {
    b.step.kind = AATGS_STEP_NONE;
    b.program.graph = 0;
    b.program.digest[0] = b.program.digest[1] = 0;
  }
  if (lane < AATGS_TELEMETRY_BYTES_MAX / 4)
    b.program.telemetry[lane] = 0;
  cooperative_groups::this_grid().sync(); /* every worker lives before the first slot is taken */
  if (lane == 0)
    aatgs_worker_open(&b.loop, blockIdx.x, &b.worker);
  __syncthreads();
  if (blockIdx.x == 0) {
    if (lane < lanes)
      aatgs_block_begin(&b, lane, lanes);
    __syncthreads();
  }
  if (lane < lanes)
    aatgs_block_run(&b, lane, lanes);
  else if (blockIdx.x == 0 && b.step.kind != AATGS_STEP_LEAVE)
    aatgs_poller_run(&b.loop, &b.desk, (lane - lanes) / 32, lane % 32);
}

static cudaError_t aatgs_resident_blocks(uint32_t lanes, uint32_t *workers_max)
{
  int device = 0, multiprocessors = 0, blocks = 0;
  cudaError_t rc = cudaGetDevice(&device);
  if (rc == cudaSuccess)
    rc = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
  if (rc == cudaSuccess)
    rc = cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, aatgs_kernel,
                                                       (int)(lanes + 32 * AATGS_POLLERS), 0);
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
                                          dim3(launch->lanes + 32 * AATGS_POLLERS), arguments, 0,
                                          (cudaStream_t)launch->stream);
}

#endif
