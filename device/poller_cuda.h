/* The polling warps of the block that takes commands: they read the command ring without
 * pause, also while the block's lanes run a task, and put what is for those into boxes.
 * Included by entry_cuda.h. */
#ifndef AATGS_POLLER_CUDA_H
#define AATGS_POLLER_CUDA_H

#define AATGS_POLLERS        2u /* more would queue up at the lines of the slot */
#define AATGS_AHEAD          8u /* slots that a warp reads at a time while commands stream in */
#define AATGS_BOXES          16u
#define AATGS_POLLS_PER_BEAT 256u
#define AATGS_HOST_LANE      24u /* the first lane that has no flit of the slot to read */

/* What the lanes are to do next. */
typedef struct aatgs_box {
  AATGS_ALIGNAS(16) aatgs_command_words command;
  aatgs_step step;
  uint64_t start_ns;
} aatgs_box;

/* Between the polling warps and the lanes of their block. */
typedef struct aatgs_desk {
  aatgs_front front;
  aatgs_worker clerk; /* the polling warps' own, for dataflow */
  uint32_t claimed;   /* the low bits of the next command that no polling warp has in hand */
  uint32_t obeyed;    /* and of the next one to obey */
  uint32_t filled;    /* boxes, counted up */
  uint32_t emptied;
  aatgs_box box[AATGS_BOXES];
} aatgs_desk;

static __device__ inline void aatgs_desk_open(const aatgs_loop *loop, aatgs_desk *d)
{
  d->front = loop->shared->front;
  aatgs_worker_open(loop, 0, &d->clerk);
  d->claimed = d->obeyed = (uint32_t)d->front.next_command;
  d->filled = d->emptied = 0;
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

/* Waits for its turn and a free box, and puts the command in. NULL: the loop is to end. */
static __device__ inline aatgs_box *aatgs_box_take(const aatgs_loop *loop, aatgs_desk *d,
                                                   uint32_t n, aatgs_flit f, uint32_t lane)
{
  uint32_t stop = 0;
  if (lane == 0)
    for (uint32_t spins = 1; !stop; spins++) {
      if (aatgs_block_load_acquire(&d->obeyed) == n && /* P2 */
          d->filled - aatgs_block_load_acquire(&d->emptied) < AATGS_BOXES)
        break;
      if (spins % 1024 == 0)
        stop = aatgs_dev_load_acquire_u32(&loop->shared->stop);
    }
  if (aatgs_team_share(stop))
    return NULL;
  aatgs_box *box = &d->box[d->filled % AATGS_BOXES];
  if (lane < AATGS_COMMAND_FLITS) {
    box->command.words[3 * lane + 0] = f.word[0];
    box->command.words[3 * lane + 1] = f.word[1];
    box->command.words[3 * lane + 2] = f.word[2];
  }
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

static __device__ inline void aatgs_box_close(aatgs_desk *d, aatgs_box *box, uint32_t kind)
{
  box->step.kind = kind;
  aatgs_block_store_release(&d->filled, d->filled + 1); /* P1 */
}

/* Fills in a frame and starts it; the first task goes to this block's lanes when they are idle. */
AATGS_COLD void aatgs_desk_admit(aatgs_loop *loop, aatgs_desk *d, aatgs_box *box, uint32_t lane)
{
  const aatgs_command *command = &box->command.command;
  aatgs_frame *frame = aatgs_frame_of(loop, command->header.iteration);
  aatgs_frame_fill(loop, frame, command, lane, AATGS_TEAM_LANES);
  __syncwarp();
  if (lane != 0)
    return;
  const int idle = aatgs_block_load_acquire(&d->emptied) == d->filled;
  aatgs_step next = {AATGS_STEP_NONE, 0, 0, NULL};
  d->clerk.now_ns = box->start_ns;
  aatgs_frame_start(loop, &d->clerk, frame, command->header.iteration, idle ? &next : NULL);
  aatgs_keep(&next);
  if (next.kind == AATGS_STEP_NONE)
    return;
  box->step = next;
  aatgs_box_close(d, box, next.kind);
}

/* The lanes move the state; nothing else is in flight. */
AATGS_COLD void aatgs_desk_state(const aatgs_loop *loop, aatgs_desk *d, aatgs_box *box,
                                 aatgs_step_kind kind, uint32_t lane)
{
  if (lane == 0) {
    aatgs_box_close(d, box, kind);
    while (aatgs_block_load_acquire(&d->emptied) != d->filled && /* P2 */
           !aatgs_dev_load_acquire_u32(&loop->shared->stop))
      continue;
  }
  __syncwarp();
}

static __device__ inline void aatgs_desk_obey(aatgs_loop *loop, aatgs_desk *d, aatgs_box *box,
                                              aatgs_step_kind kind, uint32_t lane)
{
  const aatgs_command_header *h = &box->command.command.header;
  switch (kind) {
  case AATGS_STEP_PROGRAM:
    if (d->front.known.workers > 1)
      aatgs_relay(loop, &d->front, 0, &box->command, lane);
    if (lane == 0)
      aatgs_box_close(d, box, kind);
    break;
  case AATGS_STEP_ADMIT: aatgs_desk_admit(loop, d, box, lane); break;
  case AATGS_STEP_GRAPH: aatgs_take_graph(loop, 0, h->graph, lane, AATGS_TEAM_LANES); break;
  case AATGS_STEP_PLAN: aatgs_take_plan(loop, 0, h->plan, lane, AATGS_TEAM_LANES); break;
  case AATGS_STEP_SNAPSHOT:
  case AATGS_STEP_RESTORE: aatgs_desk_state(loop, d, box, kind, lane); break;
  default: break;
  }
  __syncwarp();
}

/* Obeys a command in its turn. LEAVE: the loop is to end. */
AATGS_COLD aatgs_step_kind aatgs_desk_take(aatgs_loop *loop, aatgs_desk *d, uint32_t n,
                                           aatgs_flit f, uint64_t start_ns, uint32_t lane)
{
  aatgs_box *box = aatgs_box_take(loop, d, n, f, lane);
  if (!box)
    return AATGS_STEP_LEAVE;
  if (lane == 0)
    box->start_ns = start_ns;
  const aatgs_step_kind kind = aatgs_desk_decode(loop, d, box, lane);
  if (kind == AATGS_STEP_LEAVE)
    return kind;
  aatgs_desk_obey(loop, d, box, kind, lane);
  if (lane == 0) {
    aatgs_command_done(loop, &d->front, kind);
    aatgs_block_store_release(&d->obeyed, n + 1); /* P1 */
  }
  return kind == AATGS_STEP_STOP ? AATGS_STEP_LEAVE : kind;
}

/* Which way a command goes that a polling warp has seen. */
typedef enum aatgs_way {
  AATGS_WAY_LOST = 0, /* the other warp has it in hand */
  AATGS_WAY_LONG = 1, /* aatgs_desk_take() */
  AATGS_WAY_SHORT = 2 /* aatgs_desk_pass(); the number of the box is added */
} aatgs_way;

/* Takes the command in hand. The short way is for the one that counts: a program of the graph that
 * ran last, with nothing but programs in flight, that may start at once. */
static __device__ inline uint32_t aatgs_desk_claim(aatgs_desk *d, uint32_t n, aatgs_flit f,
                                                   uint32_t lane)
{
  aatgs_front *front = &d->front;
  uint32_t way = AATGS_WAY_LOST;
  if (lane == 0 && aatgs_block_cas(&d->claimed, n, n + 1)) {
    /* Its turn comes first: until then the other polling warp may write the rest. */
    const uint32_t turn = aatgs_block_load_acquire(&d->obeyed) == n; /* P2 */
    const uint32_t emptied = aatgs_block_load_acquire(&d->emptied);
    const uint32_t known = front->known.number, dataflow = front->dataflow, filled = d->filled;
    way = turn & (f.word[0] == (AATGS_OP_ITERATE | AATGS_COMMAND_PLACED << 16)) &
                      (f.word[1] == known) & !dataflow & (filled - emptied < AATGS_BOXES) &&
                  aatgs_program_fits(front, &front->known)
              ? AATGS_WAY_SHORT + filled % AATGS_BOXES
              : AATGS_WAY_LONG;
  }
  return aatgs_team_share(way);
}

/* The short way. */
static __device__ inline void aatgs_desk_pass(aatgs_loop *loop, aatgs_desk *d, aatgs_box *box,
                                              uint32_t n, aatgs_flit f, uint64_t start_ns,
                                              uint32_t lane)
{
  aatgs_front *front = &d->front;
  const uint32_t filled = d->filled, workers = front->known.workers;
  if (lane < AATGS_COMMAND_FLITS) {
    box->command.words[3 * lane + 0] = f.word[0];
    box->command.words[3 * lane + 1] = f.word[1];
    box->command.words[3 * lane + 2] = f.word[2];
  }
  if (lane == 0) {
    box->start_ns = start_ns;
    box->step.kind = AATGS_STEP_PROGRAM;
  }
  __syncwarp();
  if (workers > 1)
    aatgs_relay(loop, front, 0, &box->command, lane);
  if (lane != 0)
    return;
  aatgs_block_store_release(&d->filled, filled + 1); /* P1 */
  aatgs_program_starts(front, &front->known);
  front->next_command++;
  aatgs_block_store_release(&d->obeyed, n + 1); /* P1 */
}

/* Takes the command unless the other warp has it in hand, and obeys it. Returns 0 when the loop is
 * to end. */
static __device__ inline int aatgs_poll_take(aatgs_loop *loop, aatgs_desk *d, uint32_t n,
                                             aatgs_flit f, uint32_t lane)
{
  const uint64_t start_ns = aatgs_clock_ns();
  const uint32_t way = aatgs_desk_claim(d, n, f, lane);
  if (way >= AATGS_WAY_SHORT)
    aatgs_desk_pass(loop, d, &d->box[way - AATGS_WAY_SHORT], n, f, start_ns, lane);
  return way != AATGS_WAY_LONG ||
         aatgs_desk_take(loop, d, n, f, start_ns, lane) != AATGS_STEP_LEAVE;
}

/* One polling warp. It reads one slot at a time, and more while commands stream in. */
static __device__ inline void aatgs_poller_run(aatgs_loop *loop, aatgs_desk *d, uint32_t poller,
                                               uint32_t lane)
{
  const uint32_t flags = loop->flags;
  uint32_t idle = 0, ahead = 1;
  for (uint32_t looks = 1;; looks++) {
    const uint32_t n = aatgs_team_share(aatgs_block_load_acquire(&d->claimed));
    const int beat = poller == 0 && looks % AATGS_POLLS_PER_BEAT == 0;
    aatgs_flit f[AATGS_AHEAD] = {};
#pragma unroll
    for (uint32_t k = 0; k < AATGS_AHEAD; k++)
      if (k < ahead && (lane < AATGS_COMMAND_FLITS || (beat && lane == AATGS_HOST_LANE)))
        f[k] = aatgs_flit_load(aatgs_poll_at(loop, n + k, lane)); /* B2 */
    uint32_t taken = 0;
#pragma unroll
    for (uint32_t k = 0; k < AATGS_AHEAD; k++) {
      if (taken < k || k >= ahead ||
          !aatgs_team_all(f[k].tag == n + k || lane >= AATGS_COMMAND_FLITS))
        continue;
      if (!aatgs_poll_take(loop, d, n + k, f[k], lane))
        return;
      taken = k + 1;
    }
    const int streaming = taken == ahead;
    ahead = !streaming ? 1 : 2 * ahead < AATGS_AHEAD ? 2 * ahead : AATGS_AHEAD;
    if (taken) {
      idle = 0;
      continue;
    }
    if (beat && aatgs_poll_beat(loop, d, f[0], lane))
      return;
    aatgs_worker_idle(flags, ++idle);
    if (poller && looks % AATGS_POLLS_PER_BEAT == 0 &&
        aatgs_team_any((int)aatgs_dev_load_acquire_u32(&loop->shared->stop)))
      return;
  }
}

#endif
