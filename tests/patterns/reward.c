/* Reward: reinforcement learning rewards a phase for the conflicts and colours it took away; the
 * rewards come back in the event stream, among the metrics of everything else. */
#include "pattern.h"

#define ACTIONS 3

static float reward_for(const struct prism_telemetry *before, const struct prism_telemetry *now)
{
  const uint32_t none = UINT32_MAX; /* the target was not tried yet */
  if (now->colors_used < before->colors_used)
    return 10;
  if (before->target_conflicts == none || now->target_conflicts == none)
    return 0;
  return (float)before->target_conflicts - (float)now->target_conflicts;
}

int main(int argc, char **argv)
{
  aatgs_input_file input;
  aatgs_options options = pattern_options(argc, argv, &input);
  options.tasks = "linear";
  aatgs_runtime *runtime = pattern_open(&options);
  static const uint16_t sweeps[ACTIONS] = {1, 4, 16}; /* what an action chooses */
  double value[ACTIONS] = {1, 1, 1};                  /* what it promises: hopeful at first */
  double sent = 0, received = 0;
  uint32_t rewards = 0, tasks = 0;
  struct prism_telemetry before, telemetry = {.target_conflicts = UINT32_MAX};

  for (uint32_t i = 0; i < 100; i++) {
    struct prism_config config = aatgs_runtime_config_production();
    uint32_t action = 0;
    for (uint32_t a = 1; a < ACTIONS; a++)
      if (value[a] > value[action])
        action = a;
    config.phase_id = action;
    config.sweeps = sweeps[action];
    before = telemetry;
    CHECK(aatgs_submit(runtime, &config, NULL) == 0);
    CHECK(aatgs_wait(runtime, &telemetry, NULL, 10 * SECOND_NS) == 1);
    const float reward = i ? reward_for(&before, &telemetry) : 0;
    value[action] += 0.1 * (reward / sweeps[action] - value[action]);
    CHECK(aatgs_record_reward(runtime, action, reward) == 0);
    sent += reward;
  }

  CHECK(aatgs_drain(runtime, 10 * SECOND_NS) == 0);
  aatgs_event event;
  while (aatgs_event_try_recv(aatgs_events(runtime), &event)) {
    if (event.kind == AATGS_EVENT_PHASE_METRICS) {
      CHECK(event.u.phase.phase_id < ACTIONS);
      received += event.u.phase.reward;
      rewards++;
    }
    tasks += event.kind == AATGS_EVENT_TASK_COMPLETED;
  }
  printf("%u rewards among the events, %.0f in all; %u completed tasks\n", rewards, received,
         tasks);
  printf("what the actions promise now: %.2f %.2f %.2f\n", value[0], value[1], value[2]);
  CHECK(rewards == 100);
  CHECK(received == sent && sent > 0);
  CHECK(tasks == 300);
  CHECK(aatgs_event_dropped(aatgs_events(runtime)) == 0);
  CHECK(aatgs_close(runtime) == 0);
  return 0;
}
