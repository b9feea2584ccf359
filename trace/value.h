/* A value as it stands in an environment: a 64-byte header that says what it is, then its bytes,
 * compressed when that makes them fewer. FORMAT.md, section "Values". */
#ifndef AATGS_TRACE_VALUE_H
#define AATGS_TRACE_VALUE_H

#include "trace/bytes.h"
#include "trace/error.h"
#include "trace/format.h"

#define AATGS_VALUE_HEADER_BYTES 64u
#define AATGS_VALUE_MAGIC        UINT32_C(0x56475441) /* "ATGV" */

typedef struct aatgs_value_header {
  uint32_t magic;
  uint16_t kind;         /* aatgs_kind */
  uint16_t coding;       /* 0: as it is, 1: a zstd frame */
  uint64_t trace;        /* the trace's identity */
  uint64_t number;       /* as in the key, but for TAIL: last iteration */
  uint32_t piece;        /* as in the key */
  uint32_t pieces;       /* that belong together; at least 1 */
  uint64_t raw_bytes;    /* after decoding */
  uint64_t stored_bytes; /* behind the header */
  uint64_t extra;        /* by kind: chunk: first iteration; input, snapshot: bytes in all */
  uint64_t checksum;     /* hash64(stored bytes, seed hash64(the 56 bytes before, seed 0)) */
} aatgs_value_header;

/* What compresses and decompresses; one for each thread. */
typedef struct aatgs_codec aatgs_codec;
int aatgs_codec_open(int zstd_level, aatgs_codec **out);
void aatgs_codec_close(aatgs_codec *codec);

/* Appends header and encoded bytes to `out`. Of `header`: kind, trace, number, piece, pieces and
 * extra are the caller's. AATGS_ENOMEM. */
int aatgs_value_pack(aatgs_codec *codec, const aatgs_value_header *header, const uint8_t *raw,
                     size_t raw_size, aatgs_bytes *out);
/* The same, with the encoder told where one kind of bytes ends and another begins: `ends` are
 * rising offsets into raw. */
int aatgs_value_pack_parts(aatgs_codec *codec, const aatgs_value_header *header, const uint8_t *raw,
                           size_t raw_size, const size_t *ends, size_t count, aatgs_bytes *out);

/* Checks header and checksum of the value in `bytes` (which may have padding behind it) and
 * stores the header. AATGS_ECORRUPT, with what is wrong in *why. */
int aatgs_value_check(const uint8_t *bytes, size_t size, aatgs_value_header *header,
                      const char **why);
/* Decodes a checked value; its raw size must be at most `cap`. Replaces the content of `out`. With
 * `wanted` < raw size, only so many bytes from the start (at least) are decoded. */
int aatgs_value_unpack(aatgs_codec *codec, const uint8_t *bytes, const aatgs_value_header *header,
                       uint64_t cap, uint64_t wanted, aatgs_bytes *out, const char **why);

/* A block of a zstd frame, or a whole value that is not compressed. */
typedef struct aatgs_value_block {
  uint64_t end;    /* offset behind its last decoded byte */
  uint64_t stored; /* bytes it takes, with what frames it */
} aatgs_value_block;
/* Decodes all of a checked value, and replaces the content of `blocks` with its blocks. */
int aatgs_value_blocks(aatgs_codec *codec, const uint8_t *bytes, const aatgs_value_header *header,
                       uint64_t cap, aatgs_bytes *out, aatgs_bytes *blocks, const char **why);

#endif
