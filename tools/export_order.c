#include "tools/export_order.h"

#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

/* More than this is not in flight in any trace that a recorder wrote. */
#define EVENTS_MAX (1u << 22)

struct aatgs_order_event {
  aatgs_export_slice slice; /* of a counter: the track and start_ns */
  double value;
  uint64_t serial;
  bool counter;
};

/* ---- The heap -------------------------------------------------------------- */

/* What ends first of two that begin together comes first, so that slices nest as they ran. */
static bool before(const aatgs_order_event *a, const aatgs_order_event *b)
{
  if (a->slice.start_ns != b->slice.start_ns)
    return a->slice.start_ns < b->slice.start_ns;
  if (a->slice.end_ns != b->slice.end_ns)
    return a->slice.end_ns < b->slice.end_ns;
  return a->serial < b->serial;
}

static void sift_up(aatgs_order *o, size_t at)
{
  aatgs_order_event event = o->heap[at];
  for (; at && before(&event, &o->heap[(at - 1) / 2]); at = (at - 1) / 2)
    o->heap[at] = o->heap[(at - 1) / 2];
  o->heap[at] = event;
}

static void sift_down(aatgs_order *o)
{
  aatgs_order_event event = o->heap[0];
  size_t at = 0;
  for (size_t child; (child = 2 * at + 1) < o->count; at = child) {
    child += child + 1 < o->count && before(&o->heap[child + 1], &o->heap[child]);
    if (!before(&o->heap[child], &event))
      break;
    o->heap[at] = o->heap[child];
  }
  o->heap[at] = event;
}

/* ---- Handing over ------------------------------------------------------------ */

/* "telemetry field betti[1]" and its unit. */
static void field_track(const aatgs_field *fields, uint32_t count, uint32_t index, char *name,
                        size_t size, const char **unit)
{
  for (uint32_t i = 0; i < count; index -= fields[i++].count) {
    if (index >= fields[i].count)
      continue;
    if (fields[i].count > 1)
      snprintf(name, size, "%s[%u]", fields[i].name, (unsigned)index);
    else
      snprintf(name, size, "%s", fields[i].name);
    *unit = fields[i].unit;
    return;
  }
}

static void name_track(const aatgs_export *e, aatgs_track t, char *name, size_t size,
                       const char **unit)
{
  static const char *const queues[] = {"configs waiting", "telemetry waiting"};
  const aatgs_trace_info *info = e->info;
  *unit = "";
  switch (t.group) {
  case AATGS_TRACK_WORKERS: snprintf(name, size, "worker %u", (unsigned)t.index); break;
  case AATGS_TRACK_SCHEDULER: snprintf(name, size, "%s", t.index ? "ticks" : "plan"); break;
  case AATGS_TRACK_QUEUES: snprintf(name, size, "%s", queues[t.index]); break;
  case AATGS_TRACK_TELEMETRY:
    field_track(info->telemetry_fields, info->telemetry_field_count, t.index, name, size, unit);
    break;
  case AATGS_TRACK_CONFIG:
    field_track(info->config_fields, info->config_field_count, t.index, name, size, unit);
    break;
  default: snprintf(name, size, "in flight %u", (unsigned)t.index + 1);
  }
}

/* Element `index` of a growing zeroed array, NULL when out of memory. */
static void *element(aatgs_order *o, aatgs_bytes *b, size_t index, size_t size)
{
  size_t want = (index + 1) * size;
  if (b->size < want) {
    size_t grow = want - b->size;
    uint8_t *at = aatgs_bytes_extend(b, grow);
    if (!at) {
      o->failed = true;
      return NULL;
    }
    memset(at, 0, grow);
  }
  return b->data + index * size;
}

/* True the first time. */
static bool declare(aatgs_order *o, aatgs_track track)
{
  char name[256] = "";
  const char *unit;
  bool *told = element(o, &o->told[track.group], track.index, sizeof *told);
  if (!told || *told)
    return false;
  *told = true;
  name_track(o->e, track, name, sizeof name, &unit);
  char *clean = aatgs_text_clean(name, 0), *clean_unit = aatgs_text_clean(unit, 0);
  if (clean && clean_unit)
    o->sink->track(o->self, track, clean, clean_unit);
  else
    o->failed = true;
  free(clean);
  free(clean_unit);
  return true;
}

static void tell_counter(aatgs_order *o, const aatgs_order_event *event)
{
  aatgs_track track = event->slice.track;
  bool first = declare(o, track);
  double *value = element(o, &o->value[track.group], track.index, sizeof *value);
  if (!value || (!first && *value == event->value))
    return;
  *value = event->value;
  o->sink->counter(o->self, track, event->slice.start_ns, event->value);
}

static bool has_lanes(uint32_t group)
{
  return group == AATGS_TRACK_ITERATIONS || group == AATGS_TRACK_COMMAND_RING ||
         group == AATGS_TRACK_TELEMETRY_RING;
}

static void tell_slice(aatgs_order *o, aatgs_export_slice *slice)
{
  if (has_lanes(slice->track.group)) {
    uint64_t *end = o->lane_end[slice->track.group];
    uint32_t lane = 0;
    while (lane + 1 < AATGS_LANES && end[lane] > slice->start_ns)
      lane++;
    end[lane] = slice->end_ns;
    slice->track.index = lane;
  }
  declare(o, slice->track);
  o->sink->slice(o->self, slice);
}

static void pop(aatgs_order *o)
{
  aatgs_order_event event = o->heap[0];
  o->heap[0] = o->heap[--o->count];
  if (o->count)
    sift_down(o);
  if (event.counter)
    tell_counter(o, &event);
  else
    tell_slice(o, &event.slice);
}

static void push(aatgs_order *o, const aatgs_order_event *event)
{
  if (o->count == o->capacity) {
    size_t capacity = o->capacity ? 2 * o->capacity : 1024;
    aatgs_order_event *heap = realloc(o->heap, capacity * sizeof *heap);
    if (!heap) {
      o->failed = true;
      return;
    }
    o->heap = heap;
    o->capacity = capacity;
  }
  o->heap[o->count] = *event;
  o->heap[o->count].serial = o->serial++;
  sift_up(o, o->count++);
  if (o->count > EVENTS_MAX)
    pop(o);
}

void aatgs_order_slice(aatgs_order *order, const aatgs_export_slice *slice)
{
  aatgs_order_event event = {.slice = *slice};
  if (event.slice.end_ns < event.slice.start_ns)
    event.slice.end_ns = event.slice.start_ns;
  push(order, &event);
}

void aatgs_order_counter(aatgs_order *order, aatgs_track track, uint64_t at_ns, double value)
{
  aatgs_order_event event = {.value = value, .counter = true};
  event.slice.track = track;
  event.slice.start_ns = event.slice.end_ns = at_ns;
  push(order, &event);
}

void aatgs_order_flush(aatgs_order *order, uint64_t before_ns)
{
  while (order->count && order->heap[0].slice.start_ns < before_ns)
    pop(order);
}

void aatgs_order_free(aatgs_order *order)
{
  for (uint32_t i = 0; i < AATGS_TRACK_GROUPS; i++) {
    aatgs_bytes_free(&order->told[i]);
    aatgs_bytes_free(&order->value[i]);
  }
  free(order->heap);
}
