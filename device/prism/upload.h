/* ConfigUpload: takes the config over. Derives fixed-point parameters and
 * acceptance thresholds when it changed, and aims the solvers at a number of
 * colours. */
#ifndef AATGS_PRISM_UPLOAD_H
#define AATGS_PRISM_UPLOAD_H

#include "search.h"

/* The config in force, out of PRISM_CONTROL. */
AATGS_FN struct prism_config prism_config_of(const aatgs_task *t)
{
  struct prism_config c;
  memcpy(&c, aatgs_region_ptr(t, PRISM_CONTROL, const uint32_t) + PRISM_CONFIG, sizeof c);
  return c;
}

/* Temperature of a rung where the config says 0. At the coldest, 1 / ln(n k / 2), about one vertex
 * is thermally in conflict: each has some of the k colours at the price of one conflict. From there
 * each rung is an eleventh hotter. */
AATGS_FN double prism_ladder(const aatgs_task *t, uint32_t rung)
{
  double n = (double)PRISM_GET(t, PRISM_INFO, PRISM_N);
  double k = (double)PRISM_GET(t, PRISM_INFO, PRISM_KMAX), temperature;
  temperature = n * k > 8.0 ? 1.0 / prism_ln(n * k / 2.0) : 1.0;
  for (uint32_t i = 0; i < rung; ++i)
    temperature = temperature * 12.0 / 11.0;
  return temperature;
}

AATGS_FN double prism_temperature(const aatgs_task *t, const struct prism_config *c, uint32_t rung)
{
  double given =
      c->temperatures[rung] > 0.0f ? (double)c->temperatures[rung] : prism_ladder(t, rung);
  double v = given * (double)c->global_temperature;
  if (!(v >= 0.01))
    return 0.01;
  return v > 64.0 ? 64.0 : v;
}

AATGS_FN uint32_t prism_clamp(uint32_t x, uint32_t low, uint32_t high)
{
  return x < low ? low : x > high ? high : x;
}

/* Nothing a config says leads a task out of its regions: every number is clamped here. */
AATGS_FN void prism_derive_solvers(uint32_t *out, const struct prism_config *c, uint32_t n)
{
  out[PRISM_T_SWEEPS] = c->sweeps;
  out[PRISM_T_STRESS] = (uint32_t)prism_fixed(c->stress_weight, 0.0, 16.0, 65536.0);
  out[PRISM_T_PERSISTENCE] = (uint32_t)prism_fixed(c->persistence_weight, 0.0, 512.0, 1.0);
  out[PRISM_T_BELIEF] = (uint32_t)prism_fixed(c->belief_weight, 0.0, 64.0, 256.0);
  out[PRISM_T_HOTSPOT] = (uint32_t)prism_fixed(c->hotspot_multiplier, 0.0, 1024.0, 256.0);
  out[PRISM_T_PRE] = prism_clamp(c->pre_smooth_iterations, 0, 4096) * n;
  out[PRISM_T_POST] = prism_clamp(c->post_smooth_iterations, 0, 4096) * n;
  out[PRISM_T_LEVELS] = prism_clamp(c->num_levels, 0, 8);
  out[PRISM_T_RATIO] = (uint32_t)prism_fixed(c->coarsening_ratio, 1.0, 16.0, 256.0);
  out[PRISM_T_RESTRICT] = (uint32_t)prism_fixed(c->restriction_weight, 0.0, 16.0, 256.0);
  out[PRISM_T_PROLONG] = prism_probability((double)c->prolongation_weight);
  out[PRISM_T_REPLICAS] = prism_clamp(c->num_replicas, 1, PRISM_REPLICAS_MAX);
  out[PRISM_T_SWAP_EVERY] = prism_clamp(c->swap_interval, 1, UINT32_MAX);
  out[PRISM_T_SWAP] = prism_probability((double)c->swap_probability);
  /* Even and odd slices take turns. */
  out[PRISM_T_SLICES] = prism_clamp(c->num_quantum_states & ~1u, 2, PRISM_SLICES_MAX);
  out[PRISM_T_TUNNEL] = prism_probability((double)c->tunneling_prob_base);
  out[PRISM_T_TUNNEL_BOOST] = prism_probability((double)c->tunneling_prob_boost);
  out[PRISM_T_SENSITIVITY] = prism_probability((double)c->transition_sensitivity);
}

/* Boltzmann weights of the heat bath, by repeated multiplication. */
AATGS_FN void prism_derive_ladder(const aatgs_task *t, uint32_t *out, const struct prism_config *c)
{
  uint32_t r, d;
  double hot = prism_temperature(t, c, out[PRISM_T_REPLICAS] - 1);
  for (r = 0; r < PRISM_TEMPERATURES; ++r) {
    double temperature = prism_temperature(t, c, r);
    double step = prism_exp_minus(1.0 / temperature), p = 1.0;
    out[PRISM_T_LADDER + r] = (uint32_t)(65536.0 / temperature);
    for (d = 0; d < PRISM_RISES; ++d) {
      out[PRISM_T_WEIGHT + r * PRISM_RISES + d] = (uint32_t)(p * 67108864.0);
      p = p * step;
    }
  }
  out[PRISM_T_INVERSE] = (uint32_t)(256.0 / hot);
  out[PRISM_T_CHEMICAL] =
      (uint32_t)prism_fixed((float)((double)c->chemical_potential / hot), -64.0, 64.0, 256.0);
}

/* Fills PRISM_TABLES from the config kept in PRISM_CONTROL. */
AATGS_FN void prism_derive(aatgs_task *t)
{
  aatgs_one_lane(t)
  {
    struct prism_config c = prism_config_of(t);
    uint32_t *out = aatgs_region_ptr(t, PRISM_TABLES, uint32_t);
    prism_derive_solvers(out, &c, PRISM_GET(t, PRISM_INFO, PRISM_N));
    prism_derive_ladder(t, out, &c);
  }
  aatgs_sync(t);
}

/* Decides how many colours the solvers aim at: target_colors where the config fixes it, else one
 * less than the best legal colouring; 0 when that is reached or cannot be beaten. One lane. */
AATGS_FN void prism_aim(aatgs_task *t)
{
  uint32_t best = PRISM_GET(t, PRISM_CONTROL, PRISM_BEST_COLORS);
  uint32_t fixed = PRISM_GET(t, PRISM_CONTROL, PRISM_FIXED);
  uint32_t target = 0;
  if (fixed)
    target = best > fixed ? fixed : 0;
  else if (best > PRISM_GET(t, PRISM_INFO, PRISM_LOWER))
    target = best - 1;
  if (target == PRISM_GET(t, PRISM_CONTROL, PRISM_TARGET))
    return;
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_TARGET, target);
  aatgs_put_u32(t, PRISM_CONTROL, PRISM_STAGNATION, 0);
  if (target != PRISM_GET(t, PRISM_CONTROL, PRISM_FOCUS_COLORS) && target) {
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_FOCUS_COLORS, target);
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_FOCUS_CONFLICTS, UINT32_MAX);
  }
}

AATGS_FN void prism_config_upload(aatgs_task *t)
{
  const uint32_t *given = (const uint32_t *)t->config;
  const uint32_t *kept = aatgs_region_ptr(t, PRISM_CONTROL, const uint32_t) + PRISM_CONFIG;
  const uint32_t clock = offsetof(struct prism_config, iteration) / 4;
  uint32_t differ = 0;
  aatgs_lane_for(t, i, 64) differ += i != clock && given[i] != kept[i];
  differ = aatgs_reduce_add_u32(t, differ);
  if (differ == 0)
    return;
  aatgs_sync(t);
  aatgs_lane_for(t, i, 64)
  {
    if (i != clock && given[i] != kept[i])
      aatgs_put_u32(t, PRISM_CONTROL, PRISM_CONFIG + i, given[i]);
  }
  aatgs_sync(t);
  prism_derive(t);
  if (PRISM_GET(t, PRISM_INFO, PRISM_N) == 0)
    return;
  aatgs_one_lane(t)
  {
    struct prism_config c = prism_config_of(t);
    uint32_t most = PRISM_GET(t, PRISM_INFO, PRISM_KMAX);
    uint32_t fixed = c.target_colors < most ? c.target_colors : most;
    aatgs_put_u32(t, PRISM_CONTROL, PRISM_FIXED, fixed);
    prism_aim(t);
  }
}

#endif
