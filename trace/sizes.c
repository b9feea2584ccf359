#include "trace/sizes.h"

#include <inttypes.h>

#include "trace/reader.h"
#include "trace/walk.h"

/* Shares what raw bytes `from` to `to` were compressed to out to where they belong. */
static void share(double *stored, const aatgs_bytes *blocks, uint64_t from, uint64_t to)
{
  const aatgs_value_block *b = (const aatgs_value_block *)(const void *)blocks->data;
  const size_t count = blocks->size / sizeof *b;
  uint64_t begin = 0;
  for (size_t i = 0; i < count; begin = b[i++].end) {
    const uint64_t low = from > begin ? from : begin, high = to < b[i].end ? to : b[i].end;
    if (low < high)
      *stored += (double)b[i].stored * (double)(high - low) / (double)(b[i].end - begin);
  }
}

static bool add_chunk(aatgs_trace_sizes *s, const aatgs_bytes *raw, const aatgs_bytes *blocks)
{
  aatgs_chunk_header h;
  if (raw->size < sizeof h)
    return false;
  memcpy(&h, raw->data, sizeof h);
  if (h.config_words > AATGS_CONFIG_WORDS_MAX || h.telemetry_words > AATGS_TELEMETRY_WORDS_MAX)
    return false;
  const uint32_t columns =
      AATGS_ITERATION_COLUMNS + h.config_words + h.telemetry_words + AATGS_TIMING_COLUMNS;
  const uint64_t first = sizeof h + (uint64_t)columns * sizeof(aatgs_column_entry) + h.link_bytes;
  if ((s->chunks && columns != s->columns) || first > raw->size)
    return false;
  uint64_t at = first;
  for (uint32_t c = 0; c < columns; c++) {
    aatgs_column_entry e;
    memcpy(&e, raw->data + sizeof h + c * sizeof e, sizeof e);
    share(&s->stored[c], blocks, at, at + e.bytes);
    s->raw[c] += e.bytes;
    at += e.bytes;
  }
  share(&s->chunk_headers, blocks, 0, first);
  s->chunk_headers += AATGS_VALUE_HEADER_BYTES;
  s->columns = columns;
  s->chunks++;
  s->iterations += h.iterations;
  s->timings += h.timings;
  return at == raw->size;
}

/* The value of that key in t->value. */
static int add_value(aatgs_trace *t, const aatgs_key *key, aatgs_trace_sizes *s,
                     aatgs_bytes *blocks)
{
  aatgs_value_header h;
  const char *why;
  int rc = aatgs_trace_check_value(t, key, &h);
  if (rc)
    return rc;
  s->kinds[key->kind < AATGS_SIZES_KINDS ? key->kind : 0] +=
      AATGS_VALUE_HEADER_BYTES + h.stored_bytes;
  if (key->kind != AATGS_KIND_CHUNK && key->kind != AATGS_KIND_TAIL)
    return 0;
  rc =
      aatgs_value_blocks(t->codec, t->value.data, &h, AATGS_CHUNK_BYTES_MAX, &t->raw, blocks, &why);
  if (!rc && !add_chunk(s, &t->raw, blocks)) {
    rc = AATGS_ECORRUPT;
    why = "its columns do not fill it";
  }
  t->raw.failed = false;
  return rc ? aatgs_trace_chunk_failed(t, rc, &h, why) : 0;
}

static int add_file(aatgs_trace *t, aatgs_pages *pages, aatgs_trace_sizes *s, aatgs_bytes *blocks)
{
  aatgs_key key = {0, 0, 0};
  do {
    int rc = aatgs_pages_seek(pages, &key, &t->value, AATGS_VALUE_BYTES_MAX, &t->error);
    if (rc == 1)
      rc = add_value(t, &key, s, blocks);
    else
      return rc;
    if (rc)
      return rc;
  } while (aatgs_key_next(&key));
  return 0;
}

int aatgs_trace_measure(aatgs_trace *trace, aatgs_trace_sizes *out)
{
  aatgs_bytes blocks = {0};
  *out = (aatgs_trace_sizes){0};
  int rc = add_file(trace, trace->meta, out, &blocks);
  for (uint32_t i = 0; !rc && i < trace->env_count; i++)
    rc = add_file(trace, trace->envs[i].pages, out, &blocks);
  aatgs_bytes_free(&blocks);
  return rc;
}
