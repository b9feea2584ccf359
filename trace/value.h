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
  uint16_t coding;       /* aatgs_coding */
  uint64_t trace;        /* the trace's identity */
  uint64_t number;       /* as in the key, but for TAIL: last iteration */
  uint32_t piece;        /* as in the key */
  uint32_t pieces;       /* that belong together; at least 1 */
  uint64_t raw_bytes;    /* after decoding */
  uint64_t stored_bytes; /* behind the header */
  uint64_t extra;        /* by kind: chunk: first iteration; input, snapshot: bytes in all */
  uint64_t checksum;     /* hash64(stored bytes, seed hash64(the 56 bytes before, seed 0)) */
} aatgs_value_header;

typedef enum aatgs_coding {
  AATGS_CODING_NONE = 0,
  AATGS_CODING_FRAME = 1, /* one zstd frame */
  AATGS_CODING_FRAMES = 2 /* zstd frames one behind the other, each naming its content's size */
} aatgs_coding;

/* What compresses and decompresses; one for each thread. */
typedef struct aatgs_codec aatgs_codec;
int aatgs_codec_open(int zstd_level, aatgs_codec **out);
void aatgs_codec_close(aatgs_codec *codec);

/* Appends header and encoded bytes to `out`. Of `header`: kind, trace, number, piece, pieces and
 * extra are the caller's. AATGS_ENOMEM. */
int aatgs_value_pack(aatgs_codec *codec, const aatgs_value_header *header, const uint8_t *raw,
                     size_t raw_size, aatgs_bytes *out);
/* The same in frames, for rows of numbers: `ends`, rising offsets into raw, say where bytes of one
 * kind end and others begin. Those that look like noise are stored as they are. */
int aatgs_value_pack_parts(aatgs_codec *codec, const aatgs_value_header *header, const uint8_t *raw,
                           size_t raw_size, const size_t *ends, size_t count, aatgs_bytes *out);

/* Checks header and checksum of the value in `bytes` (which may have padding behind it) and
 * stores the header. AATGS_ECORRUPT, with what is wrong in *why. */
int aatgs_value_check(const uint8_t *bytes, size_t size, aatgs_value_header *header,
                      const char **why);
/* Decodes a checked value; its raw size must be at most `cap`. Replaces the content of `out`.
 * AATGS_ECORRUPT with what is wrong in *why, AATGS_ENOMEM. */
int aatgs_value_unpack(aatgs_codec *codec, const uint8_t *bytes, const aatgs_value_header *header,
                       uint64_t cap, aatgs_bytes *out, const char **why);

/* A value that is decoded from front to back as far as somebody asks, frames that nobody asks for
 * being passed over. The codec and the bytes stay the caller's and in use. */
typedef struct aatgs_value_reader {
  aatgs_codec *codec;
  const uint8_t *stored;
  uint64_t stored_bytes;
  uint64_t stored_at; /* what comes next */
  uint8_t *raw;
  uint64_t raw_bytes;
  uint64_t raw_at;
  uint16_t coding;
} aatgs_value_reader;

/* Begins to decode a checked value as aatgs_value_unpack() does: `out` gets its size, but nothing
 * is decoded yet. */
int aatgs_value_begin(aatgs_value_reader *r, aatgs_codec *codec, const uint8_t *bytes,
                      const aatgs_value_header *header, uint64_t cap, aatgs_bytes *out,
                      const char **why);
/* Bytes `from` to `to` of the value are in their place then; neither may be less than it was in the
 * call before, nor more than there are. */
int aatgs_value_reach(aatgs_value_reader *r, uint64_t from, uint64_t to, const char **why);

/* A block of the one zstd frame, one of several frames, or a whole value that is not compressed. */
typedef struct aatgs_value_block {
  uint64_t end;    /* offset behind its last decoded byte */
  uint64_t stored; /* bytes it takes, with what frames it */
} aatgs_value_block;
/* Decodes all of a checked value, and replaces the content of `blocks` with its blocks. */
int aatgs_value_blocks(aatgs_codec *codec, const uint8_t *bytes, const aatgs_value_header *header,
                       uint64_t cap, aatgs_bytes *out, aatgs_bytes *blocks, const char **why);

#endif
