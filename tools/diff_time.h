/* Whether one run took longer than another, per task type, from a value an iteration of each. */
#ifndef AATGS_TOOLS_DIFF_TIME_H
#define AATGS_TOOLS_DIFF_TIME_H

#include <stddef.h>
#include <stdint.h>

#define AATGS_TIME_EFFECT  0.03 /* differences up to this share are none */
#define AATGS_TIME_LEVEL   0.01 /* chance of any false verdict in a comparison */
#define AATGS_TIME_BLOCKS  32u
#define AATGS_TIME_SAMPLES 16384u /* values of a series, at most */

typedef enum aatgs_time_verdict {
  AATGS_TIME_NO_EVIDENCE,
  AATGS_TIME_FASTER,
  AATGS_TIME_SLOWER
} aatgs_time_verdict;

typedef struct aatgs_time_result {
  uint64_t count_a, count_b;  /* values */
  double median_a, median_b;  /* ns */
  double change;              /* median_b / median_a - 1 */
  double low, high;           /* 95 % confidence interval of the change apart from `common` */
  double p;                   /* of a difference of AATGS_TIME_EFFECT or less */
  double p_holm;              /* the same, corrected for the number of comparisons */
  aatgs_time_verdict verdict; /* of B against A */
  double log_ratio;           /* log(median_b / median_a) */
  double error;               /* its standard error from what was seen within the runs */
  double common;              /* log ratio that the other types have in common */
  double spread;              /* and the standard error from how far those lie apart */
} aatgs_time_result;

/* Compares two series of `count` (at most AATGS_TIME_SAMPLES) values in ns, in the order of the
 * run; NaN: not there. Values at the same index are of the same iteration. Fills in all up to
 * `change`, and log_ratio and error.
 *
 * The standard error comes from a circular block bootstrap (Politis and Romano 1992): both series
 * are cut at the same places into AATGS_TIME_BLOCKS long blocks and put together again from blocks
 * drawn by chance, 1,000 times from a fixed seed, so that what one iteration shares with its
 * neighbours, and with its counterpart in the other run, counts once. The resolution of the clock
 * is added. 0 or AATGS_ENOMEM. */
int aatgs_time_compare(const float *a, const float *b, size_t count, aatgs_time_result *out);
/* Judges comparisons that belong together, those of a pair of runs: fills in the rest.
 *
 * No bootstrap of two runs sees what differs from run to run: the clock rate, the neighbours on the
 * machine, where things came to lie in memory. But that hits all task types, so the others serve as
 * controls: `common` is the median of their log_ratio, `spread` twice the standard error of
 * predicting one more from them (of fewer than two others both are 0). `p` is of the hypothesis
 * that the medians, or the change apart from `common`, differ by at most AATGS_TIME_EFFECT, by the
 * normal distribution of log_ratio; p_holm is corrected by Holm (1979). What slows all task types
 * down alike is therefore no evidence: it is *common_change, the median of `change`. 0 or
 * AATGS_ENOMEM. */
int aatgs_time_judge(aatgs_time_result *results, size_t count, double *common_change);
const char *aatgs_time_verdict_name(aatgs_time_verdict verdict);

#endif
