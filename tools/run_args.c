#include <stdlib.h>
#include <string.h>

#include "tools/run.h"

static const char *const idles[] = {"latency", "balanced", "power", NULL};
static const char *const rings[] = {"host", "device", NULL}; /* as aatgs_ring */
static const char *const digests[] = {"writes", "full", "off", NULL};
static const char *const fulls[] = {"wait", "drop", NULL};
static const char *const failures[] = {"skip", "stop", NULL}; /* as aatgs_on_failure */

#define BASE_OPTIONS 40 /* room for them */

/* Fills in the options that every workload has; `inputs_at` is where its inputs belong. */
static size_t base_options(aatgs_run_args *a, aatgs_cli_option *to, bool after_inputs)
{
  const aatgs_cli_option before[] = {
      {.kind = AATGS_CLI_HEADING, .name = "", .help = "What to run"},
      {"workload", AATGS_CLI_TEXT, &a->workload, "NAME|PATH",
       "workload, by name or as a shared object (default: prism)", NULL, 0, 0, 'w'},
      {"tasks", AATGS_CLI_TEXT, &a->tasks, "NAME|FILE",
       "task graph: one that the workload names, or a file with one task a line, `name type "
       "[parts=N] [arg=N] [after=a,b] [once] [retries=N] [on-failure=skip|stop]` (default: the "
       "workload's first that fits)",
       NULL, 0, 0, 't'},
      {"config", AATGS_CLI_LIST, &a->config, "KEY=VALUE",
       "set a field of the config; may be repeated (--list shows the fields)", NULL, 0, 0, 'c'},
      {"seed", AATGS_CLI_U64, &a->seed, "S", "seed of all random numbers (default: 0)", NULL, 0, 0,
       's'},
      {"list", AATGS_CLI_FLAG, &a->list, NULL,
       "list the workload's inputs, graphs, tasks and fields, and run nothing", NULL, 0, 0, 0},
  };
  const aatgs_cli_option after[] = {
      {.kind = AATGS_CLI_HEADING, .name = "", .help = "Where"},
      {"device", AATGS_CLI_DEVICE, &a->device, "D",
       "auto, cpu, cuda or cuda:N, the GPU with that number (default: auto, cuda where it works)",
       NULL, 0, 0, 'd'},
      {"workers", AATGS_CLI_U32, &a->workers, "N",
       "workers (default: cores less one on cpu, all multiprocessors on cuda)", NULL, 1,
       AATGS_WORKERS_LIMIT, 0},
      {"threads", AATGS_CLI_U32, &a->threads, "N",
       "cuda: threads of a worker, in steps of 32 (default: 256)", NULL, 32, 384, 0},
      {"policy", AATGS_CLI_TEXT, &a->policy, "P",
       "scheduler policy: adaptive, critical-path, original or fifo (default: adaptive)", NULL, 0,
       0, 0},
      {"ring", AATGS_CLI_CHOICE, &a->ring, "WHERE",
       "cuda: where the command ring lies: host memory, which the kernel polls over PCIe, or "
       "device "
       "memory, into which the host writes (default: host; aatgs doctor measures both)",
       rings, 0, 0, 0},
      {"idle", AATGS_CLI_CHOICE, &a->idle, "POLICY",
       "what waiting workers do: latency (spin), balanced or power (default: latency)", idles, 0, 0,
       0},
      {"shuffle", AATGS_CLI_FLAG, &a->shuffle, NULL,
       "cpu: take parts and ready tasks in random order; the results must not change", NULL, 0, 0,
       0},
      {.kind = AATGS_CLI_HEADING, .name = "", .help = "How long (default: 1,000 iterations)"},
      {"iterations", AATGS_CLI_U64, &a->iterations, "N", "end after N iterations", NULL, 1, 0, 'n'},
      {"seconds", AATGS_CLI_SECONDS, &a->duration_ns, "S", "end after S seconds", NULL, 0, 0, 0},
      {"until", AATGS_CLI_TEXT, &a->until, "EXPR",
       "end at the first iteration that matches, such as 'conflicts == 0 && colors_used < 12'; "
       "runs with one iteration in flight",
       NULL, 0, 0, 'u'},
      {"in-flight", AATGS_CLI_U32, &a->in_flight, "N",
       "iterations in flight at most (default: 16; 1 measures the bare round trip)", NULL, 1, 16,
       0},
      {.kind = AATGS_CLI_HEADING, .name = "", .help = "When something fails or takes too long"},
      {"retries", AATGS_CLI_U32, &a->retries, "N",
       "run a part that fails again, up to N times; for tasks whose file says nothing (default: 0)",
       NULL, 0, AATGS_RETRIES_MAX, 0},
      {"on-failure", AATGS_CLI_CHOICE, &a->on_failure, "WHAT",
       "after that: skip what depends on the task, or stop the run; likewise (default: skip)",
       failures, 0, 0, 0},
      {"deadline", AATGS_CLI_SECONDS, &a->deadline_ns, "S",
       "count iterations that take longer than S seconds, such as 0.001, and mark them in the "
       "trace",
       NULL, 0, 0, 0},
      {.kind = AATGS_CLI_HEADING, .name = "", .help = "Results"},
      {"record", AATGS_CLI_TEXT, &a->record, "DIR",
       "record every iteration in a new folder, for aatgs replay and aatgs info", NULL, 0, 0, 'r'},
      {"on-full", AATGS_CLI_CHOICE, &a->on_full, "WHAT",
       "when the recorder cannot keep up: wait, or drop and count (default: wait)", fulls, 0, 0, 0},
      {"self-check", AATGS_CLI_FLAG, &a->self_check, NULL,
       "replay the run beside itself while it goes, on the cpu device with another number of "
       "workers, shuffled, and end at the first difference",
       NULL, 0, 0, 0},
      {"flight-recorder", AATGS_CLI_TEXT, &a->flight, "SIZE|TIME",
       "keep only about the last 64MiB, or the last 30s, of the recording; when a trigger fires it "
       "goes on for half of that and is then saved as DIR-saved-1, -2, ...; failed iterations, a "
       "lost device and SIGUSR1 are triggers, too",
       NULL, 0, 0, 0},
      {"trigger", AATGS_CLI_TEXT, &a->trigger, "EXPR",
       "save the window around each iteration at which EXPR begins to match", NULL, 0, 0, 0},
      {"saves", AATGS_CLI_U32, &a->saves, "N", "save at most N windows (default: 16)", NULL, 1,
       1000000, 0},
      {"digest", AATGS_CLI_CHOICE, &a->digest, "WHAT",
       "what a replay can tell apart: what tasks write, full (all primary regions too, as each "
       "task "
       "ends) or off (default: writes)",
       digests, 0, 0, 0},
      {"snapshots", AATGS_CLI_TEXT, &a->snapshots, "EVERY",
       "snapshots of the state in the trace, for replay to start from: every 10000 (iterations), "
       "0.5s or 16MiB (of the trace); auto: often enough to be anywhere within a second, for at "
       "most 3 % of the time and 15 % of the trace; first: none after the start (default: auto)",
       NULL, 0, 0, 0},
      {"solution", AATGS_CLI_TEXT, &a->solution, "FILE", "write the workload's result to FILE",
       NULL, 0, 0, 'o'},
      {"format", AATGS_CLI_FORMAT, &a->format, "F", "table, json or csv (default: table)", NULL, 0,
       0, 0},
  };
  _Static_assert(sizeof before + sizeof after <= BASE_OPTIONS * sizeof *to, "room for all");
  if (after_inputs) {
    memcpy(to, after, sizeof after);
    return sizeof after / sizeof *after;
  }
  memcpy(to, before, sizeof before);
  return sizeof before / sizeof *before;
}

int aatgs_run_parse(const struct aatgs_workload *workload, aatgs_run_args *args, int argc,
                    char **argv)
{
  size_t kinds = workload ? workload->input_kind_count : 0;
  size_t shorthands = workload ? workload->shorthand_count : 0;
  aatgs_cli_option *options = calloc(BASE_OPTIONS + kinds + shorthands + 1, sizeof *options);
  aatgs_cli_command command = {
      .verb = "run",
      .synopsis = "[options]",
      .summary = "Runs a workload: posts a config for each iteration, takes its telemetry, and "
                 "says at the end what came of it. Interrupted by SIGINT or SIGTERM it finishes "
                 "what is in flight and ends as usual.",
      .options = options,
      .epilogue = "Exit status: 0 done, 1 error, 2 wrong usage, 3 done but part of the recording "
                  "is lost, 130 or 143 done after SIGINT or SIGTERM.",
  };
  size_t operands;
  int result;
  if (!options)
    return aatgs_cli_fail("run", AATGS_EXIT_ERROR, "%s", aatgs_strerror(AATGS_ENOMEM));
  command.option_count = base_options(args, options, false);
  if (kinds)
    options[command.option_count++] =
        (aatgs_cli_option){.kind = AATGS_CLI_HEADING, .name = "", .help = "Inputs"};
  for (size_t i = 0; i < kinds; i++)
    options[command.option_count++] = (aatgs_cli_option){.name = workload->input_kinds[i].name,
                                                         .kind = AATGS_CLI_TEXT,
                                                         .target = &args->inputs[i],
                                                         .argument = "FILE",
                                                         .help = workload->input_kinds[i].help};
  for (size_t i = 0; i < shorthands; i++)
    options[command.option_count++] =
        (aatgs_cli_option){.name = workload->shorthands[i].name,
                           .kind = AATGS_CLI_TEXT,
                           .target = &args->shorthands[i],
                           .argument = workload->shorthands[i].argument,
                           .help = workload->shorthands[i].help};
  command.option_count += base_options(args, options + command.option_count, true);
  result = aatgs_cli_parse(&command, argc, argv, &operands);
  free(options);
  return result;
}
