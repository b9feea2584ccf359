/* Scans over the rows of a conflict table, eight columns at a time where the
 * compiler has vectors. Rows are 16-byte aligned and padded to full eights with
 * PRISM_PAD, so there are no tails. */
#ifndef AATGS_PRISM_COLUMNS_H
#define AATGS_PRISM_COLUMNS_H

#include "../port.h"

#define PRISM_PAD   INT16_C(0x3fff) /* conflicts of a colour that is not in use */
#define PRISM_NEVER INT16_MAX       /* tabu for good: a vertex's own colour, unused columns */

#if defined(__SSE2__) && !defined(__CUDACC__)

#include <emmintrin.h>

AATGS_FN __m128i prism_load8(const void *p)
{
  return _mm_load_si128((const __m128i *)p);
}

AATGS_FN int32_t prism_least8(__m128i m)
{
  m = _mm_min_epi16(m, _mm_srli_si128(m, 8));
  m = _mm_min_epi16(m, _mm_srli_si128(m, 4));
  m = _mm_min_epi16(m, _mm_srli_si128(m, 2));
  return (int16_t)_mm_extract_epi16(m, 0);
}

/* A bit a lane out of a comparison's result. */
AATGS_FN uint32_t prism_bits8(__m128i m)
{
  return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(m, _mm_setzero_si128()));
}

/* The smallest of the first `columns` entries (a multiple of 8). */
AATGS_FN int32_t prism_row_least(const int16_t *row, uint32_t columns)
{
  __m128i m = prism_load8(row);
  for (uint32_t c = 8; c < columns; c += 8)
    m = _mm_min_epi16(m, prism_load8(row + c));
  return prism_least8(m);
}

/* The same over the columns whose tabu is at most `now`; INT16_MAX when there is none. */
AATGS_FN int32_t prism_row_least_free(const int16_t *row, const int16_t *tabu, int16_t now,
                                      uint32_t columns)
{
  const __m128i clock = _mm_set1_epi16(now), most = _mm_set1_epi16(INT16_MAX);
  __m128i m = most;
  for (uint32_t c = 0; c < columns; c += 8) {
    __m128i held = _mm_and_si128(_mm_cmpgt_epi16(prism_load8(tabu + c), clock), most);
    m = _mm_min_epi16(m, _mm_or_si128(held, prism_load8(row + c)));
  }
  return prism_least8(m);
}

/* Bit i: column c + i (c a multiple of 8) has that entry and a tabu of at most `now`. */
AATGS_FN uint32_t prism_row_match(const int16_t *row, const int16_t *tabu, int16_t now,
                                  int16_t entry, uint32_t c)
{
  __m128i held = _mm_cmpgt_epi16(prism_load8(tabu + c), _mm_set1_epi16(now));
  __m128i same = _mm_cmpeq_epi16(prism_load8(row + c), _mm_set1_epi16(entry));
  return prism_bits8(_mm_andnot_si128(held, same));
}

/* Bit i: own[v + i] is not 0 (v a multiple of PRISM_GROUP). */
#define PRISM_GROUP 16u /* vertices that a lane looks at together */
AATGS_FN uint32_t prism_in_conflict(const uint16_t *own, uint32_t v)
{
  __m128i low = _mm_cmpeq_epi16(prism_load8(own + v), _mm_setzero_si128());
  __m128i high = _mm_cmpeq_epi16(prism_load8(own + v + 8), _mm_setzero_si128());
  return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high)) ^ 0xffffu;
}

#elif defined(__CUDACC__)

/* Two columns a word, four words a load. */
AATGS_FN uint4 prism_load8(const void *p)
{
  return *(const uint4 *)p;
}

AATGS_FN int32_t prism_least2(uint32_t m)
{
  int32_t low = (int16_t)(m & 0xffffu), high = (int16_t)(m >> 16);
  return low < high ? low : high;
}

AATGS_FN uint32_t prism_min8(uint32_t m, uint4 x)
{
  return __vmins2(__vmins2(m, x.x), __vmins2(__vmins2(x.y, x.z), x.w));
}

AATGS_FN int32_t prism_row_least(const int16_t *row, uint32_t columns)
{
  uint32_t m = 0x7fff7fffu;
  for (uint32_t c = 0; c < columns; c += 8)
    m = prism_min8(m, prism_load8(row + c));
  return prism_least2(m);
}

/* The columns of a word whose tabu is over; the others become INT16_MAX. */
AATGS_FN uint32_t prism_free2(uint32_t row, uint32_t tabu, uint32_t clock)
{
  return row | (__vcmpgts2(tabu, clock) & 0x7fff7fffu);
}

AATGS_FN int32_t prism_row_least_free(const int16_t *row, const int16_t *tabu, int16_t now,
                                      uint32_t columns)
{
  const uint32_t clock = (uint32_t)(uint16_t)now * 0x10001u;
  uint32_t m = 0x7fff7fffu;
  for (uint32_t c = 0; c < columns; c += 8) {
    uint4 x = prism_load8(row + c), held = prism_load8(tabu + c);
    x.x = prism_free2(x.x, held.x, clock);
    x.y = prism_free2(x.y, held.y, clock);
    x.z = prism_free2(x.z, held.z, clock);
    x.w = prism_free2(x.w, held.w, clock);
    m = prism_min8(m, x);
  }
  return prism_least2(m);
}

AATGS_FN uint32_t prism_match2(uint32_t row, uint32_t tabu, uint32_t clock, uint32_t entry)
{
  uint32_t hit = __vcmpeq2(row, entry) & ~__vcmpgts2(tabu, clock);
  return (hit & 1u) | (hit >> 16 & 1u) << 1;
}

AATGS_FN uint32_t prism_row_match(const int16_t *row, const int16_t *tabu, int16_t now,
                                  int16_t entry, uint32_t c)
{
  const uint32_t clock = (uint32_t)(uint16_t)now * 0x10001u;
  const uint32_t wanted = (uint32_t)(uint16_t)entry * 0x10001u;
  uint4 x = prism_load8(row + c), held = prism_load8(tabu + c);
  return prism_match2(x.x, held.x, clock, wanted) | prism_match2(x.y, held.y, clock, wanted) << 2 |
         prism_match2(x.z, held.z, clock, wanted) << 4 |
         prism_match2(x.w, held.w, clock, wanted) << 6;
}

#define PRISM_GROUP 1u /* vertices that a lane looks at together */
AATGS_FN uint32_t prism_in_conflict(const uint16_t *own, uint32_t v)
{
  return own[v] != 0;
}

#else

AATGS_FN int32_t prism_row_least(const int16_t *row, uint32_t columns)
{
  int32_t least = INT16_MAX;
  for (uint32_t c = 0; c < columns; ++c)
    least = row[c] < least ? row[c] : least;
  return least;
}

AATGS_FN int32_t prism_row_least_free(const int16_t *row, const int16_t *tabu, int16_t now,
                                      uint32_t columns)
{
  int32_t least = INT16_MAX;
  for (uint32_t c = 0; c < columns; ++c)
    least = tabu[c] <= now && row[c] < least ? row[c] : least;
  return least;
}

AATGS_FN uint32_t prism_row_match(const int16_t *row, const int16_t *tabu, int16_t now,
                                  int16_t entry, uint32_t c)
{
  uint32_t bits = 0;
  for (uint32_t i = 0; i < 8; ++i)
    bits |= (uint32_t)(row[c + i] == entry && tabu[c + i] <= now) << i;
  return bits;
}

#define PRISM_GROUP 1u
AATGS_FN uint32_t prism_in_conflict(const uint16_t *own, uint32_t v)
{
  return own[v] != 0;
}

#endif

/* Takes the lowest bit out of `bits` and returns its number; bits is not 0. */
AATGS_FN uint32_t prism_next_bit(uint32_t *bits)
{
#if defined(__CUDACC__)
  uint32_t bit = (uint32_t)__ffs((int)*bits) - 1;
#else
  uint32_t bit = (uint32_t)__builtin_ctz(*bits);
#endif
  *bits &= *bits - 1;
  return bit;
}

#endif
