#include "stream.h"

#include <string.h>

static uint64_t next_random(stream *s)
{
  uint64_t z = (s->random += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* Bell-shaped, mean 0, deviation about 1 x 256: the sum of eight random bytes. */
static int64_t jitter(stream *s)
{
  uint64_t r = next_random(s);
  int64_t sum = 0;
  for (int i = 0; i < 8; i++)
    sum += (int64_t)(r >> (8 * i) & 255);
  return (sum - 1020) * 256 / 209;
}

/* A duration around `ns`, 2 % up and down, and now and then an interrupt. */
static uint32_t duration(stream *s, uint32_t ns)
{
  int64_t d = ns + (int64_t)ns * jitter(s) / (256 * 50);
  if (next_random(s) % 500 == 0)
    d += 3000 + (int64_t)(next_random(s) % 5000);
  return (uint32_t)d;
}

static void put(uint8_t *payload, uint32_t word, uint32_t value)
{
  memcpy(payload + word * 4, &value, 4);
}

static void put_real(uint8_t *payload, uint32_t word, float value)
{
  memcpy(payload + word * 4, &value, 4);
}

void stream_start(stream *s)
{
  memset(s, 0, sizeof *s);
  s->clock = UINT64_C(123456789012345);
  for (uint32_t i = 0; i < 40; i++)
    put_real(s->config, i, (float)i * 0.037f);
}

static void make_timings(stream *s, uint64_t at)
{
  /* upload, repair x2, anneal x4 and finish, tunnel x4 and finish, phase, download, and one more */
  static const uint8_t task[STREAM_RECORDS] = {0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 5};
  static const uint32_t ns[STREAM_RECORDS] = {300, 9000, 9000, 200,  7000, 7000, 7000, 7000,
                                              300, 8000, 8000, 8000, 8000, 300,  500,  2500};
  uint16_t part = 0;
  for (uint32_t k = 0; k < STREAM_RECORDS; k++) {
    part = k > 0 && task[k] == task[k - 1] ? (uint16_t)(part + 1) : 0;
    uint32_t digest = k == 0 ? s->upload_digest : (uint32_t)next_random(s);
    s->timings[k] = (aatgs_timing){task[k], part, 0, at, duration(s, ns[k]), digest};
    at += s->timings[k].duration_ns + 60 + next_random(s) % 16;
  }
}

static void make_telemetry(stream *s)
{
  put(s->telemetry, 0, next_random(s) % 4 == 0);
  put(s->telemetry, 1, 17);
  put(s->telemetry, 2, (uint32_t)(372 + jitter(s) / 20));
  put(s->telemetry, 3, (uint32_t)(next_random(s) % 6));
  put(s->telemetry, 4, next_random(s) % 50 == 0);
  put(s->telemetry, 5, 5);
  put_real(s->telemetry, 8, (float)(next_random(s) % 64) / 64.0f);
  put_real(s->telemetry, 9, 6.0f + (float)(next_random(s) % 256) / 128.0f);
  put(s->telemetry, 10, (uint32_t)(next_random(s) % 4));
  put(s->telemetry, 12, 16);
  put(s->telemetry, 13, (uint32_t)(5 + next_random(s) % 3));
}

void stream_next(stream *s, aatgs_iteration *it)
{
  if (s->iteration++ % 100 == 0) {
    put(s->config, 50, 100 + (uint32_t)(next_random(s) % 50));
    s->upload_digest = (uint32_t)next_random(s);
  }
  put(s->config, 55, (uint32_t)s->iteration);
  make_telemetry(s);
  uint64_t start = s->clock + 900 + (uint64_t)(jitter(s) + 1024) / 8;
  make_timings(s, start + 40 + next_random(s) % 16);
  const aatgs_timing *last = &s->timings[STREAM_RECORDS - 1];
  uint64_t end = last->start_ns + last->duration_ns + 20 + next_random(s) % 8;
  uint64_t seen = end + 600 + (uint64_t)(jitter(s) + 1024) / 6;
  *it = (aatgs_iteration){.iteration = s->iteration,
                          .graph = 1,
                          .plan = 1,
                          .posted_ns = s->clock,
                          .seen_ns = seen,
                          .start_ns = start,
                          .end_ns = end,
                          .done_before = s->iteration - 1,
                          .telemetry_waiting = next_random(s) % 20 == 0,
                          .config = s->config,
                          .telemetry = s->telemetry,
                          .timings = s->timings,
                          .timing_count = STREAM_RECORDS};
  s->clock = seen + 300 + next_random(s) % 64;
}

static const aatgs_field config_field = {"iteration",           "", "",           AATGS_U32, 1, 220,
                                         AATGS_FIELD_ITERATION, 0,  4294967295.0, 0};
static const aatgs_field telemetry_field = {"moves", "", "", AATGS_U32, 1, 8, 0, 0, 1e9, 0};

const aatgs_field *stream_field(void)
{
  return &telemetry_field;
}

const aatgs_trace_info *stream_info(void)
{
  static const aatgs_trace_info info = {.aatgs_version = "",
                                        .workload = "synthetic",
                                        .device = "none",
                                        .device_name = "",
                                        .host_name = "",
                                        .policy = "original",
                                        .workers = 1,
                                        .config_bytes = 256,
                                        .telemetry_bytes = 64,
                                        .config_fields = &config_field,
                                        .config_field_count = 1,
                                        .telemetry_field_count = 1,
                                        .telemetry_fields = &telemetry_field};
  return &info;
}

const aatgs_trace_graph *stream_graph(void)
{
  static const uint32_t parts[] = {1, 2, 4, 4, 1, 1}, first[] = {0, 1, 4, 9, 14, 15};
  static aatgs_trace_task tasks[6];
  static const aatgs_trace_graph graph = {1, 6, STREAM_RECORDS, tasks};
  for (uint32_t i = 0; i < 6; i++)
    tasks[i] = (aatgs_trace_task){
        .name = "task", .parts = parts[i], .finish = i > 0 && i < 4, .first_record = first[i]};
  return &graph;
}
