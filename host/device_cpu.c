/* The cpu device: the persistent loop on threads of this process, behind the same
 * rings as a GPU. */
#include "device/order.h"
#include "host/device_memory.h"
#include "host/log.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef struct cpu_worker {
  struct cpu_device *device;
  pthread_t thread;
  uint32_t id;
} cpu_worker;

typedef struct cpu_device {
  aatgs_device base;
  const struct aatgs_workload *workload;
  aatgs_loop *loop; /* stands first in the arena */
  size_t staging_bytes;
  uint32_t started;
  uint32_t joined;
  cpu_worker *workers;
} cpu_device;

static void *run_worker(void *arg)
{
  cpu_worker *w = arg;
  char name[16];
  snprintf(name, sizeof name, "aatgs-w%u", w->id);
  pthread_setname_np(pthread_self(), name);
  w->device->workload->cpu_loop(w->device->loop, w->id);
  return NULL;
}

static void *map_pages(size_t bytes)
{
  void *p =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  return p == MAP_FAILED ? NULL : p;
}

static uint32_t cores_available(void)
{
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return (uint32_t)CPU_COUNT(&set);
  return 1;
}

static void read_cpu_name(char *name, size_t size)
{
  FILE *f = fopen("/proc/cpuinfo", "re");
  char line[256];
  snprintf(name, size, "x86-64");
  while (f && fgets(line, sizeof line, f)) {
    char *value = strchr(line, ':');
    if (strncmp(line, "model name", 10) == 0 && value) {
      value[strcspn(value, "\n")] = '\0';
      snprintf(name, size, "%s", value + 2);
      break;
    }
  }
  if (f)
    fclose(f);
}

static int cpu_fetch(aatgs_device *device, uint8_t *to, size_t bytes, aatgs_error *error)
{
  cpu_device *d = (cpu_device *)device;
  if (bytes != d->staging_bytes)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "staging holds %zu bytes, not %zu",
                           d->staging_bytes, bytes);
  memcpy(to, d->loop->staging, bytes);
  return 0;
}

static int cpu_store(aatgs_device *device, const uint8_t *from, size_t bytes, aatgs_error *error)
{
  cpu_device *d = (cpu_device *)device;
  if (bytes != d->staging_bytes)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "staging holds %zu bytes, not %zu",
                           d->staging_bytes, bytes);
  memcpy(d->loop->staging, from, bytes);
  return 0;
}

static int cpu_join(aatgs_device *device, uint64_t timeout_ns)
{
  cpu_device *d = (cpu_device *)device;
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  const uint64_t ns = (uint64_t)until.tv_nsec + timeout_ns;
  until.tv_sec += (time_t)(ns / 1000000000u);
  until.tv_nsec = (long)(ns % 1000000000u);
  while (d->joined < d->started) {
    if (pthread_timedjoin_np(d->workers[d->joined].thread, NULL, &until))
      return AATGS_ETIMEOUT;
    d->joined++;
  }
  return 0;
}

static void cpu_close(aatgs_device *device)
{
  cpu_device *d = (cpu_device *)device;
  if (!d)
    return;
  if (d->joined < d->started) {
    for (uint32_t i = d->joined; i < d->started; i++)
      pthread_detach(d->workers[i].thread);
    return; /* threads inside a task that never returns still use all of it */
  }
  if (d->base.bus)
    munmap(d->base.bus, d->base.bus_bytes);
  if (d->loop)
    munmap(d->loop, d->base.device_bytes);
  free(d->workers);
  free(d);
}

static const aatgs_device_ops cpu_ops = {"cpu", cpu_fetch, cpu_store, NULL, cpu_join, cpu_close};

static int open_memory(cpu_device *d, const aatgs_device_spec *spec, aatgs_error *error)
{
  aatgs_device_plan plan;
  aatgs_device_plan_make(spec, d->base.workers, &plan);
  d->staging_bytes = plan.staging_bytes;
  d->base.bus_bytes = plan.layout.bytes;
  d->base.device_bytes = plan.arena_bytes;
  d->base.bus = map_pages(d->base.bus_bytes);
  d->loop = map_pages(d->base.device_bytes);
  d->workers = calloc(d->base.workers, sizeof *d->workers);
  if (!d->base.bus || !d->loop || !d->workers)
    return aatgs_error_set(error, AATGS_ENOMEM, errno,
                           "cpu device: no memory for %zu bytes of rings and %zu of state; lower "
                           "the limits in the options or use a smaller input",
                           d->base.bus_bytes, d->base.device_bytes);
  uint8_t *bus = (uint8_t *)d->base.bus, *arena = (uint8_t *)d->loop;
  aatgs_device_plan_fill(&plan, spec, d->base.crowded ? AATGS_LOOP_CROWDED : 0, bus, bus, arena,
                         arena);
  d->loop->stop = spec->stop;
  d->base.regions = d->loop->regions;
  return 0;
}

static int start_workers(cpu_device *d, aatgs_error *error)
{
  for (uint32_t i = 0; i < d->base.workers; i++) {
    d->workers[i].device = d;
    d->workers[i].id = i;
    const int rc = pthread_create(&d->workers[i].thread, NULL, run_worker, &d->workers[i]);
    if (rc)
      return aatgs_error_set(error, AATGS_EDEVICE, rc,
                             "cpu device: worker thread %u of %u could not be started (%s); ask "
                             "for fewer workers",
                             i + 1, d->base.workers, strerror(rc));
    d->started++;
  }
  return 0;
}

int aatgs_device_cpu_open(const aatgs_device_spec *spec, aatgs_device **out, aatgs_error *error)
{
  *out = NULL;
  if (!__builtin_cpu_supports("avx"))
    return aatgs_error_set(error, AATGS_ENOTSUP, 0,
                           "this processor has no AVX, without which 16-byte loads and stores are "
                           "not atomic; the rings cannot work here");
  if (spec->layout.workers > AATGS_WORKERS_LIMIT)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "%u workers are too many: at most %u",
                           spec->layout.workers, AATGS_WORKERS_LIMIT);
  if (spec->ring == AATGS_RING_DEVICE)
    return aatgs_error_set(error, AATGS_ENOTSUP, 0,
                           "cpu device: it has no memory of its own to put the command ring into; "
                           "leave out --ring device");
  const uint32_t cores = cores_available();
  cpu_device *d = calloc(1, sizeof *d);
  if (!d)
    return aatgs_error_set(error, AATGS_ENOMEM, errno, "cpu device: out of memory");
  d->base.ops = &cpu_ops;
  d->workload = spec->workload;
  d->base.workers = spec->layout.workers ? spec->layout.workers : cores > 1 ? cores - 1 : 1;
  d->base.crowded = d->base.workers + 1 > cores;
  d->base.spread_from = d->base.workers > 1 ? 1 : UINT32_MAX;
  read_cpu_name(d->base.name, sizeof d->base.name);
  int rc = open_memory(d, spec, error);
  if (!rc)
    rc = start_workers(d, error);
  if (rc) {
    if (d->base.bus)
      aatgs_bus_store_relaxed(&d->base.bus->host.abandon, 1); /* B7 */
    cpu_join(&d->base, UINT64_C(1000000000));
    cpu_close(&d->base);
    return rc;
  }
  aatgs_log_info("cpu device: %u workers on %u cores, %zu bytes of rings, %zu of state",
                 d->base.workers, cores, d->base.bus_bytes, d->base.device_bytes);
  *out = &d->base;
  return 0;
}
