/* List schedules: what a graph costs on a number of workers when its tasks are taken in a given
 * order, computed without running anything; and the search for a better order.
 *
 * The model is the device's: a ready task's parts go to idle workers, the tasks most urgent first;
 * no worker idles while a part is ready; the part that ends last runs `finish`. Integers only, so
 * that the same input leads to the same schedule everywhere. */
#ifndef AATGS_SCHEDULE_H
#define AATGS_SCHEDULE_H

#include "host/aatgs.h"
#include "trace/trace.h"

/* Durations are capped here, so that sums over 2^24 tasks stay within 64 bits. */
#define AATGS_DURATION_MAX (UINT64_C(1) << 38)

/* A graph as the list scheduler sees it. All arrays belong to it; durations may be changed, then
 * aatgs_problem_refresh() must follow. */
typedef struct aatgs_problem {
  uint32_t tasks;
  uint32_t edges;
  uint32_t workers;
  uint64_t *part_ns;   /* by task: duration of one part */
  uint64_t *finish_ns; /* by task: of finish, on one worker */
  uint32_t *parts;
  uint8_t *finishes;  /* by task: 1, it has a record for finish */
  uint32_t *after_at; /* tasks + 1: where a task's dependents begin in `after` */
  uint32_t *after;
  uint32_t *before_at;
  uint32_t *before;
  uint32_t *order; /* a topological order */
  /* Follow from the durations. */
  uint64_t *rank; /* upward rank: the longest path from the task's start to the end */
  uint64_t critical_ns;
  uint64_t work_ns;
  uint64_t bound_ns; /* no schedule is shorter: max(critical path, ceil(work / workers)) */
  /* Scratch of one schedule. */
  uint64_t *ready; /* bits by position in the list, and summaries of them */
  uint32_t *waits;
  uint32_t *position;
  uint32_t *left; /* parts not yet handed out */
  struct aatgs_running *running;
  uint32_t ready_words;
  uint32_t running_max;
} aatgs_problem;

/* Takes over the structure of a checked graph; durations are the tasks' estimates. */
int aatgs_problem_open(const aatgs_graph *graph, uint32_t workers, aatgs_problem **out);
void aatgs_problem_close(aatgs_problem *p);
/* Recomputes what follows from the durations. */
void aatgs_problem_refresh(aatgs_problem *p);

/* Runs the list schedule: `list` has the tasks, most urgent first. Stores when each task's first
 * part starts and its end (either may be NULL), and returns when the last task ends. `backwards`:
 * time runs against the dependencies. */
uint64_t aatgs_list_schedule(aatgs_problem *p, const uint32_t *list, bool backwards,
                             uint64_t *start_ns, uint64_t *end_ns);

/* The order in which one worker would take the tasks: always the first of the list that is ready.
 */
void aatgs_list_order(aatgs_problem *p, const uint32_t *list, uint32_t *order);

/* Sorts the tasks of `list` by falling key, equals as they stand. `scratch` has room for as
 * many. Quick when the list is nearly sorted. */
void aatgs_sort_by_key(uint32_t *list, uint32_t count, const uint64_t *key, uint32_t *scratch);

/* ---- Search ---- */

/* Looks for a list with a short schedule, a bounded number of evaluations at a time: list
 * scheduling by upward rank, then forward-backward improvement (Li and Willis 1992; "justification"
 * in Valls, Ballestin and Quintanilla 2005) from it and from random perturbations of the best
 * found. The same problem and the same evaluations give the same list. */
typedef struct aatgs_search {
  aatgs_problem *problem;
  uint32_t *best; /* the list */
  uint64_t best_ns;
  uint64_t evaluations;
  uint64_t random; /* state of the generator */
  bool begun;
  uint64_t *best_key; /* what `best` is sorted by */
  uint32_t *list;     /* of the current trial */
  uint64_t *key;
  uint64_t *start_ns;
  uint64_t *end_ns;
  uint32_t *scratch;
} aatgs_search;

int aatgs_search_open(aatgs_problem *problem, aatgs_search **out);
void aatgs_search_close(aatgs_search *s);
/* Forgets the best list: the durations have changed. */
void aatgs_search_restart(aatgs_search *s);
/* Spends up to `evaluations` list schedules more (a few over at most), at least one the first time;
 * stops early when the bound is met. Returns true when the best list became shorter. */
bool aatgs_search_run(aatgs_search *s, uint64_t evaluations);

/* ---- A run in simulated time ---- */

/* Runs the list with the problem's durations and writes one timing for each part and finish, in
 * the order of the graph's records, idle workers taken lowest number first. `noise_x1000` scales
 * each record's duration (by record; NULL: none). `timings` has room for all. Returns the
 * makespan. Allocates; AATGS_ENOMEM leaves it 0. */
int aatgs_simulate(aatgs_problem *p, const uint32_t *list, const uint32_t *noise_x1000,
                   aatgs_timing *timings, uint64_t *makespan_ns);

#endif
