/* The polling warps of the block that takes commands: they read the command ring without
 * pause, also while the block's lanes run a task, and put what is for those into boxes.
 * Included by entry_cuda.h. */
#ifndef AATGS_POLLER_CUDA_H
#define AATGS_POLLER_CUDA_H

#include "deal_cuda.h"

#define AATGS_POLLERS        2u /* more would queue up at the lines of the slot */
#define AATGS_AHEAD          8u /* slots that a warp reads at a time while commands stream in */
#define AATGS_BOXES          16u
#define AATGS_POLLS_PER_BEAT 256u
#define AATGS_HOST_LANE      24u /* the first lane that has no flit of the slot to read */
#define AATGS_SPREAD_LOOKS   4u  /* in a row, for more to be dealt where there was one */

/* What the lanes are to do next. */
typedef struct aatgs_box {
  AATGS_ALIGNAS(16) aatgs_command_words command;
  uint64_t start_ns;
  uint64_t gate; /* the lanes that carry a command's flits open it */
  aatgs_step step;
} aatgs_box;

/* Between the polling warps and the lanes of their block. */
typedef struct aatgs_desk {
  aatgs_front front;  /* steps are boxes */
  aatgs_worker clerk; /* the polling warps' own, for dataflow */
  uint32_t claimed;   /* the low bits of the next command that no polling warp has in hand */
  uint32_t obeyed;    /* and of the next one to obey */
  uint32_t
      searching; /* 1: the leading lane looks for parts, too; 0: all lanes wait for a program */
  uint32_t left; /* polling warps that have left */
  aatgs_box box[AATGS_BOXES];
} aatgs_desk;

static __device__ inline void aatgs_desk_open(const aatgs_loop *loop, aatgs_desk *d)
{
  d->front = loop->shared->front;
  aatgs_worker_open(loop, 0, &d->clerk);
  d->claimed = d->obeyed = (uint32_t)d->front.next_command;
  d->searching = 1;
  d->left = 0;
  for (uint32_t i = 0; i < AATGS_BOXES; i++)
    aatgs_gate_make(&d->box[i].gate, AATGS_COMMAND_FLITS);
}

/* Box n. */
static __device__ inline aatgs_box *aatgs_box_at(aatgs_desk *d, uint32_t n)
{
  return &d->box[n % AATGS_BOXES];
}

/* Which phase of its gate box n has when it is filled. */
static __device__ inline uint32_t aatgs_box_phase(uint32_t n)
{
  return n / AATGS_BOXES & 1;
}

/* Whether there is an empty one. */
static __device__ inline int aatgs_box_free(aatgs_desk *d)
{
  return d->front.steps - aatgs_block_load_acquire(&d->front.ended) < AATGS_BOXES; /* P2 */
}

/* The command or host line that this lane is to look at. */
static __device__ inline const aatgs_flit *aatgs_poll_at(const aatgs_loop *loop, uint32_t n,
                                                         uint32_t lane)
{
  if (lane < AATGS_COMMAND_FLITS)
    return loop->commands + (n & loop->command_mask) * AATGS_COMMAND_FLITS + lane;
  return (const aatgs_flit *)(const void *)&loop->bus->host;
}

/* Lane HOST_LANE has read the host's beat and whether it has given up: B8. Returns whether the
 * loop is to end. */
static __device__ inline uint32_t aatgs_poll_beat(aatgs_loop *loop, aatgs_desk *d, aatgs_flit f,
                                                  uint32_t lane)
{
  uint32_t stop = 0;
  if (lane == AATGS_HOST_LANE) {
    aatgs_beat(loop, &d->front, 0, f.word[0] | (uint64_t)f.word[1] << 32, f.word[2]);
    stop = aatgs_dev_load_acquire_u32(&loop->shared->stop);
  }
  return __shfl_sync(AATGS_ALL_LANES, stop, AATGS_HOST_LANE);
}

/* A lane's flit of the command, which it then has put in. */
static __device__ inline void aatgs_box_put(aatgs_box *box, aatgs_flit f, uint32_t lane)
{
  if (lane >= AATGS_COMMAND_FLITS)
    return;
  box->command.words[3 * lane + 0] = f.word[0];
  box->command.words[3 * lane + 1] = f.word[1];
  box->command.words[3 * lane + 2] = f.word[2];
}

static __device__ inline void aatgs_box_arrive(aatgs_box *box, uint32_t lane)
{
  if (lane < AATGS_COMMAND_FLITS)
    aatgs_gate_arrive(&box->gate); /* P1 */
}

/* Hands the next box, which is filled in, to the lanes. */
static __device__ inline void aatgs_box_close(aatgs_desk *d, aatgs_box *box, uint32_t lane)
{
  __syncwarp();
  if (lane == 0) {
    d->front.steps++;
    d->searching = box->step.kind != AATGS_STEP_PROGRAM;
  }
  aatgs_box_arrive(box, lane);
}

/* Waits for its turn and a free box, and puts the command in. NULL: the loop is to end. */
static __device__ inline aatgs_box *aatgs_box_take(const aatgs_loop *loop, aatgs_desk *d,
                                                   uint32_t n, aatgs_flit f, uint32_t lane)
{
  uint32_t stop = 0;
  if (lane == 0)
    for (uint32_t spins = 1; !stop; spins++) {
      if (aatgs_block_load_acquire(&d->obeyed) == n && aatgs_box_free(d)) /* P2 */
        break;
      if (spins % 1024 == 0)
        stop = aatgs_dev_load_acquire_u32(&loop->shared->stop);
    }
  if (aatgs_team_share(stop))
    return NULL;
  aatgs_box *box = aatgs_box_at(d, d->front.steps);
  aatgs_box_put(box, f, lane);
  __syncwarp();
  return box;
}

/* What the command asks for, once it may be obeyed. LEAVE: the loop is to end. */
static __device__ inline aatgs_step_kind aatgs_desk_decode(aatgs_loop *loop, aatgs_desk *d,
                                                           const aatgs_box *box, uint32_t lane)
{
  uint32_t kind = AATGS_STEP_NONE;
  if (lane == 0)
    for (uint32_t spins = 1; kind == AATGS_STEP_NONE; spins++) {
      kind = aatgs_command_decode(loop, &d->front, 0, &box->command.command.header);
      if (kind == AATGS_STEP_NONE && spins % 16 == 0 &&
          aatgs_dev_load_acquire_u32(&loop->shared->stop))
        kind = AATGS_STEP_LEAVE;
    }
  return (aatgs_step_kind)aatgs_team_share(kind);
}

/* Hands the command, a flit a lane, on to the workers of its program. */
static __device__ inline void aatgs_desk_relay(aatgs_loop *loop, aatgs_front *front, aatgs_flit f,
                                               uint32_t lane)
{
  const uint64_t n = front->next_relay;
  const uint32_t flags = front->dirty ? AATGS_COMMAND_ACQUIRE << 16 : 0;
  f.tag = (uint32_t)n;
  f.word[0] |= aatgs_pick(lane == 0, flags, 0);
  f.word[0] = aatgs_pick(lane == 2, front->known.workers, f.word[0]);
  f.word[1] = aatgs_pick(lane == 2, 0, f.word[1]); /* who relays it: worker 0 */
  aatgs_flit_store_if(lane < AATGS_COMMAND_FLITS, aatgs_relay_slot(loop, n) + lane, f);
  __syncwarp();
  aatgs_relay_ring(loop, front, lane);
}

/* Fills in a frame and starts it. The first task goes to this block's lanes when they are idle;
 * those that wait for a program are told to search. */
AATGS_COLD void aatgs_desk_admit(aatgs_loop *loop, aatgs_desk *d, aatgs_box *box, uint32_t lane)
{
  const aatgs_command *command = &box->command.command;
  aatgs_frame *frame = aatgs_frame_of(loop, command->header.iteration);
  uint32_t close = 0;
  aatgs_frame_fill(loop, frame, command, lane, AATGS_TEAM_LANES);
  __syncwarp();
  if (lane == 0) {
    const int idle = aatgs_block_load_acquire(&d->front.ended) == d->front.steps; /* P2 */
    aatgs_step next = {AATGS_STEP_NONE, 0, 0, NULL};
    d->clerk.now_ns = box->start_ns;
    aatgs_frame_start(loop, &d->clerk, frame, command->header.iteration, idle ? &next : NULL);
    aatgs_keep(&next);
    box->step = next;
    close = next.kind != AATGS_STEP_NONE || !d->searching;
  }
  if (aatgs_team_share(close))
    aatgs_box_close(d, box, lane);
}

/* The lanes move the state; nothing else is in flight. */
AATGS_COLD void aatgs_desk_state(const aatgs_loop *loop, aatgs_desk *d, aatgs_box *box,
                                 aatgs_step_kind kind, uint32_t lane)
{
  if (lane == 0)
    box->step.kind = kind;
  aatgs_box_close(d, box, lane);
  if (lane == 0)
    while (aatgs_block_load_acquire(&d->front.ended) != d->front.steps && /* P2 */
           !aatgs_dev_load_acquire_u32(&loop->shared->stop))
      continue;
  __syncwarp();
}

static __device__ inline void aatgs_desk_obey(aatgs_loop *loop, aatgs_desk *d, aatgs_box *box,
                                              aatgs_step_kind kind, aatgs_flit f, uint32_t lane)
{
  const aatgs_command_header *h = &box->command.command.header;
  switch (kind) {
  case AATGS_STEP_PROGRAM:
    if (d->front.known.workers > 1)
      aatgs_desk_relay(loop, &d->front, f, lane);
    if (lane == 0)
      box->step.kind = kind;
    aatgs_box_close(d, box, lane);
    break;
  case AATGS_STEP_ADMIT: aatgs_desk_admit(loop, d, box, lane); break;
  case AATGS_STEP_GRAPH:
    aatgs_take_graph(loop, 0, h->graph, lane, AATGS_TEAM_LANES);
    __syncwarp();
    if (lane == 0)
      aatgs_dev_store_release_u32(&loop->shared->graph, h->graph); /* D13 */
    break;
  case AATGS_STEP_PLAN: aatgs_take_plan(loop, 0, h->plan, lane, AATGS_TEAM_LANES); break;
  case AATGS_STEP_SNAPSHOT:
  case AATGS_STEP_RESTORE: aatgs_desk_state(loop, d, box, kind, lane); break;
  default: break;
  }
  __syncwarp();
}

/* Obeys a command in its turn. LEAVE: the loop is to end. */
AATGS_COLD aatgs_step_kind aatgs_desk_take(aatgs_loop *loop, aatgs_desk *d, uint32_t n,
                                           aatgs_flit f, uint32_t lane)
{
  aatgs_box *box = aatgs_box_take(loop, d, n, f, lane);
  if (!box)
    return AATGS_STEP_LEAVE;
  const aatgs_step_kind kind = aatgs_desk_decode(loop, d, box, lane);
  if (kind == AATGS_STEP_LEAVE)
    return kind;
  if (lane == 0)
    box->start_ns = aatgs_clock_ns(); /* what it had to wait for is over */
  aatgs_desk_obey(loop, d, box, kind, f, lane);
  if (lane == 0) {
    aatgs_command_done(loop, &d->front, kind);
    aatgs_block_store_release(&d->obeyed, n + 1); /* P1 */
  }
  return kind == AATGS_STEP_STOP ? AATGS_STEP_LEAVE : kind;
}

/* Which way a command goes that a polling warp has in hand: LONG is aatgs_desk_take(), any other
 * the number of its box, for aatgs_desk_pass(). */
#define AATGS_WAY_LONG   AATGS_BOXES
#define AATGS_WAY_LOST   (AATGS_BOXES + 1u) /* the other warp has it in hand */
#define AATGS_WAY_SPREAD (AATGS_BOXES + 2u) /* nobody has: it is one for aatgs_poll_spread() */

/* Whether the command is a program of graph `number`, by the header's first flit. */
static __device__ inline uint32_t aatgs_is_program(aatgs_flit f, uint32_t number)
{
  return (f.word[0] == (AATGS_OP_ITERATE | AATGS_COMMAND_PLACED << 16)) & (f.word[1] == number);
}

/* The short way is for the one that counts: a program of the graph that ran last, with nothing but
 * programs in flight, that may start at once. One lane. The command's turn comes first: until then
 * the other polling warp may write all that is read here, and then it is not used. */
static __device__ inline uint32_t aatgs_desk_way(aatgs_desk *d, uint32_t n, aatgs_flit f)
{
  aatgs_front *front = &d->front;
  const uint32_t turn = aatgs_block_load_acquire(&d->obeyed) == n; /* P2 */
  const uint32_t known = front->known.number, dataflow = front->dataflow, steps = front->steps;
  return turn & aatgs_is_program(f, known) & !dataflow & aatgs_box_free(d) &&
                 aatgs_program_fits(front, &front->known)
             ? steps % AATGS_BOXES
             : AATGS_WAY_LONG;
}

/* Hands a program to the lanes. */
static __device__ inline void aatgs_box_pass(aatgs_box *box, aatgs_flit f, uint64_t start_ns,
                                             uint32_t lane)
{
  aatgs_box_put(box, f, lane);
  if (lane == 0) {
    box->start_ns = start_ns;
    box->step.kind = AATGS_STEP_PROGRAM;
  }
  aatgs_box_arrive(box, lane);
}

/* `count` programs like the last one, from command n on, are in their boxes. One lane, when the
 * others have read the front. */
static __device__ inline void aatgs_desk_passed(aatgs_desk *d, uint32_t n, uint32_t count)
{
  aatgs_front *front = &d->front;
  aatgs_program_starts(front, &front->known);
  front->programs = front->steps += count;
  front->next_command += count;
  d->searching = 0;
  aatgs_block_store_release(&d->obeyed, n + count); /* P1 */
}

/* The short way. */
static __device__ inline void aatgs_desk_pass(aatgs_loop *loop, aatgs_desk *d, aatgs_box *box,
                                              uint32_t n, aatgs_flit f, uint64_t start_ns,
                                              uint32_t lane)
{
  aatgs_front *front = &d->front;
  if (front->known.workers > 1)
    aatgs_desk_relay(loop, front, f, lane);
  aatgs_box_pass(box, f, start_ns, lane);
  __syncwarp();
  if (lane == 0)
    aatgs_desk_passed(d, n, 1);
}

/* Obeys command n, which goes that way. Returns 0 when the loop is to end. */
static __device__ inline int aatgs_poll_obey(aatgs_loop *loop, aatgs_desk *d, uint32_t way,
                                             uint32_t n, aatgs_flit f, uint64_t start_ns,
                                             uint32_t lane)
{
  if (way == AATGS_WAY_LONG)
    return aatgs_desk_take(loop, d, n, f, lane) != AATGS_STEP_LEAVE;
  aatgs_desk_pass(loop, d, &d->box[way], n, f, start_ns, lane);
  return 1;
}

/* Takes command n, of which this lane has the flit f, in hand unless the other warp has, and obeys
 * it. *spread: how many looks of aatgs_poll_spread() are to follow. Returns 0 when the loop is to
 * end. */
static __device__ inline int aatgs_poll_take(aatgs_loop *loop, aatgs_desk *d, uint32_t n,
                                             aatgs_flit f, uint32_t *spread, uint32_t lane)
{
  const uint64_t start_ns = aatgs_clock_ns();
  uint32_t way = AATGS_WAY_LOST;
  if (aatgs_is_spread(f, lane))
    way = AATGS_WAY_SPREAD;
  else if (lane == 0 && aatgs_block_cas(&d->claimed, n, n + 1))
    way = aatgs_desk_way(d, n, f);
  way = aatgs_team_share(way);
  *spread = way == AATGS_WAY_SPREAD ? AATGS_SPREAD_LOOKS : 0;
  return way >= AATGS_WAY_LOST || aatgs_poll_obey(loop, d, way, n, f, start_ns, lane);
}

/* Whether the commands in f, of which the first one's turn has come, are programs like the one
 * before, for one worker each and in its queue; then there is a box for each. The lane that has
 * their headers. */
static __device__ inline uint32_t aatgs_stream_alike(const aatgs_loop *loop, aatgs_desk *d,
                                                     const aatgs_flit f[AATGS_AHEAD],
                                                     uint32_t count)
{
  const aatgs_front *front = &d->front;
  uint32_t alike = (front->known.workers == 1) & front->solo & !front->dataflow;
#pragma unroll
  for (uint32_t k = 0; k < AATGS_AHEAD; k++)
    alike &= k >= count || aatgs_is_program(f[k], front->known.number);
  const uint32_t room = front->steps + count - AATGS_BOXES;
  for (uint32_t spins = 1; alike && (int32_t)(room - aatgs_block_load_acquire(&d->front.ended)) > 0;
       spins++) /* P2 */
    if (spins % 1024 == 0 && aatgs_dev_load_acquire_u32(&loop->shared->stop))
      return 0;
  return alike;
}

/* Obeys them all. */
static __device__ inline void aatgs_stream_pass(aatgs_desk *d, const aatgs_flit f[AATGS_AHEAD],
                                                uint32_t n, uint32_t count, uint64_t start_ns,
                                                uint32_t lane)
{
  const uint32_t steps = d->front.steps;
#pragma unroll
  for (uint32_t k = 0; k < AATGS_AHEAD; k++)
    if (k < count)
      aatgs_box_pass(aatgs_box_at(d, steps + k), f[k], start_ns, lane);
  __syncwarp();
  if (lane == 0)
    aatgs_desk_passed(d, n, count);
}

/* Waits for command n's turn, or for the loop's end. One lane. */
static __device__ inline void aatgs_stream_wait(const aatgs_loop *loop, aatgs_desk *d, uint32_t n)
{
  for (uint32_t spins = 1; aatgs_block_load_acquire(&d->obeyed) != n; spins++) /* P2 */
    if (spins % 1024 == 0 && aatgs_dev_load_acquire_u32(&loop->shared->stop))
      return;
}

/* While commands stream in: looks for the next AATGS_AHEAD, takes those that are there in hand at
 * once, so that the other warp meanwhile looks for those behind them, and obeys them in their turn.
 * One that any worker may run, and what follows it, is not looked at.
 * Returns how many were there; UINT32_MAX: the loop is to end. */
AATGS_COLD uint32_t aatgs_poll_stream(aatgs_loop *loop, aatgs_desk *d, uint32_t lane)
{
  const uint32_t n = aatgs_team_share(aatgs_block_load_acquire(&d->claimed));
  aatgs_flit f[AATGS_AHEAD] = {};
#pragma unroll
  for (uint32_t k = 0; k < AATGS_AHEAD; k++)
    if (lane < AATGS_COMMAND_FLITS)
      f[k] = aatgs_flit_load(aatgs_poll_at(loop, n + k, lane)); /* B2 */
  uint32_t count = 0, alike = 0;
#pragma unroll
  for (uint32_t k = 0; k < AATGS_AHEAD; k++)
    count += count == k && aatgs_team_all((f[k].tag == n + k && !aatgs_is_spread(f[k], lane)) ||
                                          lane >= AATGS_COMMAND_FLITS);
  const uint32_t mine = count && lane == 0 && aatgs_block_cas(&d->claimed, n, n + count);
  if (!aatgs_team_share(mine))
    return count;
  if (lane == 0) {
    aatgs_stream_wait(loop, d, n);
    alike = aatgs_block_load_acquire(&d->obeyed) == n && aatgs_stream_alike(loop, d, f, count);
  }
  if (aatgs_team_share(alike)) {
    aatgs_stream_pass(d, f, n, count, aatgs_clock_ns(), lane);
    return count;
  }
#pragma unroll 1
  for (uint32_t k = 0; k < count; k++) {
    uint32_t way = AATGS_WAY_LONG;
    if (lane == 0) {
      aatgs_stream_wait(loop, d, n + k);
      way = aatgs_desk_way(d, n + k, f[0]);
    }
    way = aatgs_team_share(way);
    if (!aatgs_poll_obey(loop, d, way, n + k, f[0], aatgs_clock_ns(), lane))
      return UINT32_MAX;
#pragma unroll
    for (uint32_t i = 1; i < AATGS_AHEAD; i++)
      f[i - 1] = f[i]; /* registers have no index */
  }
  return count;
}

/* While commands stream in that any worker may run: looks at the headers of as many as there are
 * lanes, takes those that are there in hand at once and deals them out in their turn. Returns how
 * many such looks are to follow, of `left`; UINT32_MAX: the loop is to end. */
AATGS_COLD uint32_t aatgs_poll_spread(aatgs_loop *loop, aatgs_desk *d, uint32_t left, uint32_t lane)
{
  const uint32_t n = aatgs_team_share(aatgs_block_load_acquire(&d->claimed));
  const aatgs_flit f = aatgs_flit_load(aatgs_poll_at(loop, n + lane, 0)); /* B2 */
  const uint32_t there = __ballot_sync(AATGS_ALL_LANES, f.tag == n + lane);
  const uint32_t spread = there & __ballot_sync(AATGS_ALL_LANES, aatgs_is_spread(f, 0));
  const uint32_t count = (uint32_t)__ffsll(~(uint64_t)spread) - 1;
  if (!count)
    return there & 1 ? 0 : left - 1;
  uint32_t mine = lane == 0 && aatgs_block_cas(&d->claimed, n, n + count), ready = 0;
  if (!aatgs_team_share(mine))
    return AATGS_SPREAD_LOOKS;
  if (lane == 0) {
    aatgs_stream_wait(loop, d, n);
    ready = aatgs_block_load_acquire(&d->obeyed) == n; /* P2 */
    for (uint32_t spins = 1; ready && !aatgs_dataflow_over(loop, &d->front); spins++)
      ready = spins % 16 || !aatgs_dev_load_acquire_u32(&loop->shared->stop);
  }
  if (!aatgs_team_share(ready))
    return UINT32_MAX;
  if (lane < count)
    aatgs_deal_put(loop, d->front.spread + 1 + lane, n + lane);
  __syncwarp();
  if (lane == 0) {
    d->front.spread += count;
    d->front.next_command += count;
    aatgs_block_store_release(&d->obeyed, n + count); /* P1 */
  }
  return AATGS_SPREAD_LOOKS;
}

/* A polling warp leaves; the last one tells the lanes. A box gets free unless a task never returns,
 * and then the loop cannot end. */
static __device__ inline void aatgs_poller_leave(aatgs_desk *d, uint32_t lane)
{
  uint32_t last = 0;
  if (lane == 0)
    last = aatgs_block_add(&d->left, 1) == AATGS_POLLERS - 1;
  if (!aatgs_team_share(last))
    return;
  if (lane == 0)
    while (!aatgs_box_free(d))
      continue;
  __syncwarp();
  aatgs_box *box = aatgs_box_at(d, d->front.steps);
  if (lane == 0)
    box->step.kind = AATGS_STEP_LEAVE;
  aatgs_box_close(d, box, lane);
}

/* One polling warp. It reads one slot at a time, and more after two looks in a row that have found
 * something, or one that has found what any worker may run. */
static __device__ inline void aatgs_poll(aatgs_loop *loop, aatgs_desk *d, uint32_t poller,
                                         uint32_t lane)
{
  const uint32_t flags = loop->flags;
  uint32_t idle = 0, found = 0; /* looks in a row */
  uint32_t spread = 0;          /* looks to come of aatgs_poll_spread() */
  for (uint32_t looks = 1;; looks++) {
    const int beat = poller == 0 && looks % AATGS_POLLS_PER_BEAT == 0;
    if (poller && looks % AATGS_POLLS_PER_BEAT == 0 &&
        aatgs_team_any((int)aatgs_dev_load_acquire_u32(&loop->shared->stop)))
      return;
    if (spread && !beat) {
      spread = aatgs_poll_spread(loop, d, spread, lane);
      if (spread == UINT32_MAX)
        return;
      continue;
    }
    if (found > 1 && !beat) {
      const uint32_t count = aatgs_poll_stream(loop, d, lane);
      if (count == UINT32_MAX)
        return;
      found = count ? found : 0;
      continue;
    }
    const uint32_t n = aatgs_team_share(aatgs_block_load_acquire(&d->claimed));
    aatgs_flit f = {{0, 0, 0}, 0};
    if (lane < AATGS_COMMAND_FLITS || (beat && lane == AATGS_HOST_LANE))
      f = aatgs_flit_load(aatgs_poll_at(loop, n, lane)); /* B2 */
    if (aatgs_team_all(f.tag == n || lane >= AATGS_COMMAND_FLITS)) {
      if (!aatgs_poll_take(loop, d, n, f, &spread, lane))
        return;
      idle = 0;
      found = spread ? 0 : found + 1;
      continue;
    }
    found = 0;
    if (beat && aatgs_poll_beat(loop, d, f, lane))
      return;
    aatgs_worker_idle(flags, ++idle);
  }
}

static __device__ inline void aatgs_poller_run(aatgs_loop *loop, aatgs_desk *d, uint32_t poller,
                                               uint32_t lane)
{
  aatgs_poll(loop, d, poller, lane);
  aatgs_poller_leave(d, lane);
}

#endif
