/* A plain SQLite database: the relations of `aatgs query` as tables. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis.h"
#include "tools/export.h"
#include "tools/relation.h"

/* `CREATE TABLE "task" ("iteration" INTEGER, ...)`, to be freed by SQLite. */
static char *creation(const aatgs_relation *r)
{
  static const char *const types[] = {"", "INTEGER", "REAL", "TEXT"};
  sqlite3_str *s = sqlite3_str_new(NULL);
  sqlite3_str_appendf(s, "CREATE TABLE \"%w\" (", r->name);
  for (uint32_t i = 0; i < r->count; i++)
    sqlite3_str_appendf(s, "%s\"%w\" %s", i ? ", " : "", r->columns[i].name,
                        types[r->columns[i].kind]);
  sqlite3_str_appendall(s, ")");
  return sqlite3_str_finish(s);
}

/* `INSERT INTO "task" VALUES (?, ...)` */
static char *insertion(const aatgs_relation *r)
{
  sqlite3_str *s = sqlite3_str_new(NULL);
  sqlite3_str_appendf(s, "INSERT INTO \"%w\" VALUES (", r->name);
  for (uint32_t i = 0; i < r->count; i++)
    sqlite3_str_appendall(s, i ? ", ?" : "?");
  sqlite3_str_appendall(s, ")");
  return sqlite3_str_finish(s);
}

static int bind(sqlite3_stmt *s, int at, const aatgs_datum *datum)
{
  switch (datum->kind) {
  case AATGS_DATUM_INTEGER: return sqlite3_bind_int64(s, at, datum->integer);
  case AATGS_DATUM_REAL: return sqlite3_bind_double(s, at, datum->real);
  case AATGS_DATUM_TEXT: return sqlite3_bind_text(s, at, datum->text, -1, SQLITE_STATIC);
  default: return sqlite3_bind_null(s, at);
  }
}

static int insert_row(sqlite3_stmt *s, const aatgs_rows *rows, uint32_t columns)
{
  int rc = SQLITE_OK;
  for (uint32_t i = 0; i < columns && rc == SQLITE_OK; i++) {
    aatgs_datum datum = aatgs_rows_datum(rows, i);
    rc = bind(s, (int)i + 1, &datum);
  }
  if (rc == SQLITE_OK && sqlite3_step(s) != SQLITE_DONE)
    return sqlite3_reset(s);
  return rc == SQLITE_OK ? sqlite3_reset(s) : rc;
}

/* All rows of a relation; SQLite's result in *sql_rc, the reader's is returned. */
static int copy_rows(const aatgs_export *e, aatgs_relations *relations, aatgs_relation_kind kind,
                     sqlite3_stmt *s, int *sql_rc)
{
  uint32_t columns = relations->at[kind].count;
  uint64_t last = e->range.last ? e->range.last : UINT64_MAX;
  bool *wanted = malloc(columns + 1u);
  aatgs_rows *rows = NULL;
  int rc = AATGS_ENOMEM;
  if (wanted) {
    memset(wanted, true, columns + 1u);
    rc = aatgs_rows_open(relations, kind, wanted, e->range.first, last, aatgs_analysis_threads(),
                         &rows);
  }
  while (!rc && *sql_rc == SQLITE_OK && (rc = aatgs_rows_next(rows)) > 0) {
    rc = 0;
    *sql_rc = insert_row(s, rows, columns);
  }
  aatgs_rows_close(rows);
  free(wanted);
  return rc;
}

static int copy(const aatgs_export *e, aatgs_relations *relations, aatgs_relation_kind kind,
                sqlite3 *db, int *sql_rc)
{
  char *create = creation(&relations->at[kind]), *insert = insertion(&relations->at[kind]);
  sqlite3_stmt *s = NULL;
  int rc = 0;
  *sql_rc = create && insert ? sqlite3_exec(db, create, NULL, NULL, NULL) : SQLITE_NOMEM;
  if (*sql_rc == SQLITE_OK)
    *sql_rc = sqlite3_prepare_v2(db, insert, -1, &s, NULL);
  if (*sql_rc == SQLITE_OK)
    rc = copy_rows(e, relations, kind, s, sql_rc);
  sqlite3_finalize(s);
  sqlite3_free(create);
  sqlite3_free(insert);
  return rc;
}

static int copy_all(const aatgs_export *e, sqlite3 *db, int *sql_rc)
{
  aatgs_relations *relations = NULL;
  int rc = aatgs_relations_open(e->trace, &relations);
  /* The file is not looked at before it is whole. */
  *sql_rc = sqlite3_exec(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN", 0, 0, 0);
  for (int kind = 0; kind < AATGS_RELATIONS && !rc && *sql_rc == SQLITE_OK; kind++)
    rc = copy(e, relations, (aatgs_relation_kind)kind, db, sql_rc);
  if (*sql_rc == SQLITE_OK)
    *sql_rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  aatgs_relations_close(relations);
  return rc;
}

int aatgs_export_sqlite(const aatgs_export *e, const char *path, aatgs_error *error)
{
  sqlite3 *db = NULL;
  int sql_rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
  int rc = sql_rc == SQLITE_OK ? copy_all(e, db, &sql_rc) : 0;
  if (rc == AATGS_ENOMEM || sql_rc == SQLITE_NOMEM)
    rc = aatgs_error_set(error, AATGS_ENOMEM, 0, "out of memory");
  else if (rc && error)
    *error = *aatgs_trace_error(e->trace);
  else if (sql_rc != SQLITE_OK)
    rc = aatgs_error_set(error, sql_rc == SQLITE_FULL ? AATGS_ENOSPC : AATGS_EIO, sql_rc,
                         "cannot write the database: %s", sqlite3_errstr(sql_rc));
  sqlite3_close(db);
  return rc;
}
