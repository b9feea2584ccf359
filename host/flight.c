#include "host/flight.h"
#include "device/order.h"
#include "host/clock.h"
#include "host/log.h"
#include "trace/care.h"
#include "trace/expr.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Marks of one window; those that come on top are not kept. */
#define MARKS_MAX 64u

struct aatgs_flight {
  aatgs_trace_writer *writer;
  aatgs_expr *trigger;
  char *trigger_text;
  bool matched; /* the iteration before did */
  uint32_t time_field;
  uint32_t telemetry_bytes;
  uint64_t window_bytes;
  uint64_t window_ns;
  uint32_t saves_max;
  /* The event whose window is not complete. */
  bool armed;
  uint32_t marks;
  uint64_t armed_bytes; /* written before it */
  uint64_t armed_ns;
  uint64_t armed_at; /* iteration */
  /* The window being saved. */
  bool saving;
  pthread_t thread;
  uint64_t done; /* V1: the thread has nothing more to do */
  aatgs_trace *ring;
  uint32_t number;
  uint64_t at; /* iteration of its event */
  uint64_t last;
  aatgs_error error; /* of the first saving that failed */
  uint64_t saved;
  char dir[4000];
};

/* ---- Saving ------------------------------------------------------------------------------- */

static void name_of(const aatgs_flight *f, uint32_t number, char out[4096])
{
  snprintf(out, 4096, "%s-saved-%" PRIu32, f->dir, number);
}

/* Where the window begins: at a snapshot, so that it can be replayed, unless the first one there
 * comes after the event. */
static uint64_t find_start(const aatgs_flight *f, aatgs_trace *t)
{
  aatgs_trace_state state;
  uint64_t at;
  aatgs_trace_get_state(t, &state);
  const int rc = aatgs_trace_next_snapshot(t, state.first, &at);
  return rc == 1 && at <= f->at ? at : state.first;
}

static void fail(aatgs_flight *f, const aatgs_error *error)
{
  aatgs_log_error("the window around iteration %" PRIu64 " was not saved: %s", f->at, error->text);
  if (!f->error.code)
    f->error = *error;
}

/* Copies the window out of f->ring, and closes that. */
static void save(aatgs_flight *f)
{
  char out[4096];
  aatgs_trace_report report;
  aatgs_error error = {0, 0, ""};
  name_of(f, f->number, out);
  if (aatgs_trace_copy_range(f->ring, find_start(f, f->ring), f->last, out, &report, &error)) {
    fail(f, &error);
  } else {
    aatgs_log_info("iterations %" PRIu64 " to %" PRIu64 " were saved as %s", report.first,
                   report.last, out);
    aatgs_bus_store_relaxed(&f->saved, f->saved + 1);
  }
  aatgs_trace_close(f->ring);
}

static void *run_saving(void *arg)
{
  aatgs_flight *f = arg;
  pthread_setname_np(pthread_self(), "aatgs-save");
  save(f);
  aatgs_bus_store_release(&f->done, 1); /* V1 */
  return NULL;
}

static void end_saving(aatgs_flight *f)
{
  pthread_join(f->thread, NULL);
  f->saving = false;
}

/* Holds on to the files that the window is in. */
static bool open_window(aatgs_flight *f, uint64_t last)
{
  aatgs_error error;
  f->armed = false;
  f->marks = 0;
  f->at = f->armed_at;
  f->number++;
  f->last = last;
  f->done = 0;
  if (aatgs_trace_open(f->dir, &f->ring, &error) == 0)
    return true;
  fail(f, &error);
  return false;
}

static int start_saving(aatgs_flight *f)
{
  const int rc = aatgs_trace_writer_flush(f->writer);
  if (rc || !open_window(f, aatgs_trace_writer_committed(f->writer)))
    return rc;
  f->saving = pthread_create(&f->thread, NULL, run_saving, f) == 0;
  if (!f->saving)
    save(f); /* without a thread the recording has to wait for it */
  return 0;
}

/* ---- Events ------------------------------------------------------------------------------- */

int aatgs_flight_mark(aatgs_flight *f, const aatgs_trace_mark *mark)
{
  if ((!f->armed && f->number == f->saves_max) || f->marks == MARKS_MAX)
    return 0;
  f->marks++;
  if (!f->armed) {
    f->armed = true;
    f->armed_bytes = aatgs_trace_writer_data_bytes(f->writer);
    f->armed_ns = mark->at_ns;
    f->armed_at = mark->iteration;
  }
  return aatgs_trace_write_mark(f->writer, mark);
}

/* The telemetry as the caller sees it, with the time that the host measured. */
static bool matches(const aatgs_flight *f, const aatgs_iteration *it)
{
  uint8_t telemetry[AATGS_TELEMETRY_BYTES_MAX];
  memcpy(telemetry, it->telemetry, f->telemetry_bytes);
  if (f->time_field != UINT32_MAX) {
    const uint32_t us = (uint32_t)((it->end_ns - it->start_ns + 500) / 1000);
    memcpy(telemetry + f->time_field, &us, sizeof us);
  }
  return aatgs_expr_match(f->trigger, it->iteration, it->status, it->config, telemetry);
}

static int look_at(aatgs_flight *f, const aatgs_iteration *it)
{
  int rc = 0;
  if (it->status) {
    const aatgs_trace_mark mark = {AATGS_MARK_FAULT, it->iteration, it->seen_ns, it->status,
                                   "an iteration failed"};
    rc = aatgs_flight_mark(f, &mark);
  }
  if (rc || !f->trigger)
    return rc;
  const bool matched = matches(f, it);
  if (matched && !f->matched) {
    const aatgs_trace_mark mark = {AATGS_MARK_EXPRESSION, it->iteration, it->seen_ns, 0,
                                   f->trigger_text};
    rc = aatgs_flight_mark(f, &mark);
  }
  f->matched = matched;
  return rc;
}

int aatgs_flight_pump(aatgs_flight *f, uint64_t now_ns)
{
  if (f->saving && aatgs_bus_load_acquire(&f->done)) /* V2 */
    end_saving(f);
  if (!f->armed || f->saving)
    return 0;
  if ((f->window_bytes &&
       aatgs_trace_writer_data_bytes(f->writer) - f->armed_bytes >= f->window_bytes / 2) ||
      (f->window_ns && now_ns - f->armed_ns >= f->window_ns / 2 && now_ns > f->armed_ns))
    return start_saving(f);
  return 0;
}

int aatgs_flight_iteration(aatgs_flight *f, const aatgs_iteration *it)
{
  const int rc = look_at(f, it);
  return rc || !f->armed ? rc : aatgs_flight_pump(f, it->seen_ns);
}

uint64_t aatgs_flight_saved(const aatgs_flight *f)
{
  return aatgs_bus_load_relaxed(&f->saved);
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static void free_flight(aatgs_flight *f)
{
  aatgs_expr_free(f->trigger);
  free(f->trigger_text);
  free(f);
}

static uint32_t find_time_field(const aatgs_trace_info *info)
{
  for (uint32_t i = 0; i < info->telemetry_field_count; i++)
    if (info->telemetry_fields[i].role == AATGS_FIELD_ITERATION_TIME_US &&
        info->telemetry_fields[i].type == AATGS_U32)
      return info->telemetry_fields[i].offset;
  return UINT32_MAX;
}

int aatgs_flight_open(const aatgs_flight_options *options, const aatgs_trace_info *info,
                      aatgs_trace_writer *writer, aatgs_flight **out, aatgs_error *error)
{
  char first[4096];
  struct stat st;
  *out = NULL;
  aatgs_flight *f = calloc(1, sizeof *f);
  if (!f)
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "%s: out of memory", options->dir);
  snprintf(f->dir, sizeof f->dir, "%s", options->dir);
  f->writer = writer;
  f->window_bytes = options->window_bytes;
  f->window_ns = options->window_ns;
  f->saves_max = options->saves_max;
  f->time_field = find_time_field(info);
  f->telemetry_bytes = info->telemetry_bytes;
  name_of(f, 1, first);
  int rc = 0;
  if (lstat(first, &st) == 0)
    rc = aatgs_error_set(error, AATGS_EEXIST, 0,
                         "%s: a window of an earlier run has that name; choose another name for "
                         "the recording, or remove it",
                         first);
  if (!rc && options->trigger)
    rc = aatgs_expr_compile_for(options->trigger, info, &f->trigger, error);
  if (!rc && options->trigger && !(f->trigger_text = strdup(options->trigger)))
    rc = aatgs_error_set(error, AATGS_ENOMEM, 0, "%s: out of memory", options->dir);
  if (rc) {
    free_flight(f);
    return rc;
  }
  *out = f;
  return 0;
}

int aatgs_flight_close(aatgs_flight *f, aatgs_error *error)
{
  if (!f)
    return 0;
  if (f->saving)
    end_saving(f);
  if (f->armed && open_window(f, UINT64_MAX))
    save(f);
  const int rc = f->error.code;
  if (rc && error)
    *error = f->error;
  free_flight(f);
  return rc;
}
