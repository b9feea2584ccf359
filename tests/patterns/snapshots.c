/* Frequent (50 ms) or rare (200 ms) performance snapshots. From the second one on the scheduler
 * adapts the interval to the load: 50 ms on a device with little to do, else 100 ms. */
#include "pattern.h"

/* The time between the first two snapshots, ms. */
static double interval_between_ms(aatgs_options options, uint64_t interval_ns)
{
  aatgs_runtime *runtime = pattern_open(&options);
  const struct prism_config config = aatgs_runtime_config_production();
  struct prism_telemetry telemetry;
  aatgs_outcome outcome;
  size_t count = 0;
  uint64_t first_ns = 0;
  const aatgs_performance_snapshot *history = NULL;
  while (count < 2) {
    CHECK(aatgs_set_snapshot_interval_ns(runtime, interval_ns) == 0); /* it adapts: insist */
    CHECK(aatgs_submit(runtime, &config, NULL) == 0);
    CHECK(aatgs_wait(runtime, &telemetry, &outcome, 10 * SECOND_NS) == 1);
    first_ns = first_ns ? first_ns : outcome.posted_ns;
    CHECK(outcome.posted_ns - first_ns < 20 * SECOND_NS);
    history = aatgs_performance_history(runtime, &count);
  }
  const double ms = (double)(history[1].timestamp_ns - history[0].timestamp_ns) / 1e6;
  printf("interval %3.0f ms: two snapshots %.1f ms apart; utilization %.1f %%, %llu tasks\n",
         (double)interval_ns / 1e6, ms, history[1].gpu_utilization_x1000 / 10.0,
         (unsigned long long)history[1].tasks_completed);
  CHECK(history[0].tasks_completed > 0);
  CHECK(history[1].tasks_completed > history[0].tasks_completed);
  CHECK(history[1].gpu_utilization_x1000 <= 1000);
  CHECK(aatgs_close(runtime) == 0);
  return ms;
}

int main(int argc, char **argv)
{
  aatgs_input_file input;
  aatgs_options options = pattern_options(argc, argv, &input);
  options.tasks = "linear";
  double frequent = interval_between_ms(options, 50000000);
  for (int i = 0; i < 5 && frequent >= 200; i++) /* a busy machine */
    frequent = interval_between_ms(options, 50000000);
  const double rare = interval_between_ms(options, 200000000);
  CHECK(frequent >= 50);
  CHECK(rare >= 200);
  CHECK(frequent < rare);
  return 0;
}
