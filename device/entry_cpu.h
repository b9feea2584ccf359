/* The loop of a worker that is a thread. One at a time holds the polling token and takes
 * commands. Included by loop.h. */
#ifndef AATGS_ENTRY_CPU_H
#define AATGS_ENTRY_CPU_H

#define AATGS_POLLS_PER_LOOK 8u
#define AATGS_POLLS_PER_BEAT 64u
#define AATGS_IDLE_PER_LOOK  4096u

typedef struct aatgs_thread {
  aatgs_worker worker;
  uint32_t polls; /* 1: holds the polling token */
  uint32_t turns; /* at polling since the last beat */
  aatgs_step step;
  aatgs_program program;
  aatgs_pace pace;
  aatgs_command_words command; /* the one being obeyed */
} aatgs_thread;

static int aatgs_token_take(aatgs_loop *loop, aatgs_thread *self)
{
  uint32_t free = 0;
  if (!self->polls && !aatgs_dev_load_relaxed_u32(&loop->shared->token))
    self->polls = (uint32_t)aatgs_dev_cas_u32(&loop->shared->token, &free, 1); /* D8 */
  return (int)self->polls;
}

static void aatgs_token_give(aatgs_loop *loop, aatgs_thread *self)
{
  if (!self->polls)
    return;
  self->polls = 0;
  aatgs_dev_store_release_u32(&loop->shared->token, 0); /* D7 */
}

/* Who has the token may be inside a task that does not return: the others look now and then for
 * themselves whether the host has given up. */
static void aatgs_look_for_abandon(aatgs_loop *loop, const aatgs_worker *w)
{
  if (w->idle % AATGS_IDLE_PER_LOOK == AATGS_IDLE_PER_LOOK - 1 &&
      aatgs_bus_load_relaxed(&loop->bus->host.abandon)) /* B8 */
    aatgs_fault_command(loop, w->id, 0, AATGS_FAULT_ABANDONED, 0, 1);
}

/* The first one to poll shakes hands and makes the state whole. */
static void aatgs_thread_begin(aatgs_loop *loop)
{
  if (!aatgs_handshake(loop))
    return;
  aatgs_rebuild_run(loop, 0, 1);
  loop->shared->front.rebuilt = 1;
  aatgs_bus_store_release(&loop->bus->device.state, AATGS_DEVICE_RUNNING); /* B5 */
}

/* Hands the command on to the workers of its program. */
static void aatgs_thread_relay(aatgs_loop *loop, aatgs_thread *self, aatgs_front *front)
{
  aatgs_command_header *h = &self->command.command.header;
  const uint64_t n = front->next_relay;
  h->plan = front->known.workers;
  h->telemetry_read = self->worker.id;
  h->flags |= front->dirty ? AATGS_COMMAND_ACQUIRE : 0;
  aatgs_slot_store(aatgs_relay_slot(loop, n), AATGS_COMMAND_FLITS, (uint32_t)n,
                   self->command.words);
  aatgs_relay_ring(loop, front, 0);
  self->worker.relayed = front->next_relay;
}

/* Runs a program that was just taken off the ring. The token stays until it has ended. */
static void aatgs_thread_program(aatgs_loop *loop, aatgs_thread *self)
{
  aatgs_front *front = &loop->shared->front;
  aatgs_worker *w = &self->worker;
  if (front->known.workers > 1)
    aatgs_thread_relay(loop, self, front);
  front->steps++;
  aatgs_program_run(loop, w->id, &self->program, &self->command.command.header,
                    self->command.command.config, aatgs_clock_ns(), 0, &self->pace, 0, 1);
  front->ended++;
}

/* Any worker may run it: this one does, and lets another one poll meanwhile. */
static void aatgs_thread_spread(aatgs_loop *loop, aatgs_thread *self)
{
  const aatgs_command *command = &self->command.command;
  loop->shared->front.spread++;
  aatgs_command_done(loop, &loop->shared->front, AATGS_STEP_SPREAD);
  aatgs_token_give(loop, self);
  aatgs_program_run(loop, self->worker.id, &self->program, &command->header, command->config,
                    aatgs_clock_ns(), 0, &self->pace, 0, 1);
  aatgs_dev_count_u32(&loop->shared->spread_over); /* D15 */
}

/* A filled frame; this worker keeps the first task and lets another one poll. */
static void aatgs_thread_admit(aatgs_loop *loop, aatgs_thread *self)
{
  const aatgs_command *command = &self->command.command;
  aatgs_frame *frame = aatgs_frame_of(loop, command->header.iteration);
  aatgs_frame_fill(loop, frame, command, 0, 1);
  self->worker.now_ns = aatgs_clock_ns();
  aatgs_frame_start(loop, &self->worker, frame, command->header.iteration, &self->step);
  aatgs_keep(&self->step);
}

static void aatgs_thread_obey(aatgs_loop *loop, aatgs_thread *self, aatgs_step_kind kind)
{
  const aatgs_command_header *h = &self->command.command.header;
  switch (kind) {
  case AATGS_STEP_SPREAD: aatgs_thread_spread(loop, self); return;
  case AATGS_STEP_PROGRAM: aatgs_thread_program(loop, self); break;
  case AATGS_STEP_ADMIT: aatgs_thread_admit(loop, self); break;
  case AATGS_STEP_GRAPH: aatgs_take_graph(loop, self->worker.id, h->graph, 0, 1); break;
  case AATGS_STEP_PLAN: aatgs_take_plan(loop, self->worker.id, h->plan, 0, 1); break;
  case AATGS_STEP_SNAPSHOT:
  case AATGS_STEP_RESTORE: aatgs_state_step(loop, kind, 0, 1); break;
  default: break;
  }
  aatgs_command_done(loop, &loop->shared->front, kind);
  if (kind == AATGS_STEP_ADMIT)
    aatgs_token_give(loop, self);
}

/* Looks at the next command slot once. A worker that may be taken off its core must not sit on the
 * token. */
static void aatgs_thread_poll(aatgs_loop *loop, aatgs_thread *self)
{
  aatgs_front *front = &loop->shared->front;
  if (!aatgs_token_take(loop, self)) {
    aatgs_look_for_abandon(loop, &self->worker);
    return;
  }
  if (++self->turns % AATGS_POLLS_PER_BEAT == 0)
    aatgs_beat(loop, front, self->worker.id, aatgs_bus_load_relaxed(&loop->bus->host.beat), /* B8 */
               aatgs_bus_load_relaxed(&loop->bus->host.abandon));
  if (!front->rebuilt) {
    aatgs_thread_begin(loop);
    return;
  }
  const uint64_t n = front->next_command;
  aatgs_step_kind kind = AATGS_STEP_NONE;
  if (aatgs_slot_load(loop->commands + (n & loop->command_mask) * AATGS_COMMAND_FLITS,
                      AATGS_COMMAND_FLITS, (uint32_t)n, self->command.words))
    kind = aatgs_command_decode(loop, front, self->worker.id, &self->command.command.header);
  if (kind != AATGS_STEP_NONE) {
    self->worker.idle = 0;
    aatgs_thread_obey(loop, self, kind);
  } else if (loop->flags & AATGS_LOOP_CROWDED) {
    aatgs_token_give(loop, self);
  }
}

/* Takes part in a program that another worker has relayed. */
static int aatgs_thread_join(aatgs_loop *loop, aatgs_thread *self)
{
  aatgs_worker *w = &self->worker;
  if (!aatgs_relay_take(loop, w, &self->command, 0))
    return 0;
  const aatgs_command *command = &self->command.command;
  aatgs_program_run(loop, w->id, &self->program, &command->header, command->config,
                    aatgs_clock_ns(), aatgs_relay_index(loop, w, command), &self->pace, 0, 1);
  return 1;
}

/* What to do when the last step led to nothing. Who polls leaves ready parts to others, if there
 * are any, most of the time. */
static void aatgs_thread_look(aatgs_loop *loop, aatgs_thread *self)
{
  aatgs_worker *w = &self->worker;
  if (!(self->polls && loop->workers > 1 && w->idle % AATGS_POLLS_PER_LOOK)) {
    if (aatgs_thread_join(loop, self)) {
      w->idle = 0;
      return;
    }
    if (aatgs_claim(loop, w, &self->step)) {
      aatgs_token_give(loop, self);
      w->now_ns = aatgs_clock_ns();
      w->idle = 0;
      return;
    }
    if (aatgs_dev_load_acquire_u32(&loop->shared->stop)) {
      self->step.kind = AATGS_STEP_LEAVE;
      return;
    }
  }
  const uint32_t idle = w->idle;
  w->idle++;
  aatgs_thread_poll(loop, self);
  if (self->step.kind != AATGS_STEP_NONE || w->idle == 0)
    return;
  if (idle == 0)
    aatgs_bus_store_relaxed(&loop->running[w->id], 0); /* B7 */
  aatgs_worker_idle(loop->flags, w->idle);
}

static void aatgs_cpu_loop(struct aatgs_loop *loop, uint32_t worker)
{
  aatgs_thread self = {0};
  aatgs_worker_open(loop, worker, &self.worker);
  while (self.step.kind != AATGS_STEP_LEAVE) {
    if (self.step.kind == AATGS_STEP_PART)
      aatgs_part_run(loop, &self.worker, &self.step, 0, 1);
    else
      aatgs_thread_look(loop, &self);
  }
}

#endif
