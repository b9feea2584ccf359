/* Ready tasks, ordered so that a decision costs the same whatever their number.
 *
 * A task stands in a slot: its lane (what the policy's factors look at) and, for policies that
 * rank, a bucket of its rank: 64 to an octave, so a bucket's ranks differ by 1.6 % at most. In a
 * slot tasks stand in the order they became ready. A decision compares the best bucket of each
 * lane. */
#ifndef AATGS_SCHEDULER_QUEUE_H
#define AATGS_SCHEDULER_QUEUE_H

#include "host/policy.h"

#define AATGS_RANK_BUCKETS 4096u

typedef struct aatgs_lane_link {
  uint32_t next;
  uint32_t previous;
  uint32_t ready_at; /* running number; the difference of two tells which is older */
  uint32_t slot;     /* lane x buckets + bucket */
} aatgs_lane_link;

typedef struct aatgs_lane {
  uint64_t summary; /* a bit for each word below that is not 0 */
  uint64_t used[AATGS_RANK_BUCKETS / 64];
} aatgs_lane;

typedef struct aatgs_lane_ends {
  uint32_t head;
  uint32_t tail;
} aatgs_lane_ends;

typedef struct aatgs_lane_queue {
  aatgs_lane_link *links; /* by task */
  uint32_t capacity;
  uint32_t clock;
  uint32_t buckets;       /* 1, or AATGS_RANK_BUCKETS */
  aatgs_lane_ends *slots; /* lanes x buckets */
  aatgs_lane *lanes;
} aatgs_lane_queue;

int aatgs_lanes_open(aatgs_lane_queue *queue, bool ranks);
void aatgs_lanes_close(aatgs_lane_queue *queue);
/* Memory it has taken. */
size_t aatgs_lanes_bytes(const aatgs_lane_queue *queue);
void aatgs_lanes_clear(aatgs_lane_queue *queue);
/* Room for tasks 0 .. count - 1. */
int aatgs_lanes_reserve(aatgs_lane_queue *queue, uint32_t count);
/* `rank` is looked at when the queue was opened with ranks. */
void aatgs_lanes_push(aatgs_lane_queue *queue, uint32_t index, uint32_t lane, uint64_t rank);
void aatgs_lanes_remove(aatgs_lane_queue *queue, uint32_t index);
/* Moves a waiting task to the bucket of its new rank; in there it is the last. */
void aatgs_lanes_move(aatgs_lane_queue *queue, uint32_t index, uint64_t rank);
/* Takes the task with the highest factor x rank, of equals the oldest; UINT32_MAX when there is
 * none. */
uint32_t aatgs_lanes_pop(aatgs_lane_queue *queue, const uint32_t *lane_factor);
uint32_t aatgs_lanes_lane(const aatgs_lane_queue *queue, uint32_t index);
/* All indices move down by shift; `count` tasks are left. */
void aatgs_lanes_rebase(aatgs_lane_queue *queue, uint32_t shift, uint32_t count);

#endif
