#include "trace/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct aatgs_arena_block {
  struct aatgs_arena_block *next;
  size_t used;
  size_t size;
  alignas(max_align_t) uint8_t bytes[];
};

#define BLOCK_BYTES ((size_t)16384)

void *aatgs_arena_take(aatgs_arena *arena, size_t count, size_t size)
{
  size_t align = alignof(max_align_t);
  if (size && count > (SIZE_MAX / 4) / size)
    return NULL;
  size_t bytes = (count * size + align - 1) / align * align;
  struct aatgs_arena_block *b = arena->blocks;
  if (!b || b->size - b->used < bytes) {
    size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    b = malloc(sizeof *b + room);
    if (!b)
      return NULL;
    *b = (struct aatgs_arena_block){arena->blocks, 0, room};
    arena->blocks = b;
  }
  void *at = b->bytes + b->used;
  b->used += bytes;
  memset(at, 0, bytes);
  return at;
}

char *aatgs_arena_text(aatgs_arena *arena, const char *text, size_t length)
{
  char *at = aatgs_arena_take(arena, length + 1, 1);
  if (at)
    memcpy(at, text, length);
  return at;
}

void aatgs_arena_free(aatgs_arena *arena)
{
  while (arena->blocks) {
    struct aatgs_arena_block *next = arena->blocks->next;
    free(arena->blocks);
    arena->blocks = next;
  }
}
