#!/bin/sh
# export.sh: a trace as Perfetto and Chrome read it, by readers that share no code with it.
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
if command -v protoc >/dev/null; then
  checks=$((checks + 2))
  protoc --decode_raw <trace.pftrace >raw.txt 2>.err || complain 'protoc does not read the export'
  grep -q '"worker 0"' raw.txt || complain 'no track of worker 0'
fi

# A file that is there whole or not at all.
echo before >kept
refused 2 'is a range of iterations' export trace -o kept --range 9-3
refused 1 'trace holds iterations 1-300, and none of --range' export trace -o kept --range 301-end
refused 1 'no-trace' export no-trace -o kept
refused 2 'perfetto or chrome' export trace -o kept --format xml
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
