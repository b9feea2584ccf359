#ifndef AATGS_TEST_BLOCK_H
#define AATGS_TEST_BLOCK_H

#include "support/prism_harness.h"

#define BLOCK_LANES_MAX 96u
#define BLOCK_SCHEDULES 3u

/* By which block tasks run: lanes, full warps, at most BLOCK_LANES_MAX; and the order in which
 * those that can go on do so, a warps_schedule (support/warps.h). */
typedef struct block_shape {
  uint32_t lanes;
  uint32_t schedule;
} block_shape;

/* harness_iterate() and harness_forget(), by a thread block that runs what prism has for CUDA. */
void block_iterate(const block_shape *shape, harness *h, const harness_task *tasks, size_t count);
void block_forget(const block_shape *shape, harness *h);

#endif
