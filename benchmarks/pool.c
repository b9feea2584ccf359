#include "pool.h"

#include "device/bus.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 64u

typedef struct config {
  uint8_t bytes[AATGS_CONFIG_BYTES_MAX];
} config;

typedef struct result {
  uint8_t bytes[AATGS_TELEMETRY_BYTES_MAX];
} result;

struct pool {
  pthread_mutex_t mutex;
  pthread_cond_t work;  /* a config is there, or it is time to end */
  pthread_cond_t room;  /* a result was taken */
  pthread_cond_t ready; /* a result is there */
  uint32_t config_first;
  uint32_t config_count;
  uint32_t result_first;
  uint32_t result_count;
  bool ending;
  uint32_t workers;
  pthread_t threads[WORKERS_MAX];
  config configs[POOL_QUEUE];
  result results[POOL_RESULTS];
};

/* Takes a config, answers with as much of it as a result holds. */
static void *work(void *arg)
{
  pool *p = arg;
  config c;
  pthread_mutex_lock(&p->mutex);
  for (;;) {
    while (!p->config_count && !p->ending)
      pthread_cond_wait(&p->work, &p->mutex);
    if (!p->config_count)
      break;
    c = p->configs[p->config_first++ % POOL_QUEUE];
    p->config_count--;
    pthread_mutex_unlock(&p->mutex);
    /* The task would run here. */
    pthread_mutex_lock(&p->mutex);
    while (p->result_count == POOL_RESULTS && !p->ending)
      pthread_cond_wait(&p->room, &p->mutex);
    memcpy(&p->results[(p->result_first + p->result_count++) % POOL_RESULTS], &c, sizeof(result));
    pthread_cond_signal(&p->ready);
  }
  pthread_mutex_unlock(&p->mutex);
  return NULL;
}

void pool_open(const bench *b, uint32_t workers, pool **out)
{
  pool *p = calloc(1, sizeof *p);
  if (!p || workers > WORKERS_MAX)
    bench_fail(b, "no memory, or too many workers");
  pthread_mutex_init(&p->mutex, NULL);
  pthread_cond_init(&p->work, NULL);
  pthread_cond_init(&p->room, NULL);
  pthread_cond_init(&p->ready, NULL);
  for (p->workers = 0; p->workers < workers; p->workers++)
    if (pthread_create(&p->threads[p->workers], NULL, work, p))
      bench_fail(b, "no thread");
  *out = p;
}

void pool_close(pool *p)
{
  pthread_mutex_lock(&p->mutex);
  p->ending = true;
  pthread_cond_broadcast(&p->work);
  pthread_cond_broadcast(&p->room);
  pthread_mutex_unlock(&p->mutex);
  for (uint32_t i = 0; i < p->workers; i++)
    pthread_join(p->threads[i], NULL);
  pthread_cond_destroy(&p->work);
  pthread_cond_destroy(&p->room);
  pthread_cond_destroy(&p->ready);
  pthread_mutex_destroy(&p->mutex);
  free(p);
}

bool pool_submit(pool *p, const void *bytes)
{
  pthread_mutex_lock(&p->mutex);
  const bool fits = p->config_count < POOL_QUEUE;
  if (fits) {
    memcpy(&p->configs[(p->config_first + p->config_count++) % POOL_QUEUE], bytes, sizeof(config));
    pthread_cond_signal(&p->work);
  }
  pthread_mutex_unlock(&p->mutex);
  return fits;
}

static bool take(pool *p, void *telemetry)
{
  if (!p->result_count)
    return false;
  memcpy(telemetry, &p->results[p->result_first++ % POOL_RESULTS], sizeof(result));
  p->result_count--;
  pthread_cond_signal(&p->room);
  return true;
}

void pool_wait(pool *p, void *telemetry)
{
  pthread_mutex_lock(&p->mutex);
  while (!p->result_count)
    pthread_cond_wait(&p->ready, &p->mutex);
  take(p, telemetry);
  pthread_mutex_unlock(&p->mutex);
}

bool pool_poll(pool *p, void *telemetry)
{
  pthread_mutex_lock(&p->mutex);
  const bool had = take(p, telemetry);
  pthread_mutex_unlock(&p->mutex);
  return had;
}
