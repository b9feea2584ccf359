/* Inside of `aatgs diff`: what two runs of the same iteration have in common. */
#ifndef AATGS_TOOLS_DIFF_CONTENT_H
#define AATGS_TOOLS_DIFF_CONTENT_H

#include "tools/diff.h"

/* Where a difference that may come again is kept. */
typedef struct aatgs_diff_mark {
  size_t found;       /* its index in diff->differences plus one; 0: none yet */
  uint64_t iteration; /* counted last */
} aatgs_diff_mark;

typedef struct aatgs_diff_content {
  aatgs_diff *diff;
  aatgs_bytes pairs[2];  /* elements of config and telemetry of either run */
  uint32_t *type_of[2];  /* by a trace's task type: index into diff->types */
  aatgs_diff_mark *type; /* digests, by diff->types */
  aatgs_diff_mark graph, plan, status;
  const aatgs_trace_graph *graphs[2]; /* of the iteration compared last */
  const aatgs_trace_plan *plans[2];
  bool same_graph, same_plan;
  bool failed; /* out of memory */
} aatgs_diff_content;

/* Pairs the fields and merges the task types of diff->trace; false when out of memory. */
bool aatgs_diff_content_open(aatgs_diff_content *c, aatgs_diff *diff);
/* Compares one iteration of both in the aspects that are wanted and adds to what was found. */
int aatgs_diff_content_compare(aatgs_diff_content *c, const aatgs_iteration *a,
                               const aatgs_iteration *b);
void aatgs_diff_content_close(aatgs_diff_content *c);

#endif
