#include "tools/sheet.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

struct aatgs_sheet {
  FILE *out;
  aatgs_format format;
  const char *const *names;
  uint32_t count;
  uint64_t rows;
  bool failed;
  /* A table: cells that wait for the widths, then the widths. */
  char **cells;
  size_t *width;
  bool *right;
  bool settled;
};

/* The fewest digits that read back as the same number. */
static void print_real(FILE *out, double v)
{
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, v);
    if (strtod(text, NULL) == v)
      break;
  }
  fprintf(out, "%s%s", text, text[strcspn(text, ".en")] ? "" : ".0");
}

/* ---- JSON and CSV -------------------------------------------------------------------- */

static void json_text(FILE *out, const char *text)
{
  char *clean = aatgs_text_utf8(text);
  fputc('"', out);
  for (const char *c = clean ? clean : ""; *c; c++) {
    unsigned char u = (unsigned char)*c;
    if (u == '"' || u == '\\')
      fprintf(out, "\\%c", u);
    else if (u < 0x20 || u == 0x7f)
      fprintf(out, "\\u%04x", u);
    else
      fputc(u, out);
  }
  fputc('"', out);
  free(clean);
}

static void json_datum(FILE *out, const aatgs_datum *d)
{
  switch (d->kind) {
  case AATGS_DATUM_NULL: fputs("null", out); break;
  case AATGS_DATUM_INTEGER: fprintf(out, "%" PRId64, d->integer); break;
  case AATGS_DATUM_REAL:
    if (isfinite(d->real))
      print_real(out, d->real);
    else
      fputs("null", out);
    break;
  case AATGS_DATUM_TEXT: json_text(out, d->text); break;
  }
}

static void csv_text(FILE *out, const char *text)
{
  if (*text && !text[strcspn(text, ",\"\r\n")]) {
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

static void csv_datum(FILE *out, const aatgs_datum *d)
{
  switch (d->kind) {
  case AATGS_DATUM_NULL: break;
  case AATGS_DATUM_INTEGER: fprintf(out, "%" PRId64, d->integer); break;
  case AATGS_DATUM_REAL:
    if (isfinite(d->real))
      print_real(out, d->real);
    else
      fputs(d->real < 0 ? "-inf" : "inf", out);
    break;
  case AATGS_DATUM_TEXT: csv_text(out, d->text); break;
  }
}

/* ---- Tables ------------------------------------------------------------------------------ */

static char *shown(const aatgs_datum *d)
{
  char text[40] = "-";
  switch (d->kind) {
  case AATGS_DATUM_NULL: break;
  case AATGS_DATUM_INTEGER: snprintf(text, sizeof text, "%" PRId64, d->integer); break;
  case AATGS_DATUM_REAL: snprintf(text, sizeof text, "%.9g", d->real); break;
  case AATGS_DATUM_TEXT: return aatgs_text_clean(d->text, 0);
  }
  return strdup(text);
}

static void print_cell(const aatgs_sheet *s, uint32_t column, const char *text)
{
  size_t used = aatgs_text_width(text);
  int pad = used < s->width[column] ? (int)(s->width[column] - used) : 0;
  bool last = column + 1 == s->count;
  fprintf(s->out, "%s%*s%s%*s", column ? "  " : "", s->right[column] ? pad : 0, "", text,
          s->right[column] || last ? 0 : pad, "");
}

/* The widths are known: prints what waited for them. */
static void settle(aatgs_sheet *s)
{
  for (uint32_t i = 0; i < s->count; i++) {
    char *name = aatgs_text_clean(s->names[i], 0);
    s->width[i] = name ? aatgs_text_width(name) : 0;
    free(name);
  }
  for (uint64_t k = 0; k < s->rows * s->count; k++) {
    size_t w = aatgs_text_width(s->cells[k]);
    s->width[k % s->count] = w > s->width[k % s->count] ? w : s->width[k % s->count];
  }
  for (uint32_t i = 0; i < s->count; i++) {
    char *name = aatgs_text_clean(s->names[i], 0);
    print_cell(s, i, name ? name : "");
    free(name);
  }
  fputc('\n', s->out);
  for (uint64_t k = 0; k < s->rows * s->count; k++) {
    print_cell(s, (uint32_t)(k % s->count), s->cells[k]);
    if (k % s->count + 1 == s->count)
      fputc('\n', s->out);
    free(s->cells[k]);
  }
  s->settled = true;
}

static void table_row(aatgs_sheet *s, const aatgs_datum *row)
{
  for (uint32_t i = 0; i < s->count; i++) {
    char *text = shown(&row[i]);
    s->failed |= !text;
    if (!text)
      text = strdup("");
    if (!s->settled) {
      s->cells[s->rows * s->count + i] = text;
      s->right[i] &= row[i].kind != AATGS_DATUM_TEXT;
      continue;
    }
    print_cell(s, i, text ? text : "");
    free(text);
  }
  if (s->settled)
    fputc('\n', s->out);
  else if (s->rows + 1 == AATGS_SHEET_ROWS) {
    s->rows++;
    settle(s);
    s->rows--;
  }
}

/* ---- All of them ------------------------------------------------------------------------------
 */

static void begin(aatgs_sheet *s)
{
  if (s->format == AATGS_JSON)
    fputc('[', s->out);
  for (uint32_t i = 0; s->format == AATGS_CSV && i < s->count; i++) {
    fputs(i ? "," : "", s->out);
    csv_text(s->out, s->names[i]);
  }
  if (s->format == AATGS_CSV)
    fputc('\n', s->out);
}

aatgs_sheet *aatgs_sheet_open(FILE *out, aatgs_format format, const char *const *names,
                              uint32_t count)
{
  aatgs_sheet *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  *s = (aatgs_sheet){.out = out, .format = format, .names = names, .count = count};
  s->width = calloc(count + 1u, sizeof *s->width);
  s->right = malloc(count + 1u);
  if (format == AATGS_TABLE)
    s->cells = calloc((size_t)count * AATGS_SHEET_ROWS + 1, sizeof *s->cells);
  if (!s->width || !s->right || (format == AATGS_TABLE && !s->cells)) {
    free(s->width);
    free(s->right);
    free(s->cells);
    free(s);
    return NULL;
  }
  memset(s->right, 1, count + 1u);
  begin(s);
  return s;
}

bool aatgs_sheet_row(aatgs_sheet *sheet, const aatgs_datum *row)
{
  aatgs_sheet *s = sheet;
  if (s->format == AATGS_TABLE) {
    table_row(s, row);
  } else if (s->format == AATGS_JSON) {
    fputs(s->rows ? ",\n {" : "\n {", s->out);
    for (uint32_t i = 0; i < s->count; i++) {
      fputs(i ? ", " : "", s->out);
      json_text(s->out, s->names[i]);
      fputs(": ", s->out);
      json_datum(s->out, &row[i]);
    }
    fputc('}', s->out);
  } else {
    for (uint32_t i = 0; i < s->count; i++) {
      fputs(i ? "," : "", s->out);
      csv_datum(s->out, &row[i]);
    }
    fputc('\n', s->out);
  }
  s->rows++;
  return !s->failed && !ferror(s->out);
}

bool aatgs_sheet_close(aatgs_sheet *sheet)
{
  aatgs_sheet *s = sheet;
  if (s->format == AATGS_TABLE && !s->settled)
    settle(s);
  if (s->format == AATGS_JSON)
    fputs(s->rows ? "\n]\n" : "]\n", s->out);
  bool ok = !s->failed && !ferror(s->out);
  free(s->cells);
  free(s->width);
  free(s->right);
  free(s);
  return ok;
}
