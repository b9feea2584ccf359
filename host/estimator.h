/* One duration, learned from samples: robust to single outliers, quick to follow a change of phase.
 */
#ifndef AATGS_ESTIMATOR_H
#define AATGS_ESTIMATOR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct aatgs_estimator {
  uint64_t mean_ns;
  uint64_t deviation_ns; /* mean absolute deviation */
  uint64_t fast_ns;      /* a mean of the last few samples */
  uint64_t recent_ns[3]; /* the last samples as they came, newest first */
  uint32_t samples;      /* since the start or the last change of phase; saturates */
  uint32_t phases;       /* changes of phase seen */
} aatgs_estimator;

/* Takes a sample; returns true when it shows a change of phase. */
bool aatgs_estimator_add(aatgs_estimator *e, uint64_t sample_ns);

#endif
