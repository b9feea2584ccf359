/* Programs: iterations whose parts the host has dealt out to the workers beforehand. A
 * worker takes its turns in order; a turn that needs other workers' turns looks at their done
 * words until the iteration's number stands there. Nothing is counted, claimed or reset, so a
 * signal is one store. A graph that is a chain is a program of one worker and needs no
 * signal at all. Included by loop.h. */
#ifndef AATGS_PROGRAM_H
#define AATGS_PROGRAM_H

#include "part.h"

#define AATGS_NEAR_TURNS      96u /* that a worker keeps close by */
#define AATGS_NEAR_WAITS      512u
#define AATGS_SPINS_PER_CHECK 1024u

/* A done word: the iteration in the upper 30 bits, below them how the turn ended. */
typedef enum aatgs_done {
  AATGS_DONE_OK = 1,
  AATGS_DONE_FAILED = 2, /* this bit stands for all that went wrong */
  AATGS_DONE_SKIPPED = 3
} aatgs_done;

/* A worker's own: nobody else ever looks at it. */
typedef struct aatgs_program {
  uint32_t graph; /* number of the graph that the turns are of; 0: none */
  uint32_t index; /* of the worker in the program */
  uint32_t turns;
  uint32_t first_wait;
  uint32_t seen;      /* how the turns that were waited for ended, in one word */
  uint32_t digest[2]; /* of the turn under way and of the one before */
  const aatgs_turn *turn;
  const uint32_t *wait;
  AATGS_ALIGNAS(16) aatgs_turn near_turn[AATGS_NEAR_TURNS];
  uint32_t near_wait[AATGS_NEAR_WAITS];
  uint32_t telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
} aatgs_program;

/* One iteration, as a lane sees it. */
typedef struct aatgs_run {
  const aatgs_command *command;
  uint64_t start_ns;
  uint64_t now_ns;
  uint64_t key;    /* of its random numbers */
  uint32_t *done;  /* the iteration's done words, by record */
  uint32_t *worst; /* see aatgs_turn_failed() */
  uint32_t tag;
  uint32_t trouble; /* AATGS_DONE_FAILED: something went wrong before or beside this turn */
} aatgs_run;

/* The worker's turns of the graph's program, unless they are there already; every lane takes part.
 */
AATGS_COLD void aatgs_program_fetch(const aatgs_loop *loop, aatgs_program *p, uint32_t number,
                                    uint32_t index, uint32_t lane, uint32_t lanes)
{
  if (p->graph == number && p->index == index)
    return;
  const aatgs_graph_table *graph = aatgs_graph_at(loop, number);
  const uint32_t *first = aatgs_first_turn(graph) + index;
  const uint32_t turns = index < graph->workers ? first[1] - first[0] : 0;
  const aatgs_turn *turn = aatgs_turns(graph) + (turns ? first[0] : 0);
  const uint32_t first_wait = turns ? turn[0].first_wait : 0;
  const uint32_t waits =
      turns ? turn[turns - 1].first_wait + turn[turns - 1].depends - first_wait : 0;
  const uint32_t *wait = aatgs_waits(graph) + first_wait;
  aatgs_worker_sync(lanes); /* every lane has compared the numbers */
  for (uint32_t i = lane; i < turns && i < AATGS_NEAR_TURNS; i += lanes)
    p->near_turn[i] = turn[i];
  for (uint32_t i = lane; i < waits && i < AATGS_NEAR_WAITS; i += lanes)
    p->near_wait[i] = wait[i];
  if (lane == 0) {
    p->graph = number;
    p->index = index;
    p->turns = turns;
    p->first_wait = first_wait;
    p->turn = turns <= AATGS_NEAR_TURNS ? p->near_turn : turn;
    p->wait = waits <= AATGS_NEAR_WAITS ? p->near_wait : wait;
  }
  aatgs_worker_sync(lanes);
}

/* 1: the loop is to end. Somebody who waited too long ends it. */
AATGS_COLD int aatgs_wait_hopeless(aatgs_loop *loop, uint32_t worker, uint64_t iteration,
                                   uint32_t task, uint64_t since_ns, uint32_t seen)
{
  if (aatgs_dev_load_acquire_u32(&loop->shared->stop))
    return 1;
  const uint64_t waited = aatgs_clock_ns() - since_ns;
  if (!loop->host_timeout_ns || waited < 2 * loop->host_timeout_ns)
    return 0;
  const aatgs_fault fault = {AATGS_FAULT_WAIT, worker, iteration, task, 0, iteration, seen >> 2};
  aatgs_fault_post(loop, fault);
  return 1;
}

/* Waits until the records are done. The lanes of the worker's team look at one each. Returns how
 * they ended, in one word; 0: the loop is to end. */
AATGS_FN uint32_t aatgs_wait_for(aatgs_loop *loop, const aatgs_worker *w, const aatgs_run *r,
                                 const aatgs_turn *turn, const uint32_t *wait, uint32_t lane)
{
  const uint64_t since_ns = aatgs_clock_ns();
  uint32_t seen = AATGS_DONE_OK;
  for (uint32_t first = 0; first < turn->waits; first += AATGS_TEAM_LANES) {
    const uint32_t mine = first + lane;
    const uint32_t *word = r->done + (mine < turn->waits ? wait[mine] : wait[first]);
    for (uint32_t spins = 1;; spins++) {
      const uint32_t v = aatgs_dev_load_acquire_u32(word); /* D10 */
      if (aatgs_team_all((v & ~3u) == r->tag)) {
        seen |= v & 3u;
        break;
      }
      aatgs_wait_idle(loop->flags, spins);
      if (spins % AATGS_SPINS_PER_CHECK == 0 &&
          aatgs_team_any(aatgs_wait_hopeless(loop, w->id, r->command->header.iteration, turn->task,
                                             since_ns, v)))
        return 0;
    }
  }
  return aatgs_team_or(seen);
}

/* The same for the whole worker. */
AATGS_FN uint32_t aatgs_turn_wait(aatgs_loop *loop, const aatgs_worker *w, aatgs_program *p,
                                  const aatgs_run *r, const aatgs_turn *turn, uint32_t lane,
                                  uint32_t lanes)
{
  if (lane < AATGS_TEAM_LANES) {
    const uint32_t seen =
        aatgs_wait_for(loop, w, r, turn, p->wait + (turn->first_wait - p->first_wait), lane);
    if (lane == 0)
      p->seen = seen;
  }
  aatgs_worker_sync(lanes);
  return p->seen;
}

/* Whether something that the turn depends on went wrong. Asked only when something has, so it may
 * take its time; records of this worker that went well may not have been written. */
AATGS_COLD uint32_t aatgs_turn_blocked(const uint32_t *done, const uint32_t *wait, uint32_t depends,
                                       uint32_t tag)
{
  for (uint32_t i = 0; i < depends; i++) {
    const uint32_t v = aatgs_dev_load_acquire_u32(done + wait[i]); /* D10 */
    if ((v & ~3u) == tag && (v & AATGS_DONE_FAILED))
      return 1;
  }
  return 0;
}

/* The lowest AATGS_FAILED() stands there inverted, so that 0 is none. */
AATGS_COLD void aatgs_turn_failed(uint32_t *worst, uint32_t task, uint32_t flags)
{
  const uint32_t failed = ~AATGS_FAILED(task, flags & AATGS_TURN_STOPS ? AATGS_TASK_STOPS : 0);
  uint32_t seen = aatgs_dev_load_relaxed_u32(worst);
  while (failed > seen && !aatgs_dev_cas_u32(worst, &seen, failed))
    continue;
}

/* The leading lane says how the turn ended. */
AATGS_FN void aatgs_turn_signal(const aatgs_run *r, const aatgs_turn *turn, uint32_t end)
{
  if (end == AATGS_DONE_FAILED)
    aatgs_turn_failed(r->worst, turn->task, turn->flags);
  if (end != AATGS_DONE_OK || (turn->flags & AATGS_TURN_RELEASE))
    aatgs_dev_store_release_u32(r->done + turn->record, r->tag | end); /* D9 */
  else if (turn->flags & AATGS_TURN_SIGNAL)
    aatgs_done_store(r->done + turn->record, r->tag | end);
}

/* The iteration is over: the lanes of worker 0's team post its telemetry. */
AATGS_FN void aatgs_run_end(const aatgs_loop *loop, aatgs_program *p, const aatgs_run *r,
                            uint32_t lane)
{
  aatgs_telemetry_head head = {r->command->header.iteration, AATGS_STATUS_OK, 0, r->start_ns,
                               r->now_ns};
  if (r->trouble) {
    aatgs_telemetry_verdict(&head, ~aatgs_dev_load_acquire_u32(r->worst));
    aatgs_team_share(0);
    if (lane == 0)
      aatgs_dev_store_relaxed_u32(r->worst, 0);
  }
  aatgs_team_telemetry(loop, &head, p->telemetry, lane);
}

/* Every lane takes part. Returns 0 when the loop is to end. */
AATGS_FN int aatgs_turn_take(aatgs_loop *loop, aatgs_worker *w, aatgs_program *p, aatgs_run *r,
                             uint32_t i, uint32_t lane, uint32_t lanes)
{
  const aatgs_turn turn = p->turns <= AATGS_NEAR_TURNS ? p->near_turn[i] : p->turn[i];
  if (turn.waits) {
    const uint32_t seen = aatgs_turn_wait(loop, w, p, r, &turn, lane, lanes);
    if (!seen)
      return 0;
    r->trouble |= seen & AATGS_DONE_FAILED;
    r->now_ns = aatgs_clock_ns();
  }
  if (turn.flags & AATGS_TURN_NOTHING) {
    if (lane < AATGS_TEAM_LANES)
      aatgs_run_end(loop, p, r, lane);
    return 1;
  }
  uint32_t end = AATGS_DONE_OK;
  if (r->trouble && aatgs_turn_blocked(r->done, p->wait + (turn.first_wait - p->first_wait),
                                       turn.depends, r->tag))
    end = AATGS_DONE_SKIPPED;
  aatgs_task t;
  aatgs_task_open(loop, r->command->config, p->telemetry, r->command->header.iteration, &t);
  t.key = aatgs_random_key(r->key, turn.task, turn.part);
  t.task = turn.task;
  t.part = turn.part;
  t.parts = turn.parts;
  t.arg = turn.arg;
  t.lane = lane;
  t.lanes = lanes;
  if (end == AATGS_DONE_OK &&
      !aatgs_task_run(loop, &t, w->id, aatgs_graph_at(loop, r->command->header.graph), turn.type,
                      AATGS_TASK_RETRIES(turn.flags), turn.flags & AATGS_TURN_FINISH))
    return 0;
  if (t.failed)
    end = AATGS_DONE_FAILED;
  aatgs_digest_gather(&p->digest[i & 1], t.digest, lane);
  aatgs_worker_sync(lanes); /* what the lanes wrote, before the next turn reads it */
  r->trouble |= end & AATGS_DONE_FAILED;
  if (lane >= AATGS_TEAM_LANES)
    return 1;
  if (lane == 0)
    aatgs_turn_signal(r, &turn, end);
  const uint64_t start_ns = r->now_ns;
  r->now_ns = aatgs_clock_ns();
  if (turn.flags & AATGS_TURN_LAST)
    aatgs_run_end(loop, p, r, lane);
  aatgs_timing_head head = {r->command->header.timing_base + turn.record,
                            (uint32_t)r->command->header.iteration,
                            turn.task,
                            turn.part,
                            w->id,
                            start_ns,
                            r->now_ns};
  aatgs_team_timing(loop, &head, &p->digest[i & 1], lane);
  return 1;
}

/* This worker's share of an iteration; every lane takes part. */
AATGS_FN void aatgs_program_run(aatgs_loop *loop, aatgs_worker *w, aatgs_program *p,
                                const aatgs_command *command, uint64_t start_ns, uint32_t index,
                                uint32_t lane, uint32_t lanes)
{
  const uint64_t iteration = command->header.iteration;
  const uint64_t slot = (iteration - loop->first_iteration) & loop->command_mask;
  aatgs_run r = {command,
                 start_ns,
                 start_ns,
                 aatgs_random_base(loop->seed, iteration),
                 loop->done + slot * loop->turns_max,
                 &loop->worst[slot],
                 (uint32_t)iteration << 2,
                 0};
  aatgs_program_fetch(loop, p, command->header.graph, index, lane, lanes);
  const uint32_t turns = p->turns;
  for (uint32_t i = 0; i < turns; i++)
    if (!aatgs_turn_take(loop, w, p, &r, i, lane, lanes))
      return;
}

/* ---- Between workers ---------------------------------------------------------------- */

/* What a worker is to do with the next command that another one has relayed; the lanes of its team
 * together. 1: *command is one. */
AATGS_COLD int aatgs_relay_take(const aatgs_loop *loop, aatgs_worker *w,
                                aatgs_command_words *command, uint64_t bell, uint32_t lane)
{
  const uint64_t slots = loop->command_mask + 1;
  if (bell == w->relayed)
    return 0;
  if (bell - w->relayed > slots && lane == 0)
    w->relayed = bell - slots; /* took no part in those, or they would not have ended */
  aatgs_team_share(0);
  const uint64_t n = w->relayed;
  const int whole = aatgs_team_slot_load(loop->relay + (n & (slots - 1)) * AATGS_COMMAND_FLITS,
                                         AATGS_COMMAND_FLITS, (uint32_t)n, command->words, lane);
  if (whole && lane == 0)
    w->relayed = n + 1;
  aatgs_team_share(0);
  return whole;
}

AATGS_FN uint32_t aatgs_relay_index(const aatgs_loop *loop, const aatgs_worker *w,
                                    const aatgs_command *command)
{
  return (w->id + loop->workers - command->header.telemetry_read) % loop->workers;
}

#endif
