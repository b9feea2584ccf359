#include "tools/table.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/text.h"

/* Values of one fact in text; JSON and CSV have all. */
#define VALUES_SHOWN 8

typedef enum item_kind { ITEM_SECTION, ITEM_FACT, ITEM_LINES, ITEM_TABLE } item_kind;

/* One thing to show in text; the JSON tree holds the same thing for machines. */
typedef struct item {
  item_kind kind;
  char *label; /* title of a section or table, label of a fact; may be NULL */
  char *shown;
  const json_t *json; /* borrowed from the tree: the rows of a table */
  char **keys;        /* table: columns */
  char **titles;
  bool *right;
  size_t columns;
  char **cells; /* row by row, as shown */
  size_t rows;
} item;

struct aatgs_report {
  json_t *root;
  json_t *section; /* borrowed: where facts go */
  item *items;
  size_t count;
  size_t room;
  bool failed;
};

/* ---- Building ---------------------------------------------------------------- */

aatgs_report *aatgs_report_open(void)
{
  aatgs_report *report = calloc(1, sizeof *report);
  if (!report)
    return NULL;
  report->root = json_object();
  report->section = report->root;
  report->failed = !report->root;
  return report;
}

static void item_free(item *it)
{
  for (size_t i = 0; i < it->columns; i++) {
    free(it->keys ? it->keys[i] : NULL);
    free(it->titles ? it->titles[i] : NULL);
  }
  for (size_t i = 0; i < it->rows * it->columns; i++)
    free(it->cells[i]);
  free(it->label);
  free(it->shown);
  free(it->keys);
  free(it->titles);
  free(it->right);
  free(it->cells);
}

void aatgs_report_close(aatgs_report *report)
{
  if (!report)
    return;
  for (size_t i = 0; i < report->count; i++)
    item_free(&report->items[i]);
  free(report->items);
  json_decref(report->root);
  free(report);
}

/* A new item at the end, or NULL when memory ran out. */
static item *add_item(aatgs_report *report, item_kind kind, const char *label)
{
  item *it;
  if (!report || report->failed)
    return NULL;
  if (report->count == report->room) {
    size_t room = report->room ? 2 * report->room : 32;
    item *grown = realloc(report->items, room * sizeof *grown);
    if (!grown) {
      report->failed = true;
      return NULL;
    }
    report->items = grown;
    report->room = room;
  }
  it = &report->items[report->count++];
  *it = (item){.kind = kind};
  if (label && !(it->label = aatgs_text_clean(label, 0)))
    report->failed = true;
  return it;
}

/* What a machine reads. */
static json_t *cell_json(const aatgs_cell *cell)
{
  char text[24];
  char *clean;
  json_t *json;
  switch (cell->kind) {
  case AATGS_CELL_NONE: return json_null();
  case AATGS_CELL_TEXT:
    clean = aatgs_text_clean(cell->text, 1);
    json = clean ? json_string(clean) : NULL;
    free(clean);
    return json;
  case AATGS_CELL_INTEGER: return json_integer((json_int_t)(int64_t)cell->number);
  case AATGS_CELL_REAL: return isfinite(cell->real) ? json_real(cell->real) : json_null();
  case AATGS_CELL_BOOL: return json_boolean(cell->number);
  case AATGS_CELL_HEX:
    snprintf(text, sizeof text, "%016" PRIx64, cell->number);
    return json_string(text);
  case AATGS_CELL_COUNT:
  case AATGS_CELL_NS:
  case AATGS_CELL_BYTES: break;
  }
  if (cell->number <= INT64_MAX)
    return json_integer((json_int_t)cell->number);
  snprintf(text, sizeof text, "%" PRIu64, cell->number);
  return json_string(text);
}

/* What a person reads, to be freed. */
static char *cell_shown(const aatgs_cell *cell)
{
  char text[64] = "-";
  char *out = NULL;
  if (cell->kind == AATGS_CELL_TEXT)
    return aatgs_text_clean(cell->text, 0);
  switch (cell->kind) {
  case AATGS_CELL_NONE:
  case AATGS_CELL_TEXT: break;
  case AATGS_CELL_COUNT: aatgs_text_count(text, sizeof text, cell->number); break;
  case AATGS_CELL_INTEGER: snprintf(text, sizeof text, "%" PRId64, (int64_t)cell->number); break;
  case AATGS_CELL_REAL:
    snprintf(text, sizeof text,
             fabs(cell->real) < 1e16 && cell->real == floor(cell->real) ? "%.0f" : "%.6g",
             cell->real);
    break;
  case AATGS_CELL_NS: aatgs_text_ns(text, sizeof text, cell->number); break;
  case AATGS_CELL_BYTES: aatgs_text_bytes(text, sizeof text, cell->number); break;
  case AATGS_CELL_BOOL: snprintf(text, sizeof text, "%s", cell->number ? "yes" : "no"); break;
  case AATGS_CELL_HEX: snprintf(text, sizeof text, "%016" PRIx64, cell->number); break;
  }
  if (!cell->text || !*cell->text)
    return strdup(text);
  return asprintf(&out, "%s %s", text, cell->text) < 0 ? NULL : out;
}

void aatgs_report_section(aatgs_report *report, const char *key, const char *title)
{
  if (title)
    add_item(report, ITEM_SECTION, title);
  if (!report || report->failed)
    return;
  report->section = report->root;
  if (!key)
    return;
  report->section = json_object_get(report->root, key);
  if (report->section)
    return;
  if (json_object_set_new(report->root, key, json_object()))
    report->failed = true;
  report->section = json_object_get(report->root, key);
}

void aatgs_report_fact(aatgs_report *report, const char *key, const char *label, aatgs_cell cell)
{
  item *it = label ? add_item(report, ITEM_FACT, label) : NULL;
  if (!report || report->failed)
    return;
  if (it && !(it->shown = cell_shown(&cell)))
    report->failed = true;
  if (json_object_set_new(report->section, key, cell_json(&cell)))
    report->failed = true;
}

void aatgs_report_facts(aatgs_report *report, const char *key, const char *label,
                        const aatgs_cell *cells, size_t count)
{
  item *it = add_item(report, ITEM_FACT, label);
  json_t *array = json_array();
  char *joined = strdup("");
  for (size_t i = 0; i < count && it && array && joined; i++) {
    char *shown = i < VALUES_SHOWN ? cell_shown(&cells[i]) : strdup(i == VALUES_SHOWN ? "..." : "");
    char *longer = NULL;
    if (!shown || asprintf(&longer, "%s%s%s", joined, i && *shown ? "  " : "", shown) < 0)
      longer = NULL;
    if (!longer || json_array_append_new(array, cell_json(&cells[i])))
      report->failed = true;
    free(shown);
    free(joined);
    joined = longer;
  }
  if (!it || !joined || !array) {
    if (report)
      report->failed = true;
    json_decref(array);
    free(joined);
    return;
  }
  it->shown = joined;
  if (json_object_set_new(report->section, key, array))
    report->failed = true;
}

void aatgs_report_lines(aatgs_report *report, const char *key, const char *title, const char *text)
{
  item *it = add_item(report, ITEM_LINES, title);
  json_t *lines = json_array();
  char *clean = aatgs_text_clean(text, 1);
  if (!it || !lines || !clean) {
    if (report)
      report->failed = true;
    json_decref(lines);
    free(clean);
    return;
  }
  for (const char *line = clean; *line;) {
    size_t length = strcspn(line, "\n");
    if (length && json_array_append_new(lines, json_stringn(line, length)))
      report->failed = true;
    line += length + (line[length] == '\n');
  }
  it->shown = clean;
  if (json_object_set_new(report->section, key, lines))
    report->failed = true;
}

void aatgs_report_hint(aatgs_report *report, const char *label, const char *format, ...)
{
  item *it = add_item(report, ITEM_FACT, label);
  char *text = NULL;
  va_list args;
  va_start(args, format);
  if (vasprintf(&text, format, args) < 0)
    text = NULL;
  va_end(args);
  if (it)
    it->shown = text ? aatgs_text_clean(text, 0) : NULL;
  if (report && (!it || !it->shown))
    report->failed = true;
  free(text);
}

void aatgs_report_table(aatgs_report *report, const char *key, const char *title,
                        const aatgs_column *columns, size_t count)
{
  item *it = add_item(report, ITEM_TABLE, title);
  if (!it)
    return;
  it->keys = calloc(count, sizeof *it->keys);
  it->titles = calloc(count, sizeof *it->titles);
  it->right = calloc(count, sizeof *it->right);
  it->columns = count;
  if (!it->keys || !it->titles || !it->right ||
      json_object_set_new(report->section, key, json_array())) {
    report->failed = true;
    return;
  }
  it->json = json_object_get(report->section, key);
  for (size_t i = 0; i < count; i++) {
    it->keys[i] = strdup(columns[i].key);
    it->titles[i] = columns[i].title ? strdup(columns[i].title) : NULL;
    it->right[i] = columns[i].right;
    if (!it->keys[i] || (columns[i].title && !it->titles[i]))
      report->failed = true;
  }
}

void aatgs_report_row(aatgs_report *report, const aatgs_cell *cells)
{
  item *it = NULL;
  json_t *row;
  char **grown;
  if (!report || report->failed)
    return;
  for (size_t i = report->count; i > 0 && !it; i--)
    it = report->items[i - 1].kind == ITEM_TABLE ? &report->items[i - 1] : NULL;
  if (!it)
    return;
  row = json_object();
  grown = realloc(it->cells, (it->rows + 1) * it->columns * sizeof *grown);
  if (grown)
    it->cells = grown;
  if (!row || !grown || json_array_append_new((json_t *)it->json, row)) {
    report->failed = true;
    return;
  }
  for (size_t i = 0; i < it->columns; i++) {
    char *shown = cell_shown(&cells[i]);
    it->cells[it->rows * it->columns + i] = shown;
    if (!shown || json_object_set_new(row, it->keys[i], cell_json(&cells[i])))
      report->failed = true;
  }
  it->rows++;
}

/* ---- Text ----------------------------------------------------------------------- */

bool aatgs_colors(FILE *out)
{
  const char *no_color = getenv("NO_COLOR");
  const char *terminal = getenv("TERM");
  return !(no_color && *no_color) && terminal && strcmp(terminal, "dumb") && isatty(fileno(out));
}

static void print_heading(FILE *out, const char *title, bool first)
{
  bool colors = aatgs_colors(out);
  if (!first)
    fputc('\n', out);
  fprintf(out, "%s%s%s\n", colors ? "\033[1m" : "", title, colors ? "\033[0m" : "");
}

/* One row; columns without a title are not shown. */
static void print_row(FILE *out, const item *it, char *const *row, const size_t *width)
{
  size_t last = it->columns;
  while (last > 0 && !it->titles[last - 1])
    last--;
  for (size_t i = 0; i < last; i++) {
    size_t pad = it->titles[i] ? width[i] - aatgs_text_width(row[i]) : 0;
    if (!it->titles[i])
      continue;
    fprintf(out, "  %*s%s", it->right[i] ? (int)pad : 0, "", row[i]);
    if (!it->right[i] && i + 1 < last)
      fprintf(out, "%*s", (int)pad, "");
  }
  fputc('\n', out);
}

static void print_table(FILE *out, const item *it)
{
  size_t *width = calloc(it->columns, sizeof *width);
  if (!width)
    return;
  for (size_t i = 0; i < it->columns; i++)
    width[i] = it->titles[i] ? aatgs_text_width(it->titles[i]) : 0;
  for (size_t i = 0; i < it->rows * it->columns; i++) {
    size_t cell = aatgs_text_width(it->cells[i]);
    if (cell > width[i % it->columns])
      width[i % it->columns] = cell;
  }
  print_row(out, it, it->titles, width);
  for (size_t r = 0; r < it->rows; r++)
    print_row(out, it, &it->cells[r * it->columns], width);
  free(width);
}

static void print_lines(FILE *out, const char *text)
{
  while (*text) {
    size_t length = strcspn(text, "\n");
    fprintf(out, "  %.*s\n", (int)length, text);
    text += length + (text[length] == '\n');
  }
}

static void print_text(const aatgs_report *report, FILE *out)
{
  size_t width = 0;
  for (size_t i = 0; i < report->count; i++) {
    const item *it = &report->items[i];
    size_t label = it->kind == ITEM_FACT ? aatgs_text_width(it->label) : 0;
    if (label > width)
      width = label;
  }
  for (size_t i = 0; i < report->count; i++) {
    const item *it = &report->items[i];
    if (it->kind == ITEM_TABLE && it->rows == 0)
      continue;
    if (it->kind != ITEM_FACT && it->label)
      print_heading(out, it->label, i == 0);
    if (it->kind == ITEM_FACT)
      fprintf(out, "  %s%*s  %s\n", it->label, (int)(width - aatgs_text_width(it->label)), "",
              it->shown);
    else if (it->kind == ITEM_LINES)
      print_lines(out, it->shown);
    else if (it->kind == ITEM_TABLE)
      print_table(out, it);
  }
}

/* ---- CSV -------------------------------------------------------------------------- */

static void print_csv_text(FILE *out, const char *text)
{
  if (!text[strcspn(text, ",\"\r\n")]) {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"')
      fputc('"', out);
    fputc(*text, out);
  }
  fputc('"', out);
}

static void print_csv_value(FILE *out, const json_t *value)
{
  if (json_is_string(value))
    print_csv_text(out, json_string_value(value));
  else if (json_is_integer(value))
    fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
  else if (json_is_real(value))
    fprintf(out, "%.15g", json_real_value(value));
  else if (json_is_boolean(value))
    fputs(json_is_true(value) ? "true" : "false", out);
}

static void print_csv_table(FILE *out, const item *it)
{
  for (size_t i = 0; i < it->columns; i++) {
    fputs(i ? "," : "", out);
    print_csv_text(out, it->keys[i]);
  }
  fputc('\n', out);
  for (size_t r = 0; r < it->rows; r++) {
    const json_t *row = json_array_get(it->json, r);
    for (size_t i = 0; i < it->columns; i++) {
      fputs(i ? "," : "", out);
      print_csv_value(out, json_object_get(row, it->keys[i]));
    }
    fputc('\n', out);
  }
}

/* Prints what is under `path` as `key,value` lines. The depth is that of a report: section,
 * table, row, cell. */
static void print_csv_tree(FILE *out, const char *path, const json_t *value)
{
  char inner[256];
  const char *key;
  json_t *member;
  size_t index;
  if (json_is_object(value)) {
    json_object_foreach((json_t *)value, key, member)
    {
      snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", key);
      print_csv_tree(out, inner, member);
    }
  } else if (json_is_array(value)) {
    json_array_foreach(value, index, member)
    {
      snprintf(inner, sizeof inner, "%s.%zu", path, index);
      print_csv_tree(out, inner, member);
    }
  } else {
    print_csv_text(out, path);
    fputc(',', out);
    print_csv_value(out, value);
    fputc('\n', out);
  }
}

int aatgs_report_print(const aatgs_report *report, aatgs_format format, FILE *out)
{
  if (!report || report->failed)
    return AATGS_ENOMEM;
  if (format == AATGS_JSON) {
    if (json_dumpf(report->root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)))
      return ferror(out) ? 0 : AATGS_ENOMEM; /* aatgs_cli_finish() reports a failed write */
    fputc('\n', out);
  } else if (format == AATGS_TABLE) {
    print_text(report, out);
  } else if (report->count == 1 && report->items[0].kind == ITEM_TABLE) {
    print_csv_table(out, &report->items[0]);
  } else {
    fputs("key,value\n", out);
    print_csv_tree(out, "", report->root);
  }
  return 0;
}
