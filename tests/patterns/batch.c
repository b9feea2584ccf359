/* Batch: ten times upload > work > download are added at once, then iterations are executed until
 * no task is pending. Each iteration runs the oldest of the ten, which is then retired. */
#include "pattern.h"

static uint32_t add_once(aatgs_runtime *runtime, const char *type, const uint32_t *after)
{
  aatgs_task_options task = AATGS_TASK_OPTIONS_INIT;
  uint32_t id;
  task.type = type;
  CHECK(aatgs_add_task(runtime, &task, after, after != NULL, &id) == 0);
  return id;
}

int main(int argc, char **argv)
{
  aatgs_input_file input;
  const aatgs_options options = pattern_options(argc, argv, &input);
  aatgs_runtime *runtime = pattern_open(&options);
  struct prism_config config = aatgs_runtime_config_production();
  struct prism_telemetry telemetry;
  aatgs_stats stats;

  static const char *const work[] = {"WhcrKernel", "ThermodynamicAnneal", "QuantumOptimize"};
  for (int i = 0; i < 10; i++) {
    const uint32_t upload = add_once(runtime, "ConfigUpload", NULL);
    const uint32_t solver = add_once(runtime, work[i % 3], &upload);
    add_once(runtime, "TelemetryDownload", &solver);
  }
  aatgs_performance_stats(runtime, &stats);
  printf("%llu tasks pending, estimated to take %.1f ms\n", (unsigned long long)stats.tasks_pending,
         (double)stats.estimated_completion_ns / 1e6);
  CHECK(stats.tasks_pending == 30);
  CHECK(stats.estimated_completion_ns > 0);

  uint32_t executed = 0, received = 0;
  while (stats.tasks_pending) {
    bool have;
    CHECK(aatgs_execute_iteration(runtime, &config, &telemetry, &have) == 0);
    executed++;
    received += have;
    aatgs_performance_stats(runtime, &stats);
  }
  while (received < executed) {
    CHECK(aatgs_wait(runtime, &telemetry, NULL, 10 * SECOND_NS) == 1);
    received++;
  }
  CHECK(aatgs_drain(runtime, 10 * SECOND_NS) == 0);
  aatgs_performance_stats(runtime, &stats);
  printf("%u iterations ran %llu tasks; %u colours, %u conflicts\n", executed,
         (unsigned long long)stats.tasks_completed, telemetry.colors_used, telemetry.conflicts);
  CHECK(executed == 10);
  CHECK(stats.tasks_completed == 30);
  CHECK(aatgs_is_idle(runtime));
  CHECK(aatgs_close(runtime) == 0);
  return 0;
}
