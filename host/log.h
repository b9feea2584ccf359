/* Lines of the log, from inside the host library. */
#ifndef AATGS_LOG_H
#define AATGS_LOG_H

#include "host/aatgs.h"

/* True when lines of that level are wanted; cheap enough for a hot path. Any thread. */
bool aatgs_log_enabled(aatgs_log_level level);
/* Formats one line and hands it to the sink. Use the macros, which skip the arguments when the
 * level is off. */
void aatgs_log_write(aatgs_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define aatgs_log_at(level, ...)                                                                   \
  do {                                                                                             \
    if (aatgs_log_enabled(level))                                                                  \
      aatgs_log_write(level, __VA_ARGS__);                                                         \
  } while (0)
#define aatgs_log_error(...) aatgs_log_at(AATGS_LOG_ERROR, __VA_ARGS__)
#define aatgs_log_warn(...)  aatgs_log_at(AATGS_LOG_WARN, __VA_ARGS__)
#define aatgs_log_info(...)  aatgs_log_at(AATGS_LOG_INFO, __VA_ARGS__)
#define aatgs_log_debug(...) aatgs_log_at(AATGS_LOG_DEBUG, __VA_ARGS__)

#endif
