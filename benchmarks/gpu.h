/* Rivals on a GPU: what a user of CUDA would write instead. C on the outside; the tables are
 * empty, and nothing can be opened, in builds without CUDA (gpu_none.c). */
#ifndef AATGS_BENCH_GPU_H
#define AATGS_BENCH_GPU_H

#include "bench.h"
#include "shapes.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- Round trips (gpu_trips.cu): 256 bytes there, 64 bytes back, the first of those 256 ------ */

typedef struct gpu_trip {
  const char *name;
  bool bare;                     /* the floor: the bus and nothing else */
  void *(*open)(const bench *b); /* NULL: not on this machine */
  /* Words 0..15 of the config come back as telemetry. Word 0 counts up from call to call. */
  void (*once)(void *self, const uint32_t *config, uint32_t *telemetry);
  void (*close)(void *self);
} gpu_trip;
extern const gpu_trip gpu_trips[];
extern const size_t gpu_trip_count;

/* ---- Task graphs (gpu_graphs.cu) as CUDA graphs -------------------------------------------- */

typedef struct gpu_graph gpu_graph;
typedef enum gpu_graph_form {
  GPU_GRAPH_NODES = 0,     /* a kernel node for each task */
  GPU_GRAPH_ROWS = 1,      /* a kernel for each row, a block for each of its tasks */
  GPU_GRAPH_ROWS_EARLY = 2 /* the same with programmatic dependent launch */
} gpu_graph_form;
/* The shape's tasks as kernels that spin for `steps` steps (see spin.h), 32 threads a block when
 * that is 0, else `lanes`. NULL in a build without CUDA. */
gpu_graph *gpu_graph_open(const bench *b, const shape *s, gpu_graph_form form, uint32_t steps,
                          uint32_t lanes);
void gpu_graph_close(gpu_graph *g);  /* NULL: nothing */
void gpu_graph_launch(gpu_graph *g); /* returns at once */
void gpu_graph_wait(gpu_graph *g);   /* for all launches so far */

/* ---- Many iterations (gpu_streams.cu) ------------------------------------------------------ */

typedef struct gpu_stream {
  const char *name;
  /* Runs `count` iterations of 256 bytes in and 64 bytes out; returns the nanoseconds from the
   * first launch to the last result on the host. */
  uint64_t (*run)(const bench *b, uint32_t count);
} gpu_stream;
extern const gpu_stream gpu_streams[];
extern const size_t gpu_stream_count;

#if defined(__cplusplus)
}
#endif
#endif
