/* Several runtimes fed with the same configs. */
#include "host/device.h"
#include "host/runtime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_MAX  64u
#define DEVICE_MAX 32u

struct aatgs_group {
  aatgs_runtime **runtimes;
  size_t count;
  const aatgs_error *error; /* of the runtime that failed last */
};

static const aatgs_error no_error;

/* On "cuda" members go round the GPUs, and those of one GPU share its multiprocessors. */
static void place(aatgs_options *o, size_t index, size_t count, char device[DEVICE_MAX])
{
  const uint32_t gpus = strcmp(o->device, "cuda") == 0 ? aatgs_device_gpus() : 0;
  if (!gpus)
    return;
  const uint32_t gpu = (uint32_t)(index % gpus);
  const size_t members = count / gpus + (gpu < count % gpus);
  snprintf(device, DEVICE_MAX, "cuda:%u", gpu);
  o->device = device;
  if (!o->workers && members > 1)
    o->workers = aatgs_device_multiprocessors(gpu) / (uint32_t)members;
}

static int open_member(aatgs_group *g, const aatgs_options *options, size_t index, size_t count,
                       aatgs_error *error)
{
  aatgs_options o = *options;
  char *record = NULL, device[DEVICE_MAX];
  place(&o, index, count, device);
  o.seed += index;
  if (o.record && asprintf(&record, "%s.%zu", options->record, index) < 0)
    return aatgs_error_set(error, AATGS_ENOMEM, errno, "out of memory");
  o.record = record;
  const int rc = aatgs_open(&o, &g->runtimes[index], error);
  free(record);
  if (!rc)
    g->count++;
  return rc;
}

int aatgs_group_open(const aatgs_options *options, size_t count, aatgs_group **out,
                     aatgs_error *error)
{
  *out = NULL;
  if (!count || count > GROUP_MAX)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "a group has 1 to %u devices, not %zu",
                           GROUP_MAX, count);
  aatgs_group *g = calloc(1, sizeof *g);
  if (g)
    g->runtimes = calloc(count, sizeof(aatgs_runtime *));
  if (!g || !g->runtimes) {
    free(g);
    return aatgs_error_set(error, AATGS_ENOMEM, errno, "out of memory");
  }
  g->error = &no_error;
  for (size_t i = 0; i < count; i++) {
    const int rc = open_member(g, options, i, count, error);
    if (rc) {
      aatgs_group_close(g);
      return rc;
    }
  }
  *out = g;
  return 0;
}

int aatgs_group_close(aatgs_group *g)
{
  int first = 0;
  if (!g)
    return 0;
  for (size_t i = 0; i < g->count; i++) {
    const int rc = aatgs_close(g->runtimes[i]);
    first = first ? first : rc;
  }
  free(g->runtimes);
  free(g);
  return first;
}

size_t aatgs_group_len(const aatgs_group *g)
{
  return g->count;
}

aatgs_runtime *aatgs_group_at(aatgs_group *g, size_t index)
{
  return index < g->count ? g->runtimes[index] : NULL;
}

int aatgs_group_execute_all(aatgs_group *g, const void *config, void *telemetry, bool *have)
{
  uint8_t *to = telemetry;
  int first = 0;
  for (size_t i = 0; i < g->count; i++) {
    const int rc = aatgs_execute_iteration(g->runtimes[i], config, to, &have[i]);
    if (rc && !first) {
      first = rc;
      g->error = aatgs_last_error(g->runtimes[i]);
    }
    to += g->runtimes[i]->workload->telemetry_bytes;
  }
  return first;
}

const aatgs_error *aatgs_group_error(const aatgs_group *g)
{
  return g->error;
}
