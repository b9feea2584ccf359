/* odd: a workload for the tests of the command line. Its tasks can fail at a chosen iteration,
 * race, take a chosen time and come to a condition that is known beforehand. */
#include <string.h>

#include <port.h>
#include <workload.h>

typedef struct odd_config {
  uint64_t iteration;
  uint64_t fail_at;
  uint32_t spin;
  float scale;
} odd_config;

typedef struct odd_telemetry {
  uint64_t seen;
  uint32_t step[3];
  float half;
  uint32_t time_us;
  uint32_t pad;
} odd_telemetry;

enum { COUNT, NOTE, REGIONS };

AATGS_FN void odd_add(aatgs_task *t)
{
  const uint64_t *count = aatgs_region_ptr(t, COUNT, uint64_t);
  odd_config config;
  volatile uint32_t turns = 0;
  memcpy(&config, t->config, sizeof config);
  while (turns < config.spin)
    turns++;
  if (config.iteration == config.fail_at) {
    aatgs_fail(t, 1);
    return;
  }
  uint64_t next = count[0] + 1;
#if defined(ODD_WRONG) /* the mistake that a replay must find */
  if (t->iteration == 70)
    next++;
#endif
  aatgs_sync(t);
  aatgs_one_lane(t) aatgs_put_u64(t, COUNT, 0, next);
}

AATGS_FN void odd_note(aatgs_task *t)
{
  uint64_t note = aatgs_random_below(t, 0, 1000);
#if defined(ODD_RACY) /* what no task may do: it depends on what ran before, in any order */
  static uint64_t parts_so_far;
  const uint64_t before = __atomic_fetch_add(&parts_so_far, 1, __ATOMIC_RELAXED);
  if (t->iteration == 70)
    note = before;
#endif
  aatgs_one_lane(t) aatgs_put_u64(t, NOTE, t->part, note);
}

AATGS_FN void odd_report(aatgs_task *t)
{
  odd_telemetry out;
  memset(&out, 0, sizeof out);
  out.seen = aatgs_region_ptr(t, COUNT, uint64_t)[0];
  for (uint32_t i = 0; i < 3; i++)
    out.step[i] = (uint32_t)out.seen + i;
  out.half = (float)out.seen * 0.5f;
  aatgs_one_lane(t) memcpy(t->telemetry, &out, sizeof out);
}

#define AATGS_TASKS(X)                                                                             \
  X(0, odd_add, AATGS_NO_FINISH)                                                                   \
  X(1, odd_note, AATGS_NO_FINISH)                                                                  \
  X(2, odd_report, AATGS_NO_FINISH)
#include <loop.h>

#if !defined(__CUDACC__)
#include <inttypes.h>
#include <stdio.h>

static const aatgs_field config_fields[] = {
    {"iteration", "", "Number of the iteration", AATGS_U64, 1, offsetof(odd_config, iteration),
     AATGS_FIELD_ITERATION, 0, 0x1p53, 0},
    {"fail_at", "", "Iteration that fails; 0: none", AATGS_U64, 1, offsetof(odd_config, fail_at),
     AATGS_FIELD_PLAIN, 0, 1e9, 0},
    {"spin", "turns", "How long Add takes", AATGS_U32, 1, offsetof(odd_config, spin),
     AATGS_FIELD_PLAIN, 0, 1000000000, 0},
    {"scale", "", "Must not be 3", AATGS_F32, 1, offsetof(odd_config, scale), AATGS_FIELD_PLAIN, 0,
     10, 1},
};

static const aatgs_field telemetry_fields[] = {
    {"seen", "", "Iterations so far", AATGS_U64, 1, offsetof(odd_telemetry, seen),
     AATGS_FIELD_PLAIN, 0, 0, 0},
    {"step", "", "seen, seen + 1, seen + 2", AATGS_U32, 3, offsetof(odd_telemetry, step),
     AATGS_FIELD_PLAIN, 0, 0, 0},
    {"half", "", "seen / 2", AATGS_F32, 1, offsetof(odd_telemetry, half), AATGS_FIELD_PLAIN, 0, 0,
     0},
    {"time_us", "us", "How long the iteration took", AATGS_U32, 1, offsetof(odd_telemetry, time_us),
     AATGS_FIELD_ITERATION_TIME_US, 0, 0, 0},
};

static const aatgs_region regions[REGIONS] = {
    [COUNT] = {"count", AATGS_REGION_PRIMARY, 8},
    [NOTE] = {"note", AATGS_REGION_PRIMARY, 8},
};

#define R(name) AATGS_REGION_BIT(name)
static const aatgs_task_type types[] = {
    {"Add", "Adds one to the count", AATGS_ROLE_UPLOAD, 1, 0, R(COUNT), 1000, 0, -1},
    {"Note", "Writes notes", AATGS_ROLE_NONE, 4, 0, R(NOTE), 1000, 0, -1},
    {"Report", "Fills in the telemetry", AATGS_ROLE_DOWNLOAD, 1, R(COUNT), 0, 1000, 0, -1},
};

static const aatgs_named_graph graphs[] = {
    {"plain", "add Add\nnote Note\nreport Report after=add,note\n", "Add and Note, then Report"},
};

static const aatgs_input_kind input_kinds[] = {{"text", "A file that must begin with \"odd\""}};

static int odd_setup(aatgs_setup *setup)
{
  const aatgs_input *in = &setup->inputs[0];
  if (!setup->region(setup, COUNT, 8) || !setup->region(setup, NOTE, 8 * 64))
    return setup->fail(setup, "no memory for the regions");
  if (in->bytes && (in->size < 3 || memcmp(in->bytes, "odd", 3) != 0))
    return setup->fail(setup, "%s:1: does not begin with \"odd\"", in->path);
  return 0;
}

static const char *odd_check(const void *bytes)
{
  odd_config config;
  memcpy(&config, bytes, sizeof config);
  return config.scale == 3.0f ? "scale must not be 3: take 2 or 4" : NULL;
}

static uint64_t odd_count(const aatgs_region_view *views)
{
  uint64_t count;
  memcpy(&count, views[COUNT].bytes, sizeof count);
  return count;
}

static size_t odd_solution(const aatgs_input *inputs, const aatgs_region_view *views, char *out,
                           size_t capacity)
{
  (void)inputs;
  if (odd_count(views) % 2 != 0)
    return snprintf(out, capacity, "the count is odd: run one iteration more"), (size_t)0;
  return (size_t)snprintf(out, capacity, "%" PRIu64 "\n", odd_count(views));
}

static size_t odd_summary(const aatgs_input *inputs, const aatgs_region_view *views, char *out,
                          size_t capacity)
{
  (void)inputs;
  return (size_t)snprintf(out, capacity, "counted to %" PRIu64 "\n", odd_count(views));
}

#define LENGTH(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))
static const struct aatgs_workload odd = {
    .abi = AATGS_WORKLOAD_ABI,
    .size = sizeof(struct aatgs_workload),
    .name = "odd",
    .help = "For the tests of the command line",
    .source_digest = AATGS_WORKLOAD_SOURCE_DIGEST,
    .layout_digest = AATGS_LAYOUT_DIGEST,
    .config_bytes = sizeof(odd_config),
    .telemetry_bytes = sizeof(odd_telemetry),
    .config_fields = config_fields,
    .config_field_count = LENGTH(config_fields),
    .telemetry_fields = telemetry_fields,
    .telemetry_field_count = LENGTH(telemetry_fields),
    .regions = regions,
    .region_count = REGIONS,
    .types = types,
    .type_count = LENGTH(types),
    .input_kinds = input_kinds,
    .input_kind_count = LENGTH(input_kinds),
    .graphs = graphs,
    .graph_count = LENGTH(graphs),
    .setup = odd_setup,
    .check_config = odd_check,
    .solution = odd_solution,
    .summary = odd_summary,
    .cpu_loop = aatgs_cpu_loop,
    .cuda_launch = AATGS_CUDA_LAUNCH,
};

AATGS_EXPORT const struct aatgs_workload *aatgs_workload(void)
{
  return &odd;
}
#endif
