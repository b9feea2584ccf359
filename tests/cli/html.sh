#!/bin/sh
# html.sh: the page of a trace: well formed, closed to the outside, with charts that draw.
. "${0%/*}/lib.sh"
hand=$AATGS_BUILD/tests/cli/make_hand_trace

aatgs 0 run --workload "$odd" --device cpu --iterations 500 --workers 2 --record trace
aatgs 0 html trace -o page.html
grep -q 'built without D3' page.html && skip 'this aatgs was built without D3 (node-d3)'
quiet
same "$(cat .out)" '' 'what html prints'
aatgs 0 html trace -o part.html --range 101-200
"$hand" hostile hostile.trace || complain 'no trace with hostile names'
aatgs 0 html hostile.trace -o hostile.html

# The size is bounded, whatever the length of the run.
aatgs 0 run --workload "$odd" --device cpu --iterations 20000 --workers 2 --record long
aatgs 0 html long -o long.html
checks=$((checks + 1))
[ "$(wc -c <long.html)" -lt 3000000 ] || complain "the page takes $(wc -c <long.html) bytes"

check() {
  checks=$((checks + 1))
  last="html_check.py $*"
  python3 "$AATGS_SOURCE/tests/cli/html_check.py" "$@" >.out 2>.err || complain 'the page is wrong'
}
if command -v python3 >/dev/null; then
  check page.html 500
  check part.html 100
  check hostile.html 60
  check long.html 20000
else
  echo 'the page was not read: python3 is not here'
fi

# draw FILE#ANCHOR: what a browser makes of it.
draw() {
  last="chromium $1"
  timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync \
    --user-data-dir="$work/browser" --virtual-time-budget=3000 --dump-dom "file://$work/$1" \
    >.out 2>browser.log </dev/null || complain 'the browser failed'
  checks=$((checks + 1))
  grep -q 'Content Security Policy' browser.log && complain "$(cat browser.log)"
  out '<html lang="en" data-ready="yes">' '<rect class="bar"' 'class="part f[0-9]"' \
    '<path class="plot-line s0" d="M' '<option value="0">iterations'
}
if ! command -v chromium >/dev/null; then
  echo 'the charts were not drawn: chromium is not here'
elif [ "$slow" ]; then
  echo 'the charts were not drawn: too slow under TSan'
else
  draw page.html
  slowest=$(grep -o 'id="iteration-[0-9]*"' page.html | head -n 1 | tr -cd 0-9)
  draw "page.html#iteration-$slowest"
  out 'class="iteration-mark"' '[0-9] parts drawn'
  draw hostile.html
fi

echo before >kept
refused 2 'outside the trace: trace holds iterations 1 to 500' html trace -o kept --range 501-end
refused 1 'no-trace' html no-trace -o kept
refused 2 'say where to write it: -o FILE' html trace
refused 2 'it is a folder' html trace -o trace
same "$(cat kept)" before 'a file after pages that failed'
absent .aatgs-*
finish
