/* Names of tasks. Given names are kept in a hash table; generated ones (TYPE, TYPE-2, TYPE-3 ...)
 * are only a serial number until somebody asks, so adding an unnamed task costs next to nothing. */
#include "host/graph_internal.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Reads NAME as `TYPE` (serial 1) or `TYPE-n` (n >= 2, no leading zero). */
static bool parse_generated(const struct aatgs_workload *w, const char *name, uint32_t skip,
                            uint32_t *type, uint32_t *serial)
{
  for (uint32_t i = 0; i < w->type_count; i++) {
    size_t bytes = strlen(w->types[i].name);
    const char *p = name + bytes;
    uint64_t value = 0;
    if (i == skip || strncmp(name, w->types[i].name, bytes) != 0)
      continue;
    *type = i;
    *serial = 1;
    if (*p == 0)
      return true;
    if (p[0] != '-' || p[1] < '1' || p[1] > '9')
      continue;
    for (p++; *p >= '0' && *p <= '9' && value <= UINT32_MAX; p++)
      value = value * 10 + (uint64_t)(*p - '0');
    if (*p != 0 || value < 2 || value > UINT32_MAX)
      continue;
    *serial = (uint32_t)value;
    return true;
  }
  return false;
}

int aatgs_names_open(aatgs_graph *graph)
{
  const struct aatgs_workload *w = graph->workload;
  uint32_t type, serial;

  graph->type_names = calloc(w->type_count ? w->type_count : 1, sizeof *graph->type_names);
  if (!graph->type_names)
    return AATGS_ENOMEM;
  for (uint32_t i = 0; i < w->type_count; i++)
    if (parse_generated(w, w->types[i].name, i, &type, &serial))
      graph->eager_names = true;
  return 0;
}

void aatgs_names_close(aatgs_graph *graph)
{
  for (uint32_t i = 0; i < graph->count; i++)
    free(graph->nodes[i].name);
  free(graph->name_table);
  free(graph->type_names);
}

static uint32_t table_home(const aatgs_graph *graph, const char *name)
{
  return (uint32_t)XXH3_64bits(name, strlen(name)) & graph->name_mask;
}

/* The slot that holds the name, or the free one where it would go. */
static uint32_t table_slot(const aatgs_graph *graph, const char *name)
{
  uint32_t slot = table_home(graph, name);
  while (graph->name_table[slot] &&
         strcmp(graph->nodes[graph->name_table[slot] - 1].name, name) != 0)
    slot = (slot + 1) & graph->name_mask;
  return slot;
}

static uint32_t table_find(const aatgs_graph *graph, const char *name)
{
  uint32_t entry = graph->name_table ? graph->name_table[table_slot(graph, name)] : 0;
  return entry ? entry - 1 : AATGS_NONE;
}

/* Keeps the table at most half full. */
static int table_grow(aatgs_graph *graph)
{
  uint32_t slots = graph->name_table ? (graph->name_mask + 1) * 2 : 64;
  uint32_t *old = graph->name_table, old_slots = old ? graph->name_mask + 1 : 0;
  uint32_t *table = calloc(slots, sizeof *table);

  if (!table)
    return AATGS_ENOMEM;
  graph->name_table = table;
  graph->name_mask = slots - 1;
  for (uint32_t i = 0; i < old_slots; i++)
    if (old[i])
      table[table_slot(graph, graph->nodes[old[i] - 1].name)] = old[i];
  free(old);
  return 0;
}

/* Backward-shift deletion (Knuth, TAOCP 3, 6.4, algorithm R): no tombstones. */
static void table_remove(aatgs_graph *graph, uint32_t slot)
{
  uint32_t mask = graph->name_mask, hole = slot, i = slot;
  for (;;) {
    uint32_t home;
    i = (i + 1) & mask;
    if (!graph->name_table[i])
      break;
    home = table_home(graph, graph->nodes[graph->name_table[i] - 1].name);
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      graph->name_table[hole] = graph->name_table[i];
      hole = i;
    }
  }
  graph->name_table[hole] = 0;
}

static int take_name(aatgs_graph *graph, uint32_t index, const char *name)
{
  aatgs_node *node = &graph->nodes[index];

  if ((!graph->name_table || graph->name_count >= (graph->name_mask + 1) / 2) && table_grow(graph))
    return aatgs_error_set(&graph->error, AATGS_ENOMEM, 0, "out of memory for task names");
  node->name = strdup(name);
  if (!node->name)
    return aatgs_error_set(&graph->error, AATGS_ENOMEM, 0, "out of memory for task names");
  graph->name_table[table_slot(graph, name)] = index + 1;
  graph->name_count++;
  return 0;
}

static bool taken(const aatgs_graph *graph, const char *name)
{
  uint32_t type, serial;
  if (table_find(graph, name) != AATGS_NONE)
    return true;
  return !graph->eager_names &&
         parse_generated(graph->workload, name, AATGS_NONE, &type, &serial) &&
         serial <= graph->type_names[type].serial;
}

static const char *generate(const aatgs_graph *graph, uint32_t type, uint32_t serial, char *text)
{
  const char *name = graph->workload->types[type].name;
  if (serial == 1)
    snprintf(text, AATGS_NAME_CAPACITY, "%.*s", (int)AATGS_NAME_MAX, name);
  else
    snprintf(text, AATGS_NAME_CAPACITY, "%.*s-%u", (int)AATGS_NAME_MAX, name, serial);
  return text;
}

static int give_generated(aatgs_graph *graph, uint32_t index)
{
  aatgs_node *node = &graph->nodes[index];
  aatgs_type_names *names = &graph->type_names[node->type];
  char text[AATGS_NAME_CAPACITY];

  do {
    if (names->serial == UINT32_MAX)
      return aatgs_error_set(&graph->error, AATGS_ELIMIT, 0, "no names left for tasks of type %s",
                             graph->workload->types[node->type].name);
    node->serial = ++names->serial;
  } while ((names->lookalikes || graph->eager_names) &&
           table_find(graph, generate(graph, node->type, node->serial, text)) != AATGS_NONE);
  return graph->eager_names ? take_name(graph, index, text) : 0;
}

int aatgs_names_give(aatgs_graph *graph, uint32_t index, const char *name)
{
  uint32_t type, serial;
  size_t bytes;
  int rc;

  if (!name)
    return give_generated(graph, index);
  bytes = strlen(name);
  if (bytes < 1 || bytes > AATGS_NAME_MAX)
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0,
                           "a task's name has %zu bytes; it must have 1 to %u", bytes,
                           AATGS_NAME_MAX);
  if (taken(graph, name))
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0,
                           "the task name \"%.255s\" is taken; choose another", name);
  rc = take_name(graph, index, name);
  if (rc == 0 && parse_generated(graph->workload, name, AATGS_NONE, &type, &serial))
    graph->type_names[type].lookalikes++;
  return rc;
}

void aatgs_names_drop(aatgs_graph *graph, uint32_t index)
{
  aatgs_node *node = &graph->nodes[index];
  if (!node->name)
    return;
  table_remove(graph, table_slot(graph, node->name));
  graph->name_count--;
  free(node->name);
  node->name = NULL;
}

void aatgs_names_rebase(aatgs_graph *graph, uint32_t shift)
{
  for (uint32_t i = 0; graph->name_table && i <= graph->name_mask; i++)
    if (graph->name_table[i])
      graph->name_table[i] -= shift;
}

const char *aatgs_names_get(const aatgs_graph *graph, uint32_t index, char *text)
{
  const aatgs_node *node = &graph->nodes[index];
  return node->name ? node->name : generate(graph, node->type, node->serial, text);
}

uint32_t aatgs_names_find(const aatgs_graph *graph, const char *name)
{
  uint32_t type, serial, found = table_find(graph, name);

  if (found != AATGS_NONE || graph->eager_names ||
      !parse_generated(graph->workload, name, AATGS_NONE, &type, &serial))
    return found;
  for (uint32_t i = 0; i < graph->count; i++) {
    const aatgs_node *node = &graph->nodes[i];
    if (!node->name && node->type == type && node->serial == serial &&
        !(node->flags & AATGS_NODE_RETIRED))
      return i;
  }
  return AATGS_NONE;
}
