#include "tools/run_loop.h"

#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/progress.h"
#include "tools/text.h"
#include "trace/field.h"

/* How long a wait for telemetry may last before signals and the clock are looked at again. */
#define WAIT_NS UINT64_C(50000000)
/* With nothing in flight the rings free up as soon as the last timings are in; this bounds
 * the wait for it. */
#define STALLED_NS UINT64_C(10000000000)

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
  caught = number;
}

void aatgs_run_catch_signals(void)
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = (int)SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

static uint64_t now_ns(void)
{
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

typedef struct loop {
  aatgs_runtime *runtime;
  const struct aatgs_workload *workload;
  const aatgs_run_plan *plan;
  aatgs_run_result *result;
  aatgs_progress progress;
  uint64_t begun_ns;
  uint64_t first_posted_ns;
  uint64_t submitted;
  bool ending; /* submit no more */
} loop;

static uint64_t in_flight(const loop *l)
{
  return l->submitted - l->result->iterations;
}

static void end_with(loop *l, aatgs_run_end end)
{
  if (!l->ending)
    l->result->end = end;
  l->ending = true;
}

static void end_with_error(loop *l, int code)
{
  l->result->end = AATGS_RUN_ERROR;
  l->result->code = code;
  l->ending = true;
}

/* Notices what ends a run from outside: signals and the clock. */
static void look_around(loop *l)
{
  if (caught) {
    l->result->signal = caught;
    end_with(l, AATGS_RUN_SIGNAL);
  }
  if (l->plan->enough && l->plan->enough(l->plan->enough_user))
    end_with(l, AATGS_RUN_DIVERGED);
  if (l->plan->duration_ns && now_ns() - l->begun_ns >= l->plan->duration_ns)
    end_with(l, AATGS_RUN_SECONDS);
}

/* The config as the device saw it: the runtime fills in the iteration's number. */
static bool matches(const loop *l, const aatgs_outcome *outcome)
{
  uint8_t config[AATGS_CONFIG_BYTES_MAX];
  memcpy(config, l->plan->config, sizeof config);
  for (uint32_t i = 0; i < l->workload->config_field_count; i++) {
    const aatgs_field *field = &l->workload->config_fields[i];
    if (field->role == AATGS_FIELD_ITERATION)
      memcpy(config + field->offset, &outcome->iteration, aatgs_field_type_bytes(field->type));
  }
  return aatgs_expr_match(l->plan->until, outcome->iteration, outcome->status, config,
                          l->result->telemetry);
}

static void show_progress(loop *l, uint64_t now)
{
  char text[512], count[32], rate[32];
  const aatgs_run_result *r = l->result;
  uint64_t elapsed = now - l->begun_ns;
  int used;
  if (!aatgs_progress_due(&l->progress, now))
    return;
  used = snprintf(text, sizeof text, "%s iterations",
                  aatgs_text_count(count, sizeof count, r->iterations));
  if (l->plan->iterations)
    used += snprintf(text + used, sizeof text - (size_t)used, ", %u %%",
                     (unsigned)(100.0 * (double)r->iterations / (double)l->plan->iterations));
  if (elapsed)
    used += snprintf(text + used, sizeof text - (size_t)used, ", %s a second",
                     aatgs_text_count(rate, sizeof rate,
                                      (uint64_t)((double)r->iterations * 1e9 / (double)elapsed)));
  for (uint32_t i = 0, shown = 0; i < l->workload->telemetry_field_count && shown < 3; i++) {
    const aatgs_field *field = &l->workload->telemetry_fields[i];
    char value[32];
    if (field->count != 1)
      continue;
    aatgs_field_format(field, r->telemetry, 0, value, sizeof value);
    used += snprintf(text + used, sizeof text - (size_t)used, "  %.60s %s", field->name, value);
    shown++;
  }
  aatgs_progress_show(&l->progress, text);
}

/* Books one finished iteration, whose telemetry is in the result. */
static void take(loop *l, const aatgs_outcome *outcome)
{
  aatgs_run_result *r = l->result;
  if (r->iterations++ == 0)
    l->first_posted_ns = outcome->posted_ns;
  r->last = *outcome;
  r->elapsed_ns = outcome->seen_ns - l->first_posted_ns;
  aatgs_latency_add(&r->round_trip, outcome->seen_ns - outcome->posted_ns);
  aatgs_latency_add(&r->on_device, outcome->end_ns - outcome->start_ns);
  if (outcome->status != AATGS_STATUS_OK && r->failed++ == 0)
    r->first_failed = *outcome;
  if (l->plan->until && matches(l, outcome))
    end_with(l, AATGS_RUN_UNTIL);
  show_progress(l, outcome->seen_ns);
}

/* Posts as much as the plan and the rings allow. */
static void post(loop *l)
{
  while (!l->ending && in_flight(l) < l->plan->in_flight) {
    int rc;
    if (l->plan->iterations && l->submitted >= l->plan->iterations) {
      end_with(l, AATGS_RUN_ITERATIONS);
      return;
    }
    look_around(l);
    if (l->ending)
      return;
    rc = aatgs_submit(l->runtime, l->plan->config, NULL);
    if (rc == AATGS_EAGAIN)
      return;
    if (rc) {
      end_with_error(l, rc);
      return;
    }
    l->submitted++;
  }
}

/* Takes what has finished; waits, with a bound, for the first of it. */
static void collect(loop *l)
{
  aatgs_outcome outcome;
  int rc = aatgs_wait(l->runtime, l->result->telemetry, &outcome, WAIT_NS);
  while (rc > 0) {
    take(l, &outcome);
    rc = in_flight(l) ? aatgs_poll(l->runtime, l->result->telemetry, &outcome) : 0;
  }
  if (rc == AATGS_ETIMEOUT)
    look_around(l);
  else if (rc < 0)
    end_with_error(l, rc);
}

/* Nothing is in flight, yet the rings took nothing: lets the runtime collect the last timings. */
static void let_it_catch_up(loop *l, uint64_t *stalled_since)
{
  uint64_t now = now_ns();
  int rc = aatgs_poll(l->runtime, l->result->telemetry, NULL);
  if (!*stalled_since)
    *stalled_since = now;
  if (rc < 0)
    end_with_error(l, rc);
  else if (now - *stalled_since > STALLED_NS)
    end_with_error(l, AATGS_ETIMEOUT);
  sched_yield();
}

int aatgs_run_loop(aatgs_runtime *runtime, const aatgs_run_plan *plan, aatgs_run_result *result)
{
  loop l = {.runtime = runtime,
            .workload = aatgs_runtime_workload(runtime),
            .plan = plan,
            .result = result,
            .begun_ns = now_ns()};
  uint64_t stalled_since = 0;
  int rc;
  aatgs_progress_begin(&l.progress);
  do {
    post(&l);
    if (in_flight(&l)) {
      stalled_since = 0;
      collect(&l);
    } else if (!l.ending) {
      let_it_catch_up(&l, &stalled_since);
    }
  } while (result->end != AATGS_RUN_ERROR && (!l.ending || in_flight(&l)));
  aatgs_progress_end(&l.progress);
  if (result->end == AATGS_RUN_ERROR)
    return result->code;
  rc = aatgs_drain(runtime, STALLED_NS);
  if (rc)
    end_with_error(&l, rc);
  return rc;
}
