/* Graphs and plans as the device knows them: numbered, immutable, each in the table
 * slot number % max. A slot is taken again only when the device has copied the old
 * table and no iteration in flight uses it. */
#include "host/log.h"
#include "host/runtime.h"

#include <string.h>

static void *table_at(aatgs_runtime *rt, uint64_t offset, uint32_t slot, uint64_t stride)
{
  return (uint8_t *)rt->bus + offset + slot * stride;
}

static int check_limits(aatgs_runtime *rt, const aatgs_graph *graph)
{
  const size_t tasks = aatgs_graph_len(graph);
  const uint32_t edges = aatgs_graph_edges(graph), records = aatgs_graph_records(graph);
  const aatgs_options *o = &rt->options;
  if (!tasks)
    return aatgs_error_set(&rt->error, AATGS_EINVAL, 0, "the graph has no task");
  if (tasks > o->tasks_max)
    return aatgs_error_set(
        &rt->error, AATGS_ELIMIT, 0,
        "the graph has %zu tasks, the runtime was opened for %u: raise tasks_max", tasks,
        o->tasks_max);
  if (edges > o->edges_max)
    return aatgs_error_set(&rt->error, AATGS_ELIMIT, 0,
                           "the graph has %u edges, the runtime was opened for %u: raise edges_max",
                           edges, o->edges_max);
  if (records > o->timing_slots)
    return aatgs_error_set(&rt->error, AATGS_ELIMIT, 0,
                           "an iteration of the graph posts %u timing records, the ring holds %u: "
                           "raise timing_slots",
                           records, o->timing_slots);
  return 0;
}

static bool graph_slot_free(aatgs_runtime *rt, const aatgs_live_graph *g)
{
  return !g->graph || (g->last_iteration < rt->next_complete && aatgs_ordered_done(rt, g->command));
}

/* The next graph's number; the slot of the graph that repeats is passed over. */
static uint32_t next_number(const aatgs_runtime *rt)
{
  return rt->next_graph + (rt->next_graph % rt->options.graphs_max == rt->current);
}

static int record_graph(aatgs_runtime *rt, const aatgs_graph *graph, uint32_t number)
{
  const int rc = rt->recorder ? aatgs_recorder_graph(rt->recorder, graph, number) : 0;
  if (rc && rc != AATGS_EAGAIN)
    return aatgs_error_set(&rt->error, rc, 0, "graph %u could not be recorded: %s", number,
                           aatgs_strerror(rc));
  return 0;
}

int aatgs_graph_fits(aatgs_runtime *rt, aatgs_graph *graph)
{
  const int rc = aatgs_graph_check(graph);
  if (rc) {
    rt->error = *aatgs_graph_error(graph);
    return rc;
  }
  return check_limits(rt, graph);
}

int aatgs_send_graph(aatgs_runtime *rt, aatgs_graph *graph, uint32_t *slot)
{
  int rc = aatgs_graph_fits(rt, graph);
  if (rc)
    return rc;
  const uint32_t number = next_number(rt);
  *slot = number % rt->options.graphs_max;
  aatgs_live_graph *g = &rt->graphs[*slot];
  if (!graph_slot_free(rt, g) || !aatgs_command_credit(rt))
    return AATGS_EAGAIN;
  rc = record_graph(rt, graph, number);
  if (rc)
    return rc;
  aatgs_graph_close(g->graph);
  *g = (aatgs_live_graph){.graph = graph,
                          .number = number,
                          .tasks = (uint32_t)aatgs_graph_len(graph),
                          .records = aatgs_graph_records(graph)};
  rt->next_graph = number + 1;
  aatgs_graph_table *table =
      table_at(rt, rt->bus->layout.graphs_at, *slot, rt->bus->layout.graph_bytes);
  aatgs_graph_compile(graph, number, table);
  if (!rt->options.shuffle) /* --shuffle is after the order that programs fix */
    rc = aatgs_graph_place(graph, rt->device->workers, rt->bus->layout.turns_max,
                           rt->bus->layout.waits_max, table);
  g->workers = rc ? 0 : table->workers;
  g->fine = aatgs_graph_is_fine(graph) && (g->workers == 1 || !rt->device->crowded);
  g->spreads = g->workers == 1 && g->fine && !table->touched;
  g->command = aatgs_post_ordered(rt, AATGS_OP_GRAPH, number, 0);
  aatgs_log_debug("graph %u: %u tasks, %u edges, %u timing records", number, g->tasks,
                  aatgs_graph_edges(graph), g->records);
  return 0;
}

/* ---- Plans ---------------------------------------------------------------------------- */

static aatgs_live_plan *find_plan(aatgs_runtime *rt, const aatgs_live_graph *g,
                                  const uint32_t *task_at, const uint32_t *priority)
{
  for (uint32_t i = 0; i < rt->plans_max; i++) {
    aatgs_live_plan *p = &rt->plans[i];
    if (p->number && p->graph == g->number &&
        memcmp(p->task_at, task_at, g->tasks * sizeof *task_at) == 0 &&
        memcmp(p->priority_x1000, priority, g->tasks * sizeof *priority) == 0)
      return p;
  }
  return NULL;
}

static void write_plan_table(aatgs_runtime *rt, const aatgs_live_plan *p)
{
  aatgs_plan_table *table =
      table_at(rt, rt->bus->layout.plans_at, p->number % rt->plans_max, rt->bus->layout.plan_bytes);
  uint32_t *task_at = (uint32_t *)(void *)(table + 1);
  uint32_t *rank_of = task_at + p->tasks;
  *table = (aatgs_plan_table){p->number, p->graph, p->tasks, 0};
  for (uint32_t rank = 0; rank < p->tasks; rank++) {
    task_at[rank] = p->task_at[rank];
    rank_of[p->task_at[rank]] = rank;
  }
}

static int record_plan(aatgs_runtime *rt, const aatgs_live_plan *p)
{
  const aatgs_trace_plan plan = {p->number, p->graph, p->tasks, p->task_at, p->priority_x1000};
  const int rc = aatgs_recorder_plan(rt->recorder, &plan);
  if (rc && rc != AATGS_EAGAIN)
    return aatgs_error_set(&rt->error, rc, 0, "plan %u could not be recorded: %s", p->number,
                           aatgs_strerror(rc));
  return 0;
}

/* A plan that nothing in flight uses and that the device has copied. */
static bool plan_slot_free(aatgs_runtime *rt, const aatgs_live_plan *p)
{
  return !p->number ||
         (p->last_iteration < rt->next_complete && aatgs_ordered_done(rt, p->command));
}

/* A plan that another graph still has in force is dropped from it: it is sent anew when wanted. */
static void forget_plan(aatgs_runtime *rt, uint32_t number)
{
  for (uint32_t i = 0; i < rt->options.graphs_max; i++)
    if (rt->graphs[i].plan == number)
      rt->graphs[i].plan = 0;
}

int aatgs_force_plan(aatgs_runtime *rt, uint32_t slot, const uint32_t *task_at,
                     const uint32_t *priority)
{
  aatgs_live_graph *g = &rt->graphs[slot];
  const size_t bytes = g->tasks * sizeof *task_at;
  aatgs_live_plan *p = find_plan(rt, g, task_at, priority);
  if (p) {
    g->plan = p->number;
    return 0;
  }
  p = &rt->plans[rt->next_plan % rt->plans_max];
  if (!plan_slot_free(rt, p) || !aatgs_command_credit(rt))
    return AATGS_EAGAIN;
  if (p->number)
    forget_plan(rt, p->number);
  p->number = rt->next_plan++;
  p->graph = g->number;
  p->tasks = g->tasks;
  p->last_iteration = 0;
  memcpy(p->task_at, task_at, bytes);
  memcpy(p->priority_x1000, priority, bytes);
  write_plan_table(rt, p);
  p->command = aatgs_post_ordered(rt, AATGS_OP_PLAN, g->number, p->number);
  g->plan = p->number;
  return rt->recorder ? record_plan(rt, p) : 0;
}

int aatgs_send_plan(aatgs_runtime *rt, uint32_t slot)
{
  aatgs_live_graph *g = &rt->graphs[slot];
  if (g->plan && g->plan_epoch == rt->epoch)
    return 0;
  int rc = aatgs_scheduler_plan(rt->scheduler, g->graph, rt->scratch_at, rt->scratch_priority);
  if (rc)
    return aatgs_error_set(&rt->error, rc, 0, "graph %u could not be planned: %s", g->number,
                           aatgs_strerror(rc));
  rc = aatgs_force_plan(rt, slot, rt->scratch_at, rt->scratch_priority);
  if (rc)
    return rc;
  g->plan_epoch = rt->epoch;
  /* The plan went out before the iteration: there must be credit for both. */
  return aatgs_command_credit(rt) ? 0 : AATGS_EAGAIN;
}

bool aatgs_room_for_graph(aatgs_runtime *rt)
{
  return graph_slot_free(rt, &rt->graphs[next_number(rt) % rt->options.graphs_max]) &&
         plan_slot_free(rt, &rt->plans[rt->next_plan % rt->plans_max]) &&
         aatgs_command_credits(rt, 3);
}

/* ---- The public face -------------------------------------------------------------------- */

static bool graph_room(aatgs_runtime *rt, uint64_t unused)
{
  (void)unused;
  return graph_slot_free(rt, &rt->graphs[next_number(rt) % rt->options.graphs_max]) &&
         aatgs_command_credit(rt);
}

int aatgs_wait_graph_room(aatgs_runtime *rt)
{
  return aatgs_pump_until(rt, graph_room, 0, rt->options.timeout_ns);
}

/* The graph that is to follow when the one-shot tasks of `graph` have run; NULL when it has none.
 */
static int take_follow_up(aatgs_runtime *rt, const aatgs_graph *graph, aatgs_graph **out)
{
  int rc = aatgs_graph_drop_once(graph, out);
  if (rc)
    return aatgs_error_set(&rt->error, rc, 0, "the graph could not be copied: %s",
                           aatgs_strerror(rc));
  if (aatgs_graph_len(*out) == aatgs_graph_len(graph)) {
    aatgs_graph_close(*out);
    *out = NULL;
    return 0;
  }
  rc = aatgs_graph_check(*out);
  if (rc) {
    rt->error = *aatgs_graph_error(*out);
    aatgs_graph_close(*out);
    *out = NULL;
  }
  return rc;
}

int aatgs_follow_up(aatgs_runtime *rt)
{
  uint32_t slot = UINT32_MAX;
  int rc = 0;
  if (!rt->follow_up || !rt->graphs[rt->current].last_iteration)
    return 0;
  if (aatgs_graph_is_empty(rt->follow_up))
    aatgs_graph_close(rt->follow_up);
  else
    rc = aatgs_send_graph(rt, rt->follow_up, &slot);
  if (!rc) {
    rt->follow_up = NULL;
    rt->current = slot;
  }
  return rc;
}

static void seal(const aatgs_runtime *rt, aatgs_graph *graph)
{
  if (rt->options.digest == AATGS_DIGEST_FULL)
    aatgs_graph_seal(graph);
}

int aatgs_set_graph(aatgs_runtime *rt, aatgs_graph *graph)
{
  aatgs_graph *copy = NULL, *follow_up = NULL;
  uint32_t slot;
  int rc = aatgs_graph_check(graph);
  if (rc) {
    rt->error = *aatgs_graph_error(graph);
    return rc;
  }
  rc = take_follow_up(rt, graph, &follow_up);
  if (!rc) {
    rc = aatgs_graph_copy(graph, &copy);
    if (rc)
      aatgs_error_set(&rt->error, rc, 0, "the graph could not be copied: %s", aatgs_strerror(rc));
  }
  if (!rc)
    seal(rt, copy);
  if (!rc && follow_up)
    seal(rt, follow_up);
  if (!rc)
    rc = aatgs_wait_graph_room(rt);
  if (!rc)
    rc = aatgs_send_graph(rt, copy, &slot);
  if (rc) {
    aatgs_graph_close(copy);
    aatgs_graph_close(follow_up);
    return rc;
  }
  aatgs_graph_close(rt->follow_up);
  rt->follow_up = follow_up;
  rt->current = slot;
  return 0;
}

int aatgs_add_task(aatgs_runtime *rt, const aatgs_task_options *options,
                   const uint32_t *dependencies, size_t count, uint32_t *id)
{
  aatgs_task_options once = *options;
  once.once = true;
  const int rc = aatgs_graph_add_task(rt->pending, &once, dependencies, count, id);
  if (rc)
    rt->error = *aatgs_graph_error(rt->pending);
  return rc;
}
