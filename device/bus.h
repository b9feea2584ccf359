/* The bus: everything the host and the device share, laid out so that a C and
 * a CUDA compiler read it alike. Fixed widths, named padding, offsets instead
 * of pointers. How the words are read and written stands in order.h. */
#ifndef AATGS_BUS_H
#define AATGS_BUS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
#define AATGS_ALIGNAS(n) alignas(n)
#define AATGS_STATIC_ASSERT(c, why) static_assert(c, why)
#else
#include <stdalign.h>
#define AATGS_ALIGNAS(n) alignas(n)
#define AATGS_STATIC_ASSERT(c, why) _Static_assert(c, why)
#endif

#define AATGS_BUS_MAGIC UINT64_C(0x3153554253475441) /* "ATGSBUS1", little-endian */
#define AATGS_BUS_VERSION 5u

#define AATGS_CONFIG_BYTES_MAX 256u
#define AATGS_TELEMETRY_BYTES_MAX 64u
#define AATGS_REGIONS_MAX 64u /* one bit each in a region mask */
#define AATGS_PARTS_LIMIT 65535u
#define AATGS_WORKERS_LIMIT 65535u

/* ---- Flits and slots ---------------------------------------------------- */

/* The unit of transfer: three payload words and the low 32 bits of the
 * sequence number of the slot it belongs to. It is read and written whole, so
 * a flit whose tag is the expected one is complete: no fence, no second read,
 * no clearing. */
typedef struct aatgs_flit {
  AATGS_ALIGNAS(16) uint32_t word[3];
  uint32_t tag;
} aatgs_flit;

#define AATGS_FLIT_PAYLOAD_WORDS 3u
#define AATGS_COMMAND_FLITS 24u
#define AATGS_TELEMETRY_FLITS 8u
#define AATGS_TIMING_FLITS 2u

typedef enum aatgs_opcode {
  AATGS_OP_NOP = 0,
  AATGS_OP_ITERATE = 1,  /* run `graph` by `plan` with the config that follows */
  AATGS_OP_GRAPH = 2,    /* take over the graph table in the slot named by `graph` */
  AATGS_OP_PLAN = 3,     /* take over the plan table in the slot named by `plan` */
  AATGS_OP_SNAPSHOT = 4, /* copy the primary regions to staging, between iterations */
  AATGS_OP_RESTORE = 5,  /* the reverse, then rebuild the derived regions */
  AATGS_OP_STOP = 6      /* finish what is in flight, then leave the loop */
} aatgs_opcode;

typedef enum aatgs_command_flag {
  AATGS_COMMAND_PLACED = 1, /* run the graph's program, see aatgs_turn */
  AATGS_COMMAND_ACQUIRE = 2, /* in a relayed copy: something was written before, see D11 */
  AATGS_COMMAND_SPREAD = 4   /* with PLACED: the program has one worker and touches no region, so
                                it may run on any, beside the iterations before and after it */
} aatgs_command_flag;

typedef struct aatgs_command_header {
  uint16_t opcode; /* aatgs_opcode */
  uint16_t flags;  /* aatgs_command_flag */
  uint32_t graph;  /* number of the graph; its table slot is number % graphs_max */
  uint64_t iteration;
  uint64_t timing_base;    /* sequence number of this iteration's timing record 0 */
  uint32_t plan;           /* number of the plan; its table slot is number % plans_max; in a copy
                              that one worker relays to the others: how many take part */
  uint32_t telemetry_read; /* low 32 bits of the last iteration the caller has read; in such a copy:
                              that worker */
} aatgs_command_header;

typedef struct aatgs_command {
  aatgs_command_header header;
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4];
} aatgs_command;

typedef enum aatgs_status {
  AATGS_STATUS_OK = 0,
  AATGS_STATUS_TASK_FAILED = 1, /* a task called aatgs_fail(); its dependents were skipped */
  AATGS_STATUS_STOPPED = 2      /* the same, and the task is one whose failure ends the run */
} aatgs_status;

/* Posted by the loop after the last part of an iteration. The slot is
 * iteration % telemetry_slots, the tag the low 32 bits of the iteration. */
typedef struct aatgs_telemetry_record {
  uint64_t iteration;
  uint32_t status; /* aatgs_status */
  uint32_t detail; /* TASK_FAILED, STOPPED: the lowest such task's number in the graph */
  uint64_t start_ns; /* device clock */
  uint64_t end_ns;   /* device clock */
  uint32_t telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
} aatgs_telemetry_record;

/* One part of one task. Its sequence number is timing_base + the record's
 * index in the graph, so nothing is allocated on the device. A task's `finish`
 * has a record of its own, with part == parts. */
typedef struct aatgs_timing_record {
  uint32_t iteration; /* low 32 bits */
  uint32_t task;
  uint16_t part;
  uint16_t worker;
  uint32_t start;       /* low 32 bits of the device clock, ns */
  uint32_t duration_ns; /* saturates at 2^32 - 1 */
  uint32_t digest;      /* commutative digest of what the part wrote */
} aatgs_timing_record;

AATGS_STATIC_ASSERT(sizeof(aatgs_flit) == 16, "a flit is one 16-byte access");
AATGS_STATIC_ASSERT(sizeof(aatgs_command_header) == 32, "command header");
AATGS_STATIC_ASSERT(offsetof(aatgs_command_header, iteration) == 8, "command header");
AATGS_STATIC_ASSERT(offsetof(aatgs_command_header, timing_base) == 16, "command header");
AATGS_STATIC_ASSERT(sizeof(aatgs_command) == AATGS_COMMAND_FLITS * 12, "command fills its slot");
AATGS_STATIC_ASSERT(offsetof(aatgs_telemetry_record, start_ns) == 16, "telemetry header");
AATGS_STATIC_ASSERT(sizeof(aatgs_telemetry_record) == AATGS_TELEMETRY_FLITS * 12,
                    "telemetry fills its slot");
AATGS_STATIC_ASSERT(sizeof(aatgs_timing_record) == AATGS_TIMING_FLITS * 12,
                    "a timing record fills its slot");

/* ---- Tables: graphs and plans ------------------------------------------- */

typedef enum aatgs_task_flag {
  AATGS_TASK_FINISH = 1, /* the type has a finish function; it owns the last record */
  AATGS_TASK_STOPS = 2   /* the task's failure ends the run */
} aatgs_task_flag;

/* How often a part that fails is run again stands in the same word. */
#define AATGS_TASK_RETRIES_PUT(n) ((uint32_t)(n) << 8)
#define AATGS_TASK_RETRIES(flags) ((flags) >> 8)

/* One task of a graph. Region masks have one bit a region of the workload. */
typedef struct aatgs_task_entry {
  uint64_t reads;
  uint64_t writes;
  uint64_t write_release; /* regions whose last writer in the graph this task is */
  uint64_t touch_release; /* regions nobody in the graph touches after this task */
  uint64_t touch_count;   /* regions of which this task is one of several last readers */
  uint32_t type;
  uint32_t arg; /* handed to the task function */
  uint32_t parts;
  uint32_t dependencies;    /* number of tasks it waits for */
  uint32_t first_dependent; /* index into the dependents array */
  uint32_t dependents;
  uint32_t first_record; /* index of part 0's timing record in the iteration */
  uint32_t flags;        /* aatgs_task_flag */
} aatgs_task_entry;

/* Followed by aatgs_task_entry[tasks], then uint32_t dependents[edges]; where the graph has a
 * program, then at AATGS_PROGRAM_AT: aatgs_turn[turns], uint32_t first_turn[workers + 1] and
 * uint32_t waits[waits]. */
typedef struct aatgs_graph_table {
  uint32_t number;
  uint32_t tasks;
  uint32_t edges;
  uint32_t records; /* timing records an iteration posts */
  uint64_t touched; /* union of reads and writes */
  uint64_t written; /* union of writes */
  uint32_t workers; /* of the program; 0: there is none */
  uint32_t turns;
  uint32_t waits;
  uint32_t pad0;
  uint32_t last_readers[AATGS_REGIONS_MAX]; /* tasks with the touch_count bit */
} aatgs_graph_table;

typedef enum aatgs_turn_flag {
  AATGS_TURN_FINISH = 1,  /* calls the type's finish function */
  AATGS_TURN_SIGNAL = 2,  /* turns of other workers wait for this one ... */
  AATGS_TURN_RELEASE = 4, /* ... and it, or something before it, writes regions */
  AATGS_TURN_LAST = 8,    /* the iteration is over after it */
  AATGS_TURN_NOTHING = 16, /* no task: waits for the others' last turns */
  AATGS_TURN_STOPS = 32,   /* like AATGS_TASK_STOPS; AATGS_TASK_RETRIES() holds here too */
  AATGS_TURN_ACQUIRE = 64  /* waits for a turn that has AATGS_TURN_RELEASE */
} aatgs_turn_flag;

/* A program is a graph's parts dealt out to workers beforehand, for tasks so short that to claim
 * one would take longer than to run it. Worker w takes turns first_turn[w] to
 * first_turn[w + 1] - 1, one after the other; what a turn waits for are timing records of other
 * workers' turns. Worker 0 ends the iteration. */
typedef struct aatgs_turn {
  AATGS_ALIGNAS(16) uint32_t task;
  uint32_t arg;
  uint32_t type;
  uint32_t flags; /* aatgs_turn_flag, retries */
  uint32_t part;
  uint32_t parts;
  uint32_t record;     /* index of its timing record in the iteration */
  uint32_t first_wait; /* index into the waits array */
  uint32_t waits;      /* records of other workers' turns */
  uint32_t depends;    /* those and, after them, records of earlier turns of its own worker */
  uint32_t plain;      /* of how many plain ones in a row it is the first: such a turn calls no
                          finish function, and neither waits nor is waited for */
  uint32_t pad0;
} aatgs_turn;

/* Bytes from the start of a graph's table to its program, and of the program. */
#define AATGS_PROGRAM_AT(tasks, edges)                                                            \
  ((sizeof(aatgs_graph_table) + (uint64_t)(tasks) * sizeof(aatgs_task_entry) +                    \
    (uint64_t)(edges) * sizeof(uint32_t) + 15u) &                                                 \
   ~UINT64_C(15))
#define AATGS_PROGRAM_BYTES(turns, workers, waits)                                                \
  ((uint64_t)(turns) * sizeof(aatgs_turn) +                                                       \
   ((uint64_t)(workers) + 1u + (uint64_t)(waits)) * sizeof(uint32_t))

/* Followed by uint32_t task_at[tasks] (by rank, most urgent first), then
 * uint32_t rank_of[tasks]. */
typedef struct aatgs_plan_table {
  uint32_t number;
  uint32_t graph;
  uint32_t tasks;
  uint32_t pad0;
} aatgs_plan_table;

AATGS_STATIC_ASSERT(sizeof(aatgs_task_entry) == 72, "task entry");
AATGS_STATIC_ASSERT(offsetof(aatgs_task_entry, type) == 40, "task entry");
AATGS_STATIC_ASSERT(sizeof(aatgs_graph_table) == 304, "graph table");
AATGS_STATIC_ASSERT(sizeof(aatgs_turn) == 48, "turn");
AATGS_STATIC_ASSERT(sizeof(aatgs_plan_table) == 16, "plan table");

/* ---- The header of the shared block ------------------------------------- */

/* Where everything lies, in bytes from the start of the block. Written by the
 * host before the device starts, and never again. */
typedef struct aatgs_bus_layout {
  uint64_t magic;
  uint32_t version;
  uint32_t workers;
  uint64_t digest; /* AATGS_LAYOUT_DIGEST of the compiler that wrote this */
  uint64_t bytes;  /* of the whole block */
  uint64_t commands_at;
  uint64_t telemetry_at;
  uint64_t timings_at;
  uint64_t graphs_at;
  uint64_t plans_at;
  uint64_t running_at; /* uint64_t[workers]: what each worker runs, see AATGS_RUNNING */
  uint64_t graph_bytes; /* of one graph table slot */
  uint64_t plan_bytes;  /* of one plan table slot */
  uint64_t first_command;   /* sequence number of the first command */
  uint64_t first_iteration; /* number of the first iteration */
  uint64_t first_timing;    /* sequence number of the first timing record */
  uint32_t command_slots;   /* powers of two */
  uint32_t telemetry_slots;
  uint32_t timing_slots;
  uint32_t graphs_max;
  uint32_t plans_max;
  uint32_t tasks_max;
  uint32_t edges_max;
  uint32_t config_bytes;
  uint32_t telemetry_bytes;
  uint32_t turns_max; /* turns, and timing records, of a program */
  uint32_t waits_max;
  uint32_t pad0;
} aatgs_bus_layout;

/* Words the host writes while the device runs. */
typedef struct aatgs_host_line {
  uint64_t beat;    /* counts up while the host lives */
  uint64_t abandon; /* 1: leave the loop at once, in-flight work is lost */
  uint64_t pad[6];
} aatgs_host_line;

typedef enum aatgs_device_state {
  AATGS_DEVICE_STARTING = 0,
  AATGS_DEVICE_RUNNING = 1,
  AATGS_DEVICE_STOPPED = 2, /* STOP obeyed */
  AATGS_DEVICE_REFUSED = 3, /* the layouts differ; see aatgs_device_line.digest */
  AATGS_DEVICE_FAULT = 4    /* see aatgs_fault */
} aatgs_device_state;

typedef enum aatgs_fault_code {
  AATGS_FAULT_NONE = 0,
  AATGS_FAULT_OPCODE = 1,    /* wanted: highest opcode known, seen: the opcode */
  AATGS_FAULT_TABLE = 2,     /* wanted: the number asked for, seen: the number in the slot */
  AATGS_FAULT_TASK_TYPE = 3, /* wanted: number of types, seen: the type */
  AATGS_FAULT_HOST_LOST = 4, /* wanted: ns without a beat allowed, seen: ns without one */
  AATGS_FAULT_ABANDONED = 5, /* the host gave up */
  AATGS_FAULT_WAIT = 6       /* a bounded wait expired; wanted and seen say what for */
} aatgs_fault_code;

/* Written once, by the worker that noticed first, before state says FAULT. */
typedef struct aatgs_fault {
  uint32_t code; /* aatgs_fault_code */
  uint32_t worker;
  uint64_t iteration;
  uint32_t task;
  uint32_t part;
  uint64_t wanted;
  uint64_t seen;
} aatgs_fault;

/* Words the device writes. */
typedef struct aatgs_device_line {
  uint64_t digest;       /* AATGS_LAYOUT_DIGEST of the device's compiler */
  uint64_t state;        /* aatgs_device_state */
  uint64_t beat;         /* counts up while a worker polls */
  uint64_t ordered_done; /* commands other than ITERATE are done up to here (count) */
  uint64_t pad0[4];
  aatgs_fault fault;
  uint64_t pad1[3];
} aatgs_device_line;

typedef struct aatgs_bus {
  AATGS_ALIGNAS(64) aatgs_bus_layout layout;
  AATGS_ALIGNAS(64) aatgs_host_line host;
  AATGS_ALIGNAS(64) aatgs_device_line device;
} aatgs_bus;

/* What a worker runs: 0 when idle, else the low 32 bits of the iteration and
 * the task's number plus one. A watchdog reads it to name a stuck task. */
#define AATGS_RUNNING(iteration, task) \
  ((uint64_t)(uint32_t)(iteration) << 32 | (uint32_t)((task) + 1u))

AATGS_STATIC_ASSERT(sizeof(aatgs_bus_layout) == 168, "bus layout");
AATGS_STATIC_ASSERT(sizeof(aatgs_host_line) == 64, "host line");
AATGS_STATIC_ASSERT(sizeof(aatgs_device_line) == 128, "device line");
AATGS_STATIC_ASSERT(offsetof(aatgs_bus, host) == 192, "bus header");
AATGS_STATIC_ASSERT(offsetof(aatgs_bus, device) == 256, "bus header");
AATGS_STATIC_ASSERT(sizeof(aatgs_bus) == 384, "bus header");

/* A number that two compilers agree on only if they lay the bus out alike. */
#define AATGS_LAYOUT_STEP(h, x) (((h) ^ (uint64_t)(x)) * UINT64_C(0x100000001b3))
#define AATGS_LAYOUT_DIGEST                                                                       \
  AATGS_LAYOUT_STEP(                                                                              \
      AATGS_LAYOUT_STEP(                                                                          \
          AATGS_LAYOUT_STEP(                                                                      \
              AATGS_LAYOUT_STEP(                                                                  \
                  AATGS_LAYOUT_STEP(                                                              \
                      AATGS_LAYOUT_STEP(                                                          \
                          AATGS_LAYOUT_STEP(UINT64_C(0xcbf29ce484222325), AATGS_BUS_VERSION),     \
                          sizeof(aatgs_bus)),                                                     \
                      sizeof(aatgs_command)),                                                     \
                  sizeof(aatgs_telemetry_record)),                                                \
              sizeof(aatgs_timing_record)),                                                       \
          sizeof(aatgs_task_entry)),                                                              \
      offsetof(aatgs_bus, device))

/* ---- Fields of config and telemetry ------------------------------------- */

typedef enum aatgs_field_type {
  AATGS_U8 = 1,
  AATGS_U16,
  AATGS_U32,
  AATGS_U64,
  AATGS_I32,
  AATGS_F32
} aatgs_field_type;

typedef enum aatgs_field_role {
  AATGS_FIELD_PLAIN = 0,
  AATGS_FIELD_ITERATION = 1,        /* config: the runtime writes the iteration's number */
  AATGS_FIELD_ITERATION_TIME_US = 2 /* telemetry: 0 on the device and in digests; the host
                                       fills in the measured time, microseconds */
} aatgs_field_role;

/* One field of a workload's config or telemetry, as its schema describes it.
 * Tools know every field from here, never by name. */
typedef struct aatgs_field {
  const char *name;
  const char *unit; /* "" when it has none */
  const char *help; /* one sentence: what it does */
  uint16_t type;    /* aatgs_field_type */
  uint16_t count;   /* elements; 1 for a scalar */
  uint16_t offset;  /* bytes from the start of the payload */
  uint16_t role;    /* aatgs_field_role */
  double minimum;   /* allowed range, both ends included */
  double maximum;
  double initial; /* the default, for every element */
} aatgs_field;

#endif
