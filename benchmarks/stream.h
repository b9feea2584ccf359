/* Synthetic iterations with the shape of real ones. */
#ifndef AATGS_BENCH_STREAM_H
#define AATGS_BENCH_STREAM_H

#include "trace/trace.h"

#define STREAM_RECORDS 16u

typedef struct stream {
  uint64_t random;
  uint64_t iteration;
  uint64_t clock;
  uint32_t upload_digest;
  uint8_t config[256];
  uint8_t telemetry[64];
  aatgs_timing timings[STREAM_RECORDS];
} stream;

void stream_start(stream *s);
/* The next iteration; its pointers are into *s. */
void stream_next(stream *s, aatgs_iteration *it);
const aatgs_trace_info *stream_info(void);
const aatgs_trace_graph *stream_graph(void);
/* A field of the telemetry that changes. */
const aatgs_field *stream_field(void);

#endif
