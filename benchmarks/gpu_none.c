/* In builds without CUDA: no rivals. */
#include "gpu.h"

const gpu_trip gpu_trips[1] = {{0}};
const size_t gpu_trip_count = 0;
const gpu_stream gpu_streams[1] = {{0}};
const size_t gpu_stream_count = 0;

gpu_graph *gpu_graph_open(const bench *b, const shape *s, gpu_graph_form form, uint32_t steps,
                          uint32_t lanes)
{
  (void)b, (void)s, (void)form, (void)steps, (void)lanes;
  return NULL;
}

void gpu_graph_close(gpu_graph *g)
{
  (void)g;
}

void gpu_graph_launch(gpu_graph *g)
{
  (void)g;
}

void gpu_graph_wait(gpu_graph *g)
{
  (void)g;
}
