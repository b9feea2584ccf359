/* The fields of prism's config and telemetry: name, unit, range, default,
 * effect. A float array has one default for all elements; where the built-in
 * values differ, 0 stands for them. */
#include "device/prism/hooks.h"

#include <stdio.h>

#define AT(field) (uint16_t) offsetof(struct prism_config, field)
#define F32(field, unit, low, high, initial, help)                                                 \
  {                                                                                                \
#field, unit, help, AATGS_F32, 1, AT(field), AATGS_FIELD_PLAIN, low, high, initial             \
  }
#define U32(field, unit, low, high, initial, help)                                                 \
  {                                                                                                \
#field, unit, help, AATGS_U32, 1, AT(field), AATGS_FIELD_PLAIN, low, high, initial             \
  }
#define U16(field, unit, low, high, initial, help)                                                 \
  {                                                                                                \
#field, unit, help, AATGS_U16, 1, AT(field), AATGS_FIELD_PLAIN, low, high, initial             \
  }
#define F32S(field, count, unit, low, high, initial, help)                                         \
  {                                                                                                \
#field, unit, help, AATGS_F32, count, AT(field), AATGS_FIELD_PLAIN, low, high, initial         \
  }

const aatgs_field prism_config_fields[] = {
    /* WHCR */
    F32(stress_weight, "moves/conflict", 0, 16, 1,
        "WhcrKernel: tabu tenure per conflict; Galinier and Hao's 0.6 is too short for flat "
        "graphs"),
    F32(persistence_weight, "moves", 0, 512, 10,
        "WhcrKernel: a random number below this is added to the tabu tenure"),
    F32(belief_weight, "vertices", 0, 64, 0.5,
        "WhcrKernel: how much smaller a class counts in a crossover for each vertex in conflict"),
    F32(hotspot_multiplier, "", 0, 1024, 4,
        "perturbations recolour a vertex in conflict this many times as likely as another"),
    /* dendritic reservoir */
    F32S(tau_decay, PRISM_BRANCHES, "iterations", 0, 65536, 0,
         "PhaseTransition: time constants of the reservoir's branches; 0: 4, 8, 16 ... 512"),
    F32S(branch_weights, PRISM_BRANCHES, "", 0, 16, 0.125,
         "PhaseTransition: share of each branch in reservoir_activity; the default is the mean"),
    F32(reservoir_leak_rate, "", 0, 1, 1,
        "PhaseTransition: how fast the branches follow their input, over their time constants"),
    F32(spectral_radius, "", 0, 0.99, 0.5,
        "PhaseTransition: pull of each branch towards the branch before it; under 1 it fades"),
    F32(input_scaling, "", 0, 100, 1,
        "PhaseTransition: factor from conflicts to the reservoir's input; under 1 activity after "
        "it, stagnation counts double"),
    F32(reservoir_sparsity, "", 0, 1, 0.25,
        "PhaseTransition: share of the links between branches that is missing"),
    /* W-cycle multigrid */
    U32(num_levels, "levels", 0, 8, 3, "WhcrKernel: coarse levels below the whole classes"),
    F32(coarsening_ratio, "", 1, 16, 2, "WhcrKernel: growth of the groups from level to level"),
    F32(restriction_weight, "", 0, 16, 1,
        "WhcrKernel: a group moves when its conflicts there times this are fewer than here"),
    F32(prolongation_weight, "", 0, 1, 1,
        "WhcrKernel: probability that a group in conflict is looked at"),
    U32(pre_smooth_iterations, "moves/vertex", 0, 4096, 8,
        "WhcrKernel: tabu moves per vertex between the group moves and the next crossover"),
    U32(post_smooth_iterations, "moves/vertex", 0, 4096, 8,
        "WhcrKernel: tabu moves per vertex between a crossover and the group moves"),
    /* quantum tunnelling */
    F32(tunneling_prob_base, "1/sweep", 0, 1, 0.02,
        "QuantumOptimize: probability of a tunnelling attempt (a Kempe chain) in a sweep"),
    F32(tunneling_prob_boost, "1/sweep", 0, 1, 0.1,
        "QuantumOptimize: added to it in step with stagnation, in full after 1024 iterations"),
    F32(chemical_potential, "conflicts", -1, 1, 0,
        "QuantumOptimize: worth of a pair of classmates; over 0 large classes grow, 0: conflicts "
        "alone count"),
    F32(transverse_field, "T", 0.001, 64, 1.5,
        "QuantumOptimize: field at the start of a cycle, in units of the temperature; the weaker "
        "it is, the stiffer the slices are coupled"),
    F32(interference_decay, "1/iteration", 0, 1, 0.001,
        "QuantumOptimize: decay of the field in the first cycle at a target; a cycle ends at half "
        "of its start, and each decays half as fast as the one before"),
    U32(num_quantum_states, "slices", 2, 16, 8,
        "QuantumOptimize: Trotter slices; an odd number counts as one less"),
    /* parallel tempering */
    F32S(
        temperatures, PRISM_TEMPERATURES, "conflicts", 0, 64, 0,
        "temperatures of the replicas, cold to hot; the hottest is the quantum slices' too; 0: 1 / "
        "ln(n k / 2) for the n vertices and k colours of the start, then an eleventh hotter each"),
    U32(num_replicas, "replicas", 1, 8, 8, "ThermodynamicAnneal: replicas"),
    U32(swap_interval, "iterations", 1, 1000000, 1, "ThermodynamicAnneal: iterations per swap"),
    F32(swap_probability, "", 0, 1, 1,
        "ThermodynamicAnneal: probability that a pair tries to swap when it is its turn"),
    /* topological phase transition */
    F32(betti_0_threshold, "components", 0, 1000000, 8,
        "PhaseTransition: the search is condensed up to this many separate conflicts; then "
        "stagnation counts double"),
    F32(betti_1_threshold, "cycles", 0, 1000000, 4,
        "PhaseTransition: the same for cycles of conflicts"),
    F32(betti_2_threshold, "voids", 0, 1000000, 1,
        "PhaseTransition: the same for voids between triangles of conflicts"),
    F32(persistence_threshold, "iterations", 1, 8000000, 2000,
        "PhaseTransition: stagnation after which it perturbs the search"),
    U32(stability_window, "iterations", 1, 1000000, 8,
        "PhaseTransition: a phase must last this long to count as a transition"),
    F32(transition_sensitivity, "", 0, 1, 0.1,
        "share of the vertices that a perturbation recolours at random"),
    /* active inference */
    F32(free_energy_threshold, "conflicts", 0, 8000000, 1000,
        "PhaseTransition: no perturbation while the free energy is above"),
    F32(belief_update_rate, "", 0, 1, 0.05,
        "PhaseTransition: how fast the belief follows the conflicts"),
    F32(precision_weight, "1/conflict", 0, 1000, 0.5,
        "PhaseTransition: weight of surprise in the free energy"),
    F32(policy_temperature, "", 0.001, 1000, 0.5,
        "PhaseTransition: the higher, the less it keeps to the perturbation that was worth most"),
    /* control */
    {"iteration", "", "number of the iteration, low 32 bits", AATGS_U32, 1, AT(iteration),
     AATGS_FIELD_ITERATION, 0, 4294967295.0, 0},
    U32(phase_id, "", 0, 4294967295.0, 0,
        "PhaseTransition: a new number makes it forget its stagnation, beliefs and values"),
    F32(global_temperature, "", 0.01, 100, 1, "factor on all temperatures"),
    F32(learning_rate, "", 0, 1, 0.1,
        "PhaseTransition: how fast the worth of a perturbation follows what came of it"),
    F32(exploration_rate, "", 0, 1, 0.1,
        "PhaseTransition: probability of a perturbation picked at random"),
    U32(flags, "", 0, 7, 0,
        "sum of 1: check every incremental table against a recount, 2: no crossover in "
        "WhcrKernel, 4: no perturbation by PhaseTransition"),
    U16(sweeps, "", 0, 65535, 8,
        "work of an iteration: n / 16 tabu moves an individual, n / 16 steps a replica and slice, "
        "a "
        "row of the protein's grid a part each; the default makes about 100 us on DSJC125.5"),
    U16(target_colors, "colors", 0, 65535, 0,
        "number of colours to reach; 0: one less than the best legal colouring, again and again"),
};

#undef AT
#undef U32
#undef F32
#define AT(field) (uint16_t) offsetof(struct prism_telemetry, field)
#define U32(field, unit, count, help)                                                              \
  {                                                                                                \
#field, unit, help, AATGS_U32, count, AT(field), AATGS_FIELD_PLAIN, 0, 4294967295.0, 0         \
  }
#define F32(field, unit, help)                                                                     \
  {                                                                                                \
#field, unit, help, AATGS_F32, 1, AT(field), AATGS_FIELD_PLAIN, 0, 8388607.0, 0                \
  }

const aatgs_field prism_telemetry_fields[] = {
    U32(conflicts, "edges", 1,
        "conflicts of the result, counted from the edges: of the best legal colouring (0), or with "
        "target_colors out of reach so far of the best colouring with that many"),
    U32(colors_used, "colors", 1, "colours of that colouring"),
    U32(moves_applied, "moves", 1, "vertices recoloured by all solvers in this iteration"),
    U32(tunneling_events, "", 1, "Kempe chains swapped by QuantumOptimize in this iteration"),
    U32(phase_transitions, "", 1, "changes between the disordered and the condensed phase so far"),
    U32(betti_numbers, "", 3,
        "components, cycles and voids of the conflicts at the target; triangles up to 64 count"),
    F32(reservoir_activity, "conflicts", "what the reservoir does not yet follow"),
    F32(free_energy, "conflicts", "belief about the conflicts plus weighted surprise"),
    U32(best_replica, "", 1,
        "solver that found the best colouring at the target: 0 to 63 WhcrKernel, 64 to 71 "
        "ThermodynamicAnneal, 72 to 87 QuantumOptimize, 88 Custom, 89 none yet"),
    {"iteration_time_us", "us", "time of the iteration on the device", AATGS_U32, 1,
     AT(iteration_time_us), AATGS_FIELD_ITERATION_TIME_US, 0, 4294967295.0, 0},
    U32(target_colors, "colors", 1, "colours that the solvers aim at next; 0: nothing left to do"),
    U32(target_conflicts, "edges", 1,
        "fewest conflicts at the target so far; 4294967295: none tried"),
    U32(pockets, "", 1, "binding sites found"),
    U32(pocket_score, "", 1, "score of the first binding site"),
};

AATGS_STATIC_ASSERT(sizeof prism_config_fields == PRISM_CONFIG_FIELDS * sizeof(aatgs_field),
                    "hooks.h counts the fields");
AATGS_STATIC_ASSERT(sizeof prism_telemetry_fields == PRISM_TELEMETRY_FIELDS * sizeof(aatgs_field),
                    "hooks.h counts the fields");

const char *prism_check_config(const void *config)
{
  struct prism_config c;
  float cold;
  memcpy(&c, config, sizeof c);
  cold = c.temperatures[0];
  for (uint32_t i = 1; i < c.num_replicas && i < PRISM_TEMPERATURES; ++i) {
    if (c.temperatures[i] == 0.0f || cold == 0.0f) {
      if (c.temperatures[i] != cold)
        return "temperatures: either all that num_replicas uses are 0 (the built-in ladder) or "
               "none is";
      continue;
    }
    if (c.temperatures[i] < cold)
      return "temperatures must not fall from one replica to the next; sort them, cold first";
    cold = c.temperatures[i];
  }
  return NULL;
}
