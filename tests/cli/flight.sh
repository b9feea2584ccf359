#!/bin/sh
# flight.sh: the flight recorder: a window that stays in its size, and traces saved around triggers.
. "${0%/*}/lib.sh"

run() {
  wanted=$1
  shift
  aatgs "$wanted" run --workload "$odd" --device cpu --format json "$@"
}
holds() {
  aatgs 0 info "$1" --format json
  checks=$((checks + 1))
  begin=$(json first) end=$(json last)
  [ "$begin" -lt "$2" ] && [ "$end" -gt "$2" ] ||
    complain "$1 holds $begin to $end: not what was before and after $2"
}

# What does not fit together is refused before anything is made.
refused 2 'belongs to --flight-recorder' run --workload "$odd" --record t --trigger 'iteration == 5'
refused 2 'needs --record' run --workload "$odd" --flight-recorder 8MiB
refused 2 '64MiB or a time such as 30s' run --workload "$odd" --record t --flight-recorder soon
refused 2 'trigger.*nosuch' run --workload "$odd" --record t --flight-recorder 8MiB --trigger 'nosuch > 1'
refused 2 'at least 1048576' run --workload "$odd" --device cpu --record t --flight-recorder 4K
absent t

# An expression: two windows, with what came before and after, that verify and replay.
n=150000
run 0 --iterations $n --record ring --flight-recorder 2MiB \
  --trigger "iteration == $((n / 2)) || iteration == $((n - 100))"
used=$(du -sk ring | cut -f1)
checks=$((checks + 1))
[ "$used" -le 2150 ] || complain "the window of 2 MiB takes $used KiB"
holds ring-saved-1 $((n / 2))
holds ring-saved-2 $((n - 100))
absent ring-saved-3
for trace in ring ring-saved-1 ring-saved-2; do
  aatgs 0 verify "$trace"
  aatgs 0 replay "$trace" --workload "$odd"
done
aatgs 0 info ring-saved-1
out "expression .*iteration == $((n / 2))"

# The smallest window, whose files are shorter than what the journal holds, has snapshots to replay from.
run 0 --iterations $n --record small --flight-recorder 1MiB --trigger "iteration == $((n - 100))"
holds small-saved-1 $((n - 100))
for trace in small small-saved-1; do
  aatgs 0 replay "$trace" --workload "$odd"
done

# An iteration that fails is an event by itself.
run 1 --iterations $n --record faulty --flight-recorder 2MiB --config fail_at=$((n / 2))
holds faulty-saved-1 $((n / 2))
aatgs 0 info faulty-saved-1
out '^ +fault +75,000 +1  an iteration failed$'
aatgs 0 verify faulty-saved-1
aatgs 0 replay faulty-saved-1 --workload "$odd"

# A name that an earlier run's windows have is refused, and nothing is left of the new recording.
rm -rf ring
refused 1 'ring-saved-1.*earlier run' run --workload "$odd" --device cpu --record ring --flight-recorder 1MiB
absent ring

# SIGUSR1, with a window of time; only so many windows as were asked for.
"$AATGS" run --workload "$odd" --device cpu --seconds 4 --record timed --flight-recorder 1s \
  --saves 1 >.out 2>.err &
pid=$!
sleep 1
kill -USR1 $pid
sleep 1.5
kill -USR1 $pid
wait $pid
same $? 0 'exit status of the run that was signalled'
aatgs 0 verify timed-saved-1
absent timed-saved-2
aatgs 0 info timed-saved-1
out 'signal '
finish
