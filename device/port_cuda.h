/* The parts of port.h's vocabulary that differ under nvcc. Included by port.h. */
#ifndef AATGS_PORT_CUDA_H
#define AATGS_PORT_CUDA_H

#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda/atomic>

/* A worker's lanes are the first warps of its block: those that poll beside them do not take part
 * in its barriers, so these have a number of their own. */
AATGS_FN void aatgs_lanes_sync(uint32_t lanes)
{
  asm volatile("bar.sync 1, %0;" ::"r"(lanes) : "memory");
}

AATGS_FN void aatgs_sync(const aatgs_task *t)
{
  if (t->lanes == AATGS_TEAM_LANES)
    __syncwarp();
  else
    aatgs_lanes_sync(t->lanes);
}

template <typename T, typename Op>
static __device__ inline T aatgs_reduce_lanes(const aatgs_task *t, T v, T identity, Op reduce_warp)
{
  __shared__ T partial[32];
  const T mine = reduce_warp(v);
  if (t->lanes == AATGS_TEAM_LANES)
    return mine;
  if (t->lane % 32 == 0)
    partial[t->lane / 32] = mine;
  aatgs_sync(t);
  const T all = reduce_warp(t->lane % 32 < t->lanes / 32 ? partial[t->lane % 32] : identity);
  aatgs_sync(t); /* everyone has read them */
  return all;
}

AATGS_FN uint32_t aatgs_reduce_add_u32(const aatgs_task *t, uint32_t v)
{
  return aatgs_reduce_lanes(t, v, 0u, [](uint32_t x) { return __reduce_add_sync(~0u, x); });
}
AATGS_FN uint64_t aatgs_reduce_add_u64(const aatgs_task *t, uint64_t v)
{
  namespace cg = cooperative_groups;
  return aatgs_reduce_lanes(t, v, (uint64_t)0, [](uint64_t x) {
    return cg::reduce(cg::tiled_partition<32>(cg::this_thread_block()), x, cg::plus<uint64_t>());
  });
}
AATGS_FN uint64_t aatgs_warp_min_u64(uint64_t v)
{
  const uint32_t high = __reduce_min_sync(~0u, (uint32_t)(v >> 32));
  const uint32_t low = v >> 32 == high ? (uint32_t)v : UINT32_MAX;
  return (uint64_t)high << 32 | __reduce_min_sync(~0u, low);
}
AATGS_FN uint64_t aatgs_reduce_min_u64(const aatgs_task *t, uint64_t v)
{
  return aatgs_reduce_lanes(t, v, UINT64_MAX, aatgs_warp_min_u64);
}
AATGS_FN uint64_t aatgs_reduce_max_u64(const aatgs_task *t, uint64_t v)
{
  return ~aatgs_reduce_min_u64(t, ~v);
}

AATGS_FN void aatgs_add_u32(uint32_t *p, uint32_t v)
{
  cuda::atomic_ref<uint32_t, cuda::thread_scope_device>(*p).fetch_add(v,
                                                                      cuda::memory_order_relaxed);
}
AATGS_FN void aatgs_add_u64(uint64_t *p, uint64_t v)
{
  cuda::atomic_ref<uint64_t, cuda::thread_scope_device>(*p).fetch_add(v,
                                                                      cuda::memory_order_relaxed);
}

AATGS_FN void aatgs_mark_u32(uint32_t *p, uint32_t v)
{
  cuda::atomic_ref<uint32_t, cuda::thread_scope_block>(*p).store(v, cuda::memory_order_relaxed);
}

#endif
