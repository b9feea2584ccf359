#!/bin/sh
# Builds, makes a graph, colours it while recording, replays the recording, and says what happened.
# Leaves its files in build/demo/ and begins afresh each time.
set -eu
cd "$(dirname "$0")/.."

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
say() { printf '  %s%-9s%s %s\n' "$bold" "$1" "$plain" "$2"; }
fail() {
  [ ! -s "$log" ] || tail -n 40 "$log" >&2
  echo "demo.sh: $1" >&2
  exit 1
}
# value KEY FILE: of a key in a JSON file.
value() {
  grep -o "\"$1\": *[^,}]*" "$2" | head -n 1 | sed 's/^[^:]*: *//; s/"//g; s/[[:space:]]*$//'
}
# Thousands with commas.
count() { echo "$1" | sed -e :a -e 's/^\([0-9]\{1,\}\)\([0-9]\{3\}\)/\1,\2/; ta'; }

tools/setup.sh
mkdir -p build
log=build/demo.log
: >"$log"
echo "${bold}aatgs: one kernel that never ends, fed through a ring${plain}"
begun=$(date +%s)
{ cmake --preset release && cmake --build build -j "$(nproc)" --target aatgs_cli prism empty; } >"$log" 2>&1 ||
  fail "it does not build; the compiler's words are above"
say built "build/aatgs, in $(($(date +%s) - begun)) s"

demo=build/demo
rm -rf "$demo"
mkdir "$demo"
aatgs() { build/aatgs "$@" 2>>"$log" || fail "exit $?: build/aatgs $*"; }

aatgs gen queen 8 -o $demo/queen8.col >>"$log"
edges=$(grep -c '^e ' $demo/queen8.col)
say graph "$demo/queen8.col: the squares of a chess board, $(count "$edges") pairs a queen can move between"

aatgs run --device cpu --graph $demo/queen8.col --iterations 3000 --seed 7 \
  --record $demo/trace --solution $demo/solution --format json >$demo/run.json
colors=$(value colors_used $demo/run.json)
say coloured "$colors colours, $(value conflicts $demo/run.json) conflicts after 3,000 iterations, $(count "$(value per_second $demo/run.json)") a second on $(value workers $demo/run.json) worker(s)"

# Nobody has to believe the solver: the file it wrote is checked here.
wrong=$(awk 'NR == FNR { color[$1] = $2; next }
             $1 == "e" && (!color[$2] || !color[$3] || color[$2] == color[$3])' \
  $demo/solution $demo/queen8.col | wc -l)
[ "$wrong" -eq 0 ] || fail "$wrong pairs of $demo/solution have one colour or none"
say checked "$demo/solution: no two squares of one colour see each other"
say recorded "$demo/trace, $(($(value disk_bytes $demo/run.json) / 1024)) KiB: configs, telemetry, timings, digests, the graph itself"

rm $demo/queen8.col # a trace needs nothing but itself
aatgs replay $demo/trace --device cpu --workers 3 --shuffle --format json >$demo/replay.json
[ "$(value digest $demo/run.json)" = "$(value digest $demo/replay.json)" ] ||
  fail "the replay's digest is another one: compare $demo/run.json and $demo/replay.json"
aatgs gen queen 8 -o $demo/queen8.col >>"$log"
say replayed "$(count "$(value iterations $demo/replay.json)") iterations on 3 shuffled workers: $(value verdict $demo/replay.json), digest $(value digest $demo/replay.json)"

cat <<END

Try next:
  build/aatgs info $demo/trace     what was run, on what, how long
  build/aatgs run --graph $demo/queen8.col --until 'conflicts == 0 && colors_used < 10'
  build/aatgs gen random 500 0.5 --seed 1 -o $demo/big.col     something harder
  build/aatgs doctor                     what this machine offers
  tools/test.sh                          all tests
END
