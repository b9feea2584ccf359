/* Deals a graph's parts out to workers: the program of device/bus.h. Level by level of the
 * graph; in each a task stays with a worker of one of its dependencies if that has nothing else
 * to do there, and goes to the one that has least otherwise. */
#include "host/graph_internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct placing {
  const aatgs_graph *graph;
  const aatgs_graph_table *table;
  const aatgs_task_entry *entries;
  uint32_t workers; /* there are */
  uint32_t used;    /* by the program */
  uint32_t levels;
  uint32_t *level;  /* by task */
  uint32_t *order;  /* tasks by level */
  uint32_t *home;   /* by record */
  uint32_t *load;   /* by worker: parts in this level */
  uint32_t *turn;   /* by record: index of its turn */
  uint32_t *at;     /* by worker (and one more): where its turns begin, then where they go on */
  uint8_t *written; /* by task: it, or something before it, writes regions */
  uint32_t least;   /* no worker has fewer parts in this level */
  uint32_t cursor;
} placing;

/* First and number of the records that stand for the end of a task. */
static uint32_t last_records(const aatgs_task_entry *e, uint32_t *first)
{
  const bool finish = e->flags & AATGS_TASK_FINISH;
  *first = e->first_record + (finish ? e->parts : 0);
  return finish ? 1 : e->parts;
}

static int take(placing *p)
{
  const size_t tasks = p->table->tasks, records = p->table->records;
  p->level = calloc(tasks, sizeof *p->level);
  p->order = calloc(tasks, sizeof *p->order);
  p->home = calloc(records, sizeof *p->home);
  p->turn = calloc(records, sizeof *p->turn);
  p->load = calloc(p->workers, sizeof *p->load);
  p->at = calloc(p->workers + (size_t)2, sizeof *p->at);
  p->written = calloc(tasks, sizeof *p->written);
  return p->level && p->order && p->home && p->turn && p->load && p->at && p->written
             ? 0
             : AATGS_ENOMEM;
}

static void give(placing *p)
{
  free(p->level);
  free(p->order);
  free(p->home);
  free(p->turn);
  free(p->load);
  free(p->at);
  free(p->written);
}

static int sort_by_level(placing *p)
{
  const aatgs_graph *g = p->graph;
  const uint32_t *dependents = (const uint32_t *)(const void *)(p->entries + p->table->tasks);
  for (uint32_t i = 0; i < g->count; i++) {
    const uint32_t task = g->order[i];
    const aatgs_task_entry *e = &p->entries[task];
    p->written[task] |= e->writes != 0;
    for (uint32_t d = 0; d < e->dependents; d++) {
      const uint32_t to = dependents[e->first_dependent + d];
      p->written[to] |= p->written[task];
      if (p->level[to] <= p->level[task])
        p->level[to] = p->level[task] + 1;
    }
    if (p->level[task] >= p->levels)
      p->levels = p->level[task] + 1;
  }
  uint32_t *first = calloc(p->levels + (size_t)1, sizeof *first);
  if (!first)
    return AATGS_ENOMEM;
  for (uint32_t t = 0; t < g->count; t++)
    first[p->level[t] + 1]++;
  for (uint32_t l = 0; l < p->levels; l++)
    first[l + 1] += first[l];
  for (uint32_t t = 0; t < g->count; t++)
    p->order[first[p->level[t]]++] = t;
  free(first);
  return 0;
}

static uint32_t idlest(placing *p)
{
  for (;; p->least++, p->cursor = 0)
    for (; p->cursor < p->workers; p->cursor++)
      if (p->load[p->cursor] == p->least)
        return p->cursor;
}

static uint32_t choose(placing *p, uint32_t task)
{
  const aatgs_graph *g = p->graph;
  const aatgs_task_entry *e = &p->entries[task];
  if (aatgs_graph_type(g, &g->nodes[task])->role == AATGS_ROLE_DOWNLOAD)
    return 0; /* worker 0 posts the telemetry */
  if (e->parts == 1)
    for (uint32_t i = g->nodes[task].in_first; i != AATGS_NONE; i = g->edges[i].next_in) {
      uint32_t first;
      last_records(&p->entries[g->edges[i].from], &first);
      if (p->load[p->home[first]] == p->least)
        return p->home[first];
    }
  return idlest(p);
}

/* A worker for each record. A task's finish runs where its first part does. */
static void place(placing *p)
{
  uint32_t level = 0;
  for (uint32_t i = 0; i < p->graph->count; i++) {
    const uint32_t task = p->order[i];
    const aatgs_task_entry *e = &p->entries[task];
    if (p->level[task] != level) {
      level = p->level[task];
      memset(p->load, 0, p->workers * sizeof *p->load);
      p->least = p->cursor = 0;
    }
    for (uint32_t part = 0; part < e->parts; part++) {
      const uint32_t worker = choose(p, task);
      p->home[e->first_record + part] = worker;
      p->load[worker]++;
      p->at[worker + 1]++;
      if (worker >= p->used)
        p->used = worker + 1;
    }
    if (e->flags & AATGS_TASK_FINISH) {
      p->home[e->first_record + e->parts] = p->home[e->first_record];
      p->at[p->home[e->first_record] + 1]++;
    }
  }
}

/* ---- The table ---------------------------------------------------------------------------- */

typedef struct tables {
  aatgs_turn *turns;
  uint32_t *waits;
  uint32_t count; /* of waits */
  uint32_t limit;
} tables;

/* Adds a task's last records to what the turn depends on: `mine`, those of its worker. */
static void depend_on(const placing *p, tables *t, aatgs_turn *turn, uint32_t worker,
                      const aatgs_task_entry *on, bool finish, bool mine)
{
  uint32_t first = on->first_record, records = on->parts;
  if (!finish)
    records = last_records(on, &first);
  for (uint32_t r = first; r < first + records; r++) {
    if ((p->home[r] == worker) != mine)
      continue;
    if (t->count < t->limit)
      t->waits[t->count] = r;
    t->count++;
    turn->depends++;
    if (!mine) {
      turn->waits++;
      const bool written = p->written[t->turns[p->turn[r]].task];
      t->turns[p->turn[r]].flags |= AATGS_TURN_SIGNAL | (written ? AATGS_TURN_RELEASE : 0);
      turn->flags |= written ? AATGS_TURN_ACQUIRE : 0;
    }
  }
}

static void write_depends(const placing *p, tables *t, aatgs_turn *turn, uint32_t worker)
{
  const aatgs_graph *g = p->graph;
  turn->first_wait = t->count;
  for (int mine = 0; mine < 2; mine++) {
    if (turn->flags & AATGS_TURN_FINISH) {
      depend_on(p, t, turn, worker, &p->entries[turn->task], true, mine);
      continue;
    }
    if (turn->flags & AATGS_TURN_NOTHING) {
      for (uint32_t task = 0; task < g->count; task++)
        if (!p->entries[task].dependents)
          depend_on(p, t, turn, worker, &p->entries[task], false, mine);
      continue;
    }
    for (uint32_t i = g->nodes[turn->task].in_first; i != AATGS_NONE; i = g->edges[i].next_in)
      depend_on(p, t, turn, worker, &p->entries[g->edges[i].from], false, mine);
  }
}

static uint32_t turn_flags(const aatgs_task_entry *e, uint32_t part)
{
  return (part == e->parts ? AATGS_TURN_FINISH : 0) |
         (e->flags & AATGS_TASK_STOPS ? AATGS_TURN_STOPS : 0) |
         AATGS_TASK_RETRIES_PUT(AATGS_TASK_RETRIES(e->flags));
}

static void write_turn(placing *p, tables *t, uint32_t task, uint32_t part)
{
  const aatgs_task_entry *e = &p->entries[task];
  const uint32_t record = e->first_record + part, at = p->at[p->home[record]]++;
  p->turn[record] = at;
  t->turns[at] = (aatgs_turn){.task = task,
                              .arg = e->arg,
                              .type = e->type,
                              .flags = turn_flags(e, part),
                              .part = part,
                              .parts = e->parts,
                              .record = record};
}

static void write_turns(placing *p, tables *t)
{
  for (uint32_t i = 0; i < p->graph->count; i++) {
    const aatgs_task_entry *e = &p->entries[p->order[i]];
    const uint32_t records = e->parts + ((e->flags & AATGS_TASK_FINISH) != 0);
    for (uint32_t part = 0; part < records; part++)
      write_turn(p, t, p->order[i], part);
  }
}

/* Whether other workers' turns come last, so that worker 0 has to wait for them. */
static bool others_last(const placing *p)
{
  for (uint32_t task = 0; task < p->graph->count; task++) {
    uint32_t first;
    const uint32_t records = last_records(&p->entries[task], &first);
    for (uint32_t r = first; r < first + records && !p->entries[task].dependents; r++)
      if (p->home[r])
        return true;
  }
  return false;
}

/* Counts from each turn on how many are plain. */
static void count_plain(aatgs_turn *turns, uint32_t count)
{
  const uint32_t others = AATGS_TURN_FINISH | AATGS_TURN_SIGNAL | AATGS_TURN_NOTHING;
  for (uint32_t i = count, plain = 0; i-- > 0; turns[i].plain = plain)
    plain = turns[i].waits || (turns[i].flags & others) ? 0 : plain + 1;
}

static void write_program(placing *p, aatgs_graph_table *table, uint32_t turns_max,
                          uint32_t waits_max)
{
  const bool extra = others_last(p);
  const uint32_t turns = table->records + extra;
  if (turns > turns_max)
    return;
  uint8_t *program = (uint8_t *)(void *)table + AATGS_PROGRAM_AT(table->tasks, table->edges);
  tables t = {.turns = (aatgs_turn *)(void *)program, .limit = waits_max};
  uint32_t *first = (uint32_t *)(void *)(t.turns + turns);
  t.waits = first + p->used + 1;
  p->at[1] += extra;
  for (uint32_t w = 0; w < p->used; w++)
    p->at[w + 1] += p->at[w];
  memcpy(first, p->at, (p->used + (size_t)1) * sizeof *first);
  write_turns(p, &t);
  if (extra)
    t.turns[first[1] - 1] = (aatgs_turn){.task = UINT32_MAX, .flags = AATGS_TURN_NOTHING};
  for (uint32_t w = 0; w < p->used; w++)
    for (uint32_t i = first[w]; i < first[w + 1]; i++)
      write_depends(p, &t, &t.turns[i], w);
  if (t.count > waits_max)
    return;
  if (!extra)
    t.turns[first[1] - 1].flags |= AATGS_TURN_LAST;
  for (uint32_t w = 0; w < p->used; w++)
    count_plain(&t.turns[first[w]], first[w + 1] - first[w]);
  table->turns = turns;
  table->waits = t.count;
  table->workers = p->used;
}

int aatgs_graph_place(const aatgs_graph *graph, uint32_t workers, uint32_t turns_max,
                      uint32_t waits_max, aatgs_graph_table *table)
{
  placing p = {.graph = graph,
               .table = table,
               .entries = (const aatgs_task_entry *)(const void *)(table + 1),
               .workers = workers};
  table->workers = table->turns = table->waits = 0;
  if (table->records > turns_max)
    return 0;
  int rc = take(&p);
  if (!rc)
    rc = sort_by_level(&p);
  if (!rc) {
    place(&p);
    write_program(&p, table, turns_max, waits_max);
  }
  give(&p);
  return rc;
}
