#include "record_path.h"

#include "host/clock.h"
#include "host/recorder.h"

#define PERIOD_NS 1000.0

static aatgs_recorder *open_recorder(const bench *b, const char *dir, aatgs_on_full on_full)
{
  const aatgs_options defaults = AATGS_OPTIONS_INIT;
  const aatgs_recorder_options o = {
      .writer = {.dir = dir, .info = stream_info(), .zstd_level = defaults.zstd_level},
      .journal_bytes = AATGS_JOURNAL_BYTES,
      .on_full = on_full,
      .timeout_ns = UINT64_C(60000000000)};
  aatgs_recorder *r;
  aatgs_error e;
  if (aatgs_recorder_open(&o, &r, &e))
    bench_fail(b, "%s", e.text);
  return r;
}

static void close_recorder(const bench *b, aatgs_recorder *r)
{
  aatgs_error e;
  if (aatgs_recorder_close(r, 0, &e))
    bench_fail(b, "%s", e.text);
}

typedef struct path_samples {
  bench_samples handing; /* ticks in the recorder's call, of iterations that were taken */
  bench_samples whole;   /* ticks to make an iteration and hand it on */
} path_samples;

/* Makes an iteration every microsecond and hands it to `r`, if there is one. */
static void produce(const bench *b, const stream_shape *shape, aatgs_recorder *r,
                    const tsc_scale *scale, path_samples *out)
{
  const uint64_t period = (uint64_t)(PERIOD_NS / scale->ns);
  stream s;
  aatgs_iteration it;
  uint64_t slot = tsc_now();
  bench_samples_open(b, &out->handing, b->rounds);
  bench_samples_open(b, &out->whole, b->rounds);
  stream_start(&s, shape);
  for (uint32_t i = 0; i < b->rounds; i++, slot += period) {
    uint64_t start, made, handed;
    int rc = 0;
    while ((start = tsc_now()) < slot)
      __builtin_ia32_pause();
    stream_next(&s, &it);
    made = tsc_now();
    if (r)
      rc = aatgs_recorder_iteration(r, &it);
    handed = tsc_now();
    if (rc)
      continue; /* dropping one is cheap */
    bench_sample(&out->handing, handed - made);
    bench_sample(&out->whole, handed - start);
  }
}

static void close_samples(path_samples *s)
{
  bench_samples_close(&s->handing);
  bench_samples_close(&s->whole);
}

void path_measure_submit(const bench *b, const char *dir, const stream_shape *shape,
                         const tsc_scale *scale, json_t *row)
{
  path_samples on, off;
  aatgs_recorder *r = open_recorder(b, dir, AATGS_ON_FULL_DROP);
  produce(b, shape, NULL, scale, &off);
  produce(b, shape, r, scale, &on);
  const uint64_t dropped = aatgs_recorder_lost(r);
  close_recorder(b, r);
  const double with = (double)bench_percentile(&on.whole, 500);
  const double without = (double)bench_percentile(&off.whole, 500);
  tsc_latency(row, "submit", &on.handing, scale);
  bench_real(row, "submit_and_around_ns", (with - without) * scale->ns);
  bench_count(row, "dropped", dropped);
  close_samples(&on);
  close_samples(&off);
}

void path_measure_rate(const bench *b, const char *dir, const stream_shape *shape, json_t *row)
{
  stream s;
  aatgs_iteration it;
  stream_start(&s, shape);
  aatgs_recorder *r = open_recorder(b, dir, AATGS_ON_FULL_WAIT);
  const uint64_t start = aatgs_now_ns();
  for (uint32_t i = 0; i < b->rounds; i++) {
    stream_next(&s, &it);
    if (aatgs_recorder_iteration(r, &it))
      bench_fail(b, "%s", "the recorder took no more");
  }
  close_recorder(b, r);
  bench_count(row, "lossless_per_second",
              (uint64_t)((double)b->rounds * 1e9 / (double)(aatgs_now_ns() - start)));
}
