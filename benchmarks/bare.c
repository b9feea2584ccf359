#include "bare.h"

#include "device/order.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct bare {
  AATGS_ALIGNAS(64) aatgs_flit *commands;
  aatgs_flit *telemetry;
  uint32_t mask;
  uint32_t next; /* sequence number of the next command */
  pthread_t thread;
};

typedef union command_words {
  aatgs_command command;
  uint32_t words[AATGS_COMMAND_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
} command_words;

typedef union telemetry_words {
  aatgs_telemetry_record record;
  uint32_t words[AATGS_TELEMETRY_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
} telemetry_words;

/* Answers each command with as much of its config as a record holds, until STOP. */
static void *answer(void *arg)
{
  bare *p = arg;
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

static aatgs_flit *take_ring(const bench *b, uint32_t slots, uint32_t flits)
{
  const size_t bytes = (size_t)slots * flits * sizeof(aatgs_flit);
  aatgs_flit *ring = aligned_alloc(64, bytes);
  if (!ring)
    bench_fail(b, "out of memory");
  memset(ring, 0, bytes); /* tag 0: no command has that number within this run */
  return ring;
}

void bare_open(const bench *b, uint32_t slots, bare **out)
{
  bare *p = aligned_alloc(64, (sizeof *p + 63) & ~(size_t)63);
  if (!p)
    bench_fail(b, "out of memory");
  memset(p, 0, sizeof *p);
  p->commands = take_ring(b, slots, AATGS_COMMAND_FLITS);
  p->telemetry = take_ring(b, slots, AATGS_TELEMETRY_FLITS);
  p->mask = slots - 1;
  p->next = 1;
  if (pthread_create(&p->thread, NULL, answer, p))
    bench_fail(b, "no thread");
  *out = p;
}

static uint32_t post(bare *p, aatgs_opcode opcode, const uint32_t *config)
{
  command_words u;
  const uint32_t n = p->next++;
  memset(&u.command.header, 0, sizeof u.command.header);
  u.command.header.opcode = (uint16_t)opcode;
  u.command.header.iteration = n;
  memcpy(u.command.config, config, sizeof u.command.config);
  aatgs_slot_store(p->commands + (n & p->mask) * AATGS_COMMAND_FLITS, AATGS_COMMAND_FLITS, n,
                   u.words);
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

void bare_close(bare *p)
{
  const uint32_t nothing[AATGS_CONFIG_BYTES_MAX / 4] = {0};
  post(p, AATGS_OP_STOP, nothing);
  pthread_join(p->thread, NULL);
  free(p->commands);
  free(p->telemetry);
  free(p);
}
