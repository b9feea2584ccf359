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
  ZSTD_CCtx *of_parts;
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
  ZSTD_freeCCtx(codec->of_parts);
  ZSTD_freeDCtx(codec->decompressor);
  free(codec);
}

/* ---- Encoding ------------------------------------------------------------------- */

static bool compressor_ready(ZSTD_CCtx **c, int level)
{
  if (!*c && (*c = ZSTD_createCCtx()))
    ZSTD_CCtx_setParameter(*c, ZSTD_c_compressionLevel, level);
  return *c != NULL;
}

/* Up to this level a search for repetitions costs rows of numbers more than it saves: but for long
 * ones the quickest way is the smallest, too. */
#define QUICK_LEVEL 3

static bool part_compressor_ready(aatgs_codec *c)
{
  const bool is_new = !c->of_parts;
  if (!compressor_ready(&c->of_parts, c->level))
    return false;
  if (is_new && c->level <= QUICK_LEVEL) {
    ZSTD_CCtx_setParameter(c->of_parts, ZSTD_c_strategy, ZSTD_fast);
    ZSTD_CCtx_setParameter(c->of_parts, ZSTD_c_targetLength, 0);
    ZSTD_CCtx_setParameter(c->of_parts, ZSTD_c_minMatch, 7);
    ZSTD_CCtx_setParameter(c->of_parts, ZSTD_c_hashLog, 6);
  }
  return true;
}

/* Puts the header before `stored` bytes that begin at `at` in `out`; where they are not fewer than
 * the raw ones, the raw ones take their place. */
static int finish(const aatgs_value_header *header, const uint8_t *raw, size_t raw_size, size_t at,
                  size_t stored, aatgs_coding coding, aatgs_bytes *out)
{
  aatgs_value_header h = *header;
  h.magic = AATGS_VALUE_MAGIC;
  h.coding = (uint16_t)coding;
  out->size = at + stored;
  if (stored >= raw_size) {
    h.coding = AATGS_CODING_NONE;
    stored = raw_size;
    out->size = at;
    aatgs_bytes_put(out, raw, raw_size);
    if (out->failed)
      return AATGS_ENOMEM;
  }
  h.raw_bytes = raw_size;
  h.stored_bytes = stored;
  h.checksum = aatgs_hash64(out->data + at, stored,
                            aatgs_hash64(&h, offsetof(aatgs_value_header, checksum), 0));
  memcpy(out->data + at - sizeof h, &h, sizeof h);
  return 0;
}

int aatgs_value_pack(aatgs_codec *codec, const aatgs_value_header *header, const uint8_t *raw,
                     size_t raw_size, aatgs_bytes *out)
{
  const size_t at = out->size + AATGS_VALUE_HEADER_BYTES;
  uint8_t *to = aatgs_bytes_extend(out, AATGS_VALUE_HEADER_BYTES + raw_size);
  if (!to || !compressor_ready(&codec->compressor, codec->level))
    return AATGS_ENOMEM;
  size_t stored = raw_size;
  if (raw_size > 32)
    stored =
        ZSTD_compress2(codec->compressor, to + AATGS_VALUE_HEADER_BYTES, raw_size, raw, raw_size);
  if (ZSTD_isError(stored)) /* no room for as much */
    stored = raw_size;
  return finish(header, raw, raw_size, at, stored, AATGS_CODING_FRAME, out);
}

/* ---- Parts ---------------------------------------------------------------------- */

/* Bytes that are looked at together, and how many of them are counted. */
#define PIECE_BYTES  ((size_t)4096)
#define SAMPLE_BYTES ((size_t)512)
/* A frame of less than this is not worth its header. */
#define FRAME_MIN ((size_t)256)
/* Sum of the squares of how often each byte value comes in a sample of even ones: 1534, give or
 * take 45. A code would spare less than 1 % where it is below this. */
#define NOISE_SQUARES 1650u

static bool is_noise(const uint8_t *bytes, size_t size)
{
  uint16_t times[256] = {0};
  uint32_t squares = 0;
  if (size < 2 * SAMPLE_BYTES)
    return false;
  const uint8_t *sample = bytes + (size - SAMPLE_BYTES) / 2;
  for (size_t i = 0; i < SAMPLE_BYTES && squares < NOISE_SQUARES; i++)
    squares += 2u * times[sample[i]]++ + 1;
  return squares < NOISE_SQUARES;
}

/* A frame of blocks that are not compressed (RFC 8878): what zstd would make of noise, did it not
 * have to find out. */
static bool put_noise(const uint8_t *raw, size_t size, aatgs_bytes *out)
{
  static const size_t block_max = (size_t)128 << 10;
  aatgs_bytes_u32(out, ZSTD_MAGICNUMBER);
  aatgs_bytes_put(out, "\xa0", 1); /* one segment, its size in 4 bytes */
  aatgs_bytes_u32(out, (uint32_t)size);
  for (size_t at = 0, n; at < size; at += n) {
    n = size - at < block_max ? size - at : block_max;
    const uint32_t block = (uint32_t)n << 3 | (at + n == size);
    aatgs_bytes_put(out, &block, 3);
    aatgs_bytes_put(out, raw + at, n);
  }
  return !out->failed;
}

static bool put_frame(aatgs_codec *c, const uint8_t *raw, size_t size, bool noise, aatgs_bytes *out)
{
  const size_t room = ZSTD_compressBound(size);
  uint8_t *to = noise ? NULL : aatgs_bytes_extend(out, room);
  if (!to)
    return put_noise(raw, size, out);
  const size_t stored = ZSTD_compress2(c->of_parts, to, room, raw, size);
  out->size -= ZSTD_isError(stored) ? room : room - stored;
  return !ZSTD_isError(stored) || put_noise(raw, size, out);
}

/* A frame for each part, and for each run of pieces that are noise. */
static bool put_frames(aatgs_codec *c, const uint8_t *raw, size_t raw_size, const size_t *ends,
                       size_t count, aatgs_bytes *out)
{
  size_t begun = 0; /* of the frame that is being gathered */
  bool noise = false;
  for (size_t at = 0, part = 0, size; at < raw_size; at += size) {
    while (part < count && ends[part] <= at)
      part++;
    const size_t left = (part < count ? ends[part] : raw_size) - at;
    const bool starts = at == 0 || (part > 0 && ends[part - 1] == at);
    size = left < PIECE_BYTES + 2 * SAMPLE_BYTES ? left : PIECE_BYTES;
    const bool is = is_noise(raw + at, size);
    if (at - begun >= FRAME_MIN && (is != noise || (starts && !is))) {
      if (!put_frame(c, raw + begun, at - begun, noise, out))
        return false;
      begun = at;
    }
    noise = at - begun < FRAME_MIN ? is : noise && is;
  }
  return put_frame(c, raw + begun, raw_size - begun, noise, out);
}

int aatgs_value_pack_parts(aatgs_codec *codec, const aatgs_value_header *header, const uint8_t *raw,
                           size_t raw_size, const size_t *ends, size_t count, aatgs_bytes *out)
{
  if (count == 0)
    return aatgs_value_pack(codec, header, raw, raw_size, out);
  const size_t at = out->size + AATGS_VALUE_HEADER_BYTES;
  if (!aatgs_bytes_extend(out, AATGS_VALUE_HEADER_BYTES) || !part_compressor_ready(codec) ||
      !put_frames(codec, raw, raw_size, ends, count, out))
    return AATGS_ENOMEM;
  return finish(header, raw, raw_size, at, out->size - at, AATGS_CODING_FRAMES, out);
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
  if (header->coding > AATGS_CODING_FRAMES || header->pieces == 0 ||
      header->piece >= header->pieces || header->stored_bytes > size - sizeof *header ||
      header->raw_bytes / RATIO_MAX > header->stored_bytes ||
      (header->coding == AATGS_CODING_NONE && header->raw_bytes != header->stored_bytes))
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

int aatgs_value_begin(aatgs_value_reader *r, aatgs_codec *codec, const uint8_t *bytes,
                      const aatgs_value_header *header, uint64_t cap, aatgs_bytes *out,
                      const char **why)
{
  *why = "it claims to be larger than it may be";
  if (header->raw_bytes > cap)
    return AATGS_ECORRUPT;
  *why = "out of memory";
  out->size = 0;
  *r = (aatgs_value_reader){.codec = codec,
                            .stored = bytes + sizeof *header,
                            .stored_bytes = header->stored_bytes,
                            .raw = aatgs_bytes_extend(out, header->raw_bytes),
                            .raw_bytes = header->raw_bytes,
                            .coding = header->coding};
  if (!codec->decompressor)
    codec->decompressor = ZSTD_createDCtx();
  if (!r->raw || !codec->decompressor)
    return AATGS_ENOMEM;
  ZSTD_DCtx_reset(codec->decompressor, ZSTD_reset_session_only);
  ZSTD_DCtx_setParameter(codec->decompressor, ZSTD_d_windowLogMax, window_log(r->raw_bytes));
  *why = NULL;
  return 0;
}

/* Goes on in the one frame, piece by piece unless all of it is asked for at once. */
static bool reach_in_frame(aatgs_value_reader *r, uint64_t to)
{
  if (r->raw_at == 0 && to == r->raw_bytes) {
    r->raw_at = ZSTD_decompressDCtx(r->codec->decompressor, r->raw, to, r->stored, r->stored_bytes);
    return r->raw_at == to;
  }
  ZSTD_outBuffer out = {r->raw, to, r->raw_at};
  ZSTD_inBuffer in = {r->stored, r->stored_bytes, r->stored_at};
  while (out.pos < out.size) {
    const size_t before = in.pos + out.pos;
    const size_t left = ZSTD_decompressStream(r->codec->decompressor, &out, &in);
    if (ZSTD_isError(left))
      return false;
    if (left == 0 || before == in.pos + out.pos)
      break;
  }
  r->raw_at = out.pos;
  r->stored_at = in.pos;
  return out.pos == to;
}

/* The frame that comes next: its bytes, and those it makes. */
static bool next_frame(const aatgs_value_reader *r, size_t *stored, uint64_t *raw)
{
  const uint8_t *at = r->stored + r->stored_at;
  const size_t left = r->stored_bytes - r->stored_at;
  *stored = ZSTD_findFrameCompressedSize(at, left);
  *raw = ZSTD_getFrameContentSize(at, left);
  return !ZSTD_isError(*stored) && *raw != ZSTD_CONTENTSIZE_ERROR &&
         *raw != ZSTD_CONTENTSIZE_UNKNOWN && *raw > 0 && *raw <= r->raw_bytes - r->raw_at;
}

static bool reach_in_frames(aatgs_value_reader *r, uint64_t from, uint64_t to)
{
  while (r->raw_at < to) {
    size_t stored;
    uint64_t raw;
    if (!next_frame(r, &stored, &raw))
      return false;
    if (r->raw_at + raw > from && ZSTD_decompressDCtx(r->codec->decompressor, r->raw + r->raw_at,
                                                      raw, r->stored + r->stored_at, stored) != raw)
      return false;
    r->raw_at += raw;
    r->stored_at += stored;
  }
  return r->raw_at < r->raw_bytes || r->stored_at == r->stored_bytes;
}

int aatgs_value_reach(aatgs_value_reader *r, uint64_t from, uint64_t to, const char **why)
{
  bool ok = true;
  if (to <= r->raw_at && r->raw_bytes)
    return 0;
  if (r->coding == AATGS_CODING_FRAME)
    ok = reach_in_frame(r, to);
  else if (r->coding == AATGS_CODING_FRAMES)
    ok = reach_in_frames(r, from, to);
  else {
    memcpy(r->raw + r->raw_at, r->stored + r->raw_at, to - r->raw_at);
    r->raw_at = to;
  }
  *why = ok ? NULL : "it does not decompress to the size it claims";
  return ok ? 0 : AATGS_ECORRUPT;
}

int aatgs_value_unpack(aatgs_codec *codec, const uint8_t *bytes, const aatgs_value_header *header,
                       uint64_t cap, aatgs_bytes *out, const char **why)
{
  aatgs_value_reader r;
  int rc = aatgs_value_begin(&r, codec, bytes, header, cap, out, why);
  return rc ? rc : aatgs_value_reach(&r, 0, r.raw_bytes, why);
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

static bool find_blocks(aatgs_codec *codec, const uint8_t *frame, uint64_t size, uint64_t raw_bytes,
                        uint8_t *raw, aatgs_bytes *blocks)
{
  aatgs_value_block b = {0, 0};
  ZSTD_outBuffer to = {raw, raw_bytes, 0};
  ZSTD_inBuffer in = {frame, frame_header_bytes(frame, size), 0};
  ZSTD_DCtx_reset(codec->decompressor, ZSTD_reset_session_only);
  ZSTD_DCtx_setParameter(codec->decompressor, ZSTD_d_windowLogMax, 28);
  for (size_t done = 0; to.pos < to.size; done = in.size) {
    if (in.size < size)
      in.size += block_bytes(frame + in.size, size - in.size);
    if (in.size == done || in.size > size ||
        ZSTD_isError(ZSTD_decompressStream(codec->decompressor, &to, &in)))
      return false;
    b = (aatgs_value_block){to.pos, in.size - done};
    if (to.pos < to.size)
      aatgs_bytes_put(blocks, &b, sizeof b);
  }
  b.stored += size - in.size; /* an empty block may end the frame */
  aatgs_bytes_put(blocks, &b, sizeof b);
  return true;
}

static void find_frames(aatgs_value_reader *r, aatgs_bytes *blocks)
{
  size_t stored;
  uint64_t raw;
  for (; r->raw_at < r->raw_bytes && next_frame(r, &stored, &raw); r->stored_at += stored) {
    const aatgs_value_block b = {r->raw_at += raw, stored};
    aatgs_bytes_put(blocks, &b, sizeof b);
  }
}

int aatgs_value_blocks(aatgs_codec *codec, const uint8_t *bytes, const aatgs_value_header *header,
                       uint64_t cap, aatgs_bytes *out, aatgs_bytes *blocks, const char **why)
{
  aatgs_value_reader r;
  const aatgs_value_block whole = {header->raw_bytes, header->stored_bytes};
  blocks->size = 0;
  int rc = aatgs_value_unpack(codec, bytes, header, cap, out, why);
  if (!rc)
    rc = aatgs_value_begin(&r, codec, bytes, header, cap, out, why);
  if (rc)
    return rc;
  if (header->coding == AATGS_CODING_NONE)
    aatgs_bytes_put(blocks, &whole, sizeof whole);
  else if (header->coding == AATGS_CODING_FRAMES)
    find_frames(&r, blocks);
  else if (!find_blocks(codec, r.stored, r.stored_bytes, r.raw_bytes, r.raw, blocks)) {
    *why = "its frame is not what it seems";
    return AATGS_ECORRUPT;
  }
  *why = blocks->failed ? "out of memory" : NULL;
  rc = blocks->failed ? AATGS_ENOMEM : 0;
  blocks->failed = false;
  return rc;
}
