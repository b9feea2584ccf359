/* Set-up: from the inputs to the regions that the tasks work on. */
#include "device/prism/fixed.h"
#include "device/prism/hooks.h"
#include "device/prism/state.h"
#include "host/prism/parse.h"

#include <stdlib.h>
#include <string.h>

#define TABLES_BYTES (64u << 20) /* for the conflict tables of WhcrKernel's individuals */
#define CHAINS_BYTES (16u << 20) /* for those of the chains that its cooling ones anneal */

static int no_memory(aatgs_setup *s, const char *what)
{
  return s->fail(s, "out of memory for %s; give a smaller input", what);
}

/* The table of fixed.h by repeated multiplication: IEEE operations alone, so that every host makes
 * the same. */
static int fill_exponentials(aatgs_setup *s)
{
  uint32_t *table = s->region(s, PRISM_EXP, PRISM_EXP_ENTRIES * sizeof *table);
  if (!table)
    return no_memory(s, "a table");
  for (uint32_t i = 0; i < PRISM_EXP_ENTRIES; i++)
    table[i] = prism_probability(prism_exp_minus((double)i / PRISM_EXP_STEPS));
  return 0;
}

static uint32_t individuals_for(uint64_t n, uint64_t stride)
{
  uint64_t count = TABLES_BYTES / (n * stride * 2);
  count &= ~UINT64_C(1);
  return count < 2 ? 2 : count > PRISM_INDIVIDUALS_MAX ? PRISM_INDIVIDUALS_MAX : (uint32_t)count;
}

/* Of a cooling individual. */
static uint32_t chains_for(uint64_t n, uint64_t stride, uint32_t individuals)
{
  const uint64_t cooling = PRISM_COOLING(individuals), each = n * stride * 2;
  const uint64_t count = cooling ? CHAINS_BYTES / (each * cooling) : 1;
  return count < 1 ? 1 : count > PRISM_CHAINS_MAX ? PRISM_CHAINS_MAX : (uint32_t)count;
}

#define NEAR_VERTICES 2048u /* larger graphs have no PRISM_NEAR: 8 MiB */

/* Copies the graph into the constant regions. */
static int fill_graph(aatgs_setup *s, const prism_graph *g)
{
  size_t words = PRISM_WORDS(g->n);
  uint32_t *rows = s->region(s, PRISM_ROWS, (g->n + 1) * sizeof *rows);
  uint16_t *adj = s->region(s, PRISM_ADJ, (2 * (size_t)g->edges + 1) * sizeof *adj);
  uint64_t *matrix = s->region(s, PRISM_MATRIX, g->n * words * 8);
  size_t round = PRISM_ROUND(g->n);
  int16_t *near = s->region(s, PRISM_NEAR, g->n <= NEAR_VERTICES ? 2 * g->n * round : 0);
  if (!rows || !adj || !matrix || !near)
    return no_memory(s, "the graph");
  memcpy(rows, g->rows, (g->n + 1) * sizeof *rows);
  memcpy(adj, g->adj, 2 * (size_t)g->edges * sizeof *adj);
  for (uint32_t v = 0; v < g->n; v++)
    for (uint32_t e = g->rows[v]; e < g->rows[v + 1]; e++)
      matrix[v * words + g->adj[e] / 64] |= UINT64_C(1) << (g->adj[e] % 64);
  for (uint32_t v = 0; v < g->n && g->n <= NEAR_VERTICES; v++)
    for (uint32_t e = g->rows[v]; e < g->rows[v + 1]; e++)
      near[v * round + g->adj[e]] = -1;
  return 0;
}

/* Sizes of the solvers' regions, in the order of enum prism_region from PRISM_BEST. */
static int make_solver_regions(aatgs_setup *s, const uint32_t *info)
{
  const uint64_t n = info[PRISM_N], k = info[PRISM_STRIDE], w = info[PRISM_INDIVIDUALS];
  const uint64_t chains = PRISM_COOLING(w) * info[PRISM_CHAINS], all = w + chains;
  const uint64_t scratch = 4 * PRISM_SCRATCH_WORDS(n, k), classes = 8 * k * PRISM_WORDS(n);
  const uint64_t r = PRISM_REPLICAS_MAX, p = PRISM_SLICES_MAX;
  const struct {
    uint32_t region;
    uint64_t bytes;
  } sizes[] = {
      {PRISM_FOCUS, 2 * n},
      {PRISM_WHCR, 4 * (all * PRISM_WHCR_WORDS + w / 2 * PRISM_ISLAND_WORDS)},
      {PRISM_WHCR_COLORS, 2 * (w * PRISM_WHCR_SLOTS + chains) * n},
      {PRISM_WHCR_RING, 8 * w * PRISM_RING},
      {PRISM_WHCR_GAMMA, 2 * all * k * PRISM_ROUND(n)},
      {PRISM_WHCR_OWN, 2 * all * PRISM_ROUND(n)},
      {PRISM_WHCR_LOW, 2 * all * 2 * PRISM_ROUND(n)},
      {PRISM_WHCR_MEMBERS, 8 * all * k * PRISM_WORDS(n)},
      {PRISM_WHCR_DUE, 2 * w * 2 * PRISM_RING},
      {PRISM_WHCR_SCRATCH, 4 * all * PRISM_SCRATCH_WORDS(n, k)},
      {PRISM_THERMO, 4 * (PRISM_THERMO_CLOCK + 8)},
      {PRISM_THERMO_COLORS, 2 * r * 2 * n},
      {PRISM_THERMO_GAMMA, 2 * r * n * k},
      {PRISM_QUANTUM_GAMMA, 2 * p * n * k},
      {PRISM_QUANTUM_OVERLAP, 2 * p * 2 * k * k},
      {PRISM_QUANTUM_SIZES, 2 * p * (k + n)},
      {PRISM_CUSTOM, 4 * 16},
      {PRISM_CUSTOM_COLORS, 2 * n},
      {PRISM_CUSTOM_SCRATCH, 4 * PRISM_SCRATCH_WORDS(n, k)},
      {PRISM_SCRATCH, scratch > classes ? scratch : classes},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    if (!s->region(s, sizes[i].region, sizes[i].bytes))
      return no_memory(s, "the solvers' tables");
  return 0;
}

/* The slices read their neighbours, so all begin with the first colouring. */
static int fill_slices(aatgs_setup *s, const uint16_t *color, uint32_t n, uint32_t k)
{
  uint32_t *heads = s->region(s, PRISM_QUANTUM, 4 * (PRISM_Q_SHARED + 8));
  uint16_t *colors = s->region(s, PRISM_QUANTUM_COLORS, 2 * (size_t)PRISM_SLICES_MAX * 2 * n);
  if (!heads || !colors)
    return no_memory(s, "the slices");
  for (uint32_t i = 0; i < PRISM_SLICES_MAX; i++) {
    uint32_t *head = heads + i * PRISM_QUANTUM_WORDS;
    memcpy(colors + (size_t)2 * n * i, color, n * sizeof *color);
    head[PRISM_H_K] = k;
    head[PRISM_H_BEST] = UINT32_MAX;
    head[PRISM_H_CONFLICTS] = 0;
  }
  return 0;
}

static int fill_coloring(aatgs_setup *s, const prism_graph *g, uint32_t *info, uint32_t *control)
{
  uint16_t *best = s->region(s, PRISM_BEST, g->n * sizeof *best);
  uint32_t colors, clique;
  int rc;
  if (!best)
    return no_memory(s, "the colouring");
  colors = prism_dsatur(g, best);
  clique = prism_clique(g);
  if (!colors || !clique)
    return no_memory(s, "the first colouring");
  info[PRISM_N] = g->n;
  info[PRISM_EDGES] = g->edges;
  info[PRISM_KMAX] = colors;
  info[PRISM_STRIDE] = (colors + 7) & ~7u;
  info[PRISM_LOWER] = clique;
  info[PRISM_INDIVIDUALS] = individuals_for(g->n, info[PRISM_STRIDE]);
  info[PRISM_CHAINS] = chains_for(g->n, info[PRISM_STRIDE], info[PRISM_INDIVIDUALS]);
  control[PRISM_BEST_COLORS] = colors;
  control[PRISM_FOCUS_CONFLICTS] = UINT32_MAX;
  control[PRISM_FOCUS_SOLVER] = PRISM_SOLVERS;
  rc = make_solver_regions(s, info);
  return rc ? rc : fill_slices(s, best, g->n, colors);
}

static int set_up_graph(aatgs_setup *s, uint32_t *info, uint32_t *control)
{
  prism_graph g;
  prism_error error;
  int rc;
  if (!prism_col_parse(&s->inputs[PRISM_INPUT_GRAPH], &g, &error))
    return s->fail(s, "%s", error.text);
  rc = fill_graph(s, &g);
  if (!rc)
    rc = fill_coloring(s, &g, info, control);
  prism_graph_free(&g);
  return rc;
}

static uint64_t cell_of(const prism_frame *f, const prism_atom *a)
{
  uint64_t c[3];
  for (size_t d = 0; d < 3; d++)
    c[d] = (uint64_t)((a->at[d] - f->origin[d]) / f->cell_size);
  return (c[2] * f->cells[1] + c[1]) * f->cells[0] + c[0];
}

/* Atoms, and their numbers sorted by cell. */
static int fill_atoms(aatgs_setup *s, const prism_protein *p, const prism_frame *f)
{
  uint64_t cells = (uint64_t)f->cells[0] * f->cells[1] * f->cells[2];
  int32_t *atoms = s->region(s, PRISM_ATOMS, p->count * 4 * sizeof *atoms);
  uint32_t *start = s->region(s, PRISM_CELLS, (cells + 1 + p->count) * sizeof *start);
  uint32_t *fill = calloc(cells, sizeof *fill), *list;
  if (!atoms || !start || !fill) {
    free(fill);
    return no_memory(s, "the atoms");
  }
  list = start + cells + 1;
  for (size_t i = 0; i < p->count; i++) {
    memcpy(atoms + 4 * i, p->atoms[i].at, 3 * sizeof *atoms);
    atoms[4 * i + 3] = p->atoms[i].radius;
    start[cell_of(f, &p->atoms[i]) + 1]++;
  }
  for (uint64_t c = 0; c < cells; c++) {
    start[c + 1] += start[c];
    fill[c] = start[c];
  }
  for (size_t i = 0; i < p->count; i++)
    list[fill[cell_of(f, &p->atoms[i])]++] = (uint32_t)i;
  free(fill);
  return 0;
}

static int make_scan_regions(aatgs_setup *s, const prism_frame *f, uint32_t *info)
{
  uint64_t rows = (uint64_t)f->points[1] * f->points[2], points = rows * f->points[0];
  for (size_t d = 0; d < 3; d++) {
    info[PRISM_GRID_X + d] = f->points[d];
    info[PRISM_ORIGIN_X + d] = (uint32_t)f->origin[d];
    info[PRISM_CELLS_X + d] = f->cells[d];
  }
  info[PRISM_SPACING] = (uint32_t)f->spacing;
  info[PRISM_CELL_SIZE] = (uint32_t)f->cell_size;
  if (!s->region(s, PRISM_LBS, 4 * (PRISM_L_POCKET + PRISM_POCKETS_MAX * PRISM_POCKET_WORDS)) ||
      !s->region(s, PRISM_LBS_ROWS, 4 * rows) || !s->region(s, PRISM_LBS_GRID, 2 * points) ||
      !s->region(s, PRISM_LBS_LABELS, 4 * 3 * points))
    return no_memory(s, "the grid");
  return 0;
}

static int set_up_protein(aatgs_setup *s, uint32_t *info)
{
  const aatgs_input *in = &s->inputs[PRISM_INPUT_PROTEIN];
  prism_protein p;
  prism_frame f;
  prism_error error;
  int rc;
  if (!prism_protein_parse(in, &p, &error))
    return s->fail(s, "%s", error.text);
  if (!prism_frame_of(in, &p, &f, &error)) {
    prism_protein_free(&p);
    return s->fail(s, "%s", error.text);
  }
  info[PRISM_ATOM_COUNT] = (uint32_t)p.count;
  rc = fill_atoms(s, &p, &f);
  if (!rc)
    rc = make_scan_regions(s, &f, info);
  prism_protein_free(&p);
  return rc;
}

int prism_setup(aatgs_setup *s)
{
  uint32_t *info = s->region(s, PRISM_INFO, PRISM_INFO_WORDS * sizeof *info);
  uint32_t *control = s->region(s, PRISM_CONTROL, PRISM_CONTROL_WORDS * sizeof *control);
  uint32_t *tables = s->region(s, PRISM_TABLES, PRISM_TABLE_WORDS * sizeof *tables);
  int rc;
  if (!info || !control || !tables)
    return no_memory(s, "the state");
  /* No config has these words, so that the first one differs. */
  memset(control + PRISM_CONFIG, 0xff, 64 * sizeof *control);
  rc = fill_exponentials(s);
  if (!rc && s->inputs[PRISM_INPUT_GRAPH].bytes)
    rc = set_up_graph(s, info, control);
  if (!rc && s->inputs[PRISM_INPUT_PROTEIN].bytes)
    rc = set_up_protein(s, info);
  return rc;
}
