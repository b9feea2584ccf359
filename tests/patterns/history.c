/* Short (50) or long (500) history of performance snapshots: the oldest make room. The scheduler is
 * driven by hand here, with time of its own: an hour passes in no time. */
#include "pattern.h"

static void run(const struct aatgs_workload *workload, size_t history)
{
  aatgs_scheduler_options options = AATGS_SCHEDULER_OPTIONS_INIT;
  aatgs_scheduler *scheduler;
  const uint64_t tick_ns = 100 * 1000000;
  size_t count = 0;
  uint64_t now_ns = tick_ns, taken = 0;
  options.history = history;
  CHECK(aatgs_scheduler_open(workload, &options, &scheduler, NULL) == 0);
  while (now_ns < 3600 * SECOND_NS) { /* busy 70 % of the time: the interval stays at 100 ms */
    taken += aatgs_scheduler_tick(scheduler, now_ns, tick_ns * 7 / 10);
    now_ns += tick_ns;
  }
  const aatgs_performance_snapshot *snapshots =
      aatgs_scheduler_performance_history(scheduler, &count);
  printf("history of %zu: %llu snapshots were taken, %zu are kept, the oldest is %.1f s old\n",
         history, (unsigned long long)taken, count,
         (double)(now_ns - snapshots[0].timestamp_ns) / 1e9);
  CHECK(taken > 10000);
  CHECK(count == history);
  for (size_t i = 1; i < count; i++)
    CHECK(snapshots[i].timestamp_ns - snapshots[i - 1].timestamp_ns == tick_ns);
  CHECK(snapshots[count - 1].timestamp_ns == now_ns - tick_ns);
  CHECK(snapshots[count - 1].gpu_utilization_x1000 == 700);
  aatgs_scheduler_close(scheduler);
}

int main(void)
{
  const struct aatgs_workload *workload;
  aatgs_error error;
  if (aatgs_workload_load("prism", &workload, &error)) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  run(workload, 50);
  run(workload, 500);
  return 0;
}
