#include "tools/debug.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"
#include "tools/table.h"
#include "trace/field.h"

#define WORDS_SHOWN  64u
#define WORDS_A_LINE 8u
#define AROUND       4u
#define FIELDS_SHOWN 4u

static void show(aatgs_report *report)
{
  aatgs_report_print(report, AATGS_TABLE, stdout);
  aatgs_report_close(report);
}

/* ---- Config and telemetry -------------------------------------------------------------------- */

/* The values of all elements of a field, up to `capacity` bytes. */
static void field_text(const aatgs_field *f, const uint8_t *payload, char *out, size_t capacity)
{
  size_t used = 0;
  out[0] = '\0';
  for (uint32_t e = 0; e < f->count && used + 40 < capacity; e++) {
    if (e)
      out[used++] = ' ';
    used += (size_t)aatgs_field_format(f, payload, e, out + used, capacity - used);
  }
}

/* A field a line; where `other` has another value it stands beside it. */
static void show_payload(const aatgs_field *fields, uint32_t count, const uint8_t *payload,
                         const uint8_t *other, const char *other_name)
{
  const aatgs_column columns[] = {{"field", "field", false},
                                  {"value", "value", false},
                                  {"unit", "unit", false},
                                  {"other", other_name, false}};
  char a[4096], b[4096];
  aatgs_report *report = aatgs_report_open();
  aatgs_report_table(report, "fields", NULL, columns, other ? 4 : 3);
  for (uint32_t i = 0; i < count; i++) {
    field_text(&fields[i], payload, a, sizeof a);
    if (other)
      field_text(&fields[i], other, b, sizeof b);
    const aatgs_cell cells[] = {aatgs_cell_text(fields[i].name), aatgs_cell_text(a),
                                aatgs_cell_text(fields[i].unit),
                                aatgs_cell_text(other && strcmp(a, b) != 0 ? b : "")};
    aatgs_report_row(report, cells);
  }
  show(report);
}

static void print_config(aatgs_debugger *d)
{
  aatgs_iteration it;
  const uint64_t i = aatgs_debug_iteration(d);
  if (!i)
    aatgs_debug_complain(d, "no iteration has run yet");
  else if (aatgs_debug_recorded(d, i, &it))
    show_payload(d->info->config_fields, d->info->config_field_count, it.config, NULL, NULL);
}

static void print_telemetry(aatgs_debugger *d)
{
  aatgs_iteration it;
  const aatgs_iteration *found = aatgs_walk_found(d->walk);
  if (!found || found->iteration != aatgs_debug_iteration(d))
    aatgs_debug_complain(d, "there is no telemetry before the iteration has run");
  else if (aatgs_debug_recorded(d, found->iteration, &it))
    show_payload(d->info->telemetry_fields, d->info->telemetry_field_count, found->telemetry,
                 memcmp(found->telemetry, it.telemetry, d->info->telemetry_bytes) ? it.telemetry
                                                                                  : NULL,
                 "recorded");
}

/* ---- Regions ----------------------------------------------------------------------------------
 */

static uint32_t word_of(const aatgs_trace_region *r)
{
  return r->word == 1 || r->word == 2 || r->word == 8 ? r->word : 4;
}

static uint64_t element(const uint8_t *bytes, uint32_t word, uint64_t index)
{
  uint64_t v = 0;
  memcpy(&v, bytes + index * word, word);
  return v;
}

/* The region's bytes of now: live at a stop, else in the state after the iteration. */
static const uint8_t *region_bytes(aatgs_debugger *d, uint32_t region)
{
  uint64_t iteration;
  uint32_t task;
  const uint8_t *state;
  size_t bytes, at = 0;
  if (aatgs_walk_inside(d->walk, &iteration, &task))
    return aatgs_walk_region(d->walk, region);
  if (d->info->regions[region].kind != AATGS_REGION_PRIMARY) {
    aatgs_debug_complain(d,
                         "region %s is not primary: it can be seen at a stop before a task, after "
                         "'next TASK'",
                         d->info->regions[region].name);
    return NULL;
  }
  if (aatgs_walk_state(d->walk, &state, &bytes)) {
    aatgs_debug_complain(d, "%s", aatgs_walk_error(d->walk)->text);
    return NULL;
  }
  for (uint32_t r = 0; r < region; r++)
    if (d->info->regions[r].kind == AATGS_REGION_PRIMARY)
      at += AATGS_ALIGN64(d->info->regions[r].size);
  return state + at;
}

static void show_words(const uint8_t *bytes, uint32_t word, uint64_t first, uint64_t last)
{
  for (uint64_t i = first; i <= last; i++) {
    if ((i - first) % WORDS_A_LINE == 0)
      printf("%s%8" PRIu64 ":", i == first ? "" : "\n", i);
    printf(" %*" PRIu64, word == 1 ? 3 : word == 2 ? 5 : 10, element(bytes, word, i));
  }
  printf("\n");
}

static void print_region(aatgs_debugger *d, char *rest)
{
  uint32_t r = 0;
  uint64_t first = 0, last;
  aatgs_cli_range range = {0, 0};
  char *name = rest, *words = rest + strcspn(rest, " ");
  if (*words)
    *words++ = '\0';
  while (r < d->info->region_count && strcmp(d->info->regions[r].name, name) != 0)
    r++;
  if (r == d->info->region_count) {
    aatgs_debug_complain(d,
                         *name ? "there is no region '%s'; 'aatgs info' lists them"
                               : "which region%s? 'aatgs info' lists them",
                         name);
    return;
  }
  const aatgs_trace_region *region = &d->info->regions[r];
  const uint32_t word = word_of(region);
  const uint64_t count = region->size / word;
  last = count < WORDS_SHOWN ? count : WORDS_SHOWN;
  if (*words) {
    /* Elements count from 0, ranges from 1. */
    uint64_t a, b;
    char *dash = strchr(words, '-');
    if (dash)
      *dash++ = '\0';
    if (!aatgs_cli_number(words, &a) || (dash && !aatgs_cli_number(dash, &b))) {
      aatgs_debug_complain(d, "elements are given as 8 or 8-15");
      return;
    }
    range = (aatgs_cli_range){a, dash ? b : a};
    first = range.first;
    last = range.last + 1;
  }
  if (first >= last || last > count) {
    aatgs_debug_complain(d, "region %s has %" PRIu64 " elements", name, count);
    return;
  }
  const uint8_t *bytes = region_bytes(d, r);
  if (!bytes)
    return;
  printf("%s: %" PRIu64 " elements of %u bytes\n", name, count, word);
  show_words(bytes, word, first, last - 1);
}

/* ---- Plans -------------------------------------------------------------------------------------
 */

/* The graph and the plan of the iteration that is looked at. */
static bool tables(aatgs_debugger *d, aatgs_iteration *it, const aatgs_trace_graph **g,
                   const aatgs_trace_plan **p)
{
  const uint64_t i = aatgs_debug_iteration(d);
  if (!i)
    aatgs_debug_complain(d, "no iteration has run yet");
  if (!i || !aatgs_debug_recorded(d, i, it))
    return false;
  if (!aatgs_trace_get_graph(d->trace, it->graph, g) &&
      !aatgs_trace_get_plan(d->trace, it->plan, p))
    return true;
  aatgs_debug_complain(d, "%s", aatgs_trace_error(d->trace)->text);
  return false;
}

static void names_after(const aatgs_trace_graph *g, uint32_t task, char *out, size_t size)
{
  size_t used = 0;
  snprintf(out, size, "-");
  for (uint32_t i = 0; i < g->tasks[task].dependency_count && used < size; i++)
    used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "," : "",
                             g->tasks[g->tasks[task].dependencies[i]].name);
}

static aatgs_cell priority(uint32_t x1000)
{
  return aatgs_cell_real(x1000 / 1000.0);
}

static void print_plan(aatgs_debugger *d)
{
  static const aatgs_column columns[] = {{"rank", "rank", true},         {"task", "task", false},
                                         {"type", "type", false},        {"parts", "parts", true},
                                         {"priority", "priority", true}, {"after", "after", false}};
  aatgs_iteration it;
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  char after[256];
  if (!tables(d, &it, &g, &p))
    return;
  printf("graph %u, plan %u\n", it.graph, it.plan);
  aatgs_report *report = aatgs_report_open();
  aatgs_report_table(report, "plan", NULL, columns, sizeof columns / sizeof *columns);
  for (uint32_t rank = 0; rank < p->task_count; rank++) {
    const uint32_t t = p->task_at[rank];
    names_after(g, t, after, sizeof after);
    const aatgs_cell cells[] = {aatgs_cell_count(rank + 1),
                                aatgs_cell_text(g->tasks[t].name),
                                aatgs_cell_text(d->info->types[g->tasks[t].type].name),
                                aatgs_cell_count(g->tasks[t].parts),
                                priority(p->priority_x1000[t]),
                                aatgs_cell_text(after)};
    aatgs_report_row(report, cells);
  }
  show(report);
}

static bool ran_before(const aatgs_trace_plan *p, uint32_t rank, uint32_t task)
{
  for (uint32_t k = 0; k < rank; k++)
    if (p->task_at[k] == task)
      return true;
  return false;
}

static bool is_ready(const aatgs_trace_graph *g, const aatgs_trace_plan *p, uint32_t rank,
                     uint32_t task)
{
  for (uint32_t i = 0; i < g->tasks[task].dependency_count; i++)
    if (!ran_before(p, rank, g->tasks[task].dependencies[i]))
      return false;
  return !ran_before(p, rank, task);
}

/* The tasks that were ready at each decision, with their priorities; at a stop, at that one alone.
 */
static void print_ready(aatgs_debugger *d)
{
  static const aatgs_column columns[] = {
      {"rank", "rank", true}, {"chosen", "chosen", false}, {"ready", "ready then", false}};
  aatgs_iteration it;
  const aatgs_trace_graph *g;
  const aatgs_trace_plan *p;
  uint64_t iteration;
  uint32_t task = UINT32_MAX;
  const bool inside = aatgs_walk_inside(d->walk, &iteration, &task);
  if (!tables(d, &it, &g, &p))
    return;
  aatgs_report *report = aatgs_report_open();
  aatgs_report_table(report, "ready", NULL, columns, sizeof columns / sizeof *columns);
  for (uint32_t rank = 0; rank < p->task_count; rank++) {
    char ready[1024] = "";
    size_t used = 0;
    if (inside && p->task_at[rank] != task)
      continue;
    for (uint32_t t = 0; t < g->task_count && used < sizeof ready; t++)
      if (is_ready(g, p, rank, t))
        used += (size_t)snprintf(ready + used, sizeof ready - used, "%s%s %u.%03u",
                                 used ? ", " : "", g->tasks[t].name, p->priority_x1000[t] / 1000,
                                 p->priority_x1000[t] % 1000);
    const aatgs_cell cells[] = {aatgs_cell_count(rank + 1),
                                aatgs_cell_text(g->tasks[p->task_at[rank]].name),
                                aatgs_cell_text(ready)};
    aatgs_report_row(report, cells);
  }
  show(report);
}

static void print_digests(aatgs_debugger *d)
{
  static const aatgs_column columns[] = {{"task", "task", false},
                                         {"part", "part", true},
                                         {"digest", "digest", false},
                                         {"recorded", "recorded", false}};
  const aatgs_iteration *found = aatgs_walk_found(d->walk);
  aatgs_iteration it;
  const aatgs_trace_graph *g;
  if (!found || found->iteration != aatgs_debug_iteration(d)) {
    aatgs_debug_complain(d, "there are no digests before the iteration has run");
    return;
  }
  if (!aatgs_debug_recorded(d, found->iteration, &it) ||
      aatgs_trace_get_graph(d->trace, it.graph, &g) || it.timing_count != found->timing_count)
    return;
  aatgs_report *report = aatgs_report_open();
  aatgs_report_table(report, "digests", NULL, columns, sizeof columns / sizeof *columns);
  for (uint32_t i = 0; i < it.timing_count; i++) {
    char a[16], b[16];
    const uint32_t task = it.timings[i].task;
    snprintf(a, sizeof a, "%08" PRIx32, found->timings[i].digest);
    snprintf(b, sizeof b, "%08" PRIx32, it.timings[i].digest);
    const aatgs_cell cells[] = {aatgs_cell_text(task < g->task_count ? g->tasks[task].name : "?"),
                                aatgs_cell_count(it.timings[i].part), aatgs_cell_text(a),
                                aatgs_cell_text(strcmp(a, b) ? b : "the same")};
    aatgs_report_row(report, cells);
  }
  show(report);
}

void aatgs_debug_print(aatgs_debugger *d, char *what)
{
  static const char *const names[] = {"config", "telemetry", "region", "plan",
                                      "ready",  "digests",   NULL};
  char *rest = what + strcspn(what, " ");
  int which = -1;
  if (*rest)
    *rest++ = '\0';
  rest += strspn(rest, " ");
  for (int i = 0; names[i] && *what; i++)
    if (strncmp(names[i], what, strlen(what)) == 0 && which < 0)
      which = i;
  switch (which) {
  case 0: print_config(d); return;
  case 1: print_telemetry(d); return;
  case 2: print_region(d, rest); return;
  case 3: print_plan(d); return;
  case 4: print_ready(d); return;
  case 5: print_digests(d); return;
  default:
    aatgs_debug_complain(d, "print what? config, telemetry, region NAME [A-B], plan, ready or "
                            "digests");
  }
}

/* ---- Differences
 * ---------------------------------------------------------------------------------- */

/* The state and the telemetry after an iteration, copied. */
static uint8_t *copy_state(aatgs_debugger *d, uint64_t iteration, uint8_t *config,
                           uint8_t *telemetry)
{
  const uint8_t *state;
  size_t bytes;
  const aatgs_iteration *found;
  if (aatgs_walk_goto(d->walk, iteration) || aatgs_walk_state(d->walk, &state, &bytes)) {
    aatgs_debug_complain(d, "%s", aatgs_walk_error(d->walk)->text);
    return NULL;
  }
  uint8_t *copy = malloc(bytes + 1);
  if (copy)
    memcpy(copy, state, bytes);
  else
    aatgs_debug_complain(d, "out of memory");
  found = aatgs_walk_found(d->walk);
  if (found) {
    memcpy(telemetry, found->telemetry, d->info->telemetry_bytes);
    memcpy(config, found->config, d->info->config_bytes);
  }
  return copy;
}

static void diff_fields(aatgs_report *report, const char *where, const aatgs_field *fields,
                        uint32_t count, const uint8_t *x, const uint8_t *y)
{
  char a[4096], b[4096];
  for (uint32_t i = 0; i < count; i++) {
    field_text(&fields[i], x, a, sizeof a);
    field_text(&fields[i], y, b, sizeof b);
    if (!strcmp(a, b) || fields[i].role == AATGS_FIELD_ITERATION)
      continue;
    const aatgs_cell cells[] = {aatgs_cell_text(where), aatgs_cell_text(fields[i].name),
                                aatgs_cell_text(""), aatgs_cell_text(a), aatgs_cell_text(b)};
    aatgs_report_row(report, cells);
  }
}

static void diff_regions(aatgs_debugger *d, aatgs_report *report, const uint8_t *x,
                         const uint8_t *y)
{
  size_t at = 0;
  for (uint32_t r = 0; r < d->info->region_count; r++) {
    const aatgs_trace_region *region = &d->info->regions[r];
    const uint32_t word = word_of(region);
    uint64_t differing = 0, first = 0;
    if (region->kind != AATGS_REGION_PRIMARY)
      continue;
    for (uint64_t i = 0; i < region->size / word; i++)
      if (memcmp(x + at + i * word, y + at + i * word, word) != 0 && differing++ == 0)
        first = i;
    if (differing) {
      char count[64], a[32], b[32];
      snprintf(count, sizeof count, "%" PRIu64 " of %" PRIu64 ", first [%" PRIu64 "]", differing,
               region->size / word, first);
      snprintf(a, sizeof a, "%" PRIu64, element(x + at, word, first));
      snprintf(b, sizeof b, "%" PRIu64, element(y + at, word, first));
      const aatgs_cell cells[] = {aatgs_cell_text("region"), aatgs_cell_text(region->name),
                                  aatgs_cell_text(count), aatgs_cell_text(a), aatgs_cell_text(b)};
      aatgs_report_row(report, cells);
    }
    at += AATGS_ALIGN64(region->size);
  }
}

void aatgs_debug_diff(aatgs_debugger *d, uint64_t a, uint64_t b)
{
  uint8_t config[2][AATGS_CONFIG_BYTES_MAX] = {{0}};
  uint8_t telemetry[2][AATGS_TELEMETRY_BYTES_MAX] = {{0}};
  const uint64_t before = aatgs_walk_at(d->walk);
  char title[2][32];
  uint8_t *x = copy_state(d, a, config[0], telemetry[0]);
  uint8_t *y = x ? copy_state(d, b, config[1], telemetry[1]) : NULL;
  if (x && y) {
    snprintf(title[0], sizeof title[0], "%" PRIu64, a);
    snprintf(title[1], sizeof title[1], "%" PRIu64, b);
    const aatgs_column columns[] = {{"in", "in", false},
                                    {"name", "name", false},
                                    {"elements", "elements", false},
                                    {"a", title[0], true},
                                    {"b", title[1], true}};
    aatgs_report *report = aatgs_report_open();
    aatgs_report_table(report, "diff", NULL, columns, sizeof columns / sizeof *columns);
    diff_fields(report, "config", d->info->config_fields, d->info->config_field_count, config[0],
                config[1]);
    diff_fields(report, "telemetry", d->info->telemetry_fields, d->info->telemetry_field_count,
                telemetry[0], telemetry[1]);
    diff_regions(d, report, x, y);
    show(report);
  }
  free(x);
  free(y);
  if (aatgs_walk_goto(d->walk, before))
    aatgs_debug_complain(d, "%s", aatgs_walk_error(d->walk)->text);
}

/* ---- The record around it ----------------------------------------------------------------------
 */

void aatgs_debug_list(aatgs_debugger *d, uint64_t iteration)
{
  const uint64_t first = aatgs_walk_first(d->walk), here = aatgs_debug_iteration(d);
  const uint64_t begin = iteration > first + AROUND ? iteration - AROUND : first;
  const uint32_t fields =
      d->info->telemetry_field_count < FIELDS_SHOWN ? d->info->telemetry_field_count : FIELDS_SHOWN;
  aatgs_column columns[4 + FIELDS_SHOWN] = {{"here", "", false},
                                            {"iteration", "iteration", true},
                                            {"plan", "plan", true},
                                            {"status", "status", true}};
  aatgs_iteration it;
  char values[FIELDS_SHOWN][64];
  for (uint32_t i = 0; i < fields; i++)
    columns[4 + i] =
        (aatgs_column){d->info->telemetry_fields[i].name, d->info->telemetry_fields[i].name, true};
  aatgs_report *report = aatgs_report_open();
  aatgs_report_table(report, "list", NULL, columns, 4 + fields);
  if (!aatgs_trace_seek(d->trace, begin))
    for (uint32_t n = 0; n < 2 * AROUND + 1 && aatgs_trace_next(d->trace, &it) == 1; n++) {
      aatgs_cell cells[4 + FIELDS_SHOWN] = {aatgs_cell_text(it.iteration == here ? "=>" : ""),
                                            aatgs_cell_count(it.iteration),
                                            aatgs_cell_count(it.plan), aatgs_cell_count(it.status)};
      for (uint32_t i = 0; i < fields; i++) {
        field_text(&d->info->telemetry_fields[i], it.telemetry, values[i], sizeof values[i]);
        cells[4 + i] = aatgs_cell_text(values[i]);
      }
      aatgs_report_row(report, cells);
    }
  show(report);
}
