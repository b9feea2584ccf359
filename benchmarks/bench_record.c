/* What does it cost to keep every iteration, in time and on the disk, beside other ways to keep the
 * same? */
#include "bench.h"
#include "record_path.h"
#include "rivals.h"
#include "stream.h"

#include "host/clock.h"
#include "trace/writer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define READINGS 5u /* the median counts */

static uint64_t cpu_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* ---- The trace ------------------------------------------------------------------------- */

static void write_trace(const bench *b, const char *dir, stream *s)
{
  aatgs_trace_writer_options o = {.dir = dir, .info = stream_info(), .zstd_level = 3};
  aatgs_trace_writer *w;
  aatgs_error e;
  aatgs_iteration it;
  if (aatgs_trace_writer_open(&o, &w, &e))
    bench_fail(b, "%s", e.text);
  int rc = aatgs_trace_write_graph(w, stream_graph(s->shape));
  for (uint32_t i = 0; !rc && i < b->rounds; i++) {
    stream_next(s, &it);
    rc = aatgs_trace_write_iteration(w, &it);
  }
  if (aatgs_trace_writer_close(w, 0, 0, &e) || rc)
    bench_fail(b, "%s", e.text);
}

static int add_up(void *user, const uint64_t *iterations, const double *values, size_t count)
{
  (void)iterations;
  for (size_t i = 0; i < count; i++)
    *(double *)user += values[i];
  return 0;
}

/* Opens the trace, adds one column up, reads everything; the seconds of the last two. */
static void read_once(const bench *b, const char *dir, const stream_shape *shape,
                      bench_samples *column_ns, bench_samples *all_ns)
{
  aatgs_trace *t;
  aatgs_error e;
  aatgs_iteration it;
  double sum = 0;
  uint64_t seen = 0;
  if (aatgs_trace_open(dir, &t, &e))
    bench_fail(b, "%s", e.text);
  const aatgs_trace_column column = {AATGS_SOURCE_TELEMETRY, stream_field(), 0};
  uint64_t start = aatgs_now_ns();
  if (aatgs_trace_scan(t, &column, 1, UINT64_MAX, add_up, &sum))
    bench_fail(b, "%s", aatgs_trace_error(t)->text);
  bench_sample(column_ns, aatgs_now_ns() - start);
  start = aatgs_now_ns();
  while (aatgs_trace_next(t, &it) == 1)
    seen += it.timing_count;
  bench_sample(all_ns, aatgs_now_ns() - start);
  if (seen != (uint64_t)b->rounds * shape->records)
    bench_fail(b, "%s", "what was written does not come back");
  aatgs_trace_close(t);
}

static void read_trace(const bench *b, const char *dir, const stream_shape *shape, json_t *row)
{
  bench_samples column_ns, all_ns;
  bench_samples_open(b, &column_ns, READINGS);
  bench_samples_open(b, &all_ns, READINGS);
  for (uint32_t i = 0; i < READINGS; i++)
    read_once(b, dir, shape, &column_ns, &all_ns);
  bench_real(row, "scan_column_s", (double)bench_percentile(&column_ns, 500) / 1e9);
  bench_real(row, "read_everything_s", (double)bench_percentile(&all_ns, 500) / 1e9);
  bench_samples_close(&column_ns);
  bench_samples_close(&all_ns);
}

/* ---- All ------------------------------------------------------------------------------- */

static void add_name(char *name, size_t size, const stream_shape *shape, const char *what)
{
  snprintf(name, size, "%s: %s", shape->name, what);
}

/* One thread that does everything (a rival's kind, or NULL for the trace), what it takes to make
 * the records taken off. */
static void measure_writing(bench *b, const stream_shape *shape, const rival *side,
                            const tsc_scale *scale)
{
  bench_folder folder;
  bench_samples ticks;
  stream s;
  aatgs_iteration it;
  char name[80];
  if (!bench_folder_make("/tmp", &folder))
    bench_fail(b, "%s", "no room in /tmp");
  bench_samples_open(b, &ticks, b->rounds);
  stream_start(&s, shape);
  uint64_t cpu = cpu_ns();
  for (uint32_t i = 0; i < b->rounds; i++)
    stream_next(&s, &it);
  const uint64_t making = cpu_ns() - cpu;
  stream_start(&s, shape);
  cpu = cpu_ns();
  const uint64_t start = aatgs_now_ns();
  if (side->kind)
    rival_write(b, side->kind, folder.trace, &s, &ticks);
  else
    write_trace(b, folder.trace, &s);
  const uint64_t ns = aatgs_now_ns() - start;
  cpu = cpu_ns() - cpu;
  cpu = cpu > making ? cpu - making : 0;
  add_name(name, sizeof name, shape, side->name);
  json_t *row = bench_row(b, name, side->kind != NULL);
  const double bytes = (double)rival_bytes(folder.path) / b->rounds;
  if (side->kind)
    tsc_latency(row, "submit", &ticks, scale);
  bench_samples_close(&ticks);
  bench_real(row, "cpu_ns_per_iteration", (double)cpu / b->rounds);
  bench_real(row, "wall_ns_per_iteration", (double)(ns > making ? ns - making : 0) / b->rounds);
  bench_real(row, "bytes_per_iteration", bytes);
  bench_real(row, "bytes_beside_8_a_timing", bytes - 8.0 * shape->records);
  if (!side->kind)
    read_trace(b, folder.trace, shape, row);
  bench_folder_remove(&folder);
}

static void measure_path(bench *b, const stream_shape *shape, const char *parent,
                         const tsc_scale *scale)
{
  bench_folder folder;
  char name[80];
  if (!bench_folder_make(parent, &folder))
    return;
  add_name(name, sizeof name, shape, "through the journal to ");
  snprintf(name + strlen(name), sizeof name - strlen(name), "%s", parent);
  json_t *row = bench_row(b, name, false);
  path_measure_submit(b, folder.trace, shape, scale, row);
  bench_folder_remove(&folder);
  if (!bench_folder_make(parent, &folder))
    bench_fail(b, "no room in %s", parent);
  path_measure_rate(b, folder.trace, shape, row);
  bench_folder_remove(&folder);
}

static void measure(bench *b, const stream_shape *shape, const tsc_scale *scale)
{
  static const rival trace = {"trace", NULL};
  measure_path(b, shape, "/dev/shm", scale);
  measure_path(b, shape, "/tmp", scale);
  measure_writing(b, shape, &trace, scale);
  for (size_t i = 0; i < rival_count; i++)
    measure_writing(b, shape, &rivals[i], scale);
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "record",
      "Time and bytes to record an iteration: 256 bytes of config of which one field changes\n"
      "every 100 iterations, 64 bytes of telemetry, timing records. The iterations are\n"
      "synthetic, with the tasks and times of `full` (18 records) and `linear` (7) on DSJC125.5.\n"
      "Through the journal: the runtime's own way, what submit_* takes of the submitting thread\n"
      "at a million iterations a second, and how many a second its recorder takes without loss.\n"
      "Beside it one thread that does everything; durable, 4 MiB or 4,096 iterations a commit.",
      200000, "iterations recorded by each"};
  bench b;
  bench_start(&program, argc, argv, &b);
  rival_say_missing(&b);
  const tsc_scale scale = tsc_calibrate(&b);
  measure(&b, &stream_full, &scale);
  measure(&b, &stream_linear, &scale);
  return bench_finish(&b);
}
