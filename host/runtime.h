/* The runtime's inside, shared by the files that make it up:
 *   open.c      options, inputs, set-up, opening and closing
 *   rings.c     the hot path: posting commands, reading telemetry and timings
 *   events.c    what the scheduler is told, what it decides
 *   numbered.c  graphs and plans in their table slots
 *   recording.c the recorder, and moments that go into the trace
 *   state.c     snapshots, restore, regions, the workload's texts
 *   eta.c       when what is in flight will be done
 *   state_interval.c  when the next snapshot goes into the trace
 *   pipeline.c  the original's interface on top of submit and poll
 *   watch.c     heartbeats and stuck tasks */
#ifndef AATGS_RUNTIME_H
#define AATGS_RUNTIME_H

#include "device/order.h"
#include "device/workload.h"
#include "host/aatgs.h"
#include "host/device.h"
#include "host/device_clock.h"
#include "host/graph.h"
#include "host/recorder.h"
#include "host/scheduler.h"
#include "host/scheduler_learn.h"
#include "trace/trace.h"

#include <pthread.h>

/* One iteration between submit and the caller's reading of it. */
typedef struct aatgs_flight {
  uint64_t iteration;
  uint64_t command; /* sequence number */
  uint64_t timing_base;
  uint64_t posted_ns;
  uint64_t seen_ns;
  uint64_t offset_ns; /* taken from the device's times to get the host's */
  uint64_t done_before;
  uint64_t model_ns; /* what it takes by the schedule of its plan, 0: not known */
  uint64_t eta_ns;   /* the same of all that was in flight, itself last */
  uint32_t config_waiting;
  uint32_t telemetry_waiting;
  uint32_t graph_slot; /* index into runtime.graphs */
  uint32_t plan;       /* number */
  union {
    aatgs_telemetry_record telemetry;
    uint32_t words[AATGS_TELEMETRY_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
  } u;
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4];
} aatgs_flight;

/* A graph in the table slot number % graphs_max. */
typedef struct aatgs_live_graph {
  aatgs_graph *graph; /* NULL: the slot is free */
  uint32_t number;
  uint32_t tasks;
  uint32_t records;
  uint32_t workers;        /* of its program, 0: it has none */
  bool fine;               /* see aatgs_graph_is_fine() */
  bool spreads;            /* any worker may run its program: AATGS_COMMAND_SPREAD */
  uint32_t plan;           /* number of the plan in force, 0: none yet */
  uint64_t plan_epoch;     /* runtime.epoch when it was made */
  uint64_t last_iteration; /* that ran it, 0: none */
  uint64_t command;        /* that sent it */
} aatgs_live_graph;

/* A plan in the table slot number % plans_max. */
typedef struct aatgs_live_plan {
  uint32_t number; /* 0: the slot is free */
  uint32_t graph;  /* number */
  uint32_t tasks;
  uint64_t last_iteration;
  uint64_t command;
  uint32_t *task_at; /* tasks_max */
  uint32_t *priority_x1000;
} aatgs_live_plan;

struct aatgs_runtime {
  const struct aatgs_workload *workload;
  aatgs_options options; /* strings are copies owned by the runtime */
  char *strings[5];
  aatgs_error error;
  aatgs_device *device;
  aatgs_device_clock clock;

  /* The rings, as addresses. */
  aatgs_bus *bus;
  aatgs_flit *commands;
  aatgs_flit *telemetry;
  aatgs_flit *timings;

  /* Positions, free-running. An iteration is posted, seen (its telemetry is in), complete (its
   * timings are in too) and read (by the caller), each in order. */
  uint64_t next_command;
  uint64_t consumed; /* commands known to be taken by the device */
  uint64_t first_iteration;
  uint64_t next_iteration;
  uint64_t next_seen;
  uint64_t next_complete;
  uint64_t next_read;
  uint64_t next_timing;
  uint64_t timing_credit; /* first timing record that is not complete */
  uint32_t timings_in;    /* of iteration next_complete, already read */
  uint64_t timings_wait_ns;
  aatgs_flight *flights;       /* telemetry_slots */
  aatgs_timing *timing_buffer; /* records of one iteration */
  uint32_t timing_capacity;
  uint32_t iteration_field; /* offset of the config's iteration field, UINT32_MAX: none */
  uint32_t iteration_field_bytes;
  uint32_t time_field; /* offset of the telemetry's iteration time, UINT32_MAX: none */
  uint64_t digest;
  uint64_t peak_commands;
  uint64_t peak_telemetry;

  /* Graphs, plans, scheduler. */
  aatgs_live_graph *graphs; /* graphs_max */
  aatgs_live_plan *plans;   /* plans_max */
  uint32_t plans_max;
  uint32_t next_graph;
  uint32_t next_plan;
  uint32_t current;       /* slot of the graph that repeats, UINT32_MAX: none */
  aatgs_graph *follow_up; /* takes its place after its first iteration; NULL: none */
  aatgs_graph *pending;   /* one-shot tasks */
  aatgs_graph *component; /* taken out of it, not posted yet */
  uint32_t *scratch_at;   /* tasks_max */
  uint32_t *scratch_priority;
  uint64_t epoch; /* counts the times that plans may have changed */
  aatgs_scheduler *scheduler;
  aatgs_event_receiver *events;
  uint64_t last_tick_ns;
  bool stopped;   /* a task that ends the run has failed */
  bool flush_due; /* the scheduler wants the queued configs posted */
  bool lost_told; /* it knows that the device is gone */
  aatgs_error stop_error;
  uint64_t model_in_flight_ns; /* sum of model_ns */
  aatgs_ratios eta;            /* how eta_ns turned out */
  uint64_t done;               /* iterations whose timings the scheduler has seen */
  uint64_t tasks_completed;
  aatgs_config_ring *queue;
  uint32_t config_waiting; /* as of the flush under way */

  /* Regions on the host: contents at opening, primary ones as of the last snapshot. */
  aatgs_region_view regions[AATGS_REGIONS_MAX];
  uint8_t *region_memory[AATGS_REGIONS_MAX];
  uint8_t *staging;       /* as the device lays it out */
  uint8_t *trace_staging; /* the same, of the latest snapshot for the trace; NULL: not recorded */
  size_t staging_bytes;
  bool have_snapshot;
  bool snapshot_held;        /* the trace's snapshots have to wait */
  uint64_t snapshot_command; /* of the snapshot under way for the trace, 0: none (sequence + 1) */
  uint64_t snapshot_at;
  uint64_t snapshot_seen_ns; /* seen_ns when it was ordered */
  uint64_t snapshot_ordered_ns;
  uint64_t snapshot_took_ns; /* from order to copy */
  uint64_t snapshot_volume;  /* bytes of the trace then */
  uint64_t seen_ns;          /* host clock when telemetry was taken in last */
  aatgs_input *inputs;
  uint8_t *input_memory[32];
  uint32_t given; /* mask of input kinds */

  aatgs_recorder *recorder;
  uint64_t recorded;
  /* A replay decides on plans and ticks by itself and is shown each complete iteration; NULL in a
   * run. A result other than 0 ends the pumping. */
  int (*observe)(void *user, const aatgs_iteration *iteration);
  void *observer;

  /* The watch: beats for the host, looks for stuck tasks. */
  pthread_t watch;
  bool watching;
  pthread_mutex_t watch_mutex;
  pthread_cond_t watch_wake;
  bool watch_stop;       /* under watch_mutex */
  uint64_t watch_paused; /* W3 -- W4: somebody debugs, no task is stuck */
  uint64_t lost;         /* W1 -> W2 */
  uint64_t silent; /* 1: the device has not beaten for a while; the caller asks the driver why */
  aatgs_error lost_error;
  /* The caller's: the driver said that the loop is no more. */
  bool dead;
  aatgs_error dead_error;
  size_t host_bytes;
};

/* What a replay gives to an opening in place of files and chance. */
typedef struct aatgs_replay_source {
  const aatgs_input *inputs; /* by content, in the order of the input kinds */
  uint64_t first_iteration;
  const uint8_t *staging; /* primary regions to begin with; NULL: as set up */
  size_t staging_bytes;
  int (*observe)(void *user, const aatgs_iteration *iteration);
  void *observer;
  struct aatgs_stop *stop; /* where the cpu device stops for a debugger; NULL: nowhere */
} aatgs_replay_source;

/* aatgs_open() for both. `source` NULL: a run. */
int aatgs_runtime_open(const aatgs_options *options, const aatgs_replay_source *source,
                       aatgs_runtime **out, aatgs_error *error);

/* ---- rings.c ---------------------------------------------------------------------- */

/* Whether a command, or so many, can be posted now. */
bool aatgs_command_credit(aatgs_runtime *rt);
bool aatgs_command_credits(aatgs_runtime *rt, uint32_t count);
/* Posts a command that is not ITERATE (there must be credit); returns its sequence number. */
uint64_t aatgs_post_ordered(aatgs_runtime *rt, aatgs_opcode opcode, uint32_t graph, uint32_t plan);
/* Whether the device has obeyed that ordered command. */
bool aatgs_ordered_done(aatgs_runtime *rt, uint64_t command);
/* Takes in telemetry and timings that are there; hands complete iterations to scheduler and
 * recorder. 0 or an error. */
int aatgs_pump(aatgs_runtime *rt);
/* Pumps until `ready` says true: 0, AATGS_ETIMEOUT, or an error. */
int aatgs_pump_until(aatgs_runtime *rt, bool (*ready)(aatgs_runtime *rt, uint64_t argument),
                     uint64_t argument, uint64_t timeout_ns);
/* Posts a config for the graph in `slot` with its plan in force. Credit was checked. `posted_ns`:
 * the host's clock a moment ago, 0: it is read. */
uint64_t aatgs_post_iteration(aatgs_runtime *rt, uint32_t slot, const void *config,
                              uint64_t posted_ns);
/* aatgs_submit() of the next few of `count` configs, *sent of them: the clock is read, and what has
 * come in is looked at, once for them all. AATGS_EAGAIN: there was no room for more. */
int aatgs_submit_some(aatgs_runtime *rt, const uint8_t *configs, size_t count, size_t *sent);
/* 0, AATGS_EAGAIN or AATGS_EDEVICE: whether an iteration of `records` timings can be posted. */
int aatgs_iteration_credit(aatgs_runtime *rt, uint32_t records);
/* The device is gone, or the recorder failed: the error to return, else 0. */
int aatgs_check_alive(aatgs_runtime *rt);

/* ---- events.c ------------------------------------------------------------------------ */

/* Hands the event to the scheduler, acts on what it decides, and records both where a replay needs
 * them. `value`: see aatgs_tick_kind. */
void aatgs_tell(aatgs_runtime *rt, const aatgs_sched_event *event, uint64_t now_ns, uint64_t value);
void aatgs_tell_submitted(aatgs_runtime *rt, aatgs_flight *flight);
void aatgs_tell_done(aatgs_runtime *rt, const aatgs_graph *graph, const aatgs_iteration *it);
void aatgs_tell_lost(aatgs_runtime *rt, uint64_t now_ns);
/* Puts a new fit of the device's clock into the trace. */
void aatgs_record_clock(aatgs_runtime *rt);
/* The kind of tick that records the decision, and its value; UINT64_MAX: none does. */
uint64_t aatgs_tick_of_decision(const aatgs_decision *decision, uint64_t *value);
static inline bool aatgs_missed_deadline(const aatgs_runtime *rt, uint64_t start_ns,
                                         uint64_t end_ns)
{
  return rt->options.deadline_ns && end_ns - start_ns > rt->options.deadline_ns;
}

/* ---- eta.c -------------------------------------------------------------------------- */

void aatgs_eta_submitted(aatgs_runtime *rt, aatgs_flight *flight);
void aatgs_eta_done(aatgs_runtime *rt, const aatgs_flight *flight);

/* ---- numbered.c --------------------------------------------------------------------- */

/* Whether the graph may run at all: no cycle, no race, within the limits; 0 or the error. */
int aatgs_graph_fits(aatgs_runtime *rt, aatgs_graph *graph);
/* Whether a graph, its plan and an iteration can be posted one after the other now. */
bool aatgs_room_for_graph(aatgs_runtime *rt);
/* Checks the graph, numbers it, sends its table. Takes ownership on success. AATGS_EAGAIN when no
 * slot or command credit is free. */
int aatgs_send_graph(aatgs_runtime *rt, aatgs_graph *graph, uint32_t *slot);
/* Once the graph that repeats has run: without its one-shot tasks from now on. AATGS_EAGAIN. */
int aatgs_follow_up(aatgs_runtime *rt);
/* Asks the scheduler for a plan if it is due, and sends it if it is new. AATGS_EAGAIN. */
int aatgs_send_plan(aatgs_runtime *rt, uint32_t slot);
/* Puts the given plan in force for the graph. */
int aatgs_force_plan(aatgs_runtime *rt, uint32_t slot, const uint32_t *task_at,
                     const uint32_t *priority_x1000);

/* Waits until a graph can be sent. */
int aatgs_wait_graph_room(aatgs_runtime *rt);

/* ---- recording.c ----------------------------------------------------------------------- */

int aatgs_open_recording(aatgs_runtime *rt, aatgs_error *error);
/* Puts a moment into the recording. */
int aatgs_mark(aatgs_runtime *rt, aatgs_trace_mark_kind kind, uint64_t value, const char *text);

/* ---- state.c -------------------------------------------------------------------------- */

/* state_interval.c: whether the trace should get a snapshot now; that it has got one. */
bool aatgs_state_due(aatgs_runtime *rt);
void aatgs_state_taken(aatgs_runtime *rt, uint64_t took_ns);
/* Posts a snapshot for the trace when one is due, and records it when it is there. */
int aatgs_snapshot_pump(aatgs_runtime *rt);
/* Puts these primary regions in place of the device's, after all iterations in flight. */
int aatgs_put_state(aatgs_runtime *rt, const uint8_t *staging, size_t bytes);

/* ---- watch.c -------------------------------------------------------------------------- */

int aatgs_watch_start(aatgs_runtime *rt);
void aatgs_watch_end(aatgs_runtime *rt);
/* The sentence for the state that the device shows, when it is not running. */
/* What the workers are running, by the words that they show: "; running then: ...", or "". */
void aatgs_describe_running(const aatgs_runtime *rt, char *text, size_t size);
void aatgs_describe_fault(const aatgs_runtime *rt, aatgs_error *error);

#endif
