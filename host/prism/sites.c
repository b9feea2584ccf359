/* Binding sites as text: a PDB file of pseudo-atoms, and lines for people. */
#include "device/prism/state.h"
#include "host/prism/parse.h"
#include "host/prism/sink.h"

#include <stdarg.h>
#include <stdio.h>

void prism_print(prism_sink *s, const char *format, ...)
{
  size_t room = s->used < s->capacity ? s->capacity - s->used : 0;
  va_list args;
  int n;
  va_start(args, format);
  n = vsnprintf(room ? s->out + s->used : NULL, room, format, args);
  va_end(args);
  s->used += n > 0 ? (size_t)n : 0;
}

size_t prism_no_result(char *out, size_t capacity, const char *why)
{
  if (capacity)
    snprintf(out, capacity, "%s", why);
  return 0;
}

static const uint32_t *site_of(const aatgs_region_view *regions, uint32_t rank)
{
  return prism_words(regions, PRISM_LBS) + PRISM_L_POCKET + rank * PRISM_POCKET_WORDS;
}

static double angstrom(uint32_t word)
{
  return (double)(int32_t)word / 1000.0;
}

/* Volume in cubic angstrom: grid points times the cube of the spacing. */
static double volume_of(const aatgs_region_view *regions, const uint32_t *site)
{
  double spacing = angstrom(prism_words(regions, PRISM_INFO)[PRISM_SPACING]);
  return site[PRISM_P_POINTS] * spacing * spacing * spacing;
}

/* Squared distance, (1/1000 angstrom)^2, within which a residue is around the site: that of a
 * ball of the site's volume and 4 angstrom more. */
static int64_t reach_of(const aatgs_region_view *regions, const uint32_t *site)
{
  double volume = volume_of(regions, site);
  int64_t radius = 0;
  while (4.18879 * (double)radius * (double)radius * (double)radius < volume * 1e9)
    radius += 50;
  return (radius + 4000) * (radius + 4000);
}

static bool is_near(const prism_atom *a, const uint32_t *site, int64_t reach)
{
  int64_t square = 0;
  for (int d = 0; d < 3; d++) {
    int64_t off = (int64_t)a->at[d] - (int32_t)site[PRISM_P_X + d];
    square += off * off;
  }
  return square <= reach;
}

static bool same_residue(const prism_atom *a, const prism_atom *b)
{
  return a->number == b->number && a->insertion == b->insertion && a->chain[0] == b->chain[0] &&
         a->chain[1] == b->chain[1];
}

/* At most `most` residues around a site, such as A:GLY52, `prefix` before every `per_line` of
 * them. */
static void print_residues(prism_sink *s, const prism_protein *p, const aatgs_region_view *regions,
                           const uint32_t *site, uint32_t most, uint32_t per_line,
                           const char *prefix)
{
  int64_t reach = reach_of(regions, site);
  const prism_atom *last = NULL;
  uint32_t count = 0;
  for (size_t i = 0; i < p->count; i++) {
    const prism_atom *a = &p->atoms[i];
    if ((last && same_residue(a, last)) || !is_near(a, site, reach))
      continue;
    last = a;
    if (count++ >= most)
      continue;
    if ((count - 1) % per_line == 0)
      prism_print(s, "%s", prefix);
    prism_print(s, " %s%s%s%d", a->chain, a->chain[0] ? ":" : "", a->residue, a->number);
    if (a->insertion != ' ')
      prism_print(s, "%c", a->insertion);
  }
  if (count > most)
    prism_print(s, " and %u more", count - most);
}

/* A HETATM line a site: residue PKT, its rank the residue number, the score / 10 (cut to 999.99) as
 * occupancy, its mean burial as temperature factor. */
static void print_site(prism_sink *s, const uint32_t *site, uint32_t rank)
{
  double score = site[PRISM_P_SCORE] / 10.0;
  prism_print(s, "HETATM%5u  O   PKT A%4u    %8.3f%8.3f%8.3f%6.2f%6.2f           O\n", rank, rank,
              angstrom(site[PRISM_P_X]), angstrom(site[PRISM_P_Y]), angstrom(site[PRISM_P_Z]),
              score > 999.99 ? 999.99 : score, site[PRISM_P_BURIAL] / 1000.0);
}

size_t prism_site_lines(const aatgs_input *in, const aatgs_region_view *regions, char *out,
                        size_t capacity)
{
  prism_sink s = {out, capacity, 0};
  const uint32_t *lbs = prism_words(regions, PRISM_LBS);
  prism_protein p;
  prism_error e;
  if (lbs[PRISM_L_STAGE] != PRISM_LBS_DONE)
    return prism_no_result(out, capacity, "the scan is not over; run more iterations");
  if (!prism_protein_parse(in, &p, &e))
    return prism_no_result(out, capacity, e.text);
  prism_print(&s, "REMARK   1 BINDING SITES, BEST FIRST\n"
                  "REMARK   1 OCCUPANCY: SCORE / 10, TEMPERATURE FACTOR: MEAN BURIAL, 0 TO 26\n");
  for (uint32_t i = 0; i < lbs[PRISM_L_COUNT]; i++) {
    prism_print(&s, "REMARK   2 SITE %u: %.0f CUBIC ANGSTROM, AROUND IT", i + 1,
                volume_of(regions, site_of(regions, i)));
    print_residues(&s, &p, regions, site_of(regions, i), UINT32_MAX, 6, "\nREMARK   2  ");
    prism_print(&s, "\n");
  }
  for (uint32_t i = 0; i < lbs[PRISM_L_COUNT]; i++)
    print_site(&s, site_of(regions, i), i + 1);
  prism_print(&s, "END\n");
  prism_protein_free(&p);
  return s.used;
}

void prism_summarize_sites(prism_sink *s, const aatgs_input *in, const aatgs_region_view *regions)
{
  const uint32_t *lbs = prism_words(regions, PRISM_LBS);
  prism_protein p;
  prism_error e;
  if (lbs[PRISM_L_STAGE] != PRISM_LBS_DONE) {
    prism_print(s, "the scan for binding sites is not over\n");
    return;
  }
  if (!prism_protein_parse(in, &p, &e)) {
    prism_print(s, "%s\n", e.text);
    return;
  }
  prism_print(s, "%u binding sites (%zu atoms)\n", lbs[PRISM_L_COUNT], p.count);
  for (uint32_t i = 0; i < lbs[PRISM_L_COUNT] && i < 3; i++) {
    const uint32_t *site = site_of(regions, i);
    prism_print(s, "site %u at %.1f %.1f %.1f: %.0f cubic angstrom, burial %.1f of 26, by", i + 1,
                angstrom(site[PRISM_P_X]), angstrom(site[PRISM_P_Y]), angstrom(site[PRISM_P_Z]),
                volume_of(regions, site), site[PRISM_P_BURIAL] / 1000.0);
    print_residues(s, &p, regions, site, 8, UINT32_MAX, "");
    prism_print(s, "\n");
  }
  prism_protein_free(&p);
}
