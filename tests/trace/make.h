/* Makes traces from a seed: anything that a run could record, and things that no run would. */
#ifndef AATGS_TEST_MAKE_H
#define AATGS_TEST_MAKE_H

#include "trace/trace.h"
#include "trace/writer.h"

#define MAKE_GRAPHS_MAX  8u
#define MAKE_RECORDS_MAX 96u

typedef struct make_options {
  uint64_t seed;
  uint32_t iterations;
  uint32_t config_bytes;
  uint32_t telemetry_bytes;
  uint32_t graphs;
  uint32_t records_max;    /* of an iteration, at most MAKE_RECORDS_MAX */
  uint32_t gap_every;      /* about; 0: no gaps */
  uint32_t noise;          /* 0: like a real run, 1: random bits everywhere */
  uint32_t ticks_every;    /* 0: none */
  uint32_t snapshot_every; /* 0: only the first */
  uint32_t marks_every;    /* 0: none */
  uint32_t chunk;          /* iterations in a chunk; 0: the default */
  uint32_t small;          /* 1: state and input of a few hundred bytes */
  uint32_t first_form; /* 1: without what version 1 got later: failure policies, kinds of tick */
} make_options;

typedef struct maker {
  make_options o;
  uint64_t random;
  uint64_t iteration;
  uint64_t clock;
  uint64_t busy_until;
  uint8_t config[256];
  uint8_t telemetry[64];
  aatgs_timing timings[MAKE_RECORDS_MAX];
  uint32_t records[MAKE_GRAPHS_MAX]; /* by graph */
} maker;

uint64_t make_random(uint64_t *state);
void make_start(maker *m, const make_options *o);
/* The next iteration; its pointers are into *m. */
void make_iteration(maker *m, aatgs_iteration *it);
void make_snapshot(uint64_t at, uint64_t seed, uint8_t *bytes, size_t size);

size_t make_snapshot_bytes(const make_options *o);
size_t make_input_bytes(const make_options *o);
/* A description with fields that fit the options; static memory, overwritten by the next call. */
const aatgs_trace_info *make_info(const make_options *o, const uint8_t *const **inputs);
/* Graph `number` of the trace; static memory. */
const aatgs_trace_graph *make_graph(const maker *m, uint32_t number);
const aatgs_trace_plan *make_plan(const maker *m, uint32_t number);

/* Options for a writer into `dir`. */
aatgs_trace_writer_options make_writer_options(const make_options *o, const char *dir);
/* Writes a whole trace; closes it unless `open`. Fails the test on an error. */
void make_trace(const make_options *o, const char *dir, aatgs_trace_writer **open);
/* Reads a trace and fails the test unless it is what make_trace() wrote, up to `last`. */
void make_verify(const make_options *o, const char *dir, uint64_t last);
/* The same for iterations alone, with a handle. */
void make_verify_iterations(const make_options *o, aatgs_trace *t, uint64_t first, uint64_t last);
bool make_same(const aatgs_iteration *a, const aatgs_iteration *b, const make_options *o);

/* A fresh path below the build folder's tests/, or in memory after make_paths_in_memory(); any
 * older folder there is removed. The text is overwritten by the fourth call after it. */
const char *make_path(const char *name);
/* Where durability is not the point and syncs would only take time. */
void make_paths_in_memory(void);
void make_remove(const char *path);

#endif
