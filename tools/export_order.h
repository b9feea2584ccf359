/* Puts what a walk finds into the order in which it began, in memory for what is in flight, and
 * hands it to the sink: slices on their tracks, counters when they change. */
#ifndef AATGS_TOOLS_EXPORT_ORDER_H
#define AATGS_TOOLS_EXPORT_ORDER_H

#include "tools/export.h"
#include "trace/bytes.h"

#define AATGS_LANES 256u /* tracks of a group whose slices may overlap, at most */

typedef struct aatgs_order_event aatgs_order_event;

typedef struct aatgs_order {
  const aatgs_export *e;
  const aatgs_export_sink *sink;
  void *self; /* the sink's */
  aatgs_order_event *heap;
  size_t count;
  size_t capacity;
  uint64_t serial;
  bool failed;                                        /* out of memory */
  uint64_t lane_end[AATGS_TRACK_GROUPS][AATGS_LANES]; /* end of the last slice on it */
  aatgs_bytes told[AATGS_TRACK_GROUPS];               /* bool, by index: the sink knows the track */
  aatgs_bytes value[AATGS_TRACK_GROUPS]; /* double, by index: of a counter, told last */
} aatgs_order;

/* A zeroed order with its first three members set is empty. */
/* The track's index is not looked at where slices overlap (iterations, rings): a free one is
 * taken. */
void aatgs_order_slice(aatgs_order *order, const aatgs_export_slice *slice);
void aatgs_order_counter(aatgs_order *order, aatgs_track track, uint64_t at_ns, double value);
/* Hands over all that began before `before_ns`. */
void aatgs_order_flush(aatgs_order *order, uint64_t before_ns);
void aatgs_order_free(aatgs_order *order);

#endif
