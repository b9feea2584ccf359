/* Result files that are there whole or not at all. */
#ifndef AATGS_TOOLS_OUTPUT_H
#define AATGS_TOOLS_OUTPUT_H

#include <stddef.h>

#include "trace/error.h"

/* Checks, without creating anything, that a file could be written at `path`: its folder is
 * there and writable, and it is no folder itself. */
int aatgs_output_check(const char *path, aatgs_error *error);
/* Writes `size` bytes to a new file beside `path`, syncs it and renames it to `path`, so that
 * a reader never sees half of it; on failure `path` is as it was. A link is followed; a
 * device or pipe is written to as it stands. */
int aatgs_output_write(const char *path, const char *bytes, size_t size, aatgs_error *error);

#endif
