/* Finding, loading and checking workloads. */
#include "device/workload.h"
#include "host/aatgs.h"
#include "host/shared_object.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if !defined(AATGS_WORKLOAD_DIR)
#define AATGS_WORKLOAD_DIR "/usr/local/lib/aatgs"
#endif

typedef const struct aatgs_workload *(*workload_function)(void);

static int reject(aatgs_error *error, const char *path, const char *why)
{
  return aatgs_error_set(error, AATGS_EFORMAT, 0, "%s: not a valid workload: %s", path, why);
}

static int check_types(const struct aatgs_workload *w, const char *path, aatgs_error *error)
{
  const uint64_t known = w->region_count == 64 ? UINT64_MAX : (UINT64_C(1) << w->region_count) - 1;
  if (!w->types || !w->type_count)
    return reject(error, path, "it has no task types");
  for (uint32_t i = 0; i < w->type_count; i++) {
    const aatgs_task_type *t = &w->types[i];
    if (!t->name || !*t->name || !t->parts || t->parts > AATGS_PARTS_LIMIT)
      return reject(error, path, "a task type has no name or no parts");
    if ((t->reads | t->writes) & ~known)
      return reject(error, path, "a task type names a region that does not exist");
    for (uint32_t r = 0; r < w->region_count; r++)
      if (t->writes >> r & 1 && w->regions[r].kind == AATGS_REGION_CONSTANT)
        return reject(error, path, "a task type writes a constant region");
  }
  return 0;
}

static int check_workload(const struct aatgs_workload *w, const char *path, aatgs_error *error)
{
  if (!w)
    return reject(error, path, "aatgs_workload() returned NULL");
  if (w->abi != AATGS_WORKLOAD_ABI || w->size != sizeof *w)
    return aatgs_error_set(error, AATGS_EVERSION, 0,
                           "%s: built for workload ABI %u, this is %u: rebuild it against the "
                           "installed headers",
                           path, w->abi, AATGS_WORKLOAD_ABI);
  if (w->layout_digest != AATGS_LAYOUT_DIGEST)
    return aatgs_error_set(error, AATGS_EVERSION, 0,
                           "%s: its bus layout differs from this build's: rebuild it against the "
                           "installed headers",
                           path);
  if (!w->name || !*w->name || !w->setup || !w->cpu_loop)
    return reject(error, path, "name, setup or cpu_loop is missing");
  if (!w->config_bytes || w->config_bytes > AATGS_CONFIG_BYTES_MAX || w->config_bytes % 4 ||
      w->telemetry_bytes > AATGS_TELEMETRY_BYTES_MAX || w->telemetry_bytes % 4)
    return reject(error, path, "config must be 4..256 and telemetry 0..64 bytes, multiples of 4");
  if (w->region_count > AATGS_REGIONS_MAX || w->input_kind_count > 32)
    return reject(error, path, "more than 64 regions or 32 input kinds");
  return check_types(w, path, error);
}

static int load_path(const char *path, const struct aatgs_workload **out, aatgs_error *error)
{
  union {
    void *object;
    workload_function function;
  } symbol;
  int rc = aatgs_shared_object_check(path, error);
  if (rc)
    return rc;
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return aatgs_error_set(error, AATGS_EFORMAT, 0, "%s: cannot be loaded: %s", path, dlerror());
  symbol.object = dlsym(handle, "aatgs_workload");
  const struct aatgs_workload *w = NULL;
  if (!symbol.object)
    rc = reject(error, path, "it does not export aatgs_workload()");
  else
    rc = check_workload(w = symbol.function(), path, error);
  if (rc)
    dlclose(handle);
  else
    *out = w;
  return rc;
}

static bool exists(const char *folder, const char *name, char *path)
{
  const int n = snprintf(path, PATH_MAX, "%s/%s.so", folder, name);
  return n > 0 && n < PATH_MAX && access(path, R_OK) == 0;
}

/* The folder of the running program, with `suffix` appended. */
static bool program_folder(const char *suffix, char *folder)
{
  char self[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n <= 0)
    return false;
  self[n] = '\0';
  char *slash = strrchr(self, '/');
  if (slash)
    *slash = '\0';
  const int m = snprintf(folder, PATH_MAX, "%s%s", self, suffix);
  return m > 0 && m < PATH_MAX;
}

static bool find(const char *name, char *path)
{
  const char *list = getenv("AATGS_WORKLOAD_PATH");
  char folder[PATH_MAX];
  while (list && *list) {
    const size_t n = strcspn(list, ":");
    const int m = snprintf(folder, sizeof folder, "%.*s", (int)n, list);
    if (m > 0 && m < PATH_MAX && exists(folder, name, path))
      return true;
    list += n + (list[n] == ':');
  }
  return (program_folder("", folder) && exists(folder, name, path)) ||
         (program_folder("/..", folder) && exists(folder, name, path)) ||
         (program_folder("/../lib/aatgs", folder) && exists(folder, name, path)) ||
         exists(AATGS_WORKLOAD_DIR, name, path);
}

int aatgs_workload_load(const char *name, const struct aatgs_workload **out, aatgs_error *error)
{
  char path[PATH_MAX];
  *out = NULL;
  if (!name || !*name)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "no workload was named");
  if (strchr(name, '/')) {
    if (access(name, R_OK))
      return aatgs_error_set(error, AATGS_ENOTFOUND, 0, "%s: no such workload file", name);
    return load_path(name, out, error);
  }
  if (!find(name, path))
    return aatgs_error_set(error, AATGS_ENOTFOUND, 0,
                           "workload \"%s\" was not found beside the program nor in %s: give its "
                           "path, or set AATGS_WORKLOAD_PATH",
                           name, AATGS_WORKLOAD_DIR);
  return load_path(path, out, error);
}
