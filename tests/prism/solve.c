/* The search finds what it should, says so truthfully, and behaves where there
 * is nothing to find. */
#include "support/cm.h"
#include "support/prism_graphs.h"
#include "support/prism_harness.h"

static aatgs_region_view *views_of(const harness *h)
{
  static aatgs_region_view views[PRISM_REGIONS];
  for (uint32_t i = 0; i < PRISM_REGIONS; i++)
    views[i] = (aatgs_region_view){h->regions[i], h->bytes[i]};
  return views;
}

static void open_queen(harness *h, uint32_t side, char **text)
{
  size_t size;
  *text = graph_text(side * side, graph_queen, side, &size);
  assert_int_equal(harness_open(h, *text, size, NULL, 0), 0);
}

static void run(harness *h, const harness_task *tasks, size_t count, int iterations)
{
  for (int i = 0; i < iterations; i++) {
    harness_iterate(h, tasks, count);
    assert_int_equal(h->failed, 0);
  }
}

static void linear_and_full_color_queen8_8(void **state)
{
  char *text;
  harness h;
  (void)state;
  open_queen(&h, 8, &text);
  run(&h, harness_linear, HARNESS_COUNT(harness_linear), 3000);
  assert_int_equal(h.telemetry.conflicts, 0);
  assert_in_range(h.telemetry.colors_used, 9, 10);
  harness_close(&h);
  free(text);
  open_queen(&h, 8, &text);
  run(&h, harness_full, HARNESS_COUNT(harness_full), 3000);
  assert_int_equal(h.telemetry.conflicts, 0);
  assert_int_equal(h.telemetry.colors_used, 9);
  harness_close(&h);
  free(text);
}

/* Each solver alone is a solver. */
static void every_solver_colors_queen6_6(void **state)
{
  static const enum harness_type solvers[] = {WHCR, THERMO, QUANTUM};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    const harness_task tasks[] = {
        {UPLOAD, 1, 0}, {solvers[i], 4, 0}, {PHASE, 1, 0}, {DOWNLOAD, 1, 0}};
    char *text;
    harness h;
    open_queen(&h, 6, &text);
    run(&h, tasks, HARNESS_COUNT(tasks), 3000);
    assert_int_equal(h.telemetry.colors_used, 7);
    harness_close(&h);
    free(text);
  }
}

/* Whether the individual has a colouring without a conflict at the target. */
static bool solved(const harness *h, uint32_t individual)
{
  const uint32_t *head =
      (const uint32_t *)(const void *)h->regions[PRISM_WHCR] + prism_whcr_head(individual);
  return head[PRISM_H_K] == h->config.target_colors && head[PRISM_H_BEST] == 0;
}

/* Runs the two individuals of one kind of island at a fixed number of colours, `iterations` at
 * most; returns how many it took. */
static int run_island(harness *h, uint32_t kind, int iterations)
{
  static const harness_task upload = {UPLOAD, 1, 0}, whcr = {WHCR, 2 * PRISM_ISLAND_KINDS, 0};
  int i = 0;
  for (; i < iterations && !solved(h, 2 * kind) && !solved(h, 2 * kind + 1); i++) {
    h->iteration++;
    harness_task_run(h, 0, &upload);
    harness_part(h, prism_whcr, 1, &whcr, 2 * kind);
    harness_part(h, prism_whcr, 1, &whcr, 2 * kind + 1);
    harness_part(h, prism_whcr_finish, 1, &whcr, whcr.parts);
    assert_int_equal(h->failed, 0);
  }
  return i;
}

/* Each kind of island alone is a solver. */
static void every_kind_of_island_colors_queen8_8(void **state)
{
  (void)state;
  for (uint32_t kind = 0; kind < PRISM_ISLAND_KINDS; kind++) {
    char *text;
    harness h;
    open_queen(&h, 8, &text);
    h.config.target_colors = 9;
    h.config.flags = PRISM_CHECK_TABLES;
    assert_in_range(run_island(&h, kind, 20000), 1, 19999);
    harness_close(&h);
    free(text);
  }
}

/* On a geometric graph a search without weights is left with a vertex or two outside at the clique
 * number for millions of moves. */
static void weights_place_the_last_vertices(void **state)
{
  size_t size = 0;
  char *text = harness_file("dimacs/r250.5.col", &size);
  (void)state;
  if (!text)
    skip();
  for (uint64_t seed = 1; seed <= 5; seed++) {
    harness h;
    assert_int_equal(harness_open(&h, text, size, NULL, 0), 0);
    h.setup.seed = seed;
    h.config.target_colors = 65;
    assert_in_range(run_island(&h, PRISM_ISLAND_PARTIAL, 400), 1, 399);
    harness_close(&h);
  }
  free(text);
}

static void custom_lowers_a_first_coloring(void **state)
{
  static const harness_task tasks[] = {{UPLOAD, 1, 0}, {CUSTOM, 1, 0}, {DOWNLOAD, 1, 0}};
  char *text;
  harness h;
  uint32_t before;
  (void)state;
  open_queen(&h, 8, &text);
  before = ((const uint32_t *)(const void *)h.regions[PRISM_INFO])[PRISM_KMAX];
  run(&h, tasks, HARNESS_COUNT(tasks), 2000);
  assert_int_equal(h.telemetry.conflicts, 0);
  assert_true(h.telemetry.colors_used < before);
  harness_close(&h);
  free(text);
}

/* With target_colors out of reach the telemetry says how many conflicts are left. */
static void a_fixed_target_out_of_reach_leaves_conflicts(void **state)
{
  char *text, out[4096];
  harness h;
  (void)state;
  open_queen(&h, 6, &text);
  h.config.target_colors = 5;
  run(&h, harness_full, HARNESS_COUNT(harness_full), 300);
  assert_true(h.telemetry.conflicts > 0);
  assert_in_range(h.telemetry.colors_used, 1, 5);
  assert_int_equal(h.telemetry.target_colors, 5);
  assert_true(prism_summary(h.inputs, views_of(&h), out, sizeof out) < sizeof out);
  assert_non_null(strstr(out, "5 colours as asked for"));
  h.config.target_colors = 7; /* in reach */
  run(&h, harness_full, HARNESS_COUNT(harness_full), 2000);
  assert_int_equal(h.telemetry.conflicts, 0);
  assert_int_equal(h.telemetry.colors_used, 7);
  assert_int_equal(h.telemetry.target_colors, 0);
  harness_close(&h);
  free(text);
}

static void solutions_are_checked_and_complete(void **state)
{
  char *text, *out = malloc(65536), cut[8];
  uint32_t color[64] = {0}, lines = 0;
  size_t length;
  harness h;
  (void)state;
  open_queen(&h, 8, &text);
  run(&h, harness_full, HARNESS_COUNT(harness_full), 500);
  length = prism_solution(h.inputs, views_of(&h), out, 65536);
  assert_int_equal(length, strlen(out));
  for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
    uint32_t v, c;
    assert_int_equal(sscanf(line, "%u %u", &v, &c), 2);
    assert_int_equal(v, ++lines);
    assert_in_range(c, 1, h.telemetry.colors_used);
    color[v - 1] = c;
  }
  assert_int_equal(lines, 64);
  for (uint32_t a = 0; a < 64; a++)
    for (uint32_t b = 0; b < a; b++)
      assert_false(graph_queen(a, b, 8) && color[a] == color[b]);
  /* A buffer that is too small is filled and the whole length told. */
  assert_int_equal(prism_solution(h.inputs, views_of(&h), cut, sizeof cut), length);
  assert_int_equal(strlen(cut), sizeof cut - 1);
  /* What is not legal is not written. */
  ((uint16_t *)(void *)h.regions[PRISM_BEST])[0] = ((uint16_t *)(void *)h.regions[PRISM_BEST])[1];
  assert_int_equal(prism_solution(h.inputs, views_of(&h), out, 65536), 0);
  assert_non_null(strstr(out, "conflicts"));
  prism_summary(h.inputs, views_of(&h), out, 65536);
  assert_null(strstr(out, " 0 conflicts"));
  free(out);
  harness_close(&h);
  free(text);
}

/* No edges, one vertex, a complete graph: nothing is left to do, and that is said. */
static void trivial_graphs_are_done_at_once(void **state)
{
  static const struct {
    const char *text;
    uint32_t colors;
  } cases[] = {{"p edge 1 0\n", 1},
               {"p edge 5 0\n", 1},
               {"p edge 2 1\ne 1 2\n", 2},
               {"p edge 3 3\ne 1 2\ne 2 3\ne 1 3\n", 3},
               {"p edge 5 4\ne 1 2\ne 2 3\ne 3 4\ne 4 5\n", 2}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    harness h;
    assert_int_equal(harness_open(&h, cases[i].text, strlen(cases[i].text), NULL, 0), 0);
    run(&h, harness_full, HARNESS_COUNT(harness_full), 50);
    assert_int_equal(h.telemetry.conflicts, 0);
    assert_int_equal(h.telemetry.colors_used, cases[i].colors);
    assert_int_equal(h.telemetry.target_colors, 0);
    h.config.target_colors = 1;
    run(&h, harness_full, HARNESS_COUNT(harness_full), 50);
    assert_int_equal(h.telemetry.conflicts > 0, cases[i].colors > 1);
    harness_close(&h);
  }
}

static void no_input_is_no_crash(void **state)
{
  char out[256];
  harness h;
  (void)state;
  assert_int_equal(harness_open(&h, NULL, 0, NULL, 0), 0);
  for (uint32_t type = 0; type < HARNESS_TYPES; type++) {
    harness_task task = {(enum harness_type)type, 2, 0};
    aatgs_task t = harness_task_of(&h, type, &task, 0);
    harness_call(harness_run[type], &t);
    t.part = t.parts;
    if (harness_finish[type])
      harness_call(harness_finish[type], &t);
    assert_int_equal(t.failed, 0);
  }
  assert_int_equal(prism_solution(h.inputs, views_of(&h), out, sizeof out), 0);
  assert_non_null(strstr(out, "--graph"));
  harness_close(&h);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(linear_and_full_color_queen8_8),
                                     cmocka_unit_test(every_solver_colors_queen6_6),
                                     cmocka_unit_test(every_kind_of_island_colors_queen8_8),
                                     cmocka_unit_test(weights_place_the_last_vertices),
                                     cmocka_unit_test(custom_lowers_a_first_coloring),
                                     cmocka_unit_test(a_fixed_target_out_of_reach_leaves_conflicts),
                                     cmocka_unit_test(solutions_are_checked_and_complete),
                                     cmocka_unit_test(trivial_graphs_are_done_at_once),
                                     cmocka_unit_test(no_input_is_no_crash)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
