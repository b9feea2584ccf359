/* The hot path: commands out, telemetry and timings in. Allocates nothing, takes no
 * lock, makes no system call but reading the clock. */
#include "host/clock.h"
#include "host/log.h"
#include "host/runtime.h"
#include "trace/digest.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#define SPINS_PER_LOOK 256u /* polls between looks at the clock */
#define AT_ONCE        16u  /* iterations that one reading of the clock is for */

static aatgs_flight *flight_of(aatgs_runtime *rt, uint64_t iteration)
{
  return &rt->flights[iteration & (rt->options.telemetry_slots - 1)];
}

/* ---- Credits ------------------------------------------------------------------------- */

bool aatgs_ordered_done(aatgs_runtime *rt, uint64_t command)
{
  const uint64_t done = aatgs_bus_load_acquire(&rt->bus->device.ordered_done); /* B6 */
  if (done > rt->consumed)
    rt->consumed = done;
  return done > command;
}

bool aatgs_command_credits(aatgs_runtime *rt, uint32_t count)
{
  if (rt->next_command + count - rt->consumed <= rt->options.command_slots)
    return true;
  aatgs_ordered_done(rt, 0);
  return rt->next_command + count - rt->consumed <= rt->options.command_slots;
}

bool aatgs_command_credit(aatgs_runtime *rt)
{
  return aatgs_command_credits(rt, 1);
}

static bool iteration_fits(aatgs_runtime *rt, uint32_t records)
{
  return aatgs_command_credit(rt) &&
         rt->next_iteration - rt->next_complete < rt->options.command_slots &&
         rt->next_iteration - rt->next_read < rt->options.telemetry_slots &&
         rt->next_timing + records - rt->timing_credit <= rt->options.timing_slots;
}

int aatgs_iteration_credit(aatgs_runtime *rt, uint32_t records)
{
  if (iteration_fits(rt, records))
    return 0;
  const int rc = aatgs_pump(rt);
  if (rc)
    return rc;
  return iteration_fits(rt, records) ? 0 : AATGS_EAGAIN;
}

/* The device does not beat: the driver knows whether the kernel still runs. */
static void ask_driver(aatgs_runtime *rt)
{
  aatgs_error error = {0};
  char running[128];
  aatgs_bus_store_relaxed(&rt->silent, 0);
  if (!rt->device->ops->check || !rt->device->ops->check(rt->device, &error))
    return;
  aatgs_describe_running(rt, running, sizeof running);
  aatgs_error_set(&rt->dead_error, AATGS_EDEVICE, error.native, "%s%s", error.text, running);
  rt->dead = true;
}

int aatgs_check_alive(aatgs_runtime *rt)
{
  if (aatgs_bus_load_relaxed(&rt->silent))
    ask_driver(rt);
  if (rt->dead) {
    rt->error = rt->dead_error;
    aatgs_tell_lost(rt, aatgs_now_ns());
    return rt->error.code;
  }

  const uint64_t state = aatgs_bus_load_acquire(&rt->bus->device.state);   /* B6 */
  if (state == AATGS_DEVICE_RUNNING && !aatgs_bus_load_acquire(&rt->lost)) /* W2 */
    return 0;
  if (state == AATGS_DEVICE_RUNNING)
    rt->error = rt->lost_error;
  else
    aatgs_describe_fault(rt, &rt->error);
  aatgs_tell_lost(rt, aatgs_now_ns());
  return rt->error.code;
}

/* ---- Out -------------------------------------------------------------------------------- */

typedef union command_words {
  aatgs_command command;
  uint32_t words[AATGS_COMMAND_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
} command_words;

static uint64_t post(aatgs_runtime *rt, const command_words *u)
{
  const uint64_t n = rt->next_command++;
  aatgs_flit *slot = rt->commands + (n & (rt->options.command_slots - 1)) * AATGS_COMMAND_FLITS;
  if (rt->device->window)
    aatgs_slot_store_lines(slot, AATGS_COMMAND_FLITS, (uint32_t)n, u->words); /* B1 */
  else
    aatgs_slot_store(slot, AATGS_COMMAND_FLITS, (uint32_t)n, u->words); /* B1 */
  if (rt->next_command - rt->consumed > rt->peak_commands)
    rt->peak_commands = rt->next_command - rt->consumed;
  return n;
}

uint64_t aatgs_post_ordered(aatgs_runtime *rt, aatgs_opcode opcode, uint32_t graph, uint32_t plan)
{
  command_words u;
  memset(&u, 0, sizeof u);
  u.command.header.opcode = (uint16_t)opcode;
  u.command.header.graph = graph;
  u.command.header.plan = plan;
  if (rt->device->window)
    aatgs_lines_fence(); /* B3 */
  return post(rt, &u);
}

/* Short parts go by the program; so does a chain that has the device to itself. Of a graph that
 * comes once there is nothing to spread, and the next one would wait for it. */
static uint16_t flags_of(const aatgs_runtime *rt, uint32_t slot)
{
  const aatgs_live_graph *g = &rt->graphs[slot];
  const uint64_t in_flight = rt->next_iteration - rt->next_seen;
  if (!g->workers || !(g->fine || (g->workers == 1 && !in_flight)))
    return 0;
  const bool spread = g->spreads && slot == rt->current && in_flight >= rt->device->spread_from;
  return AATGS_COMMAND_PLACED | (spread ? AATGS_COMMAND_SPREAD : 0);
}

uint64_t aatgs_post_iteration(aatgs_runtime *rt, uint32_t slot, const void *config,
                              uint64_t posted_ns)
{
  aatgs_live_graph *g = &rt->graphs[slot];
  const uint64_t iteration = rt->next_iteration;
  const size_t config_bytes = rt->workload->config_bytes;
  aatgs_flight *f = flight_of(rt, iteration);
  command_words u;
  u.command.header = (aatgs_command_header){.opcode = AATGS_OP_ITERATE,
                                            .flags = flags_of(rt, slot),
                                            .graph = g->number,
                                            .iteration = iteration,
                                            .timing_base = rt->next_timing,
                                            .plan = g->plan,
                                            .telemetry_read = (uint32_t)(rt->next_read - 1)};
  memcpy(u.command.config, config, config_bytes);
  memset((uint8_t *)u.command.config + config_bytes, 0, sizeof u.command.config - config_bytes);
  if (rt->iteration_field != UINT32_MAX)
    memcpy((uint8_t *)u.command.config + rt->iteration_field, &iteration,
           rt->iteration_field_bytes);
  f->command = post(rt, &u);
  f->posted_ns = posted_ns ? posted_ns : aatgs_now_ns();
  f->iteration = iteration;
  f->timing_base = rt->next_timing;
  f->graph_slot = slot;
  f->plan = g->plan;
  f->done_before = rt->done;
  f->config_waiting = rt->config_waiting;
  f->telemetry_waiting = (uint32_t)(rt->next_seen - rt->next_read);
  memcpy(f->config, u.command.config, config_bytes);
  g->last_iteration = iteration;
  rt->plans[g->plan % rt->plans_max].last_iteration = iteration;
  rt->next_timing += g->records;
  rt->next_iteration++;
  return iteration;
}

/* ---- In ----------------------------------------------------------------------------------- */

/* One offset for all times of an iteration. */
static void to_host_time(aatgs_runtime *rt, aatgs_flight *f)
{
  aatgs_telemetry_record *r = &f->u.telemetry;
  aatgs_device_clock_take(&rt->clock, f->posted_ns, f->seen_ns, r->start_ns, r->end_ns);
  f->offset_ns = aatgs_device_clock_offset(&rt->clock, f->seen_ns);
  r->start_ns -= f->offset_ns;
  r->end_ns -= f->offset_ns;
}

static const aatgs_flit *telemetry_at(const aatgs_runtime *rt, uint64_t iteration)
{
  return rt->telemetry + (iteration & (rt->options.telemetry_slots - 1)) * AATGS_TELEMETRY_FLITS;
}

static const aatgs_flit *timing_at(const aatgs_runtime *rt, uint64_t n)
{
  return rt->timings + (n & (rt->options.timing_slots - 1)) * AATGS_TIMING_FLITS;
}

/* Whether the telemetry of iteration i is there; it is then copied. What a GPU has written lies in
 * no cache of this core, so the next one's is asked for ahead. */
static bool load_telemetry(aatgs_runtime *rt, uint64_t i)
{
  aatgs_flight *f = flight_of(rt, i);
  if (!aatgs_slot_load(telemetry_at(rt, i), AATGS_TELEMETRY_FLITS, (uint32_t)i, f->u.words))
    return false;
  __builtin_prefetch(telemetry_at(rt, i + 1));
  __builtin_prefetch(telemetry_at(rt, i + 1) + AATGS_TELEMETRY_FLITS / 2);
  __builtin_prefetch(timing_at(rt, f->timing_base));
  return true;
}

/* That of iteration next_seen is. */
static void see(aatgs_runtime *rt)
{
  aatgs_flight *f = flight_of(rt, rt->next_seen);
  f->seen_ns = rt->seen_ns;
  if (rt->device->own_clock)
    to_host_time(rt, f);
  /* A config is in the ring before it is stamped: a worker may have been quicker. */
  if (f->u.telemetry.start_ns < f->posted_ns)
    f->posted_ns = f->u.telemetry.start_ns;
  if (f->command >= rt->consumed)
    rt->consumed = f->command + 1;
  rt->next_seen++;
  if (rt->next_seen - rt->next_read > rt->peak_telemetry)
    rt->peak_telemetry = rt->next_seen - rt->next_read;
}

/* Takes in telemetry that is there, of the next few iterations. */
static bool take_telemetry(aatgs_runtime *rt)
{
  uint64_t end = rt->next_seen;
  while (end < rt->next_iteration && end < rt->next_seen + AT_ONCE && load_telemetry(rt, end))
    end++;
  if (end == rt->next_seen)
    return false;
  rt->seen_ns = aatgs_now_ns();
  while (rt->next_seen < end)
    see(rt);
  return true;
}

/* Takes in the timings of the oldest seen iteration as far as they are there; true when all are. */
static bool take_timings(aatgs_runtime *rt, const aatgs_flight *f, uint32_t records)
{
  union {
    aatgs_timing_record record;
    uint32_t words[AATGS_TIMING_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
  } u;
  while (rt->timings_in < records) {
    const uint64_t n = f->timing_base + rt->timings_in;
    if (!aatgs_slot_load(timing_at(rt, n), AATGS_TIMING_FLITS, (uint32_t)n, u.words))
      return false;
    aatgs_timing *t = &rt->timing_buffer[rt->timings_in++];
    const uint64_t start = f->u.telemetry.start_ns;
    const uint32_t start_there = (uint32_t)(start + f->offset_ns);
    t->task = u.record.task;
    t->part = u.record.part;
    t->worker = u.record.worker;
    t->start_ns = start + (uint64_t)(int64_t)(int32_t)(u.record.start - start_there);
    t->duration_ns = u.record.duration_ns;
    t->digest = u.record.digest;
  }
  return true;
}

static void describe_iteration(const aatgs_runtime *rt, const aatgs_flight *f, aatgs_iteration *it)
{
  const aatgs_live_graph *g = &rt->graphs[f->graph_slot];
  it->iteration = f->iteration;
  it->graph = g->number;
  it->plan = f->plan;
  it->status = f->u.telemetry.status;
  it->detail = f->u.telemetry.detail;
  it->posted_ns = f->posted_ns;
  it->seen_ns = f->seen_ns;
  it->start_ns = f->u.telemetry.start_ns;
  it->end_ns = f->u.telemetry.end_ns;
  it->done_before = f->done_before;
  it->config_waiting = f->config_waiting;
  it->telemetry_waiting = f->telemetry_waiting;
  it->config = (const uint8_t *)f->config;
  it->telemetry = (const uint8_t *)f->u.telemetry.telemetry;
  it->timings = rt->timing_buffer;
  it->timing_count = g->records;
}

/* An iteration has all its timings: the scheduler learns, the recorder gets it, credits return. */
static int complete(aatgs_runtime *rt, const aatgs_flight *f)
{
  const aatgs_live_graph *g = &rt->graphs[f->graph_slot];
  aatgs_iteration it;
  int rc = 0;
  describe_iteration(rt, f, &it);
  rt->digest = aatgs_digest_iteration(rt->digest, &it, rt->workload->telemetry_bytes);
  rt->done++;
  if (rt->observe) {
    rc = rt->observe(rt->observer, &it);
  } else {
    aatgs_eta_done(rt, f);
    aatgs_tell_done(rt, g->graph, &it);
  }
  if (rt->recorder) {
    rc = aatgs_recorder_iteration(rt->recorder, &it);
    rt->recorded += rc == 0;
    if (rc == AATGS_EAGAIN)
      rc = 0; /* dropped, counted, as the caller chose */
    if (rc)
      aatgs_error_set(&rt->error, rc, 0, "iteration %llu could not be recorded: %s",
                      (unsigned long long)f->iteration, aatgs_strerror(rc));
  }
  rt->tasks_completed += g->tasks;
  rt->next_complete++;
  rt->timing_credit = f->timing_base + g->records;
  rt->timings_in = 0;
  rt->timings_wait_ns = 0;
  return rc;
}

/* Telemetry is in but timings are not: how long they may still take. */
static int wait_for_timings(aatgs_runtime *rt, const aatgs_flight *f)
{
  const uint64_t now = aatgs_now_ns();
  if (!rt->timings_wait_ns)
    rt->timings_wait_ns = now;
  if (now - rt->timings_wait_ns < rt->options.timeout_ns)
    return 0;
  return aatgs_error_set(&rt->error, AATGS_EDEVICE, 0,
                         "iteration %llu: timing record %u of %u did not arrive within %.1f s of "
                         "its telemetry; the device does not keep its promises",
                         (unsigned long long)f->iteration, rt->timings_in,
                         rt->graphs[f->graph_slot].records, (double)rt->options.timeout_ns / 1e9);
}

int aatgs_pump(aatgs_runtime *rt)
{
  while (take_telemetry(rt))
    continue;
  while (rt->next_complete < rt->next_seen) {
    const aatgs_flight *f = flight_of(rt, rt->next_complete);
    if (!take_timings(rt, f, rt->graphs[f->graph_slot].records))
      return wait_for_timings(rt, f);
    const int rc = complete(rt, f);
    if (rc)
      return rc;
  }
  return rt->recorder ? aatgs_snapshot_pump(rt) : 0;
}

/* One wait where the workers need the core. */
static void wait_crowded(const aatgs_runtime *rt, uint32_t spins)
{
  const struct timespec nap = {0, 50000};
  if (rt->options.idle == AATGS_IDLE_LATENCY || spins < 1000)
    sched_yield();
  else
    nanosleep(&nap, NULL);
}

int aatgs_pump_until(aatgs_runtime *rt, bool (*ready)(aatgs_runtime *rt, uint64_t argument),
                     uint64_t argument, uint64_t timeout_ns)
{
  uint64_t start = 0; /* of waiting, at the first look */
  for (uint32_t spins = 1;; spins++) {
    int rc = aatgs_pump(rt);
    if (rc)
      return rc;
    if (ready(rt, argument))
      return 0;
    if (spins % SPINS_PER_LOOK == 0 || rt->device->crowded) {
      rc = aatgs_check_alive(rt);
      if (rc)
        return rc;
      const uint64_t now = aatgs_now_ns();
      start = start ? start : now;
      if (now - start > timeout_ns)
        return aatgs_error_set(&rt->error, AATGS_ETIMEOUT, 0,
                               "nothing came back within %.3f s; iteration %llu is in flight",
                               (double)timeout_ns / 1e9, (unsigned long long)rt->next_seen);
      if (rt->device->crowded)
        wait_crowded(rt, spins);
    }
    __builtin_ia32_pause();
  }
}

/* ---- The public face ---------------------------------------------------------------------- */

/* Sends the oldest one-shot component. All or nothing: once its graph is out nothing may keep its
 * plan and its iteration from following. A component that can never run is dropped with the
 * error that says why. */
static int send_component(aatgs_runtime *rt, uint32_t *slot)
{
  int rc = 0;
  if (!rt->component)
    rc = aatgs_graph_take_component(rt->pending, &rt->component);
  if (rc)
    return rc;
  rc = aatgs_graph_fits(rt, rt->component);
  if (!rc)
    rc = aatgs_iteration_credit(rt, aatgs_graph_records(rt->component));
  if (!rc && !aatgs_room_for_graph(rt))
    rc = AATGS_EAGAIN;
  if (!rc)
    rc = aatgs_send_graph(rt, rt->component, slot);
  if (rc == AATGS_EINVAL || rc == AATGS_ERACE || rc == AATGS_ELIMIT)
    aatgs_graph_close(rt->component);
  else if (rc)
    return rc;
  rt->component = NULL;
  return rc;
}

/* The graph that this submit runs: the oldest one-shot component, else the one that was set. */
static int choose_graph(aatgs_runtime *rt, uint32_t *slot)
{
  if (!rt->component && aatgs_graph_is_empty(rt->pending)) {
    const int rc = rt->current == UINT32_MAX ? 0 : aatgs_follow_up(rt);
    if (rc)
      return rc;
    *slot = rt->current;
    if (*slot == UINT32_MAX)
      return aatgs_error_set(&rt->error, AATGS_EINVAL, 0,
                             "there is no task to run: set a graph or add tasks first");
    return aatgs_iteration_credit(rt, rt->graphs[*slot].records);
  }
  return send_component(rt, slot);
}

/* The same with its plan. */
static int choose(aatgs_runtime *rt, uint32_t *slot)
{
  const int rc = choose_graph(rt, slot);
  return rc ? rc : aatgs_send_plan(rt, *slot);
}

/* All of aatgs_submit() but the look at what has come in. */
static int submit(aatgs_runtime *rt, const void *config, uint64_t posted_ns, uint64_t *iteration)
{
  uint32_t slot;
  int rc = aatgs_check_alive(rt);
  if (!rc && rt->stopped) {
    rt->error = rt->stop_error;
    return rt->error.code;
  }
  if (!rc)
    rc = choose(rt, &slot);
  if (rc == AATGS_EAGAIN) { /* what has come in since may make room, and nobody else may look */
    rc = aatgs_pump(rt);
    rc = rc ? rc : choose(rt, &slot);
  }
  if (rc)
    return rc;
  const uint64_t i = aatgs_post_iteration(rt, slot, config, posted_ns);
  if (iteration)
    *iteration = i;
  if (rt->clock.fresh)
    aatgs_record_clock(rt);
  aatgs_tell_submitted(rt, flight_of(rt, i));
  return 0;
}

int aatgs_submit(aatgs_runtime *rt, const void *config, uint64_t *iteration)
{
  const int rc = submit(rt, config, 0, iteration);
  return rc ? rc : aatgs_pump(rt);
}

int aatgs_submit_some(aatgs_runtime *rt, const uint8_t *configs, size_t count, size_t *sent)
{
  const uint64_t now_ns = aatgs_now_ns();
  int rc = 0;
  for (*sent = 0; !rc && *sent < count && *sent < AT_ONCE; *sent += rc == 0)
    rc = submit(rt, configs + *sent * rt->workload->config_bytes, now_ns, NULL);
  if (rc && rc != AATGS_EAGAIN)
    return rc;
  const int pumped = aatgs_pump(rt);
  return pumped ? pumped : rc;
}

/* Hands the oldest seen iteration to the caller. */
static void hand_out(aatgs_runtime *rt, void *telemetry, aatgs_outcome *outcome)
{
  const aatgs_flight *f = flight_of(rt, rt->next_read++);
  const aatgs_telemetry_record *r = &f->u.telemetry;
  memcpy(telemetry, r->telemetry, rt->workload->telemetry_bytes);
  if (rt->time_field != UINT32_MAX) {
    const uint32_t us = (uint32_t)((r->end_ns - r->start_ns + 500) / 1000);
    memcpy((uint8_t *)telemetry + rt->time_field, &us, sizeof us);
  }
  if (outcome)
    *outcome = (aatgs_outcome){.iteration = r->iteration,
                               .status = r->status,
                               .detail = r->detail,
                               .overrun = aatgs_missed_deadline(rt, r->start_ns, r->end_ns),
                               .posted_ns = f->posted_ns,
                               .seen_ns = f->seen_ns,
                               .start_ns = r->start_ns,
                               .end_ns = r->end_ns};
}

int aatgs_poll(aatgs_runtime *rt, void *telemetry, aatgs_outcome *outcome)
{
  if (rt->next_read == rt->next_seen && !take_telemetry(rt)) {
    int rc = aatgs_pump(rt);
    if (!rc)
      rc = aatgs_check_alive(rt);
    if (rc || rt->next_read == rt->next_seen)
      return rc;
  }
  hand_out(rt, telemetry, outcome);
  return 1;
}

static bool something_to_read(aatgs_runtime *rt, uint64_t unused)
{
  (void)unused;
  return rt->next_read < rt->next_seen;
}

int aatgs_wait(aatgs_runtime *rt, void *telemetry, aatgs_outcome *outcome, uint64_t timeout_ns)
{
  if (rt->next_read == rt->next_iteration)
    return aatgs_error_set(&rt->error, AATGS_EINVAL, 0, "nothing is in flight to wait for");
  const int rc = aatgs_pump_until(rt, something_to_read, 0, timeout_ns);
  if (rc)
    return rc;
  hand_out(rt, telemetry, outcome);
  return 1;
}

static bool all_complete(aatgs_runtime *rt, uint64_t unused)
{
  (void)unused;
  return rt->next_complete == rt->next_iteration;
}

int aatgs_drain(aatgs_runtime *rt, uint64_t timeout_ns)
{
  return aatgs_pump_until(rt, all_complete, 0, timeout_ns);
}
