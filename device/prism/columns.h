/* Scans, eight numbers of 16 bits at a time where the compiler has vectors: over
 * a row of a conflict table that has a row a vertex, and over the vertices of one
 * that has a row a colour. Rows are 16-byte aligned and padded, the former to
 * full eights with PRISM_PAD, the latter to full sixteens, so there are no
 * tails. */
#ifndef AATGS_PRISM_COLUMNS_H
#define AATGS_PRISM_COLUMNS_H

#include "../port.h"

#define PRISM_PAD     INT16_C(0x7fff) /* in no use: held, with the most conflicts */
#define PRISM_CLASHES INT16_C(0x3fff) /* the conflicts in an entry */
#define PRISM_HELD    INT16_C(0x4000) /* in an entry: the vertex may not take this colour now */
#define PRISM_FAR     INT16_C(0x1fff) /* moves that add as much are none */

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

/* The smallest of the first `columns` entries (a multiple of 8). */
AATGS_FN int32_t prism_row_least(const int16_t *row, uint32_t columns)
{
  __m128i m = prism_load8(row);
  for (uint32_t c = 8; c < columns; c += 8)
    m = _mm_min_epi16(m, prism_load8(row + c));
  return prism_least8(m);
}

#define PRISM_GROUP 16u /* vertices that a lane looks at together; v is a multiple of it */

/* The smallest low - own of the vertices first..end-1 whose own is not 0, or `most`. */
AATGS_FN int32_t prism_vertices_least(const uint16_t *own, const int16_t *low, int16_t most,
                                      uint32_t first, uint32_t end)
{
  const __m128i zero = _mm_setzero_si128(), far = _mm_set1_epi16(most);
  __m128i least = far;
  for (uint32_t u = first; u < end; u += 8) {
    __m128i mine = prism_load8(own + u), none = _mm_cmpeq_epi16(mine, zero);
    __m128i delta = _mm_sub_epi16(prism_load8(low + u), mine);
    /* Where own is 0 this is at least 0; with the bits of a positive number it is at least that. */
    least = _mm_min_epi16(least,
                          _mm_or_si128(delta, _mm_and_si128(none, _mm_set1_epi16(PRISM_CLASHES))));
  }
  return prism_least8(least);
}

/* Bit i: own[v + i] is not 0, and low[v + i] - own[v + i] is `delta`. */
AATGS_FN uint32_t prism_group_match(const uint16_t *own, const int16_t *low, uint32_t v,
                                    int16_t delta)
{
  const __m128i zero = _mm_setzero_si128(), wanted = _mm_set1_epi16(delta);
  __m128i same[2];
  for (uint32_t i = 0; i < 2; ++i) {
    __m128i mine = prism_load8(own + v + 8 * i);
    same[i] = _mm_cmpeq_epi16(_mm_sub_epi16(prism_load8(low + v + 8 * i), mine), wanted);
    same[i] = _mm_andnot_si128(_mm_cmpeq_epi16(mine, zero), same[i]);
  }
  return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(same[0], same[1]));
}

#else

#if defined(__CUDACC__)

/* Two columns a word, four words a load. */
AATGS_FN int32_t prism_row_least(const int16_t *row, uint32_t columns)
{
  uint32_t m = 0x7fff7fffu;
  int32_t low, high;
  for (uint32_t c = 0; c < columns; c += 8) {
    uint4 x = *(const uint4 *)(const void *)(row + c);
    m = __vmins2(__vmins2(m, x.x), __vmins2(__vmins2(x.y, x.z), x.w));
  }
  low = (int16_t)(m & 0xffffu);
  high = (int16_t)(m >> 16);
  return low < high ? low : high;
}

#else

AATGS_FN int32_t prism_row_least(const int16_t *row, uint32_t columns)
{
  int32_t least = INT16_MAX;
  for (uint32_t c = 0; c < columns; ++c)
    least = row[c] < least ? row[c] : least;
  return least;
}

#endif

#define PRISM_GROUP 1u

AATGS_FN int32_t prism_vertices_least(const uint16_t *own, const int16_t *low, int16_t most,
                                      uint32_t first, uint32_t end)
{
  int32_t least = most;
  for (uint32_t u = first; u < end; ++u)
    least = own[u] && low[u] - own[u] < least ? low[u] - own[u] : least;
  return least;
}

AATGS_FN uint32_t prism_group_match(const uint16_t *own, const int16_t *low, uint32_t v,
                                    int16_t delta)
{
  return own[v] != 0 && low[v] - own[v] == delta;
}

#endif

/* ---- Over the vertices first..end-1, in loops that compilers make vectors of ---- */

/* For u the colour whose row is `from` counts less by `weight`; `low` stays at most its least
 * entry, `deep` at most the least count in one. */
AATGS_FN void prism_vertex_less(int16_t weight, int16_t *__restrict__ from,
                                int16_t *__restrict__ low, int16_t *__restrict__ deep, uint32_t u)
{
  int16_t less = (int16_t)(from[u] - weight), count = less & PRISM_CLASHES;
  from[u] = less;
  low[u] = less < low[u] ? less : low[u];
  deep[u] = count < deep[u] ? count : deep[u];
}

/* So for the vertices where near is -1, not 0. */
AATGS_FN void prism_vertices_less(const int16_t *__restrict__ near, int16_t weight,
                                  int16_t *__restrict__ from, int16_t *__restrict__ low,
                                  int16_t *__restrict__ deep, uint32_t first, uint32_t end)
{
  for (uint32_t u = first; u < end; ++u)
    prism_vertex_less(near[u] & weight, from, low, deep, u);
}

/* For them the colour whose row is `to` counts more by `weight`. */
AATGS_FN void prism_vertices_more(const int16_t *__restrict__ near, int16_t weight,
                                  int16_t *__restrict__ to, uint32_t first, uint32_t end)
{
  for (uint32_t u = first; u < end; ++u)
    to[u] = (int16_t)(to[u] + (near[u] & weight));
}

/* How many of the bits are set. */
AATGS_FN uint32_t prism_bits(uint64_t bits)
{
#if defined(__CUDACC__)
  return (uint32_t)__popcll(bits);
#else
  return (uint32_t)__builtin_popcountll(bits);
#endif
}

/* Takes the lowest bit out of `bits` and returns its number; bits is not 0. */
AATGS_FN uint32_t prism_next_bit(uint64_t *bits)
{
#if defined(__CUDACC__)
  uint32_t bit = (uint32_t)__ffsll((long long)*bits) - 1;
#else
  uint32_t bit = (uint32_t)__builtin_ctzll(*bits);
#endif
  *bits &= *bits - 1;
  return bit;
}

#endif
