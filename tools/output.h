/* Result files that are there whole or not at all. */
#ifndef AATGS_TOOLS_OUTPUT_H
#define AATGS_TOOLS_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "trace/error.h"

/* Checks, without creating anything, that a file could be written at `path`: its folder is
 * there and writable, and it is no folder itself. */
int aatgs_output_check(const char *path, aatgs_error *error);
/* Writes `size` bytes to a new file beside `path`, syncs it and renames it to `path`, so that
 * a reader never sees half of it; on failure `path` is as it was. A link is followed; a
 * device or pipe is written to as it stands. */
int aatgs_output_write(const char *path, const char *bytes, size_t size, aatgs_error *error);

/* The same for results that are too big to be held at once. */
typedef struct aatgs_output {
  FILE *stream;
  int fd;                   /* beneath the stream */
  int native;               /* errno of the first write that failed, or 0 */
  bool through;             /* a device or pipe: nothing to rename */
  char target[PATH_MAX];    /* where it will be */
  char temporary[PATH_MAX]; /* where it is until then; "" when `through` */
} aatgs_output;

/* Creates the new file; write to output->stream, and leave *output where it is. On failure there is
 * nothing to clean up. */
int aatgs_output_begin(aatgs_output *output, const char *path, aatgs_error *error);
/* Syncs and renames; on failure, an earlier write to the stream included, everything is as it was
 * before aatgs_output_begin(). */
int aatgs_output_commit(aatgs_output *output, aatgs_error *error);
/* Removes what was written. */
void aatgs_output_abandon(aatgs_output *output);

#endif
