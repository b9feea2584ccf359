/* Task files and named graphs: one task a line,
 *
 *   name type [parts=N] [arg=N] [after=a,b] [once] [retries=N] [on-failure=skip|stop]  # comment
 *
 * A line may name tasks that come later; aatgs_graph_check() finds the cycles this makes possible.
 * Nothing is added to the caller's graph unless the whole text is sound. */
#include "host/graph_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (64u << 20)
#define LINE_BYTES_MAX 65536u
#define WORDS          " \t\r\f\v"

struct after {
  uint32_t task;
  uint32_t line;
  char *names; /* in the text, comma separated */
};

struct parser {
  const char *path;
  uint32_t line;
  aatgs_graph *graph;
  struct after *after;
  size_t after_count;
  size_t after_capacity;
  aatgs_error *error;
};

#define fail(p, code, format, ...)                                                                 \
  aatgs_error_set((p)->error, code, 0, "%.200s:%u: " format, (p)->path, (p)->line, __VA_ARGS__)

/* ---- One line ---- */

static int parse_number(struct parser *p, const char *key, const char *text, uint64_t minimum,
                        uint64_t maximum, uint32_t *out)
{
  char *end;
  unsigned long long value;

  errno = 0;
  value = strtoull(text, &end, 0);
  if (*text < '0' || *text > '9' || *end || errno || value < minimum || value > maximum)
    return fail(p, AATGS_EFORMAT, "%s=%.40s: must be a whole number from %llu to %llu", key, text,
                (unsigned long long)minimum, (unsigned long long)maximum);
  *out = (uint32_t)value;
  return 0;
}

static int note_after(struct parser *p, uint32_t task, char *names)
{
  if (p->after_count == p->after_capacity) {
    size_t capacity = p->after_capacity ? p->after_capacity * 2 : 64;
    struct after *grown = realloc(p->after, capacity * sizeof *grown);
    if (!grown)
      return fail(p, AATGS_ENOMEM, "%s", "out of memory");
    p->after = grown;
    p->after_capacity = capacity;
  }
  p->after[p->after_count++] = (struct after){task, p->line, names};
  return 0;
}

static int parse_option(struct parser *p, char *word, aatgs_task_options *o, char **after)
{
  if (strncmp(word, "parts=", 6) == 0)
    return parse_number(p, "parts", word + 6, 1, AATGS_PARTS_LIMIT, &o->parts);
  if (strncmp(word, "arg=", 4) == 0)
    return parse_number(p, "arg", word + 4, 0, UINT32_MAX, &o->arg);
  if (strncmp(word, "retries=", 8) == 0)
    return parse_number(p, "retries", word + 8, 0, AATGS_RETRIES_MAX, &o->retries);
  if (strcmp(word, "on-failure=skip") == 0 || strcmp(word, "on-failure=stop") == 0) {
    o->on_failure = word[13] == 'o' ? AATGS_FAILURE_STOPS : AATGS_FAILURE_SKIPS;
    return 0;
  }
  if (strcmp(word, "once") == 0) {
    o->once = true;
    return 0;
  }
  if (strncmp(word, "after=", 6) == 0) {
    if (*after)
      return fail(p, AATGS_EFORMAT, "%s", "a second after=; put all names in one, with commas");
    *after = word + 6;
    return 0;
  }
  return fail(
      p, AATGS_EFORMAT,
      "\"%.60s\" is none of parts=N, arg=N, after=a,b, once, retries=N and on-failure=skip or "
      "stop",
      word);
}

static int parse_task(struct parser *p, char *name, char *rest)
{
  aatgs_task_options o = AATGS_TASK_OPTIONS_INIT;
  char *save = rest, *word, *after = NULL;
  uint32_t task;
  int rc = 0;

  if (strpbrk(name, ",="))
    return fail(p, AATGS_EFORMAT, "\"%.60s\" is no task name: commas and = are not allowed", name);
  o.name = name;
  o.type = strtok_r(NULL, WORDS, &save);
  if (!o.type)
    return fail(p, AATGS_EFORMAT, "task \"%.60s\" has no type; write: name type [after=a,b]", name);
  while (rc == 0 && (word = strtok_r(NULL, WORDS, &save)))
    rc = parse_option(p, word, &o, &after);
  if (rc != 0)
    return rc;
  rc = aatgs_graph_add_task(p->graph, &o, NULL, 0, &task);
  if (rc != 0)
    return fail(p, rc, "%s", p->graph->error.text);
  return after ? note_after(p, task, after) : 0;
}

static int parse_line(struct parser *p, char *line)
{
  char *comment = strchr(line, '#'), *save = NULL, *name;

  for (const char *c = line; *c; c++)
    if ((unsigned char)*c < ' ' && !strchr(WORDS, *c))
      return fail(p, AATGS_EFORMAT, "byte 0x%02x: this is no text file", (unsigned char)*c);
  if (strlen(line) > LINE_BYTES_MAX)
    return fail(p, AATGS_EFORMAT, "the line is longer than %u bytes", LINE_BYTES_MAX);
  if (comment)
    *comment = 0;
  name = strtok_r(line, WORDS, &save);
  return name ? parse_task(p, name, save) : 0;
}

/* ---- The text ---- */

static int resolve_after(struct parser *p, const struct after *after)
{
  char *save = NULL, *name;
  int rc = 0;

  p->line = after->line;
  for (name = strtok_r(after->names, ",", &save); rc == 0 && name;
       name = strtok_r(NULL, ",", &save)) {
    uint32_t id;
    if (aatgs_graph_find(p->graph, name, &id) != 0)
      return fail(p, AATGS_EFORMAT, "after=%.60s: no task has this name", name);
    rc = aatgs_graph_add_dependency(p->graph, after->task, id);
    if (rc != 0)
      return fail(p, rc, "%s", p->graph->error.text);
  }
  return rc;
}

/* Cuts `text` (`bytes` of it, then a NUL) up in place. */
static int parse_text(struct parser *p, char *text, size_t bytes)
{
  char *line = text, *end = text + bytes, *nul = memchr(text, 0, bytes);
  int rc = 0;

  if (nul) {
    for (p->line = 1; line < nul; line++)
      p->line += *line == '\n';
    return fail(p, AATGS_EFORMAT, "byte 0x%02x: this is no text file", 0);
  }
  while (rc == 0 && line < end) {
    char *newline = memchr(line, '\n', (size_t)(end - line));
    if (newline)
      *newline = 0;
    p->line++;
    rc = parse_line(p, line);
    line = newline ? newline + 1 : end;
  }
  for (size_t i = 0; rc == 0 && i < p->after_count; i++)
    rc = resolve_after(p, &p->after[i]);
  free(p->after);
  p->after = NULL;
  if (rc == 0 && aatgs_graph_is_empty(p->graph))
    rc = aatgs_error_set(p->error, AATGS_EFORMAT, 0,
                         "%.200s has no tasks; write one a line: name type [after=a,b]", p->path);
  return rc;
}

static int read_file(const char *path, char **text, size_t *bytes, aatgs_error *error)
{
  struct stat st;
  ssize_t got = 0;
  size_t used = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  if (fd < 0)
    return aatgs_error_set(error, errno == ENOENT ? AATGS_ENOTFOUND : AATGS_EIO, errno,
                           "cannot open the task file %.200s: %s", path, strerror(errno));
  if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
    close(fd);
    return aatgs_error_set(error, AATGS_EIO, 0, "%.200s is no regular file", path);
  }
  *text = (size_t)st.st_size <= FILE_BYTES_MAX ? malloc((size_t)st.st_size + 1) : NULL;
  if (!*text) {
    close(fd);
    return aatgs_error_set(error, AATGS_ELIMIT, 0, "%.200s has %lld bytes; a task file may have %u",
                           path, (long long)st.st_size, FILE_BYTES_MAX);
  }
  while (used < (size_t)st.st_size && (got = read(fd, *text + used, (size_t)st.st_size - used)) > 0)
    used += (size_t)got;
  if (got < 0) {
    aatgs_error_set(error, AATGS_EIO, errno, "cannot read the task file %.200s: %s", path,
                    strerror(errno));
    free(*text);
    close(fd);
    return AATGS_EIO;
  }
  close(fd);
  (*text)[used] = 0;
  *bytes = used;
  return 0;
}

/* ---- Where the text comes from ---- */

static const aatgs_named_graph *find_named(const struct aatgs_workload *w, const char *name)
{
  for (uint32_t i = 0; i < w->graph_count; i++)
    if (strcmp(w->graphs[i].name, name) == 0)
      return &w->graphs[i];
  return NULL;
}

static int not_found(aatgs_graph *graph, const char *name)
{
  const struct aatgs_workload *w = graph->workload;

  aatgs_error_set(&graph->error, AATGS_ENOTFOUND, ENOENT,
                  "\"%.200s\" is neither a task file nor a named graph of workload %s, which has:",
                  name, w->name);
  for (uint32_t i = 0; i < w->graph_count; i++) {
    size_t used = strlen(graph->error.text);
    snprintf(graph->error.text + used, sizeof graph->error.text - used, "%s %s", i ? "," : "",
             w->graphs[i].name);
  }
  return AATGS_ENOTFOUND;
}

/* Leaves out the tasks whose input is not there. */
static int leave_out(aatgs_graph *graph, const char *name, aatgs_graph **full, uint32_t given)
{
  uint8_t *without = calloc((*full)->count + 1, 1);
  aatgs_graph *reduced = NULL;
  int rc = without ? 0 : AATGS_ENOMEM;

  for (uint32_t i = 0; rc == 0 && i < (*full)->count; i++) {
    int32_t input = aatgs_graph_type(*full, &(*full)->nodes[i])->needs_input;
    without[i] = input >= 0 && (input >= 32 || !(given >> input & 1));
  }
  if (rc == 0)
    rc = aatgs_graph_copy_without(*full, without, &reduced);
  free(without);
  if (rc != 0)
    return aatgs_error_set(&graph->error, rc, 0, "the graph %s could not be reduced: %s", name,
                           aatgs_strerror(rc));
  aatgs_graph_close(*full);
  *full = reduced;
  if (aatgs_graph_is_empty(reduced))
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0,
                           "nothing is left of the graph %s: give the inputs its tasks need", name);
  return 0;
}

/* The caller's graph, which is empty, and the loaded one change places. */
static void swap_in(aatgs_graph *graph, aatgs_graph *loaded)
{
  aatgs_graph old = *graph;
  *graph = *loaded;
  *loaded = old;
}

int aatgs_graph_load(aatgs_graph *graph, const char *name_or_path, uint32_t given)
{
  struct parser p = {.path = name_or_path, .error = &graph->error};
  const aatgs_named_graph *named;
  char *text = NULL;
  size_t bytes = 0;
  int rc;

  if (!name_or_path || !aatgs_graph_is_empty(graph))
    return aatgs_error_set(&graph->error, AATGS_EINVAL, 0,
                           name_or_path ? "tasks can only be loaded into an empty graph"
                                        : "loading needs a name or a path");
  named = find_named(graph->workload, name_or_path);
  if (named) {
    text = strdup(named->text);
    bytes = text ? strlen(text) : 0;
    rc = text ? 0 : aatgs_error_set(&graph->error, AATGS_ENOMEM, 0, "out of memory");
  } else if (access(name_or_path, F_OK) != 0 && errno == ENOENT) {
    rc = not_found(graph, name_or_path);
  } else {
    rc = read_file(name_or_path, &text, &bytes, &graph->error);
  }
  if (rc != 0)
    return rc;
  rc = aatgs_graph_open(graph->workload, &p.graph);
  if (rc != 0)
    aatgs_error_set(&graph->error, rc, 0, "out of memory");
  if (rc == 0)
    rc = parse_text(&p, text, bytes);
  if (rc == 0 && named)
    rc = leave_out(graph, name_or_path, &p.graph, given);
  if (rc == 0)
    swap_in(graph, p.graph);
  aatgs_graph_close(p.graph);
  free(text);
  return rc;
}
