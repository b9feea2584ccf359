/* The parts of `aatgs run` among themselves. */
#ifndef AATGS_TOOLS_RUN_H
#define AATGS_TOOLS_RUN_H

#include "device/workload.h"
#include "host/aatgs.h"
#include "tools/cli.h"
#include "tools/run_loop.h"
#include "tools/table.h"

/* The command line as it was given. */
typedef struct aatgs_run_args {
  const char *workload;
  const char *policy;
  const char *tasks;
  const char *until;
  const char *record;
  const char *flight;
  const char *trigger;
  const char *solution;
  const char **inputs;     /* a path or NULL for each input kind of the workload */
  const char **shorthands; /* a value or NULL for each shorthand of the workload */
  aatgs_cli_list config;
  const char *device; /* auto, cpu, cuda or cuda:N */
  int idle;
  int ring;
  uint32_t threads;
  int on_full;
  int on_failure;
  uint32_t retries;
  uint64_t deadline_ns;
  int digest;
  const char *snapshots;
  uint32_t workers;
  uint32_t saves;
  uint32_t in_flight;
  uint64_t iterations;
  uint64_t duration_ns;
  uint64_t seed;
  aatgs_format format;
  bool shuffle;
  bool self_check;
  bool list;
} aatgs_run_args;

/* What a run came to. */
typedef struct aatgs_run_summary {
  const struct aatgs_workload *workload;
  const aatgs_run_args *args;
  const aatgs_graph *graph;
  aatgs_runtime_info info; /* strings owned by the summary */
  char *device;
  char *device_name;
  char *lines; /* of the workload, or NULL */
  bool solution_written;
  bool estimated; /* the policy makes estimates */
  aatgs_estimate iteration;
  aatgs_estimate completion;
  aatgs_run_result result;
  const char *trace;                /* that is there when the program ends, or NULL */
  const aatgs_replay_report *check; /* of --self-check, or NULL */
  uint32_t check_workers;
  int check_rc;
} aatgs_run_summary;

/* Reads the command line; the inputs array is of the caller, one entry for each input kind of
 * the workload. `workload` may be NULL for a help text without inputs. */
int aatgs_run_parse(const struct aatgs_workload *workload, aatgs_run_args *args, int argc,
                    char **argv);
/* Prints what a workload takes and gives. */
int aatgs_run_list(const struct aatgs_workload *workload, aatgs_format format);
/* Prints the end of a run. The trace, when there is one, is closed. */
int aatgs_run_report(const aatgs_run_summary *summary);

/* Reads the flight recorder's options into the runtime's; AATGS_CLI_GO_ON or an exit code. */
int aatgs_run_flight(const aatgs_run_args *args, const struct aatgs_workload *workload,
                     aatgs_options *options);
/* Adds the windows that were saved. */
void aatgs_run_report_saved(aatgs_report *report, const aatgs_run_args *args);

/* The elements of a field as cells; returns how many were written, at most `capacity`. */
size_t aatgs_field_cells(const aatgs_field *field, const void *payload, aatgs_cell *cells,
                         size_t capacity);

#endif
