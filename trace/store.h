/* One LMDB environment being written. Changes gather in memory and go to the disk in one durable
 * transaction. One handle, one thread. */
#ifndef AATGS_TRACE_STORE_H
#define AATGS_TRACE_STORE_H

#include "trace/bytes.h"
#include "trace/error.h"
#include "trace/format.h"

typedef struct aatgs_store aatgs_store;

/* Creates the environment `name` in folder `dir`, with its lock file allocated in full. The file
 * must not be there. On failure neither is left behind. */
int aatgs_store_create(const char *dir, const char *name, aatgs_store **out, aatgs_error *error);
/* What is pending and not committed is dropped. */
void aatgs_store_close(aatgs_store *store);

/* Starts a value under `key`, replacing an older one; the caller appends its bytes to the buffer
 * that is returned, then calls aatgs_store_put_end(). NULL when out of memory. */
aatgs_bytes *aatgs_store_put(aatgs_store *store, const aatgs_key *key);
void aatgs_store_put_end(aatgs_store *store);
/* Drops the value begun last. */
void aatgs_store_put_cancel(aatgs_store *store);
/* Removes a value, if it is there when the transaction comes to it. */
int aatgs_store_delete(aatgs_store *store, const aatgs_key *key);

/* Forgets all that is pending. */
void aatgs_store_drop(aatgs_store *store);

/* Bytes that wait to be committed. */
size_t aatgs_store_pending(const aatgs_store *store);
/* What the file can grow to; UINT64_MAX until a larger map was refused. */
uint64_t aatgs_store_bytes_max(const aatgs_store *store);
/* Bytes of the file. */
uint64_t aatgs_store_bytes(const aatgs_store *store);
/* Writes all that is pending and returns when it is safe on the disk. On failure nothing of it
 * is, and it stays pending. AATGS_ENOSPC, AATGS_EIO, AATGS_ENOMEM. */
int aatgs_store_commit(aatgs_store *store, aatgs_error *error);

#endif
