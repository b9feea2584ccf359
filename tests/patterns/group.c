/* Device group: the same configs go to several devices, each with a seed of its own; the best
 * result counts. */
#include "pattern.h"

#define DEVICES 3

int main(int argc, char **argv)
{
  aatgs_input_file input;
  aatgs_options options = pattern_options(argc, argv, &input);
  aatgs_group *group;
  aatgs_error error;
  options.tasks = "linear";
  options.workers = 1;
  if (aatgs_group_open(&options, DEVICES, &group, &error)) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  CHECK(aatgs_group_len(group) == DEVICES);

  struct prism_config config = aatgs_runtime_config_production();
  struct prism_telemetry telemetry[DEVICES], last[DEVICES];
  uint32_t received[DEVICES] = {0};
  bool have[DEVICES];
  for (int i = 0; i < 200; i++) {
    CHECK(aatgs_group_execute_all(group, &config, telemetry, have) == 0);
    for (int d = 0; d < DEVICES; d++)
      received[d] += have[d];
  }

  uint32_t best = 0;
  uint64_t digest[DEVICES];
  for (int d = 0; d < DEVICES; d++) {
    aatgs_runtime *runtime = aatgs_group_at(group, d);
    for (; received[d] < 200; received[d]++)
      CHECK(aatgs_wait(runtime, &last[d], NULL, 10 * SECOND_NS) == 1);
    CHECK(aatgs_drain(runtime, 10 * SECOND_NS) == 0);
    aatgs_runtime_info info;
    aatgs_get_runtime_info(runtime, &info);
    digest[d] = info.digest;
    printf("device %d: %u colours, %u conflicts\n", d, last[d].colors_used, last[d].conflicts);
    CHECK(last[d].conflicts == 0);
    if (last[d].colors_used < last[best].colors_used)
      best = (uint32_t)d;
  }
  printf("the best is device %u\n", best);
  CHECK(digest[0] != digest[1] && digest[1] != digest[2]); /* they went different ways */
  CHECK(aatgs_group_close(group) == 0);
  return 0;
}
