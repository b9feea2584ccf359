#include "host/device_clock.h"

#define WINDOW_NS    UINT64_C(1000000000)
#define E12          1000000000000.0
#define DRIFT_MAX    1000000000 /* parts in 10^12: 0.1 %, ten times what a bad quartz does */
#define BASELINE_MIN UINT64_C(500000000) /* of time, before a drift is believed */

uint64_t aatgs_device_clock_offset(const aatgs_device_clock *clock, uint64_t host_ns)
{
  const double since = (double)(int64_t)(host_ns - clock->fit.at_ns);
  return clock->fit.offset_ns + (uint64_t)(int64_t)(since * (double)clock->fit.drift_e12 / E12);
}

static void begin_window(aatgs_device_clock *c, uint64_t now_ns)
{
  c->window_ns = now_ns;
  c->low_ns = INT64_MIN;
  c->high_ns = INT64_MAX;
}

/* The middle of what the window allows. The lower bound always holds; the upper one is too low by
 * as much as the host was held up between posting and reading its clock. */
static void fit(aatgs_device_clock *c, uint64_t now_ns)
{
  const int64_t width = c->high_ns - c->low_ns, half = width > 0 ? width / 2 : 0;
  const uint64_t offset = aatgs_device_clock_offset(c, now_ns) + (uint64_t)(c->low_ns + half);
  if (!c->fitted) {
    c->first_ns = now_ns;
    c->first_offset_ns = offset;
  }
  const uint64_t baseline = now_ns - c->first_ns;
  if (baseline >= BASELINE_MIN) {
    const double drift = (double)(int64_t)(offset - c->first_offset_ns) / (double)baseline * E12;
    if (drift < DRIFT_MAX && drift > -DRIFT_MAX)
      c->fit.drift_e12 = (int64_t)drift;
  }
  c->fit.at_ns = now_ns;
  c->fit.offset_ns = offset;
  c->fit.error_ns = (uint64_t)(width < 0 ? -width : half) + 1;
  c->fitted = c->fresh = true;
  begin_window(c, now_ns);
}

void aatgs_device_clock_take(aatgs_device_clock *c, uint64_t posted_ns, uint64_t seen_ns,
                             uint64_t start_ns, uint64_t end_ns)
{
  if (!c->fitted) {
    c->fit.at_ns = seen_ns;
    c->fit.offset_ns = end_ns - seen_ns;
    begin_window(c, seen_ns);
  }
  const int64_t high = (int64_t)(start_ns - posted_ns - aatgs_device_clock_offset(c, posted_ns));
  const int64_t low = (int64_t)(end_ns - seen_ns - aatgs_device_clock_offset(c, seen_ns));
  if (high < c->high_ns)
    c->high_ns = high;
  if (low > c->low_ns)
    c->low_ns = low;
  if (!c->fitted || seen_ns - c->window_ns >= WINDOW_NS)
    fit(c, seen_ns);
}
