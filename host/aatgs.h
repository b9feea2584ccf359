/* aatgs: the runtime's public interface.
 *
 * One kernel (or, without a GPU, a set of threads) stays alive, takes configs
 * from a ring, runs a task graph for each and posts telemetry. This header is
 * all that a program which embeds the runtime needs.
 *
 * Conventions. Functions return 0 or a negative AATGS_E... code unless they say
 * otherwise. An *_open() that fails leaves NULL in the handle and owes nothing;
 * every *_close(NULL) does nothing. Option structs start with their size: use
 * the initializers. A handle is used by one thread at a time unless a function
 * says otherwise; different handles are independent. Strings handed in are
 * copied; strings and arrays handed out belong to the handle and live until the
 * next call on it unless a function says otherwise. Times are nanoseconds of
 * CLOCK_MONOTONIC, fractions are 0..1, suffix _x1000 marks integers scaled by
 * 1000. */
#ifndef AATGS_AATGS_H
#define AATGS_AATGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "error.h"

#if defined(__cplusplus)
extern "C" {
#endif

#define AATGS_VERSION_MAJOR 0
#define AATGS_VERSION_MINOR 1
#define AATGS_VERSION_PATCH 0
/* "0.1.0" */
const char *aatgs_version(void);

/* Lines of the log: `aatgs: LEVEL: text` on stderr. The level comes from the environment
 * variable AATGS_LOG (error, warn, info, debug; default warn) or from this call. Any thread. */
typedef enum aatgs_log_level {
  AATGS_LOG_ERROR = 0,
  AATGS_LOG_WARN = 1,
  AATGS_LOG_INFO = 2,
  AATGS_LOG_DEBUG = 3
} aatgs_log_level;
void aatgs_log_set_level(aatgs_log_level level);
/* Sends lines to `sink` instead of stderr; NULL: stderr again. The sink may be called from
 * any thread. */
void aatgs_log_set_sink(void (*sink)(void *user, aatgs_log_level level, const char *text),
                        void *user);

/* ---- Workloads ------------------------------------------------------------ */

struct aatgs_workload; /* <aatgs/workload.h> */

/* Loads a workload by name (looked for in AATGS_WORKLOAD_PATH, beside the program, in
 * ../lib/aatgs beside it, in the installed library folder) or, when `name` has a '/', by
 * path. It stays loaded until the process ends; loading it again returns the same pointer.
 * AATGS_ENOTFOUND, AATGS_EFORMAT (no workload), AATGS_EVERSION (another ABI). `error` may
 * be NULL. Any thread. */
int aatgs_workload_load(const char *name, const struct aatgs_workload **out, aatgs_error *error);

/* ---- Config ring ---------------------------------------------------------- */

/* A bounded first-in first-out queue of fixed-size items in host memory. */
typedef struct aatgs_config_ring aatgs_config_ring;

/* `item_bytes` 1..65536, `capacity` 1..2^20 items. */
int aatgs_config_ring_open(size_t item_bytes, size_t capacity, aatgs_config_ring **out);
void aatgs_config_ring_close(aatgs_config_ring *ring);
/* Copies one item in or out; false when the ring is full or empty. */
bool aatgs_config_ring_push(aatgs_config_ring *ring, const void *item);
bool aatgs_config_ring_pop(aatgs_config_ring *ring, void *item);
/* Copies the oldest item and leaves it there; false when the ring is empty. */
bool aatgs_config_ring_peek(const aatgs_config_ring *ring, void *item);
void aatgs_config_ring_clear(aatgs_config_ring *ring);
bool aatgs_config_ring_is_empty(const aatgs_config_ring *ring);
bool aatgs_config_ring_is_full(const aatgs_config_ring *ring);
size_t aatgs_config_ring_len(const aatgs_config_ring *ring);
size_t aatgs_config_ring_capacity(const aatgs_config_ring *ring);
/* len / capacity, 0..1. */
double aatgs_config_ring_utilization(const aatgs_config_ring *ring);

/* ---- Task graph ----------------------------------------------------------- */

typedef enum aatgs_task_state {
  AATGS_TASK_PENDING = 0,
  AATGS_TASK_READY = 1,
  AATGS_TASK_RUNNING = 2,
  AATGS_TASK_COMPLETED = 3,
  AATGS_TASK_FAILED = 4
} aatgs_task_state;
/* "Pending", "Ready", ... */
const char *aatgs_task_state_name(aatgs_task_state state);

typedef struct aatgs_graph aatgs_graph;

/* When a task has failed for good, what depends on it is not run (in that iteration), and: */
typedef enum aatgs_on_failure {
  AATGS_FAILURE_SKIPS = 0, /* everything else goes on */
  AATGS_FAILURE_STOPS = 1  /* what is in flight ends, and nothing more begins until aatgs_resume()
                              or, by hand, aatgs_scheduler_resume() */
} aatgs_on_failure;
#define AATGS_RETRIES_MAX 100u

/* A task as it is added. Zero a field to take the default. */
typedef struct aatgs_task_options {
  size_t size;
  const char *type;     /* name of a task type of the workload */
  const char *name;     /* unique in the graph; NULL: the type's name, with -2, -3 ... */
  uint32_t parts;       /* 0: the type's default */
  uint32_t arg;         /* handed to the task function */
  uint64_t estimate_ns; /* 0: the type's prior */
  bool once;            /* one-shot: retired after the first run */
  /* 0..AATGS_RETRIES_MAX. On a device a part that fails is run again at once, up to so often, with
   * what it has written so far in place (aatgs_task.attempt tells which run it is). By hand a
   * failed task becomes ready again. */
  uint32_t retries;
  aatgs_on_failure on_failure;
} aatgs_task_options;
#define AATGS_TASK_OPTIONS_INIT                                                                    \
  {                                                                                                \
    sizeof(aatgs_task_options), NULL, NULL, 0, 0, 0, false, 0, AATGS_FAILURE_SKIPS                 \
  }

typedef struct aatgs_task_info {
  uint32_t id;
  uint32_t type; /* index into the workload's types */
  const char *name;
  const char *type_name;
  aatgs_task_state state;
  uint32_t parts;
  uint32_t arg;
  uint64_t estimate_ns;
  uint64_t duration_ns; /* 0 until completed */
  bool once;
  uint32_t retries; /* left */
  aatgs_on_failure on_failure;
} aatgs_task_info;

/* An empty graph of tasks of that workload's types. */
int aatgs_graph_open(const struct aatgs_workload *workload, aatgs_graph **out);
void aatgs_graph_close(aatgs_graph *graph);
/* Reads a task file or a named graph of the workload; `given` has a bit for each input kind
 * that is there, and in named graphs types that need an absent one are left out (their
 * dependents then depend on their dependencies). */
int aatgs_graph_load(aatgs_graph *graph, const char *name_or_path, uint32_t given);
/* Adds a task that waits for the `count` tasks in `dependencies` (ids of this graph) and
 * stores its id (0, 1, 2 ...) in *id (may be NULL). AATGS_ENOTFOUND: no such type or
 * dependency (one that was retired is met). AATGS_EINVAL: name taken, parts over 65,535, a
 * second repeating DOWNLOAD task (of one-shot ones each component may have one). */
int aatgs_graph_add_task(aatgs_graph *graph, const aatgs_task_options *options,
                         const uint32_t *dependencies, size_t count, uint32_t *id);
/* Adds an edge to a graph that is not submitted yet. It may close a cycle;
 * aatgs_graph_check() then says so. */
int aatgs_graph_add_dependency(aatgs_graph *graph, uint32_t task, uint32_t depends_on);
/* 0, AATGS_ECYCLE (the sentence names the tasks around the cycle) or AATGS_ERACE (it names
 * both tasks and the region). */
int aatgs_graph_check(aatgs_graph *graph);
/* The last error of a call on this graph. */
const aatgs_error *aatgs_graph_error(const aatgs_graph *graph);

/* Bookkeeping of a run by hand. A completed task makes dependents ready when it was their
 * last dependency; a failed one leaves them pending for good. AATGS_EINVAL when the state
 * does not allow it. `duration_ns` is what the task took. */
int aatgs_graph_mark_started(aatgs_graph *graph, uint32_t task);
int aatgs_graph_mark_complete(aatgs_graph *graph, uint32_t task, uint64_t duration_ns);
int aatgs_graph_mark_failed(aatgs_graph *graph, uint32_t task);
/* Stores up to `capacity` ready tasks in the order they became ready; returns how many
 * there are. */
size_t aatgs_graph_ready_tasks(const aatgs_graph *graph, uint32_t *tasks, size_t capacity);
/* Takes the task that became ready first out of the ready list (its state stays Ready until
 * it is marked started); false when none is. */
bool aatgs_graph_pop_ready_task(aatgs_graph *graph, uint32_t *task);
/* Stores aatgs_graph_len() ids, dependencies first, equals in the order of their ids.
 * AATGS_ECYCLE when there is a cycle. */
int aatgs_graph_topological_sort(aatgs_graph *graph, uint32_t *tasks);
/* AATGS_ENOTFOUND: no such task (or retired). */
int aatgs_graph_task_status(const aatgs_graph *graph, uint32_t task, aatgs_task_state *state);
int aatgs_graph_task_duration(const aatgs_graph *graph, uint32_t task, uint64_t *duration_ns);
int aatgs_graph_task_info(const aatgs_graph *graph, uint32_t task, aatgs_task_info *info);
/* Id of a task by its name; AATGS_ENOTFOUND. */
int aatgs_graph_find(const aatgs_graph *graph, const char *name, uint32_t *task);
/* Calls `visit` for each task in id order until it returns non-zero, and returns that. */
int aatgs_graph_tasks(const aatgs_graph *graph,
                      int (*visit)(void *user, const aatgs_task_info *info), void *user);
/* Drops completed tasks; ids of the others stay. Returns how many went. */
size_t aatgs_graph_clear_completed(aatgs_graph *graph);
size_t aatgs_graph_len(const aatgs_graph *graph);
bool aatgs_graph_is_empty(const aatgs_graph *graph);

/* ---- Telemetry collector and events ---------------------------------------- */

typedef struct aatgs_phase_metrics {
  uint32_t phase_id;
  float temperature;
  float compaction_ratio;
  float reward;
  uint32_t conflicts;
  uint64_t duration_us;
} aatgs_phase_metrics;

typedef struct aatgs_gpu_metrics {
  float utilization; /* 0..1: part durations over workers x window */
  uint32_t memory_used_mb;
  uint32_t memory_total_mb;
  uint64_t kernel_duration_us;
  uint64_t transfer_duration_us;
} aatgs_gpu_metrics;

typedef enum aatgs_event_kind {
  AATGS_EVENT_PHASE_METRICS = 1,
  AATGS_EVENT_GPU_METRICS = 2,
  AATGS_EVENT_TASK_COMPLETED = 3,
  AATGS_EVENT_ERROR = 4
} aatgs_event_kind;

typedef struct aatgs_event {
  aatgs_event_kind kind;
  union {
    aatgs_phase_metrics phase;
    aatgs_gpu_metrics gpu;
    struct {
      uint32_t task;
      uint64_t duration_ns;
    } completed;
    char error[128]; /* cut to fit */
  } u;
} aatgs_event;

typedef struct aatgs_telemetry aatgs_telemetry;
/* The reading end of an event stream: one producer thread, one consumer thread. It belongs
 * to the handle that made it and is closed with it. */
typedef struct aatgs_event_receiver aatgs_event_receiver;

/* Takes the oldest event; false when there is none. */
bool aatgs_event_try_recv(aatgs_event_receiver *receiver, aatgs_event *event);
/* Events dropped because the stream was full (the newest is dropped). */
uint64_t aatgs_event_dropped(const aatgs_event_receiver *receiver);

/* A collector whose event stream holds `buffer_size` events (1..2^20) and whose phase and
 * GPU buffers hold as many records each; a full buffer drops its oldest record. */
int aatgs_telemetry_open(size_t buffer_size, aatgs_telemetry **out,
                         aatgs_event_receiver **receiver);
void aatgs_telemetry_close(aatgs_telemetry *telemetry);
/* Each keeps the record where it has a buffer and sends an event. */
void aatgs_telemetry_record_phase_metrics(aatgs_telemetry *telemetry,
                                          const aatgs_phase_metrics *metrics);
void aatgs_telemetry_record_gpu_metrics(aatgs_telemetry *telemetry,
                                        const aatgs_gpu_metrics *metrics);
void aatgs_telemetry_record_task_completion(aatgs_telemetry *telemetry, uint32_t task,
                                            uint64_t duration_ns);
void aatgs_telemetry_record_error(aatgs_telemetry *telemetry, const char *text);
/* Moves all buffered records out as events, phase records first, oldest first; returns how
 * many there were; `capacity` bounds how many are moved. */
size_t aatgs_telemetry_flush(aatgs_telemetry *telemetry, aatgs_event *events, size_t capacity);
void aatgs_telemetry_buffer_stats(const aatgs_telemetry *telemetry, size_t *phase_records,
                                  size_t *gpu_records);

/* ---- Adaptive scheduler ------------------------------------------------------ */

#include "aatgs_scheduler.h"

/* ---- The runtime ------------------------------------------------------------ */

typedef struct aatgs_runtime aatgs_runtime;

typedef enum aatgs_idle {
  AATGS_IDLE_LATENCY = 0,  /* spin: lowest latency, a core stays busy */
  AATGS_IDLE_BALANCED = 1, /* spin, then yield, then sleep up to 50 us */
  AATGS_IDLE_POWER = 2     /* sleep up to 1 ms */
} aatgs_idle;

typedef enum aatgs_on_full {
  AATGS_ON_FULL_WAIT = 0, /* submit waits for the recorder: nothing is lost */
  AATGS_ON_FULL_DROP = 1  /* iterations are left out of the trace, counted, the gap kept */
} aatgs_on_full;

/* How far replays can tell states apart. */
typedef enum aatgs_digest {
  AATGS_DIGEST_WRITES = 0, /* what each part of a task writes */
  AATGS_DIGEST_FULL = 1, /* that, and, as each task ends, all primary regions that it touches: finds
                            what changed behind the tasks' backs; costs a pass over them */
  AATGS_DIGEST_OFF = 2   /* telemetry alone can differ */
} aatgs_digest;

typedef struct aatgs_input_file {
  const char *kind; /* name of an input kind of the workload: "graph" */
  const char *path;
} aatgs_input_file;

/* Where the command ring lies. */
typedef enum aatgs_ring {
  AATGS_RING_HOST = 0,  /* in the host's memory: the device reads it over the bus */
  AATGS_RING_DEVICE = 1 /* cuda: in the GPU's memory, into which the host writes; AATGS_ENOTSUP
                           where it cannot. Polls are quicker then and posting is slower: measure
                           both (`aatgs doctor`). */
} aatgs_ring;

typedef struct aatgs_options {
  size_t size;
  const char *workload; /* NAME or PATH */
  const char *device;   /* "auto" (cuda where it works, else cpu), "cpu", "cuda", "cuda:1" */
  uint32_t workers;     /* 0: cores less one, at least one (cpu); all SMs (cuda) */
  const aatgs_input_file *inputs;
  size_t input_count;
  const char *tasks; /* named graph or task file; NULL: none, use aatgs_add_task() or
                        aatgs_set_graph() */
  uint64_t seed;
  const char *policy; /* "adaptive", "critical-path", "original", "fifo" or one's own */
  aatgs_idle idle;
  bool shuffle; /* cpu: worker loops, parts and ready tasks in random order */
  /* Limits; everything is allocated when the runtime is opened. */
  uint32_t command_slots;        /* power of two, 4..4096: a graph, its plan, an iteration fit */
  uint32_t telemetry_slots;      /* power of two, at least command_slots */
  uint32_t timing_slots;         /* power of two; 0: enough for command_slots iterations of the
                                    largest graph, at least 16,384 */
  uint32_t tasks_max;            /* in a graph */
  uint32_t edges_max;            /* in a graph */
  uint32_t graphs_max;           /* alive at once */
  uint32_t history;              /* performance snapshots kept */
  uint64_t snapshot_interval_ns; /* between performance snapshots */
  uint64_t deadline_ns; /* an iteration that takes longer on the device is an overrun; 0: none is */
  uint64_t timeout_ns;  /* no progress for so long while work is in flight: the device is lost */
  /* Recording. */
  const char *record; /* folder to create; NULL: no recording */
  aatgs_on_full on_full;
  int zstd_level; /* 1 to 19; columns of numbers are compressed the quickest way up to 3 */
  /* Flight recorder: the recording keeps about the last so many bytes, or at least the last so many
   * nanoseconds; both 0: everything. When something happens (aatgs_trigger(), the expression
   * begins to match, an iteration fails, the device is lost) it goes on for half of that, and
   * the window is then saved as a trace of its own: RECORD-saved-1, RECORD-saved-2, ... */
  uint64_t window_bytes; /* at least 1 MiB, and 8 snapshots */
  uint64_t window_ns;
  const char *trigger; /* over config, telemetry, iteration and status; NULL: none */
  uint32_t saves_max;  /* windows saved at most; 0: 16 */
  aatgs_digest digest;
  /* Snapshots of the state in the trace, from which a replay can start: one when any of these has
   * gone by since the last. All 0: as often as lets a replay be anywhere within a second, but for
   * at most 3 % of the time and 15 % of the trace. */
  uint64_t state_interval;       /* iterations; AATGS_STATE_FIRST: none but the first */
  uint64_t state_interval_bytes; /* of the trace */
  uint64_t state_interval_ns;
  /* The cuda device. */
  uint32_t lanes; /* threads of a worker, 32 to 384 in steps of 32; 0: 256 */
  aatgs_ring ring;
} aatgs_options;
#define AATGS_STATE_FIRST UINT64_MAX
#define AATGS_OPTIONS_INIT                                                                         \
  {                                                                                                \
    sizeof(aatgs_options), "prism", "auto", 0, NULL, 0, NULL, 0, "adaptive", AATGS_IDLE_LATENCY,   \
        false, 16, 64, 0, 1024, 8192, 8, 100, UINT64_C(100000000), 0, UINT64_C(10000000000), NULL, \
        AATGS_ON_FULL_WAIT, 3, 0, 0, NULL, 0, AATGS_DIGEST_WRITES, 0, 0, 0, 0, AATGS_RING_HOST     \
  }

/* What came back from one iteration. */
typedef struct aatgs_outcome {
  uint64_t iteration;
  uint32_t status;    /* 0, or why the telemetry is not to be trusted: aatgs_status */
  uint32_t detail;    /* the failed task's number */
  bool overrun;       /* it took longer on the device than options.deadline_ns */
  uint64_t posted_ns; /* host clock: the config was in the ring */
  uint64_t seen_ns;   /* host clock: the telemetry was read out of the ring */
  uint64_t start_ns;  /* host clock, from the device's by the fit of the moment */
  uint64_t end_ns;    /* the same */
} aatgs_outcome;

/* Opens the device, starts the loop, sends the graph. `error` (may be NULL) gets the sentence
 * when it fails, since there is no handle then. */
int aatgs_open(const aatgs_options *options, aatgs_runtime **out, aatgs_error *error);
/* Stops the loop (what is in flight finishes, within timeout_ns), closes the trace, frees all.
 * Returns the first error that was not reported before, a recording that lost something or
 * could not be finished included. */
int aatgs_close(aatgs_runtime *runtime);
/* The last error of a call on this runtime. */
const aatgs_error *aatgs_last_error(const aatgs_runtime *runtime);
const struct aatgs_workload *aatgs_runtime_workload(const aatgs_runtime *runtime);
/* Fills `config` with the defaults of the workload's schema. */
void aatgs_default_config(const struct aatgs_workload *workload, void *config);
/* Sets a field by name from text ("sweeps", "100", or "tau_decay[3]"); AATGS_ENOTFOUND,
 * AATGS_EINVAL (not a number, out of range), with the sentence in error. */
int aatgs_set_config_field(const struct aatgs_workload *workload, void *config, const char *key,
                           const char *value, aatgs_error *error);

/* Tasks and graphs. A graph that was set runs again for every config until another is set; it is
 * checked, copied and numbered. One-shot tasks are added to a pending graph; each
 * iteration runs its oldest connected component, whose tasks are then retired. */
int aatgs_set_graph(aatgs_runtime *runtime, aatgs_graph *graph);
int aatgs_add_task(aatgs_runtime *runtime, const aatgs_task_options *options,
                   const uint32_t *dependencies, size_t count, uint32_t *id);

/* Posts one config: returns 0 and the iteration's number in *iteration (may be NULL), or
 * AATGS_EAGAIN (a ring is full: the config was not accepted; poll), AATGS_EDEVICE,
 * AATGS_ETASK (a task whose failure ends the run has failed, see aatgs_resume()), or the
 * error of a recording that may lose nothing. Never waits unless a recording with
 * AATGS_ON_FULL_WAIT is behind. */
int aatgs_submit(aatgs_runtime *runtime, const void *config, uint64_t *iteration);
/* Takes the oldest finished iteration, in order of iterations. 1: telemetry (the workload's
 * telemetry_bytes) and outcome (may be NULL) are filled in; 0: none yet; or a negative
 * error. Never waits. */
int aatgs_poll(aatgs_runtime *runtime, void *telemetry, aatgs_outcome *outcome);
/* The same, but waits up to `timeout_ns`: 1, or AATGS_ETIMEOUT; AATGS_EINVAL if nothing is in
 * flight. */
int aatgs_wait(aatgs_runtime *runtime, void *telemetry, aatgs_outcome *outcome,
               uint64_t timeout_ns);
/* After a task with AATGS_FAILURE_STOPS has failed: goes on. What was in flight has run all the
 * same; the iteration that failed is not run again. AATGS_EDEVICE. */
int aatgs_resume(aatgs_runtime *runtime);
/* Waits until everything submitted has finished (its telemetry can then be polled). */
int aatgs_drain(aatgs_runtime *runtime, uint64_t timeout_ns);

/* The original's pipeline. One config in; `*have` says whether `telemetry` holds the oldest
 * unread telemetry. 0 with have 0: the pipeline is filling. With one-shot tasks pending it
 * runs their oldest component, else the graph that was set. */
int aatgs_execute_iteration(aatgs_runtime *runtime, const void *config, void *telemetry,
                            bool *have);
int aatgs_step(aatgs_runtime *runtime, const void *config, void *telemetry, bool *have);
/* Runs all configs and waits; telemetry of the i-th at telemetry + i * telemetry_bytes. */
int aatgs_batch_step(aatgs_runtime *runtime, const void *configs, size_t count, void *telemetry);
uint64_t aatgs_iterations(const aatgs_runtime *runtime);
/* Highest fill of the command and telemetry rings so far, 0..1. */
void aatgs_peak_utilization(const aatgs_runtime *runtime, double *config, double *telemetry);
bool aatgs_is_idle(const aatgs_runtime *runtime);

/* Queues a config on the host; at half the queue's capacity it flushes itself; AATGS_EAGAIN when
 * the queue is full. */
int aatgs_queue_config(aatgs_runtime *runtime, const void *config);
/* Posts queued configs while the rings take them; returns how many were posted, or an error. */
int aatgs_flush_configs(aatgs_runtime *runtime);
/* Throws the queued configs away; returns how many there were. What was posted runs. */
size_t aatgs_cancel_configs(aatgs_runtime *runtime);
/* Takes all finished telemetry, at most `capacity` records; returns how many, or an error. */
int aatgs_poll_telemetry(aatgs_runtime *runtime, void *telemetry, size_t capacity);
/* Fill of the host's config queue and of the telemetry ring, 0..1. */
void aatgs_buffer_stats(const aatgs_runtime *runtime, double *config, double *telemetry);

typedef struct aatgs_stats {
  double config_buffer_utilization;
  double telemetry_buffer_utilization;
  uint64_t tasks_pending;
  uint64_t tasks_running;
  uint64_t tasks_completed;
  uint64_t estimated_completion_ns; /* see aatgs_estimate_completion_time_ns() */
  uint64_t overruns;                /* iterations that missed the deadline */
} aatgs_stats;
void aatgs_performance_stats(aatgs_runtime *runtime, aatgs_stats *stats);
/* The original's estimate: the sum of what the tasks in flight and pending are assumed to take. */
uint64_t aatgs_estimate_completion_time_ns(const aatgs_runtime *runtime);
/* From submitting until all that is in flight has been seen, by the list schedules of the plans in
 * force on the workers there are, corrected by how the last 32 such estimates turned out; the
 * estimate's error_x1000 is theirs. AATGS_ENOTFOUND: the policy (fifo, original) makes none. */
int aatgs_estimate_completion(aatgs_runtime *runtime, aatgs_estimate *out);
/* What an iteration of the graph that was set takes on the device, likewise. AATGS_ENOTFOUND: as
 * above, or nothing was submitted yet. */
int aatgs_estimate_iteration(aatgs_runtime *runtime, aatgs_estimate *out);
/* The scheduler's event stream and snapshot history. */
aatgs_event_receiver *aatgs_events(aatgs_runtime *runtime);
const aatgs_performance_snapshot *aatgs_performance_history(const aatgs_runtime *runtime,
                                                            size_t *count);
int aatgs_set_snapshot_interval_ns(aatgs_runtime *runtime, uint64_t interval_ns);
/* A reward for a phase, as reinforcement learning gives it: sent as PhaseMetrics. */
int aatgs_record_reward(aatgs_runtime *runtime, uint32_t phase_id, float reward);

/* State. Copies the primary regions, ordered after everything submitted so far, and waits. */
int aatgs_snapshot(aatgs_runtime *runtime);
/* Puts the last snapshot back; iterations go on counting. */
int aatgs_restore(aatgs_runtime *runtime);
/* A region as of the last snapshot (constant regions: always); valid until the next one.
 * AATGS_ENOTFOUND: no such region; AATGS_EINVAL: derived, or no snapshot was taken. */
int aatgs_get_region(aatgs_runtime *runtime, const char *name, const void **bytes, size_t *size);
/* Takes a snapshot and asks the workload for its text about it, see aatgs_workload.solution and
 * .summary; free() it. AATGS_ENOTSUP: the workload has none. AATGS_ENOTFOUND: no result. */
int aatgs_solution(aatgs_runtime *runtime, char **text);
int aatgs_summary(aatgs_runtime *runtime, char **text);

/* Has a flight recorder save the window around this moment; `reason` (may be NULL) goes into the
 * trace with it. Any recording keeps the moment as a mark. AATGS_EINVAL: nothing is recorded. */
int aatgs_trigger(aatgs_runtime *runtime, const char *reason);
/* The same for a signal that the program caught. Not from its handler. */
int aatgs_trigger_signal(aatgs_runtime *runtime, int number);

/* What runs where. */
typedef struct aatgs_runtime_info {
  const char *device;      /* "cpu" or "cuda" */
  const char *device_name; /* model of the processor or GPU */
  aatgs_ring ring;         /* where the command ring lies */
  uint32_t workers;
  size_t host_bytes;   /* allocated at opening, all in all, of that: */
  size_t bus_bytes;    /* shared with the device */
  size_t device_bytes; /* device state and regions */
  uint64_t digest;     /* over the telemetry and digests of all complete iterations */
  uint64_t recorded;   /* iterations given to the recorder */
  uint64_t lost;       /* iterations not recorded */
  uint64_t committed;  /* the last iteration that is safe on the disk; 0: none */
  uint64_t saved;      /* windows saved by the flight recorder */
  int recording;       /* 0: under way, or none; else why it stopped, such as AATGS_ENOSPC */
} aatgs_runtime_info;
/* Takes in what has arrived first; aatgs_drain() before it makes sure of all. */
void aatgs_get_runtime_info(aatgs_runtime *runtime, aatgs_runtime_info *info);

/* ---- Device group ------------------------------------------------------------- */

/* Several runtimes fed with the same configs: on several GPUs, on shares of one, or on several
 * CPU devices. */
typedef struct aatgs_group aatgs_group;
/* Opens `count` devices (1..64) with the same options; device i gets seed + i, and records to
 * DIR.i when recording. With device "cuda" they go round the GPUs there are, and with workers 0
 * those of one GPU get equal shares of its multiprocessors. */
int aatgs_group_open(const aatgs_options *options, size_t count, aatgs_group **out,
                     aatgs_error *error);
int aatgs_group_close(aatgs_group *group);
size_t aatgs_group_len(const aatgs_group *group);
aatgs_runtime *aatgs_group_at(aatgs_group *group, size_t index);
/* Sends the config to all; have[i] says whether telemetry + i * telemetry_bytes was filled. */
int aatgs_group_execute_all(aatgs_group *group, const void *config, void *telemetry, bool *have);
const aatgs_error *aatgs_group_error(const aatgs_group *group);

/* ---- Phase controllers ---------------------------------------------------------- */

/* A loop that builds the next config from what the last telemetry taught. */
typedef struct aatgs_controller {
  size_t size;
  void *state;
  /* Once, before the first iteration; may add tasks or set a graph. May be NULL. */
  int (*begin)(void *state, aatgs_runtime *runtime);
  /* Fills in the config for iteration `iteration`. */
  int (*build)(void *state, uint64_t iteration, void *config);
  /* Learns from the telemetry of `outcome->iteration`; returns 1 to stop, 0 to go on. */
  int (*update)(void *state, const aatgs_outcome *outcome, const void *telemetry);
  /* The config of iteration n is built after the telemetry of iteration n - lag was seen and
   * before any later one is; 1..command_slots. A fixed lag makes runs repeatable. */
  uint32_t lag;
} aatgs_controller;
/* Drives the runtime with the controller for at most `iterations`; all telemetry has been
 * handed to update when it returns. */
int aatgs_control(aatgs_runtime *runtime, const aatgs_controller *controller, uint64_t iterations);

/* ---- Replay ---------------------------------------------------------------------- */

#include "aatgs_replay.h"

#if defined(__cplusplus)
}
#endif
#endif
