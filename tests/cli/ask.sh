#!/bin/sh
# ask.sh: report, timeline, query, dump and stats, on a trace of which every figure is known
# (hand_trace.h), on one whose names would harm a terminal, and on wrong command lines.
. "${0%/*}/lib.sh"
make=$AATGS_BUILD/tests/cli/make_hand_trace
"$make" hand || skip 'no trace'
"$make" hostile nasty || skip 'no trace'

# report
aatgs 0 report hand
quiet
out '^  iterations +60$' '^  failed +1$' '^  round trip +932 ns +800 ns +800 ns ' \
  '^  dependencies +100 ns ' '^  computing +36\.2 us +64\.7 ' '^  Work +120 +240 +291 ns ' \
  '^  base +1 +34 ' '^  config_low +1 +26 ' '^  missing in them +5$' '^ +20 +5$' \
  '^ +10 .*  task left computed for 5\.30 us, median of its type 100 ns$' \
  '^ +2 .*  task left waited 100 ns for iteration 1 to let go of region state$'
aatgs 0 report hand --range 2-4 --format json
same "$(json iterations) $(json first) $(json last)" '3 2 4' range
aatgs 0 report hand --format csv
out '^slowest.0.iteration,10$' '^slowest.0.blame,computing$'
refused 2 'lies outside the trace: hand holds iterations 1 to 65' report hand --range 66-70
refused 1 'absent: cannot open it' report absent

# The rules of policies that rank, and what was decided beside plans, of runs where it is known.
aatgs 0 run --workload "$odd" --device cpu --iterations 50 --deadline 0.000000001 --record late
aatgs 0 report late
out '^  critical_path\+config_low +[0-9]+ +50 +100$' '^  overrun +50 +- +-$'
aatgs 0 run --workload "$odd" --device cpu --iterations 50 --policy critical-path --record ranked
aatgs 0 report ranked --format csv
out '^decisions.0.rule,critical_path$' '^decisions.0.iterations,50$'
aatgs 1 run --workload "$odd" --device cpu --iterations 50 --config fail_at=20 --on-failure stop \
  --retries 2 --in-flight 1 --record stopped
aatgs 0 report stopped
out '^  give_up +1 +- +-$' '^  stop +1 +- +-$' '^  retries +made by the device, at once; the trace does not hold them$'
aatgs 0 stats stopped
out '^aatgs_acts_total\{kind="give_up"\} 1$' '^aatgs_acts_total\{kind="overrun"\} 0$'

# timeline
aatgs 0 timeline hand --range 1 --width 61
quiet
out '^  worker 0  UUUUUUUUUU+W' '^  W  Work  640 ns in 4 records$'
aatgs 0 timeline hand
out '^Iterations 58 to 65: '
refused 2 'width' timeline hand --width 5

# query
aatgs 0 query hand 'SELECT sum(round_trip_ns), max(iteration) FROM iteration' --format csv
quiet
same "$(tail -n 1 .out)" '55970,65' 'a sum'
aatgs 0 query hand 'SELECT percentile(duration_ns, 100), median(duration_ns) FROM task' --format json
out '^ \{"percentile\(duration_ns, 100\)": 5300, "median\(duration_ns\)": 100\}$'
echo 'SELECT count(*) AS n FROM task; SELECT rule FROM decision WHERE iteration > 1;' >questions.sql
aatgs 0 query hand -f questions.sql
out '^360$' '^config_low$'
aatgs 0 query hand --range 20-30 'SELECT min(iteration) AS low, count(*) FROM iteration' --format csv
out '^25,6$'
same "$(echo 'SELECT 1+1;' | "$AATGS" query hand --format csv | tail -n 1)" 2 'SQL from standard input'
checks=$((checks + 1))
last='aatgs query, .help from standard input'
printf '.help\nSELECT 7;\n' | "$AATGS" query hand --format csv >.out 2>.err
[ $? -eq 2 ] || complain 'exit status'
err "no command '.help'; there are .tables"
out '^7$'
for sql in 'CREATE TABLE x(a)' "ATTACH 'x.db' AS x" 'PRAGMA user_version=1' 'DELETE FROM iteration'; do
  aatgs 2 query hand "$sql"
  err '^aatgs: query: '
done
aatgs 1 query hand "VACUUM INTO 'x.db'"
absent x.db x
refused 2 'no such column: nope' query hand 'SELECT nope FROM iteration'
refused 2 'give one of them' query hand 'SELECT 1' -f questions.sql

# dump
aatgs 0 dump hand --columns 'iteration,config.gain,level[2],energy' --range 9-10
same "$(tail -n 1 .out)" '10,0.5,3,10.0' 'the columns of a row'
same "$(wc -l <.out)" 3 'rows of a range'
aatgs 0 dump hand --table event --format json
out '"kind": "gap", "time_ns": null, "value": 5, "text": null'
refused 2 "no column 'confliccts'; did you mean 'conflicts'" dump hand --columns confliccts

# stats: what the text format asks for, line by line.
aatgs 0 stats hand
quiet
out '^aatgs_iterations_total 60$' '^aatgs_round_trip_seconds_bucket\{le="1e-06"\} 58$' \
  '^aatgs_round_trip_seconds_bucket\{le="\+Inf"\} 60$' '^aatgs_round_trip_seconds_count 60$' \
  '^aatgs_telemetry\{field="conflicts",unit="edges"\} 2$'
bad_lines() {
  LC_ALL=C awk '
    /^# HELP [a-z_]+ / { help[$3] = 1; next }
    /^# TYPE [a-z_]+ (counter|gauge|histogram)$/ { if (!help[$3] || typed[$3]++) print; type[$3] = $4; next }
    {
      name = $0; sub(/[{ ].*/, "", name); family = name
      if (!(family in type)) sub(/_(bucket|sum|count)$/, "", family)
      if (!(family in type) || type[family] == "counter" && family !~ /_total$/) print
      else if ($0 !~ /^[a-z_]+(\{([a-z_]+="([^"\\]|\\["\\n])*",?)+\})? -?[0-9.e+-]+$/) print
    }' "$1"
}
same "$(bad_lines .out)" '' 'lines that are not of the text format'

# Names that would harm a terminal, a table, a label or a page.
for words in 'report' 'timeline' 'query:SELECT DISTINCT name, type FROM task' 'stats'; do
  verb=${words%%:*}
  sql=${words#"$verb"}
  if [ -n "$sql" ]; then aatgs 0 "$verb" nasty "${sql#:}"; else aatgs 0 "$verb" nasty; fi
  same "$(LC_ALL=C tr -d '\n\t -~\200-\377' <.out | wc -c)" 0 "control characters from $verb"
  [ "$verb" = stats ] || same "$(LC_ALL=C grep -c "$(printf '\342\200\256')" .out)" 0 "turned writing from $verb"
done
same "$(bad_lines .out)" '' 'lines that are not of the text format'
for table in iteration task decision event snapshot schema; do
  aatgs 0 dump nasty --table $table --format json
  if command -v python3 >/dev/null; then
    checks=$((checks + 1))
    python3 -m json.tool <.out >/dev/null || complain "python3 does not read the JSON of $table"
  fi
done
finish
