#include "host/recorder.h"
#include "device/order.h"
#include "host/clock.h"
#include "host/flight.h"
#include "host/graph.h"
#include "host/log.h"
#include "trace/care.h"
#include "trace/config_row.h"
#include "trace/info.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef enum entry_kind {
  ENTRY_WRAP = 0, /* the rest of the lap is unused */
  ENTRY_ITERATION,
  ENTRY_TICK,
  ENTRY_GRAPH,
  ENTRY_PLAN,
  ENTRY_SNAPSHOT,
  ENTRY_LENT_SNAPSHOT, /* its bytes stay the runtime's */
  ENTRY_MARK
} entry_kind;

/* Stands before each entry; entries are multiples of 16 bytes and never wrap. */
typedef struct entry_header {
  uint32_t kind;
  uint32_t bytes; /* with the header */
  uint64_t value; /* SNAPSHOT: the iteration; GRAPH: its number; PLAN: tasks; ITERATION: 1: has a
                     config, 0: that of the one before */
} entry_header;

struct aatgs_recorder {
  AATGS_ALIGNAS(64) uint64_t head; /* J1: bytes pushed; written by the runtime's thread */
  uint64_t pushed;                 /* the same and a wrap that nobody may see yet */
  uint64_t tail_seen;
  uint64_t lost;
  uint64_t lent_until;                           /* bytes pushed after the last lent snapshot */
  uint8_t config_pushed[AATGS_CONFIG_BYTES_MAX]; /* the row that the last iteration's was */
  bool any_pushed;
  AATGS_ALIGNAS(64) uint64_t tail; /* J3: bytes drained; written by the recorder's thread */
  aatgs_recorder_volume volume;    /* each word by itself: a policy reads them, no order needed */
  uint64_t committed;              /* these two are figures and hints: no order needed */
  uint64_t wants_snapshot;
  /* From here on hardly ever written, and read with every entry: a line of its own. */
  AATGS_ALIGNAS(64) uint64_t failed; /* J5: the writer has an error; nothing more is written */
  uint64_t closing;
  uint8_t *journal;
  uint64_t capacity;
  aatgs_on_full on_full;
  uint64_t timeout_ns;
  aatgs_config_shape config;
  uint32_t telemetry_bytes;
  /* The recorder's thread alone. */
  uint8_t config_now[AATGS_CONFIG_BYTES_MAX];
  uint64_t config_of; /* the iteration whose config that is; 0: it is a row */
  aatgs_trace_writer *writer;
  aatgs_flight *flight; /* NULL: everything is kept */
  pthread_t thread;
};

/* ---- The runtime's side ------------------------------------------------------------ */

static uint64_t align16(uint64_t n)
{
  return (n + 15) & ~UINT64_C(15);
}

static bool has_room(aatgs_recorder *r, uint64_t bytes)
{
  if (r->pushed + bytes - r->tail_seen <= r->capacity)
    return true;
  r->tail_seen = aatgs_bus_load_acquire(&r->tail); /* J4 */
  return r->pushed + bytes - r->tail_seen <= r->capacity;
}

static int wait_for_room(aatgs_recorder *r, uint64_t bytes)
{
  /* The journal is full: what spins now takes from the recorder's thread, which may run on the
   * other half of the core. */
  const struct timespec nap = {0, 50000};
  const uint64_t start = aatgs_now_ns();
  while (!has_room(r, bytes)) {
    if (aatgs_bus_load_acquire(&r->failed)) /* J6 */
      return aatgs_trace_writer_error(r->writer)->code;
    if (aatgs_now_ns() - start > r->timeout_ns)
      return AATGS_ETIMEOUT;
    nanosleep(&nap, NULL);
  }
  return 0;
}

/* What a dropping recorder keeps free of iterations, so that the small entries between them (ticks,
 * graphs, plans) need not wait. */
#define SPARE_BYTES UINT64_C(65536)

/* Room for an entry of `bytes` payload bytes in one piece; NULL with the reason in *rc. */
static uint8_t *reserve(aatgs_recorder *r, entry_kind kind, uint64_t value, uint64_t bytes,
                        bool may_drop, int *rc)
{
  const uint64_t size = align16(sizeof(entry_header) + bytes);
  const uint64_t at = r->pushed & (r->capacity - 1);
  const uint64_t skip = at + size > r->capacity ? r->capacity - at : 0;
  *rc = size > r->capacity / 2 ? AATGS_ELIMIT : 0;
  if (*rc)
    return NULL;
  if (aatgs_bus_load_acquire(&r->failed)) /* J6 */
    *rc =
        r->on_full == AATGS_ON_FULL_WAIT ? aatgs_trace_writer_error(r->writer)->code : AATGS_EAGAIN;
  else if (!has_room(r, size + skip + (may_drop ? SPARE_BYTES : 0)))
    *rc = may_drop ? AATGS_EAGAIN : wait_for_room(r, size + skip);
  if (*rc)
    return NULL;
  if (skip) {
    const entry_header wrap = {ENTRY_WRAP, (uint32_t)skip, 0};
    memcpy(r->journal + at, &wrap, sizeof wrap);
    r->pushed += skip; /* becomes visible with the entry that follows */
  }
  const entry_header header = {kind, (uint32_t)size, value};
  uint8_t *p = r->journal + (r->pushed & (r->capacity - 1));
  memcpy(p, &header, sizeof header);
  return p + sizeof header;
}

static void publish(aatgs_recorder *r, const uint8_t *payload)
{
  entry_header header;
  memcpy(&header, payload - sizeof header, sizeof header);
  r->pushed += header.bytes;
  aatgs_bus_store_release(&r->head, r->pushed); /* J1 */
}

/* A config that repeats is not copied: the fewer lines of the journal are touched, the sooner both
 * threads are done with them. */
int aatgs_recorder_iteration(aatgs_recorder *r, const aatgs_iteration *it)
{
  const size_t timings = it->timing_count * sizeof *it->timings;
  const bool repeats = r->any_pushed && aatgs_config_is_row(r->config, it, r->config_pushed);
  const size_t config = repeats ? 0 : r->config.bytes;
  int rc;
  uint8_t *to =
      reserve(r, ENTRY_ITERATION, !repeats, sizeof *it + timings + config + r->telemetry_bytes,
              r->on_full == AATGS_ON_FULL_DROP, &rc);
  if (!to) {
    r->lost++;
    return rc;
  }
  const uint8_t *const entry = to;
  memcpy(to, it, sizeof *it);
  memcpy(to += sizeof *it, it->timings, timings);
  memcpy(to += timings, it->telemetry, r->telemetry_bytes);
  if (!repeats) {
    aatgs_config_to_row(r->config, it, r->config_pushed);
    memcpy(to + r->telemetry_bytes, r->config_pushed, config);
    r->any_pushed = true;
  }
  publish(r, entry);
  return 0;
}

static int push_bytes(aatgs_recorder *r, entry_kind kind, uint64_t value, const void *bytes,
                      size_t size)
{
  int rc;
  uint8_t *p = reserve(r, kind, value, size, false, &rc);
  if (!p)
    return rc;
  memcpy(p, bytes, size);
  publish(r, p);
  return 0;
}

int aatgs_recorder_tick(aatgs_recorder *r, const aatgs_tick *tick)
{
  return push_bytes(r, ENTRY_TICK, 0, tick, sizeof *tick);
}

int aatgs_recorder_mark(aatgs_recorder *r, const aatgs_trace_mark *mark)
{
  struct {
    aatgs_trace_mark mark;
    char text[512];
  } payload = {*mark, ""};
  if (mark->text)
    snprintf(payload.text, sizeof payload.text, "%s", mark->text);
  return push_bytes(r, ENTRY_MARK, 0, &payload, sizeof payload);
}

/* Pushes an allocation; the recorder's thread frees it. */
static int push_owned(aatgs_recorder *r, entry_kind kind, uint64_t value, void *owned, size_t size)
{
  const struct {
    void *owned;
    size_t size;
  } payload = {owned, size};
  return push_bytes(r, kind, value, &payload, sizeof payload);
}

int aatgs_recorder_snapshot(aatgs_recorder *r, uint64_t at, const uint8_t *bytes, size_t size)
{
  uint8_t *copy = malloc(size ? size : 1);
  if (!copy)
    return AATGS_ENOMEM;
  memcpy(copy, bytes, size);
  const int rc = push_owned(r, ENTRY_SNAPSHOT, at, copy, size);
  if (rc)
    free(copy);
  return rc;
}

int aatgs_recorder_lend_snapshot(aatgs_recorder *r, uint64_t at, uint8_t *bytes, size_t size)
{
  const int rc = push_owned(r, ENTRY_LENT_SNAPSHOT, at, bytes, size);
  if (!rc)
    r->lent_until = r->pushed;
  return rc;
}

bool aatgs_recorder_borrows(const aatgs_recorder *r)
{
  return aatgs_bus_load_acquire(&r->tail) < r->lent_until; /* J4 */
}

int aatgs_recorder_graph(aatgs_recorder *r, const aatgs_graph *graph, uint32_t number)
{
  aatgs_graph *copy;
  int rc = aatgs_graph_copy(graph, &copy);
  if (!rc)
    rc = push_owned(r, ENTRY_GRAPH, number, copy, 0);
  if (rc)
    aatgs_graph_close(copy);
  return rc;
}

int aatgs_recorder_plan(aatgs_recorder *r, const aatgs_trace_plan *plan)
{
  const size_t bytes = plan->task_count * sizeof(uint32_t);
  uint32_t *copy = malloc(sizeof *plan + 2 * bytes);
  if (!copy)
    return AATGS_ENOMEM;
  memcpy(copy, plan->task_at, bytes);
  memcpy(copy + plan->task_count, plan->priority_x1000, bytes);
  memcpy(copy + 2 * plan->task_count, plan, sizeof *plan);
  const int rc = push_owned(r, ENTRY_PLAN, plan->task_count, copy, 0);
  if (rc)
    free(copy);
  return rc;
}

void aatgs_recorder_get_volume(aatgs_recorder *r, aatgs_recorder_volume *out)
{
  out->bytes = aatgs_bus_load_relaxed(&r->volume.bytes);
  out->snapshot_bytes_in_all = aatgs_bus_load_relaxed(&r->volume.snapshot_bytes_in_all);
  out->snapshot_bytes = aatgs_bus_load_relaxed(&r->volume.snapshot_bytes);
  out->snapshot_ns = aatgs_bus_load_relaxed(&r->volume.snapshot_ns);
}

uint64_t aatgs_recorder_lost(const aatgs_recorder *r)
{
  return r->lost;
}

uint64_t aatgs_recorder_committed(const aatgs_recorder *r)
{
  return aatgs_bus_load_relaxed(&r->committed);
}

uint64_t aatgs_recorder_saved(const aatgs_recorder *r)
{
  return r->flight ? aatgs_flight_saved(r->flight) : 0;
}

int aatgs_recorder_error(const aatgs_recorder *r)
{
  const bool failed = aatgs_bus_load_acquire(&r->failed); /* J6 */
  return failed ? aatgs_trace_writer_error(r->writer)->code : 0;
}

bool aatgs_recorder_wants_snapshot(const aatgs_recorder *r)
{
  return aatgs_bus_load_relaxed(&r->wants_snapshot);
}

/* ---- The recorder's thread -------------------------------------------------------------- */

static int write_iteration(aatgs_recorder *r, const uint8_t *p, bool has_config)
{
  aatgs_iteration it;
  memcpy(&it, p, sizeof it);
  it.timings = (const aatgs_timing *)(const void *)(p + sizeof it);
  it.telemetry = (const uint8_t *)(it.timings + it.timing_count);
  it.config = r->config_now;
  if (has_config) {
    memcpy(r->config_now, it.telemetry + r->telemetry_bytes, r->config.bytes);
    r->config_of = 0;
  }
  aatgs_config_add(r->config, r->config_now, (uint32_t)(it.iteration - r->config_of));
  r->config_of = it.iteration;
  const int rc = aatgs_trace_write_iteration(r->writer, &it);
  return rc || !r->flight ? rc : aatgs_flight_iteration(r->flight, &it);
}

static int write_graph(aatgs_recorder *r, aatgs_graph *graph, uint32_t number)
{
  aatgs_trace_graph description;
  int rc = aatgs_graph_describe(graph, number, &description);
  if (!rc)
    rc = aatgs_trace_write_graph(r->writer, &description);
  aatgs_graph_close(graph);
  return rc;
}

static int write_plan(aatgs_recorder *r, uint32_t *owned, uint64_t tasks)
{
  aatgs_trace_plan plan;
  memcpy(&plan, owned + 2 * tasks, sizeof plan);
  plan.task_at = owned;
  plan.priority_x1000 = owned + tasks;
  const int rc = aatgs_trace_write_plan(r->writer, &plan);
  free(owned);
  return rc;
}

/* How far the trace is, and what it wants. */
static void show_progress(aatgs_recorder *r)
{
  uint64_t bytes, snapshots;
  aatgs_trace_writer_get_volume(r->writer, &bytes, &snapshots);
  aatgs_bus_store_relaxed(&r->volume.bytes, bytes);
  aatgs_bus_store_relaxed(&r->committed, aatgs_trace_writer_committed(r->writer));
  aatgs_bus_store_relaxed(&r->wants_snapshot, aatgs_trace_writer_wants_snapshot(r->writer));
}

static int write_snapshot(aatgs_recorder *r, uint64_t at, const uint8_t *state, size_t size)
{
  const uint64_t start_ns = aatgs_now_ns();
  uint64_t bytes, before, after;
  aatgs_trace_writer_get_volume(r->writer, &bytes, &before);
  const int rc = aatgs_trace_write_snapshot(r->writer, at, state, size);
  aatgs_trace_writer_get_volume(r->writer, &bytes, &after);
  aatgs_bus_store_relaxed(&r->volume.snapshot_bytes, after - before);
  aatgs_bus_store_relaxed(&r->volume.snapshot_bytes_in_all, after);
  aatgs_bus_store_relaxed(&r->volume.snapshot_ns, aatgs_now_ns() - start_ns);
  show_progress(r);
  return rc;
}

static int write_mark(aatgs_recorder *r, const uint8_t *p)
{
  aatgs_trace_mark mark;
  memcpy(&mark, p, sizeof mark);
  mark.text = (const char *)p + sizeof mark;
  return r->flight ? aatgs_flight_mark(r->flight, &mark) : aatgs_trace_write_mark(r->writer, &mark);
}

static int write_entry(aatgs_recorder *r, const entry_header *header, const uint8_t *p)
{
  struct {
    void *owned;
    size_t size;
  } payload;
  aatgs_tick tick;
  switch (header->kind) {
  case ENTRY_ITERATION: return write_iteration(r, p, header->value);
  case ENTRY_TICK: memcpy(&tick, p, sizeof tick); return aatgs_trace_write_tick(r->writer, &tick);
  case ENTRY_MARK: return write_mark(r, p);
  case ENTRY_WRAP: return 0;
  default: break;
  }
  memcpy(&payload, p, sizeof payload);
  switch (header->kind) {
  case ENTRY_GRAPH: return write_graph(r, payload.owned, (uint32_t)header->value);
  case ENTRY_PLAN: return write_plan(r, payload.owned, header->value);
  case ENTRY_LENT_SNAPSHOT: return write_snapshot(r, header->value, payload.owned, payload.size);
  default: break;
  }
  const int rc = write_snapshot(r, header->value, payload.owned, payload.size);
  free(payload.owned);
  return rc;
}

/* Tells of the writer's error, once. */
static void check(aatgs_recorder *r, int rc)
{
  if (!rc || aatgs_bus_load_relaxed(&r->failed))
    return;
  aatgs_log_error("recording stopped: %s", aatgs_trace_writer_error(r->writer)->text);
  aatgs_bus_store_release(&r->failed, 1); /* J5 */
}

/* In a small window a data file is done sooner than a full journal. */
#define SHOW_EVERY 64u

/* Writes what is there; returns whether there was anything. */
static bool drain(aatgs_recorder *r)
{
  const uint64_t head = aatgs_bus_load_acquire(&r->head); /* J2 */
  uint64_t tail = aatgs_bus_load_relaxed(&r->tail);
  const bool some = tail != head;
  unsigned written = 0;
  while (tail != head) {
    entry_header header;
    const uint8_t *p = r->journal + (tail & (r->capacity - 1));
    memcpy(&header, p, sizeof header);
    check(r, write_entry(r, &header, p + sizeof header));
    tail += header.bytes;
    aatgs_bus_store_release(&r->tail, tail); /* J3 */
    if (++written % SHOW_EVERY == 0)
      show_progress(r);
  }
  return some;
}

static void *run_recorder(void *arg)
{
  aatgs_recorder *r = arg;
  pthread_setname_np(pthread_self(), "aatgs-rec");
  for (;;) {
    const uint64_t closing = aatgs_bus_load_acquire(&r->closing); /* J8 */
    const bool some = drain(r);
    if (closing && !some)
      return NULL;
    const uint64_t now_ns = aatgs_now_ns();
    check(r, aatgs_trace_writer_pump(r->writer, now_ns));
    if (r->flight)
      check(r, aatgs_flight_pump(r->flight, now_ns));
    show_progress(r);
    if (!some) {
      const struct timespec nap = {0, 500000};
      nanosleep(&nap, NULL);
    }
  }
}

/* ---- Opening and closing ------------------------------------------------------------------ */

/* The flight recorder, where there is a window, and the thread. */
static int start(aatgs_recorder *r, const aatgs_recorder_options *options, aatgs_error *error)
{
  const aatgs_flight_options flight = {options->writer.dir, options->writer.window_bytes,
                                       options->writer.window_ns, options->trigger,
                                       options->saves_max};
  int rc = 0;
  if (flight.window_bytes || flight.window_ns)
    rc = aatgs_flight_open(&flight, options->writer.info, r->writer, &r->flight, error);
  if (rc)
    return rc;
  rc = pthread_create(&r->thread, NULL, run_recorder, r);
  return rc ? aatgs_error_set(error, AATGS_ENOMEM, rc,
                              "recorder: its thread could not be started (%s)", strerror(rc))
            : 0;
}

int aatgs_recorder_open(const aatgs_recorder_options *options, aatgs_recorder **out,
                        aatgs_error *error)
{
  *out = NULL;
  aatgs_recorder *r = aligned_alloc(64, (sizeof *r + 63) & ~(size_t)63);
  if (!r)
    return aatgs_error_set(error, AATGS_ENOMEM, errno, "recorder: out of memory");
  memset(r, 0, sizeof *r);
  r->capacity = options->journal_bytes;
  r->on_full = options->on_full;
  r->timeout_ns = options->timeout_ns;
  r->config = (aatgs_config_shape){options->writer.info->config_bytes,
                                   aatgs_info_iteration_word(options->writer.info)};
  r->telemetry_bytes = options->writer.info->telemetry_bytes;
  r->journal = malloc(r->capacity);
  if (!r->journal) {
    free(r);
    return aatgs_error_set(error, AATGS_ENOMEM, errno,
                           "recorder: no memory for a journal of %zu bytes",
                           options->journal_bytes);
  }
  memset(r->journal, 0, r->capacity); /* touch every page now, not while recording */
  int rc = aatgs_trace_writer_open(&options->writer, &r->writer, error);
  if (!rc) {
    rc = start(r, options, error);
    if (rc) {
      aatgs_trace_writer_close(r->writer, 0, 0, NULL);
      aatgs_trace_remove(options->writer.dir, NULL);
      aatgs_flight_close(r->flight, NULL);
    }
  }
  if (rc) {
    free(r->journal);
    free(r);
    return rc;
  }
  *out = r;
  return 0;
}

int aatgs_recorder_close(aatgs_recorder *r, uint64_t digest, aatgs_error *error)
{
  if (!r)
    return 0;
  aatgs_bus_store_release(&r->closing, 1); /* J7 */
  pthread_join(r->thread, NULL);
  int rc = aatgs_trace_writer_close(r->writer, digest, r->lost, error);
  const int saving = aatgs_flight_close(r->flight, rc ? NULL : error);
  rc = rc ? rc : saving;
  free(r->journal);
  free(r);
  return rc;
}
