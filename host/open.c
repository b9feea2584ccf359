/* Opening and closing a runtime: options, inputs, the workload's set-up, device,
 * scheduler, recorder. Everything is sized and allocated here. */
#include "host/clock.h"
#include "host/log.h"
#include "host/runtime.h"
#include "trace/field.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PLANS_PER_GRAPH  4u
#define TIMING_SLOTS_MIN 16384u
#define INPUT_BYTES_MAX  ((size_t)1 << 30)

/* Memory that the runtime accounts for. */
static void *take(aatgs_runtime *rt, size_t count, size_t size)
{
  void *p = calloc(count ? count : 1, size);
  rt->host_bytes += count * size;
  return p;
}

/* ---- Options ------------------------------------------------------------------------- */

static bool power_of_two(uint32_t n)
{
  return n && !(n & (n - 1));
}

static int check_options(const aatgs_options *o, aatgs_error *error)
{
  if (o->size != sizeof *o)
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "aatgs_options.size is %zu, not %zu: begin with AATGS_OPTIONS_INIT",
                           o->size, sizeof *o);
  if (!power_of_two(o->command_slots) || o->command_slots < 4 || o->command_slots > 4096)
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "command_slots is %u: it must be a power of two from 4 to 4096",
                           o->command_slots);
  if (!power_of_two(o->telemetry_slots) || o->telemetry_slots < o->command_slots ||
      o->telemetry_slots > 65536)
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "telemetry_slots is %u: it must be a power of two from command_slots "
                           "(%u) to 65536",
                           o->telemetry_slots, o->command_slots);
  if (o->timing_slots && (!power_of_two(o->timing_slots) || o->timing_slots > 1u << 26))
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "timing_slots is %u: it must be a power of two, at most 2^26",
                           o->timing_slots);
  if (!o->tasks_max || o->tasks_max > 1u << 24 || o->edges_max > 1u << 28 || o->graphs_max < 2 ||
      o->graphs_max > 4096)
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "tasks_max must be 1..2^24, edges_max at most 2^28, graphs_max 2..4096");
  if (!o->timeout_ns)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "timeout_ns must not be 0");
  if ((o->window_bytes || o->window_ns || o->trigger) && !o->record)
    return aatgs_error_set(error, AATGS_EINVAL, 0, "a flight recorder needs a folder to record to");
  if (o->trigger && !o->window_bytes && !o->window_ns)
    return aatgs_error_set(error, AATGS_EINVAL, 0,
                           "a trigger saves the window of a flight recorder: say how large it is");
  return 0;
}

static int copy_string(aatgs_runtime *rt, const char **field, int index)
{
  if (!*field)
    return 0;
  rt->strings[index] = strdup(*field);
  *field = rt->strings[index];
  return *field ? 0 : AATGS_ENOMEM;
}

static int copy_options(aatgs_runtime *rt, const aatgs_options *options, aatgs_error *error)
{
  rt->options = *options;
  rt->options.inputs = NULL;
  rt->options.input_count = 0;
  if (copy_string(rt, &rt->options.workload, 0) || copy_string(rt, &rt->options.device, 1) ||
      copy_string(rt, &rt->options.policy, 2) || copy_string(rt, &rt->options.record, 3) ||
      copy_string(rt, &rt->options.trigger, 4))
    return aatgs_error_set(error, AATGS_ENOMEM, errno, "out of memory");
  if (!rt->options.timing_slots) {
    uint64_t slots = TIMING_SLOTS_MIN;
    while (slots < (uint64_t)rt->options.tasks_max * 4 && slots < 1u << 26)
      slots *= 2;
    rt->options.timing_slots = (uint32_t)slots;
  }
  rt->plans_max = rt->options.graphs_max * PLANS_PER_GRAPH;
  return 0;
}

/* ---- Inputs --------------------------------------------------------------------------- */

static int read_file(const char *path, uint8_t **bytes, size_t *size, aatgs_error *error)
{
  struct stat st;
  FILE *f = fopen(path, "rbe");
  int rc = 0;
  *bytes = NULL;
  *size = 0;
  if (!f)
    return aatgs_error_set(error, errno == ENOENT ? AATGS_ENOTFOUND : AATGS_EIO, errno, "%s: %s",
                           path, strerror(errno));
  if (fstat(fileno(f), &st) || S_ISDIR(st.st_mode))
    rc = aatgs_error_set(error, AATGS_EIO, errno, "%s: not a file that can be read", path);
  size_t room = 1 << 16;
  *bytes = rc ? NULL : malloc(room);
  while (!rc && *bytes) {
    const size_t n = fread(*bytes + *size, 1, room - *size, f);
    *size += n;
    if (!n)
      break;
    if (*size == room) {
      uint8_t *more = room < INPUT_BYTES_MAX ? realloc(*bytes, room * 2) : NULL;
      if (!more)
        rc = aatgs_error_set(error, AATGS_ELIMIT, 0, "%s: larger than %zu bytes", path, room);
      else
        *bytes = more;
      room *= 2;
    }
  }
  if (!rc && !*bytes)
    rc = aatgs_error_set(error, AATGS_ENOMEM, errno, "%s: out of memory", path);
  if (!rc && ferror(f))
    rc = aatgs_error_set(error, AATGS_EIO, errno, "%s: %s", path, strerror(errno));
  fclose(f);
  if (rc) {
    free(*bytes);
    *bytes = NULL;
  }
  return rc;
}

static int input_index(const struct aatgs_workload *w, const char *kind)
{
  for (uint32_t i = 0; i < w->input_kind_count; i++)
    if (strcmp(w->input_kinds[i].name, kind) == 0)
      return (int)i;
  return -1;
}

static int read_inputs(aatgs_runtime *rt, const aatgs_options *o, aatgs_error *error)
{
  for (size_t i = 0; i < o->input_count; i++) {
    const int k = input_index(rt->workload, o->inputs[i].kind);
    if (k < 0)
      return aatgs_error_set(error, AATGS_EINVAL, 0, "workload %s takes no input \"%s\"",
                             rt->workload->name, o->inputs[i].kind);
    if (rt->inputs[k].bytes)
      return aatgs_error_set(error, AATGS_EINVAL, 0, "input \"%s\" was given twice",
                             o->inputs[i].kind);
    size_t size = 0;
    const int rc = read_file(o->inputs[i].path, &rt->input_memory[k], &size, error);
    if (rc)
      return rc;
    rt->inputs[k].path = strdup(o->inputs[i].path);
    rt->inputs[k].bytes = rt->input_memory[k];
    rt->inputs[k].size = size;
    rt->given |= 1u << k;
    rt->host_bytes += size;
  }
  return 0;
}

static int take_inputs(aatgs_runtime *rt, const aatgs_options *o, const aatgs_replay_source *source,
                       aatgs_error *error)
{
  rt->inputs = take(rt, rt->workload->input_kind_count, sizeof *rt->inputs);
  if (!rt->inputs)
    return aatgs_error_set(error, AATGS_ENOMEM, errno, "out of memory");
  if (!source)
    return read_inputs(rt, o, error);
  for (uint32_t i = 0; i < rt->workload->input_kind_count; i++) {
    rt->inputs[i] = source->inputs[i];
    rt->inputs[i].path = strdup(source->inputs[i].path ? source->inputs[i].path : "");
    if (source->inputs[i].bytes)
      rt->given |= 1u << i;
  }
  return 0;
}

/* ---- The workload's set-up ------------------------------------------------------------- */

typedef struct setup_owner {
  aatgs_runtime *rt;
  aatgs_error *error;
} setup_owner;

static void *setup_region(aatgs_setup *setup, uint32_t index, size_t bytes)
{
  aatgs_runtime *rt = ((setup_owner *)setup->owner)->rt;
  if (index >= rt->workload->region_count || rt->region_memory[index])
    return NULL;
  const size_t padded = (bytes + 63) & ~(size_t)63;
  rt->region_memory[index] = aligned_alloc(64, padded ? padded : 64);
  if (!rt->region_memory[index])
    return NULL;
  memset(rt->region_memory[index], 0, padded ? padded : 64);
  rt->regions[index].size = bytes;
  rt->host_bytes += padded;
  return rt->region_memory[index];
}

static int setup_fail(aatgs_setup *setup, const char *format, ...)
{
  char text[sizeof((aatgs_error *)0)->text];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return aatgs_error_set(((setup_owner *)setup->owner)->error, AATGS_EFORMAT, 0, "%s", text);
}

static int run_setup(aatgs_runtime *rt, const aatgs_replay_source *source, aatgs_error *error)
{
  setup_owner owner = {rt, error};
  aatgs_setup setup = {rt->inputs, rt->options.seed, setup_region, setup_fail, &owner};
  const int rc = rt->workload->setup(&setup);
  if (rc)
    return rc;
  for (uint32_t r = 0; r < rt->workload->region_count; r++) {
    const uint32_t kind = rt->workload->regions[r].kind;
    const size_t padded = (rt->regions[r].size + 63) & ~(size_t)63;
    if (kind == AATGS_REGION_DERIVED) { /* the device makes it */
      free(rt->region_memory[r]);
      rt->region_memory[r] = NULL;
      rt->host_bytes -= padded;
      continue;
    }
    rt->regions[r].bytes = rt->region_memory[r];
    if (kind == AATGS_REGION_PRIMARY)
      rt->staging_bytes += padded;
  }
  rt->staging = take(rt, rt->staging_bytes, 1);
  if (!rt->staging)
    return aatgs_error_set(error, AATGS_ENOMEM, errno, "out of memory");
  if (source && source->staging && source->staging_bytes != rt->staging_bytes)
    return aatgs_error_set(error, AATGS_ECORRUPT, 0,
                           "the snapshot has %zu bytes where this workload needs %zu",
                           source->staging_bytes, rt->staging_bytes);
  uint8_t *at = rt->staging;
  for (uint32_t r = 0; r < rt->workload->region_count; r++) {
    const size_t size = rt->regions[r].size;
    if (rt->workload->regions[r].kind != AATGS_REGION_PRIMARY || !size)
      continue;
    if (source && source->staging)
      memcpy(rt->region_memory[r], source->staging + (at - rt->staging), size);
    memcpy(at, rt->region_memory[r], size);
    at += (size + 63) & ~(size_t)63;
  }
  return 0;
}

/* ---- The parts ---------------------------------------------------------------------------- */

static void find_roles(aatgs_runtime *rt)
{
  const struct aatgs_workload *w = rt->workload;
  rt->iteration_field = rt->time_field = UINT32_MAX;
  for (uint32_t i = 0; i < w->config_field_count; i++)
    if (w->config_fields[i].role == AATGS_FIELD_ITERATION) {
      rt->iteration_field = w->config_fields[i].offset;
      rt->iteration_field_bytes = (uint32_t)aatgs_field_type_bytes(w->config_fields[i].type);
    }
  for (uint32_t i = 0; i < w->telemetry_field_count; i++)
    if (w->telemetry_fields[i].role == AATGS_FIELD_ITERATION_TIME_US &&
        w->telemetry_fields[i].type == AATGS_U32)
      rt->time_field = w->telemetry_fields[i].offset;
}

static int take_tables(aatgs_runtime *rt, aatgs_error *error)
{
  const aatgs_options *o = &rt->options;
  rt->flights = take(rt, o->telemetry_slots, sizeof *rt->flights);
  rt->timing_buffer = take(rt, o->timing_slots, sizeof *rt->timing_buffer);
  rt->graphs = take(rt, o->graphs_max, sizeof *rt->graphs);
  rt->plans = take(rt, rt->plans_max, sizeof *rt->plans);
  rt->scratch_at = take(rt, o->tasks_max, sizeof *rt->scratch_at);
  rt->scratch_priority = take(rt, o->tasks_max, sizeof *rt->scratch_priority);
  bool ok = rt->flights && rt->timing_buffer && rt->graphs && rt->plans && rt->scratch_at &&
            rt->scratch_priority;
  for (uint32_t i = 0; ok && i < rt->plans_max; i++) {
    rt->plans[i].task_at = take(rt, o->tasks_max, sizeof(uint32_t));
    rt->plans[i].priority_x1000 = take(rt, o->tasks_max, sizeof(uint32_t));
    ok = rt->plans[i].task_at && rt->plans[i].priority_x1000;
  }
  rt->current = UINT32_MAX;
  rt->next_graph = rt->next_plan = 1;
  rt->host_bytes += (size_t)o->command_slots * rt->workload->config_bytes; /* the queue */
  if (ok && !aatgs_config_ring_open(rt->workload->config_bytes, o->command_slots, &rt->queue) &&
      !aatgs_graph_open(rt->workload, &rt->pending)) {
    if (o->digest == AATGS_DIGEST_FULL)
      aatgs_graph_seal(rt->pending);
    return 0;
  }
  return aatgs_error_set(error, AATGS_ENOMEM, errno,
                         "out of memory: lower tasks_max (%u), graphs_max (%u) or the ring sizes",
                         o->tasks_max, o->graphs_max);
}

static int open_device(aatgs_runtime *rt, const aatgs_replay_source *source, aatgs_error *error)
{
  const aatgs_options *o = &rt->options;
  aatgs_device_spec spec = {.workload = rt->workload,
                            .regions = rt->regions,
                            .seed = o->seed,
                            .host_timeout_ns = o->timeout_ns,
                            .idle = o->idle,
                            .shuffle = o->shuffle,
                            .digest = o->digest,
                            .lanes = o->lanes,
                            .ring = o->ring};
  spec.layout = (aatgs_bus_layout){.workers = o->workers,
                                   .first_iteration = rt->first_iteration,
                                   .command_slots = o->command_slots,
                                   .telemetry_slots = o->telemetry_slots,
                                   .timing_slots = o->timing_slots,
                                   .graphs_max = o->graphs_max,
                                   .plans_max = rt->plans_max,
                                   .tasks_max = o->tasks_max,
                                   .edges_max = o->edges_max,
                                   .config_bytes = rt->workload->config_bytes,
                                   .telemetry_bytes = rt->workload->telemetry_bytes};
  if (source && source->stop) {
    spec.stop = source->stop;
    spec.host_timeout_ns = 0; /* whoever debugs takes the time that it takes */
  }
  const int rc = aatgs_device_open(o->device, &spec, &rt->device, error);
  if (rc)
    return rc;
  uint8_t *base = (uint8_t *)rt->device->bus;
  rt->bus = rt->device->bus;
  rt->commands = rt->device->window ? rt->device->window
                                    : (aatgs_flit *)(void *)(base + rt->bus->layout.commands_at);
  rt->telemetry = (aatgs_flit *)(void *)(base + rt->bus->layout.telemetry_at);
  rt->timings = (aatgs_flit *)(void *)(base + rt->bus->layout.timings_at);
  return 0;
}

/* The loop says RUNNING once the derived regions are built. */
static int wait_for_device(aatgs_runtime *rt, aatgs_error *error)
{
  const uint64_t start = aatgs_now_ns();
  while (aatgs_bus_load_acquire(&rt->bus->device.state) == AATGS_DEVICE_STARTING) { /* B6 */
    const struct timespec nap = {0, 20000};
    if (aatgs_now_ns() - start > rt->options.timeout_ns)
      return aatgs_error_set(error, AATGS_EDEVICE, 0, "the %s device did not start within %.1f s%s",
                             rt->device->ops->kind, (double)rt->options.timeout_ns / 1e9,
                             rt->device->own_clock ? ": another kernel may hold the GPU's "
                                                     "multiprocessors; give fewer workers"
                                                   : "");
    nanosleep(&nap, NULL);
  }
  const int rc = aatgs_check_alive(rt);
  if (rc && error)
    *error = rt->error;
  return rc;
}

static int open_scheduler(aatgs_runtime *rt, aatgs_error *error)
{
  aatgs_scheduler_options o = AATGS_SCHEDULER_OPTIONS_INIT;
  o.config_slots = rt->options.command_slots;
  o.telemetry_slots = rt->options.telemetry_slots;
  o.history = rt->options.history;
  o.snapshot_interval_ns = rt->options.snapshot_interval_ns;
  o.policy = rt->options.policy;
  o.deadline_ns = rt->options.deadline_ns;
  o.workers = rt->device->workers;
  const int rc = aatgs_scheduler_open(rt->workload, &o, &rt->scheduler, &rt->events);
  if (rc)
    return aatgs_error_set(error, rc, 0, "no scheduler with policy \"%s\", history %u: %s",
                           rt->options.policy ? rt->options.policy : "", rt->options.history,
                           aatgs_strerror(rc));
  rt->host_bytes += aatgs_scheduler_bytes(rt->scheduler);
  return 0;
}

static int open_graph(aatgs_runtime *rt, const char *tasks, aatgs_error *error)
{
  aatgs_graph *graph;
  if (!tasks)
    return 0;
  int rc = aatgs_graph_open(rt->workload, &graph);
  if (rc)
    return aatgs_error_set(error, rc, 0, "out of memory");
  rc = aatgs_graph_load(graph, tasks, rt->given);
  if (rc && error)
    *error = *aatgs_graph_error(graph);
  if (!rc) {
    rc = aatgs_set_graph(rt, graph);
    if (rc && error)
      *error = rt->error;
  }
  aatgs_graph_close(graph);
  return rc;
}

/* Whether the graph will do, before anything is started or created. */
static int check_graph(const aatgs_runtime *rt, const char *tasks, aatgs_error *error)
{
  aatgs_graph *graph;
  if (!tasks)
    return 0;
  int rc = aatgs_graph_open(rt->workload, &graph);
  if (!rc)
    rc = aatgs_graph_load(graph, tasks, rt->given);
  if (!rc)
    rc = aatgs_graph_check(graph);
  if (rc && error && graph)
    *error = *aatgs_graph_error(graph);
  aatgs_graph_close(graph);
  return rc;
}

static int open_parts(aatgs_runtime *rt, const aatgs_options *options,
                      const aatgs_replay_source *source, aatgs_error *error)
{
  rt->first_iteration = source && source->first_iteration ? source->first_iteration : 1;
  rt->next_iteration = rt->next_seen = rt->next_complete = rt->next_read = rt->first_iteration;
  rt->snapshot_at = rt->first_iteration;
  int rc = copy_options(rt, options, error);
  if (!rc)
    rc = aatgs_workload_load(rt->options.workload, &rt->workload, error);
  if (rc)
    return rc;
  find_roles(rt);
  rc = take_inputs(rt, options, source, error);
  if (!rc)
    rc = check_graph(rt, options->tasks, error);
  if (!rc)
    rc = run_setup(rt, source, error);
  if (!rc)
    rc = take_tables(rt, error);
  if (!rc)
    rc = open_device(rt, source, error);
  if (!rc)
    rc = wait_for_device(rt, error);
  if (!rc)
    rc = open_scheduler(rt, error);
  if (!rc) {
    rc = aatgs_watch_start(rt);
    if (rc && error)
      *error = rt->error;
  }
  if (!rc)
    rc = aatgs_open_recording(rt, error);
  if (!rc)
    rc = open_graph(rt, options->tasks, error);
  return rc;
}

static void free_runtime(aatgs_runtime *rt)
{
  aatgs_scheduler_close(rt->scheduler);
  aatgs_config_ring_close(rt->queue);
  aatgs_graph_close(rt->pending);
  aatgs_graph_close(rt->component);
  aatgs_graph_close(rt->follow_up);
  for (uint32_t i = 0; rt->graphs && i < rt->options.graphs_max; i++)
    aatgs_graph_close(rt->graphs[i].graph);
  for (uint32_t i = 0; rt->plans && i < rt->plans_max; i++) {
    free(rt->plans[i].task_at);
    free(rt->plans[i].priority_x1000);
  }
  free(rt->graphs);
  free(rt->plans);
  free(rt->flights);
  free(rt->timing_buffer);
  free(rt->scratch_at);
  free(rt->scratch_priority);
  for (uint32_t i = 0; i < AATGS_REGIONS_MAX; i++)
    free(rt->region_memory[i]);
  for (uint32_t i = 0; rt->inputs && i < rt->workload->input_kind_count; i++) {
    free(rt->input_memory[i]);
    free((void *)(uintptr_t)rt->inputs[i].path);
  }
  free(rt->inputs);
  free(rt->staging);
  free(rt->trace_staging);
  for (size_t i = 0; i < sizeof rt->strings / sizeof *rt->strings; i++)
    free(rt->strings[i]);
  free(rt);
}

/* Ends the loop: by STOP when it answers, else by abandoning it. */
static int stop_device(aatgs_runtime *rt)
{
  int rc = aatgs_check_alive(rt);
  if (!rc)
    rc = aatgs_drain(rt, rt->options.timeout_ns);
  if (!rc && aatgs_command_credit(rt)) {
    aatgs_log_info("Signaling GPU shutdown");
    aatgs_post_ordered(rt, AATGS_OP_STOP, 0, 0);
  } else {
    aatgs_bus_store_relaxed(&rt->bus->host.abandon, 1); /* B7 */
  }
  if (rt->device->ops->join(rt->device, rc ? UINT64_C(200000000) : rt->options.timeout_ns) && !rc)
    rc = aatgs_error_set(&rt->error, AATGS_EDEVICE, 0, "the %s device did not stop within %.1f s",
                         rt->device->ops->kind, (double)rt->options.timeout_ns / 1e9);
  return rc;
}

int aatgs_runtime_open(const aatgs_options *options, const aatgs_replay_source *source,
                       aatgs_runtime **out, aatgs_error *error)
{
  *out = NULL;
  int rc = check_options(options, error);
  if (rc)
    return rc;
  aatgs_runtime *rt = calloc(1, sizeof *rt);
  if (!rt)
    return aatgs_error_set(error, AATGS_ENOMEM, errno, "out of memory");
  rt->host_bytes = sizeof *rt;
  rt->epoch = 1;
  if (source) {
    rt->observe = source->observe;
    rt->observer = source->observer;
  }
  rc = open_parts(rt, options, source, error);
  if (rc) {
    aatgs_close(rt);
    return rc;
  }
  *out = rt;
  return 0;
}

int aatgs_open(const aatgs_options *options, aatgs_runtime **out, aatgs_error *error)
{
  return aatgs_runtime_open(options, NULL, out, error);
}

int aatgs_close(aatgs_runtime *rt)
{
  int rc = 0;
  aatgs_error error;
  if (!rt)
    return 0;
  if (rt->device)
    rc = stop_device(rt);
  aatgs_watch_end(rt);
  const int recording = aatgs_recorder_close(rt->recorder, rt->digest, &error);
  if (recording)
    aatgs_log_error("%s", error.text);
  if (rt->device)
    rt->device->ops->close(rt->device);
  free_runtime(rt);
  return rc ? rc : recording;
}
