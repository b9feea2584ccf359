/* A recorded run as a place to walk in: to any iteration, forwards and back, by replay from the
 * nearest snapshot, with the state as it is there. Snapshots taken on the way are kept in memory,
 * so that a step back is as quick as one forward. */
#ifndef AATGS_WALK_H
#define AATGS_WALK_H

#include "host/replay.h"

typedef struct aatgs_walk aatgs_walk;

/* Of the options: trace, device, workload, workers and shuffle. The position is then before the
 * first iteration. */
int aatgs_walk_open(const aatgs_replay_options *options, aatgs_walk **out, aatgs_error *error);
void aatgs_walk_close(aatgs_walk *w);
aatgs_trace *aatgs_walk_trace(aatgs_walk *w);
const struct aatgs_workload *aatgs_walk_workload(const aatgs_walk *w);
const aatgs_error *aatgs_walk_error(const aatgs_walk *w);
uint64_t aatgs_walk_first(const aatgs_walk *w);
uint64_t aatgs_walk_last(const aatgs_walk *w);

/* Runs up to and including `iteration`, first - 1 to last. AATGS_EINVAL: out of range.
 * AATGS_ENOTFOUND: no snapshot leads there. */
int aatgs_walk_goto(aatgs_walk *w, uint64_t iteration);
/* The iteration that has run last; first - 1: none. */
uint64_t aatgs_walk_at(const aatgs_walk *w);
/* What it came to here; NULL before the first. */
const aatgs_iteration *aatgs_walk_found(const aatgs_walk *w);
/* The first difference from the record on the way from the snapshot; diverged is false when there
 * is none. */
const aatgs_replay_report *aatgs_walk_report(const aatgs_walk *w);
/* The primary regions after it, each padded to 64 bytes; valid until the next call. */
int aatgs_walk_state(aatgs_walk *w, const uint8_t **staging, size_t *bytes);

/* Starts the iteration after `iteration` - 1 and stops it before the first part of a task (a number
 * in its graph). AATGS_ENOTSUP: not on the cpu device with one worker. AATGS_ENOTFOUND: the
 * task was skipped; the position is then after the iteration. */
int aatgs_walk_enter(aatgs_walk *w, uint64_t iteration, uint32_t task);
/* Whether it is stopped inside an iteration, and before which task. */
bool aatgs_walk_inside(const aatgs_walk *w, uint64_t *iteration, uint32_t *task);
/* A region as it is at the stop. */
const uint8_t *aatgs_walk_region(const aatgs_walk *w, uint32_t region);
/* Lets the iteration end; `trap`: with SIGTRAP right before the task. */
int aatgs_walk_leave(aatgs_walk *w, bool trap);

#endif
