/* What must hold before a graph may run: no cycle, no race, no overflow.
 *
 * Race freedom, region by region: in a topological order the writers must form a chain, and each
 * reader must be ordered with every writer. Two linear sweeps decide both: forwards, the last
 * writer that reaches a task; backwards, the next writer that a task reaches. That is
 * O(regions x (tasks + edges)) and needs no transitive closure. */
#include "host/graph_internal.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- Topological order ---- */

static void heap_push(uint32_t *heap, uint32_t *len, uint32_t value)
{
  uint32_t i = (*len)++;
  while (i && heap[(i - 1) / 2] > value) {
    heap[i] = heap[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  heap[i] = value;
}

static uint32_t heap_pop(uint32_t *heap, uint32_t *len)
{
  uint32_t top = heap[0], value = heap[--*len], i = 0;
  for (;;) {
    uint32_t child = 2 * i + 1;
    if (child >= *len)
      break;
    if (child + 1 < *len && heap[child + 1] < heap[child])
      child++;
    if (heap[child] >= value)
      break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = value;
  return top;
}

uint32_t aatgs_graph_sort(const aatgs_graph *graph, uint32_t *order, uint32_t *waits,
                          uint32_t *heap)
{
  uint32_t len = 0, placed = 0;

  for (uint32_t i = 0; i < graph->count; i++) {
    waits[i] = graph->nodes[i].in_count;
    if (!(graph->nodes[i].flags & AATGS_NODE_RETIRED) && waits[i] == 0)
      heap_push(heap, &len, i);
  }
  while (len) {
    uint32_t index = heap_pop(heap, &len);
    order[placed++] = index;
    for (uint32_t e = graph->nodes[index].out_first; e != AATGS_NONE; e = graph->edges[e].next_out)
      if (--waits[graph->edges[e].to] == 0)
        heap_push(heap, &len, graph->edges[e].to);
  }
  return placed;
}

/* ---- Cycles ---- */

#define CYCLE_NAMES_MAX 8u

/* Appends " -> NAME" to the sentence. */
static void append_name(aatgs_graph *graph, const char *arrow, uint32_t index)
{
  char name[AATGS_NAME_CAPACITY];
  size_t used = strlen(graph->error.text);
  snprintf(graph->error.text + used, sizeof graph->error.text - used, "%s%.40s", arrow,
           aatgs_names_get(graph, index, name));
}

/* `waits` as aatgs_graph_sort() left it; `before` has room for count words. */
static int name_cycle(aatgs_graph *graph, const uint32_t *waits, uint32_t *before)
{
  uint32_t at = AATGS_NONE, start, length = 0;

  /* Every task left has a dependency that is left: follow those until one comes again. */
  for (uint32_t i = graph->count; i-- > 0;) {
    if ((graph->nodes[i].flags & AATGS_NODE_RETIRED) || !waits[i])
      continue;
    at = i;
    for (uint32_t e = graph->nodes[i].out_first; e != AATGS_NONE; e = graph->edges[e].next_out)
      before[graph->edges[e].to] = i;
  }
  for (uint32_t i = 0; i < graph->live; i++)
    at = before[at];
  start = at; /* surely on a cycle by now; begin with its lowest id */
  for (uint32_t i = before[at]; i != at; i = before[i])
    if (i < start)
      start = i;

  /* `before` runs against the arrows: turn it round along the cycle. */
  for (uint32_t i = start, next = start;; length++) {
    uint32_t previous = before[i];
    before[i] = next;
    next = i;
    i = previous;
    if (i == start) {
      before[start] = next;
      length++;
      break;
    }
  }
  aatgs_error_set(&graph->error, AATGS_ECYCLE, 0, "the tasks wait for each other in a cycle: ");
  append_name(graph, "", start);
  for (uint32_t i = before[start], n = 1; i != start; i = before[i], n++) {
    size_t used = strlen(graph->error.text);
    if (n < CYCLE_NAMES_MAX || n == length - 1)
      append_name(graph, " -> ", i);
    else if (n == CYCLE_NAMES_MAX)
      snprintf(graph->error.text + used, sizeof graph->error.text - used, " -> ... %u more ...",
               length - 1 - CYCLE_NAMES_MAX);
  }
  append_name(graph, " -> ", start);
  return AATGS_ECYCLE;
}

/* ---- Races ---- */

struct race_sweep {
  const uint32_t *order;
  uint32_t *writer; /* by task: its number among the region's writers, from 1; 0: none */
  uint32_t *before; /* the last writer that reaches the task, 0: none */
  uint32_t *after;  /* the next writer that the task reaches, writers + 1: none */
  uint32_t *at;     /* task of writer 1, 2, ... */
  uint32_t writers;
};

static int report_race(aatgs_graph *graph, uint32_t region, uint32_t writer, uint32_t other,
                       bool both_write)
{
  char a[AATGS_NAME_CAPACITY], b[AATGS_NAME_CAPACITY];
  return aatgs_error_set(&graph->error, AATGS_ERACE, 0,
                         "tasks \"%.100s\" and \"%.100s\" race: the first writes region \"%.60s\", "
                         "the second %s it, and neither waits for the other; let one wait (after=)",
                         aatgs_names_get(graph, writer, a), aatgs_names_get(graph, other, b),
                         graph->workload->regions[region].name, both_write ? "writes" : "reads");
}

/* Numbers the writers in topological order and sweeps forwards; fails at a break in the chain. */
static int sweep_forwards(aatgs_graph *graph, uint32_t region, struct race_sweep *s)
{
  uint64_t bit = AATGS_REGION_BIT(region);

  s->writers = 0;
  memset(s->before, 0, graph->count * sizeof *s->before);
  for (uint32_t i = 0; i < graph->live; i++) {
    uint32_t index = s->order[i], reach = s->before[index];
    const aatgs_node *node = &graph->nodes[index];
    s->writer[index] = 0;
    if (aatgs_graph_type(graph, node)->writes & bit) {
      if (reach != s->writers)
        return report_race(graph, region, s->at[s->writers], index, true);
      s->writer[index] = reach = ++s->writers;
      s->at[reach] = index;
    }
    for (uint32_t e = node->out_first; e != AATGS_NONE; e = graph->edges[e].next_out)
      if (s->before[graph->edges[e].to] < reach)
        s->before[graph->edges[e].to] = reach;
  }
  return 0;
}

static int sweep_backwards(aatgs_graph *graph, uint32_t region, struct race_sweep *s)
{
  uint64_t bit = AATGS_REGION_BIT(region);

  for (uint32_t i = graph->live; i-- > 0;) {
    uint32_t index = s->order[i], reach = s->writers + 1;
    const aatgs_node *node = &graph->nodes[index];
    for (uint32_t e = node->out_first; e != AATGS_NONE; e = graph->edges[e].next_out) {
      uint32_t to = graph->edges[e].to, next = s->writer[to] ? s->writer[to] : s->after[to];
      if (next < reach)
        reach = next;
    }
    s->after[index] = reach;
    if (!s->writer[index] && (aatgs_graph_type(graph, node)->reads & bit) &&
        reach > s->before[index] + 1)
      return report_race(graph, region, s->at[s->before[index] + 1], index, false);
  }
  return 0;
}

/* Regions that somebody in the graph writes and at least one other task touches. */
static uint64_t contested_regions(const aatgs_graph *graph)
{
  uint64_t touched = 0, twice = 0, written = 0;
  for (uint32_t i = 0; i < graph->live; i++) {
    const aatgs_task_type *type = aatgs_graph_type(graph, &graph->nodes[graph->order[i]]);
    uint64_t touch = type->reads | type->writes;
    twice |= touched & touch;
    touched |= touch;
    written |= type->writes;
  }
  return twice & written;
}

static int check_races(aatgs_graph *graph)
{
  uint64_t contested = contested_regions(graph);
  size_t words = graph->count;
  uint32_t *memory;
  struct race_sweep s;
  int rc = 0;

  if (!contested)
    return 0;
  memory = malloc((4 * words + 2) * sizeof *memory);
  if (!memory)
    return aatgs_error_set(&graph->error, AATGS_ENOMEM, 0, "out of memory for the race check");
  s = (struct race_sweep){graph->order,       memory, memory + words, memory + 2 * words,
                          memory + 3 * words, 0};
  for (uint32_t r = 0; rc == 0 && r < graph->workload->region_count; r++)
    if (contested & AATGS_REGION_BIT(r)) {
      rc = sweep_forwards(graph, r, &s);
      if (rc == 0)
        rc = sweep_backwards(graph, r, &s);
    }
  free(memory);
  return rc;
}

/* ---- The check ---- */

static int check_limits(aatgs_graph *graph)
{
  uint64_t records = 0;
  uint32_t downloads = 0;

  for (uint32_t i = 0; i < graph->live; i++) {
    const aatgs_node *node = &graph->nodes[graph->order[i]];
    const aatgs_task_type *type = aatgs_graph_type(graph, node);
    records += node->parts + aatgs_graph_closes(graph, node);
    downloads += type->role == AATGS_ROLE_DOWNLOAD;
  }
  if (downloads > 1)
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0,
                           "%u tasks fill in the telemetry; only one of a graph may", downloads);
  if (records > UINT32_MAX)
    return aatgs_error_set(&graph->error, AATGS_ELIMIT, 0,
                           "the tasks have %llu parts in all; a graph may have %u",
                           (unsigned long long)records, UINT32_MAX);
  return 0;
}

/* Equal for graphs whose tasks have the same types, parts, arguments, estimates and
 * dependencies, in the same order. */
static uint64_t digest_structure(const aatgs_graph *graph)
{
  uint64_t h = graph->live;

  for (uint32_t i = 0; i < graph->count; i++) {
    const aatgs_node *node = &graph->nodes[i];
    uint64_t words[] = {h, (uint64_t)node->type << 32 | node->arg, node->estimate_ns, node->parts};
    if (node->flags & AATGS_NODE_RETIRED)
      continue;
    h = XXH3_64bits(words, sizeof words);
    for (uint32_t e = node->out_first; e != AATGS_NONE; e = graph->edges[e].next_out)
      h = (h ^ graph->edges[e].to) * UINT64_C(0x9e3779b97f4a7c15) + (h >> 29);
  }
  return h;
}

int aatgs_graph_put_in_order(aatgs_graph *graph)
{
  size_t count = graph->count ? graph->count : 1;
  uint32_t *memory;
  int rc = 0;

  free(graph->order);
  graph->order = malloc(count * sizeof *graph->order);
  memory = malloc(2 * count * sizeof *memory);
  if (!graph->order || !memory)
    rc = aatgs_error_set(&graph->error, AATGS_ENOMEM, 0, "out of memory for the cycle check");
  else if (aatgs_graph_sort(graph, graph->order, memory, memory + count) != graph->live)
    rc = name_cycle(graph, memory, memory + count);
  free(memory);
  graph->checked = rc == 0;
  return rc;
}

int aatgs_graph_check(aatgs_graph *graph)
{
  int rc;

  if (graph->checked)
    return 0;
  rc = aatgs_graph_put_in_order(graph);
  if (rc == 0)
    rc = check_limits(graph);
  if (rc == 0)
    rc = check_races(graph);
  graph->checked = rc == 0;
  if (rc == 0)
    graph->digest = digest_structure(graph);
  return rc;
}

int aatgs_graph_topological_sort(aatgs_graph *graph, uint32_t *tasks)
{
  size_t count = graph->count ? graph->count : 1;
  uint32_t *memory = malloc(3 * count * sizeof *memory);
  int rc = 0;

  if (!memory)
    return aatgs_error_set(&graph->error, AATGS_ENOMEM, 0, "out of memory for the sort");
  if (aatgs_graph_sort(graph, memory + 2 * count, memory, memory + count) != graph->live)
    rc = name_cycle(graph, memory, memory + count);
  for (uint32_t i = 0; rc == 0 && i < graph->live; i++)
    tasks[i] = graph->base + memory[2 * count + i];
  free(memory);
  return rc;
}
