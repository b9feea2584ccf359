/* uneven: a workload whose task types all spin `arg` steps, for graphs of tasks that take unequally
 * long. The types' prior says nothing about it: a policy has to learn. */
#include "port.h"
#include "spin.h"
#include "workload.h"

typedef struct uneven_config {
  uint64_t iteration; /* filled in by the runtime */
} uneven_config;

typedef struct uneven_telemetry {
  uint32_t nothing;
} uneven_telemetry;

AATGS_FN void uneven_spin(aatgs_task *t)
{
  if (t->arg && bench_spin(t->iteration, t->arg) == 0) /* once in 2^64 */
    aatgs_fail(t, 1);
}

#define AATGS_TASKS(X)                                                                             \
  X(0, uneven_spin, AATGS_NO_FINISH)                                                               \
  X(1, uneven_spin, AATGS_NO_FINISH)                                                               \
  X(2, uneven_spin, AATGS_NO_FINISH)                                                               \
  X(3, uneven_spin, AATGS_NO_FINISH)                                                               \
  X(4, uneven_spin, AATGS_NO_FINISH)                                                               \
  X(5, uneven_spin, AATGS_NO_FINISH)
#include "loop.h"

#if !defined(__CUDACC__)
static const aatgs_field config_fields[] = {
    {"iteration", "", "Number of the iteration", AATGS_U64, 1, offsetof(uneven_config, iteration),
     AATGS_FIELD_ITERATION, 0, 0x1p53, 0},
};

static const aatgs_field telemetry_fields[] = {
    {"nothing", "", "Always 0", AATGS_U32, 1, offsetof(uneven_telemetry, nothing),
     AATGS_FIELD_PLAIN, 0, 0, 0},
};

#define SPIN(name)                                                                                 \
  {                                                                                                \
    name, "Spins for arg steps", AATGS_ROLE_NONE, 1, 0, 0, 100000, 0, -1                           \
  }
static const aatgs_task_type types[] = {SPIN("Spin"),  SPIN("SpinB"), SPIN("SpinC"),
                                        SPIN("SpinD"), SPIN("SpinE"), SPIN("SpinF")};

static const aatgs_named_graph graphs[] = {
    {"two", "a Spin arg=1000\nb Spin arg=3000\n", "Two tasks side by side"},
};

static int uneven_setup(aatgs_setup *setup)
{
  (void)setup;
  return 0;
}

static const struct aatgs_workload uneven = {
    .abi = AATGS_WORKLOAD_ABI,
    .size = sizeof(struct aatgs_workload),
    .name = "uneven",
    .help = "Spins: for schedules of tasks that take unequally long",
    .source_digest = AATGS_WORKLOAD_SOURCE_DIGEST,
    .layout_digest = AATGS_LAYOUT_DIGEST,
    .config_bytes = sizeof(uneven_config),
    .telemetry_bytes = sizeof(uneven_telemetry),
    .config_fields = config_fields,
    .config_field_count = sizeof config_fields / sizeof *config_fields,
    .telemetry_fields = telemetry_fields,
    .telemetry_field_count = sizeof telemetry_fields / sizeof *telemetry_fields,
    .types = types,
    .type_count = sizeof types / sizeof *types,
    .graphs = graphs,
    .graph_count = sizeof graphs / sizeof *graphs,
    .setup = uneven_setup,
    .cpu_loop = aatgs_cpu_loop,
    .cuda_launch = AATGS_CUDA_LAUNCH,
};

AATGS_EXPORT const struct aatgs_workload *aatgs_workload(void)
{
  return &uneven;
}
#endif
