#include "trace/numbered.h"

static uint32_t **things(const aatgs_bytes *list)
{
  return (uint32_t **)(void *)list->data;
}

static size_t place_of(const aatgs_bytes *list, uint32_t number)
{
  size_t low = 0, high = list->size / sizeof(void *);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (*things(list)[middle] < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void *aatgs_numbered_find(const aatgs_bytes *list, uint32_t number)
{
  size_t at = place_of(list, number);
  bool there = at < list->size / sizeof(void *) && *things(list)[at] == number;
  return there ? things(list)[at] : NULL;
}

bool aatgs_numbered_add(aatgs_bytes *list, uint32_t *thing)
{
  size_t at = place_of(list, *thing), count = list->size / sizeof(void *);
  if (!aatgs_bytes_extend(list, sizeof(void *))) {
    list->failed = false;
    return false;
  }
  memmove(things(list) + at + 1, things(list) + at, (count - at) * sizeof(void *));
  things(list)[at] = thing;
  return true;
}
