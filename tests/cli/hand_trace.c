#include "cli/hand_trace.h"

#include <string.h>

#include "trace/writer.h"

/* "\u202e" is RIGHT-TO-LEFT OVERRIDE. */
#define NASTY "</script>\"'\033[31m\xe2\x80\xae|\n,\t"

static const aatgs_field config_fields[] = {
    {"iteration", "", "Number of the iteration", AATGS_U32, 1, 0, AATGS_FIELD_ITERATION, 0, 4e9, 0},
    {"gain", "dB", "How much", AATGS_F32, 1, 4, 0, -100, 100, 0.5},
    {"level", "", "Levels", AATGS_U8, 4, 8, 0, 0, 255, 1},
};
static const aatgs_field telemetry_fields[] = {
    {"conflicts", "edges", "Edges that conflict", AATGS_U32, 1, 0, 0, 0, 4e9, 0},
    {"energy", "J", "Energy", AATGS_F32, 1, 4, 0, -1e9, 1e9, 0},
    {"balance", "", "Signed", AATGS_I32, 1, 8, 0, -2e9, 2e9, 0},
    {"gain", "dB", "As it was used", AATGS_F32, 1, 12, 0, -100, 100, 0},
};
static aatgs_field nasty_fields[4];

static const uint32_t after_up[] = {0}, after_both[] = {1, 2};

static aatgs_trace_info describe(hand_kind kind)
{
  const bool hostile = kind == HAND_HOSTILE;
  static const aatgs_trace_type types[] = {{"Up", 1, 1000}, {"Work", 0, 5000}, {"Down", 2, 1000}};
  static const aatgs_trace_type nasty[] = {{"Up" NASTY, 1, 1000}, {"Work", 0, 5000}, {"D", 2, 9}};
  static const aatgs_trace_region regions[] = {{"state", 0, 4, 64}, {"scratch", 1, 4, 64}};
  static const aatgs_trace_region nasty_regions[] = {{NASTY, 0, 4, 64}, {"scratch", 1, 4, 64}};
  memcpy(nasty_fields, telemetry_fields, sizeof telemetry_fields);
  nasty_fields[0].unit = NASTY;
  nasty_fields[0].help = NASTY;
  return (aatgs_trace_info){
      .aatgs_version = "0.1.0",
      .workload = hostile ? "w" NASTY : "hand",
      .device = "cpu",
      .device_name = hostile ? NASTY : "a machine",
      .host_name = hostile ? NASTY : "here",
      .policy = kind == HAND_ADAPTIVE ? "adaptive" : "original",
      .workers = 2,
      .started_unix_ns = UINT64_C(1800000000000000000),
      .snapshot_interval_ns = 100000000,
      .command_slots = 4,
      .telemetry_slots = 16,
      .history = 100,
      .config_bytes = 16,
      .telemetry_bytes = 16,
      .config_fields = config_fields,
      .config_field_count = 3,
      .telemetry_fields = hostile ? nasty_fields : telemetry_fields,
      .telemetry_field_count = 4,
      .types = hostile ? nasty : types,
      .type_count = 3,
      .regions = hostile ? nasty_regions : regions,
      .region_count = 2,
  };
}

static int write_tables(aatgs_trace_writer *w, bool hostile)
{
  static const uint32_t order[] = {0, 1, 2, 3};
  static const uint32_t base[] = {1000, 1000, 1000, 1000}, low[] = {2000, 1000, 1000, 1000};
  static const uint8_t state[64];
  const aatgs_trace_task tasks[] = {
      {.name = hostile ? "up" NASTY : "up", .parts = 1, .estimate_ns = 1000, .reads = 2},
      {.name = "left",
       .type = 1,
       .parts = 2,
       .finish = 1,
       .first_record = 1,
       .estimate_ns = 5000,
       .reads = 1,
       .writes = 1,
       .dependencies = after_up,
       .dependency_count = 1},
      {.name = "right",
       .type = 1,
       .parts = 1,
       .first_record = 4,
       .estimate_ns = 5000,
       .dependencies = after_up,
       .dependency_count = 1},
      {.name = hostile ? "down" NASTY : "down",
       .type = 2,
       .parts = 1,
       .first_record = 5,
       .estimate_ns = 1000,
       .dependencies = after_both,
       .dependency_count = 2},
  };
  const aatgs_trace_graph graph = {1, 4, 6, tasks};
  const aatgs_trace_plan first = {1, 1, 4, order, base}, second = {2, 1, 4, order, low};
  int rc = aatgs_trace_write_graph(w, &graph);
  if (!rc)
    rc = aatgs_trace_write_plan(w, &first);
  if (!rc)
    rc = aatgs_trace_write_plan(w, &second);
  return rc ? rc : aatgs_trace_write_snapshot(w, 1, state, sizeof state);
}

static uint32_t plan_of(uint32_t i, hand_kind kind)
{
  if (kind == HAND_ADAPTIVE)
    return i < 25 ? 1 : i < 40 ? 2 : i < 52 ? 1 : i < 61 ? 2 : 1;
  return i < 40 ? 1 : 2;
}

static int write_one(aatgs_trace_writer *w, uint32_t i, hand_kind kind)
{
  uint64_t posted = i == 2 ? 1000300 : UINT64_C(1000000) + (i - 1) * UINT64_C(10000);
  uint64_t start = posted + 100 + (i == 12 ? 2900 : 0), at = start - 100;
  uint32_t held = i == 2 ? 120 : 0, slow = i == 10 ? 5000 : 0;
  uint64_t late = at + held, later = late + slow;
  const aatgs_timing timings[] = {
      {0, 0, 0, at + 100, 100, i},
      {1, 0, 0, late + 200, 200, i + 1},
      {1, 1, 1, i == 2 ? at + 320 : at + 250, 300 + slow, i + 2},
      {1, 2, 1, later + (i == 2 ? 510 : 560), 40, i + 3},
      {2, 0, 0, late + 400, 100, i + 4},
      {3, 0, 1, later + (i == 2 ? 570 : 620), 80, i + 5},
  };
  const float gain = 0.5f, energy = 100.0f / (float)i;
  uint32_t config[4] = {i, 0, 0x04030201, 0}, telemetry[4] = {i % 7, 0, (uint32_t) - (int32_t)i, 0};
  memcpy(&config[1], &gain, 4);
  memcpy(&telemetry[1], &energy, 4);
  memcpy(&telemetry[3], &gain, 4);
  uint64_t ended = later + (i == 2 ? 660 : 710);
  const aatgs_iteration it = {.iteration = i,
                              .graph = 1,
                              .plan = plan_of(i, kind),
                              .status = i == 30,
                              .detail = i == 30,
                              .posted_ns = posted,
                              .start_ns = start,
                              .end_ns = ended,
                              .seen_ns = ended + 90,
                              .done_before = i == 2 ? 0 : i - 1,
                              .config_waiting = i % 4,
                              .telemetry_waiting = kind == HAND_ADAPTIVE && i >= 50 ? 60 : i % 2,
                              .config = (const uint8_t *)config,
                              .telemetry = (const uint8_t *)telemetry,
                              .timings = timings,
                              .timing_count = 6};
  return aatgs_trace_write_iteration(w, &it);
}

int hand_trace_write(const char *dir, hand_kind kind, aatgs_error *error)
{
  const aatgs_trace_info info = describe(kind);
  const aatgs_trace_writer_options options = {
      .dir = dir, .info = &info, .zstd_level = 3, .chunk_iterations = 16};
  aatgs_trace_writer *w;
  int rc = aatgs_trace_writer_open(&options, &w, error);
  if (rc)
    return rc;
  rc = write_tables(w, kind == HAND_HOSTILE);
  for (uint32_t i = 1; !rc && i <= HAND_LAST; i++) {
    const aatgs_tick tick = {
        .before = i, .done_before = i - 1, .now_ns = UINT64_C(1000000) + i * UINT64_C(10000)};
    const aatgs_tick cancel = {i, i - 1, tick.now_ns, AATGS_TICK_CANCEL, 3};
    const aatgs_tick late = {i, i - 1, tick.now_ns, AATGS_TICK_OVERRUN, 5900};
    if (i % 25 == 1)
      rc = aatgs_trace_write_tick(w, &tick);
    if (!rc && kind == HAND_ADAPTIVE && i == 11)
      rc = aatgs_trace_write_tick(w, &late);
    if (!rc && kind == HAND_ADAPTIVE && i == 40)
      rc = aatgs_trace_write_tick(w, &cancel);
    if (!rc && (i < 20 || i > 24))
      rc = write_one(w, i, kind);
  }
  if (rc && error)
    *error = *aatgs_trace_writer_error(w);
  int closed = aatgs_trace_writer_close(w, 0x1234, 5, rc ? NULL : error);
  return rc ? rc : closed;
}
