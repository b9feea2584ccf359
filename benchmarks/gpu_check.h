/* How the rivals on a GPU call CUDA. */
#ifndef AATGS_BENCH_GPU_CHECK_H
#define AATGS_BENCH_GPU_CHECK_H

#include <cuda_runtime.h>

#include "bench.h"

/* Ends the program when the call fails. */
#define GPU_CHECK(b, call)                                                                         \
  do {                                                                                             \
    const cudaError_t check_rc = (call);                                                           \
    if (check_rc != cudaSuccess)                                                                   \
      bench_fail(b, "%s: %s", #call, cudaGetErrorString(check_rc));                                \
  } while (0)

/* Memory of the host that the GPU reads and writes in place; zeroed. */
static inline void *gpu_mapped(const bench *b, size_t bytes)
{
  void *p = NULL;
  GPU_CHECK(b, cudaHostAlloc(&p, bytes, cudaHostAllocMapped | cudaHostAllocPortable));
  for (size_t i = 0; i < bytes; i++)
    ((unsigned char *)p)[i] = 0;
  return p;
}

/* Waits spin: the fastest way to wait that CUDA has. */
static inline cudaStream_t gpu_stream_open(const bench *b)
{
  cudaStream_t stream = NULL;
  GPU_CHECK(b, cudaSetDeviceFlags(cudaDeviceScheduleSpin));
  GPU_CHECK(b, cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return stream;
}

#endif
