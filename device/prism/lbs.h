/* LbsPredict: ligand binding sites of a protein by a grid scan of the LIGSITE
 * family (Hendlich, Rippmann and Barnickel 1997; buriedness in many directions
 * as in PocketPicker, Weisel et al. 2007).
 *
 *   occupy   a grid point is inside when it lies in an atom, blocked when a probe
 *            centred on it would touch one, else free;
 *   scan     from each free point 26 rays go out; its burial is how many of them
 *            meet the inside within reach;
 *   cluster  free points that are buried enough and touch make a pocket; pockets
 *            are ranked by their score, the sum of burial over the threshold.
 *
 * The rows of the grid are scanned `sweeps` a part and iteration, so that a long
 * scan does not hold up the graph. */
#ifndef AATGS_PRISM_LBS_H
#define AATGS_PRISM_LBS_H

#include "state.h"

#define PRISM_PROBE        1300  /* radius of the probe beyond the atoms' own, 1/1000 angstrom */
#define PRISM_REACH        10000 /* of a ray */
#define PRISM_BURIED       17u   /* rays of 26 that must meet the protein */
#define PRISM_POCKET_LEAST 8u    /* points of a pocket */

enum prism_point { PRISM_FREE = 0, PRISM_BLOCKED = 1, PRISM_INSIDE = 2 };

typedef struct prism_grid {
  uint32_t nx, ny, nz;
  int32_t origin[3];
  int32_t spacing;
  uint64_t points;
  uint8_t *place;  /* prism_point */
  uint8_t *burial; /* 0 unless free */
} prism_grid;

AATGS_FN prism_grid prism_grid_of(const aatgs_task *t)
{
  const uint32_t *info = aatgs_region_ptr(t, PRISM_INFO, const uint32_t);
  prism_grid g;
  g.nx = info[PRISM_GRID_X];
  g.ny = info[PRISM_GRID_Y];
  g.nz = info[PRISM_GRID_Z];
  g.origin[0] = (int32_t)info[PRISM_ORIGIN_X];
  g.origin[1] = (int32_t)info[PRISM_ORIGIN_Y];
  g.origin[2] = (int32_t)info[PRISM_ORIGIN_Z];
  g.spacing = (int32_t)info[PRISM_SPACING];
  g.points = (uint64_t)g.nx * g.ny * g.nz;
  g.place = aatgs_region_ptr(t, PRISM_LBS_GRID, uint8_t);
  g.burial = g.points ? g.place + g.points : g.place;
  return g;
}

/* Where a point stands, from the atoms of the cells around it (cells are at least as wide as the
 * widest atom with a probe). */
AATGS_FN uint8_t prism_occupy_point(const aatgs_task *t, const int32_t at[3])
{
  const uint32_t *info = aatgs_region_ptr(t, PRISM_INFO, const uint32_t);
  const int32_t *atoms = aatgs_region_ptr(t, PRISM_ATOMS, const int32_t);
  const uint32_t *cells = aatgs_region_ptr(t, PRISM_CELLS, const uint32_t);
  const uint32_t *list =
      cells + (uint64_t)info[PRISM_CELLS_X] * info[PRISM_CELLS_Y] * info[PRISM_CELLS_Z] + 1;
  uint8_t place = PRISM_FREE;
  int32_t low[3], high[3];
  for (uint32_t d = 0; d < 3; ++d) {
    int32_t cell = (at[d] - (int32_t)info[PRISM_ORIGIN_X + d]) / (int32_t)info[PRISM_CELL_SIZE];
    int32_t count = (int32_t)info[PRISM_CELLS_X + d];
    low[d] = cell > 0 ? cell - 1 : 0;
    high[d] = cell + 1 < count ? cell + 1 : count - 1;
  }
  for (int32_t z = low[2]; z <= high[2]; ++z) {
    for (int32_t y = low[1]; y <= high[1]; ++y) {
      uint64_t row = ((uint64_t)z * info[PRISM_CELLS_Y] + (uint64_t)y) * info[PRISM_CELLS_X];
      for (uint32_t i = cells[row + (uint64_t)low[0]]; i < cells[row + (uint64_t)high[0] + 1];
           ++i) {
        const int32_t *a = atoms + 4 * (uint64_t)list[i];
        int64_t x = at[0] - a[0], yy = at[1] - a[1], zz = at[2] - a[2];
        int64_t square = x * x + yy * yy + zz * zz, r = a[3];
        if (square <= r * r)
          return PRISM_INSIDE;
        if (square < (r + PRISM_PROBE) * (r + PRISM_PROBE))
          place = PRISM_BLOCKED;
      }
    }
  }
  return place;
}

AATGS_FN void prism_occupy_row(aatgs_task *t, const prism_grid *g, uint32_t row)
{
  uint32_t y = row % g->ny, z = row / g->ny, inside = 0;
  aatgs_lane_for(t, x, g->nx)
  {
    int32_t at[3];
    uint8_t place;
    at[0] = g->origin[0] + (int32_t)x * g->spacing;
    at[1] = g->origin[1] + (int32_t)y * g->spacing;
    at[2] = g->origin[2] + (int32_t)z * g->spacing;
    place = prism_occupy_point(t, at);
    g->place[(uint64_t)row * g->nx + x] = place;
    inside += place == PRISM_INSIDE;
  }
  inside = aatgs_reduce_add_u32(t, inside);
  aatgs_one_lane(t) aatgs_put_u32(t, PRISM_LBS_ROWS, row, inside);
}

/* Does the ray from a point in direction (dx, dy, dz) meet the inside within `steps`? */
AATGS_FN uint32_t prism_ray(const prism_grid *g, int32_t x, int32_t y, int32_t z, int32_t dx,
                            int32_t dy, int32_t dz, int32_t steps)
{
  for (int32_t i = 0; i < steps; ++i) {
    x += dx;
    y += dy;
    z += dz;
    if (x < 0 || y < 0 || z < 0 || x >= (int32_t)g->nx || y >= (int32_t)g->ny ||
        z >= (int32_t)g->nz)
      return 0;
    if (g->place[((uint64_t)z * g->ny + (uint64_t)y) * g->nx + (uint64_t)x] == PRISM_INSIDE)
      return 1;
  }
  return 0;
}

AATGS_FN uint8_t prism_burial_of(const prism_grid *g, int32_t x, int32_t y, int32_t z)
{
  /* Steps of a ray along an edge, a face diagonal, a space diagonal: reach / (spacing sqrt(1, 2,
   * 3)). */
  int32_t steps[4];
  uint32_t hits = 0;
  steps[0] = 0;
  steps[1] = PRISM_REACH / g->spacing;
  steps[2] = PRISM_REACH * 1000 / (g->spacing * 1414);
  steps[3] = PRISM_REACH * 1000 / (g->spacing * 1732);
  for (int32_t i = 0; i < 27; ++i) {
    int32_t dx = i % 3 - 1, dy = i / 3 % 3 - 1, dz = i / 9 - 1;
    int32_t kind = (dx != 0) + (dy != 0) + (dz != 0);
    if (kind)
      hits += prism_ray(g, x, y, z, dx, dy, dz, steps[kind]);
  }
  return (uint8_t)hits;
}

AATGS_FN void prism_scan_row(aatgs_task *t, const prism_grid *g, uint32_t row)
{
  uint32_t sum = 0;
  aatgs_lane_for(t, x, g->nx)
  {
    uint64_t p = (uint64_t)row * g->nx + x;
    uint8_t burial = 0;
    if (g->place[p] == PRISM_FREE)
      burial = prism_burial_of(g, (int32_t)x, (int32_t)(row % g->ny), (int32_t)(row / g->ny));
    g->burial[p] = burial;
    sum += burial >= PRISM_BURIED ? burial : 0;
  }
  sum = aatgs_reduce_add_u32(t, sum);
  aatgs_one_lane(t) aatgs_put_u32(t, PRISM_LBS_ROWS, row, sum);
}

/* Rows that a part does in an iteration. */
AATGS_FN uint32_t prism_lbs_budget(const aatgs_task *t)
{
  uint32_t sweeps = PRISM_GET(t, PRISM_TABLES, PRISM_T_SWEEPS);
  return sweeps ? sweeps : 1;
}

AATGS_FN void prism_lbs(aatgs_task *t)
{
  prism_grid g = prism_grid_of(t);
  uint32_t budget = prism_lbs_budget(t), rows = g.ny * g.nz, stage, cursor;
  if (PRISM_GET(t, PRISM_INFO, PRISM_ATOM_COUNT) == 0)
    return;
  stage = PRISM_GET(t, PRISM_LBS, PRISM_L_STAGE);
  cursor = PRISM_GET(t, PRISM_LBS, PRISM_L_CURSOR);
  if (stage > PRISM_LBS_SCAN)
    return;
  for (uint32_t i = 0; i < budget; ++i) {
    uint64_t row = cursor + (uint64_t)i * t->parts + t->part;
    if (row >= rows)
      return;
    if (stage == PRISM_LBS_OCCUPY)
      prism_occupy_row(t, &g, (uint32_t)row);
    else
      prism_scan_row(t, &g, (uint32_t)row);
  }
}

/* ---- Finish: clusters ------------------------------------------------------- */

AATGS_FN uint32_t prism_label_root(uint32_t *label, uint32_t p)
{
  while (label[p] != p) {
    label[p] = label[label[p]];
    p = label[p];
  }
  return p;
}

/* Joins a point with its buried neighbours before it in the grid. */
AATGS_FN void prism_label_point(const prism_grid *g, uint32_t *label, uint32_t p)
{
  int32_t x = (int32_t)(p % g->nx), y = (int32_t)(p / g->nx % g->ny);
  int32_t z = (int32_t)(p / g->nx / g->ny);
  label[p] = p;
  for (int32_t i = 0; i < 13; ++i) {
    int32_t a = x + i % 3 - 1, b = y + i / 3 % 3 - 1, c = z + i / 9 - 1;
    uint32_t q, r, s;
    if (a < 0 || b < 0 || c < 0 || a >= (int32_t)g->nx || b >= (int32_t)g->ny)
      continue;
    q = ((uint32_t)c * g->ny + (uint32_t)b) * g->nx + (uint32_t)a;
    if (g->burial[q] < PRISM_BURIED)
      continue;
    r = prism_label_root(label, q);
    s = prism_label_root(label, p);
    label[r > s ? r : s] = r > s ? s : r;
  }
}

/* Writes the record of the pocket with root `root`. */
AATGS_FN void prism_put_pocket(aatgs_task *t, const prism_grid *g, uint32_t number, uint32_t root,
                               const uint32_t *list, uint32_t count)
{
  uint32_t *label = aatgs_region_ptr(t, PRISM_LBS_LABELS, uint32_t);
  uint32_t base = PRISM_L_POCKET + number * PRISM_POCKET_WORDS, points = 0;
  uint64_t sum[3], score = 0, burial = 0;
  sum[0] = sum[1] = sum[2] = 0;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t p = list[i];
    uint64_t weight;
    if (prism_label_root(label, p) != root)
      continue;
    weight = g->burial[p] - PRISM_BURIED + 1;
    sum[0] += weight * (p % g->nx);
    sum[1] += weight * (p / g->nx % g->ny);
    sum[2] += weight * (p / g->nx / g->ny);
    score += weight;
    burial += g->burial[p];
    ++points;
  }
  for (uint32_t d = 0; d < 3; ++d)
    aatgs_put_u32(t, PRISM_LBS, base + PRISM_P_X + d,
                  (uint32_t)(g->origin[d] + (int32_t)(sum[d] * (uint64_t)g->spacing / score)));
  aatgs_put_u32(t, PRISM_LBS, base + PRISM_P_POINTS, points);
  aatgs_put_u32(t, PRISM_LBS, base + PRISM_P_SCORE, (uint32_t)score);
  aatgs_put_u32(t, PRISM_LBS, base + PRISM_P_BURIAL, (uint32_t)(burial * 1000 / points));
}

/* Finds the pockets, one lane: buried points of the rows that have any are labelled, joined, added
 * up, and the highest scores are kept. */
AATGS_FN void prism_cluster(aatgs_task *t, const prism_grid *g)
{
  uint32_t *label = aatgs_region_ptr(t, PRISM_LBS_LABELS, uint32_t);
  uint32_t *list = label + g->points, *score = list + g->points, count = 0, pockets = 0;
  for (uint32_t row = 0; row < g->ny * g->nz; ++row) {
    if (PRISM_GET(t, PRISM_LBS_ROWS, row) == 0)
      continue;
    for (uint32_t x = 0; x < g->nx; ++x) {
      uint32_t p = row * g->nx + x;
      if (g->burial[p] < PRISM_BURIED)
        continue;
      list[count++] = p;
      score[p] = 0;
      prism_label_point(g, label, p);
    }
  }
  for (uint32_t i = 0; i < count; ++i)
    score[prism_label_root(label, list[i])] += g->burial[list[i]] - PRISM_BURIED + 1;
  for (; pockets < PRISM_POCKETS_MAX; ++pockets) {
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < count; ++i) {
      if (score[list[i]] >= PRISM_POCKET_LEAST &&
          (best == UINT32_MAX || score[list[i]] > score[best]))
        best = list[i];
    }
    if (best == UINT32_MAX)
      break;
    prism_put_pocket(t, g, pockets, best, list, count);
    score[best] = 0;
  }
  aatgs_put_u32(t, PRISM_LBS, PRISM_L_COUNT, pockets);
}

AATGS_FN void prism_lbs_finish(aatgs_task *t)
{
  prism_grid g = prism_grid_of(t);
  uint32_t stage;
  uint64_t cursor;
  if (PRISM_GET(t, PRISM_INFO, PRISM_ATOM_COUNT) == 0)
    return;
  stage = PRISM_GET(t, PRISM_LBS, PRISM_L_STAGE);
  cursor = PRISM_GET(t, PRISM_LBS, PRISM_L_CURSOR);
  if (stage == PRISM_LBS_DONE)
    return;
  aatgs_sync(t);
  aatgs_one_lane(t)
  {
    cursor += (uint64_t)t->parts * prism_lbs_budget(t);
    if (stage == PRISM_LBS_CLUSTER) {
      prism_cluster(t, &g);
      aatgs_put_u32(t, PRISM_LBS, PRISM_L_STAGE, PRISM_LBS_DONE);
    } else if (cursor >= (uint64_t)g.ny * g.nz) {
      aatgs_put_u32(t, PRISM_LBS, PRISM_L_STAGE, stage + 1);
      aatgs_put_u32(t, PRISM_LBS, PRISM_L_CURSOR, 0);
    } else {
      aatgs_put_u32(t, PRISM_LBS, PRISM_L_CURSOR, (uint32_t)cursor);
    }
  }
}

/* Rebuilds the grid as far as the scan had come. Rows done are found anew, in any order. */
AATGS_FN void prism_lbs_rebuild(aatgs_task *t)
{
  prism_grid g = prism_grid_of(t);
  uint32_t stage = PRISM_GET(t, PRISM_LBS, PRISM_L_STAGE), rows = g.ny * g.nz;
  uint32_t cursor = PRISM_GET(t, PRISM_LBS, PRISM_L_CURSOR);
  uint32_t occupied = stage == PRISM_LBS_OCCUPY ? cursor : rows;
  uint32_t scanned = stage == PRISM_LBS_OCCUPY ? 0 : stage == PRISM_LBS_SCAN ? cursor : rows;
  if (stage == PRISM_LBS_DONE)
    return;
  for (uint32_t row = 0; row < occupied; ++row) {
    uint32_t kept = PRISM_GET(t, PRISM_LBS_ROWS, row);
    aatgs_sync(t);
    prism_occupy_row(t, &g, row);
    aatgs_sync(t);
    aatgs_one_lane(t) aatgs_region_ptr(t, PRISM_LBS_ROWS, uint32_t)[row] = kept;
  }
  aatgs_sync(t);
  for (uint32_t row = 0; row < scanned; ++row)
    prism_scan_row(t, &g, row);
  aatgs_sync(t);
}

#endif
