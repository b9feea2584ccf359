#include "tools/self_check.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/care.h"

struct aatgs_self_check {
  char *dir;
  bool remove;
  aatgs_replay_options options;
  aatgs_replay_report report;
  aatgs_error error;
  int rc;
  pthread_t thread;
  bool joined;
  atomic_bool writing;
  atomic_bool diverged;
};

char *aatgs_self_check_folder(aatgs_error *error)
{
  const char *tmp = getenv("TMPDIR");
  char *folder = NULL;
  if (asprintf(&folder, "%s/aatgs-self-check-XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0)
    folder = NULL;
  if (folder && mkdtemp(folder))
    return folder;
  aatgs_error_set(error, AATGS_EIO, errno, "%s: no folder to record in: %s",
                  folder ? folder : "/tmp", strerror(errno));
  free(folder);
  return NULL;
}

static bool follow(void *user)
{
  return ((aatgs_self_check *)user)->writing;
}

static void *run_check(void *user)
{
  aatgs_self_check *c = user;
  c->rc = aatgs_replay(&c->options, &c->report, &c->error);
  if (c->rc == AATGS_EDIVERGED)
    c->diverged = true;
  return NULL;
}

int aatgs_self_check_open(const char *dir, const char *workload, const aatgs_runtime_info *run,
                          bool remove, aatgs_self_check **out, aatgs_error *error)
{
  *out = NULL;
  aatgs_self_check *c = calloc(1, sizeof *c);
  if (!c || !(c->dir = strdup(dir))) {
    free(c);
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "out of memory");
  }
  c->remove = remove;
  c->writing = true;
  c->options = (aatgs_replay_options)AATGS_REPLAY_OPTIONS_INIT;
  c->options.trace = c->dir;
  c->options.workload = workload;
  c->options.device = "cpu";
  c->options.workers = strcmp(run->device, "cpu") == 0 ? run->workers + 1 : 2;
  c->options.shuffle = true;
  c->options.follow = follow;
  c->options.user = c;
  c->options.confirm = false; /* once the trace is whole */
  const int rc = pthread_create(&c->thread, NULL, run_check, c);
  if (rc) {
    free(c->dir);
    free(c);
    return aatgs_error_set(error, AATGS_ENOMEM, rc, "the self-check could not be started: %s",
                           strerror(rc));
  }
  *out = c;
  return 0;
}

bool aatgs_self_check_diverged(void *check)
{
  return ((aatgs_self_check *)check)->diverged;
}

static void join(aatgs_self_check *c)
{
  c->writing = false;
  if (!c->joined)
    pthread_join(c->thread, NULL);
  c->joined = true;
}

int aatgs_self_check_finish(aatgs_self_check *c, const aatgs_replay_report **report,
                            uint32_t *workers, aatgs_error *error)
{
  join(c);
  if (c->rc == AATGS_EDIVERGED) {
    aatgs_replay_options once = c->options;
    once.first = once.last = c->report.iteration;
    once.follow = NULL;
    once.confirm = true;
    aatgs_replay_report second;
    const uint64_t compared = c->report.iterations;
    /* Once more from the nearest snapshot, with a look at the state. */
    if (aatgs_replay(&once, &second, NULL) == AATGS_EDIVERGED) {
      if (!aatgs_replay_same_difference(&c->report, &second))
        second.again = AATGS_AGAIN_OTHER;
      c->report = second;
      c->report.iterations = compared;
    } else {
      c->report.again = AATGS_AGAIN_NONE;
    }
  }
  *report = &c->report;
  *workers = c->options.workers;
  *error = c->error;
  return c->rc;
}

void aatgs_self_check_close(aatgs_self_check *c)
{
  if (!c)
    return;
  join(c);
  if (c->remove && c->rc != AATGS_EDIVERGED)
    (void)aatgs_trace_remove(c->dir, NULL);
  free(c->dir);
  free(c);
}
