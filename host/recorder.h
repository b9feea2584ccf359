/* The recorder: a bounded journal that the runtime's thread fills and a thread of
 * its own drains into a trace. Pushing costs one copy and no system call. */
#ifndef AATGS_RECORDER_H
#define AATGS_RECORDER_H

#include "host/aatgs.h"
#include "trace/writer.h"

typedef struct aatgs_recorder aatgs_recorder;

/* Unless the largest iterations or a small window ask for another size. */
#define AATGS_JOURNAL_BYTES ((size_t)8 << 20)

typedef struct aatgs_recorder_options {
  aatgs_trace_writer_options writer;
  size_t journal_bytes; /* power of two */
  aatgs_on_full on_full;
  uint64_t timeout_ns; /* longest wait for room */
  /* Flight recorder, with a window in `writer`: */
  const char *trigger; /* NULL: none */
  uint32_t saves_max;
} aatgs_recorder_options;

/* Creates the trace and starts the thread. */
int aatgs_recorder_open(const aatgs_recorder_options *options, aatgs_recorder **out,
                        aatgs_error *error);
/* Each copies what it is given. With AATGS_ON_FULL_WAIT they wait for room and return the writer's
 * error once it has one; with DROP they return AATGS_EAGAIN when an iteration was left out. */
int aatgs_recorder_iteration(aatgs_recorder *r, const aatgs_iteration *iteration);
int aatgs_recorder_tick(aatgs_recorder *r, const aatgs_tick *tick);
int aatgs_recorder_plan(aatgs_recorder *r, const aatgs_trace_plan *plan);
int aatgs_recorder_snapshot(aatgs_recorder *r, uint64_t at, const uint8_t *bytes, size_t size);
/* The text is cut where it is longer than a mark's. */
int aatgs_recorder_mark(aatgs_recorder *r, const aatgs_trace_mark *mark);
/* Whether a snapshot now would begin a new data file. */
bool aatgs_recorder_wants_snapshot(const aatgs_recorder *r);
/* The same without a copy: `bytes` must stay as they are while aatgs_recorder_borrows(). */
int aatgs_recorder_lend_snapshot(aatgs_recorder *r, uint64_t at, uint8_t *bytes, size_t size);
bool aatgs_recorder_borrows(const aatgs_recorder *r);
/* Takes its own copy of the graph. */
int aatgs_recorder_graph(aatgs_recorder *r, const aatgs_graph *graph, uint32_t number);
/* What the trace has grown to so far, and what its last snapshot cost. */
typedef struct aatgs_recorder_volume {
  uint64_t bytes;
  uint64_t snapshot_bytes_in_all;
  uint64_t snapshot_bytes;
  uint64_t snapshot_ns;
} aatgs_recorder_volume;
void aatgs_recorder_get_volume(aatgs_recorder *r, aatgs_recorder_volume *out);
/* Iterations left out so far. */
uint64_t aatgs_recorder_lost(const aatgs_recorder *r);
/* The last iteration that is safe on the disk; windows saved; the writer's error, or 0. */
uint64_t aatgs_recorder_committed(const aatgs_recorder *r);
uint64_t aatgs_recorder_saved(const aatgs_recorder *r);
int aatgs_recorder_error(const aatgs_recorder *r);
/* Drains, closes the trace with the run's digest, ends the thread. The first error of the
 * recording, if there was one. */
int aatgs_recorder_close(aatgs_recorder *r, uint64_t digest, aatgs_error *error);

#endif
