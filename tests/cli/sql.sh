#!/bin/sh
# sql.sh: what `aatgs query` answers is what a plain SQLite answers about the dump of the same trace,
# for questions of many shapes.
. "${0%/*}/lib.sh"
command -v sqlite3 >/dev/null || skip 'the command sqlite3 is not here (apt-get install sqlite3)'

load() {
  for table in iteration task decision event snapshot schema; do
    aatgs 0 dump "$1" --table $table
    mv .out $table.csv
    sql=$("$AATGS" query "$1" --format csv "SELECT group_concat('\"' || column_name || '\" ' || type, ', ')
      FROM schema WHERE table_name = '$table'" | tail -n +2 | sed 's/^"//; s/"$//; s/""/"/g')
    sqlite3 "$1.db" "CREATE TABLE $table($sql)" ".mode csv" ".import --skip 1 $table.csv $table"
    # CSV knows no NULL.
    for column in $(sqlite3 "$1.db" "SELECT name FROM pragma_table_info('$table')"); do
      sqlite3 "$1.db" "UPDATE $table SET \"$column\" = NULL WHERE \"$column\" = ''
        AND (SELECT count(*) FROM pragma_table_info('$table') WHERE name = '$column' AND type <> 'TEXT')"
    done
  done
}

# The two write reals and quotes differently: 13 digits, no quotes.
plain() {
  tr -d '"\r' <"$1" | awk -F, -v OFS=, '{
    for (i = 1; i <= NF; i++)
      if ($i ~ /^-?[0-9]+\.[0-9]+(e[-+]?[0-9]+)?$/) $i = sprintf("%.13g", $i)
    print
  }'
}

compare() {
  last="aatgs query $1 '$2'"
  checks=$((checks + 1))
  "$AATGS" query "$1" --format csv "$2" >.out 2>.err || complain 'it failed'
  sqlite3 -csv "$1.db" "$2" >expected 2>>.err
  tail -n +2 .out >rows
  plain rows >ours
  plain expected >theirs
  [ -s .err ] && complain 'it complains'
  cmp -s ours theirs || {
    complain 'a plain SQLite answers otherwise'
    diff ours theirs | head -n 6 >&2
  }
}

ask() {
  while IFS= read -r question; do
    [ -z "$question" ] || compare "$1" "$question"
  done <<'END'
SELECT count(*) AS n FROM iteration
SELECT count(*) AS n FROM task
SELECT min(iteration) AS a, max(iteration) AS b FROM iteration
SELECT sum(round_trip_ns) AS s, avg(end_to_end_ns) AS a FROM iteration
SELECT iteration FROM iteration WHERE iteration = 40
SELECT iteration FROM iteration WHERE iteration > 57 AND iteration <= 62.5
SELECT iteration FROM iteration WHERE iteration < 3.5
SELECT iteration FROM iteration WHERE iteration BETWEEN 10 AND 26 ORDER BY iteration DESC
SELECT iteration FROM iteration WHERE iteration IN (3, 21, 64, 1000)
SELECT iteration FROM iteration WHERE iteration >= '62'
SELECT count(*) AS n FROM iteration WHERE iteration = NULL
SELECT count(*) AS n FROM iteration WHERE iteration > -5 AND iteration < 9e18
SELECT iteration, round_trip_ns FROM iteration ORDER BY round_trip_ns DESC, iteration LIMIT 7
SELECT status, count(*) AS n FROM iteration GROUP BY status ORDER BY status
SELECT sum(bus_ns) AS b, sum(dependencies_ns) AS d, sum(workers_ns) AS w, sum(computing_ns) AS c FROM iteration
SELECT iteration, bus_ns + dependencies_ns + workers_ns + computing_ns - round_trip_ns AS rest FROM iteration LIMIT 5
SELECT type, count(*) AS n, sum(duration_ns) AS s, max(duration_ns) AS m FROM task GROUP BY type ORDER BY type
SELECT name, part, finish, avg(offset_ns) AS a FROM task GROUP BY name, part, finish ORDER BY name, part
SELECT worker, sum(duration_ns) AS busy FROM task GROUP BY worker HAVING busy > 0 ORDER BY worker
SELECT max(end_ns) - min(start_ns) AS span FROM task WHERE iteration BETWEEN 5 AND 15
SELECT i.iteration, t.name, t.duration_ns FROM iteration i JOIN task t ON t.iteration = i.iteration WHERE i.iteration > 60 ORDER BY 1, 2, 3
SELECT t.iteration, t.digest, i.plan FROM task t JOIN iteration i USING (iteration) WHERE t.task = 0 ORDER BY 1 LIMIT 9
SELECT i.iteration FROM iteration i LEFT JOIN event e ON e.iteration = i.iteration AND e.kind = 'failed' WHERE e.kind IS NOT NULL
SELECT a.iteration FROM iteration a WHERE NOT EXISTS (SELECT 1 FROM iteration b WHERE b.iteration = a.iteration + 1)
SELECT iteration, graph, plan, rule, task_order FROM decision ORDER BY iteration
SELECT kind, count(*) AS n, sum(value) AS s FROM event GROUP BY kind ORDER BY kind
SELECT iteration, bytes FROM snapshot
SELECT table_name, count(*) AS n FROM schema GROUP BY table_name ORDER BY table_name
SELECT column_name, unit, help FROM schema WHERE source = 'telemetry' ORDER BY column_name
WITH d AS (SELECT iteration, round_trip_ns - lag(round_trip_ns) OVER (ORDER BY iteration) AS step FROM iteration) SELECT max(step) AS m FROM d
SELECT iteration / 10 AS ten, count(*) AS n, avg(round_trip_ns) AS a FROM iteration GROUP BY ten ORDER BY ten
SELECT iteration FROM iteration WHERE round_trip_ns > (SELECT 2 * avg(round_trip_ns) FROM iteration)
SELECT iteration FROM iteration WHERE iteration < 4 UNION SELECT iteration FROM task WHERE iteration > 64 ORDER BY 1
SELECT count(DISTINCT config_waiting) AS n, total(telemetry_waiting) AS t FROM iteration
SELECT sum(done_before) AS d, sum(records) AS r, sum(posted_ns) AS p, sum(seen_ns) AS s FROM iteration
END
}

"$AATGS_BUILD/tests/cli/make_hand_trace" hand || skip 'no trace'
load hand
ask hand
compare hand 'SELECT conflicts, count(*) AS n, sum(energy) AS e, min(balance) AS b FROM iteration GROUP BY conflicts ORDER BY conflicts'
compare hand 'SELECT iteration, energy, gain, config_gain, level_0, level_3 FROM iteration WHERE energy > 9 ORDER BY energy'
compare hand 'SELECT * FROM iteration WHERE iteration IN (7, 30)'
compare hand 'SELECT * FROM task WHERE iteration = 10 AND worker = 1'

# A real run: several workers, iterations that overlap.
aatgs 0 run --workload "$odd" --device cpu --iterations 3000 --seed 4 --workers 2 --record real
load real
ask real
finish
