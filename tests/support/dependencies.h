/* The dependency rule of the house: who may include whom. */
#ifndef AATGS_TESTS_DEPENDENCIES_H
#define AATGS_TESTS_DEPENDENCIES_H

#include <stdbool.h>
#include <stddef.h>

#define DEPENDENCIES_VIOLATIONS_MAX 32

typedef struct dependencies_report {
  size_t files; /* read */
  size_t edges; /* includes that lead to a file of the tree */
  size_t violations;
  char violation[DEPENDENCIES_VIOLATIONS_MAX][512]; /* "FILE:LINE: what", the first ones */
} dependencies_report;

/* Reads all C and CUDA files under device/, host/, trace/ and tools/ of `root` and reports each
 * line that breaks the rule:
 *   tools may include host, trace, device; host: trace, device; trace: device/bus.h alone;
 *   device: the C library, libcu++ and cooperative groups;
 *   a header in a prism/ folder is for the two prism/ folders alone, and so is the name of any
 *   struct that one defines.
 * False when a folder cannot be read. */
bool dependencies_check(const char *root, dependencies_report *report);

#endif
