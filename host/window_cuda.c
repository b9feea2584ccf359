#include "host/window_cuda.h"

#include <cuda_runtime_api.h>
#include <string.h>

static int fail(aatgs_error *error, const char *what, cudaError_t rc)
{
  return aatgs_error_set(error, AATGS_EDEVICE, (int)rc, "%s: %s", what, cudaGetErrorString(rc));
}

/* What CUDA needs for it in all. */
static int import(aatgs_cuda_window *w, aatgs_error *error)
{
  const struct cudaExternalMemoryHandleDesc handle = {.type = cudaExternalMemoryHandleTypeOpaqueFd,
                                                      .handle.fd = w->window.fd,
                                                      .size = w->window.bytes};
  const struct cudaExternalMemoryBufferDesc whole = {.size = w->window.bytes};
  cudaExternalMemory_t external;
  cudaError_t rc = cudaImportExternalMemory(&external, &handle);
  if (rc != cudaSuccess)
    return fail(error, "importing the window", rc);
  w->window.fd = -1; /* CUDA's now */
  w->external = external;
  rc = cudaExternalMemoryGetMappedBuffer(&w->at, external, &whole);
  return rc == cudaSuccess ? 0 : fail(error, "mapping the window", rc);
}

int aatgs_cuda_window_open(int ordinal, size_t bytes, aatgs_cuda_window *w, aatgs_error *error)
{
  struct cudaDeviceProp properties;
  memset(w, 0, sizeof *w);
  const cudaError_t rc = cudaGetDeviceProperties(&properties, ordinal);
  if (rc != cudaSuccess)
    return fail(error, "asking for the GPU's UUID", rc);
  int opened = aatgs_window_open(&properties.uuid, bytes, &w->window, error);
  if (opened)
    return opened;
  opened = import(w, error);
  if (opened)
    aatgs_cuda_window_close(w);
  return opened;
}

void aatgs_cuda_window_close(aatgs_cuda_window *w)
{
  if (w->at)
    cudaFree(w->at);
  if (w->external)
    cudaDestroyExternalMemory(w->external);
  aatgs_window_close(&w->window);
  memset(w, 0, sizeof *w);
}
