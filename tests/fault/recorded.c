#include "fault/recorded.h"

#include "support/cm.h"

#include "device/workload.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

char recorded_folder[40];

int recorded_make_folder(void **state)
{
  (void)state;
  snprintf(recorded_folder, sizeof recorded_folder, "/tmp/aatgs-fault-XXXXXX");
  return mkdtemp(recorded_folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
  (void)st, (void)kind, (void)ftw;
  return remove(path);
}

int recorded_remove_folder(void **state)
{
  (void)state;
  return nftw(recorded_folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

aatgs_runtime *recorded_open(aatgs_on_full on_full, uint64_t window_bytes)
{
  aatgs_options o = AATGS_OPTIONS_INIT;
  aatgs_runtime *rt;
  aatgs_error error;
  o.workload = AATGS_BUILD_DIR "/empty.so";
  o.device = "cpu";
  o.tasks = "one";
  o.workers = 1;
  o.record = recorded_folder;
  o.on_full = on_full;
  o.window_bytes = window_bytes;
  if (aatgs_open(&o, &rt, &error))
    fail_msg("%s", error.text);
  return rt;
}

int recorded_iterate(aatgs_runtime *rt, uint32_t iterations)
{
  uint32_t config[AATGS_CONFIG_BYTES_MAX / 4], telemetry[AATGS_TELEMETRY_BYTES_MAX / 4];
  int rc = 0;
  for (uint32_t i = 0; i < iterations && rc >= 0; i++) {
    for (uint32_t k = 0; k < AATGS_CONFIG_BYTES_MAX / 4; k++)
      config[k] = (uint32_t)random() * 2u ^ (uint32_t)random();
    while ((rc = aatgs_submit(rt, config, NULL)) == AATGS_EAGAIN)
      continue;
    if (!rc)
      rc = aatgs_wait(rt, telemetry, NULL, UINT64_C(10000000000));
  }
  return rc;
}
