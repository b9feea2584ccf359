/* Why an iteration was slow. */
#include <inttypes.h>
#include <stdio.h>

#include "tools/analysis.h"
#include "tools/text.h"

aatgs_spent aatgs_analysis_blame(const aatgs_analysis *analysis, const aatgs_slow *slow)
{
  aatgs_spent blamed = AATGS_SPENT_BUS;
  int64_t most = INT64_MIN;
  for (int k = 0; k < AATGS_SPENT_KINDS; k++) {
    uint64_t median = aatgs_latency_at(&analysis->spent[k], 500);
    int64_t excess = (int64_t)(slow->path.ns[k] - median);
    if (excess > most) {
      most = excess;
      blamed = (aatgs_spent)k;
    }
  }
  return blamed;
}

static const aatgs_trace_task *task_of(const aatgs_analysis *a, const aatgs_slow *slow,
                                       const aatgs_path_step *step)
{
  const aatgs_trace_graph *g;
  if (aatgs_trace_get_graph(a->trace, slow->graph, &g) || step->task >= g->task_count)
    return NULL;
  return &g->tasks[step->task];
}

static const aatgs_type_stats *type_of(const aatgs_analysis *a, const aatgs_trace_task *task)
{
  uint32_t types = a->info->type_count;
  return &a->types[task && task->type < types ? task->type : types];
}

/* The step to blame: the longest of its kind; for computing, by what exceeds its type's median. */
static const aatgs_path_step *worst_step(const aatgs_analysis *a, const aatgs_slow *slow,
                                         aatgs_spent kind)
{
  const aatgs_path_step *worst = NULL;
  int64_t most = INT64_MIN;
  for (uint32_t i = 0; i < slow->path.step_count; i++) {
    const aatgs_path_step *step = &slow->path.steps[i];
    int64_t excess = (int64_t)step->ns[kind];
    const aatgs_type_stats *type = type_of(a, task_of(a, slow, step));
    if (kind == AATGS_SPENT_COMPUTING && type->elapsed)
      excess -= (int64_t)aatgs_latency_at(type->elapsed, 500);
    if (excess > most) {
      most = excess;
      worst = step;
    }
  }
  return worst;
}

static char *reason_bus(const aatgs_analysis *a, const aatgs_slow *slow, char *out, size_t size)
{
  const aatgs_path *p = &slow->path;
  bool config = p->to_device_ns >= p->to_host_ns;
  char took[32], median[32];
  if (!p->one_clock) {
    aatgs_text_ns(took, sizeof took, p->ns[AATGS_SPENT_BUS]);
    aatgs_text_ns(median, sizeof median, aatgs_latency_at(&a->spent[AATGS_SPENT_BUS], 500));
    snprintf(out, size, "%s on the bus, median %s", took, median);
    return out;
  }
  aatgs_text_ns(took, sizeof took, config ? p->to_device_ns : p->to_host_ns);
  if (!config)
    snprintf(out, size, "the telemetry lay in its ring for %s before the host read it", took);
  else if (slow->in_flight)
    snprintf(out, size, "the config lay in its ring for %s, with %" PRIu64 " iteration%s ahead",
             took, slow->in_flight, slow->in_flight == 1 ? "" : "s");
  else
    snprintf(out, size, "the config lay in its ring for %s before a worker took it", took);
  return out;
}

char *aatgs_analysis_reason(const aatgs_analysis *analysis, const aatgs_slow *slow, char *out,
                            size_t size)
{
  aatgs_spent kind = aatgs_analysis_blame(analysis, slow);
  const aatgs_path_step *step = worst_step(analysis, slow, kind);
  const aatgs_trace_task *task = step ? task_of(analysis, slow, step) : NULL;
  const aatgs_type_stats *type = type_of(analysis, task);
  const char *name = task ? task->name : "?";
  char took[32], median[32];
  if (kind == AATGS_SPENT_BUS || !step)
    return reason_bus(analysis, slow, out, size);
  aatgs_text_ns(took, sizeof took, step->ns[kind]);
  if (kind == AATGS_SPENT_DEPENDENCIES) {
    bool known = step->region < analysis->info->region_count;
    snprintf(out, size, "task %s waited %s for iteration %" PRIu64 " to let go of region %s", name,
             took, step->waited_for, known ? analysis->info->regions[step->region].name : "?");
  } else if (kind == AATGS_SPENT_WORKERS) {
    snprintf(out, size, "task %s was ready for %s before a worker took it", name, took);
  } else {
    uint64_t usual = type->elapsed ? aatgs_latency_at(type->elapsed, 500) : 0;
    snprintf(out, size, "task %s computed for %s, median of its type %s", name, took,
             aatgs_text_ns(median, sizeof median, usual));
  }
  return out;
}
