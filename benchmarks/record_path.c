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

/* Makes an iteration every microsecond and hands it to `r`, if there is one. Returns the ticks that
 * all of this took beside waiting for the next microsecond. */
static uint64_t produce(const bench *b, const stream_shape *shape, aatgs_recorder *r,
                        const tsc_scale *scale, bench_samples *handing)
{
  const uint64_t period = (uint64_t)(PERIOD_NS / scale->ns);
  stream s;
  aatgs_iteration it;
  uint64_t busy = 0, slot = tsc_now();
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
    if (!rc) /* dropping one is cheap */
      bench_sample(handing, handed - made);
    busy += handed - start;
  }
  return busy;
}

void path_measure_submit(const bench *b, const char *dir, const stream_shape *shape,
                         const tsc_scale *scale, json_t *row)
{
  bench_samples on, off;
  bench_samples_open(b, &on, b->rounds);
  bench_samples_open(b, &off, b->rounds);
  aatgs_recorder *r = open_recorder(b, dir, AATGS_ON_FULL_DROP);
  const uint64_t without = produce(b, shape, NULL, scale, &off);
  const uint64_t with = produce(b, shape, r, scale, &on);
  const uint64_t dropped = aatgs_recorder_lost(r);
  close_recorder(b, r);
  tsc_latency(row, "submit", &on, scale);
  bench_real(row, "submit_mean_ns",
             ((double)with - (double)without) * scale->ns / (double)b->rounds);
  bench_count(row, "dropped", dropped);
  bench_samples_close(&on);
  bench_samples_close(&off);
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
