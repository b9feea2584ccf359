#!/bin/sh
# run.sh: what `aatgs run` does, by a workload whose answers are known.
. "${0%/*}/lib.sh"

run() {
  wanted=$1
  shift
  aatgs "$wanted" run --workload "$odd" --device cpu "$@"
}

# What a run prints, in each form.
run 0 --iterations 101 --seed 7
quiet
out '^  workload +odd$' '^  tasks +plain$' '^  seed +7$' '^  device +cpu$' '^  workers +[0-9]+$' \
  '^  iterations +101$' '^  ended by +iterations$' '^  rate +[0-9,]+ iterations a second$' \
  '^  round trip p50 +[0-9.]+ (ns|us|ms|s)$' '^  round trip p99 +[0-9.]+ (ns|us|ms|s)$' \
  '^Telemetry of iteration 101$' '^  seen +101$' '^  step +101  102  103$' '^  half +50.5$' \
  '^  time_us +[0-9,]+ us$' '^  counted to 101$' '^  digest +[0-9a-f]{16}$' '--record DIR'
run 0 --iterations 101 --seed 7 --format json
quiet
same "$(json workload) $(json iterations) $(json ended_by) $(json failed)" 'odd 101 iterations 0' json
out '^    "seen": 101,$' '^    "counted to 101"$' '"round_trip_p50_ns": [0-9]+' '"per_second": [0-9]+'
if command -v python3 >/dev/null; then
  checks=$((checks + 1))
  python3 -m json.tool <.out >/dev/null || complain 'python3 does not read the JSON'
fi
run 0 --iterations 101 --format csv
out '^key,value$' '^iterations,101$' '^telemetry.step.1,102$' '^summary.0,counted to 101$'

# The digest is of seed and iterations alone.
digest() {
  run 0 --format json "$@"
  digest=$(json digest)
}
digest --iterations 500 --seed 7 --workers 1
one=$digest
for other in '--workers 2' '--workers 3 --shuffle' '--workers 7' '--in-flight 1' '--in-flight 3' \
  '--idle balanced' '--idle power'; do
  # shellcheck disable=SC2086
  digest --iterations 500 --seed 7 $other
  same "$digest" "$one" "digest with $other"
done
digest --iterations 500 --seed 8
differ "$digest" "$one" 'digest of another seed'
digest --iterations 501 --seed 7
differ "$digest" "$one" 'digest of another length'

# What the digest covers, and how often the state is kept, is in the trace.
for what in writes full off; do
  run 0 --iterations 300 --seed 7 --digest "$what" --snapshots 100 --record "trace-$what" --format json
  digest=$(json digest)
  for way in '--workers 1' '--workers 3 --shuffle'; do
    # shellcheck disable=SC2086
    aatgs 0 replay "trace-$what" --workload "$odd" $way --format json
    same "$(json verdict) $(json digest)" "identical $digest" "replay with --digest $what"
  done
  aatgs 0 info "trace-$what"
  out '^  state snapshots +[2-4]$' "^  digests +$what\$"
done
for every in 0.001s 4KiB; do
  run 0 --iterations 30000 --record "trace-$every" --snapshots "$every"
  aatgs 0 info "trace-$every"
  out '^  state snapshots +([2-9]|[1-9][0-9,]+)$'
done
run 0 --iterations 300 --record trace-first --snapshots first
aatgs 0 info trace-first
out '^  state snapshots +1$'
for every in 0 '' x 5x -1 0s s 1.5 0KiB; do
  refused 2 '--snapshots is auto' run --workload "$odd" --snapshots "$every"
done

# A condition ends the run at the first iteration that matches, and none later is in it.
run 0 --until 'seen >= 20 && step[2] == 42' --format json
same "$(json ended_by) $(json iterations)" 'until 40' '--until'
until_digest=$(json digest)
digest --iterations 40
same "$until_digest" "$digest" 'digest of a run with --until'
run 0 --until 'iteration == 9' --iterations 30 --format json
same "$(json ended_by) $(json iterations)" 'until 9' '--until before --iterations'
run 0 --until 'seen > 1000' --iterations 30 --format json
same "$(json ended_by) $(json iterations)" 'iterations 30' '--iterations before --until'
run 0 --until 'config.iteration == 9 && config.scale == 2' --config scale=2 --format json
same "$(json ended_by) $(json iterations)" 'until 9' '--until over the config'

# Time ends it too.
run 0 --seconds 0.3 --config spin=20000 --format json
same "$(json ended_by)" seconds '--seconds'
elapsed=$(json elapsed_ns)
checks=$((checks + 1))
[ "$elapsed" -gt 200000000 ] && [ "$elapsed" -lt 30000000000 ] || complain "--seconds 0.3 took $elapsed ns"

# Tasks from a file; a graph larger than the usual limits.
printf 'a Add # comment\n\nb Note parts=3 after=a\nc Report after=a,b\n' >tasks
run 0 --tasks tasks --iterations 50
out '^  tasks +tasks$' '^  task count +3$' '^  seen +50$'
awk 'BEGIN { print "t0 Add"
  for (i = 1; i < 3000; i++) printf "t%d Add after=t%d%s\n", i, i - 1, (i > 5 ? ",t" (i - 3) ",t" (i - 5) : "") }' >many
run 0 --tasks many --iterations 20
out '^  task count +3,000$'
printf 'wide Note parts=60\n' >wide
run 0 --tasks wide --iterations 2000

# The solution is there whole, where it is asked for, with the usual permissions.
umask 022
run 0 --iterations 40 --solution solution
out '^  solution +solution$'
same "$(cat solution)" 40 'the solution'
same "$(stat -c %a solution)" 644 'its permissions'
run 0 --iterations 42 --solution solution
same "$(cat solution)" 42 'a solution over an old one'
run 1 --iterations 41 --solution solution
err '^aatgs: run: solution was not written: .*the count is odd: run one iteration more'
out '^  iterations +41$'
same "$(cat solution)" 42 'an old solution without a new one'
same "$(ls -A | grep -c aatgs-)" 0 'temporary files'

# Bad places are refused before anything runs.
refused 2 'folder' run --workload "$odd" --solution .
refused 1 'nowhere' run --workload "$odd" --solution nowhere/solution
refused 1 'solution/x' run --workload "$odd" --solution solution/x
refused 2 'empty' run --workload "$odd" --solution ''
refused 2 '--record needs' run --workload "$odd" --record ''
checks=$((checks + 1))
ln -s solution link
run 0 --iterations 44 --solution link
[ -L link ] && [ "$(cat solution)" = 44 ] || complain 'the link was not followed'
run 0 --iterations 44 --solution /dev/null
checks=$((checks + 1))
[ -c /dev/null ] || complain '/dev/null is a device no more'

# Failure policies: the run stops, or goes on without what depends on the task; both replay.
run 1 --iterations 5000 --config fail_at=20 --on-failure stop --retries 2 --in-flight 1 --record stopped
err 'iterations failed, the first was iteration 20 in task add$'
out '^  ended by +failure$' '^  failed +1$' '^  iterations +20$'
aatgs 0 info stopped
out '^  iterations with a failed task +1$' '^  stops +1$'
aatgs 0 replay stopped --workload "$odd" --workers 3
printf 'a Add retries=3 on-failure=skip\nb Note on-failure=stop\nc Report after=a,b\n' >policies
run 1 --tasks policies --iterations 50 --config fail_at=20
out '^  ended by +iterations$'
refused 2 '--retries is a whole number from 0 to 100' run --workload "$odd" --retries 101
refused 2 '--on-failure is skip or stop' run --workload "$odd" --on-failure panic
printf 'a Add retries=x\n' >bad
refused 1 'bad:1: retries=x: must be a whole number from 0 to 100' run --workload "$odd" --tasks bad
refused 2 '--deadline is a number of seconds' run --workload "$odd" --deadline soon

# Every iteration is later than a nanosecond and sooner than a day.
run 0 --iterations 50 --deadline 0.000000001 --record late --format json
same "$(json overruns) $(json deadline_ns)" '50 1' 'overruns'
aatgs 0 info late --format json
same "$(json overruns)" 50 'overruns in the trace'
aatgs 0 replay late --workload "$odd"
run 0 --iterations 50 --deadline 86400 --format json
same "$(json overruns)" 0 'no overruns'

# The default policy makes estimates, the others are there.
run 0 --iterations 200 --format json
same "$(json policy)" adaptive 'the default policy'
out '"iteration_ns": [0-9]+' '"iteration_low_ns": [0-9]+' '"iteration_high_ns": [0-9]+' \
  '"iteration_error_percent": ' '"completion_error_percent": '
digest=$(json digest)
for policy in fifo original critical-path; do
  run 0 --iterations 200 --policy $policy --format json
  same "$(json policy) $(json digest)" "$policy $digest" 'the digest does not depend on the policy'
done

# A task that fails: counted, named, and the exit status says so.
run 1 --iterations 50 --config fail_at=20
err '^aatgs: run: 1 of 50 iterations failed, the first was iteration 20 in task add$'
out '^  failed +1$' '^  seen +49$'

# Signals: what is in flight finishes, the report is printed.
for signal in INT TERM; do
  last="aatgs run, SIG$signal"
  "$AATGS" run --workload "$odd" --device cpu --seconds 60 --config spin=20000 --format json \
    --until 'seen == 0' >.out 2>.err &
  pid=$!
  # Once there is a worker the handlers stand; then time for some iterations.
  for _ in $(seq 100); do
    grep -q -s aatgs-w0 /proc/$pid/task/*/comm && break
    sleep 0.1
  done
  sleep 1
  kill -s $signal $pid
  wait $pid
  status=$?
  expected=130
  [ $signal = INT ] || expected=143
  same "$status" "$expected" "exit status after SIG$signal"
  same "$(json ended_by)" signal "ended by after SIG$signal"
  [ "$(json iterations)" -gt 0 ] || complain "no iteration before SIG$signal"
done

# A full stdout is an error, not a success.
checks=$((checks + 1))
last='aatgs run >/dev/full'
"$AATGS" run --workload "$odd" --device cpu --iterations 5 >/dev/full 2>.err </dev/null
same "$?" 1 'exit status'
err 'cannot write to standard output'

# The progress line is for a terminal alone.
if command -v script >/dev/null; then
  last='aatgs run on a terminal'
  TERM=xterm script -q -e -c "'$AATGS' run --workload '$odd' --device cpu --seconds 2" typescript \
    >/dev/null </dev/null
  same "$?" 0 'exit status'
  tr '\r' '\n' <typescript >.out
  out 'iterations, [0-9,]+ a second  seen [0-9]+'
  out 'Telemetry of iteration'
  bold=$(printf '\033[1m')
  checks=$((checks + 1))
  grep -q -F "${bold}Run" .out || complain 'no bold heading on a terminal'
  NO_COLOR=1 TERM=xterm script -q -e -c "'$AATGS' run --workload '$odd' --iterations 5" typescript \
    >/dev/null </dev/null
  tr '\r' '\n' <typescript >.out
  checks=$((checks + 1))
  if grep -q -F "$bold" .out; then complain 'colours in spite of NO_COLOR'; fi
fi

# What can be set is listed.
aatgs 0 run --workload "$odd" --list
out 'spin +u32 +1 +0 +1000000000 +0 +turns +How long Add takes' 'step +u32 +3' '--text FILE' 'plain'
aatgs 0 run --workload "$odd" --list --format json
out '"name": "spin"'
finish
