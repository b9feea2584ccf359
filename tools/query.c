/* aatgs query: SQL over a trace. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ask.h"
#include "tools/cli.h"
#include "tools/query.h"
#include "tools/verbs.h"

#define VERB          "query"
#define SQL_BYTES_MAX ((size_t)1 << 20)

/* The text of file `path` ("-": standard input), to be freed; NULL with *result set. */
static char *read_file(const char *path, int *result)
{
  FILE *in = strcmp(path, "-") ? fopen(path, "r") : stdin;
  char *text = malloc(SQL_BYTES_MAX + 1);
  size_t size = in && text ? fread(text, 1, SQL_BYTES_MAX, in) : 0;
  if (!in)
    *result = aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "cannot read %s: %m", path);
  else if (!text)
    *result = aatgs_cli_fail_with(VERB, AATGS_ENOMEM, NULL);
  else if (ferror(in))
    *result = aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "cannot read %s: it is no file of SQL", path);
  else if (size == SQL_BYTES_MAX)
    *result = aatgs_cli_fail(VERB, AATGS_EXIT_ERROR, "%s is longer than 1 MiB", path);
  if (in && in != stdin)
    fclose(in);
  if (*result == AATGS_CLI_GO_ON) {
    text[size] = '\0';
    return text;
  }
  free(text);
  return NULL;
}

static int answer(const aatgs_ask *ask, const char *file)
{
  aatgs_query_source source = {.first = ask->first, .last = ask->last};
  const char *sql = ask->operand_count > 1 ? ask->operands[1] : NULL;
  sqlite3 *db = NULL;
  int result = AATGS_CLI_GO_ON;
  char *text = file ? read_file(file, &result) : NULL;
  if (result != AATGS_CLI_GO_ON)
    return result;
  if (aatgs_relations_open(ask->trace, &source.relations) || aatgs_query_open(&source, &db))
    result = aatgs_cli_fail_with(VERB, AATGS_ENOMEM, NULL);
  else if (text || sql)
    result = aatgs_query_run(db, text ? text : sql, ask->format);
  else
    result = aatgs_query_prompt(db, ask->format);
  sqlite3_close_v2(db);
  aatgs_relations_close(source.relations);
  free(text);
  return result == AATGS_EXIT_DONE ? aatgs_cli_finish(VERB, result) : result;
}

int aatgs_verb_query(int argc, char **argv)
{
  aatgs_ask ask = {.format = AATGS_TABLE};
  const char *file = NULL;
  const aatgs_cli_option options[] = {
      {"file", AATGS_CLI_TEXT, &file, "FILE", "read the SQL from FILE; -: standard input", NULL, 0,
       0, 'f'},
      AATGS_ASK_RANGE(&ask),
      {"format", AATGS_CLI_FORMAT, &ask.format, "F", "table, json or csv (default: table)", NULL, 0,
       0, 0},
  };
  const aatgs_cli_command command = {
      .verb = VERB,
      .synopsis = "DIR ['SQL'] [options]",
      .summary = "Answers questions about trace DIR in SQL (SQLite's); without SQL, from a prompt. "
                 "Only the columns and iterations that a statement needs are read, and nothing can "
                 "be written.",
      .options = options,
      .option_count = sizeof options / sizeof *options,
      .operands_min = 1,
      .operands_max = 2,
      .epilogue = "Tables: iteration, task, decision, event, snapshot, schema. All columns:\n"
                  "  aatgs query DIR 'SELECT * FROM schema'\n"
                  "Functions beside SQLite's: percentile(x, p), median(x), histogram(x [, bars]).\n"
                  "The slowest task types:\n"
                  "  aatgs query DIR 'SELECT type, count(*), percentile(duration_ns, 99) AS p99\n"
                  "                   FROM task GROUP BY type ORDER BY p99 DESC'"};
  int result = aatgs_ask_open(&command, argc, argv, &ask);
  if (result != AATGS_CLI_GO_ON)
    return result;
  if (file && ask.operand_count > 1)
    result = aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                            "SQL on the command line and --file: give one of them");
  else
    result = answer(&ask, file);
  aatgs_trace_close(ask.trace);
  return result;
}
