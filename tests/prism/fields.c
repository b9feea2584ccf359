/* Every field of the config: where it lies, what it is by default, and that it
 * makes a difference. */
#include "support/cm.h"
#include "support/prism_graphs.h"
#include "support/prism_harness.h"

static const aatgs_field *field_named(const char *name)
{
  for (uint32_t i = 0; i < PRISM_CONFIG_FIELDS; i++)
    if (!strcmp(prism_config_fields[i].name, name))
      return &prism_config_fields[i];
  fail_msg("no field %s", name);
  return NULL;
}

static uint32_t bytes_of(const aatgs_field *f)
{
  uint32_t size = f->type == AATGS_U8 ? 1 : f->type == AATGS_U16 ? 2 : f->type == AATGS_U64 ? 8 : 4;
  return size * f->count;
}

static void set_field(struct prism_config *c, const aatgs_field *f, uint32_t index, double value)
{
  uint8_t *at = (uint8_t *)c + f->offset;
  float real = (float)value;
  uint32_t word = f->type == AATGS_F32 ? 0 : (uint32_t)value;
  uint16_t half = (uint16_t)word;
  if (f->type == AATGS_F32)
    memcpy(at + 4 * index, &real, 4);
  else if (f->type == AATGS_U32)
    memcpy(at + 4 * index, &word, 4);
  else
    memcpy(at + 2 * index, &half, 2);
}

static void check_cover(const aatgs_field *fields, uint32_t count, uint32_t bytes)
{
  uint8_t covered[256] = {0};
  for (uint32_t i = 0; i < count; i++) {
    assert_true(fields[i].offset + bytes_of(&fields[i]) <= bytes);
    for (uint32_t b = 0; b < bytes_of(&fields[i]); b++)
      assert_int_equal(covered[fields[i].offset + b]++, 0);
    assert_true(fields[i].name && fields[i].unit && strlen(fields[i].help) > 10);
    assert_true(fields[i].minimum <= fields[i].initial && fields[i].initial <= fields[i].maximum);
  }
  for (uint32_t b = 0; b < bytes; b++)
    if (!covered[b])
      fail_msg("no field covers byte %u", b);
}

static void fields_cover_every_byte(void **state)
{
  (void)state;
  check_cover(prism_config_fields, PRISM_CONFIG_FIELDS, sizeof(struct prism_config));
  check_cover(prism_telemetry_fields, PRISM_TELEMETRY_FIELDS, sizeof(struct prism_telemetry));
  assert_int_equal(field_named("iteration")->role, AATGS_FIELD_ITERATION);
}

static void production_is_the_schema(void **state)
{
  struct prism_config made = aatgs_runtime_config_production(), schema;
  (void)state;
  memset(&schema, 0, sizeof schema);
  for (uint32_t i = 0; i < PRISM_CONFIG_FIELDS; i++)
    for (uint32_t e = 0; e < prism_config_fields[i].count; e++)
      set_field(&schema, &prism_config_fields[i], e, prism_config_fields[i].initial);
  assert_memory_equal(&made, &schema, sizeof made);
  assert_null(prism_check_config(&made));
}

static void check_config_wants_a_ladder(void **state)
{
  struct prism_config c = aatgs_runtime_config_production();
  (void)state;
  c.temperatures[3] = 0.5f;
  assert_non_null(strstr(prism_check_config(&c), "temperatures"));
  for (int i = 0; i < 8; i++)
    c.temperatures[i] = 1.0f + (float)i;
  assert_null(prism_check_config(&c));
  c.temperatures[5] = 0.5f;
  assert_non_null(strstr(prism_check_config(&c), "temperatures"));
  c.num_replicas = 5;
  assert_null(prism_check_config(&c));
}

/* ---- Effects ---------------------------------------------------------------- */

/* What an iteration leaves behind: the primary regions but for the copy of the config. */
static uint64_t fingerprint(const harness *h, uint64_t seed)
{
  static const uint32_t primary[] = {PRISM_BEST,        PRISM_FOCUS,         PRISM_WHCR,
                                     PRISM_WHCR_COLORS, PRISM_THERMO,        PRISM_THERMO_COLORS,
                                     PRISM_QUANTUM,     PRISM_QUANTUM_COLORS};
  const uint32_t *control = (const uint32_t *)(const void *)h->regions[PRISM_CONTROL];
  uint64_t digest = seed;
  for (uint32_t i = 0; i < PRISM_CONFIG; i++)
    digest = aatgs_mix64(digest ^ control[i]);
  for (size_t r = 0; r < sizeof primary / sizeof primary[0]; r++)
    for (uint64_t i = 0; i < h->bytes[primary[r]]; i++)
      digest = (digest ^ h->regions[primary[r]][i]) * UINT64_C(0x100000001b3);
  return digest;
}

/* A base on which every part of prism is busy: queen6_6 has no colouring with 6 colours, so the
 * search goes on, and it stalls often. */
static struct prism_config busy_config(void)
{
  struct prism_config c = aatgs_runtime_config_production();
  c.target_colors = 6;
  c.sweeps = 1;
  c.persistence_threshold = 30;
  c.pre_smooth_iterations = 1;
  c.post_smooth_iterations = 1;
  c.tunneling_prob_base = 0.2f;
  c.stability_window = 3;
  c.betti_0_threshold = 1000;
  c.chemical_potential = 0.01f;
  c.belief_weight = 1;
  c.restriction_weight = 0.4f;
  return c;
}

static uint64_t run_with(const struct prism_config *config)
{
  size_t size;
  char *text = graph_text(36, graph_queen, 6, &size);
  uint64_t digest = 0;
  harness h;
  assert_int_equal(harness_open(&h, text, size, NULL, 0), 0);
  h.config = *config;
  for (int i = 0; i < 600; i++) {
    harness_iterate(&h, harness_full, HARNESS_COUNT(harness_full));
    assert_int_equal(h.failed, 0);
    digest = fingerprint(&h, digest);
  }
  harness_close(&h);
  free(text);
  return digest;
}

typedef struct change {
  const char *name;
  uint32_t index;
  double value;
} change;

static void every_field_has_an_effect(void **state)
{
  static const change changes[] = {
      {"stress_weight", 0, 1.5},
      {"persistence_weight", 0, 3},
      {"belief_weight", 0, 8},
      {"hotspot_multiplier", 0, 1},
      {"tau_decay", 0, 2},
      {"tau_decay", 7, 100},
      {"branch_weights", 0, 0.5},
      {"branch_weights", 7, 0},
      {"reservoir_leak_rate", 0, 0.5},
      {"spectral_radius", 0, 0.1},
      {"input_scaling", 0, 2},
      {"reservoir_sparsity", 0, 0.9},
      {"num_levels", 0, 1},
      {"coarsening_ratio", 0, 4},
      {"restriction_weight", 0, 0.9},
      {"prolongation_weight", 0, 0.2},
      {"pre_smooth_iterations", 0, 3},
      {"post_smooth_iterations", 0, 3},
      {"tunneling_prob_base", 0, 0.9},
      {"tunneling_prob_boost", 0, 1},
      {"chemical_potential", 0, -0.05},
      {"transverse_field", 0, 0.5},
      {"interference_decay", 0, 0.1},
      {"num_quantum_states", 0, 4},
      {"num_replicas", 0, 3},
      {"swap_interval", 0, 7},
      {"swap_probability", 0, 0.3},
      {"betti_0_threshold", 0, 0},
      {"persistence_threshold", 0, 60},
      {"stability_window", 0, 40},
      {"transition_sensitivity", 0, 0.5},
      {"free_energy_threshold", 0, 0.5},
      {"belief_update_rate", 0, 0.5},
      {"precision_weight", 0, 5},
      {"policy_temperature", 0, 0.01},
      {"phase_id", 0, 3},
      {"global_temperature", 0, 2},
      {"learning_rate", 0, 0.9},
      {"exploration_rate", 0, 1},
      {"flags", 0, PRISM_NO_CROSSOVER},
      {"flags", 0, PRISM_NO_PERTURBATION},
      {"sweeps", 0, 5},
      {"target_colors", 0, 5},
  };
  struct prism_config base = busy_config();
  uint64_t before = run_with(&base);
  bool seen[PRISM_CONFIG_FIELDS] = {false};
  (void)state;
  assert_true(before == run_with(&base));
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    const aatgs_field *f = field_named(changes[i].name);
    struct prism_config c = base;
    set_field(&c, f, changes[i].index, changes[i].value);
    seen[f - prism_config_fields] = true;
    if (run_with(&c) == before)
      fail_msg("%s[%u] = %g changes nothing", changes[i].name, changes[i].index, changes[i].value);
  }
  /* These have tests of their own. */
  seen[field_named("temperatures") - prism_config_fields] = true;
  seen[field_named("betti_1_threshold") - prism_config_fields] = true;
  seen[field_named("betti_2_threshold") - prism_config_fields] = true;
  for (uint32_t i = 0; i < PRISM_CONFIG_FIELDS; i++)
    if (!seen[i] && prism_config_fields[i].role == AATGS_FIELD_PLAIN)
      fail_msg("no effect of %s is tested", prism_config_fields[i].name);
}

static void temperatures_have_an_effect(void **state)
{
  struct prism_config base = busy_config();
  uint64_t before;
  (void)state;
  for (uint32_t i = 0; i < PRISM_TEMPERATURES; i++)
    base.temperatures[i] = 0.2f + 0.05f * (float)i;
  before = run_with(&base);
  for (uint32_t i = 0; i < PRISM_TEMPERATURES; i++) {
    struct prism_config c = base;
    c.temperatures[i] += 0.02f;
    assert_true(run_with(&c) != before);
  }
}

/* The thresholds on cycles and voids matter where the conflicts have such: with 2 colours the
 * classes of the octahedron-rich queen graph are full of triangles. */
static void betti_thresholds_have_an_effect(void **state)
{
  struct prism_config base = busy_config();
  uint64_t before;
  (void)state;
  base.target_colors = 2;
  base.betti_0_threshold = base.betti_1_threshold = base.betti_2_threshold = 1000000;
  before = run_with(&base);
  struct prism_config c = base;
  c.betti_1_threshold = 0;
  assert_true(run_with(&c) != before);
  c = base;
  c.betti_2_threshold = 0;
  assert_true(run_with(&c) != before);
}

/* A config is never trusted: whatever its bytes, no task leaves its regions (for the sanitizers)
 * and the tables stay right. */
static void any_bytes_are_survived(void **state)
{
  size_t size;
  char *text = graph_text(36, graph_queen, 6, &size);
  uint64_t r = 5;
  harness h;
  (void)state;
  assert_int_equal(harness_open(&h, text, size, NULL, 0), 0);
  for (int i = 0; i < 200; i++) {
    uint8_t *bytes = (uint8_t *)&h.config;
    for (size_t b = 0; b < sizeof h.config; b++) {
      r = aatgs_mix64(r + b);
      bytes[b] = r % 3 == 0 ? 0xff : (uint8_t)(r >> 8);
    }
    h.config.sweeps %= 8;
    h.config.flags |= PRISM_CHECK_TABLES;
    harness_iterate(&h, harness_full, HARNESS_COUNT(harness_full));
    assert_int_equal(h.failed, 0);
  }
  harness_close(&h);
  free(text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(fields_cover_every_byte),
                                     cmocka_unit_test(production_is_the_schema),
                                     cmocka_unit_test(check_config_wants_a_ladder),
                                     cmocka_unit_test(every_field_has_an_effect),
                                     cmocka_unit_test(temperatures_have_an_effect),
                                     cmocka_unit_test(betti_thresholds_have_an_effect),
                                     cmocka_unit_test(any_bytes_are_survived)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
