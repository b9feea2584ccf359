/* The loop behind `aatgs run`: keeps configs in flight and takes telemetry until
 * a limit, a condition or a signal ends it. */
#ifndef AATGS_TOOLS_RUN_LOOP_H
#define AATGS_TOOLS_RUN_LOOP_H

#include "device/workload.h"
#include "host/aatgs.h"
#include "tools/latency.h"
#include "trace/expr.h"

typedef struct aatgs_run_plan {
  uint8_t config[AATGS_CONFIG_BYTES_MAX];
  uint64_t iterations;        /* 0: no limit */
  uint64_t duration_ns;       /* 0: no limit; no config is posted later than this */
  const aatgs_expr *until;    /* NULL, or ends the run at the first iteration that matches; needs
                                 in_flight 1, since what is in flight is recorded */
  bool (*enough)(void *user); /* NULL, or says that the run should end */
  void *enough_user;
  uint32_t in_flight; /* at most so many submitted and not yet seen, at least 1 */
} aatgs_run_plan;

typedef enum aatgs_run_end {
  AATGS_RUN_ITERATIONS,
  AATGS_RUN_SECONDS,
  AATGS_RUN_UNTIL,
  AATGS_RUN_SIGNAL,
  AATGS_RUN_DIVERGED,
  AATGS_RUN_ERROR
} aatgs_run_end;

typedef struct aatgs_run_result {
  aatgs_run_end end;
  int signal;          /* that ended it, or 0 */
  int code;            /* AATGS_RUN_ERROR: what failed; the sentence is the runtime's */
  uint64_t iterations; /* finished and seen */
  uint64_t failed;     /* of them with a status other than OK */
  aatgs_outcome first_failed;
  aatgs_outcome last;
  uint64_t elapsed_ns; /* from the first config posted to the last telemetry seen */
  uint8_t telemetry[AATGS_TELEMETRY_BYTES_MAX]; /* of the last iteration */
  aatgs_latency round_trip;                     /* posted to seen, host clock */
  aatgs_latency on_device;                      /* start to end, device clock */
} aatgs_run_result;

/* From here on SIGINT and SIGTERM only ask the loop to end; a second one kills as usual. */
void aatgs_run_catch_signals(void);
/* Runs to the end and waits for all that was submitted. *result is zeroed by the caller. Shows
 * a progress line on a terminal. Returns 0 or result->code. */
int aatgs_run_loop(aatgs_runtime *runtime, const aatgs_run_plan *plan, aatgs_run_result *result);

#endif
