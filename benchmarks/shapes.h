/* Task graphs by shape, in rows from the first to the last. */
#ifndef AATGS_BENCH_SHAPES_H
#define AATGS_BENCH_SHAPES_H

#include "host/aatgs.h"

#include <stdint.h>

typedef struct shape {
  uint32_t rows;
  uint32_t *row_at; /* rows + 1: the first task of each row, then the number of tasks */
  uint32_t tasks;
  uint32_t *edge_at; /* tasks + 1: where a task's dependencies begin in `edges` */
  uint32_t *edges;   /* numbers of tasks, of earlier rows */
} shape;

/* NULL when there is no memory; shape_close() frees. */
shape *shape_chain(uint32_t tasks);
shape *shape_fork_join(uint32_t width); /* 1, width, 1 */
/* Each task waits for its up to three nearest of the row before, as Task Bench's stencil_1d. */
shape *shape_stencil(uint32_t width, uint32_t rows);
/* The butterflies of an FFT over 2^levels points: levels + 1 rows. */
shape *shape_fft(uint32_t levels);
/* 1, 2, 4, ... 2^(rows - 1): each task waits for its parent. */
shape *shape_tree(uint32_t rows);
void shape_close(shape *s);
/* The shape as a graph of tasks of one type, which have that argument and estimate (0: the type's
 * prior); NULL when it cannot be made. The caller closes it. */
aatgs_graph *shape_graph(const shape *s, const struct aatgs_workload *workload, const char *type,
                         uint32_t arg, uint64_t estimate_ns);

#endif
