#include "tools/care_report.h"

#include <stdio.h>

#include "tools/table.h"

static void extent(aatgs_report *p, const char *verdict, const aatgs_trace_report *r)
{
  if (verdict)
    aatgs_report_fact(p, "verdict", "verdict", aatgs_cell_text(verdict));
  aatgs_report_fact(p, "state", "state", aatgs_cell_text(r->closed ? "closed" : "open"));
  aatgs_report_fact(p, "iterations", "iterations", aatgs_cell_count(r->iterations));
  aatgs_report_fact(p, "first", "first", aatgs_cell_count(r->first));
  aatgs_report_fact(p, "last", "last", aatgs_cell_count(r->last));
  aatgs_report_fact(p, "lost", "lost", aatgs_cell_count(r->lost));
  aatgs_report_fact(p, "timings", "timing records", aatgs_cell_count(r->timings));
  aatgs_report_fact(p, "snapshots", "state snapshots", aatgs_cell_count(r->snapshots));
  if (r->values)
    aatgs_report_fact(p, "values", "values", aatgs_cell_count(r->values));
  if (verdict)
    aatgs_report_fact(p, "damaged", "damaged", aatgs_cell_count(r->damaged));
  if (r->bytes)
    aatgs_report_fact(p, "bytes", "size", aatgs_cell_bytes(r->bytes));
  if (r->digest)
    aatgs_report_fact(p, "digest", "digest", aatgs_cell_hex(r->digest));
}

int aatgs_care_print(const char *verb, const char *place_key, const char *place,
                     const char *verdict, const aatgs_trace_report *report, aatgs_format format,
                     int exit_code)
{
  aatgs_report *p = aatgs_report_open();
  if (place)
    aatgs_report_fact(p, place_key, place_key, aatgs_cell_text(place));
  extent(p, verdict, report);
  int rc = aatgs_report_print(p, format, stdout);
  aatgs_report_close(p);
  return rc ? aatgs_cli_fail_with(verb, rc, NULL) : aatgs_cli_finish(verb, exit_code);
}

void aatgs_care_note(void *user, const char *sentence)
{
  aatgs_cli_fail(user, AATGS_EXIT_ERROR, "%s", sentence);
}

int aatgs_care_missing(const char *verb, const char *option)
{
  return aatgs_cli_fail(verb, AATGS_EXIT_USAGE, "say where to with %s (see 'aatgs %s --help')",
                        option, verb);
}
