/* A small trace made by hand, of which every figure is known.
 *
 * 60 iterations, 1 to 65 without 20 to 24, of the graph up > {left, right} > down on two workers.
 * Times of an iteration, ns after it was posted:
 *
 *   100         taken up                                  | worker
 *   100 -  200  up                                        | 0
 *   200 -  400  left, part 0                              | 0
 *   250 -  550  left, part 1                              | 1
 *   560 -  600  left, finish                              | 1
 *   400 -  500  right                                     | 0
 *   620 -  700  down                                      | 1
 *   710         ended
 *   800         telemetry seen
 *
 * Iteration 2 is posted 300 ns after the first, whose `left` still holds region `state`: its own
 * `left` may begin only at 300 ns after its post, and begins 20 ns after that. Iteration 10: part
 * 1 of `left` takes 5000 ns longer. Iteration 12: the config lies in the ring for 3000 ns.
 * Iteration 30 fails in task 1. From iteration 40 on the plan is one of rule config_low.
 *
 * HAND_ADAPTIVE: the policy is `adaptive`; 60 iterations are unread from 50 on, what was queued is
 * cancelled before 40, and the plan changes at 25 (after the gap), 40, 52 and 61. */
#ifndef AATGS_TEST_HAND_TRACE_H
#define AATGS_TEST_HAND_TRACE_H

#include "trace/error.h"

#define HAND_ITERATIONS 60u
#define HAND_LAST       65u

typedef enum hand_kind {
  HAND_PLAIN,
  HAND_HOSTILE, /* names that hold quotes, tags, control characters and marks that turn the
                   direction of writing */
  HAND_ADAPTIVE
} hand_kind;

/* Writes it into the new folder `dir`. */
int hand_trace_write(const char *dir, hand_kind kind, aatgs_error *error);

#endif
