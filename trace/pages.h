/* Reads an LMDB file without LMDB: with pread() and every offset checked, so that a damaged,
 * truncated or hostile file is an error and not a crash, read-only media and files that change
 * underneath are no special case, no lock file is made, no reader holds a writer's pages, and the
 * process that writes the file may read it too. One handle, one thread. FORMAT.md, section
 * "Environments". */
#ifndef AATGS_TRACE_PAGES_H
#define AATGS_TRACE_PAGES_H

#include "trace/bytes.h"
#include "trace/error.h"
#include "trace/format.h"

typedef struct aatgs_pages aatgs_pages;

/* AATGS_ENOTFOUND; AATGS_EFORMAT: no LMDB file of a kind this reads; AATGS_EIO. */
int aatgs_pages_open(const char *path, aatgs_pages **out, aatgs_error *error);
void aatgs_pages_close(aatgs_pages *pages);

/* Number of the last commit; 0: none can be read. */
uint64_t aatgs_pages_transaction(const aatgs_pages *pages);
/* How many of the two meta pages are whole; 2 also for a file whose creation was cut off. */
unsigned aatgs_pages_metas(const aatgs_pages *pages);

/* Finds the first key that is not below *key in the last committed state. 1: *key is that key and
 * `value` (unless NULL) holds its bytes; 0: there is none; AATGS_ECORRUPT, AATGS_EIO,
 * AATGS_ENOMEM, AATGS_EBUSY (a writer was faster, many times in a row). Keys of other lengths
 * than the trace's are damage. Values above `cap` bytes are damage too. */
int aatgs_pages_seek(aatgs_pages *pages, aatgs_key *key, aatgs_bytes *value, uint64_t cap,
                     aatgs_error *error);
/* The same for exactly *key. */
int aatgs_pages_get(aatgs_pages *pages, const aatgs_key *key, aatgs_bytes *value, uint64_t cap,
                    aatgs_error *error);

#endif
