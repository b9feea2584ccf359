/* When the next snapshot of the state goes into the trace. */
#include "host/runtime.h"

/* Apart at least. A replay is about as fast as the run, on a busy machine slower: this leaves room
 * to be anywhere within a second. */
#define ADAPTIVE_NS UINT64_C(200000000)
/* What snapshots may take of the time and of the trace, in percent. */
#define TIME_PERCENT  3u
#define TRACE_PERCENT 15u

static bool gone_by(uint64_t since, uint64_t interval)
{
  return interval && since >= interval;
}

/* The next one is assumed to cost as much as the last one. */
static bool affordable(const aatgs_runtime *rt, const aatgs_recorder_volume *v, uint64_t since_ns)
{
  const uint64_t cost_ns = rt->snapshot_took_ns + v->snapshot_ns;
  const uint64_t snapshots = v->snapshot_bytes_in_all + v->snapshot_bytes;
  return since_ns >= cost_ns * 100 / TIME_PERCENT &&
         snapshots <= (v->bytes + v->snapshot_bytes) * TRACE_PERCENT / 100;
}

bool aatgs_state_due(aatgs_runtime *rt)
{
  const aatgs_options *o = &rt->options;
  const uint64_t since = rt->next_iteration - rt->snapshot_at;
  const uint64_t since_ns = rt->seen_ns - rt->snapshot_seen_ns;
  aatgs_recorder_volume v;
  if (!since)
    return false;
  if (!rt->snapshot_seen_ns)
    rt->snapshot_seen_ns = rt->seen_ns;
  if (o->state_interval == AATGS_STATE_FIRST)
    return false;
  if (!o->state_interval && !o->state_interval_ns && !o->state_interval_bytes) {
    if (since_ns < ADAPTIVE_NS)
      return false;
    aatgs_recorder_get_volume(rt->recorder, &v);
    return affordable(rt, &v, since_ns);
  }
  if (gone_by(since, o->state_interval) || gone_by(since_ns, o->state_interval_ns))
    return true;
  if (!o->state_interval_bytes)
    return false;
  aatgs_recorder_get_volume(rt->recorder, &v);
  return gone_by(v.bytes - rt->snapshot_volume, o->state_interval_bytes);
}

void aatgs_state_taken(aatgs_runtime *rt, uint64_t took_ns)
{
  aatgs_recorder_volume v;
  aatgs_recorder_get_volume(rt->recorder, &v);
  rt->snapshot_volume = v.bytes;
  rt->snapshot_took_ns = took_ns;
}
