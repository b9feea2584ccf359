/* Inside of `aatgs query`: SQLite over a trace. */
#ifndef AATGS_TOOLS_QUERY_H
#define AATGS_TOOLS_QUERY_H

#include <sqlite3.h>

#include "tools/cli.h"
#include "tools/relation.h"

typedef struct aatgs_query_source {
  aatgs_relations *relations;
  uint64_t first; /* iterations that can be seen */
  uint64_t last;
} aatgs_query_source;

/* A database in memory whose tables are the trace's relations, that nothing can be written to or
 * attached to; with the functions of aatgs_query_functions(). `source` must outlive it. */
int aatgs_query_open(aatgs_query_source *source, sqlite3 **db);
/* percentile(x, p), median(x), histogram(x [, bars]). */
int aatgs_query_functions(sqlite3 *db);

/* Runs all statements in `sql` and prints what they give. An exit status; errors are said on
 * stderr. SIGINT ends the statement that runs. */
int aatgs_query_run(sqlite3 *db, const char *sql, aatgs_format format);
/* Reads statements from the terminal, or from stdin, until its end. */
int aatgs_query_prompt(sqlite3 *db, aatgs_format format);

#endif
