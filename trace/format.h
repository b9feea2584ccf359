/* Numbers of the trace format. FORMAT.md is the specification. */
#ifndef AATGS_TRACE_FORMAT_H
#define AATGS_TRACE_FORMAT_H

#include <stdint.h>

#define AATGS_FORMAT_VERSION 1u
/* Features a reader must understand to read a trace, as bits; INFO carries those in use. */
#define AATGS_FORMAT_FRAMES     UINT64_C(1) /* values of several frames */
#define AATGS_FORMAT_UNDERSTOOD AATGS_FORMAT_FRAMES

#define AATGS_META_NAME   "meta"
#define AATGS_DATA_PREFIX "data-"
#define AATGS_DATA_DIGITS 8
#define AATGS_LOCK_SUFFIX "-lock"
/* LMDB's lock file with its default number of readers. */
#define AATGS_LOCK_BYTES 8192
/* Keeps some room on the disk for the last words of a recording; has no content. */
#define AATGS_RESERVE_NAME  "reserve"
#define AATGS_RESERVE_BYTES (64 * 1024)

/* ---- Keys: kind, number (big-endian), piece (big-endian) ---------------------------- */

typedef enum aatgs_kind {
  AATGS_KIND_INFO = 1,     /* number 0: the run, as JSON */
  AATGS_KIND_INPUT = 2,    /* number: index of the input; pieces */
  AATGS_KIND_GRAPH = 3,    /* number: the graph's */
  AATGS_KIND_PLAN = 4,     /* number: the plan's */
  AATGS_KIND_SNAPSHOT = 5, /* number: ~(first iteration that ran after it); pieces */
  AATGS_KIND_CLOSED = 6,   /* number 0: the run's totals; its presence says closed */
  AATGS_KIND_MARK = 7,     /* number: index of the mark */
  AATGS_KIND_CHUNK = 16,   /* number: last iteration in it */
  AATGS_KIND_TAIL = 17,    /* number 0: the open chunk so far */
  AATGS_KIND_STATE = 18,   /* number 0: totals of this data environment */
  AATGS_KIND_TICKS = 19    /* number: index of the block of ticks */
} aatgs_kind;

typedef struct aatgs_key {
  uint8_t kind;
  uint64_t number;
  uint32_t piece;
} aatgs_key;

#define AATGS_KEY_BYTES 13u

/* ---- Caps on what a trace may claim -------------------------------------------------- */

#define AATGS_PIECE_BYTES          (UINT32_C(1) << 20) /* raw bytes of a piece */
#define AATGS_INFO_BYTES_MAX       (UINT32_C(4) << 20)
#define AATGS_TABLE_BYTES_MAX      (UINT32_C(64) << 20) /* of a graph or plan */
#define AATGS_MARK_BYTES_MAX       4096u
#define AATGS_INPUT_BYTES_MAX      (UINT64_C(1) << 32)
#define AATGS_SNAPSHOT_BYTES_MAX   (UINT64_C(1) << 36)
#define AATGS_CHUNK_BYTES_MAX      (UINT32_C(256) << 20)
#define AATGS_CHUNK_ITERATIONS_MAX 65536u
#define AATGS_CHUNK_TIMINGS_MAX    (UINT32_C(1) << 22)
#define AATGS_FIELDS_MAX           1024u
#define AATGS_TYPES_MAX            4096u
#define AATGS_INPUTS_MAX           256u
#define AATGS_TASKS_LIMIT          (UINT32_C(1) << 20)
#define AATGS_TICKS_PER_BLOCK      512u

#endif
