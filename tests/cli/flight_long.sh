#!/bin/sh
# flight_long.sh: minutes of recording into a window of 64 MiB (AATGS_FLIGHT_SECONDS, default 600): once
# the window is full the disk holds that much, within 10 %, at every look; a window saved half-way has
# what was before and after the trigger, and replays.
. "${0%/*}/lib.sh"
seconds=${AATGS_FLIGHT_SECONDS:-600}
window=$((64 * 1024)) # KiB

"$AATGS" run --workload "$odd" --device cpu --in-flight 2 --seconds "$seconds" --record ring \
  --flight-recorder 64MiB --format json >.run 2>.err &
pid=$!
least= most=0 looks=0 signalled=
start=$(date +%s)
while kill -0 $pid 2>/dev/null; do
  used=$(du -sk ring 2>/dev/null | cut -f1)
  used=${used:-0}
  [ "$used" -le "$most" ] || most=$used
  if [ "$most" -ge $((window * 9 / 10)) ] && kill -0 $pid 2>/dev/null; then
    looks=$((looks + 1))
    [ -n "$least" ] && [ "$used" -ge "$least" ] || least=$used
  fi
  if [ -z "$signalled" ] && [ $(($(date +%s) - start)) -ge $((seconds / 2)) ]; then
    signalled=yes
    kill -USR1 $pid
  fi
  sleep 0.2
done
wait $pid
same $? 0 'exit status of the run'
iterations=$(sed -n 's/^  "iterations": \([0-9]*\),$/\1/p' .run | head -n 1)
echo "$seconds s, $iterations iterations: $least to $most KiB on the disk in $looks looks" \
  "after the window of $window KiB was full"
checks=$((checks + 3))
[ "$most" -le $((window * 11 / 10)) ] || complain "at most $most KiB on the disk"
[ -n "$least" ] && [ "$least" -ge $((window * 9 / 10)) ] || complain "down to $least KiB on the disk"
aatgs 0 verify ring
aatgs 0 verify ring-saved-1
aatgs 0 info ring-saved-1 --format json
begin=$(json first) end=$(json last)
at=$(sed -n '/"marks"/,$ s/^ *"iteration": \([0-9]*\),$/\1/p' .out)
echo "saved around iteration $at: $begin to $end"
[ -n "$at" ] && [ "$begin" -lt "$at" ] && [ "$end" -gt "$at" ] ||
  complain "the saved window of $begin to $end is not around $at"
aatgs 0 replay ring-saved-1 --workload "$odd"
finish
