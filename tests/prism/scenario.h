#ifndef AATGS_TEST_SCENARIO_H
#define AATGS_TEST_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

/* Runs the scenario and returns a digest of all that was written. */
uint64_t scenario_run(uint32_t iterations, bool backwards);
/* The same with three lanes a worker. */
uint64_t scenario_run_lanes(uint32_t iterations, bool backwards);

#endif
