/* Graphs, plans and blocks of ticks. The first byte chooses which. */
#include "fuzz/fuzz.h"
#include "trace/info.h"
#include "trace/ticks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  aatgs_arena arena = {0};
  aatgs_bytes out = {0};
  aatgs_trace_graph graph;
  aatgs_trace_plan plan;
  static aatgs_tick ticks[AATGS_TICKS_PER_BLOCK];
  uint32_t count;
  const char *why;
  bool bad = false;
  if (size == 0)
    return 0;
  switch (data[0] % 3) {
  case 0:
    if (aatgs_graph_read(data + 1, size - 1, &arena, &graph, &why) == 0)
      bad = aatgs_graph_write(&graph, &out, &why) || out.size != size - 1;
    break;
  case 1:
    if (aatgs_plan_read(data + 1, size - 1, &arena, &plan, &why) == 0)
      bad = aatgs_plan_write(&plan, &out, &why) || out.size != size - 1;
    break;
  default:
    if (aatgs_ticks_read(data + 1, size - 1, ticks, &count))
      bad = count == 0 || count > AATGS_TICKS_PER_BLOCK || !aatgs_ticks_write(ticks, count, &out);
  }
  if (bad)
    __builtin_trap();
  aatgs_bytes_free(&out);
  aatgs_arena_free(&arena);
  return 0;
}
