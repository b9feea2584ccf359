/* LTTng-UST: what the module with the event gives the rival. */
#ifndef AATGS_BENCH_RIVAL_LTTNG_H
#define AATGS_BENCH_RIVAL_LTTNG_H

#include "trace/trace.h"

void bench_lttng_write(const aatgs_iteration *it);
/* Whether a session takes the event. */
int bench_lttng_on(void);

#endif
