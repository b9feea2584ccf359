/* Monitoring: a loop looks at the fill of the buffers and warns above 90 %; whoever is warned
 * polls, and the fill goes down. */
#include "pattern.h"

int main(int argc, char **argv)
{
  aatgs_input_file input;
  aatgs_options options = pattern_options(argc, argv, &input);
  options.tasks = "linear";
  aatgs_runtime *runtime = pattern_open(&options);
  const struct prism_config config = aatgs_runtime_config_production();
  struct prism_telemetry telemetry[64];
  uint32_t warnings = 0, submitted = 0, received = 0;

  while (submitted < 300) {
    double config_fill, telemetry_fill;
    const int rc = aatgs_submit(runtime, &config, NULL);
    CHECK(rc == 0 || rc == AATGS_EAGAIN);
    submitted += rc == 0;
    CHECK(aatgs_drain(runtime, 10 * SECOND_NS) == 0);
    aatgs_buffer_stats(runtime, &config_fill, &telemetry_fill);
    if (telemetry_fill > 0.9 || config_fill > 0.9) {
      if (warnings++ == 0)
        printf("warning: the telemetry buffer is %.0f %% full: poll\n", 100 * telemetry_fill);
      const int polled = aatgs_poll_telemetry(runtime, telemetry, 64);
      CHECK(polled > 57);
      received += (uint32_t)polled;
      aatgs_buffer_stats(runtime, &config_fill, &telemetry_fill);
      CHECK(telemetry_fill == 0);
    }
  }
  received += (uint32_t)aatgs_poll_telemetry(runtime, telemetry, 64);

  double config_peak, telemetry_peak;
  aatgs_peak_utilization(runtime, &config_peak, &telemetry_peak);
  printf("%u iterations, %u warnings; peaks: config ring %.0f %%, telemetry ring %.0f %%\n",
         submitted, warnings, 100 * config_peak, 100 * telemetry_peak);
  CHECK(warnings == 5);
  CHECK(received == 300);
  CHECK(telemetry_peak > 0.9 && telemetry_peak <= 1);
  CHECK(aatgs_close(runtime) == 0);
  return 0;
}
