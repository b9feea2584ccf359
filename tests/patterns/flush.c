/* Queue several configs and flush once. The queue flushes itself when it is half full. */
#include "pattern.h"

int main(int argc, char **argv)
{
  aatgs_input_file input;
  aatgs_options options = pattern_options(argc, argv, &input);
  options.tasks = "linear";
  aatgs_runtime *runtime = pattern_open(&options);
  struct prism_telemetry telemetry[64];
  double config_fill, telemetry_fill;

  for (uint32_t i = 0; i < 5; i++) {
    struct prism_config config = aatgs_runtime_config_production();
    config.sweeps = (uint16_t)(1 + i);
    CHECK(aatgs_queue_config(runtime, &config) == 0);
  }
  aatgs_buffer_stats(runtime, &config_fill, &telemetry_fill);
  printf("5 configs queued: the queue is %.0f %% full, nothing runs yet\n", 100 * config_fill);
  CHECK(config_fill == 5.0 / 16);
  CHECK(aatgs_iterations(runtime) == 0);

  CHECK(aatgs_flush_configs(runtime) == 5);
  aatgs_buffer_stats(runtime, &config_fill, &telemetry_fill);
  CHECK(config_fill == 0);
  CHECK(aatgs_drain(runtime, 10 * SECOND_NS) == 0);
  CHECK(aatgs_is_idle(runtime));
  CHECK(aatgs_poll_telemetry(runtime, telemetry, 64) == 5);
  printf("flushed once, 5 telemetry records came back\n");

  for (uint32_t i = 0; i < 8; i++) {
    const struct prism_config config = aatgs_runtime_config_production();
    CHECK(aatgs_queue_config(runtime, &config) == 0);
  }
  printf("8 more queued: at half its capacity the queue has flushed itself\n");
  CHECK(aatgs_iterations(runtime) == 13);
  CHECK(aatgs_drain(runtime, 10 * SECOND_NS) == 0);
  CHECK(aatgs_poll_telemetry(runtime, telemetry, 64) == 8);
  CHECK(aatgs_close(runtime) == 0);
  return 0;
}
