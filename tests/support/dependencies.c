#include "support/dependencies.h"

#include <ctype.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES_MAX  256
#define NAME_BYTES 64

/* nftw() hands its callback no context. */
static struct {
  const char *root;
  dependencies_report *report;
  char names[NAMES_MAX][NAME_BYTES]; /* structs of prism */
  size_t name_count;
  void (*visit)(const char *path);
} scan;

static void violation(const char *path, int line, const char *format, ...)
{
  dependencies_report *r = scan.report;
  if (r->violations < DEPENDENCIES_VIOLATIONS_MAX) {
    char *text = r->violation[r->violations];
    int n = snprintf(text, sizeof r->violation[0], "%.200s:%d: ", path, line);
    va_list args;
    va_start(args, format);
    vsnprintf(text + n, sizeof r->violation[0] - (size_t)n, format, args);
    va_end(args);
  }
  r->violations++;
}

static bool starts_with(const char *s, const char *prefix)
{
  return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_prism(const char *path)
{
  return starts_with(path, "device/prism/") || starts_with(path, "host/prism/");
}

/* Stores the path, relative to the root, of the file that `#include "name"` in `path` means;
 * false when there is none. The order is the compiler's: beside the file, then the include
 * folders of the build. */
static bool resolve(const char *path, const char *name, char *out, size_t size)
{
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  *(slash ? slash + 1 : folder) = '\0';
  const char *const places[] = {folder, "", "trace/", "device/"};

  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    char full[PATH_MAX * 2], real[PATH_MAX], root[PATH_MAX];
    snprintf(full, sizeof full, "%s/%s%s", scan.root, places[i], name);
    if (!realpath(full, real) || !realpath(scan.root, root))
      continue;
    size_t n = strlen(root);
    if (strncmp(real, root, n) != 0 || real[n] != '/')
      continue;
    snprintf(out, size, "%s", real + n + 1);
    return true;
  }
  return false;
}

static bool may_include(const char *from, const char *to)
{
  if (is_prism(to) && !is_prism(from))
    return false;
  if (starts_with(from, "tools/"))
    return starts_with(to, "tools/") || starts_with(to, "host/") || starts_with(to, "trace/") ||
           starts_with(to, "device/");
  if (starts_with(from, "host/"))
    return starts_with(to, "host/") || starts_with(to, "trace/") || starts_with(to, "device/");
  if (starts_with(from, "trace/"))
    return starts_with(to, "trace/") || strcmp(to, "device/bus.h") == 0;
  return starts_with(to, "device/");
}

/* Headers from outside: device/ must compile wherever C or CUDA does, trace/ without CUDA. */
static bool may_include_system(const char *from, const char *name)
{
  static const char *const c11[] = {
      "assert.h", "complex.h", "ctype.h", "errno.h", "fenv.h", "float.h", "inttypes.h", "iso646.h",
      "limits.h", "locale.h", "math.h", "setjmp.h", "signal.h", "stdalign.h", "stdarg.h",
      "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h",
      "string.h", "tgmath.h", "threads.h", "time.h", "uchar.h", "wchar.h", "wctype.h",
      /* how a thread waits; of the compilers: vector moves, the annotations of a sanitizer */
      "sched.h", "emmintrin.h", "immintrin.h", "sanitizer/tsan_interface.h"};
  bool cuda = starts_with(name, "cuda") || starts_with(name, "cooperative_groups");
  if (starts_with(from, "trace/"))
    return !cuda;
  if (!starts_with(from, "device/"))
    return true;
  if (starts_with(name, "cuda/") || starts_with(name, "cooperative_groups"))
    return true;
  for (size_t i = 0; i < sizeof c11 / sizeof c11[0]; i++)
    if (strcmp(name, c11[i]) == 0)
      return true;
  return false;
}

static void check_include(const char *path, int line, const char *text)
{
  char name[PATH_MAX], target[PATH_MAX];
  char open = *text, close = open == '<' ? '>' : '"';
  const char *end = open == '<' || open == '"' ? strchr(text + 1, close) : NULL;
  if (!end) {
    violation(path, line, "an #include must name its file");
    return;
  }
  snprintf(name, sizeof name, "%.*s", (int)(end - text - 1), text + 1);

  if (open == '<') {
    if (starts_with(name, "aatgs/"))
      violation(path, line, "<%s> is for users of the installed package", name);
    else if (!may_include_system(path, name))
      violation(path, line, "%.*s/ must not depend on <%s>", (int)strcspn(path, "/"), path, name);
  } else if (!resolve(path, name, target, sizeof target)) {
    violation(path, line, "\"%s\" is no file of this tree", name);
  } else {
    scan.report->edges++;
    if (!may_include(path, target))
      violation(path, line, "must not include %s", target);
  }
}

static bool is_word(char c)
{
  return isalnum((unsigned char)c) || c == '_';
}

static bool names_word(const char *text, const char *word)
{
  size_t n = strlen(word);
  for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
    if ((at == text || !is_word(at[-1])) && !is_word(at[n]))
      return true;
  return false;
}

/* Calls `line` for every line of a file; the text is without leading blanks. */
static void each_line(const char *path, void (*line)(const char *path, int number, char *text))
{
  char full[PATH_MAX * 2];
  snprintf(full, sizeof full, "%s/%s", scan.root, path);
  FILE *f = fopen(full, "r");
  if (!f) {
    violation(path, 0, "cannot be read");
    return;
  }
  char *text = NULL;
  size_t capacity = 0;
  for (int number = 1; getline(&text, &capacity, f) >= 0; number++)
    line(path, number, text + strspn(text, " \t"));
  free(text);
  fclose(f);
}

static void check_line(const char *path, int number, char *text)
{
  if (*text == '#') {
    const char *word = text + 1 + strspn(text + 1, " \t");
    if (starts_with(word, "include")) {
      word += strlen("include");
      check_include(path, number, word + strspn(word, " \t"));
      return;
    }
  }
  if (!is_prism(path))
    for (size_t i = 0; i < scan.name_count; i++)
      if (names_word(text, scan.names[i])) {
        violation(path, number, "must not know %s of prism", scan.names[i]);
        return;
      }
}

static void check_file(const char *path)
{
  scan.report->files++;
  each_line(path, check_line);
}

/* `struct NAME {` and `} NAME;`: the two ways in which the house names a struct. */
static void collect_name(const char *path, int number, char *text)
{
  (void)path, (void)number;
  const char *name = NULL;
  if (starts_with(text, "typedef struct "))
    name = text + strlen("typedef struct ");
  else if (starts_with(text, "struct "))
    name = text + strlen("struct ");
  else if (starts_with(text, "} "))
    name = text + 2;
  if (!name)
    return;
  size_t n = 0;
  while (is_word(name[n]))
    n++;
  const char *after = name + n + strspn(name + n, " ");
  if (n < 4 || n >= NAME_BYTES || *after != (*text == '}' ? ';' : '{') ||
      scan.name_count == NAMES_MAX)
    return;
  snprintf(scan.names[scan.name_count++], NAME_BYTES, "%.*s", (int)n, name);
}

static void collect_names(const char *path)
{
  if (is_prism(path) && strcmp(strrchr(path, '.'), ".h") == 0)
    each_line(path, collect_name);
}

static int visit_entry(const char *full, const struct stat *st, int kind, struct FTW *ftw)
{
  (void)st, (void)ftw;
  const char *dot = strrchr(full, '.');
  static const char *const endings[] = {".c", ".h", ".cu", ".cuh", ".cpp", ".in"};
  for (size_t i = 0; kind == FTW_F && dot && i < sizeof endings / sizeof endings[0]; i++)
    if (strcmp(dot, endings[i]) == 0)
      scan.visit(full + strlen(scan.root) + 1);
  return 0;
}

static bool walk(void (*visit)(const char *path))
{
  static const char *const folders[] = {"device", "host", "trace", "tools"};
  scan.visit = visit;
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    char full[PATH_MAX];
    snprintf(full, sizeof full, "%s/%s", scan.root, folders[i]);
    if (nftw(full, visit_entry, 16, FTW_PHYS) != 0)
      return false;
  }
  return true;
}

bool dependencies_check(const char *root, dependencies_report *report)
{
  memset(report, 0, sizeof *report);
  scan.root = root;
  scan.report = report;
  scan.name_count = 0;
  return walk(collect_names) && walk(check_file);
}
