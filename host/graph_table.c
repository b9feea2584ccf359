/* A checked graph as the device and the trace want it. */
#include "host/graph_internal.h"

#include <stdlib.h>
#include <string.h>

#define FINE_NS 20000u /* a claim and a signal cost a few thousand */

size_t aatgs_graph_table_bytes(const aatgs_graph *graph)
{
  return sizeof(aatgs_graph_table) + graph->live * sizeof(aatgs_task_entry) +
         graph->edge_count * sizeof(uint32_t);
}

uint32_t aatgs_graph_edges(const aatgs_graph *graph)
{
  return graph->edge_count;
}

void aatgs_graph_seal(aatgs_graph *graph)
{
  graph->sealed = true;
}

uint32_t aatgs_graph_records(const aatgs_graph *graph)
{
  uint32_t records = 0;
  for (uint32_t i = 0; i < graph->count; i++)
    if (!(graph->nodes[i].flags & AATGS_NODE_RETIRED))
      records += graph->nodes[i].parts + aatgs_graph_closes(graph, &graph->nodes[i]);
  return records;
}

/* Everything but the release masks. */
static void fill_entries(const aatgs_graph *graph, aatgs_graph_table *table,
                         aatgs_task_entry *entries)
{
  uint32_t *dependents = (uint32_t *)(void *)(entries + graph->count), edge = 0, record = 0;

  for (uint32_t i = 0; i < graph->count; i++) {
    const aatgs_node *node = &graph->nodes[i];
    const aatgs_task_type *type = aatgs_graph_type(graph, node);
    aatgs_task_entry *entry = &entries[i];
    *entry = (aatgs_task_entry){.reads = type->reads,
                                .writes = type->writes,
                                .type = node->type,
                                .arg = node->arg,
                                .parts = node->parts,
                                .dependencies = node->in_count,
                                .first_dependent = edge,
                                .first_record = record,
                                .flags = (aatgs_graph_closes(graph, node) ? AATGS_TASK_FINISH : 0) |
                                         (node->on_failure ? AATGS_TASK_STOPS : 0) |
                                         AATGS_TASK_RETRIES_PUT(node->retries)};
    for (uint32_t e = node->out_first; e != AATGS_NONE; e = graph->edges[e].next_out)
      dependents[edge++] = graph->edges[e].to;
    entry->dependents = edge - entry->first_dependent;
    record += node->parts + aatgs_graph_closes(graph, node);
    table->touched |= type->reads | type->writes;
    table->written |= type->writes;
  }
  table->records = record;
}

/* Backwards through the graph, 64 regions at a time: a task is a region's last toucher when no
 * task after it touches the region; the same for writers. Until the last loop write_release and
 * touch_release hold what the tasks after this one write and touch. */
static void fill_releases(const aatgs_graph *graph, aatgs_graph_table *table,
                          aatgs_task_entry *entries)
{
  const uint32_t *dependents = (const uint32_t *)(void *)(entries + graph->count);

  for (uint32_t i = graph->count; i-- > 0;) {
    aatgs_task_entry *entry = &entries[graph->order[i]];
    for (uint32_t d = 0; d < entry->dependents; d++) {
      const aatgs_task_entry *to = &entries[dependents[entry->first_dependent + d]];
      entry->write_release |= to->write_release | to->writes;
      entry->touch_release |= to->touch_release | to->writes | to->reads;
    }
  }
  for (uint32_t i = 0; i < graph->count; i++) {
    aatgs_task_entry *entry = &entries[i];
    entry->write_release = entry->writes & ~entry->write_release;
    entry->touch_release = (entry->reads | entry->writes) & ~entry->touch_release;
    for (uint64_t left = entry->touch_release; left; left &= left - 1)
      table->last_readers[__builtin_ctzll(left)]++;
  }
  for (uint32_t i = 0; i < graph->count; i++) {
    aatgs_task_entry *entry = &entries[i];
    for (uint64_t left = entry->touch_release; left; left &= left - 1)
      if (table->last_readers[__builtin_ctzll(left)] > 1)
        entry->touch_count |= left & -left;
    entry->touch_release &= ~entry->touch_count;
  }
  for (uint32_t r = 0; r < AATGS_REGIONS_MAX; r++)
    if (table->last_readers[r] == 1)
      table->last_readers[r] = 0;
}

void aatgs_graph_compile(const aatgs_graph *graph, uint32_t number, aatgs_graph_table *table)
{
  aatgs_task_entry *entries = (aatgs_task_entry *)(void *)(table + 1);

  *table = (aatgs_graph_table){.number = number, .tasks = graph->count, .edges = graph->edge_count};
  fill_entries(graph, table, entries);
  fill_releases(graph, table, entries);
}

bool aatgs_graph_is_fine(const aatgs_graph *graph)
{
  uint64_t ns = 0;
  for (uint32_t i = 0; i < graph->count; i++)
    if (!(graph->nodes[i].flags & AATGS_NODE_RETIRED))
      ns += graph->nodes[i].estimate_ns;
  return ns / FINE_NS <= aatgs_graph_records(graph);
}

/* ---- The trace's form ---- */

static size_t names_bytes(const aatgs_graph *graph)
{
  char text[AATGS_NAME_CAPACITY];
  size_t bytes = 1;
  for (uint32_t i = 0; i < graph->count; i++)
    bytes += strlen(aatgs_names_get(graph, i, text)) + 1;
  return bytes;
}

/* Makes room for the answer in the graph; the old one goes. */
static int reserve_description(aatgs_graph *graph)
{
  size_t count = graph->count ? graph->count : 1;

  free(graph->described);
  free(graph->described_dependencies);
  free(graph->described_names);
  graph->described = calloc(count, sizeof *graph->described);
  graph->described_dependencies = malloc((graph->edge_count + 1) * sizeof(uint32_t));
  graph->described_names = malloc(names_bytes(graph));
  if (!graph->described || !graph->described_dependencies || !graph->described_names)
    return aatgs_error_set(&graph->error, AATGS_ENOMEM, 0, "out of memory to describe the graph");
  return 0;
}

int aatgs_graph_describe(aatgs_graph *graph, uint32_t number, aatgs_trace_graph *out)
{
  uint32_t edge = 0, record = 0;
  char *names, text[AATGS_NAME_CAPACITY];
  int rc = reserve_description(graph);

  if (rc != 0)
    return rc;
  names = graph->described_names;
  for (uint32_t i = 0; i < graph->count; i++) {
    const aatgs_node *node = &graph->nodes[i];
    const aatgs_task_type *type = aatgs_graph_type(graph, node);
    const char *name = aatgs_names_get(graph, i, text);
    graph->described[i] = (aatgs_trace_task){.name = names,
                                             .type = node->type,
                                             .parts = node->parts,
                                             .arg = node->arg,
                                             .finish = aatgs_graph_closes(graph, node),
                                             .first_record = record,
                                             .estimate_ns = node->estimate_ns,
                                             .reads = type->reads,
                                             .writes = type->writes,
                                             .dependencies = graph->described_dependencies + edge,
                                             .once = (node->flags & AATGS_NODE_ONCE) != 0,
                                             .retries = node->retries,
                                             .stops = node->on_failure == AATGS_FAILURE_STOPS};
    names = stpcpy(names, name) + 1;
    record += node->parts + aatgs_graph_closes(graph, node);
    edge += node->in_count;
  }
  /* Sources in id order, so that each task's dependencies come out sorted. */
  for (uint32_t i = 0; i < graph->count; i++)
    for (uint32_t e = graph->nodes[i].out_first; e != AATGS_NONE; e = graph->edges[e].next_out) {
      aatgs_trace_task *to = &graph->described[graph->edges[e].to];
      ((uint32_t *)(void *)to->dependencies)[to->dependency_count++] = i;
    }
  *out = (aatgs_trace_graph){number, graph->count, record, graph->described};
  return 0;
}

static int add_from_trace(aatgs_graph *graph, const aatgs_trace_task *task)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;

  if (task->type >= graph->workload->type_count || !task->name || task->parts < 1)
    return AATGS_EFORMAT;
  o.type = graph->workload->types[task->type].name;
  o.name = task->name;
  o.parts = task->parts;
  o.arg = task->arg;
  o.estimate_ns = task->estimate_ns;
  o.once = task->once != 0;
  o.retries = task->retries;
  o.on_failure = task->stops ? AATGS_FAILURE_STOPS : AATGS_FAILURE_SKIPS;
  return aatgs_graph_add_task(graph, &o, NULL, 0, NULL);
}

int aatgs_graph_from_trace(const struct aatgs_workload *workload, const aatgs_trace_graph *in,
                           aatgs_graph **out)
{
  aatgs_graph *graph;
  int rc = aatgs_graph_open(workload, &graph);

  *out = NULL;
  for (uint32_t i = 0; rc == 0 && i < in->task_count; i++) {
    rc = add_from_trace(graph, &in->tasks[i]);
    graph->sealed |= in->tasks[i].finish && !workload->types[in->tasks[i].type].finish;
  }
  for (uint32_t i = 0; rc == 0 && i < in->task_count; i++)
    for (uint32_t d = 0; rc == 0 && d < in->tasks[i].dependency_count; d++)
      rc = aatgs_graph_add_dependency(graph, i, in->tasks[i].dependencies[d]);
  if (rc == 0)
    rc = aatgs_graph_check(graph);
  if (rc != 0) {
    aatgs_graph_close(graph);
    return rc == AATGS_ENOMEM ? rc : AATGS_EFORMAT;
  }
  *out = graph;
  return 0;
}
