/* How few colours, how soon: prism as a whole and each of its solvers alone beside TabuCol and
 * DSATUR at equal wall time, over DIMACS graphs and several seeds. Takes hours in full, so every
 * run that ends is kept in a file and not repeated. */
#include "bench.h"
#include "coloring.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device/workload.h"

#define WAIT_NS  UINT64_C(20000000000)
#define RUNS_MAX 64

typedef struct solver {
  const char *name;
  const char *tasks; /* text of a task file; NULL: a rival */
} solver;

/* %: WhcrKernel with its parts and chains. */
#define AROUND(name, type)                                                                         \
  {                                                                                                \
    name, "up ConfigUpload\nsolve " type " after=up\nphase PhaseTransition after=solve\n"          \
          "down TelemetryDownload after=phase\n"                                                   \
  }
static const solver solvers[] = {
    {"full", "up ConfigUpload\nw % after=up\nt ThermodynamicAnneal arg=8 after=up\n"
             "q QuantumOptimize arg=8 after=up\nphase PhaseTransition after=w,t,q\n"
             "down TelemetryDownload after=phase\n"},
    AROUND("WhcrKernel", "%"),
    AROUND("ThermodynamicAnneal", "ThermodynamicAnneal"),
    AROUND("QuantumOptimize", "QuantumOptimize"),
    AROUND("Custom", "Custom"),
    {"TabuCol", NULL},
    {"DSATUR", NULL},
};
#define SOLVERS (sizeof solvers / sizeof *solvers)

typedef struct settings {
  double seconds;
  const char *instances; /* comma separated */
  const char *only;      /* comma separated solvers; NULL: all */
  const char *state;
  uint32_t workers;  /* of a run */
  uint32_t parts;    /* of WhcrKernel */
  uint32_t chains;   /* that each cooling one of them anneals */
  uint32_t together; /* runs at once */
  uint32_t target;   /* colours that end a run; 0: best known */
} settings;

static settings options = {10, NULL, NULL, "bench_coloring.json", 0, 4, 1, 1, 0};
static json_t *kept; /* what the state file holds: "instance/solver/seed/seconds" -> figures */

/* What a run has come to. */
typedef struct progress {
  const bench *b;
  uint32_t colors;
  uint64_t reached_ns; /* when */
  uint64_t limit_ns;
  uint32_t target; /* best known: no need to go on */
} progress;

static bool found(void *user, uint32_t colors, uint64_t ns)
{
  progress *p = user;
  if (ns > p->limit_ns && p->colors)
    return false;
  p->colors = colors;
  p->reached_ns = ns;
  return colors > p->target;
}

static uint64_t now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- Through aatgs ------------------------------------------------------------------------- */

static uint32_t field_at(const bench *b, const struct aatgs_workload *w, const char *name)
{
  for (uint32_t i = 0; i < w->telemetry_field_count; i++)
    if (!strcmp(w->telemetry_fields[i].name, name))
      return w->telemetry_fields[i].offset / 4;
  bench_fail(b, "the workload reports no %s", name);
}

/* The solver's graph with its mark replaced. */
static void write_tasks(const bench *b, const char *text, char *path)
{
  const char *mark = strchr(text, '%');
  int before = mark ? (int)(mark - text) : (int)strlen(text);
  int file = mkstemp(path);
  if (file < 0 ||
      (mark ? dprintf(file, "%.*sWhcrKernel parts=%u arg=%u%s", before, text, options.parts,
                      options.chains, mark + 1)
            : dprintf(file, "%s", text)) < 0 ||
      close(file))
    bench_fail(b, "cannot write %s", path);
}

/* Counts the solution's conflicts from the edges of the file. */
static void check_solution(const bench *b, aatgs_runtime *rt, const col_graph *g, uint32_t colors)
{
  char *text = NULL, *line;
  uint32_t *color = calloc(g->n, sizeof *color), lines = 0, v, c, length = 0;
  if (aatgs_snapshot(rt) || aatgs_solution(rt, &text) || !color)
    bench_fail(b, "no solution: %s", aatgs_last_error(rt)->text);
  for (line = text; sscanf(line, "%u %u%n", &v, &c, &length) == 2; line += length) {
    if (v < 1 || v > g->n || c < 1 || c > colors)
      bench_fail(b, "the solution has a line %u %u", v, c);
    lines += !color[v - 1];
    color[v - 1] = c;
  }
  if (lines != g->n || col_graph_conflicts(g, color))
    bench_fail(b, "the solution is not legal");
  free(color);
  free(text);
}

static void iterate(const bench *b, aatgs_runtime *rt, progress *p, uint64_t start)
{
  const struct aatgs_workload *w = aatgs_runtime_workload(rt);
  uint32_t colors_at = field_at(b, w, "colors_used"), next_at = field_at(b, w, "target_colors");
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4], telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  uint32_t in_flight = 0;
  bool going = true;
  aatgs_default_config(w, config);
  while (going || in_flight) {
    while (going && in_flight < 2 && aatgs_submit(rt, config, NULL) == 0)
      in_flight++;
    if (aatgs_wait(rt, telemetry, NULL, WAIT_NS) != 1)
      bench_fail(b, "%s", aatgs_last_error(rt)->text);
    in_flight--;
    uint64_t ns = now_ns() - start;
    if (!p->colors || telemetry[colors_at] < p->colors)
      going = found(p, telemetry[colors_at], ns) && going;
    going = going && telemetry[next_at] && ns < p->limit_ns;
  }
}

static void run_aatgs(const bench *b, const solver *s, const char *path, const col_graph *g,
                      uint64_t seed, progress *p)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_input_file input = {"graph", path};
  char tasks[] = "/tmp/bench_coloring.XXXXXX";
  uint64_t start = now_ns();
  aatgs_runtime *rt;
  aatgs_error error;
  write_tasks(b, s->tasks, tasks);
  o.device = b->device;
  o.workers = options.workers;
  o.inputs = &input;
  o.input_count = 1;
  o.tasks = tasks;
  o.seed = seed;
  o.idle = AATGS_IDLE_BALANCED; /* the cores are for the search */
  if (aatgs_open(&o, &rt, &error))
    bench_fail(b, "%s", error.text);
  unlink(tasks);
  iterate(b, rt, p, start);
  check_solution(b, rt, g, p->colors);
  aatgs_close(rt);
}

/* ---- Runs and what is kept of them ------------------------------------------------------- */

static void run_dsatur(const col_graph *g, progress *p)
{
  uint64_t start = now_ns();
  uint32_t *color = calloc(g->n, sizeof *color);
  if (!color)
    abort();
  p->colors = col_dsatur(g, color);
  p->reached_ns = now_ns() - start;
  free(color);
}

/* One run, on a thread of its own. */
typedef struct run {
  const bench *b;
  const solver *solver;
  const char *path;
  uint32_t seed;
  char key[160];
  progress progress;
  json_t *done; /* what is kept of it; borrowed */
  pthread_t thread;
} run;

static void *run_main(void *argument)
{
  run *r = argument;
  col_graph g;
  if (!col_graph_read(r->path, &g))
    bench_fail(r->b, "cannot read %s", r->path);
  fprintf(stderr, "%s\n", r->key);
  if (r->solver->tasks)
    run_aatgs(r->b, r->solver, r->path, &g, r->seed, &r->progress);
  else if (!strcmp(r->solver->name, "DSATUR"))
    run_dsatur(&g, &r->progress);
  else
    col_tabucol(&g, r->seed, r->progress.limit_ns, found, &r->progress);
  col_graph_free(&g);
  return NULL;
}

/* Looks the run up; begins it when it was not made before. */
static void begin_run(run *r, const char *instance, uint32_t best_known)
{
  uint32_t target = options.target ? options.target : best_known;
  r->progress = (progress){r->b, 0, 0, (uint64_t)(options.seconds * 1e9), target};
  snprintf(r->key, sizeof r->key, "%s/%s/%u/%g%s", instance, r->solver->name, r->seed,
           options.seconds, strcmp(r->b->device, "cpu") ? "/cuda" : "");
  r->done = json_object_get(kept, r->key);
  if (!r->done && pthread_create(&r->thread, NULL, run_main, r))
    bench_fail(r->b, "no thread for %s", r->key);
}

static void end_run(run *r)
{
  if (r->done)
    return;
  pthread_join(r->thread, NULL);
  r->done =
      json_pack("{s:i, s:f, s:s, s:i, s:i}", "colors", (int)r->progress.colors, "reached_seconds",
                (double)r->progress.reached_ns * 1e-9, "device", r->b->device_name, "workers",
                (int)options.workers, "together", (int)options.together);
  json_object_set_new(kept, r->key, r->done);
  if (json_dump_file(kept, options.state, JSON_INDENT(1) | JSON_SORT_KEYS))
    bench_fail(r->b, "cannot write %s", options.state);
}

static int by_value(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static bool listed(const char *list, const char *name)
{
  size_t n = strlen(name);
  for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
    if (!strncmp(at, name, n) && (at[n] == ',' || at[n] == '\0'))
      return true;
  return !list;
}

/* Whether a run of that seed (from 0) is asked for; DSATUR draws no random numbers. */
static bool wanted(const solver *s, uint32_t seed)
{
  return listed(options.only, s->name) && (seed == 0 || strcmp(s->name, "DSATUR"));
}

/* The row of a solver's runs on an instance. */
static void report(bench *b, const solver *s, const run *runs, uint32_t rounds,
                   const char *instance, uint32_t best_known)
{
  double colors[RUNS_MAX], seconds[RUNS_MAX];
  uint32_t hits = 0;
  char name[128];
  for (uint32_t i = 0; i < rounds; i++) {
    colors[i] = (double)json_integer_value(json_object_get(runs[i].done, "colors"));
    seconds[i] = json_real_value(json_object_get(runs[i].done, "reached_seconds"));
    hits += colors[i] <= best_known;
  }
  qsort(colors, rounds, sizeof *colors, by_value);
  qsort(seconds, rounds, sizeof *seconds, by_value);
  snprintf(name, sizeof name, "%s, %s", instance, s->name);
  json_t *row = bench_row(b, name, !s->tasks);
  bench_count(row, "best_known_colors", best_known);
  bench_count(row, "colors_min", (uint64_t)colors[0]);
  bench_count(row, "colors_median", (uint64_t)colors[rounds / 2]);
  bench_count(row, "colors_4_of_5", (uint64_t)colors[(rounds * 4 + 4) / 5 - 1]);
  bench_count(row, "colors_max", (uint64_t)colors[rounds - 1]);
  bench_real(row, "median_reached_seconds", seconds[rounds / 2]);
  bench_count(row, "best_known_reached", hits);
  bench_count(row, "seeds", rounds);
}

/* All solvers on an instance, in turns: what else the machine does meanwhile meets them alike. */
static void run_instance(bench *b, const char *path, const char *instance, uint32_t best_known)
{
  static run runs[SOLVERS][RUNS_MAX];
  const uint32_t rounds = b->rounds > RUNS_MAX ? RUNS_MAX : b->rounds;
  for (uint32_t first = 0; first < rounds; first += options.together) {
    uint32_t end = first + options.together < rounds ? first + options.together : rounds;
    for (size_t s = 0; s < SOLVERS; s++) {
      for (uint32_t i = first; i < end; i++)
        if (wanted(&solvers[s], i)) {
          runs[s][i] = (run){.b = b, .solver = &solvers[s], .path = path, .seed = i + 1};
          begin_run(&runs[s][i], instance, best_known);
        }
      for (uint32_t i = first; i < end; i++)
        if (wanted(&solvers[s], i))
          end_run(&runs[s][i]);
    }
  }
  for (size_t s = 0; s < SOLVERS; s++)
    if (wanted(&solvers[s], 0))
      report(b, &solvers[s], runs[s], wanted(&solvers[s], 1) ? rounds : 1, instance, best_known);
}

/* Every instance of best.tsv in the shared data. */
static void run_instances(bench *b)
{
  const char *shared = getenv("AATGS_SHARED") ? getenv("AATGS_SHARED") : "../shared";
  char path[512], line[128], instance[64];
  uint32_t best_known;
  snprintf(path, sizeof path, "%s/data/dimacs/best.tsv", shared);
  FILE *f = fopen(path, "r");
  if (!f)
    bench_fail(b, "%s is not there; AATGS_SHARED names the folder of the shared data", path);
  while (fgets(line, sizeof line, f)) {
    if (sscanf(line, "%63s %u", instance, &best_known) != 2 || !listed(options.instances, instance))
      continue;
    snprintf(path, sizeof path, "%s/data/dimacs/%s.col", shared, instance);
    run_instance(b, path, instance, best_known);
  }
  fclose(f);
}

/* Takes the options of this benchmark out of argv; returns how many arguments are left. */
static int take_options(int argc, char **argv)
{
  int left = 1;
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (!strcmp(argv[i], "--seconds"))
      options.seconds = atof(value);
    else if (!strcmp(argv[i], "--instances"))
      options.instances = value;
    else if (!strcmp(argv[i], "--solvers"))
      options.only = value;
    else if (!strcmp(argv[i], "--state"))
      options.state = value;
    else if (!strcmp(argv[i], "--workers"))
      options.workers = (uint32_t)atoi(value);
    else if (!strcmp(argv[i], "--parts"))
      options.parts = (uint32_t)atoi(value);
    else if (!strcmp(argv[i], "--chains"))
      options.chains = (uint32_t)atoi(value);
    else if (!strcmp(argv[i], "--together"))
      options.together = (uint32_t)atoi(value);
    else if (!strcmp(argv[i], "--target"))
      options.target = (uint32_t)atoi(value);
    else {
      argv[left++] = argv[i];
      continue;
    }
    i++;
  }
  argv[left] = NULL;
  return left;
}

int main(int argc, char **argv)
{
  static const bench_program program = {
      "coloring",
      "How few colours each solver of prism, all together, TabuCol and DSATUR find in the same "
      "wall "
      "time.\n  --seconds S (10) a run, --instances A,B (all of best.tsv), --solvers A,B (all),\n"
      "  --workers N (all) and --together N (1): workers of a run, runs of a solver at once,\n"
      "  --parts N (4) of WhcrKernel, --chains N (1) that each cooling one of them anneals,\n"
      "  --target COLORS (best known): a run that has it ends,\n"
      "  --state FILE (bench_coloring.json): ended runs, not repeated",
      5, "a seed"};
  json_error_t error;
  bench b;
  argc = take_options(argc, argv);
  bench_start(&program, argc, argv, &b);
  if (!options.together)
    bench_fail(&b, "--together takes 1 or more");
  if (!options.workers && !strcmp(b.device, "cpu"))
    options.workers = bench_cores();
  kept = json_load_file(options.state, 0, &error);
  if (!kept)
    kept = json_object();
  run_instances(&b);
  json_decref(kept);
  return bench_finish(&b);
}
