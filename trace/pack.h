/* The layout of a pack, and reading one without trusting it. FORMAT.md, section "Packs". */
#ifndef AATGS_TRACE_PACK_H
#define AATGS_TRACE_PACK_H

#include <stdio.h>

#include "trace/care.h"
#include "trace/hash.h"
#include "trace/value.h"

#define AATGS_PACK_MAGIC   "AATGSPAK"
#define AATGS_PACK_VERSION 1u
#define AATGS_PACK_END     UINT32_MAX

typedef struct aatgs_pack_header {
  char magic[8];
  uint32_t version;
  uint32_t pad0;
  uint64_t trace;
} aatgs_pack_header;

/* Before each value; `file` is 0 for meta, n for data file n, AATGS_PACK_END for the end. */
typedef struct aatgs_pack_entry {
  uint32_t file;
  uint8_t key[AATGS_KEY_BYTES];
  uint8_t pad0[7];
  uint64_t bytes; /* of the value; at the end: the number of values */
  uint64_t chain; /* hash64(the 32 bytes before and the value, seed: the chain before) */
} aatgs_pack_entry;

_Static_assert(sizeof(aatgs_pack_header) == 24, "pack header");
_Static_assert(sizeof(aatgs_pack_entry) == 40, "pack entry");

static inline uint64_t aatgs_pack_chain(const aatgs_pack_entry *e, const uint8_t *value,
                                        uint64_t size, uint64_t chain)
{
  chain = aatgs_hash64(e, offsetof(aatgs_pack_entry, chain), chain);
  return size ? aatgs_hash64(value, size, chain) : chain;
}

/* A value of a pack, checked: its checksum and the chain are right, it is what its key says, and
 * stands in a file where such a value may be. Valid during the call. */
typedef struct aatgs_pack_value {
  uint32_t file; /* 0: meta; rising */
  aatgs_key key;
  aatgs_value_header header;
  const uint8_t *bytes; /* header and stored bytes */
  size_t size;
} aatgs_pack_value;

/* Gets each value in the order of the pack. Anything but 0 ends the reading, which returns it. */
typedef int (*aatgs_pack_visit)(void *user, const aatgs_pack_value *value);

/* Reads a pack from front to end; `name` is for messages. Of `report`, values and bytes are added
 * to. Values of kinds that this version does not know are checked and passed over.
 * AATGS_EFORMAT: no pack; AATGS_EVERSION; AATGS_ECORRUPT; AATGS_EIO; AATGS_ENOMEM. */
int aatgs_pack_read(FILE *from, const char *name, aatgs_pack_visit visit, void *user,
                    aatgs_trace_report *report, aatgs_error *error);

#endif
