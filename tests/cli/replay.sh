#!/bin/sh
# replay.sh: a recorded run repeats on any number of workers, and a build that computes something
# else is caught where it first does.
. "${0%/*}/lib.sh"

aatgs 0 run --workload "$odd" --device cpu --iterations 300 --seed 7 --record trace --format json
digest=$(json digest)
out '"disk_bytes": [0-9]+'
cp -r trace before

for way in '--workers 1' '--workers 2' '--workers 3' '--workers 7' '--shuffle' '--workers 4 --shuffle' \
  '--device auto'; do
  # shellcheck disable=SC2086
  aatgs 0 replay trace --workload "$odd" $way --format json
  quiet
  same "$(json verdict) $(json iterations) $(json digest)" "identical 300 $digest" "replay $way"
done
aatgs 0 replay trace --workload "$odd"
out '^  verdict +identical$' '^  compared +300 iterations$' "^  digest +$digest\$"
aatgs 0 replay trace --workload "$odd" --format csv
out '^verdict,identical$'
checks=$((checks + 1))
diff -r trace before >/dev/null || complain 'replay changed the trace'

# Parts of it.
for range in 1-300:300 100-200:101 100-end:201 300:1 250-1000:51; do
  aatgs 0 replay trace --workload "$odd" --range "${range%:*}" --format json
  same "$(json iterations)" "${range#*:}" "iterations of ${range%:*}"
done
for range in 0-5 5-4 -5 5- a-b '' 1-18446744073709551616; do
  refused 2 '--range is a range of iterations' replay trace --range "$range"
done
refused 2 'trace.*(301|300)' replay trace --workload "$odd" --range 301-400

# The workload is found by name where it is looked for.
AATGS_WORKLOAD_PATH=$AATGS_BUILD/tests/cli
export AATGS_WORKLOAD_PATH
aatgs 0 replay trace
unset AATGS_WORKLOAD_PATH
refused 1 '"odd" was not found' replay trace
refused 1 'not-there.so' replay trace --workload ./not-there.so

# Another build of the workload that computes the same, and one that does not.
aatgs 4 replay trace --workload "$odd_wrong" --workers 2
err '^aatgs: replay: diverged in digest at iteration 70, task add, part 0: digest is [0-9a-f]+ where [0-9a-f]+ was recorded$'
out '^  verdict +diverged$' '^  in +digest$' '^  iteration +70$' '^  task +add$' '^  part +0$' \
  '^  field +digest$' '^  replayed again +the same difference$' '^  look closer +printf .*aatgs debug trace --workload '
aatgs 4 replay trace --workload "$odd_wrong" --format json
same "$(json verdict) $(json iterations)" 'diverged 69' 'the JSON of a divergence'
out '^    "iteration": 70,$' '^    "task": "add",$' '^    "part": 0,$' '^    "what": "digest",$'
aatgs 0 replay trace --workload "$odd_wrong" --range 1-69
aatgs 4 replay trace --workload "$odd_wrong" --range 1-70
aatgs 1 replay trace --workload "$AATGS_BUILD/empty.so"
finish
