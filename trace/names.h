/* Names of the files in a trace's folder. */
#ifndef AATGS_TRACE_NAMES_H
#define AATGS_TRACE_NAMES_H

#include <stdbool.h>
#include <string.h>

#include "trace/format.h"

/* The number of a data environment's file; 0: the name is something else's. */
static inline uint32_t aatgs_name_data_number(const char *name, size_t length)
{
  const size_t prefix = sizeof AATGS_DATA_PREFIX - 1;
  uint32_t number = 0;
  if (length != prefix + AATGS_DATA_DIGITS || memcmp(name, AATGS_DATA_PREFIX, prefix) != 0)
    return 0;
  for (size_t i = prefix; i < length; i++) {
    if (name[i] < '0' || name[i] > '9')
      return 0;
    number = number * 10 + (uint32_t)(name[i] - '0');
  }
  return number;
}

/* Whether a trace makes files of that name. */
static inline bool aatgs_name_is_trace_file(const char *name)
{
  size_t length = strlen(name), lock = sizeof AATGS_LOCK_SUFFIX - 1;
  if (strcmp(name, AATGS_RESERVE_NAME) == 0)
    return true;
  if (length > lock && strcmp(name + length - lock, AATGS_LOCK_SUFFIX) == 0)
    length -= lock;
  return aatgs_name_data_number(name, length) != 0 ||
         (length == sizeof AATGS_META_NAME - 1 && memcmp(name, AATGS_META_NAME, length) == 0);
}

#endif
