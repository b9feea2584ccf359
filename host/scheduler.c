/* The scheduler driven by hand: tasks in, the most urgent one out. */
#include "host/scheduler_internal.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_BUFFERED 1024u
#define HISTORY_MAX     (1u << 20)
#define SLOTS_MAX       (1u << 20)
#define TASKS_MAX       (1u << 28)

/* ---- Opening ---- */

static void on_ready(void *user, uint32_t index)
{
  aatgs_scheduler *s = user;
  const aatgs_node *node = &s->graph->nodes[index];

  if (s->policy->ranks && s->rank[index] == 0) /* it is being added */
    aatgs_ranks_start(s, index);
  aatgs_lanes_push(&s->ready, index,
                   AATGS_LANE(aatgs_graph_type(s->graph, node)->role, node->estimate_ns),
                   aatgs_ranks_key(s, index));
}

static void on_unready(void *user, uint32_t index)
{
  aatgs_scheduler *s = user;
  aatgs_lanes_remove(&s->ready, index);
}

static int read_options(const aatgs_scheduler_options *options, aatgs_scheduler_options *o)
{
  *o = (aatgs_scheduler_options)AATGS_SCHEDULER_OPTIONS_INIT;
  if (options) {
    if (options->size < sizeof(size_t) || options->size > sizeof *o)
      return AATGS_EINVAL;
    memcpy(o, options, options->size);
  }
  if (o->config_slots < 1 || o->config_slots > SLOTS_MAX || o->telemetry_slots < 1 ||
      o->telemetry_slots > SLOTS_MAX || o->history < 1 || o->history > HISTORY_MAX ||
      o->snapshot_interval_ns < 1 || o->workers < 1 || o->workers > AATGS_WORKERS_LIMIT ||
      o->tasks_max > TASKS_MAX || o->edges_max > TASKS_MAX || (!o->tasks_max && o->edges_max))
    return AATGS_EINVAL;
  if (!aatgs_policy_find(o->policy)) {
    aatgs_log_error("no scheduling policy is called \"%s\"; there are: %s",
                    o->policy ? o->policy : "", aatgs_policy_names());
    return AATGS_ENOTFOUND;
  }
  return 0;
}

/* Twice the tasks: one-shot tasks keep their places for a while after they are done. */
static int reserve_all(aatgs_scheduler *s, const aatgs_scheduler_options *o)
{
  uint32_t slots = 2 * o->tasks_max + 2048, edges = o->edges_max ? o->edges_max : 4 * o->tasks_max;
  int rc = aatgs_graph_reserve(s->graph, slots, 2 * edges + 8192);

  if (rc == 0)
    rc = aatgs_lanes_reserve(&s->ready, slots);
  if (rc == 0)
    rc = aatgs_ranks_reserve(s, slots);
  if (rc != 0)
    return rc;
  memset(s->ready.links, 0, s->ready.capacity * sizeof *s->ready.links);
  if (s->rank)
    memset(s->rank, 0, s->rank_capacity * sizeof *s->rank);
  s->tasks_max = o->tasks_max;
  return 0;
}

static int open_parts(aatgs_scheduler *s, const aatgs_scheduler_options *o,
                      aatgs_event_receiver **receiver)
{
  int rc = aatgs_telemetry_open(EVENTS_BUFFERED, &s->collector, receiver);
  if (rc == 0)
    rc = aatgs_config_ring_open(s->workload->config_bytes ? s->workload->config_bytes : 1,
                                o->config_slots, &s->configs);
  if (rc == 0)
    rc = aatgs_graph_open(s->workload, &s->graph);
  if (rc == 0)
    rc = aatgs_lanes_open(&s->ready, s->policy->ranks);
  if (rc == 0)
    rc = aatgs_lanes_open(&s->plan_ready, false);
  if (rc == 0)
    rc = aatgs_lanes_reserve(&s->ready, 1024);
  if (rc == 0 && !(s->ratios = calloc(s->workload->type_count + 1, sizeof *s->ratios)))
    rc = AATGS_ENOMEM;
  if (rc == 0 && o->tasks_max)
    rc = reserve_all(s, o);
  if (rc == 0 && !(s->snapshots = calloc(2 * o->history, sizeof *s->snapshots)))
    rc = AATGS_ENOMEM;
  return rc;
}

int aatgs_scheduler_open(const struct aatgs_workload *workload,
                         const aatgs_scheduler_options *options, aatgs_scheduler **out,
                         aatgs_event_receiver **receiver)
{
  aatgs_scheduler_options o;
  aatgs_event_receiver *events = NULL;
  aatgs_scheduler *s;
  int rc;

  if (receiver)
    *receiver = NULL;
  if (!out)
    return AATGS_EINVAL;
  *out = NULL;
  rc = workload ? read_options(options, &o) : AATGS_EINVAL;
  if (rc != 0)
    return rc;
  s = calloc(1, sizeof *s);
  if (!s)
    return AATGS_ENOMEM;
  s->workload = workload;
  s->policy = aatgs_policy_find(o.policy);
  s->telemetry_slots = o.telemetry_slots;
  s->history = o.history;
  s->workers = o.workers;
  s->interval_ns = o.snapshot_interval_ns;
  s->deadline_ns = o.deadline_ns;
  rc = open_parts(s, &o, &events);
  if (rc != 0) {
    aatgs_scheduler_close(s);
    return rc;
  }
  s->graph->on_ready = on_ready;
  s->graph->on_unready = on_unready;
  s->graph->on_ready_user = s;
  s->graph->many_downloads = true;
  aatgs_scheduler_refresh(s);
  *out = s;
  if (receiver)
    *receiver = events;
  return 0;
}

size_t aatgs_scheduler_bytes(const aatgs_scheduler *s)
{
  return sizeof *s + aatgs_telemetry_bytes(s->collector) +
         aatgs_config_ring_capacity(s->configs) * s->workload->config_bytes +
         2 * s->history * sizeof *s->snapshots + aatgs_lanes_bytes(&s->ready) +
         aatgs_lanes_bytes(&s->plan_ready) + s->plan_capacity * sizeof *s->plan_waits +
         s->rank_capacity * sizeof *s->rank;
}

void aatgs_scheduler_close(aatgs_scheduler *s)
{
  if (!s)
    return;
  aatgs_telemetry_close(s->collector);
  aatgs_config_ring_close(s->configs);
  aatgs_graph_close(s->graph);
  free(s->snapshots);
  aatgs_lanes_close(&s->ready);
  aatgs_lanes_close(&s->plan_ready);
  free(s->rank);
  free(s->ratios);
  free(s->plan_waits);
  aatgs_known_close(&s->known);
  free(s);
}

/* ---- Tasks ---- */

/* One-shot tasks go when they are many and most of what is there: amortized, a few
 * nanoseconds each. */
static void retire_once(aatgs_scheduler *s, bool now)
{
  uint32_t shift;

  if (!now && (s->once_completed < 1024 || s->once_completed < s->graph->live / 2))
    return;
  aatgs_graph_drop_completed(s->graph, true, now, &shift);
  if (shift) {
    aatgs_lanes_rebase(&s->ready, shift, s->graph->count);
    aatgs_ranks_rebase(s, shift, s->graph->count);
  }
  s->once_completed = 0;
}

int aatgs_scheduler_add_task(aatgs_scheduler *s, const aatgs_task_options *options,
                             const uint32_t *dependencies, size_t count, uint32_t *id)
{
  uint32_t added, index;
  int rc;

  if (s->tasks_max && s->graph->live - s->once_completed >= s->tasks_max)
    return AATGS_ELIMIT;
  if (s->graph->count == s->graph->slots_max)
    retire_once(s, true);
  index = s->graph->count;
  rc = aatgs_lanes_reserve(&s->ready, index + 1);
  if (rc == 0)
    rc = aatgs_ranks_reserve(s, index + 1);
  if (rc != 0)
    return rc;
  if (s->policy->ranks)
    s->rank[index] = 0;
  rc = aatgs_graph_add_task(s->graph, options, dependencies, count, &added);
  if (rc != 0)
    return rc;
  if (s->policy->ranks) {
    if (s->rank[index] == 0)
      aatgs_ranks_start(s, index);
    aatgs_ranks_add(s, index);
  }
  s->estimate_ns += aatgs_graph_node(s->graph, added)->estimate_ns;
  if (id)
    *id = added;
  return 0;
}

/* "2.0", "0.7", "1.05". */
static const char *priority_text(uint32_t x1000, char text[16])
{
  size_t end = (size_t)snprintf(text, 16, "%u.%03u", x1000 / 1000, x1000 % 1000);
  while (text[end - 1] == '0' && text[end - 2] != '.')
    text[--end] = 0;
  return text;
}

void aatgs_scheduler_log_decision(const aatgs_graph *graph, uint32_t index, uint32_t priority_x1000)
{
  char name[AATGS_NAME_CAPACITY], priority[16];
  if (aatgs_log_enabled(AATGS_LOG_DEBUG))
    aatgs_log_write(AATGS_LOG_DEBUG, "Scheduling task %s (priority: %s)",
                    aatgs_names_get(graph, index, name), priority_text(priority_x1000, priority));
}

/* The factor, and where the policy ranks, weighed with the rank's share in the highest rank
 * handed out since nothing was ready. */
static uint32_t priority_of(aatgs_scheduler *s, uint32_t index)
{
  uint64_t priority = s->lane_factor[aatgs_lanes_lane(&s->ready, index)];

  if (s->policy->ranks) {
    uint64_t key = aatgs_ranks_key(s, index);
    s->rank_max = key > s->rank_max ? key : s->rank_max;
    priority = s->rank_max ? key * priority / s->rank_max : priority;
  }
  return priority ? (uint32_t)priority : 1;
}

bool aatgs_scheduler_schedule_next(aatgs_scheduler *s, aatgs_scheduled_task *out)
{
  aatgs_node *node;
  uint32_t index;

  if (s->stopped)
    return false;
  aatgs_ranks_refresh_if_stale(s);
  index = aatgs_lanes_pop(&s->ready, s->lane_factor);
  if (index == AATGS_NONE) {
    s->rank_max = 0;
    return false;
  }
  node = &s->graph->nodes[index];
  node->flags &= (uint8_t)~AATGS_NODE_QUEUED;
  s->graph->ready_count--;
  *out = (aatgs_scheduled_task){.task_id = s->graph->base + index,
                                .task_type = node->type,
                                .priority_x1000 = priority_of(s, index),
                                .estimated_duration_us = node->estimate_ns / 1000};
  aatgs_scheduler_log_decision(s->graph, index, out->priority_x1000);
  return true;
}

uint64_t aatgs_scheduler_estimate_completion_time_ns(const aatgs_scheduler *s)
{
  return s->estimate_ns;
}

int aatgs_scheduler_mark_task_started(aatgs_scheduler *s, uint32_t task)
{
  int rc = aatgs_graph_mark_started(s->graph, task);
  if (rc == 0)
    s->estimate_ns -= aatgs_graph_node(s->graph, task)->estimate_ns;
  return rc;
}

int aatgs_scheduler_mark_task_completed(aatgs_scheduler *s, uint32_t task, uint64_t duration_ns)
{
  const aatgs_node *node;
  int rc = aatgs_graph_mark_complete(s->graph, task, duration_ns);

  if (rc != 0)
    return rc;
  node = aatgs_graph_node(s->graph, task);
  aatgs_scheduler_note_completion(s, task, duration_ns);
  aatgs_ranks_learn(s, node->type, node->estimate_ns, duration_ns);
  if (node->flags & AATGS_NODE_ONCE) {
    s->once_completed++;
    retire_once(s, false);
  }
  return 0;
}

int aatgs_scheduler_add_dependency(aatgs_scheduler *s, uint32_t task, uint32_t depends_on)
{
  const aatgs_node *from = aatgs_graph_node(s->graph, depends_on);
  int rc;

  /* Only on earlier tasks: so there is never a cycle. */
  if (from && task - s->graph->base <= depends_on - s->graph->base)
    return AATGS_EINVAL;
  rc = aatgs_graph_add_dependency(s->graph, task, depends_on);
  if (rc == 0)
    aatgs_ranks_add(s, task - s->graph->base);
  return rc;
}

const aatgs_graph *aatgs_scheduler_task_graph(const aatgs_scheduler *s)
{
  return s->graph;
}

/* ---- Configs ---- */

bool aatgs_scheduler_queue_config(aatgs_scheduler *s, const void *config)
{
  bool queued = aatgs_config_ring_push(s->configs, config);
  s->config_waiting = aatgs_config_ring_len(s->configs);
  aatgs_scheduler_refresh(s);
  if (queued && s->config_waiting == (aatgs_config_ring_capacity(s->configs) + 1) / 2)
    aatgs_scheduler_decide(s, AATGS_DECISION_FLUSH, 0, s->config_waiting);
  return queued;
}

bool aatgs_scheduler_next_config(aatgs_scheduler *s, void *config)
{
  bool taken = aatgs_config_ring_pop(s->configs, config);
  s->config_waiting = aatgs_config_ring_len(s->configs);
  aatgs_scheduler_refresh(s);
  return taken;
}

size_t aatgs_scheduler_cancel_configs(aatgs_scheduler *s)
{
  size_t waiting = aatgs_config_ring_len(s->configs);
  aatgs_config_ring_clear(s->configs);
  s->config_waiting = 0;
  aatgs_scheduler_refresh(s);
  return waiting;
}

void aatgs_scheduler_set_telemetry_waiting(aatgs_scheduler *s, size_t waiting)
{
  s->telemetry_waiting = waiting;
  aatgs_scheduler_refresh(s);
}
