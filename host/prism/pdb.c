/* Reads the atoms of a protein from a PDB file (format 3.3), by its columns. */
#include "host/prism/protein.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
  const aatgs_input *in;
  prism_error *error;
  size_t line;
  const char *text;
  size_t length;
  protein_builder builder;
  bool model_over;
} reader;

#define REFUSE(r, ...) prism_refuse((r)->error, __VA_ARGS__)
#define PLACE(r)       (r)->in->path, (r)->line

/* Copies columns first..last (from 1) without the blanks around them. */
static void copy_columns(const reader *r, size_t first, size_t last, char *out)
{
  const char *s = r->text + first - 1, *end = r->text + (last < r->length ? last : r->length);
  while (s < end && *s == ' ')
    s++;
  while (end > s && end[-1] == ' ')
    end--;
  if (end > s)
    memcpy(out, s, (size_t)(end - s));
  out[end > s ? end - s : 0] = '\0';
}

static bool read_coordinate(const reader *r, size_t column, int32_t *out)
{
  char digits[9];
  copy_columns(r, column, column + 7, digits);
  return prism_read_thousandths(digits, strlen(digits), out);
}

static bool read_residue_number(const reader *r, int32_t *out)
{
  char digits[5], *end;
  copy_columns(r, 23, 26, digits);
  *out = (int32_t)strtol(digits, &end, 10);
  return end != digits && *end == '\0';
}

static bool read_atom(reader *r, bool hetero)
{
  protein_atom a = {.hetero = hetero};
  if (r->length < 54)
    return REFUSE(r,
                  "%s:%zu: an atom's line ends after %zu columns, its coordinates reach to "
                  "column 54: the file is cut off",
                  PLACE(r), r->length);
  for (size_t d = 0; d < 3; d++)
    if (!read_coordinate(r, 31 + 8 * d, &a.at[d]))
      return REFUSE(r, "%s:%zu: columns %zu to %zu hold no coordinate", PLACE(r), 31 + 8 * d,
                    38 + 8 * d);
  if (!read_residue_number(r, &a.number))
    return REFUSE(r, "%s:%zu: columns 23 to 26 hold no residue number", PLACE(r));
  copy_columns(r, 13, 16, a.name);
  copy_columns(r, 18, 20, a.residue);
  copy_columns(r, 22, 22, a.chain);
  if (r->length >= 78)
    copy_columns(r, 77, 78, a.element);
  for (char *c = a.element; *c; c++)
    *c = (char)toupper((unsigned char)*c);
  if (!isalpha((unsigned char)a.element[0]))
    a.element[0] = '\0';
  a.location = r->text[16];
  a.insertion = r->text[26];
  return prism_protein_add(&r->builder, &a) ||
         REFUSE(r, "%s:%zu: out of memory for the atoms", PLACE(r));
}

static bool read_line(reader *r)
{
  bool hetero = r->length >= 6 && !memcmp(r->text, "HETATM", 6);
  if (r->length >= 6 && !memcmp(r->text, "ENDMDL", 6))
    r->model_over = true;
  if (r->model_over)
    return true;
  if (hetero || (r->length >= 6 && !memcmp(r->text, "ATOM  ", 6)))
    return read_atom(r, hetero);
  return true;
}

static bool pdb_parse(const aatgs_input *in, prism_protein *out, prism_error *e)
{
  reader r = {.in = in, .error = e, .builder = {.out = out}};
  const char *text = (const char *)in->bytes, *stop = text + in->size;
  while (text < stop) {
    const char *newline = memchr(text, '\n', (size_t)(stop - text));
    const char *end = newline ? newline : stop;
    r.line++;
    r.text = text;
    r.length = (size_t)(end - text);
    if (r.length && end[-1] == '\r')
      r.length--;
    if (!read_line(&r)) {
      prism_protein_free(out);
      return false;
    }
    text = newline ? newline + 1 : stop;
  }
  if (out->count == 0) {
    prism_protein_free(out);
    return REFUSE(&r, "%s: no ATOM record in %zu lines; give a protein in PDB or mmCIF format",
                  in->path, r.line);
  }
  return true;
}

/* mmCIF begins with a data block, comments and blank lines aside. */
static bool is_cif(const aatgs_input *in)
{
  const char *text = (const char *)in->bytes, *stop = text + in->size;
  while (text < stop && (isspace((unsigned char)*text) || *text == '#')) {
    const char *newline = memchr(text, '\n', (size_t)(stop - text));
    text = *text != '#' ? text + 1 : newline ? newline + 1 : stop;
  }
  return stop - text > 5 && !memcmp(text, "data_", 5);
}

bool prism_protein_parse(const aatgs_input *in, prism_protein *out, prism_error *e)
{
  memset(out, 0, sizeof *out);
  if (!prism_check_text(in, "a protein in PDB or mmCIF format", e))
    return false;
  return is_cif(in) ? prism_cif_parse(in, out, e) : pdb_parse(in, out, e);
}
