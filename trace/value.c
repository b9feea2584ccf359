#include "trace/value.h"

#include <zstd.h>

#include "trace/hash.h"

_Static_assert(sizeof(aatgs_value_header) == AATGS_VALUE_HEADER_BYTES, "header is packed");

/* A block of zstd takes 4 bytes at least and makes 128 KiB at most. */
#define RATIO_MAX 32768u
/* The window of a frame that is decoded piece by piece is memory: at least what the highest level
 * takes, and no more than the value itself. */
#define WINDOW_LOG 23

struct aatgs_codec {
  ZSTD_CCtx *compressor;
  ZSTD_DCtx *decompressor;
  int level;
};

int aatgs_codec_open(int zstd_level, aatgs_codec **out)
{
  *out = calloc(1, sizeof **out);
  if (!*out)
    return AATGS_ENOMEM;
  (*out)->level = zstd_level;
  return 0;
}

void aatgs_codec_close(aatgs_codec *codec)
{
  if (!codec)
    return;
  ZSTD_freeCCtx(codec->compressor);
  ZSTD_freeDCtx(codec->decompressor);
  free(codec);
}

/* ---- Encoding ------------------------------------------------------------------- */

static bool compressor_ready(aatgs_codec *c, size_t raw_size)
{
  if (!c->compressor) {
    c->compressor = ZSTD_createCCtx();
    if (!c->compressor)
      return false;
    ZSTD_CCtx_setParameter(c->compressor, ZSTD_c_compressionLevel, c->level);
    ZSTD_CCtx_setParameter(c->compressor, ZSTD_c_checksumFlag, 0);
  }
  ZSTD_CCtx_reset(c->compressor, ZSTD_reset_session_only);
  return !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(c->compressor, raw_size));
}

/* Compresses raw into `to`, ending a block at each of `ends`; 0 when it does not fit. */
static size_t compress(aatgs_codec *c, uint8_t *to, size_t room, const uint8_t *raw,
                       size_t raw_size, const size_t *ends, size_t count)
{
  ZSTD_outBuffer out = {to, room, 0};
  ZSTD_inBuffer in = {raw, 0, 0};
  for (size_t i = 0; i <= count; i++) {
    in.size = i < count ? ends[i] : raw_size;
    size_t left =
        ZSTD_compressStream2(c->compressor, &out, &in, i < count ? ZSTD_e_flush : ZSTD_e_end);
    if (left != 0) /* an error, or no more room */
      return 0;
  }
  return out.pos;
}

int aatgs_value_pack_parts(aatgs_codec *codec, const aatgs_value_header *header, const uint8_t *raw,
                           size_t raw_size, const size_t *ends, size_t count, aatgs_bytes *out)
{
  size_t room = raw_size ? raw_size : 1;
  uint8_t *at = aatgs_bytes_extend(out, AATGS_VALUE_HEADER_BYTES + room);
  if (!at || !compressor_ready(codec, raw_size))
    return AATGS_ENOMEM;
  size_t stored = 0;
  if (raw_size > 32)
    stored = compress(codec, at + AATGS_VALUE_HEADER_BYTES, raw_size, raw, raw_size, ends, count);
  aatgs_value_header h = *header;
  h.magic = AATGS_VALUE_MAGIC;
  h.coding = stored != 0;
  if (!stored && raw_size) {
    memcpy(at + AATGS_VALUE_HEADER_BYTES, raw, raw_size);
    stored = raw_size;
  }
  h.raw_bytes = raw_size;
  h.stored_bytes = stored;
  h.checksum = aatgs_hash64(at + AATGS_VALUE_HEADER_BYTES, stored,
                            aatgs_hash64(&h, offsetof(aatgs_value_header, checksum), 0));
  memcpy(at, &h, sizeof h);
  out->size -= room - stored;
  return 0;
}

int aatgs_value_pack(aatgs_codec *codec, const aatgs_value_header *header, const uint8_t *raw,
                     size_t raw_size, aatgs_bytes *out)
{
  return aatgs_value_pack_parts(codec, header, raw, raw_size, NULL, 0, out);
}

/* ---- Decoding ------------------------------------------------------------------- */

int aatgs_value_check(const uint8_t *bytes, size_t size, aatgs_value_header *header,
                      const char **why)
{
  *why = "too short for a value";
  if (size < sizeof *header)
    return AATGS_ECORRUPT;
  memcpy(header, bytes, sizeof *header);
  *why = "not a value of a trace";
  if (header->magic != AATGS_VALUE_MAGIC)
    return AATGS_ECORRUPT;
  *why = "its header does not hold together";
  if (header->coding > 1 || header->pieces == 0 || header->piece >= header->pieces ||
      header->stored_bytes > size - sizeof *header ||
      header->raw_bytes / RATIO_MAX > header->stored_bytes ||
      (header->coding == 0 && header->raw_bytes != header->stored_bytes))
    return AATGS_ECORRUPT;
  *why = "its checksum is wrong";
  uint64_t seed = aatgs_hash64(bytes, offsetof(aatgs_value_header, checksum), 0);
  if (aatgs_hash64(bytes + sizeof *header, header->stored_bytes, seed) != header->checksum)
    return AATGS_ECORRUPT;
  *why = NULL;
  return 0;
}

static int window_log(uint64_t raw_bytes)
{
  int log = WINDOW_LOG;
  while (UINT64_C(1) << log < raw_bytes && log < 28)
    log++;
  return log;
}

/* Decodes until the frame of `raw_bytes` ends or `out` is full; the bytes decoded, or SIZE_MAX. */
static size_t decompress(aatgs_codec *c, const uint8_t *from, size_t size, uint8_t *to, size_t room,
                         uint64_t raw_bytes)
{
  if (!c->decompressor)
    c->decompressor = ZSTD_createDCtx();
  if (!c->decompressor)
    return SIZE_MAX;
  if (room == raw_bytes) {
    size_t n = ZSTD_decompressDCtx(c->decompressor, to, room, from, size);
    return ZSTD_isError(n) ? SIZE_MAX : n;
  }
  ZSTD_outBuffer out = {to, room, 0};
  ZSTD_inBuffer in = {from, size, 0};
  ZSTD_DCtx_reset(c->decompressor, ZSTD_reset_session_only);
  ZSTD_DCtx_setParameter(c->decompressor, ZSTD_d_windowLogMax, window_log(raw_bytes));
  while (out.pos < out.size) {
    size_t before = in.pos + out.pos;
    size_t left = ZSTD_decompressStream(c->decompressor, &out, &in);
    if (ZSTD_isError(left))
      return SIZE_MAX;
    if (left == 0 || before == in.pos + out.pos)
      break;
  }
  return out.pos;
}

int aatgs_value_unpack(aatgs_codec *codec, const uint8_t *bytes, const aatgs_value_header *header,
                       uint64_t cap, uint64_t wanted, aatgs_bytes *out, const char **why)
{
  *why = "it claims to be larger than it may be";
  if (header->raw_bytes > cap)
    return AATGS_ECORRUPT;
  size_t size = wanted < header->raw_bytes ? wanted : header->raw_bytes;
  out->size = 0;
  *why = "out of memory";
  uint8_t *to = aatgs_bytes_extend(out, size);
  if (!to)
    return AATGS_ENOMEM;
  const uint8_t *from = bytes + sizeof *header;
  *why = "it does not decompress to the size it claims";
  if (header->coding == 0)
    memcpy(to, from, size);
  else if (decompress(codec, from, header->stored_bytes, to, size, header->raw_bytes) != size)
    return AATGS_ECORRUPT;
  *why = NULL;
  return 0;
}

/* ---- Blocks of a frame (RFC 8878) ---------------------------------------------------- */

/* Bytes before the first block; more than there are when they cannot be told. */
static size_t frame_header_bytes(const uint8_t *frame, size_t size)
{
  static const uint8_t dictionary[] = {0, 1, 2, 4}, content[] = {0, 2, 4, 8};
  if (size < 5)
    return size + 1;
  const uint8_t d = frame[4];
  const size_t single = d >> 5 & 1;
  return 5 + !single + dictionary[d & 3] + (d >> 6 ? content[d >> 6] : single);
}

/* Bytes of the block at `at`, with its header of 3; past the end when it is cut off. */
static size_t block_bytes(const uint8_t *at, size_t left)
{
  if (left < 3)
    return left + 1;
  const uint32_t h = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
  return 3 + ((h >> 1 & 3) == 1 ? 1 : h >> 3); /* type 1: one byte, many times */
}

int aatgs_value_blocks(aatgs_codec *codec, const uint8_t *bytes, const aatgs_value_header *header,
                       uint64_t cap, aatgs_bytes *out, aatgs_bytes *blocks, const char **why)
{
  int rc = aatgs_value_unpack(codec, bytes, header, cap, UINT64_MAX, out, why);
  blocks->size = 0;
  if (rc)
    return rc;
  aatgs_value_block b = {header->raw_bytes, header->stored_bytes};
  ZSTD_inBuffer in = {bytes + sizeof *header, 0, 0};
  ZSTD_outBuffer to = {out->data, header->raw_bytes, 0};
  const uint8_t *frame = in.src;
  if (header->coding == 1) {
    in.size = frame_header_bytes(frame, header->stored_bytes);
    ZSTD_DCtx_reset(codec->decompressor, ZSTD_reset_session_only);
    ZSTD_DCtx_setParameter(codec->decompressor, ZSTD_d_windowLogMax, 28);
  }
  for (size_t done = 0; header->coding == 1 && to.pos < to.size; done = in.size) {
    if (in.size < header->stored_bytes)
      in.size += block_bytes(frame + in.size, header->stored_bytes - in.size);
    *why = "its frame is not what it seems";
    if (in.size == done || in.size > header->stored_bytes ||
        ZSTD_isError(ZSTD_decompressStream(codec->decompressor, &to, &in)))
      return AATGS_ECORRUPT;
    b = (aatgs_value_block){to.pos, in.size - done};
    if (to.pos < to.size)
      aatgs_bytes_put(blocks, &b, sizeof b);
  }
  if (header->coding == 1)
    b.stored += header->stored_bytes - in.size; /* an empty block may end the frame */
  aatgs_bytes_put(blocks, &b, sizeof b);
  *why = blocks->failed ? "out of memory" : NULL;
  rc = blocks->failed ? AATGS_ENOMEM : 0;
  blocks->failed = false;
  return rc;
}
