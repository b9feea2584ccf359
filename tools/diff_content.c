#include "tools/diff_content.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/field.h"

#define TEXT_MAX 200u

/* One element of a field; NULL: that run does not have it. */
typedef struct pair {
  const aatgs_field *a, *b;
  uint32_t index;
  aatgs_diff_mark mark;
} pair;

/* ---- Getting ready ---------------------------------------------------------------- */

static void pair_elements(aatgs_bytes *pairs, const aatgs_field *a, const aatgs_field *b)
{
  const uint32_t in_a = a ? a->count : 0, in_b = b ? b->count : 0;
  if ((a ? a : b)->role == AATGS_FIELD_ITERATION_TIME_US)
    return;
  for (uint32_t k = 0; k < in_a || k < in_b; k++)
    aatgs_bytes_put(pairs, &(pair){k < in_a ? a : NULL, k < in_b ? b : NULL, k, {0, 0}},
                    sizeof(pair));
}

static void pair_fields(aatgs_bytes *pairs, const aatgs_field *a, uint32_t a_count,
                        const aatgs_field *b, uint32_t b_count)
{
  for (uint32_t i = 0; i < a_count; i++)
    pair_elements(pairs, &a[i], aatgs_field_named(b, b_count, a[i].name, strlen(a[i].name)));
  for (uint32_t i = 0; i < b_count; i++)
    if (!aatgs_field_named(a, a_count, b[i].name, strlen(b[i].name)))
      pair_elements(pairs, NULL, &b[i]);
}

static bool merge_types(aatgs_diff_content *c)
{
  aatgs_diff *d = c->diff;
  size_t most = (size_t)d->info[0]->type_count + d->info[1]->type_count + 1;
  d->types = calloc(most, sizeof *d->types);
  c->type = calloc(most, sizeof *c->type);
  for (int side = 0; side < 2; side++) {
    c->type_of[side] = calloc(most, sizeof **c->type_of);
    if (!d->types || !c->type || !c->type_of[side])
      return false;
    for (uint32_t i = 0; i < d->info[side]->type_count; i++) {
      size_t at = 0;
      while (at < d->type_count && strcmp(d->types[at].name, d->info[side]->types[i].name) != 0)
        at++;
      if (at == d->type_count)
        d->types[d->type_count++].name = d->info[side]->types[i].name;
      c->type_of[side][i] = (uint32_t)at;
    }
  }
  return true;
}

bool aatgs_diff_content_open(aatgs_diff_content *c, aatgs_diff *diff)
{
  const aatgs_trace_info *a = diff->info[0], *b = diff->info[1];
  *c = (aatgs_diff_content){.diff = diff};
  pair_fields(&c->pairs[0], a->config_fields, a->config_field_count, b->config_fields,
              b->config_field_count);
  pair_fields(&c->pairs[1], a->telemetry_fields, a->telemetry_field_count, b->telemetry_fields,
              b->telemetry_field_count);
  return merge_types(c) && !c->pairs[0].failed && !c->pairs[1].failed;
}

void aatgs_diff_content_close(aatgs_diff_content *c)
{
  for (int i = 0; i < 2; i++) {
    aatgs_bytes_free(&c->pairs[i]);
    free(c->type_of[i]);
  }
  free(c->type);
}

/* ---- Differences -------------------------------------------------------------------- */

/* Counts a difference, once an iteration. True when it is a new one: it has to be described. */
static bool note(aatgs_diff_content *c, aatgs_diff_mark *mark, aatgs_aspect aspect,
                 uint64_t iteration)
{
  aatgs_bytes *all = &c->diff->differences;
  if (mark->found) {
    if (mark->iteration != iteration)
      ((aatgs_difference *)(void *)all->data)[mark->found - 1].count++;
    mark->iteration = iteration;
    return false;
  }
  aatgs_difference difference = {aspect, NULL, iteration, 1, NULL, NULL};
  aatgs_bytes_put(all, &difference, sizeof difference);
  c->failed = c->failed || all->failed;
  mark->found = all->size / sizeof difference;
  mark->iteration = iteration;
  return !all->failed;
}

/* Describes the difference noted last. */
static void describe(aatgs_diff_content *c, const char *field, const char *a, const char *b)
{
  aatgs_bytes *all = &c->diff->differences;
  aatgs_difference *d = (aatgs_difference *)(void *)(all->data + all->size) - 1;
  d->field = strdup(field);
  d->a = strdup(a);
  d->b = strdup(b);
  c->failed = c->failed || !d->field || !d->a || !d->b;
}

static bool same_element(const pair *p, const uint8_t *a, const uint8_t *b)
{
  if (!p->a || !p->b)
    return false;
  size_t bytes = aatgs_field_type_bytes(p->a->type);
  if (p->a->type != p->b->type)
    return aatgs_field_get(p->a, a, p->index) == aatgs_field_get(p->b, b, p->index);
  return !memcmp(a + p->a->offset + p->index * bytes, b + p->b->offset + p->index * bytes, bytes);
}

static void format_element(const aatgs_field *field, const uint8_t *payload, uint32_t index,
                           char out[32])
{
  if (field)
    aatgs_field_format(field, payload, index, out, 32);
  else
    strcpy(out, "-");
}

static bool compare_fields(aatgs_diff_content *c, int which, aatgs_aspect aspect,
                           uint64_t iteration, const uint8_t *a, const uint8_t *b)
{
  pair *pairs = (pair *)(void *)c->pairs[which].data;
  size_t count = c->pairs[which].size / sizeof *pairs;
  bool differ = false;
  for (pair *p = pairs; p < pairs + count; p++) {
    char field[TEXT_MAX], left[32], right[32];
    if (same_element(p, a, b))
      continue;
    differ = true;
    if (!note(c, &p->mark, aspect, iteration))
      continue;
    const aatgs_field *named = p->a ? p->a : p->b;
    if (named->count > 1)
      snprintf(field, sizeof field, "%s[%" PRIu32 "]", named->name, p->index);
    else
      snprintf(field, sizeof field, "%s", named->name);
    format_element(p->a, a, p->index, left);
    format_element(p->b, b, p->index, right);
    describe(c, field, left, right);
  }
  return differ;
}

static bool compare_status(aatgs_diff_content *c, const aatgs_iteration *a,
                           const aatgs_iteration *b)
{
  char left[32], right[32];
  if (a->status == b->status)
    return false;
  if (note(c, &c->status, AATGS_ASPECT_TELEMETRY, a->iteration)) {
    snprintf(left, sizeof left, "%" PRIu32, a->status);
    snprintf(right, sizeof right, "%" PRIu32, b->status);
    describe(c, "status", left, right);
  }
  return true;
}

/* ---- Decisions ---------------------------------------------------------------------- */

static bool same_graph(const aatgs_trace_graph *a, const aatgs_trace_graph *b)
{
  if (a->task_count != b->task_count)
    return false;
  for (uint32_t i = 0; i < a->task_count; i++) {
    const aatgs_trace_task *x = &a->tasks[i], *y = &b->tasks[i];
    size_t bytes = x->dependency_count * sizeof *x->dependencies;
    if (strcmp(x->name, y->name) != 0 || x->parts != y->parts ||
        x->dependency_count != y->dependency_count ||
        (bytes && memcmp(x->dependencies, y->dependencies, bytes) != 0))
      return false;
  }
  return true;
}

static bool same_order(const aatgs_trace_plan *a, const aatgs_trace_plan *b)
{
  return a->task_count == b->task_count &&
         !memcmp(a->task_at, b->task_at, a->task_count * sizeof *a->task_at);
}

/* The names of a graph's tasks, in the order of a plan if there is one. */
static void list_tasks(const aatgs_trace_graph *graph, const aatgs_trace_plan *plan, char *out)
{
  size_t used = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < graph->task_count && used < TEXT_MAX; i++) {
    uint32_t task = plan && i < plan->task_count ? plan->task_at[i] : i;
    if (task < graph->task_count)
      used += (size_t)snprintf(out + used, TEXT_MAX - used, "%s%s", used ? ", " : "",
                               graph->tasks[task].name);
  }
}

/* Plans and graphs are compared by what they say: their numbers count submissions. */
static int look_up(aatgs_diff_content *c, const aatgs_iteration *a, const aatgs_iteration *b)
{
  const aatgs_iteration *it[2] = {a, b};
  bool again = true;
  for (int side = 0; side < 2; side++) {
    const aatgs_trace_graph *graph;
    const aatgs_trace_plan *plan;
    int rc = aatgs_trace_get_graph(c->diff->trace[side], it[side]->graph, &graph);
    if (!rc)
      rc = aatgs_trace_get_plan(c->diff->trace[side], it[side]->plan, &plan);
    if (rc)
      return rc;
    again = again && graph == c->graphs[side] && plan == c->plans[side];
    c->graphs[side] = graph;
    c->plans[side] = plan;
  }
  if (again)
    return 0;
  c->same_graph = same_graph(c->graphs[0], c->graphs[1]);
  c->same_plan = same_order(c->plans[0], c->plans[1]);
  return 0;
}

static bool compare_decisions(aatgs_diff_content *c, uint64_t iteration)
{
  char left[TEXT_MAX], right[TEXT_MAX];
  bool graph = !c->same_graph;
  if (c->same_graph && c->same_plan)
    return false;
  if (note(c, graph ? &c->graph : &c->plan, AATGS_ASPECT_DECISIONS, iteration)) {
    list_tasks(c->graphs[0], graph ? NULL : c->plans[0], left);
    list_tasks(c->graphs[1], graph ? NULL : c->plans[1], right);
    describe(c, graph ? "graph" : "plan", left, right);
  }
  return true;
}

/* ---- Digests ------------------------------------------------------------------------ */

/* Of parts that have one in both runs; a recording may have been told to take none. */
static bool compare_digests(aatgs_diff_content *c, const aatgs_iteration *a,
                            const aatgs_iteration *b)
{
  const aatgs_trace_graph *graph = c->graphs[0];
  bool differ = false;
  if (!c->same_graph || a->timing_count != b->timing_count)
    return false;
  for (uint32_t i = 0; i < a->timing_count; i++) {
    const aatgs_timing *x = &a->timings[i], *y = &b->timings[i];
    char field[TEXT_MAX], left[32], right[32];
    c->diff->digests += x->digest && y->digest && x->task == y->task;
    if (x->digest == y->digest || !x->digest || !y->digest || x->task != y->task ||
        x->task >= graph->task_count || graph->tasks[x->task].type >= c->diff->info[0]->type_count)
      continue;
    uint32_t type = c->type_of[0][graph->tasks[x->task].type];
    differ = true;
    if (!note(c, &c->type[type], AATGS_ASPECT_DIGESTS, a->iteration))
      continue;
    snprintf(field, sizeof field, "%.150s, part %u", c->diff->types[type].name, (unsigned)x->part);
    snprintf(left, sizeof left, "%08" PRIx32, x->digest);
    snprintf(right, sizeof right, "%08" PRIx32, y->digest);
    describe(c, field, left, right);
  }
  return differ;
}

int aatgs_diff_content_compare(aatgs_diff_content *c, const aatgs_iteration *a,
                               const aatgs_iteration *b)
{
  aatgs_diff *d = c->diff;
  bool differ[AATGS_ASPECTS] = {false};
  int rc = look_up(c, a, b);
  if (rc)
    return rc;
  if (d->wanted[AATGS_ASPECT_CONFIGS])
    differ[AATGS_ASPECT_CONFIGS] =
        compare_fields(c, 0, AATGS_ASPECT_CONFIGS, a->iteration, a->config, b->config);
  if (d->wanted[AATGS_ASPECT_DECISIONS])
    differ[AATGS_ASPECT_DECISIONS] = compare_decisions(c, a->iteration);
  if (d->wanted[AATGS_ASPECT_TELEMETRY]) {
    bool status = compare_status(c, a, b);
    differ[AATGS_ASPECT_TELEMETRY] =
        compare_fields(c, 1, AATGS_ASPECT_TELEMETRY, a->iteration, a->telemetry, b->telemetry) ||
        status;
  }
  if (d->wanted[AATGS_ASPECT_DIGESTS])
    differ[AATGS_ASPECT_DIGESTS] = compare_digests(c, a, b);
  for (int i = 0; i < AATGS_ASPECTS; i++)
    if (differ[i] && !d->differ[i]++)
      d->first[i] = a->iteration;
  return c->failed ? AATGS_ENOMEM : 0;
}
