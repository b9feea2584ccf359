/* aatgs doctor: what this machine offers and what a round trip costs here. */
#include <jansson.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "device/workload.h"
#include "host/aatgs.h"
#include "tools/cli.h"
#include "tools/latency.h"
#include "tools/machine.h"
#include "tools/table.h"
#include "tools/verbs.h"

#define VERB       "doctor"
#define WARM_UP    1000
#define ROUNDS_MAX 20000
#define ROUNDS_NS  UINT64_C(300000000) /* of round trips, at most */
#define WAIT_NS    UINT64_C(10000000000)

static int parse(aatgs_format *format, int argc, char **argv)
{
  const aatgs_cli_option options[] = {
      {"format", AATGS_CLI_FORMAT, format, "F", "table, json or csv (default: table)", NULL, 0, 0,
       0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "[options]",
      .summary = "Says what this machine offers (processor, timers, limits, GPU, libraries) and "
                 "measures what a round trip costs here: one config in, one empty task, one "
                 "telemetry out, one at a time, through the public interface.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
  };
  size_t operands;
  return aatgs_cli_parse(&command, argc, argv, &operands);
}

static void report_machine(aatgs_report *report, const aatgs_machine *m)
{
  aatgs_report_section(report, "machine", "Machine");
  aatgs_report_fact(report, "cpu", "processor", aatgs_cell_text(m->cpu[0] ? m->cpu : NULL));
  aatgs_report_fact(report, "cores_online", "cores online", aatgs_cell_count(m->cores_online));
  aatgs_report_fact(report, "cores_allowed", "cores allowed", aatgs_cell_count(m->cores_allowed));
  aatgs_report_fact(report, "avx", "AVX",
                    aatgs_cell_text(m->avx ? "yes" : "no, which the cpu device needs"));
  aatgs_report_fact(report, "memory_bytes", "memory", aatgs_cell_bytes(m->memory_bytes));
  aatgs_report_fact(report, "kernel", "kernel", aatgs_cell_text(m->kernel));
  aatgs_report_section(report, "limits", "Timers and limits");
  aatgs_report_fact(report, "clock_source", "clock source",
                    aatgs_cell_text(m->clock_source[0] ? m->clock_source : NULL));
  aatgs_report_fact(report, "clock_read_ns", "reading the clock",
                    aatgs_cell_unit(aatgs_cell_real(m->clock_ns), "ns"));
  aatgs_report_fact(report, "memlock_bytes", "lockable memory",
                    m->memlock_bytes == UINT64_MAX ? aatgs_cell_text("unlimited")
                                                   : aatgs_cell_bytes(m->memlock_bytes));
}

static void report_gpu(aatgs_report *report, const aatgs_machine *m)
{
  static const aatgs_column columns[] = {{"name", "GPU", false},
                                         {"capability", "capability", false},
                                         {"multiprocessors", "multiprocessors", true},
                                         {"memory_bytes", "memory", true}};
  char version[32];
  aatgs_report_section(report, "gpu", "GPU");
  aatgs_report_fact(report, "driver", "driver", aatgs_cell_text(m->driver[0] ? m->driver : "none"));
  if (m->cuda_reason[0]) {
    aatgs_report_fact(report, "usable", "usable", aatgs_cell_text("no"));
    aatgs_report_fact(report, "reason", "because", aatgs_cell_text(m->cuda_reason));
    return;
  }
  snprintf(version, sizeof version, "%d.%d", m->cuda_version / 1000, m->cuda_version % 1000 / 10);
  aatgs_report_fact(report, "usable", "usable", aatgs_cell_text("yes"));
  aatgs_report_fact(report, "cuda_version", "CUDA", aatgs_cell_text(version));
  aatgs_report_table(report, "devices", "GPUs", columns, 4);
  for (uint32_t i = 0; i < m->gpu_count; i++) {
    const aatgs_gpu *gpu = &m->gpus[i];
    snprintf(version, sizeof version, "%d.%d", gpu->major, gpu->minor);
    aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_text(gpu->name), aatgs_cell_text(version),
                                            aatgs_cell_count((uint64_t)gpu->multiprocessors),
                                            aatgs_cell_bytes(gpu->bytes)});
  }
}

static void report_libraries(aatgs_report *report)
{
  int major = 0, minor = 0, patch = 0;
  char lmdb[48];
  mdb_version(&major, &minor, &patch);
  snprintf(lmdb, sizeof lmdb, "%d.%d.%d", major, minor, patch);
  aatgs_report_section(report, "versions", "Versions");
  aatgs_report_fact(report, "aatgs", "aatgs", aatgs_cell_text(aatgs_version()));
  aatgs_report_fact(report, "lmdb", "LMDB", aatgs_cell_text(lmdb));
  aatgs_report_fact(report, "zstd", "zstd", aatgs_cell_text(ZSTD_versionString()));
  aatgs_report_fact(report, "jansson", "jansson", aatgs_cell_text(JANSSON_VERSION));
}

/* ---- The round trip --------------------------------------------------------------- */

/* One round trip; 0 or an error. */
static int once(aatgs_runtime *runtime, const uint8_t *config, uint64_t *ns)
{
  uint8_t telemetry[AATGS_TELEMETRY_BYTES_MAX];
  aatgs_outcome outcome;
  int rc = aatgs_submit(runtime, config, NULL);
  if (rc == AATGS_EAGAIN) { /* the last timings are still on their way */
    rc = aatgs_drain(runtime, WAIT_NS);
    if (!rc)
      rc = aatgs_submit(runtime, config, NULL);
  }
  if (!rc)
    rc = aatgs_wait(runtime, telemetry, &outcome, WAIT_NS);
  if (rc < 0)
    return rc;
  *ns = outcome.seen_ns - outcome.posted_ns;
  return 0;
}

/* One at a time, until there are enough or they took long enough; the first are not counted. */
static int measure(aatgs_runtime *runtime, const uint8_t *config, aatgs_latency *latency)
{
  uint64_t warm = 0, spent = 0, ns = 0;
  int rc = 0;
  for (uint32_t i = 0; !rc && i < WARM_UP && warm < ROUNDS_NS; i++, warm += ns)
    rc = once(runtime, config, &ns);
  for (uint32_t i = 0; !rc && i < ROUNDS_MAX && spent < ROUNDS_NS; i++, spent += ns) {
    rc = once(runtime, config, &ns);
    if (!rc)
      aatgs_latency_add(latency, ns);
  }
  return rc;
}

static int round_trip(const char *device, aatgs_ring ring, aatgs_latency *latency,
                      uint32_t *workers, aatgs_error *error)
{
  aatgs_options options = AATGS_OPTIONS_INIT;
  uint8_t config[AATGS_CONFIG_BYTES_MAX];
  const struct aatgs_workload *workload;
  aatgs_runtime_info info;
  aatgs_runtime *runtime;
  int rc = aatgs_workload_load("empty", &workload, error);
  if (rc)
    return rc;
  options.workload = "empty";
  options.device = device;
  options.tasks = "one";
  options.ring = ring;
  rc = aatgs_open(&options, &runtime, error);
  if (rc)
    return rc;
  aatgs_default_config(workload, config);
  rc = measure(runtime, config, latency);
  if (rc)
    *error = *aatgs_last_error(runtime);
  aatgs_get_runtime_info(runtime, &info);
  *workers = info.workers;
  if (aatgs_close(runtime) && !rc)
    rc = aatgs_error_set(error, AATGS_EDEVICE, 0, "the device did not stop");
  return rc;
}

static void report_round_trip(aatgs_report *report, const char *device, aatgs_ring ring)
{
  aatgs_latency *latency = calloc(1, sizeof *latency);
  aatgs_error error = {0};
  uint32_t workers = 0;
  char key[48], title[96];
  int rc = latency ? round_trip(device, ring, latency, &workers, &error) : AATGS_ENOMEM;
  snprintf(key, sizeof key, "round_trip_%s%s", device, ring == AATGS_RING_DEVICE ? "_window" : "");
  snprintf(title, sizeof title, "Round trip, %s device, one empty task%s", device,
           ring == AATGS_RING_DEVICE ? ", command ring in GPU memory" : "");
  aatgs_report_section(report, key, title);
  if (rc) {
    aatgs_report_fact(report, "skipped", "skipped",
                      aatgs_cell_text(error.code ? error.text : aatgs_strerror(rc)));
  } else {
    aatgs_report_fact(report, "workers", "workers", aatgs_cell_count(workers));
    aatgs_report_fact(report, "round_trips", "measured", aatgs_cell_count(latency->count));
    aatgs_report_fact(report, "p50_ns", "p50", aatgs_cell_ns(aatgs_latency_at(latency, 500)));
    aatgs_report_fact(report, "p99_ns", "p99", aatgs_cell_ns(aatgs_latency_at(latency, 990)));
    aatgs_report_fact(report, "p99_9_ns", "p99.9", aatgs_cell_ns(aatgs_latency_at(latency, 999)));
    aatgs_report_fact(report, "max_ns", "longest", aatgs_cell_ns(latency->max_ns));
  }
  free(latency);
}

int aatgs_verb_doctor(int argc, char **argv)
{
  aatgs_format format = AATGS_TABLE;
  aatgs_machine machine;
  aatgs_report *report;
  int result = parse(&format, argc, argv);
  int rc;
  if (result != AATGS_CLI_GO_ON)
    return result;
  aatgs_machine_look(&machine);
  report = aatgs_report_open();
  report_machine(report, &machine);
  report_gpu(report, &machine);
  report_libraries(report);
  report_round_trip(report, "cpu", AATGS_RING_HOST);
  if (!machine.cuda_reason[0]) {
    report_round_trip(report, "cuda", AATGS_RING_HOST);
    report_round_trip(report, "cuda", AATGS_RING_DEVICE);
  }
  rc = aatgs_report_print(report, format, stdout);
  aatgs_report_close(report);
  return rc ? aatgs_cli_fail_with(VERB, rc, NULL) : aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}
