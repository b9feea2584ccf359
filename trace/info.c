#include "trace/info.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace/chunk.h"
#include "trace/field.h"
#include "trace/format.h"
#include "trace/json.h"

uint64_t aatgs_info_snapshot_bytes(const aatgs_trace_info *info)
{
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < info->region_count; i++)
    if (info->regions[i].kind == 0)
      bytes += (info->regions[i].size + 63) & ~UINT64_C(63);
  return bytes;
}

uint32_t aatgs_info_iteration_word(const aatgs_trace_info *info)
{
  for (uint32_t i = 0; i < info->config_field_count; i++)
    if (info->config_fields[i].role == AATGS_FIELD_ITERATION && info->config_fields[i].count == 1 &&
        aatgs_field_type_bytes(info->config_fields[i].type) >= 4)
      return info->config_fields[i].offset / 4u;
  return AATGS_NO_WORD;
}

static int check_limits(const aatgs_trace_info *info, aatgs_error *error)
{
  if (info->config_bytes > AATGS_CONFIG_BYTES_MAX || info->config_bytes % 4)
    return aatgs_error_set(error, AATGS_EFORMAT, 0,
                           "a config of %u bytes; it has a multiple of 4, at most %u",
                           info->config_bytes, AATGS_CONFIG_BYTES_MAX);
  if (info->telemetry_bytes > AATGS_TELEMETRY_BYTES_MAX || info->telemetry_bytes % 4)
    return aatgs_error_set(error, AATGS_EFORMAT, 0,
                           "telemetry of %u bytes; it has a multiple of 4, at most %u",
                           info->telemetry_bytes, AATGS_TELEMETRY_BYTES_MAX);
  if (info->config_field_count > AATGS_FIELDS_MAX || info->telemetry_field_count > AATGS_FIELDS_MAX)
    return aatgs_error_set(error, AATGS_EFORMAT, 0, "more than %u fields", AATGS_FIELDS_MAX);
  if (info->region_count > AATGS_REGIONS_MAX)
    return aatgs_error_set(error, AATGS_EFORMAT, 0, "%u regions; at most %u", info->region_count,
                           AATGS_REGIONS_MAX);
  if (info->type_count > AATGS_TYPES_MAX || info->input_count > AATGS_INPUTS_MAX)
    return aatgs_error_set(error, AATGS_EFORMAT, 0,
                           "%u task types and %u inputs; at most %u and %u", info->type_count,
                           info->input_count, AATGS_TYPES_MAX, AATGS_INPUTS_MAX);
  return 0;
}

int aatgs_info_check(const aatgs_trace_info *info, aatgs_error *error)
{
  uint64_t left = AATGS_SNAPSHOT_BYTES_MAX;
  int rc = check_limits(info, error);
  if (!rc)
    rc = aatgs_fields_check(info->config_fields, info->config_field_count, info->config_bytes,
                            "config", error);
  if (!rc)
    rc = aatgs_fields_check(info->telemetry_fields, info->telemetry_field_count,
                            info->telemetry_bytes, "telemetry", error);
  for (uint32_t i = 0; !rc && i < info->region_count; i++) {
    if (info->regions[i].size > left)
      return aatgs_error_set(error, AATGS_EFORMAT, 0,
                             "region %u makes the state larger than %" PRIu64 " bytes", i,
                             AATGS_SNAPSHOT_BYTES_MAX);
    left -= info->regions[i].size;
  }
  for (uint32_t i = 0; !rc && i < info->input_count; i++)
    if (info->inputs[i].size > AATGS_INPUT_BYTES_MAX)
      return aatgs_error_set(error, AATGS_EFORMAT, 0, "input %u is larger than %" PRIu64 " bytes",
                             i, AATGS_INPUT_BYTES_MAX);
  return rc;
}

/* ---- Writing ------------------------------------------------------------------------ */

/* A JSON string; bytes that are not ASCII in text that is not UTF-8 become '?'. */
static json_t *text(const char *s)
{
  json_t *j = json_string(s ? s : "");
  if (j || !s)
    return j;
  char *copy = strdup(s);
  for (char *c = copy; c && *c; c++)
    if ((unsigned char)*c >= 0x80)
      *c = '?';
  j = copy ? json_string(copy) : NULL;
  free(copy);
  return j;
}

/* 64 bits do not fit a JSON number everywhere. */
static json_t *hex(uint64_t v)
{
  char s[20];
  snprintf(s, sizeof s, "0x%016" PRIx64, v);
  return json_string(s);
}

static json_t *number(uint64_t v)
{
  return v <= (uint64_t)INT64_MAX ? json_integer((json_int_t)v) : hex(v);
}

static json_t *real(double v)
{
  return isfinite(v) ? json_real(v) : json_real(v > 0 ? 1e308 : v < 0 ? -1e308 : 0);
}

static json_t *field_json(const aatgs_field *f)
{
  return json_pack("{so so so ss si si si so so so}", "name", text(f->name), "unit", text(f->unit),
                   "help", text(f->help), "type", aatgs_field_type_name(f->type), "count",
                   (int)f->count, "offset", (int)f->offset, "role", (int)f->role, "minimum",
                   real(f->minimum), "maximum", real(f->maximum), "initial", real(f->initial));
}

static json_t *fields_json(const aatgs_field *fields, uint32_t count)
{
  json_t *a = json_array();
  for (uint32_t i = 0; i < count; i++)
    if (json_array_append_new(a, field_json(&fields[i]))) {
      json_decref(a);
      return NULL;
    }
  return a;
}

static json_t *types_json(const aatgs_trace_info *info)
{
  json_t *a = json_array();
  for (uint32_t i = 0; i < info->type_count; i++)
    if (json_array_append_new(a, json_pack("{so si so}", "name", text(info->types[i].name), "role",
                                           (int)info->types[i].role, "prior_ns",
                                           number(info->types[i].prior_ns)))) {
      json_decref(a);
      return NULL;
    }
  return a;
}

static json_t *regions_json(const aatgs_trace_info *info)
{
  json_t *a = json_array();
  for (uint32_t i = 0; i < info->region_count; i++) {
    const aatgs_trace_region *r = &info->regions[i];
    if (json_array_append_new(a, json_pack("{so si si so}", "name", text(r->name), "kind",
                                           (int)r->kind, "word", (int)r->word, "size",
                                           number(r->size)))) {
      json_decref(a);
      return NULL;
    }
  }
  return a;
}

static json_t *inputs_json(const aatgs_trace_info *info)
{
  json_t *a = json_array();
  for (uint32_t i = 0; i < info->input_count; i++) {
    const aatgs_trace_input *in = &info->inputs[i];
    if (json_array_append_new(a, json_pack("{so so so}", "kind", text(in->kind), "path",
                                           text(in->path), "size", number(in->size)))) {
      json_decref(a);
      return NULL;
    }
  }
  return a;
}

/* By aatgs_trace_info.digest. */
static const char *const digests[] = {"writes", "full", "off"};

const char *aatgs_digest_name(uint32_t digest)
{
  return digest < sizeof digests / sizeof *digests ? digests[digest] : "?";
}

static json_t *info_json(const aatgs_trace_info *i, uint64_t trace)
{
  return json_pack(
      "{si so so so so so so so so so si so so so so so so so so so so so so so so ss}",
      "format_version", (int)AATGS_FORMAT_VERSION, "must_understand", hex(AATGS_FORMAT_UNDERSTOOD),
      "trace", hex(trace), "aatgs_version", text(i->aatgs_version), "workload", text(i->workload),
      "workload_source_digest", hex(i->workload_source_digest), "device", text(i->device),
      "device_name", text(i->device_name), "host_name", text(i->host_name), "policy",
      text(i->policy), "workers", (int)i->workers, "seed", hex(i->seed), "started_unix_ns",
      number(i->started_unix_ns), "snapshot_interval_ns", number(i->snapshot_interval_ns),
      "deadline_ns", number(i->deadline_ns), "command_slots", number(i->command_slots),
      "telemetry_slots", number(i->telemetry_slots), "history", number(i->history), "config_bytes",
      number(i->config_bytes), "telemetry_bytes", number(i->telemetry_bytes), "config_fields",
      fields_json(i->config_fields, i->config_field_count), "telemetry_fields",
      fields_json(i->telemetry_fields, i->telemetry_field_count), "types", types_json(i), "regions",
      regions_json(i), "inputs", inputs_json(i), "digest", aatgs_digest_name(i->digest));
}

int aatgs_info_write(const aatgs_trace_info *info, uint64_t trace, aatgs_bytes *out)
{
  json_t *j = info_json(info, trace);
  size_t size = j ? json_dumpb(j, NULL, 0, JSON_COMPACT) : 0;
  uint8_t *at = size ? aatgs_bytes_extend(out, size) : NULL;
  if (at)
    json_dumpb(j, (char *)at, size, JSON_COMPACT);
  json_decref(j);
  return at ? 0 : AATGS_ENOMEM;
}

/* ---- Reading ------------------------------------------------------------------------ */

/* Takes members out of an object; the first that is missing or wrong is remembered. */
typedef struct taker {
  aatgs_arena *arena;
  const char *missing;
  bool no_memory;
} taker;

static const char *take_text(taker *t, const aatgs_json *object, const char *key)
{
  const aatgs_json *j = aatgs_json_get(object, key);
  if (!j || j->kind != AATGS_JSON_TEXT) {
    t->missing = t->missing ? t->missing : key;
    return "";
  }
  /* Control characters have no place on a terminal. */
  char *s = aatgs_arena_text(t->arena, j->text, strlen(j->text));
  for (char *c = s; c && *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7f)
      *c = '?';
  t->no_memory = t->no_memory || !s;
  return s ? s : "";
}

static uint64_t take_number(taker *t, const aatgs_json *object, const char *key, uint64_t most)
{
  const aatgs_json *j = aatgs_json_get(object, key);
  uint64_t v = 0;
  char *end = NULL;
  bool ok = false;
  if (j && j->kind == AATGS_JSON_NUMBER && j->whole) {
    v = j->integer;
    ok = true;
  } else if (j && j->kind == AATGS_JSON_TEXT && strncmp(j->text, "0x", 2) == 0) {
    v = strtoull(j->text, &end, 16);
    ok = *end == '\0';
  }
  if (ok && v <= most)
    return v;
  t->missing = t->missing ? t->missing : key;
  return 0;
}

static double take_real(taker *t, const aatgs_json *object, const char *key)
{
  const aatgs_json *j = aatgs_json_get(object, key);
  if (j && j->kind == AATGS_JSON_NUMBER)
    return j->real;
  t->missing = t->missing ? t->missing : key;
  return 0;
}

/* An array of at most `most` members, the first of them in *member; room for them in the arena. */
static void *take_array(taker *t, const aatgs_json *object, const char *key, uint32_t most,
                        size_t size, const aatgs_json **member, uint32_t *count)
{
  const aatgs_json *a = aatgs_json_get(object, key);
  *count = 0;
  *member = NULL;
  if (!a || a->kind != AATGS_JSON_ARRAY || a->count > most) {
    t->missing = t->missing ? t->missing : key;
    return NULL;
  }
  void *p = aatgs_arena_take(t->arena, a->count + 1u, size);
  if (p) {
    *count = a->count;
    *member = a->first;
  }
  t->no_memory = t->no_memory || !p;
  return p;
}

static const aatgs_field *take_fields(taker *t, const aatgs_json *root, const char *key,
                                      uint32_t *count)
{
  const aatgs_json *o;
  aatgs_field *fields = take_array(t, root, key, AATGS_FIELDS_MAX, sizeof *fields, &o, count);
  for (uint32_t i = 0; i < *count; i++, o = o->next) {
    fields[i] = (aatgs_field){
        .name = take_text(t, o, "name"),
        .unit = take_text(t, o, "unit"),
        .help = take_text(t, o, "help"),
        .type = aatgs_field_type_of(take_text(t, o, "type")),
        .count = (uint16_t)take_number(t, o, "count", UINT16_MAX),
        .offset = (uint16_t)take_number(t, o, "offset", UINT16_MAX),
        .role = (uint16_t)take_number(t, o, "role", UINT16_MAX),
        .minimum = take_real(t, o, "minimum"),
        .maximum = take_real(t, o, "maximum"),
        .initial = take_real(t, o, "initial"),
    };
  }
  return fields;
}

static void take_lists(taker *t, const aatgs_json *root, aatgs_trace_info *info)
{
  const aatgs_json *o;
  aatgs_trace_type *types =
      take_array(t, root, "types", AATGS_TYPES_MAX, sizeof *types, &o, &info->type_count);
  for (uint32_t i = 0; i < info->type_count; i++, o = o->next) {
    types[i] =
        (aatgs_trace_type){take_text(t, o, "name"), (uint32_t)take_number(t, o, "role", UINT32_MAX),
                           take_number(t, o, "prior_ns", UINT64_MAX)};
  }
  info->types = types;
  aatgs_trace_region *regions =
      take_array(t, root, "regions", AATGS_REGIONS_MAX, sizeof *regions, &o, &info->region_count);
  for (uint32_t i = 0; i < info->region_count; i++, o = o->next) {
    regions[i] = (aatgs_trace_region){
        take_text(t, o, "name"), (uint32_t)take_number(t, o, "kind", 2),
        (uint32_t)take_number(t, o, "word", 8), take_number(t, o, "size", UINT64_MAX)};
  }
  info->regions = regions;
  aatgs_trace_input *inputs =
      take_array(t, root, "inputs", AATGS_INPUTS_MAX, sizeof *inputs, &o, &info->input_count);
  for (uint32_t i = 0; i < info->input_count; i++, o = o->next) {
    inputs[i] = (aatgs_trace_input){take_text(t, o, "kind"), take_text(t, o, "path"),
                                    take_number(t, o, "size", UINT64_MAX)};
  }
  info->inputs = inputs;
}

/* A trace from before there was a choice has none. */
static uint32_t take_digest(taker *t, const aatgs_json *root)
{
  if (!aatgs_json_get(root, "digest"))
    return 0;
  const char *name = take_text(t, root, "digest");
  for (uint32_t i = 0; i < 3; i++)
    if (strcmp(name, digests[i]) == 0)
      return i;
  t->missing = t->missing ? t->missing : "digest";
  return 0;
}

static void take_info(taker *t, const aatgs_json *root, aatgs_trace_info *i)
{
  i->aatgs_version = take_text(t, root, "aatgs_version");
  i->workload = take_text(t, root, "workload");
  i->workload_source_digest = take_number(t, root, "workload_source_digest", UINT64_MAX);
  i->device = take_text(t, root, "device");
  i->device_name = take_text(t, root, "device_name");
  i->host_name = take_text(t, root, "host_name");
  i->policy = take_text(t, root, "policy");
  i->workers = (uint32_t)take_number(t, root, "workers", AATGS_WORKERS_LIMIT);
  i->seed = take_number(t, root, "seed", UINT64_MAX);
  i->started_unix_ns = take_number(t, root, "started_unix_ns", UINT64_MAX);
  i->snapshot_interval_ns = take_number(t, root, "snapshot_interval_ns", UINT64_MAX);
  i->decisions = aatgs_json_get(root, "deadline_ns") != NULL; /* came together */
  if (i->decisions)
    i->deadline_ns = take_number(t, root, "deadline_ns", UINT64_MAX);
  i->command_slots = (uint32_t)take_number(t, root, "command_slots", UINT32_MAX);
  i->telemetry_slots = (uint32_t)take_number(t, root, "telemetry_slots", UINT32_MAX);
  i->history = (uint32_t)take_number(t, root, "history", UINT32_MAX);
  i->digest = take_digest(t, root);
  i->config_bytes = (uint32_t)take_number(t, root, "config_bytes", AATGS_CONFIG_BYTES_MAX);
  i->telemetry_bytes = (uint32_t)take_number(t, root, "telemetry_bytes", AATGS_TELEMETRY_BYTES_MAX);
  i->config_fields = take_fields(t, root, "config_fields", &i->config_field_count);
  i->telemetry_fields = take_fields(t, root, "telemetry_fields", &i->telemetry_field_count);
  take_lists(t, root, i);
}

/* The version and the features come first: what they do not cover is not looked at. */
static int check_version(const aatgs_json *root, const char *path, aatgs_trace_info *info,
                         aatgs_error *error)
{
  taker t = {0};
  info->format_version = (uint32_t)take_number(&t, root, "format_version", UINT32_MAX);
  uint64_t must = take_number(&t, root, "must_understand", UINT64_MAX);
  if (t.missing)
    return aatgs_error_set(error, AATGS_ECORRUPT, 0,
                           "%s: the description of the run has no valid '%s'", path, t.missing);
  if (info->format_version != AATGS_FORMAT_VERSION)
    return aatgs_error_set(
        error, AATGS_EVERSION, 0,
        "%s: trace format %u, but this aatgs reads format %u; use the aatgs that "
        "made it or a newer one",
        path, info->format_version, AATGS_FORMAT_VERSION);
  if (must & ~AATGS_FORMAT_UNDERSTOOD)
    return aatgs_error_set(error, AATGS_EVERSION, 0,
                           "%s: the trace uses features 0x%" PRIx64
                           " that this aatgs does not know; "
                           "use a newer one",
                           path, must & ~AATGS_FORMAT_UNDERSTOOD);
  return 0;
}

int aatgs_info_read(const uint8_t *bytes, size_t size, const char *path, aatgs_arena *arena,
                    aatgs_trace_info *info, uint64_t *trace, aatgs_error *error)
{
  taker t = {.arena = arena};
  aatgs_error inner;
  const aatgs_json *root = aatgs_json_parse(bytes, size, arena, &t.no_memory);
  if (t.no_memory)
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "%s: no memory for the description of the run",
                           path);
  if (!root || root->kind != AATGS_JSON_OBJECT)
    return aatgs_error_set(error, AATGS_ECORRUPT, 0, "%s: the description of the run is not JSON",
                           path);
  int rc = check_version(root, path, info, error);
  if (!rc) {
    *trace = take_number(&t, root, "trace", UINT64_MAX);
    take_info(&t, root, info);
  }
  if (rc)
    return rc;
  if (t.no_memory)
    return aatgs_error_set(error, AATGS_ENOMEM, 0, "%s: no memory for the description of the run",
                           path);
  if (t.missing)
    return aatgs_error_set(error, AATGS_ECORRUPT, 0,
                           "%s: the description of the run has no valid '%s'", path, t.missing);
  if (aatgs_info_check(info, &inner))
    return aatgs_error_set(error, AATGS_ECORRUPT, 0,
                           "%s: the description of the run is wrong: %.300s", path, inner.text);
  return 0;
}
