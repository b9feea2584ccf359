#!/bin/sh
# bench_diff.sh BUILD [PAIRS [ITERATIONS]]: how often `aatgs diff` is right about time. For each pair
# it records a run of six spinning tasks three times in turns: twice the same (A, B), and once with
# one of the tasks 10 % longer, each in its turn (C). Counts the false verdicts of A against B, and
# in how many pairs C was found slower in that task and in no other. JSON on stdout, a table on
# stderr. Run it on a quiet machine, or behind what keeps others away.
set -eu
build=$(realpath "$1")
pairs=${2:-20}
iterations=${3:-10000}
work=$(mktemp -d "${TMPDIR:-/tmp}/aatgs-diff-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

types='Spin SpinB SpinC SpinD SpinE SpinF'
# graph FILE LONGER: a chain of one task a type; task number LONGER takes 10 % more steps.
graph() {
  i=0
  after=
  for type in $types; do
    steps=$((3000 + 1000 * i))
    [ "$i" -ne "$2" ] || steps=$((steps + steps / 10))
    echo "t$i $type arg=$steps$after"
    after=" after=t$i"
    i=$((i + 1))
  done >"$1"
}

# record TRACE GRAPH SEED
record() {
  "$build/aatgs" run --workload "$build/uneven.so" --device cpu --workers 1 --tasks "$2" \
    --iterations "$iterations" --seed "$3" --record "$1" >/dev/null
}

# verdicts A B: "TYPE VERDICT" of each task type that is no longer without evidence.
verdicts() {
  "$build/aatgs" diff "$1" "$2" --compare time --format csv | tr ',' ' ' >diff.csv || [ $? -eq 1 ]
  sed -n 's/^time\.\([0-9]*\)\.type /\1 /p' diff.csv >names
  sed -n 's/^time\.\([0-9]*\)\.verdict \(slower\|faster\)$/\1 \2/p' diff.csv |
    while read -r at verdict; do echo "$(sed -n "s/^$at //p" names) $verdict"; done
}

graph same -1
false_slower=0
false_faster=0
found=0
pair=0
while [ "$pair" -lt "$pairs" ]; do
  longer=$((pair % 6))
  graph longer "$longer"
  record a same "$pair"
  record b same "$pair"
  record c longer "$pair"
  verdicts a b >ab
  verdicts a c >ac
  ! grep -q slower ab || false_slower=$((false_slower + 1))
  ! grep -q faster ab || false_faster=$((false_faster + 1))
  wanted=$(echo "$types" | cut -d ' ' -f $((longer + 1)))
  [ "$(cat ac)" != "$wanted slower" ] || found=$((found + 1))
  echo "pair $pair: same: $(tr '\n' ' ' <ab) $wanted 10 % longer: $(tr '\n' ' ' <ac)" >&2
  rm -rf a b c
  pair=$((pair + 1))
done
printf '{"benchmark": "diff", "pairs": %d, "iterations": %d, "false_slower": %d, ' \
  "$pairs" "$iterations" "$false_slower"
printf '"false_faster": %d, "found_longer": %d}\n' "$false_faster" "$found"
printf '%-28s %d of %d\n' 'same, called slower' "$false_slower" "$pairs" 'same, called faster' \
  "$false_faster" "$pairs" '10 % longer, found' "$found" "$pairs" >&2
