#!/bin/sh
# doctor.sh: what doctor says agrees with what the system says, and it always has an answer.
. "${0%/*}/lib.sh"

aatgs 0 doctor
quiet
out '^Machine$' '^  processor +' '^  AVX +(yes|no)' "^  cores online +$(getconf _NPROCESSORS_ONLN)\$" \
  "^  kernel +$(uname -s) $(uname -r)\$" '^  reading the clock +[0-9.]+ ns$' '^  lockable memory ' \
  '^  driver ' '^  LMDB +0\.[0-9.]+$' '^  zstd +1\.[0-9.]+$' '^Round trip, cpu device, one empty task$' \
  '^  p50 +[0-9.]+ (ns|us|ms)$' '^  p99 +[0-9.]+ (ns|us|ms)$'
if [ ! -e /dev/nvidiactl ]; then
  out '^  usable +no$' '^  because +.+'
fi
aatgs 0 doctor --format json
quiet
out '^    "p50_ns": [0-9]+,$' '^    "p99_ns": [0-9]+,$' '^    "lmdb": "' '^    "usable": "'
if command -v python3 >/dev/null; then
  checks=$((checks + 1))
  python3 -m json.tool <.out >/dev/null || complain 'python3 does not read the JSON'
fi
aatgs 0 doctor --format csv
out '^round_trip_cpu.p50_ns,[0-9]+$'

# On one core the round trip is slow but there; without the workload it is skipped with a reason.
if command -v taskset >/dev/null && taskset -c 0 true 2>/dev/null; then
  last='taskset -c 0 aatgs doctor'
  taskset -c 0 "$AATGS" doctor >.out 2>.err
  same "$?" 0 'exit status on one core'
  out '^  cores allowed +1$' '^  p50 +[0-9.]+ (ns|us|ms)$'
fi
cp "$AATGS" alone
last='a copy of aatgs elsewhere'
AATGS_WORKLOAD_PATH=/nowhere ./alone doctor >.out 2>.err
same "$?" 0 'exit status without the workload'
[ -e /usr/local/lib/aatgs/empty.so ] || out '^  skipped +workload "empty" was not found'
finish
