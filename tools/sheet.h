/* Rows as they come, as an aligned table, JSON or CSV, in bounded memory. */
#ifndef AATGS_TOOLS_SHEET_H
#define AATGS_TOOLS_SHEET_H

#include <stdio.h>

#include "tools/cli.h"
#include "tools/relation.h"

/* Rows that set the widths of a table's columns; later ones are fitted to them. */
#define AATGS_SHEET_ROWS 200u

typedef struct aatgs_sheet aatgs_sheet;

/* `names` must outlive it. NULL when out of memory. */
aatgs_sheet *aatgs_sheet_open(FILE *out, aatgs_format format, const char *const *names,
                              uint32_t count);
/* `row` has a datum for each column. Texts are made safe to print in a table; in JSON and CSV they
 * are whole, and escaped as these ask for. False: writing failed, or memory ran out. */
bool aatgs_sheet_row(aatgs_sheet *sheet, const aatgs_datum *row);
/* Prints what is left and frees it; false as above. */
bool aatgs_sheet_close(aatgs_sheet *sheet);

#endif
