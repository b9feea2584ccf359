#include "trace/links.h"

/* Candidates looked at for each record, nearest first. */
#define CANDIDATES 16u

static unsigned bits_of(uint64_t distance)
{
  int64_t d = (int64_t)distance;
  uint64_t m = d < 0 ? (uint64_t)-d : (uint64_t)d;
  return m ? 64 - (unsigned)__builtin_clzll(m) : 0;
}

static unsigned cost(const aatgs_link_sample *samples, uint32_t count, const aatgs_link *link)
{
  unsigned bits = 0;
  for (uint32_t s = 0; s < count; s++) {
    const aatgs_timing *t = samples[s].timings;
    bits += bits_of(t[link->record].start_ns - aatgs_link_base(link, t, samples[s].start_ns));
  }
  return bits;
}

/* Records in the order of their start; nearly sorted already, and few. */
static void sort_by_start(const aatgs_timing *t, uint32_t timings, aatgs_link *link)
{
  for (uint32_t k = 0; k < timings; k++) {
    uint32_t at = k;
    while (at > 0 && t[link[at - 1].record].start_ns > t[k].start_ns) {
      link[at] = link[at - 1];
      at--;
    }
    link[at].record = k;
  }
}

void aatgs_links_learn(const aatgs_link_sample *samples, uint32_t count, uint32_t timings,
                       aatgs_link *link)
{
  sort_by_start(samples[count / 2].timings, timings, link);
  for (uint32_t at = 0; at < timings; at++) {
    aatgs_link best = {link[at].record, AATGS_LINK_START};
    unsigned least = cost(samples, count, &best);
    for (uint32_t back = 1; back <= at && back <= CANDIDATES; back++) {
      aatgs_link candidate = {link[at].record, link[at - back].record};
      unsigned c = cost(samples, count, &candidate);
      if (c < least) {
        least = c;
        best = candidate;
      }
    }
    link[at].from = best.from;
  }
}
