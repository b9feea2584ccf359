/* The runtime and its scheduler: events go in, decisions come out and are acted on, and what a
 * replay could not work out from the iterations alone goes into the trace. */
#include "host/clock.h"
#include "host/runtime.h"

#define NOT_RECORDED UINT64_MAX

static void record(aatgs_runtime *rt, uint64_t now_ns, uint64_t kind, uint64_t value)
{
  const aatgs_tick tick = {rt->next_iteration, rt->done, now_ns, kind, value};
  if (rt->recorder && kind != NOT_RECORDED)
    (void)aatgs_recorder_tick(rt->recorder, &tick); /* an error shows with the next iteration */
}

void aatgs_record_clock(aatgs_runtime *rt)
{
  const aatgs_clock_fit *fit = &rt->clock.fit;
  rt->clock.fresh = false;
  record(rt, fit->at_ns, AATGS_TICK_CLOCK_OFFSET, fit->offset_ns);
  record(rt, fit->at_ns, AATGS_TICK_CLOCK_DRIFT, (uint64_t)fit->drift_e12);
  record(rt, fit->at_ns, AATGS_TICK_CLOCK_ERROR, fit->error_ns);
}

static uint64_t kind_of_event(aatgs_sched_event_kind kind)
{
  switch (kind) {
  case AATGS_SCHED_TICK: return AATGS_TICK_TIME;
  case AATGS_SCHED_INTERVAL: return AATGS_TICK_INTERVAL;
  case AATGS_SCHED_CANCELLED: return AATGS_TICK_CANCEL;
  case AATGS_SCHED_RESUMED: return AATGS_TICK_RESUME;
  case AATGS_SCHED_LOST: return AATGS_TICK_LOST;
  case AATGS_SCHED_SUBMITTED:
  case AATGS_SCHED_DONE:
  case AATGS_SCHED_QUEUED: break;
  }
  return NOT_RECORDED;
}

uint64_t aatgs_tick_of_decision(const aatgs_decision *d, uint64_t *value)
{
  *value = d->value;
  switch (d->kind) {
  case AATGS_DECISION_GIVE_UP: *value = d->task; return AATGS_TICK_GIVE_UP;
  case AATGS_DECISION_STOP: *value = d->task; return AATGS_TICK_STOP;
  case AATGS_DECISION_INTERVAL: return AATGS_TICK_ADAPT;
  case AATGS_DECISION_OVERRUN: return AATGS_TICK_OVERRUN;
  case AATGS_DECISION_RETRY:        /* the device's: how a part ends follows from what it reads */
  case AATGS_DECISION_FLUSH: break; /* shows in the fills of the iterations that follow */
  }
  return NOT_RECORDED;
}

static void stop(aatgs_runtime *rt, const aatgs_sched_event *event, uint32_t task)
{
  aatgs_task_info info = {.name = "?"};
  rt->stopped = true;
  if (event->kind != AATGS_SCHED_DONE)
    return; /* the device is lost: its own error says so */
  aatgs_graph_task_info(event->u.done.graph, task, &info);
  aatgs_error_set(&rt->stop_error, AATGS_ETASK, 0,
                  "task %s failed in iteration %llu, and its failure stops the run; "
                  "aatgs_resume() goes on",
                  info.name, (unsigned long long)(rt->first_iteration + rt->done - 1));
}

void aatgs_tell(aatgs_runtime *rt, const aatgs_sched_event *event, uint64_t now_ns, uint64_t value)
{
  aatgs_decision d;
  rt->epoch += aatgs_scheduler_handle(rt->scheduler, event);
  record(rt, now_ns, kind_of_event(event->kind), value);
  while (aatgs_scheduler_next_decision(rt->scheduler, &d)) {
    const uint64_t kind = aatgs_tick_of_decision(&d, &value);
    if (d.kind == AATGS_DECISION_STOP)
      stop(rt, event, d.task);
    rt->flush_due |= d.kind == AATGS_DECISION_FLUSH;
    record(rt, now_ns, kind, value);
  }
}

void aatgs_tell_submitted(aatgs_runtime *rt, aatgs_flight *f)
{
  aatgs_sched_event event = {.kind = AATGS_SCHED_SUBMITTED};
  event.u.submitted.config_waiting = f->config_waiting;
  event.u.submitted.telemetry_waiting = f->telemetry_waiting;
  rt->epoch += aatgs_scheduler_handle(rt->scheduler, &event); /* decides nothing but plans */
  aatgs_eta_submitted(rt, f);
  if (f->posted_ns - rt->last_tick_ns < aatgs_scheduler_snapshot_interval_ns(rt->scheduler))
    return;
  rt->last_tick_ns = f->posted_ns;
  event.kind = AATGS_SCHED_TICK;
  event.u.tick.now_ns = f->posted_ns;
  aatgs_tell(rt, &event, f->posted_ns, 0);
}

void aatgs_tell_done(aatgs_runtime *rt, const aatgs_graph *graph, const aatgs_iteration *it)
{
  aatgs_sched_event event = {.kind = AATGS_SCHED_DONE};
  event.u.done.graph = graph;
  event.u.done.timings = it->timings;
  event.u.done.count = it->timing_count;
  event.u.done.status = it->status;
  event.u.done.detail = it->detail;
  event.u.done.start_ns = it->start_ns;
  event.u.done.end_ns = it->end_ns;
  aatgs_tell(rt, &event, it->seen_ns, 0);
}

void aatgs_tell_lost(aatgs_runtime *rt, uint64_t now_ns)
{
  const aatgs_sched_event event = {.kind = AATGS_SCHED_LOST};
  if (rt->lost_told || !rt->scheduler || rt->observe)
    return;
  rt->lost_told = true;
  if (rt->recorder)
    (void)aatgs_recorder_mark(
        rt->recorder,
        &(aatgs_trace_mark){AATGS_MARK_FAULT, rt->next_complete - 1, now_ns, 0, rt->error.text});
  aatgs_tell(rt, &event, now_ns, 0);
}

/* ---- The public face ---------------------------------------------------------------------- */

int aatgs_resume(aatgs_runtime *rt)
{
  const aatgs_sched_event event = {.kind = AATGS_SCHED_RESUMED};
  const int rc = aatgs_check_alive(rt);
  if (rc)
    return rc;
  if (rt->stopped)
    aatgs_tell(rt, &event, aatgs_now_ns(), 0);
  rt->stopped = false;
  return 0;
}

size_t aatgs_cancel_configs(aatgs_runtime *rt)
{
  const aatgs_sched_event event = {.kind = AATGS_SCHED_CANCELLED};
  const size_t waiting = aatgs_config_ring_len(rt->queue);
  aatgs_config_ring_clear(rt->queue);
  if (waiting)
    aatgs_tell(rt, &event, aatgs_now_ns(), waiting);
  return waiting;
}

int aatgs_set_snapshot_interval_ns(aatgs_runtime *rt, uint64_t interval_ns)
{
  aatgs_sched_event event = {.kind = AATGS_SCHED_INTERVAL};
  if (!interval_ns)
    return aatgs_error_set(&rt->error, AATGS_EINVAL, 0, "a snapshot interval of 0 ns");
  event.u.interval.ns = interval_ns;
  aatgs_tell(rt, &event, aatgs_now_ns(), interval_ns);
  return 0;
}
