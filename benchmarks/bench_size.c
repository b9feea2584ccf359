/* How many bytes does the recording of a real run take, where do they go, and what would the same
 * records take if they were kept in other ways? */
#include "bench.h"
#include "rivals.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "device/workload.h"

#define GRAPH       "data/dimacs/DSJC125.5.col"
#define EVERY       100u /* iterations between two changes of the config */
#define IN_FLIGHT   4u
#define WAIT_NS     UINT64_C(60000000000)
#define FIELD       "tunneling_prob_base"
#define FIELD_STEPS 100u

static void change_config(const bench *b, const struct aatgs_workload *w, void *config,
                          uint32_t change)
{
  char value[32];
  aatgs_error e;
  snprintf(value, sizeof value, "0.%04u", 200 + change * 37 % FIELD_STEPS);
  if (aatgs_set_config_field(w, config, FIELD, value, &e))
    bench_fail(b, "%s", e.text);
}

static void record(const bench *b, const char *graph, const char *dir)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  const aatgs_input_file input = {"graph", graph};
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4], telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  aatgs_runtime *rt;
  aatgs_error e;
  o.device = b->device;
  o.inputs = &input;
  o.input_count = 1;
  o.tasks = "full";
  o.record = dir;
  if (aatgs_open(&o, &rt, &e))
    bench_fail(b, "%s", e.text);
  const struct aatgs_workload *w = aatgs_runtime_workload(rt);
  aatgs_default_config(w, config);
  for (uint32_t i = 0, out = 0; out < b->rounds;) {
    int rc = 0;
    for (; i < b->rounds && i - out < IN_FLIGHT && !rc; i += rc == 0) {
      if (i % EVERY == 0)
        change_config(b, w, config, i / EVERY);
      rc = aatgs_submit(rt, config, NULL);
    }
    if ((rc && rc != AATGS_EAGAIN) || aatgs_wait(rt, telemetry, NULL, WAIT_NS) != 1)
      bench_fail(b, "%s", aatgs_last_error(rt)->text);
    out++;
  }
  if (aatgs_close(rt))
    bench_fail(b, "%s", "the trace could not be closed");
}

static void add_row(bench *b, const char *name, const char *path, bool rival, uint64_t timings)
{
  const double bytes = (double)rival_bytes(path) / b->rounds;
  json_t *row = bench_row(b, name, rival);
  bench_real(row, "bytes_per_iteration", bytes);
  bench_real(row, "bytes_beside_8_a_timing", bytes - 8.0 * (double)timings / b->rounds);
}

static uint64_t count_timings(const bench *b, const char *dir)
{
  aatgs_trace_state state;
  aatgs_trace *t;
  aatgs_error e;
  if (aatgs_trace_open(dir, &t, &e))
    bench_fail(b, "%s", e.text);
  aatgs_trace_get_state(t, &state);
  aatgs_trace_close(t);
  if (state.iterations != b->rounds || state.lost)
    bench_fail(b, "%s", "the trace has lost iterations");
  return state.timings;
}

/* The same records once more. */
static void copy(const bench *b, const char *dir, const rival_kind *kind, const char *path)
{
  aatgs_trace *t;
  aatgs_error e;
  aatgs_iteration it;
  if (aatgs_trace_open(dir, &t, &e))
    bench_fail(b, "%s", e.text);
  void *rival = kind->open(b, path);
  for (uint32_t i = 1; aatgs_trace_next(t, &it) == 1; i++) {
    kind->write(rival, &it);
    if (i % RIVAL_COMMIT == 0)
      kind->commit(rival);
  }
  kind->close(rival);
  aatgs_trace_close(t);
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "size",
      "Bytes on the disk of a recorded run of prism's `full` on DSJC125.5 (in\n"
      "$AATGS_SHARED/" GRAPH "; default: ../shared), the config changing in\n"
      "one field every 100 iterations, snapshots and inputs included; and of the same\n"
      "iterations kept in other ways. What each column takes: aatgs info DIR --columns, which is\n"
      "printed on stderr for the trace.",
      1000000, "iterations of the run"};
  bench b;
  bench_folder folder;
  char graph[1024], command[512];
  bench_start(&program, argc, argv, &b);
  rival_say_missing(&b);
  const char *shared = getenv("AATGS_SHARED");
  snprintf(graph, sizeof graph, "%.900s/" GRAPH, shared ? shared : "../shared");
  if (access(graph, R_OK))
    bench_fail(&b, "%s is not there; AATGS_SHARED names the folder of the shared data", graph);
  if (!bench_folder_make("/tmp", &folder))
    bench_fail(&b, "%s", "no room in /tmp");
  record(&b, graph, folder.trace);
  const uint64_t timings = count_timings(&b, folder.trace);
  add_row(&b, "trace", folder.trace, false, timings);
  snprintf(command, sizeof command, AATGS_COMMAND " info %s --columns >&2", folder.trace);
  if (system(command))
    bench_fail(&b, "%s", "aatgs info does not read the trace");
  for (size_t i = 0; i < rival_count; i++) {
    bench_folder place;
    if (!bench_folder_make("/tmp", &place))
      bench_fail(&b, "%s", "no room in /tmp");
    copy(&b, folder.trace, rivals[i].kind, place.trace);
    add_row(&b, rivals[i].name, place.path, true, timings);
    bench_folder_remove(&place);
  }
  bench_folder_remove(&folder);
  return bench_finish(&b);
}
