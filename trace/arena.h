/* Memory that is freed together: what a reader learned from a trace and hands out. */
#ifndef AATGS_TRACE_ARENA_H
#define AATGS_TRACE_ARENA_H

#include <stddef.h>

typedef struct aatgs_arena {
  struct aatgs_arena_block *blocks;
} aatgs_arena;

/* Zeroed, aligned for any type; NULL when out of memory. */
void *aatgs_arena_take(aatgs_arena *arena, size_t count, size_t size);
/* A copy of `length` bytes with a NUL behind them. */
char *aatgs_arena_text(aatgs_arena *arena, const char *text, size_t length);
void aatgs_arena_free(aatgs_arena *arena);

#endif
