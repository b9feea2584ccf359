/* The far side of the bus, spoken to without the runtime: handshake, unknown opcodes,
 * a lost host. */
#include "support/cm.h"

#include "device/order.h"
#include "device/state.h"
#include "device/workload.h"
#include "host/aatgs.h"
#include "host/device_memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNTER  AATGS_BUILD_DIR "/tests/counter.so"
#define PATIENCE 2000 /* looks, a millisecond apart */

/* A device made by hand: a bus block, an arena, one worker. */
typedef struct rig {
  const struct aatgs_workload *workload;
  aatgs_bus *bus;
  aatgs_loop *loop;
  pthread_t thread;
} rig;

static void *run(void *arg)
{
  rig *r = arg;
  r->workload->cpu_loop(r->loop, 0);
  return NULL;
}

static void rig_open(rig *r)
{
  const aatgs_region_view regions[] = {
      {NULL, 8}, {NULL, 4096}, {NULL, 512}, {NULL, 8}, {NULL, 4096}};
  aatgs_error error;
  aatgs_device_plan plan;
  assert_int_equal(aatgs_workload_load(COUNTER, &r->workload, &error), 0);
  const aatgs_device_spec spec = {.workload = r->workload,
                                  .regions = regions,
                                  .layout = {.command_slots = 8,
                                             .telemetry_slots = 8,
                                             .timing_slots = 16,
                                             .graphs_max = 2,
                                             .plans_max = 2,
                                             .tasks_max = 8,
                                             .edges_max = 8}};
  aatgs_device_plan_make(&spec, 1, &plan);
  r->bus = aligned_alloc(64, plan.layout.bytes);
  r->loop = aligned_alloc(64, plan.arena_bytes);
  memset(r->bus, 0, plan.layout.bytes);
  memset(r->loop, 0, plan.arena_bytes);
  aatgs_device_plan_fill(&plan, &spec, AATGS_LOOP_CROWDED, (uint8_t *)r->bus, (uint8_t *)r->bus,
                         (uint8_t *)r->loop, (uint8_t *)r->loop);
}

static void rig_start(rig *r)
{
  assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
}

static uint64_t wait_while(rig *r, uint64_t state)
{
  const struct timespec ms = {0, 1000000};
  for (int i = 0; i < PATIENCE && aatgs_bus_load_acquire(&r->bus->device.state) == state; i++)
    nanosleep(&ms, NULL);
  return aatgs_bus_load_acquire(&r->bus->device.state);
}

static void post(rig *r, uint64_t n, uint16_t opcode)
{
  union {
    aatgs_command command;
    uint32_t words[AATGS_COMMAND_FLITS * 3];
  } u;
  memset(&u, 0, sizeof u);
  u.command.header.opcode = opcode;
  u.command.header.graph = 1;
  u.command.header.plan = 1;
  aatgs_slot_store(r->loop->commands + (n & 7) * AATGS_COMMAND_FLITS, AATGS_COMMAND_FLITS,
                   (uint32_t)n, u.words);
}

static void rig_close(rig *r)
{
  pthread_join(r->thread, NULL);
  free(r->bus);
  free(r->loop);
}

static void test_stop(void **state)
{
  (void)state;
  rig r;
  rig_open(&r);
  rig_start(&r);
  assert_int_equal(wait_while(&r, AATGS_DEVICE_STARTING), AATGS_DEVICE_RUNNING);
  post(&r, 0, AATGS_OP_NOP);
  post(&r, 1, AATGS_OP_STOP);
  assert_int_equal(wait_while(&r, AATGS_DEVICE_RUNNING), AATGS_DEVICE_STOPPED);
  assert_int_equal(aatgs_bus_load_acquire(&r.bus->device.ordered_done), 2);
  rig_close(&r);
}

static void refused(void (*spoil)(aatgs_bus_layout *l))
{
  rig r;
  rig_open(&r);
  spoil(&r.bus->layout);
  rig_start(&r);
  assert_int_equal(wait_while(&r, AATGS_DEVICE_STARTING), AATGS_DEVICE_REFUSED);
  assert_int_equal(aatgs_bus_load_relaxed(&r.bus->device.digest), AATGS_LAYOUT_DIGEST);
  rig_close(&r);
}

static void spoil_magic(aatgs_bus_layout *l)
{
  l->magic ^= 1;
}
static void spoil_version(aatgs_bus_layout *l)
{
  l->version++;
}
static void spoil_digest(aatgs_bus_layout *l)
{
  l->digest ^= 1;
}

static void test_handshake_refuses(void **state)
{
  (void)state;
  refused(spoil_magic);
  refused(spoil_version);
  refused(spoil_digest);
}

static void test_unknown_opcode(void **state)
{
  (void)state;
  rig r;
  rig_open(&r);
  rig_start(&r);
  post(&r, 0, 99);
  wait_while(&r, AATGS_DEVICE_STARTING);
  assert_int_equal(wait_while(&r, AATGS_DEVICE_RUNNING), AATGS_DEVICE_FAULT);
  assert_int_equal(r.bus->device.fault.code, AATGS_FAULT_OPCODE);
  assert_int_equal(r.bus->device.fault.seen, 99);
  rig_close(&r);
}

static void test_missing_table(void **state)
{
  (void)state;
  rig r;
  rig_open(&r);
  rig_start(&r);
  post(&r, 0, AATGS_OP_GRAPH);
  wait_while(&r, AATGS_DEVICE_STARTING);
  assert_int_equal(wait_while(&r, AATGS_DEVICE_RUNNING), AATGS_DEVICE_FAULT);
  assert_int_equal(r.bus->device.fault.code, AATGS_FAULT_TABLE);
  assert_int_equal(r.bus->device.fault.wanted, 1);
  rig_close(&r);
}

/* Nobody beats for the host: the device leaves by itself. */
static void test_lost_host(void **state)
{
  (void)state;
  rig r;
  rig_open(&r);
  r.loop->host_timeout_ns = 30000000;
  rig_start(&r);
  wait_while(&r, AATGS_DEVICE_STARTING);
  assert_int_equal(wait_while(&r, AATGS_DEVICE_RUNNING), AATGS_DEVICE_FAULT);
  assert_int_equal(r.bus->device.fault.code, AATGS_FAULT_HOST_LOST);
  assert_true(r.bus->device.fault.seen > 30000000);
  rig_close(&r);
}

static void test_abandoned(void **state)
{
  (void)state;
  rig r;
  rig_open(&r);
  rig_start(&r);
  wait_while(&r, AATGS_DEVICE_STARTING);
  aatgs_bus_store_relaxed(&r.bus->host.abandon, 1);
  assert_int_equal(wait_while(&r, AATGS_DEVICE_RUNNING), AATGS_DEVICE_FAULT);
  assert_int_equal(r.bus->device.fault.code, AATGS_FAULT_ABANDONED);
  rig_close(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stop),           cmocka_unit_test(test_handshake_refuses),
      cmocka_unit_test(test_unknown_opcode), cmocka_unit_test(test_missing_table),
      cmocka_unit_test(test_lost_host),      cmocka_unit_test(test_abandoned),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
