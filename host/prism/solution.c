/* What the regions hold, as text for files and for people. Everything that is
 * claimed is counted again from the inputs. */
#include "device/prism/hooks.h"
#include "device/prism/state.h"
#include "host/prism/parse.h"
#include "host/prism/sink.h"

#include <stdlib.h>
#include <string.h>

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
  prism_sink s = {out, capacity, 0};
  prism_graph g;
  prism_error e;
  uint32_t conflicts = 0, colors = 0;
  if (!recount(in, regions, &g, &conflicts, &colors, &e))
    return prism_no_result(out, capacity, e.text);
  if (conflicts == 0)
    for (uint32_t v = 0; v < g.n; v++)
      prism_print(&s, "%u %u\n", v + 1, colors_of(regions, PRISM_BEST)[v] + 1u);
  prism_graph_free(&g);
  return conflicts ? prism_no_result(out, capacity,
                                     "the colouring has conflicts, which is a bug; no file")
                   : s.used;
}

size_t prism_solution(const aatgs_input *inputs, const aatgs_region_view *regions, char *out,
                      size_t capacity)
{
  if (inputs[PRISM_INPUT_GRAPH].bytes)
    return coloring_lines(&inputs[PRISM_INPUT_GRAPH], regions, out, capacity);
  if (inputs[PRISM_INPUT_PROTEIN].bytes)
    return prism_site_lines(&inputs[PRISM_INPUT_PROTEIN], regions, out, capacity);
  return prism_no_result(out, capacity,
                         "no graph was given; use --graph FILE.col or --protein FILE.pdb");
}

static void summarize_coloring(prism_sink *s, const aatgs_input *in,
                               const aatgs_region_view *regions)
{
  const uint32_t *control = prism_words(regions, PRISM_CONTROL);
  prism_graph g;
  prism_error e;
  uint32_t conflicts = 0, colors = 0, fixed = control[PRISM_FIXED];
  if (!recount(in, regions, &g, &conflicts, &colors, &e)) {
    prism_print(s, "%s\n", e.text);
    return;
  }
  prism_print(s, "%u colours, %u conflicts (%u vertices, %u edges)\n", colors, conflicts, g.n,
              g.edges);
  if (fixed && colors > fixed && control[PRISM_FOCUS_CONFLICTS] != UINT32_MAX)
    prism_print(s, "%u colours as asked for: %u conflicts at best\n", fixed,
                prism_count_conflicts(&g, colors_of(regions, PRISM_FOCUS)));
  else if (colors == prism_words(regions, PRISM_INFO)[PRISM_LOWER])
    prism_print(s, "fewer are impossible: a clique needs %u\n", colors);
  prism_graph_free(&g);
}

size_t prism_summary(const aatgs_input *inputs, const aatgs_region_view *regions, char *out,
                     size_t capacity)
{
  prism_sink s = {out, capacity, 0};
  if (inputs[PRISM_INPUT_GRAPH].bytes)
    summarize_coloring(&s, &inputs[PRISM_INPUT_GRAPH], regions);
  if (inputs[PRISM_INPUT_PROTEIN].bytes)
    prism_summarize_sites(&s, &inputs[PRISM_INPUT_PROTEIN], regions);
  return s.used ? s.used
                : prism_no_result(out, capacity, "no input was given, so there is no result");
}
