/* The cuda device: the persistent loop as one cooperative launch, behind rings in pinned
 * host memory. Everything is allocated and loaded before the launch, because
 * allocation and lazy loading behind a spinning kernel deadlock. */
#include "device/order.h"
#include "host/clock.h"
#include "host/device_memory.h"
#include "host/log.h"
#include "host/window_cuda.h"

#include <cuda_runtime_api.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANES_DEFAULT 256u

/* To get an iteration to another block takes about as long as to run eight short ones in block 0,
 * and it takes some blocks to make up for that. */
#define SPREAD_FROM        8u
#define SPREAD_WORKERS_MIN 16u
#define SPREAD_SLOTS_MIN   64u /* with fewer in flight block 0 alone is as fast */

typedef struct cuda_device {
  aatgs_device base;
  int ordinal;
  uint8_t *arena;   /* device address */
  uint8_t *staging; /* device address, in the arena */
  size_t staging_bytes;
  aatgs_cuda_window window; /* the command ring lies there, or in the bus */
  cudaStream_t loop;
  cudaStream_t copies;
  bool launched;
  bool joined;
  struct cuda_device *next_kept;
} cuda_device;

static int cuda_error(aatgs_error *error, const char *what, cudaError_t rc)
{
  const int code = rc == cudaErrorMemoryAllocation ? AATGS_ENOMEM : AATGS_EDEVICE;
  return aatgs_error_set(error, code, (int)rc, "cuda device: %s: %s", what, cudaGetErrorString(rc));
}

#define CHECK(call)                                                                                \
  do {                                                                                             \
    const cudaError_t check_rc = (call);                                                           \
    if (check_rc != cudaSuccess)                                                                   \
      return cuda_error(error, #call, check_rc);                                                   \
  } while (0)

/* ---- While it runs ------------------------------------------------------------------- */

static int copy(cuda_device *d, void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                aatgs_error *error)
{
  if (bytes != d->staging_bytes)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "staging holds %zu bytes, not %zu",
                           d->staging_bytes, bytes);
  CHECK(cudaSetDevice(d->ordinal));
  CHECK(cudaMemcpyAsync(to, from, bytes, kind, d->copies));
  CHECK(cudaStreamSynchronize(d->copies));
  return 0;
}

static int cuda_fetch(aatgs_device *device, uint8_t *to, size_t bytes, aatgs_error *error)
{
  cuda_device *d = (cuda_device *)device;
  return copy(d, to, d->staging, bytes, cudaMemcpyDeviceToHost, error);
}

static int cuda_store(aatgs_device *device, const uint8_t *from, size_t bytes, aatgs_error *error)
{
  cuda_device *d = (cuda_device *)device;
  return copy(d, d->staging, from, bytes, cudaMemcpyHostToDevice, error);
}

static int cuda_check(aatgs_device *device, aatgs_error *error)
{
  cuda_device *d = (cuda_device *)device;
  const cudaError_t rc = cudaStreamQuery(d->loop);
  if (rc == cudaSuccess || rc == cudaErrorNotReady)
    return 0;
  return cuda_error(error, "the persistent kernel died", rc);
}

static int cuda_join(aatgs_device *device, uint64_t timeout_ns)
{
  cuda_device *d = (cuda_device *)device;
  const uint64_t start = aatgs_now_ns();
  const struct timespec nap = {0, 20000};
  cudaError_t rc;
  while ((rc = cudaStreamQuery(d->loop)) == cudaErrorNotReady) {
    if (aatgs_now_ns() - start > timeout_ns)
      return AATGS_ETIMEOUT;
    nanosleep(&nap, NULL);
  }
  d->joined = true;
  return 0;
}

/* To free memory waits for every kernel on the GPU. So it is kept until the last runtime's has
 * ended: kernels of several runtimes run side by side on shares of a GPU. */
static pthread_mutex_t memory_mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t running;  /* kernels; under memory_mutex, like the list */
static cuda_device *kept; /* devices whose memory is still to be freed */

static void give_back(cuda_device *d)
{
  pthread_mutex_lock(&memory_mutex);
  if (d->launched)
    running--;
  d->next_kept = kept;
  kept = d;
  while (!running && kept) {
    d = kept;
    kept = d->next_kept;
    if (d->arena)
      cudaFree(d->arena);
    aatgs_cuda_window_close(&d->window);
    if (d->base.bus)
      cudaFreeHost(d->base.bus);
    free(d);
  }
  pthread_mutex_unlock(&memory_mutex);
}

static void cuda_close(aatgs_device *device)
{
  cuda_device *d = (cuda_device *)device;
  if (!d)
    return;
  if (d->launched && !d->joined) {
    aatgs_log_error("cuda device: the kernel has not ended; its memory is left to it");
    return; /* to free anything would wait for the kernel */
  }
  if (d->copies)
    cudaStreamDestroy(d->copies);
  if (d->loop)
    cudaStreamDestroy(d->loop);
  give_back(d);
}

static const aatgs_device_ops cuda_ops = {"cuda",     cuda_fetch, cuda_store,
                                          cuda_check, cuda_join,  cuda_close};

/* ---- Opening ------------------------------------------------------------------------------ */

static int pick_gpu(cuda_device *d, uint32_t ordinal, aatgs_error *error)
{
  struct cudaDeviceProp properties;
  int count = 0;
  const cudaError_t rc = cudaGetDeviceCount(&count);
  if (rc != cudaSuccess || !count)
    return aatgs_error_set(error, AATGS_ENOTSUP, (int)rc,
                           "cuda device: no usable GPU (%s); use --device cpu",
                           rc == cudaSuccess ? "none found" : cudaGetErrorString(rc));
  if (ordinal >= (uint32_t)count)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "cuda device: there is no GPU %u, only %d",
                           ordinal, count);
  d->ordinal = (int)ordinal;
  CHECK(cudaSetDevice(d->ordinal));
  CHECK(cudaGetDeviceProperties(&properties, d->ordinal));
  if (!properties.cooperativeLaunch || properties.major < 8)
    return aatgs_error_set(error, AATGS_ENOTSUP, 0,
                           "cuda device: %s (compute capability %d.%d) is too old: 8.0 and "
                           "cooperative launch are needed",
                           properties.name, properties.major, properties.minor);
  snprintf(d->base.name, sizeof d->base.name, "%.127s", properties.name);
  return 0;
}

uint32_t aatgs_device_gpus(void)
{
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && count > 0 ? (uint32_t)count : 0;
}

uint32_t aatgs_device_multiprocessors(uint32_t ordinal)
{
  int count = 0;
  const cudaError_t rc =
      cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, (int)ordinal);
  return rc == cudaSuccess && count > 0 ? (uint32_t)count : 0;
}

static int count_workers(cuda_device *d, const aatgs_device_spec *spec, uint32_t lanes,
                         aatgs_error *error)
{
  uint32_t most = 0;
  const aatgs_launch ask = {.lanes = lanes, .workers_max = &most};
  const cudaError_t rc = (cudaError_t)spec->workload->cuda_launch(&ask);
  if (rc != cudaSuccess)
    return cuda_error(error, "the workload's kernel does not load on this GPU", rc);
  if (!most || spec->layout.workers > most)
    return aatgs_error_set(
        error, AATGS_EINVAL, 0,
        "cuda device: %u workers of %u threads cannot be resident at once on %s: "
        "at most %u",
        spec->layout.workers, lanes, d->base.name, most);
  d->base.workers = spec->layout.workers ? spec->layout.workers : most;
  d->base.spread_from =
      d->base.workers < SPREAD_WORKERS_MIN || spec->layout.command_slots < SPREAD_SLOTS_MIN
          ? UINT32_MAX
          : SPREAD_FROM;
  return 0;
}

/* ---- The command ring in the GPU's memory ---- */

/* Opens the window and puts the ring's tags into it. */
static int open_window(cuda_device *d, const aatgs_bus_layout *l, aatgs_error *error)
{
  const size_t bytes = (size_t)l->command_slots * AATGS_COMMAND_FLITS * sizeof(aatgs_flit);
  aatgs_error why = {0};
  if (aatgs_cuda_window_open(d->ordinal, bytes, &d->window, &why))
    return aatgs_error_set(error, AATGS_ENOTSUP, why.native,
                           "cuda device: the command ring cannot lie in the GPU's memory: %s",
                           why.text);
  uint8_t *host = d->window.window.host;
  memcpy(host, (const uint8_t *)d->base.bus + l->commands_at, bytes);
  d->base.window = (aatgs_flit *)(void *)host;
  return 0;
}

/* Nothing here may wait for all of the GPU: another runtime's kernel may be running on it. */
static int open_memory(cuda_device *d, const aatgs_device_spec *spec, aatgs_error *error)
{
  aatgs_device_plan plan;
  void *mapped;
  CHECK(cudaStreamCreateWithFlags(&d->loop, cudaStreamNonBlocking));
  CHECK(cudaStreamCreateWithFlags(&d->copies, cudaStreamNonBlocking));
  aatgs_device_plan_make(spec, d->base.workers, &plan);
  d->staging_bytes = plan.staging_bytes;
  d->base.bus_bytes = plan.layout.bytes;
  d->base.device_bytes = plan.arena_bytes;
  CHECK(cudaHostAlloc((void **)&d->base.bus, d->base.bus_bytes,
                      cudaHostAllocMapped | cudaHostAllocPortable));
  memset(d->base.bus, 0, d->base.bus_bytes);
  CHECK(cudaHostGetDevicePointer(&mapped, d->base.bus, 0));
  CHECK(cudaMalloc((void **)&d->arena, plan.arena_bytes));
  uint8_t *arena = aligned_alloc(64, AATGS_ALIGN64(plan.arena_bytes));
  if (!arena)
    return aatgs_error_set(error, AATGS_ENOMEM, errno, "cuda device: out of memory");
  memset(arena, 0, plan.arena_bytes);
  aatgs_device_plan_fill(&plan, spec, 0, (uint8_t *)d->base.bus, mapped, arena, d->arena);
  aatgs_loop *loop = (aatgs_loop *)(void *)arena;
  d->staging = loop->staging;
  if (spec->ring == AATGS_RING_DEVICE) {
    const int opened = open_window(d, &plan.layout, error);
    if (opened) {
      free(arena);
      return opened;
    }
    loop->commands = d->window.at;
  }
  cudaError_t rc =
      cudaMemcpyAsync(d->arena, arena, plan.arena_bytes, cudaMemcpyHostToDevice, d->copies);
  if (rc == cudaSuccess)
    rc = cudaStreamSynchronize(d->copies);
  free(arena);
  if (rc != cudaSuccess)
    return cuda_error(error, "copying the state to the GPU", rc);
  return 0;
}

static int launch(cuda_device *d, const aatgs_device_spec *spec, uint32_t lanes, aatgs_error *error)
{
  CHECK(cudaStreamSynchronize(d->copies));
  const aatgs_launch go = {.loop = (aatgs_loop *)(void *)d->arena,
                           .stream = d->loop,
                           .workers = d->base.workers,
                           .lanes = lanes};
  const cudaError_t rc = (cudaError_t)spec->workload->cuda_launch(&go);
  if (rc != cudaSuccess)
    return cuda_error(error, "launching the persistent kernel", rc);
  d->launched = true;
  pthread_mutex_lock(&memory_mutex);
  running++;
  pthread_mutex_unlock(&memory_mutex);
  return 0;
}

int aatgs_device_cuda_open(const aatgs_device_spec *spec, aatgs_device **out, aatgs_error *error)
{
  const uint32_t lanes = spec->lanes ? spec->lanes : LANES_DEFAULT;
  *out = NULL;
  if (!spec->workload->cuda_launch)
    return aatgs_error_set(error, AATGS_ENOTSUP, 0,
                           "cuda device: workload %s was built without CUDA; rebuild it with nvcc",
                           spec->workload->name);
  if (lanes % 32 || lanes > AATGS_LANES_MAX)
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "cuda device: a worker has 32 to %u threads in steps of 32, not %u",
                           AATGS_LANES_MAX, lanes);
  if (spec->shuffle)
    return aatgs_error_set(error, AATGS_ENOTSUP, 0, "cuda device: --shuffle works on cpu only");
  cuda_device *d = calloc(1, sizeof *d);
  if (!d)
    return aatgs_error_set(error, AATGS_ENOMEM, errno, "cuda device: out of memory");
  d->base.ops = &cuda_ops;
  d->base.own_clock = true;
  setenv("CUDA_MODULE_LOADING", "EAGER", 0);
  int rc = pick_gpu(d, spec->ordinal, error);
  if (!rc)
    rc = count_workers(d, spec, lanes, error);
  if (!rc)
    rc = open_memory(d, spec, error);
  if (!rc)
    rc = launch(d, spec, lanes, error);
  if (rc) {
    cuda_close(&d->base);
    return rc;
  }
  aatgs_log_info("cuda device: %s, %u workers of %u threads, %zu bytes of rings, %zu of state; "
                 "command ring in %s memory",
                 d->base.name, d->base.workers, lanes, d->base.bus_bytes, d->base.device_bytes,
                 d->base.window ? "GPU" : "host");
  *out = &d->base;
  return 0;
}
