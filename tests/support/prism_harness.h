/* Runs prism's tasks by hand, without a device: sets the workload up in plain
 * memory and calls the task functions in the order of a graph, by one lane or by
 * several (lanes.h).
 *
 * One translation unit includes this and links host/prism/. */
#ifndef AATGS_PRISM_HARNESS_H
#define AATGS_PRISM_HARNESS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(PRISM_HARNESS_LANES) || defined(PRISM_HARNESS_WARPS)
#include "support/lanes.h"
#else
#include "device/port.h"
#endif
#include "device/workload.h"

#if defined(PRISM_HARNESS_WARPS)
#define __CUDACC__ 1 /* what prism has for warps */
#endif
#include "device/prism/download.h"
#include "device/prism/hooks.h"
#include "device/prism/lbs.h"
#include "device/prism/phase.h"
#include "device/prism/quantum.h"
#include "device/prism/rebuild.h"
#include "device/prism/regions.h"
#include "device/prism/reorder.h"
#include "device/prism/thermo.h"
#include "device/prism/upload.h"
#include "device/prism/whcr.h"
#undef __CUDACC__

enum harness_type { UPLOAD, WHCR, THERMO, QUANTUM, LBS, PHASE, DOWNLOAD, CUSTOM, HARNESS_TYPES };

typedef void harness_function(aatgs_task *t);
static harness_function *const harness_run[HARNESS_TYPES] = {
    prism_config_upload, prism_whcr,  prism_thermo,   prism_quantum,
    prism_lbs,           prism_phase, prism_download, prism_custom};
static harness_function *const harness_finish[HARNESS_TYPES] = {NULL,
                                                                prism_whcr_finish,
                                                                prism_thermo_finish,
                                                                prism_quantum_finish,
                                                                prism_lbs_finish,
                                                                NULL,
                                                                NULL,
                                                                NULL};

/* One task of the graph under test. */
typedef struct harness_task {
  enum harness_type type;
  uint32_t parts;
  uint32_t arg;
} harness_task;

__attribute__((unused)) static const harness_task harness_linear[] = {
    {UPLOAD, 1, 0}, {WHCR, 3, 0}, {DOWNLOAD, 1, 0}};
__attribute__((unused)) static const harness_task harness_diamond[] = {
    {UPLOAD, 1, 0}, {WHCR, 3, 0}, {THERMO, 4, 0}, {DOWNLOAD, 1, 0}};
__attribute__((unused)) static const harness_task harness_full[] = {
    {UPLOAD, 1, 0}, {WHCR, 3, 0},  {THERMO, 4, 0},  {QUANTUM, 4, 0},
    {LBS, 4, 0},    {PHASE, 1, 0}, {DOWNLOAD, 1, 0}};
#define HARNESS_COUNT(tasks) (sizeof(tasks) / sizeof((tasks)[0]))

typedef struct harness {
  aatgs_setup setup;
  aatgs_input inputs[PRISM_INPUTS];
  uint8_t *regions[PRISM_REGIONS];
  uint64_t bytes[PRISM_REGIONS];
  char error[600];
  struct prism_config config;
  struct prism_telemetry telemetry;
  uint64_t iteration;
  uint32_t failed; /* last code handed to aatgs_fail() */
  uint64_t digest; /* folded from those of the parts */
  bool backwards;  /* run parts, and solvers side by side, in reverse */
} harness;

AATGS_FN void *harness_region(aatgs_setup *setup, uint32_t index, size_t bytes)
{
  harness *h = setup->owner;
  size_t whole = (bytes + 63) / 64 * 64;
  if (h->regions[index])
    abort(); /* asked for twice */
  h->regions[index] = aligned_alloc(64, whole ? whole : 64);
  h->bytes[index] = bytes;
  memset(h->regions[index], 0, whole ? whole : 64);
  return h->regions[index];
}

AATGS_FN int harness_fail(aatgs_setup *setup, const char *format, ...)
{
  harness *h = setup->owner;
  va_list args;
  va_start(args, format);
  vsnprintf(h->error, sizeof h->error, format, args);
  va_end(args);
  return -8; /* AATGS_EFORMAT */
}

AATGS_FN int harness_rebuild(harness *h);

/* Sets the workload up for a graph and a protein, each NULL or a text of that size. */
AATGS_FN int harness_open(harness *h, const char *graph, size_t graph_size, const char *protein,
                          size_t protein_size)
{
  int rc;
  memset(h, 0, sizeof *h);
  h->inputs[PRISM_INPUT_GRAPH] = (aatgs_input){"g.col", (const uint8_t *)graph, graph_size};
  h->inputs[PRISM_INPUT_PROTEIN] = (aatgs_input){"p.pdb", (const uint8_t *)protein, protein_size};
  h->setup.inputs = h->inputs;
  h->setup.region = harness_region;
  h->setup.fail = harness_fail;
  h->setup.seed = 1;
  h->setup.owner = h;
  h->config = aatgs_runtime_config_production();
  rc = prism_setup(&h->setup);
  return rc ? rc : harness_rebuild(h);
}

AATGS_FN void harness_close(harness *h)
{
  for (uint32_t i = 0; i < PRISM_REGIONS; i++)
    free(h->regions[i]);
  memset(h, 0, sizeof *h);
}

AATGS_FN aatgs_task harness_task_of(harness *h, uint32_t number, const harness_task *task,
                                    uint32_t part)
{
  aatgs_task t = {0};
  t.config = &h->config;
  t.telemetry = (uint32_t *)(void *)&h->telemetry;
  t.regions = h->regions;
  t.region_bytes = h->bytes;
  t.iteration = h->iteration;
  t.key = aatgs_random_key(aatgs_random_base(h->setup.seed, h->iteration), number, part);
  t.task = number;
  t.part = part;
  t.parts = task->parts;
  t.arg = task->arg;
  t.lanes = 1;
  return t;
}

AATGS_FN void harness_call(harness_function *function, aatgs_task *t)
{
#if defined(AATGS_TESTS_LANES_H)
  lanes_run(function, t);
#else
  function(t);
#endif
}

AATGS_FN int harness_rebuild(harness *h)
{
  harness_task none = {UPLOAD, 1, 0};
  aatgs_task t = harness_task_of(h, 0, &none, 0);
  harness_call(prism_rebuild, &t);
  return 0;
}

/* Fills every derived region with rubbish and rebuilds it. */
AATGS_FN void harness_forget(harness *h)
{
  for (uint32_t i = 0; i < PRISM_REGIONS; i++)
    if (prism_regions[i].kind == AATGS_REGION_DERIVED && h->bytes[i])
      memset(h->regions[i], 0x5a, h->bytes[i]);
  /* Rows end in vertices that are not there: these never change. */
  memset(h->regions[PRISM_WHCR_OWN], 0, h->bytes[PRISM_WHCR_OWN]);
  harness_rebuild(h);
}

AATGS_FN void harness_part(harness *h, harness_function *function, uint32_t number,
                           const harness_task *task, uint32_t part)
{
  aatgs_task t = harness_task_of(h, number, task, part);
  harness_call(function, &t);
  h->digest = aatgs_mix64(h->digest ^
                          aatgs_mix64((uint64_t)number << 48 | (uint64_t)part << 32 | t.digest));
  h->failed = t.failed ? t.failed : h->failed;
}

AATGS_FN bool harness_can_run(const harness *h, enum harness_type type)
{
  if (type == LBS)
    return h->inputs[PRISM_INPUT_PROTEIN].bytes != NULL;
  return type == UPLOAD || type == DOWNLOAD || h->inputs[PRISM_INPUT_GRAPH].bytes != NULL;
}

AATGS_FN void harness_task_run(harness *h, uint32_t number, const harness_task *task)
{
  uint64_t sum = h->digest, before = h->digest;
  if (!harness_can_run(h, task->type))
    return;
  for (uint32_t i = 0; i < task->parts; i++) {
    h->digest = before;
    harness_part(h, harness_run[task->type], number, task, h->backwards ? task->parts - 1 - i : i);
    sum += h->digest;
  }
  h->digest = sum;
  if (harness_finish[task->type])
    harness_part(h, harness_finish[task->type], number, task, task->parts);
}

/* One iteration of the graph; solvers (the tasks between the upload and what follows them) run
 * in reverse when `backwards` says so. */
AATGS_FN void harness_iterate(harness *h, const harness_task *tasks, size_t count)
{
  size_t first = 0, last;
  uint64_t before, sum;
  h->iteration++;
  h->config.iteration = (uint32_t)h->iteration;
  while (first < count && tasks[first].type == UPLOAD) {
    harness_task_run(h, (uint32_t)first, &tasks[first]);
    first++;
  }
  for (last = first; last < count && tasks[last].type != PHASE && tasks[last].type != DOWNLOAD;)
    last++;
  before = sum = h->digest;
  for (size_t i = first; i < last; i++) {
    size_t at = h->backwards ? last - 1 - (i - first) : i;
    h->digest = before;
    harness_task_run(h, (uint32_t)at, &tasks[at]);
    sum += h->digest;
  }
  h->digest = sum;
  for (size_t i = last; i < count; i++)
    harness_task_run(h, (uint32_t)i, &tasks[i]);
}

/* Reads a whole file of the shared inputs; NULL when it is not there. free() it. */
AATGS_FN char *harness_file(const char *name, size_t *size)
{
  const char *shared = getenv("AATGS_SHARED");
  char path[4096], *text = NULL;
  FILE *f;
  snprintf(path, sizeof path, "%s/data/%s", shared ? shared : AATGS_SOURCE_DIR "/../shared", name);
  f = fopen(path, "rb");
  if (!f)
    return NULL;
  if (fseek(f, 0, SEEK_END) == 0 && (*size = (size_t)ftell(f)) > 0) {
    rewind(f);
    text = malloc(*size);
    if (text && fread(text, 1, *size, f) != *size) {
      free(text);
      text = NULL;
    }
  }
  fclose(f);
  return text;
}

#endif
