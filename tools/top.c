/* aatgs top: watches a trace being written. */
#include "tools/top.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "tools/terminal.h"
#include "tools/verbs.h"

#define VERB "top"

typedef struct request {
  const char *fields;
  uint64_t interval_ns;
  bool once;
  bool format_given;
  aatgs_format format;
} request;

static int parse(request *r, aatgs_top *t, int argc, char **argv)
{
  const aatgs_cli_option options[] = {
      {"interval", AATGS_CLI_SECONDS, &r->interval_ns, "S", "seconds between looks (default: 1)",
       NULL, 0, 0, 0},
      {"fields", AATGS_CLI_TEXT, &r->fields, "LIST",
       "fields to show, such as conflicts,config.sweeps (default: the first eight of the "
       "telemetry)",
       NULL, 0, 0, 0},
      {"once", AATGS_CLI_FLAG, &r->once, NULL, "look once, print, end; so it is without a terminal",
       NULL, 0, 0, 0},
      {"format", AATGS_CLI_FORMAT, &r->format, "F",
       "with --once or without a terminal: table, json or csv (default: table)", NULL, 0, 0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR [options]",
      .summary = "Watches the trace in folder DIR while it is written: the rate, latencies, what "
                 "each task type takes, how full the rings are, and fields of the workload.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
      .epilogue = "q or Ctrl-C ends it; the terminal is then as it was.",
  };
  size_t operands;
  r->format_given = aatgs_cli_peek("format", argc, argv) != NULL;
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result == AATGS_CLI_GO_ON)
    t->dir = argv[0];
  return result;
}

static double now_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void draw(const aatgs_top *t)
{
  unsigned rows, columns;
  aatgs_terminal_size(&rows, &columns);
  aatgs_top_draw(t, stdout, rows, columns, true);
}

/* Until `q`, a signal or an error. */
static int watch(aatgs_top *t, const request *r)
{
  double looked = 0.0;
  for (;;) {
    double now = now_s();
    int key = 0;
    int rc = aatgs_top_look(t, looked > 0.0 ? now - looked : 0.0);
    if (rc)
      return rc;
    looked = now;
    draw(t);
    aatgs_terminal_event event;
    double until = now + (double)r->interval_ns / 1e9;
    do {
      double left = until - now_s();
      event = aatgs_terminal_wait(left > 0.0 ? (uint64_t)(left * 1e9) : 0, &key);
      if (event == AATGS_TERMINAL_END ||
          (event == AATGS_TERMINAL_KEY && (key == 'q' || key == 'Q')))
        return 0;
      if (event == AATGS_TERMINAL_SIZE)
        draw(t);
    } while (event != AATGS_TERMINAL_TIME);
  }
}

static int live(aatgs_top *t, const request *r)
{
  int rc = watch(t, r);
  aatgs_terminal_leave();
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, aatgs_trace_error(t->trace));
  if (aatgs_terminal_signal())
    raise(aatgs_terminal_signal());
  return aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}

static int once(aatgs_top *t, const request *r)
{
  int rc = aatgs_top_look(t, 0.0);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, aatgs_trace_error(t->trace));
  rc = aatgs_top_report(t, r->format);
  return rc ? aatgs_cli_fail_with(VERB, rc, NULL) : aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}

int aatgs_verb_top(int argc, char **argv)
{
  request r = {.interval_ns = UINT64_C(1000000000)};
  aatgs_error error = {0};
  aatgs_top *t = calloc(1, sizeof *t);
  if (!t)
    return aatgs_cli_fail_with(VERB, AATGS_ENOMEM, NULL);
  int result = parse(&r, t, argc, argv);
  if (result == AATGS_CLI_GO_ON) {
    int rc = aatgs_trace_open(t->dir, &t->trace, &error);
    if (!rc) {
      t->info = aatgs_trace_get_info(t->trace);
      rc = aatgs_top_choose(t, r.fields, &error);
    }
    if (rc)
      result = aatgs_cli_fail_with(VERB, rc, &error);
    else if (!r.once && !r.format_given && aatgs_terminal_usable() && aatgs_terminal_enter())
      result = live(t, &r);
    else
      result = once(t, &r);
    aatgs_analysis_close(t->analysis);
    aatgs_trace_close(t->trace);
  }
  free(t);
  return result;
}
