#include "bare.h"

#include "device/order.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef union command_words {
  aatgs_command command;
  uint32_t words[AATGS_COMMAND_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
} command_words;

typedef union telemetry_words {
  aatgs_telemetry_record record;
  uint32_t words[AATGS_TELEMETRY_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
} telemetry_words;

/* ---- The host's end -------------------------------------------------------------------- */

static uint32_t post(bare *p, aatgs_opcode opcode, const uint32_t *config)
{
  command_words u;
  const uint32_t n = p->next++;
  memset(&u.command.header, 0, sizeof u.command.header);
  u.command.header.opcode = (uint16_t)opcode;
  u.command.header.iteration = n;
  memcpy(u.command.config, config, sizeof u.command.config);
  aatgs_flit *slot = p->commands + (n & p->mask) * AATGS_COMMAND_FLITS;
  if (p->window)
    aatgs_slot_store_lines(slot, AATGS_COMMAND_FLITS, n, u.words);
  else
    aatgs_slot_store(slot, AATGS_COMMAND_FLITS, n, u.words);
  return n;
}

void bare_trip(bare *p, const uint32_t *config, uint32_t *telemetry)
{
  telemetry_words u;
  const uint32_t n = post(p, AATGS_OP_ITERATE, config);
  const aatgs_flit *slot = p->telemetry + (n & p->mask) * AATGS_TELEMETRY_FLITS;
  while (!aatgs_slot_load(slot, AATGS_TELEMETRY_FLITS, n, u.words))
    __builtin_ia32_pause();
  memcpy(telemetry, u.record.telemetry, sizeof u.record.telemetry);
}

void bare_stop(bare *p)
{
  const uint32_t nothing[AATGS_CONFIG_BYTES_MAX / 4] = {0};
  post(p, AATGS_OP_STOP, nothing);
}

/* ---- A thread at the other end ----------------------------------------------------------- */

struct bare_thread {
  AATGS_ALIGNAS(64) bare rings;
  pthread_t thread;
};

/* Answers each command with as much of its config as a record holds, until STOP. */
static void *answer(void *arg)
{
  const bare *p = arg;
  command_words in;
  telemetry_words out;
  memset(&out, 0, sizeof out);
  bench_pin(1);
  for (uint32_t n = 1;; n++) {
    const aatgs_flit *slot = p->commands + (n & p->mask) * AATGS_COMMAND_FLITS;
    while (!aatgs_slot_load(slot, AATGS_COMMAND_FLITS, n, in.words))
      __builtin_ia32_pause();
    if (in.command.header.opcode == AATGS_OP_STOP)
      return NULL;
    out.record.iteration = in.command.header.iteration;
    memcpy(out.record.telemetry, in.command.config, sizeof out.record.telemetry);
    aatgs_slot_store(p->telemetry + (n & p->mask) * AATGS_TELEMETRY_FLITS, AATGS_TELEMETRY_FLITS, n,
                     out.words);
  }
}

static void *take(const bench *b, size_t bytes)
{
  void *p = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
  if (!p)
    bench_fail(b, "out of memory");
  memset(p, 0, bytes);
  return p;
}

bare *bare_thread_open(const bench *b, uint32_t slots, bare_thread **out)
{
  bare_thread *t = take(b, sizeof *t);
  t->rings = (bare){take(b, BARE_COMMAND_BYTES(slots)), take(b, BARE_TELEMETRY_BYTES(slots)),
                    slots - 1, 1, 0};
  if (pthread_create(&t->thread, NULL, answer, &t->rings))
    bench_fail(b, "no thread");
  *out = t;
  return &t->rings;
}

void bare_thread_close(bare_thread *t)
{
  bare_stop(&t->rings);
  pthread_join(t->thread, NULL);
  free(t->rings.commands);
  free(t->rings.telemetry);
  free(t);
}
