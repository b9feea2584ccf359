/* Drives a runtime with a phase controller. */
#include "host/clock.h"
#include "host/runtime.h"

#include <string.h>

/* Hands the oldest iteration's telemetry to the controller: 1 stop, 0 go on, or an error. */
static int learn(aatgs_runtime *rt, const aatgs_controller *c)
{
  uint8_t telemetry[AATGS_TELEMETRY_BYTES_MAX];
  aatgs_outcome outcome;
  const int rc = aatgs_wait(rt, telemetry, &outcome, rt->options.timeout_ns);
  return rc < 0 ? rc : c->update(c->state, &outcome, telemetry);
}

/* Builds and posts one config. With fewer than `lag` in flight there is always a slot; a graph's
 * table may still have to be taken over. */
static int act(aatgs_runtime *rt, const aatgs_controller *c, uint64_t iteration)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4];
  aatgs_default_config(rt->workload, config);
  int rc = c->build(c->state, iteration, config);
  const uint64_t start = aatgs_now_ns();
  while (!rc && (rc = aatgs_submit(rt, config, NULL)) == AATGS_EAGAIN &&
         aatgs_now_ns() - start < rt->options.timeout_ns)
    rc = aatgs_pump(rt);
  return rc;
}

int aatgs_control(aatgs_runtime *rt, const aatgs_controller *c, uint64_t iterations)
{
  if (c->size != sizeof *c || !c->build || !c->update || !c->lag ||
      c->lag > rt->options.command_slots)
    return aatgs_error_set(&rt->error, AATGS_EINVAL, 0,
                           "a controller needs its size, build, update and a lag of 1 to %u",
                           rt->options.command_slots);
  int rc = c->begin ? c->begin(c->state, rt) : 0;
  uint64_t sent = 0, learned = 0;
  bool stop = false;
  while (!rc && !stop && sent < iterations) {
    if (sent - learned == c->lag) {
      rc = learn(rt, c);
      stop = rc > 0;
      rc = rc < 0 ? rc : 0;
      learned++;
    } else {
      rc = act(rt, c, rt->next_iteration);
      sent++;
    }
  }
  for (; rc >= 0 && learned < sent; learned++)
    rc = learn(rt, c);
  return rc < 0 ? rc : 0;
}
