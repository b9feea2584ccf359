/* Inside of `aatgs html`: what the page's charts are drawn from (html_data.c), and the page around
 * it (html_page.c). */
#ifndef AATGS_TOOLS_HTML_H
#define AATGS_TOOLS_HTML_H

#include <stdio.h>

#include "tools/analysis.h"
#include "tools/clock_map.h"
#include "trace/bytes.h"
#include "trace/trace.h"

#define AATGS_HTML_BUCKETS 400u  /* of time, over the range */
#define AATGS_HTML_WORKERS 256u  /* shown one by one, at most */
#define AATGS_HTML_AROUND  3u    /* iterations shown on either side of a slow one */
#define AATGS_HTML_PARTS   4000u /* in a window of the worker chart, at most */

#define AATGS_HTML_DECISIONS 50u /* listed, at most */

/* A plan that was put in force. */
typedef struct aatgs_html_decision {
  uint64_t iteration;
  uint32_t graph;
  uint32_t plan;
  uint32_t before; /* 0: none */
  char rule[AATGS_RULE_BYTES];
} aatgs_html_decision;

/* A stretch of iterations whose parts are in the page. */
typedef struct aatgs_html_window {
  uint64_t iteration; /* the slow one in it, 0: none */
  uint64_t first;
  uint64_t last;
} aatgs_html_window;

/* One element of a telemetry field, by bucket of time. */
typedef struct aatgs_html_field {
  const aatgs_field *field;
  uint32_t index;
  double *minimum, *maximum, *sum;
} aatgs_html_field;

typedef struct aatgs_html_bucket {
  uint64_t count;
  uint64_t first; /* iteration */
  uint64_t p50_ns, p99_ns, max_ns;
} aatgs_html_bucket;

typedef struct aatgs_html {
  const char *dir;
  aatgs_trace *trace;
  const aatgs_trace_info *info;
  aatgs_trace_state state;
  uint64_t first, last; /* iterations of the range that the trace has */
  aatgs_clock_map clock;
  aatgs_analysis *analysis;
  uint64_t begin_ns; /* host clock: the first config posted */
  uint64_t span_ns;  /* from there to the last telemetry seen, at least 1 */
  aatgs_html_bucket bucket[AATGS_HTML_BUCKETS];
  uint32_t worker_count;
  uint64_t *busy_ns; /* [worker * AATGS_HTML_BUCKETS + bucket] */
  aatgs_html_field *fields;
  uint32_t field_count;
  aatgs_decisions watch;
  aatgs_html_decision decisions[AATGS_HTML_DECISIONS];
  uint32_t decision_count;
  aatgs_html_window windows[AATGS_SLOW_MAX + 1];
  uint32_t window_count;
} aatgs_html;

/* Reads the range: fills in what follows `last`. 0, AATGS_ENOMEM or a reader's error. */
int aatgs_html_read(aatgs_html *html);
void aatgs_html_free(aatgs_html *html);
/* Writes the data as one JSON object that may stand in a <script>. */
int aatgs_html_write_data(aatgs_html *html, FILE *out);
/* Writes the page. */
int aatgs_html_write_page(aatgs_html *html, FILE *out);

/* The window in which iteration `iteration` is the slow one; -1: none. */
int aatgs_html_window_of(const aatgs_html *html, uint64_t iteration);

#endif
