/* Inside of `aatgs top`: a picture of the last moments of a run (top_view.c), and the terminal it
 * is shown on (terminal.c). */
#ifndef AATGS_TOOLS_TOP_H
#define AATGS_TOOLS_TOP_H

#include <stdio.h>

#include "tools/analysis.h"
#include "tools/cli.h"

#define AATGS_TOP_HISTORY    120u /* moments that a sparkline may show */
#define AATGS_TOP_FIELDS     32u
#define AATGS_TOP_ITERATIONS 20000u /* of a moment, at most: the newest */

/* An element of a field that is shown. */
typedef struct aatgs_top_field {
  const aatgs_field *field;
  uint32_t index;
  bool config; /* else telemetry */
  double latest;
  double history[AATGS_TOP_HISTORY];
} aatgs_top_field;

typedef struct aatgs_top {
  const char *dir;
  aatgs_trace *trace;
  const aatgs_trace_info *info;
  aatgs_trace_state state;
  aatgs_top_field fields[AATGS_TOP_FIELDS];
  uint32_t field_count;
  /* Of the moment shown. */
  aatgs_analysis *analysis; /* of the iterations that came; the one before when none came */
  uint64_t shown_last;      /* the last iteration of it */
  uint64_t arrived;         /* iterations that came since the moment before */
  double rate;              /* of those, a second */
  /* Moments, the newest one last; `moments` of them. */
  uint32_t moments;
  double rates[AATGS_TOP_HISTORY];
  double p50_ns[AATGS_TOP_HISTORY];
  double p99_ns[AATGS_TOP_HISTORY];
} aatgs_top;

/* Fills top->fields from a list such as "conflicts,config.sweeps,betti[1]"; NULL: the first eight
 * elements of the telemetry. AATGS_ENOTFOUND, AATGS_EINVAL or AATGS_ELIMIT, with a sentence. */
int aatgs_top_choose(aatgs_top *top, const char *list, aatgs_error *error);
/* Looks at what was committed since the moment before, `seconds` ago; 0.0: the first moment, of
 * which the newest iterations are taken and their own times. An error of the trace. */
int aatgs_top_look(aatgs_top *top, double seconds);
/* Draws the moment in at most `rows` lines of `columns`; `rich`: with block characters and colours.
 */
void aatgs_top_draw(const aatgs_top *top, FILE *out, unsigned rows, unsigned columns, bool rich);
/* The same as one report. */
int aatgs_top_report(const aatgs_top *top, aatgs_format format);

#endif
