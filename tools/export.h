/* Inside of `aatgs export`: a walk over a trace (export_walk.c) that tells a sink (Perfetto's
 * format, Chrome's) what lies on which track, in the order in which it began. */
#ifndef AATGS_TOOLS_EXPORT_H
#define AATGS_TOOLS_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/cli.h"
#include "trace/trace.h"

/* Tracks come in groups. */
typedef enum aatgs_track_group {
  AATGS_TRACK_WORKERS,        /* a track a worker: the parts it ran */
  AATGS_TRACK_ITERATIONS,     /* start to end on the device; as many as ran at once */
  AATGS_TRACK_COMMAND_RING,   /* posted to start */
  AATGS_TRACK_TELEMETRY_RING, /* end to seen */
  AATGS_TRACK_SCHEDULER,      /* 0: the plan in force; 1: ticks */
  AATGS_TRACK_QUEUES,         /* counters: the host's queue, telemetry not read yet */
  AATGS_TRACK_TELEMETRY,      /* counters: a track an element of a field */
  AATGS_TRACK_CONFIG,         /* the same */
  AATGS_TRACK_GROUPS
} aatgs_track_group;

typedef struct aatgs_track {
  uint32_t group;
  uint32_t index; /* in the group */
} aatgs_track;

/* "Workers" */
const char *aatgs_track_group_name(uint32_t group);
bool aatgs_track_is_counter(uint32_t group);

/* A task graph as a walk holds it. */
typedef struct aatgs_export_graph {
  const aatgs_trace_graph *graph;
  uint32_t first_name;  /* its tasks' names are this one and those that follow */
  uint32_t *first_edge; /* by task: edges are numbered dependency by dependency */
  uint32_t *first_out;  /* by task, and one more: where its edges begin in `out` */
  uint32_t *out;        /* edges that leave a task */
  uint32_t edge_count;
} aatgs_export_graph;

typedef struct aatgs_export_slice {
  aatgs_track track;
  uint64_t start_ns; /* host clock */
  uint64_t end_ns;
  uint64_t iteration;
  uint32_t name;   /* of a task: index of a name; else AATGS_NAME_... */
  uint32_t number; /* task: its part; plan: its number; else the iteration's status */
  /* Task: edges of its graph that begin at its end or end at its start have the numbers
   * flow + edge; NULL or not set: this part has none. */
  const aatgs_export_graph *graph;
  uint64_t flow;
  uint32_t task;
  bool first; /* the task's first part to start */
  bool last;  /* the task's last part to end */
} aatgs_export_slice;

#define AATGS_NAME_ITERATION (UINT32_MAX - 1)
#define AATGS_NAME_PLAN      (UINT32_MAX - 2)
#define AATGS_NAME_TICK      (UINT32_MAX - 3) /* takes no time */

/* What a walk is told of and tells its sink. */
typedef struct aatgs_export {
  aatgs_trace *trace;
  const aatgs_trace_info *info;
  aatgs_cli_range range;
  FILE *out;
} aatgs_export;

typedef struct aatgs_export_sink {
  void *(*open)(const aatgs_export *e); /* NULL: out of memory */
  /* Name `index` is told before a slice has it. The text is clean UTF-8. */
  void (*name)(void *self, uint32_t index, const char *text, const char *type);
  /* A track is told before something lies on it. `unit` may be empty. */
  void (*track)(void *self, aatgs_track track, const char *name, const char *unit);
  void (*slice)(void *self, const aatgs_export_slice *slice);
  void (*counter)(void *self, aatgs_track track, uint64_t at_ns, double value);
  int (*close)(void *self); /* 0 or AATGS_ENOMEM: something is missing */
} aatgs_export_sink;

extern const aatgs_export_sink aatgs_export_perfetto;
extern const aatgs_export_sink aatgs_export_chrome;

/* Walks the range. What the sink wrote to e->out is checked by its owner. */
int aatgs_export_walk(const aatgs_export *e, const aatgs_export_sink *sink, aatgs_error *error);
/* Makes the database in file `path`, which is empty. */
int aatgs_export_sqlite(const aatgs_export *e, const char *path, aatgs_error *error);

#endif
