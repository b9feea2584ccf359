/* Which atoms of a file make the protein, and the scan grid around them. */
#include "host/prism/protein.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SPACING    1000 /* of the grid, 1/1000 angstrom */
#define MARGIN     5000 /* of the grid around the atoms */
#define CELL_SIZE  3600 /* at least the widest atom and the probe of lbs.h */
#define EXTENT_MAX 1000000

/* Residues written as HETATM that are links of the chain. */
static bool is_link(const char *residue)
{
  static const char *const links[] = {"MSE", "SEP", "TPO", "PTR", "CSO", "CME", "OCS", "KCX",
                                      "LLP", "MLY", "M3L", "HYP", "PCA", "CSD", "CAS", "SMC",
                                      "TYS", "ALY", "CGU", "FME", "CSX", "NEP", "SAC", "AYA"};
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
    if (!strcmp(residue, links[i]))
      return true;
  return false;
}

/* Van der Waals radius (Bondi 1964; Mantina 2009 for Se), 1/1000 angstrom; 0: hydrogen. */
static int32_t radius_of(const char *element)
{
  switch (element[0]) {
  case 'H':
  case 'D': return element[1] ? 1700 : 0;
  case 'N': return 1550;
  case 'O': return 1520;
  case 'P': return 1800;
  case 'S': return element[1] == 'E' ? 1900 : 1800;
  default: return 1700;
  }
}

/* Where the file names no element: the first letter of the atom's name; digits stand before
 * hydrogens. */
static void guess_element(protein_atom *a)
{
  const char *name = a->name;
  while (*name && !isalpha((unsigned char)*name))
    name++;
  a->element[0] = (char)toupper((unsigned char)*name);
  a->element[1] = !strcmp(a->residue, "MSE") && !strncmp(name, "SE", 2) ? 'E' : '\0';
}

static bool same_residue(const protein_atom *a, const protein_atom *b)
{
  return a->number == b->number && a->insertion == b->insertion && !strcmp(a->chain, b->chain) &&
         !strcmp(a->residue, b->residue);
}

bool prism_protein_add(protein_builder *b, const protein_atom *given)
{
  protein_atom a = *given;
  prism_protein *p = b->out;
  if (!same_residue(&a, &b->last))
    b->kept = ' ';
  b->last = a;
  if (a.location != ' ') {
    b->kept = b->kept == ' ' ? a.location : b->kept;
    if (a.location != b->kept)
      return true;
  }
  if (!a.element[0])
    guess_element(&a);
  if ((a.hetero && !is_link(a.residue)) || !strcmp(a.residue, "HOH") || radius_of(a.element) == 0)
    return true;
  if (p->count == b->capacity) {
    size_t capacity = b->capacity ? 2 * b->capacity : 4096;
    prism_atom *grown = realloc(p->atoms, capacity * sizeof *grown);
    if (!grown)
      return false;
    p->atoms = grown;
    b->capacity = capacity;
  }
  prism_atom *to = &p->atoms[p->count++];
  *to = (prism_atom){.radius = radius_of(a.element), .number = a.number, .insertion = a.insertion};
  memcpy(to->at, a.at, sizeof to->at);
  memcpy(to->residue, a.residue, sizeof to->residue);
  memcpy(to->chain, a.chain, sizeof to->chain);
  return true;
}

bool prism_read_thousandths(const char *text, size_t length, int32_t *out)
{
  const char *s = text, *end = text + length;
  int32_t value = 0, whole = 0, places = -1;
  bool minus = false, any = false;
  if (s < end && (*s == '-' || *s == '+'))
    minus = *s++ == '-';
  for (; s < end; s++) {
    if (*s == '.' && places < 0) {
      places = 0;
      continue;
    }
    if (!isdigit((unsigned char)*s) || (places < 0 && ++whole > 6))
      return false;
    any = true;
    if (places < 3) {
      value = value * 10 + (*s - '0');
      places += places >= 0;
    }
  }
  for (places = places < 0 ? 0 : places; places < 3; places++)
    value *= 10;
  *out = minus ? -value : value;
  return any;
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
