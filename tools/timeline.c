/* aatgs timeline: the workers' Gantt chart of a few iterations. */
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/ask.h"
#include "tools/cli.h"
#include "tools/table.h"
#include "tools/text.h"
#include "tools/verbs.h"

#define VERB            "timeline"
#define ITERATIONS_MAX  1000u /* of a chart */
#define DEFAULT_SHOWN   8u
#define WIDTH_MIN       20u
#define WIDTH_MAX       1000u
#define WORKERS_DEFAULT 32u

/* A record on the chart. */
typedef struct bar {
  uint64_t start_ns;
  uint64_t end_ns;
  uint32_t type; /* info->type_count: unknown */
  uint32_t worker;
} bar;

/* An iteration on the chart. */
typedef struct span {
  uint64_t iteration;
  uint64_t start_ns;
  uint64_t end_ns;
} span;

typedef struct chart {
  const aatgs_trace_info *info;
  bar *bars;
  size_t bar_count, bar_room;
  span spans[ITERATIONS_MAX];
  size_t span_count;
  uint64_t start_ns;
  uint64_t end_ns;
  uint32_t width;   /* cells */
  uint32_t workers; /* rows at most */
  bool unicode;
  bool colors;
} chart;

/* ---- Collecting ------------------------------------------------------------------------- */

static int add_bar(chart *c, const bar *b)
{
  if (c->bar_count == c->bar_room) {
    size_t room = c->bar_room ? 2 * c->bar_room : 256;
    bar *grown = realloc(c->bars, room * sizeof *grown);
    if (!grown)
      return AATGS_ENOMEM;
    c->bars = grown;
    c->bar_room = room;
  }
  c->bars[c->bar_count++] = *b;
  if (b->start_ns < c->start_ns)
    c->start_ns = b->start_ns;
  if (b->end_ns > c->end_ns)
    c->end_ns = b->end_ns;
  return 0;
}

static int add_iteration(chart *c, aatgs_trace *trace, const aatgs_iteration *it)
{
  const aatgs_trace_graph *g;
  int rc = aatgs_trace_get_graph(trace, it->graph, &g);
  c->spans[c->span_count++] = (span){it->iteration, it->start_ns, it->end_ns};
  if (it->start_ns < c->start_ns)
    c->start_ns = it->start_ns;
  if (it->end_ns > c->end_ns)
    c->end_ns = it->end_ns;
  for (uint32_t i = 0; !rc && i < it->timing_count; i++) {
    const aatgs_timing *t = &it->timings[i];
    uint32_t type = t->task < g->task_count ? g->tasks[t->task].type : UINT32_MAX;
    const bar b = {t->start_ns, t->start_ns + t->duration_ns,
                   type < c->info->type_count ? type : c->info->type_count, t->worker};
    rc = add_bar(c, &b);
  }
  return rc;
}

static int collect(chart *c, const aatgs_ask *ask)
{
  const aatgs_trace_want want = {.members = AATGS_WANT_GRAPH | AATGS_WANT_END_NS | AATGS_WANT_TASK |
                                            AATGS_WANT_WORKER | AATGS_WANT_TIMING_START_NS};
  const aatgs_iteration *rows;
  aatgs_trace_stream *stream;
  size_t count;
  c->start_ns = UINT64_MAX;
  int rc = aatgs_trace_stream_open(ask->trace, &want, ask->first, ask->last, 0, &stream);
  if (rc)
    return rc;
  while (c->span_count < ITERATIONS_MAX &&
         (rc = aatgs_trace_stream_next(stream, &rows, &count)) == 1)
    for (size_t i = 0; i < count && c->span_count < ITERATIONS_MAX && rc >= 0; i++)
      rc = add_iteration(c, ask->trace, &rows[i]) ? -1 : 1;
  aatgs_trace_stream_close(stream);
  return rc < 0 ? rc : 0;
}

/* ---- Drawing ------------------------------------------------------------------------------ */

/* The letter of a type: the first of its name that no type before it has, else a digit. */
static char letter_of(const aatgs_trace_info *info, uint32_t type)
{
  char used[256] = {0}, letter = '?';
  for (uint32_t i = 0; i <= type && i < info->type_count; i++) {
    const char *name = info->types[i].name;
    letter = '?';
    for (; *name && letter == '?'; name++)
      if (((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z') && !used[(unsigned char)*name])
        letter = *name;
    for (char d = '0'; d <= '9' && letter == '?'; d++)
      letter = used[(unsigned char)d] ? '?' : d;
    used[(unsigned char)letter] = 1;
  }
  return type < info->type_count ? letter : '?';
}

static int color_of(uint32_t type)
{
  static const int colors[] = {34, 32, 33, 35, 36, 31, 94, 92, 93, 95, 96, 91};
  return colors[type % (sizeof colors / sizeof *colors)];
}

/* How much of cell `x` of worker `w` each type fills; the type that fills most, and how much of
 * the cell is filled in all, in eighths. */
typedef struct cells {
  uint64_t *fill; /* width x (types + 1) */
  uint32_t types;
} cells;

static void fill_cells(const chart *c, cells *k, uint32_t worker)
{
  uint64_t window = c->end_ns - c->start_ns;
  memset(k->fill, 0, sizeof *k->fill * c->width * (k->types + 1));
  for (size_t i = 0; i < c->bar_count; i++) {
    const bar *b = &c->bars[i];
    if (b->worker != worker)
      continue;
    double scale = (double)c->width / (double)window;
    double from = (double)(b->start_ns - c->start_ns) * scale;
    double to = (double)(b->end_ns - c->start_ns) * scale;
    for (uint32_t x = (uint32_t)from; x < c->width && x < to; x++) {
      double low = from > x ? from : x, high = to < x + 1 ? to : x + 1;
      k->fill[x * (k->types + 1) + b->type] += (uint64_t)((high - low) * 1e6) + 1;
    }
  }
}

static void draw_cell(const chart *c, const cells *k, uint32_t x)
{
  static const char *const blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                       "\u2585", "\u2586", "\u2587", "\u2588"};
  const uint64_t *fill = &k->fill[x * (k->types + 1)];
  uint64_t all = 0;
  uint32_t most = 0;
  for (uint32_t t = 0; t <= k->types; t++) {
    all += fill[t];
    most = fill[t] > fill[most] ? t : most;
  }
  if (all == 0) {
    fputs(c->unicode ? "\u00b7" : ".", stdout);
  } else if (c->unicode && c->colors) {
    uint64_t eighths = all * 8 / 1000000;
    printf("\033[%dm%s\033[0m", color_of(most), blocks[eighths > 7 ? 7 : eighths]);
  } else if (c->colors) {
    printf("\033[%dm%c\033[0m", color_of(most), letter_of(c->info, most));
  } else {
    putchar(letter_of(c->info, most));
  }
}

static uint32_t cell_at(const chart *c, uint64_t ns)
{
  uint64_t window = c->end_ns - c->start_ns;
  double x = (double)(ns - c->start_ns) * (double)c->width / (double)window;
  return x >= c->width ? c->width - 1 : (uint32_t)x;
}

/* Where iterations begin, with their numbers as far as there is room. */
static void draw_iterations(const chart *c)
{
  char *line = malloc(c->width + 1);
  uint32_t free_from = 0;
  if (!line)
    return;
  memset(line, ' ', c->width);
  line[c->width] = '\0';
  for (size_t i = 0; i < c->span_count; i++) {
    char text[32];
    uint32_t x = cell_at(c, c->spans[i].start_ns);
    int n = snprintf(text, sizeof text, "|%" PRIu64, c->spans[i].iteration);
    if (x < free_from)
      continue;
    if (x + (uint32_t)n > c->width)
      n = 1;
    memcpy(line + x, text, (size_t)n);
    free_from = x + (uint32_t)n;
  }
  printf("  %-9s %s\n", "iteration", line);
  free(line);
}

static void draw_workers(const chart *c, cells *k)
{
  uint32_t shown = 0, ran = 0;
  uint8_t *seen = calloc(AATGS_WORKERS_LIMIT + 1u, 1);
  for (size_t i = 0; seen && i < c->bar_count; i++)
    seen[c->bars[i].worker] = 1;
  for (uint32_t w = 0; seen && w <= AATGS_WORKERS_LIMIT; w++) {
    ran += seen[w];
    /* A worker that idled all along is a row too, as long as there is room. */
    if ((!seen[w] && w >= c->info->workers) || shown == c->workers)
      continue;
    if (!seen[w] && c->info->workers > c->workers)
      continue;
    shown++;
    fill_cells(c, k, w);
    printf("  worker %-2" PRIu32 " ", w);
    for (uint32_t x = 0; x < c->width; x++)
      draw_cell(c, k, x);
    putchar('\n');
  }
  if (ran > shown)
    printf("  %" PRIu32 " more workers ran tasks (--workers N shows more)\n", ran - shown);
  free(seen);
}

static void draw_legend(const chart *c)
{
  uint64_t *busy = calloc(c->info->type_count + 1u, sizeof *busy);
  uint64_t *count = calloc(c->info->type_count + 1u, sizeof *count);
  for (size_t i = 0; busy && count && i < c->bar_count; i++) {
    busy[c->bars[i].type] += c->bars[i].end_ns - c->bars[i].start_ns;
    count[c->bars[i].type]++;
  }
  for (uint32_t t = 0; busy && count && t <= c->info->type_count; t++) {
    char *name =
        aatgs_text_clean(t < c->info->type_count ? c->info->types[t].name : "(unknown)", 0);
    char time[32];
    if (count[t] && c->unicode && c->colors)
      printf("  \033[%dm\u2588\033[0m  %s  %s in %" PRIu64 " records\n", color_of(t), name,
             aatgs_text_ns(time, sizeof time, busy[t]), count[t]);
    else if (count[t])
      printf("  %c  %s  %s in %" PRIu64 " records\n", letter_of(c->info, t), name ? name : "",
             aatgs_text_ns(time, sizeof time, busy[t]), count[t]);
    free(name);
  }
  free(busy);
  free(count);
}

static int draw(const chart *c)
{
  char window[32], cell[32];
  cells k = {.types = c->info->type_count};
  uint64_t ns = c->end_ns - c->start_ns;
  k.fill = calloc((size_t)c->width * (k.types + 1), sizeof *k.fill);
  if (!k.fill)
    return AATGS_ENOMEM;
  aatgs_text_ns(window, sizeof window, ns);
  aatgs_text_ns(cell, sizeof cell, ns / c->width);
  printf("Iterations %" PRIu64 " to %" PRIu64 ": %s on the device, %s a column\n\n",
         c->spans[0].iteration, c->spans[c->span_count - 1].iteration, window, cell);
  draw_iterations(c);
  draw_workers(c, &k);
  putchar('\n');
  draw_legend(c);
  free(k.fill);
  return 0;
}

/* ---- The verb ------------------------------------------------------------------------------- */

static uint32_t terminal_width(void)
{
  struct winsize size;
  if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

/* Without a range: the last few iterations. */
static void choose_range(aatgs_ask *ask)
{
  aatgs_trace_state state;
  aatgs_trace_get_state(ask->trace, &state);
  if (!ask->range.first)
    ask->first = state.last >= DEFAULT_SHOWN ? state.last - DEFAULT_SHOWN + 1 : 1;
}

static int show(chart *c, aatgs_ask *ask)
{
  choose_range(ask);
  c->info = aatgs_trace_get_info(ask->trace);
  int rc = collect(c, ask);
  if (!rc && c->span_count == 0)
    return aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "%s: there are no iterations in the range",
                          ask->dir);
  if (!rc && c->end_ns <= c->start_ns)
    c->end_ns = c->start_ns + 1;
  if (!rc)
    rc = draw(c);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, aatgs_trace_error(ask->trace));
  if (c->span_count == ITERATIONS_MAX && ask->last > c->spans[ITERATIONS_MAX - 1].iteration)
    fprintf(stderr, "aatgs: timeline: only the first %u iterations are shown\n", ITERATIONS_MAX);
  return aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
}

int aatgs_verb_timeline(int argc, char **argv)
{
  aatgs_ask ask = {0};
  uint32_t width = 0, workers = WORKERS_DEFAULT;
  bool ascii = false;
  const aatgs_cli_option options[] = {
      AATGS_ASK_RANGE(&ask),
      {"width", AATGS_CLI_U32, &width, "N", "columns of the chart (default: the terminal's)", NULL,
       WIDTH_MIN, WIDTH_MAX, 0},
      {"workers", AATGS_CLI_U32, &workers, "N", "workers to show at most (default: 32)", NULL, 1,
       AATGS_WORKERS_LIMIT, 0},
      {"ascii", AATGS_CLI_FLAG, &ascii, NULL, "letters and no Unicode", NULL, 0, 0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR --range A-B [options]",
      .summary = "Draws what each worker of trace DIR ran when, a row a worker, coloured by task "
                 "type. Without a range: the last 8 iterations.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
      .epilogue = "On a terminal with Unicode and colours the height of a block says how much of "
                  "its time the worker was busy; elsewhere a letter stands for the task type that "
                  "took most of it. NO_COLOR is heeded.",
  };
  int result = aatgs_ask_open(&command, argc, argv, &ask);
  if (result != AATGS_CLI_GO_ON)
    return result;
  chart *c = calloc(1, sizeof *c);
  if (!c) {
    aatgs_trace_close(ask.trace);
    return aatgs_cli_fail_with(VERB, AATGS_ENOMEM, NULL);
  }
  setlocale(LC_CTYPE, "");
  c->unicode = !ascii && isatty(STDOUT_FILENO) && !strcmp(nl_langinfo(CODESET), "UTF-8");
  setlocale(LC_CTYPE, "C");
  c->colors = aatgs_colors(stdout);
  c->workers = workers;
  width = width ? width : terminal_width() - 14;
  c->width = width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
  result = show(c, &ask);
  free(c->bars);
  free(c);
  aatgs_trace_close(ask.trace);
  return result;
}
