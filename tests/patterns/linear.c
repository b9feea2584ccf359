/* Linear pipeline: a config is uploaded, conflicts are repaired, telemetry is downloaded; the next
 * config goes in while the last one is still at work. */
#include "pattern.h"

int main(int argc, char **argv)
{
  aatgs_input_file input;
  const aatgs_options options = pattern_options(argc, argv, &input);
  aatgs_runtime *runtime = pattern_open(&options);

  aatgs_graph *graph;
  CHECK(aatgs_graph_open(aatgs_runtime_workload(runtime), &graph) == 0);
  const uint32_t upload = pattern_add(graph, "ConfigUpload", NULL, 0);
  const uint32_t repair = pattern_add(graph, "WhcrKernel", &upload, 1);
  pattern_add(graph, "TelemetryDownload", &repair, 1);
  CHECK(aatgs_set_graph(runtime, graph) == 0);
  aatgs_graph_close(graph);

  struct prism_config config = aatgs_runtime_config_production();
  struct prism_telemetry telemetry = {0};
  const uint32_t iterations = 500;
  uint32_t filling = 0, received = 0;
  for (uint32_t i = 0; i < iterations; i++) {
    bool have;
    CHECK(aatgs_execute_iteration(runtime, &config, &telemetry, &have) == 0);
    received += have;
    filling += !have;
  }
  while (received < iterations) {
    CHECK(aatgs_wait(runtime, &telemetry, NULL, 10 * SECOND_NS) == 1);
    received++;
  }

  aatgs_stats stats;
  CHECK(aatgs_drain(runtime, 10 * SECOND_NS) == 0);
  aatgs_performance_stats(runtime, &stats);
  printf("%u iterations of upload > repair > download; %u times the pipeline was filling\n",
         received, filling);
  printf("%u colours, %u conflicts\n", telemetry.colors_used, telemetry.conflicts);
  CHECK(filling > 0);
  CHECK(telemetry.conflicts == 0);
  CHECK(telemetry.colors_used > 0);
  CHECK(stats.tasks_completed == 3 * iterations);
  CHECK(aatgs_close(runtime) == 0);
  return 0;
}
