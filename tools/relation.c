/* The tables and their columns. */
#include "tools/relation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "trace/field.h"

#define INTEGER AATGS_DATUM_INTEGER
#define REAL    AATGS_DATUM_REAL
#define TEXT    AATGS_DATUM_TEXT

static const aatgs_relation_column iteration_columns[] = {
    {"iteration", INTEGER, "", "Number of the iteration", AATGS_COL_ITERATION, NULL, 0, false},
    {"graph", INTEGER, "", "Number of its task graph", AATGS_COL_GRAPH, NULL, 0, false},
    {"plan", INTEGER, "", "Number of the plan it ran by", AATGS_COL_PLAN, NULL, 0, false},
    {"status", INTEGER, "", "0 done, 1 a task failed", AATGS_COL_STATUS, NULL, 0, false},
    {"detail", INTEGER, "", "Number of the task that failed", AATGS_COL_DETAIL, NULL, 0, false},
    {"round_trip_ns", INTEGER, "ns", "From posted to seen", AATGS_COL_ROUND_TRIP, NULL, 0, false},
    {"end_to_end_ns", INTEGER, "ns", "From start to end, on the device", AATGS_COL_END_TO_END, NULL,
     0, false},
    {"bus_ns", INTEGER, "ns", "Critical path: config and telemetry on the bus", AATGS_COL_BUS, NULL,
     0, false},
    {"dependencies_ns", INTEGER, "ns", "Critical path: an earlier iteration still held a region",
     AATGS_COL_DEPENDENCIES, NULL, 0, false},
    {"workers_ns", INTEGER, "ns", "Critical path: ready, waiting for a worker", AATGS_COL_WORKERS,
     NULL, 0, false},
    {"computing_ns", INTEGER, "ns", "Critical path: computing", AATGS_COL_COMPUTING, NULL, 0,
     false},
    {"posted_ns", INTEGER, "ns", "Host clock: the config was in the ring", AATGS_COL_POSTED, NULL,
     0, false},
    {"start_ns", INTEGER, "ns", "Device clock: it was taken up", AATGS_COL_START, NULL, 0, false},
    {"end_ns", INTEGER, "ns", "Device clock: its last task had ended", AATGS_COL_END, NULL, 0,
     false},
    {"seen_ns", INTEGER, "ns", "Host clock: the telemetry was out of the ring", AATGS_COL_SEEN,
     NULL, 0, false},
    {"done_before", INTEGER, "", "Iterations complete when it was posted", AATGS_COL_DONE_BEFORE,
     NULL, 0, false},
    {"config_waiting", INTEGER, "", "Configs in the host's queue when it was posted",
     AATGS_COL_CONFIG_WAITING, NULL, 0, false},
    {"telemetry_waiting", INTEGER, "", "Finished iterations not read when it was posted",
     AATGS_COL_TELEMETRY_WAITING, NULL, 0, false},
    {"records", INTEGER, "", "Timing records", AATGS_COL_RECORDS, NULL, 0, false},
};
static const aatgs_relation_column task_columns[] = {
    {"iteration", INTEGER, "", "Number of the iteration", AATGS_COL_ITERATION, NULL, 0, false},
    {"graph", INTEGER, "", "Number of its task graph", AATGS_COL_GRAPH, NULL, 0, false},
    {"task", INTEGER, "", "Number of the task in the graph", AATGS_COL_TASK, NULL, 0, false},
    {"name", TEXT, "", "Name of the task", AATGS_COL_NAME, NULL, 0, false},
    {"type", TEXT, "", "Type of the task", AATGS_COL_TYPE, NULL, 0, false},
    {"part", INTEGER, "", "Part of the task; its number of parts: finish", AATGS_COL_PART, NULL, 0,
     false},
    {"finish", INTEGER, "", "1: the record of the task's finish", AATGS_COL_FINISH, NULL, 0, false},
    {"worker", INTEGER, "", "Worker that ran it", AATGS_COL_WORKER, NULL, 0, false},
    {"start_ns", INTEGER, "ns", "Device clock", AATGS_COL_TASK_START, NULL, 0, false},
    {"duration_ns", INTEGER, "ns", "How long it ran", AATGS_COL_DURATION, NULL, 0, false},
    {"end_ns", INTEGER, "ns", "Device clock", AATGS_COL_TASK_END, NULL, 0, false},
    {"offset_ns", INTEGER, "ns", "Its start after the iteration's", AATGS_COL_OFFSET, NULL, 0,
     false},
    {"digest", INTEGER, "", "Of what it wrote", AATGS_COL_DIGEST, NULL, 0, false},
};
static const aatgs_relation_column decision_columns[] = {
    {"iteration", INTEGER, "", "First iteration that ran by the plan", AATGS_COL_ITERATION, NULL, 0,
     false},
    {"posted_ns", INTEGER, "ns", "Host clock: its config was in the ring", AATGS_COL_POSTED, NULL,
     0, false},
    {"graph", INTEGER, "", "Number of the task graph", AATGS_COL_GRAPH, NULL, 0, false},
    {"plan", INTEGER, "", "Number of the plan", AATGS_COL_PLAN, NULL, 0, false},
    {"plan_before", INTEGER, "", "The graph's plan until then", AATGS_COL_PLAN_BEFORE, NULL, 0,
     false},
    {"rule", TEXT, "", "What the plan follows, see aatgs-report(1)", AATGS_COL_RULE, NULL, 0,
     false},
    {"task_order", TEXT, "", "Tasks, most urgent first", AATGS_COL_ORDER, NULL, 0, false},
};
static const aatgs_relation_column event_columns[] = {
    {"iteration", INTEGER, "", "The first one affected, or that caused it", AATGS_COL_ITERATION,
     NULL, 0, false},
    {"kind", TEXT, "", "gap, failed, tick, ...", AATGS_COL_KIND, NULL, 0, false},
    {"time_ns", INTEGER, "ns", "Host clock", AATGS_COL_TIME, NULL, 0, false},
    {"value", INTEGER, "", "gap: iterations missing; failed: the task; else by kind",
     AATGS_COL_VALUE, NULL, 0, false},
    {"text", TEXT, "", "failed: the task's name; marks: their text", AATGS_COL_TEXT, NULL, 0,
     false},
};
static const aatgs_relation_column snapshot_columns[] = {
    {"iteration", INTEGER, "", "First iteration that ran after it", AATGS_COL_ITERATION, NULL, 0,
     false},
    {"bytes", INTEGER, "bytes", "Size of the state", AATGS_COL_BYTES, NULL, 0, false},
};
static const aatgs_relation_column schema_columns[] = {
    {"table_name", TEXT, "", "Table", AATGS_COL_TABLE, NULL, 0, false},
    {"column_name", TEXT, "", "Column", AATGS_COL_COLUMN, NULL, 0, false},
    {"type", TEXT, "", "Of the values", AATGS_COL_SQL_TYPE, NULL, 0, false},
    {"unit", TEXT, "", "Unit of the values", AATGS_COL_UNIT, NULL, 0, false},
    {"source", TEXT, "", "run, config or telemetry", AATGS_COL_SOURCE, NULL, 0, false},
    {"minimum", REAL, "", "Lowest value allowed", AATGS_COL_MINIMUM, NULL, 0, false},
    {"maximum", REAL, "", "Highest value allowed", AATGS_COL_MAXIMUM, NULL, 0, false},
    {"initial", REAL, "", "Default", AATGS_COL_INITIAL, NULL, 0, false},
    {"help", TEXT, "", "What it is", AATGS_COL_HELP, NULL, 0, false},
};

#define COLUMNS(array) array, sizeof array / sizeof *array

static const struct {
  const char *name;
  const aatgs_relation_column *columns;
  size_t count;
} tables[AATGS_RELATIONS] = {
    {"iteration", COLUMNS(iteration_columns)}, {"task", COLUMNS(task_columns)},
    {"decision", COLUMNS(decision_columns)},   {"event", COLUMNS(event_columns)},
    {"snapshot", COLUMNS(snapshot_columns)},   {"schema", COLUMNS(schema_columns)},
};

static int find(const aatgs_relation *r, const char *name)
{
  for (uint32_t i = 0; i < r->count; i++)
    if (!strcasecmp(r->columns[i].name, name))
      return (int)i;
  return -1;
}

/* A field's element keeps its name where that is free; else the payload's name goes before it. */
static void name_column(const aatgs_relation *r, aatgs_relation_column *c)
{
  char name[80], suffix[24] = "", number[12] = "";
  if (c->field->count > 1)
    snprintf(suffix, sizeof suffix, "_%u", c->index);
  snprintf(name, sizeof name, "%.40s%s", c->field->name, suffix);
  for (unsigned twin = 1; find(r, name) >= 0; twin++) {
    if (twin > 1)
      snprintf(number, sizeof number, "_%u", twin);
    snprintf(name, sizeof name, "%s_%.30s%s%s", c->config ? "config" : "telemetry", c->field->name,
             suffix, number);
  }
  snprintf(c->name, sizeof c->name, "%s", name);
}

static void add_fields(aatgs_relation *r, const aatgs_field *fields, uint32_t count, bool config)
{
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t k = 0; k < fields[i].count; k++) {
      aatgs_relation_column c = {.kind = fields[i].type == AATGS_F32 ? REAL : INTEGER,
                                 .unit = fields[i].unit,
                                 .help = fields[i].help,
                                 .field = &fields[i],
                                 .index = k,
                                 .config = config};
      name_column(r, &c);
      r->columns[r->count++] = c;
    }
}

static size_t elements(const aatgs_field *fields, uint32_t count)
{
  size_t n = 0;
  for (uint32_t i = 0; i < count; i++)
    n += fields[i].count;
  return n;
}

int aatgs_relations_open(aatgs_trace *trace, aatgs_relations **out)
{
  const aatgs_trace_info *info = aatgs_trace_get_info(trace);
  aatgs_relations *r = *out = calloc(1, sizeof *r);
  if (!r)
    return AATGS_ENOMEM;
  r->trace = trace;
  size_t fields = elements(info->config_fields, info->config_field_count) +
                  elements(info->telemetry_fields, info->telemetry_field_count);
  for (int k = 0; k < AATGS_RELATIONS; k++) {
    aatgs_relation *to = &r->at[k];
    size_t count = tables[k].count + (k == AATGS_REL_ITERATION ? fields : 0);
    to->name = tables[k].name;
    to->columns = calloc(count, sizeof *to->columns);
    if (!to->columns) {
      aatgs_relations_close(r);
      *out = NULL;
      return AATGS_ENOMEM;
    }
    memcpy(to->columns, tables[k].columns, tables[k].count * sizeof *to->columns);
    to->count = (uint32_t)tables[k].count;
    to->iteration = find(to, "iteration");
  }
  add_fields(&r->at[AATGS_REL_ITERATION], info->telemetry_fields, info->telemetry_field_count,
             false);
  add_fields(&r->at[AATGS_REL_ITERATION], info->config_fields, info->config_field_count, true);
  return 0;
}

void aatgs_relations_close(aatgs_relations *relations)
{
  for (int k = 0; relations && k < AATGS_RELATIONS; k++)
    free(relations->at[k].columns);
  free(relations);
}

aatgs_relation_kind aatgs_relation_named(const aatgs_relations *relations, const char *name)
{
  int k = 0;
  while (k < AATGS_RELATIONS && strcmp(relations->at[k].name, name) != 0)
    k++;
  return (aatgs_relation_kind)k;
}

/* "config.x", "telemetry.x", "x[2]" */
static int find_field(const aatgs_relation *r, const char *name)
{
  bool config = !strncmp(name, "config.", 7), telemetry = !strncmp(name, "telemetry.", 10);
  const char *bare = config ? name + 7 : telemetry ? name + 10 : name;
  size_t length = strcspn(bare, "[");
  char *end = NULL;
  unsigned long index = bare[length] ? strtoul(bare + length + 1, &end, 10) : 0;
  if (end && (*end != ']' || end[1]))
    return -1;
  for (uint32_t i = 0; i < r->count; i++) {
    const aatgs_relation_column *c = &r->columns[i];
    if (c->field && strlen(c->field->name) == length && !strncmp(c->field->name, bare, length) &&
        c->index == index && (end || c->field->count == 1) && (!config || c->config) &&
        (!telemetry || !c->config))
      return (int)i;
  }
  return -1;
}

int aatgs_relation_column_named(const aatgs_relation *relation, const char *name)
{
  int at = find(relation, name);
  return at >= 0 ? at : find_field(relation, name);
}
