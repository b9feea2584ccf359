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
  aatgs_lanes_sync(t->lanes);
}

template <typename T, typename Op>
static __device__ inline T aatgs_reduce_lanes(const aatgs_task *t, T v, T identity, Op op)
{
  namespace cg = cooperative_groups;
  __shared__ T partial[33];
  auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  T w = cg::reduce(warp, v, op);
  aatgs_sync(t);
  if (warp.thread_rank() == 0)
    partial[warp.meta_group_rank()] = w;
  aatgs_sync(t);
  if (warp.meta_group_rank() == 0) {
    T all = warp.thread_rank() < t->lanes / 32 ? partial[warp.thread_rank()] : identity;
    all = cg::reduce(warp, all, op);
    if (warp.thread_rank() == 0)
      partial[32] = all;
  }
  aatgs_sync(t);
  return partial[32];
}

AATGS_FN uint32_t aatgs_reduce_add_u32(const aatgs_task *t, uint32_t v)
{
  return aatgs_reduce_lanes(t, v, 0u, cooperative_groups::plus<uint32_t>());
}
AATGS_FN uint64_t aatgs_reduce_add_u64(const aatgs_task *t, uint64_t v)
{
  return aatgs_reduce_lanes(t, v, (uint64_t)0, cooperative_groups::plus<uint64_t>());
}
AATGS_FN uint64_t aatgs_reduce_min_u64(const aatgs_task *t, uint64_t v)
{
  return aatgs_reduce_lanes(t, v, UINT64_MAX, cooperative_groups::less<uint64_t>());
}
AATGS_FN uint64_t aatgs_reduce_max_u64(const aatgs_task *t, uint64_t v)
{
  return aatgs_reduce_lanes(t, v, (uint64_t)0, cooperative_groups::greater<uint64_t>());
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

#endif
