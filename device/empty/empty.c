/* empty: a workload whose tasks do nothing. What is left is the cost of the round trip itself:
 * 256 bytes of config in, one task, 64 bytes of telemetry out. `aatgs doctor` measures with it. */
#include "port.h"
#include "workload.h"

typedef struct empty_config {
  uint64_t iteration; /* filled in by the runtime */
  uint8_t payload[248];
} empty_config;

typedef struct empty_telemetry {
  uint8_t payload[64];
} empty_telemetry;

enum { LINE, REGIONS };

AATGS_FN void empty_nothing(aatgs_task *t)
{
  (void)t;
}

#define AATGS_TASKS(X)                                                                             \
  X(0, empty_nothing, AATGS_NO_FINISH)                                                             \
  X(1, empty_nothing, AATGS_NO_FINISH)
#include "loop.h"

#if !defined(__CUDACC__)
static const aatgs_field config_fields[] = {
    {"iteration", "", "Number of the iteration", AATGS_U64, 1, offsetof(empty_config, iteration),
     AATGS_FIELD_ITERATION, 0, 0x1p53, 0},
    {"payload", "", "Carried along, no effect", AATGS_U8, 248, offsetof(empty_config, payload),
     AATGS_FIELD_PLAIN, 0, 255, 0},
};

static const aatgs_field telemetry_fields[] = {
    {"payload", "", "Always 0", AATGS_U8, 64, offsetof(empty_telemetry, payload), AATGS_FIELD_PLAIN,
     0, 0, 0},
};

static const aatgs_region regions[REGIONS] = {{"line", AATGS_REGION_DERIVED, 4}};

static const aatgs_task_type types[] = {
    {"Nothing", "Does nothing", AATGS_ROLE_NONE, 1, 0, 0, 1000, 0, -1},
    {"Ordered", "Does nothing, one iteration after the other: it declares a write", AATGS_ROLE_NONE,
     1, 0, AATGS_REGION_BIT(LINE), 1000, 0, -1},
};

static const aatgs_named_graph graphs[] = {
    {"one", "nothing Nothing\n", "One empty task"},
    {"three", "a Nothing\nb Nothing after=a\nc Nothing after=b\n", "Three of them in a row"},
    {"ordered", "ordered Ordered\n", "One that waits for the iteration before"},
};

static int empty_setup(aatgs_setup *setup)
{
  return setup->region(setup, LINE, sizeof(uint32_t))
             ? 0
             : setup->fail(setup, "no memory for a region of 4 bytes");
}

static const struct aatgs_workload empty = {
    .abi = AATGS_WORKLOAD_ABI,
    .size = sizeof(struct aatgs_workload),
    .name = "empty",
    .help = "Does nothing: measures the round trip alone",
    .source_digest = AATGS_WORKLOAD_SOURCE_DIGEST,
    .layout_digest = AATGS_LAYOUT_DIGEST,
    .config_bytes = sizeof(empty_config),
    .telemetry_bytes = sizeof(empty_telemetry),
    .config_fields = config_fields,
    .config_field_count = sizeof config_fields / sizeof *config_fields,
    .telemetry_fields = telemetry_fields,
    .telemetry_field_count = sizeof telemetry_fields / sizeof *telemetry_fields,
    .regions = regions,
    .region_count = REGIONS,
    .types = types,
    .type_count = sizeof types / sizeof *types,
    .graphs = graphs,
    .graph_count = sizeof graphs / sizeof *graphs,
    .setup = empty_setup,
    .cpu_loop = aatgs_cpu_loop,
    .cuda_launch = AATGS_CUDA_LAUNCH,
};

AATGS_EXPORT const struct aatgs_workload *aatgs_workload(void)
{
  return &empty;
}
#endif
