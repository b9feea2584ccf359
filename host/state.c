/* Snapshots of the regions, and what the workload has to say about them. */
#include "host/clock.h"
#include "host/runtime.h"

#include <stdlib.h>
#include <string.h>

static bool room_for_command(aatgs_runtime *rt, uint64_t unused)
{
  (void)unused;
  return aatgs_command_credit(rt) && !rt->snapshot_command;
}

static bool command_done(aatgs_runtime *rt, uint64_t command)
{
  return aatgs_ordered_done(rt, command);
}

/* Staging back into the host's copies of the primary regions. */
static int fetch(aatgs_runtime *rt)
{
  const int rc = rt->device->ops->fetch(rt->device, rt->staging, rt->staging_bytes, &rt->error);
  const uint8_t *from = rt->staging;
  for (uint32_t r = 0; !rc && r < rt->workload->region_count; r++) {
    if (rt->workload->regions[r].kind != AATGS_REGION_PRIMARY)
      continue;
    if (rt->regions[r].size)
      memcpy(rt->region_memory[r], from, rt->regions[r].size);
    from += (rt->regions[r].size + 63) & ~(size_t)63;
  }
  if (!rc)
    rt->have_snapshot = true;
  return rc;
}

int aatgs_snapshot(aatgs_runtime *rt)
{
  int rc = aatgs_pump_until(rt, room_for_command, 0, rt->options.timeout_ns);
  if (rc)
    return rc;
  rt->snapshot_held = true; /* staging is this one's until it is fetched */
  const uint64_t command = aatgs_post_ordered(rt, AATGS_OP_SNAPSHOT, 0, 0);
  rc = aatgs_pump_until(rt, command_done, command, rt->options.timeout_ns);
  if (!rc)
    rc = fetch(rt);
  rt->snapshot_held = false;
  return rc;
}

int aatgs_put_state(aatgs_runtime *rt, const uint8_t *staging, size_t bytes)
{
  /* Everything submitted must be complete before staging is written: it may be in use. */
  int rc = aatgs_drain(rt, rt->options.timeout_ns);
  if (!rc)
    rc = aatgs_pump_until(rt, room_for_command, 0, rt->options.timeout_ns);
  if (!rc)
    rc = rt->device->ops->store(rt->device, staging, bytes, &rt->error);
  if (rc)
    return rc;
  const uint64_t command = aatgs_post_ordered(rt, AATGS_OP_RESTORE, 0, 0);
  return aatgs_pump_until(rt, command_done, command, rt->options.timeout_ns);
}

/* Says what the recorder did not take. EAGAIN: it drops when full, as the caller chose. */
static int recorded(aatgs_runtime *rt, uint64_t iteration, int rc)
{
  if (!rc || rc == AATGS_EAGAIN)
    return rc;
  return aatgs_error_set(&rt->error, rc, 0,
                         "the snapshot at iteration %llu could not be recorded: %s",
                         (unsigned long long)iteration, aatgs_strerror(rc));
}

int aatgs_restore(aatgs_runtime *rt)
{
  if (!rt->have_snapshot)
    return aatgs_error_set(&rt->error, AATGS_EINVAL, 0, "there is no snapshot to restore");
  int rc = aatgs_put_state(rt, rt->staging, rt->staging_bytes);
  if (!rc && rt->recorder)
    rc = recorded(
        rt, rt->next_iteration,
        aatgs_recorder_snapshot(rt->recorder, rt->next_iteration, rt->staging, rt->staging_bytes));
  return rc;
}

int aatgs_snapshot_pump(aatgs_runtime *rt)
{
  if (!rt->snapshot_command) {
    if (rt->snapshot_held || aatgs_recorder_borrows(rt->recorder) ||
        !(aatgs_state_due(rt) || aatgs_recorder_wants_snapshot(rt->recorder)) ||
        !aatgs_command_credit(rt))
      return 0;
    rt->snapshot_at = rt->next_iteration;
    rt->snapshot_seen_ns = rt->seen_ns;
    rt->snapshot_ordered_ns = aatgs_now_ns();
    rt->snapshot_command = aatgs_post_ordered(rt, AATGS_OP_SNAPSHOT, 0, 0) + 1;
    return 0;
  }
  if (!aatgs_ordered_done(rt, rt->snapshot_command - 1))
    return 0;
  rt->snapshot_command = 0;
  /* Not into the caller's snapshot: that one stays until the caller takes another. */
  int rc = rt->device->ops->fetch(rt->device, rt->trace_staging, rt->staging_bytes, &rt->error);
  if (!rc)
    rc = recorded(rt, rt->snapshot_at,
                  aatgs_recorder_lend_snapshot(rt->recorder, rt->snapshot_at, rt->trace_staging,
                                               rt->staging_bytes));
  aatgs_state_taken(rt, aatgs_now_ns() - rt->snapshot_ordered_ns);
  return rc == AATGS_EAGAIN ? 0 : rc;
}

int aatgs_get_region(aatgs_runtime *rt, const char *name, const void **bytes, size_t *size)
{
  for (uint32_t r = 0; r < rt->workload->region_count; r++) {
    const aatgs_region *region = &rt->workload->regions[r];
    if (strcmp(region->name, name) != 0)
      continue;
    if (region->kind == AATGS_REGION_DERIVED)
      return aatgs_error_set(&rt->error, AATGS_EINVAL, 0,
                             "region %s is derived: it is in no snapshot", name);
    if (region->kind == AATGS_REGION_PRIMARY && !rt->have_snapshot)
      return aatgs_error_set(&rt->error, AATGS_EINVAL, 0, "region %s: take a snapshot first", name);
    *bytes = rt->regions[r].bytes;
    *size = rt->regions[r].size;
    return 0;
  }
  return aatgs_error_set(&rt->error, AATGS_ENOTFOUND, 0, "workload %s has no region \"%s\"",
                         rt->workload->name, name);
}

static int workload_text(aatgs_runtime *rt, const char *what,
                         size_t (*hook)(const aatgs_input *, const aatgs_region_view *, char *,
                                        size_t),
                         char **text)
{
  char reason[256] = "";
  *text = NULL;
  if (!hook)
    return aatgs_error_set(&rt->error, AATGS_ENOTSUP, 0, "workload %s writes no %s",
                           rt->workload->name, what);
  const int rc = aatgs_snapshot(rt);
  if (rc)
    return rc;
  const size_t bytes = hook(rt->inputs, rt->regions, reason, sizeof reason);
  if (!bytes)
    return aatgs_error_set(&rt->error, AATGS_ENOTFOUND, 0, "no %s: %s", what, reason);
  *text = malloc(bytes + 1);
  if (!*text)
    return aatgs_error_set(&rt->error, AATGS_ENOMEM, 0, "no memory for a %s of %zu bytes", what,
                           bytes);
  hook(rt->inputs, rt->regions, *text, bytes + 1);
  return 0;
}

int aatgs_solution(aatgs_runtime *rt, char **text)
{
  return workload_text(rt, "solution", rt->workload->solution, text);
}

int aatgs_summary(aatgs_runtime *rt, char **text)
{
  return workload_text(rt, "summary", rt->workload->summary, text);
}
