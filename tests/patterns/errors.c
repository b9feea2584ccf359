/* Error handling: telemetry with conflicts warns, none says that the pipeline is filling, and an
 * error falls back to something that works. */
#include "pattern.h"

#include <string.h>

/* Two repairs that nothing orders: they would write the same regions. */
static int set_careless_graph(aatgs_runtime *runtime)
{
  aatgs_graph *graph;
  CHECK(aatgs_graph_open(aatgs_runtime_workload(runtime), &graph) == 0);
  const uint32_t upload = pattern_add(graph, "ConfigUpload", NULL, 0);
  const uint32_t repairs[2] = {pattern_add(graph, "WhcrKernel", &upload, 1),
                               pattern_add(graph, "WhcrKernel", &upload, 1)};
  pattern_add(graph, "TelemetryDownload", repairs, 2);
  const int rc = aatgs_set_graph(runtime, graph);
  aatgs_graph_close(graph);
  return rc;
}

static void set_named_graph(aatgs_runtime *runtime, const char *name)
{
  aatgs_graph *graph;
  CHECK(aatgs_graph_open(aatgs_runtime_workload(runtime), &graph) == 0);
  CHECK(aatgs_graph_load(graph, name, 1) == 0);
  CHECK(aatgs_set_graph(runtime, graph) == 0);
  aatgs_graph_close(graph);
}

int main(int argc, char **argv)
{
  aatgs_input_file input;
  const aatgs_options options = pattern_options(argc, argv, &input);
  aatgs_runtime *runtime = pattern_open(&options);
  struct prism_config config = aatgs_runtime_config_production();
  struct prism_telemetry telemetry;
  uint32_t warned = 0, filling = 0, failed = 0, clean = 0;

  if (set_careless_graph(runtime)) {
    printf("error: %s\n", aatgs_last_error(runtime)->text);
    CHECK(aatgs_last_error(runtime)->code == AATGS_ERACE);
    printf("falling back to the graph \"linear\"\n");
    set_named_graph(runtime, "linear");
    failed++;
  }

  aatgs_error error;
  if (aatgs_set_config_field(aatgs_runtime_workload(runtime), &config, "num_replicas", "99",
                             &error)) {
    printf("error: %s\nkeeping the default\n", error.text);
    CHECK(strstr(error.text, "num_replicas"));
    failed++;
  }

  config.sweeps = 1; /* little work an iteration, so that conflicts are seen */
  for (int i = 0; i < 400; i++) {
    bool have;
    CHECK(aatgs_execute_iteration(runtime, &config, &telemetry, &have) == 0);
    if (!have)
      filling++;
    else if (telemetry.target_conflicts)
      warned++;
    else
      clean++;
  }
  printf("%u times the pipeline was filling; %u iterations left conflicts, %u did not\n", filling,
         warned, clean);
  CHECK(failed == 2);
  CHECK(filling > 0);
  CHECK(warned > 0);
  CHECK(aatgs_close(runtime) == 0);
  return 0;
}
