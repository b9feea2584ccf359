/* The reader of .stg files. */
#include "host/stg.h"
#include "host/graph_internal.h"
#include "host/schedule.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TASKS_MAX    (1u << 20)
#define DURATION_MAX UINT64_C(1000000000)

static const aatgs_task_type types[] = {
    {"task", "a task of a graph that is only scheduled", AATGS_ROLE_NONE, 1, 0, 0, 0, 0, -1},
};

const struct aatgs_workload aatgs_stg_workload = {
    .abi = AATGS_WORKLOAD_ABI,
    .size = sizeof(struct aatgs_workload),
    .name = "stg",
    .help = "task graphs that are scheduled and not run",
    .config_bytes = 4,
    .telemetry_bytes = 4,
    .types = types,
    .type_count = 1,
};

struct stg {
  const char *path;
  FILE *file;
  uint32_t line;
  uint64_t unit_ns;
  aatgs_graph *graph;
  uint32_t tasks; /* dummies included */
  aatgs_error *error;
};

#define fail(s, code, format, ...)                                                                 \
  aatgs_error_set((s)->error, code, 0, "%.200s:%u: " format, (s)->path, (s)->line, __VA_ARGS__)

/* Reads the next whole number; blanks and comments are skipped. `what` names it in messages. */
static int read_number(struct stg *s, const char *what, uint64_t most, uint64_t *out)
{
  uint64_t value = 0;
  int c = getc(s->file);

  while (c != EOF && (isspace(c) || c == '#')) {
    while (c == '#' && c != EOF && c != '\n')
      do
        c = getc(s->file);
      while (c != EOF && c != '\n');
    s->line += c == '\n';
    c = getc(s->file);
  }
  if (c == EOF)
    return fail(s, ferror(s->file) ? AATGS_EIO : AATGS_EFORMAT, "the file ends before %s", what);
  if (!isdigit(c))
    return fail(s, AATGS_EFORMAT, "byte 0x%02x where %s should stand", (unsigned)c, what);
  for (; c != EOF && isdigit(c); c = getc(s->file)) {
    value = value * 10 + (uint64_t)(c - '0');
    if (value > most)
      return fail(s, AATGS_EFORMAT, "%s is over %llu", what, (unsigned long long)most);
  }
  if (c != EOF && !isspace(c))
    return fail(s, AATGS_EFORMAT, "byte 0x%02x in %s", (unsigned)c, what);
  if (c != EOF)
    ungetc(c, s->file);
  *out = value;
  return 0;
}

static int read_predecessors(struct stg *s, uint32_t task, uint64_t count)
{
  uint64_t predecessor;
  int rc = 0;

  for (uint64_t i = 0; rc == 0 && i < count; i++) {
    rc = read_number(s, "a predecessor's number", s->tasks - 1, &predecessor);
    if (rc == 0 && predecessor >= task)
      rc = fail(s, AATGS_EFORMAT, "task %u waits for task %llu, which does not come before it",
                task, (unsigned long long)predecessor);
    if (rc == 0)
      rc = aatgs_graph_add_dependency(s->graph, task, (uint32_t)predecessor);
  }
  return rc;
}

static int read_task(struct stg *s, uint32_t task)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  uint64_t number, duration, count;
  char name[16];
  int rc = read_number(s, "a task's number", s->tasks - 1, &number);

  if (rc == 0 && number != task)
    rc = fail(s, AATGS_EFORMAT, "task %llu where task %u should stand", (unsigned long long)number,
              task);
  if (rc == 0)
    rc = read_number(s, "a task's duration", DURATION_MAX, &duration);
  if (rc == 0)
    rc = read_number(s, "a count of predecessors", s->tasks - 1, &count);
  if (rc != 0)
    return rc;
  snprintf(name, sizeof name, "%u", task);
  o.type = "task";
  o.name = name;
  o.estimate_ns = duration * s->unit_ns;
  if (o.estimate_ns > AATGS_DURATION_MAX)
    return fail(s, AATGS_ELIMIT, "task %u lasts too long", task);
  rc = aatgs_graph_add_task(s->graph, &o, NULL, 0, NULL);
  return rc ? rc : read_predecessors(s, task, count);
}

static int read_graph(struct stg *s)
{
  uint64_t inner;
  int rc = read_number(s, "the number of tasks", TASKS_MAX, &inner);

  s->tasks = (uint32_t)inner + 2;
  for (uint32_t i = 0; rc == 0 && i < s->tasks; i++)
    rc = read_task(s, i);
  if (rc == AATGS_ENOMEM)
    return aatgs_error_set(s->error, rc, 0, "out of memory for the tasks of %.200s", s->path);
  return rc ? rc : aatgs_graph_check(s->graph);
}

static FILE *open_regular(const char *path, aatgs_error *error)
{
  struct stat st;
  FILE *file;

  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
    aatgs_error_set(error, AATGS_EIO, 0, "%.200s is no regular file", path);
    return NULL;
  }
  file = fopen(path, "re");
  if (!file)
    aatgs_error_set(error, errno == ENOENT ? AATGS_ENOTFOUND : AATGS_EIO, errno,
                    "cannot open %.200s: %s", path, strerror(errno));
  return file;
}

int aatgs_stg_load(const char *path, uint64_t unit_ns, aatgs_graph **out, aatgs_error *error)
{
  aatgs_error own;
  struct stg s = {.path = path, .line = 1, .unit_ns = unit_ns, .error = error ? error : &own};
  int rc;

  *out = NULL;
  s.file = open_regular(path, s.error);
  if (!s.file)
    return s.error->code;
  rc = aatgs_graph_open(&aatgs_stg_workload, &s.graph);
  if (rc == 0)
    rc = read_graph(&s);
  else
    aatgs_error_set(s.error, rc, 0, "out of memory");
  fclose(s.file);
  if (rc != 0) {
    aatgs_graph_close(s.graph);
    return rc;
  }
  *out = s.graph;
  return 0;
}

bool aatgs_stg_looks_like(const char *path)
{
  FILE *file = open_regular(path, NULL);
  bool digits = false;
  int c = ' ';

  if (!file)
    return false;
  while (c != EOF && isspace(c))
    c = getc(file);
  for (; c != EOF && isdigit(c); c = getc(file))
    digits = true;
  while (c == ' ' || c == '\t' || c == '\r')
    c = getc(file);
  fclose(file);
  return digits && c == '\n';
}
