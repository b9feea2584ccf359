/* What all benchmarks share: options, percentiles, rows, and the report: a
 * table, or one JSON object with benchmark, device, commit, machine, results. */
#ifndef AATGS_BENCH_H
#define AATGS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "host/aatgs.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct bench_program {
  const char *name;     /* "roundtrip" */
  const char *question; /* one or two sentences for --help */
  uint32_t rounds;      /* the default of --rounds */
  const char *round;    /* what a round is, for --help */
} bench_program;

typedef struct bench {
  const bench_program *program;
  const char *device;    /* "cpu" or "cuda" */
  char device_name[128]; /* model of the processor or GPU */
  uint32_t rounds;
  bool as_json;
  json_t *results;
} bench;

/* Reads --device, --format, --rounds and --help. Ends the process where there is nothing to
 * measure: 0 after --help, 2 on a wrong command line, 1 when the device is not there. */
void bench_start(const bench_program *program, int argc, char **argv, bench *b);
/* Prints the report and frees it; returns main's result. */
int bench_finish(bench *b);
/* Ends the process with `bench_NAME: sentence` on stderr and 1. */
void bench_fail(const bench *b, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* A new row of the results; it belongs to the report. Figures have their unit in the key. */
json_t *bench_row(bench *b, const char *name, bool rival);
void bench_count(json_t *row, const char *key, uint64_t value);
void bench_real(json_t *row, const char *key, double value);

/* Durations, all of them kept. */
typedef struct bench_samples {
  uint64_t *ns;
  size_t count;
  size_t capacity;
} bench_samples;
void bench_samples_open(const bench *b, bench_samples *s, size_t capacity);
void bench_samples_close(bench_samples *s);
static inline void bench_sample(bench_samples *s, uint64_t ns)
{
  if (s->count < s->capacity)
    s->ns[s->count++] = ns;
}
/* The sample that `per_mille` of 1000 lie at or below; 0 when there is none. Sorts. */
uint64_t bench_percentile(bench_samples *s, uint32_t per_mille);
/* p50_ns, p99_ns, p999_ns, min_ns and samples into the row. */
void bench_latency(json_t *row, bench_samples *s);
/* per_second (of the median round), per_second_min, per_second_max and rounds into the row, when
 * each sample is the duration of a round of `items`. */
void bench_rate(json_t *row, bench_samples *s, uint64_t items);

/* ---- Threads (bench_threads.c) ------------------------------------------------------------ */

/* Cores this process may use. Threads started while unpinned may run on all of them. */
uint32_t bench_cores(void);
/* The core for the thread that measures: with many of them not the first, which takes interrupts.
 */
uint32_t bench_host_core(void);
/* The calling thread stays on the `index`-th core it may use (modulo their number). */
void bench_pin(uint32_t index);
void bench_unpin(void);
/* Workers 0..count-1 of the cpu devices of this process stay on cores 1..count. Other threads
 * of the runtime may go on running anywhere. */
void bench_pin_workers(uint32_t count);

/* ---- Places to record to -------------------------------------------------------------------- */

/* Makes a name for a trace in a new folder under `parent` ("/tmp"); false when it has no room
 * for one. bench_folder_remove() takes the folder away with all that is in it. */
typedef struct bench_folder {
  char path[64];
  char trace[80];
} bench_folder;
bool bench_folder_make(const char *parent, bench_folder *f);
void bench_folder_remove(const bench_folder *f);

#if defined(__cplusplus)
}
#endif
#endif
