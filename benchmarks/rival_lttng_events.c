/* A module of its own, so that lttng-ust and its threads are there only while LTTng is measured. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "rival_lttng_events.h"

#include "rival_lttng.h"

__attribute__((visibility("default"))) void bench_lttng_write(const aatgs_iteration *it)
{
  lttng_ust_tracepoint(aatgs_bench, iteration, it);
}

__attribute__((visibility("default"))) int bench_lttng_on(void)
{
  return lttng_ust_tracepoint_enabled(aatgs_bench, iteration);
}
