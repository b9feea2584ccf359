/* What the scheduler learns: fills, finished iterations, time; and the performance snapshots. */
#include "host/scheduler_internal.h"

#include <string.h>

#define BUSY_X1000       800u
#define ADAPT_SNAPSHOTS  5u
#define ADAPT_IDLE_X1000 500u
#define FAST_INTERVAL_NS UINT64_C(50000000)
#define SLOW_INTERVAL_NS UINT64_C(100000000)

/* ---- Rules ---- */

static const aatgs_performance_snapshot *latest(const aatgs_scheduler *s)
{
  return s->snapshot_count ? &s->snapshots[s->snapshot_first + s->snapshot_count - 1] : NULL;
}

/* Member by member: to read as one what was just written as several waits until all stores before
 * it are through, which on the hot path are those into the command ring. */
static bool same_inputs(const aatgs_rule_inputs *a, const aatgs_rule_inputs *b)
{
  return a->config_low == b->config_low && a->telemetry_high == b->telemetry_high &&
         a->device_busy == b->device_busy;
}

bool aatgs_scheduler_refresh(aatgs_scheduler *s)
{
  const aatgs_performance_snapshot *last = latest(s);
  aatgs_rule_inputs inputs;
  bool changed = false;

  aatgs_rule_fills(&inputs, s->config_waiting, aatgs_config_ring_capacity(s->configs),
                   s->telemetry_waiting);
  inputs.device_busy = last && last->gpu_utilization_x1000 > BUSY_X1000;
  if (s->lane_factor[0] && same_inputs(&inputs, &s->inputs))
    return false;
  s->inputs = inputs;
  for (uint32_t lane = 0; lane < AATGS_LANES; lane++) {
    uint32_t priority = s->policy->lane_factor(lane, &s->inputs);
    changed |= priority != s->lane_factor[lane];
    s->lane_factor[lane] = priority;
  }
  return changed || s->policy->custom;
}

/* ---- Snapshots ---- */

static uint32_t fill_x1000(uint64_t waiting, uint64_t capacity)
{
  return waiting >= capacity ? 1000 : (uint32_t)(waiting * 1000 / capacity);
}

/* busy / (workers x window), at most 1000. */
static uint32_t utilization_x1000(uint64_t busy_ns, uint64_t workers, uint64_t window_ns)
{
  uint64_t whole;
  if (window_ns == 0)
    return 0;
  /* Keep both products within 64 bits: beyond two months of busy time the last digits go. */
  while (window_ns > UINT64_MAX / AATGS_WORKERS_LIMIT || busy_ns > UINT64_MAX / 1000) {
    window_ns >>= 1;
    busy_ns >>= 1;
  }
  whole = workers * window_ns;
  return busy_ns >= whole ? 1000 : (uint32_t)(busy_ns * 1000 / whole);
}

static void keep_snapshot(aatgs_scheduler *s, const aatgs_performance_snapshot *snapshot)
{
  if (s->snapshot_count == s->history) {
    s->snapshot_first++;
    s->snapshot_count--;
  }
  if (s->snapshot_first + s->snapshot_count == 2 * s->history) {
    memmove(s->snapshots, s->snapshots + s->snapshot_first,
            s->snapshot_count * sizeof *s->snapshots);
    s->snapshot_first = 0;
  }
  s->snapshots[s->snapshot_first + s->snapshot_count++] = *snapshot;
}

static void take_snapshot(aatgs_scheduler *s, uint64_t now_ns)
{
  aatgs_performance_snapshot snapshot = {
      .timestamp_ns = now_ns,
      .avg_task_duration_us = s->window_tasks ? s->window_task_ns / s->window_tasks / 1000 : 0,
      .gpu_utilization_x1000 =
          utilization_x1000(s->window_busy_ns, s->workers, now_ns - s->window_start_ns),
      .config_buffer_util_x1000 =
          fill_x1000(s->config_waiting, aatgs_config_ring_capacity(s->configs)),
      .telemetry_buffer_util_x1000 = fill_x1000(s->telemetry_waiting, s->telemetry_slots),
      .tasks_completed = s->tasks_completed};
  aatgs_gpu_metrics metrics = {.utilization = (float)snapshot.gpu_utilization_x1000 / 1000,
                               .kernel_duration_us = s->window_busy_ns / 1000};

  keep_snapshot(s, &snapshot);
  aatgs_telemetry_record_gpu_metrics(s->collector, &metrics);
  s->window_start_ns = now_ns;
  s->window_busy_ns = s->window_task_ns = s->window_tasks = 0;
}

void aatgs_scheduler_adapt_priorities(aatgs_scheduler *s)
{
  size_t count = s->snapshot_count < ADAPT_SNAPSHOTS ? s->snapshot_count : ADAPT_SNAPSHOTS;
  uint64_t sum = 0, interval;

  if (s->snapshot_count >= 2) {
    for (size_t i = 0; i < count; i++)
      sum += s->snapshots[s->snapshot_first + s->snapshot_count - 1 - i].gpu_utilization_x1000;
    interval = sum < count * ADAPT_IDLE_X1000 ? FAST_INTERVAL_NS : SLOW_INTERVAL_NS;
    if (interval != s->interval_ns)
      aatgs_scheduler_decide(s, AATGS_DECISION_INTERVAL, 0, interval);
    s->interval_ns = interval;
  }
  aatgs_scheduler_refresh(s);
}

bool aatgs_scheduler_tick(aatgs_scheduler *s, uint64_t now_ns, uint64_t busy_ns)
{
  if (!s->ticked) { /* the first one only starts the clock */
    s->ticked = true;
    s->window_start_ns = now_ns;
    s->window_busy_ns = 0;
    return false;
  }
  s->window_busy_ns += busy_ns;
  if (now_ns < s->window_start_ns || now_ns - s->window_start_ns < s->interval_ns)
    return false;
  take_snapshot(s, now_ns);
  aatgs_scheduler_adapt_priorities(s);
  return true;
}

const aatgs_performance_snapshot *aatgs_scheduler_performance_history(const aatgs_scheduler *s,
                                                                      size_t *count)
{
  *count = s->snapshot_count;
  return s->snapshots + s->snapshot_first;
}

uint64_t aatgs_scheduler_snapshot_interval_ns(const aatgs_scheduler *s)
{
  return s->interval_ns;
}

int aatgs_scheduler_set_snapshot_interval_ns(aatgs_scheduler *s, uint64_t interval_ns)
{
  if (interval_ns < 1)
    return AATGS_EINVAL;
  s->interval_ns = interval_ns;
  return 0;
}

/* ---- Events ---- */

void aatgs_scheduler_note_completion(aatgs_scheduler *s, uint32_t task, uint64_t duration_ns)
{
  s->tasks_completed++;
  s->window_tasks++;
  s->window_task_ns += duration_ns;
  aatgs_telemetry_record_task_completion(s->collector, task, duration_ns);
}

/* A task lasted from the start of its first part to the end of its last; the records of a task
 * stand side by side. */
static void count_tasks(aatgs_scheduler *s, const aatgs_timing *t, uint32_t count, bool completed)
{
  for (uint32_t i = 0; i < count;) {
    uint64_t start = t[i].start_ns, end = t[i].start_ns + t[i].duration_ns;
    uint32_t task = t[i].task;
    s->window_busy_ns += t[i].duration_ns;
    for (i++; i < count && t[i].task == task; i++) {
      s->window_busy_ns += t[i].duration_ns;
      if (t[i].start_ns < start)
        start = t[i].start_ns;
      if (t[i].start_ns + t[i].duration_ns > end)
        end = t[i].start_ns + t[i].duration_ns;
    }
    if (completed)
      aatgs_scheduler_note_completion(s, task, end - start);
  }
}

static bool handle_done(aatgs_scheduler *s, const aatgs_sched_event *event)
{
  uint64_t elapsed = event->u.done.end_ns - event->u.done.start_ns;
  bool completed = event->u.done.status == AATGS_STATUS_OK;
  aatgs_known_graph *known;

  count_tasks(s, event->u.done.timings, event->u.done.count, completed);
  if (s->deadline_ns && elapsed > s->deadline_ns) {
    s->overruns++;
    aatgs_scheduler_decide(s, AATGS_DECISION_OVERRUN, 0, elapsed);
    aatgs_telemetry_record_error(s->collector, "an iteration missed its deadline");
  }
  if (!completed) {
    aatgs_scheduler_give_up(s, event->u.done.detail, event->u.done.status == AATGS_STATUS_STOPPED);
    aatgs_telemetry_record_error(s->collector, "a task failed; its dependents were skipped");
    return false;
  }
  known = s->policy->learns ? aatgs_known_find(&s->known, event->u.done.graph) : NULL;
  return known && aatgs_known_learn(known, event->u.done.timings, event->u.done.count, elapsed);
}

/* Half the queue is full: post it. The fill that the rules look at comes with the iterations. */
static void handle_queued(aatgs_scheduler *s, uint32_t waiting)
{
  if (waiting * UINT64_C(2) >= aatgs_config_ring_capacity(s->configs))
    aatgs_scheduler_decide(s, AATGS_DECISION_FLUSH, 0, waiting);
}

static bool handle_tick(aatgs_scheduler *s, uint64_t now_ns)
{
  aatgs_rule_inputs before = s->inputs;
  uint32_t factors[AATGS_LANES];

  memcpy(factors, s->lane_factor, sizeof factors);
  aatgs_scheduler_tick(s, now_ns, 0);
  return memcmp(factors, s->lane_factor, sizeof factors) != 0 ||
         (s->policy->custom && memcmp(&before, &s->inputs, sizeof before) != 0);
}

bool aatgs_scheduler_handle(aatgs_scheduler *s, const aatgs_sched_event *event)
{
  switch (event->kind) {
  case AATGS_SCHED_SUBMITTED:
    s->config_waiting = event->u.submitted.config_waiting;
    s->telemetry_waiting = event->u.submitted.telemetry_waiting;
    return aatgs_scheduler_refresh(s);
  case AATGS_SCHED_DONE: return handle_done(s, event);
  case AATGS_SCHED_TICK: return handle_tick(s, event->u.tick.now_ns);
  case AATGS_SCHED_LOST: aatgs_scheduler_device_lost(s); return false;
  case AATGS_SCHED_QUEUED: handle_queued(s, event->u.queued.config_waiting); return false;
  case AATGS_SCHED_CANCELLED: s->config_waiting = 0; return aatgs_scheduler_refresh(s);
  case AATGS_SCHED_RESUMED: aatgs_scheduler_resume(s); return false;
  case AATGS_SCHED_INTERVAL: s->interval_ns = event->u.interval.ns; return false;
  }
  return false;
}

aatgs_telemetry *aatgs_scheduler_collector(aatgs_scheduler *s)
{
  return s->collector;
}
