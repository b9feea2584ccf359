#include "tools/debug.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"

#define BACK_WINDOW 4096u

/* ---- Making and deleting ------------------------------------------------------------------- */

static void list_stops(const aatgs_debugger *d, bool watches)
{
  uint32_t shown = 0;
  for (uint32_t i = 0; i < d->stop_count; i++)
    if (d->stops[i].watch == watches) {
      printf("%u: %s\n", d->stops[i].number, d->stops[i].text);
      shown++;
    }
  if (!shown)
    printf("no %s\n", watches ? "watched fields" : "breakpoints");
}

static void add(aatgs_debugger *d, const char *text, bool watch)
{
  aatgs_error error;
  aatgs_expr *expr;
  if (d->stop_count == sizeof d->stops / sizeof *d->stops) {
    aatgs_debug_complain(d, "%u breakpoints are enough; delete one", d->stop_count);
    return;
  }
  if (aatgs_expr_compile_for(text, d->info, &expr, &error)) {
    aatgs_debug_complain(d, "%s", error.text);
    return;
  }
  char *copy = strdup(text);
  if (!copy) {
    aatgs_expr_free(expr);
    aatgs_debug_complain(d, "out of memory");
    return;
  }
  d->stops[d->stop_count++] = (aatgs_debug_stop){++d->stop_next, copy, expr, watch};
  printf("%s %u: %s\n", watch ? "watch" : "breakpoint", d->stop_next, text);
}

void aatgs_debug_break(aatgs_debugger *d, const char *expression)
{
  if (*expression)
    add(d, expression, false);
  else
    list_stops(d, false);
}

void aatgs_debug_watch(aatgs_debugger *d, const char *field)
{
  if (*field)
    add(d, field, true);
  else
    list_stops(d, true);
}

void aatgs_debug_delete(aatgs_debugger *d, const char *number)
{
  uint64_t n = 0;
  if (!*number) {
    aatgs_debug_stops_close(d);
    return;
  }
  if (aatgs_cli_number(number, &n))
    for (uint32_t i = 0; i < d->stop_count; i++)
      if (d->stops[i].number == n) {
        free(d->stops[i].text);
        aatgs_expr_free(d->stops[i].expr);
        memmove(&d->stops[i], &d->stops[i + 1], (--d->stop_count - i) * sizeof *d->stops);
        return;
      }
  aatgs_debug_complain(d, "there is no breakpoint '%s'; 'break' and 'watch' list them", number);
}

void aatgs_debug_stops_close(aatgs_debugger *d)
{
  for (uint32_t i = 0; i < d->stop_count; i++) {
    free(d->stops[i].text);
    aatgs_expr_free(d->stops[i].expr);
  }
  d->stop_count = 0;
}

/* ---- Looking through the record ---------------------------------------------------------------
 */

/* What the watched fields were one iteration earlier. */
typedef struct values {
  bool known;
  double at[32];
} values;

/* The first stop that holds at the iteration, or NULL; `before` is brought up to date. */
static const aatgs_debug_stop *hit(const aatgs_debugger *d, const aatgs_iteration *it,
                                   values *before)
{
  const aatgs_debug_stop *found = NULL;
  for (uint32_t i = 0; i < d->stop_count; i++) {
    const aatgs_debug_stop *s = &d->stops[i];
    const double v =
        aatgs_expr_value(s->expr, it->iteration, it->status, it->config, it->telemetry);
    const bool here =
        s->watch ? before->known && v != before->at[i] : aatgs_expr_match_iteration(s->expr, it);
    before->at[i] = v;
    if (here && !found)
      found = s;
  }
  before->known = true;
  return found;
}

/* The first (or with `want_last` the last) iteration in first..last at which a stop holds; 0: none.
 */
static uint64_t search(aatgs_debugger *d, uint64_t first, uint64_t last, bool want_last,
                       const aatgs_debug_stop **stop)
{
  aatgs_iteration it;
  values before = {0};
  uint64_t found = 0;
  int rc = aatgs_trace_seek(d->trace, first > 1 ? first - 1 : first), more = 1;
  while (!rc && (more = aatgs_trace_next(d->trace, &it)) == 1 && it.iteration <= last) {
    const aatgs_debug_stop *s = hit(d, &it, &before);
    if (!s || it.iteration < first)
      continue;
    found = it.iteration;
    *stop = s;
    if (!want_last)
      return found;
  }
  if (more < 0)
    aatgs_debug_complain(d, "%s", aatgs_trace_error(d->trace)->text);
  return found;
}

static void arrive(aatgs_debugger *d, uint64_t iteration, const aatgs_debug_stop *stop,
                   const char *otherwise)
{
  if (aatgs_walk_goto(d->walk, iteration)) {
    aatgs_debug_complain(d, "%s", aatgs_walk_error(d->walk)->text);
    return;
  }
  if (stop)
    printf("%s %u: %s\n", stop->watch ? "watch" : "breakpoint", stop->number, stop->text);
  else
    printf("%s\n", otherwise);
  aatgs_debug_where(d);
}

void aatgs_debug_continue(aatgs_debugger *d)
{
  const aatgs_debug_stop *stop = NULL;
  const uint64_t last = aatgs_walk_last(d->walk);
  const uint64_t found = search(d, aatgs_walk_at(d->walk) + 1, last, false, &stop);
  if (aatgs_walk_at(d->walk) == last)
    printf("the trace ends here\n");
  else
    arrive(d, found ? found : last, stop, "the end of the trace");
}

void aatgs_debug_reverse_continue(aatgs_debugger *d)
{
  const aatgs_debug_stop *stop = NULL;
  const uint64_t first = aatgs_walk_first(d->walk);
  uint64_t end = aatgs_walk_at(d->walk), found = 0;
  if (end < first) {
    printf("the trace begins here\n");
    return;
  }
  while (!found && end > first && !d->failed) {
    const uint64_t begin = end - first > BACK_WINDOW ? end - BACK_WINDOW : first;
    found = search(d, begin, end - 1, true, &stop);
    end = begin;
  }
  arrive(d, found ? found : first - 1, stop, "the start of the trace");
}
