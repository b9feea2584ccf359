/* A bounded queue of fixed-size items in host memory, one thread. */
#include "host/aatgs.h"

#include <stdlib.h>
#include <string.h>

#define ITEM_BYTES_MAX 65536u
#define CAPACITY_MAX   (1u << 20)

struct aatgs_config_ring {
  size_t item_bytes;
  size_t capacity;
  size_t head; /* index of the oldest item */
  size_t len;
  unsigned char *items;
};

int aatgs_config_ring_open(size_t item_bytes, size_t capacity, aatgs_config_ring **out)
{
  aatgs_config_ring *ring;

  if (!out)
    return AATGS_EINVAL;
  *out = NULL;
  if (item_bytes < 1 || item_bytes > ITEM_BYTES_MAX || capacity < 1 || capacity > CAPACITY_MAX)
    return AATGS_EINVAL;
  ring = calloc(1, sizeof *ring);
  if (!ring)
    return AATGS_ENOMEM;
  ring->items = malloc(item_bytes * capacity);
  if (!ring->items) {
    free(ring);
    return AATGS_ENOMEM;
  }
  ring->item_bytes = item_bytes;
  ring->capacity = capacity;
  *out = ring;
  return 0;
}

void aatgs_config_ring_close(aatgs_config_ring *ring)
{
  if (!ring)
    return;
  free(ring->items);
  free(ring);
}

bool aatgs_config_ring_push(aatgs_config_ring *ring, const void *item)
{
  size_t at;

  if (ring->len == ring->capacity)
    return false;
  at = ring->head + ring->len;
  if (at >= ring->capacity)
    at -= ring->capacity;
  memcpy(ring->items + at * ring->item_bytes, item, ring->item_bytes);
  ring->len++;
  return true;
}

bool aatgs_config_ring_peek(const aatgs_config_ring *ring, void *item)
{
  if (ring->len == 0)
    return false;
  memcpy(item, ring->items + ring->head * ring->item_bytes, ring->item_bytes);
  return true;
}

bool aatgs_config_ring_pop(aatgs_config_ring *ring, void *item)
{
  if (!aatgs_config_ring_peek(ring, item))
    return false;
  if (++ring->head == ring->capacity)
    ring->head = 0;
  ring->len--;
  return true;
}

void aatgs_config_ring_clear(aatgs_config_ring *ring)
{
  ring->head = ring->len = 0;
}

bool aatgs_config_ring_is_empty(const aatgs_config_ring *ring)
{
  return ring->len == 0;
}

bool aatgs_config_ring_is_full(const aatgs_config_ring *ring)
{
  return ring->len == ring->capacity;
}

size_t aatgs_config_ring_len(const aatgs_config_ring *ring)
{
  return ring->len;
}

size_t aatgs_config_ring_capacity(const aatgs_config_ring *ring)
{
  return ring->capacity;
}

double aatgs_config_ring_utilization(const aatgs_config_ring *ring)
{
  return (double)ring->len / (double)ring->capacity;
}
