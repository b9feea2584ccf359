/* A stream: chunks fetched one after the other, decoded side by side, handed out in order. */
#include <pthread.h>

#include "trace/reader.h"

#define THREADS_MAX 16u

typedef enum slot_state { SLOT_FREE, SLOT_DECODING, SLOT_READY } slot_state;

/* A chunk on its way. */
typedef struct slot {
  slot_state state;
  int rc; /* 1: decoded, 0: the end, or an error */
  const char *why;
  aatgs_value_header header;
  aatgs_bytes value;
  aatgs_chunk chunk;
  aatgs_codec *codec;
} slot;

struct aatgs_trace_stream {
  aatgs_trace *trace; /* the caller's */
  aatgs_trace *own;   /* what is read from; under the mutex */
  aatgs_trace_want want;
  uint64_t first;
  uint64_t last;
  uint64_t position; /* fetched next */
  uint64_t previous; /* last iteration of the sealed chunk handed out before; 0: none */
  bool ended;        /* nothing more to fetch */
  bool failed;       /* nothing more to hand out */
  bool again;        /* what the caller holds is handed out once more */
  bool held;         /* the caller looks at slot[taken % slots] */
  uint64_t fetched;  /* chunks */
  uint64_t taken;
  uint32_t slots;
  uint32_t threads;
  bool stop;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  pthread_t thread[THREADS_MAX];
  slot slot[THREADS_MAX + 2];
};

/* ---- Fetching and decoding ----------------------------------------------------------- */

/* Reads the next chunk's bytes into a free slot. */
static void fetch(aatgs_trace_stream *s, slot *to)
{
  to->rc = s->position <= s->last ? aatgs_trace_find_chunk(s->own, s->position, &to->header) : 0;
  if (to->rc == 1 && to->header.extra > s->last)
    to->rc = 0;
  to->why = NULL;
  to->state = to->rc == 1 ? SLOT_DECODING : SLOT_READY;
  s->fetched++;
  s->ended = to->rc != 1 || to->header.number >= s->last;
  if (to->rc != 1)
    return;
  aatgs_bytes swap = to->value;
  to->value = s->own->value;
  s->own->value = swap;
  s->position = to->header.number + 1;
}

static int decode(const aatgs_trace_stream *s, slot *to)
{
  int rc = aatgs_chunk_unpack(&to->chunk, to->codec, to->value.data, &to->header,
                              s->own->info.config_bytes, s->own->info.telemetry_bytes, &to->why);
  return rc ? rc : 1;
}

static bool may_fetch(const aatgs_trace_stream *s)
{
  return !s->ended && s->fetched - s->taken < s->slots;
}

static void *work(void *user)
{
  aatgs_trace_stream *s = user;
  pthread_mutex_lock(&s->mutex);
  while (!s->stop) {
    if (!may_fetch(s)) {
      pthread_cond_wait(&s->changed, &s->mutex);
      continue;
    }
    slot *to = &s->slot[s->fetched % s->slots];
    fetch(s, to);
    if (to->state == SLOT_DECODING) {
      pthread_mutex_unlock(&s->mutex);
      int rc = decode(s, to);
      pthread_mutex_lock(&s->mutex);
      to->rc = rc;
      to->state = SLOT_READY;
    }
    pthread_cond_broadcast(&s->changed);
  }
  pthread_mutex_unlock(&s->mutex);
  return NULL;
}

/* ---- Handing out ----------------------------------------------------------------------- */

/* Waits for the next slot; without threads, fills it. NULL: the end. */
static slot *take(aatgs_trace_stream *s)
{
  slot *next = &s->slot[s->taken % s->slots];
  if (s->threads == 0) {
    if (!may_fetch(s))
      return NULL;
    fetch(s, next);
    if (next->state == SLOT_DECODING)
      next->rc = decode(s, next);
    return next;
  }
  pthread_mutex_lock(&s->mutex);
  while (s->fetched == s->taken ? !s->ended : next->state != SLOT_READY)
    pthread_cond_wait(&s->changed, &s->mutex);
  if (s->fetched == s->taken)
    next = NULL;
  pthread_mutex_unlock(&s->mutex);
  return next;
}

static void give_back(aatgs_trace_stream *s)
{
  if (!s->held)
    return;
  pthread_mutex_lock(&s->mutex);
  s->slot[s->taken % s->slots].state = SLOT_FREE;
  s->taken++;
  s->held = false;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->mutex);
}

/* An error of the stream's own reader, or of a chunk, as the trace's. */
static int report(aatgs_trace_stream *s, const slot *from)
{
  if (from->why)
    return aatgs_trace_chunk_failed(s->trace, from->rc, &from->header, from->why);
  s->trace->error = s->own->error;
  return from->rc;
}

/* The rows of a chunk that lie in the range. */
static size_t rows_of(const aatgs_trace_stream *s, const slot *from, const aatgs_iteration **rows)
{
  size_t n = from->chunk.header.iterations, at = 0;
  *rows = from->chunk.iterations;
  while (at < n && (*rows)[at].iteration < s->first)
    at++;
  while (n > at && (*rows)[n - 1].iteration > s->last)
    n--;
  *rows += at;
  return n - at;
}

int aatgs_trace_stream_next(aatgs_trace_stream *stream, const aatgs_iteration **rows, size_t *count)
{
  aatgs_trace_stream *s = stream;
  *count = 0;
  if (s->again) {
    s->again = false;
    *count = rows_of(s, &s->slot[s->taken % s->slots], rows);
  }
  while (*count == 0 && !s->failed) {
    give_back(s);
    slot *next = take(s);
    int rc = next ? next->rc : 0;
    s->held = next != NULL;
    s->failed = rc != 1;
    if (rc < 0)
      return report(s, next);
    if (rc == 0)
      return 0;
    rc = aatgs_trace_check_order(s->trace, s->previous, &next->chunk.header, next->chunk.first);
    if (rc) {
      s->failed = true;
      return rc;
    }
    s->previous = next->header.kind == AATGS_KIND_TAIL ? 0 : next->header.number;
    *count = rows_of(s, next, rows);
  }
  return *count > 0;
}

int aatgs_trace_stream_seek(aatgs_trace_stream *stream, uint64_t first, uint64_t last)
{
  aatgs_trace_stream *s = stream;
  const aatgs_chunk *chunk = &s->slot[s->taken % s->slots].chunk;
  if (s->threads)
    return aatgs_trace_failed(s->trace, AATGS_EINVAL, "a stream with threads cannot go elsewhere");
  s->first = s->position = first ? first : 1;
  s->last = last < s->trace->state.last ? last : s->trace->state.last;
  s->failed = s->ended = false;
  s->previous = 0;
  s->again =
      s->held && chunk->header.iterations && s->first >= chunk->first && s->first <= chunk->last;
  if (s->again) {
    s->position = chunk->last + 1;
    s->ended = chunk->last >= s->last;
  } else {
    give_back(s);
  }
  return 0;
}

/* ---- Opening and closing ------------------------------------------------------------------ */

static int prepare(aatgs_trace_stream *s)
{
  int rc = aatgs_trace_open(s->trace->dir, &s->own, &s->trace->error);
  for (uint32_t i = 0; !rc && i < s->slots; i++) {
    s->slot[i].chunk.want = &s->want;
    rc = aatgs_codec_open(3, &s->slot[i].codec);
  }
  return rc;
}

int aatgs_trace_stream_open(aatgs_trace *trace, const aatgs_trace_want *want, uint64_t first,
                            uint64_t last, uint32_t threads, aatgs_trace_stream **out)
{
  aatgs_trace_stream *s = *out = calloc(1, sizeof *s);
  if (!s)
    return aatgs_trace_failed(trace, AATGS_ENOMEM, "out of memory");
  s->trace = trace;
  s->want = *want;
  s->first = s->position = first ? first : 1;
  s->last = last < trace->state.last ? last : trace->state.last;
  threads = threads < THREADS_MAX ? threads : THREADS_MAX;
  s->slots = threads + 2;
  pthread_mutex_init(&s->mutex, NULL);
  pthread_cond_init(&s->changed, NULL);
  int rc = prepare(s);
  if (rc == AATGS_ENOMEM)
    aatgs_trace_failed(trace, rc, "out of memory");
  while (!rc && s->threads < threads) {
    if (pthread_create(&s->thread[s->threads], NULL, work, s))
      break; /* those there are will do, or the caller alone */
    s->threads++;
  }
  if (rc) {
    aatgs_trace_stream_close(s);
    *out = NULL;
  }
  return rc;
}

void aatgs_trace_stream_close(aatgs_trace_stream *stream)
{
  aatgs_trace_stream *s = stream;
  if (!s)
    return;
  pthread_mutex_lock(&s->mutex);
  s->stop = true;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->mutex);
  for (uint32_t i = 0; i < s->threads; i++)
    pthread_join(s->thread[i], NULL);
  for (uint32_t i = 0; i < s->slots; i++) {
    aatgs_bytes_free(&s->slot[i].value);
    aatgs_chunk_free(&s->slot[i].chunk);
    aatgs_codec_close(s->slot[i].codec);
  }
  pthread_cond_destroy(&s->changed);
  pthread_mutex_destroy(&s->mutex);
  aatgs_trace_close(s->own);
  free(s);
}
