/* Round trips on a GPU: the bare ping-pong that physics allows, and what CUDA offers. */
#include "bare.h"
#include "gpu.h"
#include "gpu_check.h"

#include "device/order.h"
extern "C" {
#include "host/window_cuda.h"
}

#include <string.h>

#define CONFIG_WORDS    (AATGS_CONFIG_BYTES_MAX / 4)
#define TELEMETRY_WORDS (AATGS_TELEMETRY_BYTES_MAX / 4)

/* ---- The floor: one block whose warps poll the slot and answer --------------------------------
 */

#define BARE_SLOTS     16u
#define BARE_LIFE_NS   60000000000ull /* a spinning kernel ends by itself */
#define POLLS_PER_LOOK 4096u
#define WARP           32u
#define EVERY_LANE     0xffffffffu

typedef struct ping {
  const bench *b;
  bare rings;
  cudaStream_t stream;
  aatgs_cuda_window window; /* the commands lie there, or in host memory */
  aatgs_flit *polled;       /* the commands as the GPU sees them */
} ping;

static __device__ uint64_t clock_ns()
{
  uint64_t t;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(t));
  return t;
}

/* Every warp looks for the next command; the one that comes first answers. A record's words are
 * the command's first ones, so a lane answers with the flit that it read. */
static __global__ void answer(const aatgs_flit *commands, aatgs_flit *telemetry)
{
  __shared__ uint32_t next;
  const uint32_t lane = threadIdx.x % WARP;
  const uint64_t until = clock_ns() + BARE_LIFE_NS;
  uint32_t n = 1;
  if (threadIdx.x == 0)
    next = 1;
  __syncthreads();
  for (uint32_t polls = 1;; polls++) {
    const uint32_t slot = n & (BARE_SLOTS - 1);
    aatgs_flit f = {{0, 0, 0}, n};
    if (lane < AATGS_COMMAND_FLITS)
      f = aatgs_flit_load(commands + slot * AATGS_COMMAND_FLITS + lane);
    if (!__all_sync(EVERY_LANE, f.tag == n)) {
      if (polls % POLLS_PER_LOOK == 0 && clock_ns() > until)
        return;
      continue;
    }
    const uint32_t opcode = __shfl_sync(EVERY_LANE, f.word[0], 0) & 0xffffu;
    uint32_t mine = 1;
    if (opcode == AATGS_OP_STOP)
      return;
    if (blockDim.x > WARP) {
      if (lane == 0)
        mine = atomicCAS(&next, n, n + 1) == n;
      mine = __shfl_sync(EVERY_LANE, mine, 0);
    }
    if (mine && lane < AATGS_TELEMETRY_FLITS)
      aatgs_flit_store(telemetry + slot * AATGS_TELEMETRY_FLITS + lane, f);
    n++;
  }
}

/* The commands in the GPU's memory; false: the host cannot write there. */
static bool open_window(ping *p)
{
  aatgs_error why;
  int ordinal = 0;
  GPU_CHECK(p->b, cudaGetDevice(&ordinal));
  if (aatgs_cuda_window_open(ordinal, BARE_COMMAND_BYTES(BARE_SLOTS), &p->window, &why))
    return false;
  p->polled = (aatgs_flit *)p->window.at;
  p->rings.commands = (aatgs_flit *)p->window.window.host;
  p->rings.window = 1;
  memset(p->rings.commands, 0, BARE_COMMAND_BYTES(BARE_SLOTS));
  return true;
}

static void *open_bare(const bench *b, uint32_t warps, bool window)
{
  ping *p = new ping();
  p->b = b;
  if (!window)
    p->polled = p->rings.commands = (aatgs_flit *)gpu_mapped(b, BARE_COMMAND_BYTES(BARE_SLOTS));
  else if (!open_window(p)) {
    delete p;
    return NULL;
  }
  p->rings.telemetry = (aatgs_flit *)gpu_mapped(b, BARE_TELEMETRY_BYTES(BARE_SLOTS));
  p->rings.mask = BARE_SLOTS - 1;
  p->rings.next = 1;
  p->stream = gpu_stream_open(b);
  answer<<<1, warps * WARP, 0, p->stream>>>(p->polled, p->rings.telemetry);
  GPU_CHECK(b, cudaGetLastError());
  return p;
}

static void *open_bare_one(const bench *b)
{
  return open_bare(b, 1, false);
}

static void *open_bare_two(const bench *b)
{
  return open_bare(b, 2, false);
}

static void *open_bare_window(const bench *b)
{
  return open_bare(b, 1, true);
}

static void bare_once(void *self, const uint32_t *config, uint32_t *telemetry)
{
  bare_trip(&((ping *)self)->rings, config, telemetry);
}

static void close_bare(void *self)
{
  ping *p = (ping *)self;
  bare_stop(&p->rings);
  GPU_CHECK(p->b, cudaStreamSynchronize(p->stream));
  cudaStreamDestroy(p->stream);
  if (p->rings.window)
    aatgs_cuda_window_close(&p->window);
  else
    cudaFreeHost(p->rings.commands);
  cudaFreeHost(p->rings.telemetry);
  delete p;
}

/* ---- Copies to and fro, by a stream or by a graph ----------------------------------------------
 */

typedef struct copying {
  const bench *b;
  uint32_t *config_here; /* pinned */
  uint32_t *telemetry_here;
  uint32_t *config; /* on the GPU */
  uint32_t *telemetry;
  cudaStream_t stream;
  cudaGraphExec_t graph;
} copying;

static __global__ void echo(const uint32_t *config, uint32_t *telemetry)
{
  if (threadIdx.x < TELEMETRY_WORDS)
    telemetry[threadIdx.x] = config[threadIdx.x];
}

static void enqueue_copying(copying *c)
{
  GPU_CHECK(c->b, cudaMemcpyAsync(c->config, c->config_here, CONFIG_WORDS * 4,
                                  cudaMemcpyHostToDevice, c->stream));
  echo<<<1, WARP, 0, c->stream>>>(c->config, c->telemetry);
  GPU_CHECK(c->b, cudaMemcpyAsync(c->telemetry_here, c->telemetry, TELEMETRY_WORDS * 4,
                                  cudaMemcpyDeviceToHost, c->stream));
}

static void *open_copying(const bench *b)
{
  copying *c = new copying();
  c->b = b;
  c->stream = gpu_stream_open(b);
  c->config_here = (uint32_t *)gpu_mapped(b, CONFIG_WORDS * 4);
  c->telemetry_here = (uint32_t *)gpu_mapped(b, TELEMETRY_WORDS * 4);
  GPU_CHECK(b, cudaMalloc(&c->config, CONFIG_WORDS * 4));
  GPU_CHECK(b, cudaMalloc(&c->telemetry, TELEMETRY_WORDS * 4));
  return c;
}

static void *open_copying_graph(const bench *b)
{
  copying *c = (copying *)open_copying(b);
  cudaGraph_t graph;
  GPU_CHECK(b, cudaStreamBeginCapture(c->stream, cudaStreamCaptureModeThreadLocal));
  enqueue_copying(c);
  GPU_CHECK(b, cudaStreamEndCapture(c->stream, &graph));
  GPU_CHECK(b, cudaGraphInstantiate(&c->graph, graph, 0));
  GPU_CHECK(b, cudaGraphUpload(c->graph, c->stream));
  cudaGraphDestroy(graph);
  return c;
}

static void copy_once(void *self, const uint32_t *config, uint32_t *telemetry)
{
  copying *c = (copying *)self;
  memcpy(c->config_here, config, CONFIG_WORDS * 4);
  if (c->graph)
    GPU_CHECK(c->b, cudaGraphLaunch(c->graph, c->stream));
  else
    enqueue_copying(c);
  GPU_CHECK(c->b, cudaStreamSynchronize(c->stream));
  memcpy(telemetry, c->telemetry_here, TELEMETRY_WORDS * 4);
}

static void close_copying(void *self)
{
  copying *c = (copying *)self;
  if (c->graph)
    cudaGraphExecDestroy(c->graph);
  cudaStreamDestroy(c->stream);
  cudaFree(c->config);
  cudaFree(c->telemetry);
  cudaFreeHost(c->config_here);
  cudaFreeHost(c->telemetry_here);
  delete c;
}

/* ---- One kernel, and the host polls what it wrote ----------------------------------------------
 */

#define ANSWER_FLITS 6u /* hold 64 bytes */

typedef struct config_words {
  uint32_t word[CONFIG_WORDS];
} config_words;

typedef struct polling {
  const bench *b;
  uint32_t *config;   /* mapped */
  aatgs_flit *answer; /* mapped; a flit is tagged, so that no fence is needed */
  cudaStream_t stream;
  cudaGraphExec_t graph;
} polling;

/* Reads the config over the bus, all of it at once: three words a lane. */
static __global__ void echo_mapped(const uint32_t *config, aatgs_flit *answer)
{
  const uint32_t lane = threadIdx.x;
  aatgs_flit f = {{0, 0, 0}, 0};
  for (uint32_t i = 0; i < 3; i++)
    if (3 * lane + i < CONFIG_WORDS)
      f.word[i] = config[3 * lane + i];
  f.tag = __shfl_sync(EVERY_LANE, f.word[0], 0) + 1;
  if (lane < ANSWER_FLITS)
    aatgs_flit_store(answer + lane, f);
}

/* Gets the config as its argument: nothing is read over the bus. */
static __global__ void echo_argument(const __grid_constant__ config_words config,
                                     aatgs_flit *answer)
{
  const uint32_t lane = threadIdx.x;
  aatgs_flit f = {{0, 0, 0}, config.word[0] + 1};
  for (uint32_t i = 0; i < 3; i++)
    f.word[i] = config.word[(3 * lane + i) % CONFIG_WORDS];
  if (lane < ANSWER_FLITS)
    aatgs_flit_store(answer + lane, f);
}

static void *open_polling(const bench *b)
{
  polling *p = new polling();
  p->b = b;
  p->stream = gpu_stream_open(b);
  p->config = (uint32_t *)gpu_mapped(b, CONFIG_WORDS * 4);
  p->answer = (aatgs_flit *)gpu_mapped(b, ANSWER_FLITS * sizeof(aatgs_flit));
  return p;
}

static void *open_polling_graph(const bench *b)
{
  polling *p = (polling *)open_polling(b);
  cudaGraph_t graph;
  GPU_CHECK(b, cudaStreamBeginCapture(p->stream, cudaStreamCaptureModeThreadLocal));
  echo_mapped<<<1, WARP, 0, p->stream>>>(p->config, p->answer);
  GPU_CHECK(b, cudaStreamEndCapture(p->stream, &graph));
  GPU_CHECK(b, cudaGraphInstantiate(&p->graph, graph, 0));
  GPU_CHECK(b, cudaGraphUpload(p->graph, p->stream));
  cudaGraphDestroy(graph);
  return p;
}

static void poll_once(void *self, const uint32_t *config, uint32_t *telemetry)
{
  polling *p = (polling *)self;
  uint32_t words[ANSWER_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
  if (p->graph) {
    memcpy(p->config, config, CONFIG_WORDS * 4);
    GPU_CHECK(p->b, cudaGraphLaunch(p->graph, p->stream));
  } else {
    config_words argument;
    memcpy(&argument, config, sizeof argument);
    echo_argument<<<1, WARP, 0, p->stream>>>(argument, p->answer);
  }
  while (!aatgs_slot_load(p->answer, ANSWER_FLITS, config[0] + 1, words))
    __builtin_ia32_pause();
  memcpy(telemetry, words, TELEMETRY_WORDS * 4);
}

static void close_polling(void *self)
{
  polling *p = (polling *)self;
  GPU_CHECK(p->b, cudaStreamSynchronize(p->stream));
  if (p->graph)
    cudaGraphExecDestroy(p->graph);
  cudaStreamDestroy(p->stream);
  cudaFreeHost(p->config);
  cudaFreeHost(p->answer);
  delete p;
}

extern "C" const gpu_trip gpu_trips[] = {
    {"bare ping-pong, 1 polling warp", true, open_bare_one, bare_once, close_bare},
    {"bare ping-pong, 2 polling warps", true, open_bare_two, bare_once, close_bare},
    {"bare ping-pong, commands in GPU memory", true, open_bare_window, bare_once, close_bare},
    {"CUDA graph {copy, kernel, copy}, synchronize", false, open_copying_graph, copy_once,
     close_copying},
    {"stream: copy, kernel, copy, synchronize", false, open_copying, copy_once, close_copying},
    {"CUDA graph of one kernel, host polls", false, open_polling_graph, poll_once, close_polling},
    {"kernel launch with the config as argument, host polls", false, open_polling, poll_once,
     close_polling},
};
extern "C" const size_t gpu_trip_count = sizeof gpu_trips / sizeof *gpu_trips;
