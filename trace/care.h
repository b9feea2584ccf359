/* Looking after traces: check one, save what is whole of a damaged one, cut a piece out, send one
 * elsewhere. None of these changes the trace that it reads, and each may read one that is being
 * written. Any thread. */
#ifndef AATGS_TRACE_CARE_H
#define AATGS_TRACE_CARE_H

#include <stdio.h>

#include "trace/trace.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* What was found, or written to the new place. */
typedef struct aatgs_trace_report {
  bool closed;
  uint64_t first; /* iterations */
  uint64_t last;
  uint64_t iterations;
  uint64_t lost; /* iterations known to be missing */
  uint64_t timings;
  uint64_t chunks;
  uint64_t snapshots;
  uint64_t ticks;
  uint64_t marks;
  uint64_t graphs;
  uint64_t plans;
  uint64_t inputs;
  uint64_t values;  /* of all kinds */
  uint64_t damaged; /* values and pages that do not hold together */
  uint64_t digest;  /* of the iterations, as in digest.h */
  uint64_t bytes;   /* read (verify), or written */
} aatgs_trace_report;

/* Gets a sentence for each thing that is wrong. May be NULL. */
typedef void (*aatgs_trace_note)(void *user, const char *sentence);

/* Reads every value of the trace in `dir`: pages, checksums, contents, order, numbers of graphs
 * and plans, gaps, totals, the run's digest. 0: whole (report->lost may still count gaps);
 * AATGS_ECORRUPT: something is wrong; other codes as aatgs_trace_open(). */
int aatgs_trace_verify(const char *dir, aatgs_trace_note note, void *user,
                       aatgs_trace_report *report, aatgs_error *error);

/* Writes everything that is whole in `dir`, however damaged, as a new closed trace `out`. Values
 * are found by their own marks in the files, so that neither LMDB's pages nor its directory
 * need to be whole. report->damaged counts what ought to be there and is not, or not whole; what
 * was written last and never committed may be saved, too. AATGS_ENOTFOUND, AATGS_EFORMAT (no
 * trace), AATGS_ECORRUPT (the description of the run is gone), AATGS_EEXIST and whatever else
 * writing brings. */
int aatgs_trace_recover(const char *dir, const char *out, aatgs_trace_note note, void *user,
                        aatgs_trace_report *report, aatgs_error *error);

/* Writes iterations first..last of `dir` as a new closed trace `out`. It starts at the newest
 * snapshot before `first`, so that it can be replayed; report->first says where that is. Where
 * there is no such snapshot, it starts at `first`. AATGS_EINVAL: no iteration in range. */
int aatgs_trace_trim(const char *dir, uint64_t first, uint64_t last, const char *out,
                     aatgs_trace_report *report, aatgs_error *error);

/* The same out of a trace that is open, as it was then: what a flight recorder lets go of meanwhile
 * stays there for the handle. */
int aatgs_trace_copy_range(aatgs_trace *trace, uint64_t first, uint64_t last, const char *out,
                           aatgs_trace_report *report, aatgs_error *error);

/* Writes the trace as one flat stream with its own checksums (FORMAT.md, section "Packs"); `name`
 * is for messages. The stream is written from front to end, and may be a pipe. */
int aatgs_trace_pack(const char *dir, FILE *to, const char *name, aatgs_trace_report *report,
                     aatgs_error *error);
/* Makes a trace from such a stream. Nothing is believed: names of files come from here, sizes are
 * capped before memory is taken, checksums come before use. A stream that ends early or is
 * damaged is AATGS_ECORRUPT, and `out` is then removed again. */
int aatgs_trace_unpack(FILE *from, const char *name, const char *out, aatgs_trace_report *report,
                       aatgs_error *error);

/* Removes the files that a trace consists of, whether whole or not, and its folder when nothing
 * else is in it. AATGS_EFORMAT: no file of a trace is there; AATGS_EIO. */
int aatgs_trace_remove(const char *dir, aatgs_error *error);

#if defined(__cplusplus)
}
#endif
#endif
