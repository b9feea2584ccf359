/* What happens when tasks fail, the device is lost or a deadline is missed; and the decisions that
 * go with it, in a bounded queue. */
#include "host/scheduler_internal.h"

/* ---- Decisions ---- */

void aatgs_scheduler_decide(aatgs_scheduler *s, aatgs_decision_kind kind, uint32_t task,
                            uint64_t value)
{
  uint32_t at = (s->decision_first + s->decision_count) % AATGS_DECISIONS_KEPT;

  if (s->decision_count == AATGS_DECISIONS_KEPT) {
    s->decisions_dropped++;
    return;
  }
  s->decisions[at] = (aatgs_decision){kind, task, value};
  s->decision_count++;
}

bool aatgs_scheduler_next_decision(aatgs_scheduler *s, aatgs_decision *out)
{
  if (s->decision_count == 0)
    return false;
  *out = s->decisions[s->decision_first];
  s->decision_first = (s->decision_first + 1) % AATGS_DECISIONS_KEPT;
  s->decision_count--;
  return true;
}

uint64_t aatgs_scheduler_decisions_dropped(const aatgs_scheduler *s)
{
  return s->decisions_dropped;
}

uint64_t aatgs_scheduler_overruns(const aatgs_scheduler *s)
{
  return s->overruns;
}

/* ---- Failures ---- */

void aatgs_scheduler_give_up(aatgs_scheduler *s, uint32_t task, bool stops)
{
  aatgs_scheduler_decide(s, AATGS_DECISION_GIVE_UP, task, 0);
  if (stops) {
    s->stopped = true;
    aatgs_scheduler_decide(s, AATGS_DECISION_STOP, task, 0);
  }
}

int aatgs_scheduler_mark_task_failed(aatgs_scheduler *s, uint32_t task, const char *text)
{
  aatgs_node *node = aatgs_graph_node(s->graph, task);
  uint32_t index = task - s->graph->base;
  bool ran = node && node->state == AATGS_TASK_RUNNING;
  int rc = 0;

  if (node && (ran || node->state == AATGS_TASK_READY) && node->retries) {
    node->retries--;
    if (ran)
      s->estimate_ns += node->estimate_ns;
    aatgs_graph_ready_again(s->graph, index);
    aatgs_scheduler_decide(s, AATGS_DECISION_RETRY, task, node->retries);
  } else {
    rc = aatgs_graph_mark_failed(s->graph, task);
    if (rc != 0)
      return rc;
    if (!ran)
      s->estimate_ns -= node->estimate_ns;
    aatgs_scheduler_give_up(s, task, node->on_failure == AATGS_FAILURE_STOPS);
  }
  aatgs_telemetry_record_error(s->collector, text ? text : "");
  return 0;
}

void aatgs_scheduler_device_lost(aatgs_scheduler *s)
{
  for (uint32_t i = 0; i < s->graph->count; i++) {
    const aatgs_node *node = &s->graph->nodes[i];
    if ((node->flags & AATGS_NODE_RETIRED) || node->state != AATGS_TASK_RUNNING)
      continue;
    s->estimate_ns += node->estimate_ns;
    aatgs_graph_ready_again(s->graph, i);
  }
  s->stopped = true;
  aatgs_scheduler_decide(s, AATGS_DECISION_STOP, AATGS_NONE, 0);
  aatgs_telemetry_record_error(s->collector, "the device is lost");
}

void aatgs_scheduler_resume(aatgs_scheduler *s)
{
  s->stopped = false;
}
