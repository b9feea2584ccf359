/* Many iterations on a GPU, by CUDA graphs launched back to back. */
#include "gpu.h"
#include "gpu_check.h"

#include "device/bus.h"
#include "device/order.h"
#include "host/clock.h"

#include <string.h>

#define CONFIG_WORDS (AATGS_CONFIG_BYTES_MAX / 4)
#define ANSWER_FLITS 6u  /* hold 64 bytes */
#define SLOTS        64u /* iterations in flight at most, as the runtime's telemetry slots */
#define STREAMS      8u
#define WARP         32u
#define EVERY_LANE   0xffffffffu

/* Configs and answers in memory of the host that the GPU works on in place. */
typedef struct slots {
  const bench *b;
  uint32_t *configs; /* SLOTS * CONFIG_WORDS */
  aatgs_flit *answers;
  uint32_t *configs_there; /* on the GPU, for the form with copies */
  aatgs_flit *answers_there;
  cudaStream_t streams[STREAMS];
  cudaGraphExec_t graphs[SLOTS];
} slots;

/* One iteration: reads its config, all of it at once, and answers with tagged flits. */
static __global__ void iterate(const uint32_t *config, aatgs_flit *answer)
{
  const uint32_t lane = threadIdx.x;
  aatgs_flit f = {{0, 0, 0}, 0};
  for (uint32_t i = 0; i < 3; i++)
    if (3 * lane + i < CONFIG_WORDS)
      f.word[i] = config[3 * lane + i];
  f.tag = __shfl_sync(EVERY_LANE, f.word[0], 0);
  if (lane < ANSWER_FLITS)
    aatgs_flit_store(answer + lane, f);
}

static void open_slots(const bench *b, slots *s)
{
  memset(s, 0, sizeof *s);
  s->b = b;
  s->configs = (uint32_t *)gpu_mapped(b, SLOTS * CONFIG_WORDS * 4);
  s->answers = (aatgs_flit *)gpu_mapped(b, SLOTS * ANSWER_FLITS * sizeof(aatgs_flit));
  GPU_CHECK(b, cudaMalloc(&s->configs_there, SLOTS * CONFIG_WORDS * 4));
  GPU_CHECK(b, cudaMalloc(&s->answers_there, SLOTS * ANSWER_FLITS * sizeof(aatgs_flit)));
  for (uint32_t i = 0; i < STREAMS; i++)
    s->streams[i] = gpu_stream_open(b);
}

static void close_slots(slots *s)
{
  for (uint32_t i = 0; i < SLOTS; i++)
    if (s->graphs[i])
      cudaGraphExecDestroy(s->graphs[i]);
  for (uint32_t i = 0; i < STREAMS; i++)
    cudaStreamDestroy(s->streams[i]);
  cudaFree(s->configs_there);
  cudaFree(s->answers_there);
  cudaFreeHost(s->configs);
  cudaFreeHost(s->answers);
}

static void finish_capture(slots *s, uint32_t index)
{
  cudaGraph_t graph;
  GPU_CHECK(s->b, cudaStreamEndCapture(s->streams[0], &graph));
  GPU_CHECK(s->b, cudaGraphInstantiate(&s->graphs[index], graph, 0));
  GPU_CHECK(s->b, cudaGraphUpload(s->graphs[index], s->streams[0]));
  GPU_CHECK(s->b, cudaStreamSynchronize(s->streams[0]));
  cudaGraphDestroy(graph);
}

/* A graph a slot. */
static void capture_each(slots *s, bool copies)
{
  for (uint32_t i = 0; i < SLOTS; i++) {
    uint32_t *config = s->configs + i * CONFIG_WORDS, *config_there = s->configs_there;
    aatgs_flit *answer = s->answers + i * ANSWER_FLITS;
    aatgs_flit *answer_there = s->answers_there + i * ANSWER_FLITS;
    config_there += i * CONFIG_WORDS;
    GPU_CHECK(s->b, cudaStreamBeginCapture(s->streams[0], cudaStreamCaptureModeThreadLocal));
    if (copies)
      GPU_CHECK(s->b, cudaMemcpyAsync(config_there, config, CONFIG_WORDS * 4,
                                      cudaMemcpyHostToDevice, s->streams[0]));
    iterate<<<1, WARP, 0, s->streams[0]>>>(copies ? config_there : config,
                                           copies ? answer_there : answer);
    if (copies)
      GPU_CHECK(s->b, cudaMemcpyAsync(answer, answer_there, ANSWER_FLITS * sizeof *answer,
                                      cudaMemcpyDeviceToHost, s->streams[0]));
    finish_capture(s, i);
  }
}

/* One graph of kernels side by side, one for each of `count` slots from `first` on. */
static void capture_batch(slots *s, uint32_t first, uint32_t count, uint32_t index)
{
  cudaGraph_t graph;
  GPU_CHECK(s->b, cudaGraphCreate(&graph, 0));
  for (uint32_t i = first; i < first + count; i++) {
    const uint32_t *config = s->configs + i * CONFIG_WORDS;
    aatgs_flit *answer = s->answers + i * ANSWER_FLITS;
    void *arguments[] = {&config, &answer};
    cudaGraphNode_t node;
    cudaKernelNodeParams kernel = {};
    kernel.func = (void *)iterate;
    kernel.gridDim = dim3(1);
    kernel.blockDim = dim3(WARP);
    kernel.kernelParams = arguments;
    GPU_CHECK(s->b, cudaGraphAddKernelNode(&node, graph, NULL, 0, &kernel));
  }
  GPU_CHECK(s->b, cudaGraphInstantiate(&s->graphs[index], graph, 0));
  GPU_CHECK(s->b, cudaGraphUpload(s->graphs[index], s->streams[0]));
  GPU_CHECK(s->b, cudaStreamSynchronize(s->streams[0]));
  cudaGraphDestroy(graph);
}

static void put_config(slots *s, uint32_t n)
{
  uint32_t *config = s->configs + n % SLOTS * CONFIG_WORDS;
  for (uint32_t i = 1; i < CONFIG_WORDS; i++)
    config[i] = n + i;
  config[0] = n;
}

static void take_answer(slots *s, uint32_t n)
{
  uint32_t words[ANSWER_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
  const aatgs_flit *answer = s->answers + n % SLOTS * ANSWER_FLITS;
  while (!aatgs_slot_load(answer, ANSWER_FLITS, n, words))
    __builtin_ia32_pause();
}

/* Iterations `group`..count + group - 1 in groups, a graph each, on streams that take turns. The
 * slot of iteration n is n % SLOTS, so that a group's slots lie side by side. */
static uint64_t pipeline(slots *s, uint32_t count, uint32_t group, uint32_t streams)
{
  const uint64_t start = aatgs_now_ns();
  uint32_t taken = group;
  for (uint32_t n = group; n < count + group; n += group) {
    for (; taken + SLOTS < n + group; taken++)
      take_answer(s, taken);
    for (uint32_t i = n; i < n + group; i++)
      put_config(s, i);
    GPU_CHECK(s->b, cudaGraphLaunch(s->graphs[n % SLOTS / group], s->streams[n / group % streams]));
  }
  for (; taken < count + group; taken++)
    take_answer(s, taken);
  return aatgs_now_ns() - start;
}

static uint64_t run(const bench *b, uint32_t count, bool copies, uint32_t group, uint32_t streams)
{
  slots s;
  open_slots(b, &s);
  if (group > 1)
    for (uint32_t i = 0; i < SLOTS / group; i++)
      capture_batch(&s, i * group, group, i);
  else
    capture_each(&s, copies);
  pipeline(&s, count / 4, group, streams); /* warm-up */
  memset(s.answers, 0, SLOTS * ANSWER_FLITS * sizeof(aatgs_flit));
  const uint64_t ns = pipeline(&s, count, group, streams);
  close_slots(&s);
  return ns;
}

static uint64_t run_copies(const bench *b, uint32_t count)
{
  return run(b, count, true, 1, 1);
}

static uint64_t run_kernels(const bench *b, uint32_t count)
{
  return run(b, count, false, 1, 1);
}

static uint64_t run_streams(const bench *b, uint32_t count)
{
  return run(b, count, false, 1, STREAMS);
}

static uint64_t run_batches(const bench *b, uint32_t count)
{
  return run(b, count, false, 16, STREAMS);
}

extern "C" const gpu_stream gpu_streams[] = {
    {"CUDA graph {copy, kernel, copy}, back to back, in order", run_copies},
    {"CUDA graph of one kernel, back to back, in order", run_kernels},
    {"CUDA graph of one kernel, back to back, 8 streams", run_streams},
    {"CUDA graph of 16 kernels side by side, back to back, 8 streams", run_batches},
};
extern "C" const size_t gpu_stream_count = sizeof gpu_streams / sizeof *gpu_streams;
