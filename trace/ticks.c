#include "trace/ticks.h"

#include "trace/column.h"

#define MEMBERS      5
#define MEMBERS_TIME 3 /* of a block of nothing but time */

static uint64_t *member(aatgs_tick *tick, int m)
{
  uint64_t *const all[MEMBERS] = {&tick->before, &tick->done_before, &tick->now_ns, &tick->kind,
                                  &tick->value};
  return all[m];
}

static int members(const aatgs_tick *ticks, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    if (ticks[i].kind != AATGS_TICK_TIME || ticks[i].value)
      return MEMBERS;
  return MEMBERS_TIME;
}

bool aatgs_ticks_write(const aatgs_tick *ticks, uint32_t count, aatgs_bytes *out)
{
  uint64_t values[AATGS_TICKS_PER_BLOCK], scratch[AATGS_TICKS_PER_BLOCK];
  aatgs_bytes ends = {0};
  aatgs_bytes_u32(out, count);
  bool ok = !out->failed;
  for (int m = 0, n = members(ticks, count); ok && m < n; m++) {
    aatgs_column_choice choice = {AATGS_CODER_DELTA, 1};
    aatgs_column_entry entry;
    size_t at = out->size;
    for (uint32_t i = 0; i < count; i++)
      values[i] = *member((aatgs_tick *)&ticks[i], m);
    ok = aatgs_bytes_extend(out, sizeof entry) &&
         aatgs_column_encode(values, NULL, count, 8, &choice, scratch, out, &ends, &entry);
    if (ok)
      memcpy(out->data + at, &entry, sizeof entry);
  }
  aatgs_bytes_free(&ends);
  return ok;
}

bool aatgs_ticks_read(const uint8_t *bytes, size_t size, aatgs_tick ticks[AATGS_TICKS_PER_BLOCK],
                      uint32_t *count)
{
  uint64_t values[AATGS_TICKS_PER_BLOCK];
  aatgs_cursor c = {bytes, bytes + size, false};
  *count = aatgs_cursor_u32(&c);
  if (c.failed || *count == 0 || *count > AATGS_TICKS_PER_BLOCK)
    return false;
  memset(ticks, 0, *count * sizeof *ticks);
  for (int m = 0; m < MEMBERS && (m < MEMBERS_TIME || aatgs_cursor_left(&c)); m++) {
    aatgs_column_entry entry;
    const uint8_t *at = aatgs_cursor_take(&c, sizeof entry);
    if (!at)
      return false;
    memcpy(&entry, at, sizeof entry);
    at = aatgs_cursor_take(&c, entry.bytes);
    if (!at || !aatgs_column_decode(&entry, at, NULL, *count, 8, values))
      return false;
    for (uint32_t i = 0; i < *count; i++)
      *member(&ticks[i], m) = values[i];
  }
  return aatgs_cursor_left(&c) == 0;
}
