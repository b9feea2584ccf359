// embed_cxx WORKLOAD: the same from C++, one iteration at a time, and every installed header.
#include <cstdint>
#include <cstdio>
#include <cstring>

#include <aatgs/aatgs.h>
#include <aatgs/trace.h>
#include <aatgs/workload.h>

int main(int argc, char **argv)
{
  aatgs_options options = AATGS_OPTIONS_INIT;
  options.workload = argc > 1 ? argv[1] : "counter";
  options.device = "cpu";
  options.tasks = "once";
  options.seed = 3;

  aatgs_runtime *runtime = nullptr;
  aatgs_error error;
  if (aatgs_open(&options, &runtime, &error) != 0) {
    std::fprintf(stderr, "embed_cxx: %s\n", error.text);
    return 1;
  }
  const struct aatgs_workload *workload = aatgs_runtime_workload(runtime);
  alignas(8) unsigned char config[AATGS_CONFIG_BYTES_MAX], telemetry[AATGS_TELEMETRY_BYTES_MAX];
  aatgs_default_config(workload, config);
  aatgs_set_config_field(workload, config, "step", "2", &error);

  std::uint64_t total = 0;
  for (int i = 0; i < 200; i++) {
    if (aatgs_submit(runtime, config, nullptr) != 0 ||
        aatgs_wait(runtime, telemetry, nullptr, UINT64_C(1000000000)) != 1) {
      std::fprintf(stderr, "embed_cxx: %s\n", aatgs_last_error(runtime)->text);
      return 1;
    }
    std::memcpy(&total, telemetry, sizeof total);
  }
  aatgs_runtime_info info;
  aatgs_get_runtime_info(runtime, &info);
  std::printf("total %llu digest %016llx\n", static_cast<unsigned long long>(total),
              static_cast<unsigned long long>(info.digest));
  return aatgs_close(runtime) != 0;
}
