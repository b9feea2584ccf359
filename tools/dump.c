/* aatgs dump: a trace's rows, as they are, for other programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis.h"
#include "tools/ask.h"
#include "tools/cli.h"
#include "tools/sheet.h"
#include "tools/verbs.h"

#define VERB "dump"

typedef struct dump {
  aatgs_ask ask;
  int table;
  int format;
  const char *columns;
  aatgs_relations *relations;
  const aatgs_relation *relation;
  uint32_t *chosen; /* columns, in the order they were asked for */
  uint32_t count;
} dump;

static int no_column(const dump *d, const char *name)
{
  const char **names = calloc(d->relation->count + 1u, sizeof *names);
  const char *nearest = NULL;
  for (uint32_t i = 0; names && i < d->relation->count; i++)
    names[i] = d->relation->columns[i].name;
  if (names)
    nearest = aatgs_cli_nearest(name, names);
  free(names);
  if (nearest)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE, "table %s has no column '%s'; did you mean '%s'?",
                          d->relation->name, name, nearest);
  return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                        "table %s has no column '%s'; 'aatgs dump DIR --table schema' lists them",
                        d->relation->name, name);
}

/* --columns a,b,c, or all of them. */
static int choose(dump *d)
{
  char *list = strdup(d->columns ? d->columns : ""), *rest = list;
  size_t most = d->relation->count + (d->columns ? strlen(d->columns) : 0);
  d->chosen = calloc(most + 1, sizeof *d->chosen);
  int result = list && d->chosen ? AATGS_CLI_GO_ON : aatgs_cli_fail_with(VERB, AATGS_ENOMEM, NULL);
  for (uint32_t i = 0; result == AATGS_CLI_GO_ON && !d->columns && i < d->relation->count; i++)
    d->chosen[d->count++] = i;
  while (result == AATGS_CLI_GO_ON && d->columns && rest) {
    const char *name = strsep(&rest, ",");
    int at = aatgs_relation_column_named(d->relation, name);
    if (at < 0)
      result = no_column(d, name);
    else
      d->chosen[d->count++] = (uint32_t)at;
  }
  free(list);
  return result;
}

static int print_rows(const dump *d, aatgs_rows *rows, const char **names, aatgs_datum *row)
{
  bool ok = true;
  int rc = 0;
  for (uint32_t i = 0; i < d->count; i++)
    names[i] = d->relation->columns[d->chosen[i]].name;
  aatgs_sheet *sheet = aatgs_sheet_open(stdout, d->ask.format, names, d->count);
  if (!sheet)
    return AATGS_ENOMEM;
  while (ok && (rc = aatgs_rows_next(rows)) == 1) {
    for (uint32_t i = 0; i < d->count; i++)
      row[i] = aatgs_rows_datum(rows, d->chosen[i]);
    ok = aatgs_sheet_row(sheet, row);
  }
  ok = aatgs_sheet_close(sheet) && ok;
  return rc < 0 ? rc : 0; /* aatgs_cli_finish() reports a failed write */
}

static int stream(const dump *d)
{
  bool *wanted = calloc(d->relation->count + 1u, sizeof *wanted);
  const char **names = calloc(d->count + 1u, sizeof *names);
  aatgs_datum *row = calloc(d->count + 1u, sizeof *row);
  aatgs_rows *rows = NULL;
  int rc = wanted && names && row ? 0 : AATGS_ENOMEM;
  for (uint32_t i = 0; !rc && i < d->count; i++)
    wanted[d->chosen[i]] = true;
  if (!rc)
    rc = aatgs_rows_open(d->relations, (aatgs_relation_kind)d->table, wanted, d->ask.first,
                         d->ask.last, aatgs_analysis_threads(), &rows);
  if (!rc)
    rc = print_rows(d, rows, names, row);
  aatgs_rows_close(rows);
  free(wanted);
  free(names);
  free(row);
  return rc;
}

static int run(dump *d)
{
  int rc = aatgs_relations_open(d->ask.trace, &d->relations);
  if (rc)
    return aatgs_cli_fail_with(VERB, rc, NULL);
  d->relation = &d->relations->at[d->table];
  d->ask.format = d->format ? AATGS_JSON : AATGS_CSV;
  int result = choose(d);
  if (result == AATGS_CLI_GO_ON) {
    rc = stream(d);
    result = rc ? aatgs_cli_fail_with(VERB, rc, aatgs_trace_error(d->ask.trace))
                : aatgs_cli_finish(VERB, AATGS_EXIT_DONE);
  }
  free(d->chosen);
  aatgs_relations_close(d->relations);
  return result;
}

int aatgs_verb_dump(int argc, char **argv)
{
  static const char *const names[] = {"iteration", "task",   "decision", "event",
                                      "snapshot",  "schema", NULL};
  static const char *const formats[] = {"csv", "json", NULL};
  dump d = {0};
  const aatgs_cli_option options[] = {
      {"table", AATGS_CLI_CHOICE, &d.table, "T",
       "iteration, task, decision, event, snapshot or schema (default: iteration)", names, 0, 0, 0},
      {"columns", AATGS_CLI_TEXT, &d.columns, "A,B",
       "these columns alone, in this order (default: all; --table schema lists them)", NULL, 0, 0,
       0},
      AATGS_ASK_RANGE(&d.ask),
      {"format", AATGS_CLI_CHOICE, &d.format, "F", "csv or json (default: csv)", formats, 0, 0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR [options]",
      .summary = "Writes what trace DIR holds to standard output, a row an iteration or as --table "
                 "says, as it is read. 'aatgs query' sees the same tables.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 1,
  };
  int result = aatgs_ask_open(&command, argc, argv, &d.ask);
  if (result != AATGS_CLI_GO_ON)
    return result;
  result = run(&d);
  aatgs_trace_close(d.ask.trace);
  return result;
}
