/* The parts of port.h's vocabulary that differ under nvcc. Included by port.h. */
#ifndef AATGS_PORT_CUDA_H
#define AATGS_PORT_CUDA_H

#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda/atomic>

template <typename T, typename Op>
static __device__ inline T aatgs_reduce_lanes(T v, T identity, Op op)
{
  namespace cg = cooperative_groups;
  __shared__ T partial[33];
  auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  T w = cg::reduce(warp, v, op);
  __syncthreads();
  if (warp.thread_rank() == 0)
    partial[warp.meta_group_rank()] = w;
  __syncthreads();
  if (warp.meta_group_rank() == 0) {
    T all = warp.thread_rank() < warp.meta_group_size() ? partial[warp.thread_rank()] : identity;
    all = cg::reduce(warp, all, op);
    if (warp.thread_rank() == 0)
      partial[32] = all;
  }
  __syncthreads();
  return partial[32];
}

AATGS_FN uint32_t aatgs_reduce_add_u32(const aatgs_task *, uint32_t v)
{
  return aatgs_reduce_lanes(v, 0u, cooperative_groups::plus<uint32_t>());
}
AATGS_FN uint64_t aatgs_reduce_add_u64(const aatgs_task *, uint64_t v)
{
  return aatgs_reduce_lanes(v, (uint64_t)0, cooperative_groups::plus<uint64_t>());
}
AATGS_FN uint64_t aatgs_reduce_min_u64(const aatgs_task *, uint64_t v)
{
  return aatgs_reduce_lanes(v, UINT64_MAX, cooperative_groups::less<uint64_t>());
}
AATGS_FN uint64_t aatgs_reduce_max_u64(const aatgs_task *, uint64_t v)
{
  return aatgs_reduce_lanes(v, (uint64_t)0, cooperative_groups::greater<uint64_t>());
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
