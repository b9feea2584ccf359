/* What the scheduler knows about a graph it has planned: durations as they were measured, the order
 * in force, and how well it foretold the iterations' times. */
#ifndef AATGS_SCHEDULER_LEARN_H
#define AATGS_SCHEDULER_LEARN_H

#include "host/estimator.h"
#include "host/graph_internal.h"
#include "host/policy.h"
#include "host/schedule.h"

#define AATGS_GRAPHS_KNOWN 32u /* the first one planned makes room */
#define AATGS_RATIOS_KEPT  32u

/* How estimates turned out: actual / predicted x 1000 of the last ones. */
typedef struct aatgs_ratios {
  uint32_t x1000[AATGS_RATIOS_KEPT];
  uint64_t count;
} aatgs_ratios;

void aatgs_ratios_add(aatgs_ratios *r, uint64_t actual_ns, uint64_t predicted_ns);
/* The interval that held for nine in ten of them, around what the model predicts. */
void aatgs_ratios_estimate(const aatgs_ratios *r, uint64_t predicted_ns, aatgs_estimate *out);

typedef struct aatgs_known_graph {
  /* Which graph: of two that differ in nothing the scheduler looks at, both. */
  uint64_t digest;
  uint32_t tasks;
  uint32_t edges;

  aatgs_problem *problem;
  aatgs_search *search;    /* NULL unless the policy searches */
  aatgs_estimator *part;   /* by task; NULL unless the policy learns */
  aatgs_estimator *finish; /* by task */
  uint64_t *key;           /* by task: urgency in force, below 2^40 */
  uint64_t key_max;
  uint32_t *list; /* scratch of a plan */
  uint32_t *scratch;
  uint64_t *weighed;
  bool rigid; /* only one order is possible */

  uint64_t done;    /* iterations learned from */
  uint64_t look_at; /* the count of those at which to look for a better order */
  uint64_t look_gap;

  uint64_t predicted_ns; /* of the order in force, by the durations of the last look */
  aatgs_ratios ratios;
} aatgs_known_graph;

typedef struct aatgs_known_graphs {
  aatgs_known_graph at[AATGS_GRAPHS_KNOWN];
  uint32_t count;
  uint32_t next; /* to make room when all are taken */
} aatgs_known_graphs;

void aatgs_known_close(aatgs_known_graphs *known);
/* The graph's entry, or NULL. */
aatgs_known_graph *aatgs_known_find(aatgs_known_graphs *known, const aatgs_graph *graph);
/* The same, made when it is not there: the only place that allocates. A new entry depends on the
 * graph alone, and room is made in the order of planning, so that it does not matter whether a plan
 * is asked for a little earlier or later, as in a replay. */
int aatgs_known_get(aatgs_known_graphs *known, const aatgs_graph *graph, const aatgs_policy *policy,
                    uint32_t workers, aatgs_known_graph **out);
/* Learns from an iteration's timings; returns true when a better order is in force now. */
bool aatgs_known_learn(aatgs_known_graph *k, const aatgs_timing *timings, uint32_t count,
                       uint64_t elapsed_ns);

#endif
