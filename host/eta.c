/* When what is in flight will be done: the model's makespans of the iterations under way, corrected
 * by how such estimates turned out. */
#include "host/runtime.h"

void aatgs_eta_submitted(aatgs_runtime *rt, aatgs_flight *f)
{
  f->model_ns = aatgs_scheduler_model_ns(rt->scheduler, rt->graphs[f->graph_slot].graph);
  rt->model_in_flight_ns += f->model_ns;
  f->eta_ns = rt->model_in_flight_ns;
}

void aatgs_eta_done(aatgs_runtime *rt, const aatgs_flight *f)
{
  rt->model_in_flight_ns -= f->model_ns;
  if (f->model_ns)
    aatgs_ratios_add(&rt->eta, f->seen_ns - f->posted_ns, f->eta_ns);
}

/* ---- The public face ---------------------------------------------------------------------- */

int aatgs_estimate_completion(aatgs_runtime *rt, aatgs_estimate *out)
{
  *out = (aatgs_estimate){0};
  if (!rt->model_in_flight_ns && rt->next_complete != rt->next_iteration)
    return aatgs_error_set(&rt->error, AATGS_ENOTFOUND, 0,
                           "policy %s makes no estimates from measured durations; "
                           "aatgs_estimate_completion_time_ns() adds up the assumed ones",
                           rt->options.policy);
  aatgs_ratios_estimate(&rt->eta, rt->model_in_flight_ns, out);
  return 0;
}

int aatgs_estimate_iteration(aatgs_runtime *rt, aatgs_estimate *out)
{
  *out = (aatgs_estimate){0};
  if (rt->current == UINT32_MAX ||
      aatgs_scheduler_estimate(rt->scheduler, rt->graphs[rt->current].graph, out))
    return aatgs_error_set(&rt->error, AATGS_ENOTFOUND, 0,
                           "no graph was set and planned, or policy %s makes no estimates",
                           rt->options.policy);
  return 0;
}
