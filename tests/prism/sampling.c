/* Tempering and quantum annealing sample the Boltzmann distribution: chi-square
 * tests against the enumerated states of small graphs, with fixed seeds; and the
 * tables of exponentials against libm. */
#include "support/cm.h"
#include "support/prism_graphs.h"
#include "support/prism_harness.h"

#include <math.h>

#define STATES_MAX 8192

/* Chi-square of counts against weights, and its degrees of freedom; states with less than five
 * expected are pooled. */
static double chi_square(const uint32_t *count, const double *weight, uint32_t states,
                         uint32_t samples, uint32_t *freedom)
{
  double sum = 0, chi = 0, pooled = 0;
  uint32_t pooled_count = 0;
  for (uint32_t i = 0; i < states; i++)
    sum += weight[i];
  *freedom = 0;
  for (uint32_t i = 0; i < states; i++) {
    double expected = weight[i] / sum * samples, off = count[i] - expected;
    if (expected < 5) {
      pooled += expected;
      pooled_count += count[i];
      continue;
    }
    chi += off * off / expected;
    ++*freedom;
  }
  if (pooled > 1) {
    chi += (pooled_count - pooled) * (pooled_count - pooled) / pooled;
    ++*freedom;
  }
  --*freedom;
  return chi;
}

/* The value that chi-square exceeds once in a thousand (Wilson and Hilferty 1931). */
static double chi_limit(uint32_t freedom)
{
  double f = freedom, a = 2 / (9 * f);
  return f * pow(1 - a + 3.0902 * sqrt(a), 3);
}

/* The number of a colouring of n vertices with k colours, and back. */
static uint32_t state_of(const uint16_t *color, uint32_t n, uint32_t k)
{
  uint32_t state = 0;
  for (uint32_t v = 0; v < n; v++)
    state = state * k + color[v];
  return state;
}

static void colors_of_state(uint32_t state, uint16_t *color, uint32_t n, uint32_t k)
{
  for (uint32_t v = n; v-- > 0; state /= k)
    color[v] = (uint16_t)(state % k);
}

/* Conflicts in a complete graph. */
static uint32_t energy_of(const uint16_t *color, uint32_t n)
{
  uint32_t energy = 0;
  for (uint32_t a = 0; a < n; a++)
    for (uint32_t b = a + 1; b < n; b++)
      energy += color[a] == color[b];
  return energy;
}

/* The complete graph on n vertices with k < n colours: it never gets to 0 conflicts. */
static void open_complete(harness *h, uint32_t n, uint32_t k)
{
  size_t size;
  char *text = graph_text(n, graph_complete, 0, &size);
  assert_int_equal(harness_open(h, text, size, NULL, 0), 0);
  free(text); /* only the parser read it */
  h->config.target_colors = (uint16_t)k;
  h->config.flags = PRISM_NO_PERTURBATION;
}

static void tempering_samples_each_temperature(void **state)
{
  static const harness_task tasks[] = {{UPLOAD, 1, 0}, {THERMO, 4, 0}};
  enum { n = 4, k = 3, states = 81, rungs = 3, samples = 40000 };
  static uint32_t count[rungs][states];
  harness h;
  (void)state;
  open_complete(&h, n, k);
  h.config.sweeps = 40;
  h.config.num_replicas = rungs;
  for (int i = 0; i < 8; i++)
    h.config.temperatures[i] = 0.6f + 0.4f * (float)i;
  for (uint32_t i = 0; i < samples + 100; i++) {
    harness_iterate(&h, tasks, HARNESS_COUNT(tasks));
    for (uint32_t r = 0; r < rungs && i >= 100; r++) {
      const uint32_t *head =
          (const uint32_t *)(const void *)h.regions[PRISM_THERMO] + r * PRISM_THERMO_WORDS;
      const uint16_t *color = (const uint16_t *)(const void *)h.regions[PRISM_THERMO_COLORS];
      count[head[PRISM_T_RUNG]][state_of(color + 2 * n * r, n, k)]++;
    }
  }
  for (uint32_t r = 0; r < rungs; r++) {
    double weight[states], chi, temperature = (double)h.config.temperatures[r];
    uint32_t freedom;
    for (uint32_t s = 0; s < states; s++) {
      uint16_t color[n];
      colors_of_state(s, color, n, k);
      weight[s] = exp(-(double)energy_of(color, n) / temperature);
    }
    chi = chi_square(count[r], weight, states, samples, &freedom);
    print_message("tempering, T = %.1f: chi-square %.1f, %u degrees of freedom, limit %.1f\n",
                  temperature, chi, freedom, chi_limit(freedom));
    assert_true(chi < chi_limit(freedom));
    /* The test can tell: at another temperature it would not pass. */
    for (uint32_t s = 0; s < states; s++)
      weight[s] = pow(weight[s], 1.1);
    assert_true(chi_square(count[r], weight, states, samples, &freedom) > chi_limit(freedom));
  }
  harness_close(&h);
}

/* Vertex pairs that are classmates in both colourings. */
static int32_t shared_pairs(const uint16_t *x, const uint16_t *y, uint32_t n)
{
  int32_t pairs = 0;
  for (uint32_t a = 0; a < n; a++)
    for (uint32_t b = a + 1; b < n; b++)
      pairs += x[a] == x[b] && y[a] == y[b];
  return pairs;
}

static int32_t crowd(const uint16_t *x, uint32_t n)
{
  return shared_pairs(x, x, n);
}

typedef struct quantum_case {
  uint32_t n, k, slices;
  float tunnel, chemical;
} quantum_case;

static void sample_slices(const quantum_case *q)
{
  static const harness_task tasks[] = {{UPLOAD, 1, 0}, {QUANTUM, 4, 0}};
  enum { samples = 30000, apart = 8 }; /* iterations between samples */
  static uint32_t count[STATES_MAX];
  static double weight[STATES_MAX];
  uint32_t one = (uint32_t)pow(q->k, q->n), all = (uint32_t)pow(one, q->slices), freedom;
  double chi;
  harness h;
  assert_true(all <= STATES_MAX);
  memset(count, 0, sizeof count);
  open_complete(&h, q->n, q->k);
  h.config.sweeps = 24;
  h.config.global_temperature = 1.0f;
  for (int i = 0; i < 8; i++)
    h.config.temperatures[i] = 0.9f;
  h.config.num_quantum_states = q->slices;
  h.config.interference_decay = 0;
  h.config.transverse_field = 0.7f;
  h.config.tunneling_prob_base = q->tunnel;
  h.config.chemical_potential = q->chemical;
  for (uint32_t i = 0; i < samples + 100; i++) {
    const uint16_t *color = (const uint16_t *)(const void *)h.regions[PRISM_QUANTUM_COLORS];
    uint32_t joint = 0;
    for (uint32_t pause = 0; pause < apart; pause++)
      harness_iterate(&h, tasks, HARNESS_COUNT(tasks));
    for (uint32_t s = 0; s < q->slices; s++)
      joint = joint * one + state_of(color + 2 * q->n * s, q->n, q->k);
    count[joint] += i >= 100;
  }
  const uint32_t *tables = (const uint32_t *)(const void *)h.regions[PRISM_TABLES];
  double inverse = tables[PRISM_T_INVERSE] / 256.0;
  double coupling =
      ((const uint32_t *)(const void *)h.regions[PRISM_QUANTUM])[PRISM_Q_COUPLING] / 256.0;
  double chemical = (int32_t)tables[PRISM_T_CHEMICAL] / 256.0;
  assert_true(fabs(coupling - -0.5 * log(tanh(0.7))) < 1.0 / 256);
  for (uint32_t i = 0; i < all; i++) {
    uint16_t color[16][8];
    double exponent = 0;
    uint32_t rest = i;
    for (uint32_t s = q->slices; s-- > 0; rest /= one)
      colors_of_state(rest % one, color[s], q->n, q->k);
    for (uint32_t s = 0; s < q->slices; s++)
      exponent += -inverse * energy_of(color[s], q->n) + chemical * crowd(color[s], q->n) +
                  coupling * shared_pairs(color[s], color[(s + 1) % q->slices], q->n);
    weight[i] = exp(exponent);
  }
  chi = chi_square(count, weight, all, samples, &freedom);
  print_message("%u slices, tunnelling %.1f: chi-square %.1f, %u degrees of freedom, limit %.1f\n",
                q->slices, (double)q->tunnel, chi, freedom, chi_limit(freedom));
  assert_true(chi < chi_limit(freedom));
  harness_close(&h);
}

static void quantum_slices_sample_their_joint_distribution(void **state)
{
  static const quantum_case cases[] = {
      {4, 2, 2, 0.0f, 0.0f}, {4, 3, 2, 1.0f, 0.0f}, {3, 2, 4, 0.5f, 0.0f}, {4, 2, 2, 0.5f, 0.1f}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    sample_slices(&cases[i]);
}

static void exponentials_are_right(void **state)
{
  harness h;
  (void)state;
  assert_int_equal(harness_open(&h, NULL, 0, NULL, 0), 0);
  const uint32_t *table = (const uint32_t *)(const void *)h.regions[PRISM_EXP];
  for (uint32_t i = 0; i < PRISM_EXP_ENTRIES; i++)
    assert_true(fabs(table[i] - exp(-(double)i / 256) * 4294967295.0) <= 1.0);
  for (int64_t x = 0; x < (int64_t)20 << 16; x += 997)
    assert_true(fabs(prism_exp_lookup(table, x) - exp(-(double)x / 65536) * 4294967296.0) <=
                2.0 + 4e-6 * 4294967296.0 * exp(-(double)x / 65536));
  assert_int_equal(prism_exp_lookup(table, (int64_t)20 << 16), 0);
  for (double x = 1e-6; x < 1e6; x *= 1.1) {
    assert_true(fabs(prism_ln(x) - log(x)) < 1e-12 * (1 + fabs(log(x))));
    if (x < 20)
      assert_true(fabs(prism_exp_minus(x) / exp(-x) - 1) < 1e-11);
  }
  harness_close(&h);
}

static void weights_are_those_of_the_temperature(void **state)
{
  static const harness_task tasks[] = {{UPLOAD, 1, 0}};
  harness h;
  (void)state;
  open_complete(&h, 5, 4);
  for (int i = 0; i < 8; i++)
    h.config.temperatures[i] = 0.3f + 0.3f * (float)i;
  harness_iterate(&h, tasks, 1);
  const uint32_t *tables = (const uint32_t *)(const void *)h.regions[PRISM_TABLES];
  for (uint32_t r = 0; r < 8; r++)
    for (uint32_t d = 0; d < PRISM_RISES; d++)
      assert_true(fabs(tables[PRISM_T_WEIGHT + r * PRISM_RISES + d] -
                       67108864.0 * exp(-(double)d / (double)h.config.temperatures[r])) <= 1.0);
  harness_close(&h);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exponentials_are_right),
      cmocka_unit_test(weights_are_those_of_the_temperature),
      cmocka_unit_test(tempering_samples_each_temperature),
      cmocka_unit_test(quantum_slices_sample_their_joint_distribution)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
