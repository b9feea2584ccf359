#include "tools/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/text.h"

#define PROGRESS_INTERVAL_NS UINT64_C(100000000)

void aatgs_progress_begin(aatgs_progress *progress)
{
  const char *terminal = getenv("TERM");
  memset(progress, 0, sizeof *progress);
  progress->on = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb");
}

bool aatgs_progress_due(aatgs_progress *progress, uint64_t now_ns)
{
  if (!progress->on || now_ns < progress->next_ns)
    return false;
  progress->next_ns = now_ns + PROGRESS_INTERVAL_NS;
  return true;
}

void aatgs_progress_show(aatgs_progress *progress, const char *text)
{
  struct winsize size;
  char *clean;
  int width = 79;
  if (!progress->on || !(clean = aatgs_text_clean(text, 0)))
    return;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
    width = size.ws_col - 1;
  fprintf(stderr, "\r%.*s\033[K", width, clean);
  fflush(stderr);
  free(clean);
  progress->shown = true;
}

void aatgs_progress_end(aatgs_progress *progress)
{
  if (progress->shown)
    fputs("\r\033[K", stderr);
  fflush(stderr);
  progress->on = progress->shown = false;
}
