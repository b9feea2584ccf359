/* The scheduler's inside, for host/scheduler*.c. */
#ifndef AATGS_SCHEDULER_INTERNAL_H
#define AATGS_SCHEDULER_INTERNAL_H

#include "host/graph_internal.h"
#include "host/log.h"
#include "host/scheduler.h"
#include "host/scheduler_learn.h"

/* ---- The ready queue (scheduler_queue.c) ---- */

/* Where a task stands: a doubly linked list for each lane, oldest first. */
typedef struct aatgs_lane_link {
  uint32_t next;
  uint32_t previous;
  uint32_t ready_at; /* running number; the difference of two tells which is older */
  uint32_t lane;
} aatgs_lane_link;

typedef struct aatgs_lane_queue {
  aatgs_lane_link *links; /* by task */
  uint32_t capacity;
  uint32_t clock;
  uint32_t head[AATGS_LANES];
  uint32_t tail[AATGS_LANES];
} aatgs_lane_queue;

void aatgs_lanes_clear(aatgs_lane_queue *queue);
/* Room for tasks 0 .. count - 1. */
int aatgs_lanes_reserve(aatgs_lane_queue *queue, uint32_t count);
void aatgs_lanes_push(aatgs_lane_queue *queue, uint32_t index, uint32_t lane);
void aatgs_lanes_remove(aatgs_lane_queue *queue, uint32_t index);
/* Takes the oldest task of the most urgent lanes; AATGS_NONE when the queue is empty. */
uint32_t aatgs_lanes_pop(aatgs_lane_queue *queue, const uint32_t *lane_priority);
/* All indices move down by shift; `count` tasks are left. */
void aatgs_lanes_rebase(aatgs_lane_queue *queue, uint32_t shift, uint32_t count);

/* ---- The scheduler ---- */

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
  aatgs_rule_inputs inputs;            /* follow from the two and the latest snapshot */
  uint32_t lane_priority[AATGS_LANES]; /* follow from the inputs */

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
  uint64_t estimate_ns;    /* of pending and ready tasks */
  uint32_t once_completed; /* one-shot tasks that wait to be retired */

  /* Graphs planned, for policies that rank. */
  aatgs_known_graphs known;

  /* Scratch of aatgs_scheduler_plan(). */
  aatgs_lane_queue plan_ready;
  uint32_t *plan_waits;
  uint32_t plan_capacity;
};

/* Looks at the fills and the latest snapshot; true when a priority changed. */
bool aatgs_scheduler_refresh(aatgs_scheduler *s);
/* Counts a finished task towards the next snapshot and sends its event. */
void aatgs_scheduler_note_completion(aatgs_scheduler *s, uint32_t task, uint64_t duration_ns);
void aatgs_scheduler_log_decision(const aatgs_graph *graph, uint32_t index,
                                  uint32_t priority_x1000);

#endif
