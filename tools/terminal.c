#include "tools/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The other screen without a cursor, and back. */
#define ENTER "\033[?1049h\033[?25l\033[2J"
#define LEAVE "\033[?25h\033[?1049l"

static struct termios before;
static volatile sig_atomic_t entered, resized, ended;

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void say(const char *text)
{
  size_t left = strlen(text);
  while (left) {
    ssize_t n = write(STDOUT_FILENO, text, left);
    if (n < 0 && errno != EINTR)
      return;
    if (n > 0) {
      text += n;
      left -= (size_t)n;
    }
  }
}

static void take(void)
{
  struct termios raw = before;
  raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  say(ENTER);
}

static void give(void)
{
  say(LEAVE);
  tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static void on_end(int number)
{
  ended = number;
}

static void on_size(int number)
{
  (void)number;
  resized = 1;
}

/* Stops as if it had not been caught, with the terminal given back meanwhile. All that is called
 * is safe in a signal handler (signal-safety(7)). */
static void on_stop(int number)
{
  int saved = errno;
  (void)number;
  give();
  raise(SIGSTOP);
  take();
  resized = 1;
  errno = saved;
}

static void catch (int number, void (*handler)(int))
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

bool aatgs_terminal_usable(void)
{
  const char *name = getenv("TERM");
  return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && name && *name &&
         strcmp(name, "dumb") != 0;
}

bool aatgs_terminal_enter(void)
{
  if (tcgetattr(STDIN_FILENO, &before))
    return false;
  for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
    catch (ending[i], on_end);
  catch (SIGWINCH, on_size);
  catch (SIGTSTP, on_stop);
  entered = 1;
  take();
  return true;
}

void aatgs_terminal_leave(void)
{
  if (!entered)
    return;
  entered = 0;
  catch (SIGTSTP, SIG_DFL);
  give();
  for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
    catch (ending[i], SIG_DFL);
}

int aatgs_terminal_signal(void)
{
  return ended;
}

void aatgs_terminal_size(unsigned *rows, unsigned *columns)
{
  struct winsize size;
  *rows = 24;
  *columns = 80;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
    *rows = size.ws_row;
    *columns = size.ws_col;
  }
}

static uint64_t now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

aatgs_terminal_event aatgs_terminal_wait(uint64_t ns, int *key)
{
  uint64_t until = now_ns() + ns;
  for (;;) {
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    uint64_t now = now_ns();
    unsigned char byte;
    if (ended)
      return AATGS_TERMINAL_END;
    if (resized) {
      resized = 0;
      return AATGS_TERMINAL_SIZE;
    }
    if (now >= until)
      return AATGS_TERMINAL_TIME;
    /* Short steps: a signal between the checks above and poll() must not be slept over. */
    uint64_t left = (until - now) / 1000000 + 1;
    int ready = poll(&input, 1, left < 100 ? (int)left : 100);
    if (ready > 0) {
      if (read(STDIN_FILENO, &byte, 1) != 1)
        return AATGS_TERMINAL_END;
      *key = byte;
      return AATGS_TERMINAL_KEY;
    }
  }
}
