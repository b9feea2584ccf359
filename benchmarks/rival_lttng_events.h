/* LTTng's description of the event: lttng-ust reads this file several times. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER aatgs_bench
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "rival_lttng_events.h"

#if !defined(AATGS_BENCH_RIVAL_LTTNG_EVENTS_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define AATGS_BENCH_RIVAL_LTTNG_EVENTS_H

#include <lttng/tracepoint.h>

#include "trace/trace.h"

/* Fields stand without commas: no expression to clang-format. */
/* clang-format off */
LTTNG_UST_TRACEPOINT_EVENT(
  aatgs_bench, iteration, LTTNG_UST_TP_ARGS(const aatgs_iteration *, it),
  LTTNG_UST_TP_FIELDS(
    lttng_ust_field_integer(uint64_t, iteration, it->iteration)
    lttng_ust_field_integer(uint32_t, graph, it->graph)
    lttng_ust_field_integer(uint32_t, plan, it->plan)
    lttng_ust_field_integer(uint32_t, status, it->status)
    lttng_ust_field_integer(uint32_t, detail, it->detail)
    lttng_ust_field_integer(uint64_t, posted_ns, it->posted_ns)
    lttng_ust_field_integer(uint64_t, start_ns, it->start_ns)
    lttng_ust_field_integer(uint64_t, end_ns, it->end_ns)
    lttng_ust_field_integer(uint64_t, seen_ns, it->seen_ns)
    lttng_ust_field_integer(uint64_t, done_before, it->done_before)
    lttng_ust_field_integer(uint32_t, config_waiting, it->config_waiting)
    lttng_ust_field_integer(uint32_t, telemetry_waiting, it->telemetry_waiting)
    lttng_ust_field_array(uint8_t, config, it->config, 256)
    lttng_ust_field_array(uint8_t, telemetry, it->telemetry, 64)
    lttng_ust_field_sequence(uint8_t, timings, (const uint8_t *)it->timings, uint32_t,
                             it->timing_count * (uint32_t)sizeof(aatgs_timing))))
/* clang-format on */

#endif

#include <lttng/tracepoint-event.h>
