#include "tools/machine.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The first line of a small file, without its end; "" when it cannot be read. */
static void first_line(const char *path, char *out, size_t size)
{
  FILE *f = fopen(path, "re");
  out[0] = '\0';
  if (!f)
    return;
  if (!fgets(out, (int)size, f))
    out[0] = '\0';
  out[strcspn(out, "\n")] = '\0';
  fclose(f);
}

static void look_at_cpu(aatgs_machine *m)
{
  FILE *f = fopen("/proc/cpuinfo", "re");
  char line[256];
  cpu_set_t set;
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  struct utsname name;
  while (f && !m->cpu[0] && fgets(line, sizeof line, f)) {
    char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) || !colon)
      continue;
    colon += 1 + strspn(colon + 1, " ");
    snprintf(m->cpu, sizeof m->cpu, "%.*s", (int)strcspn(colon, "\n"), colon);
  }
  if (f)
    fclose(f);
  m->cores_online = online > 0 ? (uint32_t)online : 0;
  m->cores_allowed = sched_getaffinity(0, sizeof set, &set) ? 0 : (uint32_t)CPU_COUNT(&set);
  m->avx = __builtin_cpu_supports("avx");
  if (pages > 0 && page > 0)
    m->memory_bytes = (uint64_t)pages * (uint64_t)page;
  if (uname(&name) == 0)
    snprintf(m->kernel, sizeof m->kernel, "%.50s %.70s", name.sysname, name.release);
}

static double seconds_between(const struct timespec *a, const struct timespec *b)
{
  return (double)(b->tv_sec - a->tv_sec) + (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

/* The fastest of a few rounds: what else ran on the core is not the clock's cost. */
static double clock_cost_ns(void)
{
  enum { ROUNDS = 10, READS = 20000 };
  double best = 1.0;
  for (int round = 0; round < ROUNDS; round++) {
    struct timespec begin, end, ts;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < READS; i++)
      clock_gettime(CLOCK_MONOTONIC, &ts);
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (seconds_between(&begin, &end) < best)
      best = seconds_between(&begin, &end);
  }
  return best * 1e9 / READS;
}

static void look_at_limits(aatgs_machine *m)
{
  struct rlimit limit;
  first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", m->clock_source,
             sizeof m->clock_source);
  m->clock_ns = clock_cost_ns();
  m->memlock_bytes = 0;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0)
    m->memlock_bytes = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_cur;
}

/* ---- The GPU, through the driver library as it is found ------------------------- */

typedef struct cuda {
  void *library;
  int (*init)(unsigned);
  int (*driver_version)(int *);
  int (*count)(int *);
  int (*get)(int *, int);
  int (*name)(char *, int, int);
  int (*attribute)(int *, int, int);
  int (*total)(size_t *, int);
  int (*error_name)(int, const char **);
} cuda;

/* From the CUDA driver API; a device handle is an int there. */
#define CUDA_MULTIPROCESSORS  16
#define CUDA_CAPABILITY_MAJOR 75
#define CUDA_CAPABILITY_MINOR 76

static bool cuda_symbol(void *library, const char *name, void *function)
{
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}

static bool cuda_load(cuda *c)
{
  c->library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  return c->library && cuda_symbol(c->library, "cuInit", &c->init) &&
         cuda_symbol(c->library, "cuDriverGetVersion", &c->driver_version) &&
         cuda_symbol(c->library, "cuDeviceGetCount", &c->count) &&
         cuda_symbol(c->library, "cuDeviceGet", &c->get) &&
         cuda_symbol(c->library, "cuDeviceGetName", &c->name) &&
         cuda_symbol(c->library, "cuDeviceGetAttribute", &c->attribute) &&
         cuda_symbol(c->library, "cuDeviceTotalMem_v2", &c->total) &&
         cuda_symbol(c->library, "cuGetErrorName", &c->error_name);
}

static void look_at_gpu(const cuda *c, int ordinal, aatgs_gpu *gpu)
{
  int device;
  size_t bytes = 0;
  if (c->get(&device, ordinal) || c->name(gpu->name, sizeof gpu->name, device))
    snprintf(gpu->name, sizeof gpu->name, "GPU %d", ordinal);
  c->attribute(&gpu->major, CUDA_CAPABILITY_MAJOR, device);
  c->attribute(&gpu->minor, CUDA_CAPABILITY_MINOR, device);
  c->attribute(&gpu->multiprocessors, CUDA_MULTIPROCESSORS, device);
  c->total(&bytes, device);
  gpu->bytes = bytes;
}

static void look_at_cuda(aatgs_machine *m)
{
  cuda c = {0};
  int count = 0, error;
  const char *name = NULL;
  first_line("/proc/driver/nvidia/version", m->driver, sizeof m->driver);
  if (!cuda_load(&c)) {
    const char *node =
        access("/dev/nvidiactl", F_OK) ? "no /dev/nvidiactl" : "/dev/nvidiactl is there";
    snprintf(m->cuda_reason, sizeof m->cuda_reason, "libcuda.so.1 cannot be loaded, %s", node);
    return;
  }
  error = c.init(0);
  if (!error)
    error = c.count(&count);
  if (error) {
    c.error_name(error, &name);
    snprintf(m->cuda_reason, sizeof m->cuda_reason, "the driver answers %s", name ? name : "?");
    return;
  }
  c.driver_version(&m->cuda_version);
  if (count == 0)
    snprintf(m->cuda_reason, sizeof m->cuda_reason, "the driver finds no GPU");
  for (int i = 0; i < count && i < 16; i++)
    look_at_gpu(&c, i, &m->gpus[m->gpu_count++]);
}

void aatgs_machine_look(aatgs_machine *machine)
{
  memset(machine, 0, sizeof *machine);
  look_at_cpu(machine);
  look_at_limits(machine);
  look_at_cuda(machine);
}
