/* What is written comes back: whole, unfinished, with gaps, beside its writer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/cm.h"
#include "trace/field.h"
#include "trace/make.h"
#include "trace/sizes.h"
#include "trace/value.h"

static make_options random_options(uint64_t seed)
{
  uint64_t r = seed;
  make_options o = {
      .seed = seed,
      .iterations = (uint32_t)(make_random(&r) % 5000),
      .config_bytes = (uint32_t)(make_random(&r) % 65) * 4,
      .telemetry_bytes = (uint32_t)(make_random(&r) % 17) * 4,
      .graphs = 1 + (uint32_t)(make_random(&r) % MAKE_GRAPHS_MAX),
      .records_max = (uint32_t)(make_random(&r) % 12),
      .gap_every = make_random(&r) % 2 ? 200 : 0,
      .noise = make_random(&r) % 4 == 0,
      .ticks_every = (uint32_t)(make_random(&r) % 4),
      .snapshot_every = make_random(&r) % 3 ? 0 : 1500,
      .marks_every = make_random(&r) % 2 ? 0 : 333,
  };
  return o;
}

static void test_random_traces(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    make_options o = random_options(seed);
    const char *dir = make_path("random");
    make_trace(&o, dir, NULL);
    make_verify(&o, dir, UINT64_MAX);
    make_remove(dir);
  }
}

static void test_many_records(void **state)
{
  (void)state;
  make_options o = {.seed = 5,
                    .iterations = 700,
                    .config_bytes = 256,
                    .telemetry_bytes = 64,
                    .graphs = 3,
                    .records_max = MAKE_RECORDS_MAX};
  const char *dir = make_path("records");
  make_trace(&o, dir, NULL);
  make_verify(&o, dir, UINT64_MAX);
  make_remove(dir);
}

/* Columns and what frames them take what the chunks take, and hold what was written. */
static void test_sizes(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 12; seed++) {
    make_options o = random_options(seed);
    const char *dir = make_path("sizes");
    aatgs_trace *t;
    aatgs_trace_sizes z;
    aatgs_trace_state s;
    aatgs_error e;
    make_trace(&o, dir, NULL);
    assert_int_equal(aatgs_trace_open(dir, &t, &e), 0);
    aatgs_trace_get_state(t, &s);
    assert_int_equal(aatgs_trace_measure(t, &z), 0);
    assert_int_equal(z.iterations, s.iterations);
    assert_int_equal(z.timings, s.timings);
    double stored = z.chunk_headers;
    for (uint32_t c = 0; c < z.columns; c++)
      stored += z.stored[c];
    const double chunks = (double)(z.kinds[AATGS_KIND_CHUNK] + z.kinds[AATGS_KIND_TAIL]);
    assert_true(stored > chunks - 0.5 && stored < chunks + 0.5);
    if (o.noise && s.timings > 5000) { /* random digests do not shrink */
      const double digests = z.stored[z.columns - 1];
      assert_true(digests > 3.9 * (double)s.timings && digests < 4.2 * (double)s.timings);
    }
    aatgs_trace_close(t);
    make_remove(dir);
  }
}

/* Numbers in parts, some of them noise: whole, and piece by piece with the rest passed over. */
static void test_parts_of_a_value(void **state)
{
  (void)state;
  aatgs_codec *codec;
  aatgs_bytes value = {0}, raw = {0};
  aatgs_value_header h = {.kind = AATGS_KIND_CHUNK, .pieces = 1};
  aatgs_value_reader reader;
  const char *why;
  static uint8_t bytes[300000];
  assert_int_equal(aatgs_codec_open(3, &codec), 0);
  for (uint64_t seed = 1; seed <= 200; seed++) {
    uint64_t r = seed;
    size_t ends[64], count = 0, size = 0, noise = 0;
    while (count < 1 + make_random(&r) % 40 && size < sizeof bytes / 2) {
      const size_t n = make_random(&r) % (make_random(&r) % 2 ? 40 : 30000);
      const unsigned bits = make_random(&r) % 3 ? 8 : (unsigned)(make_random(&r) % 8);
      for (size_t i = 0; i < n; i++)
        bytes[size + i] = (uint8_t)(make_random(&r) & ((1u << bits) - 1));
      noise += bits == 8 ? n : 0;
      ends[count++] = size += n;
    }
    value.size = 0;
    assert_int_equal(aatgs_value_pack_parts(codec, &h, bytes, size, ends, count - 1, &value), 0);
    assert_true(value.size >= noise && value.size <= size + sizeof h);
    assert_int_equal(aatgs_value_check(value.data, value.size, &h, &why), 0);
    assert_int_equal(aatgs_value_unpack(codec, value.data, &h, size, &raw, &why), 0);
    assert_int_equal(raw.size, size);
    assert_true(memcmp(raw.data, bytes, size) == 0);
    memset(raw.data, 0xa5, size);
    assert_int_equal(aatgs_value_begin(&reader, codec, value.data, &h, size, &raw, &why), 0);
    for (size_t from = 0; from < size;) {
      from += make_random(&r) % (size - from + 1);
      const size_t to = from + make_random(&r) % (size - from + 1);
      assert_int_equal(aatgs_value_reach(&reader, from, to, &why), 0);
      assert_true(memcmp(raw.data + from, bytes + from, to - from) == 0);
      from = to + 1;
    }
  }
  aatgs_bytes_free(&value);
  aatgs_bytes_free(&raw);
  aatgs_codec_close(codec);
}

static void test_state_and_info(void **state)
{
  (void)state;
  make_options o = {.seed = 3,
                    .iterations = 3000,
                    .config_bytes = 64,
                    .telemetry_bytes = 64,
                    .graphs = 2,
                    .records_max = 5,
                    .gap_every = 300,
                    .snapshot_every = 1000};
  const char *dir = make_path("state");
  aatgs_trace *t;
  aatgs_trace_state s;
  maker m;
  aatgs_iteration it;
  uint64_t timings = 0;
  make_trace(&o, dir, NULL);
  make_start(&m, &o);
  for (uint32_t i = 0; i < o.iterations; i++) {
    make_iteration(&m, &it);
    timings += it.timing_count;
  }
  assert_int_equal(aatgs_trace_open(dir, &t, NULL), 0);
  aatgs_trace_get_state(t, &s);
  assert_true(s.closed);
  assert_int_equal(s.last, it.iteration);
  assert_int_equal(s.iterations, o.iterations);
  assert_int_equal(s.lost, it.iteration - o.iterations);
  assert_true(s.lost > 0);
  assert_int_equal(s.timings, timings);
  assert_int_equal(s.snapshots, 3);
  assert_int_equal(s.digest, 0x1234);
  assert_true(s.disk_bytes > 0 && s.duration_ns > 0);
  const aatgs_trace_info *i = aatgs_trace_get_info(t), *want = make_info(&o, NULL);
  assert_int_equal(i->format_version, 1);
  assert_true(i->seed == want->seed);
  assert_true(i->workload_source_digest == want->workload_source_digest);
  assert_string_equal(i->device_name, "a machine?with a tab");
  assert_string_equal(i->inputs[2].path, "\xc3\xa4.txt");
  assert_int_equal(i->config_field_count, 4);
  assert_string_equal(i->config_fields[0].help, "The first.");
  assert_true(i->config_fields[0].maximum == 2.25);
  assert_int_equal(i->config_fields[3].type, AATGS_U64);
  assert_int_equal(i->telemetry_fields[1].role, AATGS_FIELD_ITERATION_TIME_US);
  assert_string_equal(i->regions[2].name, "best");
  assert_int_equal(i->types[1].prior_ns, 100000);
  aatgs_trace_close(t);
  make_remove(dir);
}

static void test_seek(void **state)
{
  (void)state;
  make_options o = {.seed = 9,
                    .iterations = 6000,
                    .config_bytes = 32,
                    .telemetry_bytes = 16,
                    .graphs = 1,
                    .records_max = 2,
                    .gap_every = 100};
  const char *dir = make_path("seek");
  aatgs_trace *t;
  uint64_t r = 4;
  make_trace(&o, dir, NULL);
  assert_int_equal(aatgs_trace_open(dir, &t, NULL), 0);
  for (int i = 0; i < 20; i++) {
    uint64_t first = make_random(&r) % 200000;
    make_verify_iterations(&o, t, first, first + 2000);
  }
  make_verify_iterations(&o, t, UINT64_MAX, UINT64_MAX);
  aatgs_trace_close(t);
  make_remove(dir);
}

/* ---- Columns ------------------------------------------------------------------------- */

typedef struct scan_check {
  const make_options *o;
  const aatgs_trace_column *column;
  maker m;
  uint64_t first;
  uint64_t seen;
} scan_check;

static double wanted(const aatgs_trace_column *c, const aatgs_iteration *it)
{
  switch (c->source) {
  case AATGS_SOURCE_GRAPH: return it->graph;
  case AATGS_SOURCE_PLAN: return it->plan;
  case AATGS_SOURCE_STATUS: return it->status;
  case AATGS_SOURCE_POSTED_NS: return (double)it->posted_ns;
  case AATGS_SOURCE_START_NS: return (double)it->start_ns;
  case AATGS_SOURCE_END_NS: return (double)it->end_ns;
  case AATGS_SOURCE_SEEN_NS: return (double)it->seen_ns;
  case AATGS_SOURCE_TIMINGS: return it->timing_count;
  case AATGS_SOURCE_CONFIG: return aatgs_field_get(c->field, it->config, c->index);
  default: return aatgs_field_get(c->field, it->telemetry, c->index);
  }
}

static int check_values(void *user, const uint64_t *iterations, const double *values, size_t count)
{
  scan_check *c = user;
  aatgs_iteration it;
  for (size_t i = 0; i < count; i++) {
    do
      make_iteration(&c->m, &it);
    while (it.iteration < c->first);
    double want = wanted(c->column, &it);
    assert_true(iterations[i] == it.iteration);
    if (memcmp(&values[i], &want, sizeof want) != 0)
      fail_msg("source %d: iteration %" PRIu64 " is %g, not %g", c->column->source, it.iteration,
               values[i], want);
  }
  c->seen += count;
  return 0;
}

static int stop_at_once(void *user, const uint64_t *iterations, const double *values, size_t count)
{
  (void)user;
  (void)iterations;
  (void)values;
  return (int)(count > 0) * 42;
}

static void scan_all(const make_options *o, aatgs_trace *t, uint64_t first)
{
  const aatgs_trace_info *info = aatgs_trace_get_info(t);
  for (int k = AATGS_SOURCE_GRAPH; k <= AATGS_SOURCE_TELEMETRY; k++) {
    bool config = k == AATGS_SOURCE_CONFIG, field = config || k == AATGS_SOURCE_TELEMETRY;
    uint32_t fields = !field ? 1 : config ? info->config_field_count : info->telemetry_field_count;
    for (uint32_t f = 0; f < fields; f++) {
      aatgs_trace_column column = {.source = (aatgs_trace_source)k};
      if (field)
        column.field = config ? &info->config_fields[f] : &info->telemetry_fields[f];
      column.index = field ? column.field->count - 1u : 0;
      scan_check c = {.o = o, .column = &column, .first = first};
      make_start(&c.m, o);
      assert_int_equal(aatgs_trace_scan(t, &column, first, UINT64_MAX, check_values, &c), 0);
      assert_true(first > 1 || c.seen == o->iterations);
      assert_int_equal(aatgs_trace_scan(t, &column, first, UINT64_MAX, stop_at_once, NULL), 42);
    }
  }
}

static void test_scan(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 6; seed++) {
    make_options o = random_options(seed);
    const char *dir = make_path("scan");
    aatgs_trace *t;
    o.iterations += 100;
    o.config_bytes = 64;
    o.telemetry_bytes = 16;
    make_trace(&o, dir, NULL);
    assert_int_equal(aatgs_trace_open(dir, &t, NULL), 0);
    scan_all(&o, t, 1);
    scan_all(&o, t, 51);
    const aatgs_trace_column none = {.source = (aatgs_trace_source)99};
    assert_int_equal(aatgs_trace_scan(t, &none, 1, 2, stop_at_once, NULL), AATGS_EINVAL);
    aatgs_trace_close(t);
    make_remove(dir);
  }
}

/* A trace whose writer has not finished: readable beside it in the same process, and after it
 * went away without closing. */
static void test_unclosed_and_live(void **state)
{
  (void)state;
  make_options o = {.seed = 12,
                    .iterations = 2500,
                    .config_bytes = 128,
                    .telemetry_bytes = 64,
                    .graphs = 1,
                    .records_max = 4,
                    .ticks_every = 3};
  const char *dir = make_path("live");
  aatgs_trace_writer *w;
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_iteration it;
  make_trace(&o, dir, &w);
  assert_int_equal(aatgs_trace_writer_committed(w), o.iterations);
  make_verify(&o, dir, UINT64_MAX);
  assert_int_equal(aatgs_trace_open(dir, &t, NULL), 0);
  aatgs_trace_get_state(t, &s);
  assert_false(s.closed);
  assert_int_equal(s.digest, 0);
  assert_int_equal(s.last, o.iterations);
  make_verify_iterations(&o, t, 0, UINT64_MAX);
  /* The writer goes on; the reader sees it after its next commit. */
  const uint8_t zeros[256] = {0};
  for (uint64_t k = o.iterations + 1; k <= o.iterations + 3000; k++) {
    const aatgs_iteration more = {.iteration = k, .config = zeros, .telemetry = zeros};
    assert_int_equal(aatgs_trace_write_iteration(w, &more), 0);
  }
  assert_int_equal(aatgs_trace_next(t, &it), 0);
  assert_int_equal(aatgs_trace_writer_flush(w), 0);
  for (uint64_t k = o.iterations + 1; k <= o.iterations + 3000; k++) {
    assert_int_equal(aatgs_trace_next(t, &it), 1);
    assert_int_equal(it.iteration, k);
  }
  assert_int_equal(aatgs_trace_next(t, &it), 0);
  assert_int_equal(aatgs_trace_refresh(t), 0);
  aatgs_trace_get_state(t, &s);
  assert_int_equal(s.last, o.iterations + 3000);
  assert_int_equal(aatgs_trace_writer_close(w, 7, 11, NULL), 0);
  assert_int_equal(aatgs_trace_refresh(t), 0);
  aatgs_trace_get_state(t, &s);
  assert_true(s.closed);
  assert_int_equal(s.digest, 7);
  assert_int_equal(s.lost, 11);
  aatgs_trace_close(t);
  make_remove(dir);
}

static void test_pump_commits_by_time(void **state)
{
  (void)state;
  make_options o = {.seed = 1, .config_bytes = 8, .telemetry_bytes = 8, .graphs = 1};
  const char *dir = make_path("pump");
  aatgs_trace_writer_options wo = make_writer_options(&o, dir);
  aatgs_trace_writer *w;
  const uint8_t zeros[64] = {0};
  const aatgs_iteration it = {.iteration = 1, .config = zeros, .telemetry = zeros};
  wo.commit_ns = 1000;
  assert_int_equal(aatgs_trace_writer_open(&wo, &w, NULL), 0);
  assert_int_equal(aatgs_trace_write_iteration(w, &it), 0);
  assert_int_equal(aatgs_trace_writer_pump(w, 5000), 0);
  assert_int_equal(aatgs_trace_writer_committed(w), 0);
  assert_int_equal(aatgs_trace_writer_pump(w, 5999), 0);
  assert_int_equal(aatgs_trace_writer_committed(w), 0);
  assert_int_equal(aatgs_trace_writer_pump(w, 6000), 0);
  assert_int_equal(aatgs_trace_writer_committed(w), 1);
  assert_int_equal(aatgs_trace_writer_close(w, 0, 0, NULL), 0);
  make_remove(dir);
}

static void test_empty_trace(void **state)
{
  (void)state;
  make_options o = {.seed = 2, .config_bytes = 8, .telemetry_bytes = 0, .graphs = 0};
  const char *dir = make_path("empty");
  aatgs_trace *t;
  aatgs_trace_state s;
  aatgs_iteration it;
  make_trace(&o, dir, NULL);
  assert_int_equal(aatgs_trace_open(dir, &t, NULL), 0);
  aatgs_trace_get_state(t, &s);
  assert_true(s.closed && s.first == 0 && s.last == 0 && s.iterations == 0);
  assert_int_equal(aatgs_trace_next(t, &it), 0);
  aatgs_trace_close(t);
  make_remove(dir);
}

/* ---- Refused ---------------------------------------------------------------------------- */

static void test_folder_in_use(void **state)
{
  (void)state;
  make_options o = {.seed = 2, .config_bytes = 8, .graphs = 0};
  const char *dir = make_path("used");
  aatgs_trace_writer_options wo = make_writer_options(&o, dir);
  aatgs_trace_writer *w, *again = (aatgs_trace_writer *)&wo;
  aatgs_error e;
  assert_int_equal(mkdir(dir, 0777), 0);
  assert_int_equal(aatgs_trace_writer_open(&wo, &w, &e), 0);
  assert_int_equal(aatgs_trace_writer_open(&wo, &again, &e), AATGS_EEXIST);
  assert_null(again);
  assert_non_null(strstr(e.text, dir));
  assert_int_equal(aatgs_trace_writer_close(w, 0, 0, NULL), 0);
  make_remove(dir);
  wo.dir = "/nonexistent/folder/trace";
  assert_int_equal(aatgs_trace_writer_open(&wo, &w, &e), AATGS_ENOTFOUND);
}

static void test_nothing_left_after_failed_open(void **state)
{
  (void)state;
  make_options o = {.seed = 2, .config_bytes = 8, .graphs = 0};
  const char *dir = make_path("failed");
  aatgs_trace_writer_options wo = make_writer_options(&o, dir);
  aatgs_trace_info info = *wo.info;
  aatgs_trace_writer *w;
  aatgs_error e;
  wo.info = &info;
  info.config_bytes = 7;
  assert_int_equal(aatgs_trace_writer_open(&wo, &w, &e), AATGS_EFORMAT);
  assert_int_equal(access(dir, F_OK), -1);
  info = *make_info(&o, NULL);
  wo.zstd_level = 77;
  assert_int_equal(aatgs_trace_writer_open(&wo, &w, &e), AATGS_EINVAL);
  assert_int_equal(access(dir, F_OK), -1);
  wo.zstd_level = 1;
  info.workers = 100000; /* cannot be read back: found out before anything counts */
  assert_int_not_equal(aatgs_trace_writer_open(&wo, &w, &e), 0);
  assert_non_null(strstr(e.text, "workers"));
  assert_int_equal(access(dir, F_OK), -1);
}

static void test_wrong_calls_stick(void **state)
{
  (void)state;
  make_options o = {.seed = 2, .config_bytes = 8, .telemetry_bytes = 4, .graphs = 0};
  const char *dir = make_path("wrong");
  aatgs_trace_writer_options wo = make_writer_options(&o, dir);
  aatgs_trace_writer *w;
  aatgs_error e;
  const uint8_t zeros[64] = {0};
  aatgs_iteration it = {.iteration = 5, .config = zeros, .telemetry = zeros};
  assert_int_equal(aatgs_trace_writer_open(&wo, &w, &e), 0);
  assert_int_equal(aatgs_trace_write_iteration(w, &it), 0);
  assert_int_equal(aatgs_trace_write_iteration(w, &it), AATGS_EINVAL);
  it.iteration = 6;
  assert_int_equal(aatgs_trace_write_iteration(w, &it), AATGS_EINVAL);
  assert_non_null(strstr(aatgs_trace_writer_error(w)->text, "iteration 5"));
  assert_int_equal(aatgs_trace_writer_close(w, 0, 0, &e), AATGS_EINVAL);
  assert_non_null(strstr(e.text, "rising order"));
  make_remove(dir);

  assert_int_equal(aatgs_trace_writer_open(&wo, &w, &e), 0);
  assert_int_equal(aatgs_trace_write_snapshot(w, 1, zeros, 9), AATGS_EINVAL);
  assert_int_equal(aatgs_trace_writer_close(w, 0, 0, &e), AATGS_EINVAL);
  make_remove(dir);
}

/* A stream hands out what aatgs_trace_next() does: all of it, or the members that are wanted. */
static void check_stream(aatgs_trace *t, const make_options *o, const aatgs_trace_want *want,
                         uint64_t first, uint64_t last, uint32_t threads)
{
  const aatgs_iteration *rows;
  aatgs_trace_stream *s;
  aatgs_iteration it;
  size_t n;
  int rc;
  assert_int_equal(aatgs_trace_seek(t, first), 0);
  assert_int_equal(aatgs_trace_stream_open(t, want, first, last, threads, &s), 0);
  while ((rc = aatgs_trace_stream_next(s, &rows, &n)) == 1) {
    for (size_t i = 0; i < n; i++) {
      assert_int_equal(aatgs_trace_next(t, &it), 1);
      assert_int_equal(rows[i].iteration, it.iteration);
      if (want->config)
        assert_true(make_same(&rows[i], &it, o));
      else
        assert_true(rows[i].seen_ns == it.seen_ns && !rows[i].config && !rows[i].plan);
      for (uint32_t k = 0; !want->config && k < it.timing_count; k++)
        assert_true(rows[i].timings[k].start_ns == it.timings[k].start_ns &&
                    rows[i].timings[k].digest == 0);
    }
  }
  assert_int_equal(rc, 0);
  assert_int_equal(aatgs_trace_stream_next(s, &rows, &n), 0);
  rc = aatgs_trace_next(t, &it);
  assert_true(rc == 0 || it.iteration > last);
  aatgs_trace_stream_close(s);
}

static void test_stream(void **state)
{
  const aatgs_trace_want all = {UINT32_MAX, UINT32_MAX, UINT64_MAX};
  const aatgs_trace_want some = {AATGS_WANT_SEEN_NS | AATGS_WANT_TIMING_START_NS, 0, 0};
  (void)state;
  for (uint64_t seed = 1; seed <= 6; seed++) {
    make_options o = random_options(seed);
    const char *dir = make_path("stream");
    aatgs_trace_stream *s;
    aatgs_trace *t;
    o.config_bytes = 64;
    make_trace(&o, dir, NULL);
    assert_int_equal(aatgs_trace_open(dir, &t, NULL), 0);
    for (uint32_t threads = 0; threads <= 3; threads++) {
      check_stream(t, &o, &all, 1, UINT64_MAX, threads);
      check_stream(t, &o, &some, 1, UINT64_MAX, threads);
      check_stream(t, &o, &all, 20, 70, threads);
      /* Left in the middle, and never begun. */
      assert_int_equal(aatgs_trace_stream_open(t, &all, 1, UINT64_MAX, threads, &s), 0);
      aatgs_trace_stream_close(s);
    }
    aatgs_trace_close(t);
    make_remove(dir);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_traces),
      cmocka_unit_test(test_many_records),
      cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_parts_of_a_value),
      cmocka_unit_test(test_state_and_info),
      cmocka_unit_test(test_seek),
      cmocka_unit_test(test_scan),
      cmocka_unit_test(test_stream),
      cmocka_unit_test(test_unclosed_and_live),
      cmocka_unit_test(test_pump_commits_by_time),
      cmocka_unit_test(test_empty_trace),
      cmocka_unit_test(test_folder_in_use),
      cmocka_unit_test(test_nothing_left_after_failed_open),
      cmocka_unit_test(test_wrong_calls_stick),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
