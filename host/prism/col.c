/* Reads a graph in DIMACS .col format. */
#include "device/prism/state.h"
#include "host/prism/parse.h"

#include <stdlib.h>
#include <string.h>

#define VERTICES_MAX PRISM_VERTICES_MAX

typedef struct edge {
  uint16_t low, high; /* from 0 */
} edge;

typedef struct reader {
  const aatgs_input *in;
  prism_error *error;
  const char *at, *end; /* of the line */
  size_t line;
  uint64_t n, stated; /* 0: no problem line yet */
  edge *edges;
  size_t count, capacity;
} reader;

#define REFUSE(r, ...) prism_refuse((r)->error, __VA_ARGS__)
#define PLACE(r)       (r)->in->path, (r)->line

static void skip_blanks(reader *r)
{
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
    r->at++;
}

static bool read_number(reader *r, uint64_t *out)
{
  const char *begin;
  skip_blanks(r);
  begin = r->at;
  *out = 0;
  while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - begin < 12)
    *out = *out * 10 + (uint64_t)(*r->at++ - '0');
  return r->at > begin && (r->at == r->end || strchr(" \t\r", *r->at));
}

static bool at_end(reader *r)
{
  skip_blanks(r);
  return r->at == r->end;
}

static bool read_problem(reader *r)
{
  size_t word;
  if (r->n)
    return REFUSE(r, "%s:%zu: a second problem line; keep one", PLACE(r));
  skip_blanks(r);
  for (word = 0; r->at + word < r->end && !strchr(" \t\r", r->at[word]);)
    word++;
  if (!(word == 4 && !memcmp(r->at, "edge", 4)) && !(word == 5 && !memcmp(r->at, "edges", 5)) &&
      !(word == 3 && !memcmp(r->at, "col", 3)))
    return REFUSE(r, "%s:%zu: not a graph to colour; the problem line reads `p edge N M`",
                  PLACE(r));
  r->at += word;
  if (!read_number(r, &r->n) || !read_number(r, &r->stated) || !at_end(r))
    return REFUSE(r, "%s:%zu: the problem line reads `p edge N M` with two whole numbers",
                  PLACE(r));
  if (r->n == 0 || r->n > VERTICES_MAX)
    return REFUSE(r, "%s:%zu: %llu vertices; 1 to %u are possible", PLACE(r),
                  (unsigned long long)r->n, VERTICES_MAX);
  return true;
}

static bool read_edge(reader *r)
{
  uint64_t u, v;
  if (!r->n)
    return REFUSE(r, "%s:%zu: an edge before the problem line; begin with `p edge N M`", PLACE(r));
  if (!read_number(r, &u) || !read_number(r, &v) || !at_end(r))
    return REFUSE(r, "%s:%zu: an edge reads `e U V` with two whole numbers", PLACE(r));
  if (u < 1 || u > r->n || v < 1 || v > r->n)
    return REFUSE(r, "%s:%zu: vertex %llu is out of range; the problem line says 1 to %llu",
                  PLACE(r), (unsigned long long)(u < 1 || u > r->n ? u : v),
                  (unsigned long long)r->n);
  if (u == v)
    return REFUSE(r,
                  "%s:%zu: vertex %llu is its own neighbour, no colouring can be legal; "
                  "remove the edge",
                  PLACE(r), (unsigned long long)u);
  if (r->count == r->capacity) {
    size_t capacity = r->capacity ? 2 * r->capacity : 1024;
    edge *grown = realloc(r->edges, capacity * sizeof *grown);
    if (!grown)
      return REFUSE(r, "%s:%zu: out of memory for the edges", PLACE(r));
    r->edges = grown;
    r->capacity = capacity;
  }
  r->edges[r->count].low = (uint16_t)((u < v ? u : v) - 1);
  r->edges[r->count++].high = (uint16_t)((u < v ? v : u) - 1);
  return true;
}

static bool read_line(reader *r)
{
  char kind;
  if (at_end(r))
    return true;
  kind = *r->at++;
  if (r->at < r->end && !strchr(" \t\r", *r->at) && kind != 'c')
    kind = '?';
  switch (kind) {
  case 'c': /* comment */
  case 'n':
  case 'd':
  case 'v':
  case 'x': /* weights and geometry: not needed to colour */ return true;
  case 'p': return read_problem(r);
  case 'e': return read_edge(r);
  default:
    return REFUSE(r, "%s:%zu: expected a line that begins with c, p or e: this is no .col file",
                  PLACE(r));
  }
}

static int by_ends(const void *a, const void *b)
{
  const edge *x = a, *y = b;
  return x->low != y->low ? (x->low < y->low ? -1 : 1) : (x->high > y->high) - (x->high < y->high);
}

/* Sorts the edges and drops duplicates. */
static void merge(reader *r, size_t *unique)
{
  size_t kept = 0;
  if (r->count)
    qsort(r->edges, r->count, sizeof *r->edges, by_ends);
  for (size_t i = 0; i < r->count; i++)
    if (kept == 0 || by_ends(&r->edges[i], &r->edges[kept - 1]))
      r->edges[kept++] = r->edges[i];
  *unique = kept;
}

static bool build(const reader *r, size_t unique, prism_graph *g)
{
  uint32_t *fill;
  g->n = (uint32_t)r->n;
  g->edges = (uint32_t)unique;
  g->rows = calloc(r->n + 1, sizeof *g->rows);
  g->adj = malloc((2 * unique + 1) * sizeof *g->adj);
  fill = malloc(r->n * sizeof *fill);
  if (!g->rows || !g->adj || !fill) {
    free(fill);
    prism_graph_free(g);
    return REFUSE(r, "%s: out of memory for a graph of %u vertices", r->in->path, g->n);
  }
  for (size_t i = 0; i < unique; i++) {
    g->rows[r->edges[i].low + 1]++;
    g->rows[r->edges[i].high + 1]++;
  }
  for (uint32_t v = 0; v < g->n; v++)
    g->rows[v + 1] += g->rows[v];
  memcpy(fill, g->rows, r->n * sizeof *fill);
  /* Edges ascend by (low, high): first every vertex's lower neighbours, then its higher ones. */
  for (size_t i = 0; i < unique; i++)
    g->adj[fill[r->edges[i].high]++] = r->edges[i].low;
  for (size_t i = 0; i < unique; i++)
    g->adj[fill[r->edges[i].low]++] = r->edges[i].high;
  free(fill);
  return true;
}

static bool read_all(reader *r)
{
  const char *text = (const char *)r->in->bytes, *stop = text + r->in->size;
  while (text < stop) {
    const char *newline = memchr(text, '\n', (size_t)(stop - text));
    r->line++;
    r->at = text;
    r->end = newline ? newline : stop;
    if (!read_line(r))
      return false;
    text = newline ? newline + 1 : stop;
  }
  if (!r->n)
    return REFUSE(r, "%s:%zu: no problem line `p edge N M` in the whole file", PLACE(r));
  return true;
}

bool prism_col_parse(const aatgs_input *in, prism_graph *out, prism_error *e)
{
  reader r = {.in = in, .error = e};
  size_t unique = 0;
  bool good;
  memset(out, 0, sizeof *out);
  if (!prism_check_text(in, "a graph in DIMACS .col format", e))
    return false;
  good = read_all(&r);
  if (good) {
    merge(&r, &unique);
    if (r.stated != r.count && r.stated != unique)
      good = REFUSE(&r,
                    "%s:%zu: the file ends after %zu edge lines (%zu different edges), its problem "
                    "line says %llu: it is cut off or the problem line is wrong",
                    PLACE(&r), r.count, unique, (unsigned long long)r.stated);
  }
  good = good && build(&r, unique, out);
  free(r.edges);
  return good;
}

void prism_graph_free(prism_graph *g)
{
  free(g->rows);
  free(g->adj);
  memset(g, 0, sizeof *g);
}
