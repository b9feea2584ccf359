/* Programs: iterations whose parts the host has dealt out to the workers beforehand. A
 * worker takes its turns in order; a turn that needs other workers' turns looks at their done
 * words until the iteration's number stands there. Nothing is counted, claimed or reset, so a
 * signal is one store. A graph that is a chain is a program of one worker and needs no
 * signal at all. Included by loop.h. */
#ifndef AATGS_PROGRAM_H
#define AATGS_PROGRAM_H

#include "part.h"

#define AATGS_NEAR_TURNS      96u /* that a worker keeps close by at a time */
#define AATGS_NEAR_WAITS      512u
#define AATGS_SPINS_PER_CHECK 1024u
#define AATGS_LOOKS           4u /* done words that a lane looks at together */

/* A done word: the iteration in the upper 30 bits, below them how the turn ended. */
typedef enum aatgs_done {
  AATGS_DONE_OK = 1,
  AATGS_DONE_FAILED = 2, /* this bit stands for all that went wrong */
  AATGS_DONE_SKIPPED = 3
} aatgs_done;

/* A worker's own: nobody else ever looks at it. */
typedef struct aatgs_program {
  AATGS_ALIGNAS(16) uint32_t number; /* of the graph that the turns are of; 0: none */
  uint32_t index;                    /* of the worker in the program */
  uint32_t near;                     /* the first turn that is close by */
  uint32_t plain;                    /* turns that it begins with, as far as they are close by */
  uint32_t turns;
  uint32_t ends; /* 1: the iteration is over after the last turn */
  uint32_t first_wait;
  uint32_t seen; /* how the turns that were waited for ended, in one word */
  const aatgs_graph_table *graph;
  const aatgs_turn *turn; /* all of them, not close by */
  const uint32_t *wait;
  AATGS_ALIGNAS(16) aatgs_turn near_turn[AATGS_NEAR_TURNS];
  uint32_t near_wait[AATGS_NEAR_WAITS];
  uint32_t telemetry[2][AATGS_TELEMETRY_BYTES_MAX / 4]; /* of even and of odd runs */
  aatgs_notes notes;
} aatgs_program;

/* What a lane carries on from one iteration to the next. */
typedef struct aatgs_pace {
  uint64_t free_ns; /* when its worker ended the last turn */
  uint32_t taken;   /* turns */
  uint32_t runs;    /* iterations */
} aatgs_pace;

/* One iteration, as a lane sees it. What its turns need of the loop and of the worker is read
 * once, so that it can stay in registers. */
typedef struct aatgs_run {
  const void *config;
  uint64_t iteration;
  uint64_t timing_base;
  uint64_t start_ns;
  uint64_t now_ns;
  uint64_t key;      /* of its random numbers */
  uint64_t *running; /* of this worker */
  const aatgs_graph_table *graph;
  const uint32_t *wait;
  uint32_t *telemetry;
  aatgs_flit *telemetry_slot;
  uint32_t *done;  /* the iteration's done words, by record */
  uint32_t *worst; /* see aatgs_turn_failed() */
  uint32_t first_wait;
  uint32_t worker;
  uint32_t tag;
  uint32_t trouble; /* AATGS_DONE_FAILED: something went wrong before or beside this turn */
} aatgs_run;

/* Fetches the worker's turns of the graph's program; every lane takes part. */
AATGS_COLD void aatgs_program_fetch(const aatgs_loop *loop, aatgs_program *p, uint32_t number,
                                    uint32_t index, uint32_t lane, uint32_t lanes)
{
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
    p->number = number;
    p->index = index;
    p->turns = turns;
    p->first_wait = first_wait;
    p->near = 0;
    p->plain = !turns ? 0 : turn->plain < AATGS_NEAR_TURNS ? turn->plain : AATGS_NEAR_TURNS;
    p->ends = turns && (turn[turns - 1].flags & AATGS_TURN_LAST) != 0;
    p->graph = graph;
    p->turn = turn;
    p->wait = waits <= AATGS_NEAR_WAITS ? p->near_wait : wait;
  }
  aatgs_worker_sync(lanes);
}

/* Brings the turns close by of which turn i is one; every lane takes part. */
AATGS_COLD void aatgs_program_move(aatgs_program *p, uint32_t i, uint32_t lane, uint32_t lanes)
{
  const uint32_t first = i / AATGS_NEAR_TURNS * AATGS_NEAR_TURNS, turns = p->turns;
  const aatgs_turn *turn = p->turn;
  aatgs_worker_sync(lanes); /* every lane has compared the numbers */
  for (uint32_t k = lane; k < AATGS_NEAR_TURNS && first + k < turns; k += lanes)
    p->near_turn[k] = turn[first + k];
  if (lane == 0)
    p->near = first;
  aatgs_worker_sync(lanes);
}

/* What turn i waits for. */
AATGS_FN const uint32_t *aatgs_turn_waits(const aatgs_run *r, const aatgs_turn *turn)
{
  return r->wait + (turn->first_wait - r->first_wait);
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

/* Waits until the records are done from `first` on, `looks` for each lane of the worker's team.
 * Returns how they ended, in one word; 0: the loop is to end. */
AATGS_FN uint32_t aatgs_wait_some(aatgs_loop *loop, const aatgs_run *r, const aatgs_turn *turn,
                                  uint32_t first, uint32_t looks, uint32_t lane)
{
  const uint32_t *wait = aatgs_turn_waits(r, turn);
  const uint32_t *word[AATGS_LOOKS];
  uint64_t since_ns = 0;
  for (uint32_t k = 0; k < looks; k++) {
    const uint32_t mine = first + k * AATGS_TEAM_LANES + lane;
    word[k] = r->done + wait[mine < turn->waits ? mine : first];
  }
  for (uint32_t spins = 1;; spins++) {
    uint32_t ends = 0, missing = 0;
    for (uint32_t k = 0; k < looks; k++) {
      const uint32_t v = turn->flags & AATGS_TURN_ACQUIRE ? aatgs_dev_load_acquire_u32(word[k])
                                                          : aatgs_done_load(word[k]); /* D10 */
      missing |= (v & ~3u) ^ r->tag;
      ends |= v & 3u;
    }
    if (aatgs_team_all(!missing))
      return ends;
    aatgs_wait_idle(loop->flags, spins);
    if (!AATGS_RARE(spins % AATGS_SPINS_PER_CHECK == 0))
      continue;
    since_ns = since_ns ? since_ns : aatgs_clock_ns();
    if (aatgs_team_any(aatgs_wait_hopeless(loop, r->worker, r->iteration, turn->task, since_ns,
                                           missing ^ r->tag)))
      return 0;
  }
}

/* Waits until all records are done that the turn waits for. */
AATGS_FN uint32_t aatgs_wait_for(aatgs_loop *loop, const aatgs_run *r, const aatgs_turn *turn,
                                 uint32_t lane)
{
  uint32_t seen = AATGS_DONE_OK;
  if (turn->waits <= AATGS_TEAM_LANES)
    return aatgs_team_or(aatgs_wait_some(loop, r, turn, 0, 1, lane));
  for (uint32_t first = 0; first < turn->waits; first += AATGS_LOOKS * AATGS_TEAM_LANES) {
    const uint32_t ends = aatgs_wait_some(loop, r, turn, first, AATGS_LOOKS, lane);
    if (!ends)
      return 0;
    seen |= ends;
  }
  return aatgs_team_or(seen);
}

/* The same for the whole worker. */
AATGS_FN uint32_t aatgs_turn_wait(aatgs_loop *loop, aatgs_program *p, const aatgs_run *r,
                                  const aatgs_turn *turn, uint32_t lane, uint32_t lanes)
{
  if (lane < AATGS_TEAM_LANES) {
    const uint32_t seen = aatgs_wait_for(loop, r, turn, lane);
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

/* The leading lane says that a turn has ended well, if others wait for it and there is nothing to
 * release. */
AATGS_FN void aatgs_turn_signal(const aatgs_run *r, const aatgs_turn *turn)
{
  if ((turn->flags & (AATGS_TURN_SIGNAL | AATGS_TURN_RELEASE)) == AATGS_TURN_SIGNAL)
    aatgs_done_store(r->done + turn->record, r->tag | AATGS_DONE_OK);
}

/* How any other turn has ended. When it failed or was skipped, the next turn of this worker reads
 * it: every lane takes part. */
AATGS_FN void aatgs_turn_release(const aatgs_run *r, const aatgs_turn *turn, uint32_t end,
                                 uint32_t lane, uint32_t lanes)
{
  if (lane == 0) {
    if (end == AATGS_DONE_FAILED)
      aatgs_turn_failed(r->worst, turn->task, turn->flags);
    aatgs_dev_store_release_u32(r->done + turn->record, r->tag | end); /* D9 */
  }
  if (end != AATGS_DONE_OK)
    aatgs_worker_sync(lanes);
}

/* The iteration is over: the lanes of worker 0's team post its telemetry. */
AATGS_FN void aatgs_run_end(const aatgs_run *r, uint32_t lane)
{
  aatgs_telemetry_head head = {r->iteration, AATGS_STATUS_OK, 0, r->start_ns, r->now_ns};
  if (AATGS_RARE(r->trouble)) {
    aatgs_telemetry_verdict(&head, ~aatgs_dev_load_acquire_u32(r->worst));
    aatgs_team_share(0);
    if (lane == 0)
      aatgs_dev_store_relaxed_u32(r->worst, 0);
  }
  aatgs_team_telemetry(r->telemetry_slot, &head, r->telemetry, lane);
}

/* How a task's function returned that was called for a plain turn and not as it should. */
typedef struct aatgs_call {
  uint32_t called;
  int known;
  uint32_t failed;
  uint32_t digest;
} aatgs_call;

AATGS_FN void aatgs_turn_open(const aatgs_loop *loop, const aatgs_run *r, const aatgs_turn *turn,
                              aatgs_task *t, uint32_t lane, uint32_t lanes)
{
  aatgs_task_open(loop, r->config, r->telemetry, r->iteration, t);
  t->key = aatgs_random_key(r->key, turn->task, turn->part);
  t->task = turn->task;
  t->part = turn->part;
  t->parts = turn->parts;
  t->arg = turn->arg;
  t->lane = lane;
  t->lanes = lanes;
}

/* Runs a turn's part, which may have been called already. Returns an aatgs_done; 0: the loop is to
 * end. */
AATGS_FN uint32_t aatgs_turn_run(aatgs_loop *loop, const aatgs_run *r, const aatgs_turn *turn,
                                 const aatgs_call *call, uint32_t *digest, uint32_t lane,
                                 uint32_t lanes)
{
  const int finish = (turn->flags & AATGS_TURN_FINISH) != 0;
  aatgs_task t;
  aatgs_turn_open(loop, r, turn, &t, lane, lanes);
  t.failed = call->failed;
  t.digest = call->digest;
  const int known =
      call->called ? call->known : aatgs_task_start(loop, &t, r->running, turn->type, finish);
  if (!aatgs_task_end(loop, &t, r->worker, r->graph, turn->type, AATGS_TASK_RETRIES(turn->flags),
                      finish, known))
    return 0;
  aatgs_digest_gather(digest, t.digest, lane);
  return t.failed ? AATGS_DONE_FAILED : AATGS_DONE_OK;
}

/* What a turn has to do first that waits for others, or that follows on trouble. Returns SKIPPED
 * when its part is not to run, else OK; 0: the loop is to end. */
AATGS_FN uint32_t aatgs_turn_begin(aatgs_loop *loop, aatgs_program *p, aatgs_run *r,
                                   const aatgs_turn *turn, uint32_t lane, uint32_t lanes)
{
  if (turn->waits) {
    const uint32_t seen = aatgs_turn_wait(loop, p, r, turn, lane, lanes);
    if (!seen)
      return 0;
    r->trouble |= seen & AATGS_DONE_FAILED;
    r->now_ns = aatgs_clock_ns();
  }
  return r->trouble && aatgs_turn_blocked(r->done, aatgs_turn_waits(r, turn), turn->depends, r->tag)
             ? AATGS_DONE_SKIPPED
             : AATGS_DONE_OK;
}

AATGS_FN aatgs_timing_head aatgs_turn_head(const aatgs_run *r, const aatgs_turn *turn,
                                           uint64_t start_ns)
{
  const aatgs_timing_head head = {r->timing_base + turn->record,
                                  (uint32_t)r->iteration,
                                  turn->task,
                                  turn->part,
                                  r->worker,
                                  start_ns,
                                  r->now_ns};
  return head;
}

/* Takes up to `count` plain turns in a row; every lane takes part. Returns how many it took. The
 * next one is to go by aatgs_turn_take() if *call says that it was called. */
AATGS_FN uint32_t aatgs_turns_plain(aatgs_loop *loop, aatgs_program *p, aatgs_run *r,
                                    const aatgs_turn *first, uint32_t count, uint32_t *taken,
                                    aatgs_call *call, uint32_t lane, uint32_t lanes)
{
  for (uint32_t i = 0; i < count; i++) {
    const aatgs_turn turn = first[i]; /* read as one, so that no read waits for another */
    aatgs_task t;
    aatgs_turn_open(loop, r, &turn, &t, lane, lanes);
    const int known = aatgs_task_start(loop, &t, r->running, turn.type, 0);
    if (AATGS_RARE(t.failed | !known)) {
      const aatgs_call odd = {1, known, t.failed, t.digest};
      *call = odd;
      return i;
    }
    aatgs_digest_gather(aatgs_note_digest(&p->notes, *taken), t.digest, lane);
    aatgs_worker_sync(lanes);
    const uint64_t start_ns = r->now_ns;
    r->now_ns = aatgs_clock_ns();
    const aatgs_timing_head head = aatgs_turn_head(r, &turn, start_ns);
    aatgs_note_put(loop, &p->notes, (*taken)++, &head, lane);
  }
  return count;
}

/* Every lane takes part; *taken is its count of turns. Returns 0 when the loop is to end. */
AATGS_FN int aatgs_turn_take(aatgs_loop *loop, aatgs_program *p, aatgs_run *r,
                             const aatgs_turn *turn, const aatgs_call *call, uint32_t *taken,
                             uint32_t lane, uint32_t lanes)
{
  uint32_t end = AATGS_DONE_OK;
  if (turn->waits | r->trouble) {
    end = aatgs_turn_begin(loop, p, r, turn, lane, lanes);
    if (!end)
      return 0;
    if (turn->flags & AATGS_TURN_NOTHING) {
      if (lane < AATGS_TEAM_LANES)
        aatgs_run_end(r, lane);
      aatgs_worker_sync(lanes); /* every lane knows how the wait ended */
      return 1;
    }
  }
  const uint32_t n = *taken;
  if (!AATGS_RARE(end == AATGS_DONE_SKIPPED))
    end = aatgs_turn_run(loop, r, turn, call, aatgs_note_digest(&p->notes, n), lane, lanes);
  if (AATGS_RARE(!end))
    return 0;
  *taken = n + 1;
  aatgs_worker_sync(lanes); /* what the lanes wrote, before the next turn reads it */
  if (lane == 0 && end == AATGS_DONE_OK)
    aatgs_turn_signal(r, turn);
  r->trouble |= end & AATGS_DONE_FAILED;
  const uint64_t start_ns = r->now_ns;
  r->now_ns = aatgs_clock_ns();
  if ((turn->flags & AATGS_TURN_RELEASE) | (end != AATGS_DONE_OK))
    aatgs_turn_release(r, turn, end, lane, lanes);
  if (lane >= AATGS_TEAM_LANES)
    return 1;
  if (turn->flags & AATGS_TURN_LAST)
    aatgs_run_end(r, lane);
  const aatgs_timing_head head = aatgs_turn_head(r, turn, start_ns);
  aatgs_note_put(loop, &p->notes, n, &head, lane);
  aatgs_note_check(&p->notes, n + 1, lane);
  return 1;
}

/* Takes the plain turns that the program begins with, all but those that *call says have not gone
 * as they should. Returns how many it took; every lane takes part. */
AATGS_FN uint32_t aatgs_program_plain(aatgs_loop *loop, aatgs_program *p, aatgs_run *r,
                                      uint32_t plain, uint32_t *taken, aatgs_call *call,
                                      uint32_t lane, uint32_t lanes)
{
  uint32_t i = 0;
  while (i < plain) {
    uint32_t count = aatgs_note_room(*taken);
    count = count < plain - i ? count : plain - i;
    const uint32_t done =
        aatgs_turns_plain(loop, p, r, &p->near_turn[i], count, taken, call, lane, lanes);
    aatgs_note_check(&p->notes, *taken, lane);
    i += done;
    if (AATGS_RARE(done < count))
      break;
  }
  return i;
}

/* Takes the turns from i on. */
AATGS_FN void aatgs_program_rest(aatgs_loop *loop, aatgs_program *p, aatgs_run *r, uint32_t i,
                                 uint32_t turns, uint32_t *taken, aatgs_call *call, uint32_t lane,
                                 uint32_t lanes)
{
  const uint64_t slot = (r->iteration - loop->first_iteration) & loop->command_mask;
  r->graph = p->graph;
  r->wait = p->wait;
  r->first_wait = p->first_wait;
  r->done = loop->done + slot * loop->turns_max;
  r->worst = &loop->worst[slot];
  for (; i < turns; i++) {
    if (AATGS_RARE(i - p->near >= AATGS_NEAR_TURNS))
      aatgs_program_move(p, i, lane, lanes);
    const aatgs_turn turn = p->near_turn[i - p->near];
    if (!aatgs_turn_take(loop, p, r, &turn, call, taken, lane, lanes)) {
      aatgs_worker_sync(lanes); /* as behind a last turn */
      return;
    }
    call->called = 0;
    call->failed = 0;
    call->digest = 0;
  }
}

/* This worker's share of an iteration; every lane takes part. No lane reads the command or the
 * graph any more once all are past the last barrier. Where it all goes well and the lanes are more
 * than a team, the last record's end and that of the iteration are two readings of the clock, which
 * may be a tick apart. */
AATGS_FN void aatgs_program_run(aatgs_loop *loop, uint32_t worker, aatgs_program *p,
                                const aatgs_command_header *h, const void *config,
                                uint64_t start_ns, uint32_t index, aatgs_pace *pace, uint32_t lane,
                                uint32_t lanes)
{
  const uint64_t iteration = h->iteration;
  if (AATGS_RARE((p->number != h->graph) | (p->index != index) | (p->near != 0)))
    aatgs_program_fetch(loop, p, h->graph, index, lane, lanes);
  aatgs_run r = {.config = config,
                 .iteration = iteration,
                 .timing_base = h->timing_base,
                 .start_ns = start_ns,
                 .now_ns = start_ns > pace->free_ns ? start_ns : pace->free_ns,
                 .key = aatgs_random_base(loop->seed, iteration),
                 .running = &loop->running[worker],
                 .telemetry = p->telemetry[pace->runs++ & 1],
                 .telemetry_slot = aatgs_telemetry_slot(loop, iteration),
                 .worker = worker,
                 .tag = (uint32_t)iteration << 2};
  aatgs_call call = {0, 0, 0, 0};
  const uint32_t turns = p->turns;
  const uint32_t i = aatgs_program_plain(loop, p, &r, p->plain, &pace->taken, &call, lane, lanes);
  if (i < turns)
    aatgs_program_rest(loop, p, &r, i, turns, &pace->taken, &call, lane, lanes);
  else if (p->ends && lane - aatgs_end_lane(lanes) < AATGS_TEAM_LANES)
    aatgs_run_end(&r, lane - aatgs_end_lane(lanes));
  pace->free_ns = r.now_ns;
}

/* ---- Between workers ---------------------------------------------------------------- */

AATGS_FN uint32_t aatgs_relay_index(const aatgs_loop *loop, const aatgs_worker *w,
                                    const aatgs_command *command)
{
  return (w->id + loop->workers - command->header.telemetry_read) % loop->workers;
}

/* What a worker is to do with the next command that another one has relayed; the lanes of its team
 * together. 1: *command is one that it takes part in. Of another one it does not even look at the
 * graph: that may have been replaced, because nobody waits for this worker. */
AATGS_FN int aatgs_relay_take(const aatgs_loop *loop, aatgs_worker *w, aatgs_command_words *command,
                              uint32_t lane)
{
  const uint64_t n = w->relayed, slots = loop->command_mask + 1;
  const aatgs_slot_state state = aatgs_team_slot_load(
      aatgs_relay_slot(loop, n), AATGS_COMMAND_FLITS, (uint32_t)n, command->words, lane);
  if (state == AATGS_SLOT_EARLIER)
    return 0;
  uint64_t next = n + 1;
  if (state == AATGS_SLOT_LATER) /* took no part in those, or they would not have ended */
    next = aatgs_dev_load_acquire_u64(&loop->shared->bell) - slots;
  else if ((command->command.header.flags & AATGS_COMMAND_ACQUIRE) &&
           aatgs_dev_load_acquire_u64(&loop->shared->bell) <= n) /* D12 */
    next = n;
  aatgs_team_share(0);
  if (lane == 0)
    w->relayed = next;
  aatgs_team_share(0);
  return state == AATGS_SLOT_WHOLE && next > n &&
         aatgs_relay_index(loop, w, &command->command) < command->command.header.plan;
}

#endif
