/* The incremental tables against a recount, and the derived regions against
 * what a rebuild makes of the primary ones. */
#include "support/cm.h"
#include "support/prism_graphs.h"
#include "support/prism_harness.h"

static void busy(harness *h)
{
  h->config.flags = PRISM_CHECK_TABLES;
  h->config.sweeps = 6;
  h->config.persistence_threshold = 20;
  h->config.pre_smooth_iterations = 2;
  h->config.post_smooth_iterations = 2;
  h->config.transition_sensitivity = 0.3f;
  h->config.tunneling_prob_base = 0.5f;
}

/* On a random graph of 70 vertices with so many percent of all edges; the text is the caller's. */
static char *open_busy(harness *h, uint32_t percent)
{
  size_t size;
  char *text = graph_text(70, graph_random, percent, &size);
  assert_int_equal(harness_open(h, text, size, NULL, 0), 0);
  busy(h);
  return text;
}

/* With an island of every kind, and two chains in those that cool. */
static const harness_task all_kinds[] = {{UPLOAD, 1, 0}, {WHCR, 2 * PRISM_ISLAND_KINDS, 2},
                                         {THERMO, 4, 0}, {QUANTUM, 4, 0},
                                         {PHASE, 1, 0},  {DOWNLOAD, 1, 0}};

static void tables_equal_a_recount(void **state)
{
  (void)state;
  for (uint32_t percent = 10; percent <= 90; percent += 40) {
    harness h;
    char *text = open_busy(&h, percent);
    for (int i = 0; i < 400; i++) {
      harness_iterate(&h, all_kinds, HARNESS_COUNT(all_kinds));
      assert_int_equal(h.failed, 0);
    }
    harness_close(&h);
    free(text);
  }
}

/* The tables of all individuals, then of all chains, follow one another in their regions. */
static void every_search_has_tables(void **state)
{
  static const uint32_t chains = PRISM_COOLING(PRISM_INDIVIDUALS_MAX) * PRISM_CHAINS_MAX;
  static const harness_task all[] = {{UPLOAD, 1, 0},
                                     {WHCR, PRISM_INDIVIDUALS_MAX, PRISM_CHAINS_MAX},
                                     {PHASE, 1, 0},
                                     {DOWNLOAD, 1, 0}};
  const uint32_t searches = PRISM_INDIVIDUALS_MAX + chains;
  harness h;
  char *text = open_busy(&h, 50);
  (void)state;
  for (uint32_t i = 0; i < searches; i++) {
    const aatgs_task t = harness_task_of(&h, 1, &all[1], 0);
    const prism_whcr_state s = prism_whcr_state_of(&t, i);
    const struct {
      uint32_t region, count;
      const void *at;
    } tables[] = {{PRISM_WHCR_RING, PRISM_INDIVIDUALS_MAX, s.ring},
                  {PRISM_WHCR_DUE, PRISM_INDIVIDUALS_MAX, s.due},
                  {PRISM_WHCR_GAMMA, searches, s.w.gamma},
                  {PRISM_WHCR_OWN, searches, s.w.own},
                  {PRISM_WHCR_LOW, searches, s.w.low},
                  {PRISM_WHCR_MEMBERS, searches, s.w.members},
                  {PRISM_WHCR_SCRATCH, searches, s.scratch}};
    for (size_t k = 0; k < sizeof tables / sizeof tables[0]; k++)
      if (i < tables[k].count) {
        const uint32_t region = tables[k].region;
        const size_t each = h.bytes[region] / tables[k].count;
        assert_int_equal((const uint8_t *)tables[k].at - h.regions[region], each * i);
      }
    const size_t colors = i < PRISM_INDIVIDUALS_MAX ? i * PRISM_WHCR_SLOTS
                                                    : PRISM_INDIVIDUALS_MAX * PRISM_WHCR_SLOTS + i -
                                                          PRISM_INDIVIDUALS_MAX;
    assert_int_equal(s.w.at, colors * s.w.n);
    assert_true(i < PRISM_INDIVIDUALS_MAX
                    ? s.individual == i
                    : prism_island_kind_of(s.individual) == PRISM_ISLAND_COOL &&
                          prism_chain_number(&t, s.individual, i % PRISM_CHAINS_MAX) == i);
  }
  for (int i = 0; i < 50; i++) {
    harness_iterate(&h, all, HARNESS_COUNT(all));
    assert_int_equal(h.failed, 0);
  }
  harness_close(&h);
  free(text);
}

static void a_wrong_table_is_noticed(void **state)
{
  static const uint32_t tables[] = {PRISM_WHCR_GAMMA, PRISM_WHCR_OWN, PRISM_WHCR_MEMBERS,
                                    PRISM_THERMO_GAMMA, PRISM_QUANTUM_GAMMA};
  size_t size;
  char *text = graph_text(50, graph_random, 50, &size);
  (void)state;
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    harness h;
    assert_int_equal(harness_open(&h, text, size, NULL, 0), 0);
    busy(&h);
    h.config.target_colors = 4;
    h.config.persistence_threshold = 100000;
    h.config.sweeps = 1;
    for (int warm = 0; warm < 2; warm++) /* even slices move next */
      harness_iterate(&h, harness_full, HARNESS_COUNT(harness_full));
    assert_int_equal(h.failed, 0);
    ((int16_t *)(void *)h.regions[tables[i]])[1] += 1;
    harness_iterate(&h, harness_full, 4); /* the solvers; nobody else's verdict follows */
    assert_int_equal(h.failed, PRISM_FAIL_TABLES);
    harness_close(&h);
  }
  free(text);
}

static void a_wrong_result_is_noticed(void **state)
{
  size_t size;
  char *text = graph_text(36, graph_queen, 6, &size);
  harness h;
  (void)state;
  assert_int_equal(harness_open(&h, text, size, NULL, 0), 0);
  harness_iterate(&h, harness_linear, HARNESS_COUNT(harness_linear));
  assert_int_equal(h.failed, 0);
  uint16_t *best = (uint16_t *)(void *)h.regions[PRISM_BEST];
  best[0] = best[1]; /* a conflict: the two share a row */
  harness_iterate(&h, harness_linear, HARNESS_COUNT(harness_linear));
  assert_int_equal(h.failed, PRISM_FAIL_RECOUNT);
  harness_close(&h);
  free(text);
}

/* Checks a choice against all moves: none adds less, and this one adds as much as it says. */
static void check_choice(const prism_whcr_state *s, uint64_t key, int32_t room)
{
  const prism_view *w = &s->w;
  int32_t least = INT32_MAX, chosen = INT32_MAX;
  for (uint32_t v = 0; v < w->n; v++)
    for (uint32_t c = 0; c < w->k && w->own[v]; c++) {
      int32_t delta = (int32_t)prism_count(w, v, c) - w->own[v];
      if (c == w->color[v] || (*prism_entry(w, v, c) & PRISM_HELD && delta >= -room))
        continue;
      least = delta < least ? delta : least;
      if (v == prism_key_vertex(key) && c == prism_key_color(key))
        chosen = delta;
    }
  assert_int_equal(key == UINT64_MAX, least == INT32_MAX);
  if (key != UINT64_MAX) {
    assert_int_equal(prism_key_delta(key), least);
    assert_int_equal(chosen, least);
  }
}

static void a_choice_is_a_best_move(void **state)
{
  static const harness_task whcr = {WHCR, 2 * PRISM_ISLAND_KINDS, 0};
  uint32_t choices = 0;
  (void)state;
  for (uint32_t percent = 10; percent <= 90; percent += 40) {
    harness h;
    char *text = open_busy(&h, percent);
    for (uint32_t i = 0; i < 200; i++) {
      harness_iterate(&h, all_kinds, HARNESS_COUNT(all_kinds));
      for (uint32_t part = 0; part < whcr.parts; part++) {
        if (prism_island_kind_of(part) == PRISM_ISLAND_COOL)
          continue;
        aatgs_task t = harness_task_of(&h, 1, &whcr, part);
        prism_whcr_state s = prism_whcr_state_of(&t, part);
        int32_t room = (int32_t)(i % 4);
        check_choice(&s, prism_tabu_choose(&t, &s, room, i * 0x9e3779b9u), room);
        choices += s.conflicts != 0;
      }
    }
    harness_close(&h);
    free(text);
  }
  assert_true(choices > 1000);
}

/* Two harnesses run alike; in between, one forgets its derived regions and rebuilds them. */
static void rebuild_between(const harness_task *tasks, size_t count, uint32_t blink)
{
  size_t size;
  char *text = graph_text(60, graph_random, 50, &size);
  harness a, b;
  assert_int_equal(harness_open(&a, text, size, NULL, 0), 0);
  assert_int_equal(harness_open(&b, text, size, NULL, 0), 0);
  busy(&a);
  for (int i = 0; i < 600; i++) {
    a.config.num_quantum_states = (i % 100 < 50) != ((uint32_t)i % 24 >= 24 - blink) ? 8 : 6;
    a.config.target_colors = i < 200 ? 0 : i % 90 < 45 ? 8 : 7;
    b.config = a.config;
    harness_iterate(&a, tasks, count);
    harness_iterate(&b, tasks, count);
    assert_true(a.digest == b.digest);
    assert_memory_equal(&a.telemetry, &b.telemetry, sizeof a.telemetry);
    if (i % 7 == 0)
      harness_forget(&b);
  }
  harness_close(&a);
  harness_close(&b);
  free(text);
}

static void rebuilding_changes_nothing(void **state)
{
  (void)state;
  rebuild_between(all_kinds, HARNESS_COUNT(all_kinds), 0);
}

/* The number of slices changes for a moment, in which few of them move, or none. */
static void rebuilding_between_turns_changes_nothing(void **state)
{
  static const harness_task seldom[] = {{UPLOAD, 1, 0},  {WHCR, 2, 0},  {THERMO, 4, 8},
                                        {QUANTUM, 4, 8}, {PHASE, 1, 0}, {DOWNLOAD, 1, 0}};
  (void)state;
  for (uint32_t blink = 1; blink <= 12; blink++)
    rebuild_between(seldom, HARNESS_COUNT(seldom), blink);
  rebuild_between(all_kinds, HARNESS_COUNT(all_kinds), 1);
}

/* The tabu clock starts again at its end without a trace in the tables. */
static void the_tabu_clock_wraps(void **state)
{
  size_t size;
  char *text = graph_text(36, graph_queen, 6, &size);
  harness h;
  (void)state;
  assert_int_equal(harness_open(&h, text, size, NULL, 0), 0);
  busy(&h);
  h.config.target_colors = 6;
  h.config.sweeps = 100;
  uint32_t *clock = (uint32_t *)(void *)h.regions[PRISM_WHCR] + PRISM_W_CLOCK, last = 0, back = 0;
  for (int i = 0; i < 300; i++) {
    if (i == 150)
      *clock = PRISM_CLOCK_MAX - 500;
    harness_iterate(&h, harness_linear, HARNESS_COUNT(harness_linear));
    assert_int_equal(h.failed, 0);
    back += *clock < last;
    last = *clock;
    const int16_t *gamma = (const int16_t *)(const void *)h.regions[PRISM_WHCR_GAMMA];
    const uint16_t *color = (const uint16_t *)(const void *)h.regions[PRISM_WHCR_COLORS];
    for (uint32_t v = 0; v < 36; v++)
      assert_true(gamma[color[v] * PRISM_ROUND(36u) + v] & PRISM_HELD);
  }
  assert_int_equal(back, 1);
  harness_close(&h);
  free(text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(tables_equal_a_recount),
                                     cmocka_unit_test(every_search_has_tables),
                                     cmocka_unit_test(a_wrong_table_is_noticed),
                                     cmocka_unit_test(a_choice_is_a_best_move),
                                     cmocka_unit_test(a_wrong_result_is_noticed),
                                     cmocka_unit_test(rebuilding_changes_nothing),
                                     cmocka_unit_test(rebuilding_between_turns_changes_nothing),
                                     cmocka_unit_test(the_tabu_clock_wraps)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
