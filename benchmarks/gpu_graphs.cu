/* Task graphs as CUDA graphs. */
#include "gpu.h"
#include "gpu_check.h"
#include "spin.h"

#include <stdlib.h>

#define LANES_LEAST 32u

struct gpu_graph {
  const bench *b;
  cudaStream_t stream;
  cudaGraphExec_t graph;
};

static __global__ void task(uint32_t steps)
{
  if (steps && bench_spin(blockIdx.x, steps) == 0)
    __trap();
}

/* Lets the next kernel be put in place at once, and waits for the one before itself; before
 * Hopper no kernel can. */
static __global__ void task_early(uint32_t steps)
{
#if __CUDA_ARCH__ >= 900
  cudaTriggerProgrammaticLaunchCompletion();
  cudaGridDependencySynchronize();
#endif
  if (steps && bench_spin(blockIdx.x, steps) == 0)
    __trap();
}

/* A kernel node a task, with the edges of the shape. */
static cudaGraph_t make_nodes(const bench *b, const shape *s, uint32_t steps, uint32_t lanes)
{
  cudaGraph_t graph;
  void *arguments[] = {&steps};
  cudaKernelNodeParams kernel = {};
  kernel.func = (void *)task;
  kernel.gridDim = dim3(1);
  kernel.blockDim = dim3(lanes);
  kernel.kernelParams = arguments;
  cudaGraphNode_t *nodes = (cudaGraphNode_t *)calloc(s->tasks, sizeof *nodes);
  cudaGraphNode_t *before = (cudaGraphNode_t *)calloc(s->tasks, sizeof *before);
  if (!nodes || !before)
    bench_fail(b, "out of memory");
  GPU_CHECK(b, cudaGraphCreate(&graph, 0));
  for (uint32_t i = 0; i < s->tasks; i++) {
    const uint32_t first = s->edge_at[i], count = s->edge_at[i + 1] - first;
    for (uint32_t k = 0; k < count; k++)
      before[k] = nodes[s->edges[first + k]];
    GPU_CHECK(b, cudaGraphAddKernelNode(&nodes[i], graph, before, count, &kernel));
  }
  free(nodes);
  free(before);
  return graph;
}

/* A kernel a row, in a stream; blocks of one kernel stand side by side. */
static cudaGraph_t make_rows(const bench *b, const shape *s, bool early, uint32_t steps,
                             uint32_t lanes, cudaStream_t stream)
{
  cudaGraph_t graph;
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  GPU_CHECK(b, cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  for (uint32_t y = 0; y < s->rows; y++) {
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(s->row_at[y + 1] - s->row_at[y]);
    config.blockDim = dim3(lanes);
    config.stream = stream;
    config.attrs = &attribute;
    config.numAttrs = early ? 1 : 0;
    GPU_CHECK(b, cudaLaunchKernelEx(&config, early ? task_early : task, steps));
  }
  GPU_CHECK(b, cudaStreamEndCapture(stream, &graph));
  return graph;
}

extern "C" gpu_graph *gpu_graph_open(const bench *b, const shape *s, gpu_graph_form form,
                                     uint32_t steps, uint32_t lanes)
{
  gpu_graph *g = new gpu_graph();
  const uint32_t threads = lanes ? lanes : LANES_LEAST;
  g->b = b;
  g->stream = gpu_stream_open(b);
  cudaGraph_t graph = form == GPU_GRAPH_NODES ? make_nodes(b, s, steps, threads)
                                              : make_rows(b, s, form == GPU_GRAPH_ROWS_EARLY, steps,
                                                          threads, g->stream);
  GPU_CHECK(b, cudaGraphInstantiate(&g->graph, graph, 0));
  GPU_CHECK(b, cudaGraphUpload(g->graph, g->stream));
  GPU_CHECK(b, cudaStreamSynchronize(g->stream));
  cudaGraphDestroy(graph);
  return g;
}

extern "C" void gpu_graph_close(gpu_graph *g)
{
  if (!g)
    return;
  cudaGraphExecDestroy(g->graph);
  cudaStreamDestroy(g->stream);
  delete g;
}

extern "C" void gpu_graph_launch(gpu_graph *g)
{
  GPU_CHECK(g->b, cudaGraphLaunch(g->graph, g->stream));
}

extern "C" void gpu_graph_wait(gpu_graph *g)
{
  GPU_CHECK(g->b, cudaStreamSynchronize(g->stream));
}
