/* List schedules in simulated time. */
#include "host/schedule.h"
#include "host/graph_internal.h"

#include <stdlib.h>
#include <string.h>

/* Parts that end together. */
typedef struct aatgs_running {
  uint64_t end_ns;
  uint32_t task;
  uint32_t count;
} aatgs_running;

/* ---- Opening ---- */

static uint32_t ready_words(uint32_t tasks)
{
  uint32_t words = 0;
  do {
    tasks = (tasks + 63) / 64;
    words += tasks;
  } while (tasks > 1);
  return words ? words : 1; /* ready_first() looks even when there are no tasks */
}

static void *take(char **memory, size_t count, size_t bytes)
{
  void *taken = *memory;
  *memory += (count * bytes + 7) / 8 * 8;
  return taken;
}

/* Lays the arrays out behind the struct; with memory NULL only measures. */
static size_t lay_out(aatgs_problem *p, char *memory)
{
  char *at = memory;
  size_t n = p->tasks;

  p->part_ns = take(&at, n, sizeof(uint64_t));
  p->finish_ns = take(&at, n, sizeof(uint64_t));
  p->rank = take(&at, n, sizeof(uint64_t));
  p->ready = take(&at, p->ready_words, sizeof(uint64_t));
  p->running = take(&at, p->running_max, sizeof(aatgs_running));
  p->parts = take(&at, n, sizeof(uint32_t));
  p->after_at = take(&at, n + 1, sizeof(uint32_t));
  p->before_at = take(&at, n + 1, sizeof(uint32_t));
  p->after = take(&at, p->edges, sizeof(uint32_t));
  p->before = take(&at, p->edges, sizeof(uint32_t));
  p->order = take(&at, n, sizeof(uint32_t));
  p->waits = take(&at, n, sizeof(uint32_t));
  p->position = take(&at, n, sizeof(uint32_t));
  p->left = take(&at, n, sizeof(uint32_t));
  p->finishes = take(&at, n, 1);
  return (size_t)(at - memory);
}

static uint64_t capped(uint64_t ns)
{
  return ns < AATGS_DURATION_MAX ? ns : AATGS_DURATION_MAX;
}

static void fill_structure(aatgs_problem *p, const aatgs_graph *graph)
{
  uint32_t edge = 0;

  memset(p->before_at, 0, (p->tasks + 1) * sizeof *p->before_at);
  for (uint32_t i = 0; i < p->tasks; i++) {
    const aatgs_node *node = &graph->nodes[i];
    p->after_at[i] = edge;
    for (uint32_t e = node->out_first; e != AATGS_NONE; e = graph->edges[e].next_out) {
      p->after[edge++] = graph->edges[e].to;
      p->before_at[graph->edges[e].to + 1]++;
    }
    p->order[i] = graph->order[i];
    p->parts[i] = node->parts;
    p->part_ns[i] = capped(node->estimate_ns / node->parts);
    p->finish_ns[i] = 0;
    p->finishes[i] = aatgs_graph_closes(graph, node);
  }
  p->after_at[p->tasks] = edge;
  for (uint32_t i = 0; i < p->tasks; i++) {
    p->before_at[i + 1] += p->before_at[i];
    p->waits[i] = p->before_at[i]; /* where the next one goes */
  }
  for (uint32_t i = 0; i < p->tasks; i++)
    for (uint32_t e = p->after_at[i]; e < p->after_at[i + 1]; e++)
      p->before[p->waits[p->after[e]]++] = i;
}

int aatgs_problem_open(const aatgs_graph *graph, uint32_t workers, aatgs_problem **out)
{
  aatgs_problem measure = {.tasks = graph->count, .edges = graph->edge_count}, *p;

  *out = NULL;
  if (!graph->checked || graph->live != graph->count || workers < 1)
    return AATGS_EINVAL;
  measure.ready_words = ready_words(measure.tasks);
  measure.workers = workers;
  for (uint32_t i = 0; i < graph->count && measure.running_max < workers; i++)
    measure.running_max += graph->nodes[i].parts;
  measure.running_max = (measure.running_max < workers ? measure.running_max : workers) + 1;
  p = malloc(sizeof measure + lay_out(&measure, NULL));
  if (!p)
    return AATGS_ENOMEM;
  *p = measure;
  lay_out(p, (char *)(p + 1));
  fill_structure(p, graph);
  aatgs_problem_refresh(p);
  *out = p;
  return 0;
}

void aatgs_problem_close(aatgs_problem *p)
{
  free(p);
}

void aatgs_problem_refresh(aatgs_problem *p)
{
  p->work_ns = p->critical_ns = 0;
  for (uint32_t i = p->tasks; i-- > 0;) {
    uint32_t task = p->order[i], rounds = (p->parts[task] + p->workers - 1) / p->workers;
    uint64_t longest = 0;
    for (uint32_t e = p->after_at[task]; e < p->after_at[task + 1]; e++)
      if (p->rank[p->after[e]] > longest)
        longest = p->rank[p->after[e]];
    p->rank[task] = longest + rounds * p->part_ns[task] + p->finish_ns[task];
    if (p->rank[task] > p->critical_ns)
      p->critical_ns = p->rank[task];
    p->work_ns += p->parts[task] * p->part_ns[task] + p->finish_ns[task];
  }
  p->bound_ns = p->work_ns / p->workers + (p->work_ns % p->workers != 0);
  if (p->bound_ns < p->critical_ns)
    p->bound_ns = p->critical_ns;
}

/* ---- The ready set: positions as bits, each level a summary of the one below ---- */

static inline void ready_set(aatgs_problem *p, uint32_t position)
{
  uint64_t *level = p->ready;
  for (uint32_t count = p->tasks;;) {
    uint64_t *word = &level[position / 64], before = *word;
    *word |= UINT64_C(1) << (position % 64);
    count = (count + 63) / 64;
    if (before || count <= 1)
      return;
    level += count;
    position /= 64;
  }
}

static inline void ready_clear(aatgs_problem *p, uint32_t position)
{
  uint64_t *level = p->ready;
  for (uint32_t count = p->tasks;;) {
    uint64_t *word = &level[position / 64];
    *word &= ~(UINT64_C(1) << (position % 64));
    count = (count + 63) / 64;
    if (*word || count <= 1)
      return;
    level += count;
    position /= 64;
  }
}

/* The lowest position in the set, or AATGS_NONE. */
static inline uint32_t ready_first(const aatgs_problem *p)
{
  uint32_t counts[6], levels = 0, position = 0;
  const uint64_t *level = p->ready + p->ready_words;

  if (p->tasks <= 64)
    return p->ready[0] ? (uint32_t)__builtin_ctzll(p->ready[0]) : AATGS_NONE;
  for (uint32_t count = p->tasks; count > 1;)
    counts[levels++] = count = (count + 63) / 64;
  while (levels) {
    level -= counts[--levels];
    if (!level[position])
      return AATGS_NONE; /* only the top can be empty */
    position = position * 64 + (uint32_t)__builtin_ctzll(level[position]);
  }
  return position;
}

/* ---- The running parts: a heap by end ---- */

static inline void running_push(aatgs_running *heap, uint32_t *len, aatgs_running r)
{
  uint32_t i = (*len)++;
  while (i && heap[(i - 1) / 2].end_ns > r.end_ns) {
    heap[i] = heap[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  heap[i] = r;
}

static inline void running_pop(aatgs_running *heap, uint32_t *len)
{
  aatgs_running r = heap[--*len];
  uint32_t i = 0;
  for (;;) {
    uint32_t child = 2 * i + 1;
    if (child >= *len)
      break;
    child += child + 1 < *len && heap[child + 1].end_ns < heap[child].end_ns;
    if (heap[child].end_ns >= r.end_ns)
      break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = r;
}

/* ---- The schedule ---- */

static void prepare(aatgs_problem *p, const uint32_t *list, const uint32_t *before_at)
{
  memset(p->ready, 0, p->ready_words * sizeof *p->ready);
  for (uint32_t i = 0; i < p->tasks; i++) {
    uint32_t task = list[i];
    p->position[task] = i;
    p->left[task] = p->parts[task];
    p->waits[task] = before_at[task + 1] - before_at[task];
    if (p->waits[task] == 0)
      ready_set(p, i);
  }
}

/* A task ends with the parts handed out last: all its parts last equally long. Only their entry
 * among the running names the task. */
uint64_t aatgs_list_schedule(aatgs_problem *p, const uint32_t *list, bool backwards,
                             uint64_t *start_ns, uint64_t *end_ns)
{
  const uint32_t *after_at = backwards ? p->before_at : p->after_at;
  const uint32_t *after = backwards ? p->before : p->after;
  uint32_t idle = p->workers, running = 0, position;
  uint64_t now = 0;

  prepare(p, list, backwards ? p->after_at : p->before_at);
  for (;;) {
    while (idle && (position = ready_first(p)) != AATGS_NONE) {
      uint32_t task = list[position], count = p->left[task] < idle ? p->left[task] : idle;
      uint64_t end = now + p->part_ns[task];
      if (start_ns && p->left[task] == p->parts[task])
        start_ns[task] = now;
      p->left[task] -= count;
      idle -= count;
      if (p->left[task] == 0) {
        ready_clear(p, position);
        if (p->finish_ns[task] && count > 1) { /* all but one are free again before finish */
          running_push(p->running, &running, (aatgs_running){end, AATGS_NONE, count - 1});
          count = 1;
        }
        end += p->finish_ns[task];
      }
      running_push(p->running, &running,
                   (aatgs_running){end, p->left[task] ? AATGS_NONE : task, count});
    }
    if (running == 0)
      return now;
    now = p->running[0].end_ns;
    do {
      uint32_t task = p->running[0].task;
      idle += p->running[0].count;
      running_pop(p->running, &running);
      if (task == AATGS_NONE)
        continue;
      if (end_ns)
        end_ns[task] = now;
      for (uint32_t e = after_at[task]; e < after_at[task + 1]; e++)
        if (--p->waits[after[e]] == 0)
          ready_set(p, p->position[after[e]]);
    } while (running && p->running[0].end_ns == now);
  }
}

void aatgs_list_order(aatgs_problem *p, const uint32_t *list, uint32_t *order)
{
  uint32_t position;

  prepare(p, list, p->before_at);
  while ((position = ready_first(p)) != AATGS_NONE) {
    uint32_t task = list[position];
    ready_clear(p, position);
    *order++ = task;
    for (uint32_t e = p->after_at[task]; e < p->after_at[task + 1]; e++)
      if (--p->waits[p->after[e]] == 0)
        ready_set(p, p->position[p->after[e]]);
  }
}

/* ---- Sorting ---- */

#define RUN 16u

static void sort_run(uint32_t *list, uint32_t count, const uint64_t *key)
{
  for (uint32_t i = 1; i < count; i++) {
    uint32_t task = list[i], at = i;
    while (at && key[list[at - 1]] < key[task]) {
      list[at] = list[at - 1];
      at--;
    }
    list[at] = task;
  }
}

static void merge(const uint32_t *from, uint32_t a, uint32_t b, uint32_t end, const uint64_t *key,
                  uint32_t *to)
{
  uint32_t middle = b;
  if (b >= end || key[from[b - 1]] >= key[from[b]]) {
    memcpy(to + a, from + a, (end - a) * sizeof *to);
    return;
  }
  for (uint32_t at = a; at < end; at++)
    to[at] = b == end || (a < middle && key[from[a]] >= key[from[b]]) ? from[a++] : from[b++];
}

void aatgs_sort_by_key(uint32_t *list, uint32_t count, const uint64_t *key, uint32_t *scratch)
{
  uint32_t *from = list, *to = scratch;

  for (uint32_t i = 0; i < count; i += RUN)
    sort_run(list + i, count - i < RUN ? count - i : RUN, key);
  for (uint64_t width = RUN; width < count; width *= 2) {
    uint32_t *swap = from;
    for (uint64_t i = 0; i < count; i += 2 * width) {
      uint64_t b = i + width < count ? i + width : count;
      uint64_t end = b + width < count ? b + width : count;
      merge(from, (uint32_t)i, (uint32_t)b, (uint32_t)end, key, to);
    }
    from = to;
    to = swap;
  }
  if (from != list)
    memcpy(list, from, count * sizeof *list);
}
