#include "tools/debug.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
  (void)number;
  interrupted = 1;
}

/* The process that traces this one, 0: none. */
static long tracer(void)
{
  char line[128];
  long pid = 0;
  FILE *f = fopen("/proc/self/status", "re");
  while (f && fgets(line, sizeof line, f))
    if (sscanf(line, "TracerPid: %ld", &pid) == 1)
      break;
  if (f)
    fclose(f);
  return pid;
}

static bool wait_for_tracer(void)
{
  const struct timespec nap = {0, 50000000};
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_interrupt;
  interrupted = 0;
  sigaction(SIGINT, &action, &before);
  while (!interrupted && !tracer())
    nanosleep(&nap, NULL);
  sigaction(SIGINT, &before, NULL);
  return !interrupted;
}

void aatgs_debug_attach(aatgs_debugger *d)
{
  uint64_t iteration;
  uint32_t task;
  aatgs_iteration it;
  const aatgs_trace_graph *g;
  if (!aatgs_walk_inside(d->walk, &iteration, &task)) {
    aatgs_debug_complain(d, "attach is for a task: stop before one with 'next TASK' first");
    return;
  }
  if (!aatgs_debug_recorded(d, iteration, &it) || aatgs_trace_get_graph(d->trace, it.graph, &g) ||
      task >= g->task_count)
    return;
  fflush(stdout);
  fprintf(stderr,
          "waiting for a debugger of process %ld: in another terminal,\n"
          "  gdb -p %ld -ex continue\n"
          "It gets SIGTRAP in the worker's thread, right before task %s runs: 'up' and 'step' from "
          "there, and\n'detach' to come back. Ctrl-C here gives up.\n",
          (long)getpid(), (long)getpid(), g->tasks[task].name);
  if (!wait_for_tracer()) {
    aatgs_debug_complain(d, "nobody attached; still before task %s", g->tasks[task].name);
    return;
  }
  if (aatgs_walk_leave(d->walk, true))
    aatgs_debug_complain(d, "%s", aatgs_walk_error(d->walk)->text);
  else
    aatgs_debug_where(d);
}
