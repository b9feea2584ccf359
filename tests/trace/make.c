#include "trace/make.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/cm.h"

uint64_t make_random(uint64_t *state)
{
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static uint64_t below(maker *m, uint64_t n)
{
  return n ? make_random(&m->random) % n : 0;
}

static void fill(uint64_t seed, uint8_t *bytes, size_t size)
{
  for (size_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)(i % 64 < 40 ? i / 64 : make_random(&seed));
}

void make_start(maker *m, const make_options *o)
{
  memset(m, 0, sizeof *m);
  m->o = *o;
  m->random = o->seed * 77 + 1;
  m->clock = UINT64_C(1000000000) + below(m, UINT64_C(1) << 40);
  for (uint32_t g = 0; g < MAKE_GRAPHS_MAX; g++)
    m->records[g] = o->records_max ? 1 + (uint32_t)below(m, o->records_max) : 0;
  m->records[0] = o->records_max;
  fill(o->seed, m->config, sizeof m->config);
}

static void set_u32(uint8_t *payload, uint32_t bytes, uint32_t word, uint32_t v)
{
  if (word * 4 + 4 <= bytes)
    memcpy(payload + word * 4, &v, 4);
}

static void make_payloads(maker *m)
{
  uint32_t tb = m->o.telemetry_bytes, cb = m->o.config_bytes;
  if (m->o.noise) {
    for (uint32_t i = 0; i < cb / 4; i++)
      set_u32(m->config, cb, i, (uint32_t)make_random(&m->random));
    for (uint32_t i = 0; i < tb / 4; i++)
      set_u32(m->telemetry, tb, i, (uint32_t)make_random(&m->random));
  } else {
    float f = (float)below(m, 1000) / 37.0f;
    uint32_t bits;
    memcpy(&bits, &f, 4);
    if (m->iteration % 100 == 0 && cb) {
      uint32_t word = (uint32_t)below(m, cb / 4);
      set_u32(m->config, cb, word, (uint32_t)below(m, 1000));
    }
    set_u32(m->telemetry, tb, 0, (uint32_t)below(m, 4));
    set_u32(m->telemetry, tb, 1, (uint32_t)(m->iteration * 3 + below(m, 3)));
    set_u32(m->telemetry, tb, 2, bits);
  }
  set_u32(m->config, cb, 1, (uint32_t)m->iteration);
}

static void make_timings(maker *m, aatgs_iteration *it)
{
  uint64_t at = it->start_ns + below(m, 100);
  for (uint32_t k = 0; k < it->timing_count; k++) {
    aatgs_timing *t = &m->timings[k];
    t->task = k / 3;
    t->part = (uint16_t)(k % 3);
    t->worker = (uint16_t)below(m, 4);
    t->start_ns = at + below(m, 60);
    t->duration_ns = (uint32_t)(1000 + 500 * k + below(m, 300));
    t->digest = (uint32_t)make_random(&m->random);
    at = t->start_ns + t->duration_ns;
    if (m->o.noise) {
      t->task = (uint32_t)make_random(&m->random);
      t->part = (uint16_t)make_random(&m->random);
      t->worker = (uint16_t)make_random(&m->random);
      t->start_ns = make_random(&m->random);
      t->duration_ns = (uint32_t)make_random(&m->random);
    }
  }
  it->end_ns = at + below(m, 50);
}

void make_iteration(maker *m, aatgs_iteration *it)
{
  m->iteration++;
  if (m->o.gap_every && below(m, m->o.gap_every) == 0)
    m->iteration += 1 + below(m, 5000);
  make_payloads(m);
  m->clock += 5000 + below(m, 800);
  uint32_t graph = m->o.graphs > 1 && below(m, 3) == 0 ? (uint32_t)below(m, m->o.graphs) : 0;
  /* One draw a statement: within an initializer their order would be the compiler's choice. */
  *it = (aatgs_iteration){.iteration = m->iteration,
                          .graph = graph + 1,
                          .plan = graph + 1,
                          .posted_ns = m->clock,
                          .config = m->config,
                          .telemetry = m->telemetry,
                          .timings = m->timings,
                          .timing_count = m->records[graph]};
  it->status = below(m, 50) == 0;
  it->detail = (uint32_t)below(m, 2);
  it->start_ns = m->clock + 900 + below(m, 100);
  it->done_before = m->iteration - below(m, 3) % m->iteration;
  it->config_waiting = (uint32_t)below(m, 16);
  it->telemetry_waiting = (uint32_t)below(m, 3);
  make_timings(m, it);
  it->seen_ns = it->end_ns + 700 + below(m, 90);
  if (m->o.noise) {
    it->posted_ns = make_random(&m->random);
    it->seen_ns = make_random(&m->random);
    it->start_ns = make_random(&m->random);
    it->end_ns = make_random(&m->random);
    it->done_before = make_random(&m->random);
    it->detail = (uint32_t)make_random(&m->random);
    it->plan = (uint32_t)make_random(&m->random);
  }
}

size_t make_snapshot_bytes(const make_options *o)
{
  return o->small ? 512 : 1500032;
}
size_t make_input_bytes(const make_options *o)
{
  return o->small ? 900 : 1200000;
}

void make_snapshot(uint64_t at, uint64_t seed, uint8_t *bytes, size_t size)
{
  fill(seed + at * 31, bytes, size);
}

/* ---- Description -------------------------------------------------------------------- */

const aatgs_trace_info *make_info(const make_options *o, const uint8_t *const **inputs)
{
  static const aatgs_trace_type types[] = {{"Work", 0, 5000000}, {"Up", 1, 100000}};
  static aatgs_trace_region regions[] = {
      {"state", 0, 4, 0}, {"derived", 1, 8, 777}, {"best", 0, 1, 64}};
  static aatgs_trace_input in[] = {
      {"graph", "/tmp/a \"b\"\xff.col", 0}, {"protein", "x.pdb", 0}, {"small", "\xc3\xa4.txt", 5}};
  static aatgs_field config_fields[4], telemetry_fields[2];
  static aatgs_trace_info info;
  static uint8_t *content[3];
  const aatgs_field c[4] = {{"first", "s", "The first.", AATGS_F32, 1, 0, 0, -1.5, 2.25, 0.1},
                            {"number", "", "", AATGS_U32, 1, 4, AATGS_FIELD_ITERATION, 0, 4e9, 0},
                            {"bytes", "", "", AATGS_U8, 4, 8, 0, 0, 255, 1},
                            {"wide", "", "", AATGS_U64, 1, 16, 0, 0, 1.8e19, 0}};
  const aatgs_field t[2] = {{"conflicts", "", "", AATGS_U32, 1, 0, 0, 0, 4e9, 0},
                            {"time_us", "us", "", AATGS_U32, 1, 4, 2, 0, 4e9, 0}};
  regions[0].size = make_snapshot_bytes(o) - regions[2].size;
  in[0].size = make_input_bytes(o);
  memcpy(config_fields, c, sizeof c);
  memcpy(telemetry_fields, t, sizeof t);
  if (!content[0]) {
    content[0] = malloc(1200000);
    content[1] = malloc(1);
    content[2] = (uint8_t *)"abc\0d";
  }
  fill(o->seed, content[0], make_input_bytes(o));
  if (inputs)
    *inputs = (const uint8_t *const *)content;
  info = (aatgs_trace_info){
      .aatgs_version = "0.1.0",
      .workload = "test",
      .workload_source_digest = UINT64_C(0xfedcba9876543210),
      .device = "cpu",
      .device_name = "a machine\twith a tab",
      .host_name = "here",
      .policy = "original",
      .workers = 4,
      .seed = UINT64_MAX,
      .started_unix_ns = UINT64_C(1800000000000000000),
      .snapshot_interval_ns = 100000000,
      .deadline_ns = 5000000,
      .command_slots = 16,
      .telemetry_slots = 64,
      .history = 100,
      .config_bytes = o->config_bytes,
      .telemetry_bytes = o->telemetry_bytes,
      .config_fields = config_fields,
      .telemetry_fields = telemetry_fields,
      .config_field_count = o->config_bytes >= 24  ? 4
                            : o->config_bytes >= 8 ? 2
                                                   : 0,
      .telemetry_field_count = o->telemetry_bytes >= 8 ? 2 : 0,
      .types = types,
      .type_count = 2,
      .region_count = 3,
      .regions = regions,
      .inputs = in,
      .input_count = 3,
  };
  return &info;
}

const aatgs_trace_graph *make_graph(const maker *m, uint32_t number)
{
  static aatgs_trace_task tasks[MAKE_RECORDS_MAX];
  static uint32_t dependencies[MAKE_RECORDS_MAX];
  static char names[MAKE_RECORDS_MAX][16];
  static aatgs_trace_graph graph;
  uint32_t records = m->records[number - 1];
  for (uint32_t k = 0; k < records; k++) {
    snprintf(names[k], sizeof names[k], "task-%u", k);
    dependencies[k] = k ? k - 1 : 0;
    tasks[k] = (aatgs_trace_task){.name = names[k],
                                  .type = k % 2,
                                  .parts = 1,
                                  .arg = k * number,
                                  .first_record = k,
                                  .estimate_ns = 1000 + k,
                                  .reads = k,
                                  .writes = UINT64_MAX,
                                  .dependencies = &dependencies[k],
                                  .dependency_count = k > 0,
                                  .once = k % 5 == 0,
                                  .retries = m->o.first_form ? 0 : k % 128,
                                  .stops = !m->o.first_form && k % 3 == 0};
  }
  graph = (aatgs_trace_graph){number, records, records, tasks};
  return &graph;
}

const aatgs_trace_plan *make_plan(const maker *m, uint32_t number)
{
  static uint32_t order[MAKE_RECORDS_MAX], priority[MAKE_RECORDS_MAX];
  static aatgs_trace_plan plan;
  uint32_t tasks = m->records[number - 1];
  for (uint32_t k = 0; k < tasks; k++) {
    order[k] = tasks - 1 - k;
    priority[k] = 1000 + k * number;
  }
  plan = (aatgs_trace_plan){number, number, tasks, order, priority};
  return &plan;
}

/* The tick that stands before the i-th iteration. */
static aatgs_tick make_tick(const maker *m, uint32_t i)
{
  aatgs_tick tick = {m->iteration + 1, m->iteration, i * UINT64_C(1000003), AATGS_TICK_TIME, 0};
  if (!m->o.first_form && i % 4 == 0) {
    tick.kind = i % 20;
    tick.value = i * UINT64_C(0x123456789);
  }
  return tick;
}

/* ---- Writing ------------------------------------------------------------------------ */

aatgs_trace_writer_options make_writer_options(const make_options *o, const char *dir)
{
  aatgs_trace_writer_options w = {.dir = dir, .zstd_level = 3, .chunk_iterations = o->chunk};
  w.info = make_info(o, &w.inputs);
  return w;
}

static void ok(int rc, const aatgs_error *e)
{
  if (rc < 0)
    fail_msg("%d: %s", rc, e->text);
}

static aatgs_trace_mark make_mark(uint32_t i, uint64_t iteration)
{
  static const char *const texts[] = {"", "conflicts > 3", "a reason"};
  return (aatgs_trace_mark){(aatgs_trace_mark_kind)(1 + i % 5), iteration, i * UINT64_C(999983),
                            i % 7, texts[i % 3]};
}

void make_trace(const make_options *o, const char *dir, aatgs_trace_writer **open)
{
  aatgs_trace_writer_options wo = make_writer_options(o, dir);
  aatgs_trace_writer *w;
  aatgs_error e;
  maker m;
  aatgs_iteration it;
  uint8_t *state = malloc(make_snapshot_bytes(o));
  ok(aatgs_trace_writer_open(&wo, &w, &e), &e);
  make_start(&m, o);
  for (uint32_t g = 1; g <= o->graphs; g++) {
    ok(aatgs_trace_write_graph(w, make_graph(&m, g)), aatgs_trace_writer_error(w));
    ok(aatgs_trace_write_plan(w, make_plan(&m, g)), aatgs_trace_writer_error(w));
  }
  make_snapshot(1, o->seed, state, make_snapshot_bytes(o));
  ok(aatgs_trace_write_snapshot(w, 1, state, make_snapshot_bytes(o)), aatgs_trace_writer_error(w));
  for (uint32_t i = 0; i < o->iterations; i++) {
    if (o->ticks_every && i % o->ticks_every == 0) {
      const aatgs_tick tick = make_tick(&m, i);
      ok(aatgs_trace_write_tick(w, &tick), aatgs_trace_writer_error(w));
    }
    if (o->marks_every && i % o->marks_every == 0) {
      const aatgs_trace_mark mark = make_mark(i, m.iteration);
      ok(aatgs_trace_write_mark(w, &mark), aatgs_trace_writer_error(w));
    }
    if (o->snapshot_every && i && i % o->snapshot_every == 0) {
      make_snapshot(m.iteration + 1, o->seed, state, make_snapshot_bytes(o));
      ok(aatgs_trace_write_snapshot(w, m.iteration + 1, state, make_snapshot_bytes(o)),
         aatgs_trace_writer_error(w));
    }
    make_iteration(&m, &it);
    ok(aatgs_trace_write_iteration(w, &it), aatgs_trace_writer_error(w));
  }
  free(state);
  if (open) {
    ok(aatgs_trace_writer_flush(w), aatgs_trace_writer_error(w));
    *open = w;
    return;
  }
  ok(aatgs_trace_writer_close(w, 0x1234, 0, &e), &e);
}

/* ---- Reading ------------------------------------------------------------------------ */

bool make_same(const aatgs_iteration *a, const aatgs_iteration *b, const make_options *o)
{
  return a->iteration == b->iteration && a->graph == b->graph && a->plan == b->plan &&
         a->status == b->status && a->detail == b->detail && a->posted_ns == b->posted_ns &&
         a->seen_ns == b->seen_ns && a->start_ns == b->start_ns && a->end_ns == b->end_ns &&
         a->done_before == b->done_before && a->config_waiting == b->config_waiting &&
         a->telemetry_waiting == b->telemetry_waiting && a->timing_count == b->timing_count &&
         memcmp(a->config, b->config, o->config_bytes) == 0 &&
         memcmp(a->telemetry, b->telemetry, o->telemetry_bytes) == 0 &&
         memcmp(a->timings, b->timings, a->timing_count * sizeof *a->timings) == 0;
}

void make_verify_iterations(const make_options *o, aatgs_trace *t, uint64_t first, uint64_t last)
{
  maker m;
  aatgs_iteration want, got;
  make_start(&m, o);
  ok(aatgs_trace_seek(t, first), aatgs_trace_error(t));
  for (uint32_t i = 0; i < o->iterations; i++) {
    make_iteration(&m, &want);
    if (want.iteration < first)
      continue;
    if (want.iteration > last)
      return;
    int rc = aatgs_trace_next(t, &got);
    ok(rc, aatgs_trace_error(t));
    if (rc != 1 || !make_same(&want, &got, o))
      fail_msg("seed %" PRIu64 ": iteration %" PRIu64 " (%u th) comes back as %" PRIu64 ", rc %d",
               o->seed, want.iteration, i, got.iteration, rc);
  }
  assert_int_equal(aatgs_trace_next(t, &got), 0);
}

static void verify_graph(const aatgs_trace_graph *a, const aatgs_trace_graph *b)
{
  assert_int_equal(a->number, b->number);
  assert_int_equal(a->records, b->records);
  assert_int_equal(a->task_count, b->task_count);
  for (uint32_t k = 0; k < a->task_count; k++) {
    const aatgs_trace_task *x = &a->tasks[k], *y = &b->tasks[k];
    assert_string_equal(x->name, y->name);
    assert_true(x->type == y->type && x->parts == y->parts && x->arg == y->arg &&
                x->finish == y->finish && x->first_record == y->first_record &&
                x->estimate_ns == y->estimate_ns && x->reads == y->reads &&
                x->writes == y->writes && x->once == y->once && x->retries == y->retries &&
                x->stops == y->stops && x->dependency_count == y->dependency_count);
    assert_memory_equal(x->dependencies, y->dependencies, x->dependency_count * 4);
  }
}

static void verify_plan(const aatgs_trace_plan *a, const aatgs_trace_plan *b)
{
  assert_int_equal(a->graph, b->graph);
  assert_int_equal(a->task_count, b->task_count);
  assert_memory_equal(a->task_at, b->task_at, b->task_count * 4);
  assert_memory_equal(a->priority_x1000, b->priority_x1000, b->task_count * 4);
}

/* Whether iterations name graph and plan `number`. */
static void find_names(const make_options *o, uint32_t number, bool *graph, bool *plan)
{
  maker m;
  aatgs_iteration it;
  *graph = *plan = false;
  make_start(&m, o);
  for (uint32_t i = 0; i < o->iterations; i++) {
    make_iteration(&m, &it);
    *graph = *graph || it.graph == number;
    *plan = *plan || it.plan == number;
  }
}

static void verify_rest(const make_options *o, aatgs_trace *t, const maker *m)
{
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  const uint8_t *const *inputs;
  const uint8_t *bytes;
  size_t size;
  const aatgs_trace_info *info = make_info(o, &inputs);
  /* Older traces have tables that no iteration names, too. */
  for (uint32_t k = o->graphs; k >= 1; k--) {
    bool graph_named, plan_named;
    find_names(o, k, &graph_named, &plan_named);
    int rc = aatgs_trace_get_graph(t, k, &g);
    assert_true(rc == 0 || (rc == AATGS_ENOTFOUND && !graph_named));
    if (!rc)
      verify_graph(g, make_graph(m, k));
    rc = aatgs_trace_get_plan(t, k, &p);
    assert_true(rc == 0 || (rc == AATGS_ENOTFOUND && !plan_named));
    if (!rc)
      verify_plan(p, make_plan(m, k));
  }
  assert_int_equal(aatgs_trace_get_graph(t, o->graphs + 1, &g), AATGS_ENOTFOUND);
  for (uint32_t i = 0; i < info->input_count; i++) {
    ok(aatgs_trace_get_input(t, i, &bytes, &size), aatgs_trace_error(t));
    assert_int_equal(size, info->inputs[i].size);
    assert_memory_equal(bytes, inputs[i], size);
  }
  assert_int_equal(aatgs_trace_get_input(t, info->input_count, &bytes, &size), AATGS_ENOTFOUND);
}

static void verify_mark(aatgs_trace *t, uint64_t index, uint32_t i, uint64_t iteration)
{
  aatgs_trace_mark got;
  const aatgs_trace_mark want = make_mark(i, iteration);
  assert_int_equal(aatgs_trace_get_mark(t, index, &got), 1);
  assert_true(got.kind == want.kind && got.iteration == want.iteration && got.at_ns == want.at_ns &&
              got.value == want.value);
  assert_string_equal(got.text, want.text);
}

/* The ticks, marks and snapshots that make_trace() wrote, in their order. */
static void verify_moments(const make_options *o, aatgs_trace *t)
{
  maker m;
  aatgs_iteration it;
  aatgs_tick tick;
  uint64_t ticks = 0, marks = 0, latest = 1, at;
  aatgs_trace_mark mark;
  const uint8_t *bytes;
  size_t size;
  uint8_t *want = malloc(make_snapshot_bytes(o));
  make_start(&m, o);
  for (uint32_t i = 0; i < o->iterations; i++) {
    if (o->ticks_every && i % o->ticks_every == 0) {
      assert_int_equal(aatgs_trace_get_tick(t, ticks++, &tick), 1);
      const aatgs_tick want_tick = make_tick(&m, i);
      assert_memory_equal(&tick, &want_tick, sizeof tick);
    }
    if (o->marks_every && i % o->marks_every == 0)
      verify_mark(t, marks++, i, m.iteration);
    bool snapshot = o->snapshot_every && i && i % o->snapshot_every == 0;
    if (snapshot) {
      assert_int_equal(aatgs_trace_next_snapshot(t, latest + 1, &at), 1);
      latest = m.iteration + 1;
      assert_true(at == latest);
    }
    if (snapshot || i == 0) {
      ok(aatgs_trace_get_snapshot(t, m.iteration + 1, &at, &bytes, &size), aatgs_trace_error(t));
      make_snapshot(latest, o->seed, want, make_snapshot_bytes(o));
      assert_true(at == latest);
      assert_int_equal(size, make_snapshot_bytes(o));
      assert_memory_equal(bytes, want, size);
    }
    make_iteration(&m, &it);
  }
  assert_int_equal(aatgs_trace_get_tick(t, ticks, &tick), 0);
  assert_int_equal(aatgs_trace_get_mark(t, marks, &mark), 0);
  assert_int_equal(aatgs_trace_next_snapshot(t, latest + 1, &at), 0);
  assert_int_equal(aatgs_trace_get_snapshot(t, 0, &at, &bytes, &size), AATGS_ENOTFOUND);
  free(want);
}

void make_verify(const make_options *o, const char *dir, uint64_t last)
{
  aatgs_trace *t;
  aatgs_error e;
  maker m;
  make_start(&m, o);
  ok(aatgs_trace_open(dir, &t, &e), &e);
  make_verify_iterations(o, t, 0, last);
  verify_rest(o, t, &m);
  verify_moments(o, t);
  aatgs_trace_close(t);
}

/* ---- Folders ------------------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
  (void)st;
  (void)flag;
  (void)ftw;
  return remove(path);
}

void make_remove(const char *path)
{
  nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *base = AATGS_BUILD_DIR "/tests/traces";

void make_paths_in_memory(void)
{
  if (access("/dev/shm", W_OK) == 0)
    base = "/dev/shm";
}

const char *make_path(const char *name)
{
  static char path[4][1024];
  static int next;
  char *p = path[next++ % 4];
  mkdir(base, 0777);
  snprintf(p, sizeof path[0], "%s/aatgs-%s-%d", base, name, (int)getpid());
  make_remove(p);
  return p;
}
