/* The persistent kernel and its launch: in block 0 polling warps take commands beside the
 * lanes that run tasks; the other blocks look into the device's memory. Included by loop.h. */
#ifndef AATGS_ENTRY_CUDA_H
#define AATGS_ENTRY_CUDA_H

#include "poller_cuda.h"

#define AATGS_LANES_MAX       512u
#define AATGS_LOOKS_PER_CHECK 256u

/* A block, in its shared memory. */
typedef struct aatgs_block {
  aatgs_loop loop; /* constants within reach: no trip to L2 for each */
  aatgs_worker worker;
  AATGS_ALIGNAS(16) aatgs_step step; /* its first words are read as one */
  aatgs_program program;
  aatgs_command_words command; /* that another block has relayed */
  aatgs_desk desk;             /* of block 0 */
} aatgs_block;

/* How many programs the boxes hold from the first one on. */
static __device__ inline uint32_t aatgs_desk_programs(const aatgs_desk *d, uint32_t first,
                                                      uint32_t filled)
{
  uint32_t boxes = 1;
  while (boxes < filled - first &&
         d->box[(first + boxes) % AATGS_BOXES].step.kind == AATGS_STEP_PROGRAM)
    boxes++;
  return boxes;
}

/* Block 0, leading lane: boxes, or a ready part. *opened counts the boxes that were taken. A step
 * that is no part names the first box and their number in `task` and `part`. */
static __device__ inline void aatgs_desk_find(aatgs_block *b, aatgs_step *step, uint32_t *opened)
{
  aatgs_desk *d = &b->desk;
  const uint32_t first = *opened;
  const aatgs_box *box = &d->box[first % AATGS_BOXES];
  for (uint32_t idle = 0;; idle++) {
    const uint32_t dataflow = aatgs_block_load_acquire(&d->front.dataflow);
    const uint32_t filled = aatgs_block_load_acquire(&d->filled); /* P2 */
    if (filled != first) {
      const uint32_t kind = box->step.kind;
      if (kind == AATGS_STEP_PART) {
        *step = box->step;
        b->worker.now_ns = box->start_ns;
        *opened = first + 1;
        aatgs_block_store_release(&d->emptied, first + 1); /* P1 */
        return;
      }
      const uint32_t boxes = kind == AATGS_STEP_PROGRAM ? aatgs_desk_programs(d, first, filled) : 1;
      step->kind = kind;
      step->task = first;
      step->part = boxes;
      *opened = first + boxes;
      return;
    }
    if (dataflow && aatgs_claim(&b->loop, &b->worker, step)) {
      b->worker.now_ns = aatgs_clock_ns();
      return;
    }
    if (idle == 0)
      aatgs_bus_store_relaxed(&b->loop.running[0], 0); /* B7 */
    if (idle % AATGS_LOOKS_PER_CHECK == AATGS_LOOKS_PER_CHECK - 1 &&
        aatgs_dev_load_acquire_u32(&b->loop.shared->stop)) {
      step->kind = AATGS_STEP_LEAVE;
      return;
    }
  }
}

/* Another block: a relayed program, or a ready part. */
static __device__ inline void aatgs_block_find(aatgs_block *b, aatgs_step *step, uint32_t lane)
{
  aatgs_shared *shared = b->loop.shared;
  const uint64_t *word = lane == 0 ? &shared->admitted : &shared->completed;
  for (uint32_t idle = 0;; idle++) {
    const uint64_t v = aatgs_dev_load_relaxed_u64(word);
    uint32_t kind = AATGS_STEP_NONE;
    if (aatgs_relay_take(&b->loop, &b->worker, &b->command, lane))
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

/* This block's share of a program: block 0 has the command in a box. */
static __device__ inline void aatgs_block_program(aatgs_block *b, const aatgs_box *box,
                                                  uint32_t lane, uint32_t lanes)
{
  const aatgs_command *command = blockIdx.x ? &b->command.command : &box->command.command;
  const uint64_t start_ns = blockIdx.x ? b->worker.now_ns : box->start_ns;
  const uint32_t index = blockIdx.x ? aatgs_relay_index(&b->loop, &b->worker, command) : 0;
  aatgs_program_run(&b->loop, blockIdx.x, &b->program, command, start_ns, index, lane, lanes);
}

/* Box n's step is done; every lane has been through it. */
static __device__ inline void aatgs_box_done(aatgs_desk *d, aatgs_step_kind kind, uint32_t n)
{
  if (kind == AATGS_STEP_PROGRAM)
    aatgs_block_store_release(&d->front.ended, d->front.ended + 1); /* P1 */
  aatgs_block_store_release(&d->emptied, n + 1);
}

/* Block 0's share of the programs in the boxes, but for being done with the last one: the lane
 * `closer` gives the boxes back, which leading lanes need not wait for. */
static __device__ inline void aatgs_block_programs(aatgs_block *b, uint32_t first, uint32_t boxes,
                                                   uint32_t closer, uint32_t lane, uint32_t lanes)
{
  for (uint32_t n = first;; n++) {
    aatgs_block_program(b, &b->desk.box[n % AATGS_BOXES], lane, lanes);
    if (n + 1 == first + boxes)
      return;
    aatgs_worker_sync(lanes);
    if (lane == closer)
      aatgs_box_done(&b->desk, AATGS_STEP_PROGRAM, n);
    __syncwarp();
  }
}

/* The lanes of a block. */
static __device__ inline void aatgs_block_run(aatgs_block *b, uint32_t lane, uint32_t lanes)
{
  const uint32_t closer = lanes > AATGS_TEAM_LANES ? AATGS_TEAM_LANES : 0;
  uint32_t opened = 0; /* boxes; the leading lane of block 0 counts */
  for (;;) {
    if (lane < AATGS_TEAM_LANES && b->step.kind == AATGS_STEP_NONE) {
      __syncwarp();
      if (b->worker.id)
        aatgs_block_find(b, &b->step, lane);
      else if (lane == 0)
        aatgs_desk_find(b, &b->step, &opened);
    }
    aatgs_worker_sync(lanes);
    const aatgs_step_kind kind = (aatgs_step_kind)b->step.kind;
    const uint32_t first = b->step.task, boxes = blockIdx.x ? 1 : b->step.part;
    if (kind == AATGS_STEP_PROGRAM)
      aatgs_block_programs(b, first, boxes, closer, lane, lanes);
    else if (kind == AATGS_STEP_PART)
      aatgs_part_run(&b->loop, &b->worker, &b->step, lane, lanes);
    else if (kind == AATGS_STEP_LEAVE)
      return;
    else
      aatgs_state_step(&b->loop, kind, lane, lanes);
    aatgs_worker_sync(lanes);
    if (kind != AATGS_STEP_PART) {
      if (lane == closer && blockIdx.x == 0)
        aatgs_box_done(&b->desk, kind, first + boxes - 1);
      if (lane == 0)
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

/* The same place, of which the compiler knows nothing but the address: that of a variable it makes
 * up again at each use, which takes longer than the use. */
static __device__ inline aatgs_block *aatgs_block_at(aatgs_block *b)
{
  uint32_t at = AATGS_SHARED_AT(b);
  asm volatile("" : "+r"(at));
  return (aatgs_block *)__cvta_shared_to_generic(at);
}

static __global__ void __launch_bounds__(AATGS_LANES_MAX + 32 * AATGS_POLLERS, 1)
    aatgs_kernel(aatgs_loop *loop)
{
  __shared__ aatgs_block block;
  aatgs_block *b = aatgs_block_at(&block);
  const uint32_t lane = threadIdx.x, lanes = blockDim.x - 32 * AATGS_POLLERS;
  for (uint32_t i = lane; i < sizeof b->loop / 4; i += blockDim.x)
    ((uint32_t *)&b->loop)[i] = ((const uint32_t *)loop)[i];
  if (lane == 0) {
    b->step.kind = AATGS_STEP_NONE;
    b->program.number = 0;
    b->program.digest[0] = b->program.digest[1] = 0;
  }
  if (lane < AATGS_TELEMETRY_BYTES_MAX / 4)
    b->program.telemetry[lane] = 0;
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
  if (lane < lanes)
    aatgs_block_run(b, lane, lanes);
  else if (blockIdx.x == 0 && !refused)
    aatgs_poller_run(&b->loop, &b->desk, (lane - lanes) / 32, lane % 32);
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
