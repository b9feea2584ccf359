/* Graph colouring without aatgs: a reader, a checker, and the two rivals of
 * bench_coloring. One thread, plain C, no shared state. */
#ifndef AATGS_COLORING_H
#define AATGS_COLORING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct col_graph {
  uint32_t n;
  uint32_t *rows; /* n + 1 */
  uint32_t *adj;  /* each edge both ways */
} col_graph;

/* Reads a DIMACS .col file that is known to be sound. */
bool col_graph_read(const char *path, col_graph *g);
void col_graph_free(col_graph *g);
uint32_t col_graph_conflicts(const col_graph *g, const uint32_t *color);

/* DSATUR (Brelaz 1979); returns the number of colours. */
uint32_t col_dsatur(const col_graph *g, uint32_t *color);

/* Called when a legal colouring with `colors` colours is found, `ns` after the start. Return false
 * to stop. */
typedef bool col_found(void *user, uint32_t colors, uint64_t ns);

/* TabuCol (Hertz and de Werra 1987) with the tenure of Galinier and Hao 1999, 0.6 x conflict
 * vertices + 0..9, aspiration and incremental tables: from a DSATUR colouring it takes a class
 * away, scatters it, repairs, and starts again with a colour less, until `limit_ns` are over. */
void col_tabucol(const col_graph *g, uint64_t seed, uint64_t limit_ns, col_found *found,
                 void *user);

#endif
