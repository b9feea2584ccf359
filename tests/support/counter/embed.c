/* embed WORKLOAD [TRACE]: runs 200 iterations of a counter and prints the total. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aatgs/aatgs.h>

int main(int argc, char **argv)
{
  aatgs_options options = AATGS_OPTIONS_INIT;
  options.workload = argc > 1 ? argv[1] : "counter";
  options.device = "cpu";
  options.tasks = "once";
  options.seed = 3;
  options.record = argc > 2 ? argv[2] : NULL;

  aatgs_runtime *runtime;
  aatgs_error error;
  if (aatgs_open(&options, &runtime, &error) != 0) {
    fprintf(stderr, "embed: %s\n", error.text);
    return 1;
  }
  const struct aatgs_workload *workload = aatgs_runtime_workload(runtime);
  unsigned char config[256], telemetry[64];
  aatgs_default_config(workload, config);
  if (aatgs_set_config_field(workload, config, "step", "2", &error) != 0) {
    fprintf(stderr, "embed: %s\n", error.text);
    return 1;
  }

  uint64_t total = 0;
  for (int sent = 0, read = 0; read < 200;) {
    if (sent < 200) {
      int rc = aatgs_submit(runtime, config, NULL); /* never waits; AATGS_EAGAIN: rings full */
      if (rc == 0)
        sent++;
      else if (rc != AATGS_EAGAIN)
        break;
    }
    if (aatgs_poll(runtime, telemetry, NULL) == 1) {
      read++;
      memcpy(&total, telemetry, sizeof total);
    }
  }
  aatgs_runtime_info info;
  aatgs_get_runtime_info(runtime, &info);
  printf("total %llu digest %016llx\n", (unsigned long long)total, (unsigned long long)info.digest);
  int rc = aatgs_close(runtime);
  if (rc != 0)
    fprintf(stderr, "embed: %s\n", aatgs_strerror(rc));
  return rc != 0;
}
