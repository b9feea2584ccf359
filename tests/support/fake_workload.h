/* A workload on paper: the eight original task types with their priors, regions that make the
 * usual graphs race-free, and no code. For tests of whatever only reads the descriptions. */
#ifndef TESTS_FAKE_WORKLOAD_H
#define TESTS_FAKE_WORKLOAD_H

#include "device/workload.h"

enum {
  FAKE_UPLOAD,
  FAKE_WHCR,
  FAKE_ANNEAL,
  FAKE_QUANTUM,
  FAKE_LBS,
  FAKE_PHASE,
  FAKE_DOWNLOAD,
  FAKE_CUSTOM,
  FAKE_READ_X,  /* reads region x */
  FAKE_WRITE_X, /* writes region x */
  FAKE_READ_Y,
  FAKE_WRITE_Y,
  FAKE_BOTH, /* reads x, writes y */
  FAKE_TYPES
};

enum { FAKE_R_CONFIG, FAKE_R_BEST, FAKE_R_WHCR, FAKE_R_ANNEAL, FAKE_R_QUANTUM, FAKE_R_LBS };
enum { FAKE_R_X = 6, FAKE_R_Y, FAKE_REGIONS };

extern const struct aatgs_workload fake_workload;

#endif
