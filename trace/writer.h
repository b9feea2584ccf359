/* Writing a trace. Used by the recorder, from one thread. Everything handed in
 * is copied. An error is sticky: later calls return it and write nothing more;
 * what was committed before stays readable. AATGS_ENOSPC: the disk or a quota is
 * full, and there is no file that a window could let go of; AATGS_EIO: whatever
 * else the system answers, read-only media too; AATGS_ENOMEM. */
#ifndef AATGS_TRACE_WRITER_H
#define AATGS_TRACE_WRITER_H

#include "trace/trace.h"

typedef struct aatgs_trace_writer aatgs_trace_writer;

typedef struct aatgs_trace_writer_options {
  const char *dir;              /* created; AATGS_EEXIST when it is there and not empty */
  const aatgs_trace_info *info; /* format_version is filled in; input sizes and contents: */
  const uint8_t *const *inputs; /* info->input_count contents */
  int zstd_level;               /* 1..19; columns take the quickest way up to 3 */
  uint32_t chunk_iterations;    /* 0: 4096 */
  uint64_t chunk_bytes;         /* of raw data in a chunk; 0: 2 MiB */
  uint64_t commit_bytes;        /* 0: 4 MiB */
  uint64_t commit_ns;           /* 0: 100 ms */
  uint64_t roll_bytes;          /* of a data file, before the next one begins; 0: 256 MiB */
  uint64_t window_bytes; /* flight recorder: keep about the last so many bytes; 0: keep all */
  uint64_t window_ns;    /* flight recorder: keep at least the last so long; 0: keep all */
  /* A graph takes the place of the one whose number differs from its own by a multiple of
   * graphs_max: no iteration handed in later names that one. 0: all may be named to the end, and
   * the writer keeps them in memory. The same for plans. */
  uint32_t graphs_max;
  uint32_t plans_max;
} aatgs_trace_writer_options;

/* On failure nothing is left on the disk that was not there before. */
int aatgs_trace_writer_open(const aatgs_trace_writer_options *options, aatgs_trace_writer **out,
                            aatgs_error *error);
/* Graphs and plans before the first iteration that names them. They go into each data file whose
 * iterations name them. */
int aatgs_trace_write_graph(aatgs_trace_writer *w, const aatgs_trace_graph *graph);
int aatgs_trace_write_plan(aatgs_trace_writer *w, const aatgs_trace_plan *plan);
/* Iterations in rising order; a jump is a gap (counted as lost). */
int aatgs_trace_write_iteration(aatgs_trace_writer *w, const aatgs_iteration *iteration);
/* The primary regions as iteration `at` finds them, each padded to a multiple of 64 bytes. The
 * first one, before any iteration, is snapshot 0. One that comes when the writer wants one, and
 * soon after iteration `at` was run, begins a new data file. */
int aatgs_trace_write_snapshot(aatgs_trace_writer *w, uint64_t at, const uint8_t *bytes,
                               size_t size);
/* True when the data file is large enough for the next one to begin, with a snapshot. Without
 * one it grows to twice its size, and the next one begins without, and wants one. */
bool aatgs_trace_writer_wants_snapshot(const aatgs_trace_writer *w);
int aatgs_trace_write_tick(aatgs_trace_writer *w, const aatgs_tick *tick);
/* Numbered in the order they come. */
int aatgs_trace_write_mark(aatgs_trace_writer *w, const aatgs_trace_mark *mark);
/* Commits when enough is waiting or the oldest waits too long; call it when idle. `now_ns` is
 * CLOCK_MONOTONIC. */
int aatgs_trace_writer_pump(aatgs_trace_writer *w, uint64_t now_ns);
/* Commits all that was written, an open chunk as a tail. */
int aatgs_trace_writer_flush(aatgs_trace_writer *w);
/* The highest iteration that is safe on disk; moves only after a sync returned. */
uint64_t aatgs_trace_writer_committed(const aatgs_trace_writer *w);
/* Bytes of all values made so far, and of the snapshots among them. */
void aatgs_trace_writer_get_volume(const aatgs_trace_writer *w, uint64_t *bytes,
                                   uint64_t *snapshots);
/* Bytes on the disk of all data files so far, as a window counts them, those that are gone too. */
uint64_t aatgs_trace_writer_data_bytes(const aatgs_trace_writer *w);
const aatgs_error *aatgs_trace_writer_error(const aatgs_trace_writer *w);
/* Seals and marks the trace closed with the run's totals. `lost` counts iterations that were run
 * and not handed in. Frees the writer in any case; `error` (may be NULL) gets the sentence.
 * After an error the trace is closed all the same, if that can be written: it ends with what was
 * committed, what was handed in after that is counted as lost, and a mark says why. */
int aatgs_trace_writer_close(aatgs_trace_writer *w, uint64_t digest, uint64_t lost,
                             aatgs_error *error);

#endif
