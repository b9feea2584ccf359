#!/bin/sh
# format.sh: a reader written from trace/FORMAT.md alone (read_trace.py) finds in packs, those of every
# version and fresh ones, what aatgs says is in them.
. "${0%/*}/lib.sh"
command -v python3 >/dev/null || skip 'python3 is not here'

read_by_the_page() {
  for table in iteration task; do
    aatgs 0 dump "$2" --table $table --format csv
    cp .out $table.csv
  done
  aatgs 0 info "$2" --format json
  cp .out info.json
  "$AATGS" verify "$2" --format json >verify.json
  last="read_trace.py $1"
  checks=$((checks + 1))
  status=0
  python3 "$AATGS_SOURCE/tests/cli/read_trace.py" "$1" iteration.csv task.csv info.json verify.json \
    >.out 2>.err || status=$?
  [ $status -ne 77 ] || skip "$(cat .out)"
  [ $status -eq 0 ] || complain 'the page does not lead to what aatgs reads'
  echo "${1##*/}: $(cat .out)"
}

for pack in "$AATGS_SOURCE"/tests/trace/golden/*.aatgz "$AATGS_SOURCE"/tests/cli/golden/*.aatgz; do
  rm -rf golden
  aatgs 0 unpack "$pack" -o golden
  read_by_the_page "$pack" golden
done
aatgs 0 run --workload "$odd" --device cpu --iterations 1500 --snapshots 400 --record fresh
aatgs 0 pack fresh -o fresh.aatgz
read_by_the_page fresh.aatgz fresh
finish
