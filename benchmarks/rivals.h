/* Other ways to keep the records of a run. */
#ifndef AATGS_BENCH_RIVALS_H
#define AATGS_BENCH_RIVALS_H

#include "bench.h"
#include "stream.h"

typedef struct rival_kind {
  void *(*open)(const bench *b, const char *path);
  void (*write)(void *rival, const aatgs_iteration *it);
  void (*commit)(void *rival); /* durable */
  void (*close)(void *rival);
} rival_kind;

extern const rival_kind rival_sqlite;
extern const rival_kind rival_json;
extern const rival_kind rival_lmdb;

/* Writes b->rounds iterations, with a commit every RIVAL_COMMIT of them. */
#define RIVAL_COMMIT 4096u
void rival_write(const bench *b, const rival_kind *kind, const char *path, stream *s);
/* Bytes on the disk below a folder. */
uint64_t rival_bytes(const char *folder);

#endif
