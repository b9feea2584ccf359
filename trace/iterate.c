/* Iterations of a trace, in order. */
#include <inttypes.h>

#include "trace/reader.h"

static int unpack(aatgs_trace *t, const aatgs_key *key)
{
  aatgs_value_header h;
  const char *why;
  int rc = aatgs_trace_check_value(t, key, &h);
  if (rc)
    return rc;
  rc = aatgs_chunk_unpack(&t->chunk, t->codec, t->value.data, &h, t->info.config_bytes,
                          t->info.telemetry_bytes, &why);
  if (rc)
    return aatgs_error_set(&t->error, rc, 0,
                           "%s: iterations %" PRIu64 " to %" PRIu64 " are damaged: %s; `aatgs "
                           "recover` saves what is whole",
                           t->dir, h.extra, h.number, why);
  return 0;
}

/* Reads the chunk, or the tail, of an environment that holds the first iteration not below
 * `position`. 1, 0: there is none, or an error. */
static int load_from(aatgs_trace *t, aatgs_pages *pages, uint64_t position, bool *tail)
{
  aatgs_key key = {AATGS_KIND_CHUNK, position, 0};
  uint64_t cap = (uint64_t)AATGS_CHUNK_BYTES_MAX + AATGS_VALUE_HEADER_BYTES;
  int rc = aatgs_pages_seek(pages, &key, &t->value, cap, &t->error);
  *tail = rc == 1 && key.kind == AATGS_KIND_TAIL;
  if (rc != 1 || (key.kind != AATGS_KIND_CHUNK && key.kind != AATGS_KIND_TAIL))
    return rc == 1 ? 0 : rc;
  rc = unpack(t, &key);
  return rc ? rc : t->chunk.last >= position;
}

/* A chunk that vanished without a trace shows in the one after it. */
static int check_order(aatgs_trace *t)
{
  const aatgs_chunk_header *h = &t->chunk.header;
  if (t->previous && h->before != t->previous)
    return aatgs_error_set(&t->error, AATGS_ECORRUPT, 0,
                           "%s: a chunk between iterations %" PRIu64 " and %" PRIu64 " is missing",
                           t->dir, t->previous, t->chunk.first);
  return 0;
}

/* Loads the chunk that holds t->position or follows it. */
static int load(aatgs_trace *t)
{
  bool tail = false;
  t->chunk.header.iterations = 0;
  t->row = 0;
  for (uint32_t i = 0; i < t->env_count; i++) {
    /* The newest one may have grown since its state was read. */
    if (i + 1 < t->env_count && t->envs[i].state.last < t->position)
      continue;
    int rc = load_from(t, t->envs[i].pages, t->position, &tail);
    if (rc < 0 || (rc == 1 && (rc = check_order(t)) < 0)) {
      t->chunk.header.iterations = 0;
      return rc;
    }
    if (t->chunk.header.iterations && t->chunk.last >= t->position) {
      t->previous = tail ? 0 : t->chunk.last;
      while (t->chunk.iterations[t->row].iteration < t->position)
        t->row++;
      return 1;
    }
    t->chunk.header.iterations = 0;
  }
  if (t->state.iterations && t->state.last >= t->position)
    return aatgs_error_set(&t->error, AATGS_ECORRUPT, 0,
                           "%s: iterations %" PRIu64 " to %" PRIu64 " are missing", t->dir,
                           t->position, t->state.last);
  return 0;
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
