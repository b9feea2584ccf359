/* What does a round trip through the public interface cost, beside the same payload passed to and
 * fro by nothing but rings, and on a GPU beside what CUDA offers? */
#include "bare.h"
#include "bench.h"
#include "gpu.h"

#include "device/workload.h"
#include "host/clock.h"

#include <stdlib.h>
#include <string.h>

#define TRIPS_CPU  1500u /* measured in a round, of each kind */
#define TRIPS_CUDA 10000u
#define WARM_UP    300u
#define WARM_UP_NS UINT64_C(150000000) /* cuda: until the GPU's clocks are up */
#define KINDS_MAX  16u

typedef struct kind {
  const char *name;
  bool rival;
  bool bare;           /* the floor */
  uint32_t slots;      /* of a bare ping-pong between threads */
  const gpu_trip *gpu; /* a rival on the GPU */
  const char *tasks;   /* of the runtime: a graph of the workload `empty` */
  const char *record;  /* parent folder; NULL: not recorded */
  aatgs_ring ring;
} kind;

static const kind kinds_cpu[] = {
    {.name = "bare ping-pong, one slot", .rival = true, .bare = true, .slots = 1},
    {.name = "bare ping-pong, 16 slots", .rival = true, .bare = true, .slots = 16},
};
static const kind kinds_runtime[] = {
    {.name = "round trip", .tasks = "one"},
    {.name = "round trip, recorded to /tmp", .tasks = "one", .record = "/tmp"},
    {.name = "round trip, recorded to /dev/shm", .tasks = "one", .record = "/dev/shm"},
    {.name = "linear graph of three empty tasks", .tasks = "three"},
};
/* On a GPU into whose memory the host can write. */
static const kind kind_window = {
    .name = "round trip, commands in GPU memory", .tasks = "one", .ring = AATGS_RING_DEVICE};

/* One side of the comparison, opened: trip() makes a round trip. */
typedef struct side {
  const bench *b;
  const kind *kind;
  bare *rings;
  bare_thread *thread;
  void *gpu;
  aatgs_runtime *rt;
  bench_folder folder;
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4];
  uint32_t telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
} side;

static bool on_gpu(const bench *b)
{
  return strcmp(b->device, "cuda") == 0;
}

static bool open_runtime(side *s)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_error error;
  if (s->kind->record && !bench_folder_make(s->kind->record, &s->folder))
    return false;
  o.workload = "empty";
  o.device = s->b->device;
  o.tasks = s->kind->tasks;
  o.workers = on_gpu(s->b) ? 0 : 1;
  o.record = s->kind->record ? s->folder.trace : NULL;
  o.ring = s->kind->ring;
  bench_unpin();
  const int rc = aatgs_open(&o, &s->rt, &error);
  if (rc == AATGS_ENOTSUP && o.ring == AATGS_RING_DEVICE)
    return false;
  if (rc)
    bench_fail(s->b, "%s", error.text);
  bench_pin(bench_host_core());
  bench_pin_workers(1);
  aatgs_default_config(aatgs_runtime_workload(s->rt), s->config);
  return true;
}

static bool open_side(const bench *b, const kind *k, side *s)
{
  *s = (side){.b = b, .kind = k};
  if (k->gpu)
    return (s->gpu = k->gpu->open(b)) != NULL;
  if (k->slots)
    s->rings = bare_thread_open(b, k->slots, &s->thread);
  else
    return open_runtime(s);
  return true;
}

static void close_side(side *s)
{
  if (s->gpu)
    s->kind->gpu->close(s->gpu);
  if (s->rings)
    bare_thread_close(s->thread);
  if (aatgs_close(s->rt))
    bench_fail(s->b, "the runtime did not close");
  if (s->kind->record)
    bench_folder_remove(&s->folder);
}

static int trip_runtime(side *s)
{
  int rc = aatgs_submit(s->rt, s->config, NULL);
  if (rc)
    return rc;
  while (!(rc = aatgs_poll(s->rt, s->telemetry, NULL)))
    __builtin_ia32_pause();
  return rc < 0 ? rc : 0;
}

/* Makes one round trip and returns what it took. */
static uint64_t trip(side *s)
{
  const uint64_t start = aatgs_now_ns();
  if (s->gpu)
    s->kind->gpu->once(s->gpu, s->config, s->telemetry);
  else if (s->rings)
    bare_trip(s->rings, s->config, s->telemetry);
  else if (trip_runtime(s))
    bench_fail(s->b, "%s", aatgs_last_error(s->rt)->text);
  const uint64_t ns = aatgs_now_ns() - start;
  if (s->kind->rival && s->telemetry[0] != s->config[0])
    bench_fail(s->b, "%s: the payload was lost", s->kind->name);
  s->config[0]++;
  return ns;
}

static void run(const bench *b, const kind *k, uint32_t trips, bench_samples *samples)
{
  side s;
  if (!open_side(b, k, &s))
    return; /* the row says 0 samples */
  const uint64_t start = aatgs_now_ns();
  uint32_t warm = 0;
  while (warm++ < WARM_UP || (on_gpu(b) && aatgs_now_ns() - start < WARM_UP_NS))
    trip(&s);
  for (uint32_t i = 0; i < trips; i++)
    bench_sample(samples, trip(&s));
  close_side(&s);
}

static size_t list_kinds(const bench *b, kind *kinds)
{
  size_t count = 0;
  if (on_gpu(b))
    for (size_t i = 0; i < gpu_trip_count && count < KINDS_MAX; i++)
      kinds[count++] = (kind){.name = gpu_trips[i].name,
                              .rival = true,
                              .bare = gpu_trips[i].bare,
                              .gpu = &gpu_trips[i]};
  else
    for (size_t i = 0; i < sizeof kinds_cpu / sizeof *kinds_cpu; i++)
      kinds[count++] = kinds_cpu[i];
  for (size_t i = 0; i < sizeof kinds_runtime / sizeof *kinds_runtime && count < KINDS_MAX; i++)
    kinds[count++] = kinds_runtime[i];
  if (on_gpu(b) && count < KINDS_MAX)
    kinds[count++] = kind_window;
  return count;
}

static void report(bench *b, const kind *kinds, bench_samples *samples, size_t count)
{
  uint64_t floor_ns = 0, rival_ns = 0;
  for (size_t k = 0; k < count; k++) {
    const uint64_t p50 = bench_percentile(&samples[k], 500);
    uint64_t *best = kinds[k].bare ? &floor_ns : &rival_ns;
    if (kinds[k].rival && p50 && (!*best || p50 < *best))
      *best = p50;
  }
  for (size_t k = 0; k < count; k++) {
    json_t *row = bench_row(b, kinds[k].name, kinds[k].rival);
    const double p50 = (double)bench_percentile(&samples[k], 500);
    bench_latency(row, &samples[k]);
    if (floor_ns)
      bench_real(row, "p50_over_bare", p50 / (double)floor_ns);
    if (rival_ns && p50 > 0)
      bench_real(row, "best_rival_over_p50", (double)rival_ns / p50);
  }
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "roundtrip",
      "One config of 256 bytes in, one empty task, 64 bytes of telemetry out, one at a time, by\n"
      "aatgs_submit() and aatgs_poll(); beside the same payload passed to and fro by rings and\n"
      "nothing else (two threads, or on cuda the host and one block), and on cuda beside CUDA\n"
      "graphs, streams and launches. All sides take turns, round by round.",
      40, "rounds of 1,500 trips of each kind (cuda: 10,000)"};
  bench b;
  kind kinds[KINDS_MAX];
  bench_samples samples[KINDS_MAX];
  bench_start(&program, argc, argv, &b);
  const uint32_t trips = on_gpu(&b) ? TRIPS_CUDA : TRIPS_CPU;
  const size_t count = list_kinds(&b, kinds);
  for (size_t k = 0; k < count; k++)
    bench_samples_open(&b, &samples[k], (size_t)b.rounds * trips);
  bench_pin(bench_host_core());
  for (uint32_t round = 0; round < b.rounds; round++)
    for (size_t k = 0; k < count; k++)
      run(&b, &kinds[k], trips, &samples[k]);
  report(&b, kinds, samples, count);
  for (size_t k = 0; k < count; k++)
    bench_samples_close(&samples[k]);
  return bench_finish(&b);
}
