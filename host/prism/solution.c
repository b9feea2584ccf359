/* What the regions hold, as text for files and for people. Everything that is
 * claimed is counted again from the inputs. */
#include "device/prism/hooks.h"
#include "device/prism/state.h"
#include "host/prism/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text into a buffer that may be too small; counts on. */
typedef struct sink {
  char *out;
  size_t capacity, used;
} sink;

static void put(sink *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(sink *s, const char *format, ...)
{
  size_t room = s->used < s->capacity ? s->capacity - s->used : 0;
  va_list args;
  int n;
  va_start(args, format);
  n = vsnprintf(room ? s->out + s->used : NULL, room, format, args);
  va_end(args);
  s->used += n > 0 ? (size_t)n : 0;
}

/* 0 bytes of result, the sentence in `out`. */
static size_t none(char *out, size_t capacity, const char *why)
{
  if (capacity)
    snprintf(out, capacity, "%s", why);
  return 0;
}

static const uint32_t *words_of(const aatgs_region_view *regions, uint32_t region)
{
  return (const uint32_t *)(const void *)regions[region].bytes;
}

static const uint16_t *colors_of(const aatgs_region_view *regions, uint32_t region)
{
  return (const uint16_t *)(const void *)regions[region].bytes;
}

/* The graph from its file, and whether the best colouring is one of it; *colors are in use. */
static bool recount(const aatgs_input *in, const aatgs_region_view *regions, prism_graph *g,
                    uint32_t *conflicts, uint32_t *colors, prism_error *e)
{
  const uint16_t *best = colors_of(regions, PRISM_BEST);
  uint8_t *used;
  if (!prism_col_parse(in, g, e))
    return false;
  used = calloc(65536, 1);
  if (!used || regions[PRISM_BEST].size != g->n * sizeof *best) {
    free(used);
    prism_graph_free(g);
    return prism_refuse(e, "%s: not the graph that was coloured", in->path);
  }
  *conflicts = prism_count_conflicts(g, best);
  *colors = 0;
  for (uint32_t v = 0; v < g->n; v++)
    *colors += !used[best[v]]++;
  free(used);
  return true;
}

static size_t coloring_lines(const aatgs_input *in, const aatgs_region_view *regions, char *out,
                             size_t capacity)
{
  sink s = {out, capacity, 0};
  prism_graph g;
  prism_error e;
  uint32_t conflicts = 0, colors = 0;
  if (!recount(in, regions, &g, &conflicts, &colors, &e))
    return none(out, capacity, e.text);
  if (conflicts == 0)
    for (uint32_t v = 0; v < g.n; v++)
      put(&s, "%u %u\n", v + 1, colors_of(regions, PRISM_BEST)[v] + 1u);
  prism_graph_free(&g);
  return conflicts ? none(out, capacity, "the colouring has conflicts, which is a bug; no file")
                   : s.used;
}

static void put_angstrom(sink *s, int32_t x)
{
  put(s, "%8.3f", (double)x / 1000.0);
}

/* A HETATM line a pocket, residue name PKT, its rank as the residue number, the score (cut to
 * 999.99) as occupancy and the burial as temperature factor; 26 rays. */
static size_t pocket_lines(const aatgs_region_view *regions, char *out, size_t capacity)
{
  const uint32_t *lbs = words_of(regions, PRISM_LBS);
  sink s = {out, capacity, 0};
  if (lbs[PRISM_L_STAGE] != PRISM_LBS_DONE)
    return none(out, capacity, "the scan is not over; run more iterations");
  put(&s, "REMARK   1 BINDING SITES, BEST FIRST: OCCUPANCY IS SCORE / 10, B-FACTOR BURIAL OF 26\n");
  for (uint32_t i = 0; i < lbs[PRISM_L_COUNT]; i++) {
    const uint32_t *p = lbs + PRISM_L_POCKET + i * PRISM_POCKET_WORDS;
    double score = (double)p[PRISM_P_SCORE] / 10.0;
    put(&s, "HETATM%5u  O   PKT A%4u    ", i + 1, i + 1);
    for (uint32_t d = 0; d < 3; d++)
      put_angstrom(&s, (int32_t)p[PRISM_P_X + d]);
    put(&s, "%6.2f%6.2f           O\n", score > 999.99 ? 999.99 : score,
        (double)p[PRISM_P_BURIAL] / 1000.0);
  }
  put(&s, "END\n");
  return s.used;
}

size_t prism_solution(const aatgs_input *inputs, const aatgs_region_view *regions, char *out,
                      size_t capacity)
{
  if (inputs[PRISM_INPUT_GRAPH].bytes)
    return coloring_lines(&inputs[PRISM_INPUT_GRAPH], regions, out, capacity);
  if (inputs[PRISM_INPUT_PROTEIN].bytes)
    return pocket_lines(regions, out, capacity);
  return none(out, capacity, "no graph was given; use --graph FILE.col or --protein FILE.pdb");
}

static void summarize_coloring(sink *s, const aatgs_input *in, const aatgs_region_view *regions)
{
  const uint32_t *control = words_of(regions, PRISM_CONTROL);
  prism_graph g;
  prism_error e;
  uint32_t conflicts = 0, colors = 0, fixed = control[PRISM_FIXED];
  if (!recount(in, regions, &g, &conflicts, &colors, &e)) {
    put(s, "%s\n", e.text);
    return;
  }
  put(s, "%u colours, %u conflicts (%u vertices, %u edges)\n", colors, conflicts, g.n, g.edges);
  if (fixed && colors > fixed && control[PRISM_FOCUS_CONFLICTS] != UINT32_MAX)
    put(s, "%u colours as asked for: %u conflicts at best\n", fixed,
        prism_count_conflicts(&g, colors_of(regions, PRISM_FOCUS)));
  else if (colors == words_of(regions, PRISM_INFO)[PRISM_LOWER])
    put(s, "fewer are impossible: a clique needs %u\n", colors);
  prism_graph_free(&g);
}

static void summarize_pockets(sink *s, const aatgs_region_view *regions)
{
  const uint32_t *lbs = words_of(regions, PRISM_LBS);
  const uint32_t *p = lbs + PRISM_L_POCKET;
  if (lbs[PRISM_L_STAGE] != PRISM_LBS_DONE) {
    put(s, "the scan for binding sites is not over\n");
    return;
  }
  put(s, "%u binding sites", lbs[PRISM_L_COUNT]);
  if (lbs[PRISM_L_COUNT])
    put(s, "; the first at %.1f %.1f %.1f, %u cubic angstrom, burial %.1f of 26",
        (double)(int32_t)p[PRISM_P_X] / 1000.0, (double)(int32_t)p[PRISM_P_Y] / 1000.0,
        (double)(int32_t)p[PRISM_P_Z] / 1000.0, p[PRISM_P_POINTS],
        (double)p[PRISM_P_BURIAL] / 1000.0);
  put(s, "\n");
}

size_t prism_summary(const aatgs_input *inputs, const aatgs_region_view *regions, char *out,
                     size_t capacity)
{
  sink s = {out, capacity, 0};
  if (inputs[PRISM_INPUT_GRAPH].bytes)
    summarize_coloring(&s, &inputs[PRISM_INPUT_GRAPH], regions);
  if (inputs[PRISM_INPUT_PROTEIN].bytes)
    summarize_pockets(&s, regions);
  return s.used ? s.used : none(out, capacity, "no input was given, so there is no result");
}
