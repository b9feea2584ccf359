/* aatgs gen: makes graphs to colour, by exact constructions. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"
#include "tools/output.h"
#include "tools/verbs.h"

#define VERB         "gen"
#define VERTICES_MAX 20000u

/* The text of the file as it grows. */
typedef struct growing {
  char *bytes;
  size_t used;
  size_t capacity;
  bool failed; /* out of memory */
} growing;

typedef struct shape {
  uint32_t n;           /* board, order or vertices */
  uint32_t probability; /* of an edge, in units of 2^-32; UINT32_MAX: always */
  uint64_t seed;
} shape;

/* Called for each edge, vertices from 1. */
typedef void (*edge_sink)(void *user, uint32_t a, uint32_t b);

static void append(growing *g, const char *line, size_t length)
{
  if (g->used + length > g->capacity) {
    const size_t capacity = (g->used + length) * 2;
    char *more = g->failed ? NULL : realloc(g->bytes, capacity);
    if (!more) {
      g->failed = true;
      return;
    }
    g->bytes = more;
    g->capacity = capacity;
  }
  memcpy(g->bytes + g->used, line, length);
  g->used += length;
}

static void count_edge(void *user, uint32_t a, uint32_t b)
{
  (void)a;
  (void)b;
  ++*(uint64_t *)user;
}

static void write_edge(void *user, uint32_t a, uint32_t b)
{
  char line[32];
  append(user, line, (size_t)snprintf(line, sizeof line, "e %" PRIu32 " %" PRIu32 "\n", a, b));
}

/* ---- The constructions --------------------------------------------------------------- */

static uint32_t distance(uint32_t a, uint32_t b)
{
  return a > b ? a - b : b - a;
}

/* Squares row by row, joined when a queen moves from one to the other. */
static uint32_t queen(const shape *s, edge_sink sink, void *user)
{
  const uint32_t squares = s->n * s->n;
  for (uint32_t a = 0; a < squares; a++)
    for (uint32_t b = a + 1; b < squares; b++) {
      const uint32_t rows = distance(a / s->n, b / s->n), columns = distance(a % s->n, b % s->n);
      if (!rows || !columns || rows == columns)
        sink(user, a + 1, b + 1);
    }
  return squares;
}

/* Mycielski (Sur le coloriage des graphs, 1955): from a graph with vertices v_i, add a copy u_i of
 * each, joined to v_i's neighbours, and one vertex joined to all copies. Begins with one edge. */
static uint32_t mycielski(const shape *s, edge_sink sink, void *user)
{
  uint32_t vertices = 2, edges = 1;
  const size_t most = (size_t)1 << (2 * s->n); /* edges triple, roughly, at each step */
  uint32_t(*edge)[2] = malloc(most * sizeof *edge);
  if (!edge)
    return 0;
  edge[0][0] = 1;
  edge[0][1] = 2;
  for (uint32_t k = 1; k < s->n; k++) {
    const uint32_t before = edges;
    for (uint32_t e = 0; e < before; e++) {
      edge[edges][0] = edge[e][0];
      edge[edges++][1] = edge[e][1] + vertices;
      edge[edges][0] = edge[e][1];
      edge[edges++][1] = edge[e][0] + vertices;
    }
    for (uint32_t v = 1; v <= vertices; v++) {
      edge[edges][0] = vertices + v;
      edge[edges++][1] = 2 * vertices + 1;
    }
    vertices = 2 * vertices + 1;
  }
  for (uint32_t e = 0; e < edges; e++)
    sink(user, edge[e][0], edge[e][1]);
  free(edge);
  return vertices;
}

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t next_random(uint64_t *state)
{
  uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* G(n, p) of Gilbert: each pair by itself. */
static uint32_t random_graph(const shape *s, edge_sink sink, void *user)
{
  uint64_t state = s->seed;
  for (uint32_t a = 1; a <= s->n; a++)
    for (uint32_t b = a + 1; b <= s->n; b++) {
      const uint32_t draw = (uint32_t)(next_random(&state) >> 32);
      if (draw < s->probability || s->probability == UINT32_MAX)
        sink(user, a, b);
    }
  return s->n;
}

static const struct construction {
  const char *name;
  size_t arguments;
  uint32_t least;
  uint32_t most;
  const char *argument;
  uint32_t (*make)(const shape *s, edge_sink sink, void *user); /* returns vertices, 0: no memory */
} constructions[] = {
    {"queen", 1, 1, 141, "N", queen}, /* 141 x 141 squares: the largest within VERTICES_MAX */
    {"mycielski", 1, 1, 12, "K", mycielski},
    {"random", 2, 1, VERTICES_MAX, "N", random_graph},
};

/* ---- The verb ----------------------------------------------------------------------------- */

static const struct construction *find_construction(const char *name)
{
  for (size_t i = 0; i < sizeof constructions / sizeof *constructions; i++)
    if (strcmp(constructions[i].name, name) == 0)
      return &constructions[i];
  return NULL;
}

static bool parse_probability(const char *text, uint32_t *out)
{
  char *end;
  if (*text != '.' && (*text < '0' || *text > '9'))
    return false;
  const double p = strtod(text, &end);
  if (*end || !(p >= 0 && p <= 1))
    return false;
  const double scaled = p * 4294967296.0;
  *out = scaled >= 4294967295.0 ? UINT32_MAX : (uint32_t)scaled;
  return true;
}

static int read_shape(const struct construction *c, char **operands, size_t count, shape *s)
{
  uint64_t n;
  if (count != c->arguments + 1)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "%s takes %zu number%s: aatgs gen %s %s%s",
                          c->name, c->arguments, c->arguments == 1 ? "" : "s", c->name, c->argument,
                          c->arguments == 2 ? " P" : "");
  if (!aatgs_cli_number(operands[1], &n) || n < c->least || n > c->most)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "%s %s: \"%s\" is not a whole number from %u to %u", c->name, c->argument,
                          operands[1], c->least, c->most);
  s->n = (uint32_t)n;
  if (c->arguments == 2 && !parse_probability(operands[2], &s->probability))
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "%s P: \"%s\" is not a probability from 0 to 1",
                          c->name, operands[2]);
  return 0;
}

/* Twice through the construction: the p line wants the number of edges first. */
static bool make_text(const struct construction *c, const shape *s, char **operands, growing *g)
{
  char line[160];
  uint64_t edges = 0;
  const uint32_t vertices = c->make(s, count_edge, &edges);
  if (!vertices)
    return false;
  int n = c->arguments == 2
              ? snprintf(line, sizeof line, "c aatgs gen %s %s %s --seed %" PRIu64 "\n", c->name,
                         operands[1], operands[2], s->seed)
              : snprintf(line, sizeof line, "c aatgs gen %s %s\n", c->name, operands[1]);
  append(g, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
  n = snprintf(line, sizeof line, "p edge %" PRIu32 " %" PRIu64 "\n", vertices, edges);
  append(g, line, (size_t)n);
  return c->make(s, write_edge, g) && !g->failed;
}

static int write_text(const char *path, const growing *g)
{
  aatgs_error error;
  if (path) {
    const int rc = aatgs_output_write(path, g->bytes, g->used, &error);
    return rc ? aatgs_cli_fail_with(VERB, rc, &error) : AATGS_EXIT_DONE;
  }
  fwrite(g->bytes, 1, g->used, stdout);
  return aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}

int aatgs_verb_gen(int argc, char **argv)
{
  shape s = {.seed = 0};
  const char *path = NULL;
  size_t operands;
  const aatgs_cli_option options[] = {
      {"seed", AATGS_CLI_U64, &s.seed, "S", "seed of random (default: 0)", NULL, 0, UINT64_MAX, 0},
      {"output", AATGS_CLI_TEXT, &path, "FILE",
       "write to FILE, whole or not at all (default: stdout)", NULL, 0, 0, 'o'},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "queen N | mycielski K | random N P [options]",
      .summary = "Makes a graph to colour, in the DIMACS .col format: the queen's moves on a board "
                 "of N by N squares, Mycielski's graph of chromatic number K + 1 without "
                 "triangles, or N vertices of which each pair is joined with probability P.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 3,
  };
  const int result = aatgs_cli_parse(&command, argc, argv, &operands);
  if (result != AATGS_CLI_GO_ON)
    return result;
  const struct construction *c = find_construction(argv[0]);
  if (!c)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "there is no construction \"%s\": use queen, mycielski or random",
                          argv[0]);
  const int rc = read_shape(c, argv, operands, &s);
  if (rc)
    return rc;
  growing g = {NULL, 0, 0, false};
  const int exit_code = make_text(c, &s, argv, &g)
                            ? write_text(path, &g)
                            : aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "out of memory");
  free(g.bytes);
  return exit_code;
}
