/* The rival of a pipeline: a thread pool as everyone writes it. A bounded queue of configs and
 * one of results, a mutex and condition variables for both; idle workers sleep. */
#ifndef AATGS_BENCH_POOL_H
#define AATGS_BENCH_POOL_H

#include "bench.h"

#define POOL_QUEUE   16u /* configs that wait, as the runtime's command slots */
#define POOL_RESULTS 64u /* results that wait, as its telemetry slots */

typedef struct pool pool;

void pool_open(const bench *b, uint32_t workers, pool **out);
void pool_close(pool *p);
/* Copies 256 bytes in; false when the queue is full. */
bool pool_submit(pool *p, const void *config);
/* Copies 64 bytes out; waits until there is a result. */
void pool_wait(pool *p, void *telemetry);
/* The same, but false when there is none. */
bool pool_poll(pool *p, void *telemetry);

#endif
