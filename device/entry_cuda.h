/* The kernel: one thread block is one worker. Included by loop.h. It is compiled, so that a
 * workload's source stays in the common ground of both compilers; launching it is the work of
 * the cuda device, which this version does not have. */
#ifndef AATGS_ENTRY_CUDA_H
#define AATGS_ENTRY_CUDA_H

__global__ void aatgs_kernel(aatgs_loop *loop)
{
  aatgs_worker_run(loop, blockIdx.x, threadIdx.x, blockDim.x);
}

#endif
