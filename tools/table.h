/* Results as a verb describes them, once: facts in sections, tables and plain
 * lines. From the one description come an aligned text, a JSON object or CSV. */
#ifndef AATGS_TOOLS_TABLE_H
#define AATGS_TOOLS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/cli.h"

typedef enum aatgs_cell_kind {
  AATGS_CELL_NONE, /* null; "-" in text */
  AATGS_CELL_TEXT,
  AATGS_CELL_COUNT,   /* 3,000 */
  AATGS_CELL_REAL,    /* 0.25 */
  AATGS_CELL_NS,      /* 83.2 us; its JSON key should end in _ns */
  AATGS_CELL_BYTES,   /* 312 KiB; its JSON key should end in bytes */
  AATGS_CELL_HEX,     /* 16 hex digits, a string in JSON */
  AATGS_CELL_INTEGER, /* signed */
  AATGS_CELL_BOOL     /* true or false; "yes" or "no" in text */
} aatgs_cell_kind;

typedef struct aatgs_cell {
  aatgs_cell_kind kind;
  const char *text; /* copied; for numbers: a unit, or NULL */
  uint64_t number;
  double real;
} aatgs_cell;

static inline aatgs_cell aatgs_cell_none(void)
{
  return (aatgs_cell){AATGS_CELL_NONE, NULL, 0, 0.0};
}
/* NULL makes an empty cell. */
static inline aatgs_cell aatgs_cell_text(const char *text)
{
  return (aatgs_cell){text ? AATGS_CELL_TEXT : AATGS_CELL_NONE, text, 0, 0.0};
}
static inline aatgs_cell aatgs_cell_count(uint64_t value)
{
  return (aatgs_cell){AATGS_CELL_COUNT, NULL, value, 0.0};
}
static inline aatgs_cell aatgs_cell_integer(int64_t value)
{
  return (aatgs_cell){AATGS_CELL_INTEGER, NULL, (uint64_t)value, 0.0};
}
static inline aatgs_cell aatgs_cell_real(double value)
{
  return (aatgs_cell){AATGS_CELL_REAL, NULL, 0, value};
}
static inline aatgs_cell aatgs_cell_ns(uint64_t value)
{
  return (aatgs_cell){AATGS_CELL_NS, NULL, value, 0.0};
}
static inline aatgs_cell aatgs_cell_bytes(uint64_t value)
{
  return (aatgs_cell){AATGS_CELL_BYTES, NULL, value, 0.0};
}
static inline aatgs_cell aatgs_cell_bool(bool value)
{
  return (aatgs_cell){AATGS_CELL_BOOL, NULL, value, 0.0};
}
static inline aatgs_cell aatgs_cell_hex(uint64_t value)
{
  return (aatgs_cell){AATGS_CELL_HEX, NULL, value, 0.0};
}
/* The same number followed by a unit where people read it. */
static inline aatgs_cell aatgs_cell_unit(aatgs_cell cell, const char *unit)
{
  cell.text = unit;
  return cell;
}

typedef struct aatgs_report aatgs_report;

/* Running out of memory is remembered and said by aatgs_report_print(); NULL is a report
 * that ran out at once, and every function takes it. */
aatgs_report *aatgs_report_open(void);
void aatgs_report_close(aatgs_report *report);

/* What follows is in object `key` of the JSON, under the heading `title` in text. A NULL `key`
 * leads back to the top of the JSON; a NULL `title` makes no heading. */
void aatgs_report_section(aatgs_report *report, const char *key, const char *title);
/* One fact. `label` NULL: only in JSON and CSV. */
void aatgs_report_fact(aatgs_report *report, const char *key, const char *label, aatgs_cell cell);
/* One fact of several values: an array in JSON. */
void aatgs_report_facts(aatgs_report *report, const char *key, const char *label,
                        const aatgs_cell *cells, size_t count);
/* Text of several lines: an array of lines in JSON, under `title` in text. */
void aatgs_report_lines(aatgs_report *report, const char *key, const char *title, const char *text);
/* A line for people alone, printf-style, after a heading "label" like a fact. */
void aatgs_report_hint(aatgs_report *report, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

typedef struct aatgs_column {
  const char *key;   /* in JSON and CSV */
  const char *title; /* in text; NULL: not shown there */
  bool right;        /* aligned to the right, as numbers are */
} aatgs_column;

/* Starts a table (an array of objects in JSON); rows go to the table started last. */
void aatgs_report_table(aatgs_report *report, const char *key, const char *title,
                        const aatgs_column *columns, size_t count);
/* `cells` has one for each column. */
void aatgs_report_row(aatgs_report *report, const aatgs_cell *cells);

/* Prints it. CSV: when the report is one table, its rows under a line of keys, else lines of
 * `key,value` with dotted keys. Returns 0 or AATGS_ENOMEM. Text is coloured when `out` is a
 * terminal and NO_COLOR is not set. */
int aatgs_report_print(const aatgs_report *report, aatgs_format format, FILE *out);

/* Whether `out` takes colours. */
bool aatgs_colors(FILE *out);

#endif
