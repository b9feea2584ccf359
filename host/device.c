#include "host/device.h"
#include "host/log.h"

#include <stdlib.h>
#include <string.h>

#if defined(AATGS_WITH_CUDA)
static int open_cuda(const aatgs_device_spec *spec, uint32_t ordinal, aatgs_device **out,
                     aatgs_error *error)
{
  aatgs_device_spec numbered = *spec;
  numbered.ordinal = ordinal;
  return aatgs_device_cuda_open(&numbered, out, error);
}
#else
uint32_t aatgs_device_gpus(void)
{
  return 0;
}

uint32_t aatgs_device_multiprocessors(uint32_t ordinal)
{
  (void)ordinal;
  return 0;
}

static int open_cuda(const aatgs_device_spec *spec, uint32_t ordinal, aatgs_device **out,
                     aatgs_error *error)
{
  (void)spec;
  (void)ordinal;
  *out = NULL;
  return aatgs_error_set(error, AATGS_ENOTSUP, 0,
                         "device cuda: this build has no CUDA device; use cpu, or build with the "
                         "preset cuda");
}
#endif

/* The GPU where there is one that works and the request fits it, else the processor. */
static int open_auto(const aatgs_device_spec *spec, aatgs_device **out, aatgs_error *error)
{
  aatgs_error why;
  if (!spec->shuffle && !open_cuda(spec, 0, out, &why))
    return 0;
  aatgs_log_debug("device auto: cpu (%s)", spec->shuffle ? "shuffle was asked for" : why.text);
  return aatgs_device_cpu_open(spec, out, error);
}

int aatgs_device_open(const char *kind, const aatgs_device_spec *spec, aatgs_device **out,
                      aatgs_error *error)
{
  char *end;
  *out = NULL;
  if (strcmp(kind, "auto") == 0)
    return open_auto(spec, out, error);
  if (strcmp(kind, "cpu") == 0)
    return aatgs_device_cpu_open(spec, out, error);
  if (strcmp(kind, "cuda") == 0)
    return open_cuda(spec, 0, out, error);
  if (strncmp(kind, "cuda:", 5) == 0 && kind[5] >= '0' && kind[5] <= '9') {
    const unsigned long ordinal = strtoul(kind + 5, &end, 10);
    if (!*end && ordinal < 1024)
      return open_cuda(spec, (uint32_t)ordinal, out, error);
  }
  return aatgs_error_set(error, AATGS_EINVAL, 0,
                         "device \"%s\" is unknown: use auto, cpu, cuda or cuda:N", kind);
}
