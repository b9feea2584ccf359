/* Runs that are recorded, for tests in which the recording fails. */
#ifndef AATGS_TEST_RECORDED_H
#define AATGS_TEST_RECORDED_H

#include "host/aatgs.h"

/* The folder of the recording, for as long as a test runs: its set-up and teardown. */
extern char recorded_folder[40];
int recorded_make_folder(void **state);
int recorded_remove_folder(void **state);
/* Of the workload `empty`, task list "one"; with a window (0: none) it is a flight recorder. Fails
 * the test on an error. */
aatgs_runtime *recorded_open(aatgs_on_full on_full, uint64_t window_bytes);
/* Random configs, so that the trace grows. Returns the first error, else 1. */
int recorded_iterate(aatgs_runtime *rt, uint32_t iterations);

#endif
