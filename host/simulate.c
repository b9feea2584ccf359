/* A run in simulated time, part by part, as the device would report it. */
#include "host/schedule.h"

#include <stdlib.h>

/* A part that runs. */
struct part {
  uint64_t end_ns;
  uint32_t task;
  uint32_t worker;
};

struct run {
  aatgs_problem *p;
  struct part *heap; /* of running parts, by end, then worker */
  uint32_t running;
  uint32_t *idle; /* heap of worker numbers */
  uint32_t idle_count;
  uint32_t *open;  /* by task: parts not yet ended */
  uint32_t *waits; /* by task */
  uint32_t *ready; /* heap of positions in the list */
  uint32_t ready_count;
  uint32_t *position;
  uint32_t *record; /* by task: its first */
};

static bool part_before(const struct part *a, const struct part *b)
{
  return a->end_ns < b->end_ns || (a->end_ns == b->end_ns && a->worker < b->worker);
}

static void part_push(struct run *r, struct part part)
{
  uint32_t i = r->running++;
  while (i && part_before(&part, &r->heap[(i - 1) / 2])) {
    r->heap[i] = r->heap[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  r->heap[i] = part;
}

static struct part part_pop(struct run *r)
{
  struct part top = r->heap[0], last = r->heap[--r->running];
  uint32_t i = 0;
  for (;;) {
    uint32_t child = 2 * i + 1;
    if (child >= r->running)
      break;
    if (child + 1 < r->running && part_before(&r->heap[child + 1], &r->heap[child]))
      child++;
    if (!part_before(&r->heap[child], &last))
      break;
    r->heap[i] = r->heap[child];
    i = child;
  }
  r->heap[i] = last;
  return top;
}

static void number_push(uint32_t *heap, uint32_t *count, uint32_t value)
{
  uint32_t i = (*count)++;
  while (i && heap[(i - 1) / 2] > value) {
    heap[i] = heap[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  heap[i] = value;
}

static uint32_t number_pop(uint32_t *heap, uint32_t *count)
{
  uint32_t top = heap[0], last = heap[--*count], i = 0;
  for (;;) {
    uint32_t child = 2 * i + 1;
    if (child >= *count)
      break;
    if (child + 1 < *count && heap[child + 1] < heap[child])
      child++;
    if (heap[child] >= last)
      break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = last;
  return top;
}

static uint32_t scaled(uint64_t ns, const uint32_t *noise_x1000, uint32_t record)
{
  if (noise_x1000)
    ns = ns * noise_x1000[record] / 1000;
  return ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

/* Writes one record and returns when it ends. */
static uint64_t put(aatgs_timing *t, uint32_t task, uint32_t part, uint32_t worker, uint64_t start,
                    uint32_t duration)
{
  *t = (aatgs_timing){.task = task,
                      .part = (uint16_t)part,
                      .worker = (uint16_t)worker,
                      .start_ns = start,
                      .duration_ns = duration};
  return start + duration;
}

static void hand_out(struct run *r, const uint32_t *list, uint64_t now, const uint32_t *noise_x1000,
                     aatgs_timing *timings)
{
  aatgs_problem *p = r->p;

  while (r->idle_count && r->ready_count) {
    uint32_t task = list[r->ready[0]], part = p->parts[task] - p->left[task];
    uint32_t record = r->record[task] + part, worker = number_pop(r->idle, &r->idle_count);
    uint32_t duration = scaled(p->part_ns[task], noise_x1000, record);
    part_push(
        r, (struct part){put(&timings[record], task, part, worker, now, duration), task, worker});
    if (--p->left[task] == 0)
      number_pop(r->ready, &r->ready_count);
  }
}

/* A part ends; the last one goes on with finish. */
static void end_part(struct run *r, struct part part, const uint32_t *noise_x1000,
                     aatgs_timing *timings)
{
  aatgs_problem *p = r->p;
  uint32_t task = part.task;

  if (r->open[task] == 1 && p->finishes[task]) {
    uint32_t record = r->record[task] + p->parts[task];
    uint32_t duration = scaled(p->finish_ns[task], noise_x1000, record);
    r->open[task] = UINT32_MAX; /* finish is on */
    put(&timings[record], task, p->parts[task], part.worker, part.end_ns, duration);
    part.end_ns += duration;
    part_push(r, part);
    return;
  }
  number_push(r->idle, &r->idle_count, part.worker);
  if (r->open[task] != UINT32_MAX && --r->open[task])
    return;
  for (uint32_t e = p->after_at[task]; e < p->after_at[task + 1]; e++)
    if (--r->waits[p->after[e]] == 0)
      number_push(r->ready, &r->ready_count, r->position[p->after[e]]);
}

static uint64_t run_all(struct run *r, const uint32_t *list, const uint32_t *noise_x1000,
                        aatgs_timing *timings)
{
  uint64_t now = 0;

  hand_out(r, list, now, noise_x1000, timings);
  while (r->running) {
    now = r->heap[0].end_ns;
    while (r->running && r->heap[0].end_ns == now)
      end_part(r, part_pop(r), noise_x1000, timings);
    hand_out(r, list, now, noise_x1000, timings);
  }
  return now;
}

int aatgs_simulate(aatgs_problem *p, const uint32_t *list, const uint32_t *noise_x1000,
                   aatgs_timing *timings, uint64_t *makespan_ns)
{
  size_t n = p->tasks ? p->tasks : 1, workers = p->workers;
  struct part *heap = malloc(workers * sizeof *heap);
  uint32_t *words = malloc((5 * n + workers) * sizeof *words), record = 0;
  struct run r = {.p = p, .heap = heap, .idle = words, .open = words + workers};

  *makespan_ns = 0;
  if (!heap || !words) {
    free(heap);
    free(words);
    return AATGS_ENOMEM;
  }
  r.waits = r.open + n;
  r.ready = r.waits + n;
  r.position = r.ready + n;
  r.record = r.position + n;
  for (uint32_t w = 0; w < p->workers; w++)
    r.idle[r.idle_count++] = w;
  for (uint32_t i = 0; i < p->tasks; i++) {
    r.position[list[i]] = i;
    r.open[i] = p->left[i] = p->parts[i];
    r.waits[i] = p->before_at[i + 1] - p->before_at[i];
    r.record[i] = record;
    record += p->parts[i] + (p->finishes[i] != 0);
  }
  for (uint32_t i = 0; i < p->tasks; i++)
    if (r.waits[list[i]] == 0)
      number_push(r.ready, &r.ready_count, i);
  *makespan_ns = run_all(&r, list, noise_x1000, timings);
  free(heap);
  free(words);
  return 0;
}
