/* PhaseTransition: takes the solvers' results over, watches the search and
 * interferes when it stalls.
 *
 * A reservoir of eight leaky integrators with different time constants (the
 * dendritic branches) follows the conflicts: what it does not yet follow is
 * activity. A belief follows them too; its surprise is the free energy. The
 * Betti numbers of the conflicts say whether the search is condensed. When
 * nothing got better for long enough, one of four perturbations is chosen by
 * what each was worth before. */
#ifndef AATGS_PRISM_PHASE_H
#define AATGS_PRISM_PHASE_H

#include "betti.h"
#include "reorder.h"
#include "takeover.h"

AATGS_FN double prism_state_of(const aatgs_task *t, uint32_t word)
{
  return (double)(int32_t)PRISM_GET(t, PRISM_CONTROL, word) / 65536.0;
}

AATGS_FN void prism_put_state(aatgs_task *t, uint32_t word, double value)
{
  if (!(value > -32767.0))
    value = -32767.0;
  if (value > 32767.0)
    value = 32767.0;
  value = value * 65536.0;
  aatgs_put_u32(t, PRISM_CONTROL, word, (uint32_t)(int32_t)value);
}

/* x 256 in an unsigned word. */
AATGS_FN void prism_put_reading(aatgs_task *t, uint32_t word, double value)
{
  if (!(value > 0.0))
    value = 0.0;
  if (value > 8388607.0)
    value = 8388607.0;
  aatgs_put_u32(t, PRISM_CONTROL, word, (uint32_t)(value * 256.0));
}

/* Fewest conflicts that a solver has right now at the target; UINT32_MAX: nobody works on it. */
AATGS_FN uint32_t prism_working_conflicts(const aatgs_task *t, uint32_t target)
{
  uint32_t individuals = PRISM_GET(t, PRISM_INFO, PRISM_INDIVIDUALS);
  uint64_t least = UINT32_MAX;
  aatgs_lane_for(t, i, PRISM_SOLVER_CUSTOM)
  {
    prism_solver s;
    uint32_t conflicts;
    if (i >= individuals && i < PRISM_SOLVER_THERMO)
      continue;
    s = prism_solver_of(t, i);
    conflicts = PRISM_GET(t, s.region, s.head + PRISM_H_CONFLICTS);
    if (PRISM_GET(t, s.region, s.head + PRISM_H_K) == target && conflicts < least)
      least = conflicts;
  }
  return (uint32_t)aatgs_reduce_min_u64(t, least);
}

/* One step of the reservoir; one lane. Returns its activity. */
AATGS_FN double prism_reservoir(aatgs_task *t, const struct prism_config *c, double conflicts)
{
  double input = (double)c->input_scaling * conflicts, activity = 0.0, before[PRISM_BRANCHES];
  for (uint32_t b = 0; b < PRISM_BRANCHES; ++b)
    before[b] = prism_state_of(t, PRISM_BRANCH + b);
  for (uint32_t b = 0; b < PRISM_BRANCHES; ++b) {
    double tau = c->tau_decay[b] > 0.0f ? (double)c->tau_decay[b] : (double)(4u << b);
    double gap = input - before[b], state;
    /* The first reservoir_sparsity x 8 branches have no link to the branch before them. */
    if ((double)b >= 8.0 * (double)c->reservoir_sparsity)
      gap = gap + (double)c->spectral_radius *
                      (before[(b + PRISM_BRANCHES - 1) % PRISM_BRANCHES] - before[b]);
    state = before[b] + (double)c->reservoir_leak_rate / tau * gap;
    prism_put_state(t, PRISM_BRANCH + b, state);
    gap = input - state;
    activity = activity + (double)c->branch_weights[b] * (gap < 0.0 ? -gap : gap);
  }
  prism_put_reading(t, PRISM_ACTIVITY, activity);
  return activity;
}

/* Belief and surprise; one lane. Returns the free energy. */
AATGS_FN double prism_believe(aatgs_task *t, const struct prism_config *c, double conflicts)
{
  double belief = prism_state_of(t, PRISM_BELIEF), error = conflicts - belief, energy;
  belief = belief + (double)c->belief_update_rate * error;
  energy = belief + 0.5 * (double)c->precision_weight * error * error;
  prism_put_state(t, PRISM_BELIEF, belief);
  prism_put_reading(t, PRISM_FREE_ENERGY, energy);
  return energy;
}

/* Condensed when few, simple conflicts are left; a change counts once it has lasted
 * stability_window iterations. One lane. Returns the phase. */
AATGS_FN uint32_t prism_watch_phase(aatgs_task *t, const struct prism_config *c)
{
  const uint32_t *words = aatgs_region_ptr(t, PRISM_CONTROL, const uint32_t);
  uint32_t seen = words[PRISM_FOCUS_CONFLICTS] != UINT32_MAX &&
                  (double)words[PRISM_BETTI] <= (double)c->betti_0_threshold &&
                  (double)words[PRISM_BETTI + 1] <= (double)c->betti_1_threshold &&
                  (double)words[PRISM_BETTI + 2] <= (double)c->betti_2_threshold;
  uint32_t phase = words[PRISM_PHASE];
  uint32_t count = seen == words[PRISM_PHASE_NEXT] ? words[PRISM_PHASE_COUNT] + 1 : 1;
  if (seen == phase) {
    if (words[PRISM_PHASE_COUNT])
      aatgs_put_u32(t, PRISM_CONTROL, PRISM_PHASE_COUNT, 0);
    return phase;
  }
  if (count < c->stability_window) {
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_PHASE_NEXT, seen);
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_PHASE_COUNT, count);
    return phase;
  }
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_PHASE, seen);
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_PHASE_COUNT, 0);
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_TRANSITIONS, words[PRISM_TRANSITIONS] + 1);
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_STAGNATION, 0);
  return seen;
}

/* Credits the last perturbation with what followed it: 1 when something got better. One lane. */
AATGS_FN void prism_learn(aatgs_task *t, const struct prism_config *c)
{
  const uint32_t *words = aatgs_region_ptr(t, PRISM_CONTROL, const uint32_t);
  uint32_t action = words[PRISM_ACTION];
  double value, reward;
  if (action == 0)
    return;
  reward = words[PRISM_BEST_COLORS] < words[PRISM_ACTION_COLORS] ||
                   words[PRISM_FOCUS_CONFLICTS] < words[PRISM_ACTION_CONFLICTS]
               ? 1.0
               : 0.0;
  value = prism_state_of(t, PRISM_VALUES + action - 1);
  prism_put_state(t, PRISM_VALUES + action - 1,
                  value + (double)c->learning_rate * (reward - value));
}

/* Chooses a perturbation: any with probability exploration_rate, else by a softmax of what each
 * was worth at policy_temperature. One lane. */
AATGS_FN uint32_t prism_choose_action(const aatgs_task *t, const struct prism_config *c)
{
  double weight[PRISM_ACTIONS], most = -1e9, sum = 0.0, at;
  double temperature = (double)c->policy_temperature;
  uint32_t action = 0;
  if (!(temperature > 0.001))
    temperature = 0.001;
  if (aatgs_random_u32(t, 0) < prism_probability((double)c->exploration_rate))
    return aatgs_random_below(t, 1, PRISM_ACTIONS);
  for (uint32_t i = 0; i < PRISM_ACTIONS; ++i) {
    weight[i] = prism_state_of(t, PRISM_VALUES + i);
    most = weight[i] > most ? weight[i] : most;
  }
  for (uint32_t i = 0; i < PRISM_ACTIONS; ++i) {
    weight[i] = prism_exp_minus((most - weight[i]) / temperature);
    sum = sum + weight[i];
  }
  at = (double)aatgs_random_u32(t, 2) / 4294967296.0 * sum;
  while (action + 1 < PRISM_ACTIONS && at >= weight[action]) {
    at = at - weight[action];
    ++action;
  }
  return action;
}

/* A new pass of iterated greedy over the best legal colouring. */
AATGS_FN void prism_reorder_best(aatgs_task *t)
{
  const uint16_t *best = aatgs_region_ptr(t, PRISM_BEST, const uint16_t);
  uint32_t colors = PRISM_GET(t, PRISM_CONTROL, PRISM_BEST_COLORS), used;
  aatgs_sync(t);
  used = prism_reorder(t, best, colors, prism_order_rule(t, PRISM_ORDER_MIX), PRISM_BEST, 0,
                       aatgs_region_ptr(t, PRISM_SCRATCH, uint32_t));
  if (used < colors) {
    prism_put(t, PRISM_CONTROL, PRISM_BEST_COLORS, used);
    aatgs_one_lane(t) prism_aim(t);
  }
  aatgs_sync(t);
}

/* Counts stagnation; returns the perturbation that is due, or PRISM_ACTIONS. One lane. */
AATGS_FN uint32_t prism_watch(aatgs_task *t, double conflicts, int better)
{
  const uint32_t *words = aatgs_region_ptr(t, PRISM_CONTROL, const uint32_t);
  struct prism_config c = prism_config_of(t);
  double activity, energy, limit = (double)c.persistence_threshold * 256.0;
  uint32_t stagnation, action;
  if (c.phase_id != words[PRISM_PHASE_ID]) { /* the caller's new phase: begin afresh */
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_PHASE_ID, c.phase_id);
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_ACTION, 0);
    for (uint32_t i = 0; i < PRISM_BRANCHES; ++i)
      aatgs_put_u32(t, PRISM_CONTROL, PRISM_BRANCH + i, 0);
    for (uint32_t i = 0; i < PRISM_ACTIONS; ++i)
      aatgs_put_u32(t, PRISM_CONTROL, PRISM_VALUES + i, 0);
    prism_put_state(t, PRISM_BELIEF, conflicts);
    better = 1;
  }
  activity = prism_reservoir(t, &c, conflicts);
  energy = prism_believe(t, &c, conflicts);
  stagnation = words[PRISM_STAGNATION];
  stagnation += (activity < 1.0 ? 256u : 128u) << (prism_watch_phase(t, &c) ? 1 : 0);
  stagnation = better || stagnation > 0x7fffffffu ? 0 : stagnation;
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_STAGNATION, stagnation);
  if ((double)stagnation < limit || energy > (double)c.free_energy_threshold ||
      (c.flags & PRISM_NO_PERTURBATION))
    return PRISM_ACTIONS;
  prism_learn(t, &c);
  action = prism_choose_action(t, &c);
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_STAGNATION, 0);
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_ACTION, action + 1);
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_ACTION_CONFLICTS, words[PRISM_FOCUS_CONFLICTS]);
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_ACTION_COLORS, words[PRISM_BEST_COLORS]);
  if (action < PRISM_ACTION_REORDER)
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_KICKS + action, words[PRISM_KICKS + action] + 1);
  return action;
}

AATGS_FN void prism_phase(aatgs_task *t)
{
  uint32_t target = PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET), conflicts;
  uint64_t action = PRISM_ACTIONS;
  int better;
  if (target == 0)
    return;
  conflicts = prism_working_conflicts(t, target);
  better = prism_take_over(t);
  if (better)
    prism_betti(t);
  if (conflicts == UINT32_MAX)
    return;
  aatgs_one_lane(t) action = prism_watch(t, (double)conflicts, better);
  aatgs_sync(t);
  action = aatgs_reduce_min_u64(t, action);
  if (action == PRISM_ACTION_REORDER)
    prism_reorder_best(t);
}

#endif
