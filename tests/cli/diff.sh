#!/bin/sh
# diff.sh: in what two runs differ. Verdicts about time are in diff_time.c and bench_diff.sh; here
# only what does not hang on the machine's mood.
. "${0%/*}/lib.sh"

record() {
  trace=$1
  shift
  aatgs 0 run --workload "$odd" --device cpu --workers 1 --record "$trace" "$@"
}
record a --iterations 300 --seed 5
record again --iterations 300 --seed 5
record seed --iterations 300 --seed 6
record short --iterations 200 --seed 5
record config --iterations 300 --seed 5 --config scale=2 --config spin=7
aatgs 1 run --workload "$odd" --device cpu --workers 1 --record failed --iterations 300 --seed 5 \
  --config fail_at=123

content=configs,decisions,telemetry,digests
aatgs 0 diff a again --compare $content
quiet
out '^  verdict +same$' '^  compared +300 iterations$' '^  configs +same +0 +-$' \
  '^  decisions +same' '^  telemetry +same' '^  digests +same'
aatgs 0 diff a a
out '^  time +no evidence of a difference' '^  Add .* \+0\.0 % .* no evidence$'
cp .out first
aatgs 0 diff a a
same "$(cat .out)" "$(cat first)" 'the same comparison again'

# Another seed: the notes come out otherwise, the telemetry does not.
aatgs 1 diff a seed --compare $content
out '^  verdict +different$' '^  telemetry +same' '^  digests +different +300 +1$' '^  seed +5 +6$' \
  '^  digests +Note, part [0-9]+ +1 +[0-9a-f]{8} +[0-9a-f]{8} +300$'
aatgs 0 diff a seed --compare telemetry,decisions
aatgs 0 diff a seed --compare configs

# Fields of the config, one by one.
aatgs 1 diff a config --compare configs,telemetry
out '^  configs +spin +1 +0 +7 +300$' '^  configs +scale +1 +1 +2 +300$' '^  telemetry +same'
aatgs 1 diff a config --compare configs --range 10-19
out '^  compared +10 iterations$' '^  configs +spin +10 +0 +7 +10$'

# The first difference is where the run failed: later ones carry on from there.
aatgs 1 diff a failed --compare telemetry --format json
out '^  "verdict": "different",$' '^  "compared": 300,$' '"field": "status",$' '"iteration": 123,$'
if command -v python3 >/dev/null; then
  checks=$((checks + 1))
  python3 - .out 2>.err <<'END' || complain 'the JSON is not as it should be'
import json, sys
d = json.load(open(sys.argv[1]))
first = {x['field']: x for x in d['differences']}
assert first['status'] == {'aspect': 'telemetry', 'field': 'status', 'iteration': 123, 'a': '0',
                           'b': '1', 'iterations': 1}, first['status']
assert first['half']['iteration'] == 123 and first['step[2]']['iterations'] == 178, first
END
fi

# Iterations that only one has.
aatgs 1 diff a short --compare $content
out '^  compared +200 iterations$' '^  in A alone +100 iterations$' '^  iterations +300 +200$'
aatgs 1 diff short a --compare configs
out '^  in B alone +100 iterations$'
aatgs 0 diff a short --compare telemetry
aatgs 0 diff a short --compare configs --range 1-200

# A graph of another form, and a plan in another order.
printf 'add Add\nreport Report after=add\n' >other.tasks
record graph --iterations 300 --seed 5 --tasks other.tasks
aatgs 1 diff a graph --compare decisions
out '^  decisions +graph +1 +add, note, report +add, report +300$'

# Another workload: what only one run has is a difference, and what neither shares is not "the same".
aatgs 0 run --workload "$AATGS_BUILD/tests/counter.so" --device cpu --workers 1 --iterations 300 --record counter
aatgs 1 diff a counter
out '^  configs +different +300 +1$' '^  telemetry +different +300 +1$' '^  digests +nothing to compare +0 +-$' \
  '^  configs +spin +1 +0 +- +300$' '^  configs +hits +1 +- +10 +300$' '^  telemetry +seen +1 +1 +- +300$' \
  '^  Add .* in one run alone$'
aatgs 1 diff counter a --compare telemetry
aatgs 0 diff a counter --compare digests

# A task that takes a hundred times as long.
record slow --iterations 300 --seed 5 --config spin=100000
aatgs 1 diff a slow --format csv
out '^time\.0\.type,Add$' '^time\.0\.verdict,slower$' '^time\.0\.p_corrected,'

refused 2 'no-trace' diff a no-trace
refused 2 'no-trace' diff no-trace a
refused 2 'something is missing: aatgs diff A B' diff a
refused 2 "list of configs, decisions, telemetry, digests and time, such as.* not 'colour'" \
  diff a again --compare colour
refused 2 'not .configs,,time' diff a again --compare configs,,time
finish
