/* LTTng-UST: an event an iteration, its timings a sequence of bytes; a session daemon of our own
 * for as long as it is measured. The channel blocks where it is full, so nothing is lost; nothing
 * is synced either. As root the daemon takes the machine's own place: none may be running there. */
#include "rivals.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rival_lttng.h"

#define SESSION  "aatgs-bench"
#define CHANNEL  " --userspace --session=" SESSION " "
#define TRIES    100
#define PAUSE_US 50000u

typedef struct lttng {
  const bench *b;
  pid_t daemon;
  void *module;
  void (*write)(const aatgs_iteration *it);
  int (*on)(void);
} lttng;

static int command(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int command(const char *format, ...)
{
  char line[512] = "lttng --no-sessiond ";
  va_list args;
  va_start(args, format);
  vsnprintf(line + strlen(line), sizeof line - strlen(line) - 32, format, args);
  va_end(args);
  strcat(line, " >/dev/null 2>&1");
  return system(line);
}

static void must(const lttng *l, int failed, const char *what)
{
  if (!failed)
    return;
  if (l->daemon > 0)
    kill(l->daemon, SIGTERM);
  bench_fail(l->b, "LTTng: %s", what);
}

static void start_daemon(lttng *l)
{
  must(l, command("list") == 0, "a session daemon is running already; stop it first");
  l->daemon = fork();
  if (l->daemon == 0) {
    execlp("lttng-sessiond", "lttng-sessiond", "--no-kernel", "--quiet", (char *)NULL);
    _exit(127);
  }
  int tries = TRIES;
  while (command("list") && tries--)
    usleep(PAUSE_US);
  must(l, l->daemon < 0 || tries < 0, "the session daemon does not start");
}

static void *lttng_open(const bench *b, const char *path)
{
  lttng *l = calloc(1, sizeof *l);
  if (!l)
    bench_fail(b, "%s", "out of memory");
  l->b = b;
  if (mkdir(path, 0700))
    bench_fail(b, "no folder %s", path);
  setenv("LTTNG_HOME", path, 1);
  setenv("LTTNG_UST_ALLOW_BLOCKING", "1", 1);
  start_daemon(l);
  must(l, command("create " SESSION " --output=%s", path), "no session can be made");
  must(l,
       command("enable-channel" CHANNEL
               "--subbuf-size=4M --num-subbuf=8 --blocking-timeout=inf records") ||
           command("enable-event" CHANNEL "--channel=records aatgs_bench:iteration") ||
           command("start " SESSION),
       "the session does not start");
  l->module = dlopen(BENCH_LTTNG, RTLD_NOW);
  must(l, !l->module, "its module cannot be loaded");
  *(void **)&l->write = dlsym(l->module, "bench_lttng_write");
  *(void **)&l->on = dlsym(l->module, "bench_lttng_on");
  must(l, !l->write || !l->on, "its module is not ours");
  int tries = TRIES;
  while (!l->on() && tries--)
    usleep(PAUSE_US);
  must(l, tries < 0, "the session does not take the event");
  return l;
}

static void lttng_write(void *rival, const aatgs_iteration *it)
{
  const lttng *l = rival;
  l->write(it);
}

static void lttng_commit(void *rival)
{
  (void)rival; /* it has no such thing */
}

static void lttng_close(void *rival)
{
  lttng *l = rival;
  must(l, command("stop " SESSION), "the session does not stop");
  must(l, command("list " SESSION " | grep -q 'Discarded events: *[1-9]'") == 0,
       "it has lost events");
  must(l, command("destroy " SESSION), "the session does not end");
  kill(l->daemon, SIGTERM);
  waitpid(l->daemon, NULL, 0);
  free(l);
}

const rival_kind rival_lttng = {lttng_open, lttng_write, lttng_commit, lttng_close};
