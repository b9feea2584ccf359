/* The persistent kernel and its launch. Included by loop.h. */
#ifndef AATGS_ENTRY_CUDA_H
#define AATGS_ENTRY_CUDA_H

#include <cooperative_groups.h>

static __global__ void __launch_bounds__(512, 1) aatgs_kernel(aatgs_loop *loop)
{
  __shared__ aatgs_loop own; /* constants within a block's reach: no trip to L2 for each */
  for (uint32_t i = threadIdx.x; i < sizeof own / 4; i += blockDim.x)
    ((uint32_t *)&own)[i] = ((const uint32_t *)loop)[i];
  cooperative_groups::this_grid().sync(); /* every worker lives before the first slot is taken */
  aatgs_worker_run(&own, blockIdx.x, threadIdx.x, blockDim.x);
}

static cudaError_t aatgs_resident_blocks(uint32_t lanes, uint32_t *workers_max)
{
  int device = 0, multiprocessors = 0, blocks = 0;
  cudaError_t rc = cudaGetDevice(&device);
  if (rc == cudaSuccess)
    rc = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
  if (rc == cudaSuccess)
    rc = cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, aatgs_kernel, (int)lanes, 0);
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
                                          dim3(launch->lanes), arguments, 0,
                                          (cudaStream_t)launch->stream);
}

#endif
