/* The ready queue. */
#include "host/scheduler_queue.h"

#include <stdlib.h>
#include <string.h>

#define NONE     UINT32_MAX
#define SUB_BITS 6 /* buckets to an octave: 64 */

/* ---- Buckets ---- */

static uint32_t bucket_of(uint64_t rank)
{
  int exponent;
  if (rank < 1u << SUB_BITS)
    return (uint32_t)rank;
  exponent = 63 - __builtin_clzll(rank) - SUB_BITS;
  return ((uint32_t)(exponent + 1) << SUB_BITS) + (uint32_t)((rank >> exponent) - (1u << SUB_BITS));
}

/* The lowest rank of the bucket, in a form that can be multiplied with a factor. */
static uint64_t value_of(uint32_t bucket)
{
  uint32_t exponent = bucket >> SUB_BITS, sub = bucket & ((1u << SUB_BITS) - 1);
  if (exponent == 0)
    return sub;
  return (uint64_t)(sub + (1u << SUB_BITS)) << (exponent - 1);
}

/* ---- The queue ---- */

int aatgs_lanes_open(aatgs_lane_queue *queue, bool ranks)
{
  *queue = (aatgs_lane_queue){.buckets = ranks ? AATGS_RANK_BUCKETS : 1};
  queue->slots = malloc((size_t)AATGS_LANES * queue->buckets * sizeof *queue->slots);
  queue->lanes = calloc(AATGS_LANES, sizeof *queue->lanes);
  if (!queue->slots || !queue->lanes) {
    aatgs_lanes_close(queue);
    return AATGS_ENOMEM;
  }
  aatgs_lanes_clear(queue);
  return 0;
}

size_t aatgs_lanes_bytes(const aatgs_lane_queue *queue)
{
  return queue->capacity * sizeof *queue->links +
         AATGS_LANES * (queue->buckets * sizeof *queue->slots + sizeof *queue->lanes);
}

void aatgs_lanes_close(aatgs_lane_queue *queue)
{
  free(queue->links);
  free(queue->slots);
  free(queue->lanes);
  *queue = (aatgs_lane_queue){0};
}

void aatgs_lanes_clear(aatgs_lane_queue *queue)
{
  queue->clock = 0;
  memset(queue->slots, 0xff, (size_t)AATGS_LANES * queue->buckets * sizeof *queue->slots);
  memset(queue->lanes, 0, AATGS_LANES * sizeof *queue->lanes);
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

static void append(aatgs_lane_queue *queue, uint32_t index, uint32_t slot, uint32_t ready_at)
{
  aatgs_lane_ends *ends = &queue->slots[slot];

  queue->links[index] = (aatgs_lane_link){NONE, ends->tail, ready_at, slot};
  if (ends->tail == NONE) {
    aatgs_lane *lane = &queue->lanes[slot / queue->buckets];
    uint32_t bucket = slot % queue->buckets;
    ends->head = index;
    lane->used[bucket / 64] |= UINT64_C(1) << (bucket % 64);
    lane->summary |= UINT64_C(1) << (bucket / 64);
  } else {
    queue->links[ends->tail].next = index;
  }
  ends->tail = index;
}

void aatgs_lanes_push(aatgs_lane_queue *queue, uint32_t index, uint32_t lane, uint64_t rank)
{
  uint32_t bucket = queue->buckets == 1 ? 0 : bucket_of(rank);
  append(queue, index, lane * queue->buckets + bucket, queue->clock++);
}

void aatgs_lanes_remove(aatgs_lane_queue *queue, uint32_t index)
{
  const aatgs_lane_link *link = &queue->links[index];
  aatgs_lane_ends *ends = &queue->slots[link->slot];

  if (link->previous == NONE)
    ends->head = link->next;
  else
    queue->links[link->previous].next = link->next;
  if (link->next == NONE)
    ends->tail = link->previous;
  else
    queue->links[link->next].previous = link->previous;
  if (ends->head == NONE) {
    aatgs_lane *lane = &queue->lanes[link->slot / queue->buckets];
    uint32_t bucket = link->slot % queue->buckets;
    lane->used[bucket / 64] &= ~(UINT64_C(1) << (bucket % 64));
    if (!lane->used[bucket / 64])
      lane->summary &= ~(UINT64_C(1) << (bucket / 64));
  }
}

void aatgs_lanes_move(aatgs_lane_queue *queue, uint32_t index, uint64_t rank)
{
  aatgs_lane_link link = queue->links[index];
  uint32_t slot = link.slot / queue->buckets * queue->buckets + bucket_of(rank);

  if (queue->buckets == 1 || slot == link.slot)
    return;
  aatgs_lanes_remove(queue, index);
  append(queue, index, slot, link.ready_at);
}

uint32_t aatgs_lanes_lane(const aatgs_lane_queue *queue, uint32_t index)
{
  return queue->links[index].slot / queue->buckets;
}

/* The lane's highest bucket in use. */
static uint32_t top_bucket(const aatgs_lane *lane)
{
  uint32_t word = 63u - (uint32_t)__builtin_clzll(lane->summary);
  return word * 64 + 63u - (uint32_t)__builtin_clzll(lane->used[word]);
}

uint32_t aatgs_lanes_pop(aatgs_lane_queue *queue, const uint32_t *lane_factor)
{
  uint32_t best = NONE, best_age = 0;
  uint64_t best_value = 0;

  for (uint32_t i = 0; i < AATGS_LANES; i++) {
    const aatgs_lane *lane = &queue->lanes[i];
    uint32_t bucket, index, age;
    uint64_t value;
    if (!lane->summary)
      continue;
    bucket = top_bucket(lane);
    /* Ranks stay below 2^52 (2^14 of the longest tasks in a row), so this does not overflow. */
    value = (queue->buckets == 1 ? 1 : value_of(bucket)) * lane_factor[i];
    index = queue->slots[i * queue->buckets + bucket].head;
    if (best != NONE && value < best_value)
      continue;
    age = queue->clock - queue->links[index].ready_at;
    if (best == NONE || value > best_value || age > best_age) {
      best = index;
      best_value = value;
      best_age = age;
    }
  }
  if (best != NONE)
    aatgs_lanes_remove(queue, best);
  return best;
}

static uint32_t shifted(uint32_t index, uint32_t shift)
{
  return index == NONE ? index : index - shift;
}

void aatgs_lanes_rebase(aatgs_lane_queue *queue, uint32_t shift, uint32_t count)
{
  memmove(queue->links, queue->links + shift, count * sizeof *queue->links);
  for (uint32_t slot = 0; slot < AATGS_LANES * queue->buckets; slot++) {
    aatgs_lane_ends *ends = &queue->slots[slot];
    ends->head = shifted(ends->head, shift);
    ends->tail = shifted(ends->tail, shift);
    for (uint32_t i = ends->head; i != NONE; i = queue->links[i].next) {
      queue->links[i].next = shifted(queue->links[i].next, shift);
      queue->links[i].previous = shifted(queue->links[i].previous, shift);
    }
  }
}
