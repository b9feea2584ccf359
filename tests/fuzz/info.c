/* The description of a run; what is accepted can be written and read again, as the same. */
#include "trace/info.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  aatgs_arena arena = {0}, again_arena = {0};
  aatgs_trace_info info = {0}, again = {0};
  aatgs_bytes out = {0};
  aatgs_error e;
  uint64_t trace, same;
  if (aatgs_info_read(data, size, "fuzz", &arena, &info, &trace, &e) == 0) {
    if (aatgs_info_write(&info, trace, &out) ||
        aatgs_info_read(out.data, out.size, "again", &again_arena, &again, &same, &e) ||
        same != trace || again.config_field_count != info.config_field_count ||
        aatgs_info_snapshot_bytes(&again) != aatgs_info_snapshot_bytes(&info))
      __builtin_trap();
  }
  aatgs_bytes_free(&out);
  aatgs_arena_free(&arena);
  aatgs_arena_free(&again_arena);
  return 0;
}
