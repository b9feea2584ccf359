/* The watch: a thread that beats for the host and notices a task that does not
 * return. It makes no call into a device's driver. */
#include "host/clock.h"
#include "host/log.h"
#include "host/runtime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEAT_NS     UINT64_C(50000000)
#define STEP_NS_MAX (4 * BEAT_NS)
#define SILENT_NS   UINT64_C(200000000)

/* By numbers: names belong to graphs that the caller's thread may be changing. */
static void describe_stuck(aatgs_runtime *rt, uint32_t worker, uint64_t word, uint64_t ns)
{
  aatgs_error_set(&rt->lost_error, AATGS_EDEVICE, 0,
                  "device lost: task number %u of iteration %u has not returned for %.1f s on "
                  "worker %u (the limit is the option timeout_ns)",
                  (uint32_t)word - 1, (uint32_t)(word >> 32), (double)ns / 1e9, worker);
  aatgs_bus_store_release(&rt->lost, 1); /* W1 */
}

/* Sleeps until then, or until it is time to end: true. */
static bool watch_over(aatgs_runtime *rt, uint64_t until_ns)
{
  const struct timespec until = {(time_t)(until_ns / 1000000000u), (long)(until_ns % 1000000000u)};
  int rc = 0;
  pthread_mutex_lock(&rt->watch_mutex);
  while (!rt->watch_stop && rc != ETIMEDOUT)
    rc = pthread_cond_timedwait(&rt->watch_wake, &rt->watch_mutex, &until);
  const bool over = rt->watch_stop;
  pthread_mutex_unlock(&rt->watch_mutex);
  return over;
}

/* Notes whether the device has shown no beat for a while. A worker that polls beats; one in the
 * middle of a long task does not, and the driver then says that all is well. */
static void watch_beat(aatgs_runtime *rt, uint64_t *beat, uint64_t *silent_ns, uint64_t step_ns)
{
  const uint64_t now = aatgs_bus_load_relaxed(&rt->bus->device.beat); /* B8 */
  *silent_ns = now == *beat ? *silent_ns + step_ns : 0;
  *beat = now;
  if (*silent_ns < SILENT_NS)
    return;
  *silent_ns = 0;
  aatgs_bus_store_relaxed(&rt->silent, 1);
}

void aatgs_describe_running(const aatgs_runtime *rt, char *text, size_t size)
{
  const uint64_t *running =
      (const uint64_t *)(const void *)((const uint8_t *)rt->bus + rt->bus->layout.running_at);
  uint32_t more = 0;
  int used = 0;
  *text = 0;
  for (uint32_t i = 0; i < rt->device->workers; i++) {
    const uint64_t word = aatgs_bus_load_relaxed(&running[i]); /* B8 */
    if (word && !used)
      used = snprintf(text, size, "; running then: task number %u of iteration %u on worker %u",
                      (uint32_t)word - 1, (uint32_t)(word >> 32), i);
    else if (word)
      more++;
  }
  if (more && (size_t)used < size)
    snprintf(text + used, size - (size_t)used, " and %u more", more);
}

static void *run_watch(void *arg)
{
  aatgs_runtime *rt = arg;
  const uint32_t workers = rt->device->workers;
  const uint64_t *running =
      (const uint64_t *)(const void *)((uint8_t *)rt->bus + rt->bus->layout.running_at);
  uint64_t *last = calloc(workers, sizeof *last);
  uint64_t *busy_ns = calloc(workers, sizeof *busy_ns);
  uint64_t beat = 0, before = aatgs_now_ns(), device_beat = 0, silent_ns = 0;
  pthread_setname_np(pthread_self(), "aatgs-watch");
  while (last && busy_ns && !watch_over(rt, before + BEAT_NS)) {
    aatgs_bus_store_relaxed(&rt->bus->host.beat, ++beat); /* B7 */
    const uint64_t now = aatgs_now_ns();
    /* A stopped process (a debugger) makes one long step, which does not count. */
    const uint64_t step = now - before < STEP_NS_MAX ? now - before : STEP_NS_MAX;
    before = now;
    watch_beat(rt, &device_beat, &silent_ns, step);
    for (uint32_t i = 0; i < workers; i++) {
      const uint64_t word = aatgs_bus_load_relaxed(&running[i]);                   /* B8 */
      if (word != last[i] || !word || aatgs_bus_load_relaxed(&rt->watch_paused)) { /* W4 */
        last[i] = word;
        busy_ns[i] = 0;
      } else if ((busy_ns[i] += step) > rt->options.timeout_ns &&
                 !aatgs_bus_load_relaxed(&rt->lost)) {
        describe_stuck(rt, i, word, busy_ns[i]);
      }
    }
  }
  free(last);
  free(busy_ns);
  return NULL;
}

int aatgs_watch_start(aatgs_runtime *rt)
{
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&rt->watch_wake, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&rt->watch_mutex, NULL);
  const int rc = pthread_create(&rt->watch, NULL, run_watch, rt);
  if (rc)
    return aatgs_error_set(&rt->error, AATGS_ENOMEM, rc, "the watch could not be started: %s",
                           strerror(rc));
  rt->watching = true;
  return 0;
}

void aatgs_watch_end(aatgs_runtime *rt)
{
  if (!rt->watching)
    return;
  pthread_mutex_lock(&rt->watch_mutex);
  rt->watch_stop = true;
  pthread_cond_signal(&rt->watch_wake);
  pthread_mutex_unlock(&rt->watch_mutex);
  pthread_join(rt->watch, NULL);
  pthread_cond_destroy(&rt->watch_wake);
  pthread_mutex_destroy(&rt->watch_mutex);
  rt->watching = false;
}

void aatgs_describe_fault(const aatgs_runtime *rt, aatgs_error *error)
{
  const aatgs_device_line *d = &rt->bus->device;
  const aatgs_fault *f = &d->fault;
  const unsigned long long iteration = f->iteration, wanted = f->wanted, seen = f->seen;
  switch (aatgs_bus_load_acquire(&d->state)) { /* B6 */
  case AATGS_DEVICE_STOPPED:
    aatgs_error_set(error, AATGS_EDEVICE, 0, "the device has stopped");
    return;
  case AATGS_DEVICE_REFUSED:
    aatgs_error_set(error, AATGS_EVERSION, 0,
                    "the device refused the bus: version %u and layout %016llx here, layout "
                    "%016llx there: rebuild the workload",
                    rt->bus->layout.version, (unsigned long long)rt->bus->layout.digest,
                    (unsigned long long)d->digest);
    return;
  case AATGS_DEVICE_FAULT: break;
  default: aatgs_error_set(error, AATGS_EDEVICE, 0, "the device has not started"); return;
  }
  switch (f->code) {
  case AATGS_FAULT_OPCODE:
    aatgs_error_set(error, AATGS_EDEVICE, 0, "device fault: opcode %llu is unknown", seen);
    return;
  case AATGS_FAULT_TABLE:
    aatgs_error_set(error, AATGS_EDEVICE, 0,
                    "device fault: table %llu was announced, its slot holds %llu", wanted, seen);
    return;
  case AATGS_FAULT_TASK_TYPE:
    aatgs_error_set(error, AATGS_EDEVICE, 0,
                    "device fault in iteration %llu: task %u has type %llu, which the workload's "
                    "AATGS_TASKS does not list",
                    iteration, f->task, seen);
    return;
  case AATGS_FAULT_HOST_LOST:
    aatgs_error_set(error, AATGS_EDEVICE, 0,
                    "device fault: no sign of life from the host for %.1f s", (double)seen / 1e9);
    return;
  case AATGS_FAULT_ABANDONED:
    aatgs_error_set(error, AATGS_EDEVICE, 0, "the device was told to give up");
    return;
  default:
    aatgs_error_set(error, AATGS_EDEVICE, 0,
                    "device fault %u in iteration %llu, task %u, part %u: wanted %llu, saw %llu",
                    f->code, iteration, f->task, f->part, wanted, seen);
  }
}
