/* For authors of workloads: what a workload is, and what its shared object
 * exports. A workload's source is one language in two compilers: write it in
 * the common ground of C11 and CUDA C++, with the vocabulary of port.h, list
 * its tasks in AATGS_TASKS and include loop.h last; loop.h then defines the
 * persistent loop for both devices. tests/support/counter/ is a whole one. */
#ifndef AATGS_WORKLOAD_H
#define AATGS_WORKLOAD_H

#include "bus.h"

#if defined(__cplusplus)
extern "C" {
#endif

#define AATGS_WORKLOAD_ABI 2u

/* ---- Regions ------------------------------------------------------------ */

typedef enum aatgs_region_kind {
  AATGS_REGION_PRIMARY = 0, /* in snapshots and in full digests */
  AATGS_REGION_DERIVED = 1, /* rebuilt from the primary ones by the rebuild function */
  AATGS_REGION_CONSTANT = 2 /* comes from the inputs, no task writes it */
} aatgs_region_kind;

typedef struct aatgs_region {
  const char *name;
  uint32_t kind; /* aatgs_region_kind */
  uint32_t word; /* bytes of its elements (1, 2, 4 or 8), for reports */
} aatgs_region;

/* The bit of a region in the masks below. */
#define AATGS_REGION_BIT(index) (UINT64_C(1) << (index))

/* ---- Task types ---------------------------------------------------------- */

typedef enum aatgs_task_role {
  AATGS_ROLE_NONE = 0,
  AATGS_ROLE_UPLOAD = 1,  /* takes the config over: urgent while the config queue is low */
  AATGS_ROLE_DOWNLOAD = 2 /* fills in the telemetry: at most one in a graph */
} aatgs_task_role;

typedef struct aatgs_task_type {
  const char *name;
  const char *help;    /* one sentence */
  uint32_t role;       /* aatgs_task_role */
  uint32_t parts;      /* default number of parts, at least 1 */
  uint64_t reads;      /* regions, AATGS_REGION_BIT */
  uint64_t writes;     /* regions; a region written may also be read */
  uint64_t prior_ns;   /* assumed duration of the whole task before the first measurement */
  uint32_t finish;     /* 1: the type has a finish function */
  int32_t needs_input; /* index of the input without which named graphs leave it out, or -1 */
} aatgs_task_type;

/* ---- Set-up -------------------------------------------------------------- */

/* A kind of input file. The command line offers it as --NAME FILE. */
typedef struct aatgs_input_kind {
  const char *name; /* "graph" */
  const char *help; /* "DIMACS .col file to colour" */
} aatgs_input_kind;

/* An input by content. `bytes` is NULL when the input was not given. */
typedef struct aatgs_input {
  const char *path; /* for messages only */
  const uint8_t *bytes;
  size_t size;
} aatgs_input;

/* Handed to the set-up hook, valid during the call. */
typedef struct aatgs_setup {
  const aatgs_input *inputs; /* one for each input kind of the workload, in its order */
  uint64_t seed;
  /* Gives region `index` `bytes` bytes and returns them, zeroed, 64-byte aligned, to be
   * filled in; NULL when out of memory. At most once a region. A region never asked for
   * has size 0. The runtime copies the contents to the device. */
  void *(*region)(struct aatgs_setup *setup, uint32_t index, size_t bytes);
  /* Records one sentence that names the file, the line and the way out; returns
   * AATGS_EFORMAT, for the hook to return. */
  int (*fail)(struct aatgs_setup *setup, const char *format, ...)
#if defined(__GNUC__)
      __attribute__((format(printf, 2, 3)))
#endif
      ;
  void *owner; /* the runtime's own */
} aatgs_setup;

/* The regions as they are in a snapshot: constant and primary ones; a derived region has
 * bytes NULL. */
typedef struct aatgs_region_view {
  const uint8_t *bytes;
  size_t size;
} aatgs_region_view;

/* A named graph in the grammar of task files: one task a line,
 * `name type [parts=N] [arg=N] [after=a,b] [once]`. */
typedef struct aatgs_named_graph {
  const char *name;
  const char *text;
  const char *help;
} aatgs_named_graph;

/* An option of `aatgs run` for a field of the config: --NAME VALUE is --config FIELD=VALUE. */
typedef struct aatgs_shorthand {
  const char *name;
  const char *field;
  const char *argument; /* what stands for the value in the help, such as "K" */
  const char *help;
} aatgs_shorthand;

/* ---- The loop ------------------------------------------------------------ */

struct aatgs_loop;   /* device/state.h */
struct aatgs_launch; /* device/state.h */

/* ---- The workload -------------------------------------------------------- */

struct aatgs_workload {
  uint32_t abi;  /* AATGS_WORKLOAD_ABI */
  uint32_t size; /* sizeof(struct aatgs_workload) */
  const char *name;
  const char *help;
  uint64_t source_digest; /* of its sources: AATGS_WORKLOAD_SOURCE_DIGEST, set by
                             aatgs_add_workload() */
  uint64_t layout_digest; /* AATGS_LAYOUT_DIGEST of its compiler */

  uint32_t config_bytes;    /* at most 256, a multiple of 4 */
  uint32_t telemetry_bytes; /* at most 64, a multiple of 4 */
  const aatgs_field *config_fields;
  uint32_t config_field_count;
  uint32_t telemetry_field_count;
  const aatgs_field *telemetry_fields;

  const aatgs_region *regions;
  uint32_t region_count; /* at most 64 */
  uint32_t type_count;
  const aatgs_task_type *types;
  const aatgs_input_kind *input_kinds;
  uint32_t input_kind_count;
  uint32_t graph_count;
  const aatgs_named_graph *graphs; /* the first one that fits the inputs is the default */

  /* Host side: parses the inputs, sizes and fills the primary and constant regions.
   * Returns 0 or what setup->fail() returned. Called once, before the device starts. */
  int (*setup)(aatgs_setup *setup);
  /* Host side, may be NULL: checks a config beyond the ranges of its fields; returns NULL or
   * a sentence that names the field and the remedy. */
  const char *(*check_config)(const void *config);
  /* Host side, may be NULL: writes the result held in the regions as text into `out`
   * (`capacity` bytes, NUL-terminated if it fits) and returns the bytes the whole text has,
   * without the NUL; 0: there is no result (sentence in out). It must recount whatever it
   * claims. `kind` chooses among inputs when there are several. */
  size_t (*solution)(const aatgs_input *inputs, const aatgs_region_view *regions, char *out,
                     size_t capacity);
  /* Host side, may be NULL: one to four plain lines that tell a person what the regions hold,
   * same conventions. */
  size_t (*summary)(const aatgs_input *inputs, const aatgs_region_view *regions, char *out,
                    size_t capacity);

  /* Device side, defined by loop.h. */
  void (*cpu_loop)(struct aatgs_loop *loop, uint32_t worker);
  int (*cuda_launch)(const struct aatgs_launch *launch); /* NULL: no CUDA build */

  const aatgs_shorthand *shorthands;
  uint32_t shorthand_count; /* may be 0 */
};

/* The one symbol that the shared object exports. (The struct has no typedef, so that the
 * function may have its name.) */
#if defined(__GNUC__)
#define AATGS_EXPORT __attribute__((visibility("default")))
#else
#define AATGS_EXPORT
#endif
AATGS_EXPORT const struct aatgs_workload *aatgs_workload(void);

#if defined(__cplusplus)
}
#endif
#endif
