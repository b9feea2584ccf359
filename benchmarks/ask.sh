#!/bin/sh
# ask.sh AATGS [TRACE]: what it costs to ask a long trace: the median of 5 runs' time, and the peak of
# memory, beside a plain SQLite that was given the column. Makes the trace of 10 million iterations
# of workload `empty` where there is none. JSON with FORMAT=json.
set -eu
aatgs=$(realpath "$1")
trace=${2:-/tmp/aatgs-ask.trace}
rounds=${ROUNDS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -d "$trace" ] || "$aatgs" run --workload empty --device cpu --workers 1 --in-flight 4 \
  --iterations "${ITERATIONS:-10000000}" --record "$trace" >"$work/run"

# measure NAME COMMAND...: a line of the report.
measure() {
  name=$1
  shift
  for round in $(seq "$rounds"); do
    /usr/bin/time -a -o "$work/times" -f '%e %M' "$@" >/dev/null
  done
  sort -n "$work/times" | awk -v name="$name" -v json="${FORMAT:-}" '
    { at[NR] = $1; if ($2 > peak) peak = $2 }
    END {
      format = json == "json" ? "{\"name\": \"%s\", \"median_s\": %.2f, \"worst_s\": %.2f, \"peak_mib\": %.1f}\n" \
                              : "%-44s %6.2f s  worst %6.2f s  %6.1f MiB\n"
      printf format, name, at[int((NR + 1) / 2)], at[NR], peak / 1024
    }'
  rm "$work/times"
}

last=$("$aatgs" query "$trace" --format csv 'SELECT max(iteration) FROM iteration' | tail -n 1)
measure 'report' "$aatgs" report "$trace"
measure 'query, avg of one column' "$aatgs" query "$trace" 'SELECT avg(round_trip_ns) FROM iteration'
measure 'query, count' "$aatgs" query "$trace" 'SELECT count(*) FROM iteration'
measure 'query, avg over timing records' "$aatgs" query "$trace" 'SELECT avg(duration_ns) FROM task'
measure 'query, exact percentile' "$aatgs" query "$trace" \
  'SELECT percentile(round_trip_ns, 99.9) FROM iteration'
measure 'query --range, 1,000 iterations near the end' "$aatgs" query "$trace" \
  --range $((last - 2000))-$((last - 1001)) 'SELECT iteration, round_trip_ns FROM iteration'
if command -v sqlite3 >/dev/null && [ -z "${NO_RIVAL:-}" ]; then
  db=${RIVAL:-$work/rival.db}
  if [ ! -f "$db" ]; then
    mkfifo "$work/rows"
    "$aatgs" dump "$trace" --columns iteration,round_trip_ns >"$work/rows" &
    sqlite3 "$db" 'CREATE TABLE iteration(iteration INTEGER PRIMARY KEY, round_trip_ns INTEGER)' \
      '.mode csv' ".import --skip 1 $work/rows iteration"
  fi
  measure 'rival: SQLite, avg of one column' sqlite3 "$db" 'SELECT avg(round_trip_ns) FROM iteration'
fi
