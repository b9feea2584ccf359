/* Inside of a reader: shared by reader.c (opening), iterate.c (iterations) and lookup.c (the rest).
 */
#ifndef AATGS_TRACE_READER_H
#define AATGS_TRACE_READER_H

#include "trace/chunk.h"
#include "trace/info.h"
#include "trace/pages.h"
#include "trace/records.h"
#include "trace/ticks.h"

typedef struct aatgs_env {
  aatgs_pages *pages;
  uint32_t number;
  aatgs_state_record state;
} aatgs_env;

struct aatgs_trace {
  aatgs_error error;
  char dir[4000];
  uint64_t trace; /* identity; 0 until the info is read */
  aatgs_codec *codec;
  aatgs_pages *meta;
  aatgs_env *envs; /* data environments, oldest first */
  uint32_t env_count;
  aatgs_arena arena;
  aatgs_trace_info info;
  aatgs_trace_state state;
  aatgs_bytes value; /* the value read last */
  aatgs_bytes raw;   /* the same decoded */
  /* Iterations. */
  aatgs_chunk chunk;
  uint32_t row;      /* of the chunk: delivered next */
  uint64_t position; /* no iteration below this is delivered */
  uint64_t previous; /* last iteration of the sealed chunk delivered before; 0: none */
  /* Everything else. */
  aatgs_bytes *inputs; /* by index; empty: not read yet */
  aatgs_bytes snapshot;
  aatgs_bytes mark_text; /* of the mark read last */
  aatgs_bytes graphs;    /* const aatgs_trace_graph *, by number */
  aatgs_bytes plans;     /* const aatgs_trace_plan *, by number */
  uint64_t ticks_end;    /* ticks of the run; those before ticks_first were rolled away */
  uint64_t ticks_first;
  uint64_t tick_block; /* block held below, plus one */
  uint32_t tick_count;
  aatgs_tick ticks[AATGS_TICKS_PER_BLOCK];
};

int aatgs_trace_failed(aatgs_trace *t, int code, const char *what);
/* Checks the value in t->value against its key. */
int aatgs_trace_check_value(aatgs_trace *t, const aatgs_key *key, aatgs_value_header *header);
/* Reads and decodes a value into t->raw. 1, 0 (there is none) or an error. */
int aatgs_trace_fetch(aatgs_trace *t, aatgs_pages *pages, const aatgs_key *key, uint64_t cap,
                      aatgs_value_header *header);
/* The same in pieces that make `want` bytes, into `out`. */
int aatgs_trace_fetch_pieces(aatgs_trace *t, aatgs_pages *pages, aatgs_key key, uint64_t want,
                             aatgs_bytes *out);
/* The newest snapshot at or before `iteration`: the file it is in and the iteration it is for. */
int aatgs_trace_find_snapshot(aatgs_trace *t, uint64_t iteration, aatgs_pages **pages,
                              uint64_t *at);
/* Finds out which ticks there are. */
int aatgs_trace_find_ticks(aatgs_trace *t);
/* Reads into t->value the chunk, or the tail, that holds the first iteration not below `position`.
 * 1, 0: there is none, or an error. */
int aatgs_trace_find_chunk(aatgs_trace *t, uint64_t position, aatgs_value_header *h);
int aatgs_trace_chunk_failed(aatgs_trace *t, int code, const aatgs_value_header *h,
                             const char *why);
/* Whether a chunk follows the one that ended with `previous` (0: not known). */
int aatgs_trace_check_order(aatgs_trace *t, uint64_t previous, const aatgs_chunk_header *h,
                            uint64_t first);

#endif
