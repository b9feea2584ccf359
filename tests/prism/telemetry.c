/* The fields of the telemetry against what the test counts itself. Those of the binding sites are
 * in sites.c; iteration_time_us is the runtime's, in tests/cli/prism.sh. */
#include "support/cm.h"
#include "support/prism_graphs.h"
#include "support/prism_harness.h"

static const harness_task whcr_alone[] = {
    {UPLOAD, 1, 0}, {WHCR, 1, 0}, {PHASE, 1, 0}, {DOWNLOAD, 1, 0}};
static const harness_task thermo_alone[] = {
    {UPLOAD, 1, 0}, {THERMO, 1, 0}, {PHASE, 1, 0}, {DOWNLOAD, 1, 0}};
static const harness_task quantum_alone[] = {
    {UPLOAD, 1, 0}, {QUANTUM, 1, 0}, {PHASE, 1, 0}, {DOWNLOAD, 1, 0}};
static const harness_task custom_alone[] = {
    {UPLOAD, 1, 0}, {CUSTOM, 1, 2}, {PHASE, 1, 0}, {DOWNLOAD, 1, 0}};

static uint32_t info(const harness *h, uint32_t word)
{
  return ((const uint32_t *)(const void *)h->regions[PRISM_INFO])[word];
}

static const uint16_t *colors_in(const harness *h, uint32_t region)
{
  return (const uint16_t *)(const void *)h->regions[region];
}

/* queen6_6 needs 7 colours, so 6 stay out of reach and the search goes on. */
static char *open_queen(harness *h, uint32_t target)
{
  size_t size;
  char *text = graph_text(36, graph_queen, 6, &size);
  assert_int_equal(harness_open(h, text, size, NULL, 0), 0);
  h->config.target_colors = (uint16_t)target;
  return text;
}

static void close_queen(harness *h, char *text)
{
  harness_close(h);
  free(text);
}

static void iterate(harness *h, const harness_task *tasks, size_t count)
{
  harness_iterate(h, tasks, count);
  assert_int_equal(h->failed, 0);
}

static bool joined(const harness *h, uint32_t a, uint32_t b)
{
  const uint32_t *rows = (const uint32_t *)(const void *)h->regions[PRISM_ROWS];
  const uint16_t *adj = (const uint16_t *)(const void *)h->regions[PRISM_ADJ];
  for (uint32_t e = rows[a]; e < rows[a + 1]; e++)
    if (adj[e] == b)
      return true;
  return false;
}

typedef struct shape {
  uint32_t vertices, edges, triangles, components, colors;
} shape;

/* The conflicts of a colouring, by brute force: their vertices, edges, triangles and components. */
static shape shape_of(const harness *h, const uint16_t *color)
{
  uint32_t n = info(h, PRISM_N), root[36], edges_of[36] = {0};
  uint64_t used = 0;
  shape s = {0};
  for (uint32_t v = 0; v < n; v++) {
    root[v] = v;
    used |= UINT64_C(1) << color[v];
  }
  for (uint32_t a = 0; a < n; a++)
    for (uint32_t b = a + 1; b < n; b++) {
      if (color[a] != color[b] || !joined(h, a, b))
        continue;
      s.edges++;
      edges_of[a]++;
      edges_of[b]++;
      for (uint32_t c = b + 1; c < n; c++)
        s.triangles += color[c] == color[a] && joined(h, a, c) && joined(h, b, c);
      for (uint32_t v = 0, from = root[a], to = root[b]; v < n; v++)
        root[v] = root[v] == from ? to : root[v];
    }
  for (uint32_t v = 0; v < n; v++) {
    s.vertices += edges_of[v] > 0;
    s.components += edges_of[v] > 0 && root[v] == v;
  }
  s.colors = (uint32_t)__builtin_popcountll(used);
  return s;
}

static void counts_are_those_of_the_coloring(void **state)
{
  uint32_t triangles = 0;
  (void)state;
  for (uint32_t target = 3; target <= 6; target++) { /* the fewer, the more triangles */
    harness h;
    char *text = open_queen(&h, target);
    const struct prism_telemetry *t = &h.telemetry;
    for (int i = 0; i < 100; i++) {
      iterate(&h, harness_full, HARNESS_COUNT(harness_full));
      shape s = shape_of(&h, colors_in(&h, PRISM_FOCUS));
      assert_true(s.edges > 0);
      assert_int_equal(t->conflicts, s.edges);
      assert_int_equal(t->target_conflicts, s.edges);
      assert_int_equal(t->colors_used, s.colors);
      assert_int_equal(t->target_colors, target);
      assert_int_equal(t->betti_numbers[0], s.components);
      /* Euler's formula. */
      if (s.triangles <= PRISM_TRIANGLES_MAX)
        assert_int_equal(t->betti_numbers[0] - t->betti_numbers[1] + t->betti_numbers[2],
                         s.vertices - s.edges + s.triangles);
      triangles += s.triangles <= PRISM_TRIANGLES_MAX ? s.triangles : 0;
    }
    close_queen(&h, text);
  }
  assert_true(triangles > 0);
}

static void targets_go_down_as_they_are_beaten(void **state)
{
  harness h;
  char *text = open_queen(&h, 0);
  uint32_t before = UINT32_MAX;
  (void)state;
  for (int i = 0; i < 400; i++) {
    iterate(&h, harness_full, HARNESS_COUNT(harness_full));
    shape s = shape_of(&h, colors_in(&h, PRISM_BEST));
    assert_int_equal(h.telemetry.conflicts, 0);
    assert_int_equal(s.edges, 0);
    assert_int_equal(h.telemetry.colors_used, s.colors);
    assert_int_equal(h.telemetry.target_colors, s.colors - 1); /* 6 cannot be had */
    assert_true(s.colors <= before);
    before = s.colors;
  }
  assert_int_equal(before, 7);
  close_queen(&h, text);
}

static void moves_are_counted(void **state)
{
  harness h;
  char *text = open_queen(&h, 6);
  uint16_t before[36];
  uint32_t all = 0;
  (void)state;
  h.config.flags = PRISM_NO_PERTURBATION;
  for (int i = 0; i < 300; i++) {
    h.config.sweeps = (uint16_t)(i % 4);
    memcpy(before, colors_in(&h, PRISM_WHCR_COLORS), sizeof before);
    iterate(&h, whcr_alone, HARNESS_COUNT(whcr_alone));
    uint32_t changed = 0;
    for (uint32_t v = 0; v < 36; v++)
      changed += before[v] != colors_in(&h, PRISM_WHCR_COLORS)[v];
    assert_true(h.telemetry.moves_applied <= h.config.sweeps * (36u / 16u));
    if (i) /* the first iteration takes a colouring over */
      assert_true(h.telemetry.moves_applied >= changed);
    all += h.telemetry.moves_applied;
  }
  assert_true(all > 500);
  close_queen(&h, text);
}

static void tunnelling_is_counted(void **state)
{
  (void)state;
  for (uint32_t chance = 0; chance < 2; chance++) {
    harness h;
    char *text = open_queen(&h, 6);
    uint32_t all = 0;
    h.config.tunneling_prob_base = (float)chance;
    h.config.tunneling_prob_boost = 0;
    for (int i = 0; i < 200; i++) {
      iterate(&h, quantum_alone, HARNESS_COUNT(quantum_alone));
      /* At most one a sweep of each slice whose turn it is. */
      assert_true(h.telemetry.tunneling_events <=
                  h.config.sweeps * (h.config.num_quantum_states / 2));
      all += h.telemetry.tunneling_events;
    }
    assert_true(chance ? all > 200 : all == 0);
    close_queen(&h, text);
  }
}

static void phases_are_counted(void **state)
{
  (void)state;
  for (uint32_t many = 0; many < 2; many++) {
    harness h;
    char *text = open_queen(&h, 6);
    h.config.betti_0_threshold = h.config.betti_1_threshold = h.config.betti_2_threshold =
        many ? 1000 : 0;
    h.config.stability_window = 3;
    for (uint32_t i = 1; i <= 50; i++) {
      iterate(&h, harness_full, HARNESS_COUNT(harness_full));
      /* Condensed from the first conflicts on, or never. */
      assert_int_equal(h.telemetry.phase_transitions, many && i >= 3);
    }
    close_queen(&h, text);
  }
}

/* The reservoir is linear: twice the input, twice the activity; none, none. */
static void the_reservoir_follows_its_input(void **state)
{
  harness h[3];
  char *text[3];
  float most = 0;
  (void)state;
  for (uint32_t i = 0; i < 3; i++) {
    text[i] = open_queen(&h[i], 6);
    h[i].config.flags = PRISM_NO_PERTURBATION;
    h[i].config.input_scaling = (float)i;
  }
  for (int round = 0; round < 50; round++) {
    for (uint32_t i = 0; i < 3; i++)
      iterate(&h[i], harness_full, HARNESS_COUNT(harness_full));
    float one = h[1].telemetry.reservoir_activity, two = h[2].telemetry.reservoir_activity;
    assert_true(h[0].telemetry.reservoir_activity == 0.0f);
    assert_true(two - 2 * one < 1.0f / 64 && 2 * one - two < 1.0f / 64);
    most = one > most ? one : most;
  }
  assert_true(most > 0.5f);
  for (uint32_t i = 0; i < 3; i++)
    close_queen(&h[i], text[i]);
}

/* Without surprise, and with a belief that follows at once, the free energy is what it believes:
 * the conflicts that the solver has now. */
static void the_free_energy_is_the_belief(void **state)
{
  harness h;
  char *text = open_queen(&h, 6);
  (void)state;
  h.config.belief_update_rate = 1;
  h.config.precision_weight = 0;
  for (int i = 0; i < 100; i++) {
    iterate(&h, whcr_alone, HARNESS_COUNT(whcr_alone));
    shape s = shape_of(&h, colors_in(&h, PRISM_WHCR_COLORS));
    assert_true(h.telemetry.free_energy == (float)s.edges);
  }
  close_queen(&h, text);
}

static void the_best_replica_is_the_one_that_found_it(void **state)
{
  static const struct {
    const harness_task *tasks;
    uint32_t region, first, count, slots, slot;
  } solvers[] = {
      {whcr_alone, PRISM_WHCR_COLORS, 0, PRISM_INDIVIDUALS_MAX, PRISM_WHCR_SLOTS, PRISM_SLOT_BEST},
      {thermo_alone, PRISM_THERMO_COLORS, PRISM_SOLVER_THERMO, PRISM_REPLICAS_MAX, 2, 1},
      {quantum_alone, PRISM_QUANTUM_COLORS, PRISM_SOLVER_QUANTUM, PRISM_SLICES_MAX, 2, 1},
      {custom_alone, PRISM_CUSTOM_COLORS, PRISM_SOLVER_CUSTOM, 1, 1, 0}};
  (void)state;
  for (size_t i = 0; i < sizeof solvers / sizeof solvers[0]; i++) {
    harness h;
    /* Iterated greedy lowers legal colourings; the others repair those with conflicts. */
    char *text = open_queen(&h, solvers[i].first == PRISM_SOLVER_CUSTOM ? 0 : 6);
    bool found = false;
    iterate(&h, harness_full, 1);
    assert_int_equal(((const uint32_t *)(const void *)h.regions[PRISM_CONTROL])[PRISM_FOCUS_SOLVER],
                     PRISM_SOLVERS);
    for (int round = 0; round < 50 && !found; round++) {
      iterate(&h, solvers[i].tasks, 4);
      uint32_t best = h.telemetry.best_replica;
      if (best == PRISM_SOLVERS)
        continue;
      found = true;
      assert_in_range(best, solvers[i].first, solvers[i].first + solvers[i].count - 1);
      assert_memory_equal(colors_in(&h, PRISM_FOCUS),
                          colors_in(&h, solvers[i].region) +
                              ((best - solvers[i].first) * solvers[i].slots + solvers[i].slot) * 36,
                          36 * sizeof(uint16_t));
    }
    assert_true(found);
    close_queen(&h, text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(counts_are_those_of_the_coloring),
                                     cmocka_unit_test(targets_go_down_as_they_are_beaten),
                                     cmocka_unit_test(moves_are_counted),
                                     cmocka_unit_test(tunnelling_is_counted),
                                     cmocka_unit_test(phases_are_counted),
                                     cmocka_unit_test(the_reservoir_follows_its_input),
                                     cmocka_unit_test(the_free_energy_is_the_belief),
                                     cmocka_unit_test(the_best_replica_is_the_one_that_found_it)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
