/* A pack with its checksums put right is unpacked, and the trace that comes out of it verified. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "fuzz/mend.h"
#include "trace/care.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char out[64];
  aatgs_trace_report r;
  aatgs_error e;
  if (size < sizeof(aatgs_pack_header))
    return 0;
  uint8_t *copy = malloc(size);
  if (!copy)
    return 0;
  memcpy(copy, data, size);
  mend(copy, size);
  snprintf(out, sizeof out, "/dev/shm/aatgs-fuzz-%d", (int)getpid());
  aatgs_trace_remove(out, NULL);
  FILE *f = fmemopen(copy, size, "rb");
  if (f && aatgs_trace_unpack(f, "fuzz", out, &r, &e) == 0)
    aatgs_trace_verify(out, NULL, NULL, &r, &e);
  if (f)
    fclose(f);
  aatgs_trace_remove(out, NULL);
  free(copy);
  return 0;
}
