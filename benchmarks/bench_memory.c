/* How much memory does an opened runtime take, and how long does opening take? */
#include "bench.h"

#include "host/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct kind {
  const char *name;
  uint32_t tasks_max;
  uint32_t command_slots;
  uint32_t telemetry_slots;
  bool record;
} kind;

static const kind kinds[] = {
    {"defaults", 0, 0, 0, false},
    {"defaults, recorded to /tmp", 0, 0, 0, true},
    {"large graphs: 64 command and 256 telemetry slots", 0, 64, 256, false},
    {"10,000 tasks", 10000, 0, 0, false},
    {"10,000 tasks, 64 command and 256 telemetry slots", 10000, 64, 256, false},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static uint64_t resident_bytes(void)
{
  unsigned long long total = 0, resident = 0;
  FILE *f = fopen("/proc/self/statm", "re");
  if (!f)
    return 0;
  if (fscanf(f, "%llu %llu", &total, &resident) != 2)
    resident = 0;
  fclose(f);
  return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

typedef struct measure {
  aatgs_runtime_info info;
  uint64_t resident;
  bench_samples open;
  bench_samples close;
} measure;

static void run(const bench *b, const kind *k, measure *m)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  bench_folder folder;
  aatgs_runtime *rt;
  aatgs_error error;
  o.workload = "empty";
  o.device = b->device;
  o.tasks = "one";
  o.tasks_max = k->tasks_max ? k->tasks_max : o.tasks_max;
  o.command_slots = k->command_slots ? k->command_slots : o.command_slots;
  o.telemetry_slots = k->telemetry_slots ? k->telemetry_slots : o.telemetry_slots;
  if (k->record && !bench_folder_make("/tmp", &folder))
    bench_fail(b, "/tmp takes no trace");
  o.record = k->record ? folder.trace : NULL;
  const uint64_t before = resident_bytes(), start = aatgs_now_ns();
  if (aatgs_open(&o, &rt, &error))
    bench_fail(b, "%s", error.text);
  const uint64_t opened = aatgs_now_ns(), after = resident_bytes();
  aatgs_get_runtime_info(rt, &m->info);
  const uint64_t closing = aatgs_now_ns();
  if (aatgs_close(rt))
    bench_fail(b, "the runtime did not close");
  const uint64_t closed = aatgs_now_ns();
  if (after > before && after - before > m->resident)
    m->resident = after - before; /* what is freed may stay resident: the first time counts */
  bench_sample(&m->open, opened - start);
  bench_sample(&m->close, closed - closing);
  if (k->record)
    bench_folder_remove(&folder);
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "memory",
      "The bytes an opened runtime says it has allocated (host_bytes: all of them; bus_bytes and\n"
      "device_bytes are part of it), what became resident, and how long opening and closing take.",
      10, "times that each is opened and closed"};
  bench b;
  measure measures[KINDS];
  memset(measures, 0, sizeof measures);
  bench_start(&program, argc, argv, &b);
  for (size_t k = 0; k < KINDS; k++) {
    bench_samples_open(&b, &measures[k].open, b.rounds);
    bench_samples_open(&b, &measures[k].close, b.rounds);
  }
  for (uint32_t round = 0; round < b.rounds; round++)
    for (size_t k = 0; k < KINDS; k++)
      run(&b, &kinds[k], &measures[k]);
  for (size_t k = 0; k < KINDS; k++) {
    json_t *row = bench_row(&b, kinds[k].name, false);
    bench_count(row, "host_bytes", measures[k].info.host_bytes);
    bench_count(row, "bus_bytes", measures[k].info.bus_bytes);
    bench_count(row, "device_bytes", measures[k].info.device_bytes);
    bench_count(row, "resident_bytes", measures[k].resident);
    bench_count(row, "open_p50_ns", bench_percentile(&measures[k].open, 500));
    bench_count(row, "close_p50_ns", bench_percentile(&measures[k].close, 500));
    bench_samples_close(&measures[k].open);
    bench_samples_close(&measures[k].close);
  }
  return bench_finish(&b);
}
