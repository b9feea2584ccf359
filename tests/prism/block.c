/* The one file of warps.c's test that has prism's tasks as a GPU has them. */
#define PRISM_HARNESS_WARPS 3
#include "prism/block.h"

_Static_assert(BLOCK_LANES_MAX == LANES_MAX, "as many lanes");
_Static_assert(BLOCK_SCHEDULES == WARPS_SCHEDULES, "as many schedules");

static void take(const block_shape *shape)
{
  lanes_count = shape->lanes;
  warps.schedule = (enum warps_schedule)shape->schedule;
}

void block_iterate(const block_shape *shape, harness *h, const harness_task *tasks, size_t count)
{
  take(shape);
  harness_iterate(h, tasks, count);
}

void block_forget(const block_shape *shape, harness *h)
{
  take(shape);
  harness_forget(h);
}
