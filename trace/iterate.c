/* Iterations of a trace, in order. */
#include <inttypes.h>

#include "trace/reader.h"

/* Looks in one environment. 1: the value is in t->value, 0: there is none, or an error. */
static int find_in(aatgs_trace *t, aatgs_pages *pages, uint64_t position, aatgs_value_header *h)
{
  aatgs_key key = {AATGS_KIND_CHUNK, position, 0};
  uint64_t cap = (uint64_t)AATGS_CHUNK_BYTES_MAX + AATGS_VALUE_HEADER_BYTES;
  int rc = aatgs_pages_seek(pages, &key, &t->value, cap, &t->error);
  if (rc != 1 || (key.kind != AATGS_KIND_CHUNK && key.kind != AATGS_KIND_TAIL))
    return rc == 1 ? 0 : rc;
  rc = aatgs_trace_check_value(t, &key, h);
  return rc ? rc : h->number >= position;
}

int aatgs_trace_find_chunk(aatgs_trace *t, uint64_t position, aatgs_value_header *h)
{
  for (uint32_t i = 0; i < t->env_count; i++) {
    /* The newest one may have grown since its state was read. */
    if (i + 1 < t->env_count && t->envs[i].state.last < position)
      continue;
    int rc = find_in(t, t->envs[i].pages, position, h);
    if (rc)
      return rc;
  }
  if (t->state.iterations && t->state.last >= position)
    return aatgs_error_set(&t->error, AATGS_ECORRUPT, 0,
                           "%s: iterations %" PRIu64 " to %" PRIu64 " are missing", t->dir,
                           position, t->state.last);
  return 0;
}

int aatgs_trace_chunk_failed(aatgs_trace *t, int code, const aatgs_value_header *h, const char *why)
{
  return aatgs_error_set(&t->error, code, 0,
                         "%s: iterations %" PRIu64 " to %" PRIu64 " are damaged: %s; `aatgs "
                         "recover` saves what is whole",
                         t->dir, h->extra, h->number, why);
}

/* A chunk that vanished without a trace shows in the one after it. */
int aatgs_trace_check_order(aatgs_trace *t, uint64_t previous, const aatgs_chunk_header *h,
                            uint64_t first)
{
  if (previous && h->before != previous)
    return aatgs_error_set(&t->error, AATGS_ECORRUPT, 0,
                           "%s: a chunk between iterations %" PRIu64 " and %" PRIu64 " is missing",
                           t->dir, previous, first);
  return 0;
}

/* Loads the chunk that holds t->position or follows it. */
static int load(aatgs_trace *t)
{
  aatgs_value_header h;
  const char *why;
  t->chunk.header.iterations = 0;
  t->row = 0;
  int rc = aatgs_trace_find_chunk(t, t->position, &h);
  if (rc != 1)
    return rc;
  rc = aatgs_chunk_unpack(&t->chunk, t->codec, t->value.data, &h, t->info.config_bytes,
                          t->info.telemetry_bytes, &why);
  if (rc)
    return aatgs_trace_chunk_failed(t, rc, &h, why);
  rc = aatgs_trace_check_order(t, t->previous, &t->chunk.header, t->chunk.first);
  if (rc) {
    t->chunk.header.iterations = 0;
    return rc;
  }
  t->previous = h.kind == AATGS_KIND_TAIL ? 0 : h.number;
  while (t->chunk.iterations[t->row].iteration < t->position)
    t->row++;
  return 1;
}

int aatgs_trace_seek(aatgs_trace *trace, uint64_t iteration)
{
  trace->position = iteration;
  trace->previous = 0;
  trace->chunk.header.iterations = 0;
  trace->row = 0;
  return 0;
}

int aatgs_trace_next(aatgs_trace *trace, aatgs_iteration *out)
{
  if (trace->row >= trace->chunk.header.iterations) {
    int rc = load(trace);
    if (rc != 1)
      return rc;
  }
  *out = trace->chunk.iterations[trace->row++];
  trace->position = out->iteration + 1;
  return trace->position ? 1 : aatgs_trace_failed(trace, AATGS_ECORRUPT, "an iteration overflows");
}
