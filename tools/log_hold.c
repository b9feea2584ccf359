#include "tools/log_hold.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "host/aatgs.h"

static const char *const names[] = {"error", "warn", "info", "debug"};

/* The sink is called from any thread. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char first[512];

static void sink(void *user, aatgs_log_level level, const char *text)
{
  (void)user;
  if (level != AATGS_LOG_ERROR) {
    fprintf(stderr, "aatgs: %s: %s\n", names[level], text);
    return;
  }
  pthread_mutex_lock(&mutex);
  if (!first[0])
    snprintf(first, sizeof first, "%s", text);
  pthread_mutex_unlock(&mutex);
}

void aatgs_log_hold_begin(void)
{
  first[0] = '\0';
  aatgs_log_set_sink(sink, NULL);
}

void aatgs_log_hold_end(void)
{
  aatgs_log_set_sink(NULL, NULL);
}

const char *aatgs_log_hold_first(void)
{
  return first;
}
