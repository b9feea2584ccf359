/* cmocka with what it needs, and a few words more. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Fails unless `text` contains `part`, and prints both. */
#define assert_contains(text, part)                                                                \
  do {                                                                                             \
    if (!strstr(text, part))                                                                       \
      fail_msg("\"%s\" does not contain \"%s\"", text, part);                                      \
  } while (0)

/* A small generator for tests: SplitMix64. */
static inline uint64_t test_random(uint64_t *state)
{
  uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static inline uint32_t test_below(uint64_t *state, uint32_t n)
{
  return (uint32_t)(((test_random(state) >> 32) * n) >> 32);
}

#endif
