#!/bin/sh
# replay.sh AATGS: what it costs to be anywhere in a long run: `aatgs debug` going to ten iterations of a
# million, scheduler-only replay on one core beside the replay of everything, and a run with snapshots
# beside the same without. Times are wall time of the whole command. JSON lines with FORMAT=json.
set -eu
aatgs=$(realpath "$1")
rounds=${ROUNDS:-3} iterations=${ITERATIONS:-1000000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$aatgs" gen queen 5 -o queen5.col 2>/dev/null
timed() { # COMMAND...: a line of times.
  /usr/bin/time -a -o times -f '%e %M' "$@" >/dev/null 2>&1 || { cat times >&2; exit 1; }
}
summary() { # NAME: of the times so far.
  sort -n times | awk -v name="$1" -v json="${FORMAT:-}" '
    { at[NR] = $1; if ($2 > peak) peak = $2 }
    END {
      format = json == "json" ? "{\"name\": \"%s\", \"median_s\": %.2f, \"worst_s\": %.2f, \"peak_mib\": %.1f}\n" \
                              : "%-40s %6.2f s  worst %6.2f s  %6.1f MiB\n"
      printf format, name, at[int((NR + 1) / 2)], at[NR], peak / 1024
    }'
  rm times
}
repeat() { # NAME COMMAND...
  name=$1
  shift
  for round in $(seq "$rounds"); do timed "$@"; done
  summary "$name"
}

for snapshots in first auto; do
  for round in $(seq "$rounds"); do
    timed sh -c "rm -rf trace; '$aatgs' run --graph queen5.col --tasks linear --config sweeps=1 \
      --iterations $iterations --seed 3 --record trace --snapshots $snapshots"
  done
  summary "record, snapshots $snapshots"
done

for part in 1 123 250 333 500 640 777 801 910 1000; do
  echo "goto $((iterations / 1000 * part))" >go
  timed "$aatgs" debug trace -x go
done
summary 'go to an iteration'
repeat 'replay, scheduler alone, one core' taskset -c 0 "$aatgs" replay trace --check scheduler
repeat 'replay, everything' "$aatgs" replay trace
