/* The progress line: on stderr, on a terminal, and nowhere else. */
#ifndef AATGS_TOOLS_PROGRESS_H
#define AATGS_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct aatgs_progress {
  bool on;
  bool shown;
  uint64_t next_ns; /* CLOCK_MONOTONIC: not before */
} aatgs_progress;

void aatgs_progress_begin(aatgs_progress *progress);
/* Whether it is time for a new line: ten a second. */
bool aatgs_progress_due(aatgs_progress *progress, uint64_t now_ns);
/* Replaces the line, cut to the width of the terminal. */
void aatgs_progress_show(aatgs_progress *progress, const char *text);
/* Clears the line. */
void aatgs_progress_end(aatgs_progress *progress);

#endif
