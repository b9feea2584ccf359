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

const stream_shape stream_full = {
    "full",
    6,
    18,
    {{1, 0, 300}, {4, 1, 9000}, {4, 1, 7000}, {4, 1, 8000}, {1, 0, 500}, {1, 0, 2500}}};
const stream_shape stream_linear = {"linear", 3, 7, {{1, 0, 300}, {4, 1, 9000}, {1, 0, 2500}}};

static void put(uint8_t *payload, uint32_t word, uint32_t value)
{
  memcpy(payload + word * 4, &value, 4);
}

static void put_real(uint8_t *payload, uint32_t word, float value)
{
  memcpy(payload + word * 4, &value, 4);
}

void stream_start(stream *s, const stream_shape *shape)
{
  memset(s, 0, sizeof *s);
  s->shape = shape;
  s->clock = UINT64_C(123456789012345);
  for (uint32_t i = 0; i < 40; i++)
    put_real(s->config, i, (float)i * 0.037f);
}

static void make_timings(stream *s, uint64_t at)
{
  uint32_t k = 0;
  for (uint32_t task = 0; task < s->shape->task_count; task++) {
    const stream_task *t = &s->shape->tasks[task];
    const uint32_t records = t->parts + t->finish;
    for (uint32_t part = 0; part < records; part++, k++) {
      const uint32_t digest = task == 0 ? s->upload_digest : (uint32_t)next_random(s);
      const uint32_t ns = duration(s, part < t->parts ? t->part_ns : 300);
      s->timings[k] = (aatgs_timing){task, (uint16_t)part, 0, at, ns, digest};
      at += ns + 60 + next_random(s) % 16;
    }
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
  const aatgs_timing *last = &s->timings[s->shape->records - 1];
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
                          .timing_count = s->shape->records};
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

const aatgs_trace_graph *stream_graph(const stream_shape *shape)
{
  static aatgs_trace_task tasks[STREAM_TASKS_MAX];
  static aatgs_trace_graph graph;
  uint32_t record = 0;
  for (uint32_t i = 0; i < shape->task_count; i++) {
    const stream_task *t = &shape->tasks[i];
    tasks[i] = (aatgs_trace_task){
        .name = "task", .parts = t->parts, .finish = t->finish, .first_record = record};
    record += t->parts + t->finish;
  }
  graph = (aatgs_trace_graph){1, shape->task_count, record, tasks};
  return &graph;
}
