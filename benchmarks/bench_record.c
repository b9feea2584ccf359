/* What does it cost to keep every iteration, in time and on the disk, beside other ways to keep the
 * same? */
#include "bench.h"
#include "rivals.h"
#include "stream.h"

#include "host/clock.h"
#include "trace/writer.h"

#include <string.h>
#include <time.h>

typedef struct side {
  const char *name;
  bool rival;
  const rival_kind *kind; /* NULL: the trace */
} side;

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
  int rc = aatgs_trace_write_graph(w, stream_graph());
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

static void read_trace(const bench *b, const char *dir, json_t *row)
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
  bench_real(row, "scan_column_s", (double)(aatgs_now_ns() - start) / 1e9);
  start = aatgs_now_ns();
  while (aatgs_trace_next(t, &it) == 1)
    seen += it.timing_count;
  bench_real(row, "read_everything_s", (double)(aatgs_now_ns() - start) / 1e9);
  if (seen != (uint64_t)b->rounds * STREAM_RECORDS)
    bench_fail(b, "%s", "what was written does not come back");
  aatgs_trace_close(t);
}

/* ---- All ------------------------------------------------------------------------------- */

static void measure(bench *b, const side *side)
{
  bench_folder folder;
  stream s;
  aatgs_iteration it;
  if (!bench_folder_make("/tmp", &folder))
    bench_fail(b, "%s", "no room in /tmp");
  /* What it costs to make the records is taken off. */
  stream_start(&s);
  uint64_t cpu = cpu_ns();
  for (uint32_t i = 0; i < b->rounds; i++)
    stream_next(&s, &it);
  const uint64_t making = cpu_ns() - cpu;
  stream_start(&s);
  cpu = cpu_ns();
  const uint64_t start = aatgs_now_ns();
  if (side->kind)
    rival_write(b, side->kind, folder.trace, &s);
  else
    write_trace(b, folder.trace, &s);
  const uint64_t ns = aatgs_now_ns() - start;
  cpu = cpu_ns() - cpu;
  cpu = cpu > making ? cpu - making : 0;
  json_t *row = bench_row(b, side->name, side->rival);
  const double bytes = (double)rival_bytes(folder.path) / b->rounds;
  bench_real(row, "cpu_ns_per_iteration", (double)cpu / b->rounds);
  bench_real(row, "wall_ns_per_iteration", (double)(ns > making ? ns - making : 0) / b->rounds);
  bench_real(row, "bytes_per_iteration", bytes);
  bench_real(row, "bytes_beside_8_a_timing", bytes - 8.0 * STREAM_RECORDS);
  if (!side->kind)
    read_trace(b, folder.trace, row);
  bench_folder_remove(&folder);
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "record",
      "Time and bytes to record an iteration: 256 bytes of config of which one field changes\n"
      "every 100 iterations, 64 bytes of telemetry, 16 timing records; durable, 4 MiB or 4,096\n"
      "iterations a commit. The records are synthetic, with the shape of `full` on DSJC125.5.",
      200000, "iterations recorded by each"};
  static const side sides[] = {
      {"trace", false, NULL},
      {"SQLite, WAL, synchronous=FULL", true, &rival_sqlite},
      {"JSON lines through zstd -3, fdatasync", true, &rival_json},
      {"LMDB, one value a record", true, &rival_lmdb},
  };
  bench b;
  bench_start(&program, argc, argv, &b);
  for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
    measure(&b, &sides[i]);
  return bench_finish(&b);
}
