/* The replayer's inside:
 *   replay.c           the run through the trace
 *   replay_open.c      the trace, the range, inputs and limits
 *   replay_device.c    feeding a device with what was recorded
 *   replay_verdict.c   what the device computed against what was recorded
 *   replay_schedule.c  what the scheduler decides against what was recorded
 *   replay_confirm.c   a second look at a difference, and at the state
 *   replay_explain.c   which word makes a digest differ
 *   walk.c             to any iteration and back, for debuggers */
#ifndef AATGS_REPLAY_H
#define AATGS_REPLAY_H

#include "device/state.h"
#include "host/runtime.h"

/* An iteration, copied. */
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
  uint64_t epoch;     /* 0: no plan yet */
  uint32_t same_plan; /* the recorded plan that was found to be the same, 0: none */
  uint32_t *task_at;
  uint32_t *priority_x1000;
} aatgs_replay_graph_entry;

#define AATGS_REPLAY_GRAPHS 64u

typedef struct aatgs_replay_state {
  const aatgs_replay_options *options;
  aatgs_replay_report *report;
  aatgs_error *error;
  uint32_t check; /* aatgs_check, resolved */
  aatgs_trace *trace;
  const aatgs_trace_info *info;
  const struct aatgs_workload *workload;
  bool closed;
  uint64_t first; /* range to compare */
  uint64_t last;
  uint64_t start; /* first iteration to run: at a snapshot */
  uint64_t total; /* iterations in the range */

  /* The device's side. */
  uint64_t *marks; /* iterations that have a snapshot, rising */
  size_t mark_count;
  uint8_t *staging; /* the snapshot to start from */
  size_t staging_bytes;
  aatgs_runtime *rt;
  uint32_t slots_max; /* command slots of the runtime */
  aatgs_replay_slot slots[AATGS_REPLAY_GRAPHS];
  aatgs_stop *stop;  /* see aatgs_replay_source */
  aatgs_kept *found; /* NULL, or gets what the device came to last */
  aatgs_kept *kept;  /* by iteration & (kept_count - 1) */
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
/* Copies an iteration; its strings and arrays then belong to `k`. AATGS_ENOMEM. */
int aatgs_replay_keep(const aatgs_trace_info *info, const aatgs_iteration *it, aatgs_kept *k);

/* ---- replay_open.c ------------------------------------------------------------------ */

/* Opens the trace, loads the workload, finds the range, opens the scheduler if it is checked. */
int aatgs_replay_open(aatgs_replay_state *s);
/* Looks for what was recorded since: range, snapshots, graphs. */
int aatgs_replay_refresh(aatgs_replay_state *s);
void aatgs_replay_close(aatgs_replay_state *s);
/* The recorded inputs in the order of the workload's input kinds. */
int aatgs_replay_inputs(aatgs_replay_state *s, aatgs_input *inputs);
/* Takes a graph of the trace into account: among `graphs`, by number, and in the limits. */
int aatgs_replay_add_graph(aatgs_replay_state *s, const aatgs_trace_graph *description);
/* Limits that every graph of the trace fits in. */
void aatgs_replay_limits(const aatgs_replay_state *s, aatgs_options *options);
/* A new copy of a recorded graph. */
int aatgs_replay_graph(aatgs_replay_state *s, uint32_t number, aatgs_graph **out);

/* ---- replay_device.c ------------------------------------------------------------------- */

/* The newest snapshot that iteration `iteration` can be reached from: s->start and s->staging. */
int aatgs_replay_find_start(aatgs_replay_state *s, uint64_t iteration);
/* Opens the runtime in the state of s->staging, before iteration s->start. */
int aatgs_replay_start(aatgs_replay_state *s);
void aatgs_replay_stop(aatgs_replay_state *s);
/* Posts the iteration, which is kept, as soon as there is room. */
int aatgs_replay_feed(aatgs_replay_state *s, const aatgs_iteration *it);
/* Waits for all that was posted. */
int aatgs_replay_drain(aatgs_replay_state *s);
/* The runtime's error, unless the replay has set its own. */
int aatgs_replay_error(aatgs_replay_state *s, int rc);

/* ---- replay_verdict.c ------------------------------------------------------------------ */

/* Compares what the device computed with what was recorded. AATGS_EDIVERGED with the report
 * filled in. */
int aatgs_replay_compare(aatgs_replay_state *s, const aatgs_iteration *expected,
                         const aatgs_iteration *found);
/* For the verdicts: notes a difference; the first one stays. Field, and from one format the two
 * values "expected|found". Returns AATGS_EDIVERGED, or 0 when the replay is to go on. */
int aatgs_replay_differs(aatgs_replay_state *s, const char *what, uint64_t iteration,
                         const char *field, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Names the task in the report, unless it has a difference already. */
void aatgs_replay_name_task(aatgs_replay_state *s, uint32_t graph, uint32_t task, uint32_t part);

/* ---- replay_schedule.c ------------------------------------------------------------------ */

/* Gives the scheduler the events that came before this iteration's submission, and compares its
 * decisions with the recorded ones. AATGS_EDIVERGED likewise. */
int aatgs_replay_schedule(aatgs_replay_state *s, const aatgs_iteration *it);

/* ---- replay_confirm.c --------------------------------------------------------------------- */

/* A difference was found: replays once more from the nearest snapshot, looks at the state, and
 * gathers what was recorded around it. Never fails: what it cannot find out is left open. */
void aatgs_replay_confirm(const aatgs_replay_options *options, aatgs_replay_report *report);

/* ---- replay_explain.c ---------------------------------------------------------------------- */

typedef struct aatgs_explained {
  uint32_t region;
  uint64_t word; /* index, in elements */
  uint64_t expected;
  uint64_t found;
} aatgs_explained;

/* Looks for the one element that, changed by one bit or by one, makes a part's digest `expected`
 * instead of `found`; `whole` when the digest covers regions (a closing record of
 * AATGS_DIGEST_FULL) and not only writes. `staging` is the state afterwards, `mask` the regions to
 * look at. False: there is none, or more than one. */
bool aatgs_explain_digest(const aatgs_trace_info *info, const uint8_t *staging, uint64_t mask,
                          bool whole, uint32_t expected, uint32_t found, aatgs_explained *out);
/* The first element in which two states differ; `region` is where it lies in info->regions. */
bool aatgs_first_difference(const aatgs_trace_info *info, const uint8_t *expected,
                            const uint8_t *found, aatgs_explained *out);

#endif
