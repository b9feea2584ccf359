/* Inside of `aatgs diff`: two traces side by side, iteration by iteration (diff_content.c), and
 * what was found (diff.c prints it). */
#ifndef AATGS_TOOLS_DIFF_H
#define AATGS_TOOLS_DIFF_H

#include <stdbool.h>

#include "tools/cli.h"
#include "tools/diff_time.h"
#include "trace/bytes.h"
#include "trace/trace.h"

typedef enum aatgs_aspect {
  AATGS_ASPECT_CONFIGS,
  AATGS_ASPECT_DECISIONS, /* which graph ran, and in which order its tasks were ranked */
  AATGS_ASPECT_TELEMETRY, /* status included */
  AATGS_ASPECT_DIGESTS,   /* of what each task wrote */
  AATGS_ASPECT_TIME,
  AATGS_ASPECTS
} aatgs_aspect;

extern const char *const aatgs_aspect_names[AATGS_ASPECTS + 1]; /* ends with NULL */

/* A field, a decision or a task type that differs. */
typedef struct aatgs_difference {
  aatgs_aspect aspect;
  char *field;        /* "betti[1]" */
  uint64_t iteration; /* the first one */
  uint64_t count;     /* iterations that differ */
  char *a, *b;        /* there */
} aatgs_difference;

/* One run's series of a task type: ns an iteration, all parts together. */
typedef struct aatgs_diff_type {
  const char *name;
  float *a, *b; /* diff->samples each, NaN where there is none; NULL: not seen yet */
  aatgs_time_result result;
} aatgs_diff_type;

typedef struct aatgs_diff {
  const char *dir[2];
  aatgs_trace *trace[2];
  const aatgs_trace_info *info[2];
  aatgs_trace_state state[2];
  aatgs_cli_range range;
  bool wanted[AATGS_ASPECTS];
  /* Found. */
  uint64_t compared;              /* iterations that both have */
  uint64_t alone[2];              /* iterations that one has */
  uint64_t differ[AATGS_ASPECTS]; /* iterations */
  uint64_t first[AATGS_ASPECTS];  /* the first of them */
  uint64_t digests;               /* of parts, that both have */
  aatgs_bytes differences;        /* aatgs_difference */
  aatgs_diff_type *types;         /* by name: those of A, then those that B alone has */
  size_t type_count;
  double common_change; /* in time: what all task types share */
  size_t samples;       /* values of a series; AATGS_TIME_SAMPLES at most */
} aatgs_diff;

/* Reads both traces and fills in what was found, but for aatgs_diff_type.result. 0, AATGS_ENOMEM or
 * a reader's error. */
int aatgs_diff_read(aatgs_diff *diff, aatgs_error *error);
/* Frees what was found. */
void aatgs_diff_free(aatgs_diff *diff);
/* Whether a wanted aspect differs; time, once there are verdicts. */
bool aatgs_diff_differs(const aatgs_diff *diff, aatgs_aspect aspect);

#endif
