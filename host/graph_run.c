/* A run of a task graph by hand: states, and the ready tasks in the order they became ready. */
#include "host/graph_internal.h"

#include <stdlib.h>
#include <string.h>

const char *aatgs_task_state_name(aatgs_task_state state)
{
  static const char *const names[] = {"Pending", "Ready", "Running", "Completed", "Failed"};
  return (unsigned)state < sizeof names / sizeof *names ? names[state] : "unknown";
}

/* ---- The ready ring ---- */

static bool is_stale(const aatgs_graph *graph, aatgs_ready_entry entry)
{
  const aatgs_node *node = &graph->nodes[entry.index];
  return !(node->flags & AATGS_NODE_QUEUED) || node->ready_at != entry.ready_at;
}

void aatgs_graph_clean_ready(aatgs_graph *graph, uint32_t shift)
{
  uint32_t mask = graph->ready_capacity - 1, kept = 0;
  for (uint32_t i = 0; i < graph->ready_len; i++) {
    aatgs_ready_entry entry = graph->ready[(graph->ready_head + i) & mask];
    if (entry.index < shift)
      continue; /* a retired task's */
    entry.index -= shift;
    if (!is_stale(graph, entry))
      graph->ready[(graph->ready_head + kept++) & mask] = entry;
  }
  graph->ready_len = kept;
}

int aatgs_graph_reserve_ready(aatgs_graph *graph)
{
  uint32_t capacity = graph->ready_capacity ? graph->ready_capacity : 16;
  aatgs_ready_entry *ring;

  /* Twice the tasks: when stale entries fill the ring, getting rid of them costs no more than
   * adding them did. */
  if (graph->on_ready || graph->ready_capacity / 2 > graph->count)
    return 0;
  while (capacity / 2 <= graph->count)
    capacity *= 2;
  ring = malloc(capacity * sizeof *ring);
  if (!ring)
    return aatgs_error_set(&graph->error, AATGS_ENOMEM, 0, "out of memory for the ready tasks");
  for (uint32_t i = 0; i < graph->ready_len; i++)
    ring[i] = graph->ready[(graph->ready_head + i) & (graph->ready_capacity - 1)];
  free(graph->ready);
  graph->ready = ring;
  graph->ready_capacity = capacity;
  graph->ready_head = 0;
  return 0;
}

void aatgs_graph_make_ready(aatgs_graph *graph, uint32_t index)
{
  aatgs_node *node = &graph->nodes[index];

  node->state = AATGS_TASK_READY;
  node->flags |= AATGS_NODE_QUEUED;
  node->ready_at = graph->ready_clock++;
  graph->ready_count++;
  if (graph->on_ready) {
    graph->on_ready(graph->on_ready_user, index);
    return;
  }
  if (graph->ready_len == graph->ready_capacity)
    aatgs_graph_clean_ready(graph, 0);
  graph->ready[(graph->ready_head + graph->ready_len++) & (graph->ready_capacity - 1)] =
      (aatgs_ready_entry){index, node->ready_at};
}

void aatgs_graph_take_ready(aatgs_graph *graph, uint32_t index)
{
  aatgs_node *node = &graph->nodes[index];
  if (!(node->flags & AATGS_NODE_QUEUED))
    return;
  node->flags &= (uint8_t)~AATGS_NODE_QUEUED;
  graph->ready_count--;
  if (graph->on_unready)
    graph->on_unready(graph->on_ready_user, index);
}

void aatgs_graph_ready_again(aatgs_graph *graph, uint32_t index)
{
  aatgs_graph_take_ready(graph, index);
  aatgs_graph_make_ready(graph, index);
}

/* Keeps the `capacity` tasks that became ready first among those seen so far, in that order. */
static void insert_by_age(const aatgs_graph *graph, uint32_t index, uint32_t *tasks,
                          size_t capacity, size_t *found)
{
  uint32_t age = graph->ready_clock - graph->nodes[index].ready_at;
  size_t at = *found;

  while (at && graph->ready_clock - graph->nodes[tasks[at - 1] - graph->base].ready_at < age)
    at--;
  if (at == capacity)
    return;
  if (*found < capacity)
    ++*found;
  memmove(tasks + at + 1, tasks + at, (*found - 1 - at) * sizeof *tasks);
  tasks[at] = graph->base + index;
}

size_t aatgs_graph_ready_tasks(const aatgs_graph *graph, uint32_t *tasks, size_t capacity)
{
  size_t found = 0;

  if (graph->on_ready) { /* somebody else keeps the order: rebuild it */
    for (uint32_t i = 0; i < graph->count && capacity; i++)
      if (graph->nodes[i].flags & AATGS_NODE_QUEUED)
        insert_by_age(graph, i, tasks, capacity, &found);
    return graph->ready_count;
  }
  for (uint32_t i = 0; i < graph->ready_len && found < capacity; i++) {
    aatgs_ready_entry entry = graph->ready[(graph->ready_head + i) & (graph->ready_capacity - 1)];
    if (!is_stale(graph, entry))
      tasks[found++] = graph->base + entry.index;
  }
  return graph->ready_count;
}

bool aatgs_graph_pop_ready_task(aatgs_graph *graph, uint32_t *task)
{
  while (graph->ready_len) {
    aatgs_ready_entry entry = graph->ready[graph->ready_head & (graph->ready_capacity - 1)];
    graph->ready_head++;
    graph->ready_len--;
    if (is_stale(graph, entry))
      continue;
    aatgs_graph_take_ready(graph, entry.index);
    *task = graph->base + entry.index;
    return true;
  }
  return false;
}

/* ---- Marks ---- */

static int refuse(aatgs_graph *graph, uint32_t task, const char *verb)
{
  char text[AATGS_NAME_CAPACITY];
  const aatgs_node *node = aatgs_graph_node(graph, task);

  if (!node)
    return aatgs_error_set(&graph->error, AATGS_ENOTFOUND, 0, "task %u is not in this graph", task);
  return aatgs_error_set(&graph->error, AATGS_EINVAL, 0,
                         "task %u (%.255s) is %s and cannot be marked %s", task,
                         aatgs_names_get(graph, task - graph->base, text),
                         aatgs_task_state_name((aatgs_task_state)node->state), verb);
}

int aatgs_graph_mark_started(aatgs_graph *graph, uint32_t task)
{
  aatgs_node *node = aatgs_graph_node(graph, task);

  if (!node || node->state != AATGS_TASK_READY)
    return refuse(graph, task, "started");
  aatgs_graph_take_ready(graph, task - graph->base);
  node->state = AATGS_TASK_RUNNING;
  return 0;
}

int aatgs_graph_mark_complete(aatgs_graph *graph, uint32_t task, uint64_t duration_ns)
{
  aatgs_node *node = aatgs_graph_node(graph, task);

  if (!node || node->state != AATGS_TASK_RUNNING)
    return refuse(graph, task, "complete");
  node->state = AATGS_TASK_COMPLETED;
  node->duration_ns = duration_ns;
  for (uint32_t e = node->out_first; e != AATGS_NONE; e = graph->edges[e].next_out) {
    uint32_t to = graph->edges[e].to;
    if (--graph->nodes[to].waits == 0 && graph->nodes[to].state == AATGS_TASK_PENDING)
      aatgs_graph_make_ready(graph, to);
  }
  return 0;
}

int aatgs_graph_mark_failed(aatgs_graph *graph, uint32_t task)
{
  aatgs_node *node = aatgs_graph_node(graph, task);

  if (!node || (node->state != AATGS_TASK_READY && node->state != AATGS_TASK_RUNNING))
    return refuse(graph, task, "failed");
  aatgs_graph_take_ready(graph, task - graph->base);
  node->state = AATGS_TASK_FAILED;
  return 0;
}
