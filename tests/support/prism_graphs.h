/* Graphs as .col texts for tests, built in memory. */
#ifndef AATGS_PRISM_GRAPHS_H
#define AATGS_PRISM_GRAPHS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef bool graph_rule(uint32_t a, uint32_t b, uint32_t parameter);

/* The graph on 0..n-1 with the edges that the rule names; free() the text. */
static inline char *graph_text(uint32_t n, graph_rule *rule, uint32_t parameter, size_t *size)
{
  size_t capacity = 64 + (size_t)n * n / 2 * 14, edges = 0;
  char *text = malloc(capacity);
  for (uint32_t a = 0; a < n; a++)
    for (uint32_t b = a + 1; b < n; b++)
      edges += rule(a, b, parameter);
  *size = (size_t)snprintf(text, capacity, "p edge %u %zu\n", n, edges);
  for (uint32_t a = 0; a < n; a++)
    for (uint32_t b = a + 1; b < n; b++)
      if (rule(a, b, parameter))
        *size += (size_t)snprintf(text + *size, capacity - *size, "e %u %u\n", a + 1, b + 1);
  return text;
}

/* Squares of a board `side` wide that a queen connects. */
static inline bool graph_queen(uint32_t a, uint32_t b, uint32_t side)
{
  int32_t x = (int32_t)(a % side) - (int32_t)(b % side);
  int32_t y = (int32_t)(a / side) - (int32_t)(b / side);
  return x == 0 || y == 0 || x == y || x == -y;
}

static inline bool graph_complete(uint32_t a, uint32_t b, uint32_t unused)
{
  (void)unused;
  return a != b;
}

/* Each pair with a probability of `percent`. */
static inline bool graph_random(uint32_t a, uint32_t b, uint32_t percent)
{
  uint64_t h = ((uint64_t)a << 32 | b) * UINT64_C(0x9e3779b97f4a7c15) + 77;
  h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
  return (h >> 33) % 100 < percent;
}

#endif
