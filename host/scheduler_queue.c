/* Ready tasks in lanes, one for each class of equal priority: a decision is a look at the head of
 * each lane, whatever the number of tasks. */
#include "host/scheduler_internal.h"

#include <stdlib.h>
#include <string.h>

void aatgs_lanes_clear(aatgs_lane_queue *queue)
{
  queue->clock = 0;
  for (uint32_t lane = 0; lane < AATGS_LANES; lane++)
    queue->head[lane] = queue->tail[lane] = AATGS_NONE;
}

int aatgs_lanes_reserve(aatgs_lane_queue *queue, uint32_t count)
{
  uint32_t capacity = queue->capacity ? queue->capacity : 64;
  aatgs_lane_link *grown;

  if (count <= queue->capacity)
    return 0;
  while (capacity < count)
    capacity *= 2;
  grown = realloc(queue->links, capacity * sizeof *grown);
  if (!grown)
    return AATGS_ENOMEM;
  queue->links = grown;
  queue->capacity = capacity;
  return 0;
}

void aatgs_lanes_push(aatgs_lane_queue *queue, uint32_t index, uint32_t lane)
{
  uint32_t tail = queue->tail[lane];

  queue->links[index] = (aatgs_lane_link){AATGS_NONE, tail, queue->clock++, lane};
  queue->tail[lane] = index;
  if (tail == AATGS_NONE)
    queue->head[lane] = index;
  else
    queue->links[tail].next = index;
}

void aatgs_lanes_remove(aatgs_lane_queue *queue, uint32_t index)
{
  const aatgs_lane_link *link = &queue->links[index];

  if (link->previous == AATGS_NONE)
    queue->head[link->lane] = link->next;
  else
    queue->links[link->previous].next = link->next;
  if (link->next == AATGS_NONE)
    queue->tail[link->lane] = link->previous;
  else
    queue->links[link->next].previous = link->previous;
}

uint32_t aatgs_lanes_pop(aatgs_lane_queue *queue, const uint32_t *lane_priority)
{
  uint32_t best = AATGS_NONE, best_priority = 0, best_age = 0;

  for (uint32_t lane = 0; lane < AATGS_LANES; lane++) {
    uint32_t index = queue->head[lane], age;
    if (index == AATGS_NONE)
      continue;
    age = queue->clock - queue->links[index].ready_at;
    if (best == AATGS_NONE || lane_priority[lane] > best_priority ||
        (lane_priority[lane] == best_priority && age > best_age)) {
      best = index;
      best_priority = lane_priority[lane];
      best_age = age;
    }
  }
  if (best != AATGS_NONE)
    aatgs_lanes_remove(queue, best);
  return best;
}

static uint32_t shifted(uint32_t index, uint32_t shift)
{
  return index == AATGS_NONE ? index : index - shift;
}

void aatgs_lanes_rebase(aatgs_lane_queue *queue, uint32_t shift, uint32_t count)
{
  memmove(queue->links, queue->links + shift, count * sizeof *queue->links);
  for (uint32_t lane = 0; lane < AATGS_LANES; lane++) {
    queue->head[lane] = shifted(queue->head[lane], shift);
    queue->tail[lane] = shifted(queue->tail[lane], shift);
    for (uint32_t i = queue->head[lane]; i != AATGS_NONE; i = queue->links[i].next) {
      queue->links[i].next = shifted(queue->links[i].next, shift);
      queue->links[i].previous = shifted(queue->links[i].previous, shift);
    }
  }
}
