/* The telemetry collector: keeps the latest metrics and sends everything as events to one reader.
 *
 * The event stream is a bounded single-producer single-consumer ring with free-running counters
 * (the scheme of Concurrency Kit's ck_ring). A full stream drops the newest event and counts it. */
#include "host/scheduler_internal.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MAX (1u << 20)

struct aatgs_event_receiver {
  /* The producer's line. */
  alignas(64) _Atomic uint64_t sent;
  _Atomic uint64_t dropped;
  uint64_t received_seen; /* the producer's last look at `received` */
  /* The consumer's line. */
  alignas(64) _Atomic uint64_t received;
  uint64_t sent_seen; /* the consumer's last look at `sent` */
  /* Read by both, never written again. */
  alignas(64) aatgs_event *events;
  uint64_t capacity;
  uint64_t mask;
};

/* A ring that forgets its oldest record when it is full. One thread. */
struct record_buffer {
  unsigned char *records;
  size_t bytes; /* of one record */
  size_t capacity;
  size_t head;
  size_t len;
};

struct aatgs_telemetry {
  aatgs_event_receiver stream;
  struct record_buffer phase;
  struct record_buffer gpu;
};

bool aatgs_event_try_recv(aatgs_event_receiver *r, aatgs_event *event)
{
  /* The consumer's own counter: no order needed. */
  uint64_t received = atomic_load_explicit(&r->received, memory_order_relaxed);
  if (received == r->sent_seen) {
    /* A1: acquire; pairs with R1 in stream_send(). Sees the event's words. */
    r->sent_seen = atomic_load_explicit(&r->sent, memory_order_acquire);
    if (received == r->sent_seen)
      return false;
  }
  *event = r->events[received & r->mask];
  /* R2: release; pairs with A2 in stream_send(). The slot has been read before it is reused. */
  atomic_store_explicit(&r->received, received + 1, memory_order_release);
  return true;
}

uint64_t aatgs_event_dropped(const aatgs_event_receiver *r)
{
  /* A count that guards nothing; pairs with the relaxed store in stream_send(). */
  return atomic_load_explicit(&((aatgs_event_receiver *)r)->dropped, memory_order_relaxed);
}

/* The slot to fill in next, or NULL (counted as dropped) when the stream is full. */
static aatgs_event *stream_slot(aatgs_event_receiver *r)
{
  /* The producer's own counters: no order needed. */
  uint64_t sent = atomic_load_explicit(&r->sent, memory_order_relaxed);
  if (sent - r->received_seen == r->capacity) {
    /* A2: acquire; pairs with R2 in aatgs_event_try_recv(). The reader is done with the slot. */
    r->received_seen = atomic_load_explicit(&r->received, memory_order_acquire);
    if (sent - r->received_seen == r->capacity) {
      uint64_t dropped = atomic_load_explicit(&r->dropped, memory_order_relaxed);
      atomic_store_explicit(&r->dropped, dropped + 1, memory_order_relaxed);
      return NULL;
    }
  }
  return &r->events[sent & r->mask];
}

static void stream_send(aatgs_event_receiver *r)
{
  uint64_t sent = atomic_load_explicit(&r->sent, memory_order_relaxed);
  /* R1: release; pairs with A1 in aatgs_event_try_recv(). The event before the count that
   * admits it. */
  atomic_store_explicit(&r->sent, sent + 1, memory_order_release);
}

static int buffer_open(struct record_buffer *b, size_t bytes, size_t capacity)
{
  b->records = malloc(bytes * capacity);
  b->bytes = bytes;
  b->capacity = capacity;
  return b->records ? 0 : AATGS_ENOMEM;
}

static void buffer_put(struct record_buffer *b, const void *record)
{
  size_t at = b->head + b->len;
  if (at >= b->capacity)
    at -= b->capacity;
  memcpy(b->records + at * b->bytes, record, b->bytes);
  if (b->len < b->capacity)
    b->len++;
  else if (++b->head == b->capacity)
    b->head = 0;
}

static bool buffer_take(struct record_buffer *b, void *record)
{
  if (b->len == 0)
    return false;
  memcpy(record, b->records + b->head * b->bytes, b->bytes);
  if (++b->head == b->capacity)
    b->head = 0;
  b->len--;
  return true;
}

int aatgs_telemetry_open(size_t buffer_size, aatgs_telemetry **out, aatgs_event_receiver **receiver)
{
  aatgs_telemetry *t;
  uint64_t slots = 1;

  if (receiver)
    *receiver = NULL;
  if (!out)
    return AATGS_EINVAL;
  *out = NULL;
  if (buffer_size < 1 || buffer_size > BUFFER_MAX)
    return AATGS_EINVAL;
  t = aligned_alloc(64, (sizeof *t + 63) / 64 * 64);
  if (!t)
    return AATGS_ENOMEM;
  memset(t, 0, sizeof *t);
  while (slots < buffer_size)
    slots *= 2;
  t->stream.capacity = buffer_size;
  t->stream.mask = slots - 1;
  t->stream.events = calloc(slots, sizeof *t->stream.events);
  if (!t->stream.events || buffer_open(&t->phase, sizeof(aatgs_phase_metrics), buffer_size) ||
      buffer_open(&t->gpu, sizeof(aatgs_gpu_metrics), buffer_size)) {
    aatgs_telemetry_close(t);
    return AATGS_ENOMEM;
  }
  *out = t;
  if (receiver)
    *receiver = &t->stream;
  return 0;
}

size_t aatgs_telemetry_bytes(const aatgs_telemetry *t)
{
  return sizeof *t + (t->stream.mask + 1) * sizeof *t->stream.events +
         t->phase.bytes * t->phase.capacity + t->gpu.bytes * t->gpu.capacity;
}

void aatgs_telemetry_close(aatgs_telemetry *t)
{
  if (!t)
    return;
  free(t->stream.events);
  free(t->phase.records);
  free(t->gpu.records);
  free(t);
}

void aatgs_telemetry_record_phase_metrics(aatgs_telemetry *t, const aatgs_phase_metrics *metrics)
{
  aatgs_event *event = stream_slot(&t->stream);
  buffer_put(&t->phase, metrics);
  if (!event)
    return;
  event->kind = AATGS_EVENT_PHASE_METRICS;
  event->u.phase = *metrics;
  stream_send(&t->stream);
}

void aatgs_telemetry_record_gpu_metrics(aatgs_telemetry *t, const aatgs_gpu_metrics *metrics)
{
  aatgs_event *event = stream_slot(&t->stream);
  buffer_put(&t->gpu, metrics);
  if (!event)
    return;
  event->kind = AATGS_EVENT_GPU_METRICS;
  event->u.gpu = *metrics;
  stream_send(&t->stream);
}

void aatgs_telemetry_record_task_completion(aatgs_telemetry *t, uint32_t task, uint64_t duration_ns)
{
  aatgs_event *event = stream_slot(&t->stream);
  if (!event)
    return;
  event->kind = AATGS_EVENT_TASK_COMPLETED;
  event->u.completed.task = task;
  event->u.completed.duration_ns = duration_ns;
  stream_send(&t->stream);
}

void aatgs_telemetry_record_error(aatgs_telemetry *t, const char *text)
{
  aatgs_event *event = stream_slot(&t->stream);
  size_t bytes = strlen(text);
  if (!event)
    return;
  event->kind = AATGS_EVENT_ERROR;
  if (bytes >= sizeof event->u.error)
    bytes = sizeof event->u.error - 1;
  memcpy(event->u.error, text, bytes);
  event->u.error[bytes] = 0;
  stream_send(&t->stream);
}

size_t aatgs_telemetry_flush(aatgs_telemetry *t, aatgs_event *events, size_t capacity)
{
  size_t count = 0;
  while (count < capacity && buffer_take(&t->phase, &events[count].u.phase))
    events[count++].kind = AATGS_EVENT_PHASE_METRICS;
  while (count < capacity && buffer_take(&t->gpu, &events[count].u.gpu))
    events[count++].kind = AATGS_EVENT_GPU_METRICS;
  return count;
}

void aatgs_telemetry_buffer_stats(const aatgs_telemetry *t, size_t *phase_records,
                                  size_t *gpu_records)
{
  if (phase_records)
    *phase_records = t->phase.len;
  if (gpu_records)
    *gpu_records = t->gpu.len;
}
