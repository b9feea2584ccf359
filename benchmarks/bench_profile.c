/* What does the device take for iterations whose commands all lie in the ring before it starts,
 * with a STOP behind them? The loop then runs to its end without a host, as profilers want it that
 * hold the host up until a launch is over, and may launch it again: it changes none of what it
 * reads but its own memory. */
#include "bench.h"
#include "shapes.h"

#include "device/order.h"
#include "device/state.h"
#include "device/workload.h"
#include "host/clock.h"
#include "host/device.h"
#include "host/graph.h"

#if defined(AATGS_WITH_CUDA)
#include <cuda_runtime_api.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS_MAX 32000u
#define SLOTS_MIN      16u
#define TIMING_SLOTS   8192u                 /* nobody reads them */
#define LIFE_NS        UINT64_C(20000000000) /* the loop ends by itself: nobody beats for a host */

static shape *make_one(void)
{
  return shape_chain(1);
}
static shape *make_chain(void)
{
  return shape_chain(50);
}
static shape *make_fork_join(void)
{
  return shape_fork_join(128);
}
static shape *make_stencil(void)
{
  return shape_stencil(64, 64);
}

static const struct {
  const char *name;
  const char *type; /* of the workload `empty` */
  shape *(*make)(void);
  bool spread; /* over all workers, where there are several */
} graphs[] = {{"one", "Nothing", make_one, false},
              {"spread", "Nothing", make_one, true},
              {"ordered", "Ordered", make_one, false},
              {"chain", "Nothing", make_chain, false},
              {"fork-join", "Nothing", make_fork_join, false},
              {"stencil", "Nothing", make_stencil, false}};
#define GRAPHS (sizeof graphs / sizeof *graphs)

/* What is put into the ring; hooks of a workload have no argument for it. */
static struct script {
  const struct aatgs_workload *real;
  aatgs_graph *graph;
  uint32_t iterations;
  bool spread;
  int rc;
} script;

static void post(aatgs_bus *bus, uint64_t n, const aatgs_command_header *header)
{
  union {
    aatgs_command command;
    uint32_t words[AATGS_COMMAND_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
  } u;
  memset(&u, 0, sizeof u);
  u.command.header = *header;
  aatgs_flit *ring = (aatgs_flit *)(void *)((uint8_t *)bus + bus->layout.commands_at);
  aatgs_slot_store(ring + (n & (bus->layout.command_slots - 1)) * AATGS_COMMAND_FLITS,
                   AATGS_COMMAND_FLITS, (uint32_t)n, u.words);
}

static void fill(aatgs_bus *bus)
{
  const aatgs_bus_layout *l = &bus->layout;
  const uint32_t number = 1;
  uint64_t n = l->first_command;
  aatgs_graph_table *table = (aatgs_graph_table *)(void *)((uint8_t *)bus + l->graphs_at +
                                                           number % l->graphs_max * l->graph_bytes);
  aatgs_graph_compile(script.graph, number, table);
  script.rc = aatgs_graph_place(script.graph, l->workers, l->turns_max, l->waits_max, table);
  aatgs_command_header h = {.opcode = AATGS_OP_GRAPH, .graph = number};
  post(bus, n++, &h);
  h = (aatgs_command_header){
      .opcode = AATGS_OP_ITERATE, .flags = AATGS_COMMAND_PLACED, .graph = number};
  if (script.spread && l->workers > 1)
    h.flags |= AATGS_COMMAND_SPREAD;
  for (uint32_t i = 0; i < script.iterations; i++) {
    h.iteration = l->first_iteration + i;
    h.timing_base = (uint64_t)i * table->records;
    post(bus, n++, &h);
  }
  h = (aatgs_command_header){.opcode = AATGS_OP_STOP};
  post(bus, n, &h);
}

static void fill_and_loop(struct aatgs_loop *loop, uint32_t worker)
{
  if (worker == 0)
    fill(loop->bus);
  script.real->cpu_loop(loop, worker);
}

#if defined(AATGS_WITH_CUDA)
/* A block of host memory has one address on both sides. */
static int fill_and_launch(const struct aatgs_launch *launch)
{
  aatgs_bus *bus;
  const cudaError_t rc = launch->loop ? cudaMemcpy(&bus, &launch->loop->bus, sizeof(aatgs_bus *),
                                                   cudaMemcpyDeviceToHost)
                                      : cudaSuccess;
  if (rc != cudaSuccess)
    return (int)rc;
  if (launch->loop)
    fill(bus);
  return script.real->cuda_launch(launch);
}
#endif

static aatgs_graph *make_graph(const bench *b, size_t which)
{
  shape *s = graphs[which].make();
  aatgs_graph *graph = s ? shape_graph(s, script.real, graphs[which].type, 0, 0) : NULL;
  if (!graph)
    bench_fail(b, "the graph could not be made");
  if (aatgs_graph_check(graph))
    bench_fail(b, "%s", aatgs_graph_error(graph)->text);
  shape_close(s);
  return graph;
}

static aatgs_device *start(bench *b, uint32_t workers)
{
  static const aatgs_region_view line = {NULL, 64};
  static struct aatgs_workload workload;
  aatgs_device_spec spec = {.workload = &workload, .regions = &line, .host_timeout_ns = LIFE_NS};
  aatgs_device *device;
  aatgs_error error;
  workload = *script.real;
  workload.cpu_loop = fill_and_loop;
#if defined(AATGS_WITH_CUDA)
  workload.cuda_launch = fill_and_launch;
#endif
  uint32_t slots = SLOTS_MIN;
  while (slots < script.iterations + 2)
    slots *= 2;
  spec.layout = (aatgs_bus_layout){.workers = workers,
                                   .first_iteration = 1,
                                   .command_slots = slots,
                                   .telemetry_slots = slots,
                                   .timing_slots = TIMING_SLOTS,
                                   .graphs_max = 2,
                                   .plans_max = 2,
                                   .tasks_max = (uint32_t)aatgs_graph_len(script.graph),
                                   .edges_max = aatgs_graph_edges(script.graph)};
  if (aatgs_device_open(b->device, &spec, &device, &error))
    bench_fail(b, "%s", error.text);
  snprintf(b->device_name, sizeof b->device_name, "%s", device->name);
  return device;
}

/* From one iteration's end to the next one's, where they end in order, from an iteration's start to
 * its end, and how many end in a second, by the device's clock. */
static void report(bench *b, const char *name, const aatgs_bus *bus)
{
  const aatgs_bus_layout *l = &bus->layout;
  const aatgs_flit *ring =
      (const aatgs_flit *)(const void *)((const uint8_t *)bus + l->telemetry_at);
  bench_samples period, latency;
  uint64_t before = 0, first = UINT64_MAX, last = 0;
  bench_samples_open(b, &period, script.iterations);
  bench_samples_open(b, &latency, script.iterations);
  for (uint32_t i = 0; i < script.iterations; i++) {
    union {
      aatgs_telemetry_record record;
      uint32_t words[AATGS_TELEMETRY_FLITS * AATGS_FLIT_PAYLOAD_WORDS];
    } u;
    const uint64_t iteration = l->first_iteration + i;
    if (!aatgs_slot_load(ring + (iteration & (l->telemetry_slots - 1)) * AATGS_TELEMETRY_FLITS,
                         AATGS_TELEMETRY_FLITS, (uint32_t)iteration, u.words) ||
        u.record.status != AATGS_STATUS_OK)
      bench_fail(b, "iteration %llu has no telemetry", (unsigned long long)iteration);
    bench_sample(&latency, u.record.end_ns - u.record.start_ns);
    if (i)
      bench_sample(&period, u.record.end_ns - before);
    before = u.record.end_ns;
    first = before < first ? before : first;
    last = before > last ? before : last;
  }
  json_t *row = bench_row(b, name, false);
  bench_count(row, "iterations", script.iterations);
  bench_count(row, "workers", l->workers);
  bench_latency(row, &latency);
  if (!script.spread)
    bench_count(row, "back_to_back_ns", bench_percentile(&period, 500));
  if (last > first)
    bench_count(row, "per_second", (script.iterations - 1) * UINT64_C(1000000000) / (last - first));
  bench_samples_close(&period);
  bench_samples_close(&latency);
}

static int usage(void)
{
  fprintf(stderr, "Usage: bench_profile DEVICE GRAPH [ITERATIONS [WORKERS]]\n"
                  "  DEVICE      cpu, cuda or cuda:N\n"
                  "  GRAPH       one, spread, ordered, chain, fork-join or stencil\n"
                  "  ITERATIONS  1 to 32000 (default: 1000)\n"
                  "  WORKERS     of the device (default: all)\n");
  return 2;
}

int main(int argc, char **argv)
{
  static const bench_program program = {.name = "profile"};
  bench b = {.program = &program, .results = json_array()};
  size_t which = 0;
  aatgs_error error;
  if (argc < 3 || argc > 5)
    return usage();
  while (which < GRAPHS && strcmp(graphs[which].name, argv[2]))
    which++;
  script.iterations = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1000;
  if (which == GRAPHS || !script.iterations || script.iterations > ITERATIONS_MAX)
    return usage();
  script.spread = graphs[which].spread;
  b.device = argv[1];
  if (aatgs_workload_load("empty", &script.real, &error))
    bench_fail(&b, "%s", error.text);
  script.graph = make_graph(&b, which);
  aatgs_device *device = start(&b, argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0);
  if (device->ops->join(device, 2 * LIFE_NS))
    bench_fail(&b, "the loop has not ended");
  const uint64_t state = aatgs_bus_load_acquire(&device->bus->device.state);
  if (script.rc || state != AATGS_DEVICE_STOPPED)
    bench_fail(&b, "the loop ended in state %llu, fault %u (%s)", (unsigned long long)state,
               device->bus->device.fault.code, aatgs_strerror(script.rc));
  report(&b, graphs[which].name, device->bus);
  device->ops->close(device);
  aatgs_graph_close(script.graph);
  return bench_finish(&b);
}
