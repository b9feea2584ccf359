/* Replay of a trace: the part of aatgs.h about comparing. Include aatgs.h, which includes this. */
#ifndef AATGS_AATGS_REPLAY_H
#define AATGS_AATGS_REPLAY_H

#include "aatgs.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* What a replay compares; a sum of these. */
typedef enum aatgs_check {
  AATGS_CHECK_SCHEDULER = 1, /* plans and decisions, from what the scheduler was told */
  AATGS_CHECK_DEVICE = 2,    /* status and telemetry of each iteration */
  AATGS_CHECK_STATE = 4,     /* digests, as far as the trace has them (aatgs_options.digest) */
  AATGS_CHECK_ALL = 7
} aatgs_check;

typedef struct aatgs_replay_options {
  size_t size;
  const char *trace;    /* folder */
  const char *device;   /* as in aatgs_options */
  const char *workload; /* NULL: the one that the trace names */
  uint32_t workers;
  uint32_t lanes; /* as in aatgs_options */
  bool shuffle;
  uint64_t first;  /* inclusive; 0: the start. The device starts at the nearest snapshot before. */
  uint64_t last;   /* inclusive; 0: the end */
  uint32_t check;  /* sum of aatgs_check; 0: all */
  bool keep_going; /* after a difference, and count; recorded snapshots put the state right again */
  bool confirm;    /* replay a difference once more, and look at the state */
  /* Called now and then with the iterations checked so far; may be NULL. */
  void (*progress)(void *user, uint64_t done, uint64_t total);
  /* NULL, or the trace is being written as long as this says so: more is waited for until then, or
   * until it is closed. */
  bool (*follow)(void *user);
  void *user;
} aatgs_replay_options;
#define AATGS_REPLAY_OPTIONS_INIT                                                                  \
  {                                                                                                \
    sizeof(aatgs_replay_options), NULL, "auto", NULL, 0, 0, false, 0, 0, 0, false, true, NULL,     \
        NULL, NULL                                                                                 \
  }

/* What the second look at a difference came to. */
typedef enum aatgs_again {
  AATGS_AGAIN_NOT_TRIED = 0,
  AATGS_AGAIN_SAME = 1,  /* the same difference: it is in the code, the trace or the inputs */
  AATGS_AGAIN_OTHER = 2, /* another one: what is computed depends on chance */
  AATGS_AGAIN_NONE = 3   /* none: the first time was disturbed */
} aatgs_again;

/* An iteration near a difference, as it was recorded. */
typedef struct aatgs_replay_near {
  uint64_t iteration;
  uint32_t graph;
  uint32_t plan;
  uint32_t status;
  char order[256];  /* tasks by rank */
  char config[256]; /* fields that changed since the iteration before */
} aatgs_replay_near;
#define AATGS_REPLAY_NEAR 5

typedef struct aatgs_replay_report {
  uint64_t iterations; /* compared */
  uint64_t lost;       /* in the range but not in the trace */
  uint64_t digest;     /* of what was compared, as aatgs_runtime_info.digest */
  uint32_t checked;    /* sum of aatgs_check: what there was to compare by */
  bool diverged;
  uint64_t differing;      /* iterations that differ; 1 unless keep_going */
  uint64_t last_iteration; /* the last of them */
  /* Where they came apart first; `what` says in which verdict. */
  char what[16]; /* "scheduler", "telemetry", "digest" or "status" */
  uint64_t iteration;
  bool has_task;
  char task[64]; /* name */
  uint32_t graph;
  uint32_t task_number;
  uint32_t part;  /* == parts: the task's closing record */
  char field[64]; /* telemetry field, or "plan", "decision", "digest", "status" */
  char expected[64];
  char found[64];
  /* In a plan: the tasks that were ready at that decision, with their priorities. */
  char ready_expected[512];
  char ready_found[512];
  /* The second look, with aatgs_replay_options.confirm. */
  aatgs_again again;
  bool has_word; /* the state's first element that differs: */
  char region[64];
  uint64_t word; /* index, in elements of the region */
  char word_expected[32];
  char word_found[32];
  char word_source[96]; /* where the expected state comes from */
  aatgs_replay_near near[AATGS_REPLAY_NEAR];
  uint32_t near_count;
  char warning[256]; /* such as another build of the workload; "" when none */
} aatgs_replay_report;

/* Replays a trace and compares. 0: identical; AATGS_EDIVERGED: report says where; any other
 * error: it could not be replayed. */
int aatgs_replay(const aatgs_replay_options *options, aatgs_replay_report *report,
                 aatgs_error *error);
/* Whether two replays came apart from the record at the same place and with the same value. */
bool aatgs_replay_same_difference(const aatgs_replay_report *a, const aatgs_replay_report *b);

#if defined(__cplusplus)
}
#endif
#endif
