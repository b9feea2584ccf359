#include "tools/clock_map.h"

#define WINDOW    1024u /* iterations that bound the offset */
#define DRIFT_MAX 0.01  /* clocks that differ by more are not clocks */

typedef struct window {
  int64_t low; /* the offset is at least */
  int64_t high;
  uint64_t at; /* device clock in the middle */
  uint64_t count;
} window;

static int64_t clamp_difference(uint64_t a, uint64_t b)
{
  const uint64_t limit = UINT64_MAX / 8;
  if (a >= b)
    return (int64_t)(a - b > limit ? limit : a - b);
  return -(int64_t)(b - a > limit ? limit : b - a);
}

static int look(aatgs_trace *trace, uint64_t first, uint64_t last, window *out)
{
  aatgs_iteration it;
  *out = (window){INT64_MIN, INT64_MAX, 0, 0};
  int rc = aatgs_trace_seek(trace, first);
  while (!rc && (rc = aatgs_trace_next(trace, &it)) > 0) {
    if (it.iteration > last || out->count == WINDOW)
      return 0;
    int64_t low = clamp_difference(it.posted_ns, it.start_ns);
    int64_t high = clamp_difference(it.seen_ns, it.end_ns);
    out->low = low > out->low ? low : out->low;
    out->high = high < out->high ? high : out->high;
    out->at = it.start_ns;
    out->count++;
    rc = 0;
  }
  return rc;
}

static int64_t offset_of(const window *w)
{
  return w->low <= 0 && w->high >= 0 ? 0 : w->low + (w->high - w->low) / 2;
}

int aatgs_clock_map_from(aatgs_trace *trace, uint64_t first, uint64_t last, aatgs_clock_map *map)
{
  aatgs_trace_state state;
  window begin, end;
  aatgs_trace_get_state(trace, &state);
  *map = (aatgs_clock_map){0};
  if (!last || last > state.last)
    last = state.last;
  first = first > state.first ? first : state.first;
  int rc = look(trace, first, last, &begin);
  if (rc || !begin.count)
    return rc;
  rc = look(trace, last - first >= WINDOW ? last - WINDOW + 1 : first, last, &end);
  if (rc)
    return rc;
  map->origin = begin.at;
  map->offset = offset_of(&begin);
  if (end.count && end.at > begin.at)
    map->drift = (double)(offset_of(&end) - map->offset) / (double)(end.at - begin.at);
  if (map->drift > DRIFT_MAX || map->drift < -DRIFT_MAX)
    map->drift = 0.0;
  return 0;
}
