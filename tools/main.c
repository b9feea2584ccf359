/* aatgs: finds the verb and hands over. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "host/aatgs.h"
#include "tools/cli.h"
#include "tools/verbs.h"

typedef struct verb {
  const char *name;
  const char *help;
  int (*run)(int argc, char **argv);
} verb;

static const verb verbs[] = {
    {"run", "run a workload, record it if asked, say what came of it", aatgs_verb_run},
    {"replay", "run a trace again and say whether everything came out the same", aatgs_verb_replay},
    {"debug", "go anywhere in a recorded run, forwards and back, and look at the state",
     aatgs_verb_debug},
    {"bisect", "find the first iteration at which a property holds", aatgs_verb_bisect},
    {"repro", "make the smallest pack that shows what happens at an iteration", aatgs_verb_repro},
    {"info", "say what a trace holds", aatgs_verb_info},
    {"report", "say what came of a run: latencies, tasks, the slowest iterations and why",
     aatgs_verb_report},
    {"timeline", "draw what each worker ran when", aatgs_verb_timeline},
    {"query", "ask a trace in SQL", aatgs_verb_query},
    {"dump", "write a trace's rows as CSV or JSON", aatgs_verb_dump},
    {"stats", "print a trace's figures for Prometheus", aatgs_verb_stats},
    {"diff", "say in what two runs differ", aatgs_verb_diff},
    {"export", "write a trace as Perfetto or Chrome read it", aatgs_verb_export},
    {"schedule", "schedule a task graph in simulated time: how good is the order?",
     aatgs_verb_schedule},
    {"gen", "make a graph to colour", aatgs_verb_gen},
    {"verify", "say whether a trace is whole", aatgs_verb_verify},
    {"recover", "save what is whole of a damaged trace", aatgs_verb_recover},
    {"trim", "cut a range of iterations out of a trace", aatgs_verb_trim},
    {"pack", "make one file of a trace, to send it elsewhere", aatgs_verb_pack},
    {"unpack", "make a trace of such a file", aatgs_verb_unpack},
    {"ls", "list the traces in a folder", aatgs_verb_ls},
    {"rm", "remove traces, by name or by age and size", aatgs_verb_rm},
    {"doctor", "say what this machine offers and what a round trip costs here", aatgs_verb_doctor},
};
#define VERB_COUNT (sizeof verbs / sizeof *verbs)

static int print_help(void)
{
  printf("Usage: aatgs VERB [arguments]\n\n"
         "Keeps one kernel running, feeds it configs, records what it does, replays it\n"
         "bit for bit.\n\nVerbs\n");
  for (size_t i = 0; i < VERB_COUNT; i++)
    printf("  %-8s  %s\n", verbs[i].name, verbs[i].help);
  printf("\n  aatgs VERB --help   the options of a verb\n"
         "  aatgs --version     the version\n"
         "\nTo begin: aatgs gen queen 8 -o queen8.col\n"
         "          aatgs run --graph queen8.col --record first.trace\n"
         "          aatgs replay first.trace\n");
  return aatgs_cli_finish(NULL, AATGS_EXIT_DONE);
}

static const verb *find_verb(const char *name)
{
  for (size_t i = 0; i < VERB_COUNT; i++)
    if (!strcmp(verbs[i].name, name))
      return &verbs[i];
  return NULL;
}

static int unknown_verb(const char *name)
{
  const char *names[VERB_COUNT + 1] = {NULL};
  const char *nearest;
  for (size_t i = 0; i < VERB_COUNT; i++)
    names[i] = verbs[i].name;
  nearest = aatgs_cli_nearest(name, names);
  if (nearest)
    return aatgs_cli_fail(NULL, AATGS_EXIT_USAGE, "there is no verb '%s'; did you mean '%s'?", name,
                          nearest);
  return aatgs_cli_fail(NULL, AATGS_EXIT_USAGE, "there is no verb '%s' (see 'aatgs --help')", name);
}

/* `aatgs help`, `aatgs help VERB` */
static int help(int argc, char **argv)
{
  char dashes[] = "--help";
  char *inner[] = {NULL, dashes, NULL};
  const verb *v;
  if (argc < 2)
    return print_help();
  if (argc > 2)
    return aatgs_cli_fail("help", AATGS_EXIT_USAGE, "'%s' is one argument too many", argv[2]);
  v = find_verb(argv[1]);
  inner[0] = argv[1];
  return v ? v->run(2, inner) : unknown_verb(argv[1]);
}

int main(int argc, char **argv)
{
  const verb *v;
  /* A reader that goes away (`aatgs ... | head`) is a failed write, not a death. */
  signal(SIGPIPE, SIG_IGN);
  if (argc < 2)
    return aatgs_cli_fail(NULL, AATGS_EXIT_USAGE, "a verb is missing (see 'aatgs --help')");
  if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
    return print_help();
  if (!strcmp(argv[1], "--version")) {
    printf("aatgs %s\n", aatgs_version());
    return aatgs_cli_finish(NULL, AATGS_EXIT_DONE);
  }
  if (!strcmp(argv[1], "help"))
    return help(argc - 1, argv + 1);
  if (argv[1][0] == '-')
    return aatgs_cli_fail(NULL, AATGS_EXIT_USAGE, "there is no option %s (see 'aatgs --help')",
                          argv[1]);
  v = find_verb(argv[1]);
  return v ? v->run(argc - 1, argv + 1) : unknown_verb(argv[1]);
}
