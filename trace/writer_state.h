/* Inside of a writer: shared by writer.c (the calls) and commit.c (values, transactions, rolling).
 */
#ifndef AATGS_TRACE_WRITER_STATE_H
#define AATGS_TRACE_WRITER_STATE_H

#include "trace/chunk.h"
#include "trace/info.h"
#include "trace/kept.h"
#include "trace/records.h"
#include "trace/store.h"
#include "trace/ticks.h"
#include "trace/writer.h"

/* A data environment that is finished and still on the disk. */
typedef struct aatgs_rolled {
  uint32_t number;
  uint64_t bytes;
  uint64_t last_seen_ns;
} aatgs_rolled;

struct aatgs_trace_writer {
  aatgs_error error; /* sticky */
  char dir[4000];
  uint64_t trace; /* identity */
  uint64_t commit_bytes;
  uint64_t commit_ns;
  uint64_t roll_bytes;
  uint64_t window_bytes; /* 0: keep everything */
  uint64_t window_ns;    /* 0: keep everything */
  uint64_t snapshot_bytes;
  uint64_t copies_bytes; /* of tables in the newest data file that an older one had, too */
  aatgs_codec *codec;
  aatgs_store *meta;
  aatgs_store *data;
  uint32_t data_number;
  aatgs_bytes rolled;    /* aatgs_rolled, oldest first */
  uint64_t rolled_bytes; /* of all that ever were */
  aatgs_kept_tables graphs;
  aatgs_kept_tables plans;
  aatgs_chunk_builder *chunk;
  aatgs_bytes scratch;
  aatgs_arena arena;      /* for checks of what is written; emptied each time */
  uint64_t last;          /* iteration handed in last */
  uint64_t expected;      /* the iteration that follows the sealed ones without a gap; 0: unknown */
  uint64_t before;        /* last iteration of the chunk sealed last */
  uint64_t sealed_count;  /* iterations sealed, in all */
  uint64_t sealed_lost;   /* gaps before and between them */
  uint64_t refused;       /* iterations handed in after an error, or with it */
  aatgs_state_record env; /* what is sealed in the newest environment */
  uint64_t volume;        /* bytes of all values, tails left out */
  uint64_t snapshot_volume; /* of the snapshots among them */
  bool tail_stored;
  bool dirty;              /* something is not committed */
  uint64_t dirty_since_ns; /* when pump() noticed; 0: not yet */
  uint64_t committed;
  uint64_t committed_count;
  uint64_t marks;
  uint64_t tick_block;
  uint32_t tick_count;
  bool tick_dirty;
  aatgs_tick ticks[AATGS_TICKS_PER_BLOCK];
};

/* Keeps the first error; returns the one kept. */
int aatgs_writer_fail(aatgs_trace_writer *w, int code, const char *what);
/* Gathers a value. */
int aatgs_writer_put(aatgs_trace_writer *w, aatgs_store *store, const aatgs_key *key,
                     uint32_t pieces, uint64_t extra, const void *raw, size_t size);
/* Gathers something large, in pieces. */
int aatgs_writer_put_pieces(aatgs_trace_writer *w, aatgs_store *store, aatgs_kind kind,
                            uint64_t number, const uint8_t *bytes, size_t size);
/* Writes what one environment has gathered. */
int aatgs_writer_commit_store(aatgs_trace_writer *w, aatgs_store *store);
/* Writes what is sealed, and the open chunk if `tail`, and waits until it is safe. */
int aatgs_writer_commit(aatgs_trace_writer *w, bool tail);
int aatgs_writer_commit_when_much(aatgs_trace_writer *w);
/* Seals the first `rows` iterations of the open chunk. */
int aatgs_writer_seal(aatgs_trace_writer *w, uint32_t rows);
/* Gathers the block of ticks, if it changed. */
int aatgs_writer_put_ticks(aatgs_trace_writer *w);
int aatgs_writer_open_data(aatgs_trace_writer *w);
/* Ends the data environment before iteration `at` and begins the next one. */
int aatgs_writer_roll(aatgs_trace_writer *w, uint64_t at);
/* Whether a snapshot for iteration `at` can begin an environment. */
bool aatgs_writer_can_roll(const aatgs_trace_writer *w, uint64_t at);
/* Removes environments that fall out of the window with what is about to be written. */
void aatgs_writer_trim_window(aatgs_trace_writer *w);
/* Bytes of the newest data environment, with what waits to go there. */
uint64_t aatgs_writer_data_bytes(const aatgs_trace_writer *w);
/* Whether it has come to `times` the length after which the next one should begin. */
bool aatgs_writer_is_long(const aatgs_trace_writer *w, uint64_t times);

/* Data environments that a window of bytes, or of time, is made of. */
#define AATGS_WINDOW_PARTS 32
#define AATGS_WINDOW_TIMES 8

#endif
