/* The scheduler as the runtime and the replayer drive it: a state machine,
 * (state, event) -> (state, decisions). It reads no clock, no ring and no
 * environment, so the same events always lead to the same plans. The public
 * face of the same core is in aatgs.h. */
#ifndef AATGS_SCHEDULER_H
#define AATGS_SCHEDULER_H

#include "host/aatgs.h"
#include "trace/trace.h"

typedef enum aatgs_sched_event_kind {
  AATGS_SCHED_SUBMITTED = 1, /* an iteration was posted */
  AATGS_SCHED_DONE = 2,      /* all timings of an iteration are there, in order of iterations */
  AATGS_SCHED_TICK = 3,      /* time went by */
  AATGS_SCHED_LOST = 4,      /* the device is gone */
  AATGS_SCHED_QUEUED = 5,    /* a config was queued on the host */
  AATGS_SCHED_CANCELLED = 6, /* the queued configs were thrown away */
  AATGS_SCHED_RESUMED = 7,   /* the caller goes on after a stop */
  AATGS_SCHED_INTERVAL = 8   /* the caller set the interval between performance snapshots */
} aatgs_sched_event_kind;

typedef struct aatgs_sched_event {
  aatgs_sched_event_kind kind;
  union {
    struct {
      uint32_t config_waiting;    /* configs in the host's queue, before a flush */
      uint32_t telemetry_waiting; /* finished iterations the caller has not read */
    } submitted;
    struct {
      const aatgs_graph *graph;
      const aatgs_timing *timings; /* every part of every task */
      uint32_t count;
      uint32_t status;           /* aatgs_status */
      uint32_t detail;           /* the failed task */
      uint64_t start_ns, end_ns; /* device clock */
    } done;
    struct {
      uint64_t now_ns;
    } tick;
    struct {
      uint32_t config_waiting; /* with this one */
    } queued;
    struct {
      uint64_t ns;
    } interval;
  } u;
} aatgs_sched_event;

/* Takes an event; never fails, allocates nothing once a graph of that size was planned. Returns
 * true when aatgs_scheduler_plan() may now answer differently. A TICK takes a performance
 * snapshot when the interval is over. */
bool aatgs_scheduler_handle(aatgs_scheduler *scheduler, const aatgs_sched_event *event);
/* The order in which the tasks of `graph` (checked, repeating or a one-shot component) are
 * to run: task_at[rank], most urgent first, a topological order; priority_x1000[task]. A
 * function of the events so far alone. */
int aatgs_scheduler_plan(aatgs_scheduler *scheduler, const aatgs_graph *graph, uint32_t *task_at,
                         uint32_t *priority_x1000);

/* Bytes it has taken so far. */
size_t aatgs_scheduler_bytes(const aatgs_scheduler *scheduler);

/* Where the scheduler's events come from, for records of the runtime's own (rewards). */
aatgs_telemetry *aatgs_scheduler_collector(aatgs_scheduler *scheduler);

#endif
