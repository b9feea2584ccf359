#include "bench.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The cores that the process had when it was asked first. */
static const cpu_set_t *all_cores(void)
{
  static cpu_set_t set;
  static bool known;
  if (!known)
    known = sched_getaffinity(0, sizeof set, &set) == 0;
  return &set;
}

uint32_t bench_cores(void)
{
  const int n = CPU_COUNT(all_cores());
  return n > 0 ? (uint32_t)n : 1;
}

uint32_t bench_host_core(void)
{
  return bench_cores() > 4 ? 2 : 0;
}

static void pin_thread(pid_t thread, uint32_t index)
{
  uint32_t wanted = index % bench_cores();
  for (int core = 0; core < CPU_SETSIZE; core++) {
    if (!CPU_ISSET(core, all_cores()) || wanted--)
      continue;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(thread, sizeof set, &set);
    return;
  }
}

void bench_pin(uint32_t index)
{
  pin_thread(0, index);
}

void bench_unpin(void)
{
  sched_setaffinity(0, sizeof(cpu_set_t), all_cores());
}

/* The worker's number from the name of a thread of this process; -1: no worker. */
static int worker_of(const char *thread)
{
  char path[64], name[32] = "";
  int worker = -1;
  snprintf(path, sizeof path, "/proc/self/task/%.20s/comm", thread);
  FILE *f = fopen(path, "re");
  if (!f)
    return -1;
  if (!fgets(name, sizeof name, f) || sscanf(name, "aatgs-w%d", &worker) != 1)
    worker = -1;
  fclose(f);
  return worker;
}

void bench_pin_workers(uint32_t count)
{
  DIR *tasks = opendir("/proc/self/task");
  for (struct dirent *e; tasks && (e = readdir(tasks));) {
    const int worker = worker_of(e->d_name);
    if (worker >= 0 && (uint32_t)worker < count)
      pin_thread((pid_t)atol(e->d_name), (uint32_t)worker + 1);
  }
  if (tasks)
    closedir(tasks);
}
