/* aatgs debug: a recorded run, forwards and back. */
#include "tools/debug.h"

#include <errno.h>
#include <histedit.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/verbs.h"

#define VERB "debug"

typedef struct debug_args {
  const char *trace;
  const char *workload;
  const char *script;
  const char *device;
  uint32_t workers;
} debug_args;

static int parse(debug_args *a, int argc, char **argv)
{
  const aatgs_cli_option options[] = {
      {"execute", AATGS_CLI_TEXT, &a->script, "FILE",
       "obey the commands in FILE, one a line (- is stdin), and end", NULL, 0, 0, 'x'},
      {"device", AATGS_CLI_DEVICE, &a->device, "D",
       "cpu, cuda, cuda:N (the GPU with that number) or auto (default: cpu)", NULL, 0, 0, 'd'},
      {"workers", AATGS_CLI_U32, &a->workers, "N",
       "workers, whatever the recording had (default: 1, which can stop inside an iteration)", NULL,
       1, AATGS_WORKERS_LIMIT, 0},
      {"workload", AATGS_CLI_TEXT, &a->workload, "NAME|PATH",
       "workload to replay with (default: the one that the trace names)", NULL, 0, 0, 'w'},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR [options]",
      .summary = "Goes anywhere in the run that was recorded in folder DIR, forwards and back, by "
                 "replay from the nearest snapshot, and shows configs, telemetry, plans and the "
                 "state there. Commands come from a prompt ('help' lists them), from -x FILE or "
                 "from a pipe.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
      .epilogue = "Exit status: 0 done, 1 error (in a script: at the first command that fails), "
                  "2 wrong usage.",
  };
  size_t operands;
  const int result = aatgs_cli_parse(&command, argc, argv, &operands);
  a->trace = result == AATGS_CLI_GO_ON ? argv[0] : NULL;
  return result;
}

/* ---- Lines from a script ------------------------------------------------------------------------
 */

/* Each command is shown before what it prints, so that the output can be read by itself. */
static int run_script(aatgs_debugger *d, FILE *in)
{
  char *line = NULL;
  size_t room = 0;
  while (!d->quit && !d->failed && getline(&line, &room, in) >= 0) {
    line[strcspn(line, "\r\n")] = '\0';
    printf("> %s\n", line);
    aatgs_debug_obey(d, line);
  }
  free(line);
  return d->failed ? AATGS_EXIT_ERROR : AATGS_EXIT_DONE;
}

/* ---- Lines from a person
 * -------------------------------------------------------------------------- */

static char *prompt(EditLine *editor)
{
  static char text[96];
  aatgs_debugger *d;
  uint64_t iteration;
  uint32_t task;
  el_get(editor, EL_CLIENTDATA, (void **)&d);
  const bool inside = aatgs_walk_inside(d->walk, &iteration, &task);
  snprintf(text, sizeof text, inside ? "(aatgs in %" PRIu64 ") " : "(aatgs %" PRIu64 ") ",
           inside ? iteration : aatgs_walk_at(d->walk));
  return text;
}

/* Tab: the command that the line begins with. */
static unsigned char complete(EditLine *editor, int key)
{
  const LineInfo *line = el_line(editor);
  const size_t length = (size_t)(line->cursor - line->buffer);
  const char *name = aatgs_debug_command_named(line->buffer, length, 0);
  (void)key;
  if (!length || memchr(line->buffer, ' ', length) || !name)
    return CC_ERROR;
  if (aatgs_debug_command_named(line->buffer, length, 1)) {
    printf("\n");
    for (size_t i = 0; (name = aatgs_debug_command_named(line->buffer, length, i)); i++)
      printf("%s  ", name);
    printf("\n");
    return CC_REDISPLAY;
  }
  el_insertstr(editor, name + length);
  el_insertstr(editor, " ");
  return CC_REFRESH;
}

static int run_prompt(aatgs_debugger *d)
{
  EditLine *editor = el_init("aatgs", stdin, stdout, stderr);
  History *past = history_init();
  HistEvent event;
  int count;
  if (!editor || !past)
    return aatgs_cli_fail_with(VERB, AATGS_ENOMEM, NULL);
  history(past, &event, H_SETSIZE, 1000);
  el_set(editor, EL_CLIENTDATA, d);
  el_set(editor, EL_PROMPT, prompt);
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_SIGNAL, 1);
  el_set(editor, EL_HIST, history, past);
  el_set(editor, EL_ADDFN, "complete", "completes a command", complete);
  el_set(editor, EL_BIND, "^I", "complete", NULL);
  printf("Iterations %" PRIu64 " to %" PRIu64 " of %s; 'help' lists the commands.\n",
         aatgs_walk_first(d->walk), aatgs_walk_last(d->walk), d->dir);
  for (const char *line; !d->quit && (line = el_gets(editor, &count)) && count > 0;) {
    char *copy = strdup(line);
    if (line[0] != '\n')
      history(past, &event, H_ENTER, line);
    if (copy)
      aatgs_debug_obey(d, copy);
    free(copy);
    fflush(stdout);
  }
  if (!d->quit)
    printf("\n");
  history_end(past);
  el_end(editor);
  return AATGS_EXIT_DONE;
}

/* ---- The verb
 * --------------------------------------------------------------------------------------- */

static int run_lines(aatgs_debugger *d, const char *script)
{
  FILE *in = stdin;
  d->interactive = !script && isatty(STDIN_FILENO);
  if (d->interactive)
    return run_prompt(d);
  if (script && strcmp(script, "-") != 0) {
    in = fopen(script, "re");
    if (!in)
      return aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "%s: %s", script, strerror(errno));
  }
  const int result = run_script(d, in);
  if (in != stdin)
    fclose(in);
  return result;
}

static void warn(const aatgs_debugger *d)
{
  const uint64_t here = aatgs_walk_workload(d->walk)->source_digest;
  if (d->info->workload_source_digest != here)
    aatgs_cli_fail(VERB, 0,
                   "warning: workload %s was built from other sources than at recording: it may "
                   "compute something else",
                   d->info->workload);
}

int aatgs_verb_debug(int argc, char **argv)
{
  debug_args args = {.device = "cpu", .workers = 1};
  aatgs_replay_options options = AATGS_REPLAY_OPTIONS_INIT;
  aatgs_debugger d = {0};
  aatgs_error error = {0};
  int result = parse(&args, argc, argv);
  if (result != AATGS_CLI_GO_ON)
    return result;
  options.trace = args.trace;
  options.device = args.device;
  options.workload = args.workload;
  options.workers = strcmp(args.device, "cpu") ? 0 : args.workers;
  d.dir = args.trace;
  int rc = aatgs_walk_open(&options, &d.walk, &error);
  if (!rc)
    rc = aatgs_trace_open(args.trace, &d.trace, &error);
  if (rc) {
    aatgs_walk_close(d.walk);
    return aatgs_cli_fail_with(VERB, rc, &error);
  }
  d.info = aatgs_trace_get_info(d.trace);
  warn(&d);
  result = run_lines(&d, args.script);
  aatgs_debug_stops_close(&d);
  aatgs_walk_close(d.walk);
  aatgs_trace_close(d.trace);
  return aatgs_cli_finish(VERB, result);
}
