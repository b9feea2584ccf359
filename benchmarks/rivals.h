/* Other ways to keep the records of a run. */
#ifndef AATGS_BENCH_RIVALS_H
#define AATGS_BENCH_RIVALS_H

#include "stream.h"
#include "tsc.h"

typedef struct rival_kind {
  void *(*open)(const bench *b, const char *path);
  void (*write)(void *rival, const aatgs_iteration *it);
  void (*commit)(void *rival); /* durable */
  void (*close)(void *rival);
} rival_kind;

extern const rival_kind rival_lttng; /* rival_lttng.c, where LTTng-UST is here */

typedef struct rival {
  const char *name;
  const rival_kind *kind;
} rival;
/* Those that were here when this was built. */
extern const rival rivals[];
extern const size_t rival_count;
/* Names on stderr those that were not. */
void rival_say_missing(const bench *b);

/* Writes b->rounds iterations, with a commit every RIVAL_COMMIT of them; `ticks` gets what each
 * write took of the thread, commits left out. */
#define RIVAL_COMMIT  4096u
#define RIVAL_RECORDS 64u /* timing records of an iteration, at most */
void rival_write(const bench *b, const rival_kind *kind, const char *path, stream *s,
                 bench_samples *ticks);
/* Bytes on the disk below a folder. */
uint64_t rival_bytes(const char *folder);

#endif
