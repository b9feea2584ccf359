/* What the runtime has to do with its recording: opening it, and the moments that go into it. */
#include "host/clock.h"
#include "host/runtime.h"
#include "host/trace_info.h"

#include <stdlib.h>

#define JOURNAL_MIN ((size_t)1 << 18)
#define JOURNAL_MAX ((size_t)1 << 31)
#define WINDOW_MIN  (UINT64_C(1) << 20)
#define SAVES_MAX   16u

/* Room for at least four of the largest iterations. What waits in the journal is ahead of the
 * window that a flight recorder would save: it has to be small beside that. */
static size_t journal_bytes(const aatgs_options *o)
{
  const size_t entry = (size_t)o->timing_slots * sizeof(aatgs_timing) + 4096;
  size_t bytes = AATGS_JOURNAL_BYTES;
  while (o->window_bytes && bytes > JOURNAL_MIN && bytes > o->window_bytes / 8)
    bytes /= 2;
  while (bytes < 4 * entry && bytes < JOURNAL_MAX)
    bytes *= 2;
  return bytes;
}

int aatgs_open_recording(aatgs_runtime *rt, aatgs_error *error)
{
  if (!rt->options.record)
    return 0;
  const uint64_t least = rt->staging_bytes * 8 > WINDOW_MIN ? rt->staging_bytes * 8 : WINDOW_MIN;
  if (rt->options.window_bytes && rt->options.window_bytes < least)
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "the flight recorder's window is %llu bytes: it must be at least %llu, "
                           "8 snapshots of the state of this run, or 1 MiB",
                           (unsigned long long)rt->options.window_bytes, (unsigned long long)least);
  aatgs_run_info *info;
  rt->trace_staging = calloc(rt->staging_bytes ? rt->staging_bytes : 1, 1);
  int rc = rt->trace_staging ? aatgs_run_info_open(rt, &info) : AATGS_ENOMEM;
  if (rc)
    return aatgs_error_set(error, rc, 0, "out of memory");
  aatgs_recorder_options o = {.journal_bytes = journal_bytes(&rt->options),
                              .on_full = rt->options.on_full,
                              .timeout_ns = rt->options.timeout_ns};
  o.writer.dir = rt->options.record;
  o.writer.info = aatgs_run_info_get(info, &o.writer.inputs);
  o.writer.zstd_level = rt->options.zstd_level;
  o.writer.graphs_max = rt->options.graphs_max;
  o.writer.plans_max = rt->plans_max;
  o.writer.window_bytes = rt->options.window_bytes;
  o.writer.window_ns = rt->options.window_ns;
  o.trigger = rt->options.trigger;
  o.saves_max = rt->options.saves_max ? rt->options.saves_max : SAVES_MAX;
  rc = aatgs_recorder_open(&o, &rt->recorder, error);
  aatgs_run_info_close(info);
  rt->host_bytes += o.journal_bytes + rt->staging_bytes;
  if (!rc)
    rc = aatgs_recorder_snapshot(rt->recorder, rt->first_iteration, rt->staging, rt->staging_bytes);
  return rc;
}

int aatgs_mark(aatgs_runtime *rt, aatgs_trace_mark_kind kind, uint64_t value, const char *text)
{
  const uint64_t last = rt->next_complete - 1;
  const aatgs_trace_mark mark = {kind, last, aatgs_now_ns(), value, text};
  if (!rt->recorder)
    return aatgs_error_set(&rt->error, AATGS_EINVAL, 0,
                           "nothing is recorded: there is no window to save");
  const int rc = aatgs_recorder_mark(rt->recorder, &mark);
  return rc ? aatgs_error_set(&rt->error, rc, 0, "the moment could not be recorded: %s",
                              aatgs_strerror(rc))
            : 0;
}

int aatgs_trigger(aatgs_runtime *rt, const char *reason)
{
  return aatgs_mark(rt, AATGS_MARK_CALL, 0, reason);
}

int aatgs_trigger_signal(aatgs_runtime *rt, int number)
{
  return aatgs_mark(rt, AATGS_MARK_SIGNAL, (uint64_t)number, NULL);
}
