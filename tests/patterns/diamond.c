/* Diamond: two solvers side by side between upload and download, the better one counts. */
#include "pattern.h"

int main(int argc, char **argv)
{
  aatgs_input_file input;
  aatgs_options options = pattern_options(argc, argv, &input);
  options.workers = 2; /* the two solvers run at the same time */
  aatgs_runtime *runtime = pattern_open(&options);

  aatgs_graph *graph;
  CHECK(aatgs_graph_open(aatgs_runtime_workload(runtime), &graph) == 0);
  const uint32_t upload = pattern_add(graph, "ConfigUpload", NULL, 0);
  const uint32_t solvers[2] = {pattern_add(graph, "WhcrKernel", &upload, 1),
                               pattern_add(graph, "ThermodynamicAnneal", &upload, 1)};
  const uint32_t download = pattern_add(graph, "TelemetryDownload", solvers, 2);
  CHECK(aatgs_graph_check(graph) == 0); /* no cycle, and the solvers share nothing they write */
  CHECK(aatgs_set_graph(runtime, graph) == 0);

  /* The same graph by hand: once the config is up, both solvers are ready, and the download is
   * when both are done. */
  uint32_t ready[4];
  CHECK(aatgs_graph_mark_started(graph, upload) == 0);
  CHECK(aatgs_graph_mark_complete(graph, upload, 1000) == 0);
  CHECK(aatgs_graph_ready_tasks(graph, ready, 4) == 2);
  CHECK(ready[0] == solvers[0] && ready[1] == solvers[1]);
  for (int i = 0; i < 2; i++) {
    CHECK(aatgs_graph_mark_started(graph, solvers[i]) == 0);
    CHECK(aatgs_graph_mark_complete(graph, solvers[i], 1000) == 0);
    CHECK(aatgs_graph_ready_tasks(graph, ready, 4) == 1);
    CHECK(ready[0] == (i == 0 ? solvers[1] : download));
  }
  aatgs_graph_close(graph);

  enum { ITERATIONS = 300 };
  static struct prism_config configs[ITERATIONS];
  static struct prism_telemetry telemetry[ITERATIONS];
  for (int i = 0; i < ITERATIONS; i++)
    configs[i] = aatgs_runtime_config_production();
  CHECK(aatgs_batch_step(runtime, configs, ITERATIONS, telemetry) == 0);
  const struct prism_telemetry *last = &telemetry[ITERATIONS - 1];
  printf("after %d iterations of the diamond: %u colours, %u conflicts\n", ITERATIONS,
         last->colors_used, last->conflicts);
  CHECK(last->conflicts == 0);
  CHECK(last->colors_used <= telemetry[0].colors_used);
  CHECK(aatgs_close(runtime) == 0);
  return 0;
}
