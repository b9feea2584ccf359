/* Synthetic iterations with the shape of real ones. */
#ifndef AATGS_BENCH_STREAM_H
#define AATGS_BENCH_STREAM_H

#include "trace/trace.h"

#define STREAM_TASKS_MAX   6u
#define STREAM_RECORDS_MAX 18u

typedef struct stream_task {
  uint32_t parts;
  uint32_t finish; /* 1: has one, with a record of its own */
  uint32_t part_ns;
} stream_task;

/* The tasks and records of an iteration, as prism's graphs of these names have them on a graph to
 * colour. */
typedef struct stream_shape {
  const char *name;
  uint32_t task_count;
  uint32_t records;
  stream_task tasks[STREAM_TASKS_MAX];
} stream_shape;
extern const stream_shape stream_full;
extern const stream_shape stream_linear;

typedef struct stream {
  const stream_shape *shape;
  uint64_t random;
  uint64_t iteration;
  uint64_t clock;
  uint32_t upload_digest;
  uint8_t config[256];
  uint8_t telemetry[64];
  aatgs_timing timings[STREAM_RECORDS_MAX];
} stream;

void stream_start(stream *s, const stream_shape *shape);
/* The next iteration; its pointers are into *s. */
void stream_next(stream *s, aatgs_iteration *it);
const aatgs_trace_info *stream_info(void);
const aatgs_trace_graph *stream_graph(const stream_shape *shape);
/* A field of the telemetry that changes. */
const aatgs_field *stream_field(void);

#endif
