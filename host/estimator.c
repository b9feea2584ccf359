/* The estimator: a mean whose weight settles at 1/24, fed with clipped samples, and beside it a
 * fast mean. Where the two drift apart by more than noise explains and the last samples agree, a
 * new phase has begun and the mean starts over from the median of the last three (the idea of
 * Page's change detection with two speeds, as in TCP's retransmission timer: RFC 6298). */
#include "host/estimator.h"

#define SETTLED     24u /* samples after which the mean keeps a memory of constant length */
#define FAST        4   /* the fast mean's memory */
#define CLIP        4   /* deviations beyond which a sample is cut */
#define START_SHARE 8u  /* smallest deviation to assume: mean / 8 while little is known */

static uint64_t median(const uint64_t x[3])
{
  uint64_t low = x[0] < x[1] ? x[0] : x[1], high = x[0] < x[1] ? x[1] : x[0];
  return x[2] < low ? low : x[2] > high ? high : x[2];
}

/* From the median of the last three samples on. */
static void start_over(aatgs_estimator *e)
{
  uint64_t low = e->recent_ns[0], high = e->recent_ns[0];
  for (int i = 1; i < 3; i++) {
    low = e->recent_ns[i] < low ? e->recent_ns[i] : low;
    high = e->recent_ns[i] > high ? e->recent_ns[i] : high;
  }
  e->mean_ns = e->fast_ns = median(e->recent_ns);
  e->deviation_ns = (high - low) / 3;
  if (e->deviation_ns < e->mean_ns / START_SHARE)
    e->deviation_ns = e->mean_ns / START_SHARE;
  if (e->deviation_ns > e->mean_ns)
    e->deviation_ns = e->mean_ns;
  e->samples = 3;
}

/* Moves `*mean` towards x by 1 / weight of the way, exact within rounding. */
static void move(uint64_t *mean, uint64_t x, uint64_t weight)
{
  if (x >= *mean)
    *mean += (x - *mean + weight / 2) / weight;
  else
    *mean -= (*mean - x + weight / 2) / weight;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
  return a > b ? a - b : b - a;
}

static bool phase_changed(const aatgs_estimator *e)
{
  uint64_t threshold = e->deviation_ns * 17 / 10;
  bool above = e->fast_ns > e->mean_ns;

  if (threshold < e->mean_ns / START_SHARE)
    threshold = e->mean_ns / START_SHARE;
  return distance(e->fast_ns, e->mean_ns) > threshold && (e->recent_ns[0] > e->mean_ns) == above &&
         (e->recent_ns[1] > e->mean_ns) == above;
}

bool aatgs_estimator_add(aatgs_estimator *e, uint64_t sample_ns)
{
  uint64_t reach, clipped = sample_ns, weight;

  e->recent_ns[2] = e->recent_ns[1];
  e->recent_ns[1] = e->recent_ns[0];
  e->recent_ns[0] = sample_ns;
  if (e->samples < 3) {
    /* Of two the lower: the first run is often the slow one. */
    if (e->samples == 0 || sample_ns < e->mean_ns)
      e->mean_ns = sample_ns;
    if (++e->samples == 3)
      start_over(e);
    return false;
  }
  reach = CLIP * e->deviation_ns + e->mean_ns / 4;
  if (clipped > e->mean_ns + reach)
    clipped = e->mean_ns + reach;
  weight = e->samples < SETTLED ? e->samples + 1 : SETTLED;
  e->samples += e->samples < UINT32_MAX;
  move(&e->deviation_ns, distance(clipped, e->mean_ns), weight);
  move(&e->mean_ns, clipped, weight);
  move(&e->fast_ns, clipped, FAST);
  if (!phase_changed(e))
    return false;
  start_over(e);
  e->phases++;
  return true;
}
