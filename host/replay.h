/* The replayer's inside:
 *   replay.c          the run through the trace, feeding the device
 *   replay_open.c     the trace, the range, inputs and limits
 *   replay_verdict.c  the two comparisons: decisions, and what the device computed */
#ifndef AATGS_REPLAY_H
#define AATGS_REPLAY_H

#include "host/runtime.h"

/* A recorded iteration, copied. */
typedef struct aatgs_kept {
  aatgs_iteration it;
  aatgs_timing *timings;
  uint32_t capacity;
  uint8_t telemetry[AATGS_TELEMETRY_BYTES_MAX];
  uint8_t config[AATGS_CONFIG_BYTES_MAX];
} aatgs_kept;

/* A recorded graph on the device. */
typedef struct aatgs_replay_slot {
  uint32_t number;  /* in the trace; 0: none */
  uint32_t sent_as; /* in this runtime */
  uint32_t plan;    /* recorded plan in force, 0: none */
} aatgs_replay_slot;

/* A recorded graph for the scheduler, with the plan that it last made for it. */
typedef struct aatgs_replay_graph_entry {
  uint32_t number;
  aatgs_graph *graph;
  uint64_t epoch; /* 0: no plan yet */
  uint32_t *task_at;
  uint32_t *priority_x1000;
} aatgs_replay_graph_entry;

typedef struct aatgs_replay_state {
  const aatgs_replay_options *options;
  aatgs_replay_report *report;
  aatgs_error *error;
  aatgs_trace *trace;
  const aatgs_trace_info *info;
  const struct aatgs_workload *workload;
  uint64_t first; /* range to compare */
  uint64_t last;
  uint64_t start; /* first iteration to run: at a snapshot */
  uint64_t total; /* iterations in the range */
  uint64_t snapshots;
  uint8_t *staging;
  size_t staging_bytes;
  aatgs_runtime *rt;
  aatgs_replay_slot slots[64];

  aatgs_kept *kept; /* by iteration & (kept_count - 1) */
  uint64_t kept_count;

  /* The scheduler's side. */
  aatgs_scheduler *scheduler; /* NULL: its verdict cannot be given (any more) */
  uint64_t trace_first;
  uint64_t done; /* iterations it has seen complete */
  uint64_t epoch;
  uint64_t next_tick;
  uint64_t next_expected; /* iteration */
  aatgs_replay_graph_entry *graphs;
  size_t graph_count;
  uint32_t tasks_max; /* over the graphs of the trace */
  uint32_t edges_max;
  uint32_t records_max;
} aatgs_replay_state;

/* NULL when that iteration is not kept. */
aatgs_kept *aatgs_replay_kept(aatgs_replay_state *s, uint64_t iteration);

/* ---- replay_open.c ------------------------------------------------------------------ */

/* Opens the trace, loads the workload, finds range and snapshot, opens the scheduler. */
int aatgs_replay_open(aatgs_replay_state *s);
void aatgs_replay_close(aatgs_replay_state *s);
/* The recorded inputs in the order of the workload's input kinds. */
int aatgs_replay_inputs(aatgs_replay_state *s, aatgs_input *inputs);
/* Limits that every graph of the trace fits in. */
void aatgs_replay_limits(const aatgs_replay_state *s, aatgs_options *options);
/* A new copy of a recorded graph. */
int aatgs_replay_graph(aatgs_replay_state *s, uint32_t number, aatgs_graph **out);

/* ---- replay_verdict.c ------------------------------------------------------------------ */

/* Gives the scheduler the events that came before this iteration's submission, and compares its
 * plan with the recorded one. AATGS_EDIVERGED with the report filled in. */
int aatgs_replay_schedule(aatgs_replay_state *s, const aatgs_iteration *it);
/* Compares what the device computed with what was recorded. AATGS_EDIVERGED likewise. */
int aatgs_replay_compare(aatgs_replay_state *s, const aatgs_iteration *expected,
                         const aatgs_iteration *found);

#endif
