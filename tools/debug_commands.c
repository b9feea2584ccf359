#include "tools/debug.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"
#include "trace/digest.h"
#include "trace/hash.h"

void aatgs_debug_complain(aatgs_debugger *d, const char *format, ...)
{
  char text[700];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fflush(stdout);
  if (d->interactive)
    fprintf(stderr, "%s\n", text);
  else
    aatgs_cli_fail("debug", 0, "%s", text);
  d->failed = true;
}

/* ---- Where it is -------------------------------------------------------------------------------
 */

uint64_t aatgs_debug_iteration(const aatgs_debugger *d)
{
  uint64_t iteration;
  uint32_t task;
  if (aatgs_walk_inside(d->walk, &iteration, &task))
    return iteration;
  return aatgs_walk_at(d->walk) < aatgs_walk_first(d->walk) ? 0 : aatgs_walk_at(d->walk);
}

bool aatgs_debug_recorded(aatgs_debugger *d, uint64_t iteration, aatgs_iteration *it)
{
  int rc = aatgs_trace_seek(d->trace, iteration);
  if (!rc)
    rc = aatgs_trace_next(d->trace, it);
  if (rc == 1 && it->iteration == iteration)
    return true;
  if (rc < 0)
    aatgs_debug_complain(d, "%s", aatgs_trace_error(d->trace)->text);
  else
    aatgs_debug_complain(
        d, "there is no iteration %" PRIu64 "; the trace holds %" PRIu64 " to %" PRIu64, iteration,
        aatgs_walk_first(d->walk), aatgs_walk_last(d->walk));
  return false;
}

static uint32_t rank_of(const aatgs_trace_plan *plan, uint32_t task)
{
  for (uint32_t rank = 0; rank < plan->task_count; rank++)
    if (plan->task_at[rank] == task)
      return rank;
  return 0;
}

static void say_inside(aatgs_debugger *d, uint64_t iteration, uint32_t task)
{
  aatgs_iteration it;
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  if (aatgs_debug_recorded(d, iteration, &it) && !aatgs_trace_get_graph(d->trace, it.graph, &g) &&
      !aatgs_trace_get_plan(d->trace, it.plan, &p) && task < g->task_count)
    printf("iteration %" PRIu64 ", before task %s (%u of %u)\n", iteration, g->tasks[task].name,
           rank_of(p, task) + 1, g->task_count);
}

void aatgs_debug_where(aatgs_debugger *d)
{
  const aatgs_iteration *found = aatgs_walk_found(d->walk);
  const aatgs_replay_report *r = aatgs_walk_report(d->walk);
  const uint8_t *state;
  size_t bytes;
  uint64_t iteration;
  uint32_t task;
  if (aatgs_walk_inside(d->walk, &iteration, &task)) {
    say_inside(d, iteration, task);
    return;
  }
  if (aatgs_walk_state(d->walk, &state, &bytes)) {
    aatgs_debug_complain(d, "%s", aatgs_walk_error(d->walk)->text);
    return;
  }
  found = aatgs_walk_found(d->walk);
  const uint64_t hash = aatgs_hash64(state, bytes, 0);
  if (!found) {
    printf("before iteration %" PRIu64 ", state %016" PRIx64 "\n", aatgs_walk_at(d->walk) + 1,
           hash);
    return;
  }
  printf("iteration %" PRIu64 ", digest %016" PRIx64 ", state %016" PRIx64 "\n", found->iteration,
         aatgs_digest_iteration(0, found, d->info->telemetry_bytes), hash);
  if (r->diverged)
    printf("differs from the record since iteration %" PRIu64
           "%s%s: %s is %s where %s was recorded\n",
           r->iteration, r->has_task ? ", task " : "", r->task, r->field, r->found, r->expected);
}

/* ---- Moving
 * -------------------------------------------------------------------------------------- */

static void go(aatgs_debugger *d, uint64_t iteration)
{
  if (aatgs_walk_goto(d->walk, iteration))
    aatgs_debug_complain(d, "%s", aatgs_walk_error(d->walk)->text);
  else
    aatgs_debug_where(d);
}

/* A count or an iteration; `missing` when there is none. */
static bool number(aatgs_debugger *d, const char *text, uint64_t missing, uint64_t *out)
{
  *out = missing;
  if (!*text || aatgs_cli_number(text, out))
    return true;
  if (!strcmp(text, "end")) {
    *out = aatgs_walk_last(d->walk);
    return true;
  }
  if (!strcmp(text, "start")) {
    *out = aatgs_walk_first(d->walk) - 1;
    return true;
  }
  aatgs_debug_complain(d, "'%s' is no number", text);
  return false;
}

static void cmd_goto(aatgs_debugger *d, char *rest)
{
  uint64_t n;
  if (!*rest)
    aatgs_debug_complain(d, "goto where? A number, start or end");
  else if (number(d, rest, 0, &n))
    go(d, n);
}

static void cmd_step(aatgs_debugger *d, char *rest)
{
  uint64_t n, room = aatgs_walk_last(d->walk) - aatgs_walk_at(d->walk);
  if (!number(d, rest, 1, &n))
    return;
  if (!room)
    printf("the trace ends here\n");
  else
    go(d, aatgs_walk_at(d->walk) + (n < room ? n : room));
}

static void cmd_reverse_step(aatgs_debugger *d, char *rest)
{
  uint64_t n, iteration, at = aatgs_walk_at(d->walk), start = aatgs_walk_first(d->walk) - 1;
  uint32_t task;
  if (!number(d, rest, 1, &n))
    return;
  if (aatgs_walk_inside(d->walk, &iteration, &task) && n)
    n--; /* the iteration under way has not run yet */
  else if (at == start && n) {
    printf("the trace begins here\n");
    return;
  }
  go(d, n < at - start ? at - n : start);
}

/* The task's number in the graph of the iteration, and its rank. */
static bool find_task(aatgs_debugger *d, const aatgs_iteration *it, const char *name,
                      uint32_t *task, uint32_t *rank)
{
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  if (aatgs_trace_get_graph(d->trace, it->graph, &g) ||
      aatgs_trace_get_plan(d->trace, it->plan, &p))
    return false;
  for (*task = 0; *task < g->task_count; ++*task)
    if (!strcmp(g->tasks[*task].name, name)) {
      *rank = rank_of(p, *task);
      return true;
    }
  return false;
}

static void cmd_next(aatgs_debugger *d, char *rest)
{
  uint64_t iteration;
  uint32_t inside_task, task = 0, rank, after = 0;
  aatgs_iteration it;
  const aatgs_trace_plan *p;
  bool inside = aatgs_walk_inside(d->walk, &iteration, &inside_task);
  if (!*rest) {
    aatgs_debug_complain(d, "next which task? 'print plan' shows them");
    return;
  }
  if (!inside)
    iteration = aatgs_walk_at(d->walk) + 1;
  if (inside && aatgs_debug_recorded(d, iteration, &it) &&
      !aatgs_trace_get_plan(d->trace, it.plan, &p))
    after = rank_of(p, inside_task) + 1;
  if (aatgs_trace_seek(d->trace, iteration))
    return;
  while (aatgs_trace_next(d->trace, &it) == 1) {
    if (find_task(d, &it, rest, &task, &rank) && (it.iteration > iteration || rank >= after)) {
      if (aatgs_walk_enter(d->walk, it.iteration, task))
        aatgs_debug_complain(d, "%s", aatgs_walk_error(d->walk)->text);
      else
        aatgs_debug_where(d);
      return;
    }
  }
  aatgs_debug_complain(d, "no task '%s' runs from here on; 'print plan' shows the tasks", rest);
}

/* ---- The table
 * ------------------------------------------------------------------------------------- */

static void cmd_continue(aatgs_debugger *d, char *rest)
{
  (void)rest;
  aatgs_debug_continue(d);
}

static void cmd_reverse_continue(aatgs_debugger *d, char *rest)
{
  (void)rest;
  aatgs_debug_reverse_continue(d);
}

static void cmd_break(aatgs_debugger *d, char *rest)
{
  aatgs_debug_break(d, rest);
}

static void cmd_watch(aatgs_debugger *d, char *rest)
{
  aatgs_debug_watch(d, rest);
}

static void cmd_delete(aatgs_debugger *d, char *rest)
{
  aatgs_debug_delete(d, rest);
}

static void cmd_print(aatgs_debugger *d, char *rest)
{
  aatgs_debug_print(d, rest);
}

static void cmd_diff(aatgs_debugger *d, char *rest)
{
  uint64_t a, b;
  char *space = strchr(rest, ' ');
  if (!space) {
    aatgs_debug_complain(d, "diff takes two iterations");
    return;
  }
  *space++ = '\0';
  while (*space == ' ')
    space++;
  if (number(d, rest, 0, &a) && number(d, space, 0, &b))
    aatgs_debug_diff(d, a, b);
}

static void cmd_list(aatgs_debugger *d, char *rest)
{
  uint64_t n;
  if (number(d, rest, aatgs_debug_iteration(d), &n))
    aatgs_debug_list(d, n);
}

static void cmd_attach(aatgs_debugger *d, char *rest)
{
  (void)rest;
  aatgs_debug_attach(d);
}

static void cmd_quit(aatgs_debugger *d, char *rest)
{
  (void)rest;
  d->quit = true;
}

static void cmd_help(aatgs_debugger *d, char *rest);

static const struct command {
  const char *name;
  const char *letters; /* short form */
  const char *argument;
  void (*run)(aatgs_debugger *d, char *rest);
  const char *help;
} commands[] = {
    {"goto", "g", "N", cmd_goto, "go to where iteration N has just run; also start, end"},
    {"step", "s", "[N]", cmd_step, "run the next iteration, or N"},
    {"reverse-step", "rs", "[N]", cmd_reverse_step, "go back one iteration, or N"},
    {"next", "n", "TASK", cmd_next, "stop inside an iteration, before TASK runs next (cpu device)"},
    {"continue", "c", "", cmd_continue, "run to the next breakpoint or change of a watched field"},
    {"reverse-continue", "rc", "", cmd_reverse_continue, "the same backwards"},
    {"break", "b", "[EXPR]", cmd_break,
     "stop where EXPR holds, such as 'conflicts == 0 && status == 0'; list them"},
    {"watch", "w", "[FIELD]", cmd_watch, "stop where FIELD changes; list them"},
    {"delete", "d", "[N]", cmd_delete, "delete a breakpoint or watch, or all"},
    {"print", "p", "WHAT", cmd_print,
     "config, telemetry, region NAME [A-B], plan, ready or digests"},
    {"diff", "", "N M", cmd_diff, "what differs between where N and where M has just run"},
    {"list", "l", "[N]", cmd_list, "the iterations around, as they were recorded"},
    {"attach", "", "", cmd_attach, "before a task: wait for gdb to attach to this process"},
    {"help", "h", "[COMMAND]", cmd_help, "this"},
    {"quit", "q", "", cmd_quit, "end"},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static void cmd_help(aatgs_debugger *d, char *rest)
{
  (void)d;
  for (size_t i = 0; i < COMMANDS; i++) {
    char left[64];
    if (*rest && strncmp(commands[i].name, rest, strlen(rest)) != 0)
      continue;
    snprintf(left, sizeof left, "%s%s%s%s %s", commands[i].name, commands[i].letters[0] ? ", " : "",
             commands[i].letters, "", commands[i].argument);
    printf("  %-26s %s\n", left, commands[i].help);
  }
}

const char *aatgs_debug_command_named(const char *prefix, size_t length, size_t index)
{
  for (size_t i = 0; i < COMMANDS; i++)
    if (strncmp(commands[i].name, prefix, length) == 0 && index-- == 0)
      return commands[i].name;
  return NULL;
}

/* By its name, its letters or what only it begins with; NULL with a complaint. */
static const struct command *find_command(aatgs_debugger *d, const char *name)
{
  const struct command *found = NULL;
  const char *names[COMMANDS + 1] = {NULL};
  size_t count = 0;
  for (size_t i = 0; i < COMMANDS; i++) {
    names[i] = commands[i].name;
    if (!strcmp(commands[i].name, name) || !strcmp(commands[i].letters, name))
      return &commands[i];
    if (strncmp(commands[i].name, name, strlen(name)) == 0) {
      found = &commands[i];
      count++;
    }
  }
  if (count == 1)
    return found;
  const char *near = aatgs_cli_nearest(name, names);
  if (count)
    aatgs_debug_complain(d, "'%s' could be several commands; 'help' lists them", name);
  else if (near)
    aatgs_debug_complain(d, "there is no command '%s'; did you mean '%s'?", name, near);
  else
    aatgs_debug_complain(d, "there is no command '%s'; 'help' lists them", name);
  return NULL;
}

void aatgs_debug_obey(aatgs_debugger *d, char *line)
{
  char *end = line + strlen(line);
  while (*line == ' ' || *line == '\t')
    line++;
  while (end > line && strchr(" \t\r\n", end[-1]))
    *--end = '\0';
  if (!*line || *line == '#')
    return;
  char *rest = line + strcspn(line, " \t");
  if (*rest)
    *rest++ = '\0';
  rest += strspn(rest, " \t");
  const struct command *c = find_command(d, line);
  if (c)
    c->run(d, rest);
}
