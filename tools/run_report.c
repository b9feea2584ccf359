#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/divergence.h"
#include "tools/run.h"
#include "tools/text.h"
#include "trace/field.h"

size_t aatgs_field_cells(const aatgs_field *field, const void *payload, aatgs_cell *cells,
                         size_t capacity)
{
  size_t count = field->count < capacity ? field->count : capacity;
  for (size_t i = 0; i < count; i++) {
    double value = aatgs_field_get(field, payload, (uint32_t)i);
    if (field->type == AATGS_F32) {
      cells[i] = aatgs_cell_real(value);
    } else if (field->type == AATGS_I32) {
      cells[i] = aatgs_cell_integer((int64_t)value);
    } else if (field->type == AATGS_U64) {
      uint64_t whole;
      memcpy(&whole, (const uint8_t *)payload + field->offset + 8 * i, sizeof whole);
      cells[i] = aatgs_cell_count(whole);
    } else {
      cells[i] = aatgs_cell_count((uint64_t)value);
    }
    if (i + 1 == count)
      cells[i] = aatgs_cell_unit(cells[i], field->unit);
  }
  return count;
}

static void report_payload(aatgs_report *report, const aatgs_field *fields, uint32_t count,
                           const void *payload)
{
  for (uint32_t i = 0; i < count; i++) {
    aatgs_cell cells[AATGS_CONFIG_BYTES_MAX];
    size_t n = aatgs_field_cells(&fields[i], payload, cells, sizeof cells / sizeof *cells);
    if (n == 1)
      aatgs_report_fact(report, fields[i].name, fields[i].name, cells[0]);
    else
      aatgs_report_facts(report, fields[i].name, fields[i].name, cells, n);
  }
}

static void report_what(aatgs_report *report, const aatgs_run_summary *s)
{
  const aatgs_run_args *args = s->args;
  aatgs_report_section(report, NULL, "Run");
  aatgs_report_fact(report, "workload", "workload", aatgs_cell_text(s->workload->name));
  aatgs_report_fact(report, "workload_digest", NULL, aatgs_cell_hex(s->workload->source_digest));
  aatgs_report_section(report, "inputs", NULL);
  for (uint32_t i = 0; i < s->workload->input_kind_count; i++)
    if (args->inputs[i])
      aatgs_report_fact(report, s->workload->input_kinds[i].name, s->workload->input_kinds[i].name,
                        aatgs_cell_text(args->inputs[i]));
  aatgs_report_section(report, NULL, NULL);
  aatgs_report_fact(report, "tasks", "tasks", aatgs_cell_text(args->tasks));
  aatgs_report_fact(report, "task_count", "task count",
                    aatgs_cell_count(aatgs_graph_len(s->graph)));
  aatgs_report_fact(report, "seed", "seed", aatgs_cell_count(args->seed));
  aatgs_report_fact(report, "policy", "policy", aatgs_cell_text(args->policy));
  aatgs_report_fact(report, "device", "device", aatgs_cell_text(s->device));
  aatgs_report_fact(report, "device_name", "model", aatgs_cell_text(s->device_name));
  aatgs_report_fact(report, "workers", "workers", aatgs_cell_count(s->info.workers));
}

static const char *end_name(aatgs_run_end end)
{
  switch (end) {
  case AATGS_RUN_ITERATIONS: return "iterations";
  case AATGS_RUN_SECONDS: return "seconds";
  case AATGS_RUN_UNTIL: return "until";
  case AATGS_RUN_SIGNAL: return "signal";
  case AATGS_RUN_DIVERGED: return "difference";
  case AATGS_RUN_FAILURE: return "failure";
  case AATGS_RUN_ERROR: break;
  }
  return "error";
}

static void report_time(aatgs_report *report, const aatgs_run_summary *s)
{
  const aatgs_run_result *r = &s->result;
  double seconds = (double)r->elapsed_ns / 1e9;
  aatgs_report_section(report, NULL, "Time");
  aatgs_report_fact(report, "iterations", "iterations", aatgs_cell_count(r->iterations));
  aatgs_report_fact(report, "failed", r->failed ? "failed" : NULL, aatgs_cell_count(r->failed));
  if (s->args->deadline_ns) {
    aatgs_report_fact(report, "deadline_ns", "deadline", aatgs_cell_ns(s->args->deadline_ns));
    aatgs_report_fact(report, "overruns", "overruns",
                      aatgs_cell_unit(aatgs_cell_count(r->overruns), "iterations"));
  }
  aatgs_report_fact(report, "ended_by", "ended by", aatgs_cell_text(end_name(r->end)));
  aatgs_report_fact(report, "elapsed_ns", "elapsed", aatgs_cell_ns(r->elapsed_ns));
  aatgs_report_fact(
      report, "per_second", "rate",
      aatgs_cell_unit(
          aatgs_cell_count(seconds > 0.0 ? (uint64_t)((double)r->iterations / seconds + 0.5) : 0),
          "iterations a second"));
  aatgs_report_fact(report, "in_flight", "in flight at most", aatgs_cell_count(s->args->in_flight));
  aatgs_report_fact(report, "round_trip_p50_ns", "round trip p50",
                    aatgs_cell_ns(aatgs_latency_at(&r->round_trip, 500)));
  aatgs_report_fact(report, "round_trip_p99_ns", "round trip p99",
                    aatgs_cell_ns(aatgs_latency_at(&r->round_trip, 990)));
  aatgs_report_fact(report, "device_p50_ns", "on the device p50",
                    aatgs_cell_ns(aatgs_latency_at(&r->on_device, 500)));
  aatgs_report_fact(report, "device_p99_ns", "on the device p99",
                    aatgs_cell_ns(aatgs_latency_at(&r->on_device, 990)));
}

static aatgs_cell percent(uint32_t x1000)
{
  return aatgs_cell_unit(aatgs_cell_real((double)x1000 / 10.0), "%");
}

/* What the scheduler expects by now, and how far off such estimates were of late. */
static void report_estimates(aatgs_report *report, const aatgs_run_summary *s)
{
  const aatgs_estimate *e = &s->iteration;
  if (!s->estimated)
    return;
  aatgs_report_section(report, "estimate", "Estimates");
  aatgs_report_fact(report, "iteration_ns", "next iteration", aatgs_cell_ns(e->expected_ns));
  aatgs_report_fact(report, "iteration_low_ns", "9 in 10: from", aatgs_cell_ns(e->low_ns));
  aatgs_report_fact(report, "iteration_high_ns", "to", aatgs_cell_ns(e->high_ns));
  aatgs_report_fact(report, "iteration_error_percent", "off by, of late", percent(e->error_x1000));
  aatgs_report_fact(report, "completion_error_percent", "round trip off by",
                    percent(s->completion.error_x1000));
  aatgs_report_section(report, NULL, NULL);
}

static void report_trace(aatgs_report *report, const aatgs_run_summary *s)
{
  aatgs_trace *trace;
  aatgs_trace_state state;
  const char *path = s->args->record;
  if (!path)
    return;
  aatgs_report_section(report, "trace", NULL);
  aatgs_report_fact(report, "path", "trace", aatgs_cell_text(path));
  if (aatgs_trace_open(path, &trace, NULL))
    return;
  aatgs_trace_get_state(trace, &state);
  aatgs_trace_close(trace);
  aatgs_report_fact(report, "iterations", "recorded",
                    aatgs_cell_unit(aatgs_cell_count(state.iterations), "iterations"));
  aatgs_report_fact(report, "lost", state.lost ? "lost" : NULL, aatgs_cell_count(state.lost));
  aatgs_report_fact(report, "disk_bytes", "size", aatgs_cell_bytes(state.disk_bytes));
}

static void report_check(aatgs_report *report, const aatgs_run_summary *s)
{
  const aatgs_replay_report *r = s->check;
  if (!r)
    return;
  aatgs_report_section(report, "self_check", "Self-check");
  aatgs_report_fact(report, "verdict", "verdict",
                    aatgs_cell_text(s->check_rc == AATGS_EDIVERGED ? "diverged"
                                    : s->check_rc                  ? "failed"
                                                                   : "identical"));
  aatgs_report_fact(report, "iterations", "compared",
                    aatgs_cell_unit(aatgs_cell_count(r->iterations), "iterations"));
  aatgs_report_fact(report, "workers", "workers",
                    aatgs_cell_unit(aatgs_cell_count(s->check_workers), "on cpu, shuffled"));
  if (!s->args->record && s->trace)
    aatgs_report_fact(report, "trace", "trace kept in", aatgs_cell_text(s->trace));
  if (s->check_rc == AATGS_EDIVERGED)
    aatgs_report_divergence(report, s->trace, s->args->workload, r);
  aatgs_report_section(report, NULL, NULL);
}

static void report_next(aatgs_report *report, const aatgs_run_summary *s)
{
  char *path = s->trace ? aatgs_text_quote(s->trace) : NULL;
  const char *const given = s->args->workload;
  char *workload = given && strchr(given, '/') ? aatgs_text_quote(given) : NULL;
  aatgs_report_section(report, NULL, "Next");
  if (path) {
    aatgs_report_hint(report, "run it again", "aatgs replay %s%s%s", path,
                      workload ? " --workload " : "", workload ? workload : "");
    aatgs_report_hint(report, "look into it", "aatgs info %s", path);
  } else {
    aatgs_report_hint(report, "keep a run", "add --record DIR, then: aatgs replay DIR");
  }
  free(path);
  free(workload);
}

int aatgs_run_report(const aatgs_run_summary *s)
{
  const struct aatgs_workload *workload = s->workload;
  aatgs_report *report = aatgs_report_open();
  char title[64], number[32];
  int rc;
  report_what(report, s);
  report_time(report, s);
  report_estimates(report, s);
  if (s->result.iterations) {
    snprintf(title, sizeof title, "Telemetry of iteration %s",
             aatgs_text_count(number, sizeof number, s->result.last.iteration));
    aatgs_report_section(report, "telemetry", title);
    report_payload(report, workload->telemetry_fields, workload->telemetry_field_count,
                   s->result.telemetry);
  }
  aatgs_report_section(report, NULL, NULL);
  if (s->lines)
    aatgs_report_lines(report, "summary", "Summary", s->lines);
  aatgs_report_section(report, NULL, "Results");
  aatgs_report_fact(report, "digest", "digest", aatgs_cell_hex(s->info.digest));
  report_trace(report, s);
  aatgs_report_section(report, NULL, NULL);
  if (s->solution_written)
    aatgs_report_fact(report, "solution", "solution", aatgs_cell_text(s->args->solution));
  report_check(report, s);
  aatgs_run_report_saved(report, s->args);
  report_next(report, s);
  rc = aatgs_report_print(report, s->args->format, stdout);
  aatgs_report_close(report);
  return rc ? aatgs_cli_fail_with("run", rc, NULL) : AATGS_EXIT_DONE;
}
