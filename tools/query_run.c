/* Statements, one after the other, and the prompt that asks for them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <editline/readline.h>

#include "tools/query.h"
#include "tools/sheet.h"

#define VERB "query"

/* The database that a signal interrupts. */
static sqlite3 *volatile running;

static void interrupt(int number)
{
  (void)number;
  if (running)
    sqlite3_interrupt(running);
}

static aatgs_datum datum_of(sqlite3_stmt *statement, int column)
{
  switch (sqlite3_column_type(statement, column)) {
  case SQLITE_INTEGER:
    return (aatgs_datum){.kind = AATGS_DATUM_INTEGER,
                         .integer = sqlite3_column_int64(statement, column)};
  case SQLITE_FLOAT:
    return (aatgs_datum){.kind = AATGS_DATUM_REAL,
                         .real = sqlite3_column_double(statement, column)};
  case SQLITE_NULL: return (aatgs_datum){.kind = AATGS_DATUM_NULL};
  default:
    return (aatgs_datum){.kind = AATGS_DATUM_TEXT,
                         .text = (const char *)sqlite3_column_text(statement, column)};
  }
}

/* SQLITE_DONE, another code of SQLite, or SQLITE_OK when writing failed. */
static int print_rows(sqlite3_stmt *statement, aatgs_format format)
{
  int count = sqlite3_column_count(statement), rc = SQLITE_NOMEM;
  if (count == 0)
    return sqlite3_step(statement);
  const char **names = calloc((size_t)count + 1, sizeof *names);
  aatgs_datum *row = calloc((size_t)count + 1, sizeof *row);
  aatgs_sheet *sheet = NULL;
  if (names && row) {
    for (int i = 0; i < count; i++)
      names[i] = sqlite3_column_name(statement, i);
    sheet = aatgs_sheet_open(stdout, format, names, (uint32_t)count);
  }
  bool ok = sheet != NULL;
  while (ok && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
    for (int i = 0; i < count; i++)
      row[i] = datum_of(statement, i);
    ok = aatgs_sheet_row(sheet, row);
  }
  if (sheet)
    ok = aatgs_sheet_close(sheet) && ok;
  free(names);
  free(row);
  return sheet && !ok ? SQLITE_OK : rc;
}

static int refuse(sqlite3 *db, int rc)
{
  if (rc == SQLITE_AUTH)
    return aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                          "a trace can only be read: SELECT, WITH, VALUES and EXPLAIN (%s)",
                          sqlite3_errmsg(db));
  if (rc == SQLITE_INTERRUPT)
    return aatgs_cli_fail(VERB, 130, "interrupted");
  return aatgs_cli_fail(VERB, rc == SQLITE_ERROR ? AATGS_EXIT_USAGE : AATGS_EXIT_ERROR, "%s",
                        sqlite3_errmsg(db));
}

int aatgs_query_run(sqlite3 *db, const char *sql, aatgs_format format)
{
  struct sigaction act = {.sa_handler = interrupt}, before;
  int result = AATGS_EXIT_DONE;
  sigemptyset(&act.sa_mask);
  sigaction(SIGINT, &act, &before);
  running = db;
  while (result == AATGS_EXIT_DONE && *sql) {
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, &sql);
    if (rc) {
      result = refuse(db, rc);
    } else if (statement) { /* else a comment or blanks */
      rc = print_rows(statement, format);
      if (rc != SQLITE_DONE && rc != SQLITE_OK)
        result = refuse(db, rc) == AATGS_EXIT_USAGE ? AATGS_EXIT_ERROR : 130;
      else if (rc == SQLITE_OK)
        result = aatgs_cli_finish(VERB, AATGS_EXIT_ERROR);
      sqlite3_finalize(statement);
    }
  }
  running = NULL;
  sigaction(SIGINT, &before, NULL);
  return result;
}

/* ---- The prompt --------------------------------------------------------------------- */

/* A line, to be freed; NULL at the end. */
static char *read_line(bool terminal, bool more)
{
  char *line = NULL;
  size_t room = 0;
  if (terminal)
    return readline(more ? "   ...> " : "aatgs> ");
  if (getline(&line, &room, stdin) < 0) {
    free(line);
    return NULL;
  }
  line[strcspn(line, "\n")] = '\0';
  return line;
}

static bool is_end(const char *line)
{
  return !strcmp(line, ".quit") || !strcmp(line, ".exit") || !strcmp(line, "quit") ||
         !strcmp(line, "exit");
}

static const char *shortcut(const char *line)
{
  if (!strcmp(line, ".tables"))
    return "SELECT DISTINCT table_name FROM schema;";
  if (!strcmp(line, ".schema"))
    return "SELECT table_name, column_name, type, unit, help FROM schema;";
  return NULL;
}

/* No SQL begins with a full stop. */
static bool is_unknown(const char *line)
{
  return line[0] == '.' && !shortcut(line) && !is_end(line);
}

int aatgs_query_prompt(sqlite3 *db, aatgs_format format)
{
  bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  char *text = NULL, *line;
  int result = AATGS_EXIT_DONE;
  if (terminal)
    printf("SQL, ended by a semicolon; .tables, .schema and .quit; Ctrl-D ends.\n");
  while ((line = read_line(terminal, text != NULL)) != NULL) {
    if (!text && is_unknown(line)) {
      const int rc = aatgs_cli_fail(VERB, AATGS_EXIT_USAGE,
                                    "there is no command '%s'; there are .tables, .schema and "
                                    ".quit, the rest is SQL",
                                    line);
      result = terminal ? result : rc;
      free(line);
      continue;
    }
    const char *stands_for = text ? NULL : shortcut(line);
    bool end = !text && is_end(line);
    char *longer = NULL;
    if (!end && asprintf(&longer, "%s%s%s", text ? text : "", text ? "\n" : "",
                         stands_for ? stands_for : line) < 0)
      longer = NULL;
    free(line);
    free(text);
    text = longer;
    if (!text)
      break;
    if (!sqlite3_complete(text) && text[strspn(text, " \t\n")])
      continue;
    if (terminal && text[strspn(text, " \t\n")])
      add_history(text);
    int rc = aatgs_query_run(db, text, format);
    result = terminal || rc == AATGS_EXIT_DONE ? result : rc;
    fflush(stdout);
    free(text);
    text = NULL;
  }
  if (text && !terminal)
    result = aatgs_query_run(db, text, format);
  free(text);
  if (terminal)
    putchar('\n');
  return result;
}
