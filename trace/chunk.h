/* A chunk: consecutive iterations as columns. FORMAT.md, section "Chunks". */
#ifndef AATGS_TRACE_CHUNK_H
#define AATGS_TRACE_CHUNK_H

#include "trace/column.h"
#include "trace/config_row.h"
#include "trace/trace.h"
#include "trace/value.h"

/* Columns of an iteration, in the order of the directory. Those of the config's words, the
 * telemetry's words and the timings follow. */
typedef enum aatgs_chunk_column {
  AATGS_COLUMN_ITERATION = 0,
  AATGS_COLUMN_GRAPH,
  AATGS_COLUMN_PLAN,
  AATGS_COLUMN_STATUS,
  AATGS_COLUMN_DETAIL,
  AATGS_COLUMN_POSTED,
  AATGS_COLUMN_START,       /* reference: POSTED */
  AATGS_COLUMN_END,         /* reference: START */
  AATGS_COLUMN_SEEN,        /* reference: END */
  AATGS_COLUMN_DONE_BEFORE, /* reference: ITERATION */
  AATGS_COLUMN_CONFIG_WAITING,
  AATGS_COLUMN_TELEMETRY_WAITING,
  AATGS_COLUMN_TIMINGS, /* number of timings */
  AATGS_COLUMN_ROW,     /* index of the iteration's config row */
  AATGS_COLUMN_CONFIG,  /* first word of the config rows */
  AATGS_ITERATION_COLUMNS = AATGS_COLUMN_CONFIG
} aatgs_chunk_column;

/* Columns of the timings, the last in the directory. */
typedef enum aatgs_timing_column {
  AATGS_TIMING_TASK = 0,
  AATGS_TIMING_PART,
  AATGS_TIMING_WORKER,
  AATGS_TIMING_DURATION,
  AATGS_TIMING_START, /* predicted, see below */
  AATGS_TIMING_DIGEST,
  AATGS_TIMING_COLUMNS
} aatgs_timing_column;

#define AATGS_CONFIG_WORDS_MAX    (AATGS_CONFIG_BYTES_MAX / 4)
#define AATGS_TELEMETRY_WORDS_MAX (AATGS_TELEMETRY_BYTES_MAX / 4)
#define AATGS_CHUNK_COLUMNS_MAX                                                                    \
  (AATGS_ITERATION_COLUMNS + AATGS_CONFIG_WORDS_MAX + AATGS_TELEMETRY_WORDS_MAX +                  \
   AATGS_TIMING_COLUMNS)

/* The first bytes of a chunk. Behind them: the directory, the links, the columns. */
typedef struct aatgs_chunk_header {
  uint32_t iterations;
  uint32_t timings;
  uint32_t config_words;
  uint32_t telemetry_words;
  uint32_t config_rows;    /* different configs in a row */
  uint32_t iteration_word; /* config word that holds the iteration's number, or AATGS_NO_WORD */
  uint32_t links;          /* link tables */
  uint32_t link_bytes;     /* of all link tables */
  uint64_t before;         /* last iteration of the chunk before, 0: none */
  uint64_t lost;           /* iterations missing before or within this chunk */
} aatgs_chunk_header;

/* Where a timing of a graph starts is predicted from where another one of the same iteration
 * ended. A link table holds, for iterations of one graph and number of timings, the order
 * in which the starts are worked out and what each is predicted from. Without a table the
 * order is that of the records, each predicted from the one before. */
typedef struct aatgs_link {
  uint32_t record;
  uint32_t from; /* a record worked out earlier, or AATGS_LINK_START */
} aatgs_link;
#define AATGS_LINK_START UINT32_C(0xffffffff) /* the iteration's own start */

typedef struct aatgs_links {
  uint32_t graph;
  uint32_t timings;
  aatgs_link link[]; /* one for each timing */
} aatgs_links;

/* ---- Writing ------------------------------------------------------------------------ */

typedef struct aatgs_chunk_builder aatgs_chunk_builder;

typedef struct aatgs_chunk_limits {
  uint32_t config_bytes; /* multiples of 4 */
  uint32_t telemetry_bytes;
  uint32_t iteration_word; /* or AATGS_NO_WORD */
  uint32_t iterations;     /* a full chunk */
  uint64_t bytes;          /* of raw data in a full chunk */
} aatgs_chunk_limits;

int aatgs_chunk_builder_open(const aatgs_chunk_limits *limits, aatgs_chunk_builder **out);
void aatgs_chunk_builder_close(aatgs_chunk_builder *b);
/* AATGS_ENOMEM, AATGS_ELIMIT (more timings than a chunk may have); nothing is taken then. */
int aatgs_chunk_add(aatgs_chunk_builder *b, const aatgs_iteration *it);
uint32_t aatgs_chunk_iterations(const aatgs_chunk_builder *b);
/* Numbers of the graph and the plan of iteration `row`. */
void aatgs_chunk_get_tables(const aatgs_chunk_builder *b, uint32_t row, uint32_t *graph,
                            uint32_t *plan);
bool aatgs_chunk_full(const aatgs_chunk_builder *b);
/* Whether an iteration with so many timings still fits. */
bool aatgs_chunk_fits(const aatgs_chunk_builder *b, uint32_t timings);
/* What the first `rows` iterations (at least 1) amount to. `expected` is the iteration that would
 * follow without a gap, or 0. */
typedef struct aatgs_chunk_summary {
  uint64_t first;
  uint64_t last;
  uint64_t iterations;
  uint64_t timings;
  uint64_t lost;
  uint64_t first_posted_ns;
  uint64_t last_seen_ns;
} aatgs_chunk_summary;
void aatgs_chunk_summarize(const aatgs_chunk_builder *b, uint32_t rows, uint64_t expected,
                           aatgs_chunk_summary *out);
/* How many of the iterations are below `iteration`. */
uint32_t aatgs_chunk_rows_below(const aatgs_chunk_builder *b, uint64_t iteration);
/* Appends the first `rows` iterations as a value of this kind to `out`; `before` is the last
 * iteration of the chunk before. The builder keeps its content. */
int aatgs_chunk_pack(aatgs_chunk_builder *b, uint32_t rows, aatgs_codec *codec, uint16_t kind,
                     uint64_t trace, uint64_t before, uint64_t expected, aatgs_bytes *out);
/* Forgets the first `rows` iterations. */
void aatgs_chunk_drop(aatgs_chunk_builder *b, uint32_t rows);

/* ---- Reading ------------------------------------------------------------------------ */

/* A decoded chunk. Zero it before the first use, free it with aatgs_chunk_free(). */
typedef struct aatgs_chunk {
  const aatgs_trace_want *want; /* the caller's, the same for all chunks; NULL: everything */
  aatgs_chunk_header header;
  uint64_t first;
  uint64_t last;
  uint32_t config_bytes;
  uint32_t telemetry_bytes;
  aatgs_iteration *iterations; /* pointers into the arrays below */
  uint8_t *configs;            /* a row for each iteration */
  uint8_t *telemetry;
  aatgs_timing *timings;
  /* Working memory, kept from chunk to chunk. */
  uint64_t *column[4];
  aatgs_bytes raw;
  size_t room_iterations, room_timings, room_columns;
} aatgs_chunk;

/* Decodes a checked value into `chunk`. `config_bytes` and `telemetry_bytes` come from the trace's
 * info. AATGS_ECORRUPT with *why, AATGS_ENOMEM. */
int aatgs_chunk_unpack(aatgs_chunk *chunk, aatgs_codec *codec, const uint8_t *bytes,
                       const aatgs_value_header *header, uint32_t config_bytes,
                       uint32_t telemetry_bytes, const char **why);
void aatgs_chunk_free(aatgs_chunk *chunk);

#endif
