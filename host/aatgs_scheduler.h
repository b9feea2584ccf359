/* The adaptive scheduler, to be driven by hand: the part of aatgs.h about deciding. Include
 * aatgs.h, which includes this. */
#ifndef AATGS_AATGS_SCHEDULER_H
#define AATGS_AATGS_SCHEDULER_H

#include "aatgs.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* The state machine that decides order and priorities. It reads no clock: time comes in. The
 * runtime drives one; this interface drives the same core by hand. */
typedef struct aatgs_scheduler aatgs_scheduler;

typedef struct aatgs_scheduler_options {
  size_t size;
  size_t config_slots; /* capacity of the config queue */
  size_t telemetry_slots;
  size_t history;                /* performance snapshots kept */
  uint64_t snapshot_interval_ns; /* between performance snapshots */
  const char *policy;            /* "adaptive", "critical-path", "original", "fifo" or one's own */
  uint32_t workers;              /* of the device, for utilization */
  /* Tasks and dependencies added by hand that may wait or run at a time: memory for them is taken
   * at opening, and none later (names that are given apart). 0: it grows as needed. */
  uint32_t tasks_max;
  uint32_t edges_max;
  uint64_t deadline_ns; /* an iteration that lasts longer is an overrun; 0: none is */
} aatgs_scheduler_options;
#define AATGS_SCHEDULER_OPTIONS_INIT                                                               \
  {                                                                                                \
    sizeof(aatgs_scheduler_options), 16, 64, 100, UINT64_C(100000000), "adaptive", 1, 0, 0, 0      \
  }
/* For large graphs: 64 config slots, 256 telemetry slots. */
#define AATGS_SCHEDULER_OPTIONS_LARGE                                                              \
  {                                                                                                \
    sizeof(aatgs_scheduler_options), 64, 256, 100, UINT64_C(100000000), "adaptive", 1, 0, 0, 0     \
  }

typedef struct aatgs_scheduled_task {
  uint32_t task_id;
  uint32_t task_type;
  uint32_t priority_x1000;
  uint64_t estimated_duration_us;
} aatgs_scheduled_task;

typedef struct aatgs_performance_snapshot {
  uint64_t timestamp_ns;
  uint64_t avg_task_duration_us;
  uint32_t gpu_utilization_x1000;
  uint32_t config_buffer_util_x1000;
  uint32_t telemetry_buffer_util_x1000;
  uint64_t tasks_completed;
} aatgs_performance_snapshot;

int aatgs_scheduler_open(const struct aatgs_workload *workload,
                         const aatgs_scheduler_options *options, aatgs_scheduler **out,
                         aatgs_event_receiver **receiver);
void aatgs_scheduler_close(aatgs_scheduler *scheduler);
int aatgs_scheduler_add_task(aatgs_scheduler *scheduler, const aatgs_task_options *options,
                             const uint32_t *dependencies, size_t count, uint32_t *id);
/* Lets a task that has not started wait for one that was added before it. AATGS_EINVAL,
 * AATGS_ENOTFOUND, AATGS_ELIMIT. */
int aatgs_scheduler_add_dependency(aatgs_scheduler *scheduler, uint32_t task, uint32_t depends_on);
/* Takes the most urgent ready task; false when none is ready, or all is stopped. Equals go in the
 * order they became ready. */
bool aatgs_scheduler_schedule_next(aatgs_scheduler *scheduler, aatgs_scheduled_task *out);
/* Re-reads the snapshots: with at least two, a mean utilization of the last five under 50 %
 * sets the snapshot interval to 50 ms, else to 100 ms. */
void aatgs_scheduler_adapt_priorities(aatgs_scheduler *scheduler);
/* Sum of the estimates of pending and ready tasks. */
uint64_t aatgs_scheduler_estimate_completion_time_ns(const aatgs_scheduler *scheduler);
/* When something will be done, by the list schedule on the workers there are. */
typedef struct aatgs_estimate {
  uint64_t expected_ns;
  uint64_t low_ns; /* nine in ten should lie between the two */
  uint64_t high_ns;
  uint32_t error_x1000; /* mean |actual / expected - 1| of the last estimates that came due */
  uint32_t samples;     /* how many those were; below 8 the interval is a guess, a factor of 4 */
} aatgs_estimate;

/* How long an iteration of a graph that was planned takes, or, with graph NULL, until all tasks
 * added by hand that can still run are done, those running now counted in full. Allocates.
 * AATGS_ENOTFOUND: the graph was not planned, or the policy does not rank. */
int aatgs_scheduler_estimate(aatgs_scheduler *scheduler, const aatgs_graph *graph,
                             aatgs_estimate *out);
int aatgs_scheduler_mark_task_started(aatgs_scheduler *scheduler, uint32_t task);
int aatgs_scheduler_mark_task_completed(aatgs_scheduler *scheduler, uint32_t task,
                                        uint64_t duration_ns);
/* The task becomes ready again while it has retries left, else it has failed for good. */
int aatgs_scheduler_mark_task_failed(aatgs_scheduler *scheduler, uint32_t task, const char *text);
/* The device is gone: what was running becomes ready again, and nothing is handed out until
 * aatgs_scheduler_resume(). */
void aatgs_scheduler_device_lost(aatgs_scheduler *scheduler);
void aatgs_scheduler_resume(aatgs_scheduler *scheduler);

/* What the scheduler decided beside the order of tasks. */
typedef enum aatgs_decision_kind {
  AATGS_DECISION_RETRY = 1,    /* task: it is ready again; value: retries left */
  AATGS_DECISION_GIVE_UP = 2,  /* task: failed for good, its dependents will not run */
  AATGS_DECISION_STOP = 3,     /* nothing more is handed out until aatgs_scheduler_resume() */
  AATGS_DECISION_FLUSH = 4,    /* value: configs that wait, half the queue: post them */
  AATGS_DECISION_INTERVAL = 5, /* value: the new interval between snapshots, ns */
  AATGS_DECISION_OVERRUN = 6   /* value: what an iteration took, ns, more than the deadline */
} aatgs_decision_kind;

typedef struct aatgs_decision {
  aatgs_decision_kind kind;
  uint32_t task;
  uint64_t value;
} aatgs_decision;

/* Takes the oldest decision; false when there is none. 256 are kept, the newest are dropped and
 * counted. */
bool aatgs_scheduler_next_decision(aatgs_scheduler *scheduler, aatgs_decision *out);
uint64_t aatgs_scheduler_decisions_dropped(const aatgs_scheduler *scheduler);
/* Iterations that missed the deadline. */
uint64_t aatgs_scheduler_overruns(const aatgs_scheduler *scheduler);
/* Copies a config (the workload's config_bytes) into the queue; false when it is full. */
bool aatgs_scheduler_queue_config(aatgs_scheduler *scheduler, const void *config);
bool aatgs_scheduler_next_config(aatgs_scheduler *scheduler, void *config);
/* Forgets the configs that wait; returns how many there were. */
size_t aatgs_scheduler_cancel_configs(aatgs_scheduler *scheduler);
/* Tells it how many telemetry records wait to be read. */
void aatgs_scheduler_set_telemetry_waiting(aatgs_scheduler *scheduler, size_t waiting);
/* Tells it the time and the busy time (sum of part durations) since the last call. When the
 * snapshot interval is over it takes a snapshot and adapts; returns whether it did. */
bool aatgs_scheduler_tick(aatgs_scheduler *scheduler, uint64_t now_ns, uint64_t busy_ns);
/* Snapshots, oldest first; *count of them. */
const aatgs_performance_snapshot *
aatgs_scheduler_performance_history(const aatgs_scheduler *scheduler, size_t *count);
/* The scheduler's own graph, to look at. */
const aatgs_graph *aatgs_scheduler_task_graph(const aatgs_scheduler *scheduler);
uint64_t aatgs_scheduler_snapshot_interval_ns(const aatgs_scheduler *scheduler);
int aatgs_scheduler_set_snapshot_interval_ns(aatgs_scheduler *scheduler, uint64_t interval_ns);

/* ---- A policy of one's own ---- */

/* What the original's rules look at. */
typedef struct aatgs_rule_inputs {
  bool config_low;     /* the host's config queue is under 30 % full */
  bool telemetry_high; /* more than 50 telemetry records wait */
  bool device_busy;    /* utilization of the latest snapshot is above 80 % */
} aatgs_rule_inputs;

typedef struct aatgs_policy_task {
  uint32_t type; /* index into the workload's types */
  uint32_t role; /* aatgs_task_role */
  uint32_t parts;
  uint64_t estimate_ns; /* as the task was added */
  uint64_t rank_ns;     /* the longest way from its start to the end, by the durations learned */
} aatgs_policy_task;

typedef struct aatgs_custom_policy {
  size_t size;
  const char *name; /* at most 31 bytes */
  void *user;
  /* How urgent a task is, 1..2^40, the highest goes first. It must depend on nothing but its
   * arguments, or replays will not decide alike. */
  uint64_t (*urgency)(void *user, const aatgs_policy_task *task, const aatgs_rule_inputs *inputs);
} aatgs_custom_policy;

/* Makes a policy known by its name, for schedulers opened from now on; at most 8 a process.
 * AATGS_EEXIST: the name is taken. AATGS_EINVAL, AATGS_ELIMIT. Any thread. */
int aatgs_policy_register(const aatgs_custom_policy *policy);

#if defined(__cplusplus)
}
#endif
#endif
