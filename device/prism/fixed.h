/* Numbers with the same bits everywhere: fixed point from floats, and e^-x and
 * ln x out of IEEE basic operations alone. */
#ifndef AATGS_PRISM_FIXED_H
#define AATGS_PRISM_FIXED_H

#include "../port.h"

/* x * scale, rounded down, for x clamped into minimum..maximum; not a number counts as the
 * minimum. The product must fit an i32. */
AATGS_FN int32_t prism_fixed(float x, double minimum, double maximum, double scale)
{
  double v = (double)x;
  if (!(v >= minimum))
    v = minimum;
  if (v > maximum)
    v = maximum;
  v = v * scale;
  return v < 0.0 ? -(int32_t)(-v) : (int32_t)v;
}

/* A probability 0..1 as a threshold for 32 random bits. */
AATGS_FN uint32_t prism_probability(double p)
{
  if (!(p > 0.0))
    return 0;
  if (p >= 1.0)
    return UINT32_MAX;
  return (uint32_t)(p * 4294967295.0);
}

/* e^-x for x >= 0: halved 10 times, a Taylor series of 8 terms, squared 10 times. Relative error
 * below 1e-12 for x <= 20; 0 beyond 700. */
AATGS_FN double prism_exp_minus(double x)
{
  double y, sum = 1.0, term = 1.0;
  int i;
  if (!(x > 0.0))
    return 1.0;
  if (x > 700.0)
    return 0.0;
  y = x / 1024.0;
  for (i = 1; i <= 8; ++i) {
    term = term * (-y) / (double)i;
    sum = sum + term;
  }
  for (i = 0; i < 10; ++i)
    sum = sum * sum;
  return sum;
}

/* ln x for 1e-300 < x < 1e300: x = m 2^e with m in 0.75..1.5, then the series of
 * 2 artanh((m - 1) / (m + 1)). */
AATGS_FN double prism_ln(double x)
{
  double z, square, power, sum = 0.0;
  int e = 0, i;
  while (x > 1.5) {
    x = x * 0.5;
    ++e;
  }
  while (x < 0.75) {
    x = x * 2.0;
    --e;
  }
  z = (x - 1.0) / (x + 1.0);
  square = z * z;
  power = z;
  for (i = 1; i < 24; i += 2) {
    sum = sum + power / (double)i;
    power = power * square;
  }
  return 2.0 * sum + (double)e * 0.69314718055994530942;
}

#define PRISM_EXP_STEPS   256u                        /* entries a unit */
#define PRISM_EXP_ENTRIES (20u * PRISM_EXP_STEPS + 2) /* e^-20 is below 2^-28 */

/* e^-(x / 65536) x 2^32 for x >= 0, from the table PRISM_EXP by linear interpolation;
 * relative error below 2e-6. */
AATGS_FN uint32_t prism_exp_lookup(const uint32_t *table, int64_t x)
{
  uint32_t i, f;
  if (x >= (int64_t)20 << 16)
    return 0;
  i = (uint32_t)x >> 8;
  f = (uint32_t)x & 255u;
  return table[i] - (uint32_t)(((uint64_t)(table[i] - table[i + 1]) * f) >> 8);
}

#endif
