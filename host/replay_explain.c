#include "device/port.h"
#include "host/replay.h"

#include <string.h>

static uint64_t element(const uint8_t *at, uint32_t word)
{
  uint64_t v = 0;
  memcpy(&v, at, word);
  return v;
}

static uint32_t word_of(const aatgs_trace_region *r)
{
  return r->word == 1 || r->word == 2 || r->word == 8 ? r->word : 4;
}

bool aatgs_first_difference(const aatgs_trace_info *info, const uint8_t *expected,
                            const uint8_t *found, aatgs_explained *out)
{
  size_t at = 0;
  for (uint32_t r = 0; r < info->region_count; r++) {
    const aatgs_trace_region *region = &info->regions[r];
    const uint32_t word = word_of(region);
    if (region->kind != AATGS_REGION_PRIMARY)
      continue;
    if (memcmp(expected + at, found + at, region->size) != 0) {
      uint64_t i = 0;
      while (expected[at + i] == found[at + i])
        i++;
      i = i / word * word;
      const uint32_t bytes = i + word <= region->size ? word : (uint32_t)(region->size - i);
      *out = (aatgs_explained){r, i / word, element(expected + at + i, bytes),
                               element(found + at + i, bytes)};
      return true;
    }
    at += AATGS_ALIGN64(region->size);
  }
  return false;
}

/* What the digest gains when the element at `index` is `v` and not `other`. */
static uint32_t gain(bool whole, uint32_t region, uint64_t index, uint64_t v, uint64_t other)
{
  if (whole)
    return aatgs_mix_word(region, index, v) - aatgs_mix_word(region, index, other);
  return aatgs_mix_write(region, index, v) - aatgs_mix_write(region, index, other);
}

typedef struct search {
  uint32_t delta; /* expected - found */
  uint32_t hits;
  bool whole;
  uint32_t word; /* of the elements that the digest is made of */
  aatgs_explained *out;
} search;

static void try_value(search *s, uint32_t region, uint64_t index, uint64_t found, uint64_t expected)
{
  if (gain(s->whole, region, index, expected, found) != s->delta)
    return;
  if (s->hits++ == 0)
    *s->out = (aatgs_explained){region, index, expected, found};
}

static void search_region(search *s, uint32_t region, const uint8_t *bytes, uint64_t size)
{
  const uint32_t bits = s->word * 8;
  const uint64_t all = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
  for (uint64_t i = 0; i < size / s->word && s->hits < 2; i++) {
    const uint64_t v = element(bytes + i * s->word, s->word);
    for (uint32_t b = 0; b < bits; b++)
      try_value(s, region, i, v, v ^ UINT64_C(1) << b);
    if (v & 1) /* else one bit, tried above, is the same */
      try_value(s, region, i, v, (v + 1) & all);
    else
      try_value(s, region, i, v, (v - 1) & all);
  }
}

/* From the 64-bit words of a whole region's digest to the elements of the region. */
static void in_elements(const aatgs_trace_info *info, aatgs_explained *e)
{
  const uint32_t word = word_of(&info->regions[e->region]);
  uint32_t shift = 0;
  while (word < 8 && ((e->expected ^ e->found) >> shift & ((UINT64_C(1) << word * 8) - 1)) == 0)
    shift += word * 8;
  if (word == 8)
    return;
  const uint64_t mask = (UINT64_C(1) << word * 8) - 1;
  e->word = e->word * (8 / word) + shift / (word * 8);
  e->expected = e->expected >> shift & mask;
  e->found = e->found >> shift & mask;
}

bool aatgs_explain_digest(const aatgs_trace_info *info, const uint8_t *staging, uint64_t mask,
                          bool whole, uint32_t expected, uint32_t found, aatgs_explained *out)
{
  search s = {.delta = expected - found, .whole = whole, .out = out};
  size_t at = 0;
  for (uint32_t r = 0; r < info->region_count; r++) {
    const aatgs_trace_region *region = &info->regions[r];
    if (region->kind != AATGS_REGION_PRIMARY)
      continue;
    s.word = whole ? 8 : word_of(region);
    if (mask >> r & 1)
      search_region(&s, r, staging + at, whole ? AATGS_ALIGN64(region->size) : region->size);
    at += AATGS_ALIGN64(region->size);
  }
  if (s.hits != 1)
    return false;
  if (whole)
    in_elements(info, out);
  return true;
}
