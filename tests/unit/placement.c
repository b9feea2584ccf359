/* Programs: every part has one turn, what others must wait for is said, and no order of the
 * workers can keep them waiting for each other. */
#include "host/graph.h"
#include "support/check.h"
#include "support/fake_workload.h"

#include "device/state.h"

#include <stdlib.h>
#include <string.h>

#define TASKS 300u

static uint64_t state_of_random;
static uint32_t below(uint32_t n)
{
  state_of_random = state_of_random * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (uint32_t)((state_of_random >> 33) % n);
}

/* Tasks that touch nothing, or only read, so that any edges make a graph without races. */
static aatgs_graph *random_graph(uint32_t tasks)
{
  aatgs_graph *g;
  assert_int_equal(aatgs_graph_open(&fake_workload, &g), 0);
  for (uint32_t i = 0; i < tasks; i++) {
    aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
    uint32_t deps[4], count = 0;
    for (uint32_t k = below(4); i && k; k--) {
      const uint32_t d = i - 1 - below(i < 40 ? i : 40);
      bool known = false;
      for (uint32_t j = 0; j < count; j++)
        known |= deps[j] == d;
      if (!known)
        deps[count++] = d;
    }
    o.type = below(2) ? "ReadX" : "ReadY";
    o.parts = 1 + below(3) * below(4);
    assert_int_equal(aatgs_graph_add_task(g, &o, deps, count, NULL), 0);
  }
  assert_int_equal(aatgs_graph_check(g), 0);
  return g;
}

static const aatgs_turn *turns_of(const aatgs_graph_table *t)
{
  return (const aatgs_turn *)(const void *)((const uint8_t *)t +
                                            AATGS_PROGRAM_AT(t->tasks, t->edges));
}

/* Lets the workers take their turns as far as they get; all must get to the end. */
static void run_program(const aatgs_graph_table *t)
{
  const aatgs_turn *turn = turns_of(t);
  const uint32_t *first = (const uint32_t *)(const void *)(turn + t->turns);
  const uint32_t *wait = first + t->workers + 1;
  uint32_t *at = calloc(t->workers, sizeof *at), done = 0;
  uint8_t *over = calloc(t->records, 1);
  assert_non_null(at);
  assert_non_null(over);
  for (bool moved = true; moved;) {
    moved = false;
    for (uint32_t w = t->workers; w-- > 0;)
      for (; first[w] + at[w] < first[w + 1]; at[w]++, done++, moved = true) {
        const aatgs_turn *now = &turn[first[w] + at[w]];
        uint32_t ready = 0;
        assert_true(now->first_wait + now->depends <= t->waits);
        for (uint32_t i = 0; i < now->depends; i++) {
          ready += over[wait[now->first_wait + i]];
          assert_true(i < now->waits || over[wait[now->first_wait + i]]);
        }
        if (ready < now->depends)
          break;
        if (now->flags & AATGS_TURN_NOTHING)
          continue;
        assert_int_equal(over[now->record], 0);
        over[now->record] = 1;
      }
  }
  assert_int_equal(done, t->turns);
  for (uint32_t r = 0; r < t->records; r++)
    assert_int_equal(over[r], 1);
  const aatgs_turn *last = &turn[first[1] - 1];
  assert_true(last->flags & (AATGS_TURN_LAST | AATGS_TURN_NOTHING));
  free(at);
  free(over);
}

/* Who is waited for signals; who releases is acquired from, and nobody else. */
static void check_edges(const aatgs_graph_table *t)
{
  const aatgs_turn *turn = turns_of(t);
  const uint32_t *first = (const uint32_t *)(const void *)(turn + t->turns);
  const uint32_t *wait = first + t->workers + 1;
  uint32_t *flags = calloc(t->records, sizeof *flags);
  assert_non_null(flags);
  for (uint32_t i = 0; i < t->turns; i++)
    if (!(turn[i].flags & AATGS_TURN_NOTHING))
      flags[turn[i].record] = turn[i].flags;
  for (uint32_t i = 0; i < t->turns; i++) {
    uint32_t released = 0;
    for (uint32_t k = 0; k < turn[i].waits; k++) {
      const uint32_t other = flags[wait[turn[i].first_wait + k]];
      assert_true(other & AATGS_TURN_SIGNAL);
      released |= other & AATGS_TURN_RELEASE;
    }
    assert_int_equal((turn[i].flags & AATGS_TURN_ACQUIRE) != 0, released != 0);
  }
  free(flags);
}

/* A turn is plain that calls no finish function and neither waits nor signals; each counts those
 * that follow it in its worker's row. */
static void check_plain(const aatgs_graph_table *t)
{
  const aatgs_turn *turn = turns_of(t);
  const uint32_t *first = (const uint32_t *)(const void *)(turn + t->turns);
  for (uint32_t w = 0; w < t->workers; w++)
    for (uint32_t i = first[w]; i < first[w + 1]; i++) {
      const bool plain =
          !turn[i].waits &&
          !(turn[i].flags & (AATGS_TURN_FINISH | AATGS_TURN_SIGNAL | AATGS_TURN_NOTHING));
      const uint32_t behind = i + 1 < first[w + 1] ? turn[i + 1].plain : 0;
      assert_int_equal(turn[i].plain, plain ? behind + 1 : 0);
    }
}

static void place(const aatgs_graph *g, uint32_t workers)
{
  const uint32_t turns = 8 * TASKS, waits = 200 * TASKS;
  const size_t bytes = AATGS_PROGRAM_AT(aatgs_graph_len(g), aatgs_graph_edges(g)) +
                       AATGS_PROGRAM_BYTES(turns, workers, waits);
  aatgs_graph_table *t = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
  assert_non_null(t);
  aatgs_graph_compile(g, 1, t);
  assert_int_equal(aatgs_graph_place(g, workers, turns, waits, t), 0);
  assert_true(t->workers > 0 && t->workers <= workers);
  run_program(t);
  check_edges(t);
  check_plain(t);
  assert_int_equal(aatgs_graph_place(g, workers, t->records - 1, waits, t), 0);
  assert_int_equal(t->workers, 0); /* does not fit */
  free(t);
}

static void programs_come_to_their_end(void **state)
{
  (void)state;
  state_of_random = 7;
  for (int i = 0; i < 60; i++) {
    aatgs_graph *g = random_graph(1 + below(TASKS));
    place(g, 1 + below(150));
    aatgs_graph_close(g);
  }
}

static void a_chain_stays_on_one_worker(void **state)
{
  aatgs_graph *g;
  (void)state;
  assert_int_equal(aatgs_graph_open(&fake_workload, &g), 0);
  for (uint32_t i = 0; i < 50; i++) {
    aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
    const uint32_t before = i - 1;
    o.type = "ReadX";
    assert_int_equal(aatgs_graph_add_task(g, &o, &before, i > 0, NULL), 0);
  }
  assert_int_equal(aatgs_graph_check(g), 0);
  uint64_t room[4096];
  aatgs_graph_table *t = (aatgs_graph_table *)(void *)room;
  aatgs_graph_compile(g, 1, t);
  assert_int_equal(aatgs_graph_place(g, 132, 200, 200, t), 0);
  assert_int_equal(t->workers, 1);
  assert_int_equal(t->turns, 50);
  assert_int_equal(turns_of(t)[49].flags & AATGS_TURN_LAST, AATGS_TURN_LAST);
  assert_int_equal(turns_of(t)[0].plain, 50);
  aatgs_graph_close(g);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(programs_come_to_their_end),
      cmocka_unit_test(a_chain_stays_on_one_worker),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
