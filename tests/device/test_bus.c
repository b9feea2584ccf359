/* The bus: flits and tags, rings that wrap, what must not pass for complete. */
#include "support/cm.h"

#include "device/order.h"
#include "host/bus_init.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FLITS AATGS_COMMAND_FLITS
#define WORDS (FLITS * AATGS_FLIT_PAYLOAD_WORDS)

static void fill(uint32_t *words, uint64_t n)
{
  for (uint32_t i = 0; i < WORDS; i++)
    words[i] = (uint32_t)(n * 2654435761u + i);
}

static aatgs_flit *open_ring(uint32_t slots, uint64_t first, void **block, aatgs_bus_layout *l)
{
  memset(l, 0, sizeof *l);
  l->workers = 1;
  l->command_slots = slots;
  l->telemetry_slots = slots;
  l->timing_slots = 16;
  l->graphs_max = 2;
  l->plans_max = 2;
  l->tasks_max = 4;
  l->first_command = first;
  l->first_iteration = first;
  l->first_timing = first;
  aatgs_bus_plan(l);
  *block = aligned_alloc(64, l->bytes);
  assert_non_null(*block);
  memset(*block, 0, l->bytes);
  aatgs_bus_init(*block, l);
  return (aatgs_flit *)(void *)((uint8_t *)*block + l->commands_at);
}

static void test_slot_round_trip(void **state)
{
  (void)state;
  AATGS_ALIGNAS(16) aatgs_flit slot[FLITS];
  uint32_t in[WORDS], out[WORDS];
  memset(slot, 0, sizeof slot);
  fill(in, 1);
  aatgs_slot_store(slot, FLITS, 77, in);
  assert_true(aatgs_slot_load(slot, FLITS, 77, out));
  assert_memory_equal(in, out, sizeof in);
}

static void test_slot_by_lines(void **state)
{
  (void)state;
  static AATGS_ALIGNAS(64) aatgs_flit slot[FLITS];
  uint32_t in[WORDS], out[WORDS];
  if (!aatgs_has_line_stores())
    skip(); /* the processor has no MOVDIR64B */
  for (uint32_t i = 0; i < WORDS; i++)
    in[i] = 1000 + i;
  aatgs_slot_store_lines(slot, FLITS, 77, in);
  assert_true(aatgs_slot_load(slot, FLITS, 77, out));
  assert_memory_equal(out, in, sizeof in);
  assert_false(aatgs_slot_load(slot, FLITS, 78, out));
}

/* A slot is complete only when every one of its flits has the tag. */
static void test_torn_slot(void **state)
{
  (void)state;
  AATGS_ALIGNAS(16) aatgs_flit slot[FLITS];
  uint32_t in[WORDS], out[WORDS];
  fill(in, 2);
  for (uint32_t late = 0; late < FLITS; late++) {
    memset(slot, 0, sizeof slot);
    aatgs_slot_store(slot, FLITS, 9, in);
    aatgs_slot_store(slot, FLITS, 10, in);
    slot[late].tag = 9;
    assert_false(aatgs_slot_load(slot, FLITS, 10, out));
    assert_false(aatgs_slot_load(slot, FLITS, 9, out));
  }
}

/* Nothing in a fresh ring passes for a slot of its first laps, wherever counting starts. */
static void test_fresh_ring_is_empty(void **state)
{
  (void)state;
  const uint64_t firsts[] = {0, 1, 15, UINT32_MAX - 3, UINT64_C(1) << 32, UINT64_MAX / 2};
  uint32_t out[WORDS];
  for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++) {
    aatgs_bus_layout l;
    void *block;
    aatgs_flit *ring = open_ring(8, firsts[f], &block, &l);
    for (uint64_t n = firsts[f]; n < firsts[f] + 8; n++)
      assert_false(aatgs_slot_load(ring + (n & 7) * FLITS, FLITS, (uint32_t)n, out));
    free(block);
  }
}

/* Tags go through 2^32 while the ring goes round: each slot is seen once, in order, and not before
 * it was written. */
static void test_tags_wrap(void **state)
{
  (void)state;
  const uint64_t first = (UINT64_C(1) << 32) - 20;
  uint32_t in[WORDS], out[WORDS];
  aatgs_bus_layout l;
  void *block;
  aatgs_flit *ring = open_ring(4, first, &block, &l);
  for (uint64_t n = first; n < first + 40; n++) {
    aatgs_flit *slot = ring + (n & 3) * FLITS;
    assert_false(aatgs_slot_load(slot, FLITS, (uint32_t)n, out));
    fill(in, n);
    aatgs_slot_store(slot, FLITS, (uint32_t)n, in);
    assert_true(aatgs_slot_load(slot, FLITS, (uint32_t)n, out));
    assert_memory_equal(in, out, sizeof in);
    assert_false(aatgs_slot_load(slot, FLITS, (uint32_t)(n + 4), out));
  }
  free(block);
}

static void test_layout(void **state)
{
  (void)state;
  aatgs_bus_layout l;
  void *block;
  open_ring(16, 0, &block, &l);
  assert_int_equal(l.magic, AATGS_BUS_MAGIC);
  assert_int_equal(l.commands_at % 64, 0);
  assert_int_equal(l.telemetry_at, l.commands_at + 16 * FLITS * 16);
  assert_int_equal(l.timings_at, l.telemetry_at + 16 * AATGS_TELEMETRY_FLITS * 16);
  assert_true(l.plans_at + l.plans_max * l.plan_bytes <= l.bytes);
  free(block);
}

/* ---- Two threads ------------------------------------------------------------------------- */

#define LAPS UINT64_C(20000)

typedef struct pair {
  aatgs_flit *ring;
  uint64_t first;
  uint64_t read; /* by the consumer; the producer's credit */
  uint64_t wrong;
} pair;

static void *consume(void *arg)
{
  pair *p = arg;
  uint32_t expected[WORDS], out[WORDS];
  for (uint64_t n = p->first; n < p->first + LAPS; n++) {
    while (!aatgs_slot_load(p->ring + (n & 7) * FLITS, FLITS, (uint32_t)n, out))
      sched_yield();
    fill(expected, n);
    p->wrong += memcmp(expected, out, sizeof out) != 0;
    aatgs_bus_store_release(&p->read, n + 1);
  }
  return NULL;
}

/* A slot that the other thread finds complete has exactly the words that were written. */
static void test_no_slot_is_torn_between_threads(void **state)
{
  (void)state;
  aatgs_bus_layout l;
  void *block;
  pair p = {.first = (UINT64_C(1) << 32) - 1000};
  pthread_t thread;
  uint32_t words[WORDS];
  p.ring = open_ring(8, p.first, &block, &l);
  p.read = p.first;
  assert_int_equal(pthread_create(&thread, NULL, consume, &p), 0);
  for (uint64_t n = p.first; n < p.first + LAPS; n++) {
    while (n - aatgs_bus_load_acquire(&p.read) >= 8)
      sched_yield();
    fill(words, n);
    aatgs_slot_store(p.ring + (n & 7) * FLITS, FLITS, (uint32_t)n, words);
  }
  pthread_join(thread, NULL);
  assert_int_equal(p.wrong, 0);
  free(block);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_slot_round_trip),
      cmocka_unit_test(test_slot_by_lines),
      cmocka_unit_test(test_torn_slot),
      cmocka_unit_test(test_fresh_ring_is_empty),
      cmocka_unit_test(test_tags_wrap),
      cmocka_unit_test(test_layout),
      cmocka_unit_test(test_no_slot_is_torn_between_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
