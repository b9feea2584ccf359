/* Phase controller: adds its tasks, builds each config from what the last telemetry taught, and
 * stops when it is content. With a fixed lag the run can be repeated bit for bit. */
#include "pattern.h"

typedef struct phases {
  uint32_t phase; /* 0 explores, 1 refines */
  uint32_t best_colors;
  uint32_t quiet; /* iterations without a better colouring */
  uint32_t changes;
  uint64_t iterations;
} phases;

static int begin(void *state, aatgs_runtime *runtime)
{
  aatgs_graph *graph;
  (void)state;
  CHECK(aatgs_graph_open(aatgs_runtime_workload(runtime), &graph) == 0);
  CHECK(aatgs_graph_load(graph, "full", 1) == 0);
  const int rc = aatgs_set_graph(runtime, graph);
  aatgs_graph_close(graph);
  return rc;
}

static int build(void *state, uint64_t iteration, void *bytes)
{
  const phases *p = state;
  struct prism_config *config = bytes;
  (void)iteration;
  *config = aatgs_runtime_config_production();
  config->phase_id = p->phase;
  config->global_temperature = p->phase ? 0.5f : 2.0f;
  config->sweeps = p->phase ? 8 : 2;
  return 0;
}

static int update(void *state, const aatgs_outcome *outcome, const void *bytes)
{
  phases *p = state;
  const struct prism_telemetry *telemetry = bytes;
  p->iterations = outcome->iteration;
  p->quiet++;
  if (telemetry->conflicts == 0 && (!p->best_colors || telemetry->colors_used < p->best_colors)) {
    p->best_colors = telemetry->colors_used;
    p->quiet = 0;
  }
  if (p->quiet == 50 && p->phase == 0) {
    p->phase = 1;
    p->changes++;
    p->quiet = 0;
  }
  return p->quiet >= 100; /* long enough without progress */
}

static uint64_t run(const aatgs_options *options, phases *p)
{
  const aatgs_controller controller = {sizeof controller, p, begin, build, update, 2};
  aatgs_runtime *runtime = pattern_open(options);
  aatgs_runtime_info info;
  *p = (phases){0, 0, 0, 0, 0};
  CHECK(aatgs_control(runtime, &controller, 5000) == 0);
  CHECK(aatgs_drain(runtime, 10 * SECOND_NS) == 0);
  aatgs_get_runtime_info(runtime, &info);
  CHECK(aatgs_close(runtime) == 0);
  return info.digest;
}

int main(int argc, char **argv)
{
  aatgs_input_file input;
  aatgs_options options = pattern_options(argc, argv, &input);
  phases first, second;
  const uint64_t digest = run(&options, &first);
  printf("%llu iterations, %u change of phase, %u colours at best, digest %016llx\n",
         (unsigned long long)first.iterations, first.changes, first.best_colors,
         (unsigned long long)digest);
  CHECK(first.changes == 1);
  CHECK(first.best_colors > 0);
  CHECK(first.iterations < 5000);
  options.workers = 3;
  CHECK(run(&options, &second) == digest);
  CHECK(second.iterations == first.iterations);
  printf("the same with 3 workers\n");
  return 0;
}
