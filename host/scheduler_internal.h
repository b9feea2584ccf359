/* The scheduler's inside, for host/scheduler*.c. */
#ifndef AATGS_SCHEDULER_INTERNAL_H
#define AATGS_SCHEDULER_INTERNAL_H

#include "host/graph_internal.h"
#include "host/log.h"
#include "host/scheduler.h"
#include "host/scheduler_learn.h"
#include "host/scheduler_queue.h"

/* ---- The scheduler ---- */

#define AATGS_DECISIONS_KEPT 256u

struct aatgs_scheduler {
  const struct aatgs_workload *workload;
  const aatgs_policy *policy;
  aatgs_telemetry *collector;
  aatgs_config_ring *configs;
  size_t telemetry_slots;
  size_t history;
  uint32_t workers;

  /* Told by events. */
  uint64_t config_waiting;
  uint64_t telemetry_waiting;
  aatgs_rule_inputs inputs;          /* follow from the two and the latest snapshot */
  uint32_t lane_factor[AATGS_LANES]; /* follow from the inputs */

  /* The window of the next performance snapshot. */
  bool ticked;
  uint64_t window_start_ns;
  uint64_t window_busy_ns;
  uint64_t window_task_ns;
  uint64_t window_tasks;
  uint64_t interval_ns;
  uint64_t tasks_completed;
  /* The history slides along an array of twice its length. */
  aatgs_performance_snapshot *snapshots;
  size_t snapshot_first;
  size_t snapshot_count;

  /* Tasks added by hand. */
  aatgs_graph *graph;
  aatgs_lane_queue ready;
  uint64_t *rank; /* by task, when the policy ranks */
  uint32_t rank_capacity;
  uint32_t ranks_stale;    /* how much the ranks may be behind */
  uint64_t rank_max;       /* of the tasks handed out since the queue was empty */
  aatgs_estimator *ratios; /* by type, then one for all: duration / estimate */
  uint32_t tasks_max;      /* 0: none */
  bool stopped;
  uint64_t estimate_ns;    /* of pending and ready tasks */
  uint32_t once_completed; /* one-shot tasks that wait to be retired */

  aatgs_decision decisions[AATGS_DECISIONS_KEPT];
  uint32_t decision_first;
  uint32_t decision_count;
  uint64_t decisions_dropped;
  uint64_t deadline_ns;
  uint64_t overruns;

  /* Graphs planned, for policies that rank. */
  aatgs_known_graphs known;

  /* Scratch of aatgs_scheduler_plan(). */
  aatgs_lane_queue plan_ready;
  uint32_t *plan_waits;
  uint32_t plan_capacity;
};

/* ---- scheduler_rank.c: nothing happens unless the policy ranks ---- */

int aatgs_ranks_reserve(aatgs_scheduler *s, uint32_t count);
/* The task at `index` begins with what it takes itself ... */
void aatgs_ranks_start(aatgs_scheduler *s, uint32_t index);
/* ... and then makes its ancestors' ranks grow. */
void aatgs_ranks_add(aatgs_scheduler *s, uint32_t index);
/* What the ready queue orders the task by: its rank, or what a user's policy makes of it. */
uint64_t aatgs_ranks_key(const aatgs_scheduler *s, uint32_t index);
/* What a task is assumed to take. */
uint64_t aatgs_ranks_assumed_ns(const aatgs_scheduler *s, const aatgs_node *node);
void aatgs_ranks_refresh_if_stale(aatgs_scheduler *s);
void aatgs_ranks_learn(aatgs_scheduler *s, uint32_t type, uint64_t estimate_ns,
                       uint64_t duration_ns);
void aatgs_ranks_rebase(aatgs_scheduler *s, uint32_t shift, uint32_t count);

/* ---- scheduler_failure.c ---- */

/* The task has failed for good; its dependents will not run. */
void aatgs_scheduler_give_up(aatgs_scheduler *s, uint32_t task, bool stops);
void aatgs_scheduler_decide(aatgs_scheduler *s, aatgs_decision_kind kind, uint32_t task,
                            uint64_t value);

/* ---- The others ---- */

/* Bytes a collector has taken (telemetry.c). */
size_t aatgs_telemetry_bytes(const aatgs_telemetry *telemetry);

#define AATGS_URGENCY_MAX (UINT64_C(1) << 40)
/* A user's policy asked about one task. */
uint64_t aatgs_scheduler_urgency(const aatgs_scheduler *s, const aatgs_graph *graph, uint32_t index,
                                 uint64_t rank_ns);
/* Looks at the fills and the latest snapshot; true when a priority changed. */
bool aatgs_scheduler_refresh(aatgs_scheduler *s);
/* Counts a finished task towards the next snapshot and sends its event. */
void aatgs_scheduler_note_completion(aatgs_scheduler *s, uint32_t task, uint64_t duration_ns);
void aatgs_scheduler_log_decision(const aatgs_graph *graph, uint32_t index,
                                  uint32_t priority_x1000);

#endif
