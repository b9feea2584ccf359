/* Relations as virtual tables: only the columns that a statement names and only the iterations that
 * its WHERE leaves are read. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/analysis.h"
#include "tools/query.h"

/* Ranges below it are read by the caller alone: threads are not worth having. */
#define SHORT_RANGE UINT64_C(20000)

typedef struct table {
  sqlite3_vtab base;
  aatgs_query_source *source;
  aatgs_relation_kind kind;
} table;

typedef struct cursor {
  sqlite3_vtab_cursor base;
  aatgs_rows *rows;
  uint64_t columns; /* as `rows` was opened for */
  bool threads;
  bool end;
  sqlite3_int64 row;
} cursor;

static table *table_of(sqlite3_vtab_cursor *c)
{
  return (table *)c->pVtab;
}

static int failed(sqlite3_vtab *base, int rc)
{
  const aatgs_error *error = aatgs_trace_error(((table *)base)->source->relations->trace);
  const char *text = rc == error->code && error->text[0] ? error->text : aatgs_strerror(rc);
  sqlite3_free(base->zErrMsg);
  base->zErrMsg = sqlite3_mprintf("%s", text);
  return rc == AATGS_ENOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
}

/* ---- The table ------------------------------------------------------------------------- */

static char *declaration(const aatgs_relation *r)
{
  static const char *const types[] = {"", "INTEGER", "REAL", "TEXT"};
  sqlite3_str *s = sqlite3_str_new(NULL);
  sqlite3_str_appendall(s, "CREATE TABLE t(");
  for (uint32_t i = 0; i < r->count; i++)
    sqlite3_str_appendf(s, "%s\"%w\" %s", i ? ", " : "", r->columns[i].name,
                        types[r->columns[i].kind]);
  sqlite3_str_appendall(s, ")");
  return sqlite3_str_finish(s);
}

static int connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                   char **message)
{
  aatgs_query_source *source = aux;
  aatgs_relation_kind kind = aatgs_relation_named(source->relations, argv[0]);
  (void)argc;
  (void)message;
  char *sql = declaration(&source->relations->at[kind]);
  table *t = sqlite3_malloc(sizeof *t);
  int rc = sql && t ? sqlite3_declare_vtab(db, sql) : SQLITE_NOMEM;
  sqlite3_free(sql);
  if (rc) {
    sqlite3_free(t);
    return rc;
  }
  *t = (table){.source = source, .kind = kind};
  *out = &t->base;
  return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *base)
{
  sqlite3_free(base);
  return SQLITE_OK;
}

/* ---- Planning --------------------------------------------------------------------------- */

static char operator_of(int op)
{
  switch (op) {
  case SQLITE_INDEX_CONSTRAINT_EQ: return '=';
  case SQLITE_INDEX_CONSTRAINT_GT: return '>';
  case SQLITE_INDEX_CONSTRAINT_GE: return 'g';
  case SQLITE_INDEX_CONSTRAINT_LT: return '<';
  case SQLITE_INDEX_CONSTRAINT_LE: return 'l';
  default: return 0;
  }
}

/* idxStr: the mask of columns in hex, a colon, an operator for each argument. */
static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
  const table *t = (const table *)base;
  int iteration = t->source->relations->at[t->kind].iteration;
  char operators[17] = "";
  int used = 0;
  bool point = false, bounded = false;
  for (int i = 0; i < info->nConstraint && used < 16; i++) {
    char op = operator_of(info->aConstraint[i].op);
    if (!info->aConstraint[i].usable || info->aConstraint[i].iColumn != iteration ||
        iteration < 0 || !op)
      continue;
    operators[used++] = op;
    info->aConstraintUsage[i].argvIndex = used;
    point |= op == '=';
    bounded = true;
  }
  info->idxStr = sqlite3_mprintf("%llx:%s", (unsigned long long)info->colUsed, operators);
  info->needToFreeIdxStr = 1;
  info->orderByConsumed = info->nOrderBy == 1 && info->aOrderBy[0].iColumn == iteration &&
                          !info->aOrderBy[0].desc && t->kind != AATGS_REL_EVENT;
  info->estimatedRows = point ? 1 : bounded ? 100000 : 10000000;
  info->estimatedCost = point ? 100 : (double)info->estimatedRows;
  return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- Reading ------------------------------------------------------------------------------ */

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
  cursor *c = sqlite3_malloc(sizeof *c);
  (void)base;
  if (!c)
    return SQLITE_NOMEM;
  *c = (cursor){.end = true};
  *out = &c->base;
  return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
  aatgs_rows_close(((cursor *)base)->rows);
  sqlite3_free(base);
  return SQLITE_OK;
}

/* Narrows first..last by `iteration op value`; what is not a number narrows nothing, SQLite checks
 * every row again. False: no row can match. */
static bool narrow(char op, sqlite3_value *value, uint64_t *first, uint64_t *last)
{
  int type = sqlite3_value_type(value);
  if (type == SQLITE_NULL)
    return false;
  if (type != SQLITE_INTEGER && type != SQLITE_FLOAT)
    return true;
  double v = sqlite3_value_double(value);
  if (v >= 0x1p62)
    return op == '<' || op == 'l';
  if (v < 0)
    return op == '>' || op == 'g';
  uint64_t floor_of = type == SQLITE_INTEGER ? (uint64_t)sqlite3_value_int64(value) : (uint64_t)v;
  uint64_t ceiling = floor_of + (type == SQLITE_FLOAT && (double)floor_of < v);
  uint64_t low = op == '>' ? floor_of + 1 : op == '=' || op == 'g' ? ceiling : 0;
  uint64_t high = op == '=' || op == 'l' ? floor_of : UINT64_MAX;
  if (op == '<') {
    if (ceiling == 0)
      return false;
    high = ceiling - 1;
  }
  *first = low > *first ? low : *first;
  *last = high < *last ? high : *last;
  return *first <= *last;
}

static int open_rows(cursor *c, uint64_t columns, uint64_t first, uint64_t last)
{
  const table *t = table_of(&c->base);
  const aatgs_relation *r = &t->source->relations->at[t->kind];
  aatgs_trace_state state;
  aatgs_trace_get_state(t->source->relations->trace, &state);
  uint64_t end = last < state.last ? last : state.last;
  bool threads = end >= first && end - first > SHORT_RANGE;
  if (c->rows && !threads && !c->threads && c->columns == columns)
    return aatgs_rows_seek(c->rows, first, last);
  bool *wanted = calloc(r->count, sizeof *wanted);
  if (!wanted)
    return AATGS_ENOMEM;
  for (uint32_t i = 0; i < r->count; i++)
    wanted[i] = columns >> (i < 63 ? i : 63) & 1;
  aatgs_rows_close(c->rows);
  c->rows = NULL;
  c->columns = columns;
  c->threads = threads;
  int rc = aatgs_rows_open(t->source->relations, t->kind, wanted, first, last,
                           threads ? aatgs_analysis_threads() : 0, &c->rows);
  free(wanted);
  return rc;
}

static int next(sqlite3_vtab_cursor *base)
{
  cursor *c = (cursor *)base;
  int rc = aatgs_rows_next(c->rows);
  c->end = rc != 1;
  c->row++;
  return rc < 0 ? failed(base->pVtab, rc) : SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *plan, int argc,
                  sqlite3_value **argv)
{
  cursor *c = (cursor *)base;
  const table *t = table_of(base);
  uint64_t first = t->source->first, last = t->source->last;
  char *operators;
  uint64_t columns = strtoull(plan, &operators, 16);
  (void)number;
  c->row = 0;
  c->end = true;
  for (int i = 0; i < argc; i++)
    if (!narrow(operators[1 + i], argv[i], &first, &last))
      return SQLITE_OK;
  int rc = open_rows(c, columns, first, last);
  return rc ? failed(base->pVtab, rc) : next(base);
}

static int eof(sqlite3_vtab_cursor *base)
{
  return ((cursor *)base)->end;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int index)
{
  aatgs_datum d = aatgs_rows_datum(((cursor *)base)->rows, (uint32_t)index);
  switch (d.kind) {
  case AATGS_DATUM_NULL: sqlite3_result_null(context); break;
  case AATGS_DATUM_INTEGER: sqlite3_result_int64(context, d.integer); break;
  case AATGS_DATUM_REAL: sqlite3_result_double(context, d.real); break;
  case AATGS_DATUM_TEXT: sqlite3_result_text(context, d.text, -1, SQLITE_TRANSIENT); break;
  }
  return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
  *out = ((cursor *)base)->row;
  return SQLITE_OK;
}

/* ---- The database ---------------------------------------------------------------------------- */

/* Reading is all there is: nothing can be made, changed, attached or set. */
static int authorize(void *user, int action, const char *a, const char *b, const char *c,
                     const char *d)
{
  (void)user;
  (void)a;
  (void)b;
  (void)c;
  (void)d;
  switch (action) {
  case SQLITE_SELECT:
  case SQLITE_READ:
  case SQLITE_FUNCTION:
  case SQLITE_RECURSIVE: return SQLITE_OK;
  default: return SQLITE_DENY;
  }
}

/* Connects a table: that declares its columns, which the authorizer would forbid later. */
static int connect_table(sqlite3 *db, const char *name)
{
  sqlite3_stmt *statement = NULL;
  char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", name);
  int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &statement, NULL) : SQLITE_NOMEM;
  sqlite3_finalize(statement);
  sqlite3_free(sql);
  return rc;
}

int aatgs_query_open(aatgs_query_source *source, sqlite3 **db)
{
  /* xCreate NULL: the tables are there without being made. */
  static const sqlite3_module module = {.iVersion = 1,
                                        .xConnect = connect,
                                        .xBestIndex = best_index,
                                        .xDisconnect = disconnect,
                                        .xOpen = open_cursor,
                                        .xClose = close_cursor,
                                        .xFilter = filter,
                                        .xNext = next,
                                        .xEof = eof,
                                        .xColumn = column,
                                        .xRowid = rowid};
  int rc = sqlite3_open_v2(":memory:", db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  for (int k = 0; !rc && k < AATGS_RELATIONS; k++) {
    const char *name = source->relations->at[k].name;
    rc = sqlite3_create_module(*db, name, &module, source);
    if (!rc)
      rc = connect_table(*db, name);
  }
  if (!rc)
    rc = aatgs_query_functions(*db);
  sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_limit(*db, SQLITE_LIMIT_LENGTH, 64 << 20);
  if (!rc)
    rc = sqlite3_set_authorizer(*db, authorize, NULL);
  return rc;
}
