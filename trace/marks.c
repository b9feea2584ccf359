/* Marks: moments of a run that somebody wanted to find again. FORMAT.md, section "The run". */
#include "trace/marks.h"

#include "trace/reader.h"

#define FIXED_BYTES 32u

void aatgs_mark_write(const aatgs_trace_mark *mark, aatgs_bytes *out)
{
  size_t length = mark->text ? strnlen(mark->text, AATGS_MARK_BYTES_MAX - FIXED_BYTES) : 0;
  aatgs_bytes_u32(out, (uint32_t)mark->kind);
  aatgs_bytes_u32(out, 0);
  aatgs_bytes_u64(out, mark->iteration);
  aatgs_bytes_u64(out, mark->at_ns);
  aatgs_bytes_u64(out, mark->value);
  aatgs_bytes_put(out, mark->text, length);
}

bool aatgs_mark_read(const uint8_t *bytes, size_t size, aatgs_bytes *text, aatgs_trace_mark *out)
{
  aatgs_cursor c = {bytes, bytes + size, false};
  *out = (aatgs_trace_mark){.kind = (aatgs_trace_mark_kind)aatgs_cursor_u32(&c)};
  aatgs_cursor_u32(&c);
  out->iteration = aatgs_cursor_u64(&c);
  out->at_ns = aatgs_cursor_u64(&c);
  out->value = aatgs_cursor_u64(&c);
  size_t length = aatgs_cursor_left(&c);
  if (c.failed || size > AATGS_MARK_BYTES_MAX || memchr(c.at, 0, length))
    return false;
  text->size = 0;
  aatgs_bytes_put(text, c.at, length);
  aatgs_bytes_put(text, "", 1);
  out->text = (const char *)text->data;
  return !text->failed;
}

int aatgs_trace_get_mark(aatgs_trace *trace, uint64_t index, aatgs_trace_mark *out)
{
  const aatgs_key key = {AATGS_KIND_MARK, index, 0};
  aatgs_value_header h;
  int rc = aatgs_trace_fetch(trace, trace->meta, &key, AATGS_MARK_BYTES_MAX, &h);
  if (rc == 1 && !aatgs_mark_read(trace->raw.data, trace->raw.size, &trace->mark_text, out))
    return aatgs_trace_failed(trace, AATGS_ECORRUPT, "a mark does not decode");
  return rc;
}

const char *aatgs_trace_mark_name(aatgs_trace_mark_kind kind)
{
  static const char *const names[] = {"?", "expression", "signal", "fault", "call", "stopped"};
  return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : names[0];
}
