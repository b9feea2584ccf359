/* The log: one line at a time, to stderr or to the program's own sink. */
#include "host/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL_UNSET (-1)

/* L1: relaxed everywhere. The level guards no other data; a thread that sees a change late only
 * logs by the old level for a moment. */
static _Atomic int log_level = LEVEL_UNSET;

static pthread_mutex_t sink_mutex = PTHREAD_MUTEX_INITIALIZER;
static void (*sink_function)(void *user, aatgs_log_level level, const char *text);
static void *sink_user;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static int level_from_environment(void)
{
  const char *text = getenv("AATGS_LOG");
  for (int i = AATGS_LOG_ERROR; text && i <= AATGS_LOG_DEBUG; i++)
    if (strcmp(text, level_names[i]) == 0)
      return i;
  return AATGS_LOG_WARN;
}

bool aatgs_log_enabled(aatgs_log_level level)
{
  int now = atomic_load_explicit(&log_level, memory_order_relaxed); /* L1 */
  if (now == LEVEL_UNSET) {
    int unset = LEVEL_UNSET;
    now = level_from_environment();
    /* L1: whoever comes first decides; a level set meanwhile by call wins. */
    if (!atomic_compare_exchange_strong_explicit(&log_level, &unset, now, memory_order_relaxed,
                                                 memory_order_relaxed))
      now = unset;
  }
  return (int)level <= now;
}

void aatgs_log_set_level(aatgs_log_level level)
{
  int wanted = (int)level;
  if (wanted < AATGS_LOG_ERROR)
    wanted = AATGS_LOG_ERROR;
  if (wanted > AATGS_LOG_DEBUG)
    wanted = AATGS_LOG_DEBUG;
  atomic_store_explicit(&log_level, wanted, memory_order_relaxed); /* L1 */
}

void aatgs_log_set_sink(void (*sink)(void *user, aatgs_log_level level, const char *text),
                        void *user)
{
  pthread_mutex_lock(&sink_mutex);
  sink_function = sink;
  sink_user = user;
  pthread_mutex_unlock(&sink_mutex);
}

void aatgs_log_write(aatgs_log_level level, const char *format, ...)
{
  char text[1024];
  va_list args;
  void (*sink)(void *, aatgs_log_level, const char *);
  void *user;

  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  pthread_mutex_lock(&sink_mutex);
  sink = sink_function;
  user = sink_user;
  pthread_mutex_unlock(&sink_mutex);
  /* Outside the lock, so that a sink may log or change the sink. */
  if (sink)
    sink(user, level, text);
  else
    fprintf(stderr, "aatgs: %s: %s\n", level_names[level], text);
}
