/* The original's interface, on top of submit and poll. */
#include "host/clock.h"
#include "host/log.h"
#include "host/runtime.h"

#include <string.h>

int aatgs_execute_iteration(aatgs_runtime *rt, const void *config, void *telemetry, bool *have)
{
  *have = false;
  int rc = aatgs_submit(rt, config, NULL);
  if (rc == AATGS_EAGAIN) {
    rc = aatgs_wait(rt, telemetry, NULL, rt->options.timeout_ns);
    if (rc < 0)
      return rc;
    *have = true;
    const uint64_t start = aatgs_now_ns();
    do
      rc = aatgs_submit(rt, config, NULL);
    while (rc == AATGS_EAGAIN && aatgs_now_ns() - start < rt->options.timeout_ns);
    return rc;
  }
  if (rc)
    return rc;
  rc = aatgs_poll(rt, telemetry, NULL);
  *have = rc > 0;
  return rc > 0 ? 0 : rc;
}

int aatgs_step(aatgs_runtime *rt, const void *config, void *telemetry, bool *have)
{
  return aatgs_execute_iteration(rt, config, telemetry, have);
}

int aatgs_batch_step(aatgs_runtime *rt, const void *configs, size_t count, void *telemetry)
{
  const size_t config_bytes = rt->workload->config_bytes;
  const size_t telemetry_bytes = rt->workload->telemetry_bytes;
  uint8_t *to = telemetry;
  if (rt->next_read != rt->next_iteration)
    return aatgs_error_set(
        &rt->error, AATGS_EINVAL, 0,
        "batch_step: %llu earlier iterations have not been read: poll them first",
        (unsigned long long)(rt->next_iteration - rt->next_read));
  size_t sent = 0, some;
  for (size_t got = 0; got < count;) {
    int rc =
        aatgs_submit_some(rt, (const uint8_t *)configs + sent * config_bytes, count - sent, &some);
    sent += some;
    if (rc && rc != AATGS_EAGAIN)
      return rc;
    if (sent == got)
      return rc; /* nothing in flight, and no room: a graph slot is still busy */
    if (rc || sent == count)
      rc = aatgs_wait(rt, to, NULL, rt->options.timeout_ns);
    else
      rc = aatgs_poll(rt, to, NULL);
    for (; rc > 0; rc = rt->next_read < rt->next_seen ? aatgs_poll(rt, to, NULL) : 0) {
      to += telemetry_bytes;
      got++;
    }
    if (rc < 0)
      return rc;
  }
  return 0;
}

int aatgs_queue_config(aatgs_runtime *rt, const void *config)
{
  if (!aatgs_config_ring_push(rt->queue, config))
    return aatgs_error_set(&rt->error, AATGS_EAGAIN, 0,
                           "the config queue is full (%zu): poll telemetry, then flush",
                           aatgs_config_ring_capacity(rt->queue));
  aatgs_sched_event event = {.kind = AATGS_SCHED_QUEUED};
  event.u.queued.config_waiting = (uint32_t)aatgs_config_ring_len(rt->queue);
  rt->flush_due = false;
  aatgs_tell(rt, &event, 0, 0);
  const int rc = rt->flush_due ? aatgs_flush_configs(rt) : 0;
  return rc < 0 ? rc : 0;
}

int aatgs_flush_configs(aatgs_runtime *rt)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4];
  const size_t waiting = aatgs_config_ring_len(rt->queue);
  int posted = 0, rc = 0;
  if (!waiting)
    return 0;
  aatgs_log_debug("Flushing %zu configs to GPU", waiting);
  rt->config_waiting = (uint32_t)waiting;
  while (!rc && aatgs_config_ring_peek(rt->queue, config)) {
    rc = aatgs_submit(rt, config, NULL);
    if (!rc) {
      aatgs_config_ring_pop(rt->queue, config);
      posted++;
    }
  }
  rt->config_waiting = 0;
  return rc && rc != AATGS_EAGAIN ? rc : posted;
}

int aatgs_poll_telemetry(aatgs_runtime *rt, void *telemetry, size_t capacity)
{
  uint8_t *to = telemetry;
  size_t n = 0;
  int rc = aatgs_pump(rt);
  while (!rc && n < capacity && (rc = aatgs_poll(rt, to, NULL)) > 0) {
    to += rt->workload->telemetry_bytes;
    n++;
    rc = 0;
  }
  if (n)
    aatgs_log_debug("Polling %zu telemetry entries from GPU", n);
  return rc < 0 ? rc : (int)n;
}

void aatgs_buffer_stats(const aatgs_runtime *rt, double *config, double *telemetry)
{
  *config = aatgs_config_ring_utilization(rt->queue);
  *telemetry = (double)(rt->next_seen - rt->next_read) / rt->options.telemetry_slots;
}

uint64_t aatgs_iterations(const aatgs_runtime *rt)
{
  return rt->next_iteration - rt->first_iteration;
}

void aatgs_peak_utilization(const aatgs_runtime *rt, double *config, double *telemetry)
{
  *config = (double)rt->peak_commands / rt->options.command_slots;
  *telemetry = (double)rt->peak_telemetry / rt->options.telemetry_slots;
}

bool aatgs_is_idle(const aatgs_runtime *rt)
{
  return rt->next_complete == rt->next_iteration && aatgs_config_ring_is_empty(rt->queue);
}

/* ---- Figures ------------------------------------------------------------------------------ */

static int add_estimate(void *sum, const aatgs_task_info *info)
{
  *(uint64_t *)sum += info->estimate_ns;
  return 0;
}

static uint64_t graph_estimate(const aatgs_graph *graph)
{
  uint64_t sum = 0;
  if (graph)
    aatgs_graph_tasks(graph, add_estimate, &sum);
  return sum;
}

uint64_t aatgs_estimate_completion_time_ns(const aatgs_runtime *rt)
{
  uint64_t sum = graph_estimate(rt->pending) + graph_estimate(rt->component);
  for (uint64_t i = rt->next_complete; i < rt->next_iteration; i++) {
    const aatgs_flight *f = &rt->flights[i & (rt->options.telemetry_slots - 1)];
    sum += graph_estimate(rt->graphs[f->graph_slot].graph);
  }
  return sum;
}

void aatgs_performance_stats(aatgs_runtime *rt, aatgs_stats *stats)
{
  aatgs_buffer_stats(rt, &stats->config_buffer_utilization, &stats->telemetry_buffer_utilization);
  stats->tasks_pending =
      aatgs_graph_len(rt->pending) + (rt->component ? aatgs_graph_len(rt->component) : 0);
  stats->tasks_running = 0;
  for (uint64_t i = rt->next_complete; i < rt->next_iteration; i++)
    stats->tasks_running +=
        rt->graphs[rt->flights[i & (rt->options.telemetry_slots - 1)].graph_slot].tasks;
  stats->tasks_completed = rt->tasks_completed;
  stats->estimated_completion_ns = aatgs_estimate_completion_time_ns(rt);
  stats->overruns = aatgs_scheduler_overruns(rt->scheduler);
}

const aatgs_error *aatgs_last_error(const aatgs_runtime *rt)
{
  return &rt->error;
}

const struct aatgs_workload *aatgs_runtime_workload(const aatgs_runtime *rt)
{
  return rt->workload;
}

aatgs_event_receiver *aatgs_events(aatgs_runtime *rt)
{
  return rt->events;
}

const aatgs_performance_snapshot *aatgs_performance_history(const aatgs_runtime *rt, size_t *count)
{
  return aatgs_scheduler_performance_history(rt->scheduler, count);
}

int aatgs_record_reward(aatgs_runtime *rt, uint32_t phase_id, float reward)
{
  const aatgs_phase_metrics metrics = {.phase_id = phase_id, .reward = reward};
  aatgs_telemetry_record_phase_metrics(aatgs_scheduler_collector(rt->scheduler), &metrics);
  return 0;
}

void aatgs_get_runtime_info(aatgs_runtime *rt, aatgs_runtime_info *info)
{
  (void)aatgs_pump(rt); /* an error shows with the next submit or poll */
  info->device = rt->device->ops->kind;
  info->device_name = rt->device->name;
  info->ring = rt->device->window ? AATGS_RING_DEVICE : AATGS_RING_HOST;
  info->workers = rt->device->workers;
  info->bus_bytes = rt->device->bus_bytes;
  info->device_bytes = rt->device->device_bytes;
  info->host_bytes = rt->host_bytes + info->bus_bytes + info->device_bytes;
  info->digest = rt->digest;
  info->recorded = rt->recorded;
  info->lost = rt->recorder ? aatgs_recorder_lost(rt->recorder) : 0;
  info->committed = rt->recorder ? aatgs_recorder_committed(rt->recorder) : 0;
  info->saved = rt->recorder ? aatgs_recorder_saved(rt->recorder) : 0;
  info->recording = rt->recorder ? aatgs_recorder_error(rt->recorder) : 0;
}
