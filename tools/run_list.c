#include <stdio.h>

#include "tools/run.h"
#include "trace/field.h"

static void list_inputs(aatgs_report *report, const struct aatgs_workload *workload)
{
  static const aatgs_column columns[] = {{"option", "option", false}, {"help", "help", false}};
  aatgs_report_table(report, "inputs", "Inputs", columns, 2);
  for (uint32_t i = 0; i < workload->input_kind_count; i++) {
    char option[80];
    snprintf(option, sizeof option, "--%s FILE", workload->input_kinds[i].name);
    aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_text(option),
                                            aatgs_cell_text(workload->input_kinds[i].help)});
  }
}

static void list_graphs(aatgs_report *report, const struct aatgs_workload *workload)
{
  static const aatgs_column columns[] = {{"name", "name", false}, {"help", "help", false}};
  aatgs_report_table(report, "graphs", "Task graphs (--tasks)", columns, 2);
  for (uint32_t i = 0; i < workload->graph_count; i++)
    aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_text(workload->graphs[i].name),
                                            aatgs_cell_text(workload->graphs[i].help)});
}

/* The names of the regions in a mask. */
static const char *region_names(const struct aatgs_workload *workload, uint64_t mask, char *out,
                                size_t size)
{
  size_t used = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < workload->region_count && used < size; i++)
    if (mask & AATGS_REGION_BIT(i))
      used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "",
                               workload->regions[i].name);
  return out[0] ? out : NULL;
}

static void list_types(aatgs_report *report, const struct aatgs_workload *workload)
{
  static const aatgs_column columns[] = {{"name", "type", false},     {"parts", "parts", true},
                                         {"prior_ns", "prior", true}, {"reads", NULL, false},
                                         {"writes", NULL, false},     {"help", "help", false}};
  aatgs_report_table(report, "types", "Task types", columns, 6);
  for (uint32_t i = 0; i < workload->type_count; i++) {
    const aatgs_task_type *type = &workload->types[i];
    char reads[512], writes[512];
    aatgs_report_row(
        report,
        (aatgs_cell[]){aatgs_cell_text(type->name), aatgs_cell_count(type->parts),
                       aatgs_cell_ns(type->prior_ns),
                       aatgs_cell_text(region_names(workload, type->reads, reads, sizeof reads)),
                       aatgs_cell_text(region_names(workload, type->writes, writes, sizeof writes)),
                       aatgs_cell_text(type->help)});
  }
}

static void list_config(aatgs_report *report, const struct aatgs_workload *workload)
{
  static const aatgs_column columns[] = {{"name", "field", false},  {"type", "type", false},
                                         {"count", "count", true},  {"minimum", "least", true},
                                         {"maximum", "most", true}, {"initial", "default", true},
                                         {"unit", "unit", false},   {"help", "help", false}};
  aatgs_report_table(report, "config", "Config fields (--config NAME=VALUE)", columns, 8);
  for (uint32_t i = 0; i < workload->config_field_count; i++) {
    const aatgs_field *f = &workload->config_fields[i];
    aatgs_report_row(report,
                     (aatgs_cell[]){aatgs_cell_text(f->name),
                                    aatgs_cell_text(aatgs_field_type_name(f->type)),
                                    aatgs_cell_count(f->count), aatgs_cell_real(f->minimum),
                                    aatgs_cell_real(f->maximum), aatgs_cell_real(f->initial),
                                    aatgs_cell_text(f->unit), aatgs_cell_text(f->help)});
  }
}

static void list_telemetry(aatgs_report *report, const struct aatgs_workload *workload)
{
  static const aatgs_column columns[] = {{"name", "field", false},
                                         {"type", "type", false},
                                         {"count", "count", true},
                                         {"unit", "unit", false},
                                         {"help", "help", false}};
  aatgs_report_table(report, "telemetry", "Telemetry fields (--until EXPR)", columns, 5);
  for (uint32_t i = 0; i < workload->telemetry_field_count; i++) {
    const aatgs_field *f = &workload->telemetry_fields[i];
    aatgs_report_row(report, (aatgs_cell[]){aatgs_cell_text(f->name),
                                            aatgs_cell_text(aatgs_field_type_name(f->type)),
                                            aatgs_cell_count(f->count), aatgs_cell_text(f->unit),
                                            aatgs_cell_text(f->help)});
  }
}

int aatgs_run_list(const struct aatgs_workload *workload, aatgs_format format)
{
  aatgs_report *report = aatgs_report_open();
  int rc;
  aatgs_report_section(report, NULL, "Workload");
  aatgs_report_fact(report, "workload", "name", aatgs_cell_text(workload->name));
  aatgs_report_fact(report, "help", "help", aatgs_cell_text(workload->help));
  aatgs_report_fact(report, "workload_digest", "digest", aatgs_cell_hex(workload->source_digest));
  aatgs_report_section(report, NULL, NULL);
  list_inputs(report, workload);
  list_graphs(report, workload);
  list_types(report, workload);
  list_config(report, workload);
  list_telemetry(report, workload);
  rc = aatgs_report_print(report, format, stdout);
  aatgs_report_close(report);
  return rc ? aatgs_cli_fail_with("run", rc, NULL) : aatgs_cli_finish("run", AATGS_EXIT_DONE);
}
