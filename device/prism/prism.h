/* The config and the telemetry of the workload prism. Names and groups are
 * those of the original's RuntimeConfig and KernelTelemetry; unit, range,
 * default and effect of every field stand in host/prism/schema.c and in
 * `aatgs info`. */
#ifndef AATGS_PRISM_H
#define AATGS_PRISM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__cplusplus)
#define PRISM_STATIC_ASSERT static_assert
#else
#define PRISM_STATIC_ASSERT _Static_assert
#endif

#define PRISM_BRANCHES     8u /* of the dendritic reservoir */
#define PRISM_TEMPERATURES 8u /* rungs of the tempering ladder */

/* Bits of prism_config.flags. */
enum prism_flag {
  PRISM_CHECK_TABLES = 1u,   /* recount every incremental table; a difference fails the task */
  PRISM_NO_CROSSOVER = 2u,   /* WhcrKernel: individuals never exchange classes */
  PRISM_NO_PERTURBATION = 4u /* PhaseTransition: watch, but change nothing */
};

struct prism_config {
  /* WHCR */
  float stress_weight;
  float persistence_weight;
  float belief_weight;
  float hotspot_multiplier;
  /* dendritic reservoir */
  float tau_decay[PRISM_BRANCHES];
  float branch_weights[PRISM_BRANCHES];
  float reservoir_leak_rate;
  float spectral_radius;
  float input_scaling;
  float reservoir_sparsity;
  /* W-cycle multigrid */
  uint32_t num_levels;
  float coarsening_ratio;
  float restriction_weight;
  float prolongation_weight;
  uint32_t pre_smooth_iterations;
  uint32_t post_smooth_iterations;
  /* quantum tunnelling */
  float tunneling_prob_base;
  float tunneling_prob_boost;
  float chemical_potential;
  float transverse_field;
  float interference_decay;
  uint32_t num_quantum_states;
  /* parallel tempering */
  float temperatures[PRISM_TEMPERATURES];
  uint32_t num_replicas;
  uint32_t swap_interval;
  float swap_probability;
  /* topological phase transition */
  float betti_0_threshold;
  float betti_1_threshold;
  float betti_2_threshold;
  float persistence_threshold;
  uint32_t stability_window;
  float transition_sensitivity;
  /* active inference */
  float free_energy_threshold;
  float belief_update_rate;
  float precision_weight;
  float policy_temperature;
  /* control */
  uint32_t iteration; /* low 32 bits; the runtime writes it */
  uint32_t phase_id;
  float global_temperature;
  float learning_rate;
  float exploration_rate;
  uint32_t flags; /* prism_flag */
  uint16_t sweeps;
  uint16_t target_colors;
};

struct prism_telemetry {
  uint32_t conflicts;
  uint32_t colors_used;
  uint32_t moves_applied;
  uint32_t tunneling_events;
  uint32_t phase_transitions;
  uint32_t betti_numbers[3];
  float reservoir_activity;
  float free_energy;
  uint32_t best_replica;
  uint32_t iteration_time_us;
  uint32_t target_colors;
  uint32_t target_conflicts;
  uint32_t pockets;
  uint32_t pocket_score;
};

PRISM_STATIC_ASSERT(sizeof(struct prism_config) == 256, "the config fills a command");
PRISM_STATIC_ASSERT(offsetof(struct prism_config, tau_decay) == 16, "config layout");
PRISM_STATIC_ASSERT(offsetof(struct prism_config, num_levels) == 96, "config layout");
PRISM_STATIC_ASSERT(offsetof(struct prism_config, tunneling_prob_base) == 120, "config layout");
PRISM_STATIC_ASSERT(offsetof(struct prism_config, temperatures) == 144, "config layout");
PRISM_STATIC_ASSERT(offsetof(struct prism_config, betti_0_threshold) == 188, "config layout");
PRISM_STATIC_ASSERT(offsetof(struct prism_config, free_energy_threshold) == 212, "config layout");
PRISM_STATIC_ASSERT(offsetof(struct prism_config, iteration) == 228, "config layout");
PRISM_STATIC_ASSERT(offsetof(struct prism_config, sweeps) == 252, "config layout");
PRISM_STATIC_ASSERT(sizeof(struct prism_telemetry) == 64, "the telemetry fills a record");
PRISM_STATIC_ASSERT(offsetof(struct prism_telemetry, reservoir_activity) == 32, "telemetry layout");

/* A sound default: the defaults of the schema. */
static inline struct prism_config aatgs_runtime_config_production(void)
{
  struct prism_config c;
  uint32_t i;
  memset(&c, 0, sizeof c);
  c.stress_weight = 1.0f;
  c.persistence_weight = 10.0f;
  c.belief_weight = 0.5f;
  c.hotspot_multiplier = 4.0f;
  for (i = 0; i < PRISM_BRANCHES; ++i) {
    c.branch_weights[i] = 0.125f; /* tau_decay 0: the built-in time constants */
  }
  c.reservoir_leak_rate = 1.0f;
  c.spectral_radius = 0.5f;
  c.input_scaling = 1.0f;
  c.reservoir_sparsity = 0.25f;
  c.num_levels = 3;
  c.coarsening_ratio = 2.0f;
  c.restriction_weight = 1.0f;
  c.prolongation_weight = 1.0f;
  c.pre_smooth_iterations = 8;
  c.post_smooth_iterations = 8;
  c.tunneling_prob_base = 0.02f;
  c.tunneling_prob_boost = 0.1f;
  c.chemical_potential = 0.0f;
  c.transverse_field = 1.5f;
  c.interference_decay = 0.001f;
  c.num_quantum_states = 8;
  /* temperatures 0: the built-in ladder */
  c.num_replicas = 8;
  c.swap_interval = 1;
  c.swap_probability = 1.0f;
  c.betti_0_threshold = 8.0f;
  c.betti_1_threshold = 4.0f;
  c.betti_2_threshold = 1.0f;
  c.persistence_threshold = 2000.0f;
  c.stability_window = 8;
  c.transition_sensitivity = 0.1f;
  c.free_energy_threshold = 1000.0f;
  c.belief_update_rate = 0.05f;
  c.precision_weight = 0.5f;
  c.policy_temperature = 0.5f;
  c.global_temperature = 1.0f;
  c.learning_rate = 0.1f;
  c.exploration_rate = 0.1f;
  c.sweeps = 8;
  return c;
}

#endif
