#include "host/device.h"

#include <string.h>

int aatgs_device_open(const char *kind, const aatgs_device_spec *spec, aatgs_device **out,
                      aatgs_error *error)
{
  *out = NULL;
  if (strcmp(kind, "auto") == 0 || strcmp(kind, "cpu") == 0)
    return aatgs_device_cpu_open(spec, out, error);
  if (strcmp(kind, "cuda") == 0)
    return aatgs_error_set(error, AATGS_ENOTSUP, 0,
                           "device cuda: this build has no CUDA device; use --device cpu");
  return aatgs_error_set(error, AATGS_EINVAL, 0, "device \"%s\" is unknown: use auto, cpu or cuda",
                         kind);
}
