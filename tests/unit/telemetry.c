#include "host/aatgs.h"
#include "support/check.h"

#include <pthread.h>
#include <sched.h>

static void events_come_in_order(void **state)
{
  aatgs_telemetry *t;
  aatgs_event_receiver *r;
  aatgs_event e;
  aatgs_phase_metrics phase = {3, 1.5f, 0.25f, -2.0f, 17, 900};
  aatgs_gpu_metrics gpu = {0.75f, 10, 20, 30, 40};
  (void)state;

  assert_int_equal(aatgs_telemetry_open(8, &t, &r), 0);
  assert_false(aatgs_event_try_recv(r, &e));
  aatgs_telemetry_record_phase_metrics(t, &phase);
  aatgs_telemetry_record_gpu_metrics(t, &gpu);
  aatgs_telemetry_record_task_completion(t, 5, 123456);
  aatgs_telemetry_record_error(t, "the device is tired");
  assert_true(aatgs_event_try_recv(r, &e));
  assert_int_equal(e.kind, AATGS_EVENT_PHASE_METRICS);
  assert_int_equal(e.u.phase.conflicts, 17);
  assert_true(e.u.phase.reward == -2.0f);
  assert_true(aatgs_event_try_recv(r, &e));
  assert_int_equal(e.kind, AATGS_EVENT_GPU_METRICS);
  assert_int_equal(e.u.gpu.transfer_duration_us, 40);
  assert_true(aatgs_event_try_recv(r, &e));
  assert_int_equal(e.kind, AATGS_EVENT_TASK_COMPLETED);
  assert_int_equal(e.u.completed.task, 5);
  assert_int_equal(e.u.completed.duration_ns, 123456);
  assert_true(aatgs_event_try_recv(r, &e));
  assert_int_equal(e.kind, AATGS_EVENT_ERROR);
  assert_string_equal(e.u.error, "the device is tired");
  assert_false(aatgs_event_try_recv(r, &e));
  aatgs_telemetry_close(t);
}

static void long_errors_are_cut(void **state)
{
  aatgs_telemetry *t;
  aatgs_event_receiver *r;
  aatgs_event e;
  char text[1000];
  (void)state;

  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  assert_int_equal(aatgs_telemetry_open(1, &t, &r), 0);
  aatgs_telemetry_record_error(t, text);
  assert_true(aatgs_event_try_recv(r, &e));
  assert_int_equal(strlen(e.u.error), sizeof e.u.error - 1);
  aatgs_telemetry_close(t);
}

static void a_full_stream_drops_the_newest_and_counts(void **state)
{
  aatgs_telemetry *t;
  aatgs_event_receiver *r;
  aatgs_event e;
  (void)state;

  assert_int_equal(aatgs_telemetry_open(5, &t, &r), 0);
  for (uint32_t i = 0; i < 12; i++)
    aatgs_telemetry_record_task_completion(t, i, i);
  assert_int_equal(aatgs_event_dropped(r), 7);
  for (uint32_t i = 0; i < 5; i++) {
    assert_true(aatgs_event_try_recv(r, &e));
    assert_int_equal(e.u.completed.task, i);
  }
  assert_false(aatgs_event_try_recv(r, &e));
  aatgs_telemetry_record_task_completion(t, 99, 0);
  assert_true(aatgs_event_try_recv(r, &e));
  assert_int_equal(e.u.completed.task, 99);
  assert_int_equal(aatgs_event_dropped(r), 7);
  aatgs_telemetry_close(t);
}

static void buffers_keep_the_newest_and_flush_phases_first(void **state)
{
  aatgs_telemetry *t;
  aatgs_event events[16];
  size_t phases, gpus;
  (void)state;

  assert_int_equal(aatgs_telemetry_open(4, &t, NULL), 0);
  for (uint32_t i = 0; i < 6; i++) {
    aatgs_gpu_metrics gpu = {.memory_used_mb = i};
    aatgs_phase_metrics phase = {.phase_id = i};
    aatgs_telemetry_record_gpu_metrics(t, &gpu);
    if (i < 2)
      aatgs_telemetry_record_phase_metrics(t, &phase);
  }
  aatgs_telemetry_buffer_stats(t, &phases, &gpus);
  assert_int_equal(phases, 2);
  assert_int_equal(gpus, 4);
  assert_int_equal(aatgs_telemetry_flush(t, events, 3), 3);
  assert_int_equal(events[0].u.phase.phase_id, 0);
  assert_int_equal(events[1].u.phase.phase_id, 1);
  assert_int_equal(events[2].kind, AATGS_EVENT_GPU_METRICS);
  assert_int_equal(events[2].u.gpu.memory_used_mb, 2);
  assert_int_equal(aatgs_telemetry_flush(t, events, 16), 3);
  assert_int_equal(events[2].u.gpu.memory_used_mb, 5);
  aatgs_telemetry_buffer_stats(t, &phases, &gpus);
  assert_int_equal(phases + gpus, 0);
  aatgs_telemetry_close(t);
}

static void refuses_bad_sizes(void **state)
{
  aatgs_telemetry *t = (void *)1;
  (void)state;
  assert_int_equal(aatgs_telemetry_open(0, &t, NULL), AATGS_EINVAL);
  assert_null(t);
  assert_int_equal(aatgs_telemetry_open((1u << 20) + 1, &t, NULL), AATGS_EINVAL);
  aatgs_telemetry_close(NULL);
}

#define SENT 200000u

static void *produce(void *user)
{
  for (uint32_t i = 0; i < SENT; i++) {
    aatgs_telemetry_record_task_completion(user, i, (uint64_t)i * 3);
    if (i % 64 == 0)
      sched_yield();
  }
  return NULL;
}

/* Every event arrives whole and in order, or is counted as dropped. */
static void two_threads_lose_nothing_uncounted(void **state)
{
  aatgs_telemetry *t;
  aatgs_event_receiver *r;
  aatgs_event e;
  pthread_t producer;
  uint64_t got = 0;
  uint32_t next = 0;
  (void)state;

  assert_int_equal(aatgs_telemetry_open(256, &t, &r), 0);
  assert_int_equal(pthread_create(&producer, NULL, produce, t), 0);
  while (got + aatgs_event_dropped(r) < SENT) {
    if (!aatgs_event_try_recv(r, &e)) {
      sched_yield();
      continue;
    }
    assert_int_equal(e.kind, AATGS_EVENT_TASK_COMPLETED);
    assert_true(e.u.completed.task >= next);
    assert_int_equal(e.u.completed.duration_ns, (uint64_t)e.u.completed.task * 3);
    next = e.u.completed.task + 1;
    got++;
  }
  pthread_join(producer, NULL);
  assert_false(aatgs_event_try_recv(r, &e));
  assert_true(got > 0);
  aatgs_telemetry_close(t);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(events_come_in_order),
      cmocka_unit_test(long_errors_are_cut),
      cmocka_unit_test(a_full_stream_drops_the_newest_and_counts),
      cmocka_unit_test(buffers_keep_the_newest_and_flush_phases_first),
      cmocka_unit_test(refuses_bad_sizes),
      cmocka_unit_test(two_threads_lose_nothing_uncounted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
