/* planted: a workload that makes a mistake when and where a test wants it. */
#include <stdbool.h>
#include <string.h>

#include <aatgs/port.h>
#include <aatgs/workload.h>

#include "planted.h"

typedef struct planted_config {
  uint64_t iteration;
  uint32_t gain;
  uint32_t pad;
} planted_config;

enum { GAIN, CELL, KEEP, COUNT, REGIONS };

AATGS_EXPORT planted_fault planted_now;

static void flip(aatgs_task *t, uint32_t task)
{
  if (planted_now.kind == PLANTED_STATE && planted_now.task == task &&
      planted_now.iteration == t->iteration)
    aatgs_region_ptr(t, KEEP, uint32_t)[planted_now.word] ^= 1u << planted_now.bit;
}

AATGS_FN void planted_accept(aatgs_task *t)
{
  planted_config config;
  memcpy(&config, t->config, sizeof config);
  aatgs_put_u32(t, GAIN, 0, config.gain);
  flip(t, PLANTED_ACCEPT);
}

AATGS_FN void planted_mix(aatgs_task *t)
{
  const uint32_t gain = aatgs_region_ptr(t, GAIN, uint32_t)[0];
  uint32_t *cells = aatgs_region_ptr(t, CELL, uint32_t);
  const uint32_t count = PLANTED_CELLS / t->parts, first = t->part * count;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t next = cells[first + i] * 3 + gain * aatgs_random_below(t, i, 1000);
    if (planted_now.kind == PLANTED_OFF && planted_now.iteration == t->iteration &&
        planted_now.part == t->part && planted_now.word % count == i)
      next++;
    aatgs_put_u32(t, CELL, first + i, next);
  }
}

AATGS_FN void planted_side(aatgs_task *t)
{
  const uint32_t value = aatgs_random_below(t, 0, 65536);
  const bool counts = value >= PLANTED_THRESHOLD_RIGHT;
  bool here = counts;
  if (planted_now.kind == PLANTED_THRESHOLD) {
    here = value >= planted_now.threshold;
    if (here != counts && !planted_now.first_hit)
      planted_now.first_hit = t->iteration;
  }
  const uint32_t before = aatgs_region_ptr(t, COUNT, uint32_t)[0];
  aatgs_put_u32(t, COUNT, 0, before + here);
}

AATGS_FN void planted_report(aatgs_task *t)
{
  const uint32_t *cells = aatgs_region_ptr(t, CELL, uint32_t);
  uint32_t out[4] = {cells[0], cells[PLANTED_CELLS - 1], aatgs_region_ptr(t, COUNT, uint32_t)[0],
                     aatgs_region_ptr(t, KEEP, uint32_t)[0]};
  if (planted_now.kind == PLANTED_TELEMETRY && planted_now.iteration == t->iteration)
    out[planted_now.word % 4] ^= 1u << planted_now.bit;
  memcpy(t->telemetry, out, sizeof out);
  flip(t, PLANTED_REPORT);
}

#define AATGS_TASKS(X)                                                                             \
  X(0, planted_accept, AATGS_NO_FINISH)                                                            \
  X(1, planted_mix, AATGS_NO_FINISH)                                                               \
  X(2, planted_side, AATGS_NO_FINISH)                                                              \
  X(3, planted_report, AATGS_NO_FINISH)
#include <aatgs/loop.h>

static const aatgs_field config_fields[] = {
    {"iteration", "", "Number of the iteration", AATGS_U64, 1, offsetof(planted_config, iteration),
     AATGS_FIELD_ITERATION, 0, 0x1p53, 0},
    {"gain", "", "Factor", AATGS_U32, 1, offsetof(planted_config, gain), AATGS_FIELD_PLAIN, 0,
     0xffffffffu, 7},
};
static const aatgs_field telemetry_fields[] = {
    {"sums", "", "First cell, last cell, count, keep", AATGS_U32, 4, 0, AATGS_FIELD_PLAIN, 0, 0, 0},
};
static const aatgs_region regions[REGIONS] = {[GAIN] = {"gain", AATGS_REGION_PRIMARY, 4},
                                              [CELL] = {"cell", AATGS_REGION_PRIMARY, 4},
                                              [KEEP] = {"keep", AATGS_REGION_PRIMARY, 4},
                                              [COUNT] = {"count", AATGS_REGION_PRIMARY, 4}};

#define R(name) AATGS_REGION_BIT(name)
static const aatgs_task_type types[] = {
    {"Accept", "Takes the config over", AATGS_ROLE_UPLOAD, 1, R(KEEP), R(GAIN), 1000, 0, -1},
    {"Mix", "Mixes the cells", AATGS_ROLE_NONE, PLANTED_PARTS, R(GAIN), R(CELL), 5000, 0, -1},
    {"Side", "Counts large numbers", AATGS_ROLE_NONE, 1, R(GAIN), R(COUNT), 1000, 0, -1},
    {"Report", "Fills in the telemetry", AATGS_ROLE_DOWNLOAD, 1, R(CELL) | R(COUNT) | R(KEEP), 0,
     1000, 0, -1},
};
static const aatgs_named_graph graphs[] = {
    {"diamond",
     "accept Accept\nmix Mix after=accept\nside Side after=accept\nreport Report after=mix,side\n",
     "All of it"},
};

static int planted_setup(aatgs_setup *setup)
{
  static const size_t bytes[REGIONS] = {4, PLANTED_CELLS * 4, PLANTED_KEEP * 4, 4};
  for (uint32_t r = 0; r < REGIONS; r++)
    if (!setup->region(setup, r, bytes[r]))
      return setup->fail(setup, "no memory");
  return 0;
}

#define COUNT_OF(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))
static const struct aatgs_workload planted = {
    .abi = AATGS_WORKLOAD_ABI,
    .size = sizeof(struct aatgs_workload),
    .name = "planted",
    .help = "Makes mistakes on demand",
    .source_digest = AATGS_WORKLOAD_SOURCE_DIGEST,
    .layout_digest = AATGS_LAYOUT_DIGEST,
    .config_bytes = sizeof(planted_config),
    .telemetry_bytes = 16,
    .config_fields = config_fields,
    .config_field_count = COUNT_OF(config_fields),
    .telemetry_fields = telemetry_fields,
    .telemetry_field_count = COUNT_OF(telemetry_fields),
    .regions = regions,
    .region_count = REGIONS,
    .types = types,
    .type_count = COUNT_OF(types),
    .graphs = graphs,
    .graph_count = COUNT_OF(graphs),
    .setup = planted_setup,
    .cpu_loop = aatgs_cpu_loop,
};

AATGS_EXPORT const struct aatgs_workload *aatgs_workload(void)
{
  return &planted;
}
