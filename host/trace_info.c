#include "host/trace_info.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct aatgs_run_info {
  aatgs_trace_info info;
  aatgs_trace_type *types;
  aatgs_trace_region *regions;
  aatgs_trace_input *inputs;
  const uint8_t **contents;
  char host_name[65];
};

static uint64_t wall_clock_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void fill_lists(aatgs_run_info *i, const aatgs_runtime *rt)
{
  const struct aatgs_workload *w = rt->workload;
  for (uint32_t k = 0; k < w->type_count; k++)
    i->types[k] = (aatgs_trace_type){w->types[k].name, w->types[k].role, w->types[k].prior_ns};
  for (uint32_t k = 0; k < w->region_count; k++)
    i->regions[k] = (aatgs_trace_region){w->regions[k].name, w->regions[k].kind, w->regions[k].word,
                                         rt->regions[k].size};
  for (uint32_t k = 0; k < w->input_kind_count; k++) {
    if (!rt->inputs[k].bytes)
      continue;
    i->contents[i->info.input_count] = rt->inputs[k].bytes;
    i->inputs[i->info.input_count++] =
        (aatgs_trace_input){w->input_kinds[k].name, rt->inputs[k].path, rt->inputs[k].size};
  }
}

int aatgs_run_info_open(const aatgs_runtime *rt, aatgs_run_info **out)
{
  const struct aatgs_workload *w = rt->workload;
  const aatgs_options *o = &rt->options;
  aatgs_run_info *i = calloc(1, sizeof *i);
  *out = NULL;
  if (!i)
    return AATGS_ENOMEM;
  i->types = calloc(w->type_count + 1, sizeof *i->types);
  i->regions = calloc(w->region_count + 1, sizeof *i->regions);
  i->inputs = calloc(w->input_kind_count + 1, sizeof *i->inputs);
  i->contents = calloc(w->input_kind_count + 1, sizeof *i->contents);
  if (!i->types || !i->regions || !i->inputs || !i->contents) {
    aatgs_run_info_close(i);
    return AATGS_ENOMEM;
  }
  fill_lists(i, rt);
  if (gethostname(i->host_name, sizeof i->host_name - 1))
    i->host_name[0] = '\0';
  const uint32_t input_count = i->info.input_count;
  i->info = (aatgs_trace_info){.aatgs_version = aatgs_version(),
                               .workload = w->name,
                               .workload_source_digest = w->source_digest,
                               .device = rt->device->ops->kind,
                               .device_name = rt->device->name,
                               .host_name = i->host_name,
                               .policy = o->policy,
                               .workers = rt->device->workers,
                               .seed = o->seed,
                               .started_unix_ns = wall_clock_ns(),
                               .snapshot_interval_ns = o->snapshot_interval_ns,
                               .deadline_ns = o->deadline_ns,
                               .decisions = true,
                               .command_slots = o->command_slots,
                               .telemetry_slots = o->telemetry_slots,
                               .history = o->history,
                               .digest = (uint32_t)o->digest,
                               .config_bytes = w->config_bytes,
                               .telemetry_bytes = w->telemetry_bytes,
                               .config_fields = w->config_fields,
                               .config_field_count = w->config_field_count,
                               .telemetry_field_count = w->telemetry_field_count,
                               .telemetry_fields = w->telemetry_fields,
                               .types = i->types,
                               .type_count = w->type_count,
                               .region_count = w->region_count,
                               .regions = i->regions,
                               .inputs = i->inputs,
                               .input_count = input_count};
  *out = i;
  return 0;
}

const aatgs_trace_info *aatgs_run_info_get(const aatgs_run_info *info,
                                           const uint8_t *const **inputs)
{
  *inputs = info->contents;
  return &info->info;
}

void aatgs_run_info_close(aatgs_run_info *i)
{
  if (!i)
    return;
  free(i->types);
  free(i->regions);
  free(i->inputs);
  free(i->contents);
  free(i);
}
