#include "host/walk.h"
#include "host/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CACHE_ENTRIES  64u
#define CACHE_BYTES    ((size_t)256 << 20)
#define WALK_SLOTS     4u  /* few in flight: the runtime is opened often */
#define REOPEN_IS_LIKE 32u /* iterations run again */

/* The state that iteration `at` finds. */
typedef struct cached {
  uint64_t at; /* 0: free */
  uint64_t used;
  uint8_t *bytes;
} cached;

struct aatgs_walk {
  aatgs_replay_options options;
  aatgs_replay_report report;
  aatgs_error error;
  aatgs_replay_state s;
  aatgs_kept found;
  aatgs_stop stop;
  uint64_t at;
  bool have_state; /* the runtime's snapshot is of now */
  bool inside;
  uint32_t inside_task;
  uint64_t clock; /* of the cache's uses */
  cached cache[CACHE_ENTRIES];
};

/* ---- The cache ------------------------------------------------------------------------------- */

static cached *newest_before(aatgs_walk *w, uint64_t iteration)
{
  cached *best = NULL;
  for (uint32_t i = 0; i < CACHE_ENTRIES; i++)
    if (w->cache[i].at && w->cache[i].at <= iteration && (!best || w->cache[i].at > best->at))
      best = &w->cache[i];
  return best;
}

/* A place for one more: a free one, else the one not used for longest. */
static cached *make_room(aatgs_walk *w, size_t bytes)
{
  const uint32_t most = bytes && CACHE_BYTES / bytes < CACHE_ENTRIES
                            ? (uint32_t)(CACHE_BYTES / bytes)
                            : CACHE_ENTRIES;
  cached *oldest = NULL;
  for (uint32_t i = 0; i < most; i++)
    if (!oldest || w->cache[i].used < oldest->used)
      oldest = &w->cache[i];
  return oldest;
}

static int take_state(aatgs_walk *w)
{
  if (w->have_state)
    return 0;
  const int rc = aatgs_replay_error(&w->s, aatgs_snapshot(w->s.rt));
  w->have_state = !rc;
  return rc;
}

/* Keeps the state of now; to lack the memory for it is no error. */
static int keep_state(aatgs_walk *w)
{
  const cached *near = newest_before(w, w->at + 1);
  cached *c = make_room(w, w->s.staging_bytes);
  if (!c || (near && near->at == w->at + 1))
    return 0;
  const int rc = take_state(w);
  if (rc)
    return rc;
  if (!c->bytes)
    c->bytes = malloc(w->s.staging_bytes + 1);
  if (c->bytes) {
    memcpy(c->bytes, w->s.rt->staging, w->s.staging_bytes);
    c->at = w->at + 1;
    c->used = ++w->clock;
  }
  return 0;
}

/* ---- Going ---------------------------------------------------------------------------------- */

/* Opens the runtime in the newest state at or before the one that `iteration` finds. */
static int start_before(aatgs_walk *w, uint64_t iteration)
{
  aatgs_replay_stop(&w->s);
  cached *c = newest_before(w, iteration);
  int rc = 0;
  uint64_t recorded = 0;
  for (size_t i = 0; i < w->s.mark_count && w->s.marks[i] <= iteration; i++)
    recorded = w->s.marks[i];
  if (c && c->at > recorded) {
    c->used = ++w->clock;
    w->s.start = c->at;
    memcpy(w->s.staging, c->bytes, w->s.staging_bytes);
  } else {
    rc = aatgs_replay_find_start(&w->s, iteration);
  }
  memset(&w->report, 0, sizeof w->report);
  w->have_state = false;
  w->at = w->s.start - 1;
  return rc ? rc : aatgs_replay_start(&w->s);
}

/* Where it can go on from where it is without running more than from a snapshot. */
static bool go_on(aatgs_walk *w, uint64_t iteration)
{
  uint64_t best = 0;
  const cached *c = newest_before(w, iteration + 1);
  if (!w->s.rt || w->at > iteration)
    return false;
  for (size_t i = 0; i < w->s.mark_count && w->s.marks[i] <= iteration + 1; i++)
    best = w->s.marks[i];
  if (c && c->at > best)
    best = c->at;
  return best <= w->at + 1 + REOPEN_IS_LIKE;
}

static int feed_next(aatgs_walk *w)
{
  aatgs_iteration it;
  int rc = aatgs_trace_next(w->s.trace, &it);
  if (rc != 1) {
    if (rc < 0)
      w->error = *aatgs_trace_error(w->s.trace);
    return rc < 0 ? rc
                  : aatgs_error_set(&w->error, AATGS_ENOTFOUND, 0,
                                    "%s: it ends at iteration %" PRIu64, w->options.trace, w->at);
  }
  if (aatgs_replay_keep(w->s.info, &it, &w->s.kept[it.iteration & (w->s.kept_count - 1)]))
    return aatgs_error_set(&w->error, AATGS_ENOMEM, 0, "out of memory");
  rc = aatgs_replay_feed(&w->s, &it);
  if (!rc)
    w->at = it.iteration;
  w->have_state = false;
  return rc;
}

/* Whether a state should be kept so far from where it goes: closer and closer together. */
static bool worth_keeping(uint64_t left)
{
  return left == 1 || left == 8 || left == 64 || left == 512 || left == 4096;
}

static int run_to(aatgs_walk *w, uint64_t iteration)
{
  int rc = aatgs_trace_seek(w->s.trace, w->at + 1);
  while (!rc && w->at < iteration) {
    if (worth_keeping(iteration - w->at))
      rc = aatgs_replay_drain(&w->s);
    if (!rc && worth_keeping(iteration - w->at))
      rc = keep_state(w);
    if (!rc)
      rc = feed_next(w);
  }
  return rc ? rc : aatgs_replay_drain(&w->s);
}

static int out_of_range(aatgs_walk *w, uint64_t iteration)
{
  return aatgs_error_set(&w->error, AATGS_EINVAL, 0,
                         "there is no iteration %" PRIu64 "; the trace holds %" PRIu64
                         " to %" PRIu64,
                         iteration, w->s.trace_first, w->s.last);
}

/* The runtime is of no use after an error: the next move opens another. */
static int settle(aatgs_walk *w, int rc)
{
  if (!rc)
    return 0;
  aatgs_replay_stop(&w->s);
  w->have_state = false;
  return rc;
}

int aatgs_walk_goto(aatgs_walk *w, uint64_t iteration)
{
  int rc = aatgs_walk_leave(w, false);
  w->error.code = 0;
  if (rc)
    return rc;
  if (iteration + 1 < w->s.trace_first || iteration > w->s.last)
    return out_of_range(w, iteration);
  if (!go_on(w, iteration))
    rc = start_before(w, iteration + 1);
  /* What an iteration came to is known only by running it. */
  if (!rc && w->at == iteration && iteration >= w->s.trace_first &&
      w->found.it.iteration != iteration)
    rc = start_before(w, iteration);
  return settle(w, rc ? rc : run_to(w, iteration));
}

uint64_t aatgs_walk_at(const aatgs_walk *w)
{
  return w->at;
}

const aatgs_iteration *aatgs_walk_found(const aatgs_walk *w)
{
  return w->found.it.iteration == w->at && w->at ? &w->found.it : NULL;
}

const aatgs_replay_report *aatgs_walk_report(const aatgs_walk *w)
{
  return &w->report;
}

int aatgs_walk_state(aatgs_walk *w, const uint8_t **staging, size_t *bytes)
{
  w->error.code = 0;
  const int rc = w->s.rt ? take_state(w) : aatgs_walk_goto(w, w->at);
  *staging = rc ? NULL : w->s.rt->staging;
  *bytes = w->s.staging_bytes;
  return rc || w->have_state ? rc : take_state(w);
}

/* ---- Inside an iteration --------------------------------------------------------------------- */

static bool stopped(aatgs_walk *w)
{
  return aatgs_bus_load_acquire(&w->stop.state) == AATGS_STOP_REACHED; /* S2 */
}

/* Until the task is reached or the iteration is over. */
static int await_stop(aatgs_walk *w)
{
  const struct timespec nap = {0, 200000};
  int rc = 0;
  while (!rc && !stopped(w) && w->s.rt->next_complete < w->s.rt->next_iteration) {
    rc = aatgs_replay_error(&w->s, aatgs_pump(w->s.rt));
    if (!rc)
      rc = aatgs_replay_error(&w->s, aatgs_check_alive(w->s.rt));
    nanosleep(&nap, NULL);
  }
  return rc;
}

int aatgs_walk_enter(aatgs_walk *w, uint64_t iteration, uint32_t task)
{
  if (iteration < w->s.trace_first || iteration > w->s.last)
    return out_of_range(w, iteration);
  int rc = aatgs_walk_goto(w, iteration - 1);
  if (!rc && !w->s.rt)
    rc = start_before(w, iteration);
  if (rc)
    return rc;
  if (!w->s.rt->device->regions || w->s.rt->device->workers != 1)
    return aatgs_error_set(
        &w->error, AATGS_ENOTSUP, 0,
        "only the cpu device with one worker stops inside an iteration: open the "
        "trace with --device cpu --workers 1");
  rc = keep_state(w);
  aatgs_bus_store_relaxed(&w->s.rt->watch_paused, 1); /* W3 */
  w->stop.iteration = iteration;
  w->stop.task = task;
  aatgs_bus_store_release(&w->stop.state, AATGS_STOP_ARMED); /* S1 */
  if (!rc)
    rc = aatgs_trace_seek(w->s.trace, iteration);
  if (!rc)
    rc = feed_next(w);
  if (!rc)
    rc = await_stop(w);
  w->inside = !rc && stopped(w);
  w->inside_task = task;
  if (w->inside) {
    w->at = iteration - 1;
    return 0;
  }
  aatgs_bus_store_release(&w->stop.state, AATGS_STOP_OFF); /* S1 */
  aatgs_bus_store_relaxed(&w->s.rt->watch_paused, 0);      /* W3 */
  return settle(w, rc) ? rc
                       : aatgs_error_set(&w->error, AATGS_ENOTFOUND, 0,
                                         "the task was skipped in iteration %" PRIu64, iteration);
}

bool aatgs_walk_inside(const aatgs_walk *w, uint64_t *iteration, uint32_t *task)
{
  *iteration = w->stop.iteration;
  *task = w->inside_task;
  return w->inside;
}

const uint8_t *aatgs_walk_region(const aatgs_walk *w, uint32_t region)
{
  return w->s.rt->device->regions[region];
}

int aatgs_walk_leave(aatgs_walk *w, bool trap)
{
  if (!w->inside)
    return 0;
  aatgs_bus_store_release(&w->stop.state, trap ? AATGS_STOP_TRAP : AATGS_STOP_OFF); /* S1 */
  w->inside = false;
  /* With a debugger attached to the process the task takes as long as it takes. */
  int rc;
  do
    rc = aatgs_drain(w->s.rt, w->s.rt->options.timeout_ns);
  while (rc == AATGS_ETIMEOUT && trap);
  aatgs_replay_error(&w->s, rc);
  aatgs_bus_store_release(&w->stop.state, AATGS_STOP_OFF); /* S1 */
  aatgs_bus_store_relaxed(&w->s.rt->watch_paused, 0);      /* W3 */
  if (!rc)
    w->at = w->stop.iteration;
  return settle(w, rc);
}

/* ---- Opening -------------------------------------------------------------------------------- */

int aatgs_walk_open(const aatgs_replay_options *options, aatgs_walk **out, aatgs_error *error)
{
  *out = NULL;
  aatgs_walk *w = calloc(1, sizeof *w);
  if (!w)
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "out of memory");
  w->options = *options;
  w->options.first = w->options.last = 0;
  w->options.keep_going = true;
  w->options.follow = NULL;
  w->options.progress = NULL;
  w->s = (aatgs_replay_state){.options = &w->options,
                              .report = &w->report,
                              .error = &w->error,
                              .check = AATGS_CHECK_DEVICE | AATGS_CHECK_STATE,
                              .slots_max = WALK_SLOTS,
                              .found = &w->found,
                              .stop = &w->stop};
  int rc = aatgs_replay_open(&w->s);
  if (!rc) {
    w->at = w->s.trace_first - 1;
    rc = aatgs_replay_find_start(&w->s, w->s.trace_first);
  }
  if (rc) {
    if (error)
      *error = w->error;
    aatgs_walk_close(w);
    return rc;
  }
  *out = w;
  return 0;
}

void aatgs_walk_close(aatgs_walk *w)
{
  if (!w)
    return;
  (void)aatgs_walk_leave(w, false);
  aatgs_replay_stop(&w->s);
  aatgs_replay_close(&w->s);
  for (uint32_t i = 0; i < CACHE_ENTRIES; i++)
    free(w->cache[i].bytes);
  free(w->found.timings);
  free(w);
}

aatgs_trace *aatgs_walk_trace(aatgs_walk *w)
{
  return w->s.trace;
}

const struct aatgs_workload *aatgs_walk_workload(const aatgs_walk *w)
{
  return w->s.workload;
}

const aatgs_error *aatgs_walk_error(const aatgs_walk *w)
{
  return &w->error;
}

uint64_t aatgs_walk_first(const aatgs_walk *w)
{
  return w->s.trace_first;
}

uint64_t aatgs_walk_last(const aatgs_walk *w)
{
  return w->s.last;
}
