/* What the verbs that look after traces have in common. */
#ifndef AATGS_TOOLS_CARE_REPORT_H
#define AATGS_TOOLS_CARE_REPORT_H

#include "tools/cli.h"
#include "trace/care.h"

/* Prints a report, with `verb` in errors; `place_key` and `place` say where something was written
 * (NULL: nowhere), `verdict` in a word or two what was found (NULL: nothing was looked for, and
 * report->damaged means nothing). Returns exit_code, or AATGS_EXIT_ERROR when printing failed. */
int aatgs_care_print(const char *verb, const char *place_key, const char *place,
                     const char *verdict, const aatgs_trace_report *report, aatgs_format format,
                     int exit_code);
/* An aatgs_trace_note that prints `aatgs: VERB: sentence` on stderr; `user` is the verb. */
void aatgs_care_note(void *user, const char *sentence);
/* Asks for an option that must be there. */
int aatgs_care_missing(const char *verb, const char *option);

/* Writes the trace in `dir` as a pack into the new file `out` (pack.c). */
int aatgs_pack_file(const char *dir, const char *out, aatgs_trace_report *report,
                    aatgs_error *error);

#endif
