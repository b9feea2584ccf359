#include "trace/small.h"

#include <string.h>

#include "trace/cm.h"

const make_options small_options = {.seed = 77,
                                    .iterations = 30000,
                                    .config_bytes = 64,
                                    .telemetry_bytes = 64,
                                    .graphs = 2,
                                    .records_max = 6,
                                    .gap_every = 5000,
                                    .small = 1};

void small_ok(int rc, const aatgs_error *e)
{
  if (rc < 0)
    fail_msg("%d: %s", rc, e->text);
}

void small_begin(small_run *r, const make_options *o, const aatgs_trace_writer_options *wo)
{
  uint8_t state[512];
  aatgs_error e;
  memset(r, 0, sizeof *r);
  small_ok(aatgs_trace_writer_open(wo, &r->w, &e), &e);
  make_start(&r->m, o);
  for (uint32_t g = 1; g <= o->graphs; g++) {
    small_ok(aatgs_trace_write_graph(r->w, make_graph(&r->m, g)), aatgs_trace_writer_error(r->w));
    small_ok(aatgs_trace_write_plan(r->w, make_plan(&r->m, g)), aatgs_trace_writer_error(r->w));
  }
  make_snapshot(1, o->seed, state, sizeof state);
  small_ok(aatgs_trace_write_snapshot(r->w, 1, state, sizeof state),
           aatgs_trace_writer_error(r->w));
}

int small_offer_snapshot(small_run *r, unsigned lateness)
{
  uint8_t state[512];
  if (aatgs_trace_writer_wants_snapshot(r->w) && !r->pending_at) {
    r->pending_at = r->m.iteration + 1;
    r->late = lateness;
  }
  if (r->pending_at && r->late-- == 0) {
    make_snapshot(r->pending_at, r->m.o.seed, state, sizeof state);
    int rc = aatgs_trace_write_snapshot(r->w, r->pending_at, state, sizeof state);
    if (rc)
      return rc;
    r->pending_at = 0;
    r->delivered++;
  }
  return 0;
}

int small_step(small_run *r, unsigned lateness)
{
  aatgs_iteration it;
  const int rc = small_offer_snapshot(r, lateness);
  if (rc)
    return rc;
  make_iteration(&r->m, &it);
  return aatgs_trace_write_iteration(r->w, &it);
}

aatgs_trace_writer_options small_writer_options(const char *dir)
{
  aatgs_trace_writer_options wo = make_writer_options(&small_options, dir);
  wo.roll_bytes = 150000;
  wo.commit_bytes = 20000;
  wo.chunk_iterations = 512;
  return wo;
}
