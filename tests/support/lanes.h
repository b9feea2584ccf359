/* port.h for a worker of several lanes, which meet at barriers and reduce. With
 * PRISM_HARNESS_LANES defined as their number, lanes are threads; with
 * PRISM_HARNESS_WARPS, as how many warps there are at most, they are fibers in
 * warps, as in a thread block of a GPU (warps.h). */
#ifndef AATGS_TESTS_LANES_H
#define AATGS_TESTS_LANES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(PRISM_HARNESS_WARPS)
#define AATGS_TEAM_LANES 32u
#endif
#define aatgs_sync           port_sync
#define aatgs_reduce_add_u32 port_reduce_add_u32
#define aatgs_reduce_add_u64 port_reduce_add_u64
#define aatgs_reduce_min_u64 port_reduce_min_u64
#define aatgs_reduce_max_u64 port_reduce_max_u64
#include "device/port.h"
#undef aatgs_sync
#undef aatgs_reduce_add_u32
#undef aatgs_reduce_add_u64
#undef aatgs_reduce_min_u64
#undef aatgs_reduce_max_u64

#if defined(PRISM_HARNESS_WARPS)
#define LANES_MAX (AATGS_TEAM_LANES * PRISM_HARNESS_WARPS)
#else
#define LANES_MAX PRISM_HARNESS_LANES
#endif

typedef void lanes_function(aatgs_task *t);

static uint32_t lanes_count = LANES_MAX; /* of the worker */
static lanes_function *lanes_what;       /* that they run */
static aatgs_task lanes_task[LANES_MAX]; /* as each lane sees it */

/* Each way to run lanes has its own: the barrier of port.h; a barrier at which each
 * lane shows a value to the others of its worker or team, and gets what all of them show, to read
 * before the next barrier; and lanes_all(), which returns when every lane has run. */
AATGS_FN void aatgs_sync(const aatgs_task *t);
AATGS_FN const uint64_t *lanes_show(const aatgs_task *t, uint64_t v);
AATGS_FN void lanes_all(void);

enum lanes_op { LANES_ADD, LANES_LEAST, LANES_MOST };

AATGS_FN uint64_t lanes_reduce(const aatgs_task *t, uint64_t v, enum lanes_op op)
{
  const uint64_t *value = lanes_show(t, v);
  uint64_t all = value[0];
  for (uint32_t i = 1; i < t->lanes; i++)
    all = op == LANES_ADD                           ? all + value[i]
          : (op == LANES_LEAST) == (value[i] < all) ? value[i]
                                                    : all;
  return all;
}
AATGS_FN uint32_t aatgs_reduce_add_u32(const aatgs_task *t, uint32_t v)
{
  return (uint32_t)lanes_reduce(t, v, LANES_ADD);
}
AATGS_FN uint64_t aatgs_reduce_add_u64(const aatgs_task *t, uint64_t v)
{
  return lanes_reduce(t, v, LANES_ADD);
}
AATGS_FN uint64_t aatgs_reduce_min_u64(const aatgs_task *t, uint64_t v)
{
  return lanes_reduce(t, v, LANES_LEAST);
}
AATGS_FN uint64_t aatgs_reduce_max_u64(const aatgs_task *t, uint64_t v)
{
  return lanes_reduce(t, v, LANES_MOST);
}

/* Runs the function by all lanes; what they say of digest and failure goes into the task. */
AATGS_FN void lanes_run(lanes_function *what, aatgs_task *t)
{
  lanes_what = what;
  for (uint32_t i = 0; i < lanes_count; i++) {
    lanes_task[i] = *t;
    lanes_task[i].lane = i;
    lanes_task[i].lanes = lanes_count;
  }
  lanes_all();
  for (uint32_t i = 0; i < lanes_count; i++) {
    t->digest += lanes_task[i].digest;
    t->failed |= lanes_task[i].failed;
  }
}

#if defined(PRISM_HARNESS_WARPS)
#include "support/warps.h"
#else

static pthread_barrier_t lanes_barrier;

/* A team is one lane, which waits for nobody. */
AATGS_FN void aatgs_sync(const aatgs_task *t)
{
  if (t->lanes != AATGS_TEAM_LANES)
    pthread_barrier_wait(&lanes_barrier);
}

AATGS_FN const uint64_t *lanes_show(const aatgs_task *t, uint64_t v)
{
  static uint64_t value[2][LANES_MAX]; /* the last ones may still be read */
  static _Thread_local uint64_t own;
  static _Thread_local uint32_t turn;
  if (t->lanes == AATGS_TEAM_LANES) {
    own = v;
    return &own;
  }
  uint64_t *shown = value[turn++ % 2];
  shown[t->lane] = v;
  aatgs_sync(t);
  return shown;
}

AATGS_FN void *lanes_thread(void *task)
{
  lanes_what(task);
  return NULL;
}

AATGS_FN void lanes_all(void)
{
  pthread_t thread[LANES_MAX];
  pthread_barrier_init(&lanes_barrier, NULL, LANES_MAX);
  for (uint32_t i = 0; i < LANES_MAX; i++)
    if (pthread_create(&thread[i], NULL, lanes_thread, &lanes_task[i]) != 0)
      abort();
  for (uint32_t i = 0; i < LANES_MAX; i++)
    pthread_join(thread[i], NULL);
  pthread_barrier_destroy(&lanes_barrier);
}

#endif

#endif
