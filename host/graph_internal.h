/* The task graph's inside, for host/graph*.c, taskfile.c and the scheduler.
 *
 * Tasks lie in one array in the order of their ids; the task with id i is at index i - base
 * (modulo 2^32). The base moves when a prefix of retired tasks is dropped, so a graph that is fed
 * one-shot tasks for ever stays small. Edges lie in a pool and are linked into two lists each. */
#ifndef AATGS_GRAPH_INTERNAL_H
#define AATGS_GRAPH_INTERNAL_H

#include "host/graph.h"

#define AATGS_NONE          UINT32_MAX
#define AATGS_NAME_MAX      255u
#define AATGS_GRAPH_SLOTS   (1u << 30) /* tasks, and edges, in one graph at most */
#define AATGS_NAME_CAPACITY (AATGS_NAME_MAX + 16u)

typedef enum aatgs_node_flag {
  AATGS_NODE_ONCE = 1,
  AATGS_NODE_RETIRED = 2, /* gone; the slot waits to be dropped */
  AATGS_NODE_QUEUED = 4,  /* ready and not yet handed out */
  AATGS_NODE_MARKED = 8   /* seen by a walk that is under way */
} aatgs_node_flag;

/* One cache line a task. */
typedef struct aatgs_node {
  uint64_t estimate_ns;
  uint64_t duration_ns;
  char *name; /* NULL: generated from type and serial when asked for */
  uint16_t type;
  uint8_t retries;    /* left */
  uint8_t on_failure; /* aatgs_on_failure */
  uint32_t arg;
  uint32_t serial;   /* of a generated name: 1 is the type's name, n is the name-n */
  uint32_t in_first; /* edges to dependencies, in no order; AATGS_NONE ends the list */
  uint32_t in_count;
  uint32_t out_first; /* edges to dependents, in the order of their ids */
  uint32_t out_last;
  uint32_t waits; /* dependencies not completed yet */
  uint16_t parts;
  uint8_t state;     /* aatgs_task_state */
  uint8_t flags;     /* aatgs_node_flag */
  uint32_t ready_at; /* running number of the moment it became ready */
} aatgs_node;

typedef struct aatgs_edge {
  uint32_t from; /* indices, like all links */
  uint32_t to;
  uint32_t next_in;
  uint32_t next_out; /* also links the free edges */
} aatgs_edge;

/* What is known about the names of one type's tasks. */
typedef struct aatgs_type_names {
  uint32_t serial;     /* last one generated */
  uint32_t lookalikes; /* given names that look like a generated one to come */
} aatgs_type_names;

typedef struct aatgs_ready_entry {
  uint32_t index;
  uint32_t ready_at;
} aatgs_ready_entry;

struct aatgs_graph {
  const struct aatgs_workload *workload;
  aatgs_node *nodes;
  aatgs_edge *edges;
  uint32_t base;  /* id of nodes[0] */
  uint32_t count; /* slots in use, retired ones included */
  uint32_t capacity;
  uint32_t live;
  uint32_t retired_prefix; /* slots at the start known to be retired */
  uint32_t edge_count;     /* in use */
  uint32_t edge_slots;     /* ever used */
  uint32_t edge_capacity;
  uint32_t edge_free;
  uint32_t slots_max; /* limits on count and edge_slots */
  uint32_t edge_slots_max;
  uint32_t downloads;  /* repeating tasks with the role DOWNLOAD */
  bool many_downloads; /* tasks of many iterations: DOWNLOAD may come again */
  bool sealed;         /* see aatgs_graph_seal() */
  uint32_t last_type;  /* of the last task added: a guess for the next */

  /* The ready tasks in the order they became ready. An entry whose task is no longer QUEUED, or
   * was queued again since, is stale and skipped. */
  aatgs_ready_entry *ready;
  uint32_t ready_capacity; /* a power of two */
  uint32_t ready_head;
  uint32_t ready_len;
  uint32_t ready_count; /* tasks that are QUEUED */
  uint32_t ready_clock; /* the ready_at to give next */
  /* When set, somebody else keeps the ready tasks and the ring above stays empty. */
  void (*on_ready)(void *user, uint32_t index);
  void (*on_unready)(void *user, uint32_t index);
  void *on_ready_user;

  uint32_t *name_table; /* open addressing: index + 1 of a task with a given name, 0 free */
  uint32_t name_mask;
  uint32_t name_count;
  aatgs_type_names *type_names; /* by type */
  bool eager_names;             /* a type's name looks like a generated one: give all names */

  bool checked;    /* aatgs_graph_check() passed and nothing was added since */
  uint32_t *order; /* of a checked graph: indices, a topological order */
  uint64_t digest; /* of a checked graph: of its structure, without names */

  char name_text[AATGS_NAME_CAPACITY]; /* the generated name handed out last */
  aatgs_trace_task *described;         /* aatgs_graph_describe()'s answer */
  uint32_t *described_dependencies;
  char *described_names;
  aatgs_error error;
};

/* The task's node, or NULL when there is none (or no more). */
static inline aatgs_node *aatgs_graph_node(const aatgs_graph *graph, uint32_t id)
{
  uint32_t index = id - graph->base;
  if (index >= graph->count || (graph->nodes[index].flags & AATGS_NODE_RETIRED))
    return NULL;
  return &graph->nodes[index];
}

static inline const aatgs_task_type *aatgs_graph_type(const aatgs_graph *graph,
                                                      const aatgs_node *node)
{
  return &graph->workload->types[node->type];
}

/* Whether the task has a record of its own for what comes after its parts. */
static inline bool aatgs_graph_closes(const aatgs_graph *graph, const aatgs_node *node)
{
  return graph->sealed || aatgs_graph_type(graph, node)->finish;
}

/* ---- graph_names.c ---- */

/* Decides whether names can be generated lazily; once, for a new graph. */
int aatgs_names_open(aatgs_graph *graph);
void aatgs_names_close(aatgs_graph *graph);
/* Names the node at `index`, which is in the array already. AATGS_EINVAL: taken or malformed. */
int aatgs_names_give(aatgs_graph *graph, uint32_t index, const char *name);
void aatgs_names_drop(aatgs_graph *graph, uint32_t index);
/* After the base moved by `shift`. */
void aatgs_names_rebase(aatgs_graph *graph, uint32_t shift);
/* The name of the task at `index`: the given one, or written into `text`
 * (AATGS_NAME_CAPACITY bytes). */
const char *aatgs_names_get(const aatgs_graph *graph, uint32_t index, char *text);
/* Index of the task with that name, or AATGS_NONE. Linear in the tasks for a generated name. */
uint32_t aatgs_names_find(const aatgs_graph *graph, const char *name);

/* ---- graph.c ---- */

/* Takes memory for so many tasks and edges now, and touches it. More are refused from then on with
 * AATGS_ELIMIT. */
int aatgs_graph_reserve(aatgs_graph *graph, uint32_t tasks, uint32_t edges);

/* Marks a task retired and unlinks its name; its edges must have been freed. */
void aatgs_graph_retire(aatgs_graph *graph, uint32_t index);
/* Index of the live task with the lowest id; count when there is none. */
uint32_t aatgs_graph_first_live(aatgs_graph *graph);
/* Drops the retired prefix, `now` or when that is worth the move; returns by how much the base
 * moved. */
uint32_t aatgs_graph_trim(aatgs_graph *graph, bool now);
/* Retires completed tasks, all or the one-shot ones; *shift is by how much the base moved. */
size_t aatgs_graph_drop_completed(aatgs_graph *graph, bool only_once, bool now, uint32_t *shift);
void aatgs_graph_free_edge(aatgs_graph *graph, uint32_t edge);
/* Adds an edge; both ends are live. The dependents stay sorted. */
int aatgs_graph_link(aatgs_graph *graph, uint32_t from, uint32_t to);
/* A copy without the tasks whose byte in `without` is set (NULL: none); dependents of those
 * inherit their dependencies. Ids are renumbered from 0; states start over. */
int aatgs_graph_copy_without(const aatgs_graph *graph, const uint8_t *without, aatgs_graph **out);
/* The node's options, to add it elsewhere. The name is valid while `text` is. */
aatgs_task_options aatgs_graph_node_options(const aatgs_graph *graph, uint32_t index, char *text);

/* ---- graph_run.c ---- */

/* Makes the task at `index` ready and queues it, or tells on_ready. */
void aatgs_graph_make_ready(aatgs_graph *graph, uint32_t index);
/* Hands a queued task out: it stays Ready but is no longer in line. */
void aatgs_graph_take_ready(aatgs_graph *graph, uint32_t index);
/* Drops stale entries and moves the others down by `shift`. */
void aatgs_graph_clean_ready(aatgs_graph *graph, uint32_t shift);
/* A task that runs, or was handed out, is ready once more. */
void aatgs_graph_ready_again(aatgs_graph *graph, uint32_t index);
/* Room for one more ready entry, so that the marks never allocate. */
int aatgs_graph_reserve_ready(aatgs_graph *graph);

/* ---- graph_order.c ---- */

/* Writes the live indices in topological order, equals by id; returns how many were placed: fewer
 * than graph->live when there is a cycle. `waits` has room for count words and is left 0 for the
 * tasks placed. `heap` has room for live words. */
uint32_t aatgs_graph_sort(const aatgs_graph *graph, uint32_t *order, uint32_t *waits,
                          uint32_t *heap);

/* Finds the order and nothing else: for a graph that is only looked at, where tasks of different
 * iterations stand side by side and would count as races. AATGS_ECYCLE, AATGS_ENOMEM. */
int aatgs_graph_put_in_order(aatgs_graph *graph);

#endif
