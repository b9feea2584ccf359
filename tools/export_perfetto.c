/* Track events of Perfetto's trace format (protos/perfetto/trace/ of the Perfetto project): a file
 * is a row of packets, each complete in itself but for the names, which come once. */
#include <math.h>
#include <stdlib.h>

#include "tools/export.h"
#include "tools/protobuf.h"
#include "tools/text.h"

/* Fields, by message. */
enum { TRACE_PACKET = 1 };
enum {
  PACKET_TIMESTAMP = 8,
  PACKET_SEQUENCE = 10,
  PACKET_TRACK_EVENT = 11,
  PACKET_INTERNED = 12,
  PACKET_SEQUENCE_FLAGS = 13,
  PACKET_TRACK_DESCRIPTOR = 60
};
enum { FLAG_STATE_CLEARED = 1, FLAG_NEEDS_STATE = 2 };
enum { INTERNED_CATEGORY = 1, INTERNED_EVENT_NAME = 2, INTERNED_ARGUMENT_NAME = 3 };
enum { ENTRY_ID = 1, ENTRY_NAME = 2 };
enum {
  TRACK_UUID = 1,
  TRACK_NAME = 2,
  TRACK_PROCESS = 3,
  TRACK_PARENT = 5,
  TRACK_COUNTER = 8,
  TRACK_CHILD_ORDER = 11,
  TRACK_RANK = 12
};
enum { PROCESS_PID = 1, PROCESS_NAME = 6 };
enum { COUNTER_UNIT_NAME = 6 };
enum { ORDER_EXPLICIT = 3 };
enum {
  EVENT_CATEGORY_ID = 3,
  EVENT_ARGUMENT = 4,
  EVENT_TYPE = 9,
  EVENT_NAME_ID = 10,
  EVENT_TRACK = 11,
  EVENT_NAME = 23,
  EVENT_COUNTER = 30,
  EVENT_COUNTER_DOUBLE = 44,
  EVENT_FLOW = 47,
  EVENT_FLOW_END = 48
};
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };
enum { ARGUMENT_NAME_ID = 1, ARGUMENT_UINT = 3 };

/* Names of arguments, numbered as in `argument_names`. */
enum { ARG_ITERATION = 1, ARG_PART, ARG_STATUS };

typedef struct perfetto {
  FILE *out;
  aatgs_bytes packet;
  const aatgs_export *e;
  bool told_group[AATGS_TRACK_GROUPS];
} perfetto;

/* ---- Packets ----------------------------------------------------------------- */

#define ROOT_UUID 1u

static uint64_t group_uuid(uint32_t group)
{
  return 2 + group;
}

static uint64_t track_uuid(aatgs_track track)
{
  return (uint64_t)(track.group + 1) << 32 | track.index;
}

static size_t begin_packet(perfetto *p, uint32_t flags)
{
  p->packet.size = 0;
  size_t at = aatgs_pb_begin(&p->packet, TRACE_PACKET);
  aatgs_pb_u64(&p->packet, PACKET_SEQUENCE, 1);
  aatgs_pb_u64(&p->packet, PACKET_SEQUENCE_FLAGS, flags);
  return at;
}

static void end_packet(perfetto *p, size_t at)
{
  aatgs_pb_end(&p->packet, at);
  fwrite(p->packet.data, 1, p->packet.size, p->out);
}

static void intern(perfetto *p, uint32_t kind, uint64_t id, const char *name)
{
  size_t entry = aatgs_pb_begin(&p->packet, kind);
  aatgs_pb_u64(&p->packet, ENTRY_ID, id);
  aatgs_pb_text(&p->packet, ENTRY_NAME, name);
  aatgs_pb_end(&p->packet, entry);
}

/* The process that all tracks belong to, and the names of arguments and task types. */
static void put_root(perfetto *p)
{
  static const char *const argument_names[] = {
      [ARG_ITERATION] = "iteration", [ARG_PART] = "part", [ARG_STATUS] = "status"};
  const aatgs_trace_info *info = p->e->info;
  char text[256];
  snprintf(text, sizeof text, "aatgs: %.100s on %.100s", info->workload, info->device);
  char *name = aatgs_text_clean(text, 0);
  size_t packet = begin_packet(p, FLAG_STATE_CLEARED);
  size_t track = aatgs_pb_begin(&p->packet, PACKET_TRACK_DESCRIPTOR);
  aatgs_pb_u64(&p->packet, TRACK_UUID, ROOT_UUID);
  size_t process = aatgs_pb_begin(&p->packet, TRACK_PROCESS);
  aatgs_pb_u64(&p->packet, PROCESS_PID, 1);
  aatgs_pb_text(&p->packet, PROCESS_NAME, name ? name : "");
  aatgs_pb_end(&p->packet, process);
  aatgs_pb_u64(&p->packet, TRACK_CHILD_ORDER, ORDER_EXPLICIT);
  aatgs_pb_end(&p->packet, track);
  size_t interned = aatgs_pb_begin(&p->packet, PACKET_INTERNED);
  for (uint32_t i = ARG_ITERATION; i <= ARG_STATUS; i++)
    intern(p, INTERNED_ARGUMENT_NAME, i, argument_names[i]);
  aatgs_pb_end(&p->packet, interned);
  end_packet(p, packet);
  free(name);
}

static int perfetto_close(void *self)
{
  perfetto *p = self;
  int rc = p->packet.failed ? AATGS_ENOMEM : 0;
  aatgs_bytes_free(&p->packet);
  free(p);
  return rc;
}

static void *perfetto_open(const aatgs_export *e)
{
  perfetto *p = calloc(1, sizeof *p);
  if (!p)
    return NULL;
  p->out = e->out;
  p->e = e;
  put_root(p);
  if (!p->packet.failed)
    return p;
  perfetto_close(p);
  return NULL;
}

/* Category and name have the same number: each task brings its type's name again. */
static void perfetto_name(void *self, uint32_t index, const char *text, const char *type)
{
  perfetto *p = self;
  size_t packet = begin_packet(p, FLAG_NEEDS_STATE);
  size_t interned = aatgs_pb_begin(&p->packet, PACKET_INTERNED);
  intern(p, INTERNED_CATEGORY, index + UINT64_C(1), type);
  intern(p, INTERNED_EVENT_NAME, index + UINT64_C(1), text);
  aatgs_pb_end(&p->packet, interned);
  end_packet(p, packet);
}

static void describe(perfetto *p, uint64_t uuid, uint64_t parent, const char *name, uint64_t rank,
                     bool counter, const char *unit)
{
  size_t packet = begin_packet(p, FLAG_NEEDS_STATE);
  size_t track = aatgs_pb_begin(&p->packet, PACKET_TRACK_DESCRIPTOR);
  aatgs_pb_u64(&p->packet, TRACK_UUID, uuid);
  aatgs_pb_u64(&p->packet, TRACK_PARENT, parent);
  aatgs_pb_text(&p->packet, TRACK_NAME, name);
  if (counter) {
    size_t at = aatgs_pb_begin(&p->packet, TRACK_COUNTER);
    if (*unit)
      aatgs_pb_text(&p->packet, COUNTER_UNIT_NAME, unit);
    aatgs_pb_end(&p->packet, at);
  }
  aatgs_pb_u64(&p->packet, TRACK_CHILD_ORDER, ORDER_EXPLICIT);
  aatgs_pb_u64(&p->packet, TRACK_RANK, rank);
  aatgs_pb_end(&p->packet, track);
  end_packet(p, packet);
}

static void perfetto_track(void *self, aatgs_track track, const char *name, const char *unit)
{
  perfetto *p = self;
  if (!p->told_group[track.group])
    describe(p, group_uuid(track.group), ROOT_UUID, aatgs_track_group_name(track.group),
             track.group, false, "");
  p->told_group[track.group] = true;
  describe(p, track_uuid(track), group_uuid(track.group), name, track.index,
           aatgs_track_is_counter(track.group), unit);
}

/* ---- Events ------------------------------------------------------------------ */

static void argument(perfetto *p, uint32_t name, uint64_t value)
{
  size_t at = aatgs_pb_begin(&p->packet, EVENT_ARGUMENT);
  aatgs_pb_u64(&p->packet, ARGUMENT_NAME_ID, name);
  aatgs_pb_u64(&p->packet, ARGUMENT_UINT, value);
  aatgs_pb_end(&p->packet, at);
}

/* Flows are numbered from 1. */
static void flows(perfetto *p, const aatgs_export_slice *s)
{
  const aatgs_export_graph *g = s->graph;
  if (s->last)
    for (uint32_t i = g->first_out[s->task]; i < g->first_out[s->task + 1]; i++)
      aatgs_pb_fixed64(&p->packet, EVENT_FLOW, 1 + s->flow + g->out[i]);
  if (s->first)
    for (uint32_t i = 0; i < g->graph->tasks[s->task].dependency_count; i++)
      aatgs_pb_fixed64(&p->packet, EVENT_FLOW_END, 1 + s->flow + g->first_edge[s->task] + i);
}

static void title(perfetto *p, const aatgs_export_slice *s)
{
  char text[64];
  if (s->name == AATGS_NAME_ITERATION)
    snprintf(text, sizeof text, "iteration %llu", (unsigned long long)s->iteration);
  else if (s->name == AATGS_NAME_PLAN)
    snprintf(text, sizeof text, "plan %u", (unsigned)s->number);
  else if (s->name == AATGS_NAME_TICK)
    snprintf(text, sizeof text, "tick");
  if (s->name >= AATGS_NAME_TICK) {
    aatgs_pb_text(&p->packet, EVENT_NAME, text);
  } else {
    aatgs_pb_u64(&p->packet, EVENT_CATEGORY_ID, s->name + UINT64_C(1));
    aatgs_pb_u64(&p->packet, EVENT_NAME_ID, s->name + UINT64_C(1));
  }
}

static size_t begin_event(perfetto *p, uint64_t at_ns, aatgs_track track, uint32_t type,
                          size_t *packet)
{
  *packet = begin_packet(p, FLAG_NEEDS_STATE);
  aatgs_pb_u64(&p->packet, PACKET_TIMESTAMP, at_ns);
  size_t event = aatgs_pb_begin(&p->packet, PACKET_TRACK_EVENT);
  aatgs_pb_u64(&p->packet, EVENT_TYPE, type);
  aatgs_pb_u64(&p->packet, EVENT_TRACK, track_uuid(track));
  return event;
}

static void end_event(perfetto *p, size_t event, size_t packet)
{
  aatgs_pb_end(&p->packet, event);
  end_packet(p, packet);
}

static void perfetto_slice(void *self, const aatgs_export_slice *s)
{
  perfetto *p = self;
  size_t packet;
  bool instant = s->name == AATGS_NAME_TICK;
  size_t event =
      begin_event(p, s->start_ns, s->track, instant ? TYPE_INSTANT : TYPE_BEGIN, &packet);
  title(p, s);
  argument(p, ARG_ITERATION, s->iteration);
  if (s->graph) {
    argument(p, ARG_PART, s->number);
    flows(p, s);
  } else if (s->name == AATGS_NAME_ITERATION && s->number) {
    argument(p, ARG_STATUS, s->number);
  }
  end_event(p, event, packet);
  if (instant)
    return;
  event = begin_event(p, s->end_ns, s->track, TYPE_END, &packet);
  end_event(p, event, packet);
}

static void perfetto_counter(void *self, aatgs_track track, uint64_t at_ns, double value)
{
  perfetto *p = self;
  size_t packet;
  size_t event = begin_event(p, at_ns, track, TYPE_COUNTER, &packet);
  if (value == floor(value) && fabs(value) < 0x1p53)
    aatgs_pb_u64(&p->packet, EVENT_COUNTER, (uint64_t)(int64_t)value);
  else
    aatgs_pb_double(&p->packet, EVENT_COUNTER_DOUBLE, value);
  end_event(p, event, packet);
}

const aatgs_export_sink aatgs_export_perfetto = {perfetto_open,  perfetto_name,    perfetto_track,
                                                 perfetto_slice, perfetto_counter, perfetto_close};
