#include "bench.h"

#include "commit.h"
#include "host/clock.h"

#include <ftw.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* ---- Options ------------------------------------------------------------------------- */

static void help(const bench_program *p)
{
  printf("Usage: bench_%s [options]\n\n%s\n\n"
         "  --device D    cpu, cuda or auto: cuda where it works, else cpu (default: auto)\n"
         "  --format F    table or json (default: table)\n"
         "  --rounds N    %s (default: %u)\n"
         "  --help        this text\n\n"
         "AATGS_COMMIT in the environment replaces the commit in the report.\n",
         p->name, p->question, p->round, p->rounds);
}

void bench_fail(const bench *b, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  fprintf(stderr, "bench_%s: ", b->program->name);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  exit(1);
}

static void usage(const bench *b, const char *what)
{
  fprintf(stderr, "bench_%s: %s; try --help\n", b->program->name, what);
  exit(2);
}

/* "auto" becomes what it stands for; a device that cannot be opened ends the program. */
static void settle_device(bench *b)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_runtime_info info;
  aatgs_error error = {0};
  o.workload = "empty";
  o.device = b->device;
  o.tasks = "one";
  if (aatgs_open(&o, &rt, &error))
    bench_fail(b, "%s", error.text);
  aatgs_get_runtime_info(rt, &info);
  snprintf(b->device_name, sizeof b->device_name, "%s", info.device_name);
  b->device = strcmp(info.device, "cuda") == 0 ? "cuda" : "cpu";
  aatgs_close(rt);
}

void bench_start(const bench_program *program, int argc, char **argv, bench *b)
{
  static const struct option options[] = {{"device", required_argument, NULL, 'd'},
                                          {"format", required_argument, NULL, 'f'},
                                          {"rounds", required_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  *b = (bench){
      .program = program, .device = "auto", .rounds = program->rounds, .results = json_array()};
  int option;
  char *end;
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    switch (option) {
    case 'd': b->device = optarg; break;
    case 'f':
      b->as_json = strcmp(optarg, "json") == 0;
      if (!b->as_json && strcmp(optarg, "table") != 0)
        usage(b, "--format takes table or json");
      break;
    case 'r':
      b->rounds = (uint32_t)strtoul(optarg, &end, 10);
      if (*end || !b->rounds || b->rounds > 1000000)
        usage(b, "--rounds takes a number from 1 to 1000000");
      break;
    case 'h': help(program); exit(0);
    default: usage(b, "the command line is wrong");
    }
  }
  if (optind < argc)
    usage(b, "there are no operands");
  if (strcmp(b->device, "auto") && strcmp(b->device, "cpu") && strcmp(b->device, "cuda"))
    usage(b, "--device takes cpu, cuda or auto");
  settle_device(b);
}

/* ---- Figures ---------------------------------------------------------------------------- */

json_t *bench_row(bench *b, const char *name, bool rival)
{
  json_t *row = json_pack("{s:s, s:b}", "name", name, "rival", rival);
  if (!row || json_array_append_new(b->results, row))
    bench_fail(b, "out of memory");
  return row;
}

void bench_count(json_t *row, const char *key, uint64_t value)
{
  json_object_set_new(row, key, json_integer((json_int_t)value));
}

void bench_real(json_t *row, const char *key, double value)
{
  json_object_set_new(row, key, json_real(value));
}

void bench_samples_open(const bench *b, bench_samples *s, size_t capacity)
{
  *s = (bench_samples){malloc(capacity * sizeof *s->ns), 0, capacity};
  if (!s->ns)
    bench_fail(b, "no memory for %zu samples: give fewer --rounds", capacity);
  memset(s->ns, 0, capacity * sizeof *s->ns); /* pages come now, not while measuring */
}

void bench_samples_close(bench_samples *s)
{
  free(s->ns);
  *s = (bench_samples){0};
}

static int by_value(const void *a, const void *b)
{
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

uint64_t bench_percentile(bench_samples *s, uint32_t per_mille)
{
  if (!s->count)
    return 0;
  qsort(s->ns, s->count, sizeof *s->ns, by_value);
  const size_t rank = (s->count * per_mille + 999) / 1000;
  return s->ns[rank ? rank - 1 : 0];
}

void bench_latency(json_t *row, bench_samples *s)
{
  bench_count(row, "p50_ns", bench_percentile(s, 500));
  bench_count(row, "p99_ns", bench_percentile(s, 990));
  bench_count(row, "p999_ns", bench_percentile(s, 999));
  bench_count(row, "min_ns", bench_percentile(s, 0));
  bench_count(row, "samples", s->count);
}

static void rate(json_t *row, const char *key, uint64_t items, uint64_t ns)
{
  if (ns)
    bench_count(row, key, (uint64_t)((double)items * 1e9 / (double)ns + 0.5));
}

void bench_rate(json_t *row, bench_samples *s, uint64_t items)
{
  rate(row, "per_second", items, bench_percentile(s, 500));
  rate(row, "per_second_min", items, bench_percentile(s, 1000));
  rate(row, "per_second_max", items, bench_percentile(s, 0));
  bench_count(row, "rounds", s->count);
}

/* ---- The report ---------------------------------------------------------------------------- */

static void read_line(const char *path, const char *prefix, char *out, size_t size)
{
  FILE *f = fopen(path, "re");
  char line[256];
  while (f && fgets(line, sizeof line, f)) {
    if (strncmp(line, prefix, strlen(prefix)))
      continue;
    const char *value = *prefix && strchr(line, ':') ? strchr(line, ':') + 1 : line;
    value += strspn(value, " \t");
    snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
    break;
  }
  if (f)
    fclose(f);
}

static json_t *describe_machine(void)
{
  char cpu[128] = "unknown", driver[128] = "", date[32];
  struct utsname name = {0};
  const time_t now = time(NULL);
  struct tm utc;
  read_line("/proc/cpuinfo", "model name", cpu, sizeof cpu);
  read_line("/proc/driver/nvidia/version", "NVRM", driver, sizeof driver);
  uname(&name);
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  json_t *machine = json_pack(
      "{s:s, s:i, s:I, s:s, s:s}", "cpu", cpu, "cores", (int)bench_cores(), "memory_bytes",
      (json_int_t)sysconf(_SC_PHYS_PAGES) * (json_int_t)sysconf(_SC_PAGESIZE), "kernel",
      name.release, "date", date);
  if (driver[0])
    json_object_set_new(machine, "gpu_driver", json_string(driver));
  return machine;
}

static void cell_text(const json_t *value, char *out, size_t size)
{
  if (json_is_string(value))
    snprintf(out, size, "%s", json_string_value(value));
  else if (json_is_integer(value))
    snprintf(out, size, "%lld", (long long)json_integer_value(value));
  else if (json_is_real(value))
    snprintf(out, size, "%.2f", json_real_value(value));
  else
    snprintf(out, size, "%s", json_is_true(value) ? "yes" : value ? "" : "-");
}

static size_t column_width(const json_t *results, const char *key)
{
  char text[128];
  size_t width = strlen(key), i;
  json_t *row;
  json_array_foreach(results, i, row)
  {
    cell_text(json_object_get(row, key), text, sizeof text);
    width = strlen(text) > width ? strlen(text) : width;
  }
  return width;
}

static void print_table(const bench *b, const json_t *report)
{
  json_t *columns = json_object(), *row, *value;
  const json_t *machine = json_object_get(report, "machine");
  const char *key;
  char text[128];
  size_t i;
  json_array_foreach(b->results, i, row) json_object_update_missing(columns, row);
  printf("%s, %s device (%s), commit %s\n%s, %lld cores, %s\n\n", b->program->name, b->device,
         b->device_name, json_string_value(json_object_get(report, "commit")),
         json_string_value(json_object_get(machine, "cpu")),
         (long long)json_integer_value(json_object_get(machine, "cores")),
         json_string_value(json_object_get(machine, "date")));
  json_object_foreach(columns, key, value)
  {
    const int width = (int)column_width(b->results, key);
    printf("%*s  ", json_is_string(value) ? -width : width, key);
  }
  printf("\n");
  json_array_foreach(b->results, i, row)
  {
    json_object_foreach(columns, key, value)
    {
      const int width = (int)column_width(b->results, key);
      cell_text(json_object_get(row, key), text, sizeof text);
      printf("%*s  ", json_is_string(value) ? -width : width, text);
    }
    printf("\n");
  }
  json_decref(columns);
}

int bench_finish(bench *b)
{
  const char *commit = getenv("AATGS_COMMIT");
  json_t *report = json_pack("{s:s, s:s, s:s, s:s, s:o, s:O}", "benchmark", b->program->name,
                             "device", b->device, "device_name", b->device_name, "commit",
                             commit && *commit ? commit : BENCH_COMMIT, "machine",
                             describe_machine(), "results", b->results);
  if (!report)
    bench_fail(b, "out of memory");
  if (b->as_json) {
    json_dumpf(report, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    printf("\n");
  } else {
    print_table(b, report);
  }
  json_decref(report);
  json_decref(b->results);
  return fflush(stdout) || ferror(stdout) ? 1 : 0;
}

/* ---- Places to record to ----------------------------------------------------------------------
 */

bool bench_folder_make(const char *parent, bench_folder *f)
{
  snprintf(f->path, sizeof f->path, "%s/aatgs-bench-XXXXXX", parent);
  if (!mkdtemp(f->path))
    return false;
  snprintf(f->trace, sizeof f->trace, "%s/trace", f->path);
  return true;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  (void)st, (void)kind, (void)ftw;
  return remove(path);
}

void bench_folder_remove(const bench_folder *f)
{
  nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
