/* For readers of traces: everything a program needs to look at a recorded run,
 * without the runtime and without CUDA.
 *
 * A trace is a folder. Reading never changes it and any number of processes may
 * read it while it is written; a reader sees what was committed when it was
 * opened, and more after aatgs_trace_refresh(). Nothing a trace says is
 * trusted: sizes are capped before memory is taken and checksums come before
 * parsing. One handle is used by one thread at a time. */
#ifndef AATGS_TRACE_H
#define AATGS_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus.h"
#include "error.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- What is recorded ------------------------------------------------------- */

/* One part of one task. */
typedef struct aatgs_timing {
  uint32_t task; /* number in the graph */
  uint16_t part; /* == parts for finish */
  uint16_t worker;
  uint64_t start_ns;    /* host clock, from the device's: see AATGS_TICK_CLOCK_OFFSET */
  uint32_t duration_ns; /* saturates */
  uint32_t digest;      /* of what the part wrote */
} aatgs_timing;

/* One iteration. */
typedef struct aatgs_iteration {
  uint64_t iteration;
  uint32_t graph;
  uint32_t plan;
  uint32_t status; /* aatgs_status */
  uint32_t detail;
  uint64_t posted_ns; /* host clock: the config was in the ring */
  uint64_t seen_ns;   /* host clock: the telemetry was out of the ring */
  uint64_t start_ns;  /* host clock, from the device's */
  uint64_t end_ns;    /* the same */
  /* What the scheduler was told when this iteration was submitted. */
  uint64_t done_before;        /* iterations whose timings it had seen */
  uint32_t config_waiting;     /* configs in the host's queue */
  uint32_t telemetry_waiting;  /* finished iterations the caller had not read */
  const uint8_t *config;       /* config_bytes */
  const uint8_t *telemetry;    /* telemetry_bytes, as the device posted it */
  const aatgs_timing *timings; /* in the order of the graph's records */
  uint32_t timing_count;
} aatgs_iteration;

/* A graph as it was submitted. */
typedef struct aatgs_trace_task {
  const char *name;
  uint32_t type; /* index into the trace's task types */
  uint32_t parts;
  uint32_t arg;
  uint32_t finish;       /* 1: has a record with part == parts */
  uint32_t first_record; /* index of part 0 among the iteration's timings */
  uint64_t estimate_ns;
  uint64_t reads;
  uint64_t writes;
  const uint32_t *dependencies;
  uint32_t dependency_count;
  uint32_t once;
  uint32_t retries; /* 0..100: how often a part that fails is run again */
  uint32_t stops;   /* 1: a failure for good ends the run */
} aatgs_trace_task;

typedef struct aatgs_trace_graph {
  uint32_t number;
  uint32_t task_count;
  uint32_t records; /* timings of an iteration */
  const aatgs_trace_task *tasks;
} aatgs_trace_graph;

typedef struct aatgs_trace_plan {
  uint32_t number;
  uint32_t graph;
  uint32_t task_count;
  const uint32_t *task_at;        /* by rank, most urgent first */
  const uint32_t *priority_x1000; /* by task */
} aatgs_trace_plan;

typedef struct aatgs_trace_region {
  const char *name;
  uint32_t kind; /* as in workload.h: 0 primary, 1 derived, 2 constant */
  uint32_t word; /* bytes of an element */
  uint64_t size; /* bytes */
} aatgs_trace_region;

typedef struct aatgs_trace_type {
  const char *name;
  uint32_t role;
  uint64_t prior_ns;
} aatgs_trace_type;

typedef struct aatgs_trace_input {
  const char *kind;
  const char *path; /* as it was given; the content is in the trace */
  uint64_t size;
} aatgs_trace_input;

/* Everything about the run that does not change while it runs. */
typedef struct aatgs_trace_info {
  uint32_t format_version;
  const char *aatgs_version;
  const char *workload;
  uint64_t workload_source_digest;
  const char *device;      /* "cpu", "cuda" */
  const char *device_name; /* model */
  const char *host_name;
  const char *policy;
  uint32_t workers;
  uint64_t seed;
  uint64_t started_unix_ns; /* wall clock */
  uint64_t snapshot_interval_ns;
  uint64_t deadline_ns; /* of an iteration; 0: none */
  bool decisions;       /* ticks say what was decided; false: an older trace */
  uint32_t command_slots;
  uint32_t telemetry_slots;
  uint32_t history;
  uint32_t digest; /* 0 writes, 1 full, 2 off: as aatgs_digest in aatgs.h */
  uint32_t config_bytes;
  uint32_t telemetry_bytes;
  const aatgs_field *config_fields;
  uint32_t config_field_count;
  uint32_t telemetry_field_count;
  const aatgs_field *telemetry_fields;
  const aatgs_trace_type *types;
  uint32_t type_count;
  uint32_t region_count;
  const aatgs_trace_region *regions;
  const aatgs_trace_input *inputs;
  uint32_t input_count;
} aatgs_trace_info;

/* How far it got. */
typedef struct aatgs_trace_state {
  bool closed;    /* false: being written, or the writer died */
  uint64_t first; /* lowest and highest iteration in the trace; 0, 0 when empty */
  uint64_t last;
  uint64_t iterations; /* in the trace */
  uint64_t lost;       /* run but not in the trace */
  uint64_t digest;     /* over telemetry and digests of all iterations; 0 until closed */
  uint64_t timings;    /* timing records in the trace */
  uint64_t snapshots;
  uint64_t disk_bytes;  /* allocated by the trace's files */
  uint64_t duration_ns; /* from the first config posted to the last telemetry seen */
} aatgs_trace_state;

/* ---- Reading ------------------------------------------------------------------ */

typedef struct aatgs_trace aatgs_trace;

/* Opens the trace in folder `dir`. AATGS_ENOTFOUND, AATGS_EFORMAT (not a trace),
 * AATGS_EVERSION, AATGS_ECORRUPT. `error` may be NULL. */
int aatgs_trace_open(const char *dir, aatgs_trace **out, aatgs_error *error);
void aatgs_trace_close(aatgs_trace *trace);
const aatgs_error *aatgs_trace_error(const aatgs_trace *trace);
/* Valid until the handle is closed. */
const aatgs_trace_info *aatgs_trace_get_info(const aatgs_trace *trace);
void aatgs_trace_get_state(const aatgs_trace *trace, aatgs_trace_state *state);
/* Looks for what was committed since it was opened. */
int aatgs_trace_refresh(aatgs_trace *trace);

/* Moves to the first iteration >= `iteration`; aatgs_trace_next() then returns it. */
int aatgs_trace_seek(aatgs_trace *trace, uint64_t iteration);
/* 1: *out is the next iteration, in order, valid until the next call; 0: the end; or an
 * error. */
int aatgs_trace_next(aatgs_trace *trace, aatgs_iteration *out);

/* Valid until the handle is closed. AATGS_ENOTFOUND. */
int aatgs_trace_get_graph(aatgs_trace *trace, uint32_t number, const aatgs_trace_graph **out);
int aatgs_trace_get_plan(aatgs_trace *trace, uint32_t number, const aatgs_trace_plan **out);
/* The graph with the lowest number from `number` on: 1; 0: there is none; or an error. Graphs that
 * no iteration ran are not in a trace, so numbers may be left out. */
int aatgs_trace_next_graph(aatgs_trace *trace, uint32_t number, const aatgs_trace_graph **out);
/* The content of input `index`; valid until the handle is closed. */
int aatgs_trace_get_input(aatgs_trace *trace, uint32_t index, const uint8_t **bytes, size_t *size);
/* The last snapshot taken before iteration `iteration` (the state it started from, if *at ==
 * iteration): *at is the first iteration that ran after it. The bytes are the primary
 * regions in their order, each padded to a multiple of 64, valid until the next call. */
int aatgs_trace_get_snapshot(aatgs_trace *trace, uint64_t iteration, uint64_t *at,
                             const uint8_t **bytes, size_t *size);
/* The first snapshot taken for an iteration >= `iteration`: 1, and *at is that iteration; 0: there
 * is none; or an error. Walks along them with aatgs_trace_next_snapshot(t, at + 1, &at). */
int aatgs_trace_next_snapshot(aatgs_trace *trace, uint64_t iteration, uint64_t *at);
/* What the scheduler was told beside iterations, and what it decided beside plans. */
typedef enum aatgs_tick_kind {
  AATGS_TICK_TIME = 0,     /* the snapshot interval was over */
  AATGS_TICK_INTERVAL = 1, /* the caller set the snapshot interval; value: ns */
  AATGS_TICK_CANCEL = 2,   /* the caller cancelled queued configs; value: how many */
  AATGS_TICK_RESUME = 3,   /* the caller goes on after a stop */
  AATGS_TICK_LOST = 4,     /* the device is gone */
  AATGS_TICK_GIVE_UP = 16, /* decided: a task failed for good; value: its number in the graph */
  AATGS_TICK_STOP = 17,    /* decided: nothing more is posted until RESUME; value: the task, or
                              2^32 - 1 when the device is gone */
  AATGS_TICK_ADAPT = 18,   /* decided: a new snapshot interval; value: ns */
  AATGS_TICK_OVERRUN = 19, /* decided: the iteration that completed last (see done_before) missed
                              its deadline; value: what it took, ns */
  /* The device's clock as it was fitted at now_ns, in this order. All times of the trace are the
   * host's: device times had this offset taken from them. */
  AATGS_TICK_CLOCK_OFFSET = 32, /* value: device minus host, ns, modulo 2^64 */
  AATGS_TICK_CLOCK_DRIFT = 33,  /* value: of the offset over time, parts in 10^12, signed */
  AATGS_TICK_CLOCK_ERROR = 34   /* value: the offset is that far off at most, ns */
} aatgs_tick_kind;

/* One of these, in the order they happened. Index 0.. ; 1: filled in, 0: no more. */
typedef struct aatgs_tick {
  uint64_t before;      /* first iteration submitted after it */
  uint64_t done_before; /* iterations whose timings the scheduler had seen */
  uint64_t now_ns;      /* host clock */
  uint64_t kind;        /* aatgs_tick_kind; a reader passes over those it does not know */
  uint64_t value;
} aatgs_tick;
int aatgs_trace_get_tick(aatgs_trace *trace, uint64_t index, aatgs_tick *out);

/* Moments of the run that were marked: a flight recorder's triggers, faults, and where the
 * recording stopped early. */
typedef enum aatgs_trace_mark_kind {
  AATGS_MARK_EXPRESSION = 1, /* the trigger's expression matched; text: the expression */
  AATGS_MARK_SIGNAL = 2,     /* value: the signal's number */
  AATGS_MARK_FAULT = 3,      /* an iteration failed or the device was lost; value: its status */
  AATGS_MARK_CALL = 4,       /* the program asked for it; text: its reason */
  AATGS_MARK_STOPPED = 5     /* nothing was recorded any more; text: why; value: iterations lost */
} aatgs_trace_mark_kind;
typedef struct aatgs_trace_mark {
  aatgs_trace_mark_kind kind;
  uint64_t iteration; /* the one that caused it, or the last one known then; 0: none */
  uint64_t at_ns;     /* host clock */
  uint64_t value;
  const char *text; /* valid until the next mark is read */
} aatgs_trace_mark;
/* Index 0.. in the order they were made; 1: filled in, 0: no more, or an error. */
int aatgs_trace_get_mark(aatgs_trace *trace, uint64_t index, aatgs_trace_mark *out);
/* "expression", "signal", ...; "?" for a kind of the future. */
const char *aatgs_trace_mark_name(aatgs_trace_mark_kind kind);

/* ---- Columns ------------------------------------------------------------------ */

/* What a column is made of. */
typedef enum aatgs_trace_source {
  AATGS_SOURCE_GRAPH = 1,
  AATGS_SOURCE_PLAN,
  AATGS_SOURCE_STATUS,
  AATGS_SOURCE_POSTED_NS,
  AATGS_SOURCE_START_NS,
  AATGS_SOURCE_END_NS,
  AATGS_SOURCE_SEEN_NS,
  AATGS_SOURCE_TIMINGS,  /* number of timing records */
  AATGS_SOURCE_CONFIG,   /* an element of a field */
  AATGS_SOURCE_TELEMETRY /* the same */
} aatgs_trace_source;

typedef struct aatgs_trace_column {
  aatgs_trace_source source;
  const aatgs_field *field; /* CONFIG, TELEMETRY: one of the trace's */
  uint32_t index;           /* element of the field */
} aatgs_trace_column;

/* Gets `count` values at a time, each with its iteration's number; both arrays are valid during
 * the call. Anything but 0 ends the scan, which returns it. */
typedef int (*aatgs_trace_visit)(void *user, const uint64_t *iterations, const double *values,
                                 size_t count);
/* Reads one column of iterations first..last, and of the trace no more than it takes. It has a
 * place of its own: aatgs_trace_next() goes on where it was. */
int aatgs_trace_scan(aatgs_trace *trace, const aatgs_trace_column *column, uint64_t first,
                     uint64_t last, aatgs_trace_visit visit, void *user);

/* ---- Parts of iterations, fast ----------------------------------------------------- */

/* What to decode of each iteration, so that the rest costs nothing: the members of aatgs_iteration
 * and aatgs_timing by their names. What is not wanted reads as 0 or NULL, but for what the wanted
 * is derived from. An iteration's number is always there. */
#define AATGS_WANT_GRAPH             (1u << 0)
#define AATGS_WANT_PLAN              (1u << 1)
#define AATGS_WANT_STATUS            (1u << 2)
#define AATGS_WANT_DETAIL            (1u << 3)
#define AATGS_WANT_POSTED_NS         (1u << 4)
#define AATGS_WANT_START_NS          (1u << 5)
#define AATGS_WANT_END_NS            (1u << 6)
#define AATGS_WANT_SEEN_NS           (1u << 7)
#define AATGS_WANT_DONE_BEFORE       (1u << 8)
#define AATGS_WANT_CONFIG_WAITING    (1u << 9)
#define AATGS_WANT_TELEMETRY_WAITING (1u << 10)
#define AATGS_WANT_TIMING_COUNT      (1u << 11)
#define AATGS_WANT_TASK              (1u << 16)
#define AATGS_WANT_PART              (1u << 17)
#define AATGS_WANT_WORKER            (1u << 18)
#define AATGS_WANT_DURATION_NS       (1u << 19)
#define AATGS_WANT_TIMING_START_NS   (1u << 20)
#define AATGS_WANT_DIGEST            (1u << 21)
#define AATGS_WANT_TIMINGS           (63u << 16) /* all of aatgs_timing */

typedef struct aatgs_trace_want {
  uint32_t members;   /* AATGS_WANT_... */
  uint32_t telemetry; /* bit w: bytes 4 w to 4 w + 3 of the telemetry */
  uint64_t config;    /* the same for the config */
} aatgs_trace_want;

/* Adds element `index` of a field of the config, or else the telemetry. */
void aatgs_trace_want_field(aatgs_trace_want *want, const aatgs_field *field, uint32_t index,
                            bool config);

/* Iterations first..last (both at most the last one there was when the stream was opened), a block
 * at a time, decoded ahead by `threads` threads (0: by the caller). A stream has files and a place
 * of its own; the trace must outlive it, and errors are kept in the trace. */
typedef struct aatgs_trace_stream aatgs_trace_stream;
int aatgs_trace_stream_open(aatgs_trace *trace, const aatgs_trace_want *want, uint64_t first,
                            uint64_t last, uint32_t threads, aatgs_trace_stream **out);
/* 1: *rows are the next *count (at least 1) iterations, valid until the next call; 0: the end; or
 * an error, and no more after that. */
int aatgs_trace_stream_next(aatgs_trace_stream *stream, const aatgs_iteration **rows,
                            size_t *count);
/* Goes on with iterations first..last of a stream without threads; cheap where `first` lies in the
 * block that was handed out last. */
int aatgs_trace_stream_seek(aatgs_trace_stream *stream, uint64_t first, uint64_t last);
void aatgs_trace_stream_close(aatgs_trace_stream *stream);

#if defined(__cplusplus)
}
#endif
#endif
