/* Holds back the error lines of the log, so that a verb can say what went wrong once, as its own
 * sentence. Lines of other levels go to stderr as usual. One holder at a time. */
#ifndef AATGS_TOOLS_LOG_HOLD_H
#define AATGS_TOOLS_LOG_HOLD_H

void aatgs_log_hold_begin(void);
/* Back to stderr. What was held stays until the next begin. */
void aatgs_log_hold_end(void);
/* The first error line held, "" when there is none. Call it after the end. */
const char *aatgs_log_hold_first(void);

#endif
