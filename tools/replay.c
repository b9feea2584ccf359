/* aatgs replay: runs a trace again and compares. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "device/workload.h"
#include "host/aatgs.h"
#include "tools/cli.h"
#include "tools/divergence.h"
#include "tools/progress.h"
#include "tools/table.h"
#include "tools/text.h"
#include "tools/verbs.h"

#define VERB "replay"

typedef struct replay_args {
  const char *trace;
  const char *workload;
  const char *device;
  uint32_t workers;
  uint32_t threads;
  bool shuffle;
  bool keep_going;
  const char *check;
  aatgs_cli_range range;
  aatgs_format format;
} replay_args;

static uint64_t now_ns(void)
{
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

static void on_progress(void *user, uint64_t done, uint64_t total)
{
  aatgs_progress *progress = user;
  char text[128], a[32], b[32];
  if (!aatgs_progress_due(progress, now_ns()))
    return;
  snprintf(text, sizeof text, "%s of %s iterations, %u %%", aatgs_text_count(a, sizeof a, done),
           aatgs_text_count(b, sizeof b, total),
           total ? (unsigned)(100.0 * (double)done / (double)total) : 0u);
  aatgs_progress_show(progress, text);
}

static int parse(replay_args *a, int argc, char **argv)
{
  const aatgs_cli_option options[] = {
      {"range", AATGS_CLI_RANGE, &a->range, "A-B",
       "iterations to compare, such as 1000-5000 or 1000-end (default: all)", NULL, 0, 0, 0},
      {"check", AATGS_CLI_TEXT, &a->check, "WHAT,...",
       "scheduler: plans and decisions, recomputed from what it was told; device: status and "
       "telemetry; state: digests (default: all)",
       NULL, 0, 0, 'c'},
      {"continue", AATGS_CLI_FLAG, &a->keep_going, NULL,
       "go on after a difference and count the iterations that differ; snapshots in the trace put "
       "the state right again",
       NULL, 0, 0, 0},
      {"device", AATGS_CLI_DEVICE, &a->device, "D",
       "auto, cpu, cuda or cuda:N, the GPU with that number (default: auto, cuda where it works)",
       NULL, 0, 0, 'd'},
      {"workers", AATGS_CLI_U32, &a->workers, "N",
       "workers, whatever the recording had (default: cores less one on cpu)", NULL, 1,
       AATGS_WORKERS_LIMIT, 0},
      {"threads", AATGS_CLI_U32, &a->threads, "N",
       "cuda: threads of a worker, in steps of 32 (default: 256)", NULL, 32, 384, 0},
      {"shuffle", AATGS_CLI_FLAG, &a->shuffle, NULL,
       "cpu: take parts and ready tasks in random order; the results must not change", NULL, 0, 0,
       0},
      {"workload", AATGS_CLI_TEXT, &a->workload, "NAME|PATH",
       "workload to replay with (default: the one that the trace names)", NULL, 0, 0, 'w'},
      {"format", AATGS_CLI_FORMAT, &a->format, "F", "table, json or csv (default: table)", NULL, 0,
       0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR [options]",
      .summary = "Runs the trace in folder DIR again, from its own inputs, and says whether the "
                 "scheduler decided the same and the device computed the same: telemetry and "
                 "digests, iteration by iteration.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
      .epilogue =
          "Exit status: 0 identical, 1 it could not be replayed, 2 wrong usage, 3 identical "
          "but the trace has gaps there, 4 diverged.",
  };
  size_t operands;
  int result = aatgs_cli_parse(&command, argc, argv, &operands);
  a->trace = result == AATGS_CLI_GO_ON ? argv[0] : NULL;
  return result;
}

static const struct {
  const char *name;
  uint32_t bit;
} checks[] = {{"scheduler", AATGS_CHECK_SCHEDULER},
              {"device", AATGS_CHECK_DEVICE},
              {"state", AATGS_CHECK_STATE}};
#define CHECKS (sizeof checks / sizeof *checks)

/* "scheduler,state" to a sum of bits; 0: it is no such list. */
static uint32_t checks_from(const char *text)
{
  uint32_t sum = 0;
  for (;;) {
    const size_t length = strcspn(text, ",");
    size_t i = 0;
    while (i < CHECKS &&
           (strncmp(text, checks[i].name, length) != 0 || checks[i].name[length] != '\0'))
      i++;
    if (i == CHECKS)
      return 0;
    sum |= checks[i].bit;
    text += length;
    if (!*text++)
      return sum;
  }
}

/* The verdict's sentence for stderr. */
static void say_divergence(const aatgs_replay_report *r)
{
  char task[128] = "";
  if (r->has_task)
    snprintf(task, sizeof task, ", task %s, part %" PRIu32, r->task, r->part);
  aatgs_cli_fail(VERB, AATGS_EXIT_DIVERGED,
                 "diverged in %s at iteration %" PRIu64 "%s: %s is %s where %s was recorded",
                 r->what, r->iteration, task, r->field, r->found, r->expected);
}

static void report_checks(aatgs_report *report, const aatgs_replay_report *r)
{
  const uint32_t bad = !r->diverged                    ? 0
                       : !strcmp(r->what, "scheduler") ? AATGS_CHECK_SCHEDULER
                       : !strcmp(r->what, "digest")    ? AATGS_CHECK_STATE
                                                       : AATGS_CHECK_DEVICE;
  aatgs_report_section(report, "checks", NULL);
  for (size_t i = 0; i < CHECKS; i++)
    aatgs_report_fact(report, checks[i].name, checks[i].name,
                      aatgs_cell_text(!(r->checked & checks[i].bit) ? "not checked"
                                      : bad == checks[i].bit        ? "diverged"
                                      : r->diverged                 ? "no difference before that"
                                                                    : "identical"));
  aatgs_report_section(report, NULL, NULL);
}

static int print(const replay_args *a, const aatgs_replay_report *r, uint64_t elapsed_ns)
{
  aatgs_report *report = aatgs_report_open();
  int rc;
  aatgs_report_section(report, NULL, "Replay");
  aatgs_report_fact(report, "trace", "trace", aatgs_cell_text(a->trace));
  aatgs_report_fact(report, "verdict", "verdict",
                    aatgs_cell_text(r->diverged ? "diverged" : "identical"));
  report_checks(report, r);
  aatgs_report_fact(report, "iterations", "compared",
                    aatgs_cell_unit(aatgs_cell_count(r->iterations), "iterations"));
  if (a->keep_going)
    aatgs_report_fact(report, "differing", "differing",
                      aatgs_cell_unit(aatgs_cell_count(r->differing), "iterations"));
  aatgs_report_fact(report, "lost", r->lost ? "not in the trace" : NULL, aatgs_cell_count(r->lost));
  aatgs_report_fact(report, "elapsed_ns", "elapsed", aatgs_cell_ns(elapsed_ns));
  if (!r->diverged && r->checked != AATGS_CHECK_SCHEDULER)
    aatgs_report_fact(report, "digest", "digest", aatgs_cell_hex(r->digest));
  if (r->warning[0])
    aatgs_report_fact(report, "warning", NULL, aatgs_cell_text(r->warning));
  if (r->diverged)
    aatgs_report_divergence(report, a->trace, a->workload, r);
  rc = aatgs_report_print(report, a->format, stdout);
  aatgs_report_close(report);
  return rc;
}

int aatgs_verb_replay(int argc, char **argv)
{
  replay_args args = {.device = "auto"};
  aatgs_replay_options options = AATGS_REPLAY_OPTIONS_INIT;
  aatgs_replay_report report = {0};
  aatgs_progress progress;
  aatgs_error error = {0};
  uint64_t begun;
  int result = parse(&args, argc, argv);
  int rc;
  if (result != AATGS_CLI_GO_ON)
    return result;
  options.check = args.check ? checks_from(args.check) : AATGS_CHECK_ALL;
  if (!options.check)
    return aatgs_cli_fail(
        VERB, AATGS_EXIT_USAGE,
        "--check takes scheduler, device and state, separated by commas, not '%s'", args.check);
  options.keep_going = args.keep_going;
  options.trace = args.trace;
  options.device = args.device;
  options.workload = args.workload;
  options.workers = args.workers;
  options.lanes = args.threads;
  options.shuffle = args.shuffle;
  options.first = args.range.first;
  options.last = args.range.last;
  options.progress = on_progress;
  options.user = &progress;
  aatgs_progress_begin(&progress);
  begun = now_ns();
  rc = aatgs_replay(&options, &report, &error);
  aatgs_progress_end(&progress);
  if (rc && rc != AATGS_EDIVERGED)
    return aatgs_cli_fail_with(VERB, rc, &error);
  if (report.warning[0])
    aatgs_cli_fail(VERB, 0, "warning: %s", report.warning);
  if (report.diverged)
    say_divergence(&report);
  rc = print(&args, &report, now_ns() - begun);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, NULL);
  result = report.diverged ? AATGS_EXIT_DIVERGED : report.lost ? AATGS_EXIT_LOST : AATGS_EXIT_DONE;
  return aatgs_cli_finish(VERB, result);
}
