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

/* Bit i: own[v + i] is not 0 (v a multiple of 8). */
#define PRISM_GROUP 8u /* vertices that a lane looks at together */
AATGS_FN uint32_t prism_in_conflict(const uint16_t *own, uint32_t v)
{
  return prism_bits8(_mm_cmpeq_epi16(prism_load8(own + v), _mm_setzero_si128())) ^ 255u;
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
