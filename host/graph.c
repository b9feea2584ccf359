/* The task graph: adding, finding and dropping tasks. */
#include "host/graph_internal.h"

#include <stdlib.h>
#include <string.h>

int aatgs_graph_open(const struct aatgs_workload *workload, aatgs_graph **out)
{
  aatgs_graph *graph;

  if (!out)
    return AATGS_EINVAL;
  *out = NULL;
  if (!workload)
    return AATGS_EINVAL;
  graph = calloc(1, sizeof *graph);
  if (!graph)
    return AATGS_ENOMEM;
  graph->workload = workload;
  graph->edge_free = AATGS_NONE;
  graph->slots_max = graph->edge_slots_max = AATGS_GRAPH_SLOTS;
  if (aatgs_names_open(graph) != 0) {
    free(graph);
    return AATGS_ENOMEM;
  }
  *out = graph;
  return 0;
}

void aatgs_graph_close(aatgs_graph *graph)
{
  if (!graph)
    return;
  aatgs_names_close(graph);
  free(graph->nodes);
  free(graph->edges);
  free(graph->ready);
  free(graph->order);
  free(graph->described);
  free(graph->described_dependencies);
  free(graph->described_names);
  free(graph);
}

const aatgs_error *aatgs_graph_error(const aatgs_graph *graph)
{
  return &graph->error;
}

size_t aatgs_graph_len(const aatgs_graph *graph)
{
  return graph->live;
}

bool aatgs_graph_is_empty(const aatgs_graph *graph)
{
  return graph->live == 0;
}

/* ---- Adding ---- */

static int find_type(aatgs_graph *graph, const char *name, uint32_t *type)
{
  const struct aatgs_workload *w = graph->workload;
  size_t used;

  if (!name)
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0, "a task needs the name of its type");
  if (graph->last_type < w->type_count && strcmp(w->types[graph->last_type].name, name) == 0) {
    *type = graph->last_type;
    return 0;
  }
  for (uint32_t i = 0; i < w->type_count; i++)
    if (strcmp(w->types[i].name, name) == 0) {
      *type = graph->last_type = i;
      return 0;
    }
  aatgs_error_set(&graph->error, AATGS_ENOTFOUND, 0,
                  "workload %s has no task type \"%.100s\"; it has:", w->name, name);
  for (uint32_t i = 0; i < w->type_count; i++) {
    used = strlen(graph->error.text);
    snprintf(graph->error.text + used, sizeof graph->error.text - used, "%s %s", i ? "," : "",
             w->types[i].name);
  }
  return AATGS_ENOTFOUND;
}

static void *grow(void *array, uint32_t *capacity, size_t bytes)
{
  uint32_t wanted = *capacity ? *capacity * 2 : 16;
  void *grown = realloc(array, wanted * bytes);
  if (grown)
    *capacity = wanted;
  return grown;
}

static int reserve_node(aatgs_graph *graph)
{
  void *grown;
  if (graph->count < graph->capacity && graph->count < graph->slots_max)
    return 0;
  if (graph->count >= graph->slots_max)
    return aatgs_error_set(&graph->error, AATGS_ELIMIT, 0,
                           "the graph has %u tasks, the most it can", graph->count);
  grown = grow(graph->nodes, &graph->capacity, sizeof *graph->nodes);
  if (!grown)
    return aatgs_error_set(&graph->error, AATGS_ENOMEM, 0, "out of memory for task %u",
                           graph->count);
  graph->nodes = grown;
  return 0;
}

static int take_edge(aatgs_graph *graph, uint32_t *edge)
{
  void *grown;
  if (graph->edge_free != AATGS_NONE) {
    *edge = graph->edge_free;
    graph->edge_free = graph->edges[*edge].next_out;
    graph->edge_count++;
    return 0;
  }
  if (graph->edge_slots >= graph->edge_slots_max)
    return aatgs_error_set(&graph->error, AATGS_ELIMIT, 0,
                           "the graph has %u dependencies, the most it can", graph->edge_slots);
  if (graph->edge_slots == graph->edge_capacity) {
    grown = grow(graph->edges, &graph->edge_capacity, sizeof *graph->edges);
    if (!grown)
      return aatgs_error_set(&graph->error, AATGS_ENOMEM, 0, "out of memory for a dependency");
    graph->edges = grown;
  }
  *edge = graph->edge_slots++;
  graph->edge_count++;
  return 0;
}

void aatgs_graph_free_edge(aatgs_graph *graph, uint32_t edge)
{
  graph->edges[edge].next_out = graph->edge_free;
  graph->edge_free = edge;
  graph->edge_count--;
}

int aatgs_graph_reserve(aatgs_graph *graph, uint32_t tasks, uint32_t edges)
{
  aatgs_node *nodes = realloc(graph->nodes, tasks * sizeof *nodes);
  aatgs_edge *pool = nodes ? realloc(graph->edges, (edges + 1) * sizeof *pool) : NULL;

  graph->nodes = nodes ? nodes : graph->nodes;
  graph->edges = pool ? pool : graph->edges;
  if (!nodes || !pool)
    return AATGS_ENOMEM;
  memset(nodes + graph->count, 0, (tasks - graph->count) * sizeof *nodes);
  memset(pool + graph->edge_slots, 0, (edges - graph->edge_slots) * sizeof *pool);
  graph->capacity = graph->slots_max = tasks;
  graph->edge_capacity = edges + 1;
  graph->edge_slots_max = edges;
  return 0;
}

/* Puts the edge into its source's list of dependents, which is sorted. */
static void link_out(aatgs_graph *graph, uint32_t edge)
{
  aatgs_edge *edges = graph->edges, *e = &edges[edge];
  aatgs_node *from = &graph->nodes[e->from];
  uint32_t *link = &from->out_first;

  if (from->out_last != AATGS_NONE && edges[from->out_last].to < e->to)
    link = &edges[from->out_last].next_out;
  while (*link != AATGS_NONE && edges[*link].to < e->to)
    link = &edges[*link].next_out;
  e->next_out = *link;
  *link = edge;
  if (e->next_out == AATGS_NONE)
    from->out_last = edge;
}

/* Only the tail needs a look for a task that was just added; else the whole list. */
static bool is_linked(const aatgs_graph *graph, uint32_t from, uint32_t to)
{
  const aatgs_node *node = &graph->nodes[from];
  if (node->out_last == AATGS_NONE || graph->edges[node->out_last].to < to)
    return false;
  if (graph->edges[node->out_last].to == to)
    return true;
  for (uint32_t e = node->out_first; e != AATGS_NONE; e = graph->edges[e].next_out)
    if (graph->edges[e].to == to)
      return true;
  return false;
}

int aatgs_graph_link(aatgs_graph *graph, uint32_t from, uint32_t to)
{
  uint32_t edge = AATGS_NONE;
  aatgs_node *node;
  int rc;

  if (is_linked(graph, from, to))
    return 0;
  rc = take_edge(graph, &edge);
  if (rc != 0)
    return rc;
  node = &graph->nodes[to];
  graph->edges[edge] = (aatgs_edge){from, to, node->in_first, AATGS_NONE};
  node->in_first = edge;
  node->in_count++;
  if (graph->nodes[from].state != AATGS_TASK_COMPLETED)
    node->waits++;
  link_out(graph, edge);
  graph->checked = false;
  return 0;
}

static int read_options(aatgs_graph *graph, const aatgs_task_options *options,
                        aatgs_task_options *o)
{
  *o = (aatgs_task_options)AATGS_TASK_OPTIONS_INIT;
  if (!options || options->size < offsetof(aatgs_task_options, parts) ||
      options->size > sizeof *options)
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0,
                           "task options of an unknown size; use AATGS_TASK_OPTIONS_INIT");
  memcpy(o, options, options->size);
  return 0;
}

/* True for the ids of live and of retired tasks. */
static bool was_issued(const aatgs_graph *graph, uint32_t id)
{
  return id - graph->base < graph->count || graph->base - id <= graph->base;
}

static int check_dependencies(aatgs_graph *graph, const uint32_t *dependencies, size_t count)
{
  if (count && !dependencies)
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0, "%zu dependencies but no array of them",
                           count);
  for (size_t i = 0; i < count; i++)
    if (!was_issued(graph, dependencies[i]))
      return aatgs_error_set(&graph->error, AATGS_ENOTFOUND, 0,
                             "dependency %u is no task of this graph", dependencies[i]);
  return 0;
}

/* Takes the edge off its source's list of dependents. */
static void unlink_out(aatgs_graph *graph, uint32_t edge)
{
  aatgs_node *from = &graph->nodes[graph->edges[edge].from];
  uint32_t *link = &from->out_first, last = AATGS_NONE;

  while (*link != edge) {
    last = *link;
    link = &graph->edges[*link].next_out;
  }
  *link = graph->edges[edge].next_out;
  if (from->out_last == edge)
    from->out_last = last;
}

/* Takes the newest node back after a failure. */
static void undo_add(aatgs_graph *graph)
{
  uint32_t index = graph->count - 1;
  aatgs_node *node = &graph->nodes[index];

  for (uint32_t e = node->in_first, next; e != AATGS_NONE; e = next) {
    next = graph->edges[e].next_in;
    unlink_out(graph, e);
    aatgs_graph_free_edge(graph, e);
  }
  aatgs_names_drop(graph, index);
  graph->count--;
}

int aatgs_graph_add_task(aatgs_graph *graph, const aatgs_task_options *options,
                         const uint32_t *dependencies, size_t count, uint32_t *id)
{
  aatgs_task_options o;
  const aatgs_task_type *type;
  aatgs_node *node;
  uint32_t index, type_index = 0;
  bool download;
  int rc = read_options(graph, options, &o);

  if (rc != 0 || (rc = find_type(graph, o.type, &type_index)) != 0 ||
      (rc = check_dependencies(graph, dependencies, count)) != 0)
    return rc;
  if (o.retries > AATGS_RETRIES_MAX || o.on_failure > AATGS_FAILURE_STOPS)
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0,
                           "%u retries, on_failure %d; a task may have 0 to %u, SKIPS or STOPS",
                           o.retries, (int)o.on_failure, AATGS_RETRIES_MAX);
  type = &graph->workload->types[type_index];
  if (o.parts > AATGS_PARTS_LIMIT)
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0, "%u parts; a task has 1 to %u", o.parts,
                           AATGS_PARTS_LIMIT);
  download = type->role == AATGS_ROLE_DOWNLOAD && !o.once && !graph->many_downloads;
  if (download && graph->downloads)
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0,
                           "a second %s task; only one task of a graph may fill in the telemetry",
                           type->name);
  if ((rc = reserve_node(graph)) != 0 || (rc = aatgs_graph_reserve_ready(graph)) != 0)
    return rc;

  index = graph->count++;
  node = &graph->nodes[index];
  *node = (aatgs_node){.estimate_ns = o.estimate_ns ? o.estimate_ns : type->prior_ns,
                       .type = (uint16_t)type_index,
                       .retries = (uint8_t)o.retries,
                       .on_failure = (uint8_t)o.on_failure,
                       .arg = o.arg,
                       .in_first = AATGS_NONE,
                       .out_first = AATGS_NONE,
                       .out_last = AATGS_NONE,
                       .parts = (uint16_t)(o.parts ? o.parts : type->parts),
                       .flags = o.once ? AATGS_NODE_ONCE : 0};
  rc = aatgs_names_give(graph, index, o.name);
  for (size_t i = 0; rc == 0 && i < count; i++)
    if (aatgs_graph_node(graph, dependencies[i])) /* a retired one is met */
      rc = aatgs_graph_link(graph, dependencies[i] - graph->base, index);
  if (rc != 0) {
    undo_add(graph);
    return rc;
  }
  graph->live++;
  graph->downloads += download;
  graph->checked = false;
  if (id)
    *id = graph->base + index;
  if (node->waits == 0)
    aatgs_graph_make_ready(graph, index);
  return 0;
}

int aatgs_graph_add_dependency(aatgs_graph *graph, uint32_t task, uint32_t depends_on)
{
  aatgs_node *node = aatgs_graph_node(graph, task);
  int rc;

  if (!node || !aatgs_graph_node(graph, depends_on))
    return aatgs_error_set(&graph->error, AATGS_ENOTFOUND, 0, "task %u is not in this graph",
                           node ? depends_on : task);
  if (node->state > AATGS_TASK_READY)
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0,
                           "task %u is %s; dependencies can only be added before it starts", task,
                           aatgs_task_state_name((aatgs_task_state)node->state));
  rc = aatgs_graph_link(graph, depends_on - graph->base, task - graph->base);
  if (rc == 0 && node->waits && node->state == AATGS_TASK_READY) {
    aatgs_graph_take_ready(graph, task - graph->base);
    node->state = AATGS_TASK_PENDING;
  }
  return rc;
}

int aatgs_graph_set_estimate(aatgs_graph *graph, uint32_t task, uint64_t estimate_ns)
{
  aatgs_node *node = aatgs_graph_node(graph, task);
  if (!node)
    return AATGS_ENOTFOUND;
  node->estimate_ns = estimate_ns;
  graph->checked = false;
  return 0;
}

/* ---- Looking ---- */

static void fill_info(const aatgs_graph *graph, uint32_t index, aatgs_task_info *info)
{
  const aatgs_node *node = &graph->nodes[index];
  /* The scratch text is the handle's own: handed-out strings live until the next call. */
  char *text = ((aatgs_graph *)graph)->name_text;

  *info = (aatgs_task_info){.id = graph->base + index,
                            .type = node->type,
                            .name = aatgs_names_get(graph, index, text),
                            .type_name = aatgs_graph_type(graph, node)->name,
                            .state = (aatgs_task_state)node->state,
                            .parts = node->parts,
                            .arg = node->arg,
                            .estimate_ns = node->estimate_ns,
                            .duration_ns = node->duration_ns,
                            .once = node->flags & AATGS_NODE_ONCE,
                            .retries = node->retries,
                            .on_failure = (aatgs_on_failure)node->on_failure};
}

int aatgs_graph_task_info(const aatgs_graph *graph, uint32_t task, aatgs_task_info *info)
{
  const aatgs_node *node = aatgs_graph_node(graph, task);
  if (!node)
    return AATGS_ENOTFOUND;
  fill_info(graph, task - graph->base, info);
  return 0;
}

int aatgs_graph_task_status(const aatgs_graph *graph, uint32_t task, aatgs_task_state *state)
{
  const aatgs_node *node = aatgs_graph_node(graph, task);
  if (!node)
    return AATGS_ENOTFOUND;
  *state = (aatgs_task_state)node->state;
  return 0;
}

int aatgs_graph_task_duration(const aatgs_graph *graph, uint32_t task, uint64_t *duration_ns)
{
  const aatgs_node *node = aatgs_graph_node(graph, task);
  if (!node)
    return AATGS_ENOTFOUND;
  *duration_ns = node->duration_ns;
  return 0;
}

int aatgs_graph_find(const aatgs_graph *graph, const char *name, uint32_t *task)
{
  uint32_t index = name ? aatgs_names_find(graph, name) : AATGS_NONE;
  if (index == AATGS_NONE)
    return AATGS_ENOTFOUND;
  *task = graph->base + index;
  return 0;
}

int aatgs_graph_tasks(const aatgs_graph *graph,
                      int (*visit)(void *user, const aatgs_task_info *info), void *user)
{
  for (uint32_t i = 0; i < graph->count; i++) {
    aatgs_task_info info;
    int rc;
    if (graph->nodes[i].flags & AATGS_NODE_RETIRED)
      continue;
    fill_info(graph, i, &info);
    rc = visit(user, &info);
    if (rc != 0)
      return rc;
  }
  return 0;
}

/* ---- Dropping ---- */

void aatgs_graph_retire(aatgs_graph *graph, uint32_t index)
{
  aatgs_node *node = &graph->nodes[index];

  if (aatgs_graph_type(graph, node)->role == AATGS_ROLE_DOWNLOAD &&
      !(node->flags & AATGS_NODE_ONCE) && !graph->many_downloads)
    graph->downloads--;
  aatgs_graph_take_ready(graph, index);
  aatgs_names_drop(graph, index);
  node->flags = AATGS_NODE_RETIRED;
  node->serial = 0;
  node->in_first = node->out_first = node->out_last = AATGS_NONE;
  graph->live--;
  graph->checked = false;
}

uint32_t aatgs_graph_first_live(aatgs_graph *graph)
{
  while (graph->retired_prefix < graph->count &&
         (graph->nodes[graph->retired_prefix].flags & AATGS_NODE_RETIRED))
    graph->retired_prefix++;
  return graph->retired_prefix;
}

uint32_t aatgs_graph_trim(aatgs_graph *graph, bool now)
{
  uint32_t shift = aatgs_graph_first_live(graph);

  /* At least half must go, so that a task is moved at most once for each one dropped. */
  if (shift == 0 || (!now && (shift < 16 || shift < graph->count - shift)))
    return 0;
  graph->retired_prefix = 0;
  graph->count -= shift;
  graph->base += shift;
  memmove(graph->nodes, graph->nodes + shift, graph->count * sizeof *graph->nodes);
  for (uint32_t i = 0; i < graph->count; i++)
    for (uint32_t e = graph->nodes[i].out_first; e != AATGS_NONE; e = graph->edges[e].next_out) {
      graph->edges[e].from -= shift;
      graph->edges[e].to -= shift;
    }
  aatgs_graph_clean_ready(graph, shift);
  aatgs_names_rebase(graph, shift);
  return shift;
}

static bool goes(const aatgs_node *node, bool only_once)
{
  return !(node->flags & AATGS_NODE_RETIRED) && node->state == AATGS_TASK_COMPLETED &&
         (!only_once || (node->flags & AATGS_NODE_ONCE));
}

/* Takes the edges that come from tasks about to go off the node's list. */
static void drop_met_dependencies(aatgs_graph *graph, aatgs_node *node, bool only_once)
{
  uint32_t *link = &node->in_first;
  while (*link != AATGS_NONE) {
    aatgs_edge *e = &graph->edges[*link];
    if (goes(&graph->nodes[e->from], only_once)) {
      *link = e->next_in;
      node->in_count--;
    } else {
      link = &e->next_in;
    }
  }
}

/* Frees the edges of a task about to go: its out edges, and those of live sources to it. */
static void drop_edges(aatgs_graph *graph, uint32_t index)
{
  aatgs_node *node = &graph->nodes[index];

  for (uint32_t e = node->out_first, next; e != AATGS_NONE; e = next) {
    next = graph->edges[e].next_out;
    aatgs_graph_free_edge(graph, e);
  }
  for (uint32_t e = node->in_first, next; e != AATGS_NONE; e = next) {
    next = graph->edges[e].next_in;
    unlink_out(graph, e);
    aatgs_graph_free_edge(graph, e);
  }
}

size_t aatgs_graph_drop_completed(aatgs_graph *graph, bool only_once, bool now, uint32_t *shift)
{
  size_t dropped = 0;

  for (uint32_t i = 0; i < graph->count; i++)
    if (!(graph->nodes[i].flags & AATGS_NODE_RETIRED))
      drop_met_dependencies(graph, &graph->nodes[i], only_once);
  for (uint32_t i = 0; i < graph->count; i++)
    if (goes(&graph->nodes[i], only_once)) {
      drop_edges(graph, i);
      aatgs_graph_retire(graph, i);
      dropped++;
    }
  *shift = aatgs_graph_trim(graph, now);
  return dropped;
}

size_t aatgs_graph_clear_completed(aatgs_graph *graph)
{
  uint32_t shift;
  return aatgs_graph_drop_completed(graph, false, false, &shift);
}
