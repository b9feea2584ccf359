/* A trace as relations: named tables of named columns, read row by row in the order of iterations,
 * and of the trace no more than the wanted columns take. SQL, dumps and exports read these. */
#ifndef AATGS_TOOLS_RELATION_H
#define AATGS_TOOLS_RELATION_H

#include "trace/trace.h"

typedef enum aatgs_relation_kind {
  AATGS_REL_ITERATION, /* a row an iteration */
  AATGS_REL_TASK,      /* a timing record: a part of a task, or its finish */
  AATGS_REL_DECISION,  /* an iteration from which a graph ran by another plan */
  AATGS_REL_EVENT,     /* what else happened: ticks, gaps, failures, marks */
  AATGS_REL_SNAPSHOT,  /* a snapshot of the state */
  AATGS_REL_SCHEMA,    /* a column of these tables */
  AATGS_RELATIONS
} aatgs_relation_kind;

typedef enum aatgs_datum_kind {
  AATGS_DATUM_NULL,
  AATGS_DATUM_INTEGER,
  AATGS_DATUM_REAL, /* also integers above 2^63 - 1, rounded; not a number is NULL */
  AATGS_DATUM_TEXT
} aatgs_datum_kind;

typedef struct aatgs_datum {
  aatgs_datum_kind kind;
  int64_t integer;
  double real;
  const char *text; /* valid until the next row */
} aatgs_datum;

typedef struct aatgs_relation_column {
  char name[80];
  aatgs_datum_kind kind;
  const char *unit;
  const char *help;
  uint32_t id;              /* what it is, for columns of our own */
  const aatgs_field *field; /* else one of the trace's, of the config or the telemetry */
  uint32_t index;
  bool config;
} aatgs_relation_column;

typedef struct aatgs_relation {
  const char *name;
  aatgs_relation_column *columns;
  uint32_t count;
  int iteration; /* index of the column with the iteration's number, -1: none */
} aatgs_relation;

typedef struct aatgs_relations {
  aatgs_trace *trace;
  aatgs_relation at[AATGS_RELATIONS];
} aatgs_relations;

/* AATGS_ENOMEM. The trace must outlive it. */
int aatgs_relations_open(aatgs_trace *trace, aatgs_relations **out);
void aatgs_relations_close(aatgs_relations *relations);
/* The relation of that name, or AATGS_RELATIONS. */
aatgs_relation_kind aatgs_relation_named(const aatgs_relations *relations, const char *name);
/* The column of that name, also as the expression grammar says it ("config.x", "x[2]"), or -1. */
int aatgs_relation_column_named(const aatgs_relation *relation, const char *name);

/* ---- Rows --------------------------------------------------------------------------- */

typedef struct aatgs_rows aatgs_rows;

/* Rows of iterations first..last. `wanted` has an entry for each column; others read as NULL or
 * 0. `threads` decode ahead. Errors are the trace's. */
int aatgs_rows_open(aatgs_relations *relations, aatgs_relation_kind kind, const bool *wanted,
                    uint64_t first, uint64_t last, uint32_t threads, aatgs_rows **out);
void aatgs_rows_close(aatgs_rows *rows);
/* 1: there is a row; 0: the end; or an error. */
int aatgs_rows_next(aatgs_rows *rows);
aatgs_datum aatgs_rows_datum(const aatgs_rows *rows, uint32_t column);
/* The same rows over, of another range: cheap where it lies in the chunk that was read last. For
 * rows that were opened without threads. */
int aatgs_rows_seek(aatgs_rows *rows, uint64_t first, uint64_t last);

/* Ids of our own columns. */
typedef enum aatgs_column_id {
  AATGS_COL_FIELD = 0,
  AATGS_COL_ITERATION,
  AATGS_COL_GRAPH,
  AATGS_COL_PLAN,
  AATGS_COL_STATUS,
  AATGS_COL_DETAIL,
  AATGS_COL_POSTED,
  AATGS_COL_START,
  AATGS_COL_END,
  AATGS_COL_SEEN,
  AATGS_COL_ROUND_TRIP,
  AATGS_COL_END_TO_END,
  AATGS_COL_BUS, /* the next four in the order of aatgs_spent */
  AATGS_COL_DEPENDENCIES,
  AATGS_COL_WORKERS,
  AATGS_COL_COMPUTING,
  AATGS_COL_DONE_BEFORE,
  AATGS_COL_CONFIG_WAITING,
  AATGS_COL_TELEMETRY_WAITING,
  AATGS_COL_RECORDS,
  AATGS_COL_TASK,
  AATGS_COL_NAME,
  AATGS_COL_TYPE,
  AATGS_COL_PART,
  AATGS_COL_FINISH,
  AATGS_COL_WORKER,
  AATGS_COL_TASK_START,
  AATGS_COL_DURATION,
  AATGS_COL_TASK_END,
  AATGS_COL_OFFSET,
  AATGS_COL_DIGEST,
  AATGS_COL_PLAN_BEFORE,
  AATGS_COL_RULE,
  AATGS_COL_ORDER,
  AATGS_COL_KIND,
  AATGS_COL_TIME,
  AATGS_COL_VALUE,
  AATGS_COL_TEXT,
  AATGS_COL_BYTES,
  AATGS_COL_TABLE,
  AATGS_COL_COLUMN,
  AATGS_COL_SQL_TYPE,
  AATGS_COL_UNIT,
  AATGS_COL_HELP,
  AATGS_COL_SOURCE,
  AATGS_COL_MINIMUM,
  AATGS_COL_MAXIMUM,
  AATGS_COL_INITIAL
} aatgs_column_id;

#endif
