#!/bin/sh
# info.sh: what a trace says about itself, whole, cut off and while it is written.
. "${0%/*}/lib.sh"

# An input whose name holds what could harm a terminal or break JSON.
name=$(printf 'odd\033[31m "in\\put"')
printf 'odd text' >"$name"
aatgs 0 run --workload "$odd" --device cpu --iterations 250 --seed 9 --workers 2 --text "$name" \
  --record trace --format json
digest=$(json digest)
aatgs 0 info trace
quiet
out '^  workload +odd$' '^  device +cpu$' '^  workers +2$' '^  policy +adaptive$' '^  seed +9$' \
  '^  started +20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z$' \
  '^  state +closed$' '^  iterations +250$' '^  first +1$' '^  last +250$' '^  lost +0$' \
  '^  duration +[0-9.]+ (us|ms|s)$' '^  timing records +1,500$' '^  on disk +[0-9.]+ (KiB|MiB)$' \
  "^  digest +$digest\$" '^  text +8 bytes  odd.{1,4}\[31m "in\\put"$' \
  '^ +1 +2  report  Report +1  add note$' '^  count +primary +8 bytes$'
aatgs 0 info trace --format json
quiet
same "$(json digest) $(json iterations) $(json state) $(json lost)" "$digest 250 closed 0" json
out '^      "kind": "text",$' '^      "bytes": 8,$'
if command -v python3 >/dev/null; then
  checks=$((checks + 1))
  python3 -m json.tool <.out >/dev/null || complain 'python3 does not read the JSON'
fi
aatgs 0 info trace --format csv
out "^digest,$digest\$" '^tasks.2.after,add note$'

# Where its bytes go: every column has a row, and the rows add up to the size on disk.
aatgs 0 info trace --columns
quiet
out '^  iteration +posted_ns ' '^  telemetry +seen ' '^  timing record +digest ' \
  '^  run +state snapshots ' '^  files +pages, locks, totals '
aatgs 0 info trace --columns --format csv
same "$(awk -F, '/^columns\.[0-9]+\.bytes,/ {n += $2} /^disk_bytes,/ {d = $2}
  END {print (n > d - 99 && n < d + 99)}' .out)" 1 'sum of the columns'

# The same digest for the same computation, another for another.
aatgs 0 run --workload "$odd" --device cpu --iterations 250 --seed 9 --record second --in-flight 2
aatgs 0 info second --format json
same "$(json digest)" "$digest" 'digest of the same run'
aatgs 0 run --workload "$odd" --device cpu --iterations 250 --seed 10 --record third
aatgs 0 info third --format json
differ "$(json digest)" "$digest" 'digest of another seed'

# While it is written, and after its writer was killed.
"$AATGS" run --workload "$odd" --device cpu --seconds 60 --config spin=20000 --record live \
  >/dev/null 2>&1 </dev/null &
pid=$!
tries=0
committed=0
while [ "$committed" -eq 0 ] && [ $tries -lt 50 ]; do
  sleep 0.2
  tries=$((tries + 1))
  "$AATGS" info live --format json >.out 2>.err || continue
  committed=$(json iterations)
done
last='aatgs info live, while it is written'
checks=$((checks + 1))
[ "$committed" -gt 0 ] || complain 'nothing is seen of a trace that is written'
same "$(json state)" open 'state of a trace that is written'
kill -KILL $pid
wait $pid 2>/dev/null
aatgs 0 info live --format json
same "$(json state)" open 'state of a trace whose writer was killed'
after=$(json iterations)
checks=$((checks + 1))
[ "$after" -ge "$committed" ] || complain "$after iterations are left of $committed"
killed=$(json digest)
aatgs 0 replay live --workload "$odd" --format json
same "$(json digest)" "$killed" 'digest of a trace whose writer was killed'

# A run that was interrupted leaves a closed trace.
"$AATGS" run --workload "$odd" --device cpu --seconds 60 --config spin=20000 --record cut \
  --format json >run.json 2>.err </dev/null &
pid=$!
sleep 0.7
kill -TERM $pid
wait $pid
same "$?" 143 'exit status after SIGTERM'
aatgs 0 info cut --format json
same "$(json state)" closed 'state of a trace whose run was interrupted'
same "$(json digest)" "$(sed -n 's/^  "digest": "\(.*\)",*$/\1/p' run.json)" 'its digest'
finish
