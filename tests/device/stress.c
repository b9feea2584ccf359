/* stress: tasks that check the order in which they run. Each writes the regions of its type with
 * values that depend on all it may read, and stamps them with its iteration and number; it looks
 * whether its dependencies are done, whether nobody writes what it reads and whether it comes
 * after whoever wrote before. What was wrong is counted, with a sentence about the first. */
#include "stress.h"

#include <aatgs/port.h>
#include <aatgs/workload.h>

typedef struct stress_config {
  uint64_t iteration; /* filled in by the runtime */
  uint32_t spin;      /* most turns a part wastes now and then */
  uint32_t fail;      /* one part in so many fails; 0: none */
} stress_config;

enum { DONE = STRESS_REGIONS, REGIONS };

#define CELLS 8u
/* A region holds CELLS values, then CELLS stamps. */
#define STAMP(iteration, number) ((iteration) << 8 | ((number) + 1u))

#if !defined(__CUDACC__)
#include <stdio.h>
static uint32_t violations;
static char first_violation[200];

static void violation(const aatgs_task *t, const char *what, uint64_t wanted, uint64_t seen)
{
  if (__atomic_fetch_add(&violations, 1, __ATOMIC_RELAXED) == 0)
    snprintf(first_violation, sizeof first_violation,
             "iteration %llu, task %u, part %u of %u: %s (%llx, %llx)",
             (unsigned long long)t->iteration, STRESS_ARG_TASK(t->arg), t->part, t->parts, what,
             (unsigned long long)wanted, (unsigned long long)seen);
}

/* How often something was out of order since the library was loaded; *text: what came first. */
AATGS_EXPORT uint32_t stress_violations(const char **text);
uint32_t stress_violations(const char **text)
{
  *text = first_violation;
  return __atomic_load_n(&violations, __ATOMIC_RELAXED);
}
#define TRACKED 1
#else
/* One lane finds it: the digest of its part shows it. */
#define violation(t, what, wanted, seen) ((t)->digest++)
/* A GPU promises no order for what no task declares, as stress_done() is. */
#define TRACKED                          0
#endif

AATGS_FN void stress_spin(const aatgs_task *t)
{
  const stress_config *config = (const stress_config *)t->config;
  const uint64_t r = aatgs_random_u64(t, 1000);
  if (!config->spin || r % 16)
    return;
  volatile uint32_t turns = (uint32_t)(r >> 32) % config->spin;
  while (turns)
    turns = turns - 1;
}

/* done[iteration % SLOTS][task][part]: the iteration that ran it last. Nobody declares this
 * region: only the order that the runtime promises keeps two threads from meeting there. */
AATGS_FN uint64_t *stress_done(const aatgs_task *t, uint32_t task)
{
  return aatgs_region_ptr(t, DONE, uint64_t) +
         (t->iteration % STRESS_SLOTS * 256 + task) * (STRESS_PARTS_MAX + 1);
}

AATGS_FN void stress_check_dependencies(aatgs_task *t)
{
  const uint32_t seed = STRESS_ARG_SEED(t->arg), task = STRESS_ARG_TASK(t->arg);
  const uint32_t first = task > STRESS_WINDOW ? task - STRESS_WINDOW : 0;
  for (uint32_t a = first; a < task; a++) {
    if (!stress_edge(seed, a, task))
      continue;
    const uint64_t *done = stress_done(t, a);
    for (uint32_t p = 0; p < stress_parts(seed, a); p++)
      if (done[p] != t->iteration)
        violation(t, "runs before a part of its dependency", a << 8 | p, done[p]);
    if (STRESS_FINISH(stress_type(seed, a)) && done[STRESS_PARTS_MAX] != t->iteration)
      violation(t, "runs before the finish of its dependency", a, done[STRESS_PARTS_MAX]);
  }
}

AATGS_FN uint64_t stress_fold(uint64_t h, uint64_t v)
{
  return aatgs_mix64(h ^ v) + UINT64_C(0x9e3779b97f4a7c15);
}

/* Everything in a region that nobody may write meanwhile. */
AATGS_FN uint64_t stress_read(aatgs_task *t, uint32_t region, uint64_t h)
{
  const uint64_t *cells = aatgs_region_ptr(t, region, uint64_t);
  const uint64_t mine = STAMP(t->iteration, STRESS_ARG_TASK(t->arg));
  for (uint32_t c = 0; c < CELLS; c++) {
    if (cells[CELLS + c] > mine)
      violation(t, "reads what a later one wrote", mine, cells[CELLS + c]);
    h = stress_fold(h, cells[c]);
    h = stress_fold(h, cells[CELLS + c]);
  }
  return h;
}

/* Reads twice with a pause between: the same must be there. */
AATGS_FN uint64_t stress_read_all(aatgs_task *t, uint64_t mask)
{
  uint64_t h[2] = {1, 1};
  for (int pass = 0; pass < 2; pass++) {
    for (uint32_t r = 0; r < STRESS_REGIONS; r++)
      if (mask >> r & 1)
        h[pass] = stress_read(t, r, h[pass]);
    stress_spin(t);
  }
  if (h[0] != h[1])
    violation(t, "what it reads changes meanwhile", h[0], h[1]);
  return h[0];
}

AATGS_FN void stress_write(aatgs_task *t, uint32_t region, uint32_t c, uint64_t value)
{
  const uint64_t *cells = aatgs_region_ptr(t, region, uint64_t);
  const uint64_t mine = STAMP(t->iteration, STRESS_ARG_TASK(t->arg));
  if (cells[CELLS + c] > mine)
    violation(t, "writes after a later one", mine, cells[CELLS + c]);
  aatgs_put_u64(t, region, c, stress_fold(value, cells[c]));
  aatgs_put_u64(t, region, CELLS + c, mine);
}

AATGS_FN void stress_begin(aatgs_task *t, uint32_t part)
{
  uint64_t *done = stress_done(t, STRESS_ARG_TASK(t->arg));
  if (TRACKED)
    stress_check_dependencies(t);
  if (TRACKED && done[part] == t->iteration)
    violation(t, "runs twice", part, done[part]);
}

AATGS_CONST uint64_t stress_writes[STRESS_TYPES] = {
#define MASKS4(m, i)  m((i) + 0u), m((i) + 1u), m((i) + 2u), m((i) + 3u)
#define MASKS16(m, i) MASKS4(m, i), MASKS4(m, (i) + 4u), MASKS4(m, (i) + 8u), MASKS4(m, (i) + 12u)
    MASKS16(STRESS_WRITES, 0u), MASKS16(STRESS_WRITES, 16u), MASKS16(STRESS_WRITES, 32u)};
AATGS_CONST uint64_t stress_reads[STRESS_TYPES] = {
    MASKS16(STRESS_READS, 0u), MASKS16(STRESS_READS, 16u), MASKS16(STRESS_READS, 32u)};

/* One lane does it all: this is about the order of parts. */
AATGS_FN void stress_part(aatgs_task *t)
{
  const stress_config *config = (const stress_config *)t->config;
  const uint32_t seed = STRESS_ARG_SEED(t->arg), task = STRESS_ARG_TASK(t->arg);
  const uint32_t type = stress_type(seed, task);
  const uint64_t writes = stress_writes[type];
  aatgs_one_lane(t)
  {
    stress_begin(t, t->part);
    const uint64_t h = stress_read_all(t, stress_reads[type] & ~writes);
    for (uint32_t r = 0; r < STRESS_REGIONS; r++)
      for (uint32_t c = t->part * CELLS / t->parts;
           (writes >> r & 1) && c < (t->part + 1) * CELLS / t->parts; c++)
        stress_write(t, r, c, h ^ aatgs_random_u64(t, r * CELLS + c));
    stress_done(t, task)[t->part] = t->iteration;
  }
  if (config->fail && aatgs_random_below(t, 1001, config->fail) == 0)
    aatgs_fail(t, 1);
}

AATGS_FN void stress_finish(aatgs_task *t)
{
  const uint32_t task = STRESS_ARG_TASK(t->arg);
  const uint64_t writes = stress_writes[stress_type(STRESS_ARG_SEED(t->arg), task)];
  aatgs_one_lane(t)
  {
    stress_begin(t, STRESS_PARTS_MAX);
    for (uint32_t p = 0; p < t->parts; p++)
      if (TRACKED && stress_done(t, task)[p] != t->iteration)
        violation(t, "finishes before a part", p, stress_done(t, task)[p]);
    const uint64_t h = stress_read_all(t, writes);
    for (uint32_t r = 0; r < STRESS_REGIONS; r++)
      if (writes >> r & 1)
        stress_write(t, r, 0, h);
    stress_done(t, task)[STRESS_PARTS_MAX] = t->iteration;
  }
}

AATGS_FN void stress_report(aatgs_task *t)
{
  aatgs_one_lane(t)
  {
    stress_begin(t, 0);
    const uint64_t h = stress_read_all(t, STRESS_REPORT_READS);
    t->telemetry[0] = (uint32_t)h;
    t->telemetry[1] = (uint32_t)(h >> 32);
  }
}

/* One of a chain of tasks that touch no region, whose iterations may run side by side. */
AATGS_FN void stress_alone(aatgs_task *t)
{
  const stress_config *config = (const stress_config *)t->config;
  const uint32_t task = STRESS_ARG_TASK(t->arg);
  aatgs_one_lane(t)
  {
    uint64_t *done = stress_done(t, task);
    if (TRACKED && done[0] == t->iteration)
      violation(t, "runs twice", 0, done[0]);
    if (TRACKED && task && stress_done(t, task - 1)[0] != t->iteration)
      violation(t, "runs before the task that it follows", task - 1, stress_done(t, task - 1)[0]);
    stress_spin(t);
    if (config->iteration != t->iteration)
      violation(t, "has another iteration's config", t->iteration, config->iteration);
    done[0] = t->iteration;
  }
  if (config->fail && aatgs_random_below(t, 1001, config->fail) == 0)
    aatgs_fail(t, 1);
}

AATGS_FN void stress_tell(aatgs_task *t)
{
  stress_alone(t);
  aatgs_one_lane(t)
  {
    const stress_config *config = (const stress_config *)t->config;
    const uint64_t h = stress_fold(aatgs_random_u64(t, 1002), config->iteration ^ config->spin);
    t->telemetry[0] = (uint32_t)h;
    t->telemetry[1] = (uint32_t)(h >> 32);
  }
}

#define TASKS2(X, i)                                                                               \
  X(i, stress_part, stress_finish)                                                                 \
  X(i + 1, stress_part, AATGS_NO_FINISH)
#define TASKS8(X, i)  TASKS2(X, i) TASKS2(X, i + 2) TASKS2(X, i + 4) TASKS2(X, i + 6)
#define TASKS24(X, i) TASKS8(X, i) TASKS8(X, i + 8) TASKS8(X, i + 16)
#define AATGS_TASKS(X)                                                                             \
  TASKS24(X, 0)                                                                                    \
  TASKS24(X, 24)                                                                                   \
  X(48, stress_report, AATGS_NO_FINISH)                                                            \
  X(49, stress_alone, AATGS_NO_FINISH)                                                             \
  X(50, stress_tell, AATGS_NO_FINISH)
#include <aatgs/loop.h>

#if !defined(__CUDACC__)
static const aatgs_field config_fields[] = {
    {"iteration", "", "Number of the iteration", AATGS_U64, 1, offsetof(stress_config, iteration),
     AATGS_FIELD_ITERATION, 0, 0x1p53, 0},
    {"spin", "turns", "Most turns a part wastes now and then", AATGS_U32, 1,
     offsetof(stress_config, spin), AATGS_FIELD_PLAIN, 0, 1000000, 0},
    {"fail", "", "One part in so many fails; 0: none", AATGS_U32, 1, offsetof(stress_config, fail),
     AATGS_FIELD_PLAIN, 0, 1000000, 0},
};

static const aatgs_field telemetry_fields[] = {
    {"seen", "", "What Report read", AATGS_U64, 1, 0, AATGS_FIELD_PLAIN, 0, 0, 0},
};

static aatgs_region regions[REGIONS];
static char region_names[REGIONS][8];
static aatgs_task_type types[STRESS_TYPES + 3];
static char type_names[STRESS_TYPES][8];

static int stress_setup(aatgs_setup *setup)
{
  for (uint32_t r = 0; r < STRESS_REGIONS; r++)
    if (!setup->region(setup, r, 2 * CELLS * sizeof(uint64_t)))
      return setup->fail(setup, "out of memory");
  if (!setup->region(setup, DONE, STRESS_SLOTS * 256 * (STRESS_PARTS_MAX + 1) * sizeof(uint64_t)))
    return setup->fail(setup, "out of memory");
  return 0;
}

static const struct aatgs_workload stress = {
    .abi = AATGS_WORKLOAD_ABI,
    .size = sizeof(struct aatgs_workload),
    .name = "stress",
    .help = "Tasks that check the order in which they run",
    .source_digest = AATGS_WORKLOAD_SOURCE_DIGEST,
    .layout_digest = AATGS_LAYOUT_DIGEST,
    .config_bytes = sizeof(stress_config),
    .telemetry_bytes = 8,
    .config_fields = config_fields,
    .config_field_count = sizeof config_fields / sizeof *config_fields,
    .telemetry_fields = telemetry_fields,
    .telemetry_field_count = sizeof telemetry_fields / sizeof *telemetry_fields,
    .regions = regions,
    .region_count = REGIONS,
    .types = types,
    .type_count = sizeof types / sizeof *types,
    .setup = stress_setup,
    .cpu_loop = aatgs_cpu_loop,
    .cuda_launch = AATGS_CUDA_LAUNCH,
};

AATGS_EXPORT const struct aatgs_workload *aatgs_workload(void)
{
  for (uint32_t r = 0; r < REGIONS; r++) {
    snprintf(region_names[r], sizeof region_names[r], "r%u", r);
    regions[r] =
        (aatgs_region){region_names[r], r == DONE ? AATGS_REGION_DERIVED : AATGS_REGION_PRIMARY, 8};
  }
  for (uint32_t i = 0; i < STRESS_TYPES; i++) {
    snprintf(type_names[i], sizeof type_names[i], "T%u", i);
    types[i] = (aatgs_task_type){type_names[i],
                                 "Writes and checks",
                                 AATGS_ROLE_NONE,
                                 1,
                                 stress_reads[i],
                                 stress_writes[i],
                                 1000 + i,
                                 STRESS_FINISH(i),
                                 -1};
  }
  types[STRESS_TYPES] = (aatgs_task_type){
      "Report", "Fills in the telemetry", AATGS_ROLE_DOWNLOAD, 1, STRESS_REPORT_READS, 0, 1000, 0,
      -1};
  types[STRESS_TYPES + 1] =
      (aatgs_task_type){"Alone", "Touches no region", AATGS_ROLE_NONE, 1, 0, 0, 1000, 0, -1};
  types[STRESS_TYPES + 2] = (aatgs_task_type){
      "Tell", "The same, and fills in the telemetry", AATGS_ROLE_DOWNLOAD, 1, 0, 0, 1000, 0, -1};
  return &stress;
}
#endif
