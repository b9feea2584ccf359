#include "trace/error.h"

#include <stdarg.h>
#include <stdio.h>

const char *aatgs_strerror(int code)
{
  switch (code) {
  case AATGS_OK: return "success";
  case AATGS_EINVAL: return "invalid argument";
  case AATGS_ENOMEM: return "out of memory";
  case AATGS_EAGAIN: return "no room now, nothing was taken";
  case AATGS_ETIMEOUT: return "a bounded wait expired";
  case AATGS_ENOTFOUND: return "not found";
  case AATGS_EIO: return "input/output error";
  case AATGS_ENOSPC: return "no space left";
  case AATGS_EFORMAT: return "malformed input";
  case AATGS_ECORRUPT: return "damaged trace";
  case AATGS_EVERSION: return "version or build mismatch";
  case AATGS_ECYCLE: return "the task graph has a cycle";
  case AATGS_ERACE: return "conflicting tasks are not ordered";
  case AATGS_ELIMIT: return "limit exceeded";
  case AATGS_EDEVICE: return "device lost or refused to start";
  case AATGS_ETASK: return "a task failed";
  case AATGS_ENOTSUP: return "not supported on this machine or build";
  case AATGS_EEXIST: return "already exists";
  case AATGS_EBUSY: return "in use by another process";
  case AATGS_EDIVERGED: return "the replay diverged";
  default: return "unknown error";
  }
}

int aatgs_error_set(aatgs_error *e, int code, int native, const char *format, ...)
{
  if (e) {
    va_list args;
    e->code = code;
    e->native = native;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
  }
  return code;
}
