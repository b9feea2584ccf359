/* What prism does by warps on a GPU against what it does by one thread: the same
 * digests and the same bytes in every primary region, after each iteration. A
 * thread block is emulated (support/warps.h). */
#include "prism/block.h"
#include "support/cm.h"
#include "support/prism_graphs.h"

typedef struct example {
  const char *name;
  graph_rule *rule;
  uint32_t n, percent;
  const harness_task *tasks;
  size_t count;
  uint32_t parts, arg; /* of WhcrKernel, which is task 1 */
  uint32_t iterations, sweeps;
  uint32_t below;  /* colours to aim at: fewer than at the start by that, or by one less; 0: any */
  uint32_t forget; /* iterations from one rebuild to the next; 0: none */
  bool vary;       /* other parts and another arg in each iteration */
  uint32_t shapes; /* that run it: so many of them, from the first on */
} example;

static const harness_task repair[] = {{UPLOAD, 1, 0}, {WHCR, 0, 0}};
static const harness_task search[] = {
    {UPLOAD, 1, 0}, {WHCR, 0, 0}, {PHASE, 1, 0}, {DOWNLOAD, 1, 0}};
static const harness_task every[] = {{UPLOAD, 1, 0},  {WHCR, 0, 0},   {THERMO, 3, 0},
                                     {QUANTUM, 3, 0}, {CUSTOM, 1, 0}, {PHASE, 1, 0},
                                     {DOWNLOAD, 1, 0}};
#define TASKS(of) of, HARNESS_COUNT(of)

static bool graph_star(uint32_t a, uint32_t b, uint32_t unused)
{
  (void)unused;
  return a == 0 || b == 0;
}

static bool graph_empty(uint32_t a, uint32_t b, uint32_t unused)
{
  (void)a;
  (void)b;
  (void)unused;
  return false;
}

#define KINDS (2 * PRISM_ISLAND_KINDS) /* parts for an island of each kind */

/* Each number of warps, and every schedule with several. */
static const block_shape shapes[] = {{64, 0}, {64, 1}, {32, 2}, {96, 2}};

static const example examples[] = {
    {"one_vertex", graph_empty, 1, 0, TASKS(search), KINDS, 8, 3, 4, 0, 0, false, 4},
    {"below_a_warp", graph_random, 17, 50, TASKS(search), KINDS, 2, 7, 5, 2, 3, false, 4},
    {"odd_below_64", graph_random, 63, 30, TASKS(search), KINDS, 2, 7, 2, 2, 5, false, 4},
    {"just_above_64", graph_random, 65, 90, TASKS(search), 2 * KINDS, 2, 5, 1, 2, 0, false, 4},
    {"just_above_128", graph_random, 129, 10, TASKS(search), KINDS, 4, 3, 1, 0, 1, false, 4},
    {"just_above_256", graph_random, 257, 50, TASKS(search), KINDS, 4, 2, 1, 0, 0, false, 4},
    {"parts_that_change", graph_random, 40, 50, TASKS(search), 2 * KINDS, 3, 15, 2, 2, 4, true, 4},
    {"every_solver", graph_random, 70, 50, TASKS(every), KINDS, 3, 4, 2, 3, 2, false, 4},
    /* A colour that is not in use must not look better than 8300 conflicts. */
    {"more_conflicts_than_a_move_may_add", graph_star, 8300, 0, TASKS(repair), 1, 1, 1, 1, 1, 0,
     false, 1},
};

/* Where two harnesses differ in a primary region. */
static void same_region(const harness *one, const harness *block, uint32_t region,
                        const char *where)
{
  const uint32_t word = prism_regions[region].word;
  for (uint64_t i = 0; i < one->bytes[region] / word; i++) {
    uint64_t wanted = 0, got = 0;
    memcpy(&wanted, one->regions[region] + i * word, word);
    memcpy(&got, block->regions[region] + i * word, word);
    if (wanted != got)
      fail_msg("%s: %s[%llu] is 0x%llx, 0x%llx by one thread", where, prism_regions[region].name,
               (unsigned long long)i, (unsigned long long)got, (unsigned long long)wanted);
  }
}

static void same(const harness *one, const harness *block, const char *where)
{
  for (uint32_t r = 0; r < PRISM_REGIONS; r++)
    if (prism_regions[r].kind == AATGS_REGION_PRIMARY)
      same_region(one, block, r, where);
  if (one->digest != block->digest)
    fail_msg("%s: the digests differ, the regions do not", where);
  if (memcmp(&one->telemetry, &block->telemetry, sizeof one->telemetry))
    fail_msg("%s: the telemetry differs, the regions do not", where);
  if (one->failed || block->failed)
    fail_msg("%s: failed with %u, by one thread %u", where, block->failed, one->failed);
}

static void set_up(harness *h, const example *e, const char *text, size_t size)
{
  assert_int_equal(harness_open(h, text, size, NULL, 0), 0);
  h->config.flags = PRISM_CHECK_TABLES;
  h->config.sweeps = (uint16_t)e->sweeps;
  h->config.persistence_threshold = 10;
  h->config.pre_smooth_iterations = 1;
  h->config.post_smooth_iterations = 1;
  h->config.transition_sensitivity = 0.3f;
}

static uint16_t target(const example *e, const harness *h, uint32_t iteration)
{
  const uint32_t *info = (const uint32_t *)(const void *)h->regions[PRISM_INFO];
  const uint32_t least = info[PRISM_KMAX] - e->below;
  return (uint16_t)(e->below ? least + iteration / 5 % 2 : 0);
}

static void compare(const example *e, const block_shape *shape, const char *text, size_t size)
{
  static const char *const schedules[BLOCK_SCHEDULES] = {"first", "last", "any"};
  harness_task tasks[HARNESS_COUNT(every)];
  harness one, block;
  memcpy(tasks, e->tasks, e->count * sizeof *tasks);
  tasks[1].parts = e->parts;
  tasks[1].arg = e->arg;
  set_up(&one, e, text, size);
  set_up(&block, e, text, size);
  block_forget(shape, &block);
  for (uint32_t i = 0; i < e->iterations; i++) {
    char where[120];
    one.config.target_colors = block.config.target_colors = target(e, &one, i);
    if (e->vary) {
      tasks[1].parts = 1 + i * 7 % e->parts;
      tasks[1].arg = i * 5 % (PRISM_CHAINS_MAX + 1);
    }
    harness_iterate(&one, tasks, e->count);
    block_iterate(shape, &block, tasks, e->count);
    snprintf(where, sizeof where, "iteration %u, %u lanes, the %s one first", i, shape->lanes,
             schedules[shape->schedule]);
    same(&one, &block, where);
    if (e->forget && i % e->forget == 0)
      block_forget(shape, &block);
  }
  harness_close(&one);
  harness_close(&block);
}

static void same_bits(void **state)
{
  const example *e = *state;
  size_t size;
  char *text = graph_text(e->n, e->rule, e->percent, &size);
  for (size_t i = 0; i < e->shapes; i++)
    compare(e, &shapes[i], text, size);
  free(text);
}

int main(void)
{
  struct CMUnitTest tests[HARNESS_COUNT(examples)];
  for (size_t i = 0; i < HARNESS_COUNT(examples); i++)
    tests[i] = (struct CMUnitTest){examples[i].name, same_bits, NULL, NULL,
                                   (void *)(uintptr_t)&examples[i]};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
