/* counter: a whole workload in one file. Each iteration throws a random number of hits at 1024
 * cells, in parts, and reports what they add up to. It shows all that an author can do; take what
 * you need. Everything down to loop.h is compiled for both devices, so it keeps to what C11 and
 * CUDA C++ share, and to integers or float arithmetic in a fixed order. */
#include <string.h>

#include <aatgs/port.h>
#include <aatgs/workload.h>

/* What the host sends and what comes back; the field tables below describe them. */
typedef struct counter_config {
  uint64_t iteration; /* filled in by the runtime */
  uint32_t hits;
  uint32_t step;
} counter_config;

typedef struct counter_telemetry {
  uint64_t total;
  uint32_t highest;
  uint32_t full;    /* cells that have 16 bits in use or more */
  uint32_t time_us; /* filled in by the host */
  uint32_t pad;     /* named, so that no byte is left to chance */
} counter_telemetry;

/* The device's state. Every write of a task to a primary region goes through aatgs_put_*(). */
#define CELLS     1024u
#define PARTS_MAX 64u
enum { PLAN, CELL, PART_SUM, TOTAL, BITS, REGIONS };

/* accept: checks the config and puts what the others need where they find it. */
AATGS_FN void counter_accept(aatgs_task *t)
{
  counter_config config;
  memcpy(&config, t->config, sizeof config); /* it is aligned for words of 32 bits only */
  if ((uint64_t)config.hits * config.step > UINT32_MAX / 2) {
    aatgs_fail(t, 1);
    return;
  }
  aatgs_one_lane(t)
  {
    aatgs_put_u32(t, PLAN, 0, config.hits);
    aatgs_put_u32(t, PLAN, 1, config.step);
  }
}

AATGS_FN uint32_t counter_bits(uint32_t value)
{
  uint32_t bits = 0;
  for (; value != 0; value >>= 1)
    bits++;
  return bits;
}

/* count: each part owns a share of the cells, each lane a share of those. Random numbers are drawn
 * by the index of the cell, so it does not matter who draws them. */
AATGS_FN void counter_count(aatgs_task *t)
{
  const uint32_t *plan = aatgs_region_ptr(t, PLAN, uint32_t);
  uint32_t *cells = aatgs_region_ptr(t, CELL, uint32_t);
  uint32_t *bits = aatgs_region_ptr(t, BITS, uint32_t);
  const uint32_t first = t->part * CELLS / t->parts;
  const uint32_t count = (t->part + 1) * CELLS / t->parts - first;
  uint64_t sum = 0;
  if (t->parts > PARTS_MAX) { /* a task file may ask for any number */
    aatgs_fail(t, 2);
    return;
  }
  aatgs_lane_for(t, i, count)
  {
    uint32_t hits = aatgs_random_below(t, i, plan[0] + 1);
#if defined(COUNTER_WRONG) /* a deliberate mistake, for the test that a replay finds it */
    if (t->iteration == 100 && t->part == 2 && i == 7)
      hits++;
#endif
    aatgs_put_u32(t, CELL, first + i, cells[first + i] + hits * plan[1]);
    bits[first + i] = counter_bits(cells[first + i]); /* derived: written plainly */
    sum += (uint64_t)hits * plan[1];
  }
  sum = aatgs_reduce_add_u64(t, sum);
  aatgs_one_lane(t) aatgs_put_u64(t, PART_SUM, t->part, sum);
}

/* Runs once, when all parts are done. */
AATGS_FN void counter_count_finish(aatgs_task *t)
{
  const uint64_t *sums = aatgs_region_ptr(t, PART_SUM, uint64_t);
  uint64_t sum = aatgs_region_ptr(t, TOTAL, uint64_t)[0];
  for (uint32_t p = 0; p < t->parts; p++)
    sum += sums[p];
  aatgs_sync(t); /* all lanes have read before one writes */
  aatgs_one_lane(t) aatgs_put_u64(t, TOTAL, 0, sum);
}

/* report: the one task that may write the telemetry. */
AATGS_FN void counter_report(aatgs_task *t)
{
  const uint32_t *cells = aatgs_region_ptr(t, CELL, uint32_t);
  const uint32_t *bits = aatgs_region_ptr(t, BITS, uint32_t);
  uint64_t highest = 0;
  uint32_t full = 0;
  aatgs_lane_for(t, i, CELLS)
  {
    highest = cells[i] > highest ? cells[i] : highest;
    full += bits[i] >= 16;
  }
  highest = aatgs_reduce_max_u64(t, highest);
  full = aatgs_reduce_add_u32(t, full);
  aatgs_one_lane(t)
  {
    counter_telemetry out = {0, 0, 0, 0, 0};
    out.total = aatgs_region_ptr(t, TOTAL, uint64_t)[0];
    out.highest = (uint32_t)highest;
    out.full = full;
    memcpy(t->telemetry, &out, sizeof out);
  }
}

/* Makes the derived regions from the primary ones: at the start and after a restore. */
AATGS_FN void counter_rebuild(aatgs_task *t)
{
  const uint32_t *cells = aatgs_region_ptr(t, CELL, uint32_t);
  uint32_t *bits = aatgs_region_ptr(t, BITS, uint32_t);
  aatgs_lane_for(t, i, CELLS) bits[i] = counter_bits(cells[i]);
}

#define AATGS_TASKS(X)                                                                             \
  X(0, counter_accept, AATGS_NO_FINISH)                                                            \
  X(1, counter_count, counter_count_finish)                                                        \
  X(2, counter_report, AATGS_NO_FINISH)
#define AATGS_REBUILD counter_rebuild
#include <aatgs/loop.h>

#if !defined(__CUDACC__) /* from here on: the host alone */
#include <inttypes.h>
#include <stdio.h>

static const aatgs_field config_fields[] = {
    /* name, unit, help, type, count, offset, role, minimum, maximum, initial */
    {"iteration", "", "Number of the iteration", AATGS_U64, 1, offsetof(counter_config, iteration),
     AATGS_FIELD_ITERATION, 0, 0x1p53, 0},
    {"hits", "", "Most hits a cell can take", AATGS_U32, 1, offsetof(counter_config, hits),
     AATGS_FIELD_PLAIN, 0, 1000000, 10},
    {"step", "", "What a hit adds", AATGS_U32, 1, offsetof(counter_config, step), AATGS_FIELD_PLAIN,
     1, 1000000, 1},
};

static const aatgs_field telemetry_fields[] = {
    {"total", "", "Sum of all hits so far", AATGS_U64, 1, offsetof(counter_telemetry, total),
     AATGS_FIELD_PLAIN, 0, 0, 0},
    {"highest", "", "The highest cell", AATGS_U32, 1, offsetof(counter_telemetry, highest),
     AATGS_FIELD_PLAIN, 0, 0, 0},
    {"full", "cells", "Cells with 16 bits in use or more", AATGS_U32, 1,
     offsetof(counter_telemetry, full), AATGS_FIELD_PLAIN, 0, 0, 0},
    {"time_us", "us", "How long the iteration took", AATGS_U32, 1,
     offsetof(counter_telemetry, time_us), AATGS_FIELD_ITERATION_TIME_US, 0, 0, 0},
};

static const aatgs_region regions[REGIONS] = {
    [PLAN] = {"plan", AATGS_REGION_PRIMARY, 4},
    [CELL] = {"cell", AATGS_REGION_PRIMARY, 4},
    [PART_SUM] = {"part_sum", AATGS_REGION_PRIMARY, 8},
    [TOTAL] = {"total", AATGS_REGION_PRIMARY, 8},
    [BITS] = {"bits", AATGS_REGION_DERIVED, 4},
};

#define R(name) AATGS_REGION_BIT(name)
static const aatgs_task_type types[] = {
    /* name, help, role, parts, reads, writes, prior_ns, finish, needs_input */
    {"Accept", "Takes the config over", AATGS_ROLE_UPLOAD, 1, 0, R(PLAN), 1000, 0, -1},
    {"Count", "Throws the hits", AATGS_ROLE_NONE, 4, R(PLAN),
     R(CELL) | R(PART_SUM) | R(TOTAL) | R(BITS), 20000, 1, -1},
    {"Report", "Fills in the telemetry", AATGS_ROLE_DOWNLOAD, 1, R(CELL) | R(TOTAL) | R(BITS), 0,
     5000, 0, -1},
};

static const aatgs_named_graph graphs[] = {
    {"once", "accept Accept\ncount Count after=accept\nreport Report after=count\n",
     "One round of hits an iteration"},
    {"twice",
     "accept Accept\ncount Count after=accept\nagain Count parts=16 after=count\n"
     "report Report after=again\n",
     "Two rounds"},
};

static const aatgs_input_kind input_kinds[] = {
    {"start", "Text file with the cells' first values, one a line"},
};

static int counter_setup(aatgs_setup *setup)
{
  static const size_t bytes[REGIONS] = {8, CELLS * 4, PARTS_MAX * 8, 8, CELLS * 4};
  uint32_t *cells = NULL;
  for (uint32_t r = 0; r < REGIONS; r++) {
    void *region = setup->region(setup, r, bytes[r]);
    if (!region)
      return setup->fail(setup, "no memory for region %s", regions[r].name);
    if (r == CELL)
      cells = region;
  }
  const aatgs_input *in = &setup->inputs[0];
  uint32_t line = 0;
  for (size_t at = 0; at < in->size; line++) {
    uint64_t value = 0;
    size_t begin = at;
    for (; at < in->size && in->bytes[at] >= '0' && in->bytes[at] <= '9'; at++)
      value = value <= UINT32_MAX ? value * 10 + (in->bytes[at] - '0') : value;
    if (at == begin || (at < in->size && in->bytes[at++] != '\n') || value > UINT32_MAX ||
        line == CELLS)
      return setup->fail(setup, "%s:%u: expected a number of 32 bits, at most %u lines", in->path,
                         line + 1, CELLS);
    cells[line] = (uint32_t)value;
  }
  return 0;
}

static const char *counter_check_config(const void *bytes)
{
  counter_config config;
  memcpy(&config, bytes, sizeof config);
  return (uint64_t)config.hits * config.step > UINT32_MAX / 2
             ? "hits x step is over 2147483647: lower one of them"
             : NULL;
}

static size_t counter_solution(const aatgs_input *inputs, const aatgs_region_view *views, char *out,
                               size_t capacity)
{
  (void)inputs;
  const uint32_t *cells = (const uint32_t *)(const void *)views[CELL].bytes;
  size_t used = 0;
  for (uint32_t i = 0; i < CELLS; i++)
    used += (size_t)snprintf(out + (used < capacity ? used : 0),
                             used < capacity ? capacity - used : 0, "%u\n", cells[i]);
  return used;
}

static size_t counter_summary(const aatgs_input *inputs, const aatgs_region_view *views, char *out,
                              size_t capacity)
{
  (void)inputs;
  const uint64_t *total = (const uint64_t *)(const void *)views[TOTAL].bytes;
  return (size_t)snprintf(out, capacity, "%" PRIu64 " in %u cells\n", *total, CELLS);
}

#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))
static const struct aatgs_workload counter = {
    .abi = AATGS_WORKLOAD_ABI,
    .size = sizeof(struct aatgs_workload),
    .name = "counter",
    .help = "Counts hits in cells: a workload to copy",
    .source_digest = AATGS_WORKLOAD_SOURCE_DIGEST,
    .layout_digest = AATGS_LAYOUT_DIGEST,
    .config_bytes = sizeof(counter_config),
    .telemetry_bytes = sizeof(counter_telemetry),
    .config_fields = config_fields,
    .config_field_count = COUNT(config_fields),
    .telemetry_fields = telemetry_fields,
    .telemetry_field_count = COUNT(telemetry_fields),
    .regions = regions,
    .region_count = REGIONS,
    .types = types,
    .type_count = COUNT(types),
    .input_kinds = input_kinds,
    .input_kind_count = COUNT(input_kinds),
    .graphs = graphs,
    .graph_count = COUNT(graphs),
    .setup = counter_setup,
    .check_config = counter_check_config,
    .solution = counter_solution,
    .summary = counter_summary,
    .cpu_loop = aatgs_cpu_loop,
    .cuda_launch = AATGS_CUDA_LAUNCH,
};

AATGS_EXPORT const struct aatgs_workload *aatgs_workload(void)
{
  return &counter;
}
#endif
