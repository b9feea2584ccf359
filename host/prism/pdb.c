/* Reads the atoms of a protein from a PDB file (format 3.3) and lays the scan
 * grid around them. */
#include "host/prism/parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SPACING    1000 /* of the grid, 1/1000 angstrom */
#define MARGIN     5000 /* of the grid around the atoms */
#define CELL_SIZE  3000 /* at least the widest atom and the probe of lbs.h */
#define EXTENT_MAX 1000000

typedef struct reader {
  const aatgs_input *in;
  prism_error *error;
  size_t line;
  const char *text;
  size_t length;
  prism_protein *out;
  size_t capacity;
  bool model_over;
  /* Alternate locations: the letter kept in the residue that the last atom belongs to. */
  char residue[16];
  char kept;
} reader;

#define REFUSE(r, ...) prism_refuse((r)->error, __VA_ARGS__)
#define PLACE(r)       (r)->in->path, (r)->line

/* Residues written as HETATM that are links of the chain. */
static bool is_link(const char *residue)
{
  static const char *const links[] = {"MSE", "SEP", "TPO", "PTR", "CSO", "CME", "OCS", "KCX",
                                      "LLP", "MLY", "M3L", "HYP", "PCA", "CSD", "CAS", "SMC",
                                      "TYS", "ALY", "CGU", "FME", "CSX", "NEP", "SAC", "AYA"};
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
    if (!strncmp(residue, links[i], 3))
      return true;
  return false;
}

/* Van der Waals radius (Bondi 1964; Mantina 2009 for Se), 1/1000 angstrom; 0: hydrogen. */
static int32_t radius_of(const char *element)
{
  switch (element[0]) {
  case 'H':
  case 'D': return 0;
  case 'N': return 1550;
  case 'O': return 1520;
  case 'P': return 1800;
  case 'S': return element[1] == 'E' ? 1900 : 1800;
  default: return 1700;
  }
}

/* The element: columns 77-78, or the atom's name where they are blank. */
static int32_t atom_radius(const reader *r)
{
  char element[3] = "";
  if (r->length >= 78 && isalpha((unsigned char)r->text[77])) {
    element[0] = r->text[76] == ' ' ? r->text[77] : r->text[76];
    element[1] = r->text[76] == ' ' ? '\0' : (char)toupper((unsigned char)r->text[77]);
  } else {
    const char *name = r->text + 12; /* of four columns; the element ends in the second */
    element[0] = name[0] == ' ' || isdigit((unsigned char)name[0]) ? name[1] : name[0];
    if (name[0] != ' ' && !isdigit((unsigned char)name[0]) && name[0] != 'H')
      element[1] = (char)toupper((unsigned char)name[1]);
  }
  element[0] = (char)toupper((unsigned char)element[0]);
  return radius_of(element);
}

/* A coordinate `%8.3f` as 1/1000 angstrom. */
static bool read_coordinate(const reader *r, size_t column, int32_t *out)
{
  const char *s = r->text + column, *end = s + 8;
  int64_t value = 0, places = -1;
  bool minus = false, any = false;
  while (s < end && *s == ' ')
    s++;
  if (s < end && (*s == '-' || *s == '+'))
    minus = *s++ == '-';
  for (; s < end && *s != ' '; s++) {
    if (*s == '.' && places < 0) {
      places = 0;
    } else if (isdigit((unsigned char)*s) && places < 3) {
      value = value * 10 + (*s - '0');
      places += places >= 0;
      any = true;
    } else if (!isdigit((unsigned char)*s)) {
      return false;
    }
  }
  for (; s < end; s++)
    if (*s != ' ')
      return false;
  for (places = places < 0 ? 0 : places; places < 3; places++)
    value *= 10;
  *out = (int32_t)(minus ? -value : value);
  return any;
}

static bool read_residue_number(const reader *r, int32_t *out)
{
  char digits[5] = "", *end;
  memcpy(digits, r->text + 22, 4);
  *out = (int32_t)strtol(digits, &end, 10);
  while (*end == ' ')
    end++;
  return end != digits && *end == '\0';
}

/* Of a residue with alternate locations the first letter met is kept. */
static bool other_location(reader *r)
{
  char letter = r->text[16], residue[16] = "";
  memcpy(residue, r->text + 17, 10); /* name, chain, number, insertion code */
  if (memcmp(residue, r->residue, sizeof residue) != 0) {
    memcpy(r->residue, residue, sizeof residue);
    r->kept = ' ';
  }
  if (letter == ' ')
    return false;
  if (r->kept == ' ')
    r->kept = letter;
  return letter != r->kept;
}

static bool add_atom(reader *r, const prism_atom *atom)
{
  prism_protein *p = r->out;
  if (p->count == r->capacity) {
    size_t capacity = r->capacity ? 2 * r->capacity : 4096;
    prism_atom *grown = realloc(p->atoms, capacity * sizeof *grown);
    if (!grown)
      return REFUSE(r, "%s:%zu: out of memory for the atoms", PLACE(r));
    p->atoms = grown;
    r->capacity = capacity;
  }
  p->atoms[p->count++] = *atom;
  return true;
}

static bool read_atom(reader *r, bool hetero)
{
  prism_atom atom = {0};
  if (r->length < 54)
    return REFUSE(r,
                  "%s:%zu: an atom's line ends after %zu columns, its coordinates reach to "
                  "column 54: the file is cut off",
                  PLACE(r), r->length);
  for (size_t d = 0; d < 3; d++)
    if (!read_coordinate(r, 30 + 8 * d, &atom.at[d]))
      return REFUSE(r, "%s:%zu: columns %zu to %zu hold no coordinate", PLACE(r), 31 + 8 * d,
                    38 + 8 * d);
  if (!read_residue_number(r, &atom.number))
    return REFUSE(r, "%s:%zu: columns 23 to 26 hold no residue number", PLACE(r));
  if (other_location(r) || (hetero && !is_link(r->text + 17)) || !strncmp(r->text + 17, "HOH", 3))
    return true;
  atom.radius = atom_radius(r);
  if (atom.radius == 0)
    return true;
  memcpy(atom.residue, r->text + 17, 3);
  atom.chain[0] = r->text[21];
  atom.insertion = r->text[26];
  return add_atom(r, &atom);
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

bool prism_pdb_parse(const aatgs_input *in, prism_protein *out, prism_error *e)
{
  reader r = {.in = in, .error = e, .out = out};
  const char *text = (const char *)in->bytes, *stop = text + in->size;
  memset(out, 0, sizeof *out);
  if (!prism_check_text(in, "a protein in PDB format", e))
    return false;
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
    return REFUSE(&r, "%s: no ATOM record in %zu lines; give a protein in PDB format", in->path,
                  r.line);
  }
  return true;
}

void prism_protein_free(prism_protein *p)
{
  free(p->atoms);
  memset(p, 0, sizeof *p);
}

bool prism_frame_of(const aatgs_input *in, const prism_protein *p, prism_frame *out, prism_error *e)
{
  out->spacing = SPACING;
  out->cell_size = CELL_SIZE;
  for (size_t d = 0; d < 3; d++) {
    int32_t low = p->atoms[0].at[d], high = low, extent;
    for (size_t i = 1; i < p->count; i++) {
      int32_t x = p->atoms[i].at[d];
      low = x < low ? x : low;
      high = x > high ? x : high;
    }
    if ((int64_t)high - low > EXTENT_MAX)
      return prism_refuse(e, "%s: the atoms are %lld angstrom apart; at most %d are possible",
                          in->path, ((long long)high - low) / 1000, EXTENT_MAX / 1000);
    extent = high - low + 2 * MARGIN;
    out->origin[d] = low - MARGIN;
    out->points[d] = (uint32_t)(extent / SPACING) + 1;
    out->cells[d] = (uint32_t)(extent / CELL_SIZE) + 1;
  }
  if ((uint64_t)out->points[0] * out->points[1] * out->points[2] > 64u << 20)
    return prism_refuse(e,
                        "%s: its grid would have %u x %u x %u points; at most 64 million are "
                        "possible, give fewer chains",
                        in->path, out->points[0], out->points[1], out->points[2]);
  return true;
}
