/* Replay: the recorded configs through a device again, the recorded events through a
 * scheduler again, and a comparison of what comes out, iteration by iteration. */
#include "host/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPLAY_SLOTS    64u /* iterations in flight */
#define FOLLOW_PAUSE_NS 20000000

/* ---- What was recorded, kept until it is compared and the scheduler has seen it ------------- */

int aatgs_replay_keep(const aatgs_trace_info *info, const aatgs_iteration *it, aatgs_kept *k)
{
  if (k->capacity < it->timing_count) {
    aatgs_timing *more = realloc(k->timings, it->timing_count * sizeof *more);
    if (!more)
      return AATGS_ENOMEM;
    k->timings = more;
    k->capacity = it->timing_count;
  }
  k->it = *it;
  if (it->timing_count)
    memcpy(k->timings, it->timings, it->timing_count * sizeof *k->timings);
  memcpy(k->telemetry, it->telemetry, info->telemetry_bytes);
  memcpy(k->config, it->config, info->config_bytes);
  k->it.timings = k->timings;
  k->it.telemetry = k->telemetry;
  k->it.config = k->config;
  return 0;
}

aatgs_kept *aatgs_replay_kept(aatgs_replay_state *s, uint64_t iteration)
{
  aatgs_kept *k = &s->kept[iteration & (s->kept_count - 1)];
  return k->it.iteration == iteration ? k : NULL;
}

/* ---- The run through the trace ------------------------------------------------------------------
 */

static bool on_device(const aatgs_replay_state *s)
{
  return s->check & (AATGS_CHECK_DEVICE | AATGS_CHECK_STATE);
}

static int one_iteration(aatgs_replay_state *s, const aatgs_iteration *it)
{
  if (aatgs_replay_keep(s->info, it, &s->kept[it->iteration & (s->kept_count - 1)]))
    return aatgs_error_set(s->error, AATGS_ENOMEM, 0, "out of memory");
  const int rc = aatgs_replay_schedule(s, it);
  if (rc)
    return rc;
  if (on_device(s))
    return it->iteration < s->start ? 0 : aatgs_replay_feed(s, it);
  s->report->iterations += it->iteration >= s->first;
  if (s->options->progress && it->iteration % 65536 == 0)
    s->options->progress(s->options->user, s->report->iterations, s->total);
  return 0;
}

/* At the end of what is recorded so far: 1, there is more; 0, there will be none. */
static int wait_for_more(aatgs_replay_state *s)
{
  const struct timespec pause = {0, FOLLOW_PAUSE_NS};
  if (!s->options->follow || s->closed)
    return 0;
  nanosleep(&pause, NULL);
  const int rc = aatgs_replay_refresh(s);
  return rc ? rc : 1;
}

/* The scheduler has to be told all from the start of the trace, the device from a snapshot on. */
static int all_iterations(aatgs_replay_state *s)
{
  aatgs_iteration it;
  int rc = aatgs_trace_seek(s->trace, s->scheduler ? 0 : s->start), more = 1;
  while (!rc && more > 0) {
    more = aatgs_trace_next(s->trace, &it);
    if (more == 1 && it.iteration > s->last && !s->options->follow)
      break;
    if (more == 1)
      rc = one_iteration(s, &it);
    else if (more == 0)
      more = wait_for_more(s);
  }
  if (more < 0) {
    if (!s->error->code)
      *s->error = *aatgs_trace_error(s->trace);
    return more;
  }
  return rc || !s->rt ? rc : aatgs_replay_drain(s);
}

static int run_replay(aatgs_replay_state *s)
{
  int rc = aatgs_replay_open(s);
  if (!rc && s->total && on_device(s)) {
    rc = aatgs_replay_find_start(s, s->first);
    if (!rc)
      rc = aatgs_replay_start(s);
  }
  if (!rc && s->total)
    rc = all_iterations(s);
  if (!rc && s->report->iterations + s->report->lost < s->total)
    s->report->lost = s->total - s->report->iterations;
  return rc;
}

int aatgs_replay(const aatgs_replay_options *options, aatgs_replay_report *report,
                 aatgs_error *error)
{
  aatgs_error local;
  aatgs_replay_state s = {.options = options,
                          .report = report,
                          .error = error ? error : &local,
                          .slots_max = REPLAY_SLOTS,
                          .check = options->check ? options->check : AATGS_CHECK_ALL};
  memset(report, 0, sizeof *report);
  memset(s.error, 0, sizeof *s.error);
  if (options->size != sizeof *options || !options->trace || (s.check & ~AATGS_CHECK_ALL))
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "aatgs_replay_options: begin with AATGS_REPLAY_OPTIONS_INIT and name a "
                           "trace");
  int rc = run_replay(&s);
  aatgs_replay_stop(&s);
  aatgs_replay_close(&s);
  if (!rc && report->diverged)
    rc = aatgs_error_set(s.error, AATGS_EDIVERGED, 0,
                         "the replay diverged at iteration %" PRIu64 ": %s", report->iteration,
                         report->what);
  if (rc == AATGS_EDIVERGED && options->confirm)
    aatgs_replay_confirm(options, report);
  return rc;
}
