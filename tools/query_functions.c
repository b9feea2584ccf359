/* What SQLite lacks to ask about times: exact percentiles and histograms. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/query.h"

#define BARS_DEFAULT 10
#define BARS_MAX     1000

/* All numbers of a group. */
typedef struct numbers {
  double *at;
  size_t count;
  size_t room;
  double argument; /* the function's second one, from the first row */
} numbers;

/* Keeps a number; what is not one is passed over, as by avg(). */
static numbers *keep(sqlite3_context *context, sqlite3_value *value)
{
  numbers *n = sqlite3_aggregate_context(context, sizeof *n);
  int type = sqlite3_value_numeric_type(value);
  if (!n || (type != SQLITE_INTEGER && type != SQLITE_FLOAT))
    return n;
  if (n->count == n->room) {
    size_t room = n->room ? 2 * n->room : 64;
    double *grown = realloc(n->at, room * sizeof *grown);
    if (!grown) {
      sqlite3_result_error_nomem(context);
      return NULL;
    }
    n->at = grown;
    n->room = room;
  }
  n->at[n->count++] = sqlite3_value_double(value);
  return n;
}

/* The number of rank `k` from below, counted from 0 (quickselect, Hoare). */
static double select_rank(double *at, size_t count, size_t k)
{
  size_t low = 0, high = count - 1;
  while (low < high) {
    double pivot = at[low + (high - low) / 2];
    size_t i = low, j = high;
    while (i <= j) {
      while (at[i] < pivot)
        i++;
      while (at[j] > pivot)
        j--;
      if (i <= j) {
        double swap = at[i];
        at[i++] = at[j];
        at[j] = swap;
        if (j-- == 0)
          break;
      }
    }
    if (j != SIZE_MAX && k <= j)
      high = j;
    else if (k >= i)
      low = i;
    else
      return at[k];
  }
  return at[k];
}

static void percentile_step(sqlite3_context *context, int argc, sqlite3_value **argv)
{
  numbers *n = keep(context, argv[0]);
  double p = argc > 1 ? sqlite3_value_double(argv[1]) : 50;
  if (!n)
    return;
  if (!(p >= 0 && p <= 100))
    sqlite3_result_error(context, "percentile(x, p): p is from 0 to 100", -1);
  n->argument = p;
}

static void percentile_final(sqlite3_context *context)
{
  numbers *n = sqlite3_aggregate_context(context, 0);
  if (!n || !n->count) {
    if (n)
      free(n->at);
    return;
  }
  double rank = ceil(n->argument / 100.0 * (double)n->count);
  size_t k = rank < 1 ? 0 : (size_t)rank - 1;
  double v = select_rank(n->at, n->count, k < n->count ? k : n->count - 1);
  free(n->at);
  if (v == floor(v) && fabs(v) < 0x1p53)
    sqlite3_result_int64(context, (sqlite3_int64)v);
  else
    sqlite3_result_double(context, v);
}

static void histogram_step(sqlite3_context *context, int argc, sqlite3_value **argv)
{
  numbers *n = keep(context, argv[0]);
  double bars = argc > 1 ? sqlite3_value_double(argv[1]) : BARS_DEFAULT;
  if (!n)
    return;
  if (!(bars >= 1 && bars <= BARS_MAX))
    sqlite3_result_error(context, "histogram(x, bars): bars is from 1 to 1000", -1);
  n->argument = bars;
}

static void write_histogram(sqlite3_context *context, const numbers *n)
{
  size_t bars = (size_t)n->argument, counts[BARS_MAX] = {0};
  double low = n->at[0], high = low;
  for (size_t i = 1; i < n->count; i++) {
    low = n->at[i] < low ? n->at[i] : low;
    high = n->at[i] > high ? n->at[i] : high;
  }
  double width = (high - low) / (double)bars;
  for (size_t i = 0; i < n->count; i++) {
    size_t at = width > 0 && isfinite(width) ? (size_t)((n->at[i] - low) / width) : 0;
    counts[at < bars ? at : bars - 1]++;
  }
  sqlite3_str *s = sqlite3_str_new(NULL);
  for (size_t i = 0; i < (width > 0 ? bars : 1); i++)
    sqlite3_str_appendf(
        s, "%s{\"from\":%.15g,\"to\":%.15g,\"count\":%llu}", i ? "," : "[", low + width * (double)i,
        i + 1 < bars ? low + width * (double)(i + 1) : high, (unsigned long long)counts[i]);
  sqlite3_str_appendall(s, "]");
  sqlite3_result_text(context, sqlite3_str_finish(s), -1, sqlite3_free);
}

static void histogram_final(sqlite3_context *context)
{
  numbers *n = sqlite3_aggregate_context(context, 0);
  if (!n)
    return;
  if (n->count && n->argument >= 1)
    write_histogram(context, n);
  free(n->at);
}

int aatgs_query_functions(sqlite3 *db)
{
  static const struct {
    const char *name;
    int arguments;
    void (*step)(sqlite3_context *, int, sqlite3_value **);
    void (*final)(sqlite3_context *);
  } functions[] = {{"percentile", 2, percentile_step, percentile_final},
                   {"median", 1, percentile_step, percentile_final},
                   {"histogram", 1, histogram_step, histogram_final},
                   {"histogram", 2, histogram_step, histogram_final}};
  int rc = SQLITE_OK;
  for (size_t i = 0; !rc && i < sizeof functions / sizeof *functions; i++)
    rc = sqlite3_create_function(db, functions[i].name, functions[i].arguments,
                                 SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, NULL, functions[i].step,
                                 functions[i].final);
  return rc;
}
