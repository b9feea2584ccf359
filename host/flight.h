/* What makes a recorder a flight recorder: it watches for the events that a window is kept for, and
 * copies the window around one to a trace of its own, with a thread of its own, while the recording
 * goes on. All calls from the recorder's thread, but for aatgs_flight_saved(). */
#ifndef AATGS_FLIGHT_H
#define AATGS_FLIGHT_H

#include "host/aatgs.h"
#include "trace/writer.h"

typedef struct aatgs_flight aatgs_flight;

typedef struct aatgs_flight_options {
  const char *dir;       /* of the recording; windows are saved as DIR-saved-1, DIR-saved-2, ... */
  uint64_t window_bytes; /* as in aatgs_trace_writer_options */
  uint64_t window_ns;
  const char *trigger; /* expression, or NULL */
  uint32_t saves_max;
} aatgs_flight_options;

/* AATGS_EINVAL, AATGS_ENOTFOUND: the expression; AATGS_EEXIST: DIR-saved-1 is there. */
int aatgs_flight_open(const aatgs_flight_options *options, const aatgs_trace_info *info,
                      aatgs_trace_writer *writer, aatgs_flight **out, aatgs_error *error);
/* Looks at an iteration that was just written. An error of the writer, or 0. */
int aatgs_flight_iteration(aatgs_flight *f, const aatgs_iteration *iteration);
/* Something happened that the window is kept for. */
int aatgs_flight_mark(aatgs_flight *f, const aatgs_trace_mark *mark);
/* Starts to save a window when as much has come after the event as there should be. */
int aatgs_flight_pump(aatgs_flight *f, uint64_t now_ns);
/* Traces saved so far. Any thread. */
uint64_t aatgs_flight_saved(const aatgs_flight *f);
/* Saves what is still to be saved, from the recording that must be closed by now. Returns the
 * first error of any saving, with its sentence in `error` (may be NULL). */
int aatgs_flight_close(aatgs_flight *f, aatgs_error *error);

#endif
