/* The device's own state: what the persistent loop works on between taking a
 * command and posting telemetry. One arena of device memory, laid out by
 * aatgs_state_layout() and filled in by the host before the loop starts. */
#ifndef AATGS_STATE_H
#define AATGS_STATE_H

#include "bus.h"
#include "order.h"
#include "port.h"

typedef enum aatgs_loop_flag {
  AATGS_LOOP_SHUFFLE = 1,     /* take ready tasks and parts in random order */
  AATGS_LOOP_CROWDED = 2,     /* more threads than cores: yield soon */
  AATGS_LOOP_BALANCED = 4,    /* idle: spin, yield, then short sleeps */
  AATGS_LOOP_POWER = 8,       /* idle: long sleeps */
  AATGS_LOOP_DIGEST_OFF = 16, /* post 0 for every digest */
  AATGS_LOOP_DIGEST_FULL = 32 /* closing records cover the regions of their task */
} aatgs_loop_flag;

/* Why a task's functions are not run. Other parts of a task that failed still are, so that
 * what was written does not depend on their order. */
typedef enum aatgs_skip {
  AATGS_SKIP_NONE = 0,
  AATGS_SKIP_BLOCKED = 1, /* a dependency failed or was skipped */
  AATGS_SKIP_FAILED = 2   /* one of its own parts failed: no finish */
} aatgs_skip;

/* A failed task as a number whose minimum over an iteration's failures is what is reported: a task
 * that ends the run before all others. */
#define AATGS_FAILED_GOES_ON      UINT32_C(0x80000000)
#define AATGS_FAILED(task, flags) ((task) | ((flags)&AATGS_TASK_STOPS ? 0u : AATGS_FAILED_GOES_ON))

/* One iteration in flight. The slot is (iteration - first_iteration) % command_slots; the
 * host's credits keep two iterations from wanting the same one.
 *
 * Per task, indexed by task: waiting (dependencies not done), parts_left (parts not done),
 * skip (aatgs_skip). Per rank of the plan: unclaimed (parts nobody has taken: 0
 * until the task is ready), and a bit each in ready (unclaimed may be > 0) and blocked (ready but
 * for a region that an earlier iteration holds). */
typedef struct aatgs_frame {
  AATGS_ALIGNAS(64) uint64_t iteration; /* 0: never used */
  uint64_t timing_base;
  uint64_t start_ns;
  const aatgs_graph_table *graph;
  const aatgs_plan_table *plan;
  uint32_t tasks_left;
  uint32_t failed_task; /* lowest AATGS_FAILED() of the failed tasks, UINT32_MAX: none */
  uint64_t touch_busy;  /* regions that a task of this iteration may still touch */
  uint64_t write_busy;  /* regions that a task of this iteration may still write */
  uint32_t live;        /* 1 from admission until its telemetry is posted */
  uint32_t ready_count; /* bits set in ready */
  uint32_t blocked_count;
  uint32_t words; /* of ready and blocked in use */
  uint32_t last_readers[AATGS_REGIONS_MAX];
  AATGS_ALIGNAS(16) uint32_t config[AATGS_CONFIG_BYTES_MAX / 4];
  AATGS_ALIGNAS(16) uint32_t telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  uint32_t *waiting;
  uint32_t *parts_left;
  uint32_t *skip;
  uint32_t *unclaimed;
  uint64_t *ready;
  uint64_t *blocked;
} aatgs_frame;

/* A graph as whoever takes commands has to know it. */
typedef struct aatgs_outline {
  uint32_t number; /* 0: none */
  uint32_t workers;
  uint64_t touched;
  uint64_t written;
} aatgs_outline;

/* What whoever takes commands keeps from one to the next: on cpu it goes with the polling token,
 * on cuda the polling warps hold it. Iterations in flight are either all dataflow (frame.h) or
 * all programs (program.h). */
typedef struct aatgs_front {
  uint64_t next_command;
  uint64_t next_relay; /* sequence number */
  uint64_t beat;
  uint64_t host_beat;
  uint64_t host_silent_ns;
  uint64_t looked_ns;
  uint64_t touched;    /* by the programs in flight */
  uint64_t written;    /* likewise */
  aatgs_outline known; /* of the graph run last */
  uint32_t rebuilt;
  uint32_t dataflow; /* 1: since the last look there may be dataflow in flight */
  uint32_t steps;    /* handed to those who run them, one after the other */
  uint32_t ended;    /* of these */
  uint32_t programs; /* the steps up to the last program */
  uint32_t spread;   /* iterations that any worker may run, counted up; they are no steps */
  uint32_t over;     /* so many of them had ended at the last look */
  uint32_t solo;     /* 1: all in flight have one worker and run one after the other */
  uint32_t dirty;    /* 1: something was written since workers were last told to look */
} aatgs_front;

/* What the workers change, on lines of their own. */
typedef struct aatgs_shared {
  AATGS_ALIGNAS(64) uint32_t token; /* 1: somebody holds it, and with it `front` */
  aatgs_front front;

  /* Everybody's. */
  AATGS_ALIGNAS(64) uint64_t admitted;    /* iterations taken, as of the last dataflow */
  AATGS_ALIGNAS(64) uint64_t completed;   /* those of them whose telemetry is posted */
  AATGS_ALIGNAS(64) uint64_t bell;        /* sequence number of the next command to be relayed */
  uint32_t graph;                         /* cuda: number of the last one taken over */
  uint32_t stop;                          /* 1: leave */
  uint32_t faulted;                       /* 1: somebody is writing the fault record */
  AATGS_ALIGNAS(64) uint32_t spread_over; /* of front.spread */
} aatgs_shared;

/* Where a debugger wants a worker that is a thread to wait: before the first part of a task. */
typedef enum aatgs_stop_state {
  AATGS_STOP_OFF = 0,
  AATGS_STOP_ARMED = 1,
  AATGS_STOP_REACHED = 2, /* the worker waits */
  AATGS_STOP_TRAP = 3 /* it is to raise SIGTRAP and go on: a debugger of the process is attached */
} aatgs_stop_state;

typedef struct aatgs_stop {
  uint64_t state; /* aatgs_stop_state */
  uint64_t iteration;
  uint64_t task;
} aatgs_stop;

/* Set by the host, then constant: a thread block may keep a copy close by. */
typedef struct aatgs_loop {
  aatgs_bus *bus;
  aatgs_flit *commands;
  aatgs_flit *telemetry;
  aatgs_flit *timings;
  uint64_t *running;
  const uint8_t *bus_graphs; /* table slots on the bus ... */
  const uint8_t *bus_plans;
  uint8_t *graphs; /* ... and the device's own copies */
  uint8_t *plans;
  uint64_t graph_bytes;
  uint64_t plan_bytes;
  aatgs_frame *frames;
  aatgs_flit *relay; /* commands that others take part in; as many slots as on the bus */
  uint64_t *deals;   /* cuda: which command each deal is, one a slot, see aatgs_deal_put() */
  uint32_t *done;    /* done words of programs, turns_max a slot */
  uint32_t *worst;   /* of programs, one a slot, see aatgs_turn_failed() */
  uint8_t **regions;
  uint64_t *region_bytes;
  uint64_t primary; /* mask of primary regions */
  uint8_t *staging; /* the primary regions, one after the other, 64-byte aligned each */
  uint64_t seed;
  uint64_t host_timeout_ns; /* 0: do not watch the host's beat */
  uint64_t first_command;
  uint64_t first_iteration;
  uint32_t region_count;
  uint32_t workers;
  uint32_t command_mask;
  uint32_t telemetry_mask;
  uint32_t timing_mask;
  uint32_t graphs_max;
  uint32_t plans_max;
  uint32_t turns_max;
  uint32_t flags; /* aatgs_loop_flag */
  struct aatgs_shared *shared;
  aatgs_stop *stop; /* NULL: nobody debugs */
} aatgs_loop;

/* Threads of a worker at most: with more, each would have too few registers. */
#define AATGS_LANES_MAX 384u

/* What aatgs_workload.cuda_launch is asked for. */
typedef struct aatgs_launch {
  aatgs_loop *loop;      /* device address; NULL: only fill in workers_max */
  void *stream;          /* cudaStream_t */
  uint32_t workers;      /* thread blocks */
  uint32_t lanes;        /* threads a block, a multiple of 32 */
  uint32_t *workers_max; /* out: blocks that can be resident at once on the current GPU */
} aatgs_launch;

/* Sizes that the arena depends on. */
typedef struct aatgs_state_limits {
  uint32_t frames; /* command_slots */
  uint32_t graphs_max;
  uint32_t plans_max;
  uint32_t tasks_max;
  uint32_t turns_max;
  uint64_t graph_bytes; /* of a table slot */
  uint64_t plan_bytes;
  uint32_t region_count;
  const uint64_t *region_bytes;
  uint64_t primary; /* mask */
} aatgs_state_limits;

#define AATGS_ALIGN64(n)          (((uint64_t)(n) + 63u) & ~UINT64_C(63))
#define AATGS_BITMAP_WORDS(tasks) (((tasks) + 63u) / 64u)

static inline uint8_t *aatgs_arena_take(uint64_t *used, uint8_t *base, uint64_t bytes)
{
  uint8_t *p = base ? base + *used : NULL;
  *used += AATGS_ALIGN64(bytes);
  return p;
}

/* Sets the pointers of the loop and its frames into an arena that begins at `base`, as the device
 * sees it, writing them through `at`, where the host sees the same bytes; with `at` NULL it
 * only measures. The loop stands first. Returns the arena's size. */
static inline uint64_t aatgs_state_layout(const aatgs_state_limits *l, uint8_t *at, uint8_t *base)
{
  const uint64_t words = AATGS_BITMAP_WORDS(l->tasks_max);
  aatgs_loop *loop = (aatgs_loop *)(void *)at;
  uint64_t n = 0;
#define AATGS_TAKE(bytes) aatgs_arena_take(&n, base, bytes)
  (void)AATGS_TAKE(sizeof(aatgs_loop));
  uint8_t *shared = AATGS_TAKE(sizeof(aatgs_shared));
  uint8_t *frames = AATGS_TAKE(l->frames * sizeof(aatgs_frame));
  uint8_t *graphs = AATGS_TAKE(l->graphs_max * l->graph_bytes);
  uint8_t *plans = AATGS_TAKE(l->plans_max * l->plan_bytes);
  uint8_t *relay = AATGS_TAKE(l->frames * AATGS_COMMAND_FLITS * sizeof(aatgs_flit));
  uint8_t *deals = AATGS_TAKE(l->frames * sizeof(uint64_t));
  uint8_t *done = AATGS_TAKE((uint64_t)l->frames * l->turns_max * sizeof(uint32_t));
  uint8_t *worst = AATGS_TAKE(l->frames * sizeof(uint32_t));
  uint8_t *regions = AATGS_TAKE(l->region_count * sizeof(uint8_t *));
  uint8_t *region_bytes = AATGS_TAKE(l->region_count * sizeof(uint64_t));
  if (at) {
    loop->shared = (aatgs_shared *)(void *)shared;
    loop->frames = (aatgs_frame *)(void *)frames;
    loop->graphs = graphs;
    loop->plans = plans;
    loop->relay = (aatgs_flit *)(void *)relay;
    loop->deals = (uint64_t *)(void *)deals;
    loop->done = (uint32_t *)(void *)done;
    loop->worst = (uint32_t *)(void *)worst;
    loop->regions = (uint8_t **)(void *)regions;
    loop->region_bytes = (uint64_t *)(void *)region_bytes;
  }
  for (uint32_t i = 0; i < l->frames; i++) {
    uint8_t *waiting = AATGS_TAKE(l->tasks_max * sizeof(uint32_t));
    uint8_t *parts_left = AATGS_TAKE(l->tasks_max * sizeof(uint32_t));
    uint8_t *skip = AATGS_TAKE(l->tasks_max * sizeof(uint32_t));
    uint8_t *unclaimed = AATGS_TAKE(l->tasks_max * sizeof(uint32_t));
    uint8_t *ready = AATGS_TAKE(words * sizeof(uint64_t));
    uint8_t *blocked = AATGS_TAKE(words * sizeof(uint64_t));
    if (at) {
      aatgs_frame *f = (aatgs_frame *)(void *)(at + (frames - base)) + i;
      f->waiting = (uint32_t *)(void *)waiting;
      f->parts_left = (uint32_t *)(void *)parts_left;
      f->skip = (uint32_t *)(void *)skip;
      f->unclaimed = (uint32_t *)(void *)unclaimed;
      f->ready = (uint64_t *)(void *)ready;
      f->blocked = (uint64_t *)(void *)blocked;
    }
  }
  for (uint32_t r = 0; r < l->region_count; r++) {
    uint8_t *region = AATGS_TAKE(l->region_bytes[r]);
    if (at) {
      ((uint8_t **)(void *)(at + (regions - base)))[r] = region;
      ((uint64_t *)(void *)(at + (region_bytes - base)))[r] = l->region_bytes[r];
    }
  }
  uint64_t staging_bytes = 0;
  for (uint32_t r = 0; r < l->region_count; r++)
    if (l->primary >> r & 1)
      staging_bytes += AATGS_ALIGN64(l->region_bytes[r]);
  uint8_t *staging = AATGS_TAKE(staging_bytes);
  if (at)
    loop->staging = staging;
#undef AATGS_TAKE
  return n;
}

/* ---- Frames, tables, slots ------------------------------------------------------ */

AATGS_FN aatgs_frame *aatgs_frame_of(const aatgs_loop *loop, uint64_t iteration)
{
  return loop->frames + ((iteration - loop->first_iteration) & loop->command_mask);
}

AATGS_FN const aatgs_graph_table *aatgs_graph_at(const aatgs_loop *loop, uint32_t number)
{
  const uint8_t *table = loop->graphs + number % loop->graphs_max * loop->graph_bytes;
  return (const aatgs_graph_table *)(const void *)table;
}

AATGS_FN const aatgs_plan_table *aatgs_plan_at(const aatgs_loop *loop, uint32_t number)
{
  const uint8_t *table = loop->plans + number % loop->plans_max * loop->plan_bytes;
  return (const aatgs_plan_table *)(const void *)table;
}

AATGS_FN const aatgs_task_entry *aatgs_entries(const aatgs_graph_table *graph)
{
  return (const aatgs_task_entry *)(const void *)(graph + 1);
}

AATGS_FN const uint32_t *aatgs_dependents(const aatgs_graph_table *graph)
{
  return (const uint32_t *)(const void *)(aatgs_entries(graph) + graph->tasks);
}

/* The parts of a graph's program. */
AATGS_FN const aatgs_turn *aatgs_turns(const aatgs_graph_table *graph)
{
  const uint8_t *at =
      (const uint8_t *)(const void *)graph + AATGS_PROGRAM_AT(graph->tasks, graph->edges);
  return (const aatgs_turn *)(const void *)at;
}

AATGS_FN const uint32_t *aatgs_first_turn(const aatgs_graph_table *graph)
{
  return (const uint32_t *)(const void *)(aatgs_turns(graph) + graph->turns);
}

AATGS_FN const uint32_t *aatgs_waits(const aatgs_graph_table *graph)
{
  return aatgs_first_turn(graph) + graph->workers + 1;
}

/* Bytes of the table with all that follows. */
AATGS_FN uint64_t aatgs_graph_size(const aatgs_graph_table *graph)
{
  return AATGS_PROGRAM_AT(graph->tasks, graph->edges) +
         (graph->workers ? AATGS_PROGRAM_BYTES(graph->turns, graph->workers, graph->waits) : 0);
}

AATGS_FN const uint32_t *aatgs_task_at(const aatgs_plan_table *plan)
{
  return (const uint32_t *)(const void *)(plan + 1);
}

AATGS_FN const uint32_t *aatgs_rank_of(const aatgs_plan_table *plan)
{
  return aatgs_task_at(plan) + plan->tasks;
}

#endif
