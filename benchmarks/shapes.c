#include "shapes.h"

#include <stdio.h>
#include <stdlib.h>

/* Up to three dependencies a task, and a join that waits for a whole row. */
static shape *shape_open(uint32_t rows, uint32_t tasks, uint32_t edges)
{
  shape *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->row_at = calloc(rows + 1, sizeof *s->row_at);
  s->edge_at = calloc((size_t)tasks + 1, sizeof *s->edge_at);
  s->edges = calloc((size_t)edges + 1, sizeof *s->edges);
  if (s->row_at && s->edge_at && s->edges)
    return s;
  shape_close(s);
  return NULL;
}

void shape_close(shape *s)
{
  if (!s)
    return;
  free(s->row_at);
  free(s->edge_at);
  free(s->edges);
  free(s);
}

static void add_edge(shape *s, uint32_t to)
{
  s->edges[s->edge_at[s->tasks + 1]++] = to;
}

static void begin_task(shape *s)
{
  s->edge_at[s->tasks + 1] = s->edge_at[s->tasks];
}

static void end_task(shape *s)
{
  s->tasks++;
}

static void end_row(shape *s)
{
  s->row_at[++s->rows] = s->tasks;
}

shape *shape_chain(uint32_t tasks)
{
  shape *s = shape_open(tasks, tasks, tasks);
  for (uint32_t i = 0; s && i < tasks; i++) {
    begin_task(s);
    if (i)
      add_edge(s, i - 1);
    end_task(s);
    end_row(s);
  }
  return s;
}

shape *shape_fork_join(uint32_t width)
{
  shape *s = shape_open(3, width + 2, 2 * width);
  if (!s)
    return NULL;
  begin_task(s);
  end_task(s);
  end_row(s);
  for (uint32_t i = 0; i < width; i++) {
    begin_task(s);
    add_edge(s, 0);
    end_task(s);
  }
  end_row(s);
  begin_task(s);
  for (uint32_t i = 0; i < width; i++)
    add_edge(s, 1 + i);
  end_task(s);
  end_row(s);
  return s;
}

shape *shape_stencil(uint32_t width, uint32_t rows)
{
  shape *s = shape_open(rows, width * rows, 3 * width * rows);
  for (uint32_t y = 0; s && y < rows; y++) {
    for (uint32_t x = 0; x < width; x++) {
      begin_task(s);
      for (uint32_t k = x ? x - 1 : 0; y && k <= x + 1 && k < width; k++)
        add_edge(s, s->row_at[y - 1] + k);
      end_task(s);
    }
    end_row(s);
  }
  return s;
}

shape *shape_fft(uint32_t levels)
{
  const uint32_t width = 1u << levels;
  shape *s = shape_open(levels + 1, width * (levels + 1), 2 * width * levels);
  for (uint32_t y = 0; s && y <= levels; y++) {
    for (uint32_t x = 0; x < width; x++) {
      begin_task(s);
      if (y) {
        add_edge(s, s->row_at[y - 1] + x);
        add_edge(s, s->row_at[y - 1] + (x ^ 1u << (y - 1)));
      }
      end_task(s);
    }
    end_row(s);
  }
  return s;
}

shape *shape_tree(uint32_t rows)
{
  shape *s = shape_open(rows, (1u << rows) - 1, 1u << rows);
  for (uint32_t y = 0; s && y < rows; y++) {
    for (uint32_t x = 0; x < 1u << y; x++) {
      begin_task(s);
      if (y)
        add_edge(s, s->row_at[y - 1] + x / 2);
      end_task(s);
    }
    end_row(s);
  }
  return s;
}

aatgs_graph *shape_graph(const shape *s, const struct aatgs_workload *workload, const char *type,
                         uint32_t arg, uint64_t estimate_ns)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  aatgs_graph *graph;
  int rc = aatgs_graph_open(workload, &graph);
  o.type = type;
  o.arg = arg;
  o.estimate_ns = estimate_ns;
  for (uint32_t i = 0; !rc && i < s->tasks; i++) {
    char name[16];
    snprintf(name, sizeof name, "t%u", i);
    o.name = name;
    rc = aatgs_graph_add_task(graph, &o, s->edges + s->edge_at[i],
                              s->edge_at[i + 1] - s->edge_at[i], NULL);
  }
  if (!rc)
    return graph;
  aatgs_graph_close(graph);
  return NULL;
}
