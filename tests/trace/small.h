/* Runs that are recorded into small files, so that many follow one another. */
#ifndef AATGS_TEST_SMALL_H
#define AATGS_TEST_SMALL_H

#include "trace/make.h"

extern const make_options small_options;

typedef struct small_run {
  aatgs_trace_writer *w;
  maker m;
  uint64_t pending_at; /* iteration of a snapshot that was ordered and not delivered; 0: none */
  unsigned late;       /* iterations until it is delivered */
  unsigned delivered;
} small_run;

aatgs_trace_writer_options small_writer_options(const char *dir);
/* Fails the test on an error. */
void small_ok(int rc, const aatgs_error *e);
/* Opens the writer and hands in graphs and the first snapshot. Fails the test on an error. */
void small_begin(small_run *r, const make_options *o, const aatgs_trace_writer_options *wo);
/* When the writer wants a snapshot it comes `lateness` calls later. */
int small_offer_snapshot(small_run *r, unsigned lateness);
/* The same, and hands in an iteration. */
int small_step(small_run *r, unsigned lateness);

#endif
