/* A run replayed beside itself: a thread follows its trace as it is written, on the cpu device with
 * another number of workers, shuffled. */
#ifndef AATGS_TOOLS_SELF_CHECK_H
#define AATGS_TOOLS_SELF_CHECK_H

#include "host/aatgs.h"

typedef struct aatgs_self_check aatgs_self_check;

/* A folder to record in that goes away with the check, unless it found a difference; free() it.
 * NULL with the sentence. */
char *aatgs_self_check_folder(aatgs_error *error);
/* Follows the trace `dir`; `run` has just been opened. `remove`: the trace goes away
 * at the end, unless it shows a difference. */
int aatgs_self_check_open(const char *dir, const char *workload, const aatgs_runtime_info *run,
                          bool remove, aatgs_self_check **out, aatgs_error *error);
/* Whether a difference was found. Any thread. */
bool aatgs_self_check_diverged(void *check);
/* The run is closed: waits for the rest to be compared. The results are valid until it is closed:
 * 0, AATGS_EDIVERGED, or the error that kept it from comparing. */
int aatgs_self_check_finish(aatgs_self_check *check, const aatgs_replay_report **report,
                            uint32_t *workers, aatgs_error *error);
void aatgs_self_check_close(aatgs_self_check *check);

#endif
