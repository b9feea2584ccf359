/* Copies and parts of a task graph. */
#include "host/graph_internal.h"

#include <stdlib.h>
#include <string.h>

aatgs_task_options aatgs_graph_node_options(const aatgs_graph *graph, uint32_t index, char *text)
{
  const aatgs_node *node = &graph->nodes[index];
  return (aatgs_task_options){.size = sizeof(aatgs_task_options),
                              .type = aatgs_graph_type(graph, node)->name,
                              .name = aatgs_names_get(graph, index, text),
                              .parts = node->parts,
                              .arg = node->arg,
                              .estimate_ns = node->estimate_ns,
                              .once = (node->flags & AATGS_NODE_ONCE) != 0,
                              .retries = node->retries,
                              .on_failure = (aatgs_on_failure)node->on_failure};
}

/* Adds the tasks whose byte in `skip` is 0 to `to`; number[index] becomes the new id. */
static int copy_nodes(const aatgs_graph *graph, const uint8_t *skip, uint32_t *number,
                      aatgs_graph *to)
{
  char text[AATGS_NAME_CAPACITY];
  int rc = 0;

  for (uint32_t i = 0; rc == 0 && i < graph->count; i++) {
    aatgs_task_options o;
    number[i] = AATGS_NONE;
    if (skip[i])
      continue;
    o = aatgs_graph_node_options(graph, i, text);
    rc = aatgs_graph_add_task(to, &o, NULL, 0, &number[i]);
  }
  return rc;
}

/* Links `to` with every kept task that `from` leads to, through skipped ones or at once. `stack`
 * has room for count words, `seen` holds for each task the last one that came by. */
struct inherit {
  const aatgs_graph *graph;
  const uint8_t *skip;
  const uint32_t *number;
  uint32_t *stack;
  uint32_t *seen;
  aatgs_graph *to;
};

static int copy_edges_of(struct inherit *h, uint32_t index)
{
  const aatgs_graph *graph = h->graph;
  uint32_t len = 0;
  int rc = 0;

  h->stack[len++] = index;
  while (rc == 0 && len) {
    uint32_t at = h->stack[--len];
    for (uint32_t e = graph->nodes[at].out_first; rc == 0 && e != AATGS_NONE;
         e = graph->edges[e].next_out) {
      uint32_t to = graph->edges[e].to;
      if (h->seen[to] == index)
        continue;
      h->seen[to] = index;
      if (h->skip[to])
        h->stack[len++] = to;
      else
        rc = aatgs_graph_add_dependency(h->to, h->number[to], h->number[index]);
    }
  }
  return rc;
}

static int copy_into(const aatgs_graph *graph, const uint8_t *skip, aatgs_graph *to)
{
  size_t count = graph->count ? graph->count : 1;
  uint32_t *memory = malloc(3 * count * sizeof *memory);
  struct inherit h = {graph, skip, memory, memory + count, memory + 2 * count, to};
  int rc;

  if (!memory)
    return AATGS_ENOMEM;
  memset(h.seen, 0xff, count * sizeof *h.seen); /* AATGS_NONE: nobody */
  rc = copy_nodes(graph, skip, memory, to);
  for (uint32_t i = 0; rc == 0 && i < graph->count; i++)
    if (!skip[i])
      rc = copy_edges_of(&h, i);
  free(memory);
  return rc;
}

int aatgs_graph_copy_without(const aatgs_graph *graph, const uint8_t *without, aatgs_graph **out)
{
  uint8_t *skip = calloc(graph->count + 1, 1);
  aatgs_graph *copy = NULL;
  int rc = skip ? aatgs_graph_open(graph->workload, &copy) : AATGS_ENOMEM;

  *out = NULL;
  for (uint32_t i = 0; rc == 0 && i < graph->count; i++)
    skip[i] = (graph->nodes[i].flags & AATGS_NODE_RETIRED) || (without && without[i]);
  if (rc == 0) {
    copy->many_downloads = graph->many_downloads;
    copy->sealed = graph->sealed;
    rc = copy_into(graph, skip, copy);
  }
  free(skip);
  if (rc != 0) {
    aatgs_graph_close(copy);
    return rc;
  }
  *out = copy;
  return 0;
}

int aatgs_graph_copy(const aatgs_graph *graph, aatgs_graph **out)
{
  int rc = aatgs_graph_copy_without(graph, NULL, out);
  if (rc == 0)
    rc = aatgs_graph_check(*out);
  if (rc != 0) {
    aatgs_graph_close(*out);
    *out = NULL;
  }
  return rc;
}

int aatgs_graph_drop_once(const aatgs_graph *graph, aatgs_graph **out)
{
  uint8_t *without = calloc(graph->count + 1, 1);
  int rc;

  *out = NULL;
  if (!without)
    return AATGS_ENOMEM;
  for (uint32_t i = 0; i < graph->count; i++)
    without[i] = (graph->nodes[i].flags & AATGS_NODE_ONCE) != 0;
  rc = aatgs_graph_copy_without(graph, without, out);
  free(without);
  return rc;
}

/* ---- One connected component ---- */

/* Collects the component of `first`, in no order, and marks it. */
static uint32_t flood(aatgs_graph *graph, uint32_t first, uint32_t *found)
{
  uint32_t len = 0;

  found[len++] = first;
  graph->nodes[first].flags |= AATGS_NODE_MARKED;
  for (uint32_t i = 0; i < len; i++) {
    const aatgs_node *node = &graph->nodes[found[i]];
    uint32_t out = node->out_first, in = node->in_first;
    while (out != AATGS_NONE || in != AATGS_NONE) {
      const aatgs_edge *e = &graph->edges[out != AATGS_NONE ? out : in];
      uint32_t other = out != AATGS_NONE ? e->to : e->from;
      if (out != AATGS_NONE)
        out = e->next_out;
      else
        in = e->next_in;
      if (!(graph->nodes[other].flags & AATGS_NODE_MARKED)) {
        graph->nodes[other].flags |= AATGS_NODE_MARKED;
        found[len++] = other;
      }
    }
  }
  return len;
}

static int compare_u32(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static int copy_tasks(const aatgs_graph *graph, const uint32_t *tasks, uint32_t count,
                      aatgs_graph *to)
{
  char text[AATGS_NAME_CAPACITY];
  int rc = 0;

  for (uint32_t i = 0; rc == 0 && i < count; i++) {
    aatgs_task_options o = aatgs_graph_node_options(graph, tasks[i], text);
    rc = aatgs_graph_add_task(to, &o, NULL, 0, NULL);
  }
  for (uint32_t i = 0; rc == 0 && i < count; i++)
    for (uint32_t e = graph->nodes[tasks[i]].out_first; rc == 0 && e != AATGS_NONE;
         e = graph->edges[e].next_out) {
      const uint32_t *at = bsearch(&graph->edges[e].to, tasks, count, sizeof *tasks, compare_u32);
      rc = aatgs_graph_add_dependency(to, (uint32_t)(at - tasks), i);
    }
  return rc;
}

static void retire_all(aatgs_graph *graph, const uint32_t *tasks, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t e = graph->nodes[tasks[i]].out_first, next; e != AATGS_NONE; e = next) {
      next = graph->edges[e].next_out;
      aatgs_graph_free_edge(graph, e);
    }
  for (uint32_t i = 0; i < count; i++)
    aatgs_graph_retire(graph, tasks[i]);
  aatgs_graph_trim(graph, false);
}

/* The work is proportional to the component, not to the graph. */
int aatgs_graph_take_component(aatgs_graph *graph, aatgs_graph **out)
{
  uint32_t count, *found;
  int rc;

  *out = NULL;
  if (graph->live == 0)
    return aatgs_error_set(&graph->error, AATGS_ENOTFOUND, 0, "no task is waiting");
  found = malloc(graph->live * sizeof *found);
  rc = found ? aatgs_graph_open(graph->workload, out) : AATGS_ENOMEM;
  if (rc == 0) {
    (*out)->sealed = graph->sealed;
    count = flood(graph, aatgs_graph_first_live(graph), found);
    qsort(found, count, sizeof *found, compare_u32);
    rc = copy_tasks(graph, found, count, *out);
    if (rc == 0)
      retire_all(graph, found, count);
    for (uint32_t i = 0; rc != 0 && i < count; i++)
      graph->nodes[found[i]].flags &= (uint8_t)~AATGS_NODE_MARKED;
  }
  if (rc != 0) {
    aatgs_graph_close(*out);
    *out = NULL;
    aatgs_error_set(&graph->error, rc, 0, "the next tasks could not be taken out: %s",
                    aatgs_strerror(rc));
  }
  free(found);
  return rc;
}
