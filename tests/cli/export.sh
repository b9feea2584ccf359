#!/bin/sh
# export.sh: a trace as Perfetto, Chrome and SQLite read it, by readers that share no code with it.
. "${0%/*}/lib.sh"

aatgs 0 run --workload "$odd" --device cpu --iterations 300 --workers 3 --in-flight 4 --record trace
aatgs 0 export trace -o trace.pftrace
quiet
same "$(cat .out)" '' 'what export prints'
aatgs 0 export trace -o trace.json --format chrome

# check FORMAT FILE ITERATIONS TIMINGS EDGES
check() {
  checks=$((checks + 1))
  last="export_check.py $*"
  python3 "$AATGS_SOURCE/tests/cli/export_check.py" "$@" >.out 2>.err || complain 'the export is wrong'
}
if command -v python3 >/dev/null; then
  check perfetto trace.pftrace 300 1800 600
  check chrome trace.json 300 1800 600
  aatgs 0 export trace -o part.json --format chrome --range 100-199
  check chrome part.json 100 600 200
  aatgs 0 export trace -o part.pftrace --range 300-end
  check perfetto part.pftrace 1 6 2
else
  echo 'the exports were not read: python3 is not here'
fi
# protoc names fields by number: 11 is a packet's event, in it 9 is its type (1 a slice begins, 2 it
# ends) and 47 and 48 are flows; a slice each for 1800 parts, three stages of 300 iterations and the
# scheduler's decisions.
if command -v protoc >/dev/null; then
  aatgs 0 query trace 'SELECT 2700 + count(*) FROM decision' --format csv
  slices=$(tail -n 1 .out | tr -d '\r')
  checks=$((checks + 2))
  last='protoc --decode_raw'
  protoc --decode_raw <trace.pftrace >raw.txt 2>.err || complain 'protoc does not read the export'
  grep -q '"worker 0"' raw.txt || complain 'no track of worker 0'
  same "$(awk '/^[^ ]/ { event = 0 } /^  11 [{]/ { event = 1 }
    event && /^    9: 1$/ { begins++ } event && /^    9: 2$/ { ends++ }
    event && /^    47: / { out++ } event && /^    48: / { into++ }
    END { print begins, ends, out, into }' raw.txt)" "$slices $slices 600 600" 'slices and flows'
else
  echo 'the export was not read by protoc: it is not here'
fi

# The database, read by sqlite3.
aatgs 0 export trace -o trace.db --format sqlite
quiet
refused 2 'a database cannot be written to a pipe or device' export trace -o /dev/null \
  --format sqlite
ask() {
  last="sqlite3 $2"
  same "$(sqlite3 trace.db "$2" 2>&1)" "$1" 'the answer'
}
if command -v sqlite3 >/dev/null; then
  ask ok 'PRAGMA integrity_check'
  ask '300|1|300' 'SELECT count(*), min(iteration), max(iteration) FROM iteration'
  ask '1800' 'SELECT count(*) FROM task'
  ask 'Add|300
Note|1200
Report|300' 'SELECT type, count(*) FROM task GROUP BY type ORDER BY type'
  ask '300' 'SELECT count(*) FROM iteration WHERE seen = iteration AND step_2 = iteration + 2
    AND half = iteration / 2.0'
  ask '0' 'SELECT count(*) FROM iteration WHERE NOT (posted_ns <= start_ns AND start_ns <= end_ns
    AND end_ns <= seen_ns)'
  ask 'add|1' 'SELECT name, min(iteration) FROM task'
  ask '1' 'SELECT min(iteration) FROM decision'
  # What `aatgs query` says of the trace, sqlite3 says of the database.
  for sql in 'SELECT type, part, count(*), sum(duration_ns), sum(digest) FROM task GROUP BY 1, 2' \
    'SELECT count(*), sum(round_trip_ns), sum(bus_ns), sum(seen), min(posted_ns) FROM iteration' \
    'SELECT iteration, graph, plan, rule FROM decision' 'SELECT * FROM snapshot' \
    'SELECT kind, count(*), sum(iteration) FROM event GROUP BY 1' \
    'SELECT count(*), min(column_name), max(column_name), sum(maximum > 1) FROM schema'; do
    aatgs 0 query trace "$sql" --format csv
    tail -n +2 .out | tr -d '\r' >wanted
    sqlite3 -csv trace.db "$sql" | tr -d '\r' >got
    same "$(cat got)" "$(cat wanted)" "$sql"
  done
else
  echo 'the database was not read: sqlite3 is not here'
fi

# A file that is there whole or not at all.
echo before >kept
refused 2 'is a range of iterations' export trace -o kept --range 9-3
refused 2 'outside the trace: trace holds iterations 1 to 300' export trace -o kept --range 301-end
refused 1 'no-trace' export no-trace -o kept
refused 2 'perfetto, chrome or sqlite' export trace -o kept --format xml
refused 2 'say where to write it: -o FILE' export trace
refused 2 'it is a folder' export trace -o trace
refused 1 'no-folder' export trace -o no-folder/x
same "$(cat kept)" before 'a file after exports that failed'
aatgs 0 export trace -o kept --range 1-10
differ "$(head -c 6 kept)" before 'a file after an export'
if [ -c /dev/full ]; then
  refused 1 'No space left' export trace -o /dev/full
fi
aatgs 0 export trace -o /dev/stdout --format chrome
out '^\{"displayTimeUnit":"ns"'
absent .aatgs-*
finish
